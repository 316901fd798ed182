# SPDX-License-Identifier: GPL-2.0
"""A probe that is put off"""

from pins.bench import DRIVER, Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'load': 5, 'charge': 6}),
    others={'late-load': 4, 'late-charge': 7},
    tree='''late {
        compatible = "smallbms,io-board";
        cell-undervoltage-gpios = <&pl061 2 0>;
        charge-inhibit-gpios = <&pl061 3 0>;
        cell-low-gpios = <&pl061 8 0>;
        load-gpios = <&pl061 4 2>;
        charge-gpios = <&pl061 7 2>;
    };''')


class TestWaiting:
    """A line that is not there yet"""

    def test_outputs(self, bench):
        """F1: A board that waits for a line leaves load and charge as they were found"""
        bench.firmware(load=1, charge=1, late_load=1, late_charge=1)
        bench.fails(f'echo late > {DRIVER}/bind', 'rror')
        bench.stays_on('late-load', 0.5)
        bench.stays_on('late-charge', 0.5)

    def test_deferred(self, bench):
        """F1: It is no failure: the kernel asks again"""
        bench.says('cat /sys/kernel/debug/devices_deferred', 'late')
