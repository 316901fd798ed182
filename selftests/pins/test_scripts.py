# SPDX-License-Identifier: GPL-2.0
"""The scripts of the documents"""

import glob
import os

from pins.bench import Board, Wiring
from lib.vm.machine import TOP

EXAMPLES = os.path.join(TOP, 'Documentation', 'examples')
WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2,
           'load': 5, 'charge': 6, 'pre-alarm': 7}, label='house'),
    extra={f'examples/{os.path.basename(path)}': path for path in glob.glob(f'{EXAMPLES}/*.sh')})


class TestExamples:
    """Documentation/examples"""

    def test_why(self, bench):
        """DOC: why.sh says what is off, and why"""
        bench.says('sh /examples/why.sh', 'load is on')
        bench.active('charge-inhibit')
        bench.off('charge', within=2)
        bench.says('sh /examples/why.sh', 'charge is off because of charge-inhibit')
        bench.quiet('charge-inhibit')
        bench.on('charge', within=10)

    def test_night(self, bench):
        """DOC: night.sh stops charging and allows it again"""
        bench.ok('sh /examples/night.sh begin')
        bench.off('charge', within=2)
        bench.says('sh /examples/why.sh', 'charge is off because of user')
        bench.ok('sh /examples/night.sh end')
        bench.on('charge', within=2)
        bench.fails('sh /examples/night.sh', 'usage: night.sh begin|end')

    def test_shed(self, bench):
        """DOC: shed.sh tells which loads may run"""
        bench.says('sh /examples/shed.sh', 'all loads')
        bench.active('cell-low')
        bench.on('pre-alarm', within=2)
        bench.says('sh /examples/shed.sh', 'important loads only')
        bench.active('cell-undervoltage')
        bench.attr_like('disconnect_in_ms', r'2\d{4}')
        bench.says('sh /examples/shed.sh', 'important loads only, for another 2')
        bench.off('load', within=60)
        bench.says('sh /examples/shed.sh', 'no loads: the bank is empty')
        bench.says('sh /examples/why.sh', 'load is off because of cell-undervoltage')
