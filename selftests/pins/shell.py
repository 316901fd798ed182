#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The emulated board for a person: a root prompt inside, and `bank WORDS` to steer what is outside.

The bank lives as in the tests, the devices follow the board. When the prompt is left, the
timing diagram of the visit is in build/pins/shell.
"""

import os
import shlex
import sys

sys.path.insert(0, __file__.rpartition('/selftests/')[0] + '/selftests')

# pylint: disable=wrong-import-position
from lib.vm import dt  # noqa: E402
from lib.vm.machine import Machine  # noqa: E402
from pins import rig, svg  # noqa: E402
from pins.devices import build  # noqa: E402

BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                     'build')
PINS = {'cell-low': 0, 'cell-undervoltage': 1, 'over-temperature': 2, 'charge-inhibit': 3,
        'remote-h': 4, 'load': 5, 'charge': 6, 'pre-alarm': 7}
VISIT_S = 24 * 3600
SPEED = 60.0
ANSWER_S = 0.1

HELP = '''\
bank                     how the bank, the switch and the devices are
bank draw AMPS           let the load draw so much
bank sun WATTS           let the panels give so much
bank soc PERCENT         set the charge of all cells
bank cell N VOLTS        hold a cell at a voltage (low below 3.1, under below 2.8, over above 3.75)
bank cell free           let all cells follow their charge again
bank temp CELSIUS        warm or cool the batteries (charging stops above 50 and below 5)
bank switch on|off       the switch between battery plus and terminal H
bank cord break|mend     the cord through the batteries
bank line NAME active|quiet|free
                         force a line: ''' + ' '.join(name for name in PINS
                                                      if name not in rig.OUTPUTS) + f'''
bank speed N             seconds of the bank per second, now {SPEED:g} at first'''


class Outside:
    """Answers what is typed after `bank`."""

    def __init__(self, wired):
        self.rig = wired

    def state(self):
        battery_v = self.rig.bank.voltage()
        lines = [self.rig.bank.describe(), 'terminals    ' + self.rig.terminals.describe(battery_v)]
        lines += [f'{device.name:12} {"on" if device.on else "off"}, '
                  f'{device.current_a(battery_v):+.1f} A' for device in self.rig.devices.values()]
        if self.rig.forced:
            lines.append('forced       ' + ' '.join(
                f'{line}={"active" if level else "quiet"}'
                for line, level in self.rig.forced.items()))
        lines.append(f'speed        {self.rig.speed:g}')
        return '\n'.join(lines) + '\n'

    def answer(self, text):
        words = shlex.split(text)
        if words[:1] == ['help']:
            return HELP + '\n'
        try:
            with self.rig.lock:
                if words:
                    self.turn(*words)
                self.rig.apply()
            with self.rig.machine.changed:      # the board's answer takes a moment
                self.rig.machine.changed.wait(ANSWER_S)
            with self.rig.lock:
                self.rig.apply()
                return self.state()
        except (ValueError, TypeError, KeyError) as error:
            why = error if isinstance(error, ValueError) else 'not understood'
            return f'bank: {" ".join(words)}: {why}; see "bank help"\n'

    def turn(self, knob, *values):
        """Turn one knob; ValueError, TypeError or KeyError if there is no such position."""
        bank = self.rig.bank
        if knob == 'draw':
            self.rig.draw(float(*values))
        elif knob == 'sun':
            self.rig.devices['solar'].watts = float(*values)
        elif knob == 'soc':
            bank.set_soc(float(*values) / 100)
        elif knob == 'cell' and values == ('free',):
            bank.set_all_cells_v(None)
        elif knob == 'cell':
            number, volts = values
            bank.set_cell_v(float(volts), int(number))
        elif knob == 'temp':
            bank.set_temperature_c(float(*values))
        elif knob == 'speed':
            self.rig.speed = float(*values)
        elif knob == 'switch':
            self.rig.switch({'on': True, 'off': False}[values[0]])
        elif knob == 'cord':
            bank.cord_broken = {'break': True, 'mend': False}[values[0]]
        elif knob == 'line':
            name, level = values
            if name not in self.rig.lines():
                raise ValueError('there is no such line')
            self.rig.force(name, {'active': 1, 'quiet': 0, 'free': None}[level])
        else:
            raise KeyError(knob)


def main():
    folder = os.path.join(BUILD, 'pins', 'shell')
    os.makedirs(folder, exist_ok=True)
    flags = {name: (pin, dt.OPEN_SOURCE if name in rig.OUTPUTS else dt.ACTIVE_HIGH)
             for name, pin in PINS.items()}
    board = dt.board({f'{name}-gpios': spec for name, spec in flags.items()})
    print('Booting an arm64 machine with the board on its pins ...', flush=True)
    machine = Machine(board, name='shell', workdir=folder, shell=True, max_seconds=VISIT_S)
    wired = rig.Rig(machine, [rig.Wire(name, name, pin) for name, pin in PINS.items()],
                    hung=[build('protect', 'load', amps=10),
                          build('solar', cable='non-inverting', watts=0)],
                    title='What the board saw and did', speed=SPEED)
    machine.on_bank_command(Outside(wired).answer)
    try:
        with rig.running(machine, wired):
            machine.wait_end()
    finally:
        picture = os.path.join(folder, 'timing.svg')
        wired.tape.write_vcd(os.path.join(folder, 'timing.vcd'))
        svg.draw(wired.tape, picture)
    print(f'\nWhat happened is drawn in {os.path.relpath(picture)}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
