# SPDX-License-Identifier: GPL-2.0
"""The bench: an emulated machine with boards, and what one does to it and expects of it.

A test file says in WIRING what its machine has. conftest.py boots it, and gives the tests a
Bench. Its methods either act or expect; what is expected and does not come raises Failed.

Seconds, volts, amperes, degrees. `within` is a generous bound that only ends a wait, since a busy
host makes everything late; `least` is checked against QEMU's own time stamps and has no tolerance
but theirs. A name of a line or output is `load`, or `fore/load` where boards have names.
"""

import base64
import collections
import os
import platform
import re
import shlex
import subprocess
import threading

from lib.vm import dt, machine
from pins import bank as bank_model, rig, svg
from pins.shunt import SmartShunt

HERE = os.path.dirname(os.path.abspath(__file__))
SUPPLY = '/sys/class/power_supply'
GROUPS = ('stats', 'gauge', 'measurements')     # of attributes
RECOVER_PERCENT = 5                 # S2: above the floor
SERIAL_PORT = '/dev/ttyUSB0'
USB_MODULES = ('xhci-pci', 'ftdi_sio')
DRIVER = '/sys/bus/platform/drivers/smallbms'
WAKE_CLOCK = '/sys/class/rtc/rtc0/wakealarm'
PL061_IE = 0x09030410               # the GPIO chip's interrupt mask
TRIES_WHEN_BUSY = 5
SETTLE_S = 10.0
SHORT_PULSE_S = 0.018               # certainly below the debounce of 20 ms
STAMPS_S = 1.5e-6                   # two stamps, each cut off to microseconds
FOLLOWING = '/tmp/following'         # what `smallbms shunt` prints
AWAIT_MS = 20000                    # longer than await.c has to wait for any change

Result = collections.namedtuple('Result', 'ok sentence why')


class Failed(AssertionError):
    """An expectation was not met."""


def sentence(function):
    """What a case shows: the first paragraph of its docstring."""
    return ' '.join(function.__doc__.split('\n\n')[0].split())


def last(duration_s):
    """Let a stimulus last; there is nothing to wait for but time itself."""
    threading.Event().wait(duration_s)


class Board:
    """A board of the device tree. @pins: {line: pin}, active high; @flags: of its outputs, which
    dt.ACTIVE_HIGH drives low, for them to float behind the HAT's high-side switches; @properties
    of the device tree, with _ for -. @name: only where there are several boards."""

    def __init__(self, pins, name=None, flags=dt.OPEN_SOURCE, **properties):
        self.name = name
        self.pins = pins
        self.flags = flags
        self.properties = {key.replace('_', '-'): value for key, value in properties.items()}

    @property
    def label(self):
        return self.properties.get('label', self.name or 'smallbms0')

    @property
    def node(self):
        return f'smallbms-{self.name}' if self.name else 'smallbms'

    def wires(self):
        prefix = f'{self.name}/' if self.name else ''
        return [rig.Wire(prefix + line, line, pin) for line, pin in self.pins.items()]

    def source(self):
        pins = {f'{line}-gpios': (pin, self.flags if line in rig.OUTPUTS else dt.ACTIVE_HIGH)
                for line, pin in self.pins.items()}
        return dt.board(pins, {'label': self.label, **self.properties} if self.name
                        else self.properties, node=self.node)


class Wiring:
    """What a machine has, and what hangs on it.

    title       a heading for its diagram
    boards      Board, one or several
    tree        more source text inside the device tree's root
    modules     further kernel modules to have in the guest
    append      more words for the kernel's command line
    cpus        processors
    others      {name: pin}: wires of others to watch and to record
    bank        as in bank.py
    devices     of devices.py
    speed       seconds of the bank per second
    extra       {path in the guest: file}
    disk_mb     an empty disk, /dev/vda
    memory_mb   memory
    shunt       a SmartShunt beside the bank, on a USB cable
    """

    def __init__(self, title, *boards, tree='', modules=(), append='', cpus=2, others=None,
                 bank='12.8V 100Ah soc=50%', devices=(), speed=1.0, extra=None, disk_mb=0,
                 memory_mb=256, shunt=False):
        self.title = title
        self.boards = boards
        self.tree = tree
        self.modules = ('smallbms', *modules, *(('virtio_blk',) if disk_mb else ()),
                        *(USB_MODULES if shunt else ()))
        self.append = append
        self.cpus = cpus
        self.others = others or {}
        self.bank = bank
        self.devices = devices
        self.speed = speed
        self.extra = extra or {}
        self.disk_mb = disk_mb
        self.memory_mb = memory_mb
        self.shunt = shunt

    def hardware(self, folder):
        """What QEMU has to know of it."""
        return (*self.disk(os.path.join(folder, 'disk')),
                *(('-device', 'qemu-xhci') if self.shunt else ()))

    def monitor(self, bank, machine):
        """The SmartShunt, or None."""
        floor = self.boards[0].properties.get('soc-floor-percent')
        limits = (floor, floor + RECOVER_PERCENT) if floor else ()
        return SmartShunt(bank, machine, limits) if self.shunt else None

    def disk(self, path):
        """Make the disk; what QEMU has to know of it."""
        if not self.disk_mb:
            return ()
        with open(path, 'wb') as file:
            file.truncate(self.disk_mb << 20)
        return ('-drive', f'file={path},format=raw,if=none,id=disk',
                '-device', 'virtio-blk-pci,drive=disk')

    def source(self):
        return '\n'.join([*(board.source() for board in self.boards), self.tree])

    def wires(self):
        return [*(wire for board in self.boards for wire in board.wires()),
                *(rig.Wire(name, name, pin) for name, pin in self.others.items())]


class Bench:
    """See above; from `with` to the block's end. @files: another machine than the usual one, as
    machine.paths() gives it. Leaves in @folder the console, a VCD file and a timing diagram."""

    def __init__(self, wiring, name, folder, files=None):
        os.makedirs(folder, exist_ok=True)
        self.wiring = wiring
        self.folder = folder
        self.machine = machine.Machine(
            wiring.source(), name=name, workdir=folder, modules=wiring.modules, files=files,
            extra=wiring.extra, append=wiring.append, cpus=wiring.cpus, memory_mb=wiring.memory_mb,
            hardware=wiring.hardware(folder), ports=['shunt'] if wiring.shunt else ())
        bank = bank_model.Bank.parse(wiring.bank)
        self.rig = rig.Rig(self.machine, wiring.wires(), bank, wiring.devices, wiring.title,
                           wiring.speed, wiring.monitor(bank, self.machine))
        self.mark = 0.0             # where `unbroken` begins to look: the case's beginning
        self.part_begun = 0.0       # where `interval` does
        self.remarks = []           # measured numbers, for the report
        self.plugged = False        # the cable of the battery monitor
        self.crash = None           # how the console marks a panic on purpose
        self.excuse = None          # the host was too busy to give a stimulus its shape
        self._splats = 0

    def __enter__(self):
        self.machine.start()
        if self.wiring.shunt:
            for module in USB_MODULES:
                self.ok(f'modprobe {module}')
        self.rig.__enter__()
        return self

    def __exit__(self, *error):
        self.rig.__exit__(*error)
        self.machine.stop()
        self.rig.tape.write_vcd(os.path.join(self.folder, 'timing.vcd'))
        svg.draw(self.rig.tape, os.path.join(self.folder, 'timing.svg'))

    # ---- cases

    def fresh(self, title):
        """Begin a part: the model reset, the driver loaded but bound to nothing."""
        self.rig.note(title)
        self.rig.reset()
        if self.rig.shunt:
            self.garbage(False)
        self.rig.speed = self.wiring.speed
        self.rig.apply()
        self.unbind()
        self.set_mark()
        self.part_begun = self.mark

    def attempt(self, case):
        """Do a case; once more if it failed while the host was too busy for a fair trial."""
        for left in reversed(range(TRIES_WHEN_BUSY)):
            before = {wire: self.rig.level(wire.name) for wire in self.rig.wires.values()
                      if wire.is_output}
            self.remarks = []
            self.excuse = None
            self.set_mark()
            try:
                case()
                break
            except Exception:           # whatever it is, it is this case's failure
                if self.excuse:
                    self.remarks.append(self.excuse)
                if not self.excuse or not left:
                    raise
            for wire, level in before.items():
                self.machine.wait_pin(wire.pin, level, SETTLE_S)
        self.kernel_is_well()

    def result(self, function):
        """Of a case that pytest does not know."""
        try:
            self.attempt(lambda: function(self))
            return Result(True, sentence(function), '\n'.join(self.remarks))
        except Exception as error:
            kind = '' if isinstance(error, Failed) else f'{type(error).__name__}: '
            return Result(False, sentence(function),
                          '\n'.join([f'{kind}{error}', *self.remarks]))

    def set_mark(self):
        """Look only at what happens from here on."""
        self.mark = self.machine.now()

    def kernel_is_well(self):
        """F1: The kernel has nothing to complain of; each complaint is one case's."""
        splats = self.machine.splats(self.crash)
        fresh, self._splats = splats[self._splats:], len(splats)
        if fresh:
            raise Failed('the kernel complains:\n' + '\n'.join(fresh))

    # ---- the driver

    def start(self, name=None):
        """Bind the board of that name or all, and wait until load and charge are high."""
        for board in self.bind(name):
            for wire in board.wires():
                if wire.line in ('load', 'charge'):
                    self.on(wire.name, within=SETTLE_S)
        self.set_mark()

    def bind(self, name=None):
        """The same, whatever the outputs do then; the driver is loaded first."""
        self.ok('test -e /sys/module/smallbms || modprobe smallbms')
        boards = [board for board in self.wiring.boards if name in (None, board.name)]
        for board in boards:
            self.ok(f'test -e {DRIVER}/{board.node} || echo {board.node} > {DRIVER}/bind')
        return boards

    def unbind(self, name=None):
        for board in self.wiring.boards:
            if name in (None, board.name):
                self.machine.guest(f'test -e {DRIVER}/{board.node} && '
                                   f'echo {board.node} > {DRIVER}/unbind')

    def firmware(self, **levels):
        """What boot firmware does before any driver: make outputs, high or low; _ for -."""
        self.machine.firmware_outputs({self.wire(name.replace('_', '-')).pin: level
                                       for name, level in levels.items()})

    def deafen(self):
        """Mask all interrupts in the GPIO chip behind the driver's back: every edge is lost."""
        self.machine._qtest(f'writeb {PL061_IE:#x} 0')

    def panic(self):
        """Crash the kernel. Nothing can be done inside after this; the pins remain."""
        self.crash = 'sysrq: Trigger a crash'
        self.machine.send('echo c > /proc/sysrq-trigger')

    def suspend(self, clock_s):
        """Send the system to sleep, until a clock wakes it; on return it is on its way down."""
        known = os.path.getsize(self.machine.console_file)
        self.machine.send(f'echo 0 > {WAKE_CLOCK}; echo +{clock_s} > {WAKE_CLOCK}; '
                          'echo freeze > /sys/power/state')
        end = self.machine.now() + SETTLE_S
        with open(self.machine.console_file, encoding='utf-8', errors='replace') as file:
            file.seek(known)
            text = ''
            while 'PM: suspend entry' not in text:
                if self.machine.now() > end:
                    raise Failed('no suspend begins')
                last(0.001)
                text += file.read()

    def resumed(self, within):
        """Await the end of a suspend. Whether the system has slept, or was on its way at least;
        false if a driver has refused."""
        status, text = self.machine.answer(within)
        if status and 'busy' not in text:
            raise Failed(f'no suspend, and not for a driver that is busy: {text.strip()}')
        return not status

    def reboot(self):
        """To the very end of the kernel. There is no machine after this."""
        self.machine.leave('reboot -f', timeout=60)

    # ---- lines, bank, devices

    def note(self, text):
        """Into the diagram."""
        self.rig.note(text)

    def wait(self, duration_s):
        """Let time pass, where the case is about time."""
        last(duration_s)

    def active(self, *names):
        """Force lines."""
        for name in names:
            self.rig.force(name, 1)

    def quiet(self, *names):
        for name in names:
            self.rig.force(name, 0)

    def as_bank(self, *names):
        """Give lines back to the bank and the terminals."""
        for name in names:
            self.rig.force(name, None)

    def pulse(self, name, width_s, times=1, every_s=0.0):
        """Short pulses of a quiet line. A host too busy to keep them short excuses a reaction:
        the case starts over."""
        self._pulse(name, 1, width_s, times, every_s)

    def blink(self, name, width_s, times=1, every_s=0.0):
        """Short breaks of an active line, likewise."""
        self._pulse(name, 0, width_s, times, every_s)

    def _pulse(self, name, level, width_s, times, every_s):
        since = self.machine.now()
        for _ in range(times):
            self.rig.force(name, level)
            last(width_s)
            self.rig.force(name, not level)
            last(max(0.0, every_s - width_s))
        edges = ('rise', 'fall') if level else ('fall', 'rise')
        begins, ends = (self.await_edges(name, edge, times, since - 0.001) for edge in edges)
        widths = [end - begin for begin, end in zip(begins, ends)]
        if len(widths) != times:
            raise Failed(f'{len(widths)} pulses reached the pin, not {times}')
        if max(widths) > SHORT_PULSE_S:
            self.excuse = f'a pulse lasted {1000 * max(widths):.1f} ms'

    def chatter(self, name, every_s, duration_s):
        """Toggle a line without rest; it ends quiet."""
        end = self.machine.now() + duration_s
        level = 1
        while self.machine.now() < end:
            self.rig.force(name, level)
            level ^= 1
            last(every_s / 2)
        self.rig.force(name, 0)

    def cell(self, volts, cell=1, battery=1):
        """Hold one cell at an exact voltage."""
        with self.rig.lock:
            self.rig.bank.set_cell_v(volts, cell, battery)
            self.rig.apply()

    def cells(self, volts):
        """Hold all cells at a voltage, or let them follow their charge again (None)."""
        with self.rig.lock:
            self.rig.bank.set_all_cells_v(volts)
            self.rig.apply()

    def temperature(self, celsius, battery=None):
        with self.rig.lock:
            self.rig.bank.set_temperature_c(celsius, battery)
            self.rig.apply()

    def warm(self, celsius, duration_s):
        """Bring all batteries to a temperature, little by little."""
        begin, begun = self.rig.bank.hottest_c(), self.machine.now()
        share = 0.0
        while share < 1:
            share = min(1.0, (self.machine.now() - begun) / duration_s)
            self.temperature(begin + share * (celsius - begin))
            last(rig.TICK_S)

    def charge_level(self, percent):
        """Set the state of charge of all cells."""
        with self.rig.lock:
            self.rig.bank.set_soc(percent / 100)
            if self.rig.shunt:
                self.rig.shunt.synchronise()
            self.rig.apply()

    def thresholds(self, pre_alarm_v, disconnect_v):
        with self.rig.lock:
            for battery in self.rig.bank.batteries:
                battery.set_pre_alarm_v(pre_alarm_v)
                battery.set_disconnect_v(disconnect_v)

    def turn(self, name, **knobs):
        """A device's knobs: what a load draws (amps, watts), what the sun or the engine gives."""
        with self.rig.lock:
            for knob, value in knobs.items():
                setattr(self.rig.devices[name], knob, float(value))

    def speed(self, factor):
        """Seconds of the bank per second."""
        self.rig.speed = float(factor)

    def switch(self, state):
        """The switch of the manual's examples, between battery plus and H: 'on' or 'off'."""
        self.rig.switch({'on': True, 'off': False}[state])
        self.rig.apply()

    def terminals(self, l_v=None, h_v=None, joined=False):
        """L and H at these volts, terminals.BATTERY say, or joined; without an argument open."""
        with self.rig.lock:
            self.rig.terminals.open()
            if joined:
                self.rig.terminals.join()
            if l_v is not None:
                self.rig.terminals.pull_l(l_v)
            if h_v is not None:
                self.rig.terminals.drive_h(h_v)
            self.rig.apply()

    def cord(self, broken):
        """The cord through the batteries."""
        with self.rig.lock:
            self.rig.bank.cord_broken = broken
            self.rig.apply()

    # ---- the battery monitor

    def plug(self):
        """Its cable, into a USB port."""
        if not self.plugged:
            self.machine.plug('usb-serial', id='shunt', chardev='shunt')
            self.plugged = True
        self._until(lambda: not self.machine.guest(f'test -e {SERIAL_PORT}')[0],
                    f'no {SERIAL_PORT}')
        self.rig.shunt.plug()

    def unplug(self):
        self.rig.shunt.plug(False)
        self.machine.unplug('shunt')
        self.plugged = False

    def follow(self):
        """Let `smallbms shunt` follow it, from now on and alone."""
        self.plug()
        self.signal('KILL')
        self.ok(f'smallbms --json shunt {SERIAL_PORT} >{FOLLOWING} 2>&1 & '
                f'echo $! >{FOLLOWING}.pid')
        self.reports(1)

    def signal(self, name):
        """To that program, as STOP."""
        self.machine.guest(f'kill -{name} $(cat {FOLLOWING}.pid)')

    def reports(self, count):
        """That many more are taken by the board. The program prints them afterwards."""
        known = self._reports()
        self._until(lambda: self._reports() >= known + count, 'no report')

    def _reports(self):
        return int(self.machine.guest(f'grep -c SOC {FOLLOWING}')[1])

    def _until(self, condition, why):
        end = self.machine.now() + 2 * SETTLE_S
        while not condition():
            if self.machine.now() > end:
                raise Failed(why)
            last(0.05)

    def garbage(self, on):
        """The cable brings that, as fast as the machine takes it, and nothing else."""
        self.rig.shunt.garbage = on

    def after_reports(self, edge, count, least=0, most=1000):
        """The last such edge came after so many reports of these permille; when they were sent."""
        when = self.edges(*edge.split(), self.part_begun)[-1]
        times = [sent for sent, permille in self.rig.shunt.sent
                 if self.part_begun < sent < when and least <= permille <= most]
        if len(times) < count:
            raise Failed(f'{edge} after {len(times)} reports')
        return times

    # ---- inside

    def ok(self, command):
        """A command in the guest, which has to succeed; its output."""
        return self.machine.guest_ok(command)

    def write(self, name, value):
        """Write one of the board's attributes."""
        self.ok(f'printf %s {shlex.quote(value)} > {self.path(name)}')

    def write_supply(self, name, value):
        self.ok(f'printf %s {shlex.quote(value)} > {self.supply_path(name)}')

    def path(self, name):
        """Of an attribute, as `load` of the only board or `fore/load`."""
        label, slash, attribute = name.partition('/')
        if not slash or label in GROUPS:
            label, attribute = self.wiring.boards[0].label, name
        return f'{SUPPLY}/{label}/device/{attribute}'

    def supply_path(self, name):
        return f'{SUPPLY}/{self.wiring.boards[0].label}/{name}'

    def read(self, path):
        status, text = self.machine.guest(f'cat {path}')
        if status:
            raise Failed(f'{path}: {text.strip()}')
        return text.strip('\n')

    # ---- what the pins do

    def wire(self, name):
        try:
            return self.rig.wires[name]
        except KeyError:
            raise Failed(f'there is no wire {name!r}') from None

    def edges(self, name, edge, since=None):
        """Times of the wire's edges (`rise` or `fall`) since the mark, or since a given time."""
        since = self.mark if since is None else since
        pin, level = self.wire(name).pin, 1 if edge == 'rise' else 0
        times, before = [], 0       # as the machine begins: low, and driven low is no fall
        with self.machine.changed:
            for event in self.machine.events:
                if event.pin == pin:
                    if event.level == level and event.level != before and event.t >= since:
                        times.append(event.t)
                    before = event.level
        return times

    def await_edges(self, name, edge, count, since):
        """The same, of which at least `count` will come: the record may lag behind the pins."""
        with self.machine.changed:
            self.machine.changed.wait_for(
                lambda: len(self.edges(name, edge, since)) >= count, SETTLE_S)
        return self.edges(name, edge, since)

    def on(self, *names, within):
        """Are on, or get so within seconds."""
        self._await(names, 1, within)

    def off(self, *names, within):
        self._await(names, 0, within)

    def _await(self, names, level, within):
        for name in names:
            try:
                self.machine.wait_pin(self.wire(name).pin, level, within)
            except TimeoutError:
                raise Failed(f'{name} is not {"on" if level else "off"} '
                             f'within {within:g} s') from None

    def stays_on(self, name, duration_s):
        """Now, and through all of the time."""
        self._stays(name, 1, duration_s)

    def stays_off(self, name, duration_s):
        self._stays(name, 0, duration_s)

    def _stays(self, name, level, duration_s):
        pin = self.wire(name).pin

        def changed():
            return self.machine.level(pin) != level or any(
                event.pin == pin and event.level != level
                for event in self.machine.events[known:])

        with self.machine.changed:
            known = len(self.machine.events)
            if self.machine.changed.wait_for(changed, duration_s):
                raise Failed(f'{name} does not stay {"on" if level else "off"}')

    def rests(self, name, duration_s):
        """Does not move, whatever its level is."""
        pin = self.wire(name).pin

        def moved():
            return any(event.pin == pin for event in self.machine.events[known:])

        with self.machine.changed:
            known = len(self.machine.events)
            if self.machine.changed.wait_for(moved, duration_s):
                raise Failed(f'{name} moves')

    def always_on(self, *names):
        """Ever since the mark, to the microsecond."""
        self._always(names, 1)

    def always_off(self, *names):
        self._always(names, 0)

    def _always(self, names, level):
        for name in names:
            pin = self.wire(name).pin
            with self.machine.changed:
                breaks = [event for event in self.machine.events if event.pin == pin
                          and event.t >= self.mark and event.level != level]
            if breaks or self.machine.level(pin) != level:
                raise Failed(f'{name} is not {"on" if level else "off"} all the time: {breaks}')

    def floats(self, *names):
        for name in names:
            if self.machine.driven(self.wire(name).pin):
                raise Failed(f'{name} is driven')

    def interval(self, first, then, least=None, most=None):
        """Between the last edge of the second kind and the last edge of the first kind before
        it. An edge is a name and a word: `pre-alarm rise`."""
        first_edges, then_edges = (self.edges(*edge.split(), self.part_begun)
                                   for edge in (first, then))
        if not then_edges:
            raise Failed(f'no {then}')
        begins = [when for when in first_edges if when < then_edges[-1]]
        if not begins:
            raise Failed(f'no {first} before that')
        length = then_edges[-1] - begins[-1]
        self.remarks.append(f'{first} to {then}: {length:.6f} s')
        if least is not None and length < least - STAMPS_S:
            raise Failed(f'{first} to {then}: {length:.6f} s, less than {least:g} s')
        if most is not None and length > most:
            raise Failed(f'{first} to {then}: {length:.6f} s, more than {most:g} s')

    def together(self, one, other, within):
        """The last of these edges in this case."""
        times = [self.edges(*edge.split()) for edge in (one, other)]
        if not all(times):
            raise Failed('no ' + (one if not times[0] else other))
        apart = abs(times[0][-1] - times[1][-1])
        self.remarks.append(f'{one} and {other}: {1000 * apart:.3f} ms apart')
        if apart > within:
            raise Failed(f'{one} and {other}: {apart:.6f} s apart')

    # ---- what else can be seen

    def device_on(self, *names, within=2.0):
        """What hangs on the board runs, or begins to."""
        self._await_devices(names, True, within)

    def device_off(self, *names, within=2.0):
        self._await_devices(names, False, within)

    def _await_devices(self, names, state, within):
        end = self.machine.now() + within
        for name in names:
            while self.rig.devices[name].on != state:
                if self.machine.now() > end:
                    raise Failed(f'{name} {"does not run" if state else "runs"}')
                self.rig.apply()

    def bank_has(self, least, most):
        """The state of charge, in percent."""
        percent = 100 * self.rig.bank.soc()
        if not least <= percent <= most:
            raise Failed(f'the bank has {percent:.2f} %')

    def attr(self, name, *values, within=2.0):
        """An attribute of the board has one of the values, or gets it."""
        self._await_text(self.path(name), '|'.join(map(re.escape, values)), within)

    def attr_like(self, name, pattern, within=2.0):
        self._await_text(self.path(name), pattern, within)

    def supply(self, name, *values, within=2.0):
        """A property of the power supply, likewise."""
        self._await_text(self.supply_path(name), '|'.join(map(re.escape, values)), within)

    def _await_text(self, path, pattern, within):
        end = self.machine.now() + within
        while True:
            text = self.read(path)
            if re.fullmatch(pattern, text):
                return
            if self.machine.now() > end:
                raise Failed(f'{os.path.basename(path)} is {text!r}')

    def refuses(self, name, *values):
        """Writing the value to the attribute gives EINVAL, and nothing changes."""
        path = self.path(name)
        for value in values:
            before = self.read(path)
            status, text = self.machine.guest(f'echo {shlex.quote(value)} > {path}')
            if not status or 'Invalid argument' not in text:
                raise Failed(f'{value!r} is not refused as invalid: status {status}, '
                             f'{text.strip()}')
            after = self.read(path)
            if after != before:
                raise Failed(f'{name} changes from {before!r} to {after!r}')

    def says(self, command, text):
        """A command succeeds, and its output has the text."""
        output = self.ok(command)
        if text not in output:
            raise Failed(f'not in the output: {text}\n{output.strip()}')

    def fails(self, command, text):
        status, output = self.machine.guest(command)
        if not status:
            raise Failed('the command succeeds')
        if text not in output:
            raise Failed(f'not in the output: {text}\n{output.strip()}')

    def kernel_says(self, pattern):
        """A line of the kernel's log has the regular expression."""
        log = self.ok('dmesg')
        if not re.search(pattern, log):
            shown = '\n'.join(each for each in log.split('\n') if 'bms' in each)
            raise Failed(f'no such line; the log says\n{shown}')

    def wakes(self, name, stimulus):
        """poll() on the attribute wakes on its change by the stimulus, and not before."""
        program = self.program('await')
        self.ok(f'rm -f /tmp/woken; ({program} {self.path(name)} {AWAIT_MS} > /tmp/woken 2>&1; '
                'echo $? >> /tmp/woken) & '
                'for i in $(seq 100); do grep -q waiting /tmp/woken && break; '
                'usleep 50000; done; grep waiting /tmp/woken')
        last(0.3)
        if 'changed' in self.ok('cat /tmp/woken'):
            raise Failed(f'{name} wakes before anything has happened')
        stimulus()
        status, text = self.machine.guest(
            'for i in $(seq 200); do grep -q changed /tmp/woken && exit; '
            'usleep 50000; done; cat /tmp/woken; exit 1', timeout=30)
        if status:
            raise Failed(f'{name} does not wake: {text.strip()}')

    def program(self, name):
        """Bring one of the little programs of this folder into the guest; its path there."""
        if not self.machine.guest(f'test -x /tmp/{name}')[0]:
            return f'/tmp/{name}'
        compiler = 'gcc' if platform.machine() == 'aarch64' else 'aarch64-linux-gnu-gcc'
        program = os.path.join(self.folder, name)
        subprocess.run([compiler, '-Os', '-static', '-nostdlib', '-ffreestanding',
                        '-fno-stack-protector', '-fno-pie', '-s', '-o', program,
                        os.path.join(HERE, f'{name}.c')], check=True)
        with open(program, 'rb') as file:
            code = base64.b64encode(file.read()).decode()
        self.ok(f'echo {code} | base64 -d > /tmp/{name}; chmod +x /tmp/{name}')
        return f'/tmp/{name}'
