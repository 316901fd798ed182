# SPDX-License-Identifier: GPL-2.0
"""The gateway, booted once for all tests, and what they need of it."""

import pytest

import power
import states

# These wait for countdowns rather than for the processor: they have a machine of their
# own, beside the others'
WAITING = ("bridges", "cuts", "gauge")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        group = "waiting" if item.path.stem in WAITING else "others"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def gateway():
    """The machine."""
    with power.booted() as machine:
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
