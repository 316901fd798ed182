# SPDX-License-Identifier: GPL-2.0
"""`smallbms log --follow` and `smallbms watch` on a real board, journal and terminal."""

import base64
import re

import box
import states

from userland.tools.screen import Screen

HEALTHY, PRE_ALARM, UNDERVOLTAGE = (states.STATES[n] for n in (0, 1, -1))
SIZE = (24, 80)
IDLE_S = 2
SAYS = r"(?m)^smallbms board-house: "       # the driver, in the kernel's log


def logged(gateway):
    """What the driver has said of the house, as the journal has it."""
    text = gateway.ok("journalctl -k -o cat --no-pager")
    return [line for line in re.split(SAYS, "\n" + text)[1:]
            for line in line.split("\n")[:1]]


def gone(gateway, pid):
    return gateway.until(lambda: gateway.run(f"kill -0 {pid} 2>/dev/null")[0])


def test_log(gateway, report):
    """The journal, as it grows."""
    states.only(gateway, "board-house")
    states.end(gateway, "house", HEALTHY)
    pid = gateway.ok("smallbms --board house log --follow >/run/followed 2>&1 & "
                     "echo $!").strip()

    def followed():
        lines = gateway.ok("cat /run/followed").splitlines()
        return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d house: ", "", line)
                for line in lines]

    gateway.until(lambda: len(followed()) >= len(logged(gateway)) > 0)
    before = followed()
    report.result(before and before == logged(gateway), "log has what the driver "
                  f"told the journal so far ({len(before)} messages)")
    for state, wanted in ((PRE_ALARM, "pre-alarm"),
                          (states.STATES[2], "charge disconnected")):
        states.begin(gateway, "house", state)
        told = gateway.until(lambda had=len(before), wanted=wanted: any(
            line.startswith(wanted) for line in followed()[had:]))
        report.result(told, f"log --follow tells of it by itself: {state.name}")
        states.end(gateway, "house", state)
        gateway.until(lambda: followed() == logged(gateway))
        before = followed()
    same = before == logged(gateway)
    report.result(same, "log --follow tells each message once, in order "
                        f"({len(before)})")
    if not same:
        report.note(f"journal: {logged(gateway)}\nfollowed: {before}")
    gateway.ok(f"kill -TERM {pid}")
    report.result(gone(gateway, pid), "log --follow ends when told to")
    lines = gateway.ok("smallbms --json --board house log | tail -n 1")
    report.result(f'"message":"{logged(gateway)[-1]}"' in
                  lines.replace('": "', '":"'),
                  "log prints the same as an object")


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
        text = base64.b64decode(self.gateway.ok("base64 /run/seen")).decode(
            errors="ignore")
        screen = Screen(*SIZE)
        screen.feed(text)
        return screen

    def pid(self):
        return self.gateway.ok("cat /run/watch").strip()

    def shows(self, text, timeout=30):
        return self.gateway.until(lambda: text in self.screen().words, timeout)

    def key(self, keys):
        self.gateway.ok(f"printf {keys} >/run/keys")

    def wake_ups(self):
        return self.gateway.ok("grep ^voluntary_ctxt_switches "
                               f"/proc/{self.pid()}/status")


def remote(gateway, terminal, wanted):
    """Switches by the keys; whether the screen and the kernel say so."""
    gateway.ok(f"echo {'remote-off' if wanted == 'off' else ''} "
               f">{box.BENCH}/bench-house/told")
    terminal.key("r")
    asked = terminal.shows(f"Switch the software remote {wanted.upper()}?")
    terminal.key("y")
    return (asked and terminal.shows(f"The remote is {wanted}") and
            gateway.ok(f"cat {box.SUPPLIES}/house/device/load").strip() == wanted)


def test_watch(gateway, report):
    """The full screen."""
    states.only(gateway, "board-house")
    states.end(gateway, "house", HEALTHY)
    terminal = Terminal(gateway)

    def result(good, title):
        report.result(good, title)
        if not good:
            report.note(terminal.screen().text)

    result(terminal.shows("All well") and terminal.shows("q quit"),
           "watch shows a healthy board")
    drawn, woken = gateway.ok("wc -c </run/seen"), terminal.wake_ups()
    gateway.ok(f"sleep {IDLE_S}")
    result((drawn, woken) == (gateway.ok("wc -c </run/seen"),
                              terminal.wake_ups()),
           f"watch neither draws nor wakes in {IDLE_S} s in which nothing happens")

    states.begin(gateway, "house", UNDERVOLTAGE)
    seen = set()

    def counts():
        seen.update(re.findall(r"will be cut in (\d+) s",
                               terminal.screen().words))
        return len(seen) > 2

    result(gateway.until(counts), "watch shows a pre-alarm by itself, and counts "
                                  "the seconds to the disconnect (L2)")
    states.end(gateway, "house", UNDERVOLTAGE)
    result(terminal.shows("All well"), "watch shows that it is over")

    result(remote(gateway, terminal, "off"), "the key r switches load and charge "
                                             "off, once confirmed (M3)")
    result(remote(gateway, terminal, "on"), "and on again (M4)")
    gateway.ok(f"echo >{box.BENCH}/bench-house/told")

    pid = terminal.pid()
    terminal.key("q")
    ended = gone(gateway, pid)
    screen = terminal.screen()
    result(ended and not screen.alternate and screen.cursor,
           "q ends it, and gives the terminal back")
