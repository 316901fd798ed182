# SPDX-License-Identifier: GPL-2.0
"""history: what is recorded, what of it is shown, and what it survives."""

import collections
import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import pytest

from bench import DONE, FAILED, NO_BOARD, NOBODY, TIMEOUT_S, USAGE
from live import Kernel, await_asleep, wake_ups
from tree import values

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "../../../tools")
IDLE_S = 1.0
SEED = int(os.environ.get("SEED", "20261129"))
Row = collections.namedtuple(
    "Row", "id time_ms boottime_ms boot board kind before state")
GIVEN = os.environ.get("SMALLBMS")


# The static program has no history: SQLite would double its size.
@pytest.fixture(scope="session",
                params=["as-given"] if GIVEN else ["plain", "sanitized"])
def tool(request, build):
    """The program, with the one behind its history."""
    return GIVEN or build(request.param, "history")


only_plain = pytest.mark.parametrize(
    "tool", ["as-given" if GIVEN else "plain"], indirect=True, ids=["plain"])


class History:
    """A folder to record in, and the one that does."""

    def __init__(self, bench):
        self.bench = bench
        # Where a write that is synchronized takes no time
        self.folder = tempfile.mkdtemp(
            prefix="smallbms-history-",
            dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.file = os.path.join(self.folder, "history.db")
        os.chmod(self.folder, 0o755)
        self.kernel = Kernel(bench.tree.root)
        self.child = None

    def close(self):
        self.kernel.close()
        shutil.rmtree(self.folder)

    def start(self, *args, **kwargs):
        """Record from now on."""
        self.child = self.bench.start("history", "--record", "--directory",
                                      self.folder, *args, **kwargs)
        self.kernel.accept()
        self.await_idle()
        return self

    def await_idle(self):
        """Wait until what was told is recorded, as it sleeps for long."""
        quiet = 0
        while quiet < 2:
            await_asleep(self.child)
            before = wake_ups(self.child)
            time.sleep(0.01)
            quiet = quiet + 1 if wake_ups(self.child) == before else 0

    def end(self, how=signal.SIGTERM):
        """End it; return how it ended, and what it complained."""
        self.child.send_signal(how)
        _out, err = self.child.communicate(timeout=TIMEOUT_S)
        self.kernel.sockets.pop().close()
        return self.child.returncode, err

    def put(self, changes, name="house"):
        """Change the board, and tell of it."""
        await_asleep(self.child)
        for path, value in changes.items():
            self.bench.tree.put(path, value, name)
        self.kernel.send(name=name)

    def become(self, state, name="house"):
        """Put the board into a state, and wait until that is recorded."""
        had = self.rows()[-1].id
        self.put(values(state), name)
        self.await_that(lambda rows: rows[-1].id > had)

    @contextlib.contextmanager
    def database(self):
        database = sqlite3.connect(self.file, timeout=TIMEOUT_S)
        with database:
            yield database
        database.close()

    def rows(self):
        with self.database() as database:
            return [Row(*row) for row in database.execute(
                "SELECT id, time_ms, boottime_ms, boot, board, kind, before, "
                "state FROM events ORDER BY id")]

    def await_that(self, condition):
        """Wait until the events are so."""
        end = time.monotonic() + TIMEOUT_S
        while not condition(self.rows()):
            assert time.monotonic() < end, "not recorded"
            time.sleep(0.005)

    def await_rows(self, count):
        self.await_that(lambda rows: len(rows) >= count)

    def change(self, *statement):
        """Change what was recorded."""
        with self.database() as database:
            database.execute(*statement)

    def copies(self, count, time_ms=None):
        """Record the last event again, so often."""
        self.change(
            "INSERT INTO events(time_ms, boottime_ms, boot, board, kind, "
            "before, state) WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT "
            "n + 1 FROM n WHERE n < ?) SELECT coalesce(?, time_ms), boottime_ms, "
            "boot, board, kind, before, state FROM n, events WHERE id = "
            "(SELECT max(id) FROM events)", (count, time_ms))

    def show(self, *args, **kwargs):
        """The lines; long ones are not wrapped."""
        child = self.bench.start("history", "--directory", self.folder, *args,
                                 **kwargs)
        result = self.bench.finish(child)
        assert result.code == DONE, result.err
        return result.out.splitlines()

    def words(self, *args):
        """What the lines say, without when and of whom."""
        return [re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+: (.*)",
                             line).group(1) for line in self.show(*args)]

    def objects(self, *args):
        return [json.loads(line) for line in self.show("--json", *args)]

    def refuses(self, *args, expect=FAILED, why, **kwargs):
        return self.bench.refuses("history", "--directory", self.folder, *args,
                                  expect=expect, why=why, **kwargs)


@pytest.fixture
def history(bench):
    """A board, and nothing recorded yet."""
    bench.tree.add("healthy")
    record = History(bench)
    yield record
    record.close()


# ---- what is recorded

CHANGES = (
    ("pre-alarm", "pre-alarm on; active: cell-low, cell-undervoltage (1 %)"),
    ("undervoltage",
     "load off: a cell is empty, below its load-disconnect threshold (1 %)"),
    ("waiting-for-reconnect",
     "pre-alarm off; clear again: cell-low, cell-undervoltage"),
    ("healthy", "load on"),
    ("overvoltage", "charge off: a cell is too full; active: cell-overvoltage (100 %)"),
    ("healthy", "charge on; clear again: cell-overvoltage"),
    ("remote-off", "software remote off; load and charge off by the software "
     "remote"),
    ("healthy", "software remote on; load and charge on"),
    ("terminals-off", "switch at the terminals off; load and charge off by the "
     "switch at the terminals"),
    ("healthy", "switch at the terminals on; load and charge on"),
    ("user-inhibits", "charging inhibited by the user; charge off: inhibited by "
     "the user"),
    ("healthy", "charging allowed by the user; charge on"),
    ("io-error-load-off", "load off: the lines of the board cannot be read or "
     "set; charge off: the lines of the board cannot be read or set; pre-alarm "
     "on; active: cell-low, cell-undervoltage, cell-overvoltage, io-error"),
    ("healthy", "load and charge on; pre-alarm off; clear again: cell-low, "
     "cell-undervoltage, cell-overvoltage, io-error"),
    ("over-temperature", "charge off: a battery is too hot to be charged; "
     "active: over-temperature (13.21 V, 2.10 A discharging, 51.3 °C, 71 %)"),
)


def test_changes(history):
    """history: a line for each change: what, why, by whom, and what is measured"""
    history.start()
    for state, _ in CHANGES:
        history.become(state)
    assert history.end() == (DONE, "")
    words = history.words()
    assert words[0] == "recording begins: All well"
    assert words[1:-1] == [words for _, words in CHANGES]
    assert words[-1].startswith("recording ends")
    plain = history.show(env={"LANG": "C"})
    assert all(line.isascii() for line in plain) and "51.3 C" in plain[-1]


def test_json(history):
    """history: an object an event, the newest last, with all as it was and had been"""
    history.start().become("pre-alarm")
    history.become("undervoltage")
    history.end()
    found = history.objects()
    assert [each["event"] for each in found] == ["start", "change", "change",
                                                 "stop"]
    assert found == sorted(found, key=lambda each: each["boottime_ms"])
    cut = found[2]
    assert cut["changed"] == ["load", "alarm", "load_off_reason"]
    assert cut["before"] == {"load": True, "alarm": 1,
                             "load_off_reason": "none"}
    assert cut["load"] is False and cut["alarm"] == 2
    assert [each["words"] for each in found] == history.words()
    assert cut["load_off_reason"] == "cell-undervoltage"
    assert cut["conditions"] == ["cell-low", "cell-undervoltage"]
    assert cut["stats"] == {"pre_alarms": 1, "load_disconnects": 1,
                            "charge_disconnects": 0}
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        assert cut["boot"] == file.read().strip()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", cut["time"])
    assert abs(history.rows()[2].time_ms / 1000 - time.time()) < TIMEOUT_S


def test_unread(history):
    """history: what cannot be read is neither on nor off"""
    history.start()
    history.put({"device/load": "junk"})
    history.await_rows(2)
    assert history.words()[1] == "load unknown: Input/output error"
    assert history.objects()[1]["load"] is None


def test_come_and_go(bench, history):
    """history: boards that come and go are events, also when there was none"""
    bench.tree.remove()
    history.start()
    for count, name in enumerate(("house", "shed")):
        await_asleep(history.child)     # or it might find half of it
        bench.tree.add("healthy", name)
        history.kernel.send("add", name)
        history.await_rows(count + 1)
    history.become("undervoltage", "shed")
    bench.tree.remove("shed")
    history.kernel.send("remove", "shed")
    history.await_rows(4)
    assert history.end() == (DONE, "")
    words = history.words()
    assert words[1] == "the board is there: All well"
    assert words[3] == "gone: unplugged, or its driver was unloaded"
    assert [(row.board, row.kind) for row in history.rows()] == [
        ("house", "new"), ("shed", "new"), ("shed", "change"), ("shed", "gone"),
        ("house", "stop")]
    assert len(history.show("--board", "shed")) == 3
    history.refuses("--board", "cabin", expect=NO_BOARD,
                    why="cabin: nothing was recorded of such a board")


def test_before(bench, history):
    """history: what the driver counted while nobody recorded is one event"""
    counters = ("pre_alarms", "load_disconnects", "charge_disconnects")

    def count(*numbers):
        for name, number in zip(counters, numbers):
            bench.tree.put(f"device/stats/{name}", number)
        history.start().end()

    count(2, 1, 0)
    count(2, 1, 0)      # nothing new
    count(5, 1, 1)
    count(1, 0, 0)      # the driver was started anew
    history.change("UPDATE events SET boot = 'earlier'")
    count(3, 0, 0)      # and the computer
    assert [each for each in history.words() if "before" in each] == [
        "before recording: pre-alarms 2, load disconnects 1, charge disconnects 0",
        "before recording: pre-alarms 3, load disconnects 0, charge disconnects 1",
        "before recording: pre-alarms 1, load disconnects 0, charge disconnects 0",
        "before recording: pre-alarms 3, load disconnects 0, charge disconnects 0"]
    assert history.objects()[0]["before"] == {"stats": {
        "pre_alarms": 2, "load_disconnects": 1, "charge_disconnects": 0}}


def test_beginnings(history):
    """history: says whether the computer was restarted, or lost its power"""
    history.start().end()
    history.start().end()
    history.change("UPDATE events SET boot = 'first'")
    history.start().end(signal.SIGKILL)
    history.change("UPDATE events SET boot = 'second' WHERE boot <> 'first'")
    history.start().end()
    assert history.words() == [
        "recording begins: All well", "recording ends",
        "recording again: All well", "recording ends",
        "after a restart of the computer: All well",
        "after a crash or power loss of the computer: All well",
        "recording ends"]


def test_measured(history):
    """history: of what is only measured, a capacity is an event when it moves by 5 %"""
    history.start()
    for percent in (49, 48, 47, 46):
        history.put({"capacity": percent, "status": "Charging"})
    history.await_idle()
    assert len(history.rows()) == 1
    history.put({"capacity": 45})
    history.await_rows(2)
    history.end()
    assert history.words()[1] == "status Charging; capacity 45"


def test_flicker(history):
    """history: a line that flickers neither fills it nor hides what follows"""
    begun = time.monotonic()
    history.start()
    flicker = [{"device/conditions": name} for name in ("cell-overvoltage", "none")]
    for number in range(60):
        history.put(flicker[number % 2])
        history.await_rows(number + 2)
    for number in range(20):
        history.put(flicker[number % 2])
        history.await_idle()
    # One more a minute, on a machine that is slow
    assert len(history.rows()) - 61 <= (time.monotonic() - begun) / 60
    history.put({"device/load_request": "shed"})
    history.await_idle()
    assert "load_request shed" in history.words()[-1]
    history.put({"device/conditions": "over-temperature", "device/charge": "off",
                 "device/charge_off_reason": "over-temperature"})
    history.await_idle()
    history.end()
    assert history.words()[-2].startswith("charge off: a battery is too hot")


def test_idle(history):
    """history: while nothing happens the recorder does not wake, not once"""
    history.start()
    before = wake_ups(history.child)
    time.sleep(IDLE_S)
    assert wake_ups(history.child) == before


def test_alone(bench, history):
    """history: one records; another one is refused"""
    history.start()
    child = bench.start("history", "--record", "--directory", history.folder)
    result = bench.finish(child)
    assert result.code == FAILED and "somebody else records there" in result.err
    history.end(signal.SIGKILL)
    history.start().end()


# ---- how much is kept


def test_number(history):
    """history: no more events are kept than were asked for, and 64"""
    history.start().end()
    history.copies(5000)
    history.start("--max-events", "50")
    assert len(history.rows()) <= 51
    for _ in range(35):
        history.become("undervoltage")
        history.become("healthy")
        assert len(history.rows()) <= 50 + 64
    last = history.rows()[-1].id
    history.end()
    assert [row.id for row in history.rows()][-2] == last
    assert last > 5070


def test_age(history):
    """history: what is too old goes, but for the last 100"""
    history.start().end()
    now = int(time.time() * 1000)
    history.copies(300, now - 3 * 86400000)
    history.copies(20, now)
    history.start("--max-days", "2").end()
    old = [row for row in history.rows() if row.time_ms < now - 2 * 86400000]
    assert len(old) == 80
    history.change("UPDATE events SET time_ms = 0")
    history.start("--max-days", "2").end()
    assert len(history.rows()) == 102


# ---- what is shown


@pytest.fixture
def week(history):
    """An event each day at noon, in UTC, from January 1 to 7, 2026."""
    history.start().end()
    history.change("DELETE FROM events WHERE id > 1")
    history.copies(6)
    history.change("UPDATE events SET boottime_ms = (id - 1) * 86400000")
    history.change("UPDATE events SET boot = 'week', time_ms = 1767268800000 + "
                   "boottime_ms")
    return history


@only_plain
@pytest.mark.parametrize("args, days", (
    ((), "1234567"), (("--since", "2026-01-05 12:00:00"), "567"),
    (("--since", "2026-01-05 12:00:01"), "67"),
    (("--until", "2026-01-03"), "12"), (("--until", "2026-01-03 12:00"), "123"),
    (("--since", "2026-01-03", "--until", "2026-01-06"), "345"),
    (("--since", "2026-01-06", "--until", "2026-01-03"), ""),
    (("--lines", "2"), "67"), (("--lines", "0"), ""), (("--lines", "99"),
                                                      "1234567"),
    (("--until", "2026-01-06", "--lines", "2"), "45"),
    (("--since", "@1767614400"), "567"), (("--since", "yesterday"), ""),
    (("--since", "12h"), ""), (("--until", "2 hours ago"), "1234567"),
    (("--since", "Mon 2026-01-05"), "567")))
def test_when(week, args, days):
    """history: --since, --until and --lines: {args}"""
    lines = week.show(*args, env={"TZ": "UTC"})
    assert [line[:20] for line in lines] == [
        f"2026-01-0{day} 12:00:00 " for day in days]


@only_plain
def test_seen_since(week):
    """history: --seen has a line that is active when --since begins"""
    week.change("UPDATE events SET state = json_set(state, '$.conditions', 'cell-low') "
                "WHERE id BETWEEN 2 AND 4")
    found = {args: week.show("--seen", "--since", *args, env={"TZ": "UTC"}) for args in (
        ("2026-01-04",), ("2026-01-03", "--until", "2026-01-04"), ("2026-01-06",))}
    assert [[line.split(maxsplit=1)[1] for line in lines if line.startswith("  cell-low")]
            for lines in found.values()] == [
        ["2026-01-02 12:00:00 to 2026-01-05 12:00:00"], ["since 2026-01-02 12:00:00"], ["never"]]


def test_local(week):
    """history: times are local, given and shown"""
    lines = week.show("--since", "2026-01-06 21:00:00",
                      env={"TZ": "Asia/Tokyo"})
    assert [line[:19] for line in lines] == ["2026-01-06 21:00:00",
                                             "2026-01-07 21:00:00"]


def test_clock_set(week):
    """history: what was recorded before the clock was set has the right time"""
    week.change("UPDATE events SET time_ms = boottime_ms + 1000 WHERE id < 6")
    assert [line[:10] for line in week.show(env={"TZ": "UTC"})] == [
        f"2026-01-0{day}" for day in range(1, 8)]
    # Nothing is known of a start of which nothing was recorded later
    week.change("UPDATE events SET boot = 'other' WHERE id < 6")
    assert [line[:4] for line in week.show(env={"TZ": "UTC"})] == \
        5 * ["1970"] + 2 * ["2026"]
    # This one goes on, so the clock of now is the right one
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    week.change("UPDATE events SET boot = ?, time_ms = 1, boottime_ms = 1", (boot,))
    uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
    found = {each["time"][:16] for each in week.objects()}
    assert found & {time.strftime("%Y-%m-%dT%H:%M", time.gmtime(
        time.time() - uptime + late)) for late in (-1, 1)}


@only_plain
@pytest.mark.parametrize("args, why", (
    (("--since", ""), "--since: '' is no time; "), (("--since", "x"), "'x'"),
    (("--until", "2026-13-01"), "--until: "), (("--since", "7w7"), "'7w7'"),
    (("--since", "--help"), "'--help'"),
    (("--lines", "x"), "--lines: 'x' is not a number of lines"),
    (("--lines", "-1"), "'-1'"), (("--lines", ""), "''"),
    (("--lines", "9" * 30), "is not a number"),
    (("--record", "--json"), "--record: prints nothing"),
    (("--record", "--max-days", "0"), "--max-days: '0' is not a positive"),
    (("--record", "--max-events", "1x"), "--max-events: '1x'"),
    (("--max-days", "3"), "--max-days: needs --record")))
def test_usage(bench, history, args, why):
    """history: what is wrong with an option is said: {args}"""
    history.refuses(*args, expect=USAGE, why=why)
    bench.refuses("status", "--seen", expect=USAGE, why="no option of 'status'")


def test_seen(history):
    """history: --seen says of each line when it was active last"""
    history.start()
    for state in ("pre-alarm", "healthy", "terminals-off", "healthy",
                  "io-error-load-off", "healthy", "overvoltage"):
        history.become(state)
    times = [row.time_ms for row in history.rows()]
    history.end()
    lines = history.bench.run("history", "--directory", history.folder, "--seen",
                              env={"TZ": "UTC"}).out.splitlines()

    def when(index):
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(times[index] // 1000))

    assert lines[0] == f"house, recorded since {when(0)}"
    found = dict(re.fullmatch(r"  (\S.{19}) (\S.*)", line).groups()
                 for line in lines[1:])
    found = {name.strip(): text for name, text in found.items()}
    assert found["cell-low"] == f"{when(1)} to {when(2)}"
    assert found["cell-undervoltage"] == f"{when(1)} to {when(2)}"
    assert found["terminals off"] == f"{when(3)} to {when(4)}"
    assert found["io-error"] == f"{when(5)} to {when(6)}"
    assert found["cell-overvoltage"] == f"since {when(7)}"
    assert found["under-temperature"] == "never"
    seen = history.objects("--seen")
    assert seen[0]["name"] == "house"
    assert seen[0]["seen"]["under-temperature"] is None
    assert seen[0]["seen"]["cell-overvoltage"]["until"] is None
    assert set(seen[0]["seen"]) == set(found)


def test_label(bench, history):
    """history: whatever a label holds, it neither steers a terminal nor breaks JSON"""
    name = os.fsdecode(b"a\033[2J\xff\xc2\x9b31mb\xc3\xbc")
    bench.tree.remove()
    bench.tree.add("healthy", name)
    history.start().end()
    for args in ((), ("--seen",)):
        shown = "\n".join(history.show(*args))
        assert "a?[2J??" in shown and "b\u00fc" in shown
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffd\ud800-\udfff]",
                             shown), ascii(shown)
    for each in history.objects() + history.objects("--seen"):
        assert each["name"].startswith("a?[2J??")
    assert len(history.show("--board", name)) == 2


@only_plain
def test_readers(bench, history):
    """history: who may not write it may read it, whoever records or does not"""
    def reads(folder):
        result = bench.finish(bench.start(
            "history", "--directory", folder, **others))
        assert result.code == DONE, result.err
        return result.out.count("\n")

    others = {}
    if os.geteuid() == 0:
        others = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    history.start()
    assert reads(history.folder) == 1
    history.become("undervoltage")
    assert reads(history.folder) == 2
    history.end(signal.SIGKILL)
    assert reads(history.folder) == 2
    history.start().end()
    assert reads(history.folder) == 4
    alone = os.path.join(bench.folder, "a? copy#%41")
    os.mkdir(alone)
    shutil.copy(history.file, alone)
    os.chmod(alone, 0o555)
    assert reads(alone) == 4


# ---- what is wrong with the file


def test_missing(bench, history):
    """history: without a file it says what to enable, without its program what to install"""
    history.refuses(why="/history.db: nothing was recorded; to begin, as "
                    "root: systemctl enable --now smallbms-history")
    os.remove(f"{bench.tool}-history")
    history.refuses(why=f"history: {bench.tool}-history is not there; install "
                    "the package smallbms-history")


def test_folder(bench, history):
    """history: a folder that is none, or cannot be written, is said"""
    for how in ({}, {"user": NOBODY, "group": NOBODY, "extra_groups": []}):
        if how and os.geteuid():
            continue
        child = bench.start("history", "--record", "--directory", history.folder
                            if how else "/nonexistent", **how)
        result = bench.finish(child)
        assert result.code == FAILED
        assert ("unable to open database file" if how else
                "/nonexistent: No such file") in result.err
    history.start().end()
    os.chmod(history.file, 0)
    if os.geteuid() == 0:
        history.refuses(why="cannot be read: Permission denied", user=NOBODY,
                        group=NOBODY, extra_groups=[])


def begins_anew(history, reason):
    """It says why, keeps what there was, and records."""
    with open(history.file, "rb") as file:
        had = file.read()
    history.start().become("undervoltage")
    code, err = history.end()
    assert code == DONE
    lines = err.splitlines()
    assert len(lines) == 2 and re.search(f"history.db: .*{reason}", lines[0]), err
    assert lines[1].endswith(
        "history.db: set aside as history.db.broken, and begun anew")
    with open(history.file + ".broken", "rb") as file:
        kept = file.read()
    assert len(kept) == len(had)
    words = history.words()
    assert words[0] == "recording begins anew, as what was recorded was broken: " \
        "All well"
    assert words[1].startswith("load off") and len(words) == 3
    for path, value in values("healthy").items():
        history.bench.tree.put(path, value)


def test_broken(history):
    """history: a file of anything else is set aside, said, and begun anew"""
    for junk in (b"junk", b"\0" * 5000, b"\xff" * 9000):
        for name in os.listdir(history.folder):
            os.remove(os.path.join(history.folder, name))
        with open(history.file, "wb") as file:
            file.write(junk)
        history.refuses(why="cannot be read: file is not a database; "
                        "smallbms-history.service sets it aside")
        begins_anew(history, "file is not a database")
    for statement, reason in (
            ("PRAGMA user_version = 2", "is of another version of this program"),
            ("PRAGMA application_id = 7", "is no history of this program"),
            ("DROP TABLE events", "no such table: events"),
            ("ALTER TABLE events RENAME board TO name", "no column named board")):
        history.change(statement)
        history.refuses(why="history.db: ")
        begins_anew(history, reason)


def damaged(data, chance):
    """Cut somewhere, or with some bytes that are others."""
    if chance.random() < 0.5:
        return data[:chance.randrange(1, len(data))]
    data = bytearray(data)
    for _ in range(chance.choice((1, 10, 100))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def test_damaged(history):
    """history: whatever a file is damaged to, it is read or refused, and recorded to"""
    chance = random.Random(SEED)
    history.start().become("undervoltage")
    history.end()
    history.copies(100)
    history.change("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(history.file, "rb") as file:
        whole = file.read()
    assert len(whole) > 10 * 4096
    anew = 0
    for number in range(16):
        for name in os.listdir(history.folder):
            os.remove(os.path.join(history.folder, name))
        with open(history.file, "wb") as file:
            file.write(damaged(whole, chance))
        print(f"SEED={SEED}, {number}")
        result = history.bench.finish(history.bench.start(
            "history", "--json", "--directory", history.folder))
        assert result.code in (DONE, FAILED)
        result.jsons()
        history.start()
        code, err = history.end()
        assert code == DONE
        broken = os.path.exists(history.file + ".broken")
        assert broken == ("begun anew" in err), err
        anew += broken
        assert history.objects()[-1]["event"] == "stop"
    assert anew >= 8


def test_full(bench, history):
    """history: what a full disk does not take is recorded later, and said once"""
    history.start()
    had = os.path.getsize(history.file + "-wal")
    resource.prlimit(history.child.pid, resource.RLIMIT_FSIZE, (had, had + 10 ** 8))
    for state in ("undervoltage", "healthy", "overvoltage"):
        history.put(values(state))
        history.await_idle()
    assert len(history.rows()) == 1
    resource.prlimit(history.child.pid, resource.RLIMIT_FSIZE,
                     (had + 10 ** 8, had + 10 ** 8))
    history.put(values("healthy"))
    history.await_rows(5)
    code, err = history.end()
    assert code == DONE and len(err.splitlines()) == 2, err
    assert re.search("history.db: cannot record: .*; trying again\n", err)
    assert "recording again; 0 events were lost" in err
    assert [words.split(";")[0].split(":")[0] for words in history.words()] == [
        "recording begins", "load off", "load on", "charge off", "charge on",
        "recording ends"]


# ---- what it survives


@only_plain
def test_killed(bench, history):
    """history: killed 100 times as events pour in, it has lost at most the last one"""
    chance = random.Random(SEED)
    bench.tree.put("device/disconnect_in_ms", 0)
    history.start()
    history.end()
    reader = sqlite3.connect(history.file)
    sent = 0

    def last():
        state, = reader.execute("SELECT state FROM events ORDER BY id DESC "
                                "LIMIT 1").fetchone()
        return json.loads(state)["disconnect_in_ms"]

    for _ in range(100):
        child = history.start().child
        for left in reversed(range(chance.randrange(1, 6))):
            sent += 1
            bench.tree.put("device/disconnect_in_ms", sent)
            bench.tree.put("device/load", "off" if sent % 2 else "on")
            history.kernel.send()
            while left and last() != sent:
                assert child.poll() is None, child.stderr.read()
        time.sleep(chance.random() * 0.003)
        assert history.end(signal.SIGKILL)[0] == -signal.SIGKILL
        assert last() in (sent, sent - 1)
    reader.close()
    with history.database() as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    numbers = [json.loads(row.state)["disconnect_in_ms"]
               for row in history.rows() if row.kind == "change"]
    print(f"SEED={SEED}: {len(numbers)} events, {sent} sent")
    assert numbers == sorted(numbers) and len(numbers) > 100


Write = collections.namedtuple("Write", "what name at data")


def writes_of(path):
    """What writes.c has noted."""
    with open(path, "rb") as file:
        while True:
            line = file.readline().split()
            if not line:
                return
            what, name, at, length = line
            yield Write(what.decode(), name.decode(), int(at),
                        file.read(int(length)))


class Disk:
    """The files as the writes leave them."""

    def __init__(self):
        self.files = {}

    def apply(self, write, chance=None):
        """One write; with a chance only some of its sectors arrive."""
        data = self.files.setdefault(write.name, bytearray())
        if write.what == "unlink":
            del self.files[write.name]
        if write.what == "truncate":
            del data[write.at:]
            data.extend(bytes(write.at - len(data)))
        if write.what != "write":
            return
        end = write.at + len(write.data)
        data.extend(bytes(max(0, end - len(data))))
        for at in range(0, len(write.data), 512):
            if not chance or chance.random() < 0.7:
                part = write.data[at:at + 512]
                data[write.at + at:write.at + at + len(part)] = part

    def save(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        for name, data in self.files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        return os.path.join(folder, "history.db")


def cut(writes, at, chance):
    """Two disks: all until then, and what a power cut may have left of it."""
    whole, left = Disk(), Disk()
    last = {write.name: index for index, write in enumerate(writes[:at])
            if write.what == "sync"}
    for index, write in enumerate(writes[:at]):
        whole.apply(write)
        # With any of them, a journalling file system has synchronized a removal.
        sync = max(last.values(), default=-1) if write.what == "unlink" else \
            last.get(write.name, -1)
        if index < sync:
            left.apply(write)
        elif chance.random() < 0.7:
            left.apply(write, chance)
    return whole, left


def ids(path):
    """The events in a file, which must be sound; none in one without a table."""
    database = sqlite3.connect(path)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not database.execute("PRAGMA user_version").fetchone()[0]:
            return []
        return [row[0] for row in database.execute(
            "SELECT id FROM events ORDER BY id")]
    finally:
        database.close()


@only_plain
def test_power_cut(bench, history):
    """history: a power cut at any of its writes costs the last event at most

    What was not synchronized is there in part, by sectors and in any order. That the
    disk keeps what was synchronized is taken for granted.
    """
    chance = random.Random(SEED)
    shim = os.path.join(bench.folder, "writes.so")
    log = os.path.join(bench.folder, "writes")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", shim,
                    os.path.join(HERE, "writes.c")], check=True)
    for _ in range(3):      # each end moves the log into the database
        history.start(env={"LD_PRELOAD": shim, "WRITES": log})
        for number in range(12):
            history.become("healthy" if number % 2 else "undervoltage")
        history.end()
    writes = list(writes_of(log))
    syncs = sum(write.what == "sync" for write in writes)
    assert syncs > 40 and {write.name for write in writes} == \
        {"history.db", "history.db-wal", "history.db-journal"}
    folder = os.path.join(bench.folder, "cut")
    shown = 0
    for number in range(300):
        at = chance.randrange(1, len(writes) + 1)
        print(f"SEED={SEED}: {number}, after {at} of {len(writes)} writes")
        whole, left = cut(writes, at, chance)
        written = ids(whole.save(folder))
        path = left.save(folder)
        if number % 30 == 0 and written:
            shown += 1
            child = bench.start("history", "--json", "--directory", folder)
            assert bench.finish(child).code == DONE
        kept = ids(path)
        assert kept == written[:len(kept)]
        assert len(kept) >= len(written) - 1
    assert shown > 5


# ---- what comes with it


@only_plain
def test_install(bench):
    """make install-history puts everything where it is looked for, and enables nothing"""
    root = os.path.join(bench.folder, "root")
    built = os.path.join(bench.folder, "built")
    subprocess.run(["make", "-s", "-C", TOOLS, f"O={built}", "CFLAGS=-O0",
                    f"DESTDIR={root}", "prefix=/usr", "install-history"],
                   check=True, capture_output=True)
    found = sorted(os.path.relpath(os.path.join(folder, name), root)
                   for folder, _, names in os.walk(root) for name in names)
    assert found == ["lib/systemd/system/smallbms-history.service",
                     "usr/bin/smallbms-history",
                     "usr/lib/sysusers.d/smallbms-history.conf",
                     "usr/share/man/man1/smallbms-history.1"]
    unit = os.path.join(root, found[0])
    with open(unit, encoding="ascii") as file:
        assert "ExecStart=/usr/bin/smallbms history --record $OPTIONS\n" in \
            file.read()
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit],
        capture_output=True, text=True, check=False)
    assert rated.returncode == 0, rated.stdout.splitlines()[-1:]


# ---- commissioning


def leave_report(history, when, name="house", **counts):
    folder = os.path.join(history.bench.tree.root, "commission", name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"{when.replace(':', '')}.json"), "w",
              encoding="ascii") as file:
        json.dump({"finished": when, "passed": 12, "failed": 1, "skipped": 0, **counts}, file)


def test_commissioned(history):
    """history: commissionings are shown between the events, at their time"""
    history.start()
    history.become("nearly-empty")
    history.end()
    leave_report(history, "2020-01-31T10:12:40Z")
    leave_report(history, "2020-01-30T10:12:40Z", failed=0, skipped=2)
    leave_report(history, "2098-01-30T10:12:40Z")
    leave_report(history, "2020-01-31T10:12:40Z", name="other")
    assert [words.split(";")[0] for words in history.words()] == [
        "commissioned 2020-01-30: 12 passed, 0 failed, 2 skipped",
        "commissioned 2020-01-31: 12 passed, 1 failed", "recording begins: All well",
        "pre-alarm on", "recording ends (5 %)", "commissioned 2098-01-30: 12 passed, 1 failed"]
    found = history.objects()
    assert [each["event"] for each in found] == [
        "commissioned", "commissioned", "start", "change", "stop", "commissioned"]
    assert found[1]["time"] == "2020-01-31T10:12:40.000Z" and found[1]["name"] == "house"
    assert found[1]["commissioned"]["failed"] == 1
    assert len(history.words("--since", "2020-01-31 00:00")) == 5
    assert len(history.words("--until", "2020-01-31 00:00")) == 1
    assert [words.split(";")[0] for words in history.words("--lines", "1")] == [
        "recording ends (5 %)", "commissioned 2098-01-30: 12 passed, 1 failed"]


def test_broken_commissioning(history):
    """history: a report that cannot be read does not keep the events from being shown"""
    history.start()
    history.end()
    leave_report(history, "2020-01-31T10:12:40Z", failed="none")
    assert history.words() == ["recording begins: All well", "recording ends"]
