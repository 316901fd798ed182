# SPDX-License-Identifier: GPL-2.0
"""The service that records, on a real board, under systemd."""

import json
import re

import pytest

import box
from states import HEALTHY, OVERVOLTAGE, begin, end, only

BOARD = "cabin"     # its lines need no bus, which a busy host would stall
UNIT = "smallbms-history"
FOLDER = "/var/lib/smallbms/history"


def events(gateway):
    text = gateway.run(f"smallbms --board {BOARD} history --json", 300)[1]
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def await_events(gateway, condition):
    assert gateway.until(lambda: condition(events(gateway)), 120), events(gateway)


@pytest.fixture(scope="module")
def service(gateway):
    """The service, switched on as the manual says."""
    only(gateway, "board-cabin", "solar")
    end(gateway, BOARD, HEALTHY)
    assert gateway.run(f"systemctl is-enabled {UNIT}")[0], "nobody has asked for it"
    assert f"systemctl enable --now {UNIT}" in gateway.run("smallbms history")[1]
    gateway.ok(f"systemctl enable --now {UNIT}", 300)
    await_events(gateway, bool)
    yield gateway
    gateway.ok(f"systemctl disable --now {UNIT}", 300)


def test_trip(service):
    """history's service records a trip of a real board, its reason, and the return"""
    begin(service, BOARD, OVERVOLTAGE)
    await_events(service, lambda found: not found[-1]["charge"])
    end(service, BOARD, HEALTHY)
    await_events(service, lambda found: found[-1]["charge"])
    print(service.ok("smallbms history"))
    tripped = [each for each in events(service) if not each["charge"]]
    assert "cell-overvoltage" in tripped[0]["conditions"]
    assert tripped[0]["charge_off_reason"] == "cell-overvoltage"
    assert tripped[0]["before"]["charge"] is True
    assert not service.ok(f"journalctl --no-pager -o cat -p warning -u {UNIT}").strip()


def test_rights(service):
    """history's service is not root's, and may write nothing but its record"""
    pid = box.pid_of(service, UNIT)
    status = dict(line.split(":\t", 1) for line in
                  service.ok(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    user = service.ok(f"id -u {UNIT}").strip()
    assert status["Uid"].split() == 4 * [user] and user != "0"
    assert int(status["CapBnd"], 16) == 0 and status["NoNewPrivs"] == "1"
    inside = f"nsenter -t {pid} -m setpriv --reuid {UNIT} --regid {UNIT} --clear-groups"
    service.ok(f"{inside} touch {FOLDER}/may && rm {FOLDER}/may")
    for path in ("/var/lib/smallbms/not", "/var/log/not", "/etc/not", "/usr/not",
                 "/root/not", "/run/not", f"{box.SUPPLIES}/{BOARD}/device/remote"):
        status, said = service.run(f"{inside} sh -c 'echo off >{path}'")
        assert status and re.search("denied|[Rr]ead-only", said), (path, said)


def test_hangs(service):
    """history's service is killed, and records again, when it hangs"""
    pid = box.pid_of(service, UNIT)
    service.ok(f"systemctl kill -s STOP {UNIT}")
    assert service.until(lambda: box.pid_of(service, UNIT) not in ("0", pid), 180)


def test_dies(service):
    """history's service may be killed: no output changes, and it records again"""
    device = f"{box.SUPPLIES}/{BOARD}/device"
    outputs = service.ok(f"cat {device}/load {device}/charge")
    service.ok(f"systemctl kill -s KILL {UNIT}")
    assert service.ok(f"cat {device}/load {device}/charge") == outputs
    # What root has read in the meantime is still the service's
    service.ok("smallbms history")
    service.ok(f"systemctl restart {UNIT}", 300)
    await_events(service, lambda found: found[-1]["event"] == "start")
    assert "recording again: All well" in service.ok("smallbms history")
    service.ok(f"systemctl stop {UNIT}; smallbms history; systemctl start {UNIT}", 300)
    await_events(service, lambda found: [each["event"] for each in found[-2:]] ==
                 ["stop", "start"])
