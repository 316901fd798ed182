# SPDX-License-Identifier: GPL-2.0
"""Scenarios: what happens to a board, and all that it does.

A scenario is a title, which begins with the numbers of the requirements that it
shows, and indented lines:

    L2: Undervoltage without a low cell before       @expander @pins
        with SETTING            of the whole scenario
        before STIMULUS         how things are when it begins
        TIME STIMULUS           something happens; settings that are delays, too
        TIME start              the board is probed, with both outputs low
        TIME start found OUTPUTS  the same, with these outputs high
        TIME => CHANGES         what changes at this very time
        FROM..TO => CHANGES     what changes somewhere in between
        TIME is WHAT VALUE      a value after all else that happens at that time
        TIME end                the last moment that counts; without it, 100 s
                                after the last line

CHANGES are separated by commas:

    load on
    load off REASON             also when only the reason changes; without REASON
                                it does not change
    charge ...                  likewise
    pre-alarm on|off
    alarm 0|1|2
    countdown TIME|FROM..TO     of the disconnect, from then on
    countdown none

Every change of these must be listed, and none but those that are listed may happen,
from 0s on. A scenario without "start" begins with a board that has been running for a
while: all lines fitted and inactive but remote-loop, load and charge on.

Every scenario is played on the host, to the nanosecond; those marked with @expander
and @pins on machines as well, where a time may be exceeded by the rig's latency (see
rigs/). Lines have the names that they have in the device tree.

Numbers in scenarios come from the requirements, never from the driver.
"""

import collections
import functools
import os
import re

REQUIREMENTS = (__file__.rpartition("/selftests/")[0]
                + "/Documentation/requirements.rst")
INPUTS = ("cell-low", "cell-undervoltage", "cell-overvoltage", "over-temperature",
          "under-temperature", "charge-inhibit", "remote-l", "remote-h", "remote-loop")
OUTPUTS = ("load", "charge", "pre-alarm")
REASONS = ("none", "terminals", "remote", "user", "io-error", "sense-mismatch",
           "request-off", "request-shed", "soc-floor", *INPUTS)
COUNTERS = ("pre_alarms", "load_disconnects", "charge_disconnects", "read_errors",
            "write_errors")
RIGS = ("expander", "pins")
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
SEC = UNITS["s"]

WITH, BEFORE, AT = "with", "before", "at"
DELAYS = ("pre-alarm-delay", "load-reconnect-delay", "load-reconnect-max",
          "charge-reconnect-delay", "pre-alarm-hold", "clear-delay", "debounce-delay",
          "soc-max-age")
PERCENTS = ("soc-floor-percent", "soc-floor-recover-percent")

# What may be said where: words, of which those in capitals are arguments (see Cursor)
PHRASES = {
    WITH: (
        *(f"{delay} DELAY" for delay in DELAYS),
        *(f"{percent} NUMBER" for percent in PERCENTS),
        "fitted LINES",
        "release-pre-alarm-on-disconnect",
        "sense-lines",              # the terminals of all outputs are sensed
        "write-latency TIME",       # what a write takes
        "read-latency TIME",        # what a read takes until it fails
        "clock NUMBER",             # of the driver, at 0s
        "poll-interval TIME",
        "no-poll",
        "no-interrupts",
        "no-read-back",             # no output's pin can be read
    ),
    BEFORE: (
        "LINES on",
        "LINES off",
        "LINES unreadable",
        "writes OUTPUT fail",
        "short of OUTPUT",
        "backfeed of OUTPUT",
    ),
    AT: (
        *(f"{delay} DELAY" for delay in DELAYS),
        *(f"{percent} NUMBER" for percent in PERCENTS),
        "LINES on",
        "LINES off",
        "LINES edge",               # they move, and are back before they can be read
        "LINES unreadable",         # a reading just then finds it,
        "LINES readable",           # and finds that it is over
        "LINES pulse PULSES",       # on for ON, off for OFF, and again
        "remote ON_OFF",            # the attribute
        "charge-behaviour inhibit-charge",
        "charge-behaviour auto",
        "load-request auto",
        "load-request shed",
        "load-request off",
        "soc PERMILLE",             # a program reports it, as in `soc 19.5%`,
        "soc unknown",              # or that it does not know any more
        "bus dead",                 # no line can be read, no output written
        "bus alive",
        "chip reset",               # all its pins float
        "writes OUTPUT fail",
        "writes OUTPUT work",
        "next write drops OUTPUT",  # as the read-back of that write shows
        "reset of OUTPUT",          # its pin floats; a reading just then finds it
        "late write of OUTPUT",     # one that failed had an effect after all
        "misread of OUTPUT",        # the next reading of its pin is wrong, once
        "short of OUTPUT",          # its terminal is low whatever is driven
        "short of OUTPUT gone",
        "backfeed of OUTPUT",       # its terminal is high whatever is driven
        "backfeed of OUTPUT gone",
        "interrupts lost",
        "interrupts back",
        "stalled until TIME",
        "start",
        "start found OUTPUTS",
        "end",
        "is busy YES_NO",           # the system has to stay awake (T4)
        "is idle YES_NO",           # no cycle is due, for the rules or the outputs
        "is next TIME_OR_NEVER",    # when the rules need the next cycle
        "is disconnect-in TIME_OR_NEVER",
        "is shed-in TIME_OR_NEVER",
        "is reconnect-in TIME_OR_NEVER",
        "is charge-tripped YES_NO",
        "is implausible YES_NO",
        "is mismatch OUTPUTS_OR_NONE",
        "is chattering LINES_OR_NONE",
        "is terminals ON_OFF",
        "is missed LINES_OR_NONE",  # found by a poll, with no interrupt before
        *(f"is stats {counter} NUMBER" for counter in COUNTERS),
    ),
}

# @what is the phrase without its arguments, which are in @values; times are ns
Step = collections.namedtuple("Step", "line text when what values")
Expectation = collections.namedtuple("Expectation",
                                     "line text first last signal least most")
NEVER = None


class Mistake(Exception):
    """Something in a file is not understood."""


class Scenario:
    """@settings, @before and @steps: lists of Step; @expectations of Expectation."""

    def __init__(self, path, line, title, rigs):
        self.path = path
        self.line = line
        self.title = title
        self.rigs = rigs
        self.settings = []
        self.before = []
        self.steps = []
        self.expectations = []

    def started(self):
        """It begins with a probe of its own."""
        return any(step.what.startswith("start") for step in self.steps)

    def end(self, more=100 * SEC):
        """The last moment that counts, in ns; @more after the last line if none says."""
        ends = [step.when for step in self.steps if step.what == "end"]
        last = max([0, *(step.when for step in self.steps),
                    *(each.first for each in self.expectations)])
        return ends[0] if ends else last + more


class Cursor:
    """What of a line is not yet understood. A take_X() returns the value of X, or
    raises; NEVER is a value."""

    def __init__(self, text):
        self.text = text

    def fail(self):
        raise Mistake(f"not understood: {self.text}")

    def try_words(self, words):
        """Whole words, which end at a blank, a comma or the end."""
        match = re.match(rf"{re.escape(words)}(?=[ \t,]|$)[ \t]*", self.text)
        if match:
            self.text = self.text[match.end():]
        return bool(match)

    def try_sign(self, sign):
        match = re.match(rf"{re.escape(sign)}[ \t]*", self.text)
        if match:
            self.text = self.text[match.end():]
        return bool(match)

    def take_word_of(self, words):
        for word in words:
            if self.try_words(word):
                return word
        return self.fail()

    def take_time(self):
        """Exact: what is no whole number of nanoseconds is no time."""
        match = re.match(r"(\d+)(?:\.(\d+))?(ns|us|ms|s)(?=[ \t,./]|$)[ \t]*", self.text)
        if not match:
            self.fail()
        whole, rest, unit = match[1], match[2] or "", UNITS[match[3]]
        ns, left = divmod(int(whole + rest) * unit, 10 ** len(rest))
        if left:
            self.fail()
        self.text = self.text[match.end():]
        return ns

    def take_range(self):
        """TIME, or FROM..TO"""
        before = self.text
        first = self.take_time()
        if not self.try_sign(".."):
            return first, first
        last = self.take_time()
        if first >= last:
            self.text = before
            self.fail()
        return first, last

    def take_delay(self):
        before = self.text
        ns = self.take_time()
        if ns % UNITS["ms"] or ns // UNITS["ms"] > 0xffffffff:
            self.text = before
            self.fail()
        return ns

    def take_number(self):
        match = re.match(r"(0x[0-9a-f]+|\d+)(?=[ \t]|$)[ \t]*", self.text)
        if not match:
            self.fail()
        self.text = self.text[match.end():]
        return int(match[1], 0)

    def take_permille(self):
        """Of a state of charge, in percent"""
        match = re.match(r"(\d+)(?:\.(\d))?%(?=[ \t]|$)[ \t]*", self.text)
        if not match or int(match[1] + (match[2] or "0")) > 1000:
            self.fail()
        self.text = self.text[match.end():]
        return int(match[1] + (match[2] or "0"))

    def take_list(self, words, separator=","):
        found = [self.take_word_of(words)]
        while self.try_sign(separator) if separator else self.text:
            before = self.text
            word = self.take_word_of(words)
            if word in found:
                self.text = before
                self.fail()
            found.append(word)
        return tuple(found)

    def take_lines(self):
        return self.take_list(INPUTS)

    def take_output(self):
        return self.take_word_of(OUTPUTS)

    def take_outputs(self):
        return self.take_list(OUTPUTS, separator="")

    def take_pulses(self):
        on = self.take_time()
        if not self.try_sign("/"):
            self.fail()
        off = self.take_time()
        if not on or not off or not self.try_words("until"):
            self.fail()
        return on, off, self.take_time()

    def take_time_or_never(self):
        return NEVER if self.try_words("never") else self.take_time()

    def take_on_off(self):
        return self.take_word_of(("on", "off"))

    def take_yes_no(self):
        return self.take_word_of(("yes", "no"))

    def take_lines_or_none(self):
        return () if self.try_words("none") else self.take_lines()

    def take_outputs_or_none(self):
        return () if self.try_words("none") else self.take_list(OUTPUTS)

    def take_phrase(self, phrase):
        """The phrase without its arguments, and their values."""
        what, values = [], []
        for word in phrase.split():
            if word.isupper():
                values.append(getattr(self, f"take_{word.lower()}")())
            elif self.try_words(word):
                what.append(word)
            else:
                self.fail()
        if self.text:
            self.fail()
        return " ".join(what), values

    def take_change(self):
        """One of the changes that are expected: signal, least and greatest value; with
        an output its reason, if that is to change."""
        begin = self.text
        signal = self.take_word_of((*OUTPUTS, "alarm", "countdown"))
        changes = []
        try:
            if signal == "alarm":
                value = self.take_word_of("012")
                changes.append((signal, value, value))
            elif signal == "countdown":
                least, most = (NEVER, NEVER) if self.try_words("none") \
                    else self.take_range()
                changes.append((signal, least, most))
            else:
                value = self.take_on_off()
                changes.append((signal, value, value))
        except Mistake:
            self.text = begin
            self.fail()
        if signal in ("load", "charge"):
            reason = "none" if value == "on" else NEVER
            if value == "off" and self.text and self.text[0] != ",":
                reason = self.take_word_of(REASONS)
            if reason:
                changes.append((f"{signal}-reason", reason, reason))
        return changes


def parse_phrase(text, where):
    """(what, values) of a setting or stimulus."""
    for phrase in PHRASES[where]:
        try:
            return Cursor(text).take_phrase(phrase)
        except Mistake:
            pass
    raise Mistake(f"not understood: {text}")


def add_changes(scenario, line, text, when, cursor):
    while True:
        for signal, least, most in cursor.take_change():
            scenario.expectations.append(
                Expectation(line, text, *when, signal, least, most))
        if not cursor.try_sign(","):
            break
    if cursor.text:
        cursor.fail()


def add_line(scenario, line, text):
    cursor = Cursor(text)
    for where, steps in ((WITH, scenario.settings), (BEFORE, scenario.before)):
        if cursor.try_words(where):
            steps.append(Step(line, text, None, *parse_phrase(cursor.text, where)))
            return
    when = cursor.take_range()
    if cursor.try_words("=>"):
        add_changes(scenario, line, text, when, cursor)
        return
    if when[0] != when[1]:
        cursor.fail()
    what, values = parse_phrase(cursor.text, AT)
    if what != "pulse":
        scenario.steps.append(Step(line, text, when[0], what, values))
        return
    lines, (on, off, until) = values
    now = when[0]
    while now < until:
        scenario.steps.append(Step(line, text, now, "on", [lines]))
        scenario.steps.append(Step(line, text, now + on, "off", [lines]))
        now += on + off


@functools.cache
def rules():
    """The numbers of all requirements."""
    with open(REQUIREMENTS, encoding="utf-8") as file:
        return set(re.findall(r"^\*\*([A-Z]\d+)\*\*", file.read(), re.M))


def title_of(path, number, text):
    """A Scenario of this title."""
    words, marks = re.fullmatch(r"(.*?)((?:\s+@\S+)*)", text).groups()
    rigs = tuple(mark[1:] for mark in marks.split())
    for rig in rigs:
        if rig not in RIGS:
            raise Mistake(f"not understood: @{rig}")
    if not re.match(r"[A-Z]\d+( [A-Z]\d+)*: \S", words):
        raise Mistake(f"a title begins with its rules, as in `L2 T3: ...`: {text}")
    for rule in words.split(":")[0].split():
        if rule not in rules():
            raise Mistake(f"no rule of Documentation/requirements.rst: {rule}")
    return Scenario(path, number, words, rigs)


def check_end(scenario):
    """Nothing comes after the end; but pulses may go on."""
    end = scenario.end()
    scenario.steps = [step for step in scenario.steps
                      if step.when <= end or " pulse " not in step.text]
    late = [each.line for each in scenario.steps if each.when > end]
    late += [each.line for each in scenario.expectations if each.last > end]
    if late:
        raise Mistake(f"{scenario.path}:{late[0]}: this is after the end")


def parse(text, path):
    """The scenarios in this text; a Mistake names the path and the line."""
    scenarios = []
    for number, line in enumerate(text.splitlines(), 1):
        line = re.sub(r"[ \t]*(?:#.*)?$", "", line)
        try:
            if not line:
                continue
            if line[0] not in " \t":
                scenarios.append(title_of(path, number, line))
            elif scenarios:
                add_line(scenarios[-1], number, line.strip())
            else:
                raise Mistake(f"not understood: {line.strip()}")
        except Mistake as mistake:
            raise Mistake(f"{path}:{number}: {mistake}") from None
    for each in scenarios:
        each.steps.sort(key=lambda step: step.when)
        each.expectations.sort(key=lambda expected: expected.first)
        check_end(each)
    return scenarios


def read(paths):
    """All scenarios in these files."""
    found = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            found += parse(file.read(), os.path.relpath(path))
    return found
