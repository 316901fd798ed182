# SPDX-License-Identifier: GPL-2.0
"""What UPower and node_exporter make of every state of the board."""

import collections
import os
import re
import time

import box
import examples

HEALTHY = {"cell-low": 0, "cell-undervoltage": 0, "cell-overvoltage": 0,
           "over-temperature": 0, "under-temperature": 0, "charge-inhibit": 0,
           "remote-l": 0, "remote-h": 1, "remote-loop": 0}

# How the state is made; what /sys/class/power_supply says; UPower's warning, and
# smallbms_* of the textfile collector
State = collections.namedtuple(
    "State", "name begin capacity level health warning metrics")

# A busy host is a bus that stalls now and then; that has to pass
WELL = {'condition{condition="io-error"}': 0}
ON = {**WELL, 'load_on': 1, 'charge_on': 1, 'alarm': 0}
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
          {**WELL, "load_on": 0, "charge_on": 0, "remote_on": 0, "alarm": 0}),
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


def scrape(gateway):
    """What node_exporter gives, and {metric and labels: value} of it."""
    text = gateway.ok("wget -q -O - http://127.0.0.1:9100/metrics")
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
    """From now on nothing of the kind is carried out."""
    gateway.ok("systemctl mask --runtime poweroff.target hibernate.target "
               "suspend.target hybrid-sleep.target reboot.target 2>&1")
    gateway.ok("dbus-monitor --system "
               "\"interface='org.freedesktop.login1.Manager'\" "
               ">/run/asked 2>&1 & ")
    gateway.until(lambda: "NameAcquired" in gateway.ok("cat /run/asked"))


def scraped(samples, label, state):
    """What node_exporter has wrong of the state."""
    wrong = []
    if find(samples, "node_scrape_collector_success",
            collector="powersupplyclass") != 1:
        wrong.append("powersupplyclass fails")
    if find(samples, "node_power_supply_capacity",
            power_supply=label) != state.capacity:
        wrong.append("capacity")
    if find(samples, "node_power_supply_info", power_supply=label,
            capacity_level=state.level, health=state.health,
            manufacturer="smallBMS", model_name=label) != 1:
        wrong.append("info")
    for name, value in state.metrics.items():
        name, _, labels = name.partition("{")
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if find(samples, f"smallbms_{name}", power_supply=label,
                **labels) != value:
            wrong.append(f"smallbms_{name}")
    return wrong


def tell(gateway, report, label, state):
    """What node_exporter says; the text of it."""
    found = []

    def right():
        # What its timer does now and then
        gateway.ok("systemctl start smallbms-textfile.service")
        text, samples = scrape(gateway)
        found[:] = text, scraped(samples, label, state)
        return not found[1]

    gateway.until(right, 60)
    text, wrong = found
    report.result(not wrong, f"{state.name}: node_exporter has capacity "
                  f"{state.capacity}, {state.level}, {state.health}, and what "
                  "the outputs do; its collector succeeds")
    if wrong:
        report.note(f"wrong: {', '.join(wrong)}")
    return text


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
    # The charger first: the power supply of a board that has one waits for it
    drivers = {"solar": "gpio-charger", "board-house": "smallbms",
               "board-cabin": "smallbms"}
    for name, driver in drivers.items():
        path = f"/sys/bus/platform/drivers/{driver}"
        label = name.removeprefix("board-")
        told = f"{box.BENCH}/bench-{label}/told"
        if name in devices:
            bound = gateway.until(lambda name=name, path=path: not gateway.run(
                f"[ -e {path}/{name} ] || echo {name} >{path}/bind; "
                f"[ -e {path}/{name} ]")[0])
            if not bound:
                raise RuntimeError(f"{name} cannot be bound to {driver}")
        else:
            gateway.ok(f"[ ! -e {told} ] || echo leaving >{told}; "
                       f"[ ! -e {path}/{name} ] || echo {name} >{path}/unbind")


def test_states(gateway, report):
    """A board that knows of no charger: its status is Unknown."""
    only(gateway, "board-house")
    end(gateway, "house", STATES[0])
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

        good = gateway.until(right, 60)
        report.result(good, f"{state.name}: UPower shows {state.capacity} %, "
                            f"warning level {state.warning}")
        if not good:
            report.note(gateway.ok("upower -d"))
        text = tell(gateway, report, "house", state)
        keep(gateway, state, text, "house")
        if state is STATES[-1]:
            gateway.until(lambda: power_offs(gateway), 30)
            asked = power_offs(gateway)
            report.result(asked == ["PowerOff"], "undervoltage: UPower asks "
                          "logind to power off, by its own defaults")
            report.note(f"asked: {asked}")
        end(gateway, "house", state)


# Charger, pins: status; UPower's state, of the bank, and warning
Charged = collections.namedtuple("Charged", "name sun begin status state warning")
CHARGED = [
    Charged("sun", 1, (), "Charging", "charging", "none"),
    Charged("sun, overvoltage", 1, ("cell-overvoltage",), "Not charging",
            "fully-charged", "none"),
    Charged("sun, too hot", 1, ("over-temperature",), "Not charging",
            "pending-charge", "none"),
    Charged("sun, undervoltage", 1, EMPTY, "Charging", "charging", "none"),
    Charged("night", 0, (), "Discharging", "discharging", "none"),
    Charged("night, pre-alarm", 0, ("cell-low",), "Discharging", "discharging",
            "critical"),
    Charged("night, undervoltage", 0, EMPTY, "Discharging", "discharging",
            "action"),
]


def test_charger(gateway, report):
    """A board with a charger beside it knows whether it is being charged."""
    only(gateway, "board-cabin", "solar")
    gateway.ok("systemctl restart upower")
    for case in CHARGED:
        pins = {**HEALTHY, **{name: 1 for name in case.begin}}
        pins[box.CHARGER_LINE] = case.sun
        gateway.pins("cabin", " ".join(f"{k} {v}" for k, v in pins.items()))

        def right(case=case):
            devices = upower(gateway)
            bank = devices.get("battery_cabin", {})
            return (gateway.ok(f"cat {box.SUPPLIES}/cabin/status").strip() ==
                    case.status and bank.get("state") == case.state and
                    devices["DisplayDevice"].get("warning-level") ==
                    case.warning)

        good = gateway.until(right)
        report.result(good, f"{case.name}: the bank is {case.status}, UPower "
                            f"warns: {case.warning}")
        if not good:
            report.note(gateway.ok(f"cat {box.SUPPLIES}/cabin/status; upower -d"))
        on_mains = not gateway.run("/lib/systemd/systemd-ac-power")[0]
        report.result(on_mains == bool(case.sun),
                      f"{case.name}: systemd takes the host to be on "
                      f"{'mains' if case.sun else 'battery'}")
    gateway.pins("cabin", " ".join(f"{k} {v}" for k, v in HEALTHY.items()))


def test_documents(gateway, report):
    """The examples of the documents."""
    only(gateway, "board-house")
    end(gateway, "house", STATES[0])
    gateway.ok("systemctl restart upower")
    for state in STATES[:2]:
        begin(gateway, "house", state)
        reached(gateway, "house", state)
        gateway.until(lambda state=state: upower(gateway)["DisplayDevice"].get(
            "percentage") == f"{state.capacity}%")
        examples.run(gateway, report, state.name)
    end(gateway, "house", STATES[0])
