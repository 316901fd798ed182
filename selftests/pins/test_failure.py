# SPDX-License-Identifier: GPL-2.0
"""Failure: everything floats when the driver goes"""

from pins.bench import Board, Wiring

WIRING = Wiring(__doc__, Board({
    'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2,
    'load': 5, 'charge': 6, 'pre-alarm': 7}))


class TestUnbind:
    """Unbind"""

    def begin(bench):
        bench.start()
        bench.active('cell-low')
        bench.on('pre-alarm', within=2)

    def test_unbinding(self, bench):
        """F1: Unbinding floats load, charge and pre-alarm"""
        bench.unbind()
        bench.off('load', 'charge', 'pre-alarm', within=5)

    def test_afterwards(self, bench):
        """F1: ... and they stay so"""
        bench.stays_off('load', 1)
        bench.stays_off('charge', 0.1)


class TestUnload:
    """Unload"""

    def test_unloading(self, bench):
        """F1: Unloading the module floats load and charge"""
        bench.ok('rmmod smallbms')
        bench.off('load', 'charge', within=5)

    def test_loading(self, bench):
        """F1: The module loads again, and all comes back"""
        bench.ok('modprobe smallbms')
        bench.on('load', 'charge', within=10)


def test_over_and_over(bench):
    """F1: Bound and unbound twenty times under chatter, it ends floating"""
    bench.ok('(cd /sys/bus/platform/drivers/smallbms; for i in $(seq 20); do '
             'echo smallbms > unbind; echo smallbms > bind; done; echo smallbms > unbind) & '
             'echo $! > /tmp/loop')
    bench.chatter('charge-inhibit', 0.004, 3)
    bench.ok('for i in $(seq 200); do kill -0 $(cat /tmp/loop) 2>/dev/null || exit 0; '
             'usleep 100000; done; exit 1')
    bench.off('load', 'charge', within=5)


def test_reboot(bench):
    """F1: A reboot floats load and charge"""
    bench.reboot()
    bench.off('load', 'charge', within=0)
