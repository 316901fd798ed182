# SPDX-License-Identifier: GPL-2.0
"""The examples of the manual, with their devices, their SmartShunt, and a bank that lives"""

from pins.bench import Board, Wiring
from pins.devices import build


class Example(Wiring):
    """A @load and a @charger, with the knobs of little and of much; @fault: a line of its own
    beside charge-inhibit; @speed of the bank in which the load takes more than 30 s."""

    def __init__(self, title, load, charger, fault, speed, little, much):
        super().__init__(
            title,
            Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2, 'remote-h': 3,
                   fault: 4, 'load': 5, 'charge': 6, 'pre-alarm': 7},
                  load_reconnect_delay_ms=5000),
            bank='12.8V 100Ah soc=50%', devices=[load, charger], shunt=True)
        self.load = load.name
        self.charger = charger.name
        self.fault = fault
        self.drawn = speed
        self.little = little
        self.much = much


WIRING = {
    'cyrix': Example('Manual 3.3.2: Cyrix-Li-ct combiner, BatteryProtect for DC loads',
                     build('protect', 'heater', amps=40), build('cyrix', amps=0),
                     'under-temperature', 14, {'amps': 5}, {'amps': 25}),
    'phoenix': Example('Manual 3.3.3: Phoenix inverter, SmartSolar charger',
                       build('phoenix', 'inverter', watts=300),
                       build('solar', cable='non-inverting', watts=0),
                       'cell-overvoltage', 20, {'watts': 60}, {'watts': 220}),
    'solar': Example('Manual 3.3.1: SmartSolar charger, BatteryProtect for DC loads',
                     build('protect', 'fridge', amps=40),
                     build('solar', cable='non-inverting', watts=0),
                     'over-temperature', 14, {'amps': 5}, {'watts': 220}),
}


class TestNight:
    """A night without charge"""

    def begin(bench):
        bench.start()
        bench.charge_level(8)
        bench.speed(60)

    def test_pre_alarm(self, bench):
        """L1: A cell below 3.1 V raises the pre-alarm, and the load goes on"""
        bench.on('pre-alarm', within=60)
        bench.speed(bench.wiring.drawn)
        bench.always_on('load')
        bench.attr('alarm', '1')
        bench.device_on(bench.wiring.load)

    def test_disconnect(self, bench):
        """L2: The load is disconnected, after no less than 30 s of pre-alarm"""
        bench.off('load', within=90)
        bench.interval('pre-alarm rise', 'load fall', least=30)
        bench.device_off(bench.wiring.load)
        bench.attr('load_off_reason', 'cell-undervoltage')
        bench.attr('alarm', '2')
        bench.attr('disconnect_in_ms', '-1')
        bench.attr('stats/load_disconnects', '1')

    def test_reserve(self, bench):
        """B4: A little charge is left, and no more"""
        bench.speed(0)
        bench.bank_has(0.2, 2)
        bench.supply('capacity_level', 'Critical')
        bench.supply('capacity', '1')
        bench.says('smallbms status', 'echarge')

    def test_charge(self, bench):
        """L6: Undervoltage does not keep the charger from its work"""
        bench.on('charge', within=1)

    def test_sun(self, bench):
        """L6: ... and it charges the bank while the load is off"""
        bench.turn(bench.wiring.charger, **bench.wiring.much)
        bench.device_on(bench.wiring.charger)

    def test_reconnect(self, bench):
        """L4: Recharged, the load comes back, after no less than its delay"""
        bench.turn(bench.wiring.load, **bench.wiring.little)
        bench.speed(240)
        bench.on('load', within=60)
        bench.interval('cell-undervoltage fall', 'load rise', least=5)
        bench.device_on(bench.wiring.load)

    def test_pre_alarm_ends(self, bench):
        """L3: The pre-alarm ends when no cell is low"""
        bench.off('pre-alarm', within=60)
        bench.attr('alarm', '0')
        bench.speed(1)


class TestHeatAndCold:
    """Heat and cold"""

    def begin(bench):
        bench.start()
        bench.turn(bench.wiring.charger, **bench.wiring.much)

    def test_heat(self, bench):
        """C1: Above 50 degrees the charger is stopped"""
        bench.temperature(55)
        bench.off('charge', within=2)
        bench.device_off(bench.wiring.charger)

    def test_load(self, bench):
        """C3: ... and the load goes on"""
        bench.always_on('load')
        bench.device_on(bench.wiring.load)

    def test_cooled(self, bench):
        """C2: Cooled down, charging goes on, after no less than its delay"""
        bench.wait(2)
        bench.temperature(30)
        bench.on('charge', within=10)
        bench.interval('charge-inhibit fall', 'charge rise', least=1)
        bench.device_on(bench.wiring.charger)

    def test_cold(self, bench):
        """C1: Below 5 degrees the charger is stopped, the load is not"""
        bench.wait(2)
        bench.temperature(2)
        bench.off('charge', within=2)
        bench.always_on('load')
        bench.device_off(bench.wiring.charger)
        bench.device_on(bench.wiring.load)

    def test_warmed(self, bench):
        """C2: Warmed up, charging goes on"""
        bench.wait(2)
        bench.temperature(20)
        bench.on('charge', within=10)
        bench.device_on(bench.wiring.charger)

    def test_line(self, bench):
        """C1: A separate line of a fault does the same"""
        bench.wait(2)
        bench.active(bench.wiring.fault)
        bench.off('charge', within=2)
        bench.always_on('load')
        bench.attr_like('conditions', f'.*{bench.wiring.fault}.*')
        bench.wait(2)
        bench.as_bank(bench.wiring.fault)
        bench.on('charge', within=10)


class TestSwitch:
    """The switch between busbar and remote H"""

    def test_open(self, bench):
        """M1: Opened, it turns off load and charger"""
        bench.wait(2)
        bench.switch('off')
        bench.off('load', 'charge', within=2)
        bench.device_off(bench.wiring.load, bench.wiring.charger)
        bench.attr('terminals', 'off')
        bench.attr('load_off_reason', 'terminals')

    def test_closed(self, bench):
        """M4: Closed, it turns both on again"""
        bench.wait(2)
        bench.switch('on')
        bench.on('load', 'charge', within=2)
        bench.device_on(bench.wiring.load)
        bench.attr('terminals', 'on')


class TestFloor:
    """The SmartShunt, and a floor of 20 %"""

    def begin(bench):
        bench.start()
        bench.write('soc_floor_percent', '20')
        bench.write('load_request', 'off')
        bench.charge_level(19)
        bench.follow()
        bench.reports(1)

    def test_cut(self, bench):
        """S2: A load that is off when the floor is reached stays off"""
        bench.write('load_request', 'auto')
        bench.attr('load_off_reason', 'soc-floor')
        bench.always_off('load')

    def test_charge(self, bench):
        """S1: ... and charge on, so that the charger recharges the bank"""
        bench.turn(bench.wiring.charger, **bench.wiring.much)
        bench.device_on(bench.wiring.charger)
        bench.device_off(bench.wiring.load)

    def test_recovered(self, bench):
        """S2: Two reports of 25 % connect the load"""
        bench.turn(bench.wiring.load, **bench.wiring.little)
        bench.speed(300)
        bench.on('load', within=60)
        bench.after_reports('load rise', count=2, least=250)
        bench.device_on(bench.wiring.load)
