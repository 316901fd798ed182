#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The timing diagrams of the documents, drawn from what the emulated board does.

    pictures.py [NAME ...]      plays them; leaves Documentation/timing-NAME.svg
"""

import os
import sys

sys.path.insert(0, __file__.rpartition('/selftests/')[0] + '/selftests')

# pylint: disable=wrong-import-position
from lib.vm.machine import TOP  # noqa: E402
from pins import svg  # noqa: E402
from pins.bench import Bench, Board, Wiring  # noqa: E402

DOCUMENTS = os.path.join(TOP, 'Documentation')
LEAD_S = 1.0                    # drawn before the first note that is no heading
OUTPUTS = {'load': 5, 'charge': 6, 'pre-alarm': 7}


class Picture(Wiring):
    """@play(bench) plays it, once the driver has been started."""

    def __init__(self, title, heading, play, inputs, **properties):
        pins = {name: pin for pin, name in enumerate(inputs)}
        super().__init__(title, Board({**pins, **OUTPUTS}, **properties))
        self.heading = heading
        self.play = play


def charging(bench):
    """C1: A fault floats charge, and never the load"""
    bench.wait(1)
    bench.note('A cell is full: charge floats, the load stays (C1, C3)')
    bench.active('cell-overvoltage')
    bench.off('charge', within=2)
    bench.wait(2)
    bench.note('It flickers: each flicker restarts the delays (C2)')
    bench.chatter('cell-overvoltage', 0.7, 4)
    bench.on('charge', within=10)
    bench.note('Clear for 1 s and 1 s: charge is back (T3, C2)')
    bench.wait(2)
    bench.note('Two faults: charge waits for the last of them')
    bench.active('cell-overvoltage', 'over-temperature')
    bench.off('charge', within=2)
    bench.wait(1.5)
    bench.quiet('cell-overvoltage')
    bench.wait(2.5)
    bench.quiet('over-temperature')
    bench.on('charge', within=10)
    bench.always_on('load')
    bench.wait(2)


def debounce(bench):
    """T2: Pulses do nothing, a level acts, chatter counts as active"""
    bench.wait(0.5)
    bench.note('Pulses shorter than the debounce: nothing happens')
    bench.pulse('cell-overvoltage', 0.06, times=4, every_s=0.5)
    bench.always_on('charge')
    bench.note('A level held for the debounce acts')
    bench.active('cell-overvoltage')
    bench.off('charge', within=2)
    bench.interval('cell-overvoltage rise', 'charge fall', least=0.2)
    bench.wait(0.3)
    bench.quiet('cell-overvoltage')
    bench.on('charge', within=5)
    bench.wait(0.5)
    bench.note('It chatters for twice the debounce: active within three times')
    bench.chatter('cell-overvoltage', 0.12, 1.2)
    bench.on('charge', within=5)
    bench.wait(0.5)


def relief(bench):
    """T3: A pulsing load does not restart the 30 s, recovery ends them"""
    bench.wait(1)
    bench.note('A big load: both conditions appear, the 30 s begin (L1)')
    bench.active('cell-low', 'cell-undervoltage')
    bench.on('pre-alarm', within=2)
    bench.wait(6)
    bench.note('It pulses: clear for less than 1 s is not clear (T3)')
    bench.chatter('cell-undervoltage', 0.8, 5)
    bench.active('cell-undervoltage')
    bench.wait(4)
    bench.note('It is let go: both are clear for 1 s, the pre-alarm ends (L3)')
    bench.quiet('cell-low', 'cell-undervoltage')
    bench.off('pre-alarm', within=10)
    bench.always_on('load')
    bench.wait(4)


def remote(bench):
    """M2: A hand on the switch always wins"""
    bench.wait(1)
    bench.note('The switch is opened: load and charge float at once (M3)')
    bench.switch('off')
    bench.off('load', 'charge', within=5)
    bench.wait(2)
    bench.note('smallbms on changes nothing while the switch is open (M2)')
    bench.write('remote', 'on')
    bench.stays_off('load', 1.5)
    bench.note('The switch is closed: what is healthy returns at once (M4)')
    bench.switch('on')
    bench.on('load', 'charge', within=5)
    bench.wait(2)
    bench.note('smallbms off')
    bench.write('remote', 'off')
    bench.off('load', within=5)
    bench.wait(1.5)
    bench.note('smallbms on, with a charge fault present: charge stays off')
    bench.active('charge-inhibit')
    bench.wait(0.5)
    bench.write('remote', 'on')
    bench.on('load', within=5)
    bench.stays_off('charge', 1.5)
    bench.wait(0.5)


def warning(bench):
    """L2 L4: Warned for 30 s, whenever undervoltage begins, then cut, and back after its delay"""
    bench.wait(2)
    bench.note('A cell is low: the pre-alarm rises, nothing is cut (L1)')
    bench.active('cell-low')
    bench.on('pre-alarm', within=2)
    bench.wait(10)
    bench.note('Undervoltage: 20 s of the warning are left (L2)')
    bench.active('cell-undervoltage')
    bench.off('load', within=60)
    bench.interval('pre-alarm rise', 'load fall', least=30)
    bench.note('Warned for 30 s: the load is disconnected; charging goes on (L6)')
    bench.wait(6)
    bench.note('The cell recovers for 5 s: too short to count')
    bench.quiet('cell-undervoltage')
    bench.wait(5)
    bench.active('cell-undervoltage')
    bench.wait(3)
    bench.note('It recovers for good; the pre-alarm goes with cell-low (L3)')
    bench.quiet('cell-undervoltage')
    bench.wait(3)
    bench.quiet('cell-low')
    bench.on('load', within=60)
    bench.interval('cell-undervoltage fall', 'load rise', least=30)
    bench.note('Clear for 1 s and 30 s: the load is back (T3, L4)')
    bench.wait(4)


PICTURES = {each.play.__name__: each for each in (
    Picture('Charging stops at once, and returns when the fault stays away', 'Each fault',
            charging, ('cell-overvoltage', 'over-temperature', 'cell-undervoltage'),
            charge_reconnect_delay_ms=1000),
    Picture('What a line must do to be believed (debounce 200 ms)', 'Pulses, a level, chatter',
            debounce, ('cell-overvoltage', 'cell-undervoltage'),
            debounce_delay_ms=200, clear_delay_ms=200, charge_reconnect_delay_ms=200),
    Picture('Recovery in time: nothing is cut', 'A winch is used and let go',
            relief, ('cell-low', 'cell-undervoltage', 'charge-inhibit')),
    Picture('The switch and the software: both must say ON', 'Off and on again',
            remote, ('remote-h', 'cell-undervoltage', 'charge-inhibit')),
    Picture('From the pre-alarm to the disconnect, and back', 'A cell is drawn empty',
            warning, ('cell-low', 'cell-undervoltage', 'charge-inhibit')),
)}


def draw(name, picture):
    """Play it; the drawing is left if all went as it must."""
    with Bench(picture, name, os.path.join(TOP, 'build', 'pins', name)) as bench:
        bench.fresh(picture.heading)
        bench.start()
        result = bench.result(picture.play)
        begin, end = bench.rig.tape.notes[1][0] - LEAD_S, bench.machine.now()
    if result.ok:
        svg.draw(bench.rig.tape, os.path.join(DOCUMENTS, f'timing-{name}.svg'),
                 start=begin, end=end)
    return result


def main(names):
    unknown = set(names) - set(PICTURES)
    if unknown:
        print(f'pictures: no {", ".join(sorted(unknown))}; there are '
              f'{", ".join(sorted(PICTURES))}', file=sys.stderr)
        return 2
    failures = 0
    names = names or list(PICTURES)
    print('KTAP version 1', flush=True)
    for number, name in enumerate(names, 1):
        result = draw(name, PICTURES[name])
        failures += not result.ok
        for line in result.why.splitlines():
            print(f'# {line}')
        print(f'{"ok" if result.ok else "not ok"} {number} - {result.sentence} [{name}]',
              flush=True)
    print(f'1..{len(names)}', flush=True)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
