# SPDX-License-Identifier: GPL-2.0
"""Machines that hand their counters out before they end. To be imported is enough, so that this
is a plugin of pytest, too, which runs them in several processes."""

import base64
import io
import pathlib
import tarfile
import tempfile

from lib.vm import machine

OUT = pathlib.Path(__file__).resolve().parents[3] / "build/coverage"
COUNTERS = OUT / "counters"
SILENT = OUT / "silent"

# The kernel's folder of counters, as an archive: its files have no size, and
# what is to be read must be read first
FETCH = """cd /sys/kernel/debug/gcov && rm -rf /tmp/gcov && mkdir /tmp/gcov &&
find . -name '*.gcda' | while read -r file; do
	mkdir -p "/tmp/gcov/${file%/*}" && cat "$file" >"/tmp/gcov/$file" || exit
done && cd /tmp/gcov && tar -c . | gzip | base64"""


class CountingMachine(machine.Machine):
    """A machine that hands its counters out before it ends."""

    def stop(self):
        if self._process and self._process.poll() is None:
            self.fetch()
        super().stop()

    def leave(self, cmd, timeout=30):
        self.fetch()
        super().leave(cmd, timeout)

    def fetch(self):
        COUNTERS.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(dir=COUNTERS)
        try:
            text = self.guest_ok(FETCH, 60)
            with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as tar:
                tar.extractall(folder)
        except (TimeoutError, EOFError, OSError, ValueError,
                machine.GuestError, tarfile.TarError) as error:
            with open(SILENT, "a", encoding="utf-8") as file:
                print(f"{self.name}: {error}", file=file)


def fetched():
    """A folder of each machine."""
    return sorted(COUNTERS.glob("*"))


def silent():
    """The machines that did not, and why."""
    return SILENT.read_text().splitlines() if SILENT.exists() else []


machine.Machine = CountingMachine
