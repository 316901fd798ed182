# SPDX-License-Identifier: GPL-2.0
"""Suspend: a board that sleeps with its outputs released"""

from pins.bench import SUPPLY, Board, Failed, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'cell-overvoltage': 2, 'remote-h': 3,
           'load': 5, 'charge': 6, 'pre-alarm': 7},
          clear_delay_ms=0, charge_reconnect_delay_ms=0, release_in_suspend=True,
          wakeup_source=True))
WAKEUP = f'{SUPPLY}/smallbms0/device/power/wakeup'
MOMENTS = (0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.3)
NAP_S = 2
CLOCK_S = 60
BUDGET_S = 2.0
RESUME_S = 10.0
CUT_S = 33


def sleeps(bench):
    if not bench.resumed(RESUME_S):
        raise Failed('it does not sleep')


class TestReleases:
    """A board that is no wakeup source"""

    def begin(bench):
        bench.start()
        bench.ok(f'echo disabled > {WAKEUP}')

    def test_healthy(self, bench):
        """T4: Load and charge float while the system sleeps, and come back afterwards"""
        bench.suspend(NAP_S)
        bench.off('load', 'charge', within=BUDGET_S)
        bench.wait(0.5)
        sleeps(bench)
        bench.on('load', 'charge', within=BUDGET_S)
        bench.says('dmesg', 'outputs released while the system sleeps')

    def test_overvoltage(self, bench):
        """T4: Overvoltage at any moment of the way down finds charge off, or disconnects it"""
        for moment in MOMENTS:
            bench.suspend(NAP_S)
            bench.wait(moment)
            bench.active('cell-overvoltage')
            bench.off('charge', within=BUDGET_S)
            sleeps(bench)
            bench.on('load', within=BUDGET_S)
            bench.stays_off('charge', 0.1)
            bench.quiet('cell-overvoltage')
            bench.on('charge', within=BUDGET_S)

    def test_countdown(self, bench):
        """T4 L5: The load that a countdown was running for is not connected again"""
        bench.active('cell-undervoltage')
        bench.on('pre-alarm', within=BUDGET_S)
        bench.suspend(NAP_S)
        bench.off('load', 'pre-alarm', within=BUDGET_S)
        sleeps(bench)
        bench.on('charge', 'pre-alarm', within=BUDGET_S)
        bench.stays_off('load', 1)
        bench.attr('load_off_reason', 'cell-undervoltage')


class TestWarns:
    """The pre-alarm of a board that is no wakeup source"""

    begin = TestReleases.begin

    def test_each_time(self, bench):
        """L2 T4: After each sleep the pre-alarm counts anew: 30 s from its return to the cut"""
        bench.active('cell-low')
        bench.on('pre-alarm', within=BUDGET_S)
        for _ in range(2):
            bench.suspend(NAP_S)
            bench.off('load', 'pre-alarm', within=BUDGET_S)
            sleeps(bench)
            bench.on('load', 'pre-alarm', within=BUDGET_S)
        bench.active('cell-undervoltage')
        bench.off('load', within=CUT_S)
        bench.interval('pre-alarm rise', 'load fall', 30, 31)


def test_both(bench):
    """T4: With wakeup-source, too, lines wake the system that sleeps with outputs released"""
    bench.suspend(CLOCK_S)
    bench.off('load', 'charge', within=BUDGET_S)
    bench.wait(1)
    bench.active('cell-low')
    sleeps(bench)
    bench.on('load', 'charge', 'pre-alarm', within=BUDGET_S)
