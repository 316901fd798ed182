#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""layers.py [OBJECT...]: draws what each part of the driver uses.

A part is a source with its header. It uses another one where it includes its
header, and where its object file needs a symbol that the other one defines: a
call. What it uses must be in a layer below its own; see LAYERS and BESIDE. Fails
on each use that points elsewhere, and so on every circle.
"""

import collections
import pathlib
import re
import subprocess
import sys

DRIVER = pathlib.Path(__file__).resolve().parents[2] / "driver"

# From top to bottom
LAYERS = (
    ("main",),
    ("attrs", "gpiochip", "leds", "log", "gauge", "hwmon", "iio", "supply"),
    ("observers",),
    ("ocv",),
    ("charger", "core", "measurements", "publisher"),
    ("sleep",),
    ("scan",),
    ("edges", "heartbeat", "inputs", "outputs", "watchdog"),
    ("protection", "soc", "terminal"),
    ("shed",),
    ("debounce",),
    ("lines", "settings", "snapshot", "subscribe"),
)
# What may be used in the same layer
BESIDE = {("core", "publisher"), ("edges", "inputs")}
# Used anywhere, while they use nothing
ANYWHERE = {"compat", "trace"}
# What the macros of trace points define, wherever those are created
TRACE = re.compile(r"__(traceiter|tracepoint|SCK__tp_func|SCT__tp_func)_")

LAYER = {part: number for number, parts in enumerate(LAYERS)
         for part in parts}


def includes():
    """{(part, part that it includes)}"""
    return {(path.stem, name[:-2]) for path in DRIVER.glob("*.[ch]")
            for name in re.findall(r'^#include "(.*)"', path.read_text("utf-8"),
                                   re.M)
            if path.stem != name[:-2]}


def symbols(path):
    """What an object file needs, what it defines for others."""
    lines = subprocess.run(["nm", "-g", path], check=True, encoding="ascii",
                           stdout=subprocess.PIPE).stdout.splitlines()
    found = [line.split()[-2:] for line in lines]
    return ({name for kind, name in found if kind == "U"},
            {name for kind, name in found if kind != "U"})


def calls(objects):
    """{(part, part that it calls): number of functions}"""
    found = {path.stem: symbols(path) for path in objects}
    owner = {name: part for part, (_, defined) in found.items()
             for name in defined if not TRACE.match(name)}
    return collections.Counter(
        (part, owner[name]) for part, (needed, _) in found.items()
        for name in needed if name in owner)


def is_wrong(user, used):
    """Why a part may not use another one, or None."""
    if used in ANYWHERE:
        return None
    if user in ANYWHERE:
        return "must use nothing"
    for part in (user, used):
        if part not in LAYER:
            return f"{part} is in no layer"
    if LAYER[user] > LAYER[used]:
        return f"{used} is in a layer above"
    if LAYER[user] == LAYER[used] and (user, used) not in BESIDE:
        return f"{used} is in the same layer"
    return None


def draw(included, called):
    """A layer a block, what each part uses behind it."""
    width = max(map(len, LAYER)) + 2
    for parts in LAYERS:
        for part in parts:
            used = sorted({b for a, b in [*included, *called] if a == part} -
                          ANYWHERE, key=lambda each: (LAYER.get(each, 99), each))
            words = [f"{each}({called[part, each]})" if called[part, each]
                     else each for each in used]
            print(f"{part:{width}}{' '.join(words)}".rstrip())
        print("-" * 72)


def main(objects):
    included = includes()
    sources = {path.stem for path in DRIVER.glob("*.c")}
    compiled = {path.stem: path for path in map(pathlib.Path, objects)
                if path.stem in sources}
    called = calls(compiled.values())
    if objects:
        print("Each part and what it uses, (n): n functions or variables of it")
    else:
        print("Each part and what it includes; no object file is there, so "
              "calls are not looked at")
    print("-" * 72)
    draw(included, called)
    wrong = [f"{user} uses {used}: {why}" for user, used in
             sorted({*included, *called}) if (why := is_wrong(user, used))]
    there = {path.stem for path in DRIVER.glob("*.[ch]")} - ANYWHERE
    wrong += [f"{part} is in no layer" for part in sorted(there - {*LAYER})]
    wrong += [f"{part} is not there" for part in sorted({*LAYER} - there)]
    if objects:
        wrong += [f"there is no object file of {part}"
                  for part in sorted(sources - {*compiled})]
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
