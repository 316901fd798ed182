# SPDX-License-Identifier: GPL-2.0
"""Scenario files: what is wired, what happens, and what must come of it.

    # a comment
    title  The remote terminals
    pins   cell-undervoltage=0 charge-inhibit=1 remote-h=2 load=5 charge=6
    set    debounce-delay-ms=20 retain-state-shutdown
    bank   2s1p 12.8V 100Ah soc=50%
    device protect as fridge amps=8
    device solar via non-inverting watts=100

    part The switch
        start
        * M1: Opening the switch disconnects load and charge
            switch off
            expect load off within 1s
            expect charge off within 1s

Head
    title TEXT              what the file shows, as a heading of its diagram
    board NAME              begins a board's own pins and properties; only where there are several.
                            Its wires are then called NAME/load and so on
    pins LINE=PIN ...       active high; outputs are open source (high or floating)
    push-pull               outputs of this board are driven low instead, and float behind the HAT's
                            high-side switches
    set PROP[=VALUE] ...    device tree properties of the board
    tree SOURCE             a line of source text inside the tree's root node; may repeat
    let NAME SOURCE         $NAME stands for that text in the lines of `tree` that follow
    module NAME ...         further kernel modules to have in the guest
    kernel WORDS            more words for the kernel's command line
    cpus N                  processors; 2 if missing
    wire NAME=PIN ...       pins of others (LEDs of `tree`) to watch and to record
    bank WORDS              as in bank.py; `12.8V 100Ah soc=50%` if missing
    device KIND [as NAME] [via CABLE] [amps=N] [watts=N]      as in devices.py
    speed N                 seconds of the bank per second; 1 if missing

Body
    part TEXT               resets the model and unbinds the driver
    * RULES: SENTENCE       a case: one line of the report. Passes if each step below it does
    STEP                    steps under a part before its first case set the scene

One boot serves all parts of a file. The steps are in steps.py; `bench.py steps` lists them. Times
are 20ms, 5s. `within` is a generous bound that only ends a wait, since a busy host makes everything
late; `at least` is checked against QEMU's own time stamps and has no tolerance but theirs.
"""

import base64
import collections
import os
import platform
import re
import subprocess

from lib.vm import dt
from pins import bank as bank_model, devices, rig as rig_module

STEPS = []
SUPPLY = '/sys/class/power_supply'
DRIVER = '/sys/bus/platform/drivers/smallbms'
TRIES_WHEN_BUSY = 5
SETTLE_S = 10.0

Result = collections.namedtuple('Result', 'ok sentence why')


class ScenarioError(Exception):
    """The file is wrong; nothing was run."""


class Failed(Exception):
    """An expectation was not met."""


def step(pattern):
    """Register a step; blanks in @pattern match any white space."""
    def register(function):
        STEPS.append((re.compile(pattern.replace(' ', r'\s+')), function))
        return function
    return register


def seconds(text):
    match = re.fullmatch(r'([\d.]+)(us|ms|s)', text)
    if not match:
        raise ScenarioError(f'{text!r} is no time: write 20ms or 5s')
    return float(match[1]) * {'us': 1e-6, 'ms': 1e-3, 's': 1.0}[match[2]]


# ---- reading a file


class Board:
    """A board of the device tree and its wires."""

    def __init__(self, name=None):
        self.name = name
        self.pins = {}
        self.properties = {}
        self.output_flags = dt.OPEN_SOURCE

    @property
    def label(self):
        return self.properties.get('label', self.name or 'smallbms0')

    @property
    def node(self):
        return f'smallbms-{self.name}' if self.name else 'smallbms'

    def wires(self):
        prefix = f'{self.name}/' if self.name else ''
        return [rig_module.Wire(prefix + line, line, pin) for line, pin in self.pins.items()]

    def source(self):
        pins = {f'{line}-gpios': (pin, self.output_flags if line in rig_module.OUTPUTS
                                  else dt.ACTIVE_HIGH) for line, pin in self.pins.items()}
        properties = dict(self.properties)
        if self.name:
            properties.setdefault('label', self.name)
        return dt.board(pins, properties, node=self.node)


class Case:
    """A sentence and the steps that show it."""

    def __init__(self, sentence):
        self.sentence = sentence
        self.steps = []


class Part:
    """A fresh start of the driver; @scene are the steps before the first case."""

    def __init__(self, title):
        self.title = title
        self.scene = []
        self.cases = []


class Scenario:
    """One file, read and checked."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.title = self.name
        self.boards = []
        self.tree = []
        self.texts = {}
        self.modules = ['smallbms']
        self.kernel_words = ''
        self.cpus = 2
        self.others = {}
        self.bank_words = '12.8V 100Ah soc=50%'
        self.device_words = []
        self.speed = 1.0
        self.parts = []
        with open(path, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                try:
                    self._line(line.split(' #')[0].strip())
                except (ScenarioError, ValueError) as error:
                    raise ScenarioError(f'{path}:{number}: {error}') from None
        self._check()

    def _line(self, line):
        if not line or line.startswith('#'):
            return
        word, _, rest = line.partition(' ')
        rest = rest.strip()
        if word == 'part':
            self.parts.append(Part(rest))
        elif self.parts:
            self._body(line)
        elif word == 'title':
            self.title = rest
        elif word == 'board':
            self.boards.append(Board(rest))
        elif word == 'pins':
            self._board().pins.update(self._pairs(rest, int))
        elif word == 'push-pull':
            self._board().output_flags = dt.ACTIVE_HIGH
        elif word == 'wire':
            self.others.update(self._pairs(rest, int))
        elif word == 'set':
            for item in rest.split():
                name, equals, value = item.partition('=')
                self._board().properties[name] = (
                    True if not equals else int(value) if value.isdigit() else value)
        elif word == 'tree':
            self.tree.append(self._expand(rest))
        elif word == 'let':
            name, _, text = rest.partition(' ')
            self.texts[name] = self._expand(text.strip())
        elif word == 'module':
            self.modules += rest.split()
        elif word == 'kernel':
            self.kernel_words = rest
        elif word == 'cpus':
            self.cpus = int(rest)
        elif word == 'bank':
            bank_model.Bank.parse(rest)
            self.bank_words = rest
        elif word == 'device':
            self.device(rest)
            self.device_words.append(rest)
        elif word == 'speed':
            self.speed = float(rest)
        else:
            raise ScenarioError(f'{word!r} is no word of the head')

    def _body(self, line):
        part = self.parts[-1]
        if line.startswith('* '):
            sentence = line[2:].strip()
            if not re.match(r'([A-Z]\d+|[A-Z]+)(, [A-Z]\d+)*: ', sentence):
                raise ScenarioError('a case begins with its rules, as in `* L2, T3: ...`')
            part.cases.append(Case(sentence))
            return
        for pattern, function in STEPS:
            match = pattern.fullmatch(line)
            if match:
                parsed = (line, function, match.groupdict())
                (part.cases[-1].steps if part.cases else part.scene).append(parsed)
                return
        raise ScenarioError(f'not understood: {line}')

    def _board(self):
        if not self.boards:
            self.boards.append(Board())
        return self.boards[-1]

    def _expand(self, text):
        def value(match):
            if match[1] not in self.texts:
                raise ScenarioError(f'there is no text {match[1]}')
            return self.texts[match[1]]
        return re.sub(r'\$(\w+)', value, text)

    @staticmethod
    def _pairs(text, kind):
        return {name: kind(value) for name, value in
                (item.split('=') for item in text.split())}

    @staticmethod
    def device(text):
        """A device as the head of a scenario file spells it."""
        match = re.fullmatch(r'(?P<kind>\S+)(?: +as +(?P<name>\S+))?(?: +via +(?P<cable>\S+))?'
                             r'(?P<rest>(?: +\w+=[\d.]+)*)', text)
        if not match:
            raise ScenarioError('device KIND [as NAME] [via CABLE] [amps=N] [watts=N]')
        options = {key: float(value) for key, value in
                   (item.split('=') for item in match['rest'].split())}
        return devices.build(match['kind'], match['name'], cable=match['cable'], **options)

    def _check(self):
        for part in self.parts:
            for case in part.cases:
                if not any(function.__name__.startswith(('expect', 'must', 'measure'))
                           for _, function, _ in case.steps):
                    raise ScenarioError(f'{self.path}: cannot fail: {case.sentence}')

    def source(self):
        return '\n'.join([*(board.source() for board in self.boards if board.pins), *self.tree])

    def build(self, machine):
        """A Rig for this scenario around @machine."""
        wires = [wire for board in self.boards for wire in board.wires()]
        wires += [rig_module.Wire(name, name, pin) for name, pin in self.others.items()]
        return rig_module.Rig(machine, wires, bank_model.Bank.parse(self.bank_words),
                              [self.device(words) for words in self.device_words],
                              self.title, self.speed)

    def duration(self):
        """Roughly, in seconds: what has to be waited for on purpose."""
        text = ' '.join(line for part in self.parts for case in [part.scene] + [
            each.steps for each in part.cases] for line, _, _ in case)
        return sum(float(number) for number in re.findall(r'\b([\d.]+)s\b', text))

    def cases(self):
        return [case for part in self.parts for case in part.cases]


# ---- running it


class Run:
    """A scenario being played. @begin is called with each Case, @report with each Result."""

    def __init__(self, scenario, machine, rig, report, workdir, begin=None):
        self.scenario = scenario
        self.machine = machine
        self.rig = rig
        self.report = report
        self.begin = begin or (lambda case: None)
        self.workdir = workdir
        self.mark = 0.0             # where `unbroken` begins to look: the case's beginning
        self.part_begun = 0.0       # where `expect from` does
        self.line = ''              # the step that is being done
        self.remarks = []           # measured numbers, for the report
        self.ended = False          # the kernel has been left: reboot or panic
        self.crash = None           # how the console marks a panic on purpose
        self.excuse = None          # the host was too busy to give a stimulus its shape

    def play(self):
        for part in self.scenario.parts:
            if self.ended:
                raise ScenarioError(f'{part.title}: the machine has ended before')
            self.rig.note(part.title)
            try:
                self._fresh()
                self._do(part.scene)
            except (Failed, TimeoutError, OSError, EOFError) as error:
                for case in part.cases:
                    self.report(Result(False, case.sentence, f'the scene was not set: {error}'))
                continue
            for case in part.cases:
                self.begin(case)
                self.report(self._try(case))
        bad = self.machine.splats(self.crash)
        self.report(Result(not bad, 'F1: The kernel had nothing to complain of', '\n'.join(bad)))

    def _try(self, case):
        """Do a case; once more if it failed while the host was too busy for a fair trial."""
        for attempt in range(TRIES_WHEN_BUSY):
            before = {wire: self.rig.level(wire.name) for wire in self.rig.wires.values()
                      if wire.is_output}
            self.remarks = []
            self.excuse = None
            self.set_mark()
            try:
                self._do(case.steps)
                return Result(True, case.sentence, '\n'.join(self.remarks))
            except Exception as error:      # whatever it is, it is this case's failure
                kind = '' if isinstance(error, Failed) else f'{type(error).__name__}: '
                why = '\n'.join([f'at `{self.line}`', f'{kind}{error}', *self.remarks])
            if not self.excuse or attempt == TRIES_WHEN_BUSY - 1:
                break
            try:
                for wire, level in before.items():
                    self.machine.wait_pin(wire.pin, level, SETTLE_S)
            except TimeoutError as error:
                why = f'{why}\nno second trial: {error}'
                break
        return Result(False, case.sentence, why + (f'\n{self.excuse}' if self.excuse else ''))

    def _do(self, steps):
        for line, function, words in steps:
            self.line = line
            function(self, **{name: word for name, word in words.items() if word is not None})

    def _fresh(self):
        """The model reset, the driver loaded but bound to nothing."""
        self.rig.reset()
        self.rig.speed = self.scenario.speed
        self.rig.apply()
        self.unbind()
        self.set_mark()
        self.part_begun = self.mark

    def set_mark(self):
        self.mark = self.machine.now()

    # What the steps need

    def bind(self, name=None, await_outputs=True):
        """Load the driver, bind the board of that name or all, and wait for their outputs."""
        self.machine.guest_ok('test -e /sys/module/smallbms || modprobe smallbms')
        for board in self.boards():
            if name not in (None, board.name):
                continue
            self.machine.guest_ok(f'test -e {DRIVER}/{board.node} || '
                                  f'echo {board.node} > {DRIVER}/bind')
            for wire in board.wires():
                if await_outputs and wire.line in ('load', 'charge'):
                    self.await_level(wire.name, 1, SETTLE_S)

    def unbind(self):
        for board in self.boards():
            node = f'{DRIVER}/{board.node}'
            self.machine.guest(f'test -e {node} && echo {board.node} > {DRIVER}/unbind')

    def wire(self, name):
        try:
            return self.rig.wires[name]
        except KeyError:
            raise Failed(f'there is no wire {name!r}') from None

    def edges(self, name, edge, since=None):
        """Times of the wire's edges since the mark, or since a given time."""
        since = self.mark if since is None else since
        pin, level = self.wire(name).pin, 1 if edge == 'rise' else 0
        times, before = [], None
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

    def await_level(self, name, level, within_s):
        try:
            self.machine.wait_pin(self.wire(name).pin, level, within_s)
        except TimeoutError:
            state = 'on' if level else 'off'
            raise Failed(f'{name} is not {state} within {within_s:g} s') from None

    def boards(self):
        return [board for board in self.scenario.boards if board.pins]

    def folder(self, name):
        """The board's device folder, from `attr` of the only board or `BOARD/attr`."""
        label, slash, attribute = name.rpartition('/')
        if not slash or label == 'stats':
            label, attribute = self.boards()[0].label, name
        return f'{SUPPLY}/{label}/device/{attribute}'

    def send_await(self):
        """Bring the little program that sleeps in poll() into the guest."""
        if self.machine.guest('test -x /tmp/await')[0]:
            compiler = 'gcc' if platform.machine() == 'aarch64' else 'aarch64-linux-gnu-gcc'
            program = os.path.join(self.workdir, 'await')
            subprocess.run([compiler, '-Os', '-static', '-nostdlib', '-ffreestanding',
                            '-fno-stack-protector', '-s', '-o', program,
                            os.path.join(os.path.dirname(os.path.abspath(__file__)), 'await.c')],
                           check=True)
            with open(program, 'rb') as file:
                code = base64.b64encode(file.read()).decode()
            self.machine.guest_ok(f'echo {code} | base64 -d > /tmp/await; chmod +x /tmp/await')

    def read(self, path):
        status, text = self.machine.guest(f'cat {path}')
        if status:
            raise Failed(f'{path}: {text.strip()}')
        return text.strip('\n')
