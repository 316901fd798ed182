# SPDX-License-Identifier: GPL-2.0
"""Boards that measure: an INA226 and a TMP006 beside the expander."""

from lib.vm import lab

BANK = """
{name}: battery-{name} {{
	compatible = "simple-battery";
	device-chemistry = "lithium-ion-iron-phosphate";
	charge-full-design-microamp-hours = <200000000>;
	voltage-min-design-microvolt = <11200000>;
	voltage-max-design-microvolt = <14200000>;
	{more}
	ocv-capacity-celsius = <25 0>;
	ocv-capacity-table-0 = <13600000 100>, <13280000 90>, <13200000 70>,
			       <13120000 50>, <13000000 30>, <12800000 20>,
			       <12400000 10>, <11200000 0>;
	ocv-capacity-table-1 = <13400000 100>, <11000000 0>;
}};
"""


def board(label, channels, bank="", early=True):
    """A board that measures; @early: it does not wait for what measures."""
    cells = {"voltage": f"<&{label}_ina 1>", "current": f"<&{label}_ina 3>",
             "shunt": f"<&{label}_ina 0>", "temperature": f"<&{label}_tmp 1>"}
    names = ", ".join(f'"{name}"' for name in channels)
    more = (f"io-channels = {', '.join(cells[c] for c in channels.values())};\n"
            f"io-channel-names = {names};\n")
    if bank:
        more += f"monitored-battery = <&{bank}>;\n"
    if early:
        more += f"post-init-providers = <&{label}_ina &{label}_tmp>;\n"
    beside = f"""
	{label}_ina: sensor@40 {{
		compatible = "ti,ina226";
		reg = <0x40>;
		shunt-resistor = <1000>;
		#io-channel-cells = <1>;
	}};
	{label}_tmp: sensor@44 {{
		compatible = "ti,tmp006";
		reg = <0x44>;
		#io-channel-cells = <1>;
	}};
"""
    # or the system would not sleep
    return lab.Expander(label, more=more, beside=beside, wakeup_source=True)


EVERY = {name: name for name in ("voltage", "current", "temperature")}
MODULES = ("smallbms", "ina2xx-adc", "tmp006")
BANKS = (BANK.format(name="known", more="factory-internal-resistance-micro-ohms"
                                        " = <10000>;") +
         BANK.format(name="unknown", more=""))
