# SPDX-License-Identifier: GPL-2.0
"""What udev and systemd do for a board: who may switch."""

import re

import pytest

import box


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


@pytest.mark.last
def test_console(gateway):
    """the console tells of no kernel bug"""
    assert not gateway.machine.splats()
