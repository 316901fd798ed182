# SPDX-License-Identifier: GPL-2.0
"""What tells the state in Debian's own userland, systemd, D-Bus, upowerd: how long that takes,
and what it needs in memory."""

from report import quantile, resident
from userland import box

TIMES = 20
UEVENTS = 10
WARM_UP = 2                             # the first ones load what is not in memory yet
BOARD = "house"
SUPPLY = f"{box.SUPPLIES}/{BOARD}"
DEVICE = "/org/freedesktop/UPower/devices/battery_house"
LOOP = f"cd {SUPPLY}; for f in {{}}; do [ ! -f $f ] ||"
FILES = LOOP.format("*")
ALL_FILES = LOOP.format("* device/* device/stats/* device/measurements/* device/gauge/*")
READ = "{ read -r v; echo $f $v; } <$f; done"
COMMANDS = {
    "sh -c :": "sh -c :",
    "smallbms --version": "smallbms --version",
    "smallbms status": "smallbms --board house status",
    "smallbms --json status": "smallbms --board house --json status",
    "upower -i": f"upower -i {DEVICE}",
    "shell loop with cat": f"sh -c '{FILES} cat $f; done'",
    "shell loop with read": f"sh -c '{FILES} {READ}'",
    "shell loop with read, all folders": f"sh -c '{ALL_FILES} {READ}'",
}
# By turns; the number of the command and what it took, us
SCRIPT = f"""cat >/tmp/tell <<'END'
n=0
while [ $n -lt {WARM_UP + TIMES} ]; do
	n=$((n + 1))
	for each in {' '.join(map(str, range(len(COMMANDS))))}; do
		begun=$EPOCHREALTIME
		case $each in
		{' '.join(f'{n}) {command};;' for n, command in enumerate(COMMANDS.values()))}
		esac >/tmp/told || exit
		ended=$EPOCHREALTIME
		[ $each = 0 ] || [ -s /tmp/told ] || exit
		echo $each $((${{ended/./}} - ${{begun/./}}))
	done
done
END
bash /tmp/tell"""


class Gateway(box.Gateway):
    """The one of the tests of userland, counting instructions."""

    def __init__(self, name):
        super().__init__(name, max_seconds=3600, cpus=1, icount=0)


def tell(section, gateway, extent):
    """By turns, a line of results for each."""
    # pylint: disable=unused-argument
    gateway.ok("systemctl start upower", 300)
    if not gateway.until(lambda: "percentage:" in gateway.ok(f"upower -i {DEVICE}"), 300):
        raise RuntimeError("upowerd does not tell of the board")
    took = [[] for _ in COMMANDS]
    for line in gateway.ok(SCRIPT, 900).splitlines():
        which, spent = map(int, line.split())
        took[which].append(spent)
    if any(len(each) != WARM_UP + TIMES for each in took):
        raise RuntimeError("a command fails, or tells nothing")
    took = dict(zip(COMMANDS, (each[WARM_UP:] for each in took)))
    section.say("To tell the state once, from the start of the process to its end, us (Debian's "
                "userland with upowerd running, all in the same boot)")
    section.table(("", "runs", "p50", "max"), [
        (name, str(len(each)), str(quantile(each, .5)), str(max(each)))
        for name, each in took.items()])
    section.value = took


def services(section, gateway, extent):
    """What runs all the time: its memory, after some uevents."""
    # pylint: disable=unused-argument
    rows = []
    units = [*(f"smallbms-{name}" for name in box.bridges()), "smallbms-history", "upower"]
    box.configure_bridges(gateway, BOARD)
    gateway.ok(f"systemctl start {' '.join(units)} 2>&1", 300)
    for _ in range(UEVENTS):
        gateway.ok(f"echo change >{SUPPLY}/uevent; sleep 1")
    for unit in units:
        pid = box.pid_of(gateway, unit)
        section.works(pid != "0", f"{unit} runs")
        rows.append((unit, *map(str, resident(gateway.ok(f"cat /proc/{pid}/status")))))
    section.say("In memory, KiB: services of a gateway that tell or keep the state, of their own "
                "and with the libraries that they share with others (the broker of mqtt is not "
                "there, nor a GX)")
    section.table(("", "own", "all"), rows)
    section.value = rows
