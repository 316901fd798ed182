# SPDX-License-Identifier: GPL-2.0
"""What systemd carries out, with Debian 13's: the tests of power.py."""

import pytest

import power

SUFFIX = " [Debian 13]"


@pytest.fixture(scope="module")
def gateway():
    """The machine, in the place of the other."""
    with power.booted("13") as machine:
        yield machine


powers = power.powers
globals().update((name, test) for name, test in vars(power).items()
                 if name.startswith("test_"))
