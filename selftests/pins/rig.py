# SPDX-License-Identifier: GPL-2.0
"""The wiring: one emulated machine, and outside it the bank, the switch and the devices.

      bank ----lines----> pins >---- board ----> pins ----> devices
        ^    terminals --> pins      (driver)                  |
        '------------------------ current --------------------'

A thread keeps this loop turning: it lets the bank live, at `speed` seconds of its own per second,
puts the lines on the pins, and lets the devices follow the outputs as soon as a pin changes.
Whoever holds the Rig may turn any knob at any time under `with rig.lock`, and calls `apply()` to
see it on the pins at once. Everything is written into a Recording, the pins with QEMU's own stamps.
"""

import contextlib
import threading

from pins import bank as bank_model, devices, terminals as terminal_model, vcd

TICK_S = 0.02
LONGEST_TICK_S = 0.1                # a bench that was kept waiting does not let the bank leap
OUTPUTS = ('load', 'charge', 'pre-alarm')
INPUTS = bank_model.LINES + ('remote-l', 'remote-h', 'remote-loop')


class Wire:
    """A pin of the machine under the name of the board's line."""

    def __init__(self, name, line, pin):
        self.name = name            # `load`, or `fore/load` where there are several boards
        self.line = line            # `load`
        self.pin = pin
        self.is_output = line not in INPUTS
        self.level = None           # last put on an input


class Rig:
    """See above. @wires: list of Wire; @hung: list of devices.Device; @shunt: counts what flows."""

    def __init__(self, machine, wires, bank=None, hung=(), title='', speed=1.0, shunt=None):
        self.machine = machine
        self.wires = {wire.name: wire for wire in wires}
        self.bank = bank or bank_model.Bank()
        self.devices = {device.name: device for device in hung}
        self.terminals = terminal_model.Terminals()
        self.speed = speed
        self.shunt = shunt
        self.forced = {}            # line -> level, in place of what the model says
        self.lock = threading.RLock()
        self.tape = vcd.Recording(title)
        self._seen = 0
        self._last = None
        self._gone = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._pins = {wire.pin: self.tape.signal(
            wire.name, group='outputs' if wire.is_output else 'inputs')
            for wire in sorted(wires, key=lambda wire: (wire.is_output, wire.pin))}
        for signal in self._pins.values():
            self.tape.change(signal, 0.0, 0)    # nothing drives a pin before the machine runs
        self._runs = {name: self.tape.signal(f'{name} runs', group='devices')
                      for name in self.devices}
        self._meters = {name: self.tape.signal(name, 'real', 'bank', unit) for name, unit in (
            ('lowest cell', 'mV'), ('highest cell', 'mV'), ('current', 'A'), ('charge', 'percent'),
            ('temperature', 'C'))}
        if shunt:
            self._meters['state of charge'] = self.tape.signal(
                'state of charge', 'real', 'monitor', 'percent', limits=shunt.limits)
        self.reset()

    def reset(self):
        """A healthy bank, a switch that is on, and every line as the bank says."""
        with self.lock:
            self.forced.clear()
            self.bank.cord_broken = False
            for battery in self.bank.batteries:
                battery.temperature_c = 20.0
                for cell in battery.cells:
                    cell.fixed_v = None
                    cell.soc = max(cell.soc, 0.5)
            if self.shunt:
                self.shunt.synchronise()
            self.switch(True)

    # ---- life

    def __enter__(self):
        self._thread.start()
        if self.shunt:
            self.shunt.__enter__()
        return self

    def __exit__(self, *_):
        if self.shunt:
            self.shunt.__exit__()
        self._stop.set()
        self._thread.join()
        self._record_pins()

    def _live(self):
        while not self._stop.is_set():
            with self.machine.changed:
                self.machine.changed.wait_for(
                    lambda: len(self.machine.events) > self._seen, TICK_S)
            self.apply()

    def apply(self):
        """Let the time pass that has passed, and bring lines, devices and tape up to date."""
        with self.lock:
            self._record_pins()
            now = self.machine.now()
            passed = min(now - self._last, LONGEST_TICK_S) if self._last is not None else 0.0
            self._last = now
            volts = self.bank.voltage()
            outputs = {name: bool(self.level(name)) for name in OUTPUTS if name in self.wires}
            current = 0.0
            for device in self.devices.values():
                if device.output in outputs:
                    device.update(outputs, volts)
                    current += device.current_a(volts)
            passed = max(passed, 0.0) * self.speed
            self.bank.step(passed, current)
            if self.shunt:
                self.shunt.count(passed, current)
            self._put(self.lines())
            self._record_model(now)

    def lines(self):
        lines = {**self.bank.lines(), **self.terminals.lines(self.bank.voltage())}
        lines.update((line, level) for line, level in self.forced.items())
        return lines

    def _put(self, lines):
        for wire in self.wires.values():
            if wire.is_output or self._gone:
                continue
            level = self.forced.get(wire.name, lines[wire.line])
            if level != wire.level:
                wire.level = level
                try:
                    self.machine.set_pin(wire.pin, int(level))
                except (EOFError, OSError, TimeoutError):
                    self._gone = True           # the machine has ended; the tape goes on

    def _record_pins(self):
        with self.lock:
            with self.machine.changed:
                fresh = self.machine.events[self._seen:]
                self._seen += len(fresh)
            for event in fresh:
                if event.pin in self._pins:
                    self.tape.change(self._pins[event.pin], event.t, event.level)

    def _record_model(self, now):
        coarse = {
            'lowest cell': round(self.bank.lowest_cell_v() * 1000),
            'highest cell': round(self.bank.highest_cell_v() * 1000),
            'current': round(self.bank.current_a, 1),
            'charge': round(self.bank.soc() * 100, 1),
            'temperature': round(self.bank.hottest_c(), 1),
        }
        if self.shunt:
            coarse['state of charge'] = self.shunt.reported()
        for name, value in coarse.items():
            self.tape.change(self._meters[name], now, value)
        for name, signal in self._runs.items():
            self.tape.change(signal, now, int(self.devices[name].on))

    # ---- knobs

    def level(self, name):
        """Of an output: 1 while it is high. An undriven pin floats, whatever it reads."""
        pin = self.wires[name].pin
        return int(self.machine.level(pin) and self.machine.driven(pin))

    def force(self, line, level):
        """Put @level on a line, of one board or of all, whatever the bank says; None gives it
        back to the model."""
        if line not in self.wires and \
                line not in (wire.rpartition('/')[2] for wire in self.wires):
            raise ValueError(f'{line} is not wired; there are {", ".join(self.wires)}')
        with self.lock:
            if level is None:
                self.forced.pop(line, None)
            else:
                self.forced[line] = bool(level)
            self.apply()

    def switch(self, on):
        """The switch of the manual's examples, between battery plus and H."""
        with self.lock:
            self.terminals.open()
            if on:
                self.terminals.drive_h(terminal_model.BATTERY)

    def note(self, text):
        self.tape.note(self.machine.now(), text)

    def draw(self, amps):
        """Let the first load that can be set so draw @amps."""
        with self.lock:
            for device in self.devices.values():
                if isinstance(device, devices.BatteryProtect):
                    device.amps = amps
                    return
                if isinstance(device, devices.Inverter):
                    device.watts = amps * self.bank.voltage() * device.EFFICIENCY
                    return
        raise ValueError('there is no load on this board')


@contextlib.contextmanager
def running(machine, rig):
    """The machine and what hangs on it, from boot to the end."""
    with machine:
        with rig:
            yield rig
