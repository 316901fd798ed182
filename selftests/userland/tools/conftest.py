# SPDX-License-Identifier: GPL-2.0
"""The tool on a sysfs of its own: with sanitizers, and where AS_SHIPPED says so also as
it is shipped.

SMALLBMS=FILE names another program to try instead; nothing is built then.
"""

import fcntl
import os
import signal
import subprocess

import pytest

from bench import TIMEOUT_S, Bench
from live import Kernel, Terminal

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
# They mostly wait: for what is due, or that nothing comes
JOBS_PER_CPU = 4
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all"
BUILDS = {"plain": (), "sanitized": (f"CFLAGS=-O1 -g {SANITIZE}",)}
GIVEN = os.environ.get("SMALLBMS")
# What is installed and how long it takes, and all that a command line can say
AS_SHIPPED = ("cases_commands", "cases_metrics", "cases_tell")


def pytest_generate_tests(metafunc):
    name = metafunc.module.__name__
    if "tool" not in metafunc.fixturenames or not name.startswith("cases_") or \
            hasattr(metafunc.module, "tool"):
        return      # a module may have a tool of its own
    builds = list(BUILDS) if name in AS_SHIPPED else ["sanitized"]
    metafunc.parametrize("tool", ["as-given"] if GIVEN else builds, indirect=True,
                         scope="session")


def pytest_xdist_auto_num_workers():
    return JOBS_PER_CPU * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def build():
    """Build the program in one of these ways, and what else is wanted."""
    def make(name, *goals):
        folder = os.path.abspath(f"{TOP}/build/selftests/tools/{name}")
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)    # other processes of pytest build as well
            subprocess.run(["make", "-s", "-C", f"{TOP}/tools", f"O={folder}",
                            *BUILDS[name], "all", *goals], check=True)
        return f"{folder}/smallbms"

    return make


@pytest.fixture(scope="session")
def tool(request, build):
    """The program."""
    return GIVEN or build(request.param)


@pytest.fixture
def bench(tool):
    """The bench; a test that hangs fails."""
    def ring(_signal, _frame):
        raise AssertionError("took too long")

    desk = Bench(tool)
    signal.signal(signal.SIGALRM, ring)
    signal.alarm(3 * TIMEOUT_S)
    yield desk
    signal.alarm(0)
    desk.close()


@pytest.fixture
def kernel(bench):
    """What sends uevents."""
    sender = Kernel(bench.tree.root)
    yield sender
    sender.close()


@pytest.fixture
def watch(bench, kernel):
    """Start watch on a terminal, and wait until it shows a board."""
    terminals = []

    def start(*args, **kwargs):
        terminals.append(Terminal(bench, "watch", *args, **kwargs))
        kernel.accept()
        terminals[-1].await_text("q quit")
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()
