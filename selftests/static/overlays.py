#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Parameters of device tree overlays, set as the Raspberry Pi's firmware does.

    overlays.py list OVERLAY                the parameters that it has
    overlays.py set OVERLAY OUT [NAME=VALUE...]
    overlays.py pins OVERLAY                the Pi's own GPIOs that it uses
    overlays.py try OVERLAY BASE FOLDER     each parameter alone: BASE.dtb with the
                                            overlay, merged by fdtoverlay, differs
                                            in what the parameter is for, and in
                                            nothing else; says where it does not.
                                            The trees stay in FOLDER.

A parameter's property in /__overrides__ is a list of a phandle and a text that
names a property of that node: "name" is a string, "name?" a boolean, "name!" its
inverse, "name:4" a cell at byte 4; "=value" behind it is taken instead of the
parameter's value, or if empty the cell after the text.  Phandle 0: "+1" enables
fragment 1, "-1" disables it.
"""

import os
import re
import struct
import subprocess
import sys

BEGIN_NODE, END_NODE, PROPERTY, NOP, END = 1, 2, 3, 4, 9
MAGIC = 0xd00dfeed
STATES = ("__dormant__", "__overlay__")


class Node:
    """A node: its properties as bytes, its children."""

    def __init__(self, name):
        self.name = name
        self.properties = {}
        self.children = []

    def child(self, name):
        return next((c for c in self.children if c.name == name), None)

    def walk(self, path=""):
        """(path, node) of this one and all below it."""
        yield path or "/", self
        for child in self.children:
            yield from child.walk(f"{path}/{child.name}")


def read(path):
    """The root of a .dtb or .dtbo."""
    with open(path, "rb") as file:
        data = file.read()
    magic, _, at, strings = struct.unpack_from(">4I", data)
    if magic != MAGIC:
        raise ValueError(f"{path}: no device tree")

    def text(start):
        return data[start:data.index(0, start)].decode()

    above = [Node("")]
    while True:
        token, = struct.unpack_from(">I", data, at)
        at += 4
        if token == BEGIN_NODE:
            node = Node(text(at))
            above[-1].children.append(node)
            above.append(node)
            at += len(node.name) + 4 & ~3
        elif token == PROPERTY:
            length, name = struct.unpack_from(">2I", data, at)
            at += 8
            above[-1].properties[text(strings + name)] = data[at:at + length]
            at += length + 3 & ~3
        elif token == END_NODE:
            above.pop()
        elif token == END:
            return above[0].children[0]
        elif token != NOP:
            raise ValueError(f"{path}: token {token}")


def write(root, path):
    """The opposite."""
    body, strings = bytearray(), bytearray()

    def pad():
        body.extend(bytes(-len(body) % 4))

    def add(node):
        body.extend(struct.pack(">I", BEGIN_NODE) + node.name.encode() + b"\0")
        pad()
        for name, value in node.properties.items():
            body.extend(struct.pack(">3I", PROPERTY, len(value), len(strings)))
            body.extend(value)
            pad()
            strings.extend(name.encode() + b"\0")
        for child in node.children:
            add(child)
        body.extend(struct.pack(">I", END_NODE))

    add(root)
    body.extend(struct.pack(">I", END))
    start = 40 + 16             # the header, and no reserved memory
    with open(path, "wb") as file:
        file.write(struct.pack(">10I", MAGIC, start + len(body) + len(strings),
                               start, start + len(body), 40, 17, 16, 0,
                               len(strings), len(body)))
        file.write(bytes(16) + body + strings)


def cell(data, at=0):
    return struct.unpack_from(">I", data, at)[0]


def cells(data):
    return list(struct.unpack(f">{len(data) // 4}I", data))


def number(value):
    """A parameter's value as a number."""
    words = {"y": 1, "yes": 1, "on": 1, "true": 1,
             "n": 0, "no": 0, "off": 0, "false": 0}
    return words[value] if value in words else int(value, 0)


class Overlay:
    """An overlay, and what the firmware does to it."""

    def __init__(self, path):
        self.root = read(path)
        node = self.root.child("__overrides__")
        self.overrides = dict(node.properties) if node else {}

    def targets(self, name):
        """(place, phandle, text, place of a cell) for each target."""
        data, at = self.overrides[name], 0
        while at < len(data):
            start, end = at, data.index(0, at + 4)
            text = data[at + 4:end].decode()
            at = end + 1
            literal = None
            if re.search(r"[:.;#]\d+=$", text):
                literal, at = at, at + 4
            yield cell(data, start), text, literal

    def find(self, phandle):
        for path, node in self.root.walk():
            if node.properties.get("phandle") == struct.pack(">I", phandle):
                return path, node
        raise ValueError(f"no node has the phandle {phandle}")

    def fixups(self):
        node = self.root.child("__fixups__")
        return node.properties if node else {}

    def local_fixups(self, path, make=False):
        """The node below __local_fixups__ that stands for that path."""
        node = self.root.child("__local_fixups__")
        for name in filter(None, path.split("/")):
            below = node.child(name) if node else None
            if node and not below and make:
                below = Node(name)
                node.children.append(below)
            node = below
        return node

    def drop(self, path, node, name):
        """Removes the property, and what would be put into it."""
        node.properties.pop(name, None)
        local = self.local_fixups(path)
        if local:
            local.properties.pop(name, None)
        for label, places in self.fixups().items():
            kept = [place for place in places.decode().split("\0") if place and
                    not place.startswith(f"{path}:{name}:")]
            self.fixups()[label] = "".join(f"{p}\0" for p in kept).encode()

    def refer(self, override, literal, path, name, at):
        """The cell refers to a node, as the one in the override does."""
        place = f"/__overrides__:{override}:{literal}"
        for label, places in self.fixups().items():
            if place in places.decode().split("\0"):
                self.fixups()[label] += f"{path}:{name}:{at}\0".encode()
        local = self.local_fixups("/__overrides__")
        if local and literal in cells(local.properties.get(override, b"")):
            places = self.local_fixups(path, make=True).properties
            places[name] = places.get(name, b"") + struct.pack(">I", at)

    def set_fragments(self, text, value):
        for sign, number_of in re.findall(r"([-+=!])(\d+)", text):
            fragment = self.root.child(f"fragment@{number_of}")
            if not fragment:
                raise ValueError(f"there is no fragment {number_of}")
            active = {"+": True, "-": False, "=": value != "0",
                      "!": value == "0"}[sign]
            for child in fragment.children:
                if child.name in STATES:
                    child.name = STATES[active]

    def set(self, name, value):
        """What NAME=VALUE does."""
        if name not in self.overrides:
            raise ValueError(f"no parameter {name}")
        for phandle, text, literal in self.targets(name):
            if not phandle:
                self.set_fragments(text, value)
                continue
            form = re.fullmatch(r"([\w,#-]+?)(\?|!|[.;:#]\d+)?(=.*)?", text)
            if not form:
                raise ValueError(f"not understood: {text}")
            target, kind, given = form.groups()
            path, node = self.find(phandle)
            this = given[1:] if given and literal is None else value
            if not kind:
                node.properties[target] = this.encode() + b"\0"
            elif kind in "?!":
                if (number(this) != 0) == (kind == "?"):
                    node.properties[target] = b""
                else:
                    self.drop(path, node, target)
            else:
                self.set_number(name, path, node, target, kind, this, literal)

    def set_number(self, name, path, node, target, kind, value, literal):
        size = {".": 1, ";": 2, ":": 4, "#": 8}[kind[0]]
        at = int(kind[1:])
        old = node.properties.get(target, b"").ljust(at + size, b"\0")
        if literal is None:
            new = number(value).to_bytes(size, "big")
        else:
            new = self.overrides[name][literal:literal + 4]
        node.properties[target] = old[:at] + new + old[at + size:]
        if literal is not None:
            self.refer(name, literal, path, target, at)
        if target == "reg" and at == 0:
            node.name = f"{node.name.split('@')[0]}@{number(value):x}"
            self.moved(path, node.name)

    def moved(self, path, name):
        """A node has got another name, which others know it by."""
        new = f"{path.rpartition('/')[0]}/{name}"
        local = self.local_fixups(path)
        if local:
            local.name = name
        for label in self.fixups():
            self.fixups()[label] = self.fixups()[label].replace(
                f"{path}:".encode(), f"{new}:".encode())
        symbols = self.root.child("__symbols__")
        for label, text in (symbols.properties if symbols else {}).items():
            if text == path.encode() + b"\0":
                symbols.properties[label] = new.encode() + b"\0"

    def save(self, path):
        write(self.root, path)


BOARD = "/battery-monitor"
# Flags of a line, by overlay: of the batteries, of the remote
FLAGS = {"smallbms": (0x10, 0x11), "smallbms-expander": (0, 1)}
CHARGE_FAULTS = ("cell-overvoltage", "over-temperature", "under-temperature")
LINES = ("cell-undervoltage", "cell-low", *CHARGE_FAULTS, "charge-inhibit",
         "remote-h", "remote-l", "remote-loop", "load", "charge", "pre-alarm",
         "load-sense", "charge-sense", "pre-alarm-sense", "heartbeat")
NUMBERS = ("heartbeat-interval-ms", "pre-alarm-delay-ms",
           "load-reconnect-delay-ms", "load-reconnect-max-ms",
           "charge-reconnect-delay-ms", "pre-alarm-hold-ms", "soc-floor-percent",
           "soc-floor-recover-percent", "soc-max-age-ms", "clear-delay-ms",
           "debounce-delay-ms", "poll-interval")
# Those whose maximum is less than what the others are set to
SMALL = {"debounce-delay-ms": 36, "poll-interval": 37, "soc-floor-percent": 38,
         "soc-floor-recover-percent": 39}
BOOLEANS = ("retain-state-shutdown", "release-pre-alarm-on-disconnect",
            "wakeup-source", "release-in-suspend")


def properties(tree):
    """{(path, property): value}, without the names that are only for others."""
    return {(path, name): value for path, node in tree.walk()
            for name, value in node.properties.items()
            if not path.startswith(("/__symbols__", "/__overrides__"))}


def expected_line(overlay, name, value, plain):
    flags, remote = FLAGS[overlay]
    if name.startswith("remote"):
        flags = remote
    elif name not in LINES[:6]:
        flags = 0
    chip = cell(plain[BOARD, "load-gpios"])
    change = {(BOARD, f"{name}-gpios"): struct.pack(">3I", chip, value, flags)}
    if name == "charge-inhibit":
        change.update({(BOARD, f"{each}-gpios"): None
                       for each in CHARGE_FAULTS})
    return change


def trials(overlay, plain):
    """{parameter: (value, {(path, property): value, or None if gone})}"""
    found = {"label": ("house", {(BOARD, "label"): b"house\0"}),
             "no-cell-low": ("true", {(BOARD, "cell-low-gpios"): None}),
             "no-remote-h": ("true", {(BOARD, "remote-h-gpios"): None})}
    for value, name in enumerate(LINES, 1):
        found[name] = (str(value), expected_line(overlay, name, value, plain))
    for value, name in enumerate(NUMBERS, 30001):
        value = SMALL.get(name, value)
        found[name] = (str(value), {(BOARD, name): struct.pack(">I", value)})
    for name in BOOLEANS:
        found[name] = ("true", {(BOARD, name): b""})
    # The binding allows no interval without its line
    found["heartbeat-interval-ms"][1].update(found["heartbeat"][1])
    return found


def bank(merged):
    """What charge-full-design-microamp-hours brings: a node."""
    handle = merged.get((BOARD, "monitored-battery"), b"")
    return {(BOARD, "monitored-battery"): handle,
            ("/battery", "phandle"): handle,
            ("/battery", "compatible"): b"simple-battery\0",
            ("/battery", "device-chemistry"): b"lithium-ion-iron-phosphate\0",
            ("/battery", "charge-full-design-microamp-hours"):
            struct.pack(">I", 200000000)}


def expander(plain):
    """Those of the expander alone."""
    chip = cell(plain[BOARD, "load-gpios"])
    path = next(path for (path, name), value in plain.items()
                if name == "phandle" and cell(value) == chip)
    pin = next(path for path, name in plain if path.endswith("/smallbms_int"))

    def moved(to, **more):
        change = {}
        for (at, name), value in plain.items():
            if at == path:
                change[at, name] = None
                change[path.replace("@20", f"@{to:x}"), name] = more.get(
                    name, value)
        change[path.replace("@20", f"@{to:x}"), "reg"] = struct.pack(">I", to)
        return change

    return {"addr": ("0x21", moved(0x21)),
            "tca6424": ("true", moved(0x22, compatible=b"ti,tca6424\0")),
            "int": ("5", {(path, "interrupts"): struct.pack(">2I", 5, 8),
                          (pin, "brcm,pins"): struct.pack(">I", 5)})}


def merge(overlay, base, out, **parameters):
    """BASE with the overlay and parameters, in OUT.dtb; its properties."""
    changed = Overlay(overlay)
    for name, value in parameters.items():
        changed.set(name, value)
    changed.save(f"{out}.dtbo")
    subprocess.run(["fdtoverlay", "-i", base, "-o", f"{out}.dtb",
                    f"{out}.dtbo"], check=True)
    return properties(read(f"{out}.dtb"))


def try_all(overlay, base, folder):
    """Prints what is not as it should be."""
    name = os.path.basename(overlay).removesuffix(".dtbo")
    plain = merge(overlay, base, f"{folder}/{name}+none")
    wanted = trials(name, plain)
    if name.endswith("expander"):
        wanted.update(expander(plain))
    wanted["charge-full-design-microamp-hours"] = ("200000000", None)
    for each in set(Overlay(overlay).overrides) ^ set(wanted):
        print(f"{name}: {each} is not both a parameter and tried")
    for each, (value, change) in wanted.items():
        given = {each: value}
        if each == "heartbeat-interval-ms":
            given["heartbeat"] = wanted["heartbeat"][0]
        try:
            merged = merge(overlay, base, f"{folder}/{name}+{each}", **given)
        except (ValueError, subprocess.CalledProcessError) as error:
            print(f"{name}: {each}: {error}")
            continue
        if change is None:
            change = bank(merged)
        right = {**plain, **change}
        right = {key: data for key, data in right.items() if data is not None}
        for key in sorted(set(right) | set(merged)):
            if right.get(key) != merged.get(key):
                print(f"{name}: {each}={value}: {':'.join(key)} is "
                      f"{merged.get(key)}, should be {right.get(key)}")


def pins(overlay):
    """The GPIOs of the Pi itself that it uses, unless told otherwise."""
    found = []
    for path, node in read(overlay).walk():
        for name, value in node.properties.items():
            if name == "brcm,pins":
                found += cells(value)
            elif name.endswith("-gpios") and path.startswith("/fragment") and \
                    cell(value) == 0xffffffff:
                found.append(cell(value, 4))
    return sorted(found)


def main():
    command, overlay, *rest = sys.argv[1:]
    if command == "list":
        print("\n".join(Overlay(overlay).overrides))
    elif command == "set":
        changed = Overlay(overlay)
        for word in rest[1:]:
            name, _, value = word.partition("=")
            changed.set(name, value or "true")
        changed.save(rest[0])
    elif command == "pins":
        print(*pins(overlay), sep="\n")
    elif command == "try":
        try_all(overlay, *rest)
    else:
        sys.exit(f"overlays.py: no command {command}")


if __name__ == "__main__":
    main()
