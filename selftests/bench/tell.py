# SPDX-License-Identifier: GPL-2.0
"""How long it takes to tell the state, in Debian's own userland: systemd, D-Bus, upowerd."""

import os
import sys

import turns
from report import quantile

sys.path.insert(0, os.path.join(turns.SELFTESTS, "userland"))

# pylint: disable=wrong-import-position
import box  # noqa: E402

TIMES = 30
WARM_UP = 3                             # the first ones load what is not in memory yet
SUPPLY = "/sys/class/power_supply/house"
DEVICE = "/org/freedesktop/UPower/devices/battery_house"
COMMANDS = {
    "smallbms status": "smallbms --board house status",
    "smallbms --json status": "smallbms --board house --json status",
    "upower -i": f"upower -i {DEVICE}",
    "shell loop with cat": f'sh -c "cd {SUPPLY}; for f in *; do '
                           '[ ! -f \\$f ] || cat \\$f; done"',
    "shell loop with read": f'sh -c "cd {SUPPLY}; for f in *; do '
                            '[ ! -f \\$f ] || { read -r v; echo \\$f \\$v; } <\\$f; done"',
}


class Gateway(box.Gateway):
    """The one of the tests of userland, counting instructions."""

    def __init__(self, name):
        super().__init__(name, cpus=1, icount=0)


def tell(section, gateway, extent):
    """By turns, a line of results for each."""
    # pylint: disable=unused-argument
    gateway.ok("systemctl start upower", 300)
    if not gateway.until(lambda: "percentage:" in gateway.ok(f"upower -i {DEVICE}"), 60):
        raise RuntimeError("upowerd does not tell of the board")
    took = {name: [] for name in COMMANDS}
    for n in range(WARM_UP + TIMES):
        for name, command in COMMANDS.items():
            text = gateway.ok(f"bash -c 'a=$EPOCHREALTIME; {command} >/tmp/told; "
                              "b=$EPOCHREALTIME; echo $((${b/./} - ${a/./}))'; "
                              "wc -c </tmp/told", 60)
            spent, length = map(int, text.split())
            if not length:
                raise RuntimeError(f"{name} tells nothing")
            if n >= WARM_UP:
                took[name].append(spent)
    section.say("To tell the state once, from the start of the process to its end, us (Debian's "
                "userland with upowerd running, all in the same boot)")
    section.table(("", "runs", "p50", "max"), [
        (name, str(len(each)), str(quantile(each, .5)), str(max(each)))
        for name, each in took.items()])
    section.value = took
