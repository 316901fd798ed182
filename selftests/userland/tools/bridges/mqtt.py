# SPDX-License-Identifier: GPL-2.0
"""smallbms-mqtt, with a real broker: what it publishes, takes, and lives through."""

import copy
import glob
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import jsonschema
import pytest

from bench import FAILED, TIMEOUT_S, USAGE
from live import await_asleep, wake_ups
from tree import NEVER_S, TREES, values

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "../../../../tools")
DISCOVERY = "homeassistant/device/smallbms_house/config"
STATE = "smallbms/house/state"
AVAILABILITY = "smallbms/house/availability"
BRIDGE = "smallbms/bridge"
GX = "smallbms/house/gx"
SET = "smallbms/house/set"
EXPIRE_S = 100
IDLE_S = 3
STATES = sorted(name[:-4] for name in os.listdir(TREES) if name.endswith(".txt"))

with open(os.path.join(HERE, "discovery.json"), encoding="utf-8") as schema_file:
    SCHEMA = json.load(schema_file)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def await_that(condition, what, end_s=TIMEOUT_S):
    """Wait until it holds; return what it returned."""
    end = time.monotonic() + end_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, what
        time.sleep(0.01)


class Broker:
    """Debian's mosquitto, with a port and a folder of its own."""

    def __init__(self, folder, *lines):
        self.folder = str(folder)
        self.port = free_port()
        self.lines = lines or ("allow_anonymous true",)
        self.child = None

    @property
    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self):
        """Nothing is kept from the last time."""
        with open(f"{self.folder}/conf", "w", encoding="ascii") as file:
            # One that begins as root reads its files as somebody else
            if os.geteuid() == 0:
                file.write("user root\n")
            file.write(f"listener {self.port} 127.0.0.1\nlog_type all\n")
            file.writelines(f"{line}\n" for line in self.lines)
        with open(f"{self.folder}/log", "a", encoding="ascii") as log:
            self.child = subprocess.Popen(["/usr/sbin/mosquitto", "-c", f"{self.folder}/conf"],
                                          stdout=log, stderr=log)
        await_that(lambda: self.listens(), "no broker")
        return self

    def listens(self):
        assert self.child.poll() is None, self.log
        with socket.socket() as client:
            return not client.connect_ex(("127.0.0.1", self.port))

    def kill(self):
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child = None


class Listener:
    """mosquitto_sub, and what it has got: (topic, payload, whether it was retained)."""

    def __init__(self, broker, *args, topic="#"):
        self.child = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-t", topic,
             "-F", "%r %t %p", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.got = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            retained, _, rest = line.rstrip("\n").partition(" ")
            topic, _, payload = rest.partition(" ")
            self.got.append((topic, payload, retained == "1"))

    def close(self):
        self.child.kill()
        self.child.wait()

    def all(self, topic):
        return [payload for name, payload, _ in list(self.got) if name == topic]

    def last(self, topic):
        found = self.all(topic)
        return found[-1] if found else None

    def json(self, topic):
        payload = self.last(topic)
        return json.loads(payload) if payload else None

    def await_last(self, topic, payload, end_s=TIMEOUT_S):
        await_that(lambda: self.last(topic) == payload,
                   f"not {payload!r}: {topic}, but {self.last(topic)!r}", end_s)

    def await_state(self, condition, topic=STATE, end_s=TIMEOUT_S):
        """Wait until the state is so; return it."""
        await_that(lambda: self.last(topic) and condition(self.json(topic)), "not so", end_s)
        return self.json(topic)


class Site:
    """A broker, boards, the bridge, and somebody who listens."""

    def __init__(self, bench, kernel, folder, program):
        self.bench = bench
        self.kernel = kernel
        self.folder = str(folder)
        self.program = program
        self.broker = Broker(folder)
        self.child = None
        self.listeners = []

    def close(self):
        for each in self.listeners:
            each.close()
        self.broker.kill()

    def configure(self, *lines, broker="127.0.0.1", port=None):
        path = f"{self.folder}/mqtt.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in (
                f"BROKER={broker}", f"PORT={port or self.broker.port}", *lines))
        return path

    def start(self, *lines, program=None, env=None, **kwargs):
        """Start the bridge, with these lines in its file."""
        path = self.configure(*lines, **kwargs)
        with open(f"{self.folder}/stderr", "w", encoding="ascii") as err:
            self.child = subprocess.Popen(
                [program or self.program, "--config", path, "--sysfs-root", self.bench.tree.root],
                stdout=err, stderr=err, env=self.bench.environment(env))
        self.bench.children.append(self.child)
        self.kernel.accept()
        return self

    def run(self, *args, expect=0):
        """Run it to its end; return what it has printed."""
        done = subprocess.run([self.program, *args], capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S)
        assert done.returncode == expect, done
        for line in done.stderr.splitlines():
            assert re.fullmatch(r"smallbms-mqtt: \S[^:]*(:\d+)?: \S.*", line), line
        return done.stdout + done.stderr

    @property
    def said(self):
        with open(f"{self.folder}/stderr", encoding="utf-8") as file:
            return file.read()

    def await_said(self, words, end_s=TIMEOUT_S):
        await_that(lambda: words in self.said, f"no {words!r} in {self.said!r}", end_s)

    def listen(self, *args, **kwargs):
        self.listeners.append(Listener(self.broker, *args, **kwargs))
        return self.listeners[-1]

    def listen_first(self):
        """Likewise, and it has subscribed."""
        mark = f"mark/{time.monotonic_ns()}"
        listener = self.listen()
        await_that(lambda: self.publish(mark, "1") or listener.all(mark), "no mark")
        return listener

    def publish(self, topic, payload, *args):
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker.port), "-q", "1",
                        "-t", topic, *(("-m", payload) if payload else ("-n",)), *args], check=True)

    def retained(self):
        """What the broker keeps: {topic: payload}."""
        listener = self.listen_first()
        return {topic: payload for topic, payload, retained in listener.got if retained}

    def put(self, changes, name="house"):
        """Change a board, and tell of it."""
        for path, value in changes.items():
            self.bench.tree.put(path, value, name)
        self.kernel.send(name=name)

    def end(self, how=signal.SIGTERM):
        self.child.send_signal(how)
        return self.child.wait(TIMEOUT_S)


@pytest.fixture(scope="session")
def program(bridge):
    return bridge("mqtt")


@pytest.fixture(scope="session")
def plain(build):
    """Without what looks for errors of memory, for programs that get in between."""
    return build("plain", "mqtt") + "-mqtt"


@pytest.fixture
def site(bench, kernel, program, tmp_path):
    place = Site(bench, kernel, tmp_path, program)
    yield place
    place.close()
    if place.child:
        assert "ERROR: " not in place.said and "runtime error" not in place.said, place.said


@pytest.fixture
def house(site):
    """A board that measures, a broker, and the bridge between them."""
    site.bench.tree.add("gauge")
    site.broker.start()
    return site


def quick(factor):
    """An environment in which time goes faster."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    return {"LD_PRELOAD": library[0], "FAKETIME": f"+0 x{factor}"}


# ---- what is published


def test_discovered(house):
    """mqtt: Home Assistant discovers a board as one device, and its state is retained"""
    listener = house.listen_first()
    house.start()
    listener.await_last(AVAILABILITY, "online")
    retained = house.retained()
    assert set(retained) == {DISCOVERY, STATE, AVAILABILITY, BRIDGE}
    config = json.loads(retained[DISCOVERY])
    jsonschema.validate(config, SCHEMA)
    assert config["device"]["identifiers"] == ["smallbms_house"]
    assert config["availability"] == [{"topic": BRIDGE}, {"topic": AVAILABILITY}]
    assert config["availability_mode"] == "all"
    assert {each.get("state_topic", STATE) for each in config["components"].values()} == {STATE}
    assert {each.get("expire_after", EXPIRE_S) for each in config["components"].values()} \
        == {EXPIRE_S}
    state = json.loads(retained[STATE])
    assert state["headline"] == "All well"
    assert state["load"] is True and state["pre_alarm"] is False and state["conditions"] == []
    measured = {key: state[key] for key in ("state_of_charge", "voltage", "current", "power",
                                            "temperature", "time_to_empty_s")}
    assert measured == {"state_of_charge": 63.4, "voltage": 13.214, "current": -32.1,
                        "power": -424.2, "temperature": 21.3, "time_to_empty_s": 14160}
    topics = [topic for topic, _, _ in listener.got if topic in (DISCOVERY, STATE, AVAILABILITY)]
    assert topics[:3] == [DISCOVERY, STATE, AVAILABILITY], topics
    assert house.end() == 0 and not house.said


def wrong(config, change):
    config = copy.deepcopy(config)
    change(config)
    return config


def test_schema(house):
    """mqtt: the schema of discovery refuses what Home Assistant would refuse"""
    listener = house.start("COMMANDS=remote load charge floor").listen()
    listener.await_last(AVAILABILITY, "online")
    config = listener.json(DISCOVERY)
    jsonschema.validate(config, SCHEMA)
    for change in (
            lambda c: c.pop("origin"),
            lambda c: c["device"].pop("identifiers"),
            lambda c: c.update(availability_topic=BRIDGE),
            lambda c: c["components"]["voltage"].pop("unique_id"),
            lambda c: c["components"]["voltage"].update(unit_of_measurement="mV"),
            lambda c: c["components"]["load"].update(state_class="measurement"),
            lambda c: c["components"]["remote_switch"].update(optimistic=True),
            lambda c: c["components"]["floor_number"].update(expire_after=EXPIRE_S),
            lambda c: c["components"].update({"a b": {"platform": "sensor"}})):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong(config, change), SCHEMA)


def find(state, template):
    """What a template of ours finds in a state."""
    for key in template[len("{{ value_json."):-len(" }}")].split("."):
        state = state[key]
    return state


def test_every_state(site):
    """mqtt: whatever state a board is in, all that Home Assistant looks for is there"""
    for name in STATES:
        site.bench.tree.add(name, name)
    site.broker.start()
    listener = site.start("GX=yes").listen()
    for name in STATES:
        listener.await_last(f"smallbms/{name}/availability", "online")
        state = listener.json(f"smallbms/{name}/state")
        config = listener.json(f"homeassistant/device/smallbms_{name}/config")
        jsonschema.validate(config, SCHEMA)
        wanted = values(name)
        for key, entity in config["components"].items():
            if "value_template" not in entity:
                continue
            value = find(state, entity["value_template"])
            if entity["platform"] == "binary_sensor":
                assert value in (True, False), (name, key, value)
        for key in ("remote", "terminals", "load", "charge", "pre_alarm"):
            assert state[key] == (wanted[f"device/{key}"] == "on"), (name, key)
        conditions = wanted["device/conditions"].split()
        assert state["conditions"] == [each for each in conditions if each != "none"]
        for key, value in state["active"].items():
            assert value == (key.replace("_", "-") in conditions), (name, key)
        gauge = "device/measurements/soc_age_s" in wanted
        fresh = gauge and int(wanted["device/measurements/soc_age_s"]) < 30
        assert (state["voltage"] is not None) == fresh, name
        assert bool(listener.all(f"smallbms/{name}/gx")) == fresh, name


def test_stale(site):
    """mqtt: a measurement that is stale is unknown, and the GX hears nothing of it"""
    site.bench.tree.add("gauge-stale")
    site.broker.start()
    listener = site.start("GX=yes").listen()
    listener.await_last(AVAILABILITY, "online")
    state = listener.json(STATE)
    for key in ("state_of_charge", "voltage", "current", "power", "temperature",
                "time_to_empty_s"):
        assert state[key] is None, key
    assert not listener.all(GX)


def test_unreadable(site):
    """mqtt: what cannot be read is unknown, and never as it was"""
    site.bench.tree.add("gauge")
    site.broker.start()
    listener = site.start("GX=yes").listen()
    listener.await_state(lambda state: state["load"])
    had = len(listener.all(GX))
    site.put({"device/load": "perhaps", "device/conditions": b"\xff\n"})
    state = listener.await_state(lambda state: state["load"] is None)
    assert state["conditions"] is None
    assert set(state["active"].values()) == {None}
    assert "All well" not in state["headline"]
    assert len(listener.all(GX)) == had


def test_names(site):
    """mqtt: boards of any name have topics, and no two the same"""
    names = ["house", "a b", "a_b", "a_20b", "b\u00fc+#/"[:-1]]
    for name in names:
        site.bench.tree.add("healthy", name)
    site.broker.start()
    listener = site.start("TOPIC=boat/aft").listen()
    ids = ["house", "a_20b", "a__b", "a__20b", "b_c3_bc_2b_23"]
    for name, each in zip(names, ids):
        listener.await_last(f"boat/aft/{each}/availability", "online")
        config = listener.json(f"homeassistant/device/boat_aft_{each}/config")
        jsonschema.validate(config, SCHEMA)
        assert config["device"]["name"] == f"smallBMS {name}"


def test_change(house):
    """mqtt: what the protection does is published at once"""
    listener = house.start().listen()
    listener.await_last(AVAILABILITY, "online")
    for state in ("pre-alarm", "undervoltage", "overvoltage", "healthy"):
        wanted = values(state)
        had = len(listener.all(STATE))
        begin = time.monotonic()
        house.put(wanted)
        listener.await_state(lambda found, wanted=wanted: (
            found["load"], found["charge"], found["conditions"] == []) == (
                wanted["device/load"] == "on", wanted["device/charge"] == "on",
                wanted["device/conditions"] == "none"))
        print(f"{state}: {1000 * (time.monotonic() - begin):.0f} ms")
        assert len(listener.all(STATE)) > had


def test_measurements(house, plain):
    """mqtt: what is measured is published once in 5 s, and the state every 30 s anyway"""
    factor = 20
    listener = house.start("GX=yes", program=plain, env=quick(factor)).listen()
    listener.await_last(AVAILABILITY, "online")
    stop = threading.Event()

    def measure():
        for microvolts in range(13000000, 14000000, 1000):
            house.bench.tree.put("voltage_now", str(microvolts))
            if stop.wait(0.005):
                return

    thread = threading.Thread(target=measure)
    thread.start()
    had, begin = len(listener.all(STATE)), time.monotonic()
    await_that(lambda: time.monotonic() - begin > 3, "the clock stands")
    stop.set()
    thread.join()
    fast = len(listener.all(STATE)) - had
    seconds = (time.monotonic() - begin) * factor
    print(f"{fast} states in {seconds:.0f} s while the voltage moves")
    assert 3 <= fast <= seconds / 5 + 2
    # Nothing moves any more. A plain file is empty for a moment while it is written.
    listener.await_state(lambda state: state["voltage"] is not None and
                         state["voltage"] * 1e6 == int(house.bench.tree.get("voltage_now")))
    had, begin = len(listener.all(STATE)), time.monotonic()
    await_that(lambda: time.monotonic() - begin > 6, "the clock stands")
    slow = len(listener.all(STATE)) - had
    seconds = (time.monotonic() - begin) * factor
    print(f"{slow} states in {seconds:.0f} s while nothing moves")
    assert 2 <= slow <= seconds / 30 + 1
    assert len(listener.all(GX)) > 3


def test_idle(site):
    """mqtt: it sleeps while nothing happens"""
    site.bench.tree.add("healthy")
    site.broker.start()
    listener = site.start().listen()
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: site.retained().get(AVAILABILITY), "nothing")
    # The last acknowledgements come in.
    before = None
    while before != wake_ups(site.child):
        before = wake_ups(site.child)
        time.sleep(0.3)
    await_asleep(site.child)
    before = wake_ups(site.child)
    time.sleep(IDLE_S)
    woken = wake_ups(site.child) - before
    print(f"{woken} wake-ups in {IDLE_S} s")
    assert woken == 0


def test_gx(house):
    """mqtt: a GX gets what dbus-mqtt-battery takes, and nothing retained"""
    listener = house.start("GX=yes").listen()
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: listener.all(GX), "nothing")
    found = listener.json(GX)
    assert found["Dc"] == {"Power": -424.2, "Voltage": 13.214, "Current": -32.1,
                           "Temperature": 21.3}
    assert found["Soc"] == 63.4 and found["TimeToGo"] == 14160
    assert set(found["Alarms"].values()) == {0}
    assert found["Io"] == {"AllowToCharge": 1, "AllowToDischarge": 1}
    assert "Info" not in found, "the GX would drop its battery monitor"
    house.put({"device/conditions": "cell-low cell-undervoltage", "device/load": "off",
               "device/load_off_reason": "cell-undervoltage"})
    await_that(lambda: listener.json(GX)["Io"]["AllowToDischarge"] == 0, "not so")
    assert listener.json(GX)["Alarms"]["LowCellVoltage"] == 2
    house.put({"device/conditions": "cell-low"})
    await_that(lambda: listener.json(GX)["Alarms"]["LowCellVoltage"] == 1, "not so")
    assert GX not in house.retained()


def test_without_discovery(house):
    """mqtt: with DISCOVERY=no nothing is said to Home Assistant"""
    listener = house.start("DISCOVERY=no").listen()
    listener.await_last(AVAILABILITY, "online")
    assert not [topic for topic in house.retained() if not topic.startswith("smallbms/")]
    assert "homeassistant" not in house.broker.log.replace(DISCOVERY, "")


# ---- what comes and goes


def test_board_goes(house):
    """mqtt: a board that is gone is offline, and online again when it is back"""
    house.bench.tree.add("healthy", "cabin")
    listener = house.start("GX=yes").listen()
    listener.await_last(AVAILABILITY, "online")
    house.bench.tree.remove()
    house.kernel.send("remove")
    listener.await_last(AVAILABILITY, "offline")
    assert listener.last("smallbms/cabin/availability") == "online"
    house.bench.tree.add("pre-alarm")
    house.kernel.send("add")
    listener.await_last(AVAILABILITY, "online")
    assert listener.json(STATE)["pre_alarm"] is True


def test_board_waited_for(site):
    """mqtt: a board that is configured and not there is offline, and waited for"""
    site.bench.tree.add("healthy", "cabin")
    site.broker.start()
    listener = site.start("BOARDS=house attic").listen()
    listener.await_last(AVAILABILITY, "offline")
    listener.await_last("smallbms/attic/availability", "offline")
    site.bench.tree.add("healthy")
    site.kernel.send("add")
    listener.await_last(AVAILABILITY, "online")
    assert not listener.all("smallbms/cabin/state"), "nobody has asked for it"


def test_board_gone_before(site):
    """mqtt: a board that was online in another life and is gone now is offline"""
    site.broker.start()
    for topic in (AVAILABILITY, BRIDGE):
        site.publish(topic, "online", "-r")
    listener = site.start().listen()
    listener.await_last(AVAILABILITY, "offline")
    assert site.retained()[AVAILABILITY] == "offline"


@pytest.mark.parametrize("how", (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV))
def test_dies(house, how):
    """mqtt: however it ends, the broker says offline, and the board stays as it was"""
    listener = house.start().listen()
    listener.await_last(BRIDGE, "online")
    listener.await_last(AVAILABILITY, "online")
    before = house.bench.tree.content()
    house.end(how)
    listener.await_last(BRIDGE, "offline")
    assert house.bench.tree.content() == before
    if how == signal.SIGSEGV:  # as was asked for
        with open(f"{house.folder}/stderr", "w", encoding="ascii"):
            pass


def test_broker_restarts(house):
    """mqtt: a broker that was killed gets all again, as it is by then"""
    listener = house.start().listen()
    listener.await_last(AVAILABILITY, "online")
    house.broker.kill()
    house.await_said("trying again")
    house.put({"device/charge": "off", "device/charge_off_reason": "cell-overvoltage",
               "device/conditions": "cell-overvoltage"})
    house.broker.start()
    house.await_said("connected again")
    listener = house.listen()
    listener.await_last(AVAILABILITY, "online")
    assert set(house.retained()) == {DISCOVERY, STATE, AVAILABILITY, BRIDGE}
    assert listener.json(STATE)["conditions"] == ["cell-overvoltage"]


def test_home_assistant_restarts(house):
    """mqtt: when Home Assistant says that it is online it gets all again"""
    listener = house.start().listen()
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: "homeassistant/status" in house.broker.log, "not subscribed")
    for times in (2, 3):
        before = {topic: len(listener.all(topic)) for topic in (DISCOVERY, STATE, AVAILABILITY)}
        house.publish("homeassistant/status", "online")
        for topic, count in before.items():
            await_that(lambda topic=topic, count=count: len(listener.all(topic)) > count,
                       f"not published {times} times: {topic}")
    before = len(listener.all(DISCOVERY))
    house.publish("homeassistant/status", "offline")
    house.publish(f"{SET}/remote", "off")
    house.put({"device/pre_alarm": "on"})
    listener.await_state(lambda state: state["pre_alarm"])
    assert len(listener.all(DISCOVERY)) == before


class Proxy:
    """Carries a connection to a broker, unless it stalls."""

    def __init__(self, broker):
        self.broker = broker
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stalled = False
        self.ended = False
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        ways = {}
        while not self.ended:
            ready = select.select([self.listener, *ways], [], [], 0.02)[0]
            for each in ready:
                if self.stalled:
                    time.sleep(0.02)
                elif each is self.listener:
                    here = each.accept()[0]
                    there = socket.create_connection(("127.0.0.1", self.broker.port))
                    ways.update({here: there, there: here})
                elif each in ways:
                    data = each.recv(65536)
                    if data:
                        ways[each].sendall(data)
                    else:
                        other = ways.pop(each)
                        ways.pop(other)
                        each.close()
                        other.close()


def memory_kb(child):
    with open(f"/proc/{child.pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_broker_stalls(house, plain):
    """mqtt: a broker that stalls costs no memory, and gets the last state afterwards"""
    proxy = Proxy(house.broker)
    listener = house.start(port=proxy.port, program=plain).listen()
    listener.await_last(AVAILABILITY, "online")
    before = memory_kb(house.child)
    proxy.stalled = True
    for number in range(1, 3001):
        house.bench.tree.put("device/pre_alarm", "on" if number % 2 else "off")
        house.bench.tree.put("device/alarm", str(number))
        house.kernel.send()
        if number % 100 == 0:
            await_asleep(house.child)
    await_asleep(house.child)
    grown = memory_kb(house.child) - before
    had = len(listener.all(STATE))
    proxy.stalled = False
    listener.await_state(lambda state: state["alarm"] == 3000)
    proxy.ended = True
    came = len(listener.all(STATE)) - had
    print(f"3000 changes: {grown} kB more, {came} states afterwards")
    assert grown < 1024
    assert came < 100


def test_broker_mute(house, plain):
    """mqtt: a broker that never answers is given up, and tried again"""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        house.start(port=mute.getsockname()[1], program=plain, env=quick(20))
        first = mute.accept()[0]
        house.await_said("the broker does not answer; trying again")
        mute.accept()[0].close()
        first.close()


def test_hour(house, plain):
    """mqtt: a broker that is gone for an hour is tried once a minute, and found then"""
    factor = 600
    times = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        house.broker.kill()
        house.broker.port = port
        house.start(program=plain, env=quick(factor), port=port)
        begin = time.monotonic()
        while time.monotonic() - begin < 3600 / factor:
            listener.settimeout(max(0.001, begin + 3600 / factor - time.monotonic()))
            try:
                listener.accept()[0].close()
                times.append((time.monotonic() - begin) * factor)
            except TimeoutError:
                break
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    print(f"{len(times)} attempts in an hour; gaps of {min(gaps):.0f} to {max(gaps):.0f} s")
    assert 30 <= len(times) <= 68
    assert sorted(gaps)[len(gaps) // 2] >= 58
    house.broker.start()
    house.await_said("connected again")
    house.listen().await_last(AVAILABILITY, "online")
    assert house.said.count("the connection was closed") == 1, house.said


def test_name_not_resolved(house, plain, tmp_path):
    """mqtt: a resolver that never answers keeps it neither from uevents nor from ending"""
    source, library = tmp_path / "slow.c", tmp_path / "slow.so"
    source.write_text("#include <unistd.h>\nint getaddrinfo(void);\n"
                      "int getaddrinfo(void)\n{\n\tfor (;;)\n\t\tpause();\n}\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    house.start(program=plain, broker="far.example", env={"LD_PRELOAD": str(library)})
    house.kernel.sockets[-1].settimeout(TIMEOUT_S)
    # Far more than its socket holds
    for _ in range(5000):
        house.kernel.send()
    await_asleep(house.child)
    assert house.end() == 0


# ---- who it talks to


def test_password(house, tmp_path):
    """mqtt: a wrong password is an error that is said once, and the right one is taken"""
    secret = tmp_path / "secret"
    subprocess.run(["mosquitto_passwd", "-b", "-c", tmp_path / "users", "boat", "a b#c"], check=True)
    house.broker.kill()
    house.broker.lines = ("allow_anonymous false", f"password_file {tmp_path}/users")
    house.broker.start()
    secret.write_text("USER=boat\nPASSWORD=wrong\n")
    secret.chmod(0o600)
    house.start(f"CREDENTIALS={secret}")
    await_that(lambda: house.broker.log.count("not authorised") >= 3, house.broker.log)
    assert house.said == (f"smallbms-mqtt: 127.0.0.1:{house.broker.port}: refused: wrong or missing "
                          "user or password; see CREDENTIALS; trying again, at last every 60 s\n")
    house.end()
    house.run("--config", house.configure(f"CREDENTIALS={secret}"), "--remove", expect=FAILED)
    secret.write_text("USER=boat\nPASSWORD=a b#c\n")
    house.start(f"CREDENTIALS={secret}")
    listener = house.listen("-u", "boat", "-P", "a b#c")
    listener.await_last(AVAILABILITY, "online")
    assert not house.said


@pytest.mark.parametrize("mode", (0o640, 0o604, 0o620, 0o611))
def test_secret_seen(site, tmp_path, mode):
    """mqtt: a password that others may read is refused"""
    secret = tmp_path / "secret"
    secret.write_text("USER=boat\nPASSWORD=secret\n")
    secret.chmod(mode)
    said = site.run("--check", "--config", site.configure(f"CREDENTIALS={secret}"), expect=USAGE)
    assert f"{secret}: it holds a secret" in said and f"mode {mode:04o}" in said
    secret.chmod(0o600)
    assert not site.run("--check", "--config", site.configure(f"CREDENTIALS={secret}"))


def openssl(folder, *args):
    subprocess.run(["openssl", *args], check=True, cwd=folder, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A CA, a certificate of it for localhost, one for a client, and another CA."""
    folder = tmp_path_factory.mktemp("ca")
    for name in ("ca", "other"):
        openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    for name, host in (("broker", "localhost"), ("client", "gateway")):
        openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / "names").write_text(f"subjectAltName=DNS:{host}\n")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.crt")
        os.chmod(folder / f"{name}.key", 0o600)
    return folder


@pytest.fixture
def tls_house(house, authority):
    house.broker.kill()
    house.broker.lines = ("allow_anonymous true", f"cafile {authority}/ca.crt",
                          f"certfile {authority}/broker.crt", f"keyfile {authority}/broker.key",
                          "require_certificate true")
    house.broker.start()
    return house


def tls_lines(authority, ca="ca"):
    return ("TLS=yes", f"CA={authority}/{ca}.crt", f"CERTIFICATE={authority}/client.crt",
            f"KEY={authority}/client.key")


def tls_listener(house, authority):
    return house.listen("--cafile", f"{authority}/ca.crt", "--cert", f"{authority}/client.crt",
                        "--key", f"{authority}/client.key", "--insecure")


def test_tls(tls_house, authority):
    """mqtt: over TLS, with a certificate of its own, all is as without"""
    listener = tls_listener(tls_house, authority)
    tls_house.start(*tls_lines(authority), broker="localhost")
    listener.await_last(AVAILABILITY, "online")
    tls_house.put({"device/pre_alarm": "on"})
    listener.await_state(lambda state: state["pre_alarm"])
    assert not tls_house.said


def test_tls_refused(tls_house, authority):
    """mqtt: a broker that cannot prove who it is gets nothing, and why is said"""
    for lines, broker in ((tls_lines(authority, "other"), "localhost"),
                          (tls_lines(authority), "127.0.0.1")):
        tls_house.start(*lines, broker=broker)
        tls_house.await_said("certificate verify failed; trying again")
        print(tls_house.said.strip())
        tls_house.end()
    tls_house.start(broker="localhost")
    tls_house.await_said("trying again")
    tls_house.end()
    listener = tls_listener(tls_house, authority)
    tls_house.start(*tls_lines(authority), broker="localhost")
    listener.await_last(BRIDGE, "online")
    assert [payload for _, payload, _ in listener.got].count("online") >= 1


# ---- what it takes


def test_no_commands(house):
    """mqtt: unless that is allowed nobody listens for commands"""
    listener = house.start().listen()
    listener.await_last(AVAILABILITY, "online")
    before = house.bench.tree.content()
    for command, payload in (("remote", "off"), ("load", "off"), ("charge", "inhibit-charge"),
                             ("floor", "50")):
        house.publish(f"{SET}/{command}", payload)
    house.put({"device/pre_alarm": "on"})
    listener.await_state(lambda state: state["pre_alarm"])
    house.bench.tree.put("device/pre_alarm", "off")
    assert house.bench.tree.content() == before
    assert "/set/" not in re.sub(r".*(PUBLISH|mosq).*", "", house.broker.log)
    config = listener.json(DISCOVERY)["components"]
    assert not [each for each in config.values() if "command_topic" in each]
    assert config["remote_switch"] == {"platform": "switch"}


COMMANDS = {
    "remote": ("device/remote", "off", "on", "remote_switch", "remote"),
    "load": ("device/load_request", "shed", "auto", "load_request_select", "load_request"),
    "charge": ("charge_behaviour", "inhibit-charge", "auto", "charge_switch", "charge_behaviour"),
    "floor": ("device/soc_floor_percent", "20", "0", "floor_number", "soc_floor_percent"),
}


@pytest.mark.parametrize("allowed", COMMANDS)
def test_command(house, allowed):
    """mqtt: {allowed} alone is taken where it alone is allowed, and answered by what is so"""
    listener = house.start(f"COMMANDS={allowed}").listen()
    listener.await_last(AVAILABILITY, "online")
    config = listener.json(DISCOVERY)
    jsonschema.validate(config, SCHEMA)
    path, value, back, key, reading = COMMANDS[allowed]
    entity = config["components"][key]
    assert entity["command_topic"] == f"{SET}/{allowed}"
    assert list(config["components"][reading]) == ["platform"]
    await_that(lambda: f"smallbms/+/set/{allowed}" in house.broker.log, "not subscribed")
    before = house.bench.tree.content()
    for other in set(COMMANDS) - {allowed}:
        house.publish(f"{SET}/{other}", COMMANDS[other][1])
    for each in (value, back):
        had = len(listener.all(STATE))
        house.publish(f"{SET}/{allowed}", each)
        await_that(lambda had=had: len(listener.all(STATE)) > had, "no answer")
        found = find(listener.json(STATE), entity["value_template"])
        expected = {"on": True, "off": False}.get(each, each) if allowed == "remote" else each
        assert str(found) == str(expected)
        assert house.bench.tree.get(path) == each
        house.await_said(f"set to '{each}' by MQTT")
    after = house.bench.tree.content()
    changed = {os.path.basename(each) for each in after if after[each] != before[each]}
    assert changed <= {os.path.basename(path), "soc_floor_recover_percent"}


@pytest.mark.parametrize("payload", ("", "OFF", "false", "off\n", "off ", "0", "on" * 40, "\u00e9"))
def test_command_refused(house, payload):
    """mqtt: a command that is none changes nothing, is answered by the state, and logged"""
    listener = house.start("COMMANDS=remote floor").listen()
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: "smallbms/+/set/floor" in house.broker.log, "not subscribed")
    before = house.bench.tree.content()
    for number, command in ((1, "remote"), (2, "floor")):
        had = len(listener.all(STATE))
        bad = {"0": "91"}.get(payload, payload) if command == "floor" else payload
        house.publish(f"{SET}/{command}", bad)
        await_that(lambda had=had: len(listener.all(STATE)) > had, "no answer")
        await_that(lambda number=number: house.said.count("no such command") == number, house.said)
    assert house.bench.tree.content() == before
    assert listener.json(STATE)["remote"] is True


def test_command_not_written(house):
    """mqtt: a command that the board does not take is answered by the state, and logged"""
    listener = house.start("COMMANDS=remote load").listen()
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: "smallbms/+/set/load" in house.broker.log, "not subscribed")
    os.remove(house.bench.tree.path("device/remote"))
    os.mkdir(house.bench.tree.path("device/remote"))
    os.remove(house.bench.tree.path("device/load_request"))
    os.symlink("/dev/null", house.bench.tree.path("device/load_request"))
    for command, why in (("remote", "house/remote: cannot write 'off'"),
                         ("load", "house/load_request: 'off' was written, but")):
        had = len(listener.all(STATE))
        house.publish(f"{SET}/{command}", "off")
        await_that(lambda had=had: len(listener.all(STATE)) > had, "no answer")
        house.await_said(why)
    assert listener.json(STATE)["remote"] is None
    assert "set to" not in house.said


def test_command_retained(house):
    """mqtt: a command that the broker has kept is not obeyed"""
    house.publish(f"{SET}/remote", "off", "-r")
    listener = house.start("COMMANDS=remote").listen()
    listener.await_last(AVAILABILITY, "online")
    house.await_said("was published as retained, and is ignored: 'off' for remote")
    assert house.bench.tree.get("device/remote") == "on"
    house.publish("smallbms/attic/set/remote", "off")
    house.await_said("attic: a command came by MQTT, and there is no such board")


def test_floor_above_recovery(house):
    """mqtt: a floor takes its recovery along where that would be below it"""
    house.bench.tree.put("device/soc_floor_percent", "20")
    house.bench.tree.put("device/soc_floor_recover_percent", "40")
    listener = house.start("COMMANDS=floor").listen()
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: "smallbms/+/set/floor" in house.broker.log, "not subscribed")
    for floor, recover in ((30, 40), (40, 45), (90, 95), (0, 95)):
        house.publish(f"{SET}/floor", str(floor))
        state = listener.await_state(lambda state, floor=floor: state["soc_floor_percent"] == floor)
        assert state["soc_floor_recover_percent"] == recover


def test_command_floor_recover(house):
    """mqtt: a floor is set beside the recovery as it is now, of which nobody was told"""
    listener = house.start("COMMANDS=floor").listen()
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: "smallbms/+/set/floor" in house.broker.log, "not subscribed")
    house.bench.tree.put("device/soc_floor_recover_percent", "60")
    house.publish(f"{SET}/floor", "30")
    state = listener.await_state(lambda state: state["soc_floor_percent"] == 30)
    assert state["soc_floor_recover_percent"] == 60


def test_state_of_charge(site):
    """mqtt: where the lines know better than a gauge their state of charge is published; a
    bank that is not being emptied has no time to empty"""
    site.bench.tree.add("gauge").put("time_to_empty_avg", NEVER_S)
    site.broker.start()
    listener = site.start("GX=yes").listen()
    assert listener.await_state(lambda state: True)["time_to_empty_s"] is None
    listener.await_state(lambda gx: gx["Dc"]["Power"] and "TimeToGo" not in gx, GX)
    # 3 is what the driver makes of less, for desktops
    site.put({"device/gauge/soc_permille": "12", "capacity": "3"})
    listener.await_state(lambda state: state["state_of_charge"] == 1.2)
    site.put({"device/gauge/soc_permille": "634", "capacity": "1"})
    assert listener.await_state(lambda state: state["state_of_charge"] == 1)
    listener.await_state(lambda gx: gx["Soc"] == 1, GX)


def test_flood(house):
    """mqtt: a flood of commands leaves the outputs alone, and what comes after it is obeyed"""
    listener = house.start("COMMANDS=floor").listen(topic="smallbms/#")
    listener.await_last(AVAILABILITY, "online")
    await_that(lambda: "smallbms/+/set/floor" in house.broker.log, "not subscribed")
    before = house.bench.tree.content()
    lines = "".join(f"junk {number}\n" for number in range(2000))
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(house.broker.port), "-q", "0",
                    "-t", f"{SET}/floor", "-l"], input=lines, text=True, check=True)
    assert house.bench.tree.content() == before
    house.publish(f"{SET}/floor", "30")
    listener.await_state(lambda state: state["soc_floor_percent"] == 30)
    assert house.child.poll() is None


# ---- taking it back


def test_remove(house):
    """mqtt: --remove takes back all that was published, also of boards that are gone,
    and nothing of others"""
    house.publish("homeassistant/device/smallbms_attic/config", "{}", "-r")
    house.publish("smallbms/attic/availability", "offline", "-r")
    others = {"smallbms": "kept", "smallbms/tank/level": "63", "other/topic": "kept"}
    for topic, payload in others.items():
        house.publish(topic, payload, "-r")
    listener = house.start().listen()
    listener.await_last(AVAILABILITY, "online")
    path = house.configure()
    assert "its bridge is running" in house.run("--remove", "--config", path, expect=FAILED)
    assert DISCOVERY in house.retained()
    house.end()
    await_that(lambda: house.retained()[BRIDGE] == "offline", "it did not end")
    print(house.run("--remove", "--config", path))
    assert house.retained() == others
    await_that(lambda: listener.last(DISCOVERY) == "", "no empty message")


def test_remove_refused(house, tmp_path):
    """mqtt: --remove says why when it cannot"""
    house.broker.kill()
    path = house.configure()
    assert "Connection refused" in house.run("--remove", "--config", path, expect=FAILED)
    (tmp_path / "acl").write_text("topic write #\n")
    house.broker.lines = ("allow_anonymous true", f"acl_file {tmp_path}/acl")
    house.broker.start()
    assert "may this user read" in house.run("--remove", "--config", path, expect=FAILED)


# ---- the file, the options, the unit


@pytest.mark.parametrize("lines,why", (
    (["BROKER="], "line 1: BROKER: it has no value"),
    (["BROKER=mqtt://x"], "line 1: BROKER: 'mqtt://x' is not the name"),
    ([], "BROKER: it is missing"),
    (["BROKER=x", "BROKER=y"], "line 2: BROKER: it is already in line 1"),
    (["BROKER=x", "PORT=0"], "line 2: PORT: '0' is not a whole number from 1 to 65535"),
    (["BROKER=x", "", "PASSWORD=x"], "line 3: PASSWORD: there is no such setting; there are BROKER"),
    (["BROKER=x", "TOPIC=a/#"], "TOPIC: 'a/#' is not a topic"),
    (["BROKER=x", "TOPIC=/a"], "TOPIC: '/a' is not a topic"),
    (["BROKER=x", f"TOPIC={'a' * 100}"], "TOPIC: it is longer than 99 characters"),
    (["BROKER=x", "GX=1"], "GX: '1' is neither yes nor no"),
    (["BROKER=x", "COMMANDS=remote all"], "'all' is none of remote, load, charge and floor"),
    (["BROKER=x", "BOARDS='house'"], "is not the name of a board"),
    (["BROKER=x", "CREDENTIALS=/nowhere"], "/nowhere: cannot be read: No such file"),
    (["BROKER=x", "TLS=yes", "CA=ca.crt"], "CA: 'ca.crt' is not an absolute path"),
    (["BROKER=x", "TLS=yes", "CA=/nowhere"], "CA: '/nowhere' cannot be read: No such file"),
    (["BROKER=x", "CA=/etc/passwd"], "TLS: CA and CERTIFICATE need TLS=yes"),
    (["BROKER=x", "TLS=yes", "CERTIFICATE=/etc/passwd"], "CERTIFICATE and KEY need each other"),
    (["BROKER=x", "TLS=yes", "KEY=/etc/passwd"], "KEY: '/etc/passwd' holds a secret"),
))
def test_mistake(site, tmp_path, lines, why):
    """mqtt: a mistake in the file is refused, with its line and why: {why}"""
    path = tmp_path / "conf"
    path.write_text("".join(f"{line}\n" for line in lines))
    for args in ((), ("--check",), ("--remove",)):
        assert why in site.run("--config", str(path), *args, expect=USAGE)


def test_example(site):
    """mqtt: the example of the package is right, and takes no commands"""
    example = f"{TOOLS}/systemd/mqtt.conf"
    assert not site.run("--check", "--config", example)
    with open(example, encoding="utf-8") as file:
        text = file.read()
    # What is commented out is right, too, but for files that are not there
    lines = re.sub(r"(?m)^#(?=[A-Z]+=)", "", text)
    lines = re.sub(r"(?m)^(BROKER|CREDENTIALS|CA|CERTIFICATE|KEY)=.*\n", "", lines)
    path = os.path.join(site.folder, "conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("BROKER=x\n" + lines)
    assert not site.run("--check", "--config", path)


def test_options(site):
    """mqtt: --help and --version print; what is no option is refused"""
    assert "--remove" in site.run("--help")
    assert re.fullmatch(r"smallbms-mqtt [\d.]+\n", site.run("--version"))
    for args in (["--frob"], ["house"], ["--config"], ["--check", "--remove"]):
        assert args[-1] in site.run(*args, expect=USAGE) or "--remove" in args


def test_manual():
    """mqtt: the manual page has each option and each setting"""
    with open(f"{TOOLS}/mqtt/smallbms-mqtt.1", encoding="utf-8") as file:
        page = file.read()
    with open(f"{TOOLS}/mqtt/settings.c", encoding="utf-8") as file:
        settings = re.findall(r'\{ "([A-Z]+)", ', file.read())
    with open(f"{TOOLS}/mqtt/main.c", encoding="utf-8") as file:
        options = re.findall(r'\{ "([a-z-]+)", (?:no|required)', file.read())
    assert len(settings) == 14 and len(options) == 6
    for each in settings:
        assert f".It Cm {each}" in page, each
    for each in options:
        assert f".It Fl -{each}" in page or each in ("help", "version"), each


def test_hardened(build, tmp_path):
    """mqtt: its service is hardened: 2.0 or better by systemd's own measure"""
    folder = os.path.dirname(build("sanitized", "mqtt"))
    unit = "smallbms-mqtt.service"
    subprocess.run(["make", "-s", "-C", TOOLS, f"O={folder}", f"{folder}/{unit}"], check=True)
    shutil.copy(f"{folder}/{unit}", tmp_path)
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20",
                           str(tmp_path / unit)], capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level for smallbms-mqtt.service: (\S+)", done.stdout)
    print(f"exposure {exposure.group(1)}")
    assert float(exposure.group(1)) <= 2.0 and not done.returncode, done.stdout + done.stderr
