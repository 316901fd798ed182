# SPDX-License-Identifier: GPL-2.0
"""The driver on the real pins of an emulated machine, driven and watched from outside,
in real time. QEMU itself stamps the outputs."""

import concurrent.futures
import os
import time

from lib.vm import dt, machine
from scenarios import compare, parser
from scenarios.rigs.board import (AT_REST, DRIVER, MS, SAMPLED, SUPPLY, Unable, value_of,
                                  written)

LATENCY = 500 * MS          # on a host that has other work; nothing may come early
MORE = 2 * parser.SEC       # after the last line
RUNNING_S = 1               # that a board has been for a while: 50 debounces
SETTLE_S = 10               # until a pin shows what was done to it
TRIES = 5                   # while the host is too busy for a fair trial
READ_NS = LATENCY // 2      # what it may take to read a countdown
BOARD = f"{SUPPLY}/smallbms0/device"
# Questions that an attribute answers, and those that are asked on the host alone: no
# attribute has the answer, or, as for the countdown, it is sampled anyway
ANSWERED = {"is terminals": "terminals"}
HOST_ALONE = ("is next", "is charge-tripped", "is disconnect-in", "is reconnect-in",
              "is shed-in")

# What eight pins can be, besides the outputs; the driver wants undervoltage and one of
# those that tell of a full battery
WIRINGS = (
    ("cell-low", "cell-undervoltage", "cell-overvoltage", "charge-inhibit", "remote-loop"),
    ("cell-undervoltage", "cell-overvoltage", "over-temperature", "under-temperature",
     "charge-inhibit"),
    ("cell-undervoltage", "charge-inhibit", "remote-l", "remote-h", "remote-loop"),
)


def lines_of(scenario):
    """The inputs that it is about."""
    found = set()
    for step in (*scenario.before, *scenario.steps):
        if step.values and isinstance(step.values[0], tuple):
            found |= set(step.values[0]) & set(parser.INPUTS)
    return found


def board_of(scenario):
    """(inputs, properties) that the device tree gives its board."""
    properties = {}
    inputs = None
    for step in scenario.settings:
        if step.what == "fitted":
            inputs = step.values[0]
        elif step.what in parser.DELAYS:
            properties[f"{step.what}-ms"] = step.values[0] // MS
        elif step.what in parser.PERCENTS:
            properties[step.what] = step.values[0]
        elif step.what == "release-pre-alarm-on-disconnect":
            properties[step.what] = True
        else:
            raise Unable(f"{scenario.path}:{step.line}: no @pins can: {step.text}")
    for wiring in (inputs,) if inputs else WIRINGS:
        if lines_of(scenario) <= set(wiring) and len(wiring) <= 5:
            return tuple(wiring), tuple(sorted(properties.items()))
    raise Unable(f"{scenario.path}:{scenario.line}: @pins has five inputs, and no wiring with "
                 f"all of {', '.join(sorted(lines_of(scenario)))}; `with fitted` names others")


def can_play(scenario):
    """Unable says why not, before a machine is booted."""
    fitted = board_of(scenario)[0]
    if "cell-undervoltage" not in fitted or not {"cell-overvoltage",
                                                 "charge-inhibit"} & set(fitted):
        raise Unable(f"{scenario.path}:{scenario.line}: the driver refuses a board without "
                     "cell-undervoltage, or without cell-overvoltage and charge-inhibit")
    for step in (*scenario.before, *scenario.steps):
        if not step.what.startswith(("charge-behaviour", "start")) and \
                not written(step) and \
                step.what not in ("on", "off", "remote", "end", "is terminals", *HOST_ALONE):
            raise Unable(f"{scenario.path}:{step.line}: no @pins can: {step.text}")


def fair_lateness(scenario):
    """By how much stimuli may be late, in ns, so that a complaint is not the host's."""
    times = sorted({step.when for step in scenario.steps})
    return min([LATENCY, *(after - before for before, after in zip(times, times[1:]))]) / 4


class Player:
    """One machine with one board."""

    def __init__(self, inside, inputs):
        self.machine = inside
        self.pin = {name: n for n, name in enumerate((*inputs, *parser.OUTPUTS))}

    def set_lines(self, lines, level):
        for line in lines:
            if line in self.pin:
                self.machine.set_pin(self.pin[line], level)

    def do(self, step):
        """A stimulus"""
        what, values = step.what, step.values
        if what in ("on", "off"):
            self.set_lines(values[0], int(what == "on"))
        elif what == "remote":
            self.machine.guest_ok(f"echo {values[0]} >{BOARD}/remote")
        elif what.startswith("charge-behaviour"):
            self.machine.guest_ok(f"echo {what.split()[1]} >{SUPPLY}/smallbms0/charge_behaviour")
        elif written(step):
            self.machine.guest_ok(f"echo {written(step)[1]} >{BOARD}/{written(step)[0]}")
        elif what.startswith("start"):
            self.machine.guest_ok(f"echo smallbms >{DRIVER}/bind")

    def prepare(self, scenario):
        """Bring the board to 0s."""
        self.machine.guest(f"echo smallbms >{DRIVER}/unbind")
        self.set_lines(parser.INPUTS, 0)
        self.set_lines(("remote-loop",), 1)
        if "remote-loop" not in self.pin:
            self.set_lines(("remote-h",), 1)
        for step in scenario.before:
            self.do(step)
        found = [self.pin[name] for step in scenario.steps
                 if step.what == "start found" for name in step.values[0]]
        if found:
            self.machine.firmware_outputs({pin: 1 for pin in found})
            for pin in found:
                self.machine.wait_pin(pin, 1, SETTLE_S)
        if not scenario.started():
            self.machine.guest_ok(f"echo smallbms >{DRIVER}/bind")
            time.sleep(RUNNING_S)

    def sample(self, scenario, record, begun):
        """What the attributes say now, but for what may have changed meanwhile; a countdown
        counts only if it is known when it was read."""
        when = round((self.machine.now() - begun) * parser.SEC)
        text = self.machine.guest_ok("cat " + " ".join(
            f"{BOARD}/{name}" for name in SAMPLED.values()))
        read = round((self.machine.now() - begun) * parser.SEC)
        moving = {each.signal for each in scenario.expectations if when < each.first <= read}
        if read > when + READ_NS:
            moving.add("countdown")
        for signal, value in zip(SAMPLED, text.split()):
            if signal not in moving:
                record.samples.append((when, signal, value_of(signal, value)))

    def play(self, scenario):
        """(Record, by how much a stimulus was late at most)"""
        self.prepare(scenario)
        record = compare.Record({name: "on" if self.machine.level(self.pin[name]) else "off"
                                 for name in parser.OUTPUTS})
        record.initial.update(AT_REST)
        begun = self.machine.now() + 0.05
        agenda = [(step.when, 0, n, step) for n, step in enumerate(scenario.steps)]
        agenda += [(each.last + LATENCY, 1, n, None)
                   for n, each in enumerate(scenario.expectations)]
        agenda.append((scenario.end(MORE), 1, len(agenda), None))
        agenda.sort(key=lambda entry: entry[:3])
        late = 0
        for n, (when, _, _, step) in enumerate(agenda):
            # one look for all that is over; none that would delay what comes
            if not step and n + 1 < len(agenda) and agenda[n + 1][0] < when + parser.SEC:
                continue
            due = begun + when / parser.SEC
            time.sleep(max(0, due - self.machine.now()))
            late = max(late, self.machine.now() - due)
            if step and step.what in ANSWERED:
                record.answers[scenario.steps.index(step)] = self.machine.guest_ok(
                    f"cat {BOARD}/{ANSWERED[step.what]}").strip()
            elif step:
                self.do(step)
                late = max(late, self.machine.now() - due)
            else:
                self.sample(scenario, record, begun)
        self.changes(record, begun)
        return record, late

    def changes(self, record, begun):
        """What the outputs did."""
        with self.machine.changed:
            events = [event for event in self.machine.events if event.t >= begun]
        for name in parser.OUTPUTS:
            level = record.initial[name]
            record.changes[name] = []
            for event in events:
                after = "on" if event.level else "off"
                if event.pin == self.pin[name] and after != level:
                    level = after
                    record.changes[name].append(
                        (round((event.t - begun) * parser.SEC), level))


def play_all(number, board, scenarios, options):
    """[(scenario, [(line, complaint)])], in one machine"""
    inputs, properties = board
    pins = {f"{name}-gpios": n for n, name in enumerate(inputs)}
    pins.update({f"{name}-gpios": (len(inputs) + n, dt.OPEN_SOURCE)
                 for n, name in enumerate(parser.OUTPUTS)})
    results = []
    files = machine.paths(options.files) if options.files else None
    with machine.Machine(
            dt.board(pins, {"label": "smallbms0", **dict(properties)}),
            name=f"scenarios-{number}", max_seconds=3000, files=files,
            workdir=os.path.join(machine.TOP, "build/pins", f"scenarios-{number}")) as inside:
        player = Player(inside, inputs)
        inside.guest_ok("modprobe smallbms")
        for scenario in scenarios:
            for attempt in range(TRIES):
                record, late = player.play(scenario)
                complaints = compare.compare(scenario, record, LATENCY,
                                             scenario.end(MORE))
                if not complaints:
                    break
                complaints.append((scenario.line, f"a stimulus was {late:.3f} s late"))
                if late * parser.SEC < fair_lateness(scenario):
                    break
            results.append((scenario, complaints))
        splats = inside.splats()
    if splats:
        results.append((scenarios[-1], [(scenarios[-1].line, each) for each in splats]))
    return results


def machines(scenarios, at_once):
    """[(board, scenarios)]: a machine has one board, and about the same time to do."""
    boards = {}
    for scenario in scenarios:
        boards.setdefault(board_of(scenario), []).append(scenario)
    least = sum(each.end(MORE) for each in scenarios) / at_once
    found = []
    for board, some in boards.items():
        bins = max(1, round(sum(each.end(MORE) for each in some) / least))
        parts = [[] for _ in range(bins)]
        for scenario in sorted(some, key=lambda each: -each.end(MORE)):
            min(parts, key=lambda part: sum(each.end(MORE) for each in part)).append(scenario)
        found += [(board, part) for part in parts if part]
    return found


def check(scenarios, report, options):
    """Some machines at a time; they mostly wait."""
    at_once = 4 * (os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        runs = [pool.submit(play_all, n, board, some, options)
                for n, (board, some) in enumerate(machines(scenarios, at_once))]
        for run in runs:
            for scenario, complaints in run.result():
                compare.report_on(report, scenario, complaints, " [pins]")
