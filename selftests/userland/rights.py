# SPDX-License-Identifier: GPL-2.0
"""What udev and systemd do for a board: who may switch, and a shutdown in time."""

import re
import time

import pytest

import box
from states import HEALTHY, PRE_ALARM, begin, end, power_offs

OPTED_IN = "/etc/default/smallbms-shutdown"
UNIT = "'smallbms-shutdown@*.service'"


def test_loaded(gateway):
    """udev loads the driver, as soon as there is a board"""
    assert gateway.loaded


@pytest.fixture(scope="module")
def users(house):
    """The gateway with a member of the group smallbms, and another user."""
    house.ok("udevadm settle; useradd -U -G smallbms member; useradd -U other")
    return house


def act(gateway, user, command):
    return gateway.run(f"setpriv --reuid {user} --regid {user} "
                       f"--init-groups {command}")


def sysfs(gateway, path):
    return gateway.ok(f"cat {box.SUPPLIES}/house/{path}").strip()


def attempt(gateway, user, command, path):
    """Status and text of the tool, and the attribute before and after."""
    told = "remote-off" if command == "off" else ""
    gateway.ok(f"echo {told} >{box.BENCH}/bench-house/told")
    before = sysfs(gateway, path)
    status, text = act(gateway, user, f"smallbms --board house {command}")
    print(text)
    return status, text, before, sysfs(gateway, path)


@pytest.mark.parametrize("command, path", (
    ("off", "device/remote"), ("charge inhibit", "charge_behaviour")))
def test_other(users, command, path):
    """who is no member may not: {command}"""
    status, text, before, after = attempt(users, "other", command, path)
    assert status == 1 and before == after
    assert re.match(r"smallbms: .*ermi", text)


@pytest.mark.parametrize("command, path, value", (
    ("off", "device/remote", "off"), ("on", "device/remote", "on"),
    ("charge inhibit", "charge_behaviour", "[inhibit"),
    ("charge auto", "charge_behaviour", "[auto]")))
def test_member(users, command, path, value):
    """a member of the group smallbms: {command}"""
    status, _, before, after = attempt(users, "member", command, path)
    assert status == 0 and value in after and before != after


def test_member_delay(users):
    """nor may a member change a delay"""
    path = "device/pre_alarm_delay_ms"
    before = sysfs(users, path)
    _, text = act(users, "member",
                  f"sh -c 'echo 60000 >{box.SUPPLIES}/house/{path}'")
    assert "Permission denied" in text and sysfs(users, path) == before


# ---- the gateway goes down in time, if it was told to: step by step


def journal(gateway, since):
    return gateway.ok(f"journalctl --no-pager -o cat -u {UNIT} "
                      f"--since @{since}")


def active(gateway):
    return gateway.ok(f"systemctl list-units -q --no-legend --plain "
                      f"--state=active,activating {UNIT}").strip()


@pytest.fixture
def alone(house):
    """The gateway without UPower, and the time in it."""
    house.ok("systemctl stop upower; : >/run/asked")
    return house, house.ok("date +%s").strip()


@pytest.mark.last
def test_no_shutdown(alone):
    """a pre-alarm shuts nothing down, unless somebody opted in"""
    gateway, since = alone
    gateway.ok(f"rm -f {OPTED_IN}")
    begin(gateway, "house", PRE_ALARM)
    assert gateway.until(lambda: "unmet condition" in journal(gateway, since), 60)
    assert not active(gateway)
    end(gateway, "house", HEALTHY)


@pytest.mark.last
def test_shutdown_begins(alone):
    """a pre-alarm begins the shutdown, once somebody has"""
    gateway, _ = alone
    gateway.ok(f"echo DELAY=60 >{OPTED_IN}")
    begin(gateway, "house", PRE_ALARM)
    assert gateway.until(lambda: active(gateway), 60)


@pytest.mark.last
def test_shutdown_called_off(alone):
    """an alarm that clears in time calls it off"""
    gateway, since = alone
    end(gateway, "house", HEALTHY)
    gone = gateway.until(lambda: not active(gateway), 40)
    said = journal(gateway, since)
    print(said)
    assert gone and "passed" in said and not power_offs(gateway)


@pytest.mark.last
def test_shutdown(alone):
    """an alarm that lasts powers the gateway down, after 8 s and not before"""
    gateway, _ = alone
    # The one that was called off must not stay without a successor
    delay = 8
    gateway.ok(f"echo DELAY={delay} >{OPTED_IN}; systemctl unmask --runtime "
               "poweroff.target 2>&1")
    gateway.ok(f"echo leaving >{box.BENCH}/bench-house/told")
    begin(gateway, "house", PRE_ALARM)
    begun = time.monotonic()
    try:
        gateway.machine.wait_end(180)
    except TimeoutError:
        print(gateway.run(f"systemctl status {UNIT}; cat /run/asked")[1])
        raise
    took = time.monotonic() - begun
    print(f"{took:.0f} s")
    assert re.search(r"reboot: Power down", gateway.machine.console())
    assert took >= delay


@pytest.mark.last
def test_console(gateway):
    """the console tells of no kernel bug"""
    assert not gateway.machine.splats()
