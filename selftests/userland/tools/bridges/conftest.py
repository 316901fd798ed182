# SPDX-License-Identifier: GPL-2.0
"""Bridges: programs that carry boards to other systems, with the real other system.

The boards are those of the tool's tests: made-up trees, and uevents from the test.
"""

import os

import pytest

# The other systems have limits of their own for what waits
JOBS_PER_CPU = 2


def pytest_xdist_auto_num_workers():
    return JOBS_PER_CPU * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def bridge(build):
    """Build a bridge, which ends at the first error of memory; its path."""
    def make(name):
        return os.path.join(os.path.dirname(build("sanitized", name)), f"smallbms-{name}")

    return make


@pytest.fixture(scope="session")
def tool(build):
    """The tool, once: what it does is tested elsewhere."""
    return build("plain")
