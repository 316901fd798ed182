# SPDX-License-Identifier: GPL-2.0
"""A battery monitor, the floor of the state of charge, and what can happen on the way there"""

import pytest

from pins.bench import Board, Failed, Wiring
from pins.devices import build

MAX_AGE_S = 8
LATE_S = 0.5                        # on a host that has other work; nothing may come early

WIRING = Wiring(
    'Manual 3.3.1: SmartSolar charger, BatteryProtect for DC loads, SmartShunt',
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'cell-overvoltage': 2, 'remote-h': 3,
           'load': 5, 'charge': 6, 'pre-alarm': 7},
          charge_reconnect_delay_ms=0, soc_floor_percent=20, soc_max_age_ms=1000 * MAX_AGE_S),
    devices=[build('protect', 'fridge', amps=40),
             build('solar', cable='non-inverting', watts=0)], shunt=True)


def await_stale(bench):
    """Nothing has been reported for too long."""
    bench.attr_like('measurements/soc_age_s', rf'{MAX_AGE_S + 1}|[1-9]\d+', within=60)


def called_off(bench):
    """The countdown is, as nothing is reported any more."""
    bench.off('pre-alarm', within=60)
    bench.attr('shed_in_ms', '-1')
    bench.always_on('load')


class TestNight:
    """A night down to the floor"""

    def begin(bench):
        bench.start()
        bench.charge_level(23)
        bench.follow()

    def test_counted(self, bench):
        """S2: What the load draws is counted: bank and board agree"""
        bench.speed(60)
        bench.reports(1)
        bench.speed(0)
        bench.reports(1)
        bench.bank_has(0, 22.9)
        counted = int(bench.read(bench.path('gauge/soc_permille')))
        bench.bank_has(counted / 10 - 0.2, counted / 10 + 0.2)
        bench.attr('gauge/current_ua', '-40000000')

    def test_floor(self, bench):
        """S2: Two reports at the floor raise the pre-alarm, and the load goes on"""
        bench.speed(120)
        bench.on('pre-alarm', within=60)
        bench.after_reports('pre-alarm rise', count=2, most=200)
        bench.speed(5)
        bench.attr_like('shed_in_ms', r'[1-9]\d*')
        bench.attr('conditions', 'none')
        bench.always_on('load')
        bench.device_on('fridge')

    def test_unplugged(self, bench):
        """S3: The cable is pulled: the countdown is called off once the report is too old"""
        bench.unplug()
        # the last one may have been on its way
        sent = bench.rig.shunt.sent[-2][0]
        called_off(bench)
        if bench.edges('pre-alarm', 'fall')[-1] < sent + MAX_AGE_S:
            raise Failed('called off too early')

    def test_plugged(self, bench):
        """S2: Plugged in again, it is followed again, and a countdown begins"""
        bench.plug()
        bench.on('pre-alarm', within=60)
        bench.always_on('load')

    def test_countdown(self, bench):
        """S5: A program that stops for a while, and a cable full of garbage, change nothing"""
        bench.signal('STOP')
        bench.wait(2)
        bench.signal('CONT')
        bench.reports(1)
        bench.garbage(True)
        bench.wait(2)
        bench.garbage(False)
        bench.reports(1)
        bench.always_on('load', 'pre-alarm')

    def test_cut(self, bench):
        """S1 S2: The load floats after 30 s of pre-alarm, which ends"""
        bench.off('load', within=60)
        bench.interval('pre-alarm rise', 'load fall', least=30, most=30 + LATE_S)
        bench.off('pre-alarm', within=2)
        bench.attr('load_off_reason', 'soc-floor')
        bench.device_off('fridge')

    def test_unknown(self, bench):
        """S3: The cable is pulled: a load that was cut stays off, though nothing is known"""
        bench.speed(0)
        bench.unplug()
        await_stale(bench)
        bench.attr('load_off_reason', 'soc-floor')
        bench.always_off('load')

    def test_sun(self, bench):
        """S2: The sun charges the bank, and two reports of 25 % connect the load"""
        bench.plug()
        bench.turn('solar', watts=220)
        bench.turn('fridge', amps=5)
        bench.speed(300)
        bench.on('load', within=60)
        bench.after_reports('load rise', count=2, least=250)
        bench.device_on('fridge')

    def test_charge(self, bench):
        """S1 S4: Charge was connected all the time"""
        connected = bench.edges('charge', 'rise', bench.part_begun)[0]
        if bench.edges('charge', 'fall', connected):
            raise Failed('charge was disconnected')


class TestProgram:
    """The program that reports ends or stops in the middle of a countdown"""

    def begin(bench):
        bench.start()
        bench.charge_level(15)
        bench.follow()
        bench.on('pre-alarm', within=60)

    def test_killed(self, bench):
        """S3 S5: The program is killed: the countdown is called off, and the load goes on"""
        bench.signal('KILL')
        called_off(bench)

    def test_started(self, bench):
        """S2 S5: Started anew, it reports, and another countdown begins"""
        bench.follow()
        bench.on('pre-alarm', within=60)
        bench.always_on('load')

    def test_stopped(self, bench):
        """S3 S5: The program is stopped: the countdown is called off, and the load goes on"""
        bench.signal('STOP')
        called_off(bench)

    def test_continued(self, bench):
        """S3: Continued, it writes nothing of what the port has kept meanwhile"""
        bench.charge_level(60)
        bench.signal('CONT')
        bench.attr('gauge/soc_permille', '600', within=60)
        bench.always_on('load')
        bench.always_off('pre-alarm')


class TestSwitch:
    """The remote, at the floor"""

    def begin(bench):
        bench.start()
        bench.write('load_request', 'off')
        bench.charge_level(15)
        bench.follow()
        bench.reports(1)

    def test_not_connected(self, bench):
        """S2: A load that is off when the floor is reached is not connected"""
        bench.write('load_request', 'auto')
        bench.attr('load_off_reason', 'soc-floor')
        bench.always_off('load')

    def test_switched(self, bench):
        """S3: The cable is pulled; switched off and on, the load is back"""
        bench.unplug()
        bench.switch('off')
        bench.off('charge', within=2)
        bench.switch('on')
        bench.on('load', 'charge', within=2)

    def test_reached_again(self, bench):
        """S3: ... until the next reports at the floor"""
        bench.plug()
        bench.on('pre-alarm', within=60)
        bench.always_on('load')


@pytest.mark.parametrize('trouble', (
    'The program is killed', 'The program is stopped', 'The cable brings garbage',
    'Another program writes whatever it likes, as fast as it can'))
def test_trouble(bench, trouble):
    """S5 F6: {trouble}: an overvoltage disconnects charge at once, and the load goes on"""
    bench.follow()
    if 'garbage' in trouble:
        bench.garbage(True)
    else:
        bench.signal('STOP' if 'stopped' in trouble else 'KILL')
    if 'writes' in trouble:
        bench.ok(f'cd {bench.path("gauge")} && (while echo 1000 > soc_permille; do '
                 'echo 0 > soc_permille; done) > /dev/null 2>&1 &')
    bench.active('cell-overvoltage')
    bench.off('charge', within=2)
    bench.interval('cell-overvoltage rise', 'charge fall', least=0.02, most=LATE_S)
    bench.quiet('cell-overvoltage')
    bench.on('charge', within=10)
    bench.always_on('load')
    bench.always_off('pre-alarm')
