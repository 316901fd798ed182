# SPDX-License-Identifier: GPL-2.0
"""metrics: whatever the driver has, in the text format of Prometheus."""

import os
import random
import re
import resource
import subprocess
import time

import pytest

from bench import DONE, FAILED, NOBODY, NO_BOARD, TIMEOUT_S, USAGE
from cases_robust import JUNK
from cases_shunt import examine_service
from cases_tell import complete
from tree import values

STATES = ("healthy", "undervoltage", "over-temperature", "everything", "bare",
          "waiting-for-reconnect", "remote-off", "user-inhibits")
NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
TEXT = r'"((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
LABEL = rf"({NAME})={TEXT}"
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?\d+(?:\.\d+)?)")
HEAD = re.compile(rf"# HELP ({NAME}) ((?:[^\\\n]|\\\\|\\n)+)\n# TYPE ({NAME}) (counter|gauge)")
ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
# Those that the tool knows
CONDITIONS = ("cell-low", "cell-undervoltage", "cell-overvoltage", "over-temperature",
              "under-temperature", "charge-inhibit", "io-error", "sense-mismatch",
              "implausible", "voltage-out-of-range")


def parse(text):
    """{(name, labels): value} of text that is right in every respect."""
    samples, family, families = {}, None, []
    rest = text
    while rest:
        head = HEAD.match(rest)
        if head:
            name, _, again, kind = head.groups()
            assert name == again and name not in families, name
            assert (kind == "counter") == name.endswith("_total"), name
            families.append(name)
            family = name
            rest = rest[head.end() + 1:]
        line, _, rest = rest.partition("\n")
        sample = SAMPLE.fullmatch(line)
        assert sample, f"no sample: {line!r}"
        assert sample[1] == family, f"{sample[1]} among {family}"
        labels = tuple((key, re.sub(r"\\.", lambda found: ESCAPED[found[0]], value))
                       for key, value in re.findall(LABEL, sample[2] or ""))
        assert (family, labels) not in samples, f"twice: {line!r}"
        samples[family, labels] = sample[7]
    assert text.endswith("\n")
    return samples


def metrics(bench, *args, expect=DONE, **kwargs):
    """The samples that it prints; its lines may be long."""
    result = bench.finish(bench.start("metrics", *args, **kwargs))
    assert result.code == expect, result.err
    return parse(result.out)


def somebody():
    """Who is not root, for a process to be started."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} \
        if os.geteuid() == 0 else {}


def labelled(samples, name, board="house"):
    """{further labels: value} of one metric of one board."""
    first = ("power_supply", board)
    found = {labels[1:]: value for (each, labels), value in samples.items()
             if each == f"smallbms_{name}" and labels[:1] == (first,)}
    return {" ".join(f"{key}={text}" for key, text in labels): value
            for labels, value in found.items()}


def one(samples, name, board="house"):
    """The value of the one sample of a metric without further labels, or None."""
    found = labelled(samples, name, board)
    assert set(found) <= {""}, found
    return found.get("")


def errors(samples, board="house"):
    """The attributes that are reported to have no metric."""
    return {each.removeprefix("attribute=")
            for each in labelled(samples, "attribute_error", board)}


def active(samples, board="house"):
    return {each.removeprefix("condition=")
            for each, value in labelled(samples, "condition", board).items() if value == "1"}


@pytest.mark.parametrize("state", STATES)
def test_state(bench, state):
    """all outputs, reasons, conditions and counters of a state, under their names"""
    bench.tree.add(state)
    samples = metrics(bench)
    wanted = {path.removeprefix("device/"): value for path, value in values(state).items()
              if path.startswith("device/")}
    for name in ("load", "charge", "pre_alarm", "remote", "terminals"):
        assert one(samples, f"{name}_on") == str(int(wanted[name] == "on")), name
    assert one(samples, "alarm") == wanted["alarm"]
    words = set(wanted["conditions"].split()) - {"none"}
    assert active(samples) == words
    assert set(labelled(samples, "condition")) == {f"condition={each}" for each in CONDITIONS}
    assert labelled(samples, "off_reason") == {
        f"output={output} reason={wanted[f'{output}_off_reason']}": "1"
        for output in ("load", "charge")}
    for path, value in wanted.items():
        if path.startswith("stats/"):
            assert one(samples, f"{path[6:]}_total") == value
    assert not errors(samples)
    assert samples["smallbms_boards", ()] == "1"


def test_times(bench):
    """what is pending is in seconds, to the millisecond; else there is none"""
    bench.tree.add("pre-alarm").put("device/disconnect_in_ms", 22007)
    samples = metrics(bench)
    assert one(samples, "disconnect_in_seconds") == "22.007"
    assert one(samples, "reconnect_in_seconds") is None
    assert one(samples, "pre_alarm_delay_seconds") == "30.000"
    bench.tree.put("device/disconnect_in_ms", -1).put("device/reconnect_in_ms", 0)
    samples = metrics(bench)
    assert one(samples, "disconnect_in_seconds") is None
    assert one(samples, "reconnect_in_seconds") == "0.000"


def test_newer_driver(bench):
    """what a driver has that this tool does not know: gauges, floor, shed, ages"""
    bench.tree.add("healthy")
    for path, value in {
            "load_request": "shed", "shed_in_ms": 12345, "soc_floor_percent": 20,
            "soc_floor_recover_percent": 100, "gauge/soc_permille": 805,
            "gauge/voltage_uv": 13214000, "gauge/current_ua": -2100000,
            "gauge/temp_dc": -5, "gauge/time_to_empty_s": -1,
            "measurements/soc_age_s": 0, "measurements/time_to_empty_age_s": -1,
            "measurements/voltage_age_s": 7, "measurements/errors": 3,
            "stats/sheds": 4294967295, "brightness": -12, "fan": "on",
            "mode": 'slow \\ "safe"', "pre_alarm_off_reason": "remote"}.items():
        bench.tree.put(f"device/{path}", value)
    samples = metrics(bench)
    assert labelled(samples, "load_request") == {"request=shed": "1"}
    for name, value in {
            "shed_in_seconds": "12.345", "soc_floor_ratio": "0.20",
            "soc_floor_recover_ratio": "1.00", "reported_soc_ratio": "0.805",
            "reported_voltage_volts": "13.214000", "reported_current_amperes": "-2.100000",
            "reported_temp_celsius": "-0.5", "reported_time_to_empty_seconds": None,
            "measurements_soc_age_seconds": "0",
            "measurements_time_to_empty_age_seconds": None,
            "measurements_voltage_age_seconds": "7", "measurements_errors_total": "3",
            "sheds_total": "4294967295", "brightness": "-12", "fan_on": "1"}.items():
        assert one(samples, name) == value, name
    assert labelled(samples, "mode_info") == {'value=slow \\ "safe"': "1"}
    assert "output=pre_alarm reason=remote" in labelled(samples, "off_reason")
    assert not errors(samples)
    # "off" is a request like the others, and a gauge need not have a value
    bench.tree.put("device/load_request", "off").put("device/gauge/soc_permille", "")
    samples = metrics(bench)
    assert labelled(samples, "load_request") == {"request=off": "1"}
    assert one(samples, "reported_soc_ratio") is None
    assert one(samples, "load_request_on") is None and not errors(samples)


def test_newer_condition(bench):
    """a condition that this tool does not know is a condition like the others"""
    bench.tree.add("healthy").put("device/conditions", "cell-low cell-imbalance")
    samples = metrics(bench)
    assert active(samples) == {"cell-low", "cell-imbalance"}
    assert labelled(samples, "condition")["condition=over-temperature"] == "0"
    assert not errors(samples)


def test_not_the_drivers(bench):
    """what the kernel itself puts into the folder is none of the board's"""
    bench.tree.add("healthy")
    before = metrics(bench)
    bench.tree.put("device/uevent", "DRIVER=smallbms").put("device/modalias", "of:x")
    bench.tree.put("device/driver_override", "(null)")
    bench.tree.put("device/waiting_for_supplier", 0)
    bench.tree.put("device/power/runtime_usage", 0)
    bench.tree.put("device/gpiochip512/uevent", "").put("device/gpiochip512/dev", "254:0")
    os.symlink("../../../bus", bench.tree.path("device/subsystem"))
    bench.tree.put("device/bind", 1)
    os.chmod(bench.tree.path("device/bind"), 0o200)
    assert metrics(bench) == before


def test_boards(bench):
    """of several boards each has its own, together under one head; --board takes one"""
    bench.tree.add("healthy").add("undervoltage", "shed").add("healthy", "a", "ti-bq")
    samples = metrics(bench)
    assert samples["smallbms_boards", ()] == "2"
    assert one(samples, "load_on") == "1" and one(samples, "load_on", "shed") == "0"
    assert not labelled(samples, "load_on", "a")
    samples = metrics(bench, "--board", "shed")
    assert samples["smallbms_boards", ()] == "1"
    assert not labelled(samples, "load_on") and one(samples, "load_on", "shed") == "0"


def test_no_board(bench):
    """no board is a number like any other, unless one was asked for"""
    assert metrics(bench) == {("smallbms_boards", ()): "0"}
    bench.tree.add("healthy")
    result = bench.finish(bench.start("metrics", "--board", "hose"))
    assert result.code == NO_BOARD and result.err == "smallbms: hose: no such board\n"
    assert parse(result.out) == {("smallbms_boards", ()): "0"}


@pytest.mark.parametrize("name", ('a"b', "a\\b", "a\nb", "a\\nb", "a{b}=c,d", " ", "Bänk ⚡"))
def test_label(bench, name):
    """the name of a board is escaped as the format demands"""
    bench.tree.add("healthy", name).add("healthy")
    samples = metrics(bench)
    assert one(samples, "load_on", name) == "1" and one(samples, "load_on") == "1"


# A lone continuation, cut off, overlong, a surrogate, beyond Unicode, never UTF-8
@pytest.mark.parametrize("name, shown", (
    (b"a\x80b", "a\\x80b"), (b"a\xc3", "a\\xc3"), (b"\xc0\xaf", "\\xc0\\xaf"),
    (b"\xe0\x80\xaf", "\\xe0\\x80\\xaf"), (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
    (b"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"), (b"\xff", "\\xff")))
def test_label_bytes(bench, name, shown):
    """a name that is no UTF-8 does not make the output invalid"""
    bench.tree.add("healthy", os.fsdecode(name)).add("healthy")
    samples = metrics(bench)
    assert one(samples, "load_on", shown) == "1" and one(samples, "load_on") == "1"


TEXTS = ("load_off_reason", "charge_off_reason", "conditions", "load_request")


def test_junk(bench):
    """one junk value costs its own metric, and is reported; all else is as before"""
    bench.tree.add("over-temperature").add("healthy", "shed")
    before = metrics(bench)
    for path, good in values("over-temperature").items():
        if not path.startswith("device/"):
            continue
        attribute = path.removeprefix("device/")
        bench.tree.put(path, b"\xff\0junk" if attribute in TEXTS else "17 Ah")
        samples = metrics(bench)
        assert errors(samples) == {attribute}
        assert not errors(samples, "shed")
        assert set(samples) <= set(before) | {
            ("smallbms_attribute_error",
             (("power_supply", "house"), ("attribute", attribute)))}
        lost = {name for name, labels in set(before) - set(samples)}
        assert len(lost) <= 1, (path, lost)
        assert all(before.get(key, value) == value for key, value in samples.items())
        bench.tree.put(path, good)
    assert metrics(bench) == before


def test_unreadable(bench):
    """what may not be read, is missing or no file at all is reported as well"""
    bench.tree.add("healthy").add("healthy", "shed")
    for path in ("device/remote", "device/stats/rescans"):
        os.chmod(bench.tree.path(path), 0o040)
    bench.tree.take("device/load").take("device/alarm")
    os.mkdir(bench.tree.path("device/load"))
    samples = metrics(bench, **somebody())
    assert errors(samples) == {"remote", "stats/rescans", "load", "alarm"}
    assert one(samples, "charge_on") == "1" and not errors(samples, "shed")


def test_numbers(bench):
    """a number that cannot be is no number; the largest one is"""
    bench.tree.add("healthy").put("device/stats/rescans", "-1")
    bench.tree.put("device/stats/interrupts", 2 ** 63 - 1)
    bench.tree.put("device/stats/missed_edges", 2 ** 63)
    bench.tree.put("device/gauge/current_ua", -2 ** 63)
    samples = metrics(bench)
    assert errors(samples) == {"stats/rescans", "stats/missed_edges"}
    assert one(samples, "interrupts_total") == "9223372036854775807"
    assert one(samples, "reported_current_amperes") == "-9223372036854.775808"


def test_same_name(bench):
    """two attributes that would have one name: the first has it, the other is reported"""
    bench.tree.add("healthy").put("device/a-b", 1).put("device/a_b", 2)
    bench.tree.put("device/conditions", "new new")
    samples = metrics(bench)
    assert one(samples, "a_b") == "1"
    assert errors(samples) == {"a_b", "conditions"}
    assert active(samples) == {"new"}


def test_random_damage(bench):
    """trees of random damage: the output is right, and has all that is well"""
    rng = random.Random(1)
    bench.tree.add("healthy", "shed")
    well = metrics(bench)
    for _round in range(30):
        bench.tree.add("everything")
        paths = [path for path in values("everything") if path.startswith("device/")]
        for path in rng.sample(paths, rng.randrange(1, len(paths))):
            how = rng.randrange(4)
            if how == 0:
                bench.tree.put(path, rng.choice(JUNK))
            elif how == 1:
                bench.tree.put(path, rng.randbytes(rng.randrange(300)))
            else:
                bench.tree.take(path)
                if how == 2:
                    os.mkdir(bench.tree.path(path))
        samples = metrics(bench)
        shed = {key: value for key, value in samples.items()
                if dict(key[1]).get("power_supply") == "shed"}
        assert {**shed, ("smallbms_boards", ()): "1"} == well
        bench.tree.remove()


def test_vanishes(bench):
    """of a board that vanishes while it is read there is nothing"""
    bench.tree.add("healthy").add("healthy", "shed")
    path = bench.fifo("device/remote")
    child = bench.start("metrics")
    with bench.gate(child, path):
        bench.tree.remove()
    result = bench.finish(child)
    samples = parse(result.out)
    assert result.code == DONE and samples["smallbms_boards", ()] == "1"
    assert not [key for key in samples if "house" in str(key)]


# ---- into a file


def collected(bench):
    """The folder of a collector, and the file in it."""
    folder = os.path.join(bench.folder, "collector")
    os.makedirs(folder, exist_ok=True)
    return folder, os.path.join(folder, "smallbms.prom")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_output(bench):
    """--output: the same, into a file that all may read, whatever the umask"""
    bench.tree.add("healthy")
    folder, path = collected(bench)
    for _again in range(2):
        result = bench.run("metrics", "--output", path, umask=0o077)
        assert result.out == "" and os.listdir(folder) == ["smallbms.prom"]
        assert os.stat(path).st_mode & 0o777 == 0o644
        assert parse(read(path)) == metrics(bench)


def test_output_whole(bench):
    """--output: until the end the old file is there, and nothing that is collected"""
    bench.tree.add("healthy")
    folder, path = collected(bench)
    bench.run("metrics", "--output", path)
    old = read(path)
    fifo = bench.fifo("device/remote")
    child = bench.start("metrics", "--output", path)
    with bench.gate(child, fifo) as gate:
        assert read(path) == old
        assert [name for name in os.listdir(folder) if name.endswith(".prom")] == \
            ["smallbms.prom"]
        gate.write(b"off\n")
    assert bench.finish(child).code == DONE
    assert read(path) == old.replace('remote_on{power_supply="house"} 1',
                                     'remote_on{power_supply="house"} 0') != old


def test_output_gone(bench):
    """--output: of boards that have gone the file says nothing any more"""
    bench.tree.add("healthy")
    _, path = collected(bench)
    bench.run("metrics", "--output", path)
    bench.tree.remove()
    bench.run("metrics", "--output", path)
    assert parse(read(path)) == {("smallbms_boards", ()): "0"}
    bench.tree.add("healthy")
    bench.run("metrics", "--output", path)
    bench.tree.remove()
    bench.run("metrics", "--board", "house", "--output", path, expect=NO_BOARD)
    assert parse(read(path)) == {("smallbms_boards", ()): "0"}


def test_output_fails(bench):
    """--output: what cannot be written leaves the old file, and nothing beside it"""
    bench.tree.add("healthy")
    folder, path = collected(bench)
    bench.run("metrics", "--output", path)
    old = read(path)
    # No file may grow beyond some bytes
    child = bench.start(
        "metrics", "--output", path, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (100, 100)), restore_signals=False)
    result = bench.finish(child)
    assert result.code == FAILED
    assert result.err == f"smallbms: {path}: cannot be written: File too large\n"
    assert read(path) == old and os.listdir(folder) == ["smallbms.prom"]
    for bad in (f"{folder}/none/smallbms.prom", folder, ""):
        result = bench.run("metrics", "--output", bad, expect=FAILED)
        assert "cannot be written: " in result.err
    assert read(path) == old and os.listdir(folder) == ["smallbms.prom"]


def test_usage(bench):
    """JSON is another command's, and --output no other's"""
    bench.tree.add("healthy")
    bench.refuses("metrics", "--json", expect=USAGE, why="'smallbms --json' prints JSON")
    bench.refuses("status", "--output", "x", expect=USAGE, why="no option of 'status'")
    bench.refuses("metrics", "house", expect=USAGE, why="'house' is too much")


def test_completion(bench):
    """bash completes --output, and a file after it"""
    assert complete(bench, "smallbms metrics --out") == ["--output"]
    assert complete(bench, "smallbms metrics --output /dev/nul") == ["/dev/null"]
    assert complete(bench, "smallbms list --out") == []


# ---- what it costs


def no_process():
    """From now on no process may be started."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def test_one_process(bench):
    """it starts no process: it works where none may be started"""
    bench.tree.add("everything").add("healthy", "shed")
    how = {"preexec_fn": no_process, **somebody()}
    # A shell that starts one fails there
    shell = subprocess.run(["/bin/sh", "-c", "/bin/true; exit 0"], check=False,
                           capture_output=True, text=True, timeout=TIMEOUT_S, **how)
    assert shell.returncode and "fork" in shell.stderr, shell.stderr
    # What looks for leaks starts one
    samples = metrics(bench, env={"ASAN_OPTIONS": "detect_leaks=0"}, **how)
    assert samples["smallbms_boards", ()] == "2"


def test_thirty(bench):
    """30 boards; how long they take is shown"""
    def took():
        begun = time.monotonic()
        samples = metrics(bench)
        return time.monotonic() - begun, samples["smallbms_boards", ()]

    bench.tree.add("healthy")
    single = min(took()[0] for _ in range(5))
    for number in range(1, 30):
        bench.tree.add("healthy", f"board{number}")
    runs = [took() for _ in range(5)]
    assert {count for _, count in runs} == {"30"}
    thirty = min(seconds for seconds, _ in runs)
    print(f"1 board {single * 1000:.1f} ms, 30 boards {thirty * 1000:.1f} ms: "
          f"{thirty / single:.1f} times")


# ---- what comes with it


def test_service(bench):
    """the textfile's service may do little: systemd-analyze says at most 2.0"""
    examine_service(bench, "smallbms-textfile.service", "metrics --output "
                    "/var/lib/prometheus/node-exporter/smallbms.prom")
