# SPDX-License-Identifier: GPL-2.0
"""The overlay on a Raspberry Pi 3, with Debian's stock kernel.

QEMU's Pi has the SoC's GPIO controller, with registers for all lines, though
nothing at its pins: inputs read low, which is a healthy bank and a closed remote.
It has no I2C, so the overlay for an expander is not booted.
"""

import os
import re
import subprocess

import pytest

from lib.vm import initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))

OUT = os.path.join(TOP, "build", "package", "pi")
COMPILED = os.path.join(TOP, "build", "static", "overlays")
OVERLAYS = os.path.join(TOP, "selftests", "static", "overlays.py")
TIMEOUT_S = 1200     # beside other work it may have to wait
# Another name, another delay, and the load on another line than the overlay's
PARAMETERS = ("label=house", "load=12", "pre-alarm-delay-ms=45000")
LOAD, OTHER, CHARGE, PRE_ALARM = 12, 16, 20, 21
GPLEV0 = 0x3f200034             # levels of GPIO 0 to 31

# Kernel messages go to one serial port, this to the other.  The Pi's Bluetooth is
# at the former, so that nobody else gets it.
INIT = f"""#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/ttyS1 >/dev/ttyS1 2>&1
echo				# ends what the port's own start has sent
modprobe smallbms
n=0
until [ "$(cat /sys/class/power_supply/house/device/charge)" = on ] ||
		[ $n -gt 100 ]; do
	usleep 100000
	n=$((n + 1))
done
echo "check $(smallbms check)"
echo "delay $(smallbms get pre_alarm_delay_ms)"
echo "bound $(devmem {GPLEV0:#x})"
rmmod smallbms
echo "gone $(devmem {GPLEV0:#x})"
echo end
sleep 3600
"""


def run(*command):
    return subprocess.run(command, cwd=TOP, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def make_tree():
    """A Pi's device tree with the overlay, as its firmware would make it."""
    # Has the kernel's tree of a Pi compiled, and the overlay
    run("selftests/static/run", "overlay_compiles")
    run(OVERLAYS, "set", f"{COMPILED}/smallbms.dtbo", f"{OUT}/overlay.dtbo",
        *PARAMETERS)
    run("fdtoverlay", "-i", f"{COMPILED}/bcm2837-rpi-3-b.dtb", "-o",
        f"{OUT}/pi.dtb", f"{OUT}/overlay.dtbo")


def make_root(files):
    with initramfs.Archive(f"{OUT}/initramfs.cpio") as archive:
        archive.console()
        for name in ("proc", "sys", "dev"):
            archive.folder(name)
        archive.file("bin/busybox", files["BUSYBOX"], 0o755)
        archive.file("bin/smallbms", files["TOOL"], 0o755)
        archive.data("init", INIT.encode(), 0o755)
        initramfs.add_modules(archive, files["MODROOT"], ("smallbms",))


def boot(kernel):
    """What the guest says, {first word: rest}."""
    command = ["timeout", "--foreground", "-k", "5", str(TIMEOUT_S),
               "qemu-system-aarch64", "-machine", "raspi3b", "-accel", "tcg",
               "-kernel", kernel, "-dtb", f"{OUT}/pi.dtb",
               "-initrd", f"{OUT}/initramfs.cpio",
               "-append", "console=ttyAMA0 panic=-1 maxcpus=1 iomem=relaxed",
               "-nodefaults", "-nographic", "-no-reboot",
               "-serial", f"file:{OUT}/console.log", "-serial", "stdio"]
    said = {}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, errors="replace") as machine:
        for line in machine.stdout:
            word, _, rest = line.strip().partition(" ")
            said[word] = rest
            if word == "end":
                break
        machine.terminate()
    return said


def high(said, word):
    """The lines of ours that are high."""
    levels = int(said.get(word) or "0", 0)
    return {line for line in (LOAD, OTHER, CHARGE, PRE_ALARM)
            if levels >> line & 1}


@pytest.fixture(scope="module")
def said():
    os.makedirs(OUT, exist_ok=True)
    make_tree()
    files = dict(line.split("=", 1) for line in run(
        "make", "-s", "vm-paths").splitlines())
    make_root(files)
    return boot(files["KERNEL"])


def test_bound(said):
    """on a Raspberry Pi 3 with a stock kernel the driver takes the board that the
    overlay describes"""
    assert said.get("check", "").startswith("SMALLBMS OK - house: All well")


def test_outputs(said):
    """O1, O2: load and charge are high on the Pi's pins, the load on the one that a
    parameter told"""
    assert high(said, "bound") == {LOAD, CHARGE}


def test_delay(said):
    """a parameter's delay reaches the driver"""
    assert said.get("delay") == "45000"


def test_unload(said):
    """F1: unloaded, the driver leaves the pins low"""
    assert said.get("gone") and not high(said, "gone")


def test_console(said):
    """the console tells of no kernel bug"""
    with open(f"{OUT}/console.log", encoding="utf-8", errors="replace") as file:
        console = file.read()
    assert said and "load connected" in console, console[-2000:]
    assert not re.search(r"WARNING:|BUG:|Oops|Call trace", console), console[-2000:]
