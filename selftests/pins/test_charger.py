# SPDX-License-Identifier: GPL-2.0
"""A charger that comes late, goes and comes back"""

from pins.bench import Board, Wiring

DRIVER = '/sys/bus/platform/drivers/gpio-charger'
SUN_PIN = 7
SUN = 0x5000                        # its phandle

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'load': 2, 'charge': 3},
          power_supplies=SUN, post_init_providers=SUN),
    tree=f'''
sun {{
	compatible = "gpio-charger";
	charger-type = "mains";
	gpios = <&pl061 {SUN_PIN} 0>;
	phandle = <{SUN}>;
}};
''',
    modules=('gpio-charger',))


def shine(bench, level):
    bench.machine.set_pin(SUN_PIN, level)


class TestCharger:
    """Charger"""

    def test_missing(self, bench):
        """F0: A board whose charger has no driver protects, and its status is unknown"""
        bench.supply('status', 'Unknown')
        bench.active('charge-inhibit')
        bench.off('charge', within=2)
        bench.quiet('charge-inhibit')
        bench.on('charge', within=10)

    def test_late(self, bench):
        """F0: The status follows a charger that comes late"""
        shine(bench, 0)
        bench.ok('modprobe gpio-charger')
        bench.supply('status', 'Discharging')
        shine(bench, 1)
        bench.supply('status', 'Charging')
        bench.active('charge-inhibit')
        bench.supply('status', 'Not charging')
        bench.quiet('charge-inhibit')
        bench.on('charge', within=10)
        bench.supply('status', 'Charging')

    def test_gone(self, bench):
        """F0: When its driver goes the status is unknown, and the outputs stay on"""
        bench.ok(f'echo sun > {DRIVER}/unbind')
        bench.supply('status', 'Unknown', within=12)
        bench.always_on('load', 'charge')
        bench.ok('test -e /sys/bus/platform/drivers/smallbms/smallbms')

    def test_back(self, bench):
        """F0: The status follows when it is back"""
        bench.ok(f'echo sun > {DRIVER}/bind')
        bench.supply('status', 'Charging')
        shine(bench, 0)
        bench.supply('status', 'Discharging')
        bench.always_on('load', 'charge')
