# SPDX-License-Identifier: GPL-2.0
"""What the rigs with a machine share: the board as sysfs shows it."""

from scenarios import parser

MS = 10**6
DRIVER = "/sys/bus/platform/drivers/smallbms"
SUPPLY = "/sys/class/power_supply"

# Signals and settings, as attributes
SAMPLED = {"load-reason": "load_off_reason", "charge-reason": "charge_off_reason",
           "alarm": "alarm", "countdown": "disconnect_in_ms"}
ATTRIBUTES = {"pre-alarm-delay": "pre_alarm_delay_ms",
              "load-reconnect-delay": "load_reconnect_delay_ms"}
# Those of S, and what they are written
REQUESTS = {f"load-request {word}": word for word in ("auto", "shed", "off")}
PERCENTS = {name: name.replace("-", "_") for name in parser.PERCENTS}
# What they are while all is well
AT_REST = {"load-reason": "none", "charge-reason": "none", "alarm": "0",
           "countdown": parser.NEVER}


def written(step):
    """(attribute, text) of a stimulus that is a plain write; None if it is another."""
    if step.what in REQUESTS:
        return "load_request", REQUESTS[step.what]
    if step.what in PERCENTS:
        return PERCENTS[step.what], step.values[0]
    if step.what in ATTRIBUTES:
        return ATTRIBUTES[step.what], step.values[0] // MS
    if step.what == "soc":
        return "gauge/soc_permille", step.values[0]
    return None


class Unable(parser.Mistake):
    """This rig cannot do it."""


def value_of(signal, text):
    """What an attribute says of a signal."""
    if signal == "countdown":
        return parser.NEVER if text == "-1" else int(text) * MS
    return text
