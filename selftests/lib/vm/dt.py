# SPDX-License-Identifier: GPL-2.0
"""Device trees for the emulated machine: QEMU's own, with a board added.

    board({"load-gpios": (4, OPEN_SOURCE), ...}, {"label": "bank"})

returns a node's source text.  Texts may be joined for several boards, and any
source text that belongs inside the root node will do as well, for instance

    leds { compatible = "gpio-leds"; led-0 { gpios = <&pl061 4 0>; }; };

The machine's GPIO controller has the label ``pl061``; QEMU's power-off key,
which occupies one of its eight pins, is taken out.
"""

import re
import subprocess

# Flags of a GPIO specifier, as in <dt-bindings/gpio/gpio.h>
ACTIVE_HIGH = 0
ACTIVE_LOW = 1
OPEN_SOURCE = 2
OPEN_DRAIN = 6
PULL_UP = 16
PULL_DOWN = 32


def board(pins, properties=None, node="smallbms"):
    """Source text of a board node.

    pins: {"load-gpios": pin, "charge-gpios": (pin, flags)}
    properties: True is a boolean property (False leaves it out), a number or a
    list of numbers are cells, a string or a list of strings are strings.
    """
    lines = ['compatible = "smallbms,io-board";']
    for name, spec in pins.items():
        pin, flags = (spec, ACTIVE_HIGH) if isinstance(spec, int) else spec
        lines.append(f"{name} = <&pl061 {pin} {flags}>;")
    for name, value in (properties or {}).items():
        if value is True:
            lines.append(f"{name};")
        elif value is not False:
            lines.append(f"{name} = {_value(value)};")
    return f"{node} {{\n\t" + "\n\t".join(lines) + "\n};\n"


def _value(value):
    values = value if isinstance(value, (list, tuple)) else [value]
    if all(isinstance(v, str) for v in values):
        return ", ".join(f'"{v}"' for v in values)
    return "<" + " ".join(str(v) for v in values) + ">"


def run(*command, **options):
    """A program's output; what it has to say about a failure is in the error."""
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            **options)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout


def add_to_root(dtb, text, out):
    """Write `out`.dts and `out`.dtb: the tree `dtb` with `text` in its root."""
    source = run("dtc", "-q", "-I", "dtb", "-O", "dts", dtb)
    source = re.sub(r"\n\tgpio-keys \{.*?\n\t\};\n", "\n", source, flags=re.S)
    source, found = re.subn(r"\n\tpl061@9030000 \{",
                            "\n\tpl061: pl061@9030000 {", source)
    if found != 1 or "gpio-keys" in source:
        raise RuntimeError("this QEMU's device tree is not the expected one")
    with open(f"{out}.dts", "w", encoding="ascii") as file:
        file.write(f"{source}\n/ {{\n{text}\n}};\n")
    run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", f"{out}.dtb", f"{out}.dts")
    return f"{out}.dtb"
