# SPDX-License-Identifier: GPL-2.0
"""What hangs on the board: loads behind *load disconnect*, chargers behind *charge disconnect*.

An output of the board is high (battery voltage) or floating. A device is on or off as its remote
input says, and moves current out of the bank or into it: bank, board and devices form a loop.

    device     input              on when               cable it needs
    ---------  -----------------  --------------------  -------------------------------------
    protect    BatteryProtect H   high                  none
    phoenix    inverter H         high                  none
    vebus      VE.Bus inverter    pulled to minus       inverting remote on/off cable
    solar      SmartSolar 75/15   its cable says so     VE.Direct non-inverting remote cable
    cyrix      Cyrix-Li-ct pin 85 high                  none

A wrong cable is possible, as on a real boat, and then the device does what its input says.
"""

HIGH, LOW, FLOATING = 'high', 'low', 'floating'


def direct(signal):
    """A plain wire."""
    return signal


def non_inverting(signal):
    """VE.Direct cable: output high lets the charger run, floating stops it."""
    return HIGH if signal == HIGH else LOW


def inverting(signal):
    """Turns high into a pull to battery minus, and floating into floating."""
    return LOW if signal == HIGH else FLOATING


CABLES = {'direct': direct, 'non-inverting': non_inverting, 'inverting': inverting}


class Device:
    """Common to all: a name, the output it listens to, the cable, and whether it runs."""

    output = 'load'
    default_cable = 'direct'

    def __init__(self, name, cable=None):
        self.name = name
        self.cable_name = cable or self.default_cable
        if self.cable_name not in CABLES:
            raise ValueError(f'{name}: there is no {self.cable_name!r} cable, only '
                             + ', '.join(CABLES))
        self.cable = CABLES[self.cable_name]
        self.on = False

    def update(self, outputs, battery_v):
        """Follow the board: @outputs maps an output's name to True (high) or False (floating)."""
        self.on = self.wants(self.cable(HIGH if outputs[self.output] else FLOATING), battery_v)

    def wants(self, signal, battery_v):
        return signal == HIGH

    def current_a(self, battery_v):
        """Into the bank; negative for a load."""
        raise NotImplementedError


class BatteryProtect(Device):
    """Switches DC loads. Also lets go when the battery's voltage is below its own preset value."""

    def __init__(self, name, cable=None, amps=10.0, preset_v=10.5):
        super().__init__(name, cable)
        self.amps = amps
        self.preset_v = preset_v

    def wants(self, signal, battery_v):
        return signal == HIGH and battery_v >= self.preset_v

    def current_a(self, battery_v):
        return -self.amps if self.on else 0.0


class Inverter(Device):
    """Phoenix inverter VE.Direct 12/375: @watts of its mains side, and what it needs itself."""

    EFFICIENCY = 0.90               # ours
    IDLE_W = 6.0                    # ours
    LIMIT_W = 300.0                 # ours: 375 VA

    def __init__(self, name, cable=None, watts=200.0):
        super().__init__(name, cable)
        self.watts = watts

    def current_a(self, battery_v):
        if not self.on:
            return 0.0
        return -(min(self.watts, self.LIMIT_W) / self.EFFICIENCY + self.IDLE_W) / battery_v


class VeBusInverter(Inverter):
    """Runs while its remote input is pulled to battery minus: needs the inverting cable."""

    default_cable = 'inverting'
    IDLE_W = 10.0                   # ours
    LIMIT_W = 1000.0                # ours: 1200 VA

    def wants(self, signal, battery_v):
        return signal == LOW


class SmartSolar(Device):
    """MPPT 75/15: up to 15 A, less as the battery gets near the absorption voltage."""

    output = 'charge'
    default_cable = 'non-inverting'
    LIMIT_A = 15.0

    def __init__(self, name, cable=None, watts=0.0, absorption_v=14.2):
        super().__init__(name, cable)
        self.watts = watts
        self.absorption_v = absorption_v

    def current_a(self, battery_v):
        if not self.on or self.watts <= 0:
            return 0.0
        taper = max(0.0, min(1.0, (self.absorption_v - battery_v) / 0.2))
        return min(self.LIMIT_A, self.watts / battery_v) * taper


class CyrixLiCt(Device):
    """Joins the starter battery's charger with the lithium bank while its pin 85 is high."""

    output = 'charge'
    LIMIT_A = 120.0
    ENGAGE_V = 13.4                 # ours: the engine charges the starter battery

    def __init__(self, name, cable=None, amps=0.0, absorption_v=14.2):
        super().__init__(name, cable)
        self.amps = amps            # what the alternator can spare; 0 with the engine off
        self.absorption_v = absorption_v

    def starter_v(self):
        return 14.2 if self.amps > 0 else 12.6

    def wants(self, signal, battery_v):
        return signal == HIGH and self.starter_v() > self.ENGAGE_V

    def current_a(self, battery_v):
        if not self.on:
            return 0.0
        taper = max(0.0, min(1.0, (self.absorption_v - battery_v) / 0.2))
        return min(self.LIMIT_A, self.amps) * taper


KINDS = {'protect': BatteryProtect, 'phoenix': Inverter, 'vebus': VeBusInverter,
         'solar': SmartSolar, 'cyrix': CyrixLiCt}


def build(kind, name=None, **options):
    """A device by its kind, as KINDS spells it."""
    if kind not in KINDS:
        raise ValueError(f'there is no device {kind!r}, only ' + ', '.join(KINDS))
    return KINDS[kind](name or kind, **options)
