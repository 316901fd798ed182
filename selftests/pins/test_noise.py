# SPDX-License-Identifier: GPL-2.0
"""Noise: short pulses, chatter, lost interrupts"""

from pins import measure
from pins.bench import Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'cell-overvoltage': 2, 'charge-inhibit': 3,
           'remote-h': 4, 'load': 5, 'charge': 6, 'pre-alarm': 7},
          clear_delay_ms=200, charge_reconnect_delay_ms=0))


class TestPulses:
    """Pulses"""

    def test_charge(self, bench):
        """T2: Pulses shorter than the debounce cause no action"""
        bench.pulse('charge-inhibit', 0.005, times=20, every_s=0.15)
        bench.always_on('charge', 'load')

    def test_pre_alarm(self, bench):
        """T2: ... nor do such pulses of undervoltage raise the pre-alarm"""
        bench.pulse('cell-undervoltage', 0.005, times=10, every_s=0.15)
        bench.always_off('pre-alarm')
        bench.always_on('load')

    def test_switch(self, bench):
        """T2: ... nor do short breaks of the switch turn anything off"""
        bench.active('remote-h')
        bench.blink('remote-h', 0.005, times=10, every_s=0.15)
        bench.always_on('load', 'charge')
        bench.as_bank('remote-h')

    def test_level(self, bench):
        """T2: A level that is held acts, but not before the debounce is over"""
        bench.active('charge-inhibit')
        bench.off('charge', within=2)
        bench.interval('charge-inhibit rise', 'charge fall', least=0.02)
        bench.quiet('charge-inhibit')
        bench.on('charge', within=10)

    def test_chatter(self, bench):
        """T2: A line that chatters counts as active"""
        bench.chatter('charge-inhibit', 0.012, 1)
        bench.off('charge', within=0.1)
        bench.interval('charge-inhibit fall', 'charge fall', least=0)
        bench.on('charge', within=10)


def test_latency(bench):
    """T5: A charge fault acts within 5 ms after the debounce, measured"""
    measure.latency(bench, 'cell-overvoltage', 'charge', 50)


class TestLostInterrupts:
    """Interrupts get lost"""

    def test_fault(self, bench):
        """T1: With every interrupt lost, the re-scan sees the fault"""
        bench.deafen()
        bench.active('charge-inhibit')
        bench.off('charge', within=5)
        bench.always_off('pre-alarm')

    def test_count(self, bench):
        """T1: ... counts the edge that it missed"""
        bench.attr_like('stats/missed_edges', r'[1-9]\d*')

    def test_fault_ends(self, bench):
        """T1: ... and sees the fault go"""
        bench.quiet('charge-inhibit')
        bench.on('charge', within=10)
        bench.interval('charge-inhibit fall', 'charge rise', least=0.2)

    def test_switch(self, bench):
        """T1: ... and opens the load when the switch does"""
        bench.switch('off')
        bench.off('load', 'charge', within=5)
