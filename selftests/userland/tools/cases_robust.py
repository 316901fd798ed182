# SPDX-License-Identifier: GPL-2.0
"""Broken trees, boards that vanish: no crash, and nothing made up."""

import os
import random

import pytest

from bench import FAILED, NO_BOARD, TIMEOUT_S
from cases_live import Follower
from cases_status import as_json
from tree import values

CORE = ("remote", "terminals", "load", "charge", "pre_alarm", "alarm",
        "conditions", "load_off_reason", "charge_off_reason", "disconnect_in_ms")

JUNK = (b"", b"\n", b"\0", b"on\0\n", b"\xff\xfe\n", b"on\noff\n", b"\x1b[2J",
        b"x" * 255 + b"\n", b"x" * 256, b"x" * 100000, b"o", b"[", b"[]", b"]",
        b"a [b", b"a b", b"-", b"+1", b"0x10", b"1e3", b"1 2",
        b"99999999999999999999999999", b"-9223372036854775808\n",
        b"9223372036854775807\n", b"NaN\n", b"17 Ah", b"%s%n\n", b"\t1\n")


def flat(board):
    """{name: value} with the counters as stats/NAME, and so on."""
    result = {}
    for key, value in board.items():
        if isinstance(value, dict):
            result |= {f"{key}/{name}": each for name, each in value.items()}
        else:
            result[key] = value
    return result


@pytest.mark.parametrize("name", CORE)
def test_missing_attribute(bench, name):
    """what every board has is missed; nothing is said in its place"""
    bench.tree.add("healthy").take(f"device/{name}")
    result = bench.run(expect=FAILED)
    assert result.err == \
        f"smallbms: house/{name}: this board does not have it\n"
    whole = as_json("healthy")
    del whole[name]
    assert bench.run("--json", expect=FAILED).board() == whole


def test_headline_unknown(bench):
    """without what a headline needs there is none of 'All well'"""
    for path in CORE:
        bench.tree.add("healthy").take(f"device/{path}")
        assert bench.run(expect=FAILED).headline == \
            "house: UNKNOWN: not everything could be read"
        bench.tree.remove()
    bench.tree.add("healthy").put("device/load", "junk")
    assert bench.run(expect=FAILED).row("Load") == \
        "? what it holds makes no sense"


def test_optional_attribute(bench):
    """what a board need not have is not missed"""
    bench.tree.add("bare")
    result = bench.run()
    assert result.headline == "house: All well"
    assert "Capacity" not in result.out and "Since start" not in result.out


def test_empty_board(bench):
    """an empty board, all attributes gone: a message for each, no crash"""
    bench.tree.add("healthy")
    for path in values("healthy"):
        bench.tree.take(path)
    result = bench.run(expect=FAILED)
    assert len(result.err.splitlines()) == len(CORE)
    assert bench.run("--json", expect=FAILED).board() == {"name": "house"}


def test_junk(bench):
    """junk in any attribute: no crash, never shown as a number or a switch"""
    bench.tree.add("over-temperature")
    good = flat(as_json("over-temperature"))
    paths = {path.removeprefix("device/"): path
             for path in values("over-temperature")}
    # All at once, shifted from round to round: each attribute gets each junk.
    for shift in range(len(JUNK)):
        given = {name: JUNK[(shift + number) % len(JUNK)]
                 for number, name in enumerate(paths)}
        for name, junk in given.items():
            bench.tree.put(paths[name], junk)
        bench.run("status", expect=FAILED)
        result = bench.run("--json", expect=FAILED)
        for name, value in flat(result.board()).items():
            junk = given.get(name, b"house")
            reported = f"smallbms: house/{name}: " in result.err
            assert reported == (value is None), (name, junk, value)
            if isinstance(value, list):
                value = " ".join(value)
            elif value is not None:
                assert isinstance(value, type(good[name])), (name, junk)
            assert value is None or str(value).encode() == junk.strip(), \
                (name, junk)


def test_too_long(bench):
    """contents that are far too long are reported as such"""
    bench.tree.add("healthy").put("device/conditions", "cell-low " * 1000)
    assert "house/conditions: it holds far more than a value" in \
        bench.run(expect=FAILED).err
    assert "far more" in bench.run("get", "conditions", expect=FAILED).err


def test_random_damage(bench):
    """trees of random damage: no crash, in text and in JSON"""
    rng = random.Random(1)
    states = ("healthy", "undervoltage", "io-error", "over-temperature")
    for _round in range(60):
        state = rng.choice(states)
        bench.tree.add(state)
        paths = list(values(state))
        for path in rng.sample(paths, rng.randrange(1, len(paths))):
            how = rng.randrange(4)
            if how == 0:
                bench.tree.take(path)
            elif how == 1:
                bench.tree.put(path, rng.choice(JUNK))
            elif how == 2:
                bench.tree.put(path, rng.randbytes(rng.randrange(300)))
            else:
                bench.tree.take(path)
                os.mkdir(bench.tree.path(path))
        bench.finish(bench.start("status"))
        result = bench.finish(bench.start("--json"))
        assert result.json()["name"] == "house"
        bench.tree.remove()


def test_directory(bench):
    """a directory in an attribute's place is an error with its reason"""
    bench.tree.add("healthy").take("capacity")
    os.mkdir(bench.tree.path("capacity"))
    assert bench.run(expect=FAILED).err == \
        "smallbms: house/capacity: Is a directory\n"


def test_unreadable(bench):
    """an attribute that may not be read is an error with its reason"""
    bench.tree.add("healthy")
    os.chmod(bench.tree.path("capacity"), 0)
    assert bench.run_as_user(expect=FAILED).err == \
        "smallbms: house/capacity: Permission denied\n"


def test_unreadable_untold(bench):
    """what status does not tell need not be readable; JSON has all, and names what it misses"""
    bench.tree.add("healthy")
    os.chmod(bench.tree.path("device/stats/rescans"), 0)
    assert not bench.run_as_user().err
    assert bench.run_as_user("--json", expect=FAILED).err == \
        "smallbms: house/stats/rescans: Permission denied\n"


@pytest.mark.parametrize("command", ("status", "--json", "list", "get remote"))
def test_vanishes_while_read(bench, command):
    """a board that vanishes while it is read: exit 3, and no state is shown"""
    bench.tree.add("healthy")
    path = bench.fifo("device/remote")
    child = bench.start(*command.split())
    with bench.gate(child, path):
        bench.tree.remove()
    result = bench.finish(child)
    assert result.code == NO_BOARD, result.err
    assert "house: it vanished meanwhile" in result.err
    assert not result.out


def test_vanishes_while_switched(bench):
    """a board that vanishes while it is switched: exit 3"""
    bench.tree.add("healthy")
    path = bench.fifo("device/load")
    child = bench.start("off")
    with bench.gate(child, path):
        bench.tree.remove()
    result = bench.finish(child)
    assert result.code == NO_BOARD, result.err
    assert "house: it vanished meanwhile" in result.err


def test_one_of_two_vanishes(bench):
    """one of two boards vanishes: the other one is still shown"""
    bench.tree.add("healthy").add("healthy", "shed")
    path = bench.fifo("device/remote")
    child = bench.start("--json")
    with bench.gate(child, path):
        bench.tree.remove()
    result = bench.finish(child)
    assert result.code == NO_BOARD
    assert result.boards() == [as_json("healthy", "shed")]


def test_trips_while_read(bench):
    """a board that trips while it is read is read again: no mixed state"""
    bench.tree.add("healthy")
    path = bench.fifo("device/stats/pre_alarms")
    child = bench.start("status")
    with bench.gate(child, path) as gate:
        for changed, value in values("undervoltage").items():
            if changed != "device/stats/pre_alarms":
                bench.tree.change(changed, value)
        os.remove(path)
        bench.tree.put("device/stats/pre_alarms", 1)
        gate.write(b"0\n")
    result = bench.finish(child)
    assert result.headline == "house: LOAD DISCONNECTED: the bank is empty"
    assert result.row("Since start") == \
        "pre-alarms 1, load disconnects 1, charge disconnects 0"


def test_output_full(bench):
    """output that cannot be written is a failure"""
    bench.tree.add("healthy")
    for args in (("status",), ("--json",), ("get", "load"), ("--help",)):
        with open("/dev/full", "wb") as full:
            child = bench.start(*args, stdout=full)
        result = bench.finish(child)
        assert result.code == FAILED
        assert result.err == "smallbms: output: No space left on device\n"


def test_folder_unreadable(bench):
    """a folder of boards that may not be read is a failure, not 'no board'"""
    bench.tree.add("healthy")
    folder = os.path.join(bench.tree.root, "class/power_supply")
    os.chmod(folder, 0)
    try:
        result = bench.run_as_user(expect=FAILED)
    finally:
        os.chmod(folder, 0o755)
    assert "cannot look for boards: Permission denied" in result.err


@pytest.mark.parametrize("command", (
    "status", "--json", "list", "list --json", "get load", "get temp", "off", "on --json",
    "charge auto", "check", "remote", "monitor --initial", "monitor --initial --json",
    "wait alarm=2 --timeout 0", "on --board x", "get alarm --board x"))
def test_label(bench, command):
    """a label that would steer a terminal is printed as plain text by {command}"""
    label = "a\x1b[2Jb\nc\t\x7f\u009b2J\udc9bd\u00fc"
    bench.tree.add("remote-off", label)
    bench.tree.take("device/alarm", label)
    if command.startswith("monitor"):
        with Follower(bench, *command.split()) as monitor:
            shown = monitor.line()
    else:
        shown = "".join(bench.start(*command.split()).communicate(timeout=TIMEOUT_S))
    for char in shown:
        assert char == "\n" or (char >= " " and not "\x7f" <= char <= "\x9f"), \
            f"{char!r} in {shown!r}"
    assert "b\nc" not in shown
    assert "a?[2Jb?c??" in shown or command in ("get load", "remote")


def test_label_watch(bench, watch):
    """a label that would steer a terminal does not steer watch"""
    bench.tree.add("healthy", "a\u009b2J\x1b[2J")
    terminal = watch()
    assert "\u009b" not in terminal.shown
    terminal.await_text("smallBMS a??2J?[2J")


def test_label_named(bench):
    """a label that is printed as plain text is still that of --board"""
    bench.tree.add("healthy", "a\x1bb").add("remote-off", "a?b")
    assert bench.run("get", "load", "--board", "a\x1bb").out == "on\n"
    assert bench.run("get", "load", "--board", "a?b").out == "off\n"
