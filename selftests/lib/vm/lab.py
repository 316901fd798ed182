# SPDX-License-Identifier: GPL-2.0
"""Machines for tests that run inside: boards on the chips of smallbms-bench.

    with Lab("stock", [Expander("bank0"), Direct("bankd")], "name", report) as lab:
        lab.run("expander/trip.sh", timeout=120)

boots the kernel of that name (see build.sh) with a board on each chip,
and the test scripts in /tests, as they lie in selftests.  A script runs inside, prints KTAP, and its
lines come out here, numbered anew.  Whatever they say, a kernel bug on the
console and an objection of the bench's monitor are failures too.

All that happens to the boards comes from inside, so the machine's clock need not
be the host's: an instruction takes 1 ns, and while nothing runs time jumps.
Waiting costs nothing, and a busy host changes no result.  Limits on the host's
time are there only so that nothing hangs for ever.
"""

import concurrent.futures
import contextlib
import functools
import inspect
import os
import re
import subprocess
import sys
import threading
import time

from lib import ktap
from lib.vm import machine

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = machine.TOP
SELFTESTS = os.path.join(TOP, "selftests")

INPUTS = ("cell-low", "cell-undervoltage", "cell-overvoltage",
          "over-temperature", "under-temperature", "charge-inhibit",
          "remote-l", "remote-h", "remote-loop")
SENSES = ("load-sense", "charge-sense", "pre-alarm-sense")
OUTPUTS = ("load", "charge", "pre-alarm", "heartbeat")
LINES = INPUTS + SENSES + OUTPUTS

LEVEL_LOW, EDGE_FALLING = 8, 2

# The bench's bus is the interrupt controller of its chip as well. When it goes
# without a word, the kernel finds that somebody still listens to the interrupt.
CONTROLLER_GONE = r"WARNING: .* remove_proc_entry"
NOBODY_CARED = r"irq \d+: nobody cared"


# A lab trips a board more often in a minute than a bank does in a year: nothing is
# doubled (L7, C5), unless a board is to have the real pauses.
NO_PAUSES = {"load_reconnect_max_ms": 0, "charge_reconnect_delay_ms": 0}
REAL_PAUSES = {"load_reconnect_max_ms": 1920000, "charge_reconnect_delay_ms": 1000}


class Chip:
    """A chip of the bench, and the board on it, which goes without some lines.
    Those that the chip lends are there for another board, or another driver.
    Where `other` is a kind of chip, the board has its lines `elsewhere` on a second
    chip, of that kind."""

    def __init__(self, label, without=("heartbeat",), lends=(), more="",
                 elsewhere=(), other=None, **properties):
        self.label = label
        self.without = without
        self.lends = lends
        self.more = more                # source text for the board's node
        self.properties = {**NO_PAUSES, **properties}
        self.elsewhere = elsewhere
        self.part = other(label, without=tuple(
            line for line in LINES if line not in elsewhere)) if other else None
        if self.part:
            self.part.node_name = f"part-{label}"
            self.part.phandle = f"{label}_part"
        self.node_name = f"bench-{label}"
        self.phandle = f"{label}_chip"

    def board(self):
        lines = ""
        for n, line in enumerate(LINES):
            if line not in self.without + self.lends:
                chip = self.part if line in self.elsewhere else self
                lines += f"\t{line}-gpios = <&{chip.phandle} {n} 0>;\n"
        for key, value in self.properties.items():
            key = key.replace("_", "-")
            if value is True:
                lines += f"\t{key};\n"
            else:
                lines += f"\t{key} = <{value}>;\n"
        lines += self.more
        return (f'board-{self.label} {{\n\tcompatible = "smallbms,io-board";\n'
                f'\tlabel = "{self.label}";\n{lines}}};\n')

    def node(self):
        return self.chip() + (self.part.chip() if self.part else "")

    def chip(self):
        raise NotImplementedError

    def names(self):
        missing = self.without + self.elsewhere
        names = ", ".join(f'"{"none" if line in missing else line}"'
                          for line in LINES)
        return (f'line-names = {names};\n\tboard = "{self.label}";\n\tcharge-reconnect-delay-ms '
                f'= <{self.properties["charge_reconnect_delay_ms"]}>;')


class Expander(Chip):
    """A PCA9535, or a TCA6424, on an I2C bus of its own, INT and all."""

    model = ""                          # source text for the bench's node
    settings = ""                       # and for the chip's

    def __init__(self, label, compatible="nxp,pca9535", lines=16,
                 trigger=LEVEL_LOW, beside="", **properties):
        super().__init__(label, **properties)
        self.compatible = compatible
        self.lines = lines
        self.trigger = trigger
        self.beside = beside            # source text of other chips on the bus

    def chip(self):
        bus = f"{self.phandle}_bus"
        return f"""
{bus}: {self.node_name} {{
	compatible = "smallbms,bench-i2c";
	#address-cells = <1>;
	#size-cells = <0>;
	lines = <{self.lines}>;
	{self.model}
	{self.names()}
	interrupt-controller;
	#interrupt-cells = <2>;

	{self.phandle}: gpio@20 {{
		compatible = "{self.compatible}";
		reg = <0x20>;
		interrupt-parent = <&{bus}>;
		interrupts = <0 {self.trigger}>;
		{self.settings}
		gpio-controller;
		#gpio-cells = <2>;
		interrupt-controller;
		#interrupt-cells = <2>;
	}};
	{self.beside}
}};
"""


class Mcp23017(Expander):
    """An MCP23017, of whose two INT the first is wired.  It tells of all lines if it is
    mirrored.  The lab needs `more=mcp23s08()`, as stock kernels lack the driver."""

    model = "mcp23017; one-int;"

    def __init__(self, label, mirrored=True, **properties):
        super().__init__(label, "microchip,mcp23017", **properties)
        if mirrored:
            self.settings = "microchip,irq-mirror;"


class Direct(Chip):
    """A chip of lines that do not sleep."""

    def chip(self):
        return f"""
{self.phandle}: {self.node_name} {{
	compatible = "smallbms,bench-gpio";
	{self.names()}
	gpio-controller;
	#gpio-cells = <2>;
	interrupt-controller;
	#interrupt-cells = <2>;
}};
"""


def tests_of(names):
    """The tests of a program, {name: function}: what takes a report alone.
    @names: its globals()"""
    return {name: each for name, each in names.items()
            if inspect.isfunction(each)
            and list(inspect.signature(each).parameters) == ["report"]}


def run_tests(tests, names):
    """Run the tests of these names, or all, as many at a time as there are
    processors: a machine uses one.  KTAP on stdout, in their order."""
    unknown = [name for name in names if name not in tests]
    if unknown:
        sys.exit(f"no test {', '.join(unknown)}; there are {', '.join(tests)}")
    chosen = {name: tests[name] for name in names} or tests
    results = {name: ktap.Results() for name in chosen}
    report = ktap.Report()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {name: pool.submit(chosen[name], results[name])
                for name in chosen}
        for name, run in runs.items():
            with contextlib.suppress(Exception):
                run.result()
            if run.exception():
                results[name].result(False, f"{name}: {run.exception()}")
            report.add(results[name])
    return report.close()


@functools.cache
def _build(kernel):
    command = [os.path.join(HERE, "build.sh"), kernel]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                            text=True).stdout
    return dict(line.split("=", 1) for line in output.splitlines())


_one_builds = threading.Lock()


def build(kernel):
    """What a machine with that kernel is made of."""
    with _one_builds:
        return _build(kernel)


def build_modules(kernel, names, sources):
    """Modules that are neither the driver nor the bench, from the files `sources`;
    {path inside: file}."""
    files = build(kernel)
    out = os.path.join(os.path.dirname(os.path.dirname(files["BENCH"])), names[0])
    if kernel == "stock":
        release, = os.listdir(f"{files['MODROOT']}/lib/modules")
        cache = os.path.dirname(os.path.dirname(files["KERNEL"]))
        kdir = f"{cache}/usr/src/linux-headers-{release}"
    else:
        kdir = files["KERNEL"].removesuffix("/arch/arm64/boot/Image")
    with _one_builds:
        os.makedirs(out, exist_ok=True)
        with open(f"{out}/Kbuild", "w", encoding="ascii") as file:
            file.write("# SPDX-License-Identifier: GPL-2.0\n")
            file.writelines(f"obj-m += {name}.o\n" for name in names)
        for source, name in sources.items():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{out}/{name}")
            os.symlink(source, f"{out}/{name}")
        subprocess.run(["make", "--no-print-directory", "-s", "-C", kdir, f"M={out}",
                        "ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-",
                        "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"],
                       check=True, stdout=sys.stderr)
    return {f"lib/{name}.ko": f"{out}/{name}.ko" for name in names}


def mcp23s08():
    """The kernel's driver of the MCP23017, built for the stock kernel."""
    kernel = subprocess.run([f"{SELFTESTS}/lib/cache", "checks"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.strip()
    folder = f"{kernel}/drivers/pinctrl"
    return build_modules("stock", ("pinctrl-mcp23s08", "pinctrl-mcp23s08_i2c"),
                         {f"{folder}/{name}": name for name in os.listdir(folder)})


def scripts():
    """All that the guest gets, {path inside: file}."""
    found = ["lib/ktap.sh", "run_tests.sh"]
    for folder in ("machine/expander", "machine/debug", "userland/gpio"):
        found += [f"{folder}/{name}" for name in os.listdir(f"{SELFTESTS}/{folder}")
                  if name.endswith(".sh")]
    return {f"tests/{name}": f"{SELFTESTS}/{name}" for name in found}


class Lab:
    """See above; from `with` to the block's end."""

    # factors on the host's time limits, which are there for safety only
    SLOW = {"stock": 6}

    def __init__(self, kernel, chips, name, report, append="",
                 max_seconds=1500, cpus=2, modules=("smallbms",), nodes="",
                 more=None, excused=None, gives_up=False):
        self.kernel = kernel
        self.report = report
        self.name = name
        self.panics = False         # on purpose
        self.excused = excused      # a splat that is the kernel's own affair
        self.gives_up = gives_up    # the kernel has to give up an interrupt
        self.last_monitor = None    # when it has left
        self._slow = self.SLOW.get(kernel, 12)
        files = build(kernel)
        board = "".join(chip.node() + chip.board() for chip in chips) + nodes
        extra = {**scripts(), **(more or {})}
        extra["lib/smallbms-bench.ko"] = files["BENCH"]
        extra["bin/stir"] = files["STIR"]
        self.machine = machine.Machine(
            board, name=name, workdir=os.path.join(TOP, "build", "lab", name),
            files=files, extra=extra, append=append, modules=modules,
            memory_mb=256 if kernel == "stock" else 384, icount=0,
            cpus=cpus,
            max_seconds=max_seconds * self._slow)

    def __enter__(self):
        machine.BOOT_TIMEOUT = 120 * self._slow
        self.machine.start()
        self.report.note(f"{self.name}: kernel {self.kernel}, "
                         f"{self.machine.boot_seconds:.0f} s to boot")
        return self

    def __exit__(self, kind, error, _):
        if kind and issubclass(kind, (TimeoutError, EOFError,
                                      machine.GuestError)):
            self.report.result(False, f"{self.name}: {error}")
        try:
            self._judge()
        finally:
            self.machine.stop()
        return kind is not None and issubclass(
            kind, (TimeoutError, EOFError, machine.GuestError))

    def run(self, script, timeout, arguments=""):
        """Run one script inside, and pass on what it says."""
        begun = time.time()
        status, text = self.machine.guest(
            f"cd /tests/machine/{os.path.dirname(script)} && KERNEL={self.kernel} "
            f"sh ./{os.path.basename(script)} {arguments}",
            timeout * self._slow)
        results = 0
        for line in text.splitlines():
            match = re.match(r"(ok|not ok) \d+ (?:- )?(.*)", line)
            if match:
                results += 1
                self.report.result(match[1] == "ok",
                                   f"{match[2]} [{self.name}]")
            elif line.startswith("#"):
                self.report.note(line.lstrip("# "))
            elif not re.match(r"KTAP|TAP|1\.\.", line) and line.strip():
                self.report.note(line)
        if status == 4:
            self.report.note(f"{script}: skipped inside")
        if not results or status not in (0, 1):
            self.report.result(False, f"{script}: no result, status {status}")
        self.report.note(f"{script} took {time.time() - begun:.0f} s")

    def _leaving(self):
        self.last_monitor = self._read_monitor()
        self.machine.guest("for told in /sys/kernel/debug/smallbms-bench/"
                           "*/told; do echo leaving >$told; done")

    def leave(self, command):
        """A command that ends the machine; the console's text afterwards."""
        self._leaving()
        self.machine.leave(command, 60 * self._slow)
        return self.machine.console()

    def halt(self):
        """Halt the system, which does not end the machine; the console's text then."""
        self._leaving()
        self.machine.send("halt -f")
        end = time.time() + 60 * self._slow
        while "reboot: System halted" not in self.machine.console():
            if time.time() > end:
                raise TimeoutError("the system does not halt")
            time.sleep(0.1)
        return self.machine.console()

    def panic(self):
        """Crash the kernel; the console's text afterwards."""
        self.panics = True
        return self.leave("echo c >/proc/sysrq-trigger")

    def _read_monitor(self):
        with contextlib.suppress(TimeoutError, EOFError, OSError):
            return self.machine.guest(
                "cat /sys/kernel/debug/smallbms-bench/*/monitor; true")[1]
        return ""

    def _splats(self):
        """All but those that are excused, with the trace that follows each."""
        left = []
        follows = False
        for line in self.machine.splats():
            excused = self.excused or (NOBODY_CARED if self.gives_up else None)
            if excused and re.search(excused, line):
                follows = True
            elif not (follows and "Call trace" in line):
                follows = False
                left.append(line)
        return left

    def _judge(self):
        console = self.machine.console()
        splats = [] if self.panics else self._splats()
        for line in splats[:20]:
            self.report.note(line)
        self.report.result(not splats, f"{self.name}: the console tells of no "
                                       "kernel bug")
        given_up = console.count("nobody cared")
        self.report.result(given_up == self.gives_up,
                           f"{self.name}: the kernel has given up {given_up} "
                           "interrupts (\"nobody cared\")")
        text = self._read_monitor() if self.last_monitor is None \
            else self.last_monitor
        checks = sum(map(int, re.findall(r"^checks (\d+)", text, re.M)))
        past = re.findall(r"monitor: (\d+) checks, (\d+) objections", console)
        checks += sum(int(each[0]) for each in past)
        objections = re.findall(r"objection: (.*)", console)
        for line in sorted(set(objections)):
            self.report.note(f"monitor: {objections.count(line)} x {line}")
        self.report.result(checks > 0 and not objections,
                           f"{self.name}: the monitor made {checks} checks and "
                           f"{len(objections)} objections")
