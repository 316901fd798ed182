# SPDX-License-Identifier: GPL-2.0
"""What UPower and node_exporter make of every state of the board."""

import collections
import os
import re
import time

import pytest

import box

LEVELS = {"cell-low": 0, "cell-undervoltage": 0, "cell-overvoltage": 0,
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
HEALTHY, PRE_ALARM, OVERVOLTAGE, *_, UNDERVOLTAGE = STATES

# From a dead bus, chip and driver need a while
SETTLE = 30


def set_levels(gateway, label, levels):
    """Sets these, and the others as they are on a healthy board."""
    levels = {**LEVELS, **levels}
    gateway.pins(label, " ".join(f"{name} {level}" for name, level in levels.items()))


def begin(gateway, label, state):
    """Bring the board into the state."""
    if state.begin == "remote":
        gateway.ok(f"echo remote-off >{box.BENCH}/bench-{label}/told; "
                   f"smallbms --board {label} off")
    elif state.begin == "bus":
        gateway.ok(f"echo unreadable >{box.BENCH}/bench-{label}/told; "
                   f"echo timeout >{box.BENCH}/bench-{label}/fault")
    else:
        set_levels(gateway, label, dict.fromkeys(state.begin, 1))


def end(gateway, label, state):
    """Back to a healthy board."""
    if state.begin == "remote":
        gateway.ok(f"smallbms --board {label} on")
    elif state.begin == "bus":
        gateway.ok(f"echo none >{box.BENCH}/bench-{label}/fault")
    begin(gateway, label, HEALTHY)
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


def upower_of(state):
    """What `upower -d` must have of a board that knows of no charger."""
    filled = {"percentage": f"{state.capacity}%"}
    return {"battery_house": {**filled, "state": "unknown",
                              "technology": "lithium-iron-phosphate"},
            "DisplayDevice": {**filled, "warning-level": state.warning}}


def await_upower(gateway, wanted, timeout=30):
    """Waits until it has these values; those that it has."""
    found = {}

    def right():
        devices = upower(gateway)
        for device, values in wanted.items():
            found[device] = {name: devices.get(device, {}).get(name)
                             for name in values}
        return found == wanted

    gateway.until(right, timeout)
    return found


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
               "suspend.target hybrid-sleep.target reboot.target 2>&1", 300)
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


def await_scrape(gateway, label, state):
    """Waits until node_exporter has the state; its text, and what is wrong of it."""
    text, wrong = "", []

    def right():
        nonlocal text, wrong
        # What its timer does now and then
        gateway.ok("systemctl start smallbms-textfile.service")
        text, samples = scrape(gateway)
        wrong = scraped(samples, label, state)
        return not wrong

    gateway.until(right, 60)
    return text, wrong


def reached(gateway, label, state):
    """Waits for the state; False if it does not come."""
    supply = f"{box.SUPPLIES}/{label}"
    wanted = [str(state.capacity), state.level, *state.health.split()]
    return gateway.until(lambda: gateway.ok(
        f"cat {supply}/capacity {supply}/capacity_level "
        f"{supply}/health").split() == wanted)


def keep(gateway, name, *labels):
    """For the documents' pictures."""
    name = name.replace(" ", "-")
    folder = os.path.join(gateway.workdir, "states")
    os.makedirs(folder, exist_ok=True)
    supplies = " ".join(f"{box.SUPPLIES}/{label}" for label in labels)
    record = gateway.ok(f"umockdev-record {supplies}")
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


# What UPower shows, node_exporter's text and what is wrong of it, and what logind
# was asked for before and in the state
Observed = collections.namedtuple("Observed", "upower scrape wrong before asked")


def observe(gateway):
    """{name: Observed} of a board that knows of no charger: all states in turn."""
    seen, begun, earlier = {}, time.monotonic(), len(power_offs(gateway))

    def asked():
        return power_offs(gateway)[earlier:]

    only(gateway, "board-house")
    end(gateway, "house", HEALTHY)
    gateway.ok("systemctl start upower")
    for state in STATES:
        if state is UNDERVOLTAGE:
            # What UPower decided so far it carries out after 20 s
            time.sleep(max(0, 22 - (time.monotonic() - begun)))
        before = asked()
        begin(gateway, "house", state)
        reached(gateway, "house", state)
        begun = time.monotonic()
        shown = await_upower(gateway, upower_of(state), 60)
        text, wrong = await_scrape(gateway, "house", state)
        keep(gateway, state.name, "house")
        if state is UNDERVOLTAGE:
            gateway.until(asked, 30)
        seen[state.name] = Observed(shown, text, wrong, before, asked())
        end(gateway, "house", state)
    return seen


@pytest.mark.parametrize("state", STATES)
def test_upower(observed, state):
    """{state.name}: UPower shows {state.capacity} %, warning level {state.warning}"""
    assert observed[state.name].upower == upower_of(state)


@pytest.mark.parametrize("state", STATES)
def test_node_exporter(observed, state):
    """{state.name}: node_exporter has capacity {state.capacity}, {state.level},
    {state.health}, and what the outputs do; its collector succeeds"""
    assert not observed[state.name].wrong


def test_no_power_off(observed):
    """before undervoltage nothing asks to power off"""
    assert not observed["undervoltage"].before


def test_power_off(observed):
    """undervoltage: UPower asks logind to power off, by its own defaults"""
    assert observed["undervoltage"].asked == ["PowerOff"]


# Supply and pins: status; UPower's state, of the bank, and warning
Charged = collections.namedtuple("Charged", "name supply begin status state warning")
CHARGED = (
    Charged("sun", "mains", (), "Charging", "charging", "none"),
    Charged("sun, overvoltage", "mains", ("cell-overvoltage",), "Not charging",
            "fully-charged", "none"),
    Charged("sun, too hot", "mains", ("over-temperature",), "Not charging",
            "pending-charge", "none"),
    Charged("sun, undervoltage", "mains", EMPTY, "Charging", "charging", "none"),
    Charged("night", "battery", (), "Discharging", "discharging", "none"),
    Charged("night, pre-alarm", "battery", ("cell-low",), "Discharging",
            "discharging", "critical"),
    Charged("night, undervoltage", "battery", EMPTY, "Discharging", "discharging",
            "action"),
)


@pytest.fixture(scope="module")
def cabin(gateway):
    """The gateway with the board that has a charger beside it."""
    only(gateway, "board-cabin", "solar")
    gateway.ok("systemctl restart upower")
    yield gateway
    set_levels(gateway, "cabin", {})


@pytest.fixture(scope="module", params=CHARGED)
def charged(request, cabin):
    """Sun or night, and a state of the bank."""
    set_levels(cabin, "cabin", {**dict.fromkeys(request.param.begin, 1),
                                box.CHARGER_LINE: int(request.param.supply == "mains")})
    return request.param


def test_charger(cabin, charged):
    """{charged.name}: the bank is {charged.status}, UPower warns: {charged.warning}"""
    wanted = {"battery_cabin": {"state": charged.state},
              "DisplayDevice": {"warning-level": charged.warning}}
    assert await_upower(cabin, wanted) == wanted
    assert cabin.ok(f"cat {box.SUPPLIES}/cabin/status").strip() == charged.status


def test_supply(cabin, charged):
    """{charged.name}: systemd takes the host to be on {charged.supply}"""
    status, _ = cabin.run("/lib/systemd/systemd-ac-power")
    assert status == (charged.supply != "mains")
