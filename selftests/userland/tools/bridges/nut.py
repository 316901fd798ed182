# SPDX-License-Identifier: GPL-2.0
"""nut: the files for dummy-ups, and what NUT's own programs make of them.

upsd, upsc, upsmon and dummy-ups are Debian's, in a folder of their own, with the
snippets that the package brings. In the place of systemd, Manager does for the bridge
what the unit asks of it.
"""

import contextlib
import os
import re
import resource
import shlex
import signal
import socket
import subprocess
import threading
import time

import pytest

from bench import DONE, FAILED, USAGE
from live import Kernel, await_asleep, wake_ups
from tree import NEVER_S, values

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "../../../../tools")
UNIT = os.path.join(TOOLS, "systemd/smallbms-nut.service.in")
NUT = "/usr/lib/nut"
# From a change of a board to what upsc prints
SHOWN_S = 5
# Against a bridge that hangs
LIMIT_S = 30
# From the end of the bridge, or its last sign of life, to what upsc prints
DEAD_S = 5
STOPPED_S = 15


def unit(key):
    """What the unit sets, without the folder of the program."""
    with open(UNIT, encoding="ascii") as file:
        return re.search(rf"^{key}=(?:@bindir@/)?(.*)$", file.read(), re.M).group(1)


def until(condition, limit_s, pause_s=0.05):
    """Wait until it is true; how long that took."""
    begun = time.monotonic()
    while not condition():
        took = time.monotonic() - begun
        assert took < limit_s, f"not within {limit_s} s"
        time.sleep(pause_s)
    return time.monotonic() - begun


def never(condition, span_s, pause_s=0.1):
    """It stays untrue for so long."""
    end = time.monotonic() + span_s
    while time.monotonic() < end:
        assert not condition()
        time.sleep(pause_s)


class Manager:
    """Starts the bridge, and looks after it as the unit asks systemd to."""

    def __init__(self, bench, program, folder):
        self.bench = bench
        self.program = program
        self.folder = folder
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind(os.path.join(bench.folder, "notify"))
        self.listener.settimeout(0.1)
        self.child = None
        self.thread = None
        self.ready = threading.Event()
        self.beats = 0

    def command(self, *args):
        return [self.program, "--sysfs-root", self.bench.tree.root,
                "--directory", self.folder, *args]

    def start(self, *args, **kwargs):
        watchdog_us = int(1e6 * float(unit("WatchdogSec")))
        env = self.bench.environment({"NOTIFY_SOCKET": self.listener.getsockname(),
                                      "WATCHDOG_USEC": str(watchdog_us)})
        self.ready.clear()
        self.child = subprocess.Popen(self.command(*args), env=env, text=True,
                                      stderr=subprocess.PIPE, **kwargs)
        self.bench.children.append(self.child)
        self.thread = threading.Thread(target=self.look_after, args=(self.child,))
        self.thread.start()
        assert self.ready.wait(LIMIT_S), "never ready"

    def look_after(self, child):
        watchdog_s = float(unit("WatchdogSec"))
        seen = time.monotonic()
        while child.poll() is None:
            with contextlib.suppress(TimeoutError):
                word = self.listener.recv(100)
                if word == b"READY=1":
                    self.ready.set()
                elif word == b"WATCHDOG=1":
                    self.beats += 1
                    seen = time.monotonic()
            if time.monotonic() - seen > watchdog_s:
                child.send_signal(getattr(signal, unit("WatchdogSignal")))
        self.ready.set()
        words = shlex.split(unit("ExecStopPost"))[1:]
        subprocess.run(self.command(*words), check=True,
                       env=self.bench.environment(None))

    def wait(self):
        self.thread.join(LIMIT_S)
        return self.child.returncode, self.child.stderr.read()

    def end(self, how=signal.SIGTERM):
        self.child.send_signal(how)
        return self.wait()

    def close(self):
        if self.child:
            self.child.kill()
            self.thread.join()
        self.listener.close()


@pytest.fixture
def folder(bench):
    """Where the files are."""
    path = os.path.join(bench.folder, "smallbms-nut")
    os.mkdir(path)
    return path


@pytest.fixture
def manager(bench, bridge, folder):
    """What starts the bridge."""
    manager = Manager(bench, bridge("nut"), folder)
    yield manager
    manager.close()


def read(folder, name="house"):
    """{variable: value} of a file."""
    with open(os.path.join(folder, f"{name}.dev"), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split(": ", 1) for line in file]
    return {name: value if name == "ups.status" else
            re.sub(r"\\(.)", r"\1", re.fullmatch('"(.*)"', value).group(1))
            for name, value in lines}


def become(bench, kernel, state, name="house"):
    """Another state, of which the kernel tells."""
    for path, value in values(state).items():
        bench.tree.put(path, value, name)
    kernel.send(name=name)


# ---- what a board is to NUT

STATES = (
    ("healthy", "OL", ""), ("overvoltage", "OL", "CHARGE DISCONNECTED"),
    ("over-temperature", "OL", "CHARGE DISCONNECTED"), ("user-inhibits", "OL", ""),
    ("gauge-stale", "OL", ""), ("sense-mismatch", "OFF", "LOAD DISCONNECTED: a terminal"),
    ("nearly-empty", "OB", "PRE-ALARM: the bank is nearly empty"),
    ("pre-alarm", "OB LB", "PRE-ALARM: the load will be cut in 23 s"),
    ("shed-counts", "OB LB", "PRE-ALARM: the load will be shed in 30 s"),
    ("undervoltage", "OFF LB", "LOAD DISCONNECTED: the bank is empty"),
    ("waiting-for-reconnect", "OFF LB", "LOAD DISCONNECTED: the cells recover"),
    ("remote-off", "OFF", ""), ("terminals-off", "OFF", ""), ("shed", "OFF", ""),
    ("floor-off", "OFF", ""),
    # What cannot be believed is not well, and no reason to power down (P4)
    ("io-error", "OB", "PRE-ALARM: "), ("implausible", "OB", "PRE-ALARM: "),
    ("io-error-load-off", "OFF", "LOAD DISCONNECTED: the lines cannot be read"),
    ("everything", "OFF", "LOAD DISCONNECTED: "))


def is_so(found, status, alarm):
    """The alarm begins with these words, or there is none."""
    return found["ups.status"] == status and bool(found["ups.alarm"]) == bool(alarm) and \
        found["ups.alarm"].startswith(alarm)


def test_states(bench, folder, manager):
    """nut: OL while the load is on and all is well, OB before a cut, OB LB when one
    counts down, OFF without load; what cannot be believed is not OL, nor LB (P4)"""
    kernel = Kernel(bench.tree.root)
    bench.tree.add("healthy")
    manager.start()
    kernel.accept()
    for state, status, alarm in STATES:
        become(bench, kernel, "healthy")
        until(lambda: read(folder)["ups.status"] == "OL", LIMIT_S)
        become(bench, kernel, state)
        until(lambda status=status, alarm=alarm: is_so(read(folder), status, alarm), LIMIT_S)
        if status == "OB":
            never(lambda: "LB" in read(folder)["ups.status"], 1.5)
    assert manager.end() == (DONE, "")
    kernel.close()


@pytest.mark.parametrize("path", ("load", "pre_alarm", "alarm", "conditions",
                                  "disconnect_in_ms"))
def test_unreadable(bench, folder, manager, path):
    """nut: a board whose {path} cannot be read has no status, and an alarm"""
    bench.tree.add("healthy").put(f"device/{path}", "junk here")
    if path == "conditions":
        bench.tree.take(f"device/{path}")
    manager.start()
    assert read(folder)["ups.status"] == ""
    assert read(folder)["ups.alarm"] == "the board cannot be read"
    manager.end()


def test_contradiction(bench, folder, manager):
    """nut: a countdown of lines that contradict each other, as of a cord that is
    pulled, is not LB, before the driver says implausible (F4)"""
    bench.tree.add("pre-alarm")
    bench.tree.put("device/conditions", "cell-low cell-undervoltage cell-overvoltage")
    manager.start()
    # Beyond what a countdown must last, and until it is read again
    bench.tree.put("charge_full_design", "100000000")
    never(lambda: read(folder)["ups.status"] != "OB", 1.5)
    until(lambda: read(folder)["battery.capacity"] == "100", 10)
    assert read(folder)["ups.status"] == "OB"
    manager.end()


def test_measured(bench, folder, manager):
    """nut: what is measured is in NUT's units; what is old, or no measurement, is
    missing"""
    bench.tree.add("gauge").put("charge_full_design", "200000000")
    manager.start()
    shown = read(folder)
    assert {name: shown[name] for name in shown if name.startswith("battery.")} == {
        "battery.type": "LiFePO4", "battery.charge": "63", "battery.runtime": "14160",
        "battery.voltage": "13.21", "battery.current": "-32.10",
        "battery.temperature": "21.3", "battery.capacity": "200",
        "battery.charger.status": "discharging"}
    assert shown["ups.mfr"] == "smallBMS" and shown["ups.model"] == "house"
    # As the driver has it while the bank is not being emptied
    bench.tree.put("time_to_empty_avg", NEVER_S)
    until(lambda: read(folder)["battery.runtime"] == "", 10)
    # Nobody tells of that: it is read again
    for path, value in values("gauge-stale").items():
        bench.tree.put(path, value)
    until(lambda: read(folder)["battery.voltage"] == "", 10)
    shown = read(folder)
    assert [name for name in shown if name.startswith("battery.") and shown[name]] == \
        ["battery.type", "battery.capacity"]
    manager.end()


# ---- the files


def test_label(bench, folder, manager):
    """nut: whatever a label holds, the file is one that NUT can read"""
    name = os.fsdecode(b'a "b\\ #:=\033\xff')
    bench.tree.add("healthy", name)
    manager.start()
    assert os.listdir(folder) == [f"{name}.dev"]
    shown = read(folder, name)
    assert shown["ups.model"] == 'a "b\\ #:=??' and shown["ups.status"] == "OL"
    manager.end()


def test_come_and_go(bench, folder, manager):
    """nut: a board that is asked for and not there is waited for; one that goes has
    no status; those that were not asked for have no file"""
    kernel = Kernel(bench.tree.root)
    bench.tree.add("healthy", "other")
    manager.start("house")
    kernel.accept()
    assert os.listdir(folder) == ["house.dev"]
    assert read(folder)["ups.status"] == ""
    assert read(folder)["ups.alarm"].startswith("the board is not there")
    bench.tree.add("healthy")
    kernel.send("add")
    until(lambda: read(folder)["ups.status"] == "OL", LIMIT_S)
    bench.tree.remove()
    kernel.send("remove")
    until(lambda: read(folder)["ups.status"] == "", LIMIT_S)
    assert os.listdir(folder) == ["house.dev"]
    manager.end()
    kernel.close()


def test_leftover(bench, folder, manager):
    """nut: the file of an earlier run, whose board is gone, is not left saying OL"""
    bench.tree.add("healthy", "old")
    manager.start()
    manager.child.kill()
    manager.wait()
    with open(os.path.join(folder, "old.dev"), "w", encoding="ascii") as file:
        file.write("ups.status: OL\n")
    bench.tree.remove("old")
    manager.start()
    assert read(folder, "old")["ups.status"] == ""
    manager.end()


def test_same_second(bench, folder, manager):
    """nut: dummy-ups sees each file, as no two have the same second, also where the
    clock was set back"""
    kernel = Kernel(bench.tree.root)
    bench.tree.add("healthy")
    manager.start()
    kernel.accept()
    path = os.path.join(folder, "house.dev")
    ahead = time.time() + 3600
    os.utime(path, (ahead, ahead))
    seen = [int(os.stat(path).st_mtime)]
    for state in ("nearly-empty", "remote-off", "healthy"):
        status = dict(each[:2] for each in STATES)[state]
        become(bench, kernel, state)
        until(lambda status=status: read(folder)["ups.status"] == status, LIMIT_S)
        seen.append(int(os.stat(path).st_mtime))
    assert seen == sorted(set(seen)), seen
    assert os.stat(path).st_mode & 0o777 == 0o640
    manager.end()
    kernel.close()


def test_flood(bench, folder, manager):
    """nut: a flood of events is answered five times a second, and what it hides is
    found"""
    kernel = Kernel(bench.tree.root)
    bench.tree.add("healthy")
    manager.start()
    kernel.accept()
    await_asleep(manager.child)
    before, begun = wake_ups(manager.child), time.monotonic()
    while time.monotonic() - begun < 2:
        with contextlib.suppress(BlockingIOError):
            for each in kernel.sockets:
                each.setblocking(False)
            kernel.send()
    took = time.monotonic() - begun
    woken = wake_ups(manager.child) - before
    print(f"{woken / took:.0f} wake-ups a second")
    assert woken / took < 10
    for path, value in values("nearly-empty").items():
        bench.tree.put(path, value)
    until(lambda: read(folder)["ups.status"] == "OB", SHOWN_S)
    manager.end()
    kernel.close()


def test_idle(bench, folder, manager):
    """nut: while nothing happens it wakes for its keepalive alone, twice in the time
    that systemd allows"""
    bench.tree.add("healthy")
    manager.start()
    await_asleep(manager.child)
    before, inode = wake_ups(manager.child), os.stat(f"{folder}/house.dev").st_ino
    begun, beats = time.monotonic(), manager.beats
    until(lambda: manager.beats == beats + 2, 2 * float(unit("WatchdogSec")))
    took = time.monotonic() - begun
    woken = wake_ups(manager.child) - before
    print(f"{woken} wake-ups in {took:.1f} s")
    assert woken <= 2 and took > float(unit("WatchdogSec")) / 2
    assert os.stat(f"{folder}/house.dev").st_ino == inode
    manager.end()


# ---- NUT itself


class Nut:
    """upsd and dummy-ups, of the package's snippets, with other folders and ports."""

    def __init__(self, bench, folder):
        self.bench = bench
        self.conf = os.path.join(bench.folder, "nut")
        self.ran = os.path.join(self.conf, "ran")
        os.mkdir(self.conf)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.write("nut.conf", "MODE=standalone\n")
        self.write("upsd.conf", f"LISTEN 127.0.0.1 {self.port}\n")
        self.write("ups.conf", self.snippet("ups.conf").replace(
            "/run/smallbms-nut", folder))
        self.write("upsd.users", self.snippet("upsd.users"))
        self.write("upsmon.conf", self.snippet("upsmon.conf").replace(
            "@localhost", f"@localhost:{self.port}").replace(
                "/sbin/shutdown -h +0", f"touch {self.ran}") + "MINSUPPLIES 1\n")
        self.env = {**bench.environment(None), "NUT_CONFPATH": self.conf,
                    "NUT_STATEPATH": self.conf, "NUT_ALTPIDPATH": self.conf}
        # The driver first: upsd tries again only every some seconds
        self.driver()
        until(lambda: os.path.exists(f"{self.conf}/dummy-ups-house"), LIMIT_S)
        self.run("upsd", "-F", "-u", "root")
        until(lambda: "Connection" not in self.ask(), LIMIT_S)

    def write(self, name, text):
        with open(os.path.join(self.conf, name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(self.conf, name), 0o640)

    @staticmethod
    def snippet(name):
        with open(os.path.join(TOOLS, "nut", name), encoding="utf-8") as file:
            return file.read()

    def run(self, *command):
        # As who runs the tests, for the folder is his
        user = ["root"] if not os.geteuid() else [os.environ["USER"]]
        command = [user[0] if each == "root" else each for each in command]
        with open(os.path.join(self.conf, f"{command[0]}.log"), "ab") as log:
            child = subprocess.Popen([f"{NUT}/{command[0]}", *command[1:]],
                                     stdout=log, stderr=log, env=self.env,
                                     stdin=subprocess.DEVNULL)
        self.bench.children.append(child)
        return child

    def driver(self):
        return self.run("dummy-ups", "-F", "-a", "house", "-u", "root")

    def ask(self, *variable):
        """What upsc prints, be it an error."""
        result = subprocess.run(
            ["upsc", f"house@127.0.0.1:{self.port}", *variable], env=self.env,
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        error = re.search("^Error: (.*)", result.stderr, re.M)
        return error[0] if error else result.stdout.strip()

    def shows(self, status, limit_s):
        took = until(lambda: self.ask("ups.status") == status, limit_s)
        print(f"'{status}' after {took:.1f} s")


@pytest.fixture
def nut(bench, folder, manager):
    """NUT, the bridge and a board that is well."""
    bench.tree.add("gauge")
    kernel = Kernel(bench.tree.root)
    manager.start("house")
    kernel.accept()
    desk = Nut(bench, folder)
    desk.kernel = kernel
    desk.shows("OL", LIMIT_S)
    yield desk
    kernel.close()


def test_upsc(bench, folder, nut, manager):
    """nut: upsc shows OL, OB and OB LB within 5 s each, and OL again; a value that is
    gone is gone"""
    assert nut.ask("battery.voltage") == "13.21"
    for state, status in (("nearly-empty", "OB"), ("pre-alarm", "OB LB"),
                          ("healthy", "OL")):
        become(bench, nut.kernel, state)
        nut.shows(status, SHOWN_S)
        print(nut.ask("ups.alarm"))
    assert nut.ask("ups.alarm") == "Error: Variable not supported by UPS"
    for path, value in values("gauge-stale").items():
        bench.tree.put(path, value)
    until(lambda: nut.ask("battery.voltage").startswith("Error: Variable"), 10)
    assert nut.ask("ups.model") == "house"
    # The same as the file, which has no more than NUT knows
    shown = dict(line.split(": ", 1) for line in nut.ask().splitlines())
    assert shown["ups.status"] == "OL"
    assert not set(name for name, value in read(folder).items() if value) - set(shown)
    manager.end()


def test_upsmon(bench, nut, manager):
    """nut: upsmon runs its SHUTDOWNCMD when a cut counts down; not for a pre-alarm, nor
    for lines that cannot be read (P4)"""
    monitor = nut.run("upsmon", "-F", "-u", "root")
    with open(f"{nut.conf}/upsmon.log", encoding="utf-8") as log:
        def logged(text):
            log.seek(0)
            return text in log.read()

        for state in ("nearly-empty", "io-error"):
            become(bench, nut.kernel, state)
            nut.shows("OB", SHOWN_S)
            until(lambda: logged("on battery"), 10)
            never(lambda: os.path.exists(nut.ran), 4)
        assert monitor.poll() is None
        begun = time.monotonic()
        become(bench, nut.kernel, "pre-alarm")
        until(lambda: os.path.exists(nut.ran), 22.3)
    print(f"after {time.monotonic() - begun:.1f} s of 22.3 s")
    manager.end()


@pytest.mark.parametrize("how, limit_s", ((signal.SIGKILL, DEAD_S),
                                          (signal.SIGSTOP, STOPPED_S)),
                         ids=("SIGKILL", "SIGSTOP"))
def test_dies(nut, manager, how, limit_s):
    """nut: {limit_s} s after the bridge has got {how.name} upsc says OL no more, and
    does so again when it is back"""
    manager.child.send_signal(how)
    nut.shows("", limit_s)
    assert nut.ask("ups.alarm") == "smallbms-nut does not run"
    assert nut.ask("battery.charge").startswith("Error: Variable")
    assert manager.wait()[0] == -signal.SIGKILL
    nut.kernel.sockets.clear()
    manager.start("house")
    nut.shows("OL", SHOWN_S)
    manager.end()
    nut.shows("", SHOWN_S)


def test_unplugged(bench, nut, manager):
    """nut: upsc has no status of a board that is unplugged, and OL when it is back"""
    bench.tree.remove()
    nut.kernel.send("remove")
    nut.shows("", SHOWN_S)
    bench.tree.add("healthy")
    nut.kernel.send("add")
    nut.shows("OL", SHOWN_S)
    manager.end()


def test_cannot_write(bench, folder, nut, manager):
    """nut: a file that cannot be replaced is removed, so that upsc says OL no more; it
    is back when it can be written"""
    resource.prlimit(manager.child.pid, resource.RLIMIT_FSIZE,
                     (0, resource.RLIM_INFINITY))
    become(bench, nut.kernel, "nearly-empty")
    until(lambda: nut.ask("ups.status").startswith("Error: "), SHOWN_S)
    assert os.listdir(folder) == []
    resource.prlimit(manager.child.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: os.path.exists(f"{folder}/house.dev"), 10)
    # What nut-driver@house.service does
    nut.driver()
    nut.shows("OB", LIMIT_S)
    code, err = manager.end()
    assert code == DONE
    assert re.fullmatch(r"(smallbms-nut: \S+/house.dev: cannot be written: .*\n)+", err)


# ---- the program


@pytest.mark.parametrize("args, why", (
    (("--nonsense",), "--nonsense: no such option"), (("--directory",), "--directory: "),
    (("a/b",), "a/b: not the name of a board"), (("",), "'': not the name"),
    (("--lost", "house"), "house: --lost is for all boards")))
def test_usage(bench, bridge, args, why):
    """nut: what is wrong on the command line is said: {args}"""
    result = subprocess.run([bridge("nut"), *args], check=False, text=True,
                            capture_output=True, env=bench.environment(None))
    assert result.returncode == USAGE and not result.stdout
    assert result.stderr.startswith(f"smallbms-nut: {why}"), result.stderr


def test_no_folder(bench, bridge):
    """nut: without its folder it ends, and says so"""
    bench.tree.add("healthy")
    for more in ((), ("--lost",)):
        result = subprocess.run(
            [bridge("nut"), "--directory", "/nonexistent", "--sysfs-root",
             bench.tree.root, *more], check=False, text=True, capture_output=True,
            env=bench.environment(None), timeout=LIMIT_S)
        assert result.returncode == FAILED
        assert "smallbms-nut: /nonexistent: No such file" in result.stderr


def test_help(bench, bridge):
    """nut: --help fits a terminal, --version has the driver's"""
    def run(option):
        return subprocess.run([bridge("nut"), option], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    assert run("--help").startswith("Usage: smallbms-nut ")
    assert max(map(len, run("--help").splitlines())) <= 80
    assert run("--version").split()[1] == bench.run("--version").out.split()[1]


def test_exposure(tmp_path):
    """nut's service is exposed at 2.0 or less, by systemd-analyze security"""
    path = tmp_path / "smallbms-nut.service"
    with open(UNIT, encoding="ascii") as file:
        path.write_text(file.read().replace("@bindir@/smallbms-nut", "/bin/true"))
    text = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                           path], check=True, text=True, stdout=subprocess.PIPE).stdout
    print(text.splitlines()[-1])
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", text).group(1)) <= 2
