# SPDX-License-Identifier: GPL-2.0
"""Remote: terminals in volts, and software"""

from pins import terminals
from pins.bench import Board, Wiring
from pins.devices import build

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'remote-l': 2, 'remote-h': 3,
           'remote-loop': 4, 'load': 5, 'charge': 6, 'pre-alarm': 7}),
    devices=[build('protect', 'fridge', amps=10),
             build('solar', cable='non-inverting', watts=100), build('vebus', watts=100)])


class TestTerminals:
    """The terminals"""

    def test_open(self, bench):
        """M1: Nothing on the terminals is off"""
        bench.terminals()
        bench.off('load', 'charge', within=2)
        bench.attr('terminals', 'off')
        bench.attr('charge_off_reason', 'terminals')
        bench.device_off('fridge', 'solar', 'vebus')

    def test_joined(self, bench):
        """M1: L and H joined is on"""
        bench.terminals(joined=True)
        bench.on('load', 'charge', within=2)
        bench.attr('terminals', 'on')
        bench.device_on('fridge', 'solar', 'vebus')

    def test_l_high(self, bench):
        """M1: L at 3.6 V is off"""
        bench.terminals(l_v=3.6)
        bench.off('load', 'charge', within=2)

    def test_l_minus(self, bench):
        """M1: L pulled to minus is on"""
        bench.terminals(l_v=0)
        bench.on('load', 'charge', within=2)

    def test_h_low(self, bench):
        """M1: H at 2.8 V is off"""
        bench.terminals(h_v=2.8)
        bench.off('load', 'charge', within=2)

    def test_l_low(self, bench):
        """M1: L at 3.4 V is on"""
        bench.terminals(l_v=3.4)
        bench.on('load', within=2)

    def test_h_too_high(self, bench):
        """M1: H above the battery's voltage is off"""
        bench.terminals(h_v=30)
        bench.off('load', within=2)

    def test_h_high(self, bench):
        """M1: H at 3 V is on"""
        bench.terminals(h_v=3)
        bench.on('load', within=2)

    def test_h_battery(self, bench):
        """M1: H at battery voltage goes on being on"""
        bench.terminals(h_v=terminals.BATTERY)
        bench.stays_on('load', 0.5)
        bench.on('charge', within=1)


class TestSoftware:
    """The software remote"""

    def test_off(self, bench):
        """M2: The software turns off what the terminals turn on"""
        bench.write('remote', 'off')
        bench.off('load', 'charge', within=2)
        bench.attr('remote', 'off')
        bench.attr('terminals', 'on')
        bench.attr('load_off_reason', 'remote')
        bench.attr('charge_off_reason', 'remote')

    def test_on(self, bench):
        """M2: ... and on again"""
        bench.write('remote', 'on')
        bench.on('load', 'charge', within=2)
        bench.attr('load_off_reason', 'none')

    def test_tool(self, bench):
        """M2: The tool does both"""
        bench.ok('smallbms off')
        bench.off('load', within=2)
        bench.ok('smallbms on')
        bench.on('load', within=2)

    def test_digits(self, bench):
        """M2: Digits do as well, and the attributes keep switch and software apart"""
        bench.write('remote', '0')
        bench.off('load', within=2)
        bench.switch('off')
        bench.attr('terminals', 'off')
        bench.switch('on')
        bench.attr('terminals', 'on')
        bench.attr('remote', 'off')
        bench.write('remote', '1')
        bench.on('load', 'charge', within=2)

    def test_junk(self, bench):
        """M2: Junk does not touch the software remote"""
        bench.refuses('remote', 'maybe', '2')
        bench.always_on('load')


class TestTogether:
    """Off and on"""

    def test_off(self, bench):
        """M3: Off floats load and charge at once"""
        bench.switch('off')
        bench.off('load', 'charge', within=2)
        bench.together('load fall', 'charge fall', within=0.1)
        bench.floats('load', 'charge')

    def test_on(self, bench):
        """M4: On connects both at once"""
        bench.switch('on')
        bench.on('load', 'charge', within=2)
        bench.together('load rise', 'charge rise', within=0.1)
