# SPDX-License-Identifier: GPL-2.0
"""The machine of the benchmark, and turns in it: one competitor on one chip at a time.

Every competitor gets the same lines of the same chip in the same boot, and all delays set to
nothing, so that what is timed is the way from an edge to the output.  Both ends are stamped inside
the chip (selftests/machine/sim/trips.c), by one clock.
"""

import contextlib
import functools
import glob
import os
import re
import subprocess
import sys
import time

from lib.vm import lab, machine

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = lab.TOP
OUT = os.path.join(TOP, "build", "bench")

CROSS = "aarch64-linux-gnu-"
WIRED = ("cell-undervoltage", "cell-overvoltage", "load", "charge", "pre-alarm")
UNDERVOLTAGE, OVERVOLTAGE, LOAD, CHARGE, PRE_ALARM = map(lab.LINES.index, WIRED)
AT_ONCE = {"debounce_delay_ms": 0, "clear_delay_ms": 0, "charge_reconnect_delay_ms": 0}
BENCH = "/sys/kernel/debug/smallbms-bench"
DRIVERS = "/sys/bus/platform/drivers"
LIBRARIES = ("libc.so.6", "libm.so.6", "libz.so.1", "libexpat.so.1", "libgpiod.so.2",
             "ld-linux-aarch64.so.1")
LEFT_OUT = re.compile(r"/(test|tests|distutils|lib2to3|pydoc_data|unittest|idlelib|tkinter|"
                      r"ensurepip|sqlite3|asyncio|email|xml|__pycache__)/")
GAP_US = 1500                           # rest between two movements
PEERS = ("smallbms", "daemon", "fifo", "python", "poller", "copy")
MISSED_NS = 0
NOW = "now() { sed -n 's/^now at \\([0-9]*\\).*/\\1/p; /^now at/q' /proc/timer_list; };"
WARM_UP = 3                             # trips that load what is loaded late, and do not count


def run(*command, **kwargs):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          **kwargs).stdout.strip()


def cpu_seconds(what):
    """Of the processors, that a machine took so far."""
    pid = what._process.pid             # pylint: disable=protected-access
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            child = file.read().split()[0]
        with open(f"/proc/{child}/stat", encoding="ascii") as file:
            ticks = file.read().rpartition(")")[2].split()
    except (OSError, IndexError):
        return 0
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def build_peers(root, kdir):
    """The peers for the machine, {path inside: file}."""
    out = os.path.join(OUT, "peers")
    os.makedirs(out, exist_ok=True)
    flags = ("-static", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra")
    library = f"{root}/usr/lib/aarch64-linux-gnu"
    found = {}
    for name, more in (("daemon", (f"-I{root}/usr/include", f"{library}/libgpiod.a")),
                       ("flood", ()), ("uevent", ()), ("press", ()), ("readers", ())):
        run(f"{CROSS}gcc", *flags, "-o", f"{out}/{name}", f"{HERE}/peers/{name}.c", *more)
        found[f"bin/{name}"] = f"{out}/{name}"
    folder = f"{out}/copy"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/Kbuild", "w", encoding="ascii") as file:
        file.write("# SPDX-License-Identifier: GPL-2.0\nobj-m += copy.o\n")
    with contextlib.suppress(FileExistsError):
        os.symlink(f"{HERE}/peers/copy.c", f"{folder}/copy.c")
    subprocess.run(["make", "--no-print-directory", "-s", "-C", kdir, f"M={folder}", "ARCH=arm64",
                    f"CROSS_COMPILE={CROSS}", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"],
                   check=True, stdout=sys.stderr)
    found["lib/copy.ko"] = f"{folder}/copy.ko"
    for name in ("daemon", "poller"):
        found[f"peers/{name}.py"] = f"{HERE}/peers/{name}.py"
    return found


def python_files(root):
    """An arm64 Python with gpiod's bindings, {path inside: file}."""
    found = {"usr/bin/python3": f"{root}/usr/bin/python3.11"}
    for folder in ("usr/lib/python3.11", "usr/lib/python3/dist-packages"):
        for path in glob.glob(f"{root}/{folder}/**", recursive=True):
            if os.path.isfile(path) and not LEFT_OUT.search(path):
                found[os.path.relpath(path, root)] = path
    for name in LIBRARIES:
        path, = (glob.glob(f"{root}/lib/aarch64-linux-gnu/{name}")
                 or glob.glob(f"{root}/usr/lib/aarch64-linux-gnu/{name}"))
        found[f"lib/aarch64-linux-gnu/{name}"] = os.path.realpath(path)
    found["lib/ld-linux-aarch64.so.1"] = found["lib/aarch64-linux-gnu/ld-linux-aarch64.so.1"]
    return found


def others(label):
    """Nodes of the competitors that are drivers, on the same lines."""
    return (f'copy-{label} {{\n\tcompatible = "smallbms,bench-copy";\n'
            f"\tin-gpios = <&{label}_chip {OVERVOLTAGE} 0>;\n"
            f"\tout-gpios = <&{label}_chip {CHARGE} 0>;\n}};\n"
            f'charger-{label} {{\n\tcompatible = "gpio-charger";\n\tcharger-type = "mains";\n'
            f"\tgpios = <&{label}_chip {OVERVOLTAGE} 0>;\n}};\n")


@functools.cache
def build():
    """(what the machine is made of, more files for it {path inside: file})"""
    root = run(os.path.join(TOP, "selftests/lib/cache"), "peers")
    files = lab.build("stock")
    release = os.listdir(f"{files['MODROOT']}/lib/modules")[0]
    cache = os.path.dirname(os.path.dirname(files["KERNEL"]))
    extra = build_peers(root, f"{cache}/usr/src/linux-headers-{release}")
    extra.update(python_files(root))
    extra["lib/smallbms-bench.ko"] = files["BENCH"]
    return files, extra


class Bench:
    """The machine; from `with` to the block's end."""

    def __init__(self, name, chips, icount=None, max_seconds=3600, drivers=None):
        """@drivers: of chips, that Debian's kernel lacks, {path inside: file}"""
        self.chips = {chip.label: chip for chip in chips}
        files, extra = build()
        self._drivers = drivers or {}
        tree = "".join(chip.node() + chip.board() + others(chip.label) for chip in chips)
        self.module = glob.glob(f"{files['MODROOT']}/lib/modules/*/updates/smallbms.ko")[0]
        release, = os.listdir(f"{files['MODROOT']}/lib/modules")
        self.objects = os.path.join(TOP, "build", release, "module", "driver")
        counting = {} if icount is None else {"icount": icount}
        self.machine = machine.Machine(tree, name=name, workdir=os.path.join(OUT, name),
                                       modules=("smallbms", "gpio-charger"), files=files,
                                       extra={**extra, **self._drivers}, memory_mb=512, max_seconds=max_seconds,
                                       cpus=2 if icount is None else 1, quick=False,
                                       **counting)

    def __enter__(self):
        machine.BOOT_TIMEOUT = 240
        self.machine.start()
        for module in ("lib/smallbms-bench.ko", *self._drivers, "lib/copy.ko"):
            self.ok(f"insmod /{module}")
        self.ok("modprobe smallbms; modprobe gpio-charger")
        for driver, prefix in (("smallbms", "board"), ("bench-copy", "copy"),
                               ("gpio-charger", "charger")):
            self.ok(f"cd {DRIVERS}/{driver} && for each in {prefix}-*; do "
                    "[ ! -e $each ] || echo $each >unbind; done")
        return self

    def __exit__(self, *_):
        self.machine.stop()

    def ok(self, command, timeout=120):
        return self.machine.guest_ok(command, timeout)

    def file(self, label, name):
        return f"{BENCH}/bench-{label}/{name}"

    def gpiochip(self, label):
        text = self.ok("for each in /sys/bus/gpio/devices/gpiochip*; do "
                       "echo $each $(readlink -f $each); done")
        return re.search(rf"(gpiochip\d+) \S*bench-{label}/\S*", text)[1]

    def program(self, peer, label, debounce_ms=0):
        """The command that starts a competitor that is a process, and prints its number."""
        program = {"daemon": "daemon", "fifo": "daemon --fifo",
                   "python": "python3 -B /peers/daemon.py",
                   "poller": "python3 -B /peers/poller.py"}[peer]
        words = (self.gpiochip(label), UNDERVOLTAGE, OVERVOLTAGE, LOAD, CHARGE, PRE_ALARM,
                 debounce_ms, 0, 30000, 30000, 0)
        return f"{program} {' '.join(map(str, words))} >/tmp/{peer}.log 2>&1 & echo $!"

    @contextlib.contextmanager
    def competitor(self, peer, label, debounce_ms=0):
        """One competitor protects the bank on one chip; yields its process, if it has one."""
        self.ok(f"echo cell-undervoltage 0 cell-overvoltage 0 >{self.file(label, 'pins')}; "
                f"echo stirred >{self.file(label, 'told')}")
        pid = None
        driver = {"smallbms": f"smallbms/board-{label}", "copy": f"bench-copy/copy-{label}",
                  "charger": f"gpio-charger/charger-{label}"}.get(peer)
        if driver:
            folder, device = driver.split("/")
            self.ok(f"echo {device} >{DRIVERS}/{folder}/bind")
        elif peer != "nobody":
            pid = self.ok(self.program(peer, label, debounce_ms)).strip()
        if peer not in ("nobody", "charger"):
            self.await_level(label, "charge", 1, peer)
        if peer not in ("nobody", "charger", "poller"):
            self.trips(label, WARM_UP)
        try:
            yield pid
        finally:
            if driver:
                self.ok(f"echo leaving >{self.file(label, 'told')}; "
                        f"echo {device} >{DRIVERS}/{folder}/unbind")
            elif pid:
                self.end(pid)

    def end(self, pid):
        self.ok(f"kill -CONT {pid}; kill -KILL {pid}; "
                f"while kill -0 {pid} 2>/dev/null; do usleep 10000; done", 300)

    def await_level(self, label, name, level, who, timeout=300):
        end = time.monotonic() + timeout
        while not re.search(rf"^\d+ {name} out {level}$", self.ok(
                f"cat {self.file(label, 'pins')}"), re.M):
            if time.monotonic() > end:
                raise RuntimeError(f"{who}: {name} does not become {level}: "
                                   + self.ok(f"cat /tmp/{who}.log; true"))
            time.sleep(0.2)

    def trips(self, label, count, gap_us=GAP_US):
        """Samples in ns, MISSED_NS for a trip that was missed."""
        self.ok(f"echo cell-overvoltage charge {count} {gap_us} >{self.file(label, 'trips')}", 900)
        return self.samples(label)

    def samples(self, label):
        """Those of the last trips."""
        return [int(word) for word in self.ok(f"cat {self.file(label, 'trips')}", 120).split()]

    def counter(self, label, name):
        return int(self.ok(f"cat {self.file(label, name)}"))

    def events(self):
        """Interrupts and switches between tasks so far, on all processors."""
        text = self.ok("cat /proc/stat")
        return sum(int(re.search(rf"^{word} (\d+)", text, re.M)[1]) for word in ("intr", "ctxt"))

    def uptime(self):
        return float(self.ok("cat /proc/uptime").split()[0])
