# SPDX-License-Identifier: GPL-2.0
"""An emulated arm64 machine with eight real GPIO pins, seen from outside.

QEMU's ``virt`` machine runs a stock Debian kernel; the pins are those of its
PL061 (GPIO0..GPIO7 of ``9030000.pl061``), free for a board node in the device
tree.  Whoever holds the Machine object stands outside, with a wire on every
pin and a shell inside:

    from lib.vm import dt
    from lib.vm.machine import Machine

    board = dt.board({"cell-undervoltage-gpios": (0, dt.ACTIVE_HIGH),
                      "charge-inhibit-gpios": (1, dt.ACTIVE_HIGH),
                      "load-gpios": (4, dt.OPEN_SOURCE),
                      "charge-gpios": (5, dt.OPEN_SOURCE)},
                     {"label": "bank", "poll-interval": 1000})
    with Machine(board, name="example") as m:       # boots
        m.set_pin(0, 0)                             # a level on an input pin
        m.guest("modprobe smallbms")
        m.wait_pin(4, 1, timeout=5)                 # the load comes on
        status, text = m.guest("smallbms --json status")

Pins
    set_pin(n, level)       put a level on a pin (undriven pins are pulled low);
                            returns m.now() right after
    firmware_outputs({n: level, ...})
                            what boot firmware does before any driver: turns
                            the pins into driven outputs (PL061 DIR and DATA)
    level(n)                0 or 1, what a meter on the pin would show now
    driven(n)               True while the chip drives it, False while it floats
    wait_pin(n, level, timeout, since=None) -> Event
                            waits until the pin is at the level (at once if it
                            is); with since=T only for a change to that level
                            at or after T.  Raises TimeoutError
    events                  every change so far, in order: a list of Event
    changed                 threading.Condition, notified at every new Event;
                            hold it while iterating over `events`
    now()                   the bench's clock, on the same scale as Event.t

    Event(t, pin, level, driven): seconds since QEMU was started, as stamped
    by QEMU itself at the very register write (microseconds; a busy bench does
    not blur them).  driven says which side made it: True for the chip's own
    output, False for a pin that the chip leaves floating (an input, or an
    output that was released; it then reads 0, by the pull-down).

Inside
    guest(cmd, timeout=30) -> (exit status, stdout and stderr as text)
                            a shell command, by a port of its own; one at a
                            time.  What it puts into the background goes on.
                            Raises TimeoutError, and is no good afterwards
    guest_ok(cmd, timeout=30) -> text; raises GuestError unless status is 0
    wait_end(timeout=None)  waits until QEMU is gone by itself
    on_bank_command(fn)     `bank WORDS` typed inside prints fn("WORDS"), or what
                            it raises; fn runs in a thread of its own
    splats(end=None)        console lines that tell of a kernel bug, or []; only those before the
                            text `end`, if that is given
    console()               the console's text so far, which is in console_file
    send(cmd)               a command whose end is not awaited: nothing can be done inside any more,
                            before answer(timeout=30), which returns what guest(cmd) does, and
                            will do so soon once answered(timeout) is true
    ports[name]             our end of the chardev of that name, a socket
    plug(driver, id=name, ...)
                            a device into the running machine; unplug(name) takes
                            it out again
    leave(cmd, timeout=30)  a command that ends the machine ("reboot -f"): waits
                            until QEMU is gone; pins and console can still be
                            looked at
    kill()                  the power is cut: QEMU is killed
    boot_seconds            from QEMU's start to the agent's greeting

Machine(board, name="machine", workdir="build/pins/<name>", modules=("smallbms",),
        firmware=None, shell=False, max_seconds=600, files=None,
        append="", memory_mb=256, extra=None, cpus=2, icount=None, hardware=(),
        ports=(), quick=True)
    board       text for the device tree, see dt.py
    modules     kernel modules put into the guest, with their dependencies;
                none is loaded by itself
    firmware    {pin: level}: outputs that are found on at boot, see above
    shell       console on this terminal, with a root prompt (`make shell`)
    files       another machine than that of `make -s vm-paths`, in its terms
    append      more words for the kernel's command line
    extra       {path in the guest: file}: more files, executable
    icount      N: an instruction takes 2^N ns, and time jumps while nothing
                runs.  What happens inside then depends on nothing outside, and
                waiting inside costs nothing; for whoever stands outside, the
                machine's clock is of no use.  QEMU then keeps to one processor, if one is free
    hardware    more arguments for QEMU
    ports       names of chardevs to have, for devices
    quick       the kernel leaves out what takes a fourth of a boot under emulation, and no
                test is about: trying its own cryptography, and unmapping itself whenever
                a program runs, as a kernel at a random address does

What it is made of comes from `make -s vm-paths`, kept in build/vm-paths.

Files, in `workdir`: console.log, qemu.log, machine.dts.  Nothing is shared, so
any number of machines can run side by side.  No machine outlives its `with`
block, or `max_seconds`.
"""

import base64
import collections
import contextlib
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import threading
import time

from lib.vm import dt, initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(f"{HERE}/../../..")
PATHS = os.path.join(TOP, "build", "vm-paths")

PINS = 8
PL061_BASE = 0x09030000
PL061_DATA = PL061_BASE + 0x3fc     # all eight bits unmasked
PL061_DIR = PL061_BASE + 0x400

BOOT_TIMEOUT = 120                  # seconds; it takes about 5 on an idle host

# See `quick`: tests, keys to check signatures with, randomness from jitter
QUICK = ("nokaslr cryptomgr.notests initcall_blacklist=jent_mod_init,init_encrypted,"
         "load_system_certificate_list,crypto_kdf108_init,bpf_tcp_ca_kfunc_init,"
         "bpf_dummy_struct_ops_init")

# What a kernel bug looks like at the start of a console line's text
SPLAT = re.compile(r"^(?:<\d>)?\[ *\d+\.\d+\](?:\[.*?\])? "
                   r"(?:BUG: |WARNING: |Oops|Internal error|Unable to handle|"
                   r"Kernel panic|watchdog: BUG|INFO: task .* blocked|rcu: INFO|"
                   r"irq \d+: nobody cared|Call trace:|UBSAN: |"
                   r"kmemleak: \d+ new)")

# The chip's whole state, as QEMU traces it at every register write
TRACE = re.compile(r"^\d+@(\d+\.\d+):pl061_update "
                   r".*GPIODIR 0x([0-9a-f]+) GPIODATA 0x([0-9a-f]+)")

Event = collections.namedtuple("Event", "t pin level driven")


# With -icount QEMU's threads take turns, thousands of times a second; a turn costs half as
# much if they share a processor. Those that have no such machine, in random order, as
# another program may have its own:
_free_processors = list(os.sched_getaffinity(0))
random.shuffle(_free_processors)


class GuestError(Exception):
    """A command in the guest failed."""


def paths(name=PATHS):
    """The files that a machine is made of, as in `make -s vm-paths`."""
    if not os.path.exists(name):
        raise RuntimeError(f"{name} is missing: run `make vm-paths` first")
    with open(name, encoding="ascii") as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file)


class Machine:
    """One emulated machine, from `with` to the block's end."""

    def __init__(self, board, name="machine", workdir=None,
                 modules=("smallbms",), firmware=None, shell=False,
                 max_seconds=600, files=None, append="", memory_mb=256,
                 extra=None, cpus=2, icount=None, hardware=(), ports=(), quick=True):
        self.name = name
        self.workdir = workdir or os.path.join(TOP, "build", "pins", name)
        self.events = []
        self.changed = threading.Condition()
        self.boot_seconds = None
        self._board = board
        self._modules = modules
        self._firmware = firmware or {}
        self._shell = shell
        self._max_seconds = max_seconds
        self._files = files
        self._append = f"{QUICK} {append}" if quick else append
        self._memory_mb = memory_mb
        self._extra = extra or {}
        self._cpus = cpus
        self._icount = icount
        self._hardware = hardware
        self._ports = ports
        self._outside = [0] * PINS      # what the wires bring
        self._level = [0] * PINS
        self._driven = [False] * PINS
        self._settling = [False] * PINS
        self._agent_lock = threading.Lock()
        self._qtest_lock = threading.Lock()
        self._process = None
        self._processor = None
        self._bank_command = lambda words: "bank: nobody answers\n"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # ---- life

    def start(self):
        os.makedirs(self.workdir, exist_ok=True)
        try:
            self._launch()
            self._find_pl061()
            if self._firmware:
                self.firmware_outputs(self._firmware)
            self._qmp("cont")
            self._line("agent", BOOT_TIMEOUT)
        except BaseException:
            self.stop()
            raise
        self.boot_seconds = self.now()
        return self

    def stop(self):
        try:
            self._end()
        finally:
            if self._processor is not None:
                _free_processors.append(self._processor)
                self._processor = None

    def _end(self):
        if not self._process:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for each in self._threads:
            each.join()
        for each in self._sockets.values():
            each.close()
        self._process = None

    def kill(self):
        parent = self._process.pid      # which is timeout
        with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)
        self.wait_end(10)

    def now(self):
        return time.time() - self._t0

    def _launch(self):
        files = self._files or paths()
        thread = "multi" if self._icount is None else "single"
        hardware = ["-machine", "virt", "-cpu", "cortex-a53",
                    "-smp", str(self._cpus), "-m", f"{self._memory_mb}M",
                    "-accel", f"tcg,thread={thread}", "-nodefaults",
                    "-nographic", "-nic", "none", "-device",
                    "virtio-serial-pci", *self._hardware]
        ports, inner = {}, []
        for name in ("qmp", "qtest", "agent", "bank", *self._ports):
            ports[name], theirs = socket.socketpair()
            inner.append(theirs)
            hardware += ["-chardev", f"socket,id={name},fd={theirs.fileno()}"]
        for name in ("agent", "bank"):
            hardware += ["-device", f"virtserialport,chardev={name},name={name}"]
        fds = [each.fileno() for each in inner]

        base = self._file("base.dtb")
        dt.run("timeout", "60", "qemu-system-aarch64", *hardware,
               "-machine", f"dumpdtb={base}", pass_fds=fds)
        dtb = dt.add_to_root(base, self._board, self._file("machine"))

        inittab = "::sysinit:/bin/true\n::respawn:/bin/agent\n"
        if self._shell:
            inittab += "ttyAMA0::once:/bin/person\n"
        initramfs.make(self._file("initramfs.cpio"), files, self._modules,
                       os.path.join(HERE, "guest"), inittab, self._extra)

        console = f"logfile={self._file('console.log')}"
        console = (f"stdio,id=console,signal=off,{console}" if self._shell
                   else f"null,id=console,{console}")
        command = ["timeout", "--foreground", "-k", "5",
                   str(self._max_seconds), "qemu-system-aarch64", *hardware,
                   "-kernel", files["KERNEL"], "-dtb", dtb,
                   "-initrd", self._file("initramfs.cpio"),
                   "-append",
                   f"console=ttyAMA0 quiet panic=-1 {self._append}".rstrip(),
                   "-no-reboot",
                   "-chardev", console, "-serial", "chardev:console",
                   "-mon", "chardev=qmp,mode=control",
                   "-qtest", "chardev:qtest", "-qtest-log", "none", "-S",
                   "-trace", "pl061_update", "-msg", "timestamp=on"]
        if self._icount is not None:
            command += ["-icount", f"shift={self._icount},sleep=off",
                        "-rtc", "clock=vm"]
            with contextlib.suppress(IndexError):
                self._processor = _free_processors.pop()
                command = ["taskset", "-c", str(self._processor), *command]
        self._t0 = time.time()
        self._process = subprocess.Popen(
            command, pass_fds=fds, stderr=subprocess.PIPE, text=True,
            stdin=None if self._shell else subprocess.DEVNULL)
        for each in inner:
            each.close()
        self._sockets = ports
        self.ports = {name: ports[name] for name in self._ports}
        self._readers = {name: each.makefile("r", encoding="ascii")
                         for name, each in ports.items()}
        self._threads = [threading.Thread(target=self._read_trace),
                         threading.Thread(target=self._answer_bank)]
        for each in self._threads:
            each.start()

    def _file(self, name):
        return os.path.join(self.workdir, name)

    # ---- QEMU's own ports

    def _line(self, port, timeout):
        """One line from a port; each port has one reader at a time."""
        self._sockets[port].settimeout(timeout)
        try:
            line = self._readers[port].readline()
        except TimeoutError:
            raise TimeoutError(f"{self.name}: no answer from the {port} port "
                               f"in {timeout} s") from None
        if not line:
            raise EOFError(f"{self.name}: QEMU is gone, see {self.workdir}")
        return line.rstrip("\n")

    def _qmp(self, command, **arguments):
        message = {"execute": command, "arguments": arguments}
        self._sockets["qmp"].sendall(json.dumps(message).encode())
        while True:
            answer = json.loads(self._line("qmp", 30))
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def _qtest(self, command):
        with self._qtest_lock:
            self._sockets["qtest"].sendall(command.encode() + b"\n")
            answer = self._line("qtest", 30)
        if not answer.startswith("OK"):
            raise RuntimeError(f"qtest: {command}: {answer}")

    def _find_pl061(self):
        self._qmp("qmp_capabilities")
        parent = "/machine/unattached"
        name, = (each["name"] for each in self._qmp("qom-list", path=parent)
                 if each["type"] == "child<pl061>")
        self._pl061 = f"{parent}/{name}"

    def plug(self, driver, **properties):
        end = self.now() + 30
        while True:
            try:
                return self._qmp("device_add", driver=driver, **properties)
            except RuntimeError as error:
                # one that was unplugged lets go of it a little later
                if "is in use" not in str(error) or self.now() > end:
                    raise
            time.sleep(0.01)

    def unplug(self, name):
        self._qmp("device_del", id=name)

    # ---- pins

    def set_pin(self, pin, level):
        self._outside[pin] = int(level)
        self._bring(pin)
        return self.now()

    def _bring(self, pin):
        self._qtest(f"set_irq_in {self._pl061} unnamed-gpio-in {pin} "
                    f"{self._outside[pin]}")

    def firmware_outputs(self, levels):
        mask = sum(1 << pin for pin in levels)
        data = sum(1 << pin for pin, level in levels.items() if level)
        self._qtest(f"writeb {PL061_DIR:#x} {mask:#x}")
        self._qtest(f"writeb {PL061_DATA:#x} {data:#x}")

    def level(self, pin):
        return self._level[pin]

    def driven(self, pin):
        return self._driven[pin]

    def wait_pin(self, pin, level, timeout, since=None):
        def found():
            if since is None and self._level[pin] == level:
                return next((each for each in reversed(self.events)
                             if each.pin == pin), Event(0.0, pin, level, False))
            return next((each for each in self.events
                         if each.pin == pin and each.level == level
                         and since is not None and each.t >= since), None)

        with self.changed:
            event = self.changed.wait_for(found, timeout)
        if not event:
            raise TimeoutError(f"{self.name}: pin {pin} is not {level} within "
                               f"{timeout} s")
        return event

    def _read_trace(self):
        """Turn QEMU's trace into events, until QEMU ends."""
        with open(self._file("qemu.log"), "w", encoding="utf-8") as log:
            for line in self._process.stderr:
                state = TRACE.match(line)
                if state:
                    self._update(float(state[1]) - self._t0,
                                 int(state[2], 16), int(state[3], 16))
                else:
                    log.write(line)
                    log.flush()

    def _update(self, t, direction, data):
        for pin in range(PINS):
            driven = bool(direction >> pin & 1)
            level = data >> pin & 1
            outside = self._outside[pin]
            if not driven and self._driven[pin] and level != outside:
                # Just released.  The model keeps the level that was driven
                # until told otherwise; a real pin falls to what is outside.
                self._settling[pin] = True
                with contextlib.suppress(EOFError, OSError):
                    self._bring(pin)
            if driven or level == outside:
                self._settling[pin] = False
            if self._settling[pin]:
                level = outside
            if (level, driven) == (self._level[pin], self._driven[pin]):
                continue
            with self.changed:
                self._level[pin] = level
                self._driven[pin] = driven
                self.events.append(Event(t, pin, level, driven))
                self.changed.notify_all()

    # ---- the guest

    def guest(self, cmd, timeout=30):
        with self._agent_lock:
            self._send_command(cmd)
            return self._answer(timeout)

    def _answer(self, timeout):
        status, _, output = self._line("agent", timeout).partition(" ")
        return int(status), base64.b64decode(output).decode(errors="replace")

    def answered(self, timeout):
        return bool(select.select([self._sockets["agent"]], [], [], timeout)[0])

    def answer(self, timeout=30):
        with self._agent_lock:
            return self._answer(timeout)

    def _send_command(self, cmd):
        self._sockets["agent"].sendall(base64.b64encode(cmd.encode()) + b"\n")

    def send(self, cmd):
        with self._agent_lock:
            self._send_command(cmd)

    def leave(self, cmd, timeout=30):
        self.send(cmd)
        self.wait_end(timeout)

    def wait_end(self, timeout=None):
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name}: still there after {timeout} s") \
                from None
        for each in self._threads:
            each.join()

    def guest_ok(self, cmd, timeout=30):
        status, output = self.guest(cmd, timeout)
        if status:
            raise GuestError(f"{cmd}: status {status}: {output.strip()}")
        return output

    def on_bank_command(self, answer):
        self._bank_command = answer

    def _answer_bank(self):
        with contextlib.suppress(OSError):
            for line in self._readers["bank"]:
                words = base64.b64decode(line).decode().strip()
                try:
                    text = self._bank_command(words)
                except Exception as error:      # a person may mistype
                    text = f"bank: {error}\n"
                answer = base64.b64encode(text.encode())
                self._sockets["bank"].sendall(answer + b"\n")

    @property
    def console_file(self):
        return self._file("console.log")

    def console(self):
        with open(self.console_file, encoding="utf-8",
                  errors="replace") as file:
            return file.read().replace("\r", "")

    def splats(self, end=None):
        text = self.console()
        if end:
            text = text.partition(end)[0]
        return [line for line in text.split("\n") if SPLAT.match(line)]
