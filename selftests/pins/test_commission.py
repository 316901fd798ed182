# SPDX-License-Identifier: GPL-2.0
"""Commissioning: each wire once, by a person, with whatever can be wrong with it"""

import os
import shlex

from lib.person import Person
from pins.bench import Bench, Board, Failed, Wiring, last

PINS = {'cell-low': 0, 'cell-undervoltage': 1, 'cell-overvoltage': 2, 'over-temperature': 3,
        'remote-h': 4, 'load': 5, 'charge': 6, 'pre-alarm': 7}
LINES = tuple(PINS)[:4]
WIRING = Wiring(__doc__, Board(PINS))
RUN_S = 240                     # for a run of the program; a busy host makes it long
REPORTS = '/var/lib/smallbms/commission/smallbms0'
UNFINISHED = f'{REPORTS}/unfinished.json'
SKIPPED = {step: 's' for step in ('supply', 'remote', 'software_remote', 'cables', 'load',
                                  'charge', 'pre_alarm', *LINES)}


class Hands:
    """On the wires outside. @faults: of a line, those that answer for it; @rest: lines that are
    active before; @deaf: to a pulled cable."""

    def __init__(self, bench, faults=None, rest=(), deaf=()):
        self.bench = bench
        self.faults = faults or {}
        self.rest = rest
        self.deaf = deaf
        bench.quiet(*LINES)
        bench.active(*rest)
        # What was active in the case before counts until its clear delay is over
        bench.attr('conditions', ' '.join(rest) or 'none', within=10)

    def act(self, line):
        for each in self.faults.get(line, (line,)):
            self.bench.rig.force(each, each not in self.rest)

    def mend(self, line):
        for each in self.faults.get(line, (line,)):
            self.bench.rig.force(each, each in self.rest)

    def pull(self):
        self.bench.as_bank(*(line for line in LINES if line not in self.deaf))
        self.bench.cord(True)

    def plug(self):
        self.bench.cord(False)

    def open(self):
        self.bench.switch('off')

    def close(self):
        self.bench.switch('on')


class Run:
    """The program inside, and a person outside who hears what it prints."""

    def __init__(self, bench, person, *args):
        self.bench = bench
        self.person = person
        self.known = 0
        bench.ok('rm -rf /tmp/said /tmp/typed /tmp/ended; mkfifo /tmp/typed; '
                 f'(exec 3<>/tmp/typed; smallbms commission {shlex.join(args)} <&3 '
                 '>/tmp/said 2>/tmp/wrong & echo $! >/tmp/pid; wait $!; echo $? >/tmp/ended) '
                 '>/dev/null 2>&1 &')

    def fresh(self):
        """The lines that were printed meanwhile."""
        lines = self.bench.machine.guest('cat /tmp/said')[1].split('\n')[:-1]
        self.known, fresh = len(lines), lines[self.known:]
        return fresh

    def play(self, until=None):
        """To the line that has the text, or to the end; the exit status then."""
        end = self.bench.machine.now() + RUN_S
        while self.bench.machine.now() < end:
            status, text = self.bench.machine.guest('cat /tmp/ended')
            for line in self.fresh():
                if until and until in line:
                    return None
                answer = self.person.hear(line)
                if answer is not None:
                    self.bench.ok(f'echo {shlex.quote(answer)} >/tmp/typed')
            if not status and text.strip():
                return int(text)
            last(0.05)
        raise Failed('the run does not end; it said\n' + '\n'.join(self.person.heard))


def commission(bench, *args, answers=None, **wires):
    """A run that skips all but what is given; the person, and the exit status."""
    person = Person(Hands(bench, **wires), chain=1, **{**SKIPPED, **(answers or {})})
    person.status = Run(bench, person, *args).play()
    return person


def expect(person, step, text):
    outcome, said = person.outcomes[step]
    if outcome != 'failed' or text not in said:
        raise Failed(f'{step} {outcome}: {said}')


class TestFaults:
    """Wiring faults, each named"""

    def test_swapped(self, bench):
        """Commissioning: Two swapped lines are named, each with the other"""
        person = commission(bench, answers={'cell_low': 'y', 'cell_overvoltage': 'y'},
                            faults={'cell-low': ('cell-overvoltage',),
                                    'cell-overvoltage': ('cell-low',)})
        expect(person, 'cell-low', 'cell-overvoltage answered instead of cell-low')
        expect(person, 'cell-overvoltage',
               'cell-overvoltage and cell-low are swapped with each other')
        assert person.status == 1
        bench.always_on('load')

    def test_never(self, bench):
        """Commissioning: A line that never changes is stuck"""
        person = commission(bench, '--timeout', '4', answers={'cell_low': 'y'},
                            faults={'cell-low': ()})
        expect(person, 'cell-low', 'stuck: cell-low never became active')

    def test_always(self, bench):
        """Commissioning: A line that is active from the start is stuck"""
        person = commission(bench, '--timeout', '4', answers={'over_temperature': 'y'},
                            rest=('over-temperature',), faults={'over-temperature': ()})
        expect(person, 'over-temperature',
               'stuck: over-temperature was active from the start and stays so')

    def test_inverted(self, bench):
        """Commissioning: A line that is active at rest, and clear without its wire, is inverted"""
        person = commission(bench, answers={'cell_low': 'y', 'cell_overvoltage': 'y'},
                            rest=('cell-overvoltage',))
        assert person.outcome('cell-low') == 'passed', person.text('cell-low')
        expect(person, 'cell-overvoltage', 'inverted: cell-overvoltage is active at rest')

    def test_cable(self, bench):
        """Commissioning: A line that does not notice a pulled cable is named"""
        person = commission(bench, answers={'cables': ['1', 'y']}, deaf=('over-temperature',))
        expect(person, 'cables', 'cable 1: over-temperature did not become active')
        bench.always_on('load')

    def test_loop(self, bench):
        """M1: Commissioning: A wire loop that was left beside the switch is named"""
        bench.active('remote-h')
        person = commission(bench, '--timeout', '4', answers={'remote': 'y'})
        bench.as_bank('remote-h')
        expect(person, 'remote', 'stuck: the terminals still say on. Is the wire loop still in')


class TestWell:
    """A board that is wired well"""

    def test_all(self, bench):
        """Commissioning: With everything in order each step passes, and each output has moved"""
        person = Person(Hands(bench), chain=1)
        status = Run(bench, person).play()
        wrong = {step: said for step, said in person.outcomes.items()
                 if said[0] == 'failed'}
        if status or wrong:
            raise Failed(f'{wrong}\n' + '\n'.join(person.heard))
        for step in (*LINES, 'remote', 'software-remote', 'cables', 'load', 'charge',
                     'pre-alarm'):
            assert person.outcome(step) == 'passed', person.outcomes
        # The remote, the software remote, the request: and no other step cuts the load
        assert len(bench.edges('load', 'fall')) == 3, bench.edges('load', 'fall')
        bench.on('load', 'charge', within=0)
        bench.off('pre-alarm', within=0)
        for name, value in (('remote', 'on'), ('load_request', 'auto')):
            bench.attr(name, value)
        bench.supply('charge_behaviour', '[auto] inhibit-charge')

    def test_delays(self, bench):
        """L2: Commissioning changes no delay"""
        bench.attr('pre_alarm_delay_ms', '30000')
        bench.attr('load_reconnect_delay_ms', '30000')

    def test_status(self, bench):
        """Commissioning: status mentions the report"""
        bench.says('smallbms', '11 passed, 0 failed')
        bench.says(f'cat {REPORTS}/*.txt', 'passed   cell-low: active after')

    def test_interrupted(self, bench):
        """Commissioning: An interrupt puts the load back"""
        person = Person(Hands(bench), **{**SKIPPED, 'load': 'y'})
        run = Run(bench, person)
        run.play('ask load: Look at them')
        bench.off('load', within=0)
        bench.ok('kill -INT $(cat /tmp/pid)')
        bench.on('load', within=10)
        assert run.play() == 1
        bench.says('cat /tmp/wrong', 'everything is switched as before')
        bench.ok(f'rm {UNFINISHED}')


def test_reboot(bench, tmp_path):
    """F1: Commissioning goes on after a reboot, over which the outputs have floated"""
    person = Person(Hands(bench), **{**SKIPPED, 'supply': 'bank', 'reboot': 'y'})
    assert Run(bench, person).play() == 0
    assert 'Then: smallbms commission --resume' in person.heard[-1]
    # The disk of the machine, as far as it matters
    kept = tmp_path / 'unfinished.json'
    kept.write_text(bench.ok(f'cat {UNFINISHED}'))
    bench.reboot()
    bench.off('load', 'charge', within=0)
    wiring = Wiring('Commissioning: after the reboot', Board(PINS), extra={UNFINISHED: kept})
    with Bench(wiring, 'commission-again', os.path.join(bench.folder, 'again')) as again:
        again.start()
        person = Person(Hands(again), reboot='y')
        assert Run(again, person, '--resume').play() == 0
        assert person.text('reboot').startswith('loads and chargers went off, and came back'), \
            person.heard
        again.says('smallbms', ' passed, 0 failed')
