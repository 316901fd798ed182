# SPDX-License-Identifier: GPL-2.0
"""A SmartShunt beside the bank, and its cable to the machine.

It counts what flows, as the real one does, and knows nothing of the cells: synchronised once, it
agrees with the bank only as long as all that flows is counted. What it has counted it sends on
VE.Direct once a second, in two blocks, into a chardev of QEMU: a `usb-serial` there is the cable.

The cable has no memory: a second that nobody takes is lost, as on a wire.
"""

import fcntl
import random
import select
import socket
import struct
import termios
import threading
import time

from userland.tools import vedirect

EVERY_S = 1.0
LISTEN_S = 0.1
GARBAGE_BYTES = 1024
GARBAGE_EVERY_S = 0.001


class SmartShunt:
    """@bank: whose capacity it is set to; @machine: has a port `shunt`, and the clock; @limits:
    percent, for its lane in the diagram."""

    def __init__(self, bank, machine, limits=()):
        self.bank = bank
        self.limits = limits
        self.machine = machine
        self.sent = []              # (time, permille) of each report that was sent, in order
        self.garbage = False        # send that instead, as fast as it is taken
        self._random = random.Random(1)
        self._plugged = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._lock = threading.Lock()       # guards what flows
        self._charge_ah = self._volts = self._amps = 0.0
        self.synchronise()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    # ---- at the bank

    def synchronise(self):
        """Somebody tells it the state of charge, or the bank was full."""
        with self._lock:
            self._charge_ah = self.bank.soc() * self.bank.capacity_ah
            self._volts = self.bank.voltage()
            self._amps = 0.0

    def count(self, seconds, current_a):
        """Let @seconds pass with @current_a flowing into the bank."""
        with self._lock:
            charge_ah = self._charge_ah + current_a * seconds / 3600
            self._charge_ah = min(max(charge_ah, 0.0), self.bank.capacity_ah)
            self._volts = self.bank.voltage()
            self._amps = current_a

    def permille(self):
        return round(1000 * self._charge_ah / self.bank.capacity_ah)

    def _fields(self):
        with self._lock:
            minutes = round(60 * self._charge_ah / -self._amps) if self._amps < 0 else -1
            return {'V': f'{1000 * self._volts:.0f}', 'I': f'{1000 * self._amps:.0f}',
                    'P': f'{self._volts * self._amps:.0f}', 'T': f'{self.bank.hottest_c():.0f}',
                    'CE': f'{1000 * (self._charge_ah - self.bank.capacity_ah):.0f}',
                    'SOC': f'{self.permille()}', 'TTG': f'{minutes}'}

    # ---- on the cable

    def plug(self, plugged=True):
        if plugged:
            self._plugged.set()
        else:
            self._plugged.clear()

    def is_plugged(self):
        return self._plugged.is_set()

    def reported(self):
        """The last state of charge in percent; None while the cable is unplugged."""
        return self.sent[-1][1] / 10 if self.sent and self.is_plugged() else None

    def _send(self):
        due = time.monotonic()
        while not self._stop.is_set():
            self._hear(GARBAGE_EVERY_S if self.garbage
                       else min(max(due - time.monotonic(), 0), LISTEN_S))
            if self.garbage:
                self._put(self._random.randbytes(GARBAGE_BYTES))
            if time.monotonic() < due:
                continue
            due = time.monotonic() + EVERY_S
            if self.is_plugged() and not self.garbage:
                self._report()

    def _hear(self, within_s):
        """Take what comes back: a port echoes until the program has set it, and QEMU stands still
        if nobody takes it."""
        port = self.machine.ports['shunt']
        if not select.select([port], [], [], within_s)[0]:
            return
        try:
            ended = not port.recv(4096, socket.MSG_DONTWAIT)
        except OSError:
            ended = True
        if ended:                       # the machine has
            self._stop.set()

    def _report(self):
        fields = self._fields()
        # before it is: the board may act on it before this thread goes on
        self.sent.append((self.machine.now(), int(fields['SOC'])))
        if not self._put(vedirect.block(**fields) + vedirect.block(vedirect.B_BLOCK)):
            self.sent.pop()

    def _put(self, data):
        """False if what was sent before has not been taken yet, or the machine has ended."""
        port = self.machine.ports['shunt']
        waiting, = struct.unpack('i', fcntl.ioctl(port.fileno(), termios.TIOCOUTQ, bytes(4)))
        if waiting:
            return False
        try:
            port.send(data, socket.MSG_DONTWAIT)
        except OSError:
            return False
        return True
