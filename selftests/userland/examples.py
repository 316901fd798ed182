# SPDX-License-Identifier: GPL-2.0
"""The examples of the documents, run in the machine.

In a document, a comment tells what to do with the block after it:

    .. tested: STATE        commands after "$ " or "# ", and what they print, with
                            the board in that state; "..." is any text. Those
                            in the state "install" come first
    .. tested-file: NAME    a file of that name, for a command later on
    .. tested: promql       an expression for Prometheus, see fleet.py
"""

import base64
import collections
import os
import re

import pytest

import states

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
DOCUMENTS = ("install", "desktop", "fleet")
STATES = {each.name: each for each in (states.HEALTHY, states.PRE_ALARM)}
FOLDER = "/root/smallbms"           # as if the sources were there

BLOCK = re.compile(r"^\.\. (tested|tested-file): (\S+)\n\n"
                   r"\.\. code-block:: \w+\n\n((?: +.*\n|\n)+)", re.M)


Block = collections.namedtuple("Block", "document kind argument text")
Command = collections.namedtuple("Command", "document text expected number")


def read_blocks():
    """All blocks that are tested."""
    for document in DOCUMENTS:
        with open(f"{TOP}/Documentation/{document}.rst", encoding="utf-8") as file:
            text = file.read() + "\n"
        for kind, argument, body in BLOCK.findall(text):
            yield Block(document, kind, argument,
                        re.sub(r"^   ", "", body, flags=re.M).strip("\n"))


def commands(block):
    """The commands in a block, and what they print."""
    found = re.findall(r"^[$#] (.*)\n?((?:(?![$#] ).*\n?)*)", block.text, re.M)
    return [Command(block.document, text, expected, number)
            for number, (text, expected) in enumerate(found)]


BLOCKS = list(read_blocks())
EXPRESSIONS = [each.text for each in BLOCKS if each.argument == "promql"]
COMMANDS = [(block, command) for state in ("install", *STATES) for block in BLOCKS
            if (block.kind, block.argument) == ("tested", state)
            for command in commands(block)]


def like(expected, printed):
    """Whether that was printed, "..." being any text."""
    pattern = re.escape(expected.rstrip("\n")).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, printed.rstrip("\n"), re.S)


@pytest.fixture(scope="module")
def prepared(house):
    """The gateway with all files; UPower's configuration is as before afterwards."""
    for block in BLOCKS:
        if block.kind == "tested-file":
            data = base64.b64encode(block.text.encode()).decode()
            house.ok(f"echo {data} | base64 -d >{FOLDER}/{block.argument}")
    house.ok("cp /etc/UPower/UPower.conf /run; systemctl restart upower")
    yield house
    house.ok("cp /run/UPower.conf /etc/UPower; systemctl restart upower")


@pytest.fixture(scope="module")
def printed(request, prepared):
    """What each command of the block prints, in one shell, in its state."""
    block = request.param
    state = STATES.get(block.argument)
    if state:
        states.begin(prepared, "house", state)
        states.reached(prepared, "house", state)
        wanted = {"DisplayDevice": {"percentage": f"{state.capacity}%"}}
        assert states.await_upower(prepared, wanted) == wanted
    script = f"cd {FOLDER}\n"
    for command in commands(block):
        script += f"{command.text}\necho @@ $? @@\n"
    # busybox has its own idea of what a terminal can show
    text = prepared.ok(f"LC_ALL=C.UTF-8; export LC_ALL\n{script}", 60)
    return re.split(r"@@ \d+ @@\n", text)


@pytest.mark.parametrize("printed, command", COMMANDS, indirect=["printed"],
                         scope="module")
def test_command(printed, command):
    """{command.document}.rst: {command.text}"""
    assert like(command.expected, printed[command.number]), \
        f"expected:\n{command.expected}\nprinted:\n{printed[command.number]}"
