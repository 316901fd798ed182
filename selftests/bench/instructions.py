#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""instructions.py [PEER]: which functions a trip goes through on lines that do not sleep, and how
many instructions each takes: one trip after the first ones, from the moment that the edge is
stamped to the moment that the output is.  PEER: smallbms (default) or copy, the minimal module.

As a part of the benchmark it tells the same of the way to a uevent.
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
BEGIN = "pins_bring"
# The function that is entered at the end, and how often until then
OUTPUT = ("trips_change", 2)            # of the input first, then of the output
UEVENT = ("netlink_broadcast", 1)       # who listens is woken by that
# whose a function is, by its module, or its name where it is of the kernel itself
MODULES = {"smallbms": NAMES["smallbms"], "copy": NAMES["copy"],
           "gpio_charger": NAMES["charger"], "smallbms_bench": "emulated chip"}
GPIOLIB = re.compile(r"gpio|__srcu_read")
UEVENTS = "kobject_uevent_env"          # and whose the rest is, once that was entered
PROPERTIES = "kernel's uevent, mostly to print properties"
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


def functions(path, symbols, end):
    """The functions that the log goes through, an entry for each instruction: from the first edge
    in it to @end."""
    taken, entries = [], 0
    for address in addresses(path):
        name, module, entered = symbols.at(address)
        if not taken and not (entered and name == BEGIN):
            continue
        if entered and name == end[0]:
            entries += 1
            if entries == end[1]:
                return taken
        taken.append((name, module, entered))
    return []


def record(bench, play, symbols, end):
    """What play() goes through, as by functions()."""
    log = os.path.join(turns.OUT, "instructions.log")

    def monitor(line):
        # pylint: disable=protected-access
        bench.machine._qmp("human-monitor-command", **{"command-line": line})

    monitor(f"logfile {log}")
    monitor("singlestep on")
    monitor("log exec,nochain")
    play()
    monitor("log none")
    monitor("singlestep off")
    taken = functions(log, symbols, end)
    os.remove(log)                      # it is large, and would go on there
    return taken


def follow(bench, peer, symbols):
    """One trip, as by functions()."""
    with bench.competitor(peer, "direct"):
        bench.trips("direct", 5)
        return record(bench, lambda: bench.trips("direct", 1), symbols, OUTPUT)


def follow_uevent(bench, peer, symbols):
    """From an edge to its uevent, likewise."""
    with parts.listening(bench, peer):
        parts.stir(bench)
        return record(bench, lambda: parts.stir(bench), symbols, UEVENT)


def kernel_symbols(bench):
    return Symbols(bench.ok("cat /proc/kallsyms"))


def owner(name, module):
    if module in MODULES:
        return MODULES[module]
    return "gpiolib" if GPIOLIB.search(name) else REST


def owners(taken):
    """[(whose they are, instructions)], most first"""
    counts, printing = collections.Counter(), False
    for name, module, _ in taken:
        printing |= name == UEVENTS
        whose = owner(name, module)
        counts[PROPERTIES if printing and whose == REST else whose] += 1
    return counts.most_common()


def shares(section, bench, extent):
    """Where the instructions go: of a trip, and until its uevent is sent."""
    # pylint: disable=unused-argument
    symbols, total = kernel_symbols(bench), {}
    for what, how, peers in (
            ("of one trip", follow, ("smallbms", "copy")),
            ("from an edge until its uevent is sent", follow_uevent, ("smallbms", "charger"))):
        rows = []
        for peer in peers:
            taken = how(bench, peer, symbols)
            section.works(taken, f"instructions: {what}: {NAMES[peer]} is followed")
            total[what, peer] = len(taken)
            rows += [(NAMES[peer], str(len(taken)), ""),
                     *(("", str(count), whose) for whose, count in owners(taken))]
        section.say(f"Instructions {what}, lines that do not sleep, and whose they are")
        section.table(("", "instructions", "whose"), rows)
    section.value = total


def main():
    peer = sys.argv[1] if len(sys.argv) > 1 else "smallbms"
    with turns.Bench("instructions", parts.direct(), icount=0) as bench:
        taken = follow(bench, peer, kernel_symbols(bench))
    counts = collections.Counter(name for name, *_ in taken)
    calls = collections.Counter(name for name, _, entered in taken if entered)
    print("calls  instructions")
    for name, count in counts.most_common():
        print(f"{calls[name]:5}  {count:5}  {name}")
    print(f"       {len(taken)}")


if __name__ == "__main__":
    main()
