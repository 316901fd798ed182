# SPDX-License-Identifier: GPL-2.0
"""The driver's scan cycle between fake inputs and outputs, with a clock that jumps: to
the nanosecond. A program of ../../host plays."""

import os
import subprocess

from scenarios import compare, parser

# How host/player.c answers
ANSWERS = {"is next": "time", "is disconnect-in": "time", "is reconnect-in": "time",
           "is shed-in": "time",
           "is mismatch": "list", "is chattering": "list", "is missed": "list",
           **{f"is stats {counter}": "number" for counter in parser.COUNTERS}}
LATENCY = 0


def argument(value):
    return ",".join(value) if isinstance(value, tuple) else str(value)


def phrase(step):
    """Of a step, but for the values that are expected."""
    if step.what.startswith("is ") or not step.values:
        return step.what
    if step.values[0] in ("on", "off"):
        return f"{step.what} {step.values[0]}"
    return f"{step.what}: {argument(step.values[0])}"


def timeline(scenario):
    """As host/player.c reads it."""
    lines = ["scenario"]
    lines += [f"with {phrase(step)}" for step in scenario.settings]
    lines += [f"before {phrase(step)}" for step in scenario.before]
    lines += [f"{step.when} {phrase(step)}" for step in scenario.steps
              if step.what != "end"]
    return "\n".join([*lines, f"{scenario.end()} end", ""])


def value_of(kind, text):
    if kind == "time":
        return parser.NEVER if text == "never" else int(text)
    if kind == "number":
        return int(text)
    if kind == "list":
        return () if text == "none" else tuple(text.split(","))
    return text


def records(scenario, lines):
    """{variant: Record} of one scenario."""
    asked = [n for n, step in enumerate(scenario.steps) if step.what.startswith("is ")]
    found, record, answered = {}, None, 0
    for line in lines:
        first, _, rest = line.partition(" ")
        if first in ("#", "not"):       # of whoever else watches, as the oracle does
            continue
        if first == "variant":
            record = compare.Record({}, {signal: [] for signal in compare.SIGNALS})
            found[int(rest)] = record
            answered = 0
        elif first == "violation":
            record.violations.append(rest)
        elif first == "answer":
            index = asked[answered]
            answered += 1
            record.answers[index] = value_of(
                ANSWERS.get(scenario.steps[index].what), rest)
        else:
            signal, _, text = rest.partition(" ")
            value = value_of("time" if signal == "countdown" else None, text)
            if first == "initial":
                record.initial[signal] = value
            else:
                record.changes[signal].append((int(first), value))
    return found


def variant_text(number):
    """How one of the ways differs in which host/player.c plays them all."""
    if number >= 12:
        words = "the clock wraps", "poll 77ms", number % 2
    else:
        words = (("just after boot", "the clock's middle", "the clock wraps")[number % 3],
                 ("no poll", "poll 1s")[number // 3 % 2], number // 6)
    return ", ".join((*words[:2], ("not sleeping", "sleeping")[words[2]]))


def run_program(build, timelines):
    """(what it prints, its exit status); @build: a program that was made of ../../host"""
    done = subprocess.run([build, "play"], input=timelines, stdout=subprocess.PIPE,
                          text=True, check=False)
    return done.stdout, done.returncode


def judge(scenarios, output, status):
    """[(scenario, [(line, complaint)])] of what the program printed. It may be a mutant,
    and have ended somehow."""
    played = output.split("scenario\n")[1:]
    if status:
        played = played[:-1]            # its last line may be cut off
    results = []
    for scenario, lines in zip(scenarios, played):
        complaints = []
        for variant, record in records(scenario, lines.splitlines()).items():
            complaints = compare.compare(scenario, record, LATENCY)
            if complaints:
                complaints.append((scenario.line, "found first in this way: "
                                                  + variant_text(variant)))
                break
        results.append((scenario, complaints))
    if len(played) < len(scenarios) or status:
        last = scenarios[min(len(played), len(scenarios) - 1)]
        results.append((last, [(last.line, "the program ends here, with status "
                                           f"{status}")]))
    return results


def check(scenarios, report, options):
    """One result each."""
    output, status = run_program(options.program, "".join(map(timeline, scenarios)))
    for line in output.splitlines():
        if line.startswith("# "):
            report.note(line.removeprefix("# "))
    for scenario, complaints in judge(scenarios, output, status):
        compare.report_on(report, scenario, complaints)


def program():
    """The one that `make -C host` builds, with the sanitizers."""
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(here, "../../host")
    subprocess.run(["make", "--no-print-directory", "-s", "-C", folder], check=True)
    return os.path.join(here, "../../../build/host/scan-test-gcc")


def changes_at(record, when):
    """As one writes them: an output and its reason in one."""
    for signal in parser.OUTPUTS + ("alarm", "countdown"):
        values = [value for at, value in record.changes[signal] if at == when]
        reasons = [value for at, value in record.changes.get(f"{signal}-reason", ())
                   if at == when and value != "none"]
        if reasons and not values:
            values = ["off"]
        for n, value in enumerate(values):
            reason = f" {reasons[-1]}" if reasons and value == "off" and \
                n == len(values) - 1 else ""
            yield compare.change_text(signal, value) + reason


def show(scenarios, build):
    """What happens, as one writes it; of the first variant."""
    output = run_program(build, "".join(map(timeline, scenarios)))[0]
    for scenario, lines in zip(scenarios, output.split("scenario\n")[1:]):
        print(scenario.title)
        record = records(scenario, lines.splitlines())[0]
        for when in sorted({when for some in record.changes.values() for when, _ in some}):
            print(f"    {compare.time_text(when)}\t=> "
                  + ", ".join(changes_at(record, when)))
