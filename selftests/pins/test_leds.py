# SPDX-License-Identifier: GPL-2.0
"""Lights: LED triggers on real LEDs, on a board without a pre-alarm output"""

from pins.bench import Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'remote-h': 2, 'load': 3, 'charge': 4}),
    others={'blue': 5, 'red': 6, 'amber': 7}, modules=['leds-gpio'],
    tree='leds { compatible = "gpio-leds";' + ''.join(f'''
        led-{name} {{
            label = "{trigger}";
            gpios = <&pl061 {pin} 0>;
            linux,default-trigger = "smallbms0-{trigger}";
        }};''' for name, pin, trigger in (('blue', 5, 'load-on'), ('red', 6, 'temp-or-ovp'),
                                          ('amber', 7, 'pre-alarm'))) + '};')


class TestBlueAndRed:
    """Blue and red"""

    def begin(bench):
        bench.ok('modprobe leds-gpio')
        bench.start()

    def test_blue(self, bench):
        """O4: Blue is lit while the load output is high"""
        bench.on('blue', within=2)
        bench.off('red', within=2)
        bench.switch('off')
        bench.off('load', 'blue', within=2)

    def test_red_remote(self, bench):
        """O5: Red is dark while only the remote is off"""
        bench.stays_off('red', 0.5)
        bench.switch('on')
        bench.on('load', 'blue', within=2)

    def test_red_fault(self, bench):
        """O5: Red is lit while a charge fault keeps charge off"""
        bench.active('charge-inhibit')
        bench.off('charge', within=2)
        bench.on('red', within=2)
        bench.stays_on('blue', 0.5)

    def test_red_fault_remote(self, bench):
        """O5: ... also with the remote off"""
        bench.switch('off')
        bench.off('load', within=2)
        bench.stays_on('red', 0.5)
        bench.switch('on')

    def test_red_ends(self, bench):
        """O5: ... and dark when charge is back"""
        bench.quiet('charge-inhibit')
        bench.on('charge', within=10)
        bench.off('red', within=2)

    def test_red_user(self, bench):
        """O5: Red is dark while the user inhibits charging"""
        bench.write_supply('charge_behaviour', 'inhibit-charge')
        bench.off('charge', within=2)
        bench.stays_off('red', 0.5)
        bench.write_supply('charge_behaviour', 'auto')


class TestAmber:
    """Amber, and no output for it"""

    def test_amber(self, bench):
        """O3: Amber is lit with the pre-alarm"""
        bench.active('cell-undervoltage')
        bench.on('amber', within=2)
        bench.attr('pre_alarm', 'on')

    def test_disconnect(self, bench):
        """L2: Without a pre-alarm output, undervoltage still leaves 30 s"""
        bench.off('load', within=60)
        bench.interval('cell-undervoltage rise', 'load fall', least=30)
        bench.off('blue', within=2)
