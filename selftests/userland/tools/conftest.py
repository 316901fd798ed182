# SPDX-License-Identifier: GPL-2.0
"""The tool, once as it is shipped and twice otherwise, on a sysfs of its own.

SMALLBMS=FILE names another program to try instead; nothing is built then.
"""

import os
import signal
import subprocess

import pytest

from bench import TIMEOUT_S, Bench
from live import Kernel, Terminal

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all"
BUILDS = {"plain": (), "static": ("STATIC=1",),
          "sanitized": (f"CFLAGS=-O1 -g {SANITIZE}",)}
GIVEN = os.environ.get("SMALLBMS")


@pytest.fixture(scope="session")
def build():
    """Build the program in one of these ways, and what else is wanted."""
    def make(name, *goals):
        folder = os.path.abspath(f"{TOP}/build/selftests/tools/{name}")
        subprocess.run(["make", "-s", "-C", f"{TOP}/tools", f"O={folder}",
                        *BUILDS[name], "all", *goals], check=True)
        return f"{folder}/smallbms"

    return make


@pytest.fixture(scope="session", params=["as-given"] if GIVEN else BUILDS)
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
