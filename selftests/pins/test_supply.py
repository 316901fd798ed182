# SPDX-License-Identifier: GPL-2.0
"""What the system is told: power supply and attributes"""

from pins.bench import SUPPLY, Board, Wiring

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'cell-low': 1, 'cell-overvoltage': 2, 'over-temperature': 3,
           'remote-h': 4, 'load': 5, 'charge': 6, 'pre-alarm': 7}),
    bank='4s5p 12.8V 200Ah soc=60%')


class TestSupply:
    """Power supply"""

    def test_what(self, bench):
        """PS: The supply says what it is"""
        bench.supply('type', 'Battery')
        bench.supply('scope', 'System')
        bench.supply('technology', 'LiFe', 'Li-Fe')
        bench.supply('present', '1')
        bench.supply('manufacturer', 'smallBMS')
        bench.supply('model_name', 'smallbms0')
        bench.supply('status', 'Unknown')

    def test_normal(self, bench):
        """PS: All quiet is a normal level and good health"""
        bench.supply('capacity', '100', '50')
        bench.supply('capacity_level', 'Normal')
        bench.supply('health', 'Good')
        bench.supply('capacity_error_margin', '50')

    def test_low(self, bench):
        """PS: A low cell is a low level, at 5 percent"""
        bench.active('cell-low')
        bench.supply('capacity_level', 'Low')
        bench.supply('capacity', '5')
        bench.supply('health', 'Good')
        bench.supply('status', 'Unknown')

    def test_critical(self, bench):
        """PS: Undervoltage is critical, at 1 percent, never 0"""
        bench.active('cell-undervoltage')
        bench.supply('capacity_level', 'Critical')
        bench.supply('capacity', '1')
        bench.supply('health', 'Dead', 'Under voltage')
        bench.quiet('cell-low', 'cell-undervoltage')
        bench.supply('capacity_level', 'Normal')

    def test_full(self, bench):
        """PS: Overvoltage is full, at 100 percent"""
        bench.active('cell-overvoltage')
        bench.supply('capacity_level', 'Full')
        bench.supply('capacity', '100')
        bench.supply('health', 'Over voltage')

    def test_heat(self, bench):
        """PS: Overheat is told before overvoltage"""
        bench.active('over-temperature')
        bench.supply('health', 'Overheat')
        bench.quiet('over-temperature', 'cell-overvoltage')
        bench.supply('health', 'Good')

    def test_readable(self, bench):
        """PS: No property of the supply returns an error"""
        bench.ok(f'cd {SUPPLY}/smallbms0 && '
                 'cat $(find . -maxdepth 1 -type f -perm -444) > /dev/null')


class TestBatteries:
    """Twenty batteries"""

    def test_one(self, bench):
        """B1: One cell of twenty batteries is enough for the pre-alarm"""
        bench.cell(3.05, battery=17, cell=3)
        bench.on('pre-alarm', within=2)
        bench.attr('conditions', 'cell-low')

    def test_threshold(self, bench):
        """B2: With the threshold set to 3 V in the battery, that cell is not low"""
        bench.thresholds(pre_alarm_v=3.0, disconnect_v=2.6)
        bench.off('pre-alarm', within=10)
        bench.cell(2.7, battery=17, cell=3)
        bench.attr('conditions', 'cell-low')

    def test_hot(self, bench):
        """B2: One hot battery of twenty is enough to stop charging"""
        bench.cells(None)
        bench.temperature(52, battery=9)
        bench.attr('conditions', 'over-temperature', within=10)
        bench.off('charge', within=2)
        bench.temperature(20)
        bench.on('charge', within=10)


class TestPoll:
    """Attributes wake who waits"""

    def test_alarm(self, bench):
        """AT: poll() on alarm, conditions and pre_alarm wakes on their change"""
        for name, after, quiet in (('alarm', 'alarm', '0'), ('conditions', 'pre_alarm', 'off'),
                                   ('pre_alarm', 'conditions', 'none')):
            bench.wakes(name, lambda: bench.active('cell-low'))
            bench.quiet('cell-low')
            bench.attr(after, quiet, within=10)

    def test_charge(self, bench):
        """AT: poll() on charge and charge_off_reason wakes on their change"""
        for name in ('charge', 'charge_off_reason'):
            bench.wakes(name, lambda: bench.active('over-temperature'))
            bench.quiet('over-temperature')
            bench.attr('charge', 'on', within=10)

    def test_load(self, bench):
        """AT: poll() on load, load_off_reason, terminals and remote wakes on their change"""
        for name, after in (('load', 'load'), ('load_off_reason', 'load'),
                            ('terminals', 'terminals')):
            bench.wakes(name, lambda: bench.switch('off'))
            bench.switch('on')
            bench.attr(after, 'on', within=10)
        bench.wakes('remote', lambda: bench.write('remote', 'off'))
        bench.write('remote', 'on')
        bench.attr('load', 'on', within=10)

    def test_read_only(self, bench):
        """AT: What cannot be written is not"""
        bench.fails(f'echo on > {bench.path("load")}', 'denied')
        bench.fails(f'echo 1 > {bench.supply_path("capacity")}', 'denied')

    def test_stats(self, bench):
        """AT: Interrupts are counted, and none was missed"""
        bench.attr_like('stats/interrupts', r'[1-9]\d*')
        bench.attr('stats/missed_edges', '0')
        bench.attr('stats/read_errors', '0')
        bench.attr('stats/write_errors', '0')


class TestGauge:
    """A battery monitor"""

    def test_measured(self, bench):
        """S3: The supply has what a program writes to the gauge"""
        for name, value, there, shown in (
                ('soc_permille', '734', 'capacity', '73'),
                ('voltage_uv', '13210000', 'voltage_now', '13210000'),
                ('current_ua', '-5250000', 'current_now', '-5250000'),
                ('temp_dc', '-12', 'temp', '-12'),
                ('time_to_empty_s', '3600', 'time_to_empty_avg', '3600')):
            bench.write_supply(f'device/gauge/{name}', value)
            bench.ok(f'cd {SUPPLY}/smallbms0; for i in $(seq 100); do '
                     f'[ -e {there} ] && exit; usleep 100000; done; exit 1')
            bench.supply(there, shown)
            bench.supply(f'device/gauge/{name}', value)
        bench.supply('status', 'Discharging')
        bench.supply('capacity_error_margin', '5')
        for name in ('soc', 'voltage', 'current', 'temperature', 'time_to_empty'):
            bench.ok(f'[ $(cat {SUPPLY}/smallbms0/device/measurements/{name}_age_s) -ge 0 ]')

    def test_refused(self, bench):
        """S5: What is out of its range is refused, and changes nothing"""
        for name, value in (('soc_permille', '1001'), ('soc_permille', 'full'),
                            ('voltage_uv', '100000001'), ('temp_dc', '2001')):
            path = bench.supply_path(f'device/gauge/{name}')
            bench.fails(f'echo {value} > {path}', 'Invalid argument')
        bench.supply('capacity', '73')

    def test_forgotten(self, bench):
        """S3: A value that is forgotten counts no more, and no property goes or fails"""
        bench.ok(f'cd {SUPPLY}/smallbms0/device/gauge && for i in *; do echo > $i; done')
        bench.supply('device/gauge/soc_permille', '')
        bench.supply('capacity', '50')
        bench.supply('voltage_now', '13210000')
        bench.supply('time_to_empty_avg', '31536000')
        bench.ok(f'cd {SUPPLY}/smallbms0 && '
                 'cat $(find . -maxdepth 1 -type f -perm -444) > /dev/null')


def test_hwmon(bench):
    """HW: hwmon has the alarms of the lines that are wired, and no values"""
    alarms = 'device/hwmon/hwmon*'
    bench.supply(f'{alarms}/name', 'smallbms')
    bench.supply(f'{alarms}/in0_label', 'smallbms0 cells')
    for line, alarm in (('cell-low', 'in0_min'), ('cell-undervoltage', 'in0_lcrit'),
                        ('cell-overvoltage', 'in0_crit'), ('over-temperature', 'temp1_crit')):
        bench.supply(f'{alarms}/{alarm}_alarm', '0')
        bench.active(line)
        bench.supply(f'{alarms}/{alarm}_alarm', '1')
    bench.ok(f'cd {SUPPLY}/smallbms0/{alarms} && ! ls *_input temp1_lcrit_alarm 2>/dev/null')
