# SPDX-License-Identifier: GPL-2.0
"""Thirty seconds, measured on two clocks"""

from pins import measure
from pins.bench import Board, Wiring

WIRING = Wiring(__doc__, Board({
    'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2,
    'load': 5, 'charge': 6, 'pre-alarm': 7}))


def test_warning(bench):
    """L2: The load is cut 30 s after the pre-alarm: never earlier, and later by no more than T5
    allows
    """
    measure.warning(bench, 5)
