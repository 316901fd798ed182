# SPDX-License-Identifier: GPL-2.0
"""The commands, what they write, and how they are refused."""

import grp
import os

import pytest

from bench import DONE, FAILED, NO_BOARD, TIMEOUT_S, USAGE
from cases_status import as_json
from tree import values

COMMANDS = ("status", "list", "get", "on", "off", "remote", "charge",
            "load", "floor", "watch", "monitor", "wait", "log", "check", "metrics", "wiring",
            "shunt", "power-down", "help")


def written(bench, path):
    with open(bench.tree.path(path), encoding="ascii") as file:
        return file.read()


def test_list_state(bench):
    """list: a line for each board, in order, with its state"""
    for name in ("smallbms10", "smallbms2", "boat"):
        bench.tree.add("healthy", name)
    assert bench.run("list").out == "boat: All well\n" \
        "smallbms2: All well\nsmallbms10: All well\n"


def test_list_long(bench):
    """list: a board is one line, however long its name and its state"""
    for name in ("a" * 60, "b" * 200):
        bench.tree.add("waiting-for-reconnect", name)
    lines = bench.run("list").out.splitlines()
    assert [line[0] for line in lines] == ["a", "b"]
    assert all(line.endswith("at the earliest") for line in lines)


def test_list_json(bench):
    """list: in JSON always an array, with what each board does"""
    bench.tree.add("undervoltage")
    whole = as_json("undervoltage")
    keys = ("name", "remote", "terminals", "load", "charge", "pre_alarm",
            "alarm", "conditions", "load_off_reason", "charge_off_reason",
            "load_request", "disconnect_in_ms", "shed_in_ms", "reconnect_in_ms")
    assert bench.run("list", "--json").json() == \
        [{key: whole[key] for key in keys}]


def test_list_other_drivers(bench):
    """list: power supplies of other drivers are no boards"""
    bench.tree.add("healthy").add("healthy", "BAT0", driver="battery")
    os.makedirs(bench.tree.supply("AC"))
    assert bench.run("list").out == "house: All well\n"
    bench.refuses("status", "--board", "BAT0", expect=NO_BOARD,
                  why="BAT0: no such board; there is: house")


@pytest.mark.parametrize("state", ("over-temperature", "gauge"))
def test_get_everything(bench, state):
    """get: every attribute, counter and property, bare and as JSON"""
    bench.tree.add(state)
    whole = as_json(state)
    for path, value in values(state).items():
        name = path.removeprefix("device/")
        if name == "charge_behaviour":
            value = "auto"
        assert bench.run("get", name).out == value + "\n", name
        value = whole
        for key in name.split("/"):
            value = value[key]
        assert bench.run("get", name, "--json").json() == value, name


def test_get_missing(bench):
    """get: a property that this board does not have fails and says so"""
    bench.tree.add("healthy")
    bench.refuses("get", "voltage_now", expect=FAILED,
                  why="house/voltage_now: this board does not have it")


def test_get_unknown(bench):
    """get: an unknown name is a usage error, and never a way to other files"""
    bench.tree.add("healthy")
    for name in ("volts", "device/load", "../house/type", "uevent", "",
                 "stats", "stats/", "driver"):
        bench.refuses("get", name, expect=USAGE, why="no such attribute")


def test_get_help(bench):
    """get: its help names what can be asked for"""
    names = bench.run("help", "get").out.split()
    for path in [*values("over-temperature"), *values("gauge")]:
        assert path.removeprefix("device/") in names, path


@pytest.mark.parametrize("empty", (b"", b"\n"))
def test_get_gauge_empty(bench, empty):
    """get: what nobody has reported to the gauge is nothing, and no error of the board"""
    bench.tree.add("gauge").put("device/gauge/soc_permille", empty)
    assert bench.run("--json").json()["gauge"]["soc_permille"] is None
    bench.run("status")
    bench.refuses("get", "gauge/soc_permille", expect=FAILED,
                  why="house/gauge/soc_permille: nothing was reported")


def test_off_reads_back(bench):
    """M2: off writes the remote, reads it back and says that both are off"""
    bench.tree.add("remote-off").put("device/remote", "on")
    result = bench.run("off")
    assert written(bench, "device/remote") == "off\n"
    assert result.out == "house: remote is now off\n" \
        "  load off: the software remote is off\n" \
        "  charge off: the software remote is off\n"


def test_off_output_stays(bench):
    """M3: off fails loudly when an output stays on"""
    bench.tree.add("healthy")
    result = bench.run("off", expect=FAILED)
    assert written(bench, "device/remote") == "off\n"
    assert "load on" in result.out
    assert result.err == "smallbms: house/remote: 'off' was taken, " \
        "but load and charge are not both off\n"
    bench.tree.put("device/load", "off")
    assert "charge on" in bench.run("off", expect=FAILED).out


def test_off_waits(bench):
    """M3: off waits for outputs that follow a little later"""
    bench.tree.add("healthy")
    last = "charge_full_design"
    gate = bench.fifo(last)
    child = bench.start("off")
    with bench.gate(child, gate) as first:  # it saw both on, and ...
        bench.fifo(last)
        first.write(b"200000000\n")
    with bench.gate(child, gate) as second:  # ... looks on, as they go off
        bench.tree.put("device/load", "off").put("device/charge", "off")
        bench.tree.take(last)
        second.write(b"200000000\n")
    result = bench.finish(child)
    assert result.code == DONE, result.err
    assert "load off" in result.out and "charge off" in result.out


def test_on(bench):
    """M2: on writes the remote and says that both are on"""
    bench.tree.add("healthy").put("device/remote", "off")
    result = bench.run("on")
    assert written(bench, "device/remote") == "on\n"
    assert result.out == "house: remote is now on\n  load on\n  charge on\n"


def test_on_terminals_off(bench):
    """M2: on succeeds with the terminals off, and says that the switch holds the
    system off"""
    bench.tree.add("terminals-off").put("device/remote", "off")
    result = bench.run("on")
    assert written(bench, "device/remote") == "on\n"
    assert "The switch at the terminals still holds the system off." \
        in result.words
    assert "load off: the switch at the terminals is off" in result.out


def test_on_bank_empty(bench):
    """L5: on succeeds with an empty bank, and says why the load stays off"""
    bench.tree.add("undervoltage").put("device/remote", "off")
    assert "load off: a cell is empty" in bench.run("on").out


def test_on_refused_by_board(bench):
    """M2: on fails when the board goes on saying that the remote is off"""
    bench.tree.add("remote-off")
    result = bench.run("on", expect=FAILED)
    assert "still held off by the remote" in result.err


def test_remote_not_kept(bench):
    """M2: a remote that does not keep what was written is reported"""
    bench.tree.add("healthy")
    path = bench.fifo("device/remote")
    child = bench.start("off")
    assert bench.receive(child, path) == b"off\n"
    with bench.gate(child, path) as board:
        board.write(b"on\n")
    result = bench.finish(child)
    assert result.code == FAILED
    assert "'off' was written, but it still reads 'on'" in result.err


def test_remote(bench):
    """remote: without an argument it shows, with one it switches"""
    bench.tree.add("remote-off")
    assert bench.run("remote").out == "off\n"
    assert bench.run("remote", "--json").json() is False
    bench.run("remote", "off")
    bench.tree.remove()
    bench.tree.add("healthy")
    bench.run("remote", "on")
    assert written(bench, "device/remote") == "on\n"


def test_charge(bench):
    """C4: charge inhibit and charge auto write the board's own words"""
    bench.tree.add("user-inhibits")
    assert "charge off: inhibited by the user" in \
        bench.run("charge", "inhibit").out
    assert written(bench, "charge_behaviour") == "inhibit-charge\n"
    bench.tree.remove()
    bench.tree.add("healthy")
    assert bench.run("charge", "auto").out == \
        "house: charge_behaviour is now auto\n  load on\n  charge on\n"
    assert written(bench, "charge_behaviour") == "auto\n"


def test_charge_auto_too_full(bench):
    """C4: charge auto with a cell too full says why charge stays off"""
    bench.tree.add("overvoltage")
    assert "charge off: a cell is too full" in bench.run("charge", "auto").out


def test_charge_inhibit_fails(bench):
    """C4: charge inhibit fails loudly when the output stays on"""
    bench.tree.add("healthy")
    assert "charge is not off" in \
        bench.run("charge", "inhibit", expect=FAILED).err


def test_switch_json(bench):
    """a switching command with --json prints the board as it is now"""
    bench.tree.add("healthy").put("device/remote", "off")
    assert bench.run("on", "--json").board() == as_json("healthy")


def test_bad_usage(bench):
    """bad usage: exit 2, a word on what is wrong, and no file changed"""
    bench.tree.add("healthy")
    for args, why in (
            (("frobnicate",), "frobnicate: no such command"),
            (("",), "no such command"),
            (("status", "house"), "status: 'house' is too much"),
            (("get",), "get: ATTRIBUTE is missing; usage: smallbms get ATTRIBUTE"),
            (("get", "load", "charge"), "'charge' is too much"),
            (("on", "now"), "'now' is too much"),
            (("off", "now"), "'now' is too much"),
            (("remote", "maybe"), "'maybe' is neither on nor off"),
            (("remote", "ON"), "neither on nor off"),
            (("charge",), "charge: auto|inhibit is missing"),
            (("charge", "yes"), "'yes' is neither auto nor inhibit"),
            (("charge", "inhibit-charge"), "neither auto nor inhibit"),
            (("help", "frobnicate"), "no such command"),
            (("--frobnicate",), "--frobnicate: no such option"),
            (("-x",), "-x: no such option"),
            (("off", "-x"), "-x: no such option"),
            (("--json=yes",), "--json=yes: no such option"),
            (("--board",), "--board: needs a value"),
            (("off", "--board"), "--board: needs a value")):
        bench.refuses(*args, expect=USAGE, why=why)


def test_options_anywhere(bench):
    """options stand before or after the command"""
    bench.tree.add("healthy").add("remote-off", "shed")
    for args in (("--json", "--board", "shed", "get", "remote"),
                 ("get", "--board=shed", "remote", "--json"),
                 ("get", "remote", "--json", "--board", "shed")):
        assert bench.run(*args).json() is False, args


def test_two_boards_need_name(bench):
    """two boards: a command for one needs --board, and is told the names"""
    bench.tree.add("healthy").add("healthy", "shed")
    for args in (("get", "load"), ("on",), ("off",), ("remote",),
                 ("remote", "off"), ("charge", "inhibit")):
        bench.refuses(*args, expect=USAGE,
                      why="--board: needed, for there are several: "
                      "house, shed")


def test_two_boards_switch_one(bench):
    """two boards: only the one that is named is switched"""
    bench.tree.add("healthy").add("remote-off", "shed")
    bench.tree.put("device/remote", "on", "shed")
    bench.run("off", "--board", "shed")
    assert written(bench, "device/remote") == "on\n"


def test_wrong_board(bench):
    """a wrong --board: exit 3, the names there are, and no file changed"""
    bench.tree.add("healthy").add("healthy", "shed")
    for name in ("hous", "", "../house", "."):
        for command in (("status",), ("off",), ("list",), ("get", "load")):
            bench.refuses(*command, "--board", name, expect=NO_BOARD,
                          why="no such board; there is: house, shed")


def test_no_board(bench):
    """no board at all: exit 3, and what may be missing"""
    for command in (("status",), ("list",), ("get", "load"), ("on",)):
        result = bench.refuses(*command, expect=NO_BOARD,
                               why="is the module loaded")
        assert not result.out
    assert bench.run("list", "--json", expect=NO_BOARD).json() == []


def test_no_sysfs(bench):
    """no such folder for --sysfs-root is no board, and the folder is named"""
    bench.refuses("--sysfs-root", "/nonexistent", expect=NO_BOARD,
                  why="/nonexistent")


def test_real_sysfs(bench):
    """the real /sys is searched without a crash, board or not"""
    result = bench.run("list", "--sysfs-root", "/sys", "--json",
                       expect=NO_BOARD if not has_board() else DONE)
    assert isinstance(result.json(), list)


def has_board():
    folder = "/sys/class/power_supply"
    if not os.path.isdir(folder):
        return False
    return any(os.path.realpath(f"{folder}/{name}/device/driver")
               .endswith("/smallbms") for name in os.listdir(folder))


def test_unwritable(bench):
    """a file that may not be written: exit 1, why, and what to do"""
    bench.tree.add("healthy")
    for path in ("device/remote", "charge_behaviour"):
        os.chmod(bench.tree.path(path), 0o444)
    before = bench.tree.content()
    for args in (("off",), ("remote", "off"), ("charge", "inhibit")):
        result = bench.run_as_user(*args, expect=FAILED)
        assert "Permission denied; run it as root" in result.err
        assert "smallbms: house/" in result.err
    assert bench.tree.content() == before


def test_unwritable_group(bench):
    """a file that a group may write: whoever is not in it is told to join it"""
    bench.tree.add("healthy")
    path = bench.tree.path("device/remote")
    if os.geteuid() == 0:
        os.chown(path, 0, grp.getgrnam("adm").gr_gid)
    group = grp.getgrgid(os.stat(path).st_gid).gr_name
    os.chmod(path, 0o464)
    result = bench.run_as_user("off", expect=FAILED)
    assert "Permission denied; join the group " \
        f"{group} (as root: adduser USER {group}), then log in anew" \
        in result.err
    assert written(bench, "device/remote") == "on\n"


def test_write_refused(bench):
    """a write that the board refuses: exit 1 and the kernel's reason"""
    bench.tree.add("healthy").take("device/remote")
    os.symlink("/dev/full", bench.tree.path("device/remote"))
    result = bench.run("off", expect=FAILED)
    assert "house/remote: cannot write 'off': No space left" in result.err


def test_write_creates_nothing(bench):
    """an attribute to write that is not there is not created"""
    bench.tree.add("bare")
    bench.refuses("charge", "auto", expect=FAILED,
                  why="house/charge_behaviour: cannot write 'auto': "
                  "No such file or directory")


def test_help(bench):
    """help names every command, and --help of one tells of that one"""
    text = bench.run("--help").out
    assert bench.run("help").out == text
    for name in COMMANDS:
        assert f"\n  {name}" in text, name
        # A plugin that only prints its help checks nothing: 3
        shown, _ = bench.start(name, "--help").communicate(timeout=TIMEOUT_S)
        assert shown == bench.run("help", name).out
        assert bench.run("help", name).out.startswith("Usage: ")
    for code in ("0 done", "1 failed", "2 usage", "3 no such board"):
        assert code in text


def test_version(bench):
    """--version and -V print the version"""
    assert bench.run("--version").out.startswith("smallbms ")
    assert bench.run("-V").out == bench.run("--version").out
