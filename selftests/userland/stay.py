# SPDX-License-Identifier: GPL-2.0
"""`smallbms log --follow` and `smallbms watch` on a real board, journal and terminal.

The tests of each are the steps of one run.
"""

import base64
import re

import pytest

import box
from states import HEALTHY, OVERVOLTAGE, PRE_ALARM, UNDERVOLTAGE, begin, end

from userland.tools.screen import Screen

SIZE = (24, 80)
IDLE_S = 2
# The driver in the kernel's log, and power-down
SAYS = r"(?m)^(?:smallbms board-)?house: "


def logged(gateway):
    """What was said of the house, as the journal has it."""
    text = gateway.ok("journalctl -b -o cat --no-pager _TRANSPORT=kernel + "
                      "SYSLOG_IDENTIFIER=smallbms-power-down _UID=0")
    return [line for line in re.split(SAYS, "\n" + text)[1:]
            for line in line.split("\n")[:1]]


def gone(gateway, pid):
    return gateway.until(lambda: gateway.run(f"kill -0 {pid} 2>/dev/null")[0])


class Follower:
    """`smallbms log --follow` in the machine."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.pid = gateway.ok("smallbms --board house log --follow "
                              ">/run/followed 2>&1 & echo $!").strip()

    def lines(self):
        lines = self.gateway.ok("cat /run/followed").splitlines()
        return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d house: ", "", line)
                for line in lines]

    def await_all(self):
        """Waits until it has what the journal has; both."""
        self.gateway.until(lambda: self.lines() == logged(self.gateway))
        return self.lines(), logged(self.gateway)


@pytest.fixture(scope="module")
def log(house):
    return Follower(house)


def test_log_so_far(log):
    """log has what the driver told the journal so far"""
    followed, told = log.await_all()
    print(f"{len(followed)} messages")
    assert followed and followed == told


@pytest.mark.parametrize("state, wanted", (
    (PRE_ALARM, "pre-alarm"), (OVERVOLTAGE, "charge disconnected")))
def test_log_follow(log, state, wanted):
    """log --follow tells of it by itself: {state.name}"""
    end(log.gateway, "house", HEALTHY)
    had = len(log.await_all()[0])
    begin(log.gateway, "house", state)
    assert log.gateway.until(lambda: any(
        line.startswith(wanted) for line in log.lines()[had:]))


def test_log_once(log):
    """log --follow tells each message once, in order"""
    end(log.gateway, "house", HEALTHY)
    followed, told = log.await_all()
    print(f"{len(followed)} messages")
    assert followed == told


def test_log_ends(log):
    """log --follow ends when told to"""
    log.gateway.ok(f"kill -TERM {log.pid}")
    assert gone(log.gateway, log.pid)


def test_log_object(house):
    """log prints the same as an object"""
    lines = house.ok("smallbms --json --board house log | tail -n 1")
    assert f'"message":"{logged(house)[-1]}"' in lines.replace('": "', '":"')


class Terminal:
    """`smallbms watch` on a terminal in the machine, seen from outside."""

    def __init__(self, gateway):
        self.gateway = gateway
        rows, columns = SIZE
        gateway.ok(
            "rm -f /run/keys; mkfifo /run/keys; "
            "(export TERM=xterm-256color LC_ALL=C.UTF-8; exec script -qfec "
            f"'stty rows {rows} cols {columns}; echo $$ >/run/watch; "
            "exec smallbms --board house watch' /dev/null "
            "</run/keys >/run/seen 2>&1; ) & "
            "sleep 600 >/run/keys &")

    def screen(self):
        screen = Screen(*SIZE)
        screen.feed(base64.b64decode(self.gateway.ok("base64 /run/seen")))
        return screen

    def pid(self):
        return self.gateway.ok("cat /run/watch").strip()

    def await_text(self, text):
        assert self.gateway.until(lambda: text in self.screen().words), \
            self.screen().text

    def key(self, keys):
        self.gateway.ok(f"printf {keys} >/run/keys")

    def wake_ups(self):
        return self.gateway.ok("grep ^voluntary_ctxt_switches "
                               f"/proc/{self.pid()}/status")


@pytest.fixture(scope="module")
def terminal(house):
    end(house, "house", HEALTHY)
    return Terminal(house)


def switch(terminal, wanted):
    """Switches by the keys."""
    told = "remote-off" if wanted == "off" else ""
    terminal.gateway.ok(f"echo {told} >{box.BENCH}/bench-house/told")
    terminal.key("r")
    terminal.await_text(f"Switch the software remote {wanted.upper()}?")
    terminal.await_text("Type yes, or any other key for no:")
    terminal.key("yes")
    terminal.await_text(f"The remote is {wanted}")
    load = terminal.gateway.ok(f"cat {box.SUPPLIES}/house/device/load")
    assert load.strip() == wanted


def test_watch(terminal):
    """watch shows a healthy board"""
    terminal.await_text("All well")
    terminal.await_text("q quit")


def test_watch_idle(house, terminal):
    """watch neither draws nor wakes in 2 s in which nothing happens"""
    def look():
        return house.ok("wc -c </run/seen"), terminal.wake_ups()

    # On a busy host the bus stalls now and then, which is shown
    for _ in range(10):
        so_far, before = logged(house), look()
        house.ok(f"sleep {IDLE_S}")
        after = look()
        if logged(house) == so_far:
            break
    assert before == after


def test_watch_pre_alarm(house, terminal):
    """L2: watch shows a pre-alarm by itself, and counts the seconds to the disconnect"""
    begin(house, "house", UNDERVOLTAGE)
    seen = set()

    def counts():
        seen.update(re.findall(r"will be cut in (\d+) s", terminal.screen().words))
        return len(seen) > 2

    assert house.until(counts), terminal.screen().text


def test_watch_over(house, terminal):
    """watch shows that it is over"""
    end(house, "house", UNDERVOLTAGE)
    terminal.await_text("All well")


def test_watch_off(terminal):
    """M3: the key r switches load and charge off, once confirmed"""
    switch(terminal, "off")


def test_watch_on(terminal):
    """M4: and on again"""
    switch(terminal, "on")


def test_watch_quit(house, terminal):
    """q ends it, and gives the terminal back"""
    pid = terminal.pid()
    terminal.key("q")
    assert gone(house, pid)
    screen = terminal.screen()
    assert not screen.alternate and screen.is_normal
