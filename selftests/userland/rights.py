# SPDX-License-Identifier: GPL-2.0
"""What udev and systemd do for a board: who may switch, and a shutdown in time."""

import re
import time

import box
import states

OPTED_IN = "/etc/default/smallbms-shutdown"
UNIT = "'smallbms-shutdown@*.service'"
PRE_ALARM = states.STATES[1]
HEALTHY = states.STATES[0]


def sysfs(gateway, path):
    return gateway.ok(f"cat {box.SUPPLIES}/house/{path}").strip()


def test_rights(gateway, report):
    """Members of the group smallbms, and others."""
    states.only(gateway, "board-house")
    states.end(gateway, "house", HEALTHY)
    gateway.ok("udevadm settle; useradd -U -G smallbms member; "
               "useradd -U other")

    def act(user, command):
        return gateway.run(f"setpriv --reuid {user} --regid {user} "
                           f"--init-groups {command}")

    def attempt(user, allowed, command, path, value):
        told = "remote-off" if command == "off" else ""
        gateway.ok(f"echo {told} >{box.BENCH}/bench-house/told")
        before = sysfs(gateway, path)
        status, text = act(user, f"smallbms --board house {command}")
        after = sysfs(gateway, path)
        if allowed:
            good = status == 0 and value in after and before != after
            title = f"a member of the group smallbms: {command}"
        else:
            good = (status == 1 and before == after and
                    re.match(r"smallbms: .*ermi", text))
            title = f"who is no member may not: {command}"
        report.result(good, title)
        if not good:
            report.note(f"status {status}, {before} -> {after}: {text}")
        return text

    said = attempt("other", False, "off", "device/remote", "off")
    report.note(said)
    attempt("other", False, "charge inhibit", "charge_behaviour", "")
    attempt("member", True, "off", "device/remote", "off")
    attempt("member", True, "on", "device/remote", "on")
    attempt("member", True, "charge inhibit", "charge_behaviour", "[inhibit")
    attempt("member", True, "charge auto", "charge_behaviour", "[auto]")
    path = f"{box.SUPPLIES}/house/device/pre_alarm_delay_ms"
    before = gateway.ok(f"cat {path}")
    _, text = act("member", f"sh -c 'echo 60000 >{path}'")
    report.result("Permission denied" in text and
                  gateway.ok(f"cat {path}") == before,
                  "nor may a member change a delay")
    states.end(gateway, "house", HEALTHY)


def journal(gateway, since):
    return gateway.ok(f"journalctl --no-pager -o cat -u {UNIT} "
                      f"--since @{since}")


def active(gateway):
    return gateway.ok(f"systemctl list-units -q --no-legend --plain "
                      f"--state=active,activating {UNIT}").strip()


def test_shutdown(gateway, report):
    """The gateway goes down in time, if it was told to.  It is gone then."""
    states.only(gateway, "board-house")
    states.end(gateway, "house", HEALTHY)
    gateway.ok("systemctl stop upower; : >/run/asked")

    since = gateway.ok("date +%s").strip()
    gateway.ok(f"rm -f {OPTED_IN}")
    states.begin(gateway, "house", PRE_ALARM)
    skipped = gateway.until(
        lambda: "unmet condition" in journal(gateway, since), 60)
    report.result(skipped and not active(gateway),
                  "a pre-alarm shuts nothing down, unless somebody opted in")
    states.end(gateway, "house", HEALTHY)

    gateway.ok(f"echo DELAY=60 >{OPTED_IN}")
    since = gateway.ok("date +%s").strip()
    states.begin(gateway, "house", PRE_ALARM)
    report.result(gateway.until(lambda: active(gateway), 60),
                  "a pre-alarm begins the shutdown, once somebody has")
    states.end(gateway, "house", HEALTHY)
    gone = gateway.until(lambda: not active(gateway), 40)
    said = journal(gateway, since)
    report.result(gone and "passed" in said and not states.power_offs(gateway),
                  "an alarm that clears in time calls it off")
    report.note(said)

    # The one that was called off must not stay without a successor
    delay = 8
    gateway.ok(f"echo DELAY={delay} >{OPTED_IN}; systemctl unmask --runtime "
               "poweroff.target 2>&1")
    gateway.ok(f"echo leaving >{box.BENCH}/bench-house/told")
    states.begin(gateway, "house", PRE_ALARM)
    begun = time.monotonic()
    try:
        gateway.machine.wait_end(180)
    except TimeoutError as error:
        report.note(str(error))
        report.note(gateway.run(f"systemctl status {UNIT}; cat /run/asked")[1])
    took = time.monotonic() - begun
    console = gateway.machine.console()
    report.result(re.search(r"reboot: Power down", console) and took >= delay,
                  "an alarm that lasts powers the gateway down, after "
                  f"{delay} s and not before ({took:.0f} s)")
