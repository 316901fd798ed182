# SPDX-License-Identifier: GPL-2.0
"""What the documents show of the tool is what the tool does."""

import glob
import os
import re
import subprocess

import pytest

from bench import FAILED, TIMEOUT_S
from cases_live import Follower
from cases_status import state_names

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
FILES = ["tools/smallbms.1", "README.md"] + \
    [os.path.relpath(path, TOP) for path in
     sorted(glob.glob(os.path.join(TOP, "Documentation/*.rst")))]


def document(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read().replace("\\e", "\\").replace("\\-", "-").replace("\\&", "")


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


# ---- what they quote

# The likely ones first: a command that switches waits for a board that does not follow
STATES = sorted(state_names(), key=lambda name: name not in (
    "healthy", "pre-alarm", "undervoltage", "terminals-off", "user-inhibits"))


# What prints something else each time; it has cases of its own
ELSEWHERE = {"monitor", "wait", "log", "shunt", "power-down", "history", "commission"}


def shown():
    """(document, command, what it prints) of each that can be run here."""
    for path in FILES:
        text = document(path)
        for found in re.finditer(r"^( *)[$#] smallbms\b([^|&\n]*)\n((?:(?!\1[$#] |\.Ed|```)"
                                 r"(?:\1.*|)\n)*)", text, re.M):
            indent, command, output = found.groups()
            output = re.sub(f"^{indent}", "", output, flags=re.M).rstrip()
            words = command.split()
            if output and not ELSEWHERE & set(words):
                yield path, " ".join(words), output


def like(expected, printed):
    """Whether that was printed, "..." being any text."""
    pattern = re.escape(expected).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, printed.rstrip("\n"), re.S)


@pytest.mark.parametrize("path, command, output", shown(),
                         ids=[f"{path}: smallbms {command}" for path, command, _ in shown()])
def test_shown(bench, path, command, output):
    """documents: a command that they show prints that in some state of a board"""
    for state in STATES:
        bench.tree.add(state)
        if "shed: " in output:
            bench.tree.remove()
            bench.tree.add("healthy").add(state, "shed")
        printed = "".join(bench.start(*command.split()).communicate(timeout=TIMEOUT_S))
        if like(output, printed):
            return
        for name in ("house", "shed"):
            if os.path.lexists(bench.tree.supply(name)):
                bench.tree.remove(name)
    raise AssertionError(f"{path}: smallbms {command} never prints\n{output}")


def test_states(bench):
    """documents: what the guide says that the tool says is how its headlines begin"""
    table = re.search(r"   \* - It says\n(.*?)\n\n", document("Documentation/admin-guide.rst"),
                      re.S)
    headlines = []
    for state in STATES:
        bench.tree.add(state)
        headlines.append(bench.run("list").out.removeprefix("house: "))
        bench.tree.remove()
    quoted = re.findall(r"^   \* - ``(.*)``$", table.group(1), re.M)
    assert len(quoted) >= 5
    for each in quoted:
        assert any(line.startswith(each) for line in headlines), (each, headlines)


def messages():
    """(document, message) of each message of the tool that they quote."""
    for path in FILES:
        text = " ".join(document(path).split("\n")).replace("``smallbms: what: why``", "")
        found = re.findall(r"``smallbms: ([^`]*)``", text)
        found += re.findall(r"``(no [a-z]+ found|no board[^`]*)``", text)
        found += re.findall(r"^(?:smallbms: |\.It Li )(\S+: .*)$", document(path), re.M)
        if path.endswith("shunt.rst"):
            table = re.search(r"\* - Message(.*?)\n\n", document(path), re.S).group(1)
            found += [quote for row in re.findall(r"\* - (``.*)", table)
                      for quote in re.findall(r"``(.*?)``", row)]
        yield from ((path, " ".join(each.split())) for each in found)


def literals():
    """The texts in the source of the tool."""
    for path in glob.glob(os.path.join(TOP, "tools/*.c")):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r'"\s*\n\s*"', "", file.read())
        for each in re.findall(r'"((?:[^"\\]|\\.)*)"', text):
            if len(re.sub(r"%\W*\w|\W", "", each)) >= 8:
                yield each
                yield each.removeprefix("%s: ")


def is_printed(message, texts):
    """Whether the tool can print it: all of it, or what is behind "what: "."""
    for each in (message, message.partition(": ")[2]):
        wanted = re.escape(each).replace(r"\.\.\.", ".*")
        for text in texts:
            form = re.sub(r"%[^a-z%]*[a-z]+", ".*", re.escape(text).replace(r"\%", "%"))
            if each and (re.fullmatch(wanted, text) or re.fullmatch(form, each)):
                return True
    return False


def test_messages():
    """documents: the messages that they quote are in the tool"""
    texts = list(literals())
    found = list(messages())
    assert len(found) > 8
    wrong = [each for each in found if not is_printed(each[1], texts)]
    assert not wrong, wrong


@pytest.mark.parametrize("path", [path for path in FILES if "gpiofind" in document(path)])
def test_both_libgpiods(path):
    """documents: {path} has the commands of libgpiod 1 and of libgpiod 2"""
    text = document(path)
    assert re.search(r"gpio(get|mon) \$\(gpiofind house-", text)
    assert re.search(r"gpio(get|mon) house-", text)
    assert "gpioinfo house\n" not in text or "gpioinfo house-load" in text
