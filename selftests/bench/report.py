# SPDX-License-Identifier: GPL-2.0
"""What the benchmark says: a section for each part, in a fixed order, whatever ends first; then
the verdicts on the targets."""

import contextlib
import re
import sys
import textwrap
import threading
import time

from lib import ktap

NAMES = {"smallbms": "smallBMS", "daemon": "C daemon", "fifo": "C daemon, FIFO",
         "python": "Python daemon", "poller": "script, 1 s", "copy": "minimal module",
         "charger": "gpio-charger"}
WIDTH = 84                              # more does not fit into the documents
NEVER = float("inf")


def quantile(samples, q):
    """In ns; a trip that was missed took for ever."""
    ordered = sorted(value or NEVER for value in samples)
    return ordered[min(int(len(ordered) * q), len(ordered) - 1)]


def ratio(one, other, q):
    return quantile(one, q) / quantile(other, q)


def us(ns):
    if ns == NEVER:
        return "never"
    return f"{ns / 1000:.1f}" if ns < 1e6 else f"{ns / 1000:.0f}"


def resident(status):
    """KiB in memory that are a process's own, and all that it has there; from /proc/PID/status."""
    return [int(re.search(rf"^{name}:\s*(\d+) kB", status, re.M)[1])
            for name in ("RssAnon", "VmRSS")]


class Section:
    """Lines for people, the same for the documents, and what they come from."""

    def __init__(self, name):
        self.name = name
        self.lines = []
        self.document = []
        self.checks = []                # (good, what): whether the benchmark works
        self.value = None               # what the verdicts need of it
        self.failed = None              # why

    def say(self, text):
        lines = textwrap.wrap(text, WIDTH)
        self.lines += lines
        self.document += [*lines, ""]

    def block(self, lines):
        """Lines that stay as they are, after what was said of them."""
        self.lines += [*lines, ""]
        self.document += ["::", "", *(f"\t{line}".rstrip() for line in lines), ""]

    def table(self, head, rows):
        widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
        self.block(["  ".join(cell.ljust(widths[n]) if not n else cell.rjust(widths[n])
                              for n, cell in enumerate(row)).rstrip() for row in [head, *rows]])

    def works(self, good, what):
        if not good:
            raise RuntimeError(f"the benchmark does not work: not so: {what}")
        self.checks.append((good, what))

    def fail(self, why):
        """Nothing that it found so far counts."""
        self.failed, self.value = why, None
        self.checks.append((False, f"{self.name}: it can be measured"))
        self.lines, self.document = [], []
        self.say(f"{self.name} was not measured: {why}")


class Results:
    """All sections; each is printed as soon as those before it are there."""

    def __init__(self, names, smoke):
        self.smoke = smoke
        self.begun = time.monotonic()
        self.seconds = []               # (part, wall, of a processor)
        self.lines = []
        self.document = []
        self._names = list(names)
        self._sections = {}
        self._printed = 0
        self._lock = threading.Lock()
        self._ktap = ktap.Report() if smoke else None

    def progress(self, what):
        print(f"smallbms: bench: {what} ({time.monotonic() - self.begun:.0f} s)", file=sys.stderr,
              flush=True)

    def add(self, section):
        with self._lock:
            self._sections[section.name] = section
            while self._printed < len(self._names):
                following = self._sections.get(self._names[self._printed])
                if not following:
                    break
                self._print(following)
                self._printed += 1

    def close(self, section):
        """The last one, which is no part."""
        self._print(section)

    def _print(self, section):
        self.lines += section.lines
        self.document += section.document
        for line in section.lines:
            print(f"# {line}".rstrip() if self.smoke else line, flush=True)
        for good, what in section.checks if self.smoke else ():
            self._ktap.result(good, what)

    def plan(self):
        if self.smoke:
            self._ktap.close()

    def value(self, name):
        """What a part found; None if it was not measured."""
        section = self._sections.get(name)
        return section.value if section else None

    def missing(self):
        """Parts that were not measured."""
        return [name for name in self._names
                if name not in self._sections or self._sections[name].failed]


class Verdicts:
    """Met or missed."""

    def __init__(self, unknown):
        self.rows = []
        self._unknown = unknown

    def target(self, what, value, limit, unit=" x"):
        """@value: a function, for what it needs may not have been measured."""
        verdict, found = "unknown", "?"
        with contextlib.suppress(TypeError, KeyError):
            found = value()
            verdict = "met" if found <= limit else "missed"
            found = f"{found:.4g}{unit}"
        if verdict != "unknown" or self._unknown:
            self.rows.append((f"{verdict:8} {what}", found, f"{limit:g}{unit}"))
