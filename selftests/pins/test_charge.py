# SPDX-License-Identifier: GPL-2.0
"""Charge: what each fault is called, what the bank does, and the user"""

import pytest

from pins.bench import Board, Wiring
from pins.devices import build

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-overvoltage': 1, 'over-temperature': 2,
           'under-temperature': 3, 'charge-inhibit': 4, 'load': 5, 'charge': 6, 'pre-alarm': 7},
          charge_reconnect_delay_ms=500),
    devices=[build('protect', 'fridge', amps=10),
             build('solar', cable='non-inverting', watts=100)])


class TestEachFault:
    """Each fault"""

    @pytest.mark.parametrize('fault, health, level, wait', (
        ('cell-overvoltage', 'Over voltage', 'Full', 0.5),
        ('over-temperature', 'Overheat', 'Normal', 1),
        ('under-temperature', 'Cold', 'Normal', 2),
        ('charge-inhibit', 'Good', 'Normal', 4)))
    def test_fault(self, bench, fault, health, level, wait):
        """C1 C5 C3: {fault} disconnects charge until it has been clear for {wait} s, and says so
        """
        bench.active(fault)
        bench.off('charge', within=2)
        bench.attr('conditions', fault)
        bench.attr('charge_off_reason', fault)
        bench.attr('charge', 'off')
        bench.supply('health', health)
        bench.supply('capacity_level', level)
        bench.quiet(fault)
        bench.on('charge', within=20)
        bench.interval(f'{fault} fall', 'charge rise', least=1 + wait, most=3 + wait)
        bench.attr('conditions', 'none')
        bench.attr('charge_off_reason', 'none')
        bench.supply('health', 'Good')
        bench.always_on('load')

    def test_count(self, bench):
        """C1: Each of the four was counted"""
        bench.attr('stats/charge_disconnects', '4')


class TestBank:
    """The bank makes the faults"""

    def test_full_cell(self, bench):
        """C1: A cell at 3.8 V stops the charger"""
        bench.cell(3.8, cell=3)
        bench.off('charge', within=2)
        bench.attr('conditions', 'cell-overvoltage charge-inhibit')
        bench.device_off('solar')
        bench.cells(None)
        bench.on('charge', within=20)

    def test_heat(self, bench):
        """C1: A battery at 51 degrees stops it, one at 49 does not"""
        bench.temperature(49)
        bench.stays_on('charge', 1)
        bench.temperature(51)
        bench.off('charge', within=2)
        bench.temperature(20)
        bench.on('charge', within=20)

    def test_cold(self, bench):
        """C1: A battery at 4 degrees stops it, one at 6 does not"""
        bench.temperature(6)
        bench.stays_on('charge', 1)
        bench.temperature(4)
        bench.off('charge', within=2)
        bench.temperature(20)
        bench.on('charge', within=20)

    def test_cord(self, bench):
        """B1: A broken cord counts as every condition at once"""
        bench.cord(broken=True)
        bench.off('charge', within=2)
        bench.on('pre-alarm', within=2)
        bench.attr_like('conditions', 'cell-undervoltage.cell-overvoltage.*charge-inhibit.*')
        bench.cord(broken=False)
        bench.on('charge', within=20)
        bench.always_on('load')


class TestUser:
    """The user"""

    # Kernels before 6.11 print the current one alone

    def test_inhibit(self, bench):
        """C4: The user can inhibit charging"""
        bench.write_supply('charge_behaviour', 'inhibit-charge')
        bench.off('charge', within=2)
        bench.attr('charge_off_reason', 'user')
        bench.always_on('load')
        bench.supply('charge_behaviour', 'auto [inhibit-charge]', 'inhibit-charge')

    def test_auto(self, bench):
        """C4: ... and allow it again"""
        bench.write_supply('charge_behaviour', 'auto')
        bench.on('charge', within=5)
        bench.supply('charge_behaviour', '[auto] inhibit-charge', 'auto')

    def test_tool(self, bench):
        """C4: The tool inhibits and allows"""
        bench.ok('smallbms charge inhibit')
        bench.off('charge', within=2)
        bench.ok('smallbms charge auto')
        bench.on('charge', within=5)
