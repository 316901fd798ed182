#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The demo: a story on the emulated board, told while it happens.

On a terminal: the story and the bank on the left, what the guest's own `smallbms status` says on
the right. Anywhere else: a line for each thing that happens. Leaves build/demo.svg and
build/demo.vcd. Exit status 0 only if the story went as it must.
"""

import os
import shutil
import sys
import threading

sys.path.insert(0, __file__.rpartition('/selftests/')[0] + '/selftests')

# pylint: disable=wrong-import-position
from pins import rig, svg  # noqa: E402
from pins.bench import Bench, Board, Wiring, sentence  # noqa: E402
from pins.devices import build  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'build')
LEFT_COLUMNS = 58
STATUS_EVERY_S = 0.4
REDRAW_EVERY_S = 0.2
GAUGE = 24
PRE_ALARM_S = 30.0

WIRING = Wiring(
    'Two nights at anchor, as the board lived through them',
    Board({'cell-low': 0, 'cell-undervoltage': 1, 'charge-inhibit': 2, 'remote-h': 3,
           'load': 5, 'charge': 6, 'pre-alarm': 7},
          load_reconnect_delay_ms=1000, soc_floor_percent=20),
    bank='12.8V 100Ah soc=50%',
    devices=[build('protect', 'fridge-and-pump', amps=20),
             build('solar', cable='non-inverting', watts=0)], shunt=True)


# ---- the story


def begin(bench):
    bench.fresh('Evening: fridge and bilge pump draw 20 A')
    bench.charge_level(20.2)
    bench.start()
    bench.follow()
    bench.speed(150)


def floor(bench):
    """S2: The battery monitor reports 20 %, and the pre-alarm rises"""
    bench.on('pre-alarm', within=60)
    bench.note('20 % of the charge is left: pre-alarm')
    bench.after_reports('pre-alarm rise', count=2, most=200)
    bench.always_on('load')
    bench.speed(10)


def shed(bench):
    """S2: The load is shed, after no less than 30 s of pre-alarm, and charge stays"""
    bench.off('load', within=60)
    bench.note('Warned for 30 s: load off, a reserve is left')
    bench.interval('pre-alarm rise', 'load fall', least=30)
    bench.attr('load_off_reason', 'soc-floor')
    bench.device_off('fridge-and-pump')
    bench.always_on('charge')


def recovered(bench):
    """S2: The sun charges the bank, and from 25 % on the load is back"""
    bench.note('Sunrise: the sun recharges the bank')
    bench.turn('solar', watts=220)
    bench.speed(900)
    bench.device_on('solar')
    bench.on('load', within=60)
    bench.note('Recharged to 25 %: load on again')
    bench.device_on('fridge-and-pump')


def warned(bench):
    """L1 S3: Without the monitor, a cell falls below 3.1 V, and the pre-alarm rises"""
    bench.note('Night, the monitor is unplugged: the lines protect')
    bench.unplug()
    bench.turn('solar', watts=0)
    bench.speed(1500)
    bench.on('pre-alarm', within=60)
    bench.note('The weakest cell falls below 3.1 V: pre-alarm')
    bench.speed(26)
    bench.always_on('load')


def cold(bench):
    """C1 C3: Frost stops charging, but not the fridge"""
    bench.wait(5)
    bench.note('Below 5 degrees: charging stops, the fridge runs on')
    bench.warm(2, 2)
    bench.off('charge', within=5)
    bench.wait(6)
    bench.always_on('load')


def warm(bench):
    """C2: Warm again, the bank may be charged"""
    bench.note('Warm again: charging is allowed')
    bench.warm(12, 2)
    bench.on('charge', within=20)


def disconnected(bench):
    """L2: The load is disconnected, after no less than 30 s of pre-alarm"""
    bench.off('load', within=90)
    bench.note('Below 2.8 V and warned for 30 s: load off')
    bench.speed(1)
    bench.interval('pre-alarm rise', 'load fall', least=30)
    bench.attr('load_off_reason', 'cell-undervoltage')
    bench.attr('alarm', '2')
    bench.device_off('fridge-and-pump')
    bench.bank_has(0.2, 1.5)            # B4


def reconnected(bench):
    """L4 L6: The sun charges the empty bank, and the load comes back after its delay"""
    bench.note('Sunrise: the sun recharges the bank')
    bench.turn('solar', watts=220)
    bench.speed(800)
    bench.on('load', within=60)
    bench.note('Recharged: load on again')
    bench.interval('cell-undervoltage fall', 'load rise', least=1)
    bench.turn('fridge-and-pump', amps=6)
    bench.off('pre-alarm', within=30)
    bench.wait(1)


def switched_off(bench):
    """M3: Somebody turns the switch off, and all is off"""
    bench.note('Switched off at the remote')
    bench.switch('off')
    bench.off('load', 'charge', within=5)
    bench.device_off('fridge-and-pump')
    bench.wait(1)


def switched_on(bench):
    """M4: ... and on again"""
    bench.note('Switched on again')
    bench.switch('on')
    bench.on('load', 'charge', within=5)
    bench.device_on('fridge-and-pump')
    bench.wait(1)


STORY = (floor, shed, recovered, warned, cold, warm, disconnected, reconnected, switched_off,
         switched_on)


# ---- how it is told


def gauge(share):
    full = round(GAUGE * min(max(share, 0.0), 1.0))
    return '█' * full + '░' * (GAUGE - full)


class Teller:
    """Common to both ways of telling: what is going on."""

    def __init__(self, wired, machine):
        self.rig = wired
        self.machine = machine
        self.results = []
        self.now_showing = ''
        self.status = ''
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True),
                         threading.Thread(target=self._show, daemon=True)]
        self.begun = machine.now()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self):
        while not self._stop.wait(STATUS_EVERY_S):
            code, text = self.machine.guest('smallbms status')
            self.status = text if not code else 'the driver is being loaded'

    def _show(self):
        while not self._stop.wait(REDRAW_EVERY_S):
            self.show()

    def begin(self, text):
        self.now_showing = text

    def take(self, result):
        self.results.append(result)

    def show(self):
        """Once every moment."""

    def elapsed(self):
        return self.machine.now() - self.begun

    def warned_for(self):
        """Seconds of pre-alarm before a disconnect that has not come yet, or None."""
        if not (self.rig.level('pre-alarm') and self.rig.level('load')):
            return None
        pre_alarm = self.rig.tape.find('pre-alarm')
        if not pre_alarm.changes[-1][1]:        # the tape lags behind
            return None
        return self.machine.now() - pre_alarm.edges(1)[-1]


class Lines(Teller):
    """For a log: a line for each change, and the status where a chapter begins."""

    def __init__(self, wired, machine):
        super().__init__(wired, machine)
        self._notes = 0
        self._levels = {}
        self._counted = 0

    def say(self, text):
        print(f'{self.elapsed():6.1f} s  {text}', flush=True)

    def show(self):
        for _, text in self.rig.tape.notes[self._notes:]:
            self._notes += 1
            self.say(f'== {text}')
        for name in rig.OUTPUTS:
            level = self.rig.level(name)
            if self._levels.get(name, 0) != level:
                self._levels[name] = level
                self.say(f'   {name} {"high" if level else "floating"}')
        warned = self.warned_for()
        if warned is None:
            self._counted = 0
        elif warned // 5 > self._counted:
            self._counted = warned // 5
            self.say(f'   pre-alarm for {warned:.0f} s, lowest cell '
                     f'{self.rig.bank.lowest_cell_v():.3f} V')

    def take(self, result):
        super().take(result)
        self.show()
        self.say(f'{"ok    " if result.ok else "NOT OK"} {result.sentence}')
        for line in result.why.split('\n') if result.why else ():
            self.say(f'       {line}')


class Screen(Teller):
    """For a terminal: redrawn in place, two columns where they fit."""

    def __init__(self, wired, machine):
        super().__init__(wired, machine)
        self._drawn = 0
        self._plain = bool(os.environ.get('NO_COLOR'))

    def paint(self, code, text):
        return text if self._plain else f'\033[{code}m{text}\033[0m'

    def _left(self):
        bank = self.rig.bank
        title = 'smallBMS: a night at anchor'
        rows = [('1', f'{title:44}{self.elapsed():5.0f} s'), ('', '')]
        notes = list(self.rig.tape.notes)
        for index, (_, text) in enumerate(notes):
            here = index == len(notes) - 1
            rows.append(('1' if here else '2', f'{"▶" if here else " "} {text}'))
        rows.append(('', ''))
        warned = self.warned_for()
        if warned is not None:
            rows.append(('1;33', f'pre-alarm  {gauge(warned / PRE_ALARM_S)}  '
                                 f'{warned:4.1f} of 30 s'))
        else:
            rows.append(('', ''))
        rows.append(('', f'bank       {gauge(bank.soc())}  {100 * bank.soc():4.1f} %  '
                         f'{bank.voltage():5.2f} V'))
        rows.append(('', f'           lowest cell {bank.lowest_cell_v():.3f} V  '
                         f'{bank.current_a:+6.1f} A  {bank.hottest_c():.0f} °C'))
        for name, code in (('load', '1;34'), ('charge', '1;32'), ('pre-alarm', '1;33')):
            high = self.rig.level(name)
            state = '● high' if high else '○ floating'
            rows.append((code if high else '2', f'{name:10} {state}'))
        for name, device in self.rig.devices.items():
            state = f'on, {abs(device.current_a(bank.voltage())):.0f} A' if device.on else 'off'
            rows.append(('' if device.on else '2',
                         f'{"●" if device.on else "○"} {name.replace("-", " ")} {state}'))
        return rows

    def show(self):
        columns = shutil.get_terminal_size().columns
        left = self._left()
        right = ['# smallbms status', ''] + self.status.rstrip('\n').split('\n')
        lines = []
        rows = shutil.get_terminal_size().lines
        if columns >= LEFT_COLUMNS + 44:
            for index in range(max(len(left), len(right))):
                code, text = left[index] if index < len(left) else ('', '')
                other = right[index] if index < len(right) else ''
                text = text[:LEFT_COLUMNS].ljust(LEFT_COLUMNS)
                lines.append((self.paint(code, text) if code else text)
                             + '│ ' + other[:columns - LEFT_COLUMNS - 3])
        else:
            lines = [self.paint(code, text[:columns - 1]) if code else text[:columns - 1]
                     for code, text in left]
            lines += [''] + [text[:columns - 1] for text in right]
        del lines[rows - 1:]            # what does not fit could not be redrawn
        back = f'\033[{self._drawn}A' if self._drawn else ''
        sys.stdout.write(back + ''.join(f'\033[K{line}\n' for line in lines) + '\033[J')
        sys.stdout.flush()
        self._drawn = len(lines)

    def __exit__(self, *error):
        super().__exit__(*error)
        self.show()
        print()
        for result in self.results:
            print(('  ' if result.ok else 'NOT OK  ') + self.paint('32' if result.ok else '31',
                                                                   '✓ ' if result.ok else '✗ ')
                  + result.sentence)
            if not result.ok:
                print('      ' + result.why.replace('\n', '\n      '))


def play(bench, teller):
    begin(bench)
    for each in STORY:
        teller.begin(sentence(each))
        teller.take(bench.result(each))


def main():
    folder = os.path.join(BUILD, 'pins', 'demo')
    print('Booting an arm64 machine with the board on its pins ...', flush=True)
    bench = Bench(WIRING, 'demo', folder)
    tape = bench.rig.tape
    pictures = [os.path.join(BUILD, f'demo.{kind}') for kind in ('svg', 'vcd')]
    try:
        with bench:
            print(f'Booted in {bench.machine.boot_seconds:.1f} s.\n', flush=True)
            teller = (Screen if sys.stdout.isatty() else Lines)(bench.rig, bench.machine)
            with teller:
                play(bench, teller)
    finally:
        tape.write_vcd(pictures[1])
        svg.draw(tape, pictures[0])
    failed = [result for result in teller.results if not result.ok]
    print(f'\n{len(teller.results) - len(failed)} of {len(teller.results)} went as they must. '
          'The timing diagram is in ' + ', the waves are in '.join(map(os.path.relpath, pictures)))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
