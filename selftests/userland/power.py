# SPDX-License-Identifier: GPL-2.0
"""smallbms-power-down, with a real systemd and logind."""

import collections
import contextlib
import os
import re
import time

import pytest

import box
from states import EMPTY, HEALTHY, PRE_ALARM, begin, end, only, set_levels, watch_power_offs

UNIT = "smallbms-power-down"
CONF = "/etc/smallbms/power-down.conf"
CLOCK = "/sys/class/rtc/rtc0/wakealarm"
# More than DELAY in guest/power-down.conf
STAYS_S = 8

Booted = collections.namedtuple("Booted", "active journal asked")


def journal(gateway, since=0):
    return gateway.ok(f"journalctl --no-pager -o cat -u {UNIT} --since @{since}")


def asked(gateway):
    """How often somebody asked logind to power off, as seen on the bus."""
    return len(re.findall(r"method call .*member=PowerOff", gateway.ok("cat /run/asked")))


def active(gateway):
    return not gateway.run(f"systemctl is-active {UNIT}")[0]


def look_after_boot(gateway):
    """What the service did so far, of a boot with low lines; then it is stopped."""
    noticed = gateway.until(lambda: "cabin: alarm" in journal(gateway), 300)
    if noticed:
        gateway.ok(f"sleep {STAYS_S}", 60)
    booted = Booted(active(gateway), journal(gateway), asked(gateway))
    gateway.ok(f"systemctl disable --now {UNIT} 2>&1", 300)
    end(gateway, "cabin", HEALTHY)
    return booted


@contextlib.contextmanager
def booted(release=None):
    """A gateway that nobody powers off unasked."""
    name = f"gateway{release or ''}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with box.Gateway(name, max_seconds=3600, release=release) as machine:
        print(f"{machine.machine.boot_seconds:.0f} s to boot")
        watch_power_offs(machine)
        machine.booted = look_after_boot(machine)
        yield machine
        assert not machine.machine.splats(), "the console reports a kernel bug"


def test_boot(gateway):
    """P2: a gateway that boots with low lines stays up for GRACE"""
    print(gateway.booted.journal)
    assert gateway.booted.active and not gateway.booted.asked
    assert "cabin: alarm; powering down if it lasts" in gateway.booted.journal


def test_exposure(gateway):
    """each service of ours is exposed at 2.0 or less, by systemd-analyze security"""
    units = gateway.ok("cd /lib/systemd/system && ls smallbms*.service").split()
    exposed = {}
    for unit in units:
        text = gateway.ok("systemd-analyze security --no-pager " +
                          unit.replace("@.", "@ttyS0."), 300)
        exposed[unit] = float(re.search(r"exposure level for \S+: ([\d.]+)", text).group(1))
        print(f"{exposed[unit]} {unit}")
    assert len(units) >= 7 and max(exposed.values()) <= 2


@pytest.fixture
def powers(house):
    """Start the service anew with these settings; stop it in the end."""
    def start(**settings):
        text = "\\n".join(f"{key}={value}" for key, value in settings.items())
        house.ok(f"systemctl stop {UNIT}; : >/run/asked; "
                 f"printf 'BOARDS=house\\n{text}\\n' >{CONF}; date +%s >/run/since; "
                 f"smallbms power-down --check && systemctl start {UNIT}", 300)

    house.ok("systemctl stop upower")
    yield start
    with contextlib.suppress(OSError):      # of a machine that is off
        house.run(f"systemctl stop {UNIT}")


def test_hangs(house, powers):
    """power-down: systemd kills a service that hangs, and starts it anew"""
    powers(SUPPLY="bank")
    pid = box.pid_of(house, UNIT)
    house.ok(f"systemctl kill -s STOP {UNIT}")
    assert house.until(lambda: box.pid_of(house, UNIT) not in ("0", pid), 180)


def says(gateway, text, timeout=300):
    since = gateway.ok("cat /run/since").strip()
    return gateway.until(lambda: text in journal(gateway, since), timeout)


def test_unbound(house, powers):
    """P4: a board that is unbound is missed aloud, and powers nothing down"""
    powers(SUPPLY="load", DELAY=0, GRACE=0)
    assert says(house, "house: watched")
    only(house)
    assert says(house, "house: it is not there: unplugged, or its driver is not loaded")
    only(house, "board-house")
    assert says(house, "house: it can be read and believed again")
    assert active(house) and not asked(house)
    end(house, "house", HEALTHY)


def test_implausible(house, powers):
    """P4: lines as of an unplugged cord are told aloud, and power nothing down"""
    powers(SUPPLY="load", DELAY=0, GRACE=0)
    set_levels(house, "house", dict.fromkeys(
        EMPTY + ("cell-overvoltage", "over-temperature", "under-temperature"), 1))
    assert says(house, "house: its lines cannot be believed")
    assert house.until(lambda: "implausible" in house.ok("smallbms --board house get conditions"))
    assert not asked(house)
    end(house, "house", HEALTHY)
    assert says(house, "house: it can be read and believed again")


def test_called_off(house, powers):
    """P2: an alarm that clears in time calls it off"""
    powers(SUPPLY="load", DELAY=600, GRACE=0)
    begin(house, "house", PRE_ALARM)
    assert says(house, "house: alarm; powering down if it lasts")
    end(house, "house", HEALTHY)
    assert says(house, "house: the alarm has passed; not powering down")
    assert not asked(house)


def test_refused(house, powers):
    """P3: the wake-up is in the clock before the order; P4: that is refused, and given again;
    its reason is on disk"""
    house.ok(f"echo 0 >{CLOCK}; rm -rf /var/lib/smallbms")
    powers(SUPPLY="bank", RESERVE=0, GRACE=0, WAKE="10:00")
    set_levels(house, "house", dict.fromkeys(EMPTY, 1))
    assert says(house, "house: waking up in")
    assert says(house, "house: the order to power down was not accepted")
    assert says(house, "house: still not powered down; again")
    assert house.until(lambda: asked(house) > 1, 300)
    assert int(house.ok(f"cat {CLOCK}")) > 0
    assert re.fullmatch(r"\S+ \S+ house: powering down: undervoltage has lasted \d+ s "
                        r"without charge\n", house.ok("cat /var/lib/smallbms/power-down.log"))
    house.ok(f"systemctl stop {UNIT}; echo 0 >{CLOCK}")
    end(house, "house", HEALTHY)


@pytest.mark.last
def test_power_down(house, powers):
    """P2: an alarm that lasts powers the gateway down, after DELAY and not before,
    although an inhibitor is held (P4)"""
    delay = 8
    house.ok("systemctl unmask --runtime poweroff.target 2>&1; "
             "systemd-inhibit --what=shutdown --mode=block --who=apt sleep 600 "
             ">/dev/null 2>&1 &")
    assert house.until(lambda: "apt" in house.ok("systemd-inhibit --list --no-pager"))
    powers(SUPPLY="load", DELAY=delay, GRACE=0)
    assert says(house, "house: watched")
    house.ok(f"echo leaving >{box.BENCH}/bench-house/told")
    begin(house, "house", PRE_ALARM)
    begun = time.monotonic()
    try:
        house.machine.wait_end(600)
    except TimeoutError:
        print(journal(house), house.run("cat /run/asked")[1])
        raise
    took = time.monotonic() - begun
    print(f"{took:.0f} s")
    assert re.search(r"reboot: Power down", house.machine.console())
    assert took >= delay
