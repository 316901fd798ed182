# SPDX-License-Identifier: GPL-2.0
"""Hibernation, with an image on a disk"""

from pins.bench import Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2,
           'load': 5, 'charge': 6, 'pre-alarm': 7}, retain_state_shutdown=True),
    disk_mb=512,
    # In less the kernel cannot always find room for the image
    memory_mb=512)
HIBERNATE = 'echo {} > /sys/power/disk; echo disk > /sys/power/state'
IMAGE_S = 180.0                     # to write it and to read it, on a busy host


class TestHibernate:
    """The system is written to a disk"""

    def begin(bench):
        bench.start()
        bench.ok('modprobe virtio_blk; for i in $(seq 100); do [ -e /dev/vda ] && break; '
                 'usleep 100000; done; mkswap /dev/vda && swapon /dev/vda && '
                 'cat /sys/block/vda/dev > /sys/power/resume')

    def test_countdown(self, bench):
        """T4: No hibernation begins while a countdown runs"""
        bench.active('cell-undervoltage')
        bench.on('pre-alarm', within=2)
        bench.fails(HIBERNATE.format('shutdown'), 'busy')
        bench.always_on('load', 'charge')
        bench.quiet('cell-undervoltage')
        bench.off('pre-alarm', within=5)

    def test_restored(self, bench):
        """T4 L5: A system that is restored has released its outputs, and goes on by the rules"""
        status, text = bench.machine.guest(HIBERNATE.format('test_resume'), IMAGE_S)
        assert not status, text
        assert 'Image successfully loaded' in bench.machine.console()
        bench.on('load', 'charge', within=5)
        assert len(bench.edges('load', 'fall')) == len(bench.edges('charge', 'fall')) == 1
        bench.active('charge-inhibit')
        bench.off('charge', within=2)
        bench.quiet('charge-inhibit')
        bench.on('charge', within=5)

    def test_power_off(self, bench):
        """F1: Its power-off floats load and charge, whatever retain-state-shutdown says"""
        bench.machine.leave(HIBERNATE.format('shutdown'), IMAGE_S)
        assert bench.machine.console().count('Image saving done') == 2
        bench.off('load', 'charge', within=0)
