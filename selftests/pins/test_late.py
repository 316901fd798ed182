# SPDX-License-Identifier: GPL-2.0
"""Protect first, report later: two boards want the same name"""

from pins.bench import Board, Wiring

# What reports for the second board cannot be added: power supply and LED triggers have that name
WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'load': 2, 'charge': 3}, 'fore',
          label='twin'),
    Board({'cell-undervoltage': 4, 'charge-inhibit': 5, 'load': 6, 'charge': 7}, 'aft',
          label='twin'))


class TestTaken:
    """A name that is taken"""

    def begin(bench):
        bench.start('fore')
        bench.start('aft')

    def test_protects(self, bench):
        """F0: A board without power supply protects its bank"""
        bench.active('aft/charge-inhibit')
        bench.off('aft/charge', within=2)
        bench.interval('aft/charge-inhibit rise', 'aft/charge fall', least=0.02)
        bench.always_on('aft/load')
        bench.says('cat /sys/bus/platform/devices/smallbms-aft/charge_off_reason',
                   'charge-inhibit')
        bench.quiet('aft/charge-inhibit')
        bench.on('aft/charge', within=10)

    def test_log(self, bench):
        """F0: The log reports what is missing, once"""
        bench.wait(4)
        for what in ('power supply', 'LED triggers'):
            bench.kernel_says(f'smallbms smallbms-aft: {what}: failed to add: .*; trying again')
            bench.says(f"dmesg | grep -c 'smallbms-aft: {what}: failed'", '1\n')
        bench.fails("dmesg | grep -c 'smallbms-fore: .* failed'", '0\n')

    def test_added(self, bench):
        """F0: The power supply is added when the name is free"""
        bench.unbind('fore')
        bench.off('fore/load', within=2)
        bench.ok('for i in $(seq 40); do [ -e /sys/class/power_supply/twin ] && exit; sleep 1; '
                 'done; exit 1')
        bench.kernel_says('smallbms smallbms-aft: power supply: added')
        bench.says('readlink -f /sys/class/power_supply/twin/device', '/smallbms-aft')
        bench.attr('twin/load', 'on')

    def test_rest(self, bench):
        """F0: ... and so is the rest, without touching the outputs"""
        bench.ok("for i in $(seq 40); do dmesg | grep -q 'smallbms-aft: LED triggers: added' && "
                 'exit; sleep 1; done; exit 1')
        bench.always_on('aft/load', 'aft/charge')

    def test_leaves(self, bench):
        """F1: A board that waits for its name goes without a trace"""
        bench.bind('fore')
        bench.on('fore/load', within=10)
        bench.unbind('fore')
        bench.off('fore/load', within=2)
        bench.always_on('aft/load')
