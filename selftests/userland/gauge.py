# SPDX-License-Identifier: GPL-2.0
"""What UPower makes of a battery monitor, and of the loads that are shed because of it.

The program that reads a battery monitor reads a simulated one, which drains a bank of
100 Ah. The tests go on where the one before has ended.
"""

import time

import pytest

import box
from states import await_upower, keep, only, power_offs, set_levels, upower

DEVICE = f"{box.SUPPLIES}/cabin/device"
FLOOR_PERCENT = 20
# UPower carries out after 20 s what it has decided.
ACTION_S = 22
STALE_S = 60                # soc-max-age-ms, and until observers are called


class Monitor:
    """A battery monitor, and `smallbms shunt` on its cable."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.pids = ""
        self.earlier = len(power_offs(gateway))

    def report(self, percent):
        """From now on, with 20 A out of the bank."""
        self.kill()
        self.pids = " ".join(self.gateway.ok(
            "rm -f /run/monitor; "
            f"smallbms shunt --simulate --soc {percent} >/run/monitor 2>&1 & echo $!; "
            "until port=$(grep pts /run/monitor); do sleep 0.1; done; "
            "smallbms --board cabin shunt $port >/run/shunt 2>&1 & echo $!").split())

    def kill(self):
        if self.pids:
            self.gateway.ok(f"kill -KILL {self.pids}")
        self.pids = ""

    def board(self, name):
        return self.gateway.ok(f"cat {DEVICE}/{name}").strip()

    def await_board(self, timeout, **wanted):
        assert self.gateway.until(
            lambda: all(self.board(name) == value for name, value in wanted.items()),
            timeout), self.gateway.ok(f"grep -s '' {DEVICE}/*; cat /run/shunt")

    def shows(self, percent, warning, timeout=90):
        """UPower does, and warns so."""
        wanted = {"battery_cabin": {"percentage": f"{percent}%", "state": "discharging"},
                  "DisplayDevice": {"warning-level": warning}}
        assert await_upower(self.gateway, wanted, timeout) == wanted

    def asked(self):
        return power_offs(self.gateway)[self.earlier:]

    def nobody_powers_off(self):
        time.sleep(ACTION_S)        # nothing else shows that nothing comes
        assert not self.asked()


@pytest.fixture(scope="module")
def monitor(gateway):
    """The board whose bank is described, without sun."""
    only(gateway, "board-cabin", "solar")
    set_levels(gateway, "cabin", {box.CHARGER_LINE: 0})
    gateway.ok(f"echo shed load-off >{box.BENCH}/bench-cabin/told; systemctl restart upower")
    each = Monitor(gateway)
    yield each
    each.kill()
    # its driver forgets what was reported
    only(gateway, "board-house")
    gateway.ok(f"echo >{box.BENCH}/bench-cabin/told")
    set_levels(gateway, "cabin", {})


def test_fresh(monitor):
    """UPower shows the state of charge that a battery monitor reports, and its time to empty"""
    monitor.report(72.4)
    monitor.shows(72, "none")
    wanted = {"battery_cabin": {"time to empty": "3.6 hours"}}
    assert await_upower(monitor.gateway, wanted) == wanted
    seconds = int(monitor.gateway.ok(f"cat {box.SUPPLIES}/cabin/time_to_empty_avg"))
    print(f"the battery monitor: {seconds / 3600:.2f} h")
    assert 3.55 <= seconds / 3600 < 3.65


def test_change(monitor):
    """UPower follows what is reported"""
    monitor.report(60)
    monitor.shows(60, "none")


def test_two_boards(monitor):
    """Two boards: UPower tells them apart by their labels, and has the filling of each"""
    set_levels(monitor.gateway, "house", {})
    only(monitor.gateway, "board-house", "board-cabin", "solar")
    wanted = {"battery_house": {"model": "house", "percentage": "50%"},
              "battery_cabin": {"model": "cabin", "percentage": "60%"}}
    assert await_upower(monitor.gateway, wanted, 90) == wanted
    keep(monitor.gateway, "two boards", "house", "cabin")
    only(monitor.gateway, "board-cabin", "solar")


def test_stale(monitor):
    """S3: The program is killed: UPower is back at what the lines say"""
    monitor.kill()
    monitor.shows(50, "none", STALE_S + 60)
    assert not monitor.asked()
    print(upower(monitor.gateway)["battery_cabin"])


def test_request(monitor):
    """S1: A load that is shed on request: nobody powers off"""
    monitor.report(60)
    monitor.gateway.ok(f"echo shed >{DEVICE}/load_request")
    monitor.await_board(90, load="off", load_off_reason="request-shed")
    monitor.shows(60, "none")
    monitor.nobody_powers_off()
    monitor.gateway.ok(f"echo auto >{DEVICE}/load_request")
    monitor.await_board(30, load="on")


def test_floor(monitor):
    """S2: A load that is shed at the floor: UPower warns, and nobody powers off"""
    monitor.gateway.ok(f"echo {FLOOR_PERCENT} >{DEVICE}/soc_floor_percent")
    monitor.report(15.4)
    monitor.await_board(60, pre_alarm="on")
    monitor.await_board(90, load="off", load_off_reason="soc-floor")
    monitor.shows(15, "low")
    monitor.nobody_powers_off()


def test_wrong(monitor):
    """S5: Whatever is reported while the lines are clear: nobody powers off"""
    monitor.report(0)
    monitor.shows(3, "critical")
    monitor.nobody_powers_off()
