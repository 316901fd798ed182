# SPDX-License-Identifier: GPL-2.0
"""Whatever happens to the bridges, the board does what it does without them.

Real services under systemd, each in the midst of a countdown of a real board, whose
pins and times are compared with those of a run without bridges.
"""

import re
import shlex
import time

import pytest

import box
from lib.vm import lab
from states import EMPTY, HEALTHY, end, only, set_levels

BOARD = "cabin"     # its lines need no bus, which a busy host would stall
BENCH = f"{box.BENCH}/bench-{BOARD}"
SUPPLY = f"{box.SUPPLIES}/{BOARD}"
COUNTDOWN_S = 30
# Never early; as late as on the pins, for the same reason: time is the host's
LATE_S = 0.5
# After the beginning of the countdown
STRIKE_S = 3

# What a bridge is flooded with, beside uevents
FLOODS = {"venus": "n=0; while [ $n -lt 200 ]; do busctl call "
                   f"com.victronenergy.battery.smallbms_{BOARD} / com.victronenergy.BusItem "
                   "GetItems; n=$((n + 1)); done"}

NUT_FILE = f"/run/smallbms-nut/{BOARD}.dev"
# How long a program may take to begin, where much begins at once
SLOW_S = 10


def unit(name):
    return f"smallbms-{name}"


def has_watchdog(gateway, name):
    return "WatchdogUSec=0" not in gateway.ok(f"systemctl show -p WatchdogUSec {unit(name)}")


def strike(gateway, how):
    """Do that to all of them at once."""
    units = " ".join(map(unit, box.bridges()))
    if how in ("KILL", "STOP"):
        gateway.ok(f"systemctl kill -s {how} {units}")
        return
    floods = " & ".join(f"({FLOODS[name]})" for name in box.bridges() if name in FLOODS)
    gateway.ok(f"(n=0; while [ $n -lt 2000 ]; do echo change >{SUPPLY}/uevent; "
               f"n=$((n + 1)); done) >/dev/null 2>&1 & ({floods} & wait) >/dev/null 2>&1 &")


def count_down(gateway, during):
    """What the outputs do from the moment at which a cell is empty: [(s, output,
    level)]."""
    end(gateway, BOARD, HEALTHY)
    gateway.ok(f"echo >{BENCH}/record")
    set_levels(gateway, BOARD, dict.fromkeys(EMPTY, 1))
    begun = time.monotonic()
    gateway.ok(f"sleep {STRIKE_S}")
    during()
    assert gateway.until(lambda: gateway.ok(f"cat {BENCH}/level/load").strip() == "0",
                         COUNTDOWN_S + 60)
    gateway.ok("sleep 1")
    record = gateway.ok(f"cat {BENCH}/record")
    print(f"{time.monotonic() - begun:.0f} s")
    start, changes = None, []
    for ns, kind, name, level in re.findall(
            r"^(\d+) (\w+) (\S+) ([01])$", record, re.M):
        if kind == "stimulus" and name == "cell-undervoltage":
            start = int(ns)
        elif kind == "set" and start is not None and name in lab.OUTPUTS:
            changes.append(((int(ns) - start) / 1e9, name, int(level)))
    end(gateway, BOARD, HEALTHY)
    return changes


@pytest.fixture(scope="module")
def cabin(gateway):
    """The gateway with the board cabin, which is healthy, and all bridges."""
    only(gateway, "board-cabin", "solar")
    end(gateway, BOARD, HEALTHY)
    for name in box.bridges():
        assert gateway.run(f"systemctl is-enabled {unit(name)}")[0], "nobody has asked for it"
    yield gateway
    for name in box.bridges():
        gateway.run(f"systemctl disable --now {unit(name)} 2>&1", 300)


@pytest.fixture(scope="module")
def alone(cabin):
    """What the outputs do without bridges."""
    changes = count_down(cabin, lambda: None)
    print(changes)
    assert [each[1:] for each in changes] == [("pre-alarm", 1), ("load", 0)]
    return changes


@pytest.fixture(scope="module")
def served(cabin, alone):
    """All bridges run."""
    assert alone
    box.configure_bridges(cabin, BOARD)
    for name in box.bridges():
        cabin.ok(f"systemctl enable --now {unit(name)} 2>&1", 300)
    return cabin


@pytest.mark.parametrize("how, what", (("KILL", "killed"), ("STOP", "stopped"),
                                       ("flood", "flooded")), ids=str)
def test_bridges(served, alone, how, what):
    """F6: bridges that are {what} while a cut counts down leave every output, and its
    time, as it is without them"""
    served.ok(f"systemctl restart {' '.join(map(unit, box.bridges()))} 2>&1", 300)
    before = {name: box.pid_of(served, unit(name)) for name in box.bridges()}
    assert "0" not in before.values(), before
    changes = count_down(served, lambda: strike(served, how))
    print(changes)
    assert [each[1:] for each in changes] == [each[1:] for each in alone]
    for (seconds, *output), (without, *_) in zip(changes, alone):
        assert abs(seconds - without) < LATE_S, output
    assert COUNTDOWN_S <= changes[1][0] - changes[0][0] < COUNTDOWN_S + LATE_S
    if how == "flood":
        assert {name: box.pid_of(served, unit(name)) for name in before} == before
        return
    # It was not in vain: they are stopped, or systemd has started others
    for name, pid in before.items():
        if how == "STOP" and not has_watchdog(served, name):
            assert re.search(r"\) T ", served.ok(f"cat /proc/{pid}/stat")), name
            continue
        assert served.until(lambda name=name, pid=pid: box.pid_of(served, unit(name))
                            not in ("0", pid), 120), name


def test_objections(served):
    """F6: the monitor of the pins has no objection"""
    text = served.ok(f"cat {BENCH}/monitor")
    print(" ".join(text.split()))
    assert re.search(r"^checks [1-9]", text, re.M)
    assert re.search(r"^objections 0$", text, re.M)


def test_nut_rights(served):
    """nut's service is not root's, writes nothing but its folder, for the group nut,
    and may switch nothing"""
    pid = box.pid_of(served, unit("nut"))
    found = dict(line.split(":\t", 1) for line in
                 served.ok(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    user = served.ok("id -u smallbms-nut").strip()
    assert found["Uid"].split() == 4 * [user] and user != "0"
    assert int(found["CapBnd"], 16) == 0 and found["NoNewPrivs"] == "1"
    assert served.ok(f"stat -c '%U %G %a' {NUT_FILE}").split() == \
        ["smallbms-nut", "nut", "640"]
    inside = f"nsenter -t {pid} -m setpriv --reuid smallbms-nut --regid nut --clear-groups"
    for path in ("/var/lib/not", "/etc/not", "/run/not", f"{SUPPLY}/device/remote"):
        code, said = served.run(f"{inside} sh -c 'echo off >{path}'")
        assert code and re.search("denied|[Rr]ead-only", said), (path, said)


def test_nut_lost(served):
    """nut: systemd leaves no file that says OL behind a service that is killed, on a
    gateway that is slow"""
    def status():
        return served.ok(f"grep ^ups.status: {NUT_FILE}").strip()

    drop_in = f"/run/systemd/system/{unit('nut')}.service.d"
    lost = served.ok("sed -n s/^ExecStopPost=//p /lib/systemd/system/"
                     f"{unit('nut')}.service").strip()
    settings = ("[Service]", "Restart=no", "ExecStopPost=",
                f"ExecStopPost=/bin/sh -c 'sleep {SLOW_S} && exec {lost}'")
    assert served.until(lambda: status() == "ups.status: OL", 120), status()
    served.ok(f"mkdir {drop_in} && "
              f"printf '%s\\n' {shlex.join(settings)} >{drop_in}/stays.conf && "
              f"systemctl daemon-reload && systemctl kill -s KILL {unit('nut')}", 300)
    assert served.until(lambda: status() == "ups.status:", 120), status()
    assert "does not run" in served.ok(f"grep ^ups.alarm: {NUT_FILE}")
    served.ok(f"rm -r {drop_in} && systemctl daemon-reload && "
              f"systemctl restart {unit('nut')}", 300)
    assert served.until(lambda: status() == "ups.status: OL", 120), status()
