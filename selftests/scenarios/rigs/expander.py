# SPDX-License-Identifier: GPL-2.0
"""The driver on a simulated PCA9535, in a machine whose clock jumps while nothing runs.
The simulation stamps what happens to its pins; a program in the machine plays."""

import collections
import concurrent.futures
import os

from lib.vm import lab
from scenarios import compare, parser
from scenarios.rigs.board import (AT_REST, DRIVER, MS, SAMPLED, SUPPLY, Unable, value_of,
                                  written)

LATENCY = 5 * MS            # the bus, the interrupt and the scan
LIMIT_S = 600               # of the host's time, so that nothing hangs for ever
RUNNING_S = 9               # that a board has been for a while, as on the host
BENCH = "/sys/kernel/debug/smallbms-bench"
# Questions that an attribute answers
ANSWERED = {"is disconnect-in": "disconnect_in_ms", "is shed-in": "shed_in_ms",
            "is terminals": "terminals"}


def settings_of(scenario):
    """What the device tree says of its board: (property, value)..., sorted."""
    found = []
    for step in scenario.settings:
        name, *value = step.what, *step.values
        if name in parser.DELAYS:
            found.append((f"{name}-ms", value[0] // MS))
        elif name == "poll-interval":
            found.append((name, value[0] // MS))
        elif name in ("fitted", "sense-lines", *parser.PERCENTS, "release-pre-alarm-on-disconnect"):
            found.append((name, value[0] if value else True))
        else:
            raise Unable(f"{scenario.path}:{step.line}: no @expander can: {step.text}")
    return tuple(sorted(found))


def chip(label, settings):
    """The board with these settings, on a chip of its own."""
    properties = {**lab.REAL_PAUSES,
                  **{name.replace("-", "_"): value for name, value in settings}}
    without = ["heartbeat"]
    if not properties.pop("sense_lines", False):
        without += lab.SENSES
    fitted = properties.pop("fitted", parser.INPUTS)
    without += [line for line in parser.INPUTS if line not in fitted]
    return lab.Expander(label, without=tuple(without), **properties)


def can_play(scenario):
    """Unable says why not, before a machine is booted."""
    settings_of(scenario)
    Timeline(scenario, "any").text()


class Timeline:
    """One scenario for `stir play`, on the board @label."""

    def __init__(self, scenario, label):
        self.scenario = scenario
        self.label = label
        self.bench = f"{BENCH}/bench-{label}"
        self.board = f"{SUPPLY}/{label}/device"
        self.told = set()
        self.shorted = set()
        self.lines = []             # (ns, order, text)
        self.asked = {}             # (ns, file): index of the step

    def write(self, when, file, text):
        self.lines.append((when, len(self.lines), f"write {file} {text}"))

    def read(self, when, file):
        self.lines.append((when, len(self.lines), f"read {file}"))

    def pins(self, lines, level):
        return " ".join(f"{line} {level}" for line in lines)

    def tell(self, when, word, true):
        """What the monitor cannot see"""
        self.told = self.told | {word} if true else self.told - {word}
        self.write(when, f"{self.bench}/told", " ".join(sorted(self.told)))

    def requested(self, when, what):
        """What the monitor has to know of the load. Of a floor it knows nothing."""
        if what.startswith("load-request"):
            self.told = self.told - {"shed"}
            self.tell(when, "load-off", what.endswith("off"))
        if what == "load-request shed":
            self.tell(when, "shed", True)
        if what == "soc":
            self.tell(when, "stirred", True)

    def add(self, step, when):
        """A stimulus"""
        what, values = step.what, step.values
        if what in ("on", "off"):
            self.write(when, f"{self.bench}/pins", self.pins(values[0], int(what == "on")))
        elif what == "remote":
            self.tell(when, "remote-off", values[0] == "off")
            self.write(when, f"{self.board}/remote", values[0])
        elif what.startswith("charge-behaviour"):
            behaviour = what.split()[1]
            self.tell(when, "inhibit", behaviour != "auto")
            self.write(when, f"{SUPPLY}/{self.label}/charge_behaviour", behaviour)
        elif written(step):
            self.requested(when, what)
            self.write(when, "/".join((self.board, written(step)[0])), written(step)[1])
            if what == "load-reconnect-delay":
                self.write(when, f"{self.bench}/load_reconnect_ms", values[0] // MS)
        elif what == "bus dead":
            self.tell(when, "unreadable", True)
            self.write(when, f"{self.bench}/fault", "nack")
        elif what == "bus alive":
            self.write(when, f"{self.bench}/fault", "none")
        elif what == "chip reset":
            self.write(when, f"{self.bench}/reset", "1")
        elif what in ("short of", "short of gone"):
            self.tell(when, "short", True)
            self.shorted = self.shorted - {values[0]} if what.endswith("gone") \
                else self.shorted | {values[0]}
            self.write(when, f"{self.bench}/short", " ".join(sorted(self.shorted)) or "none")
        elif what == "start":
            self.write(when, f"{DRIVER}/bind", f"board-{self.label}")
        elif what in ANSWERED:
            file = f"{self.board}/{ANSWERED[what]}"
            self.asked[file, when] = self.scenario.steps.index(step)
            self.read(when + LATENCY, file)
        elif what != "end":
            raise Unable(f"{self.scenario.path}:{step.line}: no @expander can: {step.text}")

    def text(self):
        """The whole; what an attribute says is looked up once a change must be over."""
        for step in self.scenario.before:
            self.add(step, -1)
        for step in self.scenario.steps:
            self.add(step, step.when)
        moments = {each.last + LATENCY for each in self.scenario.expectations}
        for when in sorted(moments | {self.scenario.end()}):
            for attribute in SAMPLED.values():
                self.read(when, f"{self.board}/{attribute}")
        return [text for when, _, text in sorted(self.lines) if when < 0], \
            [f"{when} {text}" for when, _, text in sorted(self.lines) if when >= 0]

    def reconnect_ms(self):
        """L4, as the monitor has to know it"""
        return dict(settings_of(self.scenario)).get("load-reconnect-delay-ms", 30000)

    def prepare(self, before):
        """Shell commands that bring the board to 0s."""
        healthy = self.pins(parser.INPUTS, 0).replace("remote-loop 0", "remote-loop 1")
        binds = "" if self.scenario.started() else \
            f"echo board-{self.label} >{DRIVER}/bind; sleep {RUNNING_S};"
        ahead = "".join(f"echo {text.split(' ', 2)[2]} >{text.split(' ', 2)[1]};"
                        for text in before)
        return (f"echo leaving >{self.bench}/told; "
                f"echo board-{self.label} >{DRIVER}/unbind 2>/dev/null; "
                f"echo none >{self.bench}/fault; echo none >{self.bench}/short; "
                f"echo {healthy} >{self.bench}/pins; "
                f"echo {self.reconnect_ms()} >{self.bench}/load_reconnect_ms; "
                f"echo ' ' >{self.bench}/told; {ahead}{binds} echo >{self.bench}/record")


def record_of(timeline, said, recorded, levels):
    """A compare.Record of what `stir play` said, and the simulation recorded."""
    record = compare.Record(dict(levels), {name: [] for name in parser.OUTPUTS})
    record.initial.update(AT_REST)
    begun = None
    signals = {f"{timeline.board}/{file}": signal for signal, file in SAMPLED.items()}
    questions = collections.defaultdict(list)
    for (file, when), index in timeline.asked.items():
        questions[file].append((when + LATENCY, index))
    for line in said.splitlines():
        words = line.split(" ", 3)
        if words[0] == "begun":
            begun = int(words[1])
        elif len(words) < 4 or words[1] == "error":
            record.violations.append(line)
        elif words[1] == "read":
            when, file, text = int(words[0]), words[2], words[3]
            for due, index in questions[file]:
                if due <= when < due + MS:
                    record.answers[index] = value_of(
                        "countdown" if file.endswith("_ms") else None, text)
            if file in signals:
                record.samples.append((when, signals[file], value_of(signals[file], text)))
    if begun is None:
        record.violations.append("it was not played")
        return record
    for line in recorded.splitlines():
        words = line.split()
        if len(words) != 4 or words[1] not in ("set", "reset") or \
                words[2] not in parser.OUTPUTS:
            continue
        level = "on" if words[3] == "1" else "off"
        before = ([levels[words[2]]] + [value for _, value in record.changes[words[2]]])[-1]
        if level != before:
            record.changes[words[2]].append((int(words[0]) - begun, level))
    return record


def play(machine, scenario, label):
    """[(line, complaint)]"""
    timeline = Timeline(scenario, label)
    before, lines = timeline.text()
    machine.guest_ok(timeline.prepare(before), LIMIT_S)
    levels = dict(zip(parser.OUTPUTS, (
        "on" if word == "1" else "off" for word in machine.guest_ok(
            "cat " + " ".join(f"{timeline.bench}/level/{name}" for name in parser.OUTPUTS), LIMIT_S).split())))
    machine.guest_ok("cat >/tmp/timeline <<'END'\n" + "\n".join(lines) + "\nEND", LIMIT_S)
    said = machine.guest_ok("stir play /tmp/timeline", LIMIT_S)
    recorded = machine.guest_ok(f"cat {timeline.bench}/record", LIMIT_S)
    return compare.compare(scenario, record_of(timeline, said, recorded, levels), LATENCY)


def shares(scenarios):
    """Of each machine, as many as there are processors: its scenarios. Those with the same
    settings are on one board."""
    kinds = collections.defaultdict(list)
    for scenario in scenarios:
        kinds[settings_of(scenario)].append(scenario)
    found = [[] for _ in range(os.cpu_count())]
    for kind in sorted(kinds.values(), key=len, reverse=True):
        min(found, key=len).extend(kind)
    return [each for each in found if each]


def check_share(scenarios, name, report):
    """All in one machine, with a board for each kind of settings."""
    labels = {}
    for scenario in scenarios:
        labels.setdefault(settings_of(scenario), f"s{len(labels)}")
    with lab.Lab("stock", [chip(label, settings) for settings, label in labels.items()],
                 name, report) as machine:
        machine.machine.guest_ok("mount -t debugfs debugfs /sys/kernel/debug; "
                                 "insmod /lib/smallbms-bench.ko; modprobe smallbms", LIMIT_S)
        for scenario in scenarios:
            complaints = play(machine.machine, scenario, labels[settings_of(scenario)])
            compare.report_on(report, scenario, complaints, " [expander]")
        machine.machine.guest_ok(
            f"for told in {BENCH}/*/told; do echo leaving >$told; done; rmmod smallbms", LIMIT_S)


def check(scenarios, report, _):
    """Machines side by side, each with a share of them."""
    parts = shares(scenarios)
    with concurrent.futures.ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(check_share, parts, [f"scenarios-{n}" for n in range(len(parts))],
                      [report] * len(parts)))
