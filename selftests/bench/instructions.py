#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""instructions.py [PEER]: which functions a trip goes through on lines that do not sleep, and how
many instructions each takes: one trip after the first ones, from the moment that the edge is
stamped to the moment that the output is.  PEER: smallbms (default) or copy, the minimal module.
"""

import bisect
import collections
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, __file__.rpartition("/selftests/")[0] + "/selftests")

# pylint: disable=wrong-import-position
import parts  # noqa: E402
import turns  # noqa: E402
from report import NAMES  # noqa: E402

TRACE = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
BEGIN, END = "pins_bring", "trips_change"
# whose a function is, by its module, or its name where it is of the kernel itself
MODULES = {"smallbms": "smallBMS", "copy": "minimal module", "smallbms_bench": "emulated chip"}
GPIOLIB = re.compile(r"gpio|__srcu_read")
REST = "kernel's interrupts, clock and other functions"


class Symbols:
    """The running kernel's functions."""

    def __init__(self, text):
        found = sorted((int(words[0], 16), *words[2:]) for words in map(str.split, text.splitlines())
                       if words[1] in "tT")
        self.starts = [start for start, *_ in found]
        self.names = [(name, module[0].strip("[]") if module else "")
                      for _, name, *module in found]

    def at(self, address):
        """The function's name, its module, and whether this is its entry."""
        n = bisect.bisect_right(self.starts, address) - 1
        return (*self.names[n], self.starts[n] == address) if n >= 0 else ("user space", "", False)


def addresses(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            found = TRACE.match(line)
            if found:
                yield int(found[1], 16)


def trip(path, symbols):
    """The functions that the first trip in the log goes through, an entry for each instruction."""
    taken, ends = [], 0
    for address in addresses(path):
        name, module, entered = symbols.at(address)
        if not taken and not (entered and name == BEGIN):
            continue
        if entered and name == END:
            ends += 1           # of the input first, then of the output
            if ends == 2:
                break
        taken.append((name, module, entered))
    return taken


def follow(bench, peer):
    """One trip, as by trip()."""
    log = os.path.join(turns.OUT, f"instructions-{peer}.log")
    symbols = Symbols(bench.ok("cat /proc/kallsyms"))

    def monitor(line):
        # pylint: disable=protected-access
        bench.machine._qmp("human-monitor-command", **{"command-line": line})

    with bench.competitor(peer, "direct"):
        bench.trips("direct", 5)
        monitor(f"logfile {log}")
        monitor("singlestep on")
        monitor("log exec,nochain")
        bench.trips("direct", 1)
        monitor("log none")
        monitor("singlestep off")
    return trip(log, symbols)


def owner(name, module):
    if module in MODULES:
        return MODULES[module]
    return "gpiolib" if GPIOLIB.search(name) else REST


def shares(section, bench, extent):
    """Where the instructions of a trip go."""
    # pylint: disable=unused-argument
    rows, total = [], {}
    for peer in ("smallbms", "copy"):
        taken = follow(bench, peer)
        counts = collections.Counter(owner(name, module) for name, module, _ in taken)
        total[peer] = len(taken)
        section.works(taken, f"instructions: a trip of {NAMES[peer]} is followed")
        rows += [(NAMES[peer], str(len(taken)), ""),
                 *(("", str(count), who) for who, count in counts.most_common())]
    section.say("Instructions of one trip, lines that do not sleep, and whose they are")
    section.table(("", "instructions", "whose"), rows)
    section.value = total


def main():
    peer = sys.argv[1] if len(sys.argv) > 1 else "smallbms"
    with turns.Bench("instructions", parts.direct(), icount=0) as bench:
        taken = follow(bench, peer)
    counts = collections.Counter(name for name, *_ in taken)
    calls = collections.Counter(name for name, _, entered in taken if entered)
    print("calls  instructions")
    for name, count in counts.most_common():
        print(f"{calls[name]:5}  {count:5}  {name}")
    print(f"       {len(taken)}")


if __name__ == "__main__":
    main()
