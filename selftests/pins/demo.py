#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The demo: the story of story.txt on the emulated board, told while it happens.

On a terminal: the story and the bank on the left, what the guest's own `smallbms status` says on
the right. Anywhere else: a line for each thing that happens. Leaves build/demo.svg and
build/demo.vcd. Exit status 0 only if the story went as it must.
"""

import os
import shutil
import sys
import threading

from lib.vm.machine import Machine
from pins import rig, scenario, steps, svg

# To be imported is all that it needs: that makes the steps of story.txt known.
STORY_STEPS = steps.STEPS

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'build')
LEFT_COLUMNS = 58
STATUS_EVERY_S = 0.4
REDRAW_EVERY_S = 0.2
GAUGE = 24
PRE_ALARM_S = 30.0


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

    def begin(self, case):
        self.now_showing = case.sentence

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
        rises = self.rig.tape.find('pre-alarm').edges(1)
        return self.machine.now() - rises[-1] if rises else None


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


def main():
    story = scenario.Scenario(os.path.join(HERE, 'story.txt'))
    folder = os.path.join(BUILD, 'pins', 'demo')
    os.makedirs(folder, exist_ok=True)
    print('Booting an arm64 machine with the board on its pins ...', flush=True)
    machine = Machine(story.source(), name='demo', workdir=folder)
    wired = story.build(machine)
    pictures = [os.path.join(BUILD, f'demo.{kind}') for kind in ('svg', 'vcd')]
    try:
        with rig.running(machine, wired):
            print(f'Booted in {machine.boot_seconds:.1f} s.\n', flush=True)
            teller = (Screen if sys.stdout.isatty() else Lines)(wired, machine)
            with teller:
                scenario.Run(story, machine, wired, teller.take, folder, teller.begin).play()
    finally:
        wired.tape.write_vcd(pictures[1])
        rises = wired.tape.find('load').edges(1)
        svg.draw(wired.tape, pictures[0], start=rises[0] - 1 if rises else None)
    failed = [result for result in teller.results if not result.ok]
    print(f'\n{len(teller.results) - len(failed)} of {len(teller.results)} went as they must. '
          'The timing diagram is in ' + ', the waves are in '.join(map(os.path.relpath, pictures)))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
