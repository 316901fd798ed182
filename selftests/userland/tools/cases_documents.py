# SPDX-License-Identifier: GPL-2.0
"""What the documents show of the tool is what the tool does."""

import glob
import os
import re
import subprocess

import pytest

from bench import FAILED, TIMEOUT_S
from cases_live import Follower

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
FILES = ["tools/smallbms.1", "README.md"] + \
    [os.path.relpath(path, TOP) for path in
     sorted(glob.glob(os.path.join(TOP, "Documentation/*.rst")))]


def document(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read().replace("\\e", "\\").replace("\\-", "-")


WAITS = sorted({condition for path in FILES for condition in
                re.findall(r"smallbms wait (?:'([a-z_]+[!<>=]+\w+)'|"
                           r"([a-z_]+[!<>=]+\w+))", document(path))})


@pytest.mark.parametrize("condition", [a or b for a, b in WAITS])
def test_wait_example(bench, condition):
    """documents: where they wait for {condition}, the tool waits"""
    bench.tree.add("nearly-empty" if condition.startswith("alarm!=1") else "healthy")
    bench.run("wait", condition, "--timeout", "0", expect=FAILED)


def test_horn_example(bench):
    """documents: the horn sounds once for each time that charge is disconnected"""
    jq, = re.findall(r"jq --unbuffered '([^']*charge[^']*)'",
                     document("tools/smallbms.1"))
    states = ("healthy", "over-temperature", "overvoltage", "user-inhibits",
              "healthy", "undervoltage", "overvoltage")
    bench.tree.add(states[0])
    lines = []
    with Follower(bench, "monitor", "--json") as monitor:
        for state in states[1:]:
            monitor.become(state)
            lines.append(monitor.line())
    done = subprocess.run(["jq", jq], input="\n".join(lines), text=True, check=True,
                          capture_output=True, timeout=TIMEOUT_S)
    assert done.stdout.split() == ['"over-temperature"', '"cell-overvoltage"']
