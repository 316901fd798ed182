# SPDX-License-Identifier: GPL-2.0
"""Loads that are shed on purpose: load and floor, and what the others say of it."""

import os

import pytest

from bench import DONE, FAILED, TIMEOUT_S, USAGE
from cases_live import Follower
from cases_status import as_json, says, silent_about, status
from cases_tell import CRITICAL, OK, WARNING, check, complete
from live import await_asleep
from tree import NEVER_S, values

FLOOR, RECOVER = "device/soc_floor_percent", "device/soc_floor_recover_percent"
SHED = ("floor-counts", "floor-off", "floor-off-stale", "load-off", "shed",
        "shed-counts")


# ---- load


def test_load(bench):
    """S1: load: without an argument it shows the request, bare and as JSON"""
    bench.tree.add("shed")
    assert bench.run("load").out == "shed\n"
    assert bench.run("load", "--json").json() == "shed"
    bench.tree.remove()
    bench.tree.add("bare")
    bench.refuses("load", expect=FAILED,
                  why="house/load_request: this board does not have it")


@pytest.mark.parametrize("request_, state, load", (
    ("off", "load-off", "off: by request"), ("shed", "shed", "off: shed by request"),
    ("shed", "shed-counts", "on, shed in 30 s by request"), ("auto", "healthy", "on")),
    ids=("off", "shed", "shed-counts", "auto"))
def test_load_writes(bench, request_, state, load):
    """S1: load writes the request, and says what the load does"""
    other = "auto" if request_ != "auto" else "off"
    bench.tree.add(state).put("device/load_request", other)
    assert bench.run("load", request_).out == \
        f"house: load_request is now {request_}\n  load {load}\n  charge on\n"
    assert bench.tree.get("device/load_request") == request_


@pytest.mark.parametrize("request_, state, why", (
    ("off", "healthy", "'off' was taken, but the load is not off"),
    ("shed", "healthy", "'shed' was taken, but the load is on, and no countdown runs"),
    ("auto", "load-off", "'auto' was taken, but the load is still held off"),
    ("auto", "shed", "'auto' was taken, but the load is still held off")))
def test_load_disobeyed(bench, request_, state, why):
    """S1: load {request_} fails loudly when the board does not obey: {state}"""
    bench.tree.add(state)
    result = bench.run("load", request_, expect=FAILED)
    assert result.err == f"smallbms: house/load_request: {why}\n"


def test_load_not_kept(bench):
    """S1: a request that is not kept is reported"""
    bench.tree.add("healthy")
    path = bench.fifo("device/load_request")
    child = bench.start("load", "off")
    assert bench.receive(child, path) == b"off\n"
    with bench.gate(child, path) as board:
        board.write(b"auto\n")
    result = bench.finish(child)
    assert result.code == FAILED
    assert "'off' was written, but it still reads 'auto'" in result.err


def test_load_auto_empty(bench):
    """S4: load auto with an empty bank succeeds, and says why the load stays off"""
    bench.tree.add("undervoltage").put("device/load_request", "off")
    assert "load off: a cell is empty" in bench.run("load", "auto").out


def test_load_older_driver(bench):
    """a driver that knows no request is named as the reason"""
    bench.tree.add("bare")
    bench.refuses("load", "off", expect=FAILED,
                  why="house/load_request: cannot write 'off': No such file or "
                  "directory; this board's driver does not offer it")


def test_usage(bench):
    """load and floor: bad usage is refused, with what is allowed"""
    bench.tree.add("healthy")
    floor = "neither none nor a number of percent from 1 to 90"
    recover = "is not a number of percent from 21 to 100"
    for args, why in (
            (("load", "on"), "load: 'on' is none of auto, shed and off"),
            (("load", "OFF"), "none of auto, shed and off"),
            (("load", "off", "now"), "usage: smallbms load [auto|shed|off]"),
            (("load", "off", "--recover", "30"), "--recover: no option of 'load'"),
            (("floor", "91"), f"floor: '91' is {floor}"),
            (("floor", "0"), f"floor: '0' is {floor}"),
            (("floor", "-1"), "no such option"), (("floor", ""), f"'' is {floor}"),
            (("floor", "20%"), f"'20%' is {floor}"), (("floor", "2e1"), floor),
            (("floor", "99999999999999999999"), floor), (("floor", "off"), floor),
            (("floor", "20", "30"), "usage: smallbms floor [PERCENT|none]"),
            (("floor", "20", "--recover", "20"), f"--recover: '20' {recover}"),
            (("floor", "20", "--recover", "101"), recover),
            (("floor", "20", "--recover", "x"), recover),
            (("floor", "--recover", "30"), "--recover: goes with a floor"),
            (("floor", "none", "--recover", "30"), "--recover: goes with a floor")):
        bench.refuses(*args, expect=USAGE, why=why)
    bench.tree.add("healthy", "shed")
    for args in (("load",), ("load", "off"), ("floor",), ("floor", "20"),
                 ("floor", "none")):
        bench.refuses(*args, expect=USAGE, why="--board: needed")


# ---- floor


def test_floor(bench):
    """S2: floor: without an argument it shows the floor and the recovery"""
    bench.tree.add("floor")
    assert bench.run("floor").out == "loads off at 20 %, back at 25 %\n"
    assert bench.run("floor", "--json").json() == \
        {"soc_floor_percent": 20, "soc_floor_recover_percent": 25}
    bench.tree.put(FLOOR, "0")
    assert bench.run("floor").out == "none\n"
    bench.tree.take(FLOOR)
    bench.refuses("floor", expect=FAILED,
                  why="house/soc_floor_percent: this board does not have it")


def test_floor_writes(bench):
    """S2: floor writes the floor and, 5 above it or as told, the recovery"""
    bench.tree.add("floor")
    for args, floor, recover in (
            (("30",), 30, 35), (("30", "--recover", "80"), 30, 80), (("1",), 1, 6),
            (("90",), 90, 95), (("90", "--recover", "100"), 90, 100)):
        assert bench.run("floor", *args).out == \
            f"house: soc_floor_percent is now {floor}\n" \
            f"  loads off at {floor} %, back at {recover} %\n  load on\n  charge on\n"
        assert bench.tree.get(FLOOR) == str(floor), args
        assert bench.tree.get(RECOVER) == str(recover), args


@pytest.mark.parametrize("new, between", (
    ("30", "20"), ("16", "20"), ("15", "15"), ("10", "10")))
def test_floor_order(bench, new, between):
    """S2: floor {new} after 20: the floor is below the recovery in between"""
    bench.tree.add("floor")
    path = bench.fifo(RECOVER)
    child = bench.start("floor", new)
    assert bench.receive(child, path) == f"{int(new) + 5}\n".encode()
    assert bench.tree.get(FLOOR) == between  # it waits to read the other one back


def test_floor_refused(bench):
    """S2: a recovery that the board refuses leaves the floor as it is"""
    bench.tree.add("floor").take(RECOVER)
    os.symlink("/dev/full", bench.tree.path(RECOVER))
    result = bench.run("floor", "30", expect=FAILED)
    assert "house/soc_floor_recover_percent: cannot write '35': No space" in result.err
    assert bench.tree.get(FLOOR) == "20"


def test_floor_none(bench):
    """S2: floor none takes it away; it fails loudly when the load is held off still"""
    bench.tree.add("floor")
    assert bench.run("floor", "none").out == \
        "house: soc_floor_percent is now 0\n  load on\n  charge on\n"
    bench.tree.remove()
    bench.tree.add("floor-off")
    assert bench.run("floor", "none", expect=FAILED).err == \
        "smallbms: house/soc_floor_percent: '0' was taken, but the load is still " \
        "off because of it\n"


def test_floor_without_gauge(bench):
    """S3: floor says when no fresh state of charge is reported, and is taken all the same"""
    for state in ("healthy", "gauge-stale"):
        bench.tree.add(state)
        assert "no effect yet: no fresh state of charge is reported" in \
            bench.run("floor", "20").out
        bench.tree.remove()


def test_floor_json(bench):
    """S2: floor with --json prints the board as it is now"""
    bench.tree.add("gauge")
    assert bench.run("floor", "20", "--json").board() == as_json("floor")


# ---- what status says


def test_status_gauge(bench):
    """status: the state of charge that a gauge reports, its age, and time to empty"""
    result = status(bench, "gauge")
    assert result.headline == "house: All well"
    assert result.row("Gauge") == "63.4 %, reported 1 s ago, empty in 3 h 56 min"
    silent_about(result, "Floor", "measured")
    for seconds, text in ((0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"),
                          (7200, "2 h 0 min"), (172799, "47 h 59 min"), (172800, "2 days")):
        bench.tree.put("time_to_empty_avg", seconds)
        assert bench.run().row("Gauge").endswith(", empty in " + text), seconds
    bench.tree.put("device/measurements/time_to_empty_age_s", 30)
    assert bench.run().row("Gauge") == "63.4 %, reported 1 s ago"
    bench.tree.put("device/measurements/time_to_empty_age_s", 1)
    # As the driver has it while the bank is not being emptied
    bench.tree.put("time_to_empty_avg", NEVER_S)
    assert bench.run().row("Gauge") == "63.4 %, reported 1 s ago"
    bench.tree.put("device/measurements/soc_age_s", -1)
    silent_about(bench.run(), "Gauge")


def test_status_stale(bench):
    """S3: what a gauge reported too long ago is said to be stale, with its age"""
    result = status(bench, "gauge-stale")
    assert result.row("Gauge") == "stale: 63.4 % was reported 4 min ago"
    assert result.row("Measured").endswith("21.3 °C (measured 4 min ago)")
    silent_about(result, "empty in")
    for age_s in (35, 36):
        bench.tree.put("device/measurements/voltage_age_s", age_s)
        bench.tree.put("device/measurements/current_age_s", 1)
        bench.tree.put("device/measurements/temperature_age_s", -1)
        assert ("(measured 36 s ago)" in bench.run().words) == (age_s == 36)


def test_status_forgotten(bench):
    """S3: a state of charge that the gauge has withdrawn is not fresh"""
    bench.tree.add("floor").put("device/gauge/soc_permille", "")
    result = bench.run()
    assert result.row("Gauge") == "stale: a state of charge was reported 1 s ago"
    assert "the floor of 20 % has no effect" in result.headline
    assert "state_of_charge=" not in check(bench)[1]


@pytest.mark.parametrize("max_age_ms", (None, 2000, 600000))
def test_status_max_age(bench, max_age_ms):
    """S3: stale is what is older than 30 s, or than soc-max-age-ms: {max_age_ms}"""
    bench.tree.add("gauge")
    if max_age_ms:
        bench.tree.put("device/of_node/soc-max-age-ms", max_age_ms.to_bytes(4, "big"))
    limit_s = (max_age_ms or 30000) // 1000
    for age_s in (limit_s - 1, limit_s):
        bench.tree.put("device/measurements/soc_age_s", age_s)
        assert bench.run().row("Gauge").startswith("stale") == (age_s == limit_s)


def test_status_floor(bench):
    """S2: what the floor will do"""
    result = status(bench, "floor")
    assert result.headline == "house: All well"
    assert result.row("Floor") == "loads off at 20 %, back at 25 %"


def test_status_floor_waits(bench):
    """S3: a floor without a fresh state of charge is no protection, and is told"""
    bench.tree.add("gauge-stale").put(FLOOR, "20").put(RECOVER, "25")
    result = bench.run()
    assert result.headline == "house: Attention: no fresh state of charge, so the " \
        "floor of 20 % has no effect"
    says(result, "Look after the gauge")
    bench.tree.put("device/measurements/soc_age_s", -1)
    assert bench.run().headline == result.headline


@pytest.mark.parametrize("state, headline, row, advice", (
    ("shed-counts", "PRE-ALARM: the load will be shed in 30 s by request", "on",
     "To keep the load on: smallbms load auto"),
    ("floor-counts", "PRE-ALARM: the load will be shed in 23 s at the floor of 20 %", "on",
     "Charge the bank. To keep the load on all the same: smallbms floor none"),
    ("load-off", "Load off: by request", "off by request",
     "To let the load run again: smallbms load auto"),
    ("shed", "Load off: shed by request", "off shed by request",
     "To let the load run again: smallbms load auto"),
    ("floor-off", "Load off: shed at the floor of 20 %, back at 25 %",
     "off shed at the floor of 20 %, back at 25 %",
     "Charge the bank: the load comes back by itself. To let it run before: "
     "smallbms floor none"),
    ("floor-off-stale",
     "Load off: shed at the floor of 20 %; the state of charge is unknown now",
     "off shed at the floor of 20 %; the state of charge is unknown now",
     "To let it run without one, switch the remote off and on: smallbms off, then on")),
    ids=("shed-counts", "floor-counts", "load-off", "shed", "floor-off", "floor-off-stale"))
def test_status_shed(bench, state, headline, row, advice):
    """S1 S2 S3: a shed is told as what it is, with what to do"""
    result = status(bench, state)
    assert result.headline == "house: " + headline
    assert result.row("Load") == row
    says(result, advice)
    bench.tree.add("healthy", "boat")
    says(bench.run(), advice.replace("smallbms ", "smallbms --board house "))


@pytest.mark.parametrize("state", SHED)
def test_status_no_undervoltage(bench, state):
    """S1: nothing says that undervoltage disconnects the load when a shed does"""
    result = status(bench, state)
    silent_about(result, "DISCONNECTED", "will be cut", "empty,", "is empty",
                 "Recharge", "days", "cell")
    assert result.row("Charge") == "on"


def test_status_request(bench):
    """S1: a request is shown, and none is not"""
    assert status(bench, "shed-counts").row("Load request") == "shed"
    bench.tree.put("device/load_request", "auto")
    silent_about(bench.run(), "Load request")


def test_status_both(bench):
    """S4: with undervoltage as well, the cut is what is told"""
    bench.tree.add("shed-counts").put("device/disconnect_in_ms", 29100)
    bench.tree.put("device/conditions", "cell-low cell-undervoltage")
    assert bench.run().headline == "house: PRE-ALARM: the load will be cut in 30 s"
    bench.tree.remove()
    bench.tree.add("undervoltage").put("device/load_request", "off")
    result = bench.run()
    assert result.headline == "house: LOAD DISCONNECTED: the bank is empty"
    says(result, "Recharge the bank now", "To let the load run again: smallbms load auto")


def test_status_worse(bench):
    """what is worse than a load that was shed comes first"""
    bench.tree.add("load-off").put("device/conditions", "cell-low")
    bench.tree.put("device/pre_alarm", "on").put("device/alarm", 1)
    result = bench.run()
    assert result.headline == "house: PRE-ALARM: the bank is nearly empty"
    says(result, "Charge the bank: a cell is low.")
    silent_about(result, "will be cut")
    bench.tree.put("device/conditions", "none")  # O3: held for a while
    result = bench.run()
    assert result.headline == "house: Load off: by request"
    assert result.row("Pre-alarm") == "on held for its least time"
    silent_about(result, "Charge the bank")
    bench.tree.put("device/charge", "off").put("device/conditions", "over-temperature")
    bench.tree.put("device/charge_off_reason", "over-temperature")
    assert bench.run().headline.startswith("house: CHARGE DISCONNECTED")
    bench.tree.put("device/conditions", "sense-mismatch")
    assert bench.run().headline.startswith("house: FAULT")
    bench.tree.put("device/conditions", "cell-undervoltage")
    assert bench.run().headline == "house: OFF, AND THE BANK IS EMPTY: by request"


# ---- what the other commands say


def test_list(bench):
    """list: a shed is told in its line, and in JSON the request and the countdown"""
    bench.tree.add("shed-counts")
    assert bench.run("list").out == \
        "house: PRE-ALARM: the load will be shed in 30 s by request\n"
    board, = bench.run("list", "--json").json()
    assert board["load_request"] == "shed" and board["shed_in_ms"] == 29100


@pytest.mark.parametrize("state", SHED + ("gauge", "gauge-stale", "floor"))
def test_check(bench, state):
    """check: a load that is shed, or will be, is a warning"""
    bench.tree.add(state)
    code, out = check(bench)
    assert code == (WARNING if state in SHED else OK), out
    assert (" house_state_of_charge_age=" in out) == ("device/gauge/temp_dc" in values(state))
    assert ("by request" in out or "at the floor of 20 %" in out) == (state in SHED)


def test_check_floor_waits(bench):
    """S3: check: a floor without a fresh state of charge is a warning"""
    bench.tree.add("gauge-stale").put(FLOOR, "20")
    code, out = check(bench)
    assert code == WARNING and "so the floor of 20 % has no effect" in out


def test_check_worse(bench):
    """S4: check: what is critical stays so, whatever was requested"""
    bench.tree.add("undervoltage").put("device/load_request", "off")
    assert check(bench)[0] == CRITICAL
    bench.tree.put("device/load_off_reason", "request-off")
    assert check(bench)[0] == CRITICAL
    bench.tree.remove()
    bench.tree.add("shed-counts").put("device/disconnect_in_ms", 29100)
    assert check(bench)[0] == CRITICAL


def test_check_figures(bench):
    """check: the state of charge, its age and time to empty are figures while fresh"""
    bench.tree.add("gauge")
    figures = check(bench)[1].split("|")[1].split()
    for figure in ("house_state_of_charge=63.4%;;;0;100", "house_state_of_charge_age=1s",
                   "house_time_to_empty=14160s"):
        assert figure in figures, (figure, figures)
    bench.tree.put("time_to_empty_avg", NEVER_S)
    assert "time_to_empty" not in check(bench)[1]
    bench.tree.remove()
    bench.tree.add("gauge-stale")
    assert "state_of_charge=" not in check(bench)[1]
    bench.tree.put("device/measurements/soc_age_s", -1)
    assert "state_of_charge" not in check(bench)[1]


def test_monitor(bench):
    """monitor: a request and what follows are told as they happen"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor", "--json", "--initial") as monitor:
        monitor.object()
        monitor.become("shed-counts")
        change = monitor.object()
        assert change["changed"] == ["pre_alarm", "alarm", "load_request"]
        assert change["load_request"] == "shed" and change["shed_in_ms"] == 29100
        bench.tree.put("device/pre_alarm", "off").put("device/alarm", 0)
        monitor.become("shed")
        assert monitor.object()["load_off_reason"] == "request-shed"


def test_wait(bench):
    """wait: for a request, for its reason, for a state of charge, for the countdown"""
    bench.tree.add("floor-counts")
    for condition in ("load_request=auto", "load_request!=shed", "shed_in_ms>=0",
                      "shed_in_ms<22301", "disconnect_in_ms=-1", "reconnect_in_ms<0",
                      "capacity<=20", "load_off_reason!=soc-floor"):
        bench.run("wait", condition)
    bench.refuses("wait", "load_request=on", expect=USAGE, why="auto, shed, off")
    bench.refuses("wait", "load_off_reason=shed", expect=USAGE,
                  why="request-off, request-shed, soc-floor, cell-low")
    bench.refuses("wait", "charge_off_reason=soc-floor", expect=USAGE,
                  why="nothing that it can be")
    for state, reason in (("load-off", "request-off"), ("shed", "request-shed"),
                          ("floor-off", "soc-floor")):
        bench.tree.remove()
        bench.tree.add(state)
        bench.run("wait", f"load_off_reason={reason}")


def test_wait_counts(bench):
    """wait: a countdown is looked at without anybody telling"""
    bench.tree.add("floor-counts")
    with Follower(bench, "wait", "shed_in_ms<5000") as wait:
        await_asleep(wait.child)
        assert wait.child.poll() is None
        bench.tree.put("device/shed_in_ms", 4999)
        assert wait.child.wait(TIMEOUT_S) == DONE
    assert "  shed_in_ms" in bench.run("help", "wait").out


def test_completion(bench):
    """bash completes load and floor"""
    bench.tree.add("healthy")
    assert complete(bench, "smallbms load ") == ["auto", "shed", "off"]
    assert complete(bench, "smallbms floor ") == ["none"]
    assert complete(bench, "smallbms floor 20 --r") == ["--recover"]
    assert complete(bench, "smallbms floor 20 --recover ") == []
    assert complete(bench, "smallbms wait shed") == ["shed_in_ms="]
    assert complete(bench, "smallbms get gauge/s") == ["gauge/soc_permille"]


# ---- watch


@pytest.mark.parametrize("state, phrases", (
    ("gauge", ("All well", "Gauge 63.4 %, reported 1 s ago, empty in 3 h 56 min")),
    ("gauge-stale", ("Gauge stale: 63.4 % was reported 4 min ago", "measured 4 min ago")),
    ("floor", ("All well", "Floor loads off at 20 %, back at 25 %")),
    ("floor-counts", ("the load will be shed in 23 s at the floor of 20 %",
                      "warns before the load is shed")),
    ("floor-off", ("Load off: shed at the floor of 20 %, back at 25 %",
                   "Charge the bank: the load comes back by itself.")),
    ("floor-off-stale", ("stale: 21.3 % was reported 2 h 1 min ago",
                         "Look after the gauge")),
    ("load-off", ("Load off: by request", "Load request off", "smallbms load auto")),
    ("shed", ("Load off: shed by request", "Load request shed")),
    ("shed-counts", ("shed in 30 s by request", "Load request shed"))),
    ids=("gauge", "gauge-stale", "floor") + SHED)
@pytest.mark.parametrize("columns", (200, 45))
def test_watch(bench, watch, state, phrases, columns):
    """watch: a shed, the gauge and the floor, in a window of {columns} columns: {state}"""
    bench.tree.add(state)
    screen = watch(rows=40, columns=columns).screen
    words = screen.words.replace("\u258c ", "")  # the mark between the headline's rows
    for phrase in phrases:
        assert phrase in words, f"no {phrase!r} on\n{screen.text}"


def test_watch_plain(bench, watch):
    """watch: a shed without colour and without UTF-8"""
    bench.tree.add("floor-off")
    terminal = watch(env={"NO_COLOR": "1", "LANG": "C"})
    assert terminal.screen.text.isascii()
    assert not terminal.screen.is_coloured
    assert "| Load off: shed at the floor of 20 %, back at 25 %" in terminal.screen.text


def test_watch_counts(bench, watch):
    """S1: watch counts the seconds to a shed, with a bar"""
    bench.tree.add("shed-counts")
    terminal = watch()
    terminal.await_text("the load will be shed in 30 s by request")
    bench.tree.put("device/shed_in_ms", 15000)
    terminal.await_text("the load will be shed in 15 s by request")
    terminal.await_that(lambda screen: "░" in screen.shown[3] and abs(
        screen.shown[3].count("█") - screen.shown[3].count("░")) <= 1)


def test_watch_age(bench, watch):
    """watch: what a gauge reports is kept fresh, and becomes stale without anybody telling"""
    bench.tree.add("floor")
    terminal = watch()
    bench.tree.put("device/gauge/soc_permille", 621)
    terminal.await_text("62.1 %, reported 1 s")
    bench.tree.put("device/measurements/soc_age_s", 30)
    terminal.await_text("no fresh state of charge, so the floor of 20 % has no effect")
    bench.tree.put("device/measurements/soc_age_s", 0)
    terminal.await_text("All well")
