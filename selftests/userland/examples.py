# SPDX-License-Identifier: GPL-2.0
"""The examples of the documents, run in the machine.

In a document, a comment tells what to do with the block after it:

    .. tested: STATE        commands after "$ " or "# ", and what they print, with
                            the board in that state; "..." is any text
    .. tested-file: NAME    a file of that name, for a command later on
    .. tested: promql       an expression for Prometheus, see fleet.py
"""

import base64
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
DOCUMENTS = ("install", "desktop", "fleet")
FOLDER = "/root/smallbms"           # as if the sources were there

BLOCK = re.compile(r"^\.\. (tested|tested-file): (\S+)\n\n"
                   r"\.\. code-block:: \w+\n\n((?: +.*\n|\n)+)", re.M)


def blocks(document):
    """(kind, argument, text) of each block that is tested."""
    with open(f"{TOP}/Documentation/{document}.rst", encoding="utf-8") as file:
        text = file.read() + "\n"
    for kind, argument, body in BLOCK.findall(text):
        yield kind, argument, re.sub(r"^   ", "", body, flags=re.M).strip("\n")


def commands(text):
    """[[command, what it prints], ...] of a block."""
    found = []
    for line in text.splitlines():
        if line.startswith(("$ ", "# ")):
            found.append([line[2:], ""])
        else:
            found[-1][1] += line + "\n"
    return found


def like(expected, printed):
    """Whether that was printed, "..." being any text."""
    pattern = re.escape(expected.rstrip("\n")).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, printed.rstrip("\n"), re.S)


def run_block(gateway, report, document, text):
    wanted = commands(text)
    script = f"cd {FOLDER}\n"
    for command, _ in wanted:
        script += f"{command}\necho @@ $? @@\n"
    # busybox has its own idea of what a terminal can show
    parts = gateway.ok(f"LC_ALL=C.UTF-8; export LC_ALL\n{script}", 60)
    parts = re.split(r"@@ (\d+) @@\n", parts)
    for (command, expected), printed in zip(wanted, parts[::2]):
        good = like(expected, printed)
        title = " ".join(command.split())
        report.result(good, f"{document}.rst: {title}")
        if not good:
            report.note(f"expected:\n{expected}\nprinted:\n{printed}")


def run(gateway, report, state):
    """All blocks that want the board in that state."""
    for document in DOCUMENTS:
        for kind, argument, text in blocks(document):
            if kind == "tested-file":
                data = base64.b64encode(text.encode()).decode()
                gateway.ok(f"echo {data} | base64 -d >{FOLDER}/{argument}")
            elif argument == state:
                run_block(gateway, report, document, text)


def expressions():
    """Those for Prometheus."""
    return [text for document in DOCUMENTS
            for kind, argument, text in blocks(document)
            if (kind, argument) == ("tested", "promql")]
