# SPDX-License-Identifier: GPL-2.0
"""What a run looked like over time, and the VCD file (IEEE 1364, 18.2) that wave viewers open.

    tape = Recording('example')
    load = tape.signal('load', kind='bit', group='outputs')
    tape.change(load, 1.25, 1)          # seconds
    tape.note(1.25, 'load disconnected')
    tape.write_vcd(path)

Time is kept in seconds and written in microseconds, the resolution of QEMU's time stamps.
"""

import re
import threading
from dataclasses import dataclass, field

TICK_S = 1e-6
IDENTIFIERS = [chr(code) for code in range(33, 127)]


@dataclass
class Signal:
    """A pin or the state of a device (bit), or a number of the model (real)."""

    name: str
    kind: str = 'bit'
    group: str = 'pins'
    unit: str = ''
    limits: tuple = ()          # to be drawn with it
    changes: list = field(default_factory=list)      # of (seconds, value), in order of time

    def at(self, seconds):
        """The value at @seconds, or None before the first."""
        value = None
        for when, what in self.changes:
            if when > seconds:
                break
            value = what
        return value

    def edges(self, value, since=float('-inf')):
        """Times at which the signal changed to @value."""
        before = None
        times = []
        for when, what in self.changes:
            if what == value and before is not None and before != value and when >= since:
                times.append(when)
            before = what
        return times


class Recording:
    """All signals of one run."""

    def __init__(self, title):
        self.title = title
        self.signals = []
        self.notes = []                              # of (seconds, text)
        self.end = 0.0
        self._lock = threading.Lock()

    def signal(self, name, kind='bit', group='pins', unit='', limits=()):
        new = Signal(name, kind, group, unit, limits)
        self.signals.append(new)
        return new

    def find(self, name):
        for signal in self.signals:
            if signal.name == name:
                return signal
        return None

    def change(self, signal, seconds, value):
        """Note that @signal has @value from @seconds on; repeats are dropped."""
        with self._lock:
            self.end = max(self.end, seconds)
            if signal.changes and signal.changes[-1][1] == value:
                return
            if signal.changes and signal.changes[-1][0] > seconds:
                seconds = signal.changes[-1][0]
            signal.changes.append((seconds, value))

    def note(self, seconds, text):
        with self._lock:
            self.end = max(self.end, seconds)
            self.notes.append((seconds, text))

    def write_vcd(self, path):
        lines = [f'$comment {self.title} $end', '$timescale 1 us $end']
        names = {}
        for signal, identifier in zip(self.signals, IDENTIFIERS):
            names[id(signal)] = identifier
        for group in dict.fromkeys(signal.group for signal in self.signals):
            lines.append(f'$scope module {plain(group)} $end')
            for signal in self.signals:
                if signal.group == group:
                    kind, bits = {'bit': ('wire', 1), 'real': ('real', 64)}[signal.kind]
                    reference = plain(f'{signal.name} {signal.unit}')
                    lines.append(f'$var {kind} {bits} {names[id(signal)]} {reference} $end')
            lines.append('$upscope $end')
        lines.append('$enddefinitions $end')

        merged = sorted(((round(when / TICK_S), order, signal, value)
                         for order, signal in enumerate(self.signals)
                         for when, value in signal.changes), key=lambda entry: entry[:2])
        first = min((entry[0] for entry in merged), default=0)
        lines += [f'#{first}', '$dumpvars']
        known = {id(entry[2]) for entry in merged if entry[0] == first}
        for signal in self.signals:
            if id(signal) not in known:
                lines.append(spell(signal, None, names[id(signal)]))
        dumping, last = True, first
        for when, _, signal, value in merged:
            if when != last:
                if dumping:
                    lines.append('$end')
                    dumping = False
                lines.append(f'#{when}')
                last = when
            lines.append(spell(signal, value, names[id(signal)]))
        if dumping:
            lines.append('$end')
        lines.append(f'#{max(round(self.end / TICK_S), last)}')
        with open(path, 'w', encoding='ascii', errors='replace') as file:
            file.write('\n'.join(lines) + '\n')


def plain(name):
    """A VCD reference may have no blanks."""
    return re.sub(r'[^A-Za-z0-9_]+', '_', name).strip('_')


def spell(signal, value, identifier):
    """One value change as the format wants it."""
    if signal.kind == 'real':
        return f'r{0.0 if value is None else value:.6g} {identifier}'
    return f'{"x" if value is None else int(value)}{identifier}'
