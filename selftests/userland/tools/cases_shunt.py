# SPDX-License-Identifier: GPL-2.0
"""shunt: a battery monitor's text, the port that it comes from, the gauge."""

import array
import fcntl
import json
import os
import re
import select
import shutil
import signal
import subprocess
import termios
import time

import pytest

from bench import DONE, FAILED, NO_BOARD, TIMEOUT_S, USAGE
from cases_tell import TOOLS, install
from vedirect import B_BLOCK, COUNT, block, damaged, ending, \
    hex_message, reference, seal

A = {"PID": "0xA389", "V": 12800, "I": -20000, "P": -256, "T": 21, "CE": -20000,
     "SOC": 785, "TTG": 236, "Alarm": False, "AR": 0, "MON": 0}
AWAY_S = 6      # longer than what makes old what the port has
GAUGE = {"soc_permille": "785", "voltage_uv": "12800000",
         "current_ua": "-20000000", "temp_dc": "210", "time_to_empty_s": "14160"}


def record(bench, *parts):
    path = os.path.join(bench.folder, "recording")
    with open(path, "wb") as file:
        file.write(b"".join(parts))
    return path


def decode(bench, *parts):
    """Return the blocks of a recording, and those counters that are not 0."""
    *blocks, last = bench.run("shunt", "--json", "--decode",
                              record(bench, *parts)).jsons()
    counters = {key: value for key, value in last["counters"].items() if value}
    assert counters.pop("blocks", 0) == len(blocks)
    return blocks, counters


# ---- the parser, by what it makes of a recording


def test_decode(bench):
    """shunt --decode: an object for each block, in the protocol's units, the
    counters last"""
    out = bench.run("shunt", "--json", "--decode",
                    record(bench, block(), block(B_BLOCK))).jsons()
    assert out[0] == A
    assert out[1] == {label: int(value) for label, value in B_BLOCK.items()}
    assert out[2] == {"counters": {
        "blocks": 2, "text_checksum": 0, "text_parse": 0, "text_range": 0,
        "text_unfinished": 0, "hex": 0, "hex_checksum": 0, "hex_invalid": 0,
        "hex_unfinished": 0}}


def test_decode_text(bench):
    """shunt --decode: without --json the same as text"""
    out = bench.run("shunt", "--decode",
                    record(bench, block(T="---"), block(V="1")[:-1])).words
    assert out.startswith("PID 0xA389, V 12800, I -20000, P -256, T ---, ")
    assert out.endswith("blocks 1, text_checksum 0, text_parse 0, text_range 0, "
                        "text_unfinished 1, hex 0, hex_checksum 0, hex_invalid 0, "
                        "hex_unfinished 0")


def test_decode_file(bench):
    """shunt --decode: a file that cannot be read is a failure"""
    for path in ("/nonexistent", bench.folder):
        bench.refuses("shunt", "--decode", path, expect=FAILED, why=f"{path}: ")


@pytest.mark.parametrize("label", ("T", "SOC", "TTG", "CE"))
def test_no_value(bench, label):
    """shunt: --- is no value of {label}, and never 0"""
    blocks, counters = decode(bench, block(**{label: "---"}))
    assert blocks == [{**A, label: None}] and not counters


def test_hex_after_block(bench):
    """shunt: HEX messages right after the checksum, several in a row"""
    message = hex_message() + hex_message(10, bytes(range(30)))
    blocks, counters = decode(bench, *[block() + 3 * message] * 3)
    assert blocks == [A] * 3 and counters == {"hex": 18}


def test_hex_between_fields(bench):
    """shunt: a HEX message between fields is not in the sum, and the block goes on"""
    sent = block()
    ends = [found.start() for found in re.finditer(b"\r", sent[:-1])]
    for end in ends:
        for message in (hex_message(), 2 * hex_message()):
            blocks, counters = decode(bench, sent[:end], message, sent[end:])
            assert blocks == [A] and counters == {"hex": len(message) // 11}, end


def test_checksum_byte(bench):
    """shunt: the checksum may be any byte, also ':', a line's end, a tab or 0"""
    sent = b"".join(ending(byte) for byte in range(256))
    blocks, counters = decode(bench, sent)
    assert blocks == [A] * 256 and not counters


@pytest.mark.parametrize("message, counters", (
    (hex_message()[:-1] + b"\xfe", {"hex_invalid": 1}),
    (hex_message()[:-1] + b"\xfe\n", {"hex_invalid": 1}),
    (b":7F0ED", {"hex_unfinished": 1}), (b":", {"hex_unfinished": 1}),
    (b":7F0ED:7F0ED0071\n", {"hex_unfinished": 1, "hex": 1}),
    (b":" + b"F" * 100000, {"hex_unfinished": 1}),
    (b":" + b"0" * 999 + b"\n", {"hex_unfinished": 1}),
    (b":7F0ED0072\n", {"hex_checksum": 1}), (b":7F0ED007\n", {"hex_checksum": 1}),
    (b":\n", {"hex_checksum": 1}),
), ids=("FE", "FE-line", "cut", "empty", "cut-by-hex", "endless", "long", "sum", "half",
        "nothing"))
def test_hex_damaged(bench, message, counters):
    """shunt: a HEX message that ends badly or never costs no block"""
    sent = block()
    for at in (0, sent.index(b"\r\nSOC"), len(sent)):
        blocks, found = decode(bench, sent[:at], message, sent[at:], block())
        assert blocks == [A] * 2 and found == counters, at


def test_begins_anywhere(bench):
    """shunt: whatever comes first is cut off, no part of a block is taken for one, and
    the next one is accepted"""
    sent = block()
    for start in range(1, len(sent)):
        blocks, _ = decode(bench, sent[start:], sent)
        assert blocks in ([A], []) and (blocks or start == len(sent) - 1)
    # Its sum is right, but its beginning is missing
    tail = seal(sent[sent.index(b"\r\nV"):-1])
    assert decode(bench, tail, block(SOC="1")) == ([{**A, "SOC": 1}], {})


def test_lost_bytes(bench):
    """shunt: whichever byte is lost, that block is refused, and the next but one is
    accepted"""
    sent = block()
    for at in range(len(sent)):
        blocks, counters = decode(bench, sent, sent[:at], sent[at + 1:], sent, sent)
        assert len(blocks) in (2, 3) and blocks[1:] == [A] * (len(blocks) - 1), at
        assert counters, at


def test_first_line_end(bench):
    """shunt: a block whose first line end is not whole is refused, and no other"""
    for lost in (b"\n", b"\r"):
        sent = block().replace(lost, b"", 1)
        assert decode(bench, block(), sent, block()) == ([A] * 2, {"text_parse": 1})
        assert decode(bench, block(), seal(sent[:-1]), block())[0] == [A] * 2


@pytest.mark.parametrize("change, counter", (
    ({"V": "1280O"}, "text_parse"), ({"V": ""}, "text_parse"),
    ({"V": "-"}, "text_parse"), ({"V": "+1"}, "text_parse"),
    ({"V": "12800 "}, "text_parse"), ({"V": "--"}, "text_parse"),
    ({"V": "9999999999999"}, "text_parse"), ({"SOC": "1001"}, "text_range"),
    ({"SOC": "-1"}, "text_range"), ({"TTG": "-2"}, "text_range"),
    ({"T": "999"}, "text_range"), ({"I": "-10000001"}, "text_range"),
    ({"V": "400001"}, "text_range"), ({"Alarm": "on"}, "text_parse"),
    ({"PID": "A389"}, "text_parse"), ({"PID": "0xA389A"}, "text_parse"),
    ({"X": "x" * 33}, "text_parse"), ({"X": "a\x01"}, "text_parse"),
    ({"TooLong89": "1"}, "text_parse"), ({"": "1"}, "text_parse"),
    ({f"X{n}": "1" for n in range(10)}, "text_parse")),
    ids=lambda value: str(value)[:24])
def test_refused(bench, change, counter):
    """shunt: a block whose sum is right, but not its form or a value, is refused"""
    assert decode(bench, block(**change), block()) == ([A], {counter: 1})


def test_twice(bench):
    """shunt: a value that a block has twice is not believed"""
    sent = block().replace(b"\r\nMON", b"\r\nSOC\t785\r\nMON")
    assert decode(bench, seal(sent[:-1]), block()) == ([A], {"text_parse": 1})


def test_weak_sum(bench):
    """shunt: two errors that cancel in the sum do not make a block"""
    sent = block().replace(b"SOC\t785", b"SOC\t78;").replace(b"TTG\t236", b"TTG\t230")
    assert sum(sent) % 256 == 0
    assert decode(bench, sent, block()) == ([A], {"text_parse": 1})


def test_unknown_label(bench):
    """shunt: unknown labels count in the sum, and are ignored"""
    more = {f"X{n}": "?" * (n * 4) for n in range(9)}
    assert decode(bench, block(**more)) == ([A], {})
    assert decode(bench, block({"V": "1", "Checksu": "x"})) == ([], {})
    sent = block(X="1").replace(b"X\t1", b"X\t2")
    assert decode(bench, sent, block()) == ([A], {"text_checksum": 1})


def test_unfinished(bench):
    """shunt: a block that ends too soon does not spoil the next one"""
    parts = [sent[:sent.index(label)] for sent, label in
             ((block(), b"\r\nSOC"), (block(B_BLOCK), b"\r\nH9"))]
    assert decode(bench, parts[0], block(), parts[1], block()) == \
        ([A] * 2, {"text_unfinished": 2})


def test_no_fields(bench):
    """shunt: a block without a field is none"""
    assert decode(bench, block(), block({})) == ([A], {"text_parse": 1})


@pytest.fixture(scope="module")
def damage():
    """Damaged blocks, and which of them a second parser accepts."""
    data = damaged(COUNT, seed=1)
    return data, reference(data)


def test_damaged(bench, damage):
    """shunt: of damaged blocks exactly those are accepted that a second parser accepts;
    BLOCKS of them in the environment, else 100000"""
    data, expected = damage
    out = os.path.join(bench.folder, "out")
    path = record(bench, data)
    with open(out, "w", encoding="ascii") as file:
        assert bench.finish(bench.start("shunt", "--json", "--decode", path,
                                        stdout=file)).code == DONE
    with open(out, encoding="ascii") as lines:
        found = [json.loads(line) for line in lines]
    counters = found.pop()["counters"]
    assert found == expected
    assert counters["blocks"] == len(expected) and all(counters.values()), counters
    print(", ".join(f"{key} {value}" for key, value in counters.items()))


def test_freestanding(bench, tmp_path):
    """the parser needs no library, so that it could run in a kernel"""
    built = tmp_path / "vedirect.o"
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror",
                    "-ffreestanding", "-c", f"{TOOLS}/vedirect.c", "-o", built],
                   check=True)
    assert not subprocess.run(["nm", "-u", built], check=True,
                              capture_output=True).stdout
    assert bench


# ---- the port


class Monitor:
    """A battery monitor on a pseudo terminal, behind a link with a stable name."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "port")
        self.end = self.other = None
        self.plug()

    def plug(self):
        """It comes with all settings that are wrong for it."""
        self.end, self.other = os.openpty()
        settings = termios.tcgetattr(self.other)
        settings[0] |= termios.IXON | termios.IXOFF | termios.ISTRIP | termios.INLCR
        settings[2] |= termios.CSTOPB | termios.CRTSCTS | termios.HUPCL
        termios.tcsetattr(self.other, termios.TCSANOW, settings)
        os.symlink(os.ttyname(self.other), self.path + ".new")
        os.rename(self.path + ".new", self.path)

    def unplug(self):
        os.close(self.end)
        os.close(self.other)
        self.end = self.other = None

    def send(self, data):
        while data:
            data = data[os.write(self.end, data):]

    def settings(self):
        return termios.tcgetattr(self.end)

    def heard(self):
        """Return what was sent to it."""
        found = b""
        while select.select([self.end], [], [], 0)[0]:
            found += os.read(self.end, 100)
        return found


class Reader:
    """The tool, while it reads a port."""

    def __init__(self, bench, *args):
        self.files = {}
        for name in ("out", "err"):
            self.files[name] = os.path.join(bench.folder, name)
        with open(self.files["out"], "wb") as out, \
                open(self.files["err"], "wb") as err:
            self.child = subprocess.Popen(
                bench.command(("shunt", *args)), stdout=out, stderr=err,
                stdin=subprocess.DEVNULL, env=bench.environment(None),
                start_new_session=True)
        bench.children.append(self.child)

    def text(self, name):
        with open(self.files[name], encoding="utf-8") as file:
            return file.read()

    def until(self, condition, within=TIMEOUT_S):
        end = time.monotonic() + within
        while not condition():
            assert self.child.poll() is None, self.text("err")
            assert time.monotonic() < end, self.text("out") + self.text("err")
            time.sleep(0.01)

    def until_said(self, text, name="err", times=1):
        self.until(lambda: self.text(name).count(text) >= times)

    def until_open(self, monitor):
        self.until(lambda: not monitor.settings()[3] & termios.ECHO)

    def until_blocks(self, count):
        """Until it has printed so many blocks; needs --json."""
        self.until(lambda: self.text("out").count("\n") >= count)

    def end(self):
        """Return the counters."""
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(TIMEOUT_S) == DONE, self.text("err")
        return self.text("out").splitlines()[-1]


@pytest.fixture
def house(bench):
    """A board with a gauge."""
    bench.tree.add("healthy")
    for name in GAUGE:
        bench.tree.put(f"device/gauge/{name}", "")
    return bench


@pytest.fixture
def monitor(bench):
    each = Monitor(bench.folder)
    yield each
    if each.end is not None:
        each.unplug()


@pytest.fixture
def reader(house, monitor):
    """The tool, as soon as it has opened the port."""
    found = Reader(house, "--json", monitor.path)
    found.until_open(monitor)
    return found


def gauge(bench, name="house"):
    return {key: bench.tree.get(f"device/gauge/{key}", name) for key in GAUGE}


def test_gauge(house, monitor, reader):
    """S3: shunt writes what an accepted block has, in the units of the gauge"""
    monitor.send(block())
    reader.until(lambda: gauge(house) == GAUGE)
    monitor.send(block(SOC="1000", TTG="-1", T="-5", I="0"))
    reader.until(lambda: gauge(house) == {
        "soc_permille": "1000", "voltage_uv": "12800000", "current_ua": "0",
        "temp_dc": "-50", "time_to_empty_s": "-1"})
    assert json.loads(reader.end())["counters"]["blocks"] == 2
    assert not reader.text("err")


def test_gauge_no_value(house, monitor, reader):
    """S3: shunt does not write what has no value, what a block lacks, or what is in a
    block that is refused, so that its age grows"""
    for sent in (block(SOC="---", T="---", TTG="---"), block(B_BLOCK)):
        monitor.send(sent)
    reader.until_blocks(2)
    assert gauge(house) == {**GAUGE, "soc_permille": "", "temp_dc": "",
                            "time_to_empty_s": ""}
    for name in GAUGE:
        house.tree.put(f"device/gauge/{name}", "untouched")
    monitor.send(block(B_BLOCK))
    monitor.send(block(SOC="1001"))
    monitor.send(block()[:-1] + b"x")
    monitor.send(block(T=None, TTG=None))
    reader.until_blocks(4)
    reader.until(lambda: gauge(house)["current_ua"] == GAUGE["current_ua"])
    assert gauge(house) == {**GAUGE, "temp_dc": "untouched",
                            "time_to_empty_s": "untouched"}
    assert json.loads(reader.end())["counters"] == {
        "blocks": 4, "text_checksum": 1, "text_parse": 0, "text_range": 1,
        "text_unfinished": 0, "hex": 0, "hex_checksum": 0, "hex_invalid": 0,
        "hex_unfinished": 0}


def test_port(monitor, reader):
    """shunt opens the port to read, 19200 8N1, and sends nothing, not even an echo"""
    iflag, oflag, cflag, lflag, _, speed, _ = monitor.settings()
    assert speed == termios.B19200
    assert cflag & termios.CSIZE == termios.CS8
    assert not cflag & (termios.PARENB | termios.CSTOPB | termios.CRTSCTS |
                        termios.HUPCL)
    assert cflag & termios.CREAD and cflag & termios.CLOCAL
    assert not lflag & (termios.ICANON | termios.ECHO | termios.ISIG)
    assert not oflag & termios.OPOST
    assert not iflag & (termios.IXON | termios.IXOFF | termios.ICRNL |
                        termios.INLCR | termios.IGNCR | termios.ISTRIP)
    folder = f"/proc/{reader.child.pid}"
    port = os.path.realpath(monitor.path)
    opened, = [fd for fd in os.listdir(f"{folder}/fd")
               if os.path.realpath(f"{folder}/fd/{fd}") == port]
    with open(f"{folder}/fdinfo/{opened}", encoding="ascii") as file:
        flags = int(re.search(r"flags:\s+(\d+)", file.read())[1], 8)
    assert flags & os.O_ACCMODE == os.O_RDONLY
    with open(f"{folder}/stat", encoding="ascii") as file:
        assert file.read().rpartition(")")[2].split()[4] == "0", \
            "it is the controlling terminal"
    monitor.send(block() + hex_message() + b"\x03\x1a\x11\x13\xff\0" + block())
    reader.until_blocks(2)
    assert monitor.heard() == b""


def test_said_once(house, monitor):
    """shunt says once which battery monitor is read, and in the end the counters"""
    reader = Reader(house, monitor.path)
    reader.until_open(monitor)
    monitor.send(2 * (block() + block(B_BLOCK)))
    monitor.send(block(V="13000"))
    reader.until(lambda: gauge(house)["voltage_uv"] == "13000000")
    reader.end()
    said = f"house: SmartShunt 500 A on {monitor.path}\n"
    assert reader.text("out").startswith(said + "blocks 5, text_checksum 0")


def test_replugged(house, monitor, reader):
    """shunt: a port that goes is told once, and read again when it is back"""
    monitor.send(block() + block(V="1")[:50])
    reader.until_blocks(1)
    monitor.unplug()
    reader.until_said(f"{monitor.path}: gone: ")
    house.tree.put("device/gauge/soc_permille", "untouched")
    reader.until_said(f"{monitor.path}: cannot be opened: No such file or directory; "
                      "waiting for it")
    monitor.plug()
    reader.until_open(monitor)
    monitor.send(block()[50:])      # no continuation of what came before
    monitor.send(block(SOC="42"))
    reader.until_blocks(2)
    reader.until(lambda: house.tree.get("device/gauge/soc_permille") == "42")
    assert reader.text("err").count("\n") == 2
    counters = json.loads(reader.end())["counters"]
    assert counters["blocks"] == 2 and counters["text_unfinished"] == 1


def test_not_there_yet(house, monitor):
    """shunt waits for a port that is not there yet"""
    monitor.unplug()
    os.remove(monitor.path)
    reader = Reader(house, "--json", monitor.path)
    reader.until_said("cannot be opened: No such file or directory; waiting for it")
    monitor.plug()
    reader.until_open(monitor)
    monitor.send(block())
    reader.until(lambda: gauge(house) == GAUGE)


def test_no_port(house):
    """shunt: a file that is no port is an error"""
    path = record(house, block())
    house.refuses("shunt", path, expect=FAILED, why=f"{path}: not a serial port")


@pytest.mark.parametrize("changes, why", (
    ({"PID": "0xA053", "SOC": None}, "an MPPT solar charger (PID 0xA053), not a "
     "battery monitor"),
    ({"PID": "0xA381", "MON": "-9"}, "a BMV-712 that monitors a source (MON -9), not "
     "a bank"),
    ({"MON": "6"}, "a SmartShunt 500 A that monitors a load (MON 6), not a bank"),
    ({"PID": "0xA231", "SOC": None}, "PID 0xA231 is not a battery monitor")),
    ids=("mppt", "source", "load", "other"))
def test_wrong_device(house, monitor, reader, changes, why):
    """shunt: a device that is no bank's is named, once, and not believed"""
    monitor.send(3 * block(**changes))
    reader.until_blocks(3)
    assert reader.text("err") == f"smallbms: {monitor.path}: {why}\n"
    assert set(gauge(house).values()) == {""}
    monitor.send(block())
    reader.until(lambda: gauge(house) == GAUGE)
    monitor.send(block(**changes))      # the cable was moved back
    reader.until_said(why, times=2)


@pytest.mark.parametrize("pid", ("0x203", "0x204", "0xA381", "0xA38B", "0xC030",
                                 "0xC03F"))
def test_right_device(house, monitor, reader, pid):
    """shunt: a battery monitor is taken, known by PID or by what it sends"""
    monitor.send(block(PID=pid, MON=None))
    reader.until(lambda: gauge(house) == GAUGE)
    reader.end()
    assert not reader.text("err")


def test_board_gone(house, monitor, reader):
    """shunt: a board that goes is told once, and written again when it is back"""
    house.tree.remove()
    monitor.send(3 * block())
    reader.until_blocks(3)
    assert reader.text("err") == "smallbms: house: not there: unplugged, or its " \
        "driver was unloaded; waiting for it\n"
    house.tree.add("healthy")
    for name in GAUGE:
        house.tree.put(f"device/gauge/{name}", "")
    monitor.send(block())
    reader.until(lambda: gauge(house) == GAUGE)


def test_gauge_refuses(house, monitor, reader):
    """shunt: a value that cannot be written is told once, and the others are written"""
    house.tree.take("device/gauge/current_ua")
    os.mkdir(house.tree.path("device/gauge/current_ua"))
    monitor.send(3 * block())
    reader.until_blocks(3)
    reader.until(lambda: house.tree.get("device/gauge/time_to_empty_s") == "14160")
    assert reader.text("err") == "smallbms: house: cannot write gauge/current_ua: " \
        "Is a directory\n"


def send_until(house, monitor, reader, permille):
    """Send a block again and again, as a battery monitor does, until it is taken."""
    def taken():
        monitor.send(block(SOC=permille))
        time.sleep(0.1)
        return house.tree.get("device/gauge/soc_permille") == permille

    reader.until(taken)


def test_stopped_shortly(house, monitor, reader):
    """S5: shunt that was stopped for a moment goes on with what comes then"""
    monitor.send(block())
    reader.until_blocks(1)
    reader.child.send_signal(signal.SIGSTOP)
    monitor.send(10 * block(V="1"))
    reader.child.send_signal(signal.SIGCONT)
    send_until(house, monitor, reader, "5")


def test_stopped(house, monitor, reader):
    """S3 S5: what comes while shunt is stopped is never taken for fresh"""
    monitor.send(block())
    reader.until_blocks(1)
    reader.child.send_signal(signal.SIGSTOP)
    monitor.send(10 * block(SOC="1") + block(SOC="2")[:50])
    end = time.clock_gettime(time.CLOCK_BOOTTIME) + AWAY_S
    reader.until(lambda: time.clock_gettime(time.CLOCK_BOOTTIME) > end)
    reader.child.send_signal(signal.SIGCONT)
    reader.until_said(f"{monitor.path}: not read for ")
    send_until(house, monitor, reader, "42")
    found = {json.loads(line)["SOC"] for line in reader.text("out").splitlines()}
    assert found == {785, 42}
    counters = json.loads(reader.end())["counters"]
    assert not any(value for key, value in counters.items()
                   if key not in ("blocks", "text_unfinished")), counters


def test_no_gauge(bench, monitor):
    """shunt: a board whose driver has no gauge is an error"""
    bench.tree.add("healthy")
    bench.refuses("shunt", monitor.path, expect=FAILED,
                  why="shunt: house: this board's driver takes no gauge")


def test_wait(bench, monitor):
    """shunt --wait: a board that takes a gauge is waited for, and each reason told once"""
    reader = Reader(bench, "--wait", monitor.path)
    reader.until_said("no smallBMS in")
    bench.tree.add("healthy")
    reader.until_said("takes no gauge")
    for name in GAUGE:
        bench.tree.put(f"device/gauge/{name}", "")
    reader.until_open(monitor)
    monitor.send(block())
    reader.until(lambda: gauge(bench) == GAUGE)
    assert [line.split(": ")[1:3] for line in reader.text("err").splitlines()] == \
        [["waiting for a gauge", "no board"], ["waiting for a gauge", "shunt"]]


def test_wait_ends(bench, monitor):
    """shunt --wait: it ends when told to, also while it waits"""
    reader = Reader(bench, "--wait", monitor.path)
    reader.until_said("waiting for a gauge")
    reader.end()
    assert reader.text("out").startswith("blocks 0,")


def test_boards(bench, monitor):
    """shunt: of several boards --board names the one; without a board it fails"""
    bench.refuses("shunt", monitor.path, expect=NO_BOARD, why="no smallBMS")
    for name in ("house", "shed"):
        bench.tree.add("healthy", name)
        for key in GAUGE:
            bench.tree.put(f"device/gauge/{key}", "", name)
    bench.refuses("shunt", monitor.path, expect=USAGE, why="--board: needed")
    reader = Reader(bench, monitor.path, "--board", "shed")
    reader.until_open(monitor)
    monitor.send(block())
    reader.until(lambda: gauge(bench, "shed") == GAUGE)
    assert set(gauge(bench).values()) == {""}


def test_usage(house):
    """shunt: bad usage is refused"""
    for args, why in (
            ((), "shunt: a device is missing"),
            (("--wait", "--decode", "x"), "--wait: goes with a device alone"),
            (("--decode", "x", "/dev/null"), "shunt: one thing at a time"),
            (("--decode", "x", "--simulate"), "shunt: one thing at a time"),
            (("--simulate", "/dev/null"), "shunt: one thing at a time"),
            (("--soc", "5", "/dev/null"), "--soc: goes with --simulate alone"),
            (("--current", "5", "--decode", "x"), "--current: goes with"),
            (("--simulate", "--soc", "101"), "--soc: '101' is not a number from 0"),
            (("--simulate", "--soc", ""), "--soc: '' is not"),
            (("--simulate", "--current", "nan"), "--current: 'nan' is not"),
            (("--simulate", "--current", "1A"), "--current: '1A' is not"),
            (("a", "b"), "shunt: 'b' is too much")):
        house.refuses("shunt", *args, expect=USAGE, why=why)
    house.refuses("status", "--simulate", expect=USAGE, why="no option of 'status'")


def unread(port):
    """How many bytes wait to be read there."""
    count = array.array("i", [0])
    opened = os.open(port, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    fcntl.ioctl(opened, termios.FIONREAD, count)
    os.close(opened)
    return count[0]


def test_simulated_unread(bench):
    """shunt --simulate: what nobody reads is lost, as on a wire"""
    player = bench.start("shunt", "--simulate", "--soc", "100", "--current", "-3600")
    port = player.stdout.readline().rstrip()
    both = set()        # lengths of both blocks, at first and a second later
    while len(both) < 2:
        assert not bench.ended(player)
        count = unread(port)
        if count > 250:
            both.add(count)
    assert max(both) < 400, both


def test_simulated(house):
    """shunt --simulate: a battery monitor that is drained, again and again"""
    player = house.start("shunt", "--simulate", "--soc", "1", "--current", "-3600")
    port = player.stdout.readline().rstrip()
    reader = Reader(house, "--json", port)

    def values(label):
        return [block[label] for block in map(json.loads, reader.text("out").split())
                if label in block]

    reader.until(lambda: 0 in values("SOC") and values("SOC")[-1] == 10)
    assert set(values("SOC")) == {0, 10}
    assert values("I")[0] == -3600000 and values("MON")[0] == 0 and values("H7")
    assert house.tree.get("device/gauge/current_ua") == "-3600000000"
    counters = json.loads(reader.end())["counters"]
    assert not any(value for key, value in counters.items()
                   if key not in ("blocks", "text_unfinished")), counters
    player.send_signal(signal.SIGTERM)
    assert player.wait(TIMEOUT_S) == DONE
    assert not reader.text("err")


# ---- what comes with it


def examine_service(bench, name, command, instance=""):
    """Whether a service may do little, and runs this command with the tool."""
    unit = os.path.join(bench.folder, name)
    shutil.copy(os.path.join(install(bench), "lib/systemd/system", name), unit)
    done = subprocess.run(["systemd-analyze", "security", "--offline=true",
                           "--threshold=20", "--no-pager", unit], text=True,
                          capture_output=True, check=False)
    last = done.stdout.rstrip().rpartition("\n")[2]
    print(last)
    assert done.returncode == 0 and "exposure level" in last, done.stdout + done.stderr
    with open(unit, encoding="ascii") as file:
        text = file.read()
    assert f"ExecStart=/usr/bin/smallbms {command}\n" in text
    text = text.replace("/usr/bin/smallbms", bench.tool)
    with open(unit, "w", encoding="ascii") as file:
        file.write(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                           unit.replace("@", f"@{instance}")], text=True,
                          capture_output=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "smallbms" in line], \
        done.stderr


def test_service(bench):
    """shunt's service may do little: systemd-analyze says at most 2.0"""
    examine_service(bench, "smallbms-shunt@.service", "shunt --wait $OPTIONS /dev/%I", "ttyAMA0")
