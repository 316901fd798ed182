# SPDX-License-Identifier: GPL-2.0
"""The battery bank that the bench plays: cells, batteries, and the cord that carries their lines.

    bank = Bank.parse('2s2p 12.8V 100Ah soc=40%')
    bank.step(60, current_a=-40)        # a minute at 40 A of discharge
    bank.lines()                        # {'cell-low': False, 'cell-undervoltage': False, ...}

A battery watches its own cells and its own temperature, and opens its contacts in the lines that
run through all batteries, one after the other (B1). So a line is active when any battery says so,
and also when the cord is broken anywhere. The board never sees a cell's voltage, only these lines.

Units: volts, amperes (positive charges the bank), ampere hours, degrees Celsius, seconds.
Numbers that the manual does not give (overvoltage, hysteresis, resistance, the curve) are typical
of lithium iron phosphate and marked as ours.
"""

import re

MAX_BATTERIES = 20
SYSTEM_VOLTAGES = {12.8: 12, 25.6: 24, 51.2: 48}
CELLS_IN = {12.8: 4, 25.6: 8}

PRE_ALARM_RANGE_V = (2.85, 3.15)
DISCONNECT_RANGE_V = (2.6, 2.8)
OVER_TEMPERATURE_C = 50.0
UNDER_TEMPERATURE_C = 5.0

# Ours: the manual is silent.
OVERVOLTAGE_V = 3.75
VOLTAGE_HYSTERESIS_V = 0.03
OVERVOLTAGE_HYSTERESIS_V = 0.10
TEMPERATURE_HYSTERESIS_C = 2.0
RESISTANCE_OHM_AH = 0.06            # of a cell, times its capacity: 0.6 mOhm at 100 Ah
CAPACITY_SPREAD = 0.01              # between the best and the worst cell of a bank

# Open circuit voltage of a cell over its state of charge. At the default disconnect of 2.8 V about
# 1 Ah of 100 Ah is left (B4). Above 100 % the voltage climbs steeply: nothing is left to charge.
OCV_CURVE = (
    (-0.05, 1.80), (0.0, 2.50), (0.01, 2.80), (0.02, 2.95), (0.04, 3.08), (0.06, 3.14),
    (0.10, 3.20), (0.20, 3.24), (0.30, 3.27), (0.50, 3.29), (0.70, 3.32), (0.90, 3.34),
    (0.97, 3.36), (0.99, 3.42), (1.0, 3.50), (1.01, 3.70), (1.05, 4.20),
)

LINES = ('cell-low', 'cell-undervoltage', 'cell-overvoltage', 'over-temperature',
         'under-temperature', 'charge-inhibit')
LONGEST_STEP_S = 5.0                # strings in parallel even out; longer steps would oscillate


class BankError(ValueError):
    """A bank that cannot be built, or a battery that is not there."""


def interpolate(curve, x):
    """Straight lines between the points of @curve, level beyond its ends."""
    if x <= curve[0][0]:
        return curve[0][1]
    for (x0, y0), (x1, y1) in zip(curve, curve[1:]):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return curve[-1][1]


class Cell:
    """One cell: a state of charge, and what can be measured at its terminals."""

    def __init__(self, capacity_ah, soc):
        self.capacity_ah = capacity_ah
        self.soc = soc
        self.resistance_ohm = RESISTANCE_OHM_AH / capacity_ah
        self.fixed_v = None         # set by a test that wants an exact voltage

    def ocv(self):
        if self.fixed_v is not None:
            return self.fixed_v
        return interpolate(OCV_CURVE, self.soc)

    def voltage(self, current_a):
        if self.fixed_v is not None:
            return self.fixed_v
        return self.ocv() + current_a * self.resistance_ohm

    def charge(self, current_a, seconds):
        soc = self.soc + current_a * seconds / 3600 / self.capacity_ah
        self.soc = min(max(soc, OCV_CURVE[0][0]), OCV_CURVE[-1][0])


class Watch:
    """A comparator with hysteresis: beyond @limit it trips, @hysteresis inside it it lets go."""

    def __init__(self, limit, hysteresis, above):
        self.limit = limit
        self.hysteresis = hysteresis
        self.above = above
        self.tripped = False

    def feed(self, value):
        distance = value - self.limit if self.above else self.limit - value
        if distance > 0:
            self.tripped = True
        elif distance <= -self.hysteresis:
            self.tripped = False
        return self.tripped


class Battery:
    """A smart battery of 4 or 8 cells with thresholds that its owner may adjust (B2)."""

    def __init__(self, nominal_v, capacity_ah, soc=0.5):
        if nominal_v not in CELLS_IN:
            raise BankError(f'a battery has 12.8 V or 25.6 V, not {nominal_v:g} V')
        if capacity_ah <= 0:
            raise BankError('a battery needs a capacity')
        self.nominal_v = nominal_v
        self.capacity_ah = capacity_ah
        self.temperature_c = 20.0
        count = CELLS_IN[nominal_v]
        self.cells = [Cell(capacity_ah * (1 - CAPACITY_SPREAD * n / (count - 1)), soc)
                      for n in range(count)]
        self.current_a = 0.0
        self.low = Watch(3.1, VOLTAGE_HYSTERESIS_V, above=False)
        self.under = Watch(2.8, VOLTAGE_HYSTERESIS_V, above=False)
        self.over = Watch(OVERVOLTAGE_V, OVERVOLTAGE_HYSTERESIS_V, above=True)
        self.hot = Watch(OVER_TEMPERATURE_C, TEMPERATURE_HYSTERESIS_C, above=True)
        self.cold = Watch(UNDER_TEMPERATURE_C, TEMPERATURE_HYSTERESIS_C, above=False)

    def set_pre_alarm_v(self, volts):
        self.low.limit = self._within('pre-alarm', volts, PRE_ALARM_RANGE_V)

    def set_disconnect_v(self, volts):
        self.under.limit = self._within('load disconnect', volts, DISCONNECT_RANGE_V)

    @staticmethod
    def _within(name, volts, limits):
        if not limits[0] <= volts <= limits[1]:
            raise BankError(f'{name} can be set from {limits[0]:g} V to {limits[1]:g} V per cell, '
                            f'not to {volts:g} V')
        return volts

    def voltages(self):
        return [cell.voltage(self.current_a) for cell in self.cells]

    def ocv(self):
        return sum(cell.ocv() for cell in self.cells)

    def resistance_ohm(self):
        return sum(cell.resistance_ohm for cell in self.cells)

    def conditions(self):
        """What this battery signals, from its cells and its temperature as they are now."""
        volts = self.voltages()
        over = self.over.feed(max(volts))
        hot = self.hot.feed(self.temperature_c)
        cold = self.cold.feed(self.temperature_c)
        return {
            'cell-low': self.low.feed(min(volts)),
            'cell-undervoltage': self.under.feed(min(volts)),
            'cell-overvoltage': over,
            'over-temperature': hot,
            'under-temperature': cold,
            'charge-inhibit': over or hot or cold,
        }


class Bank:
    """@parallel strings of @series batteries, daisy-chained by one cord."""

    def __init__(self, nominal_v=12.8, capacity_ah=100.0, series=1, parallel=1, soc=0.5):
        if series < 1 or parallel < 1:
            raise BankError('a bank has at least one battery')
        if series * parallel > MAX_BATTERIES:
            raise BankError(f'{series * parallel} batteries are too many: a system has at most '
                            f'{MAX_BATTERIES}')
        total = round(nominal_v * series, 1)
        if nominal_v in CELLS_IN and total not in SYSTEM_VOLTAGES:
            raise BankError(f'{series} x {nominal_v:g} V in series make {total:g} V: a system has '
                            '12, 24 or 48 V')
        self.series = series
        self.parallel = parallel
        self.strings = [[Battery(nominal_v, capacity_ah, soc) for _ in range(series)]
                        for _ in range(parallel)]
        self.batteries = [battery for string in self.strings for battery in string]
        self.system_v = SYSTEM_VOLTAGES[total]
        self.nominal_v = total
        self.capacity_ah = capacity_ah * parallel
        self.current_a = 0.0
        self.cord_broken = False

    @classmethod
    def parse(cls, text):
        """Build a bank from words like `12.8V 100Ah`, `2s10p 12.8V 200Ah soc=80%`."""
        options = {}
        for word in text.split():
            for pattern, store in (
                    (r'(\d+)s(\d+)p', lambda m: {'series': int(m[1]), 'parallel': int(m[2])}),
                    (r'([\d.]+)V', lambda m: {'nominal_v': float(m[1])}),
                    (r'([\d.]+)Ah', lambda m: {'capacity_ah': float(m[1])}),
                    (r'soc=([\d.]+)%', lambda m: {'soc': float(m[1]) / 100})):
                match = re.fullmatch(pattern, word)
                if match:
                    options.update(store(match))
                    break
            else:
                raise BankError(f'bank: {word!r} is none of 2s3p, 12.8V, 100Ah, soc=50%')
        return cls(**options)

    def battery(self, number):
        """Battery @number, counted from 1 along the cord."""
        if not 1 <= number <= len(self.batteries):
            raise BankError(f'there is no battery {number}: the bank has {len(self.batteries)}')
        return self.batteries[number - 1]

    def cell(self, number, battery=1):
        cells = self.battery(battery).cells
        if not 1 <= number <= len(cells):
            raise BankError(f'there is no cell {number}: battery {battery} has {len(cells)}')
        return cells[number - 1]

    def set_cell_v(self, volts, number=1, battery=1):
        """Hold a cell at @volts; None lets it follow its charge again."""
        self.cell(number, battery).fixed_v = volts
        self._share(self.current_a)

    def set_all_cells_v(self, volts):
        for battery in self.batteries:
            for cell in battery.cells:
                cell.fixed_v = volts
        self._share(self.current_a)

    def set_temperature_c(self, celsius, battery=None):
        chosen = self.batteries if battery is None else [self.battery(battery)]
        for one in chosen:
            one.temperature_c = celsius

    def set_soc(self, soc):
        for battery in self.batteries:
            for cell in battery.cells:
                cell.soc = soc
                cell.fixed_v = None
        self._share(self.current_a)

    def step(self, seconds, current_a):
        """Let @seconds pass with @current_a flowing into the bank (negative: out of it)."""
        while seconds > 0:
            slice_s = min(seconds, LONGEST_STEP_S)
            self._share(current_a)
            for battery in self.batteries:
                for cell in battery.cells:
                    cell.charge(battery.current_a, slice_s)
            seconds -= slice_s
        self._share(current_a)

    def _share(self, current_a):
        """Split the current between the strings: all have the same voltage at their ends."""
        self.current_a = current_a
        ocv = [sum(battery.ocv() for battery in string) for string in self.strings]
        conductance = [1 / sum(battery.resistance_ohm() for battery in string)
                       for string in self.strings]
        volts = ((current_a + sum(v * g for v, g in zip(ocv, conductance))) / sum(conductance))
        for string, string_v, siemens in zip(self.strings, ocv, conductance):
            for battery in string:
                battery.current_a = (volts - string_v) * siemens

    def voltage(self):
        """At the terminals of the bank."""
        return sum(sum(battery.voltages()) for battery in self.strings[0])

    def lowest_cell_v(self):
        return min(min(battery.voltages()) for battery in self.batteries)

    def highest_cell_v(self):
        return max(max(battery.voltages()) for battery in self.batteries)

    def soc(self):
        """Mean state of charge, 0 to 1."""
        cells = [cell for battery in self.batteries for cell in battery.cells]
        return sum(cell.soc for cell in cells) / len(cells)

    def hottest_c(self):
        return max(battery.temperature_c for battery in self.batteries)

    def lines(self):
        """The shared lines at the board's end of the cord; a broken cord makes all active."""
        reports = [battery.conditions() for battery in self.batteries]
        return {line: self.cord_broken or any(report[line] for report in reports)
                for line in LINES}

    def describe(self):
        active = [line for line, on in self.lines().items() if on]
        temperatures = sorted({battery.temperature_c for battery in self.batteries})
        return '\n'.join((
            f'{len(self.batteries)} x {self.batteries[0].nominal_v:g} V '
            f'({self.series} in series, {self.parallel} in parallel): '
            f'{self.system_v} V, {self.capacity_ah:g} Ah',
            f'voltage      {self.voltage():6.2f} V   cells {self.lowest_cell_v():.3f} '
            f'to {self.highest_cell_v():.3f} V',
            f'charge       {100 * self.soc():6.1f} %   current {self.current_a:+.1f} A',
            'temperature  ' + ', '.join(f'{celsius:g}' for celsius in temperatures) + ' C',
            'cord         ' + ('broken' if self.cord_broken else 'whole'),
            'lines        ' + (' '.join(active) or 'all quiet'),
        ))
