# SPDX-License-Identifier: GPL-2.0
"""Suspend: lines that change at every moment of the way down"""

from pins.bench import SUPPLY, Board, Failed, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'cell-overvoltage': 2, 'remote-h': 3,
           'load': 5, 'charge': 6, 'pre-alarm': 7},
          clear_delay_ms=0, charge_reconnect_delay_ms=0, wakeup_source=True))
WAKEUP = f'{SUPPLY}/smallbms0/device/power/wakeup'
MOMENTS = [0.005 * n for n in range(61)]
CLOCK_S = 60                        # when a clock would wake the system: far too late
BUDGET_S = 2.0                      # a debounce, and what a busy host adds
RESUME_S = 10.0
AWAKE_S = 0.1                       # without a suspend under way an answer takes less


def wake(bench):
    """If it went to sleep after all, a line wakes it; it takes no more than one edge then."""
    level = 0
    end = bench.machine.now() + RESUME_S
    while not bench.machine.answered(AWAKE_S) and bench.machine.now() < end:
        level ^= 1
        bench.rig.force('cell-low', level)
    bench.quiet('cell-low')
    return bench.resumed(RESUME_S)


class TestWakes:
    """A board that can wake the system"""

    def test_overvoltage(self, bench):
        """T4: Overvoltage at any moment of the way down disconnects charge"""
        for moment in MOMENTS:
            bench.suspend(CLOCK_S)
            bench.wait(moment)
            bench.active('cell-overvoltage')
            bench.off('charge', within=BUDGET_S)
            bench.quiet('cell-overvoltage')
            wake(bench)
            bench.on('charge', within=BUDGET_S)
        bench.always_on('load')
        lengths = [off - on for on, off in zip(bench.edges('cell-overvoltage', 'rise'),
                                               bench.edges('charge', 'fall'))]
        bench.remarks.append(f'{len(lengths)} times, {min(lengths):.3f} to {max(lengths):.3f} s')

    def test_asleep(self, bench):
        """T4: The switch wakes a system that sleeps"""
        bench.suspend(CLOCK_S)
        bench.wait(1)
        bench.switch('off')
        bench.off('load', 'charge', within=BUDGET_S)
        if not bench.resumed(RESUME_S):
            raise Failed('it did not sleep')
        bench.switch('on')
        bench.on('load', 'charge', within=BUDGET_S)

    def test_countdown(self, bench):
        """T4: Nothing sleeps while a countdown runs; the log says why, once"""
        bench.active('cell-undervoltage')
        bench.on('pre-alarm', within=BUDGET_S)
        for _ in range(3):
            bench.suspend(CLOCK_S)
            if bench.resumed(RESUME_S):
                raise Failed('it sleeps')
        bench.says("dmesg | grep -c 'suspend refused: the load is about to be disconnected'",
                   '1\n')
        bench.always_on('load', 'charge')
        bench.quiet('cell-undervoltage')
        bench.off('pre-alarm', within=BUDGET_S)

    def test_unsettled(self, bench):
        """T4: Undervoltage at any moment of the way down raises the pre-alarm in time"""
        for moment in MOMENTS[:40:3]:
            bench.suspend(CLOCK_S)
            bench.wait(moment)
            bench.active('cell-undervoltage')
            bench.on('pre-alarm', within=BUDGET_S)
            bench.quiet('cell-undervoltage')
            wake(bench)
            bench.off('pre-alarm', within=BUDGET_S)
        bench.always_on('load', 'charge')


class TestStays:
    """A board that cannot wake the system"""

    def begin(bench):
        bench.start()
        bench.ok(f'echo disabled > {WAKEUP}')

    def test_overvoltage(self, bench):
        """T4: A board that is no wakeup source keeps the system awake, and protects"""
        for moment in MOMENTS[:40:3]:
            bench.suspend(CLOCK_S)
            bench.wait(moment)
            bench.active('cell-overvoltage')
            bench.off('charge', within=BUDGET_S)
            bench.quiet('cell-overvoltage')
            if bench.resumed(RESUME_S):
                raise Failed('it sleeps')
            bench.on('charge', within=BUDGET_S)
        bench.always_on('load')

    def test_log(self, bench):
        """T4: The log says why, once"""
        bench.says("dmesg | grep -c 'suspend refused: the board is no wakeup source'", '1\n')
