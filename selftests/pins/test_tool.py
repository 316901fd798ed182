# SPDX-License-Identifier: GPL-2.0
"""The tool, told by the kernel of what the board does"""

from pins.bench import Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'cell-overvoltage': 2, 'remote-h': 4,
           'load': 5, 'charge': 6, 'pre-alarm': 7}))

MONITORED = '/tmp/monitored'
WAKES = 'grep ^voluntary /proc/$(cat /tmp/pid)/status'


def expect_changes(bench, count):
    """Waits until the monitor has printed so many, and gives it a moment to print one too many."""
    await_guest(bench, f'[ $(grep -c . {MONITORED}) -gt {count} ]')
    bench.says(f'usleep 500000; echo $(($(grep -c . {MONITORED}) - 1)) changes',
               f'{count} changes')


def await_guest(bench, condition):
    bench.ok(f'for i in $(seq 200); do {condition} && break; usleep 50000; done')


class TestMonitor:
    """Changes, told once"""

    def begin(bench):
        bench.start()
        bench.ok(f'(smallbms monitor --json --initial >{MONITORED} 2>&1 & echo $! >/tmp/pid)')
        expect_changes(bench, 0)

    def test_idle(self, bench):
        """T1: A monitor does not wake while nothing happens, though the board re-scans"""
        bench.ok(f'a=$({WAKES}); r=$(smallbms get stats/rescans); sleep 4; '
                 f'[ "$a" = "$({WAKES})" ] && [ $(smallbms get stats/rescans) -gt $r ]')

    def test_low(self, bench):
        """L1: A low cell is one change"""
        bench.active('cell-low')
        bench.attr('alarm', '1')
        expect_changes(bench, 1)
        bench.says(f'tail -n 1 {MONITORED}', '"changed":["pre_alarm","alarm","conditions",')

    def test_full(self, bench):
        """C1 C2: A full cell is one change, its end another, and the charger's return a third"""
        bench.active('cell-overvoltage')
        bench.attr('charge', 'off')
        expect_changes(bench, 2)
        bench.quiet('cell-overvoltage')
        bench.attr('charge', 'on', within=10)
        bench.attr('conditions', 'cell-low')
        expect_changes(bench, 4)

    def test_remote(self, bench):
        """M2: The remote is one change, and another one when it is switched back"""
        bench.ok('smallbms off')
        await_guest(bench, f"tail -n 1 {MONITORED} | grep -q '\"remote\":false'")
        expect_changes(bench, 5)
        bench.says(f'tail -n 1 {MONITORED}', '"changed":["remote","load","charge",')
        bench.ok('smallbms on')
        bench.attr('load', 'on')
        expect_changes(bench, 6)

    def test_gone(self, bench):
        """F1: A board that goes is told, and the monitor sleeps on"""
        bench.unbind()
        await_guest(bench, f"grep -q '\"event\":\"gone\"' {MONITORED}")
        bench.says(f'tail -n 1 {MONITORED}', '"event":"gone"')
        bench.ok(f'a=$({WAKES}); sleep 2; [ "$a" = "$({WAKES})" ]')
        bench.quiet('cell-low')
        bench.bind()
        await_guest(bench, f"grep -q '\"event\":\"new\"' {MONITORED}")
        bench.says(f'cat {MONITORED}', '"event":"new"')
        bench.ok('kill $(cat /tmp/pid)')


class TestWait:
    """Waiting"""

    def test_wait(self, bench):
        """L1: wait ends when the pre-alarm begins, and sleeps until then"""
        bench.ok('(smallbms wait pre_alarm=on --timeout 60; echo $? >/tmp/waited) & '
                 'usleep 500000; [ ! -e /tmp/waited ]')
        bench.active('cell-low')
        await_guest(bench, '[ -s /tmp/waited ]')
        bench.says('echo ended $(cat /tmp/waited)', 'ended 0')

    def test_timeout(self, bench):
        """L1: wait gives up in time, and says how it is"""
        bench.fails('smallbms wait alarm=0 --timeout 0.5', 'not alarm=0 within 0.5 s; it is 1')

    def test_check(self, bench):
        """L1: check warns of the pre-alarm, and says OK when it is over"""
        bench.says('smallbms check; echo exit $?', 'exit 1')
        bench.quiet('cell-low')
        bench.attr('alarm', '0', within=10)
        bench.says('smallbms check; echo exit $?', 'exit 0')

    def test_log(self, bench):
        """M2: What the tool cannot do without a journal it says"""
        bench.fails('smallbms log', 'journalctl cannot be run')
