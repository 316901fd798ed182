# SPDX-License-Identifier: GPL-2.0
"""Holds what a rig recorded against what a scenario lists."""

import dataclasses

from scenarios import parser

SIGNALS = ("load", "load-reason", "charge", "charge-reason", "pre-alarm", "alarm",
           "countdown")


@dataclasses.dataclass
class Record:
    """What a rig saw.

    @initial: {signal: value} when the scenario began
    @changes: {signal: [(ns, value)]} of the signals whose every change the rig sees
    @samples: [(ns, signal, value)] of the others
    @answers: {index of the step: value} to what was asked
    @violations: what broke a contract of the rig itself
    """

    initial: dict
    changes: dict = dataclasses.field(default_factory=dict)
    samples: list = dataclasses.field(default_factory=list)
    answers: dict = dataclasses.field(default_factory=dict)
    violations: list = dataclasses.field(default_factory=list)


def time_text(ns):
    """As one writes it in a scenario."""
    if ns is parser.NEVER:
        return "never"
    whole, rest = divmod(ns, parser.SEC)
    return f"{whole}.{rest:09}".rstrip("0").rstrip(".") + "s"


def value_text(value):
    if isinstance(value, int):
        return time_text(value)
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "none" if value is parser.NEVER else str(value)


def change_text(signal, value):
    """As one writes it after =>, but for reasons."""
    if signal.endswith("-reason"):
        return f"the reason of {signal.removesuffix('-reason')} {value}"
    return f"{signal} {value_text(value)}"


def expected_text(expected):
    """The value that is listed, or its range."""
    if expected.least == expected.most:
        return value_text(expected.least)
    return f"{time_text(expected.least)}..{time_text(expected.most)}"


def moment_text(expected):
    """When it is listed."""
    if expected.first == expected.last:
        return f"at {time_text(expected.first)}"
    return f"in {time_text(expected.first)}..{time_text(expected.last)}"


def is_value(expected, value, latency):
    """A countdown that is read later is shorter."""
    if expected.least is parser.NEVER or value is parser.NEVER:
        return expected.least is value
    if isinstance(expected.least, int):
        return expected.least - latency <= value <= expected.most
    return value == expected.least


def is_news(each, now):
    """A change to the value that the signal has anyway is none; but a countdown may begin
    anew with the same time."""
    return each.least != now or \
        each.signal == "countdown" and each.least is not parser.NEVER


def real_changes(scenario, signal, initial):
    """The changes that are listed for a signal."""
    found, now = [], initial.get(signal)
    for each in scenario.expectations:
        if each.signal != signal:
            continue
        if is_news(each, now):
            found.append(each)
        now = each.least
    return found


def idle_lines(scenario, initial):
    """Complaints of lines by which nothing changes."""
    now, news, lines = dict(initial), {}, {}
    for each in scenario.expectations:
        # an output and its reason are said in one
        key = each.line, each.signal.removesuffix("-reason")
        news[key] = news.get(key, False) or is_news(each, now.get(each.signal))
        now[each.signal] = each.least
        lines[key] = each
    return [(lines[key].line, f"nothing changes by this: {lines[key].text}")
            for key, new in news.items() if not new]


def compare_signal(scenario, signal, record, latency, end):
    """The first complaint of a signal, or none."""
    expected = real_changes(scenario, signal, record.initial)
    observed = [change for change in record.changes[signal] if change[0] <= end]
    for n in range(max(len(expected), len(observed))):
        wanted = expected[n] if n < len(expected) else None
        if n >= len(observed):
            return [(wanted.line,
                     f"never: {change_text(signal, wanted.least)}")]
        when, value = observed[n]
        if not wanted:
            return [(scenario.line, f"{change_text(signal, value)} at "
                                    f"{time_text(when)}, which is not listed")]
        if not is_value(wanted, value, latency):
            return [(wanted.line, f"{change_text(signal, value)} at {time_text(when)}, "
                                  f"not {expected_text(wanted)}")]
        if not wanted.first <= when <= wanted.last + latency:
            return [(wanted.line, f"{change_text(signal, value)} at {time_text(when)}, "
                                  f"not {moment_text(wanted)}")]
    return []


def compare_samples(scenario, record, latency):
    """A sample counts once all that is listed before is surely over."""
    complaints = []
    for when, signal, value in record.samples:
        listed = [each for each in scenario.expectations if each.signal == signal]
        if any(each.first <= when < each.last + latency for each in listed):
            continue
        past = [each for each in listed if each.last + latency <= when]
        if not past:
            good, line, wanted = value == record.initial[signal], scenario.line, \
                record.initial[signal]
        else:
            last = past[-1]
            line, wanted = last.line, last.least
            if signal == "countdown" and wanted is not parser.NEVER:
                good = value is not parser.NEVER and \
                    wanted - (when - last.first) - latency <= value <= \
                    last.most - (when - last.last) + latency
            else:
                good = value == wanted
        if not good:
            complaints.append((line, f"{change_text(signal, value)} at {time_text(when)}, "
                                     f"not {value_text(wanted)}"))
    return complaints


def compare_answers(scenario, record):
    complaints = []
    for index, answer in record.answers.items():
        step = scenario.steps[index]
        if answer != step.values[0]:
            complaints.append((step.line, f"{step.text}: it is {value_text(answer)}"))
    return complaints


def compare(scenario, record, latency=0, end=None):
    """[(line, complaint)], of which there is none if all is as listed. @latency: by how
    much the rig may exceed a time, ns; @end: the last moment that it looked at."""
    end = scenario.end() if end is None else end
    complaints = [(scenario.line, text) for text in record.violations]
    complaints += idle_lines(scenario, record.initial)
    for signal in record.changes:
        complaints += compare_signal(scenario, signal, record, latency, end)
    complaints += compare_samples(scenario, record, latency)
    complaints += compare_answers(scenario, record)
    return sorted(complaints)


def report_on(report, scenario, complaints, rig=""):
    """One result, below its complaints."""
    report.result(not complaints, scenario.title + rig, "\n".join(
        f"{scenario.path}:{line}: {complaint}" for line, complaint in complaints))
