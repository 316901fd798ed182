# SPDX-License-Identifier: GPL-2.0
"""VE.Direct: blocks and HEX messages as a battery monitor sends them, damage to them,
and a second parser, which has all of the bytes at once."""

import os
import random
import re

A_BLOCK = {"PID": "0xA389", "V": "12800", "I": "-20000", "P": "-256", "T": "21",
           "CE": "-20000", "SOC": "785", "TTG": "236", "Alarm": "OFF", "AR": "0",
           "BMV": "SmartShunt 500A/50mV", "FW": "0416", "MON": "0"}
B_BLOCK = {"H1": "-90000", "H2": "-20000", "H3": "-30000", "H4": "12", "H5": "0",
           "H6": "-1234567890", "H7": "11800", "H8": "14400", "H9": "86400",
           "H10": "9", "H11": "0", "H12": "0", "H15": "0", "H16": "0", "H17": "512",
           "H18": "530"}


def seal(body):
    """Add the byte that makes the sum 0."""
    return body + bytes([-sum(body) % 256])


def block(fields=None, **changes):
    """Return a block, by default A; a field that is changed to None is left out."""
    fields = {**(A_BLOCK if fields is None else fields), **changes}
    lines = [f"\r\n{label}\t{value}" for label, value in fields.items()
             if value is not None]
    return seal("".join(lines).encode("latin-1") + b"\r\nChecksum\t")


def ending(byte):
    """Return a block whose checksum is this byte."""
    more = (block(X="@@@@@")[-1] - byte) % 256
    letters = [ord("@") + min(62, max(0, more - 62 * n)) for n in range(5)]
    return block(X=bytes(letters).decode())


def hex_message(command=7, payload=b"\xf0\xed\x00"):
    check = (0x55 - command - sum(payload)) % 256
    return f":{command:X}{payload.hex().upper()}{check:02X}\n".encode()


# ---- a second parser

RANGES = {
    "V": (-100000, 400000), "VS": (-100000, 400000), "VM": (-100000, 400000),
    "DM": (-1000, 1000), "I": (-10 ** 7, 10 ** 7), "P": (-4000000, 4000000),
    "T": (-100, 200), "CE": (-10 ** 8, 10 ** 8), "SOC": (0, 1000),
    "TTG": (-1, 100000), "AR": (0, 65535), "MON": (-128, 127),
    "H1": (-10 ** 8, 10 ** 8), "H2": (-10 ** 8, 10 ** 8),
    "H3": (-10 ** 8, 10 ** 8), "H6": (-10 ** 11, 10 ** 11),
    **{f"H{n}": (-100000, 400000) for n in (7, 8, 15, 16)},
    **{f"H{n}": (0, 2 ** 32 - 1) for n in (4, 5, 9, 10, 11, 12, 13, 14, 17, 18)}}
SWITCHES = {"Alarm", "Relay"}
MARK = re.compile(rb":|m\t")
HEX = re.compile(rb":[0-9A-Fa-f]*(?:\n|\xfe\n?)?")
BEGIN = re.compile(rb"\r\n(?:PID|H1)\t")
BODY = re.compile(rb"((?:\r\n[!-~]{1,8}\t[ -~]{0,32}){1,22})\r\nChecksum\t.", re.S)
NUMBER = re.compile(r"-?[0-9]{1,12}")
PRODUCT = re.compile(r"0x[0-9A-Fa-f]{1,4}")


def chunks(data):
    """Yield the text up to each checksum, HEX messages removed."""
    text = bytearray()
    at = 0
    while mark := MARK.search(data, at):
        text += data[at:mark.end()]
        at = mark.end()
        if mark[0] == b":":
            del text[-1]
            at = HEX.match(data, mark.start()).end()
            if data[at:at + 1] != b"\t":
                continue
            text += b"\t"       # as if nothing had been before it
            at += 1
        if text.endswith(b"\r\nChecksum\t") and at < len(data):
            text.append(data[at])
            at += 1
            yield bytes(text)
            text.clear()


def value_of(label, text):
    """Return what JSON has for it; raise ValueError for what is none."""
    if label in SWITCHES:
        return {"ON": True, "OFF": False}[text]
    if label == "PID":
        if not PRODUCT.fullmatch(text):
            raise ValueError(text)
        return f"0x{int(text, 16):X}"
    if text == "---":
        return None
    low, high = RANGES[label]
    if not NUMBER.fullmatch(text) or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def accept(body):
    """Return the values of a block, or None if it is not to be accepted."""
    match = BODY.fullmatch(body)
    if not match or sum(body) % 256:
        return None
    found = {}
    for line in match[1].decode("ascii").split("\r\n")[1:]:
        label, _, text = line.partition("\t")
        if label not in RANGES and label not in SWITCHES and label != "PID":
            continue
        if label in found:
            return None
        try:
            found[label] = value_of(label, text)
        except (KeyError, ValueError):
            return None
    return found


def reference(data):
    """Return the blocks that are to be accepted of these bytes."""
    found = []
    whole = False       # seen from its first byte
    for text in chunks(data):
        begins = [match.start() for match in BEGIN.finditer(text)]
        if begins or whole:
            values = accept(text[begins[-1] if begins else 0:])
            if values is not None:
                found.append(values)
        whole = True
    return found


# ---- damage

VALUES = ("---", "", "-1", "0", "-", "--", "1e3", "+5", " 5", "0x", "0xA053", "1000",
          "1001", "-2", "100001", "ON", "off", "999999999999", "9999999999999",
          "x" * 32, "x" * 33, "\x7f", "1\t2", "-0", "007", "\xe9")
LABELS = ("V", "SOC", "H1", "PID", "MON", "X", "Checksum", "checksum", "TooLong89",
          "HSDS", "", "T T", "DM", "Relay", "H18")
HEXES = (hex_message(), hex_message(10, b"\x02\xed\x00" * 8), b":", b":\n", b":7\n",
         b":7F0ED9671\xfe", b":7F0ED9671\xfe\n", b":A0102", b":A010G\n", b":a55f\n",
         b":" + b"A" * 300, b":7F0ED0071\n" * 3, b"::", b":7\t")


def reseal(data):
    """Make the sum right again, if there is one."""
    return seal(data[:-1]) if data[-10:-1] == b"Checksum\t" else data


def change_field(data, rng):
    fields = data.split(b"\r\n")
    at = rng.randrange(1, len(fields) - 1)
    how = rng.randrange(6)
    label, _, value = fields[at].partition(b"\t")
    if how == 0:
        fields[at] = label + b"\t" + rng.choice(VALUES).encode("latin-1")
    elif how == 1:
        fields[at] = rng.choice(LABELS).encode() + b"\t" + value
    elif how == 2:
        fields.insert(rng.randrange(1, len(fields)), fields[at])
    elif how == 3:
        del fields[at]
    elif how == 4:
        other = rng.randrange(1, len(fields) - 1)
        fields[at], fields[other] = fields[other], fields[at]
    else:
        for number in range(rng.randrange(1, 12)):
            fields.insert(at, b"Y%d\t%d" % (number, rng.randrange(999)))
    return b"\r\n".join(fields)


def change_bytes(data, rng):
    data = bytearray(data)
    at = rng.randrange(len(data))
    how = rng.randrange(7)
    if how == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif how == 1:
        data[at] = rng.randrange(256)
    elif how == 2:
        data.insert(at, rng.randrange(256))
    elif how == 3:
        del data[at]
    elif how == 4:
        del data[at:at + rng.randrange(1, 40)]
    elif how == 5:
        data[at:at] = data[at:at + rng.randrange(1, 40)]
    else:       # two errors that the sum does not show
        other = rng.randrange(len(data))
        data[at] = (data[at] + 1) % 256
        data[other] = (data[other] - 1) % 256
    return bytes(data)


def insert_hex(data, rng):
    """At any place, but more often between fields."""
    ends = [match.start() for match in re.finditer(rb"\r\n", data)] + [len(data)]
    at = rng.choice(ends) if rng.random() < 0.7 else rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(HEXES) + data[at:]


def undamaged(rng):
    """Return a block with other values, now and then without some."""
    if rng.random() < 0.2:
        return block(B_BLOCK, H9=str(rng.randrange(10 ** 6)), H6="---")
    return block(V=str(rng.randrange(8000, 60000)), I=str(rng.randrange(-9999, 9999)),
                 SOC=rng.choice(("---", str(rng.randrange(1001)))),
                 T=rng.choice(("---", "25", None)), TTG=rng.choice(("-1", "600")),
                 Relay=rng.choice((None, "ON", "OFF")))


def damaged(count, seed):
    """Return so many blocks, most of them damaged in some way."""
    rng = random.Random(seed)
    pool = [undamaged(rng) for _ in range(500)]
    found = []
    for _ in range(count):
        data = rng.choice(pool)
        kind = rng.random()
        if kind < 0.4:
            data = change_field(data, rng)
        elif kind < 0.8:
            data = change_bytes(data, rng)
        if data and rng.random() < 0.6:
            data = reseal(data)
        if data and rng.random() < 0.3:
            data = insert_hex(data, rng)
        found.append(data)
    return b"".join(found)


COUNT = int(os.environ.get("BLOCKS", "100000"))
