# SPDX-License-Identifier: GPL-2.0
"""Mistakes in scenarios: each of these lines must be refused, with the path, the line
and what was not understood."""

from scenarios import parser

LINES = (
    ("1s remote onn", "remote onn"),
    ("1s remote", "remote"),
    ("1s => load oof", "load oof"),
    ("1s => load on, charge", "charge"),
    ("1s => load on charge on", "charge on"),
    ("1s => load off cell-undervoltag", "cell-undervoltag"),
    ("1s => load on cell-undervoltage", "cell-undervoltage"),
    ("1s => pre-alarm of", "pre-alarm of"),
    ("1s => alarm 3", "alarm 3"),
    ("1s => countdown", "countdown"),
    ("1s => countdown 30", "countdown 30"),
    ("1s =>", ""),
    ("1s writes load worky", "writes load worky"),
    ("1s writes lode work", "writes lode work"),
    ("1s writes load, charge fail", "writes load, charge fail"),
    ("1s charge-behaviour autoo", "charge-behaviour autoo"),
    ("1s load-request on", "load-request on"),
    ("1s soc 19", "soc 19"),
    ("1s soc 100.1%", "soc 100.1%"),
    ("1s soc 19.55%", "soc 19.55%"),
    ("1s soc full", "soc full"),
    ("1s reset of", "reset of"),
    ("1s short of load goen", "short of load goen"),
    ("1s cell-undervoltage", "cell-undervoltage"),
    ("1s cell-undervoltage of", "cell-undervoltage of"),
    ("1s cell-undervoltage cell-low on", "cell-undervoltage cell-low on"),
    ("1s cell-undervoltage, cell-undervoltage on", "cell-undervoltage, cell-undervoltage on"),
    ("1s cell-undervoltage on now", "cell-undervoltage on now"),
    ("1s cell-low pulse 5ms until 3s", "cell-low pulse 5ms until 3s"),
    ("1s cell-low pulse 5ms/5ms", "cell-low pulse 5ms/5ms"),
    ("1s start found lode", "start found lode"),
    ("1s end now", "end now"),
    ("1s is chattering cell-lwo", "is chattering cell-lwo"),
    ("1s is charge-tripped maybe", "is charge-tripped maybe"),
    ("1s is next 3", "is next 3"),
    ("1s is happy", "is happy"),
    ("1s is idle never", "is idle never"),
    ("1s is stats", "is stats"),
    ("1s is stats read_error 1", "is stats read_error 1"),
    ("1s is stats read_errors", "is stats read_errors"),
    ("1s is stats read_errors -1", "is stats read_errors -1"),
    ("1s is stats read_errors 1 2", "is stats read_errors 1 2"),
    ("1s no-read-back", "no-read-back"),
    ("1s clock 3", "clock 3"),
    ("1s", ""),
    ("1s..2s cell-low on", "cell-low on"),
    ("2s..1s => load on", "2s..1s => load on"),
    ("1.0000000001s cell-low on", "1.0000000001s cell-low on"),
    ("1 cell-low on", "1 cell-low on"),
    ("1sec cell-low on", "1sec cell-low on"),
    ("cell-low on", "cell-low on"),
    ("with cell-low on", "cell-low on"),
    ("with debounce-delay 1us", "debounce-delay 1us"),
    ("with debounce-delay 5000000s", "debounce-delay 5000000s"),
    ("with fitted all", "fitted all"),
    ("with write-latency", "write-latency"),
    ("before cell-low edge", "cell-low edge"),
    ("before debounce-delay 1ms", "debounce-delay 1ms"),
    ("1s bus deaf", "bus deaf"),
    ("1s => pre-alarm off cell-low", "cell-low"),
)
TITLES = (
    ("A title without a rule", "a title begins with its rules, as in `L2 T3: ...`: "
                               "A title without a rule"),
    ("L2 C99: A title", "no rule of Documentation/requirements.rst: C99"),
    ("L2: A title @expandr", "not understood: @expandr"),
    ("    1s cell-low on", "not understood: 1s cell-low on"),
)


def refusal(text):
    """How it is refused, or None."""
    try:
        parser.parse(text, "a.scn")
    except parser.Mistake as mistake:
        return str(mistake)
    return None


def check(report):
    """One result"""
    wrong = []
    for line, rest in LINES:
        said = refusal(f"T1: A title\n    {line}\n")
        if said != f"a.scn:2: not understood: {rest}":
            wrong.append(f"'{line}': {said}")
    for line, text in TITLES:
        said = refusal(f"{line}\n")
        if said != f"a.scn:1: {text}":
            wrong.append(f"'{line}': {said}")
    said = refusal("T1: A title\n    1s end\n    2s cell-low on\n")
    if said != "a.scn:3: this is after the end":
        wrong.append(f"after the end: {said}")
    for each in wrong:
        report.note(each)
    report.result(not wrong, "A mistake in a scenario is an error that names its line")
