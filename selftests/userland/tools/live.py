# SPDX-License-Identifier: GPL-2.0
"""The tool on a terminal, and the kernel that tells it of changes.

The kernel cannot be had on a made-up sysfs: poll() never wakes on a plain
file. So a socket in the tree, which the tool looks for with --sysfs-root, takes
the place of the kernel's uevents. That poll() and real uevents wake it is shown
where the real driver runs.
"""

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import time

from bench import TIMEOUT_S
from screen import Screen


def uevent(action="change", name="house", subsystem="power_supply"):
    path = f"/devices/platform/{name}-board/power_supply/{name}"
    return "\0".join((f"{action}@{path}", f"ACTION={action}",
                      f"DEVPATH={path}", f"SUBSYSTEM={subsystem}",
                      f"POWER_SUPPLY_NAME={name}", "SEQNUM=1", "")).encode()


class Kernel:
    """Sends uevents to whoever listens."""

    def __init__(self, root):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(os.path.join(root, "uevents"))
        self.listener.listen()
        self.listener.settimeout(TIMEOUT_S)
        self.sockets = []

    def accept(self):
        """Wait until the tool listens."""
        self.sockets.append(self.listener.accept()[0])

    def send(self, *args, **kwargs):
        for each in self.sockets:
            each.send(uevent(*args, **kwargs))

    def send_raw(self, data):
        for each in self.sockets:
            each.send(data)

    def close(self):
        for each in self.sockets:
            each.close()
        self.listener.close()


class Terminal:
    """A terminal of some size, and the tool on it."""

    def __init__(self, bench, *args, rows=24, columns=80, env=None):
        self.screen = Screen(rows, columns)
        self.shown = ""
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.size(rows, columns)
        self.child = subprocess.Popen(
            bench.command(args), stdin=self.slave, stdout=self.slave,
            stderr=subprocess.PIPE, env=bench.environment(env),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        bench.children.append(self.child)

    def size(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        """As when somebody drags the window's corner."""
        self.look()
        self.screen.resize(rows, columns)
        self.size(rows, columns)
        self.child.send_signal(signal.SIGWINCH)

    def look(self, wait_s=0.0):
        """Take what it has written; return whether there was anything."""
        ready, _, _ = select.select([self.master], [], [], wait_s)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.shown += data.decode("utf-8", "replace")
        self.screen.feed(data)
        return True

    def await_that(self, condition):
        """Look on until the screen is so."""
        end = time.monotonic() + TIMEOUT_S
        while not condition(self.screen):
            assert time.monotonic() < end, "not so:\n" + self.screen.text
            if not self.look(0.05):
                assert self.child.poll() is None, \
                    f"ended\n{self.screen.text}\n{self.child.stderr.read()}"
        return self.screen

    def await_text(self, text):
        return self.await_that(lambda screen: text in screen.words)

    def key(self, keys):
        os.write(self.master, keys.encode())

    def answer(self, keys):
        """Answer a question, once it can be answered."""
        self.await_text("Type yes, or any other key for no:")
        self.key(keys)

    def end(self):
        """Wait until it has ended; return how, and what it complained."""
        end = time.monotonic() + TIMEOUT_S
        while self.child.poll() is None:
            assert time.monotonic() < end, "does not end"
            self.look(0.02)
        while self.look():
            pass
        return self.child.returncode, self.child.stderr.read().decode()

    def is_restored(self):
        return self.screen.is_normal and \
            termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.master is not None:
            os.close(self.master)
            os.close(self.slave)
            self.master = None


def wake_ups(child):
    """How often a process was given up and came back by itself."""
    with open(f"/proc/{child.pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("voluntary_ctxt_switches"):
                return int(line.split()[1])
    raise AssertionError("no count")


def await_asleep(child):
    """Wait until a process sleeps in poll()."""
    end = time.monotonic() + TIMEOUT_S
    while True:
        with open(f"/proc/{child.pid}/stat", encoding="ascii") as file:
            state = file.read().rpartition(")")[2].split()[0]
        if state == "S":
            return
        assert time.monotonic() < end, "does not sleep"
        time.sleep(0.01)
