# SPDX-License-Identifier: GPL-2.0
"""power-down: the service, with a systemctl that only notes what is asked of it."""

import os
import re
import signal
import socket
import time

import pytest

from bench import DONE, USAGE

BEAT_S = 1

SYSTEMCTL = """#!/bin/sh
# What is asked, and what is on disk by then
printf '%s\n%s\n' "$*" "$(/bin/cat "$STATE_DIRECTORY/power-down.log")" >>"$ASKED"
[ ! -e "$REFUSED" ] || read -r refused <"$REFUSED"
[ ! "$SLOW_S" ] || /bin/sleep "$SLOW_S"
case $1 in $refused) exit 1 ;; esac
"""


class Service:
    """power-down as it runs, with one line of the file in each setting."""

    def __init__(self, bench, kernel, systemctl="systemctl", **settings):
        self.bench, self.kernel = bench, kernel
        folder = os.path.join(bench.folder, "service")
        self.asked = os.path.join(folder, "asked")
        self.refused = os.path.join(folder, "refused")
        os.makedirs(folder)
        with open(f"{folder}/conf", "w", encoding="ascii") as file:
            file.writelines(f"{key}={value}\n" for key, value in settings.items())
        with open(f"{folder}/{systemctl}", "w", encoding="ascii") as file:
            file.write(SYSTEMCTL)
        os.chmod(f"{folder}/{systemctl}", 0o755)
        self.folder = folder
        self.child = None
        self.said = []

    def refuse(self, command):
        """systemctl refuses that, or all commands: *"""
        with open(self.refused, "w", encoding="ascii") as file:
            file.write(f"{command}\n")

    def start(self, **more):
        # There must be no way to the real systemctl
        env = {"PATH": self.folder, "STATE_DIRECTORY": self.folder,
               "ASKED": self.asked, "REFUSED": self.refused, **more}
        self.child = self.bench.start("power-down", f"{self.folder}/conf", env=env)
        self.kernel.accept()
        return self

    def says(self, pattern):
        """Wait for a line; return it."""
        for line in self.child.stderr:
            self.said.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"it ended, and did not say {pattern!r}")

    def questions(self):
        """What systemctl was asked so far, and the reasons known by then."""
        if not os.path.exists(self.asked):
            return ""
        with open(self.asked, encoding="utf-8") as file:
            return file.read()

    def await_question(self, count=1):
        while self.questions().count("poweroff -i\n") < count:
            assert not self.bench.ended(self.child), self.child.stderr.read()
        return self.questions()

    def change(self, name="house", **values):
        """Change attributes of the board, and tell of it."""
        for key, value in values.items():
            path = key if key == "status" else f"device/{key}"
            self.bench.tree.put(path, value, name)
        self.kernel.send(name=name)

    def asked_nothing(self, name="house"):
        """Whether it has asked for nothing, once it has looked again."""
        self.change(name, conditions="implausible")
        self.says(f"{name}: .*cannot be believed")
        return not self.questions()

    def intends_nothing(self, name="house"):
        """Whether there was not even what powers down if it lasts."""
        return self.asked_nothing(name) and \
            not any("powering down" in line for line in self.said)


def serve(bench, kernel, state, **settings):
    bench.tree.add(state)
    return Service(bench, kernel, **{"BOARDS": "house", "SUPPLY": "load",
                                     "GRACE": 0, **settings}).start()


@pytest.fixture
def systemd():
    """What systemd hears, by an abstract socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("")
        listener.settimeout(2 * BEAT_S)
        yield listener


def environment(systemd, **more):
    return {"NOTIFY_SOCKET": systemd.getsockname().decode().replace("\0", "@"),
            "WATCHDOG_USEC": str(int(2e6 * BEAT_S)), **more}


def test_watchdog(bench, kernel, systemd):
    """power-down: systemd hears in time that the service runs, and not that it is stopped"""
    bench.tree.add("healthy")
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load")
    service.start(**environment(systemd))
    begun = time.monotonic()
    for _ in range(3):
        assert systemd.recv(100) == b"WATCHDOG=1"
    assert time.monotonic() - begun > BEAT_S
    service.child.send_signal(signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        while True:     # what was on its way
            systemd.recv(100)
    service.child.send_signal(signal.SIGCONT)
    assert systemd.recv(100) == b"WATCHDOG=1"


def test_other_watchdog(bench, kernel, systemd):
    """power-down: a watchdog that is another process's hears nothing"""
    bench.tree.add("healthy")
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load")
    service.start(**environment(systemd, WATCHDOG_PID="1"))
    with pytest.raises(TimeoutError):
        systemd.recv(100)


def test_lasting(bench, kernel):
    """P2: an alarm that lasts for DELAY powers down; by then the reason is on disk (P4)"""
    begun = time.monotonic()
    service = serve(bench, kernel, "nearly-empty", DELAY=1)
    asked = service.await_question()
    assert time.monotonic() - begun >= 1
    assert re.fullmatch(r"poweroff -i\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d house: "
                        r"powering down: the alarm has lasted [1-9]\d* s\n", asked), asked
    assert "the alarm has lasted" in service.says("powering down:")


def test_near_cut(bench, kernel):
    """P2: a cut that is nearer than DELAY does not wait for it"""
    service = serve(bench, kernel, "nearly-empty", DELAY=600)
    service.change(conditions="cell-low cell-undervoltage", pre_alarm="on",
                   disconnect_in_ms=8000)
    assert "the load is cut in 8 s" in service.await_question()


@pytest.mark.parametrize("cut", (-1, 20000))
def test_near_shed(bench, kernel, cut):
    """P2: a shed cuts the load as well"""
    service = serve(bench, kernel, "floor-counts", DELAY=600)
    service.change(pre_alarm="on", shed_in_ms=8000, disconnect_in_ms=cut)
    assert "the load is cut in 8 s" in service.await_question()


@pytest.mark.parametrize("shed", (-1, 20000))
def test_near_cut_in_shed(bench, kernel, shed):
    """P2: ... and undervoltage may be sooner"""
    service = serve(bench, kernel, "floor-counts", DELAY=600)
    service.change(pre_alarm="on", shed_in_ms=shed, disconnect_in_ms=8000)
    assert "the load is cut in 8 s" in service.await_question()


def test_passed(bench, kernel):
    """P2: an alarm that passes does not power down"""
    service = serve(bench, kernel, "nearly-empty", DELAY=600)
    service.says("house: alarm; powering down if it lasts")
    service.change(alarm=0, conditions="none", disconnect_in_ms=-1)
    service.says("house: the alarm has passed; not powering down")
    assert service.asked_nothing()


def test_lost_event(bench, kernel):
    """P1: it reads the state again now and then, also when no event comes"""
    service = serve(bench, kernel, "nearly-empty", DELAY=600)
    service.says("powering down if it lasts")
    bench.tree.put("device/alarm", 0)
    service.says("house: the alarm has passed; not powering down")
    assert service.asked_nothing()


@pytest.mark.parametrize("why, state, values", (
    ("the bank is being charged", "undervoltage", {"status": "Charging"}),
    ("the alarm is only held", "healthy", {"device/alarm": 1, "device/pre_alarm": "on"}),
    ("all is well", "healthy", {}),
    ("there is no alarm (remote off)", "remote-off", {"device/conditions": "cell-low"}),
), ids=str)
def test_no_reason(bench, kernel, why, state, values):
    """P2: nothing is powered down while {why}"""
    bench.tree.add(state)
    for path, value in values.items():
        bench.tree.put(path, value)
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load", DELAY=0,
                      GRACE=0).start()
    service.says("house: watched")
    assert service.intends_nothing()


@pytest.mark.parametrize("state, values", (
    ("implausible", {}), ("implausible", {"conditions": "cell-low cell-overvoltage"}),
    ("undervoltage", {"conditions": "cell-low over-temperature under-temperature"}),
    ("io-error", {}), ("io-error-load-off", {}),
    ("undervoltage", {"alarm": "junk"}), ("undervoltage", {"conditions": "none "*99}),
    ("undervoltage", {"disconnect_in_ms": ""})), ids=str)
def test_unknown(bench, kernel, state, values):
    """P4: what cannot be believed or read is told, and powers nothing down"""
    bench.tree.add(state)
    for name, value in values.items():
        bench.tree.put(f"device/{name}", value)
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load", DELAY=0,
                      GRACE=0).start()
    service.says("house: .*nothing is powered down because of it")
    service.change(alarm=0, conditions="none", disconnect_in_ms=-1)
    service.says("house: it can be read and believed again")
    assert service.intends_nothing()


def test_not_charging(bench, kernel):
    """P3: a current that flows out of the bank is no charge, whatever direction was the last"""
    bench.tree.add("undervoltage").put("status", "Charging").put("current_now", -31000) \
        .put("device/measurements/current_age_s", 1)
    service = Service(bench, kernel, BOARDS="house", SUPPLY="bank", RESERVE=0, GRACE=0).start()
    assert "undervoltage has lasted" in service.await_question()


def test_slow_order(bench, kernel, systemd):
    """P1: systemd hears that the service runs while orders take their time and fail"""
    bench.tree.add("undervoltage")
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load", DELAY=0, GRACE=0)
    service.refuse("*")
    service.start(**environment(systemd, SLOW_S="5"))
    service.await_question()
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:     # what was on its way
            systemd.recv(100)
    service.await_question(2)
    assert systemd.recv(100) == b"WATCHDOG=1"


def test_unplugged(bench, kernel):
    """P4: a board that is not there, or goes, is told, and powers nothing down"""
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load", DELAY=0,
                      GRACE=0).start()
    service.says("house: it is not there: unplugged")
    bench.tree.add("healthy")
    kernel.send("add")
    service.says("house: it can be read and believed again")
    bench.tree.remove()
    kernel.send("remove")
    service.says("house: it is not there: unplugged")
    bench.tree.add("healthy")
    kernel.send("add")
    assert service.intends_nothing()


def test_which_board(bench, kernel):
    """P1: of two boards only the one that is named counts"""
    bench.tree.add("healthy", "shed")
    service = serve(bench, kernel, "undervoltage", BOARDS="shed", DELAY=0)
    service.says("shed: watched")
    assert service.intends_nothing("shed")
    service.change("shed", conditions="cell-low", alarm=1)
    assert "shed: powering down" in service.await_question()
    assert "house" not in service.questions()


def test_all_boards(bench, kernel):
    """P1: BOARDS=* is every board, also one that comes; one that goes is missed"""
    service = serve(bench, kernel, "healthy", BOARDS="*", DELAY=0)
    service.says("house: watched")
    bench.tree.add("healthy", "shed")
    kernel.send("add", "shed")
    service.says("shed: watched")
    bench.tree.remove()
    kernel.send("remove")
    service.says("house: it is not there")
    service.change("shed", conditions="cell-low", alarm=1)
    assert "shed: powering down" in service.await_question()


def test_repeated(bench, kernel):
    """P4: an order that is refused, or not carried out, is given again; its reason is told once"""
    bench.tree.add("undervoltage")
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load", DELAY=0, GRACE=0)
    service.refuse("*")
    service.start()
    service.says("house: the order to power down was not accepted")
    service.says("house: still not powered down; again")
    asked = service.await_question(2)
    with open(f"{service.folder}/power-down.log", encoding="ascii") as file:
        assert file.read().count("\n") == 1
    assert asked.count("poweroff -i") == 2
    assert asked.count("start poweroff.target ") >= 1


def test_blocked(bench, kernel):
    """P4: where logind refuses, as an inhibitor is held, systemd is told directly"""
    bench.tree.add("undervoltage")
    service = Service(bench, kernel, BOARDS="house", SUPPLY="load", DELAY=0, GRACE=0)
    service.refuse("poweroff")
    service.start()
    service.says("house: still not powered down; again")
    assert "start poweroff.target --no-block --job-mode=replace-irreversibly\n" \
        in service.questions()
    assert not any("not accepted" in line for line in service.said)


def test_no_systemctl(bench, kernel):
    """P4: that systemctl cannot be run is told, and it goes on trying"""
    bench.tree.add("undervoltage")
    service = Service(bench, kernel, systemctl="other", BOARDS="house", SUPPLY="load",
                      DELAY=0, GRACE=0).start()
    service.says("smallbms: systemctl: No such file")
    service.says("house: the order to power down was not accepted")


# ---- from the bank


def clock(bench):
    """A real-time clock that is wrong; return its folder."""
    folder = os.path.join(bench.tree.root, "class/rtc/rtc0")
    os.makedirs(folder)
    for name, value in (("since_epoch", "1000000\n"), ("wakealarm", "")):
        with open(f"{folder}/{name}", "w", encoding="ascii") as file:
            file.write(value)
    return folder


def test_bank(bench, kernel):
    """P3: from the bank, neither the alarm nor the cut powers down: somebody must let the
    charger work (B5)"""
    service = serve(bench, kernel, "undervoltage", SUPPLY="bank", DELAY=0)
    service.says("house: undervoltage; powering down if it lasts")
    assert service.asked_nothing()


def test_bank_charged(bench, kernel):
    """P3: nor does undervoltage while the bank is being charged"""
    bench.tree.add("undervoltage").put("status", "Charging")
    service = Service(bench, kernel, BOARDS="house", SUPPLY="bank", RESERVE=0,
                      GRACE=0).start()
    service.says("house: watched")
    assert service.intends_nothing()


def test_wake(bench, kernel):
    """P3: undervoltage for RESERVE powers down; before, the next WAKE is set in the clock"""
    folder = clock(bench)
    service = serve(bench, kernel, "undervoltage", SUPPLY="bank", RESERVE=0,
                    WAKE="10:00")
    asked = service.await_question()
    assert re.search(r"undervoltage has lasted \d+ s without charge\n", asked)
    assert "waking up in" in service.says("waking up")
    with open(f"{folder}/wakealarm", encoding="ascii") as file:
        seconds = int(file.read()) - 1000000
    assert 300 <= seconds <= 25 * 3600
    # Here the time went on since
    at = time.localtime(time.time() + seconds)
    assert at.tm_hour == 10 and at.tm_min < 10, at


def test_wake_impossible(bench, kernel):
    """P3: where no clock can wake the machine, that is told, and it powers down"""
    service = serve(bench, kernel, "undervoltage", SUPPLY="bank", RESERVE=0,
                    WAKE="10:00")
    service.says("house: no wake-up can be set: No such device")
    service.await_question()


def test_wake_load(bench, kernel):
    """P3: fed from the load output, no wake-up is set"""
    folder = clock(bench)
    service = serve(bench, kernel, "undervoltage", DELAY=0, WAKE="10:00")
    service.await_question()
    with open(f"{folder}/wakealarm", encoding="ascii") as file:
        assert file.read() == ""


# ---- the file

LOAD = "BOARDS=house\nSUPPLY=load\n"
MISTAKES = (
    ("SUPPLY=load\n", "", "BOARDS", "missing"),
    ("BOARDS=house\n", "", "SUPPLY", "missing"),
    (LOAD + "DELAY\n", ", line 3", "DELAY", "not KEY=value"),
    (LOAD + "\n# so\nDELAY=10s\n", ", line 5", "DELAY", "'10s' is not a whole number from 0 to 600"),
    (LOAD + "DELAY=\n", ", line 3", "DELAY", "no value"),
    (LOAD + "DELAY=-1\n", ", line 3", "DELAY", "'-1' is not a whole number"),
    (LOAD + "DELAY=601\n", ", line 3", "DELAY", "'601' is not a whole number"),
    (LOAD + f"DELAY={2**64}\n", ", line 3", "DELAY", "is not a whole number"),
    (LOAD + "DELAY=0x5\n", ", line 3", "DELAY", "is not a whole number"),
    (LOAD + "DELAY= 5\n", ", line 3", "DELAY", "is not a whole number"),
    (LOAD + "GRACE=3601\n", ", line 3", "GRACE", "from 0 to 3600"),
    (LOAD + "RESERVE=1441\n", ", line 3", "RESERVE", "from 0 to 1440"),
    (LOAD + "WAKE=24:00\n", ", line 3", "WAKE", "'24:00' is not a time of the day"),
    (LOAD + "WAKE=10:60\n", ", line 3", "WAKE", "'10:60' is not a time of the day"),
    (LOAD + "WAKE=9:00\n", ", line 3", "WAKE", "such as 10:00"),
    (LOAD + "WAKE=10:00:00\n", ", line 3", "WAKE", "such as 10:00"),
    (LOAD + "DELAY=5\nDELAY=6\n", ", line 4", "DELAY", "it is already in line 3"),
    (LOAD + "DELY=5\n", ", line 3", "DELY", "no such setting"),
    (LOAD + "delay=5\n", ", line 3", "delay", "no such setting"),
    (LOAD + " DELAY=5\n", ", line 3", "line", "it begins with a blank"),
    ("BOARDS=house\nSUPPLY=mains\n", ", line 2", "SUPPLY", "'mains' is neither load nor bank"),
    ("SUPPLY=load\nBOARDS=\"house\"\n", ", line 2", "BOARDS", "without quotes"),
    ("SUPPLY=load\nBOARDS=house *\n", ", line 2", "BOARDS", "'*' is not the name"),
    ("SUPPLY=load\nBOARDS=a/b\n", ", line 2", "BOARDS", "'a/b' is not the name"),
    ("SUPPLY=load\nBOARDS=a b a\n", ", line 2", "BOARDS", "'a' is named twice"),
    ("SUPPLY=load\nBOARDS=" + "x" * 256 + "\n", ", line 2", "BOARDS", "too long"),
    ("SUPPLY=load\nBOARDS=" + " ".join(map(str, range(17))) + "\n", ", line 2",
     "BOARDS", "more than 16 boards"),
    (LOAD + "#" + "x" * 9999 + "\n", ", line 3", "line", "too long"),
    (LOAD + "DE\033LAY=5\n", ", line 3", "DE?LAY", "no such setting"),
    (LOAD + "=5\n", ", line 3", "", "no such setting"),
    (LOAD + "DELAY=5\033[2J\n", ", line 3", "DELAY", "'5?[2J' is not a whole number"),
)


def write(bench, text):
    path = os.path.join(bench.folder, "power-down.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


@pytest.mark.parametrize("command", (("power-down", "--check"), ("power-down",)), ids=len)
def test_mistakes(bench, command):
    """P1: each mistake in the file is refused, with its line, name and reason"""
    for text, where, name, why in MISTAKES:
        path = write(bench, text)
        result = bench.run(*command, path, expect=USAGE)
        assert result.err.startswith(f"smallbms: {path}{where}: {name or chr(39)*2}: "), result.err
        assert why in result.err and result.err.count("\n") == 1, result.err
        assert not result.out


def test_all_mistakes(bench):
    """P1: all of the mistakes are told at once; so is a file that is not there"""
    path = write(bench, "SUPPLY=mains\nDELAY=x\nWAKE=noon\n")
    assert bench.run("power-down", "--check", path, expect=USAGE).err.count("\n") == 4
    bench.refuses("power-down", "--check", path + "x", expect=USAGE,
                  why="cannot be read: No such file")
    bench.refuses("power-down", "--board", "house", path, expect=USAGE,
                  why="named by BOARDS")


@pytest.mark.parametrize("text, words", (
    (LOAD, "Boards: house Fed from the load output: powers down when an alarm has "
     "lasted 10 s, and at once when the load is cut within 10 s Not while the bank is "
     "being charged, nor within 300 s of the boot unless a cut is counting down"),
    ("# so\n\nBOARDS=house  shed\nSUPPLY=bank\nRESERVE=90\nGRACE=0\nWAKE=07:30",
     "Boards: house shed Fed from the bank: powers down when undervoltage has lasted "
     "90 min Wake-up: at 07:30, but no clock of this machine can do that Not while the "
     "bank is being charged, nor within 0 s of the boot shed is not there now"),
    ("BOARDS=*\nSUPPLY=bank\n", "Boards: all Fed from the bank: powers down when "
     "undervoltage has lasted 60 min No wake-up Not while the bank is being charged, "
     "nor within 300 s of the boot")), ids=("load", "bank", "all"))
def test_check(bench, text, words):
    """P1: --check tells what the file means, and does nothing else"""
    bench.tree.add("undervoltage")
    assert bench.run("power-down", "--check", write(bench, text)).words == words


def test_example(bench):
    """P1: the file that comes with the service has no mistake, also without its '#'"""
    example = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           "../../../tools/systemd/power-down.conf")
    assert bench.run("power-down", "--check", example).code == DONE
    with open(example, encoding="ascii") as file:
        text = re.sub(r"(?m)^#([A-Z]+=)", r"\1", file.read())
    assert text.count("=") >= 6
    bench.run("power-down", "--check", write(bench, text))
