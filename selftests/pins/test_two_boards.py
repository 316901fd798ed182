# SPDX-License-Identifier: GPL-2.0
"""Two boards at once"""

from lib.vm import dt
from pins.bench import Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'load': 2, 'charge': 3}, 'fore'),
    Board({'cell-undervoltage': 4, 'charge-inhibit': 5, 'load': 6, 'charge': 7}, 'aft',
          dt.ACTIVE_HIGH))


class TestSideBySide:
    """Side by side"""

    def test_fault(self, bench):
        """C1: A fault of one board does not touch the other"""
        bench.active('aft/charge-inhibit')
        bench.off('aft/charge', within=2)
        bench.always_on('fore/charge', 'fore/load')
        bench.attr('fore/conditions', 'none')
        bench.attr('aft/conditions', 'charge-inhibit')
        bench.quiet('aft/charge-inhibit')
        bench.on('aft/charge', within=10)

    def test_remote(self, bench):
        """M2: One is turned off, the other stays on"""
        bench.write('fore/remote', 'off')
        bench.off('fore/load', 'fore/charge', within=2)
        bench.always_on('aft/load', 'aft/charge')
        bench.write('fore/remote', 'on')
        bench.on('fore/load', 'fore/charge', within=2)

    def test_tool(self, bench):
        """M2: The tool finds both, by their names"""
        bench.says('smallbms list', 'fore')
        bench.says('smallbms list', 'aft')
        bench.ok('smallbms --board aft off')
        bench.off('aft/load', within=2)
        bench.always_on('fore/load')
        bench.ok('smallbms --board aft on')
        bench.on('aft/load', 'aft/charge', within=2)

    def test_undervoltage(self, bench):
        """L2: Undervoltage of both cuts both, each after its 30 s"""
        bench.active('cell-undervoltage')
        bench.off('fore/load', within=60)
        bench.off('aft/load', within=10)
        for name in ('fore', 'aft'):
            bench.interval(f'{name}/cell-undervoltage rise', f'{name}/load fall', least=30)

    def test_unbind(self, bench):
        """F1: One is unbound and floats, the other goes on"""
        bench.unbind('fore')
        bench.off('fore/charge', within=5)
        bench.always_on('aft/charge')
