# SPDX-License-Identifier: GPL-2.0
"""The metrics of real boards, and the service that writes them."""

import pytest

import box
from states import scrape

SERVICE = "smallbms-textfile.service"
TIMER = "smallbms-textfile.timer"
FILE = "/var/lib/prometheus/node-exporter/smallbms.prom"


def journal(gateway):
    """All that it has of the service, by itself or by systemd."""
    return gateway.ok("journalctl --sync; journalctl -q --no-pager -o cat "
                      f"UNIT={SERVICE} + _SYSTEMD_UNIT={SERVICE}")


def start(gateway):
    """How it ends; systemd refuses a sixth start in 10 s, unless told to forget the others."""
    return gateway.run(f"systemctl reset-failed {SERVICE}; systemctl start {SERVICE}")[0]


@pytest.fixture(name="quiet", scope="module")
def without_timer(house):
    """The gateway with nobody else who starts the service."""
    was_active = house.run(f"systemctl is-active -q {TIMER}")[0] == 0
    house.ok(f"systemctl stop {TIMER} {SERVICE}")
    yield house
    if was_active:
        house.ok(f"systemctl start {TIMER}")


def test_attributes(house):
    """every file of the driver has a metric, and none of the kernel's beside them"""
    metrics = house.ok("smallbms metrics --board house")
    files = house.ok(f"cd {box.SUPPLIES}/house/device && ls -d * stats/*").split()
    names = {line.split()[2].removeprefix("smallbms_") for line in metrics.splitlines()
             if line.startswith("# TYPE ")}
    print(f"{len(names)} metrics")
    wanted = {"alarm", "boards", "condition", "off_reason", "load_on", "charge_on",
              "pre_alarm_on", "remote_on", "terminals_on"}
    wanted |= {f"{each[6:]}_total" for each in files if each.startswith("stats/")}
    # What is pending has none while nothing is
    wanted |= {each.replace("_ms", "_seconds") for each in files
               if each.endswith("_delay_ms")}
    assert wanted <= names and "rescans_total" in wanted
    assert not [name for name in names if name.startswith(
        ("attribute_error", "driver", "gpio", "modalias", "power", "uevent", "waiting"))]


def test_silent(quiet):
    """the service, run again and again, writes nothing into the journal"""
    before = journal(quiet)
    quiet.ok(f"rm -f {FILE}")
    for _again in range(3):
        assert start(quiet) == 0
    assert quiet.ok(f"stat -c '%a %U' {FILE}").strip() == "644 root"
    assert journal(quiet) == before
    text, samples = scrape(quiet)
    assert "# TYPE smallbms_load_on gauge\n" in text
    assert samples['smallbms_load_on{power_supply="house"}'] == 1
    assert samples["node_textfile_scrape_error"] == 0


def test_failure(quiet):
    """a service that cannot write says so in the journal, and goes on later"""
    quiet.ok(f"rm -f {FILE}; mkdir {FILE}")
    status = start(quiet)
    said = journal(quiet)
    quiet.ok(f"rmdir {FILE}")
    print(said)
    assert status and "cannot be written: Is a directory" in said
    assert start(quiet) == 0
