# SPDX-License-Identifier: GPL-2.0
"""The commands, what they write, and how they are refused."""

import grp
import os

from bench import DONE, FAILED, NO_BOARD, USAGE, case
from cases_status import as_json
from tree import values

COMMANDS = ("status", "list", "get", "on", "off", "remote", "charge",
            "watch", "monitor", "wait", "log", "check", "wiring", "help")


def written(bench, path):
    with open(bench.tree.path(path), encoding="ascii") as file:
        return file.read()


@case("list: a line for each board, in order, with its state")
def _(bench):
    for name in ("smallbms10", "smallbms2", "boat"):
        bench.tree.add("healthy", name)
    assert bench.run("list").out == "boat: All well\n" \
        "smallbms2: All well\nsmallbms10: All well\n"


@case("list: in JSON always an array, with what each board does")
def _(bench):
    bench.tree.add("undervoltage")
    whole = as_json("undervoltage")
    keys = ("name", "remote", "terminals", "load", "charge", "pre_alarm",
            "alarm", "conditions", "load_off_reason", "charge_off_reason",
            "disconnect_in_ms")
    assert bench.run("list", "--json").json() == \
        [{key: whole[key] for key in keys}]


@case("list: power supplies of other drivers are no boards")
def _(bench):
    bench.tree.add("healthy").add("healthy", "BAT0", driver="battery")
    os.makedirs(bench.tree.supply("AC"))
    assert bench.run("list").out == "house: All well\n"
    bench.refuses("status", "--board", "BAT0", expect=NO_BOARD,
                  why="BAT0: no such board; there is: house")


@case("get: every attribute, counter and property, bare and as JSON")
def _(bench):
    bench.tree.add("over-temperature")
    whole = as_json("over-temperature")
    for path, value in values("over-temperature").items():
        name = path.removeprefix("device/")
        if name == "charge_behaviour":
            value = "auto"
        assert bench.run("get", name).out == value + "\n", name
        value = whole
        for key in name.split("/"):
            value = value[key]
        assert bench.run("get", name, "--json").json() == value, name


@case("get: a property that this board does not have fails and says so")
def _(bench):
    bench.tree.add("healthy")
    bench.refuses("get", "voltage_now", expect=FAILED,
                  why="house/voltage_now: this board does not have it")


@case("get: an unknown name is a usage error, and never a way to other files")
def _(bench):
    bench.tree.add("healthy")
    for name in ("volts", "device/load", "../house/type", "uevent", "",
                 "stats", "stats/", "driver"):
        bench.refuses("get", name, expect=USAGE, why="no such attribute")


@case("get: its help names what can be asked for")
def _(bench):
    names = bench.run("help", "get").out.split()
    for path in values("over-temperature"):
        assert path.removeprefix("device/") in names, path


@case("M2: off writes the remote, reads it back and says that both are off")
def _(bench):
    bench.tree.add("remote-off").put("device/remote", "on")
    result = bench.run("off")
    assert written(bench, "device/remote") == "off\n"
    assert result.out == "house: remote is now off\n" \
        "  load off: the software remote is off\n" \
        "  charge off: the software remote is off\n"


@case("M3: off fails loudly when an output stays on")
def _(bench):
    bench.tree.add("healthy")
    result = bench.run("off", expect=FAILED)
    assert written(bench, "device/remote") == "off\n"
    assert "load on" in result.out
    assert result.err == "smallbms: house/remote: 'off' was taken, " \
        "but load and charge are not both off\n"
    bench.tree.put("device/load", "off")
    assert "charge on" in bench.run("off", expect=FAILED).out


@case("M3: off waits for outputs that follow a little later")
def _(bench):
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


@case("M2: on writes the remote and says that both are on")
def _(bench):
    bench.tree.add("healthy").put("device/remote", "off")
    result = bench.run("on")
    assert written(bench, "device/remote") == "on\n"
    assert result.out == "house: remote is now on\n  load on\n  charge on\n"


@case("M2: on succeeds with the terminals off, and says that the switch "
      "holds the system off")
def _(bench):
    bench.tree.add("terminals-off").put("device/remote", "off")
    result = bench.run("on")
    assert written(bench, "device/remote") == "on\n"
    assert "The switch at the terminals still holds the system off." \
        in result.words
    assert "load off: the switch at the terminals is off" in result.out


@case("L5: on succeeds with an empty bank, and says why the load stays off")
def _(bench):
    bench.tree.add("undervoltage").put("device/remote", "off")
    assert "load off: a cell is empty" in bench.run("on").out


@case("M2: on fails when the board goes on saying that the remote is off")
def _(bench):
    bench.tree.add("remote-off")
    result = bench.run("on", expect=FAILED)
    assert "still held off by the remote" in result.err


@case("M2: a remote that does not keep what was written is reported")
def _(bench):
    bench.tree.add("healthy")
    path = bench.fifo("device/remote")
    child = bench.start("off")
    assert bench.receive(child, path) == b"off\n"
    with bench.gate(child, path) as board:
        board.write(b"on\n")
    result = bench.finish(child)
    assert result.code == FAILED
    assert "'off' was written, but it still reads 'on'" in result.err


@case("remote: without an argument it shows, with one it switches")
def _(bench):
    bench.tree.add("remote-off")
    assert bench.run("remote").out == "off\n"
    assert bench.run("remote", "--json").json() is False
    bench.run("remote", "off")
    bench.tree.remove()
    bench.tree.add("healthy")
    bench.run("remote", "on")
    assert written(bench, "device/remote") == "on\n"


@case("C4: charge inhibit and charge auto write the board's own words")
def _(bench):
    bench.tree.add("user-inhibits")
    assert "charge off: inhibited by the user" in \
        bench.run("charge", "inhibit").out
    assert written(bench, "charge_behaviour") == "inhibit-charge\n"
    bench.tree.remove()
    bench.tree.add("healthy")
    assert bench.run("charge", "auto").out == \
        "house: charge_behaviour is now auto\n  load on\n  charge on\n"
    assert written(bench, "charge_behaviour") == "auto\n"


@case("C4: charge auto with a cell too full says why charge stays off")
def _(bench):
    bench.tree.add("overvoltage")
    assert "charge off: a cell is too full" in bench.run("charge", "auto").out


@case("C4: charge inhibit fails loudly when the output stays on")
def _(bench):
    bench.tree.add("healthy")
    assert "charge is not off" in \
        bench.run("charge", "inhibit", expect=FAILED).err


@case("a switching command with --json prints the board as it is now")
def _(bench):
    bench.tree.add("healthy").put("device/remote", "off")
    assert bench.run("on", "--json").json() == as_json("healthy")


@case("bad usage: exit 2, a word on what is wrong, and no file changed")
def _(bench):
    bench.tree.add("healthy")
    for args, why in (
            (("frobnicate",), "frobnicate: no such command"),
            (("",), "no such command"),
            (("status", "house"), "too many words"),
            (("get",), "something is missing; usage: smallbms get ATTRIBUTE"),
            (("get", "load", "charge"), "too many words"),
            (("on", "now"), "too many words"),
            (("off", "now"), "too many words"),
            (("remote", "maybe"), "'maybe' is neither on nor off"),
            (("remote", "ON"), "neither on nor off"),
            (("charge",), "something is missing"),
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


@case("options stand before or after the command")
def _(bench):
    bench.tree.add("healthy").add("remote-off", "shed")
    for args in (("--json", "--board", "shed", "get", "remote"),
                 ("get", "--board=shed", "remote", "--json"),
                 ("get", "remote", "--json", "--board", "shed")):
        assert bench.run(*args).json() is False, args


@case("two boards: a command for one needs --board, and is told the names")
def _(bench):
    bench.tree.add("healthy").add("healthy", "shed")
    for args in (("get", "load"), ("on",), ("off",), ("remote",),
                 ("remote", "off"), ("charge", "inhibit")):
        bench.refuses(*args, expect=USAGE,
                      why="--board: needed, for there are several: "
                      "house, shed")


@case("two boards: only the one that is named is switched")
def _(bench):
    bench.tree.add("healthy").add("remote-off", "shed")
    bench.tree.put("device/remote", "on", "shed")
    bench.run("off", "--board", "shed")
    assert written(bench, "device/remote") == "on\n"


@case("a wrong --board: exit 3, the names there are, and no file changed")
def _(bench):
    bench.tree.add("healthy").add("healthy", "shed")
    for name in ("hous", "", "../house", "."):
        for command in (("status",), ("off",), ("list",), ("get", "load")):
            bench.refuses(*command, "--board", name, expect=NO_BOARD,
                          why="no such board; there is: house, shed")


@case("no board at all: exit 3, and what may be missing")
def _(bench):
    for command in (("status",), ("list",), ("get", "load"), ("on",)):
        result = bench.refuses(*command, expect=NO_BOARD,
                               why="is the module loaded")
        assert not result.out
    assert bench.run("list", "--json", expect=NO_BOARD).json() == []


@case("no such folder for --sysfs-root is no board, and the folder is named")
def _(bench):
    bench.refuses("--sysfs-root", "/nonexistent", expect=NO_BOARD,
                  why="/nonexistent")


@case("the real /sys is searched without a crash, board or not")
def _(bench):
    result = bench.run("list", "--sysfs-root", "/sys", "--json",
                       expect=NO_BOARD if not has_board() else DONE)
    assert isinstance(result.json(), list)


def has_board():
    folder = "/sys/class/power_supply"
    if not os.path.isdir(folder):
        return False
    return any(os.path.realpath(f"{folder}/{name}/device/driver")
               .endswith("/smallbms") for name in os.listdir(folder))


@case("a file that may not be written: exit 1, why, and what to do")
def _(bench):
    bench.tree.add("healthy")
    for path in ("device/remote", "charge_behaviour"):
        os.chmod(bench.tree.path(path), 0o444)
    before = bench.tree.content()
    for args in (("off",), ("remote", "off"), ("charge", "inhibit")):
        result = bench.run_as_user(*args, expect=FAILED)
        assert "Permission denied; run it as root" in result.err
        assert "smallbms: house/" in result.err
    assert bench.tree.content() == before


@case("a file that a group may write: whoever is not in it is told to join it")
def _(bench):
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


@case("a write that the board refuses: exit 1 and the kernel's reason")
def _(bench):
    bench.tree.add("healthy").take("device/remote")
    os.symlink("/dev/full", bench.tree.path("device/remote"))
    result = bench.run("off", expect=FAILED)
    assert "house/remote: cannot write 'off': No space left" in result.err


@case("an attribute to write that is not there is not created")
def _(bench):
    bench.tree.add("bare")
    bench.refuses("charge", "auto", expect=FAILED,
                  why="house/charge_behaviour: cannot write 'auto': "
                  "No such file or directory")


@case("help names every command, and --help of one tells of that one")
def _(bench):
    text = bench.run("--help").out
    assert bench.run("help").out == text
    for name in COMMANDS:
        assert f"\n  {name}" in text, name
        assert bench.run(name, "--help").out == bench.run("help", name).out
        assert bench.run("help", name).out.startswith("Usage: ")
    for code in ("0 done", "1 failed", "2 usage", "3 no such board"):
        assert code in text


@case("--version tells the version")
def _(bench):
    assert bench.run("--version").out.startswith("smallbms ")
