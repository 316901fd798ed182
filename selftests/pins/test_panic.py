# SPDX-License-Identifier: GPL-2.0
"""After a panic that nobody ends by a restart"""

from pins.bench import Board, Wiring

WIRING = {
    name: Wiring(
        f'After a panic, on {cpus} processors',
        Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2, 'remote-h': 3,
               'heartbeat': 4, 'load': 5, 'charge': 6, 'pre-alarm': 7},
              heartbeat_interval_ms=100),
        append='panic=0', cpus=cpus)
    for name, cpus in (('one', 1), ('two', 2))
}


class TestPanic:
    """The kernel panics"""

    def begin(bench):
        bench.start()
        bench.active('cell-low')
        bench.on('pre-alarm', within=2)

    def test_outputs(self, bench):
        """F5: A panic releases all outputs"""
        bench.on('heartbeat', within=2)
        bench.off('heartbeat', within=2)
        bench.panic()
        bench.off('load', 'charge', 'pre-alarm', within=10)

    def test_afterwards(self, bench):
        """F5: What it released stays released, whatever the lines do"""
        bench.active('charge-inhibit')
        bench.wait(0.5)
        bench.quiet('charge-inhibit')
        bench.switch('off')
        bench.wait(0.5)
        bench.switch('on')
        bench.quiet('cell-low')
        bench.stays_off('load', 4)
        bench.always_off('load', 'charge', 'pre-alarm')

    def test_heartbeat(self, bench):
        """F5: The heartbeat has stopped"""
        bench.rests('heartbeat', 1)
