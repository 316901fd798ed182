# SPDX-License-Identifier: GPL-2.0
"""The remote on/off terminals L and H, and the comparators that turn them into lines (M1).

The manual gives four cases: on when L and H are joined, on when L is pulled to battery minus (below
3.5 V), on when H is high (above 2.9 V, up to battery voltage), off in every other case.

    terminals = Terminals()
    terminals.join(); terminals.pull_l(0.2); terminals.drive_h(BATTERY); terminals.open()
    terminals.lines(battery_v=13.0)     # {'remote-l': ..., 'remote-h': ..., 'remote-loop': ...}

Ours: left alone, L floats to 5 V through a resistor and H to 0 V, so that neither counts as pulled.
A board without the `remote-loop` line still sees joined terminals: L's resistor lifts H above
2.9 V.
"""

BATTERY = 'battery'                 # as a voltage: that of the battery, whatever it is
L_ON_BELOW_V = 3.5
H_ON_ABOVE_V = 2.9
L_IDLE_V = 5.0
H_IDLE_V = 0.0
JOINED_V = 4.4                      # L's resistor up, H's resistor down


class Terminals:
    """What somebody has connected to L and H; None is nothing at all."""

    def __init__(self):
        self.l_v = None
        self.h_v = None
        self.joined = False

    def open(self):
        """Nothing connected, or a switch that is open."""
        self.l_v = None
        self.h_v = None
        self.joined = False

    def join(self):
        """The factory's wire loop, or a closed switch between L and H."""
        self.open()
        self.joined = True

    def pull_l(self, volts=0.0):
        """L wired towards battery minus; @volts is what is left on it."""
        self.l_v = volts

    def drive_h(self, volts):
        """H wired to battery plus, or to any signal of @volts."""
        self.h_v = volts

    def volts(self, battery_v):
        """What a meter shows on (L, H)."""
        l_v, h_v = (battery_v if volts == BATTERY else volts for volts in (self.l_v, self.h_v))
        if self.joined:
            driven = [volts for volts in (l_v, h_v) if volts is not None]
            common = min(driven) if driven else JOINED_V
            return common, common
        return (L_IDLE_V if l_v is None else l_v, H_IDLE_V if h_v is None else h_v)

    def lines(self, battery_v):
        """The comparators' outputs. Above battery voltage H is out of its range: not on."""
        l_v, h_v = self.volts(battery_v)
        return {
            'remote-l': l_v < L_ON_BELOW_V,
            'remote-h': H_ON_ABOVE_V < h_v <= battery_v + 0.05,
            'remote-loop': self.joined,
        }

    def on(self, battery_v):
        return any(self.lines(battery_v).values())

    def describe(self, battery_v):
        l_v, h_v = self.volts(battery_v)
        return (f'L {l_v:.1f} V, H {h_v:.1f} V' + (', joined' if self.joined else '')
                + (': on' if self.on(battery_v) else ': off'))
