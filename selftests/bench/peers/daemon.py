#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The same rules as daemon.c, and the same arguments, by gpiod's Python bindings."""

import select
import signal
import sys
import time

import gpiod

RESCAN_S = 1.0


class Condition:
    """Debounced when it comes, cleared late."""

    def __init__(self, debounce, clear):
        self.debounce = debounce
        self.clear = clear
        self.raw = self.active = False
        self.since = 0.0

    def look(self, level, now):
        """When to look again, or None."""
        if level != self.raw:
            self.raw, self.since = level, now
        if self.raw == self.active:
            return None
        due = self.since + (self.debounce if self.raw else self.clear)
        if now < due:
            return due
        self.active = self.raw
        return None


class Rules:
    """Levels in, levels of load, charge and pre-alarm out."""

    def __init__(self, debounce, clear, pre_alarm, load_back, charge_back):
        self.empty = Condition(debounce, clear)
        self.full = Condition(debounce, clear)
        self.pre_alarm, self.load_back, self.charge_back = pre_alarm, load_back, charge_back
        self.warned_since = None
        self.tripped = self.blocked = False
        self.empty_until = self.full_until = 0.0

    def decide(self, levels, now):
        due = [now + RESCAN_S, self.empty.look(bool(levels[0]), now),
               self.full.look(bool(levels[1]), now)]
        if self.empty.active:
            self.empty_until = now
            if self.warned_since is None:
                self.warned_since = now
            if now - self.warned_since >= self.pre_alarm:
                self.tripped = True
            else:
                due.append(self.warned_since + self.pre_alarm)
        else:
            self.warned_since = None
            if now - self.empty_until >= self.load_back:
                self.tripped = False
            else:
                due.append(self.empty_until + self.load_back)
        if self.full.active:
            self.blocked = True
            self.full_until = now
        elif now - self.full_until >= self.charge_back:
            self.blocked = False
        else:
            due.append(self.full_until + self.charge_back)
        wanted = [int(not self.tripped), int(not self.blocked), int(self.warned_since is not None)]
        return wanted, min(when for when in due if when is not None)


def main(words):
    chip = gpiod.Chip(words[0])
    offsets = [int(word) for word in words[1:6]]
    rules = Rules(*(int(word) / 1000 for word in words[6:11]))
    inputs = chip.get_lines(offsets[:2])
    inputs.request(consumer='daemon.py', type=gpiod.LINE_REQ_EV_BOTH_EDGES)
    outputs = chip.get_lines(offsets[2:])
    written = [1, 1, 0]
    outputs.request(consumer='daemon.py', type=gpiod.LINE_REQ_DIR_OUT, default_vals=written)
    waiting = select.poll()
    lines = {}
    for line in inputs.to_list():
        lines[line.event_get_fd()] = line
        waiting.register(line.event_get_fd(), select.POLLIN | select.POLLPRI)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        try:
            levels = inputs.get_values()
        except OSError:
            levels = [1, 1]
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        wanted, due = rules.decide(levels, now)
        if wanted != written:
            outputs.set_values(wanted)
            written = wanted
        for number, _ in waiting.poll(max(due - now, 0) * 1000):
            lines[number].event_read_multiple()


if __name__ == '__main__':
    main(sys.argv[1:])
