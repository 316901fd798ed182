# SPDX-License-Identifier: GPL-2.0
"""A battery monitor on a serial port, and the service that reads it."""

import os
import select
import socket
import sys

import pytest

import box

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "tools"))
import vedirect     # pylint: disable=wrong-import-position

UNIT = "smallbms-shunt@ttyS0"
SYSFS = "/dev/shm/sys"      # the service may not write elsewhere
GAUGE = f"{SYSFS}/devices/board/gauge"
BOARD = f"""
cd /dev/shm
mkdir -p sys/class/power_supply sys/devices/board/gauge sys/bus/drivers/smallbms \\
    sys/devices/board/power_supply/made-up
ln -s ../../devices/board/power_supply/made-up sys/class/power_supply/
ln -s ../.. sys/devices/board/power_supply/made-up/device
ln -s ../../bus/drivers/smallbms sys/devices/board/driver
cd {GAUGE}
touch soc_permille voltage_uv current_ua temp_dc time_to_empty_s
chgrp smallbms-gauge * && chmod 664 *
echo OPTIONS=--sysfs-root={SYSFS} >/etc/default/smallbms-shunt
"""
# The rule, for this machine's port instead of the maker's cable
RULES = "udev/rules.d/62-smallbms-shunt.rules"
PLUG = f"""
mkdir -p /run/udev/rules.d
sed -e 's/ATTRS{{idVendor}}=="0403"/ATTRS{{vendor}}=="0x1b36"/' -e /idProduct/d \\
    /lib/{RULES} >/run/{RULES}
udevadm control --reload
udevadm trigger --action=add --settle /sys/class/tty/ttyS0
"""


def active(gateway):
    return gateway.run(f"systemctl is-active {UNIT}")[0] == 0


@pytest.fixture(scope="module")
def wire(gateway):
    """The other end of the port that the service reads."""
    gateway.ok(BOARD)
    assert not active(gateway)
    gateway.ok(PLUG)
    gateway.until(lambda: active(gateway), 60)
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(f"{gateway.workdir}/port")
        yield end
    gateway.ok(f"systemctl stop {UNIT}; rm -r {SYSFS} /etc/default/smallbms-shunt "
               f"/run/{RULES}; udevadm control --reload")


def test_rule(gateway, wire):
    """the udev rule starts shunt's service for a port, and keeps ModemManager off"""
    assert wire and active(gateway)
    assert "ID_MM_PORT_IGNORE=1" in gateway.ok("udevadm info /dev/ttyS0")


def test_service_reads(gateway, wire):
    """shunt's service reads a serial port, writes the gauge, and sends nothing"""
    def written():
        wire.sendall(vedirect.block())
        return gateway.ok(f"cat {GAUGE}/soc_permille") == "785\n"

    good = gateway.until(written, 60)
    print(gateway.ok(f"journalctl --no-pager -o cat -u {UNIT}"))
    assert good
    assert not select.select([wire], [], [], 0)[0], wire.recv(100)


def test_service_rights(gateway, wire):
    """shunt's service is not root's, and may read ports and write gauges alone"""
    assert wire
    pid = box.pid_of(gateway, UNIT)
    status = dict(line.split(":\t", 1) for line in
                  gateway.ok(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    user = status["Uid"].split()[0]
    groups = {gateway.ok(f"getent group {name} | cut -d: -f3").strip()
              for name in ("dialout", "smallbms-gauge")}
    assert user != "0" and set(status["Groups"].split()) == groups | {user}
    assert int(status["CapBnd"], 16) == 0 and status["NoNewPrivs"] == "1"
