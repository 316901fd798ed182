# SPDX-License-Identifier: GPL-2.0
"""A battery monitor on a serial port, and the service that reads it."""

import os
import select
import socket
import sys

import pytest

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


@pytest.fixture(scope="module")
def wire(gateway):
    """The other end of the port that the service reads."""
    gateway.ok(BOARD)
    gateway.ok(f"systemctl start {UNIT}", 120)
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(f"{gateway.workdir}/port")
        yield end
    gateway.ok(f"systemctl stop {UNIT}; rm -r {SYSFS} /etc/default/smallbms-shunt")


def test_service_reads(gateway, wire):
    """shunt's service reads a serial port, writes the gauge, and sends nothing"""
    def written():
        wire.sendall(vedirect.block())
        return gateway.ok(f"cat {GAUGE}/soc_permille") == "785\n"

    good = gateway.until(written, 60, pause=1)
    print(gateway.ok(f"journalctl --no-pager -o cat -u {UNIT}"))
    assert good
    assert not select.select([wire], [], [], 0)[0], wire.recv(100)


def test_service_rights(gateway, wire):
    """shunt's service is not root's, and may read ports and write gauges alone"""
    assert wire
    pid = gateway.ok(f"systemctl show -p MainPID --value {UNIT}").strip()
    status = dict(line.split(":\t", 1) for line in
                  gateway.ok(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    user = status["Uid"].split()[0]
    groups = {gateway.ok(f"getent group {name} | cut -d: -f3").strip()
              for name in ("dialout", "smallbms-gauge")}
    assert user != "0" and set(status["Groups"].split()) == groups | {user}
    assert int(status["CapBnd"], 16) == 0 and status["NoNewPrivs"] == "1"
