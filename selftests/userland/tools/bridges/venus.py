# SPDX-License-Identifier: GPL-2.0
"""smallbms-venus: boards as batteries on a bus of their own, seen by others' programs."""

import asyncio
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
from dbus_next import Message, MessageType, Variant
from dbus_next.aio import MessageBus
from dbus_next.service import ServiceInterface, method

from bench import DONE, FAILED, NOBODY, TIMEOUT_S, USAGE
from live import Kernel, await_asleep, wake_ups
from tree import NEVER_S, values

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "../../../../tools")
CACHE = os.path.join(HERE, "../../../lib/cache")
ITEM = "com.victronenergy.BusItem"
HOUSE = "com.victronenergy.battery.smallbms_house"
SETTINGS = "com.victronenergy.settings"
NONE = ("ai", [])
DICTIONARIES = "aa{sv}"
IDLE_S = 3.0

SESSION = """<busconfig>
<type>session</type>
<listen>unix:path={path}</listen>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/>
<allow own="*"/>
</policy>
</busconfig>
"""
# The rules of the system bus, as dbus-daemon's own system.conf has them
SYSTEM = """<busconfig>
<type>system</type>
<listen>unix:path={path}</listen>
<policy context="default">
<allow user="*"/>
<deny own="*"/>
<deny send_type="method_call"/>
<allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/>
<allow receive_type="method_return"/>
<allow receive_type="error"/>
<allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
</policy>
<include>{policy}</include>
</busconfig>
"""


def within(condition, what="", seconds=TIMEOUT_S):
    """Wait until it is so; return what it has become."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, f"not so: {what}"
        time.sleep(0.02)


def pair(variant):
    return variant.signature, variant.value


class Settings(ServiceInterface):
    """What numbers devices, in the place of Venus OS' own."""

    def __init__(self, answer=None):
        super().__init__("com.victronenergy.Settings")
        self.asked = []
        self.known = {}
        self.answer = answer

    @method()
    def AddSettings(self, settings: DICTIONARIES) -> DICTIONARIES:
        wanted, = [{key: each.value for key, each in one.items()} for one in settings]
        self.asked.append(wanted)
        if self.answer is not None:
            return self.answer
        number = int(wanted["default"].split(":")[1])
        while f"battery:{number}" in self.known.values():
            number += 1
        value = self.known.setdefault(wanted["path"], f"battery:{number}")
        return [{"path": Variant("s", wanted["path"]), "error": Variant("i", 0),
                 "value": Variant("s", value)}]


class Bus:
    """A dbus-daemon, and what is said on it."""

    def __init__(self, folder, text=SESSION, **words):
        self.path = os.path.join(folder, "bus")
        self.config = os.path.join(folder, "bus.conf")
        self.address = f"unix:path={self.path}"
        self.client = None
        self.loop = asyncio.new_event_loop()
        # A bus that ends is no error here
        self.loop.set_exception_handler(lambda _loop, _context: None)
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        with open(self.config, "w", encoding="ascii") as file:
            file.write(text.format(path=self.path, **words))
        self.start()

    def start(self):
        self.daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.config}", "--nofork", "--nopidfile"],
            stderr=subprocess.DEVNULL)
        within(lambda: os.path.exists(self.path), "the bus")

    def stop(self):
        self.daemon.send_signal(signal.SIGCONT)
        self.daemon.terminate()
        self.daemon.wait()
        if os.path.exists(self.path):
            os.remove(self.path)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.stop()

    def number(self, answer=None):
        """Start what numbers devices."""
        settings = Settings(answer)

        async def offer():
            bus = await MessageBus(bus_address=self.address).connect()
            bus.export("/Settings/Devices", settings)
            await bus.request_name(SETTINGS)

        asyncio.run_coroutine_threadsafe(offer(), self.loop).result(TIMEOUT_S)
        return settings

    def take(self, name):
        """Have the name; return the connection."""
        async def request():
            bus = await MessageBus(bus_address=self.address).connect()
            await bus.request_name(name)
            return bus

        return asyncio.run_coroutine_threadsafe(request(), self.loop).result(TIMEOUT_S)

    def busctl(self, *words, **kwargs):
        return subprocess.run(["busctl", f"--address={self.address}", *words],
                              capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
                              **kwargs)

    def call(self, service, path, member, *words, interface=ITEM):
        """Return the type and the value of the answer, or the error; a word is a Variant."""
        async def send():
            if not self.client or not self.client.connected:
                self.client = await MessageBus(bus_address=self.address).connect()
            return await self.client.call(Message(
                destination=service, path=path, interface=interface, member=member,
                signature="v" if words and isinstance(words[0], Variant) else "s" * len(words),
                body=list(words)))

        future = asyncio.run_coroutine_threadsafe(send(), self.loop)
        answer = future.result(TIMEOUT_S)
        if answer.message_type is MessageType.ERROR:
            return "error", answer.body[0]
        return answer.signature, answer.body[0]

    def names(self):
        """Those of batteries, with their connections."""
        daemon = ("org.freedesktop.DBus", "/")
        found = {name: self.call(*daemon, "GetNameOwner", name, interface=daemon[0])
                 for name in self.call(*daemon, "ListNames", interface=daemon[0])[1]
                 if name.startswith("com.victronenergy.battery")}
        return {name: owner for name, (kind, owner) in found.items() if kind == "s"}

    def items(self, service=HOUSE):
        """All items: path to type and value, and the texts."""
        kind, items = self.call(service, "/", "GetItems")
        assert kind == "a{sa{sv}}", (kind, items)
        for item in items.values():
            assert item.keys() == {"Value", "Text"} and item["Text"].signature == "s"
        return ({path: pair(item["Value"]) for path, item in items.items()},
                {path: item["Text"].value for path, item in items.items()})

    def values(self, service=HOUSE):
        """Path to value, None for none."""
        return {path: None if (kind, value) == NONE else value
                for path, (kind, value) in self.items(service)[0].items()}

    def await_values(self, service=HOUSE, seconds=TIMEOUT_S, **expected):
        """Wait until these items are so; / in a path is written as __."""
        def so():
            found = self.values(service)
            return all(found["/" + path.replace("__", "/")] == value
                       for path, value in expected.items())

        within(so, expected, seconds)


class Look:
    """A program that looks at the bus, from npm; what it says is read as it comes."""

    def __init__(self, bus, *words):
        env = {"PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": bus.address,
               "NODE_PATH": f"{packages()}/node_modules"}
        self.child = subprocess.Popen(["node", os.path.join(HERE, "venus.js"), *words], env=env,
                                      text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            self.lines.put(json.loads(line))

    def look(self, key, condition=lambda value: True):
        """Return the next object that has the key, and is so."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            found = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            self.seen.append(found)
            if key in found and condition(found[key]):
                return found[key]

    def all(self, key):
        """Everything that has the key, so far."""
        while not self.lines.empty():
            self.seen.append(self.lines.get())
        return [each[key] for each in self.seen if key in each]

    def ask(self, *request):
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        found = self.lines.get(timeout=TIMEOUT_S)
        return found.get("answer", found.get("error"))

    def close(self):
        self.child.kill()
        self.child.communicate()


def packages():
    return subprocess.run([CACHE, "venus"], check=True, capture_output=True,
                          text=True).stdout.strip()


class Venus:
    """The bridge, the boards, the kernel and the bus."""

    def __init__(self, program, bench, bus):
        self.program = program
        self.bench = bench
        self.bus = bus
        self.kernel = Kernel(bench.tree.root)
        self.folder = bench.folder
        self.state = os.path.join(bench.folder, "state")
        os.mkdir(self.state)
        self.log = os.path.join(bench.folder, "log")
        self.looks = []
        self.child = None

    def configure(self, text):
        path = os.path.join(self.folder, "venus.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, text="[house]\nINSTANCE=20\n", listens=True, env=None, **kwargs):
        """Start it with that configuration."""
        env = env or {"DBUS_SESSION_BUS_ADDRESS": self.bus.address}
        with open(self.log, "a", encoding="utf-8") as log:
            self.child = subprocess.Popen(
                [self.program, "--sysfs-root", self.bench.tree.root, "--config",
                 self.configure(text), "--state-directory", self.state], stderr=log,
                stdin=subprocess.DEVNULL, env=self.bench.environment(env), **kwargs)
        self.bench.children.append(self.child)
        if listens:
            self.kernel.accept()
        return self

    def started(self, *args, **kwargs):
        """The same, and wait until the board is on the bus."""
        self.start(*args, **kwargs)
        within(lambda: HOUSE in self.bus.names(), "on the bus")
        return self

    def end(self):
        """Tell it to end; return how it did."""
        self.child.terminate()
        self.child.wait(TIMEOUT_S)
        if self.kernel.sockets:
            self.kernel.sockets.pop().close()
        return self.child.returncode

    def put(self, changes, name="house"):
        """Change the board, and let the kernel tell of it."""
        for path, value in changes.items():
            self.bench.tree.put(path, value, name)
        self.kernel.send(name=name)

    def said(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def await_said(self, words):
        within(lambda: words in self.said(), words)

    def look(self, *words):
        self.looks.append(Look(self.bus, *words))
        return self.looks[-1]

    def close(self):
        for look in self.looks:
            look.close()
        self.kernel.close()
        if self.child and self.child.poll() is None:
            assert self.end() == DONE
        for line in (self.said() if self.child else "").splitlines():
            assert re.fullmatch(r"smallbms-venus: \S[^:]*: \S.*", line), line


@pytest.fixture(scope="session")
def program(bridge):
    return bridge("venus")


@pytest.fixture
def bus(bench):
    each = Bus(bench.folder)
    yield each
    each.close()


@pytest.fixture
def venus(program, bench, bus):
    each = Venus(program, bench, bus)
    yield each
    each.close()


# What a healthy board shows with a fresh gauge; path: type, value, text
SHOWN = {
    "/Mgmt/ProcessName": ("s", "smallbms-venus", "smallbms-venus"),
    "/Mgmt/ProcessVersion": ("s", None, None),
    "/Mgmt/Connection": ("s", "smallBMS board house", "smallBMS board house"),
    "/DeviceInstance": ("i", 20, "20"),
    "/ProductId": ("i", 0, "0"),
    "/ProductName": ("s", "smallBMS house", "smallBMS house"),
    "/CustomName": ("s", "", ""),
    "/FirmwareVersion": ("s", None, None),
    "/HardwareVersion": (*NONE, "---"),
    "/Connected": ("i", 1, "1"),
    "/Soc": ("d", 63.4, "63.4%"),
    "/Dc/0/Voltage": ("d", 13.21, "13.21V"),
    "/Dc/0/Current": ("d", -32.1, "-32.1A"),
    "/Dc/0/Power": ("d", -424, "-424W"),
    "/Dc/0/Temperature": ("d", 21.3, "21.3°C"),
    "/TimeToGo": ("i", 14160, "14160s"),
    "/ConsumedAmphours": ("d", -73.2, "-73.2Ah"),
    "/Capacity": ("d", 126.8, "126.8Ah"),
    "/InstalledCapacity": ("d", 200, "200.0Ah"),
    **{f"/Alarms/{alarm}": ("i", 0, "0") for alarm in (
        "LowVoltage", "HighVoltage", "LowCellVoltage", "HighCellVoltage", "LowTemperature",
        "HighTemperature", "LowChargeTemperature", "HighChargeTemperature",
        "InternalFailure", "BmsCable")},
    "/Io/AllowToCharge": ("i", 1, "1"),
    "/Io/AllowToDischarge": ("i", 1, "1"),
    "/System/NrOfModulesBlockingCharge": ("i", 0, "0"),
    "/System/NrOfModulesBlockingDischarge": ("i", 0, "0"),
    "/Mode": ("i", 3, "3"),
    "/State": ("i", 9, "9"),
}


def version():
    with open(f"{TOOLS}/../driver/main.c", encoding="ascii") as file:
        return re.search(r'MODULE_VERSION\("(.*)"\)', file.read()).group(1)


def test_shown(venus):
    """A board is a battery, with all paths, types and units of Venus OS"""
    venus.bench.tree.add("gauge")
    venus.started()
    found, texts = venus.bus.items()
    assert list(found) == list(SHOWN)
    for path, (kind, value, text) in SHOWN.items():
        if value is None:
            value = text = version()
        assert found[path] == (kind, value), path
        assert texts[path] == text, path
        assert venus.bus.call(HOUSE, path, "GetValue") == \
            ("v", Variant(kind, value)), path
        assert venus.bus.call(HOUSE, path, "GetText") == ("s", text), path
    kind, root = venus.bus.call(HOUSE, "/", "GetValue")
    assert kind == "v" and root.signature == "a{sv}"
    assert {"/" + path: pair(each) for path, each in root.value.items()} == found
    kind, root = venus.bus.call(HOUSE, "/", "GetText")
    assert kind == "v" and {"/" + path: text for path, text in root.value.items()} == texts
    print(venus.bus.busctl("tree", HOUSE).stdout)


ALARMS = {
    "healthy": {},
    "pre-alarm": {"LowCellVoltage": 2, "LowVoltage": 1},
    "nearly-empty": {"LowCellVoltage": 1, "LowVoltage": 1},
    "undervoltage": {"LowCellVoltage": 2, "LowVoltage": 2},
    "waiting-for-reconnect": {"LowVoltage": 2},
    "overvoltage": {"HighCellVoltage": 2, "HighVoltage": 2},
    "over-temperature": {"HighTemperature": 2, "HighChargeTemperature": 2},
    "under-temperature": {"LowTemperature": 2, "LowChargeTemperature": 2},
    "charge-inhibit": {},
    "shed-counts": {},
    "shed": {},
    "remote-off": {},
    "implausible": {"LowCellVoltage": 2, "LowVoltage": 1, "HighCellVoltage": 2,
                    "HighVoltage": 2, "BmsCable": 2},
    "sense-mismatch": {"InternalFailure": 2},
    "io-error": {"LowCellVoltage": 2, "LowVoltage": 1, "HighCellVoltage": 2,
                 "InternalFailure": 2},
}
MODES = {"remote-off": (4, 14), "shed": (252, 9), "implausible": (3, 10),
         "sense-mismatch": (3, 10), "io-error": (3, 10)}


def test_alarms(venus):
    """Each state of a board has its alarms, outputs, mode and state"""
    venus.bench.tree.add("healthy")
    venus.started()
    for state, alarms in ALARMS.items():
        had = values(state)
        # A value that every state has, so that the test knows when it is shown
        number = 100 + list(ALARMS).index(state)
        venus.put({**had, "charge_full_design": number * 1000000})
        venus.bus.await_values(InstalledCapacity=number)
        found = venus.bus.values()
        assert {path[8:]: value for path, value in found.items()
                if path.startswith("/Alarms/") and value != 0} == alarms, state
        for output, attribute in (("Charge", "charge"), ("Discharge", "load")):
            on = had[f"device/{attribute}"] == "on"
            assert found[f"/Io/AllowTo{output}"] == on, state
            assert found[f"/System/NrOfModulesBlocking{output}"] == (not on), state
        assert (found["/Mode"], found["/State"]) == MODES.get(state, (3, 9)), state


@pytest.mark.parametrize("how", ["taken away", "junk"])
def test_unreadable(venus, how):
    """What cannot be read is not shown as good [{how}]"""
    venus.bench.tree.add("gauge")
    venus.started("[house]\nINSTANCE=20\nMAX_CHARGE_VOLTAGE=14.2\n"
                  "MAX_CHARGE_CURRENT=100\nMAX_DISCHARGE_CURRENT=150\n")
    for path in values("gauge"):
        if path.startswith("device/") and "stats" not in path:
            if how == "junk":
                venus.bench.tree.put(path, "Hello\x01")
            else:
                venus.bench.tree.take(path)
    venus.kernel.send()
    venus.bus.await_values(Alarms__InternalFailure=2, Soc=None, State=10, Mode=None)
    found = venus.bus.values()
    assert {path for path, value in found.items() if path.startswith("/Alarms") and
            value is not None} == {"/Alarms/InternalFailure"}
    for path in ("/Soc", "/Dc/0/Voltage", "/Dc/0/Current", "/Dc/0/Power", "/TimeToGo",
                 "/Dc/0/Temperature", "/ConsumedAmphours", "/Capacity"):
        assert found[path] is None, path
    for path in ("/Io/AllowToCharge", "/Io/AllowToDischarge", "/Info/MaxChargeCurrent",
                 "/Info/MaxDischargeCurrent"):
        assert found[path] == 0, path


def test_stale(venus):
    """S3: What becomes stale loses its value, and has one again when it is fresh"""
    venus.bench.tree.add("gauge")
    venus.started()
    measured = ["/Soc", "/Dc/0/Voltage", "/Dc/0/Current", "/Dc/0/Power", "/Dc/0/Temperature",
                "/TimeToGo", "/ConsumedAmphours", "/Capacity"]
    assert None not in [venus.bus.values()[path] for path in measured]
    # As the driver has it while the bank is not being emptied
    venus.put({"time_to_empty_avg": str(NEVER_S)})
    venus.bus.await_values(TimeToGo=None)
    # Of its age the kernel reports nothing
    for path, value in values("gauge-stale").items():
        if "_age_s" in path:
            venus.bench.tree.put(path, value)
    venus.bus.await_values(Soc=None)
    assert {path for path, value in venus.bus.values().items() if value is None} == \
        {"/HardwareVersion", *measured}
    venus.put(values("gauge"))
    venus.bus.await_values(Soc=63.4, Dc__0__Voltage=13.21)
    venus.bench.tree.put("voltage_now", "13100000")
    venus.bus.await_values(Dc__0__Voltage=13.1, Dc__0__Power=-421)


def test_clipped(venus):
    """A gauge does not call a bank full that is empty by its lines"""
    venus.bench.tree.add("gauge").put("capacity", "1")
    venus.started()
    assert venus.bus.values()["/Soc"] == 1
    venus.put({"capacity": "63"})
    venus.bus.await_values(Soc=63.4)


CONTROL = """[house]
INSTANCE=20
MAX_CHARGE_VOLTAGE=14.2
MAX_CHARGE_CURRENT=100
MAX_DISCHARGE_CURRENT=150.5
"""


def test_control(venus):
    """Only a board that is configured to control has limits, 0 while an output is off"""
    venus.bench.tree.add("healthy").add("healthy", "cabin")
    venus.started(CONTROL + "[cabin]\nINSTANCE=21\n")
    cabin = HOUSE.replace("house", "cabin")
    within(lambda: cabin in venus.bus.names())
    assert not [path for path in venus.bus.values(cabin) if path.startswith("/Info")]
    assert venus.bus.call(cabin, "/Info/MaxChargeVoltage", "GetValue")[0] == "error"
    for state, charge, discharge in (("healthy", 100, 150.5), ("overvoltage", 0, 150.5),
                                     ("undervoltage", 100, 0), ("remote-off", 0, 0),
                                     ("io-error", 0, 150.5), ("healthy", 100, 150.5)):
        venus.put(values(state))
        venus.bus.await_values(Info__MaxChargeVoltage=14.2, Info__MaxChargeCurrent=charge,
                               Info__MaxDischargeCurrent=discharge)


def test_signalk(venus):
    """Signal K's plugin sees every path, and each change once"""
    venus.bench.tree.add("gauge")
    venus.started()
    look = venus.look("signalk")
    look.look("message", lambda message: message["path"] == "/State")
    seen = {each["path"]: each["value"] for each in look.all("message")}
    assert seen == {path: version() if value is None else value
                    for path, (kind, value, _text) in SHOWN.items()}
    assert {"path": "electrical.batteries.20.capacity.stateOfCharge", "value": 0.634} in \
        look.all("delta")
    before = len(look.all("message"))
    venus.put({"device/charge": "off", "device/charge_off_reason": "cell-overvoltage",
               "device/conditions": "cell-overvoltage"})
    look.look("message", lambda message: message["path"] == "/Io/AllowToCharge")
    # More of the same is no change; what follows shows that nothing came in between.
    venus.kernel.send()
    venus.put({"device/load": "off", "device/load_off_reason": "request-off"})
    look.look("message", lambda message: message["path"] == "/Mode")
    assert [(each["path"], each["value"]) for each in look.all("message")[before:]] == [
        ("/Alarms/HighVoltage", 2), ("/Alarms/HighCellVoltage", 2),
        ("/Io/AllowToCharge", 0), ("/System/NrOfModulesBlockingCharge", 1),
        ("/Io/AllowToDischarge", 0), ("/System/NrOfModulesBlockingDischarge", 1),
        ("/Mode", 252)]
    assert [each["instanceName"] for each in look.all("message")] == [20] * len(
        look.all("message"))
    assert not look.all("error")


def test_native(venus):
    """dbus-native-victron sees a change with its type, and no value as an empty list"""
    venus.bench.tree.add("gauge")
    venus.started()
    look = venus.look("native")
    look.look("status")
    before = len(look.all("body"))
    venus.put(values("gauge-stale"))
    items = dict(look.look("body", lambda items: "/Soc" in dict(items)))
    assert items["/Soc"]["Value"] == {"type": "a", "value": []}
    assert items["/Soc"]["Text"] == {"type": "s", "value": "---"}
    venus.put(values("gauge"))
    items = dict(look.look("body", lambda items: "/Soc" in dict(items)))
    assert items["/Soc"] == {"Value": {"type": "d", "value": 63.4},
                             "Text": {"type": "s", "value": "63.4%"}}
    assert items["/TimeToGo"]["Value"] == {"type": "i", "value": 14160}
    assert len(look.all("body")) == before + 2
    assert {each["path"] for each in look.seen if "body" in each} == {"/"}
    assert {each["signature"] for each in look.seen if "body" in each} == {"a{sa{sv}}"}


def test_virtual(venus):
    """dbus-victron-virtual may read everything, and set nothing but the name"""
    venus.bench.tree.add("gauge")
    venus.started()
    look = venus.look("ask")
    content = venus.bench.tree.content()
    for path, (kind, value, _text) in SHOWN.items():
        answer = look.ask("get", HOUSE, path)
        assert answer[0][0]["type"] == kind[0], path
        assert answer[1][0] == (version() if value is None else value), path
        if path != "/CustomName":
            for new in ("x", 1, 0.5):
                assert look.ask("set", HOUSE, path, new) == 1, path
    assert look.ask("set", HOUSE, "/CustomName", "Bank") == 0
    assert look.ask("get", HOUSE, "/CustomName")[1] == ["Bank"]
    assert venus.bench.tree.content() == content
    # What it puts on the bus itself has the same form
    shunt = venus.look("shunt")
    shunt.look("status")
    theirs, _texts = venus.bus.items("com.victronenergy.battery.ttyO1")
    ours, _texts = venus.bus.items()
    assert {path: theirs[path][0] for path in ("/Soc", "/DeviceInstance", "/CustomName")} == \
        {path: ours[path][0] for path in ("/Soc", "/DeviceInstance", "/CustomName")}
    assert theirs["/Dc/0/Temperature"] == ours["/HardwareVersion"] == NONE


def test_name_kept(venus):
    """The name that a GX gives is kept; one that cannot be kept is refused"""
    venus.bench.tree.add("healthy")
    venus.started()

    def give(name):
        return venus.bus.call(HOUSE, "/CustomName", "SetValue", Variant("s", name))[1]

    assert give("Große Bank") == 0
    venus.end()
    venus.started()
    assert venus.bus.values()["/CustomName"] == "Große Bank"
    for bad in ("x" * 400, "a\nb"):
        assert give(bad) == 1
    assert venus.bus.call(HOUSE, "/CustomName", "SetValue", Variant("i", 7))[1] == 1
    assert venus.bus.values()["/CustomName"] == "Große Bank"
    shutil.rmtree(venus.state)
    assert give("other") == 1
    assert venus.bus.values()["/CustomName"] == "Große Bank"
    venus.await_said("house.name: cannot be written: No such file or directory")
    os.mkdir(venus.state)
    assert give("") == 0
    assert venus.bus.values()["/CustomName"] == ""
    assert os.listdir(venus.state) == ["house.name"]


def test_name_broken(venus):
    """A file with a name that is no text does not keep a board from the bus"""
    venus.bench.tree.add("healthy")
    with open(os.path.join(venus.state, "house.name"), "wb") as file:
        file.write(b"Bank \xff\xfe\n" + bytes(4096))
    venus.started()
    assert venus.bus.values()["/CustomName"] == "Bank ???"


def test_comes_and_goes(venus):
    """Each board has a connection of its own, which leaves the bus with it"""
    venus.bench.tree.add("healthy").add("pre-alarm", "cabin-2")
    cabin = "com.victronenergy.battery.smallbms_cabin_2d2"
    venus.start("[house]\nINSTANCE=20\n[cabin-2]\nINSTANCE=21\n")
    names = within(lambda: len(venus.bus.names()) == 2 and venus.bus.names())
    assert set(names) == {HOUSE, cabin}
    assert names[HOUSE] != names[cabin]
    venus.bench.tree.remove()
    venus.kernel.send("remove")
    within(lambda: set(venus.bus.names()) == {cabin}, "gone")
    assert venus.bus.names()[cabin] == names[cabin]
    venus.bench.tree.add("undervoltage")
    venus.kernel.send("add")
    venus.bus.await_values(cabin, DeviceInstance=21)
    within(lambda: HOUSE in venus.bus.names(), "back")
    venus.bus.await_values(Alarms__LowCellVoltage=2, DeviceInstance=20)
    # Gone and back before anybody looked
    before = venus.bus.names()[HOUSE]
    venus.bench.tree.remove()
    venus.bench.tree.add("healthy")
    venus.kernel.send("add")
    within(lambda: venus.bus.names().get(HOUSE, before) != before, "another connection")


def test_named(venus):
    """Only boards that are named are shown, and one that is not there is waited for"""
    venus.bench.tree.add("healthy", "cabin")
    venus.start("BOARDS=house\n[house]\nINSTANCE=3\n")
    await_asleep(venus.child)
    assert not venus.bus.names()
    venus.bench.tree.add("healthy")
    venus.kernel.send("add")
    within(lambda: list(venus.bus.names()) == [HOUSE], "the named one")


def test_settings(venus):
    """Without a number, com.victronenergy.settings gives one, beyond a SmartShunt's"""
    settings = venus.bus.number()
    venus.bench.tree.add("healthy").add("healthy", "cabin")
    venus.started("")
    within(lambda: len(venus.bus.names()) == 2)
    wanted = {each["path"]: each["default"] for each in settings.asked}
    assert wanted == {f"smallbms_{name}/ClassAndVrmInstance": "battery:1000"
                      for name in ("house", "cabin")}
    assert {venus.bus.values(name)["/DeviceInstance"] for name in venus.bus.names()} == \
        {1000, 1001}
    assert not venus.said()


def test_settings_later(venus):
    """com.victronenergy.settings is waited for"""
    venus.bench.tree.add("healthy")
    venus.start("")
    venus.await_said("smallbms-venus: house: waiting for com.victronenergy.settings on the bus")
    await_asleep(venus.child)
    assert not venus.bus.names()
    venus.bus.number()
    within(lambda: HOUSE in venus.bus.names(), "numbered")
    assert venus.bus.values()["/DeviceInstance"] == 1000
    assert len(venus.said().splitlines()) == 2, venus.said()


@pytest.mark.parametrize("answer", [
    [], [{}], [{"error": Variant("i", -4), "path": Variant("as", ["a"])}],
    [{"value": Variant("i", 3)}],
    *([{"value": Variant("s", text)}] for text in (
        "battery:", "battery:-1", "tank:1", "battery:99999999999"))],
    ids=["empty", "of nothing", "an error", "another type", "no digits", "a sign",
         "another class", "too large"])
def test_settings_junk(venus, answer):
    """An answer of com.victronenergy.settings without a number gives none"""
    venus.bench.tree.add("healthy")
    venus.bus.number(answer)
    venus.start("")
    venus.await_said("house: com.victronenergy.settings does not number it: "
                     "no 'battery:N' in its answer")
    assert not venus.bus.names()


def test_taken(venus):
    """A name that another program has is not fought for"""
    venus.bench.tree.add("healthy")
    other = venus.bus.take(HOUSE)
    venus.start()
    venus.await_said(f"house: another program has the name {HOUSE}")
    assert venus.bus.names()[HOUSE] == other.unique_name


def test_restarted(venus):
    """dbus-daemon is restarted, and the board comes back, as it is then"""
    venus.bench.tree.add("gauge")
    venus.started()
    venus.bus.stop()
    venus.await_said("house: the bus is gone")
    venus.put({"device/charge": "off"})
    venus.bus.start()
    within(lambda: HOUSE in venus.bus.names(), "back")
    assert venus.bus.values()["/Io/AllowToCharge"] == 0
    said = venus.said().splitlines()
    assert len(said) <= 3 and said[-1].endswith(f"on the bus, as {HOUSE}"), said


def test_no_bus(venus):
    """Without a bus it waits, and ends when told to"""
    venus.bench.tree.add("healthy")
    venus.bus.stop()
    venus.start()
    venus.await_said("house: cannot connect to the bus unix:path=")
    assert venus.end() == DONE
    assert len(venus.said().splitlines()) == 1
    venus.bus.start()


def test_stopped(venus):
    """A bus that hangs keeps it neither from the boards nor from ending"""
    venus.bench.tree.add("gauge").add("healthy", "cabin")
    venus.started("[house]\nINSTANCE=20\n[cabin]\nINSTANCE=21\n")
    venus.bus.daemon.send_signal(signal.SIGSTOP)
    for number in range(200):
        venus.put({"device/charge": ("on", "off")[number % 2]})
    await_asleep(venus.child)
    venus.bus.daemon.send_signal(signal.SIGCONT)
    venus.bus.await_values(Io__AllowToCharge=0)
    venus.bus.daemon.send_signal(signal.SIGSTOP)
    venus.put({"device/charge": "on"})
    assert venus.end() == DONE
    venus.bus.daemon.send_signal(signal.SIGCONT)


def test_flood(venus):
    """Who asks without end delays no change, and changes nothing at the board"""
    venus.bench.tree.add("gauge")
    venus.started()
    content = venus.bench.tree.content()
    floods = [venus.look("flood", "50", HOUSE) for _ in range(2)]
    for flood in floods:
        flood.look("answers")
    look = venus.look("native")
    look.look("status")
    longest = 0
    for number in range(10):
        began = time.monotonic()
        venus.put({"device/charge": ("off", "on")[number % 2]})
        look.look("body", lambda items: ("/Io/AllowToCharge", number % 2) in [
            (path, item["Value"]["value"]) for path, item in items])
        longest = max(longest, time.monotonic() - began)
    answered = sum(flood.look("answers") for flood in floods)
    assert venus.bench.tree.content() == content
    with open(f"/proc/{venus.child.pid}/status", encoding="ascii") as file:
        resident = int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))
    print(f"{answered} answers; a change took {longest:.3f} s at most; "
          f"resident {resident // 1024} MB, with the sanitizer")
    assert longest < 10
    assert resident < 300 * 1024
    assert not [error for flood in floods for error in flood.all("error")]


def idle(venus):
    """Wake-ups a second while nothing happens."""
    quiet = 0
    while quiet < 5:    # it has started
        before = wake_ups(venus.child)
        time.sleep(0.02)
        quiet = quiet + 1 if wake_ups(venus.child) == before else 0
    before = wake_ups(venus.child)
    time.sleep(IDLE_S)
    return (wake_ups(venus.child) - before) / IDLE_S


def test_idle(venus):
    """It sleeps while nothing happens, and looks at measurements every 2 s"""
    venus.bench.tree.add("healthy")
    venus.started()
    lines = idle(venus)
    venus.put(values("gauge"))
    venus.bus.await_values(Soc=63.4)
    measured = idle(venus)
    venus.put(values("gauge-stale"))
    venus.bus.await_values(Soc=None)
    stale = idle(venus)
    print(f"wake-ups a second: {lines:.1f} without measurements, {measured:.1f} with fresh "
          f"ones, {stale:.1f} with stale ones")
    assert lines == 0 and measured <= 1 and stale == 0


BAD = {
    "INSTANCE=1\n": "line 1: INSTANCE: it belongs below a [board]",
    "BOARDS=\n": "line 1: BOARDS: it has no value",
    "BOARDS=house house\n": "line 1: BOARDS: 'house' is named twice",
    "BOARDS=\"house\"\n": "line 1: BOARDS: '\"house\"' is not the name of a board",
    "BOARDS=" + " ".join(f"b{i}" for i in range(17)): "line 1: BOARDS: more than 16 boards",
    "BOARDS=a\nBOARDS=b\n": "line 2: BOARDS: it is already in line 1",
    "[a]\nBOARDS=a\n": "line 2: BOARDS: it belongs before the first [board]",
    "# x\nCOLOUR=red\n": "line 2: 'COLOUR' is not a setting; there are BOARDS, INSTANCE,",
    "hello\n": "line 1: 'hello' is neither KEY=value nor [board]",
    "[house\n": "line 1: '[house' is not the name of a board in brackets",
    "[]\n": "is not the name of a board in brackets",
    "[a/b]\n": "is not the name of a board in brackets",
    "[a]\n[b]\n[a]\n": "line 3: [a]: it is already in line 1",
    "".join(f"[b{i}]\n" for i in range(17)): "line 17: more than 16 boards",
    "BOARDS=a\n[b]\n": "line 2: [b]: it is not among BOARDS",
    "[a]\nINSTANCE=-1\n": "line 2: INSTANCE: '-1' is not a number from 0 to 9999",
    "[a]\nINSTANCE=1.5\n": "line 2: INSTANCE: '1.5' is not a whole number from 0 to 9999",
    "[a]\nINSTANCE=10000\n": "line 2: INSTANCE: '10000' is not a number from 0 to 9999",
    "[a]\nINSTANCE=1\n[b]\nINSTANCE=1\n": "line 3: [b]: its INSTANCE is that of [a] as well",
    "[a]\nINSTANCE=\n": "line 2: INSTANCE: it has no value",
    "[a]\nMAX_CHARGE_VOLTAGE=14.2\n":
        "line 1: [a]: MAX_CHARGE_CURRENT is missing; to control, a board needs all three",
    **{f"[a]\nMAX_CHARGE_VOLTAGE={bad}\n":
       f"line 2: MAX_CHARGE_VOLTAGE: '{bad}' is not a number from 8 to 70"
       for bad in ("7.9", "70.1", "nan", "1e1", "14,2", "1.4.2", "+14")},
    "[a]\nMAX_CHARGE_CURRENT=-5\n":
        "line 2: MAX_CHARGE_CURRENT: '-5' is not a number from 0 to 10000",
    "[a]\nMAX_DISCHARGE_CURRENT=10001\n":
        "line 2: MAX_DISCHARGE_CURRENT: '10001' is not a number from 0 to 10000",
    "x" * 9000: "line 1: it is too long, or is not text",
    "[a]\n\0": "line 2: it is too long, or is not text",
}


def test_config_refused(program, bench):
    """A mistake in the file is named with its line, and ends it"""
    path = os.path.join(bench.folder, "venus.conf")
    for text, why in BAD.items():
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        done = subprocess.run([program, "--config", path], capture_output=True, text=True,
                              check=False, timeout=TIMEOUT_S)
        assert done.returncode == FAILED, text
        for line in done.stderr.splitlines():
            assert re.match(rf"smallbms-venus: {path}, line \d+: ", line), line
        assert why in done.stderr, text


def test_example(venus):
    """The example of the file is right, also with everything in it switched on"""
    with open(f"{TOOLS}/systemd/venus.conf", encoding="ascii") as file:
        text = file.read()
    venus.bench.tree.add("healthy")
    settings = venus.bus.number()
    venus.started(text)
    assert len(settings.asked) == 1
    venus.end()
    text = re.sub(r"^#(\w+=|\[)", r"\1", text, flags=re.M)
    assert text.count("\nMAX_") == 3
    venus.started(text)
    assert venus.bus.values()["/DeviceInstance"] == 1000
    assert venus.bus.values()["/Info/MaxChargeVoltage"] == 14.2


def test_usage(program):
    """--help and --version are answered, and what is no option is refused"""
    def run(*words):
        return subprocess.run([program, *words], capture_output=True, text=True, check=False)

    assert run("--version").stdout == f"smallbms-venus {version()}\n"
    shown = run("--help")
    assert shown.returncode == DONE and "usage: smallbms-venus" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    with open(f"{TOOLS}/venus/smallbms-venus.1", encoding="utf-8") as file:
        manual = file.read().replace("\\-", "-")
    for option in re.findall(r"--([a-z-]+)", shown.stdout):
        assert f"Fl -{option}" in manual, option
    for words, why in ((["--colour"], "--colour: there is no such option"),
                       (["house"], "house: it takes no argument"),
                       (["--config"], "--config: it needs a value")):
        done = run(*words)
        assert done.returncode == USAGE
        assert done.stderr.startswith(f"smallbms-venus: {why}"), done.stderr
    done = run("--config", "/nowhere/x")
    assert done.returncode == FAILED
    assert done.stderr == \
        "smallbms-venus: /nowhere/x: cannot be read: No such file or directory\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs other users")
def test_system_bus(program, bench):
    """On the system bus its user may own and be read; nobody but root may name a board"""
    with open(f"{TOOLS}/systemd/smallbms-venus.dbus", encoding="ascii") as file:
        policy = file.read()
    path = os.path.join(bench.folder, "policy.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(policy.replace('user="smallbms-venus"', 'user="nobody"'))
    bus = Bus(bench.folder, SYSTEM, policy=path)
    venus = Venus(program, bench, bus)
    bench.tree.add("healthy")
    os.chown(venus.state, NOBODY, NOBODY)
    env = {"DBUS_SYSTEM_BUS_ADDRESS": bus.address}
    try:
        # It may not connect to the test's uevents
        venus.start(env=env, listens=False, user=NOBODY, group=NOBODY, extra_groups=[])
        within(lambda: HOUSE in bus.names(), "on the system bus")
        assert bus.values()["/Connected"] == 1
        assert bus.call(HOUSE, "/CustomName", "SetValue", Variant("s", "Bank"))[1] == 0
        other = {"user": 1, "group": 1, "extra_groups": []}
        asked = ["call", HOUSE, "/CustomName", ITEM]
        assert bus.busctl(*asked, "GetValue", **other).stdout == 'v s "Bank"\n'
        assert "Access denied" in bus.busctl(*asked, "SetValue", "v", "s", "x", **other).stderr
        # Who is not the service's user may not take such a name
        venus.end()
        venus.start(env=env, listens=False, user=1, group=1, extra_groups=[])
        venus.await_said(f"house: the bus refuses the name {HOUSE}")
    finally:
        venus.close()
        bus.close()


def test_hardened(tmp_path):
    """Its service has no more rights than it needs"""
    with open(f"{TOOLS}/systemd/smallbms-venus.service.in", encoding="ascii") as file:
        unit = file.read().replace("@bindir@/smallbms-venus", "/bin/true")
    path = tmp_path / "smallbms-venus.service"
    path.write_text(unit, encoding="ascii")
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                           str(path)], capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    print(exposure.group(0))
    assert float(exposure.group(1)) <= 2.0
