# SPDX-License-Identifier: GPL-2.0
"""The gateway, booted once for all tests, and what they need of it."""

import pytest

import box
import power
import states


@pytest.fixture(scope="session")
def gateway():
    """The machine; nobody powers it off unasked."""
    with box.Gateway("gateway", max_seconds=3600) as machine:
        print(f"{machine.machine.boot_seconds:.0f} s to boot")
        states.watch_power_offs(machine)
        machine.booted = power.look_after_boot(machine)
        yield machine


@pytest.fixture(scope="module")
def house(gateway):
    """The same, with the board house alone, which is healthy."""
    states.only(gateway, "board-house")
    states.end(gateway, "house", states.HEALTHY)
    return gateway


@pytest.fixture(scope="session")
def observed(gateway):
    """What UPower and node_exporter make of every state."""
    return states.observe(gateway)
