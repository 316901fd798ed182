# SPDX-License-Identifier: GPL-2.0
"""Delays at their limits"""

from pins.bench import Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'load': 2, 'charge': 3}, 'least',
          pre_alarm_delay_ms=30000, load_reconnect_delay_ms=0, load_reconnect_max_ms=0,
          charge_reconnect_delay_ms=0, pre_alarm_hold_ms=0, soc_floor_percent=0,
          soc_floor_recover_percent=1, soc_max_age_ms=2000, clear_delay_ms=0,
          debounce_delay_ms=0, poll_interval=1),
    Board({'cell-undervoltage': 4, 'charge-inhibit': 5, 'load': 6, 'charge': 7}, 'most',
          pre_alarm_delay_ms=600000, load_reconnect_delay_ms=3600000,
          load_reconnect_max_ms=3600000, charge_reconnect_delay_ms=3600000,
          pre_alarm_hold_ms=3600000, soc_floor_percent=90, soc_floor_recover_percent=100,
          soc_max_age_ms=600000, clear_delay_ms=60000, debounce_delay_ms=1000,
          poll_interval=10000))


class TestLimits:
    """At the limits"""

    def test_least(self, bench):
        """V1: A board with the least of all delays protects"""
        bench.attr('least/pre_alarm_delay_ms', '30000')
        bench.attr('least/load_reconnect_delay_ms', '0')
        bench.active('least/charge-inhibit')
        bench.off('least/charge', within=2)
        bench.quiet('least/charge-inhibit')
        bench.on('least/charge', within=2)

    def test_most(self, bench):
        """V1: A board with the greatest of all delays protects"""
        bench.attr('most/pre_alarm_delay_ms', '600000')
        bench.attr('most/load_reconnect_delay_ms', '3600000')
        bench.active('most/charge-inhibit')
        bench.off('most/charge', within=5)
        bench.interval('most/charge-inhibit rise', 'most/charge fall', least=1)

    def test_pre_alarm(self, bench):
        """L2: No pre-alarm delay below 30000 ms is accepted"""
        bench.refuses('least/pre_alarm_delay_ms', '29999', '0', '-1')

    def test_beyond(self, bench):
        """V1: No attribute takes a delay beyond its limits"""
        bench.refuses('least/pre_alarm_delay_ms', '600001', '4294967295')
        bench.refuses('least/load_reconnect_delay_ms', '3600001', '4294967295')
        bench.refuses('most/soc_floor_percent', '91', '4294967295', '-1')
        bench.refuses('most/soc_floor_recover_percent', '101', '4294967295', '-1')

    def test_junk(self, bench):
        """L4: Junk is no delay"""
        bench.refuses('least/load_reconnect_delay_ms', 'soon', '-5', '99999999999')

    def test_both(self, bench):
        """V1: Each attribute takes both limits"""
        for name, most, least in (('pre_alarm_delay_ms', '600000', '30000'),
                                  ('load_reconnect_delay_ms', '3600000', '0')):
            for value in (most, least):
                bench.write(f'least/{name}', value)
                bench.attr(f'least/{name}', value)
        bench.always_on('least/load')

    def test_floor(self, bench):
        """S2: The load returns above the floor, or the setting is refused"""
        bench.refuses('most/soc_floor_percent', '91', '-1', 'none')
        bench.refuses('most/soc_floor_recover_percent', '90', '101')
        bench.write('most/soc_floor_recover_percent', '91')
        bench.write('most/soc_floor_percent', '20')
        bench.write('most/soc_floor_recover_percent', '21')
        bench.refuses('most/soc_floor_percent', '21')
        bench.write('most/soc_floor_recover_percent', '0')
        bench.attr('most/soc_floor_recover_percent', '25')
