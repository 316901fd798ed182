# SPDX-License-Identifier: GPL-2.0
"""The history on a disk whose power is cut, again and again, at random moments.

QEMU is killed while the service records.  Its disk has a write cache, as real ones
have: of what was written after the last flush, each write is there afterwards, or is
not.  QEMU logs all writes for that, in the format of Linux's dm-log-writes.

    CUTS=100 SEED=7 pytest-3 selftests/userland/cuts.py
"""

import contextlib
import json
import os
import random
import shutil
import struct
import time

import pytest

import box
from lib.vm import dt, lab, machine

CUTS = int(os.environ.get("CUTS", "6"))
SEED = int(os.environ.get("SEED", "20261129"))
WORKDIR = f"{box.TOP}/build/userland/cuts"
DISK_MB = 16
LOAD = 4
BOARD = dt.board({"cell-undervoltage-gpios": (0, dt.ACTIVE_HIGH),
                  "charge-inhibit-gpios": (1, dt.ACTIVE_HIGH),
                  "load-gpios": (LOAD, dt.OPEN_SOURCE),
                  "charge-gpios": (5, dt.OPEN_SOURCE)}, {"label": "house"})
LIBRARIES = ("ld-linux-aarch64.so.1", "libc.so.6", "libjson-c.so.5", "libm.so.6",
             "libsqlite3.so.0")
SHOW = "smallbms-history --directory /disk/history --json"
BEGIN = """
modprobe crc32c_generic && modprobe ext4 && modprobe virtio_blk && modprobe smallbms && mkdir /disk &&
until [ -b /dev/vda ]; do usleep 10000; done &&
mount -t ext4 /dev/vda /disk && mkdir -p /disk/history && cat /proc/sys/kernel/random/boot_id
"""
# Each switch comes once the one before is in the history, for a reader.
SWITCH = f"""
while :; do
	for state in off:false on:true; do
		echo ${{state%:*}} >/sys/class/power_supply/house/device/remote
		until {SHOW} | tail -n 1 | sed 's/.*"before": *{{[^}}]*}}//' |
				grep -q "\\"load\\": *${{state#*:}}"; do :; done
	done
done >/dev/null 2>&1 &
"""


# The log: a superblock, and entries, each followed by its data, in sectors
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
MAGIC = 0x6a736677736872
FLUSH, FUA, DISCARD = 1, 2, 4


def logged(path):
    """(flags, offset, data) of each write and flush."""
    with open(path, "rb") as file:
        magic, _version, count, sector = SUPER.unpack(file.read(SUPER.size))
        assert magic == MAGIC
        at = sector
        for _ in range(count):
            file.seek(at)
            first, sectors, flags, _length = ENTRY.unpack(file.read(ENTRY.size))
            at += sector
            data = b""
            if not flags & DISCARD:
                file.seek(at)
                data = file.read(sectors * sector)
                at += sectors * sector
            yield flags, first * sector, data


def leave(disk, log, chance):
    """What is on the disk when its power is cut; how many writes were lost of how many
    that were not flushed."""
    writes, flushed = [], 0
    for flags, offset, data in logged(log):
        if data:
            writes.append((offset, data))
        if flags & (FLUSH | FUA):
            flushed = len(writes)
    kept = writes[:flushed] + [each for each in writes[flushed:] if chance.random() < 0.5]
    with open(disk, "r+b") as file:
        for offset, data in kept:
            file.seek(offset)
            file.write(data)
    return len(writes) - len(kept), len(writes) - flushed


class Computer:
    """It records the history of a board on its disk."""

    def __init__(self):
        shutil.rmtree(WORKDIR, ignore_errors=True)
        os.makedirs(WORKDIR)
        image = box.userland()
        with box.building():
            self.files = dict(lab.build("stock"))
            tool = box.packaged_tool(image, f"{box.TOP}/build/userland/tool")
        self.disk = f"{WORKDIR}/disk"
        self.extra = {"bin/smallbms-history": f"{tool}-history"}
        folder = "usr/lib/aarch64-linux-gnu"
        box.run("unsquashfs", "-n", "-f", "-d", f"{WORKDIR}/root", image, f"{folder}/*.so*")
        for name in LIBRARIES:
            self.extra[f"lib/aarch64-linux-gnu/{name}"] = f"{WORKDIR}/root/{folder}/{name}"
        self.extra["lib/ld-linux-aarch64.so.1"] = f"{WORKDIR}/root/{folder}/{LIBRARIES[0]}"
        with open(self.disk, "wb") as file:
            file.truncate(DISK_MB << 20)
        box.run("mkfs.ext4", "-q", self.disk)

    @contextlib.contextmanager
    def power(self):
        """The machine, on a copy of the disk; the log beside it has what was written."""
        shutil.copy(self.disk, f"{self.disk}.now")
        with open(f"{self.disk}.log", "wb"):
            pass
        nodes = (f"driver=file,filename={self.disk}.now,node-name=now",
                 f"driver=file,filename={self.disk}.log,node-name=log",
                 "driver=blklogwrites,file=now,log=log,log-super-update-interval=1,"
                 "node-name=disk")
        with machine.Machine(
                BOARD, name="cuts", workdir=WORKDIR, files=self.files, extra=self.extra,
                modules=("smallbms", "virtio_blk", "ext4", "crc32c_generic"),
                hardware=(*(word for node in nodes for word in ("-blockdev", node)),
                          "-device", "virtio-blk-pci,drive=disk")) as computer:
            yield computer

    def cut(self, chance):
        """Cut the power while it records; (the boot, the events before it, how often the
        load was switched, lost writes, those that were not flushed)."""
        with self.power() as computer:
            boot = computer.guest_ok(BEGIN, 120).strip()
            earlier = show(computer)
            computer.guest_ok("smallbms-history --record --directory /disk/history "
                              ">/dev/console 2>&1 &")
            until(lambda: any(each["boot"] == boot for each in show(computer)))
            computer.wait_pin(LOAD, 1, 30)
            begun = computer.now()
            computer.guest_ok(SWITCH)

            def switched():
                levels = [1] + [each.level for each in computer.events
                                if each.pin == LOAD and each.t > begun]
                return sum(a != b for a, b in zip(levels, levels[1:]))

            wanted = chance.randint(1, 3)
            with computer.changed:
                assert computer.changed.wait_for(lambda: switched() >= wanted, 120)
            time.sleep(chance.uniform(0, 0.5))
            computer.kill()
            count = switched()
        lost, written = leave(self.disk, f"{self.disk}.log", chance)
        return boot, earlier, count, lost, written


def show(computer):
    status, text = computer.guest(SHOW, 60)
    return [] if status else [json.loads(line) for line in text.splitlines()
                              if line.startswith("{")]


def until(condition, timeout=120):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def count_switched(events, boot):
    """How often the load was switched in that boot."""
    return sum(each["boot"] == boot and "load" in each["changed"] for each in events)


@pytest.mark.parametrize("cuts", (CUTS,))
def test_cuts(cuts):
    """{cuts} power cuts at random moments cost the history its last event at most"""
    chance = random.Random(SEED)
    computer = Computer()
    lacking, lost, unflushed = 0, 0, 0
    boot, switched, had = None, 0, 0
    for number in range(cuts + 1):
        if number < cuts:
            now, events, *found = computer.cut(chance)
        else:
            with computer.power() as last:
                last.guest_ok(BEGIN, 120)
                events = show(last)
        if number:
            recorded = count_switched(events, boot)
            assert switched - 1 <= recorded <= switched, f"cut {number} of seed {SEED}"
            assert len(events) > had, f"cut {number} of seed {SEED}"
            lacking += switched - recorded
        if number < cuts:
            boot, had = now, len(events)
            switched, lost, unflushed = found[0], lost + found[1], unflushed + found[2]
    print(f"seed {SEED}: {lacking} of {cuts} cuts cost the last event; {lost} of "
          f"{unflushed} writes that were not flushed were lost")
