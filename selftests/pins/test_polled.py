# SPDX-License-Identifier: GPL-2.0
"""A GPIO chip without interrupts"""

from lib.vm import dt
from pins.bench import Board, Failed, Wiring

# The same pins by the kernel's generic memory-mapped driver, which knows no interrupts
WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2, 'remote-h': 3,
           'load': 5, 'charge': 6, 'pre-alarm': 7}, flags=dt.ACTIVE_HIGH,
          wakeup_source=True),
    tree='''pl061@9030000 {
        compatible = "ni,169445-nand-gpio";
        reg-names = "dat", "dirout";
        reg = <0 0x090303fc 0 1>, <0 0x09030400 0 1>;
    };''')


class TestPolled:
    """Polled"""

    def test_fault(self, bench):
        """T1: Without interrupts, a charge fault is seen by polling every 20 ms"""
        bench.active('charge-inhibit')
        bench.off('charge', within=2)
        bench.interval('charge-inhibit rise', 'charge fall', least=0.02)
        bench.attr('stats/interrupts', '0')
        bench.attr_like('stats/rescans', r'[1-9]\d*')

    def test_fault_ends(self, bench):
        """C2: ... and its end"""
        bench.quiet('charge-inhibit')
        bench.on('charge', within=10)
        bench.interval('charge-inhibit fall', 'charge rise', least=1)

    def test_switch(self, bench):
        """M1: ... and the switch"""
        bench.switch('off')
        bench.off('load', 'charge', within=2)
        bench.switch('on')
        bench.on('load', within=2)

    def test_awake(self, bench):
        """T4: Lines without interrupts keep the system awake, wakeup-source or not"""
        bench.suspend(60)
        if bench.resumed(10):
            raise Failed('it sleeps')
        bench.says("dmesg | grep -c 'suspend refused: .* cannot wake the system'", '1\n')
        bench.on('load', 'charge', within=2)

    def test_undervoltage(self, bench):
        """L2: ... and undervoltage leaves 30 s"""
        bench.active('cell-undervoltage')
        bench.on('pre-alarm', within=2)
        bench.off('load', within=60)
        bench.interval('pre-alarm rise', 'load fall', least=30)
