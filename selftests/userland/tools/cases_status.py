# SPDX-License-Identifier: GPL-2.0
"""status: what a person reads, and what a script gets, in every state."""

import os

import pytest

from bench import FAILED, TIMEOUT_S, USAGE
from tree import TREES, values

SWITCHES = {"remote", "terminals", "load", "charge", "pre_alarm"}
TEXTS = {"load_off_reason", "charge_off_reason", "type", "scope",
         "technology", "manufacturer", "model_name", "status", "health",
         "capacity_level", "load_request"}


def as_json(state, name="house"):
    """What the JSON of a tree must be, from its description alone."""
    result = {"name": name}
    for path, value in values(state).items():
        key = path.removeprefix("device/")
        into = result
        if "/" in key:
            folder, key = key.split("/")
            into = result.setdefault(folder, {})
        if key in SWITCHES:
            into[key] = value == "on"
        elif key == "conditions":
            into[key] = [] if value == "none" else value.split()
        elif key == "charge_behaviour":
            into[key] = value[value.index("[") + 1:value.index("]")]
        elif key in TEXTS:
            into[key] = value
        else:
            into[key] = int(value)
    return result


def state_names():
    return sorted(name.removesuffix(".txt") for name in os.listdir(TREES))


def status(bench, state):
    bench.tree.add(state)
    return bench.run("status")


def says(result, *phrases):
    for phrase in phrases:
        assert phrase in result.words, f"no {phrase!r} in:\n{result.out}"


def silent_about(result, *phrases):
    for phrase in phrases:
        assert phrase not in result.words, f"{phrase!r} in:\n{result.out}"


def test_healthy(bench):
    """a healthy board: all is well, and there is nothing to do"""
    result = status(bench, "healthy")
    assert result.headline == "house: All well"
    assert [result.row(label) for label in
            ("Load", "Charge", "Pre-alarm", "Remote", "Terminals")] == \
        ["on", "on", "off", "on", "on"]
    assert result.row("Conditions") == "none"
    silent_about(result, "What to do")


def test_default_command(bench):
    """status is the default command"""
    bench.tree.add("undervoltage")
    assert bench.run().out == bench.run("status").out


def test_capacity_margin(bench):
    """the capacity is shown with how far it may be off"""
    result = status(bench, "healthy")
    assert result.row("Capacity") == \
        "50 % ± 50: known from the signal lines only"
    assert bench.run(env={"LANG": "C"}).row("Capacity") == \
        "50 % +/- 50: known from the signal lines only"
    bench.tree.put("capacity_error_margin", 5)
    assert bench.run().row("Capacity") == "50 % ± 5"


def test_measurements(bench):
    """measurements are shown where they are wired, in plain units"""
    result = status(bench, "over-temperature")
    assert result.row("Measured") == "13.21 V, 2.10 A discharging, 51.3 °C"
    bench.tree.put("current_now", 950000).take("temp")
    assert bench.run().row("Measured") == "13.21 V, 0.95 A charging"
    for small in (-50000, 0, 4000):
        bench.tree.put("current_now", small)
        assert bench.run().row("Measured") == f"13.21 V, {abs(small) / 1e6:.2f} A"


def test_voltage_implausible(bench):
    """B3: a voltage that is not within 8 to 70 V is remarked on"""
    status(bench, "over-temperature")
    for microvolt, odd in ((7999999, True), (8000000, False),
                           (70000000, False), (70000001, True)):
        bench.tree.put("voltage_now", microvolt)
        assert ("not within 8 to 70 V" in bench.run().words) == odd, microvolt


def test_nearly_empty(bench):
    """L1: a pre-alarm without a countdown says that the bank is nearly empty"""
    result = status(bench, "nearly-empty")
    assert result.headline == "house: PRE-ALARM: the bank is nearly empty"
    says(result, "Charge the bank or switch loads off")
    silent_about(result, "will be cut in")


def test_countdown(bench):
    """L2: a pre-alarm tells after how many seconds the load will be cut"""
    result = status(bench, "pre-alarm")
    assert result.headline == "house: PRE-ALARM: the load will be cut in 23 s"
    assert result.row("Load") == "on"
    says(result, "if the cells recover in time, the load stays on")
    for left_ms, text in ((30000, "30 s"), (29001, "30 s"), (1, "1 s"),
                          (0, "0 s"), (119000, "119 s"),
                          (200000, "3 min 20 s")):
        bench.tree.put("device/disconnect_in_ms", left_ms)
        assert bench.run().headline.endswith("be cut in " + text), left_ms


def test_undervoltage(bench):
    """B4: after an undervoltage disconnect of a 200 Ah bank, status tells to
    recharge and names about 8 days"""
    result = status(bench, "undervoltage")
    assert result.headline == "house: LOAD DISCONNECTED: the bank is empty"
    assert result.row("Load") == \
        "off a cell is empty, below its load-disconnect threshold"
    assert result.row("Charge") == "on"
    says(result, "Recharge the bank now. Of its 200 Ah only about 2 Ah are "
         "left, which 10 mA of residual current use up in about 8 days")


def test_days_left(bench):
    """B4: the days follow the capacity and are rounded down"""
    bench.tree.add("undervoltage")
    for ampere_hours, text in ((23, "less than a day"), (24, "about 1 day;"),
                               (47, "about 1 day;"), (100, "about 4 days;"),
                               (6600, "about 275 days;")):
        bench.tree.put("charge_full_design", ampere_hours * 1000000)
        says(bench.run(), f"Of its {ampere_hours} Ah only about "
             f"{ampere_hours / 100:g} Ah are left", f"use up in {text}")


def test_capacity_unknown(bench):
    """B4: where the capacity is unknown, status tells the rule and an example"""
    result = status(bench, "undervoltage-size-unknown")
    says(result, "Recharge the bank now. Only about 1 Ah is left of every "
         "100 Ah. In a bank of 200 Ah", "in about 8 days",
         "the size of this one is not described")
    for odd in (0, -5, 9223372036854775807):
        bench.tree.put("charge_full_design", odd)
        assert bench.run().out == result.out


def test_off_on_reserve(bench):
    """B4: a bank that is switched off, and empty, still has to be recharged"""
    result = status(bench, "off-on-reserve")
    assert result.headline == "house: OFF, AND THE BANK IS EMPTY: " \
        "the switch at the terminals is off"
    says(result, "about 8 days",
         "It cannot be charged while charge is off: see to that first.")


def test_rebounded(bench):
    """B4: it still has to be recharged when its cells have rebounded since"""
    bench.tree.add("off-on-reserve").put("device/conditions", "none")
    result = bench.run()
    assert result.headline.startswith("house: OFF, AND THE BANK IS EMPTY")
    says(result, "about 8 days")


@pytest.mark.parametrize("state", (
    "nearly-empty", "pre-alarm", "overvoltage", "remote-off"))
def test_not_on_reserve(bench, state):
    """B4: a healthy bank, or one in pre-alarm, is not said to be on reserve"""
    silent_about(status(bench, state), "days", "Recharge")


def test_waits_to_reconnect(bench):
    """L7 L4: while it waits to reconnect, status says so, and for how long"""
    result = status(bench, "waiting-for-reconnect")
    assert result.headline == "house: LOAD DISCONNECTED: the cells recover, " \
        "back in 3 min 20 s at the earliest"
    assert result.row("Load") == "off waits for the cells to stay recovered, " \
        "back in 3 min 20 s at the earliest"
    says(result, "Recharge the bank now", "about 8 days")
    bench.tree.put("device/reconnect_in_ms", 0)
    assert bench.run().headline == "house: LOAD DISCONNECTED: the cells recover, " \
        "back in 0 s at the earliest"


@pytest.mark.parametrize("known", (True, False))
def test_waits_for_unknown(bench, known):
    """L4: where the board does not say when the load may come back, nor does status"""
    bench.tree.add("waiting-for-reconnect")
    if known:
        bench.tree.put("device/reconnect_in_ms", -1)
    else:
        bench.tree.take("device/reconnect_in_ms")
    result = bench.run()
    assert result.headline == "house: LOAD DISCONNECTED: the cells recover, " \
        "it waits to reconnect"
    assert result.row("Load") == \
        "off waits for the cells to stay recovered for 30 s"
    bench.tree.take("device/load_reconnect_delay_ms")
    assert bench.run().row("Load") == \
        "off waits for the cells to stay recovered"


def test_overvoltage(bench):
    """C1: overvoltage disconnects charge, and the load is said to be on"""
    result = status(bench, "overvoltage")
    assert result.headline == \
        "house: CHARGE DISCONNECTED: a cell is too full"
    assert result.row("Load") == "on"
    assert result.row("Charge") == "off a cell is too full"
    says(result, "Charging comes back by itself")


def test_temperatures(bench):
    """C1: too hot and too cold are told apart, each with what to do"""
    result = status(bench, "over-temperature")
    assert result.headline == "house: CHARGE DISCONNECTED: " \
        "a battery is too hot to be charged"
    says(result, "cool below 50 degrees Celsius")
    bench.tree.remove()
    result = status(bench, "under-temperature")
    assert result.headline == "house: CHARGE DISCONNECTED: " \
        "a battery is too cold to be charged"
    says(result, "warm above 5 degrees Celsius")


def test_charge_inhibit(bench):
    """C1: a battery's combined line is a reason of its own"""
    result = status(bench, "charge-inhibit")
    assert result.row("Charge") == "off a battery asks for charging to stop"


def test_charge_waiting(bench):
    """C2: when the cause has passed, charging is said to come back"""
    result = status(bench, "charge-waiting")
    assert result.row("Charge") == \
        "off the cause has passed, charging comes back by itself"


def test_user_inhibits(bench):
    """C4: charging that the user inhibits is no alarm, and is easily allowed"""
    result = status(bench, "user-inhibits")
    assert result.headline == "house: Charging is off: inhibited by the user"
    says(result, "To allow charging again: smallbms charge auto")


def test_terminals_off(bench):
    """M2: off at the terminals: no software can override the switch"""
    result = status(bench, "terminals-off")
    assert result.headline == "house: Off: the switch at the terminals is off"
    assert result.row("Terminals") == "off"
    assert result.row("Remote") == "on"
    says(result, "close the switch at Remote L and Remote H. "
         "No software can override it.")
    silent_about(result, "smallbms on")


def test_remote_off(bench):
    """M3: off by the software remote: how to switch it on again"""
    result = status(bench, "remote-off")
    assert result.headline == "house: Off: the software remote is off"
    says(result, "smallbms on")


def test_unreadable(bench):
    """F2: inputs that cannot be read: what to check, and that the bank may be well"""
    result = status(bench, "io-error")
    assert result.headline == "house: PRE-ALARM: the load will be cut in 12 s"
    assert result.row("Capacity") == \
        "50 % ± 100: unknown, the lines cannot be read"
    says(result, "Check the chip that carries the lines",
         "what is said of the batteries may not be so")
    silent_about(result, "check the charger's voltage")


def test_unreadable_load_off(bench):
    """F2: the load is off because inputs cannot be read: that is the headline"""
    result = status(bench, "io-error-load-off")
    assert result.headline == \
        "house: LOAD DISCONNECTED: the lines cannot be read"
    says(result, "If the bank is really empty, recharge it at once")
    silent_about(result, "Recharge the bank now")


def test_sense_mismatch(bench):
    """F3: a short at an output: check the wiring of the terminals"""
    result = status(bench, "sense-mismatch")
    assert result.headline == "house: LOAD DISCONNECTED: " \
        "a terminal is not at the level that the board drives"
    says(result, "Check the wiring at the load, charge and pre-alarm terminals")


def test_implausible(bench):
    """F4: lines that contradict each other: check the cords"""
    result = status(bench, "implausible")
    says(result, "implausible: the signal lines contradict each other",
         "check the M8 cords")
    bench.tree.put("device/pre_alarm", "off").put("device/alarm", 0)
    assert bench.run().headline == \
        "house: FAULT: the signal lines contradict each other"


def test_implausible_not_empty(bench):
    """F4: with contradicting lines, nothing claims that the bank is empty"""
    bench.tree.add("undervoltage")
    bench.tree.put("device/conditions", "cell-undervoltage cell-overvoltage "
                   "implausible")
    result = bench.run()
    assert result.headline == "house: LOAD DISCONNECTED: " \
        "the signal lines contradict each other"
    says(result, "If the bank is really empty, recharge it at once")
    bench.tree.put("device/load_off_reason", "remote")
    assert bench.run().headline == "house: Off: the software remote is off"


def test_conditions(bench):
    """every condition is explained in words, all at once if need be"""
    result = status(bench, "everything")
    for name in values("everything")["device/conditions"].split():
        says(result, name + ": ")


def test_newer_driver(bench):
    """a condition or a reason of a newer driver is shown as it is"""
    bench.tree.add("healthy").put("device/conditions", "cell-low flux")
    bench.tree.put("device/load", "off").put("device/load_off_reason", "flux")
    result = bench.run()
    assert result.row("Load") == "off flux"
    says(result, "cell-low: ", "Conditions cell-low", " flux ")


def test_condition_prefix(bench):
    """a condition whose name starts like another one is not taken for it"""
    bench.tree.add("healthy").put("device/conditions", "implausible-noise")
    assert bench.run().headline == "house: Attention: implausible-noise"


@pytest.mark.parametrize("state", state_names())
def test_json_all_states(bench, state):
    """JSON: in every state, exactly what was read under its own names"""
    bench.tree.add(state)
    assert bench.run("--json").board() == as_json(state)


@pytest.mark.parametrize("state", state_names())
def test_text_width(bench, state):
    """text: every state fits 80 columns, with a board of a long name as well"""
    for name in ("house", "h" * 40, "h" * 200):
        bench.tree.add(state, name)
        bench.run()  # the bench checks each line
        bench.tree.remove(name)


def test_non_ascii(bench):
    """text: a letter beyond ASCII takes one column"""
    name = "\u00fc" * 60
    bench.tree.add("healthy", name)
    assert bench.run().out.startswith(name + ": All well\n")


@pytest.mark.parametrize("state", state_names())
def test_json_words(bench, state):
    """JSON: in every state, words are what the text says"""
    bench.tree.add(state)
    text = bench.run("status")
    words = bench.run("--json").json()["words"]
    assert "house: " + words["headline"] == text.headline
    for label, key in (("Load", "load"), ("Charge", "charge"),
                       ("Pre-alarm", "pre_alarm")):
        assert text.row(label).partition(" ")[2] == words.get(key, ""), key
    for label in ("Capacity", "Gauge", "Floor", "Measured"):
        row = text.row(label) if f"\n  {label} " in text.out else ""
        assert words.get(label.lower(), "") == row
    for name, meaning in words["conditions"].items():
        says(text, f"{name}: {meaning}")
    assert ("What to do:" in text.out) == bool(words["advice"])
    assert text.words.endswith(" ".join(f"- {each}" for each in words["advice"]))


def test_json_refused(bench):
    """JSON: words say what the caller may not write, and how to get to it"""
    bench.tree.add("healthy")
    for path in ("device/remote", "device/load_request", "charge_behaviour"):
        os.chmod(bench.tree.path(path), 0o666)
    for path in ("device/soc_floor_percent", "device/soc_floor_recover_percent"):
        os.chmod(bench.tree.path(path), 0o444)
    words = bench.run_as_user("--json").json()["words"]
    why = "Permission denied; run it as root, for instance with sudo"
    assert words["refused"] == {"soc_floor_percent": why,
                                "soc_floor_recover_percent": why}
    bench.tree.take("device/load_request")
    words = bench.run_as_user("--json").json()["words"]
    assert words["refused"]["load_request"] == \
        "No such file or directory; this board's driver does not offer it"


def test_json_null(bench):
    """JSON: an unreadable value is null, is reported, and the run has failed"""
    bench.tree.add("healthy").put("device/load", "perhaps")
    result = bench.run("--json", expect=FAILED)
    assert result.board() == {**as_json("healthy"), "load": None}
    assert result.err == \
        "smallbms: house/load: what it holds makes no sense\n"


def test_two_boards(bench):
    """two boards: status shows both, and its commands name the board"""
    bench.tree.add("remote-off", "shed").add("healthy", "house")
    result = bench.run()
    assert result.out.index("house: All well") < result.out.index("shed: Off")
    says(result, "smallbms --board shed on")
    assert bench.run("--json").boards() == \
        [as_json("healthy"), as_json("remote-off", "shed")]
    assert bench.run("--json", "--board", "shed").boards() == \
        [as_json("remote-off", "shed")]


def test_two_boards_json(bench):
    """two boards: with --board, JSON is the object of that board"""
    bench.tree.add("remote-off", "shed").add("healthy", "house")
    assert bench.run("--json", "--board", "shed").board() == \
        as_json("remote-off", "shed")
    assert bench.run("status", "--board", "house").headline == \
        "house: All well"


def test_colour(bench):
    """on a terminal the headline is coloured as it is serious; elsewhere, and with
    NO_COLOR, nothing is"""
    for state, colour in (("healthy", "32"), ("terminals-off", "33"),
                          ("undervoltage", "31")):
        bench.tree.add(state)
        plain = bench.run().out
        shown = bench.run_on_terminal()
        assert shown.startswith(f"\033[1;{colour}mhouse: "), shown
        assert shown.count("\033") == 2, shown
        shown = shown.replace(f"\033[1;{colour}m", "").replace("\033[0m", "")
        assert shown == plain
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            assert bench.run_on_terminal(env=env) == plain, env
        assert "\033" in bench.run_on_terminal(env={"NO_COLOR": ""})
        bench.tree.remove()


@pytest.mark.parametrize("when, piped, terminal", (
    ("always", True, True), ("never", False, False), ("auto", False, True)))
def test_colour_option(bench, when, piped, terminal):
    """--color={when} decides on colours, whatever NO_COLOR says"""
    bench.tree.add("undervoltage")
    for option in (f"--color={when}", f"--colour={when}"):
        env = {} if when == "auto" else {"NO_COLOR": "1"}
        out, _ = bench.start("status", option, env=env).communicate(timeout=TIMEOUT_S)
        assert ("\033" in out) == piped
        assert ("\033" in bench.run_on_terminal("list", option, env=env)) == terminal
    assert "\033" not in bench.run("--color=auto").out
    bench.refuses("list", "--color=sometimes", expect=USAGE, why="--color: 'sometimes' is none of")


def test_json_no_colour(bench):
    """JSON on a terminal is not coloured"""
    bench.tree.add("healthy")
    assert "\033" not in bench.run_on_terminal("--json")
