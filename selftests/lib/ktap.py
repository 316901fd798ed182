# SPDX-License-Identifier: GPL-2.0
"""Results of tests, as KTAP on stdout.

    report = ktap.Report()
    report.note("what may help whoever reads a failure")
    report.result(good, "a sentence that is true if the test passes")
    sys.exit(report.close())
"""

import threading


class Results:
    """Results of tests that run beside others: kept until Report.add() prints them."""

    def __init__(self):
        self._lines = []

    def result(self, good, title):
        self._lines.append((bool(good), title))

    def note(self, text):
        self._lines += [(None, line) for line in text.splitlines()]

    def __iter__(self):
        """(whether it passed, title) of each; (None, line) of notes."""
        return iter(self._lines)


class Report:
    """Results that are printed, from any thread, as they come.  If the number of
    results is known before, it is `planned`."""

    def __init__(self, planned=None):
        self.count = self.failed = 0
        self._planned = planned
        self._lock = threading.RLock()
        print("KTAP version 1", flush=True)
        if planned is not None:
            print(f"1..{planned}", flush=True)

    def result(self, good, title, notes=""):
        """One result, below notes that belong to it."""
        with self._lock:
            self.note(notes)
            self.count += 1
            self.failed += not good
            print(f"{'ok' if good else 'not ok'} {self.count} - {title}", flush=True)

    def note(self, text):
        with self._lock:
            for line in text.splitlines():
                print(f"# {line}".rstrip(), flush=True)

    def add(self, results):
        """All that a test kept back."""
        with self._lock:
            for good, text in results:
                if good is None:
                    self.note(text)
                else:
                    self.result(good, text)

    def close(self):
        """The exit status."""
        if self._planned is None:
            print(f"1..{self.count}", flush=True)
        complete = self._planned in (None, self.count)
        return 0 if self.count and complete and not self.failed else 1
