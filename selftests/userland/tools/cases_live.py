# SPDX-License-Identifier: GPL-2.0
"""monitor, wait and watch: the commands that stay."""

import json
import os
import re
import select
import signal
import time

import pytest

from bench import DONE, FAILED, NO_BOARD, TIMEOUT_S, USAGE
from live import Kernel, Terminal, await_asleep, wake_ups
from tree import values

ANNOUNCED = ("remote", "terminals", "load", "charge", "pre_alarm", "alarm",
             "conditions", "load_off_reason", "charge_off_reason", "load_request", "status",
             "health", "capacity_level", "capacity", "capacity_error_margin",
             "charge_behaviour")
# Long enough that whoever polls would be seen to
IDLE_S = 1.0


class Follower:
    """A command that writes a line at a time, and the kernel it listens to."""

    def __init__(self, bench, *args):
        self.bench = bench
        self.kernel = Kernel(bench.tree.root)
        self.child = bench.start(*args)
        self.kernel.accept()
        await_asleep(self.child)
        self.read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.kernel.close()

    def line(self):
        while b"\n" not in self.read:
            ready, _, _ = select.select([self.child.stdout], [], [], TIMEOUT_S)
            assert ready, "no line"
            data = os.read(self.child.stdout.fileno(), 65536)
            assert data, f"ended: {self.child.stderr.read()}"
            self.read += data
        line, _, self.read = self.read.partition(b"\n")
        return line.decode()

    def object(self):
        return json.loads(self.line())

    def become(self, state, name="house", **kwargs):
        """Put the board into another state, and tell of it."""
        await_asleep(self.child)  # or it might read half of it
        for path, value in values(state).items():
            self.bench.tree.put(path, value, name)
        self.kernel.send(name=name, **kwargs)

    def is_silent(self):
        """Whether nothing is said until the next thing that must be."""
        await_asleep(self.child)
        return not self.read and \
            not select.select([self.child.stdout], [], [], 0.2)[0]


def test_monitor_changes(bench):
    """monitor: an object per change, with what changed and how all is now"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor", "--json", "--initial") as monitor:
        first = monitor.object()
        assert first["event"] == "state" and first["changed"] == []
        monitor.become("pre-alarm")
        change = monitor.object()
        assert change["event"] == "change" and change["name"] == "house"
        assert change["changed"] == ["pre_alarm", "alarm", "conditions",
                                     "health", "capacity_level", "capacity",
                                     "capacity_error_margin"]
        assert change["load"] is True and change["alarm"] == 1
        assert change["conditions"] == ["cell-low", "cell-undervoltage"]
        assert change["disconnect_in_ms"] == 22300
        assert set(ANNOUNCED) <= set(change)
        assert "interrupts" not in str(change) and "type" not in change
        monitor.become("undervoltage")
        assert monitor.object()["changed"] == ["load", "alarm",
                                               "load_off_reason"]
        monitor.become("waiting-for-reconnect")
        assert monitor.object()["reconnect_in_ms"] == 199400


def test_monitor_nothing_twice(bench):
    """monitor: what is told twice, or is no change, is not printed"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor", "--json", "--initial") as monitor:
        monitor.object()
        monitor.become("overvoltage")
        for _again in range(5):
            monitor.kernel.send()
        assert monitor.object()["conditions"] == ["cell-overvoltage"]
        bench.tree.put("device/stats/interrupts", 99)
        bench.tree.put("device/disconnect_in_ms", 5)
        monitor.kernel.send()
        assert monitor.is_silent()
        monitor.become("healthy")
        assert monitor.object()["conditions"] == []


def test_monitor_junk(bench):
    """monitor: other devices' uevents, and junk, neither end it nor count"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor", "--json", "--initial") as monitor:
        monitor.object()
        bench.tree.put("device/load", "off")
        monitor.kernel.send(subsystem="usb")
        for junk in (b"x", b"\0" * 100, b"\xff" * 8000,
                     b"SUBSYSTEM=power_suppl", b"a@b\0XSUBSYSTEM=power_supply"):
            monitor.kernel.send_raw(junk)
        assert monitor.is_silent()
        monitor.kernel.send()
        assert monitor.object()["changed"] == ["load"]


def test_monitor_initial(bench):
    """monitor: without --initial nothing is printed before the first change"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor") as monitor:
        assert monitor.is_silent()
        monitor.become("undervoltage")
        line = monitor.line()
        assert " house: LOAD DISCONNECTED: the bank is empty [load off, " \
            "pre_alarm on, alarm 2, conditions cell-low cell-undervoltage, " \
            "load_off_reason cell-undervoltage, " in line, line
        assert line[:4].isdigit() and line[4] == "-"


def test_monitor_come_and_go(bench):
    """monitor: boards that come and go are told, and go on being watched"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor", "--json", "--initial") as monitor:
        monitor.object()
        bench.tree.add("remote-off", "shed")
        monitor.kernel.send("add", "shed")
        new = monitor.object()
        assert (new["event"], new["name"], new["load"]) == \
            ("new", "shed", False)
        monitor.become("healthy", "shed")
        assert monitor.object()["name"] == "shed"
        bench.tree.remove()
        monitor.kernel.send("remove")
        gone = monitor.object()
        assert (gone["event"], gone["name"]) == ("gone", "house")
        assert "load" not in gone
        bench.tree.add("undervoltage")
        monitor.kernel.send("add")
        assert monitor.object()["alarm"] == 2


def test_monitor_replaced(bench):
    """monitor: a board that was replaced by one of the same name is a new one"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor", "--json", "--initial") as monitor:
        monitor.object()
        old = bench.tree.path("device") + "/"
        kept = os.open(old, os.O_RDONLY)  # so that its number is not reused
        inside = os.open(bench.tree.supply("house"), os.O_RDONLY)
        bench.tree.remove()
        bench.tree.add("undervoltage")
        monitor.kernel.send("add")
        assert [monitor.object()["event"] for _ in range(2)] == \
            ["gone", "new"]
        os.close(kept)
        os.close(inside)


def test_monitor_one_board(bench):
    """monitor: with --board only that board is told"""
    bench.tree.add("healthy").add("healthy", "shed")
    with Follower(bench, "monitor", "--json", "--board", "shed") as monitor:
        monitor.become("undervoltage")
        monitor.become("undervoltage", "shed")
        assert monitor.object()["name"] == "shed"
        assert monitor.is_silent()


def test_monitor_no_board(bench):
    """monitor: no board, or a wrong one, is exit 3"""
    bench.run("monitor", expect=NO_BOARD)
    bench.tree.add("healthy")
    bench.run("monitor", "--board", "shed", expect=NO_BOARD)


def test_monitor_no_reader(bench, kernel):
    """monitor: nobody reads any more: it ends"""
    bench.tree.add("healthy")
    with open("/dev/full", "wb") as full:
        child = bench.start("monitor", stdout=full)
    kernel.accept()
    await_asleep(child)
    bench.tree.put("device/load", "off")
    kernel.send()
    result = bench.finish(child)
    assert result.code == FAILED
    assert "output: No space left on device" in result.err


@pytest.mark.parametrize("command", (
    "monitor --json", "wait alarm!=0", "wait alarm!=0 --timeout 600"))
def test_idle_sleeps(bench, kernel, command):
    """monitor and wait: while nothing happens they do not wake, not once"""
    bench.tree.add("healthy")
    child = bench.start(*command.split())
    kernel.accept()
    await_asleep(child)
    time.sleep(0.2)  # it may still be on its way to poll()
    before = wake_ups(child)
    time.sleep(IDLE_S)
    assert wake_ups(child) == before


def test_wait_holds(bench):
    """wait: what holds already is not waited for"""
    bench.tree.add("undervoltage")
    for condition in ("alarm=2", "alarm!=0", "alarm>1", "alarm>=2", "alarm<3",
                      "alarm<=2", "load=off", "load!=on", "conditions=cell-low",
                      "conditions!=io-error", "conditions!=none",
                      "load_off_reason=cell-undervoltage", "capacity<5",
                      "charge_behaviour=auto", "status=Unknown"):
        result = bench.run("wait", condition)
        assert not result.out, condition


@pytest.mark.parametrize("words", (("monitor",), ("monitor", "--json")))
def test_monitor_unread(bench, words):
    """monitor: it ends when nobody reads it any more, not at the next change"""
    bench.tree.add("healthy")
    with Follower(bench, *words) as monitor:
        monitor.child.stdout.close()
        assert monitor.child.wait(TIMEOUT_S) in (-signal.SIGPIPE, FAILED)


@pytest.mark.parametrize("condition, why", (
    ("conditions=cel-low", "'cel-low' is nothing that it can be: none, cell-low, "),
    ("load_off_reason!=undervoltage", "none, terminals, remote, user, request-off, "),
    ("health=good", "Good, Overheat, "),
    ("status=charging", "Unknown, Charging, Discharging, Not charging"),
    ("capacity_level=Empty", "Unknown, Critical, Low, Normal, Full"),
    ("charge_behaviour=inhibit", "auto, inhibit-charge")))
def test_wait_impossible(bench, condition, why):
    """wait: a word that can never be is refused, with those that can"""
    bench.tree.add("healthy")
    bench.refuses("wait", condition, expect=USAGE, why=why)


def test_wait_help(bench):
    """wait: its help has the attributes, and what each can be"""
    text = bench.run("help", "wait").out
    for name in ANNOUNCED:
        assert re.search(rf"^  {name} +\S", text, re.M), name
    words = " ".join(text.split())
    for phrase in ("load on, off", "alarm 0, 1, 2", "capacity a number",
                   "conditions none, cell-low, cell-undervoltage, ",
                   "implausible, voltage-out-of-range load_off_reason none, terminals",
                   "user, cell-low, ", "charge_behaviour auto, inhibit-charge"):
        assert phrase in words, phrase


def test_wait_timeout(bench):
    """wait: what does not hold in time is exit 1, and how it is instead"""
    bench.tree.add("undervoltage")
    for condition in ("alarm=1", "alarm!=2", "alarm>2", "alarm>=3", "alarm<2",
                      "alarm<=1", "load=on", "load!=off", "conditions=io-error",
                      "conditions!=cell-low", "conditions=none",
                      "conditions=charge-inhibit"):
        bench.refuses("wait", condition, "--timeout", "0", expect=FAILED,
                      why="not " + condition + " within 0 s; it is ")
    begun = time.monotonic()
    bench.run("wait", "load=on", "--timeout", "0.3", expect=FAILED)
    assert time.monotonic() - begun >= 0.3


def test_wait_becomes(bench):
    """wait: it ends when the board becomes so, and not before"""
    bench.tree.add("healthy")
    with Follower(bench, "wait", "load=off") as wait:
        wait.become("pre-alarm")
        await_asleep(wait.child)
        assert wait.child.poll() is None
        wait.become("undervoltage")
        assert wait.child.wait(TIMEOUT_S) == DONE


def test_wait_several(bench):
    """wait: of several conditions all must hold, at the same time"""
    bench.tree.add("undervoltage")
    bench.run("wait", "alarm=2", "load=off", "conditions=cell-low")
    bench.refuses("wait", "alarm=2", "load=on", "--timeout", "0", expect=FAILED,
                  why="house/load: not load=on within 0 s; it is off")
    bench.refuses("wait", "alarm=2", "load=maybe", expect=USAGE, why="load=maybe: ")
    bench.refuses("wait", *["alarm=2"] * 17, expect=USAGE, why="at most 16 conditions")
    bench.refuses("wait", expect=USAGE, why="wait: CONDITION... is missing")
    bench.tree.remove()
    bench.tree.add("healthy")
    with Follower(bench, "wait", "load=off", "alarm=0") as wait:
        wait.become("undervoltage")
        await_asleep(wait.child)
        assert wait.child.poll() is None
        wait.become("remote-off")
        assert wait.child.wait(TIMEOUT_S) == DONE


def test_wait_quiet(bench):
    """wait: with -q the exit status alone says that time is up"""
    bench.tree.add("healthy")
    for option in ("-q", "--quiet"):
        child = bench.start("wait", option, "alarm=2", "-t", "0")
        assert child.communicate(timeout=TIMEOUT_S) == ("", "")
        assert child.returncode == FAILED


def test_monitor_count(bench):
    """monitor: with --count it ends after so many changes"""
    bench.tree.add("healthy")
    with Follower(bench, "monitor", "--initial", "--count", "2") as monitor:
        assert "All well" in monitor.line()
        monitor.become("pre-alarm")
        assert "PRE-ALARM" in monitor.line()
        assert monitor.child.poll() is None
        monitor.become("undervoltage")
        assert "LOAD DISCONNECTED" in monitor.line()
        assert monitor.child.wait(TIMEOUT_S) == DONE


def test_monitor_timeout(bench, kernel):
    """monitor: with --timeout it ends when time is up, which is no failure"""
    bench.tree.add("healthy")
    begun = time.monotonic()
    child = bench.start("monitor", "--timeout", "0.3", "--initial")
    kernel.accept()
    result = bench.finish(child)
    assert result.code == DONE and result.out.count("\n") == 1
    assert time.monotonic() - begun >= 0.3
    for option, value in (("--count", "0"), ("--count", "x"), ("--count", "-1"),
                          ("--timeout", "x")):
        bench.refuses("monitor", option, value, expect=USAGE, why=f"{option}: ")


def test_wait_vanishes(bench):
    """wait: the board vanishes: exit 3"""
    bench.tree.add("healthy")
    with Follower(bench, "wait", "load=off") as wait:
        await_asleep(wait.child)
        bench.tree.remove()
        wait.kernel.send("remove")
        result = bench.finish(wait.child)
    assert result.code == NO_BOARD
    assert "house: it vanished meanwhile" in result.err


def test_wait_unreadable(bench):
    """wait: what cannot be read is not as wanted, whatever that is"""
    bench.tree.add("healthy").put("device/alarm", "junk")
    for condition in ("alarm=0", "alarm!=0", "alarm<1"):
        bench.refuses("wait", condition, "--timeout", "0", expect=FAILED,
                      why="house/alarm: what it holds makes no sense")


def test_wait_usage(bench):
    """wait: a condition that is none is a usage error that says why"""
    bench.tree.add("healthy")
    for condition, why in (
            ("", "not like alarm=0"), ("alarm", "not like alarm=0"),
            ("alarm!", "not like alarm=0"), ("=0", "no such attribute"),
            ("volts=3", "no such attribute"), ("alarm=", "needs a number"),
            ("alarm=on", "needs a number"), ("alarm==0", "needs a number"),
            ("alarm=0 ", "needs a number"), ("load=1", "needs on or off"),
            ("load>on", "only a number"), ("conditions=", "needs a value"),
            ("voltage_now<5", "does not tell when that changes"),
            ("alarm=99999999999999999999", "needs a number"),
            ("a" * 300 + "=1", "not like alarm=0")):
        bench.refuses("wait", condition, expect=USAGE, why=why)
    for seconds in ("", "x", "-1", "1s", "nan", "inf", "0x1", "1e309", "1e3"):
        bench.refuses("wait", "alarm=1", "--timeout", seconds, expect=USAGE,
                      why="is not a number of seconds")
    bench.tree.add("healthy", "shed")
    bench.refuses("wait", "alarm=0", expect=USAGE, why="--board: needed")


def test_option_elsewhere(bench):
    """an option is refused where it means nothing"""
    bench.tree.add("healthy")
    for args in (("status", "--timeout", "3"), ("--initial",),
                 ("off", "--follow"), ("monitor", "--since", "1h"),
                 ("wait", "alarm=0", "--rst"), ("watch", "--directory", "/")):
        bench.refuses(*args, expect=USAGE, why="no option of '")


# ---- watch


@pytest.mark.parametrize("state", (
    "healthy", "pre-alarm", "undervoltage", "over-temperature", "remote-off",
    "io-error", "bare"))
def test_watch_states(bench, watch, state):
    """watch: shows each state as status does, and q ends it"""
    bench.tree.add(state)
    terminal = watch(rows=40, columns=120)
    terminal.await_text(bench.run().headline.removeprefix("house: "))
    terminal.key("q")
    assert terminal.end() == (DONE, "")
    assert terminal.is_restored()


def test_watch_changes(bench, kernel, watch):
    """watch: what changes is shown at once, without a key"""
    bench.tree.add("healthy")
    terminal = watch()
    assert terminal.screen.row_of("Load") == "● on"
    for path, value in values("undervoltage").items():
        bench.tree.put(path, value)
    kernel.send()
    terminal.await_text("LOAD DISCONNECTED: the bank is empty")
    assert terminal.screen.row_of("Load") == "○ off"
    terminal.await_text("Recharge the bank now.")


def test_watch_countdown(bench, kernel, watch):
    """watch: a countdown is drawn anew each second, and nothing else ever is"""
    bench.tree.add("healthy")
    terminal = watch()
    while terminal.look(0.3):
        pass
    before = wake_ups(terminal.child)
    assert not terminal.look(IDLE_S), "drawn without a reason"
    assert wake_ups(terminal.child) == before
    for path, value in values("pre-alarm").items():
        bench.tree.put(path, value)
    kernel.send()
    terminal.await_text("the load will be cut in 23 s")
    bench.tree.put("device/disconnect_in_ms", 21000)
    terminal.await_text("the load will be cut in 21 s")
    bench.tree.put("device/disconnect_in_ms", 1)
    terminal.await_text("the load will be cut in 1 s")


def test_watch_return(bench, watch):
    """L7: watch counts the seconds until the load may come back"""
    bench.tree.add("waiting-for-reconnect")
    terminal = watch()
    terminal.await_text("back in 3 min 20 s at the earliest")
    bench.tree.put("device/reconnect_in_ms", 119000)
    terminal.await_text("back in 119 s at the earliest")


@pytest.mark.parametrize("name", ("disconnect_in_ms", "reconnect_in_ms"))
def test_watch_endless(bench, watch, name):
    """watch: a countdown of 292 million years is shown as any other"""
    bench.tree.add("pre-alarm").put(f"device/{name}", 2 ** 63 - 1)
    terminal = watch()
    terminal.key("q")
    assert terminal.end() == (DONE, "")


def test_watch_remote(bench, watch):
    """watch: r asks, says what will happen, and yes switches the remote"""
    bench.tree.add("remote-off").put("device/remote", "on")
    terminal = watch()
    terminal.key("r")
    terminal.await_text("Switch the software remote OFF? Load and charge are "
                        "disconnected at once")
    assert bench.tree.get("device/remote") == "on"
    terminal.answer("yes")
    terminal.await_text("The remote is off: load off (the software remote is "
                        "off), charge off (the software remote is off).")
    assert bench.tree.get("device/remote") == "off"
    terminal.key("r")
    terminal.await_text("Switch the software remote ON?")
    terminal.answer("yes")
    terminal.await_text("The remote is on: load off")
    assert bench.tree.get("device/remote") == "on"


def test_watch_other_keys(bench, watch):
    """watch: any answer but yes leaves the remote as it is"""
    bench.tree.add("healthy")
    terminal = watch()
    for keys in ("n", "r", "q", "\033", "\033[C", " ", "\r", "yea", "yes"[1:]):
        terminal.key("r")
        terminal.await_text("Switch the software remote OFF?")
        terminal.answer(keys)
        terminal.await_that(lambda s: "Switch the software" not in s.words)
    assert bench.tree.get("device/remote") == "on"
    terminal.key("yes")
    terminal.key("q")
    assert terminal.end() == (DONE, "")
    assert bench.tree.get("device/remote") == "on"


@pytest.mark.parametrize("burst", ("ryes", "battery\r", "every", "cyes\ryes", "ry\r",
                                   "\033[200~ryes\033[201~", "\033[200~" + 40 * "ryes"),
                         ids=("yes", "battery", "every", "two", "enter", "paste", "pasting"))
def test_watch_burst(bench, watch, burst):
    """M2: watch: what is typed or pasted at once, meant for another window, answers nothing"""
    bench.tree.add("healthy")
    terminal = watch()
    terminal.key(burst)
    terminal.key("\033[201~q")
    assert terminal.end() == (DONE, "")
    assert bench.tree.get("device/remote") == "on"
    assert "[auto]" in bench.tree.get("charge_behaviour")


def test_watch_paste(bench, watch):
    """M2: watch: a paste answers no question, and after it keys mean what they did"""
    bench.tree.add("healthy")
    terminal = watch()
    terminal.key("r")
    terminal.answer("\033[200~yes\033[201~")
    terminal.key("\033[200~c" + 70 * " " + "\033[20")
    terminal.key("1~")
    terminal.await_text("Switch the software remote OFF?")
    assert bench.tree.get("device/remote") == "on"
    terminal.answer("yes")
    terminal.await_text("The remote is off")


def test_watch_load_stays_on(bench, watch):
    """M3: watch warns when off was taken and the load is still on"""
    bench.tree.add("healthy")
    terminal = watch()
    terminal.key("r")
    terminal.answer("yes")
    terminal.await_text("The remote is off, BUT load and charge are not both "
                        "off. Treat the load as live.")


def test_watch_charging(bench, watch):
    """watch: c inhibits and allows charging"""
    bench.tree.add("healthy")
    terminal = watch()
    terminal.key("c")
    terminal.await_text("INHIBIT charging?")
    terminal.answer("yes")
    terminal.await_text("Charging is inhibited, BUT charge is not off.")
    assert bench.tree.get("charge_behaviour") == "inhibit-charge"
    terminal.key("c")
    terminal.answer("YES")
    terminal.await_text("Charging is allowed: charge on.")
    assert bench.tree.get("charge_behaviour") == "auto"


def test_watch_unwritable(bench, watch):
    """watch: what cannot be written is said on the screen, and it goes on"""
    bench.tree.add("healthy").take("device/remote")
    os.symlink("/dev/full", bench.tree.path("device/remote"))
    terminal = watch()
    terminal.key("r")
    terminal.await_text("remote: ")
    bench.tree.take("device/remote").put("device/remote", "on")
    terminal.key("\f")
    terminal.await_that(lambda s: s.says("Remote", "● on"))
    os.chmod(bench.tree.path("device/remote"), 0o444)
    bench.tree.take("device/remote")
    os.mkdir(bench.tree.path("device/remote"))
    terminal.key("\f")
    terminal.await_text("Is a directory")
    terminal.key("q")
    assert terminal.end() == (DONE, "")


def test_watch_sizes(bench, watch):
    """watch: fits every size of a window, and the smallest harms nothing"""
    bench.tree.add("everything")
    terminal = watch()
    for rows, columns in ((24, 80), (12, 40), (50, 200), (1, 1), (2, 3),
                          (5, 10), (3, 200), (200, 3), (24, 75), (24, 76), (24, 20),
                          (24, 29), (24, 8)):
        terminal.resize(rows, columns)
        terminal.await_that(lambda s: s.cells[0][0].reverse and
                            (s.columns < 8 or "q quit" in s.shown[-1]))
        while terminal.look(0.05):
            pass
        if columns >= 40:
            assert "LOAD DISCONNECTED" in terminal.screen.words or rows < 4
    terminal.resize(12, 40)
    terminal.await_that(lambda s: s.says("Load", "○ off") and s.shown[-2].endswith(" more"))
    for label in ("Charge", "Remote", "Terminals"):
        terminal.screen.row_of(label)
    terminal.key("q")
    assert terminal.end() == (DONE, "")


def test_watch_plain(bench, watch):
    """watch: without colour, and without UTF-8, it says the same in words"""
    bench.tree.add("undervoltage")
    for env in ({"NO_COLOR": "1"}, {"NO_COLOR": "1", "LANG": "C"}):
        terminal = watch(env=env)
        assert not terminal.screen.is_coloured
        mark = "-" if "LANG" in env else "○"
        assert terminal.screen.row_of("Load") == mark + " off"
        assert "! cell-undervoltage" in terminal.screen.text
        assert "LANG" not in env or terminal.screen.text.isascii()
    terminal = watch()
    assert any(cell.fg == "red" for row in terminal.screen.cells for cell in row)


@pytest.mark.parametrize("name", (
    "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGSEGV", "SIGABRT"))
def test_watch_signals(bench, watch, name):
    """watch: every signal that ends it leaves the terminal as it was"""
    bench.tree.add("healthy")
    terminal = watch()
    number = getattr(signal, name)
    assert terminal.screen.alternate and not terminal.is_restored()
    terminal.child.send_signal(number)
    code, _err = terminal.end()
    assert code == -number or (name in ("SIGSEGV", "SIGABRT") and code)
    assert terminal.is_restored()


def test_watch_suspend(bench, watch):
    """watch: Control-C ends it, and Control-Z gives the terminal back meanwhile"""
    bench.tree.add("healthy")
    terminal = watch()
    terminal.child.send_signal(signal.SIGTSTP)
    terminal.await_that(lambda screen: not screen.alternate)
    os.waitid(os.P_PID, terminal.child.pid, os.WSTOPPED | os.WNOWAIT)
    assert terminal.is_restored()
    terminal.child.send_signal(signal.SIGCONT)
    terminal.await_text("q quit")
    assert terminal.screen.alternate
    terminal.key("\x03")
    assert terminal.end()[0] == -signal.SIGINT
    assert terminal.is_restored()


def test_watch_several(bench, kernel, watch):
    """watch: several boards: Tab and arrows change, an alarm elsewhere is seen"""
    bench.tree.add("healthy").add("undervoltage", "shed")
    terminal = watch()
    terminal.await_text("house board 1 of 2")
    terminal.await_text("shed: LOAD DISCONNECTED: the bank is empty")
    for key, name in (("\t", "shed"), ("\033[C", "house"), ("\033[D", "shed")):
        terminal.key(key)
        terminal.await_text(f"smallBMS {name} board ")
    bench.tree.remove("shed")
    kernel.send("remove", "shed")
    terminal.await_that(lambda s: "smallBMS house" in s.words and
                        "of 2" not in s.words)
    bench.tree.remove()
    kernel.send("remove")
    terminal.await_text("There is no board")
    terminal.key("rcy\t")
    bench.tree.add("healthy")
    kernel.send("add")
    terminal.await_text("All well")


def test_watch_several_count(bench, watch):
    """watch: the countdown of a board that is not selected goes on"""
    bench.tree.add("healthy").add("pre-alarm", "shed")
    terminal = watch()
    terminal.await_text("shed: PRE-ALARM: the load will be cut in 23 s")
    bench.tree.put("device/disconnect_in_ms", 21000, "shed")
    terminal.await_text("shed: PRE-ALARM: the load will be cut in 21 s")


@pytest.mark.parametrize("args", ((), ("--board", "house")))
def test_watch_no_board(bench, kernel, watch, args):
    """watch: it starts without a board, and shows one when it comes"""
    terminal = watch(*args)
    terminal.await_text("There is no board")
    bench.tree.add("healthy")
    kernel.send("add")
    terminal.await_text("All well")
    terminal.key("q")
    assert terminal.end() == (DONE, "")


def test_watch_wrong_board(bench, kernel):
    """watch: a board that is none of those there are is refused"""
    bench.tree.add("healthy")
    terminal = Terminal(bench, "watch", "--board", "hous")
    code, err = terminal.end()
    assert code == NO_BOARD and "hous: no such board; there is: house" in err
    terminal.close()


def test_watch_measurements(bench, watch):
    """watch: what is measured is kept fresh"""
    bench.tree.add("over-temperature")
    terminal = watch()
    assert terminal.screen.row_of("Voltage") == "13.21 V"
    bench.tree.put("voltage_now", 12750000)
    terminal.await_that(lambda s: s.says("Voltage", "12.75 V"))


def test_watch_random_keys(bench, watch):
    """watch: keys at random do no harm, and never write without y"""
    bench.tree.add("healthy").add("healthy", "shed")
    terminal = watch()
    before = bench.tree.content()
    for keys in ("\033[", "\033[1;5C", "\033O", "\0", "\xff\xfe", "rrrccc",
                 "\033[999999999999~", "\t" * 50, "rc" * 30, "\f\f", "\r\n"):
        terminal.key(keys)
    terminal.key("\f")
    while terminal.look(0.2):
        pass
    assert terminal.child.poll() is None
    assert bench.tree.content() == before


def test_watch_no_terminal(bench):
    """watch: without a terminal, or on one that can nothing, it says so"""
    bench.tree.add("healthy")
    bench.refuses("watch", expect=FAILED, why="watch: needs a terminal")
    bench.refuses("watch", "--json", expect=USAGE, why="monitor --json")
    terminal = Terminal(bench, "watch", env={"TERM": "dumb"})
    code, err = terminal.end()
    assert code == FAILED and "needs a terminal" in err
    assert not terminal.shown
    terminal.close()


def test_watch_hang_up(bench, watch):
    """watch: the terminal is closed: it ends"""
    bench.tree.add("healthy")
    terminal = watch()
    terminal.close()
    assert terminal.child.wait(TIMEOUT_S) != DONE
