# SPDX-License-Identifier: GPL-2.0
"""What UPower and node_exporter make of every state of the board."""

import collections
import os
import re
import time

import box

HEALTHY = {"cell-low": 0, "cell-undervoltage": 0, "cell-overvoltage": 0,
           "over-temperature": 0, "under-temperature": 0, "charge-inhibit": 0,
           "remote-l": 0, "remote-h": 1, "remote-loop": 0}

# How the state is made; what /sys/class/power_supply says; UPower's warning, and
# smallbms_* of the textfile collector
State = collections.namedtuple(
    "State", "name begin capacity level health warning metrics")

ON = {'load_on': 1, 'charge_on': 1, 'alarm': 0}
EMPTY = ("cell-low", "cell-undervoltage")

# The last is the only one in which the host may be powered off.
STATES = [
    State("healthy", (), 50, "Normal", "Good", "none",
          {**ON, 'off_reason{output="load",reason="none"}': 1}),
    State("pre-alarm", ("cell-low",), 5, "Low", "Good", "critical",
          {**ON, "alarm": 1, 'condition{condition="cell-low"}': 1}),
    State("overvoltage", ("cell-overvoltage",), 100, "Full", "Over voltage",
          "none", {**ON, "charge_on": 0,
                   'off_reason{output="charge",reason="cell-overvoltage"}': 1}),
    State("too hot", ("over-temperature",), 50, "Normal", "Overheat", "none",
          {**ON, "charge_on": 0, 'condition{condition="over-temperature"}': 1}),
    State("remote off", "remote", 50, "Normal", "Good", "none",
          {"load_on": 0, "charge_on": 0, "remote_on": 0, "alarm": 0}),
    # Nothing can be switched, so nothing is told to be off
    State("bus dead", "bus", 50, "Unknown", "Unspecified failure", "none",
          {"load_on": 1, 'condition{condition="io-error"}': 1}),
    State("undervoltage", EMPTY, 1, "Critical", "Dead", "action",
          {**ON, "alarm": 1, 'condition{condition="cell-undervoltage"}': 1}),
]

# From a dead bus, chip and driver need a while
SETTLE = 30


def begin(gateway, label, state):
    """Bring the board into the state."""
    pins = dict(HEALTHY)
    if state.begin == "remote":
        gateway.ok(f"echo remote-off >{box.BENCH}/bench-{label}/told; "
                   f"smallbms --board {label} off")
    elif state.begin == "bus":
        gateway.ok(f"echo unreadable >{box.BENCH}/bench-{label}/told; "
                   f"echo timeout >{box.BENCH}/bench-{label}/fault")
    else:
        pins.update({name: 1 for name in state.begin})
        gateway.pins(label, " ".join(f"{k} {v}" for k, v in pins.items()))


def end(gateway, label, state):
    """Back to a healthy board."""
    if state.begin == "remote":
        gateway.ok(f"smallbms --board {label} on")
    elif state.begin == "bus":
        gateway.ok(f"echo none >{box.BENCH}/bench-{label}/fault")
    begin(gateway, label, STATES[0])
    device = f"{box.SUPPLIES}/{label}/device"
    gateway.until(lambda: gateway.ok(
        f"cat {device}/load {device}/charge {device}/alarm").split() ==
        ["on", "on", "0"], SETTLE)
    gateway.ok(f"echo >{box.BENCH}/bench-{label}/told")


def upower(gateway):
    """{device: {property: value}} from `upower -d`."""
    devices, device = {}, {}
    for line in gateway.ok("upower -d").splitlines():
        if line.startswith(("Device:", "Daemon:")):
            device = devices.setdefault(line.split("/")[-1].strip(), {})
        else:
            name, _, value = line.partition(":")
            device.setdefault(name.strip(), value.strip())
    return devices


def scrape(gateway, port=9100):
    """{metric and labels: value} as node_exporter gives them."""
    text = gateway.ok(
        f"busybox wget -q -O - http://127.0.0.1:{port}/metrics")
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            samples[name] = float(value)
    return text, samples


def find(samples, name, **labels):
    """The value of the one sample with that name and, at least, labels."""
    found = [value for key, value in samples.items()
             if key.partition("{")[0] == name and
             all(f'{k}="{v}"' in key for k, v in labels.items())]
    return found[0] if len(found) == 1 else None


def power_offs(gateway):
    """What somebody asked logind for, as seen on the bus."""
    text = gateway.ok("cat /run/asked")
    return re.findall(r"method call .*member=(PowerOff|Reboot|Halt|Suspend|"
                      r"Hibernate|HybridSleep|SuspendThenHibernate)\b", text)


def watch_power_offs(gateway):
    """Nothing of the kind is carried out until unwatch."""
    gateway.ok("systemctl mask --runtime poweroff.target hibernate.target "
               "suspend.target hybrid-sleep.target reboot.target 2>&1")
    gateway.ok("dbus-monitor --system "
               "\"interface='org.freedesktop.login1.Manager'\" "
               ">/run/asked 2>&1 & ")
    gateway.until(lambda: "NameAcquired" in gateway.ok("cat /run/asked"))


def tell(gateway, samples, report, label, state):
    """What node_exporter says."""
    info = {"capacity_level": state.level, "health": state.health,
            "model_name": "smallBMS"}
    report.result(
        find(samples, "node_scrape_collector_success",
             collector="powersupplyclass") == 1 and
        find(samples, "node_power_supply_capacity",
             power_supply=label) == state.capacity and
        find(samples, "node_power_supply_info", power_supply=label,
             **info) == 1,
        f"{state.name}: node_exporter has capacity {state.capacity}, "
        f"{state.level}, {state.health}, and its collector succeeds")
    wrong = []
    for name, value in state.metrics.items():
        name, _, labels = name.partition("{")
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if find(samples, f"smallbms_{name}", power_supply=label,
                **labels) != value:
            wrong.append(name)
    report.result(not wrong, f"{state.name}: so has its textfile collector of "
                             "outputs, reasons and conditions")
    if wrong:
        report.note(f"wrong: {', '.join(wrong)}")


def reached(gateway, label, state):
    """Waits for the state; False if it does not come."""
    supply = f"{box.SUPPLIES}/{label}"
    wanted = [str(state.capacity), state.level, *state.health.split()]
    return gateway.until(lambda: gateway.ok(
        f"cat {supply}/capacity {supply}/capacity_level "
        f"{supply}/health").split() == wanted)


def keep(gateway, state, text, label):
    """For the documents' pictures, and for Prometheus."""
    name = state.name.replace(" ", "-")
    folder = os.path.join(gateway.workdir, "states")
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{name}.metrics", "w", encoding="utf-8") as file:
        file.write(text)
    record = gateway.ok(f"umockdev-record {box.SUPPLIES}/{label}")
    with open(f"{folder}/{name}.umockdev", "w", encoding="utf-8") as file:
        file.write(record)


def only(gateway, *devices):
    """Binds the devices, and no other of ours."""
    drivers = {"board-house": "smallbms", "board-cabin": "smallbms",
               "solar": "gpio-charger"}
    for name, driver in drivers.items():
        path = f"/sys/bus/platform/drivers/{driver}"
        label = name.removeprefix("board-")
        told = f"{box.BENCH}/bench-{label}/told"
        if name in devices:
            gateway.ok(f"[ -e {path}/{name} ] || echo {name} >{path}/bind")
        else:
            gateway.ok(f"[ ! -e {told} ] || echo leaving >{told}; "
                       f"[ ! -e {path}/{name} ] || echo {name} >{path}/unbind")


def test_states(gateway, report):
    """A board that knows of no charger: its status is Unknown."""
    only(gateway, "board-house")
    end(gateway, "house", STATES[0])
    watch_power_offs(gateway)
    gateway.ok("systemctl start upower")
    begun = 0
    for state in STATES:
        if state is STATES[-1]:
            # What UPower decided so far it carries out after 20 s
            time.sleep(max(0, 22 - (time.monotonic() - begun)))
            asked = power_offs(gateway)
            report.result(not asked,
                          "until now nothing has asked to power off")
        begin(gateway, "house", state)
        reached(gateway, "house", state)
        begun = time.monotonic()

        def right(state=state):
            devices = upower(gateway)
            bank = devices.get("battery_house", {})
            shown = devices.get("DisplayDevice", {})
            return (bank.get("percentage") == f"{state.capacity}%" and
                    bank.get("state") == "unknown" and
                    shown.get("percentage") == f"{state.capacity}%" and
                    shown.get("warning-level") == state.warning and
                    bank.get("technology") == "lithium-iron-phosphate")

        good = gateway.until(right, 10)
        report.result(good, f"{state.name}: UPower shows {state.capacity} %, "
                            f"warning level {state.warning}")
        if not good:
            report.note(gateway.ok("upower -d"))
        gateway.ok("systemctl start smallbms-textfile.service")
        text, samples = scrape(gateway)
        tell(gateway, samples, report, "house", state)
        keep(gateway, state, text, "house")
        if state is STATES[-1]:
            gateway.until(lambda: power_offs(gateway), 30)
            asked = power_offs(gateway)
            report.result(asked == ["PowerOff"], "undervoltage: UPower asks "
                          "logind to power off, by its own defaults")
            report.note(f"asked: {asked}")
        end(gateway, "house", state)
