# SPDX-License-Identifier: GPL-2.0
"""Results on stdout, as they come."""


class Report:
    """KTAP, from the first line to close()."""

    def __init__(self):
        self.count = self.failed = 0
        print("KTAP version 1", flush=True)

    def result(self, good, title):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}",
              flush=True)

    @staticmethod
    def note(text):
        for line in text.splitlines():
            print(f"# {line}", flush=True)

    def close(self):
        """The exit status."""
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed or not self.count else 0
