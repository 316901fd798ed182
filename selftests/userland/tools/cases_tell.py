# SPDX-License-Identifier: GPL-2.0
"""check, wiring and log; completion; what comes with the tool."""

import fcntl
import os
import pty
import re
import shlex
import subprocess

import pytest

import screenshot
from bench import DONE, FAILED, NO_BOARD, TIMEOUT_S, USAGE

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "../../../tools")
# What "make pictures" puts before it
TABLE_HEAD = ".. SPDX-License-Identifier: GPL-2.0\n\n"
OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3

SEVERITIES = {
    "healthy": OK, "remote-off": OK, "terminals-off": OK, "user-inhibits": OK,
    "bare": OK, "gauge": OK,
    "nearly-empty": WARNING, "overvoltage": WARNING,
    "over-temperature": WARNING, "charge-inhibit": WARNING,
    "charge-waiting": WARNING,
    "pre-alarm": CRITICAL, "undervoltage": CRITICAL, "io-error": CRITICAL,
    "sense-mismatch": CRITICAL, "implausible": CRITICAL,
    "waiting-for-reconnect": CRITICAL, "off-on-reserve": CRITICAL,
}


def check(bench, *args):
    """Run check; its exit status and stderr follow rules of their own."""
    child = bench.start("check", *args)
    out, err = child.communicate(timeout=TIMEOUT_S)
    for line in err.splitlines():
        assert re.fullmatch(r"smallbms: \S[^:]*: \S.*", line), line
    return child.returncode, out


@pytest.mark.parametrize("state", SEVERITIES)
def test_check_severity(bench, state):
    """check: each state has the severity that monitoring shall see"""
    names = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
    bench.tree.add(state)
    code, out = check(bench)
    assert code == SEVERITIES[state]
    assert out.startswith(f"SMALLBMS {names[code]} - house: ")
    assert out.count("\n") == 1 and out.count("|") == 1


def test_check_figures(bench):
    """check: the figures behind the bar are those of the board"""
    bench.tree.add("over-temperature")
    figures = check(bench)[1].split("|")[1].split()
    for figure in figures:
        # "c" and "%" alone of the units that plugins may print
        assert re.fullmatch(r"house_\w+=-?[\d.]+[c%]?(;[\d.]*)*", figure), \
            figure
    for figure in ("house_alarm=0;0;1;0;2", "house_voltage=13.214",
                   "house_current=-2.1", "house_temperature=51.3",
                   "house_charge_disconnects=1c"):
        assert figure in figures, (figure, figures)


def test_check_several(bench):
    """check: of several boards the worst counts, and all are told"""
    bench.tree.add("healthy").add("undervoltage", "shed")
    code, out = check(bench)
    assert code == CRITICAL
    assert "house: All well, shed: LOAD DISCONNECTED" in out
    assert "house_alarm=0" in out and "shed_alarm=2" in out
    assert check(bench, "--board", "house")[0] == OK


def test_check_unreadable(bench):
    """check: what cannot be read is unknown, but no excuse for an alarm"""
    assert check(bench)[0] == UNKNOWN
    bench.tree.add("healthy").put("device/terminals", "junk")
    code, out = check(bench)
    assert code == UNKNOWN and out.startswith("SMALLBMS UNKNOWN - ")
    assert "All well" not in out
    bench.tree.put("device/alarm", "2").put("device/load", "off")
    assert check(bench)[0] == CRITICAL


@pytest.mark.parametrize("args", (
    "check now", "check --frobnicate", "--frobnicate check", "check --initial",
    "check --json", "check -w", "check -w 5:x", "check -c 20:10", "check -t never",
    "check --board", "check --help", "check -V"))
def test_check_usage(bench, args):
    """check: wrong usage is unknown, not critical, and says so on stdout"""
    bench.tree.add("healthy")
    child = bench.start(*args.split())
    out, err = child.communicate(timeout=TIMEOUT_S)
    assert child.returncode == UNKNOWN
    if args not in ("check --help", "check -V"):
        assert out.startswith("SMALLBMS UNKNOWN - ") and out.count("\n") == 1
        assert err.startswith("smallbms: ")


def test_check_no_command(bench):
    """check: the word alone, as somebody's argument, is no plugin"""
    bench.tree.add("healthy")
    for args in (("get", "check", "extra"), ("--board", "check", "get"),
                 ("--frobnicate", "get", "check")):
        assert not bench.refuses(*args, expect=USAGE, why=": ").out


def test_check_name(bench):
    """check: the name of a board cannot break its line"""
    bench.tree.add("healthy", "a|b=c")
    code, out = check(bench)
    assert code == OK and out.count("|") == 1 and "a_b_c_alarm=0;" in out


def test_check_full(bench):
    """check: a line that cannot be printed is unknown"""
    bench.tree.add("healthy")
    with open("/dev/full", "wb") as full:
        child = bench.start("check", stdout=full)
    _, err = child.communicate(timeout=TIMEOUT_S)
    assert child.returncode == UNKNOWN
    assert err == "smallbms: output: No space left on device\n"


@pytest.mark.parametrize("warning, critical, code", (
    ("50:", "20:", OK), ("51:", "20:", WARNING), ("60:", "51:", CRITICAL),
    ("49", "60", WARNING), ("50", "50", OK), ("@50:60", "@~:20", WARNING),
    ("@40:49", "@0:20", OK), ("~:49.5", "~:100", WARNING), ("10:40", "5:60", WARNING)))
def test_check_limits(bench, warning, critical, code):
    """check: -w {warning} -c {critical} are limits of the capacity"""
    bench.tree.add("healthy")
    result, out = check(bench, "-w", warning, "-c", critical)
    assert result == code
    assert f" house_capacity=50%;{warning};{critical};0;100 " in out
    assert ("All well" in out) == (code == OK)
    assert ("capacity 50 % is outside" in out) == (code != OK)


def test_check_limits_unknown(bench):
    """check: a capacity that has limits and cannot be read is unknown"""
    bench.tree.add("healthy").take("capacity")
    assert check(bench)[0] == OK
    code, out = check(bench, "--warning", "50:")
    assert code == UNKNOWN and "All well" not in out
    bench.tree.put("device/load", "off")
    assert check(bench, "--critical=50:")[0] == CRITICAL


def test_check_timeout(bench):
    """check: with -t it gives up, which is unknown"""
    bench.tree.add("healthy")
    bench.fifo("device/load")
    code, out = check(bench, "-t", "0.2")
    assert code == UNKNOWN
    assert out == "SMALLBMS UNKNOWN - no answer within the time of -t\n"


# The manual's Appendix A: product, output, words of the cable, of the terminal
APPENDIX = (
    ("Phoenix Inverter VE.Direct 12/375", "load", None, "H of"),
    ("phoenix inverter smart", "load", None, "H of"),
    ("Orion-Tr", "load", None, "right-hand"),
    ("Orion 12/24-20", "load", None, "right-hand"),
    ("BatteryProtect", "load", None, "2.1"),
    ("Smart BatteryProtect 12/24V 65A", "load", None, "H of"),
    ("Cyrix-Li-Load", "load", None, "control input"),
    ("Phoenix Inverter Compact 12/1600", "load", "ASS030550100 or -120", None),
    ("Phoenix VE.Bus 24/3000", "load", "inverting", None),
    ("BlueSolar MPPT 150/70 CAN-bus", "charge", None, "B+"),
    ("BlueSolar MPPT 150/80 CAN-bus", "charge", None, "B+"),
    ("BlueSolar MPPT 75/15", "charge", "ASS030550320", None),
    ("SmartSolar MPPT 75/15", "charge", "ASS030550320", None),
    ("SmartSolar MPPT 150/35", "charge", "ASS030550320", None),
    ("SmartSolar MPPT 150/45", "charge", None, "(+)"),
    ("SmartSolar MPPT 150/100", "charge", None, "(+)"),
    ("SmartSolar MPPT 250/60", "charge", None, "(+)"),
    ("Phoenix Smart IP43 Charger", "charge", None, "H of"),
    ("Skylla TG", "charge", "ASS030550200", None),
    ("Skylla-i", "charge", "ASS030550400", None),
    ("Cyrix-Li-ct", "charge", None, "85"),
    ("other charger", "charge", "Cyrix-Li-Charge", None),
)


def test_wiring_appendix(bench):
    """wiring: answers for every product of the manual's Appendix A"""
    for product, output, cable, terminal in APPENDIX:
        answers = bench.run("wiring", "--json", *product.split()).json()
        fitting = [answer for answer in answers
                   if answer["output"] == output and
                   (not cable) == (not answer["cable"]) and
                   (not cable or cable in answer["cable"]) and
                   (not terminal or terminal in answer["terminal"])]
        assert fitting, (product, answers)


@pytest.mark.parametrize("asked, named", (
    ("smartsolar 75/15", "SmartSolar"), ("smartsolar 150/60-Tr", "SmartSolar"),
    ("smart solar", "SmartSolar"), ("SMARTSOLAR mppt", "SmartSolar"),
    ("victron smartsolar", "SmartSolar"), ("Victron Energy SmartSolar", "SmartSolar"),
    ("multiplus-ii", "MultiPlus-II"), ("MultiPlus II 48/5000", "MultiPlus-II"),
    ("bluesolar ve.direct", "BlueSolar"), ("quattro-ii", "Quattro-II"),
    ("orion tr", "Orion"), ("battery protect", "BatteryProtect")))
def test_wiring_words(bench, asked, named):
    """wiring: '{asked}' is found, however it is spelled, and nothing else is"""
    answers = bench.run("wiring", "--json", asked).json()
    assert answers and all(named in answer["product"] for answer in answers), answers


def test_wiring_impossible(bench):
    """wiring: what cannot be connected at all is said to be so, and not how"""
    for product in ("multiplus", "multiplus-ii", "Quattro"):
        text = bench.run("wiring", product).words
        assert "not possible: it needs a VE.Bus interface" in text
        assert "directly" not in text


def test_wiring_all(bench):
    """wiring: without a product all, in text, JSON and reStructuredText"""
    everything = bench.run("wiring", "--json").json()
    text = bench.run("wiring").words
    table = bench.run("wiring", "--rst").out
    assert len(everything) >= 19
    for row in everything:
        assert row["product"] in text and row["product"] in table
    assert table.startswith(".. list-table::\n")
    for args in (("frobnicator",), ("",), ("-",), ("%s%n",), ("x" * 5000,)):
        result = bench.refuses("wiring", *args, expect=FAILED, why="no product in the table")
        assert "directly" not in result.err


def test_wiring_table(bench):
    """the table in the documents is that of the tool"""
    path = os.path.join(TOOLS, "../Documentation/wiring-table.txt")
    with open(path, encoding="utf-8") as file:
        assert file.read() == TABLE_HEAD + bench.run("wiring", "--rst").out


@pytest.mark.parametrize("name", ("watch", "status"))
def test_screenshot(bench, name):
    """the picture in the documents is what {name} shows"""
    path = os.path.join(TOOLS, f"../Documentation/{name}.svg")
    with open(path, encoding="utf-8") as file:
        assert file.read() == screenshot.PICTURES[name](bench.tool)


# ---- log, from journal files made of the journal's export format

EPOCH_S = 1767225600  # 2026-01-01 00:00 UTC
ENTRIES = (
    (0, "kernel", "smallbms house-board: conditions: cell-low", 6),
    (60, "kernel", "smallbms house-board: pre-alarm on", 4),
    (61, "kernel", "other thing: pre-alarm on", 4),
    (62, "kernel", "smallbmsx house-board: not ours", 4),
    (7200, "kernel", "smallbms shed-board: charge disconnected: user", 4),
    (7201, "kernel", "smallbms gone-board: load connected", 6),
    (7260, "service", "house: the alarm has passed; not powering down", 6),
    (7261, "user", "house: load disconnected: cell-undervoltage", 4),
    (7262, "kernel", "smallbms house-board: \u009b2J\u001b[2J\u00e9", 4),
)


def journal(bench, entries=ENTRIES):
    """Write a journal; return its folder, or None without the means."""
    folder = os.path.join(bench.folder, "journal")
    writer = "/lib/systemd/systemd-journal-remote"
    os.makedirs(folder)
    text = ""
    for number, (seconds, source, message, priority) in enumerate(entries):
        usec = (EPOCH_S + seconds) * 1000000
        text += f"__CURSOR=x{number}\n__REALTIME_TIMESTAMP={usec}\n" \
            f"__MONOTONIC_TIMESTAMP={number + 1}\n" \
            f"_BOOT_ID={'0' * 31}1\nPRIORITY={priority}\nMESSAGE={message}\n"
        text += {
            "kernel": "_TRANSPORT=kernel\n_KERNEL_SUBSYSTEM=platform\n",
            "service": "_TRANSPORT=stdout\n_UID=0\n"
                       "SYSLOG_IDENTIFIER=smallbms-power-down\n",
            "user": "_TRANSPORT=syslog\n_UID=1000\n"
                    "SYSLOG_IDENTIFIER=smallbms-power-down\n"}[source]
        text += "\n"
    subprocess.run([writer, "-o", os.path.join(folder, "a.journal"), "-"],
                   input=text, text=True, check=True, capture_output=True)
    return folder


def test_log(bench):
    """log: the messages of the driver and of root's service, by the names of boards, as plain text"""
    bench.tree.add("healthy").add("healthy", "shed")
    folder = journal(bench)
    env = {"TZ": "UTC"}
    out = bench.run("log", "--directory", folder, env=env).out
    assert out == """\
2026-01-01 00:00:00 house: conditions: cell-low
2026-01-01 00:01:00 house: pre-alarm on
2026-01-01 02:00:00 shed: charge disconnected: user
2026-01-01 02:00:01 gone-board: load connected
2026-01-01 02:01:00 house: the alarm has passed; not powering down
2026-01-01 02:01:02 house: ??2J [2J??
"""
    assert bench.run("log", "--directory", folder, "--board", "shed",
                     env=env).out.count("\n") == 1
    found = bench.run("log", "--directory", folder, "--json").jsons()
    assert found[1] == {"time": "2026-01-01T00:01:00.000Z", "name": "house",
                        "priority": 4, "message": "pre-alarm on"}


@pytest.mark.parametrize("args, first, count", (
    ("--since|2026-01-01 02:00:01", "gone-board", 3),
    ("--since|2026-01-01T02:00:01.000Z", "gone-board", 3),
    ("--since|2026-01-01 02:00:01 UTC", "gone-board", 3),
    ("--since|1h", "", 0), ("--since|2w", "", 0), ("--since|today", "", 0),
    ("--since|yesterday", "", 0), ("--since|-5min", "", 0), ("--since|@1767232801", "gone", 3),
    ("--until|2026-01-01 02:00:00", "house", 3),
    ("--since|2026-01-01 00:00:30|--until|2026-01-01T02:00:00Z", "house", 2),
    ("--lines|2", "house: the alarm", 2), ("--lines|99", "house: cond", 6),
    ("--lines|1|--board|shed", "shed", 1), ("--lines|1|--json", "2026-01-01T02:01:02", 1)))
def test_log_span(bench, args, first, count):
    """log: the entries that {args} leaves"""
    bench.tree.add("healthy").add("healthy", "shed")
    out = bench.run("log", "--directory", journal(bench), *args.split("|"),
                    env={"TZ": "UTC"}).out.splitlines()
    assert len(out) == count and (not count or first in out[0]), out


def test_log_board(bench):
    """log: a board that is neither there nor in the journal is no board"""
    bench.tree.add("healthy").add("healthy", "shed").add("healthy", "boat")
    folder = journal(bench)
    bench.refuses("log", "--directory", folder, "--board", "hous", expect=NO_BOARD,
                  why="hous: no such board, and there is none in the journal")
    assert not bench.run("log", "--directory", folder, "--board", "boat").out
    assert bench.run("log", "--directory", folder, "--board", "gone-board").out


def test_log_errors(bench):
    """log: what is wrong with its options, or its journal, is said"""
    folder = journal(bench)
    for option in ("--since", "--until"):
        for moment in ("", "x", "7", "2026-13-01", "yesteryear", "1fortnight"):
            bench.refuses("log", "--directory", folder, option, moment, expect=USAGE,
                          why=f"{option}: ")
    for lines in ("", "0", "x", "-1", "1x", "99999999999999999999"):
        bench.refuses("log", "--lines", lines, expect=USAGE, why="--lines: ")
    bench.refuses("log", "--follow", "--until", "today", expect=USAGE, why="--until: ")
    bench.refuses("log", "--directory", "/nonexistent", expect=FAILED,
                  why="/nonexistent: cannot be read: ")


def journalctl(bench, script):
    """Put a journalctl of our own in the place of the real one; return the environment."""
    folder = os.path.join(bench.folder, "bin")
    os.makedirs(folder)
    path = os.path.join(folder, "journalctl")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + script)
    os.chmod(path, 0o755)
    return {"PATH": folder + ":/usr/bin:/bin"}


@pytest.mark.parametrize("place, hint", (("run", True), ("var", False)))
def test_log_in_memory(bench, place, hint):
    """log: an empty journal that is in memory alone is remarked on [/{place}]"""
    bench.tree.add("healthy")
    env = journalctl(bench, f"""
        case $* in
        *--header*) echo "File path: /{place}/log/journal/0/system.journal";;
        esac""")
    child = bench.start("log", env=env)
    out, err = child.communicate(timeout=TIMEOUT_S)
    assert child.returncode == DONE and not out
    assert ("journal: it is in memory, without what was before the last start" in err) == hint


@pytest.mark.parametrize("said", ("No journal files were opened due to insufficient permissions.",
                                  "Hint: You are currently not seeing messages from other users"))
def test_log_permission(bench, said):
    """log: who may not read the journal is told so: {said}"""
    bench.tree.add("healthy")
    bench.refuses("log", env=journalctl(bench, f"echo '{said}' >&2"), expect=FAILED,
                  why="journal: there is none that you may read; be root")


def test_log_full(bench):
    """log: output that cannot be written is said, and nothing else"""
    line = '{"__REALTIME_TIMESTAMP": "1", "_TRANSPORT": "kernel", ' \
        '"MESSAGE": "smallbms house-board: again"}'
    env = journalctl(bench, f"exec yes '{line}'")
    with open("/dev/full", "wb") as full:
        child = bench.start("log", stdout=full, env=env)
    result = bench.finish(child)
    assert result.code == FAILED
    assert result.err == "smallbms: output: No space left on device\n"


def test_log_no_journalctl(bench):
    """log: without journalctl it says so"""
    bench.refuses("log", env={"PATH": bench.folder}, expect=FAILED,
                  why="log: journalctl cannot be run")


def test_log_follow(bench):
    """log: with --follow the last lines, and then each new one at once, none twice"""
    bench.tree.add("healthy")
    fifo = os.path.join(bench.folder, "fifo")
    os.mkfifo(fifo)
    line = '{{"__CURSOR": "c{0}", "__REALTIME_TIMESTAMP": "176722560{0}000000", ' \
        '"_TRANSPORT": "kernel", "MESSAGE": "smallbms house-board: entry {0}"}}'
    env = journalctl(bench, f"""
        case "$*" in
        *--follow*--after-cursor=c2*) exec cat {fifo};;
        *--follow*) exit 1;;
        *) echo '{line.format(1)}'; echo '{line.format(2)}';;
        esac""")
    child = bench.start("log", "--follow", "--lines", "1", env={**env, "TZ": "UTC"})
    assert child.stdout.readline() == "2026-01-01 00:00:02 house: entry 2\n"
    with open(fifo, "w", encoding="ascii") as journal_end:
        for number in (3, 4):
            print(line.format(number), file=journal_end, flush=True)
            assert child.stdout.readline() == \
                f"2026-01-01 00:00:0{number} house: entry {number}\n"
    assert bench.finish(child).code == DONE


# ---- completion


def complete(bench, line):
    """Return what bash would offer at the end of the line; "=" is a word to it."""
    script = f"""
        . {TOOLS}/completion/smallbms
        line=$1
        read -r -a COMP_WORDS <<<"${{line//=/ = }}"
        [[ $line == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _smallbms {bench.tool} "${{COMP_WORDS[COMP_CWORD]}}" \
            "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """
    done = subprocess.run(["bash", "-c", script, "bash", line], text=True,
                          capture_output=True, check=True,
                          env=bench.environment(None))
    assert not done.stderr, done.stderr
    return done.stdout.splitlines() if done.stdout.strip() else []


def test_completion(bench):
    """bash completes commands, attributes, conditions, options and boards"""
    bench.tree.add("healthy").add("remote-off", "shed")
    root = f"smallbms --sysfs-root {bench.tree.root} "
    assert complete(bench, "smallbms mon") == ["monitor"]
    assert {"status", "watch", "wait", "log", "check", "wiring", "help"} <= \
        set(complete(bench, "smallbms "))
    assert complete(bench, "smallbms get load_off") == ["load_off_reason"]
    assert "stats/pre_alarms" in complete(bench, "smallbms get stats/")
    assert complete(bench, "smallbms wait al") == ["alarm="]
    assert complete(bench, "smallbms remote ") == ["on", "off"]
    assert complete(bench, "smallbms charge in") == ["inhibit"]
    assert complete(bench, "smallbms help wa") == ["watch", "wait"]
    assert complete(bench, root + "--board ") == ["house", "shed"]
    assert complete(bench, root + "--board sh") == ["shed"]
    assert complete(bench, "smallbms log --s") == ["--sysfs-root", "--since"]
    assert complete(bench, "smallbms history --un") == ["--until"]
    assert complete(bench, "smallbms history --until ") == []
    assert "--since" not in complete(bench, "smallbms status --")
    assert complete(bench, "smallbms status ") == []
    assert complete(bench, "smallbms wait --timeout ") == []
    assert complete(bench, "smallbms check --c") == ["--color=", "--critical"]
    assert complete(bench, "smallbms shunt --si") == ["--simulate"]
    assert complete(bench, "smallbms shunt --w") == ["--wait"]
    assert complete(bench, "smallbms shunt --soc 5 --curr") == ["--current"]
    assert complete(bench, "smallbms shunt /dev/nul") == ["/dev/null"]
    assert complete(bench, "smallbms shunt --decode /dev/nul") == ["/dev/null"]
    assert complete(bench, "smallbms shunt --soc ") == []
    assert complete(bench, "smallbms power-down --ch") == ["--check"]
    assert complete(bench, "smallbms power-down /dev/nul") == ["/dev/null"]


@pytest.mark.parametrize("line, offered", (
    ("--board=", ["house", "shed"]), ("--board=sh", ["shed"]),
    ("--board=house get ca", ["capacity_level", "capacity", "capacity_error_margin"]),
    ("get --board=shed al", ["alarm"]),
    ("wait alarm=", ["0", "1", "2"]), ("wait load=o", ["on", "off"]),
    ("wait conditions=cell-", ["cell-low", "cell-undervoltage", "cell-overvoltage"]),
    ("wait status=Not", [r"Not\ charging"]), ("wait capacity=", []),
    ("--color=a", ["auto", "always"]), ("wait load=off alarm=", ["0", "1", "2"]),
    ("wait --timeout=3 lo", ["load=", "load_off_reason=", "load_request="]),
    ("get load ", []), ("remote on ", []), ("charge auto ", []),
    ("help get ", []), ("--board shed help get ", []), ("shunt /dev/null /dev/nul", [])))
def test_completion_words(bench, line, offered):
    """bash completes '{line}' as meant, behind '=' and not behind the last word"""
    bench.tree.add("healthy").add("remote-off", "shed")
    assert complete(bench, f"smallbms --sysfs-root {bench.tree.root} {line}") == offered


def programs(bench):
    """A folder with the tool, on two boards, by its own name."""
    bench.tree.add("healthy").add("remote-off", "shed")
    folder = os.path.join(bench.folder, "programs")
    os.mkdir(folder)
    with open(f"{folder}/smallbms", "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nexec {bench.tool} --sysfs-root {bench.tree.root} "$@"\n')
    os.chmod(f"{folder}/smallbms", 0o755)
    return folder


OFFERS = (
    ("mon", ["monitor"]), ("get load_off", ["load_off_reason"]), ("remote ", ["off", "on"]),
    ("charge in", ["inhibit"]), ("load s", ["shed"]),
    ("floor --re", ["--recover"]), ("metrics --o", ["--output"]),
    ("power-down --ch", ["--check"]), ("help wa", ["wait", "watch"]), ("--board ", ["house", "shed"]),
    ("--board shed get al", ["alarm"]), ("get load ", []))


def test_completion_fish(bench):
    """fish completes commands, attributes, values, options and boards"""
    folder = programs(bench)
    for line, offered in (
            *OFFERS, ("wait status=N", ["status=Not charging"]),
            ("wait load=off alarm=", ["alarm=0", "alarm=1", "alarm=2"]),
            ("--board=sh", ["--board=shed"]), ("monitor --cou", ["--count"]),
            ("status --init", [])):
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"source {TOOLS}/completion/smallbms.fish; "
             f"complete -C 'smallbms {line}'"], text=True, capture_output=True, check=True,
            env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": bench.folder})
        assert not done.stderr
        assert sorted(each.split("\t")[0] for each in done.stdout.splitlines()) == offered, line


# What a completion of zsh adds is written to "offered".
ZSH = """
    fpath=({tools}/completion $fpath)
    autoload -U compinit
    compinit -u -D
    compadd() {{
        if (( ! ${{@[(I)-[OAD]]}} )); then
            local -a found
            builtin compadd -A found "$@"
            (( $#found )) && print -rl -- $found >>{folder}/offered
        fi
        builtin compadd "$@"
    }}
    finish() {{ zle complete-word; print -r -- DO''NE; }}
    zle -N finish
    bindkey '^XC' finish
    print -r -- REA''DY
    """


def complete_zsh(bench, folder, line):
    """What zsh would offer at the end of the line."""
    offered = os.path.join(bench.folder, "offered")
    with open(offered, "w", encoding="ascii"):
        pass
    with open(f"{bench.folder}/setup", "w", encoding="ascii") as file:
        file.write(ZSH.format(tools=os.path.abspath(TOOLS), folder=bench.folder))
    master, slave = pty.openpty()
    with subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={"PATH": f"{folder}:/usr/bin:/bin", "TERM": "dumb", "HOME": bench.folder}) as shell:
        bench.children.append(shell)
        for typed, answer in ((f". {bench.folder}/setup\n", "READY"),
                              (f"smallbms {line}\x18C", "DONE")):
            os.write(master, typed.encode())
            shown = ""
            while answer not in shown:
                shown += os.read(master, 4096).decode()
        shell.kill()
    os.close(master)
    os.close(slave)
    with open(offered, encoding="ascii") as file:
        return sorted(set(file.read().split("\n")) - {""})


def test_completion_zsh(bench):
    """zsh completes commands, attributes, values, options and boards"""
    folder = programs(bench)
    for line, offered in (
            *OFFERS, ("wait status=N", [r"Not\ charging"]),
            ("wait load=off alarm=", ["0", "1", "2"]), ("monitor --cou", ["--count"]),
            ("status --init", [])):
        assert complete_zsh(bench, folder, line) == offered, line


# ---- what is installed


def install(bench, prefix="/usr"):
    """Install the whole, and return where it is."""
    root = os.path.join(bench.folder, "root")
    built = os.path.join(bench.folder, "built")
    subprocess.run(["make", "-s", "-C", TOOLS, f"O={built}",
                    f"DESTDIR={root}", f"prefix={prefix}", "files"],
                   check=True, capture_output=True)
    return root


def test_install(bench):
    """make install puts everything where it is looked for, and enables nothing"""
    root = install(bench)
    found = sorted(os.path.relpath(os.path.join(folder, name), root)
                   for folder, _, names in os.walk(root) for name in names)
    assert found == sorted([
        "lib/systemd/system/smallbms-power-down.service",
        "lib/systemd/system/smallbms-shunt@.service",
        "lib/systemd/system/smallbms-textfile.service",
        "lib/systemd/system/smallbms-textfile.timer",
        "lib/udev/rules.d/60-smallbms.rules",
        "lib/udev/rules.d/62-smallbms-shunt.rules",
        "usr/lib/sysusers.d/smallbms.conf",
        "usr/share/bash-completion/completions/smallbms",
        "usr/share/fish/vendor_completions.d/smallbms.fish",
        "usr/share/zsh/site-functions/_smallbms",
        "usr/share/man/man1/smallbms.1", "usr/share/man/man1/smallbms-watch.1",
        "usr/share/smallbms/overlays/smallbms-eeprom.txt",
        "usr/share/smallbms/overlays/smallbms-expander-eeprom.txt",
        "usr/share/smallbms/overlays/smallbms-expander.dtbo",
        "usr/share/smallbms/overlays/smallbms.dtbo",
        "usr/share/smallbms/prometheus/smallbms-dashboard.json",
        "usr/share/smallbms/prometheus/smallbms.rules.yml",
        "usr/share/smallbms/power-down.conf"]), found
    unit = os.path.join(root, "lib/systemd/system",
                        "smallbms-power-down.service")
    with open(unit, encoding="ascii") as file:
        text = file.read()
    assert "ExecStart=/usr/bin/smallbms power-down\n" in text
    assert "@bindir@" not in text


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(each, name), folder)
                  for each, _, names in os.walk(folder) for name in names)


def make(bench, folder, *args):
    """Run make in a folder, with systemd and udev in the bench; return what they were told."""
    told = os.path.join(bench.folder, "told")
    programs = os.path.join(bench.folder, "programs")
    if not os.path.exists(programs):
        for name in ("systemd/system", "udev/control"):
            os.makedirs(os.path.join(bench.folder, "run", name))
        os.mkdir(programs)
        for name in ("systemd-sysusers", "systemctl", "udevadm", "depmod"):
            path = os.path.join(programs, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(f'#!/bin/sh\necho {name} "$@" >>{told}\n')
            os.chmod(path, 0o755)
    with open(told, "w", encoding="ascii"):
        pass
    # Each test comes twice, perhaps at once, and both build in the same place
    with open(os.path.join(folder, "Makefile"), encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "-C", folder, f"rundir={bench.folder}/run",
                        "KDIR=/nonexistent", *args], check=True, capture_output=True,
                       env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"})
    with open(told, encoding="ascii") as file:
        return file.read().splitlines()


def test_install_here(bench):
    """make install tells systemd and udev of what it brings, and uninstall takes it away"""
    root = os.path.join(bench.folder, "here")
    where = [f"O={bench.folder}/built", f"prefix={root}/usr", f"udevdir={root}/udev",
             f"systemddir={root}/units", f"sysusersdir={root}/sysusers"]
    assert make(bench, TOOLS, *where, "install") == [
        "systemd-sysusers smallbms.conf", "systemctl daemon-reload",
        "udevadm control --reload",
        "udevadm trigger --action=change --subsystem-match=power_supply"]
    assert "usr/bin/smallbms" in files_below(root)
    told = make(bench, TOOLS, *where, "uninstall")
    assert files_below(root) == []
    assert not os.path.exists(f"{root}/usr/share/smallbms")
    assert told == ["systemctl daemon-reload", "udevadm control --reload"]


def test_install_elsewhere(bench):
    """make install-tool needs no kernel headers, and takes any DESTDIR, of which nobody is told"""
    top = os.path.join(TOOLS, "..")
    root = os.path.join(bench.folder, "a root")
    assert make(bench, top, f"DESTDIR={os.path.relpath(root, top)}", "install-tool") == []
    found = files_below(root)
    assert "usr/local/bin/smallbms" in found
    assert "lib/udev/rules.d/60-smallbms.rules" in found
    module = f"{root}/lib/modules/{os.uname().release}/updates"
    os.makedirs(module)
    with open(f"{module}/smallbms.ko.xz", "w", encoding="ascii"):
        pass
    assert make(bench, top, f"DESTDIR={os.path.relpath(root, top)}", "uninstall") == []
    assert files_below(root) == []


@pytest.mark.parametrize("group", (True, False), ids=("the group", "no group"))
@pytest.mark.parametrize("name", ("house", "my boat; exit"))
def test_udev_rule(bench, name, group):
    """udev's rule gives what may be switched to the group, or leaves it as it is"""
    bench.tree.add("gauge", name)
    with open(os.path.join(TOOLS, "udev/60-smallbms.rules"), encoding="ascii") as file:
        runs = re.findall(r'RUN\+="((?:[^"\\]|\\.)*)"', file.read())
    assert len(runs) == 3
    programs = os.path.join(bench.folder, "programs")
    os.mkdir(programs)
    with open(f"{programs}/chgrp", "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\n{'echo' if group else 'false'} \"$@\" >>{bench.folder}/told\n")
    os.chmod(f"{programs}/chgrp", 0o755)
    wanted = ["device/remote", "charge_behaviour", "device/load_request",
              "device/soc_floor_percent", "device/soc_floor_recover_percent"] + \
        ["device/gauge/" + each for each in os.listdir(bench.tree.path("device/gauge", name))]
    paths = [bench.tree.path(each, name) for each in wanted]
    for path in [*paths, bench.tree.path("device/load", name)]:
        os.chmod(path, 0o644)
    for run in runs:
        # as udev does: its own escapes first, then words, and no shell
        words = shlex.split(run.replace('\\"', '"').replace("$$", "$"))
        assert not re.search("%|[$](env|attr)", run), run
        subprocess.run(words, check=False, capture_output=True,
                       env={"PATH": f"{programs}:/usr/bin:/bin",
                            "DEVPATH": "/.." + bench.tree.supply(name)})
    for path in paths:
        assert bool(os.stat(path).st_mode & 0o020) == group, path
    assert not os.stat(bench.tree.path("device/load", name)).st_mode & 0o020
