# SPDX-License-Identifier: GPL-2.0
"""Failure: a gateway that is fed by its own load output"""

from pins.bench import Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2,
           'load': 5, 'charge': 6, 'pre-alarm': 7}, retain_state_shutdown=True))


def test_unbind(bench):
    """F1: Unbinding floats load and charge, retained state or not"""
    bench.unbind()
    bench.off('load', 'charge', within=5)


def test_reboot(bench):
    """F1: With retain-state-shutdown, load and charge stay high through a reboot"""
    bench.reboot()
    bench.on('load', 'charge', within=0)
