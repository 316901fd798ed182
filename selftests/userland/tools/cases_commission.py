# SPDX-License-Identifier: GPL-2.0
"""commission: each wire and device once, with whatever can be wrong with them."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

# pylint: disable=wrong-import-position
from bench import DONE, FAILED, NO_BOARD, TIMEOUT_S, USAGE, Result, check_rules  # noqa: E402
from lib.person import LINES, Person  # noqa: E402
from live import Kernel, Terminal  # noqa: E402
from screen import Roll  # noqa: E402

OUTPUTS = ("load", "charge", "pre-alarm")
REMOTES = ("remote-l", "remote-h")
WIRED = LINES + OUTPUTS + REMOTES
LOW = ("cell-low", "cell-undervoltage")
# What a line answers that is never tested for so long
STUCK_S = "3"


# What a slow board shows last, and when
LAST = ("device/alarm", "device/charge", "device/load")
LATE_S = 0.5


class Board:
    """Follows what the tool writes and what hands do, as a board would. @faults: of a line, what
    becomes active in its place when its wire is off; @rest: what is active before; @slow: what
    it does shows after what it does it for."""

    def __init__(self, bench, wired=WIRED, faults=None, rest=(), deaf=(), obeys=True,
                 inverted_switch=False, node=(), slow=False):
        self.tree = bench.tree
        self.tree.add("healthy")
        folder = self.tree.path("device/of_node")
        if wired is not None:
            for name in [f"{each}-gpios" for each in wired] + list(node):
                self.tree.put(f"device/of_node/{name}", b"")
            assert os.path.isdir(folder)
        self.wired = wired or WIRED
        self.faults = faults or {}
        self.rest = set(rest)
        self.deaf = set(deaf)       # to a pulled cable
        self.obeys = obeys
        self.slow = slow
        self.since = {}
        self.inverted_switch = inverted_switch
        self.lines = set(self.rest)
        self.closed = True
        self.shed_ms = 30000
        self.before = {}
        self.kernel = Kernel(self.tree.root)
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self.follow()
        self.thread = threading.Thread(target=self.live, daemon=True)
        self.thread.start()

    # ---- hands

    def act(self, line):
        with self.lock:
            self.lines ^= set(self.faults.get(line, (line,)))
        self.follow()

    def mend(self, _line):
        with self.lock:
            self.lines = set(self.rest)
        self.follow()

    def pull(self):
        with self.lock:
            self.lines |= {line for line in LINES if line in self.wired} - self.deaf
        self.follow()

    def plug(self):
        self.mend(None)

    def open(self):
        self.closed = False
        self.follow()

    def close(self):
        self.closed = True
        self.follow()

    # ---- the board

    def live(self):
        while not self.ended.wait(0.005):
            self.follow()

    def put(self, path, value):
        if self.before.get(path) == value:
            self.since.pop(path, None)
            return False
        if self.slow and path in LAST and path in self.before:
            wanted, since = self.since.get(path, (None, None))
            if wanted != value:
                self.since[path] = value, time.monotonic()
            if wanted != value or time.monotonic() < since + LATE_S:
                return False
        self.before[path] = value
        full = self.tree.path(path)
        with open(f"{full}.new", "w", encoding="ascii") as file:
            file.write(f"{value}\n")
        os.rename(f"{full}.new", full)
        return True

    def get(self, path):
        text = self.tree.get(path)
        while not text:             # the tool is writing it
            text = self.tree.get(path)
        return text

    def follow(self):
        with self.lock:
            if not os.path.exists(self.tree.path("device")):
                return
            remote, request, behaviour = (self.get(path) for path in (
                "device/remote", "device/load_request", "charge_behaviour"))
            terminals = self.closed != self.inverted_switch
            enabled = remote == "on" and terminals
            shed = request == "shed"
            low = enabled and bool(self.lines & set(LOW))
            if not self.obeys:
                enabled, shed, request, behaviour = True, False, "auto", "auto"
            conditions = [line for line in LINES if line in self.lines]
            changed = [self.put(f"device/{name}", value) for name, value in (
                ("terminals", "on" if terminals else "off"),
                ("conditions", " ".join(conditions) or "none"),
                ("load", "on" if enabled and request != "off" else "off"),
                ("load_off_reason", "none" if enabled and request != "off" else
                 "request-off" if enabled else "terminals" if not terminals else "remote"),
                ("charge", "on" if enabled and "inhibit-charge" not in
                 behaviour.split("[")[-1].split("]")[0] and not self.lines - set(LOW) else "off"),
                ("pre_alarm", "on" if low or shed else "off"),
                ("alarm", "1" if low else "0"),
                ("shed_in_ms", str(self.shed_ms) if shed else "-1"))]
            if any(changed):
                self.announce()

    def announce(self):
        try:
            self.kernel.send()
        except OSError:             # to a program that has ended
            self.kernel.sockets = self.kernel.sockets[-1:]

    def close_all(self):
        self.ended.set()
        self.thread.join()
        self.kernel.close()


class Run:
    """The program, and a person who answers."""

    def __init__(self, bench, board, person, *args, env=None):
        self.person = person
        self.board = board
        self.child = subprocess.Popen(
            bench.command(("commission", *args)), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=bench.environment(env))
        bench.children.append(self.child)
        board.kernel.accept()

    def until(self, text=None):
        """Go on to the line that has the text, and do nothing for that; or to the end."""
        for line in self.child.stdout:
            line = line.rstrip("\n")
            if text and text in line:
                self.person.heard.append(line)
                return line
            answer = self.person.hear(line)
            if answer is not None:
                self.child.stdin.write(f"{answer}\n")
                self.child.stdin.flush()
        assert not text, f"no {text!r} in\n" + "\n".join(self.person.heard)
        return None

    def answer(self, text):
        self.child.stdin.write(f"{text}\n")
        self.child.stdin.flush()

    def end(self, expect=DONE):
        self.until()
        self.child.stdin.close()
        self.child.wait(timeout=TIMEOUT_S)
        result = Result(self.child.returncode, "\n".join(self.person.heard),
                        self.child.stderr.read())
        check_rules(result, self.child.args)
        assert result.code == expect, f"exit {result.code}\n{result.out}\n{result.err}"
        return result


@pytest.fixture
def made(bench):
    """Make boards that follow."""
    boards = []

    def make(**options):
        boards.append(Board(bench, **options))
        return boards[-1]

    yield make
    for board in boards:
        board.close_all()


@pytest.fixture
def commission(bench, made):
    """Play all of it with a board that has these properties; answers are given to Person."""
    def play(*args, answers=None, expect=DONE, **options):
        board = made(**options)
        person = Person(board, **(answers or {}))
        run = Run(bench, board, person, *args)
        person.result = run.end(expect)
        return person

    return play


def folder(bench):
    return os.path.join(bench.tree.root, "commission/house")


def report(bench):
    names = sorted(name for name in os.listdir(folder(bench)) if re.match(r"2.*\.json", name))
    with open(os.path.join(folder(bench), names[-1]), encoding="utf-8") as file:
        return json.load(file)


def step_of(found, name):
    step, = [step for step in found["steps"] if step["step"] == name]
    return step


def unchanged(bench):
    """What the tool may switch is as it was."""
    assert bench.tree.get("device/remote") == "on"
    assert bench.tree.get("device/load_request") == "auto"
    assert "inhibit" not in bench.tree.get("charge_behaviour").replace("[auto] inhibit-charge", "")


# ---- all well


def test_passes(bench, commission):
    """commission: on a board that is wired well every step passes, and a report is left"""
    person = commission()
    assert set(person.outcomes) == {
        "supply", "remote", "software-remote", *LINES, "cables", "load", "charge", "pre-alarm",
        "reboot", "power"}
    for step, (outcome, text) in person.outcomes.items():
        wanted = "skipped" if step in ("reboot", "power") else "passed"
        assert outcome == wanted, (step, text)
    assert "13 passed, 0 failed, 2 skipped" in person.heard
    found = report(bench)
    assert found["name"] == "house" and found["supply"] == "bank"
    assert [found[key] for key in ("passed", "failed", "skipped", "unwired")] == [13, 0, 2, 0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["finished"])
    assert os.listdir(folder(bench)) and "unfinished.json" not in os.listdir(folder(bench))
    text, = [name for name in os.listdir(folder(bench)) if name.endswith(".txt")]
    path = os.path.join(folder(bench), text)
    assert f"report: {path}" in person.heard
    with open(path, encoding="utf-8") as file:
        assert "\npassed   cell-low: active after " in file.read()
    assert os.stat(path).st_mode & 0o777 == 0o644
    unchanged(bench)


def test_only_wired(bench, commission):
    """commission: what the device tree does not wire is not asked for"""
    wired = ("cell-undervoltage", "charge-inhibit", "load", "charge")
    person = commission(wired=wired)
    for step in ("remote", "cell-low", "cell-overvoltage", "over-temperature",
                 "under-temperature", "pre-alarm"):
        assert person.outcome(step) == "unwired"
        assert not any(line.startswith(f"ask {step}") for line in person.heard)
    assert person.outcome("cables") == "passed"
    assert report(bench)["unwired"] == 6


def test_no_device_tree(commission):
    """commission: without a device tree every line is asked for, and may be skipped"""
    person = commission(wired=None, answers={"over_temperature": "s"})
    assert person.outcome("over-temperature") == "skipped"
    assert person.outcome("under-temperature") == "passed"
    assert person.outcome("cables") == "passed"


def test_undervoltage_with_low(commission):
    """commission: a battery that reports low together with undervoltage is no fault"""
    person = commission(faults={
        "cell-undervoltage": LOW, "over-temperature": ("over-temperature", "charge-inhibit")})
    assert person.outcome("cell-undervoltage") == "passed"
    assert person.outcome("over-temperature") == "passed"


# ---- wiring faults


def test_swapped(bench, commission):
    """commission: two swapped lines are named, each with the other"""
    person = commission(faults={"cell-low": ("cell-overvoltage",),
                                "cell-overvoltage": ("cell-low",)}, expect=FAILED)
    assert person.text("cell-low").startswith("cell-overvoltage answered instead of cell-low: ")
    assert person.text("cell-overvoltage") == \
        "cell-overvoltage and cell-low are swapped with each other: exchange these two wires, " \
        "or their lines in the device tree."
    for name, other in (("cell-low", "cell-overvoltage"), ("cell-overvoltage", "cell-low")):
        step = step_of(report(bench), name)
        assert (step["fault"], step["seen"]) == ("swapped", [other])
        assert "with each other" in step["text"]
    assert person.result.err == \
        "smallbms: commission: 2 of 15 steps failed: cell-low, cell-overvoltage\n"


def test_wrong_wire(bench, commission):
    """commission: another line that answers alone is named"""
    commission(faults={"cell-low": ("under-temperature",)}, expect=FAILED)
    step = step_of(report(bench), "cell-low")
    assert (step["fault"], step["seen"]) == ("swapped", ["under-temperature"])


@pytest.mark.parametrize("line", ("cell-low", "charge-inhibit"))
def test_inverted(bench, commission, line):
    """commission: an inverted line is named: {line}"""
    person = commission(rest=(line,), expect=FAILED)
    assert person.text(line).startswith(f"inverted: {line} is active at rest, and clear while")
    assert step_of(report(bench), line)["fault"] == "inverted"


def test_all_inverted(commission):
    """commission: where every line is active at first, it says that before"""
    lines = ("cell-undervoltage", "cell-overvoltage")
    person = commission(wired=lines, rest=lines, expect=FAILED)
    assert any(line.startswith("do cell-low: Every line is active. Is the cable")
               for line in person.heard)
    assert [person.text(line).split(":")[0] for line in lines] == ["inverted"] * 2
    assert person.text("cables").startswith("no line is clear")


def test_swapped_inverted(commission):
    """commission: a line that becomes clear in place of another is swapped and inverted"""
    person = commission(rest=("cell-low",), faults={"cell-undervoltage": ("cell-low",)},
                        expect=FAILED)
    assert person.text("cell-undervoltage").startswith(
        "cell-low became clear, and not cell-undervoltage active: the wires are swapped, and "
        "cell-low is inverted.")


def test_stuck(bench, commission):
    """commission: a line that never changes, and one that is always active, are stuck"""
    wired = ("cell-low", "cell-undervoltage", "cell-overvoltage")
    person = commission("--timeout", STUCK_S, wired=wired, rest=("cell-overvoltage",),
                        faults={"cell-low": (), "cell-overvoltage": ()}, expect=FAILED)
    assert person.text("cell-low").startswith("stuck: cell-low never became active.")
    assert person.text("cell-overvoltage").startswith(
        "stuck: cell-overvoltage was active from the start and stays so.")
    assert [step_of(report(bench), line)["fault"] for line in wired] == ["stuck", None, "stuck"]


def test_not_mended(bench, made):
    """commission: a line that does not become clear again is stuck"""
    board = made(wired=("cell-low", "cell-undervoltage"))
    board.mend = lambda line: None
    person = Person(board, cell_undervoltage="s", cables="s", load="s", charge="s")
    run = Run(bench, board, person, "--timeout", STUCK_S)
    run.end(FAILED)
    assert person.text("cell-low").startswith("stuck: not as before the test: cell-low.")


def test_joined(bench, commission):
    """commission: a line that makes another active as well is named with it"""
    person = commission(faults={"cell-low": ("cell-low", "under-temperature")}, expect=FAILED)
    assert person.text("cell-low").startswith("under-temperature answered as well: two wires touch")
    assert step_of(report(bench), "cell-low")["seen"] == ["under-temperature"]


def test_whole_cable(commission):
    """commission: whoever pulls the cable where a wire was asked for is told so"""
    person = commission(faults={"cell-low": LINES}, expect=FAILED)
    assert person.text("cell-low").startswith("every line answered (also cell-undervoltage, ")
    assert "Break only the wire of cell-low." in person.text("cell-low")


def test_unreadable(bench, made):
    """commission: lines that cannot be read are not taken for wired well"""
    board = made(wired=("cell-undervoltage",))
    board.act = lambda line: bench.tree.put("device/conditions", "cell-undervoltage io-error")
    person = Person(board, cables="s", load="s", charge="s")
    Run(bench, board, person).end(FAILED)
    assert person.text("cell-undervoltage").startswith("the lines cannot be read: Check the chip")


def test_deaf_to_cable(commission):
    """commission: a line that a pulled cable does not make active is named, with the cable"""
    person = commission("--timeout", "20", deaf=("over-temperature",), expect=FAILED)
    assert person.text("cables").startswith(
        "cable 1: over-temperature did not become active, so a broken cable would not be noticed.")


def test_empty_cable(commission):
    """commission: a cable that no line notices is named"""
    person = commission("--timeout", STUCK_S, deaf=LINES, expect=FAILED)
    assert person.text("cables").startswith("cable 1: no line became active.")


def test_cables_number(commission):
    """commission: only a sensible number of cables is taken"""
    person = commission(answers={"cables": ["0", "99", "x", "12345678901234", "3"]})
    # The answers of the list are used up one after the other
    assert person.heard.count("ask cables: A number from 1 to 21: ([s]kip, [q]uit)") == 4
    assert person.text("cables") == "3 cables, each noticed by every line"


def test_slow(bench, made):
    """commission: an output that follows a moment after its line is no fault"""
    board = made(slow=True)
    person = Person(board)
    Run(bench, board, person).end()
    assert not [step for step, (outcome, _) in person.outcomes.items() if outcome == "failed"]


def test_charge_disobeys(bench, made):
    """C1: commission: a line whose output does not follow fails"""
    board = made(wired=("cell-overvoltage",))
    board.put_charge = board.put
    board.put = lambda path, value: board.put_charge(
        path, "on" if path == "device/charge" else value)
    person = Person(board, cables="s", load="s", charge="s", software_remote="s")
    Run(bench, board, person).end(FAILED)
    assert person.text("cell-overvoltage").startswith(
        "cell-overvoltage became active, but charge stayed on.")


# ---- the remote


def test_switch_stuck(commission):
    """M1: commission: a switch that does nothing is named"""
    person = commission("--timeout", STUCK_S, answers={"remote": "y "}, expect=USAGE)
    assert "'y ' is no answer" in person.result.err


def test_loop_forgotten(bench, made):
    """M1: commission: a wire loop beside the switch is named"""
    board = made()
    board.open = lambda: None
    person = Person(board)
    Run(bench, board, person, "--timeout", STUCK_S).end(FAILED)
    assert person.text("remote").startswith(
        "stuck: the terminals still say on. Is the wire loop still in its place")


def test_switch_inverted(commission):
    """M1: commission: an inverted switch is named"""
    person = commission(inverted_switch=True, expect=FAILED)
    assert person.text("remote").startswith("inverted: on while the switch is open")


def test_device_goes_on(bench, commission):
    """commission: a device that goes on where the board is off is a fault"""
    person = commission(answers={"remote": ["y", "n"], "load": ["y", "n"], "charge": ["y", "y", "n"],
                                 "software_remote": ["y", "n"], "pre_alarm": ["y", "n"]},
                        expect=FAILED)
    for step in ("remote", "software-remote", "load", "charge", "pre-alarm"):
        assert (step, person.outcome(step)) == (step, "failed")
        assert step_of(report(bench), step)["fault"] == "not-confirmed"
    unchanged(bench)


def test_board_disobeys(bench, commission):
    """F3: commission: an output that does not follow is a fault, whatever the person says"""
    person = commission("--timeout", "10", obeys=False, expect=FAILED)
    for step in ("remote", "software-remote", "load", "charge", "pre-alarm"):
        assert step_of(report(bench), step)["fault"] == "not-obeyed", person.text(step)
    unchanged(bench)


def test_off_at_first(commission):
    """commission: an output that is off cannot be tested, and the reason is given"""
    person = commission(wired=("cell-undervoltage", "load", "charge"), rest=("charge-inhibit",),
                        answers={"software_remote": "s"}, expect=FAILED)
    assert person.text("charge").startswith("cannot be tested, as charge is off: ")
    assert person.outcome("load") == "passed"


def test_pre_alarm_ends(bench, made):
    """S1: commission: the pre-alarm's shed ends before it would cut the load, answered or not"""
    board = made(wired=("cell-undervoltage", "load", "charge", "pre-alarm"))
    board.shed_ms = 6000
    person = Person(board, pre_alarm=["y", None])
    run = Run(bench, board, person)
    run.until("do pre-alarm: It is over, to spare the load. Did you hear or see it?")
    assert bench.tree.get("device/load_request") == "auto"
    run.answer("y")
    run.end()
    assert person.outcome("pre-alarm") == "passed"


# ---- the supply, a restart


def supply(bench, made, answer, conf=None, node=()):
    board = made(wired=("cell-undervoltage", "load", "charge"), node=node)
    if conf:
        with open(os.path.join(bench.tree.root, "power-down.conf"), "w", encoding="ascii") as file:
            file.write(f"{conf}\n")
    person = Person(board, supply=answer, **{step: "s" for step in (
        "software_remote", "cell_undervoltage", "cables", "load", "charge")})
    run = Run(bench, board, person)
    run.until()
    return person


@pytest.mark.parametrize("answer, conf, node, outcome, text", (
    ("bank", None, (), "passed", "the computer is fed from the bank: after a disconnect"),
    ("other", None, (), "passed", "the computer is fed from elsewhere"),
    ("load", None, ("retain-state-shutdown",), "passed", "a disconnect switches it off, and then"),
    ("load", None, (), "failed", "which floats in a reboot: it would switch itself off."),
    ("bank", "BOARDS=*\nSUPPLY=load", (), "failed", "power-down.conf says SUPPLY=load. Correct"),
    ("b", "BOARDS=*\nSUPPLY=bank", (), "passed", "fed from the bank"),
    ("bank", "SUPPLY=nonsense", (), "failed", "power-down.conf has mistakes")))
def test_supply(bench, made, answer, conf, node, outcome, text):
    """B5: commission: how the computer is fed is asked, and judged: {answer}, {outcome}"""
    person = supply(bench, made, answer, conf, node)
    assert person.outcome("supply") == outcome
    assert text in person.text("supply")
    assert report(bench)["supply"].startswith(answer)


def test_fed_by_load_warned(bench, made):
    """B5: commission: before the load goes off, whoever feeds the computer from it is warned"""
    person = supply(bench, made, "load")
    warned = [line for line in person.heard if "THIS COMPUTER IS FED BY THE LOAD OUTPUT" in line]
    assert [line.split(":")[0] for line in warned] == ["ask software-remote", "ask load"]
    assert person.text("reboot").startswith("a reboot would switch this computer off")


def restarted(bench):
    """As after a reboot of the computer."""
    path = os.path.join(folder(bench), "unfinished.json")
    with open(path, encoding="utf-8") as file:
        state = json.load(file)
    state["boot"] = "00000000-1111-2222-3333-444444444444"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(state, file)
    return state


@pytest.mark.parametrize("node, answer, outcome, text", (
    ((), "y", "passed", "loads and chargers went off, and came back"),
    ((), "n", "failed", "an output stayed high without the driver"),
    (("retain-state-shutdown",), "y", "passed", "loads and chargers stayed on"),
    (("retain-state-shutdown",), "n", "failed", "the outputs were not kept"),
    ((), "s", "skipped", "skipped by the person")))
def test_reboot(bench, made, node, answer, outcome, text):
    """F1: commission: goes on after a reboot, and judges what the outputs did: {outcome}"""
    board = made(wired=("cell-undervoltage", "load", "charge"), node=node)
    person = Person(board, cables="s", reboot="y")
    result = Run(bench, board, person).end()
    assert "do reboot: Reboot the computer, and watch the loads and the chargers meanwhile. " \
        "Then: smallbms commission --resume" in result.out
    assert restarted(bench)["running"] == "reboot"
    person = Person(board, reboot=answer, power="y")
    Run(bench, board, person, "--resume").end()
    assert person.outcomes["reboot"][0] == outcome and text in person.text("reboot")
    assert restarted(bench)["running"] == "power"
    person = Person(board, power="y")
    Run(bench, board, person, "--resume").end(FAILED if outcome == "failed" else DONE)
    assert person.outcome("power") == "passed"
    assert step_of(report(bench), "cell-undervoltage")["result"] == "passed"


def test_not_restarted(bench, made):
    """commission: a computer that was not restarted is asked for it again"""
    board = made(wired=("cell-undervoltage", "load", "charge"))
    Run(bench, board, Person(board, cables="s", reboot="y")).end()
    person = Person(board, reboot="s")
    Run(bench, board, person, "--resume").end()
    assert [line for line in person.heard if "reboot" in line][0].startswith(
        "ask reboot: Next, you reboot this computer.")


def test_load_stays_off(bench, made):
    """F1: commission: a load that does not come back after the restart is a fault"""
    board = made(wired=("cell-undervoltage", "load", "charge"))
    Run(bench, board, Person(board, cables="s", reboot="y")).end()
    restarted(bench)
    board.close()
    board.closed = False
    board.follow()
    person = Person(board)
    Run(bench, board, person, "--resume", "--timeout", "1").end(FAILED)
    assert person.text("reboot") == \
        "load did not come back after the restart: the switch at the terminals is off"


def test_died_with_load(bench, made):
    """B5: commission: a computer that went off together with the load is fed from it"""
    board = made()
    person = Person(board)
    run = Run(bench, board, person)
    run.until("ask load: Look at them")
    assert bench.tree.get("device/load_request") == "off"
    run.child.kill()
    run.child.wait()
    state = restarted(bench)
    assert state["running"] == "load" and state["original"]["load_request"] == "auto"
    bench.tree.put("device/load_request", "auto")
    person = Person(board)
    Run(bench, board, person, "--resume").end(FAILED)
    assert person.text("load").startswith(
        "the computer went off in this step: it is fed from the load output, whatever was "
        "answered.")
    assert step_of(report(bench), "supply")["result"] == "passed"


# ---- what ends it


SIGNALS = {"interrupt": signal.SIGINT, "hangup": signal.SIGHUP, "backslash": signal.SIGQUIT}
STEPS_THAT_SWITCH = (("software-remote", "device/remote", "off"),
                     ("load", "device/load_request", "off"),
                     ("charge", "charge_behaviour", "inhibit-charge"),
                     ("pre-alarm", "device/load_request", "shed"))


@pytest.mark.parametrize("how", ("interrupt", "hangup", "backslash", "quit", "end", "closed"))
@pytest.mark.parametrize("step, path, value", STEPS_THAT_SWITCH,
                         ids=[step for step, _, _ in STEPS_THAT_SWITCH])
def test_ended(bench, made, step, path, value, how):
    """commission: what it has switched is as before, however it is ended: {step}, {how}"""
    board = made()
    run = Run(bench, board, Person(board))
    run.until({"pre-alarm": "Do you hear", "charge": "Look at each"}.get(
        step, f"ask {step}: Look at"))
    assert bench.tree.get(path) == value
    if how in SIGNALS:
        run.child.send_signal(SIGNALS[how])
    elif how == "quit":
        run.answer("q")
    elif how == "end":
        run.child.stdin.close()
    else:
        run.child.stdout.close()
        run.answer("y")
        run.child.stdin.close()
    run.child.wait(timeout=TIMEOUT_S)
    assert run.child.returncode == FAILED
    assert "continue with 'smallbms commission --resume'" in run.child.stderr.read()
    unchanged(bench)
    if how == "quit":
        person = Person(board)
        Run(bench, board, person, "--resume").end()
        assert next(iter(person.outcomes)) == step


def inhibited(bench, made):
    """A run that has inhibited charging and waits for an answer: the board, the run."""
    board = made()
    run = Run(bench, board, Person(board))
    run.until("ask charge: Look at each")
    return board, run


def vanish(bench, board):
    board.ended.set()
    board.thread.join()
    bench.tree.remove()


def test_not_stopped(bench, made):
    """commission: Ctrl-Z does not stop it in the middle of what it has switched"""
    _, run = inhibited(bench, made)
    run.child.send_signal(signal.SIGTSTP)
    run.answer("q")
    run.child.wait(timeout=TIMEOUT_S)
    unchanged(bench)


def test_not_restored(bench, made):
    """commission: what cannot be switched back is not said to be as before"""
    board, run = inhibited(bench, made)
    vanish(bench, board)
    run.child.send_signal(signal.SIGINT)
    run.child.wait(timeout=TIMEOUT_S)
    assert "NOT everything could be switched back" in run.child.stderr.read()


def test_killed(bench, made):
    """commission: what a killed run has left switched is as before when it is continued"""
    board, run = inhibited(bench, made)
    run.child.kill()
    run.child.wait()
    assert bench.tree.get("charge_behaviour") == "inhibit-charge"
    person = Person(board)
    run = Run(bench, board, person)
    run.until("ask run: The run that was begun")
    run.answer("n")
    run.until("ask supply")
    unchanged(bench)
    run.child.stdin.close()
    run.child.wait(timeout=TIMEOUT_S)


def test_gone(bench, made):
    """commission: a board that vanishes ends the run, and says so"""
    board = made()
    run = Run(bench, board, Person(board))
    run.until("ask cell-overvoltage")
    vanish(bench, board)
    run.answer("y")
    run.child.wait(timeout=TIMEOUT_S)
    assert run.child.returncode == NO_BOARD
    assert "house: it vanished meanwhile" in run.child.stderr.read()


def test_denied(bench, made):
    """commission: who may not write switches nothing, and is told how"""
    board = made()
    os.chmod(bench.tree.root, 0o777)
    child = subprocess.run(bench.command(("commission", "--timeout", "2")),
                           input="bank\ny\n", text=True,
                           capture_output=True, timeout=TIMEOUT_S, check=False,
                           env=bench.environment(None),
                           **({"user": 65534, "group": 65534} if os.geteuid() == 0 else {}))
    del board
    assert child.returncode == FAILED
    assert "ask remote" in child.stdout


def test_no_folder(bench):
    """commission: a folder that cannot be written is named before anything is asked"""
    bench.tree.add("healthy")
    os.makedirs(os.path.join(bench.folder, "sealed"), 0o555)
    child = subprocess.run(
        bench.command(("commission", "--output", os.path.join(bench.folder, "sealed"))),
        stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=TIMEOUT_S, check=False,
        env=bench.environment(None),
        **({"user": 65534, "group": 65534} if os.geteuid() == 0 else {}))
    assert (child.returncode, child.stdout) == (FAILED, "")
    assert child.stderr.startswith(f"smallbms: {bench.folder}/sealed/house: cannot keep reports")
    assert "run it as root, or choose another folder with --output" in child.stderr


def test_two_at_once(bench, made):
    """commission: a second run of the same board is refused"""
    board = made()
    run = Run(bench, board, Person(board))
    run.until("ask supply")
    bench.refuses("commission", expect=FAILED, why="another run is under way")
    run.child.stdin.close()
    run.child.wait(timeout=TIMEOUT_S)


def test_refused(bench):
    """commission: what cannot be done is refused, and changes nothing"""
    bench.refuses("commission", expect=NO_BOARD, why="no board")
    bench.tree.add("healthy")
    bench.refuses("commission", "now", expect=USAGE, why="'now' is too much")
    bench.refuses("commission", "--timeout", "soon", expect=USAGE, why="not a number of seconds")
    bench.run("commission", "--resume", expect=FAILED)
    bench.tree.add("healthy", "shed")
    bench.refuses("commission", expect=USAGE, why="--board: needed")


@pytest.mark.parametrize("text", ("", "[]", "{}", '{"begun": 1}', "nonsense"),
                         ids=("empty", "list", "nothing", "half", "nonsense"))
def test_broken_run(bench, text):
    """commission: a run that cannot be read is named, and left alone"""
    bench.tree.add("healthy")
    os.makedirs(folder(bench))
    path = os.path.join(folder(bench), "unfinished.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    result = bench.run("commission", "--resume", expect=FAILED)
    assert result.err == f"smallbms: {path}: cannot be used to continue; remove it to begin anew\n"
    with open(path, encoding="utf-8") as file:
        assert file.read() == text


# ---- what others say


def test_json(bench, made):
    """commission: with --json the report is on stdout, and what is asked on stderr"""
    made(wired=("cell-undervoltage", "load", "charge"))
    child = subprocess.run(bench.command(("--json", "commission")), input="s\n" * 20, text=True,
                           capture_output=True, timeout=TIMEOUT_S, check=False,
                           env=bench.environment(None))
    found = json.loads(child.stdout)
    assert child.returncode == DONE and found["skipped"] == 8 and found["unwired"] == 7
    assert found["steps"] == report(bench)["steps"]
    assert child.stderr.startswith("ask supply: How is this computer fed")


def test_output(bench, made):
    """commission: --output says where the reports go"""
    made()
    where = os.path.join(bench.folder, "reports/here")
    subprocess.run(bench.command(("commission", "--output", where)), input="s\n" * 20, text=True,
                   capture_output=True, timeout=TIMEOUT_S, check=True,
                   env=bench.environment(None))
    assert len(os.listdir(os.path.join(where, "house"))) == 2


def leave_report(bench, when="2026-11-29T10:12:40Z", **counts):
    os.makedirs(folder(bench), exist_ok=True)
    path = os.path.join(folder(bench), f"{when.replace(':', '')}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"finished": when, "passed": 12, "failed": 1, "skipped": 0, **counts}, file)
    return path


def test_status(bench):
    """commission: status mentions the last report, and nothing before the first one"""
    bench.tree.add("healthy")
    assert "ommissioned" not in bench.run("status").out
    assert "commissioned" not in bench.run("status", "--json").json()
    leave_report(bench, "2025-01-01T10:12:40Z", passed=3)
    path = leave_report(bench)
    assert "\n  Commissioned 2026-11-29: 12 passed, 1 failed\n" in bench.run("status").out
    assert bench.run("status", "--json").json()["commissioned"] == {
        "date": "2026-11-29", "passed": 12, "failed": 1, "skipped": 0, "report": path}
    leave_report(bench, skipped=2)
    assert "12 passed, 1 failed, 2 skipped\n" in bench.run("status").out


@pytest.mark.parametrize("text", ("", "[]", "{}", '{"finished": "soon", "passed": 1}', "x" * 99999),
                         ids=("empty", "list", "nothing", "no time", "too long"))
def test_broken_report(bench, text):
    """commission: status says that a report cannot be read, and goes on"""
    bench.tree.add("healthy")
    path = leave_report(bench)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    result = bench.run("status")
    assert f"the report {path} cannot be read" in result.words.replace("- ", "-") or \
        "cannot be read" in result.words
    assert bench.run("status", "--json").json()["commissioned"] is None


# ---- a terminal


class Dialogue:
    """A person at a terminal."""

    def __init__(self, bench, board, *args, **kwargs):
        self.terminal = Terminal(bench, "commission", *args, **kwargs)
        self.terminal.screen = Roll(80)
        board.kernel.accept()
        self.row = 0

    def await_text(self, text):
        """Look on until that comes, after what was awaited before."""
        self.terminal.await_that(lambda _: text in self.words())

    def words(self):
        return " ".join(" ".join(self.terminal.screen.shown[self.row:]).split())

    def answer(self, question, text):
        self.terminal.await_that(lambda screen: question in self.words() and
                                 screen.shown[-1].endswith("]uit >"))
        self.row = self.terminal.screen.row
        self.terminal.key(f"{text}\n")

    def end(self):
        code, err = self.terminal.end()
        self.terminal.close()
        return code, err


def test_terminal(bench, made):
    """commission: on a terminal it leads through the steps, one after the other"""
    board = made(wired=("cell-low", "cell-undervoltage", "load", "charge"))
    talk = Dialogue(bench, board)
    talk.answer("(other)? [s]kip, [q]uit >", "bank")
    talk.await_text("passed: the computer is fed from the bank")
    talk.answer("Switch the software remote off?", "maybe")
    talk.answer("[y]es, [s]kip, [q]uit > maybe [y]es, [s]kip, [q]uit >", "y")
    talk.answer("are all loads and chargers off?", "y")
    talk.answer("Are they on again?", "yes")
    talk.await_text("passed: confirmed at the device")
    talk.answer("[4/15] cell-low Take the wire of cell-low off the board", "y")
    board.act("cell-low")
    talk.await_text("cell-low is active. Connect the wire again.")
    board.mend("cell-low")
    talk.await_text("passed: active after ")
    talk.answer("Take the wire of cell-undervoltage", "y")
    talk.terminal.key("s\n")
    talk.await_text("skipped: skipped by the person")
    for question in ("How many cables", "Switch the load output off", "Switch the charge output",
                     "Next, you reboot", "Next, you take away"):
        talk.answer(question, "s")
    code, err = talk.end()
    assert (code, err) == (DONE, "")
    assert "3 passed, 0 failed, 6 skipped" in talk.words()
    assert "\033[1;32mpassed\033[0m: " in talk.terminal.shown
    assert max(len(line) for line in talk.terminal.screen.shown[:-1]) <= 80


def test_again(bench, made):
    """commission: on a terminal a step may be tried again, once it is repaired"""
    board = made(wired=("cell-low", "cell-undervoltage"), rest=("cell-low",))
    talk = Dialogue(bench, board, env={"NO_COLOR": "1"})
    talk.answer("How is this computer fed", "s")
    talk.answer("Switch the software remote off?", "s")
    talk.answer("Take the wire of cell-low", "y")
    board.act("cell-low")
    talk.await_text("cell-low is clear. Connect the wire again.")
    board.mend("cell-low")
    talk.await_text("failed: inverted: cell-low is active at rest")
    board.rest = set()
    board.mend("cell-low")
    talk.answer("Try this step again, once it is repaired?", "y")
    talk.answer("Take the wire of cell-low", "y")
    board.act("cell-low")
    talk.await_text("cell-low is active. Connect the wire again.")
    board.mend("cell-low")
    talk.await_text("passed: active after")
    talk.await_text("Take the wire of cell-undervoltage")
    talk.terminal.key("\x03")
    code, err = talk.end()
    assert code == FAILED and "smallbms: commission: interrupted\n" in err
    assert "\033" not in talk.terminal.shown


def test_interrupted_at_terminal(bench, made):
    """commission: Ctrl-C at the terminal puts back what is switched"""
    board = made()
    talk = Dialogue(bench, board)
    talk.answer("How is this computer fed", "s")
    talk.answer("Open the switch at the terminals", "s")
    talk.answer("Switch the software remote off?", "y")
    talk.await_text("are all loads and chargers off?")
    assert bench.tree.get("device/remote") == "off"
    talk.terminal.key("\x03")
    code, err = talk.end()
    assert code == FAILED and "everything is switched as before" in err
    unchanged(bench)
