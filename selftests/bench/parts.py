# SPDX-License-Identifier: GPL-2.0
"""The parts of the benchmark: each is one question, and leaves tables in its section."""

import contextlib
import glob
import os
import re
import textwrap

import turns
from report import NAMES, WIDTH, quantile, ratio, resident, us
from turns import lab

COMPILED = ("smallbms", "daemon", "fifo", "copy")
MOST_TRIPS = {"poller": 20, "python": 1000}     # they take long
AVAILABILITY_TRIPS = 5
STORM_TICK_US = 10
MEMORY_FROM = 16                                # boards; with fewer it is lost in what else happens
DEBOUNCE_MS = 20                                # the default
DIRECT = "/sys/class/power_supply/direct/device"
# Who reports a state of charge, and the commands that do; `tty` is the pseudo terminal's name
FLOODS = {
    "every millisecond": f"flood 1000 {DIRECT}/gauge/soc_permille >/tmp/flood 2>&1 & echo $!",
    "without a pause": f"flood 0 {DIRECT}/gauge/soc_permille >/tmp/flood 2>&1 & echo $!",
    "a port, without a pause":
        "flood >/tmp/flood 2>&1 & echo $!; until tty=$(grep pts /tmp/flood); do usleep 10000; "
        "done; smallbms shunt $tty >/tmp/shunt 2>&1 & echo $!; "
        "until grep -q ' on ' /tmp/shunt; do usleep 10000; done"}
QUIET = "nobody"
FLOOR_PERCENT = 20
WHERE = {"direct": "lines that do not sleep", "e400": "expander, 400 kHz",
         "e100": "expander, 100 kHz", "mcp": "MCP23017, 400 kHz"}


class Extent:
    """How much is measured."""
    # pylint: disable=too-few-public-methods
    trips = 10000               # of each compiled competitor
    debounced_trips = 1000
    loaded_trips = 10000
    press_us = 1000000              # before the first trip under load
    real_trips = 1000
    rounds = 4
    peers = turns.PEERS
    idle_s = 1000
    storms = (10000, 100000)
    storm_ms = 4000
    storm_trips = 300
    reading_s = 3
    flooded_trips = 400
    uevents = 20
    boards = (1, 8, 64)


class Smoke(Extent):
    """To see whether it works."""
    trips = debounced_trips = loaded_trips = 4
    press_us = 100000
    rounds = 1
    peers = ("smallbms", "daemon", "python", "copy")
    idle_s = 1
    storms = (10000,)
    storm_ms = 100
    storm_trips = 2
    reading_s = 0.2
    flooded_trips = 4
    uevents = 2
    boards = (1, 2)


def chip(kind, label, khz=None, **properties):
    made = kind(label, without=tuple(each for each in lab.LINES if each not in turns.WIRED),
                **{**turns.AT_ONCE, **properties})
    made.khz = khz
    return made


def direct():
    return [chip(lab.Direct, "direct")]


def debounced():
    return [chip(lab.Direct, "debounced", debounce_delay_ms=DEBOUNCE_MS)]


def expanders():
    return [chip(lab.Expander, "e400", 400), chip(lab.Expander, "e100", 100)]


def mcp23017():
    return [chip(lab.Mcp23017, "mcp", 400)]


def fleet(extent):
    return [chip(lab.Direct, f"b{n:02}") for n in range(extent.boards[-1])]


def save(name, samples):
    with open(os.path.join(turns.OUT, f"{name}.txt"), "w", encoding="ascii") as file:
        file.write("# ns from the edge to the output; 0: missed\n")
        file.writelines(f"{value}\n" for value in samples)


def interleaved(bench, label, peers, count, rounds, debounce_ms=0):
    """Trips of each, A-B-A-B, {peer: samples}."""
    taken = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            wanted = min(count, MOST_TRIPS.get(peer, count)) // rounds
            with bench.competitor(peer, label, debounce_ms):
                taken[peer] += bench.trips(label, max(wanted, 1))
    return taken


def show_trips(section, title, taken, more=()):
    """@more: (head of a column, function of the samples) beside the usual ones."""
    section.say(f"From an edge to the output, {title}, us")
    rows = []
    for peer, samples in taken.items():
        rows.append((NAMES[peer], str(len(samples)),
                     *(us(quantile(samples, q)) for q in (.5, .99, .999, 1)),
                     str(samples.count(turns.MISSED_NS)), *(cell(samples) for _, cell in more)))
    section.table(("", "trips", "p50", "p99", "p99.9", "max", "missed",
                   *(head for head, _ in more)), rows)
    section.value = taken
    section.works(all(any(samples) for samples in taken.values()),
                  f"{section.name}: every competitor serves trips")


def trips(label, section, bench, extent):
    """While nothing else happens."""
    khz = bench.chips[label].khz
    if khz:
        bench.ok(f"echo {khz} >{bench.file(label, 'khz')}")
    peers = [peer for peer in extent.peers if not (khz and peer == "poller")]
    taken = interleaved(bench, label, peers, extent.trips, extent.rounds)
    for peer, samples in taken.items():
        save(f"idle-{label}-{peer}", samples)
    show_trips(section, f"{WHERE[label]}, idle", taken)


def with_debounce(section, bench, extent):
    """As the board is delivered: what is beyond the debounce."""
    peers = [peer for peer in COMPILED + ("python",) if peer in extent.peers and peer != "copy"]
    taken = interleaved(bench, "debounced", peers, extent.debounced_trips, extent.rounds,
                        DEBOUNCE_MS)
    for peer, samples in taken.items():
        save(f"debounced-direct-{peer}", samples)
    beyond = {peer: [value and max(value - DEBOUNCE_MS * 1000000, 1) for value in samples]
              for peer, samples in taken.items()}
    show_trips(section, f"{WHERE['direct']}, idle, with a debounce of {DEBOUNCE_MS} ms, the "
               "default: what comes on top of it, and all in all", beyond,
               [("p50, all", lambda samples: us(quantile(samples, .5) + DEBOUNCE_MS * 1000000))])


def transfers(label, section, bench, extent):
    """One trip of each, transfer by transfer: how many, and what the wire itself takes."""
    # pylint: disable=unused-argument
    rows, wire = [], {}
    for peer in ("smallbms", "daemon", "copy"):
        with bench.competitor(peer, label):
            bench.ok(f"sleep 2; echo 1 >{bench.file(label, 'verbose')}; "
                     f"echo >{bench.file(label, 'record')}; "
                     f"echo cell-overvoltage 1 >{bench.file(label, 'pins')}; usleep 30000; "
                     f"echo 0 >{bench.file(label, 'verbose')}")
            record = bench.ok(f"cat {bench.file(label, 'record')}")
            bench.ok(f"echo cell-overvoltage 0 >{bench.file(label, 'pins')}")
        cut = re.search(r"^(\d+) set charge 0", record, re.M)
        until = [line.split()[1] for line in record.splitlines()
                 if int(line.split()[0]) <= int(cut[1])]
        after = [line.split()[1] for line in record.splitlines()
                 if int(line.split()[0]) > int(cut[1])]
        # START, address and register; again START, address and one byte; STOP: 39 bits.  START,
        # address, register and byte, STOP: 29.
        bits = 39 * until.count("read") + 29 * until.count("write")
        wire[peer] = bits * 1e6 / bench.chips[label].khz, sum(
            until.count(what) for what in ("read", "write"))
        rows.append((NAMES[peer], str(until.count("read")), str(until.count("write")),
                     str(after.count("read") + after.count("write")), us(wire[peer][0])))
    section.say(f"Transfers of one trip, {WHERE[label]}; the kernel's driver for this chip moves "
                "a register of 8 lines at a time")
    section.table(("", "reads", "writes", "after it", "wire, us"), rows)
    section.value = wire


def idle(label, section, bench, extent):
    """Wake-ups per second while nothing happens."""
    rows, rate = [], {}
    seconds = extent.idle_s
    for peer in ("nobody", *(each for each in extent.peers if each != "copy")):
        with bench.competitor(peer, label):
            bench.ok("sleep 2")
            bus = f"cat {bench.file(label, 'transfers')}" if label != "direct" else "echo 0"
            text = bench.ok(
                "one() { while read -r a b _ _ c _; do case $a in cpu) echo $c;; intr|ctxt) "
                f"echo $b;; esac; done </proc/stat; {bus}; }}; "
                f"one; sleep {seconds}; one", 600).split()
        # the processor's rest in 1/100 s, interrupts, switches, transfers
        rate[peer] = [(int(text[n + 4]) - int(text[n])) / seconds for n in range(4)]
    for peer, (rest, *rates) in rate.items():
        rows.append((NAMES.get(peer, "(nobody)"), *(f"{value:.2f}" for value in rates),
                     f"{(rate['nobody'][0] - rest) * 10:.2f}"))
    section.say(f"While nothing happens, {WHERE[label]}, per second, of the whole machine; and the "
                "processor's time, ms a second more than with nobody")
    section.table(("", "interrupts", "switches", "transfers", "ms"), rows)
    # what wakes a processor is an interrupt, or another's wish that a task run
    section.value = max(rate["smallbms"][n] - rate["nobody"][n] for n in (1, 2))


def availability(section, bench, extent):
    """Trips served while the process that protects is stopped, and after it was killed."""
    rows = []
    pins, record = bench.file("direct", "pins"), bench.file("direct", "record")
    for peer in extent.peers:
        if peer in ("copy", "poller"):
            continue
        with bench.competitor(peer, "direct") as pid:
            cells = []
            for command in ("kill -STOP {pid}",
                            "kill -CONT {pid}; echo 1000 >/proc/{pid}/oom_score_adj; "
                            "echo f >/proc/sysrq-trigger; "
                            "until ! kill -0 {pid}; do usleep 10000; done"):
                if pid:
                    bench.ok(command.format(pid=pid))
                samples = bench.trips("direct", AVAILABILITY_TRIPS)
                missed = samples.count(turns.MISSED_NS)
                cells.append(f"{len(samples) - missed} of {len(samples)}")
            cells.append("-")
            if pid:
                # the bank is too full just when it is started again
                text = bench.ok(f"echo >{record}; echo cell-overvoltage 1 >{pins}; "
                                f"{bench.program(peer, 'direct')}; "
                                f"until grep -q 'charge out 0' {pins}; do usleep 1000; done; "
                                f"cat {record}; echo cell-overvoltage 0 >{pins}")
                begun = re.search(r"^(\d+) stimulus cell-overvoltage 1", text, re.M)
                ended = re.findall(r"^(\d+) set charge 0", text, re.M)
                cells[-1] = us(int(ended[-1]) - int(begun[1]))
                bench.end(text.split()[0])
        rows.append((NAMES[peer] if peer != "smallbms" else "smallBMS (no process)", *cells))
    section.say("Trips served while its process is stopped, and after the kernel killed it for "
                "want of memory; and how long one takes that comes when it is started again, us")
    section.table(("", "stopped", "killed", "restarted"), rows)


def storm(label, hertz, section, bench, extent):
    """One line bounces; what is left for the others."""
    rows, taken, load = [], {}, {}
    look = "cat uptime; head -n 1 stat"
    khz = bench.chips[label].khz
    if khz:
        bench.ok(f"echo {khz} >{bench.file(label, 'khz')}")
    for peer in COMPILED:
        if peer == "copy" or peer not in extent.peers:
            continue
        with bench.competitor(peer, label):
            taken[peer, "idle"] = bench.trips(label, min(extent.trips, 200))
            text = bench.ok(
                f"cd /proc; echo {STORM_TICK_US} >{bench.file(label, 'bounce_tick_us')}; "
                f"cat uptime; echo cell-undervoltage {hertz} {extent.storm_ms} "
                f">{bench.file(label, 'bounce')}; {look}; "
                f"echo cell-overvoltage charge {extent.storm_trips} {turns.GAP_US} "
                f">{bench.file(label, 'trips')}; {look}", 300)
            bench.ok(f"echo cell-undervoltage 10000 1 >{bench.file(label, 'bounce')}; sleep 2")
            samples = bench.samples(label)
        (asked,), (begun,), (ended,) = [
            [float(line.split()[0])] for line in text.splitlines() if "cpu" not in line]
        first, last = [int(line.split()[4]) for line in text.splitlines() if "cpu" in line]
        if begun - asked > extent.storm_ms / 1000 or ended == begun:
            rows.append((NAMES[peer], "-", "-", "-", "-", "all: nothing else ran"))
            continue
        load[peer] = max(1 - (last - first) / 100 / (ended - begun), 0)
        taken[peer, "storm"] = samples
        rows.append((NAMES[peer], us(quantile(taken[peer, "idle"], .5)),
                     *(us(quantile(samples, q)) for q in (.5, .99, 1)),
                     str(samples.count(turns.MISSED_NS)), f"{100 * load[peer]:.0f} %"))
    section.say(f"While one line bounces at {hertz // 1000} kHz, {WHERE[label]}: how another is "
                "served, us, and the processor's time (with the bouncing itself)")
    section.table(("", "p50, idle", "p50", "p99", "max", "missed", "busy"), rows)
    section.value = taken, load


def reading(section, bench, extent):
    """Eight readers of every attribute, and what they do to a trip."""
    seconds, count = extent.reading_s, min(extent.trips, 200)
    with bench.competitor("smallbms", "direct"):
        quiet = bench.trips("direct", count)
        files = "/sys/class/power_supply/direct/* /sys/class/power_supply/direct/device/*"
        bench.ok(f"readers 8 {seconds} $(for each in {files}; do [ ! -f $each ] || echo $each; "
                 "done) >/tmp/reads & echo $! >/tmp/reader")
        busy = bench.trips("direct", count)
        bench.ok("while kill -0 $(cat /tmp/reader) 2>/dev/null; do usleep 100000; done", 300)
        reads = int(bench.ok("cat /tmp/reads"))
    section.say(f"While eight processes read every attribute ({reads / seconds:.0f} a second): "
                "from an edge to the output, us")
    section.table(("", "p50", "max"), [
        (who, us(quantile(samples, .5)), us(quantile(samples, 1)))
        for who, samples in (("without readers", quiet), ("with readers", busy))])


def flooded(section, bench, extent):
    """A gauge that is written much too often, and what that does to a trip."""
    taken = {QUIET: [], **{how: [] for how in FLOODS}}
    rates = dict.fromkeys(taken, 0.0)
    with bench.competitor("smallbms", "direct"):
        bench.ok(f"echo {FLOOR_PERCENT} >{DIRECT}/soc_floor_percent; mkdir -p /dev/pts; "
                 "grep -q devpts /proc/mounts || mount -t devpts devpts /dev/pts")
        for _ in range(extent.rounds):
            for how in taken:
                pids = bench.ok(FLOODS[how]).split() if how != QUIET else []
                begun = bench.uptime()
                taken[how] += bench.trips("direct", extent.flooded_trips // extent.rounds)
                seconds = bench.uptime() - begun
                for pid in pids:
                    bench.ok(f"kill {pid}; while kill -0 {pid} 2>/dev/null; do usleep 10000; done")
                if pids:
                    count = int(bench.ok("tail -n 1 /tmp/flood"))
                    rates[how] += count / seconds / extent.rounds
        bench.ok(f"echo 0 >{DIRECT}/soc_floor_percent")
    for how, samples in taken.items():
        save(f"flooded-direct-{how.replace(' ', '-')}", samples)
    quiet = taken[QUIET]
    section.say("While a state of charge is reported much too often, and jumps across floor and "
                "recovery: from an edge to the output, us, and against nobody")
    section.table(("", "trips", "p50", "p99", "max", "missed", "p50", "p99", "reports a second"), [
        (how, str(len(samples)), *(us(quantile(samples, q)) for q in (.5, .99, 1)),
         str(samples.count(turns.MISSED_NS)),
         *(f"{ratio(samples, quiet, q):.2f} x" for q in (.5, .99)), f"{rates[how]:.0f}")
        for how, samples in taken.items()])
    section.value = taken
    section.works(all(rates[how] for how in FLOODS), "flood: reports come")


@contextlib.contextmanager
def listening(bench, peer):
    """A process waits for the uevents of a peer's power supply."""
    with bench.competitor(peer, "direct"):
        found = bench.ok("ls /sys/class/power_supply").split()
        name, = [each for each in found if each == "direct" or "charger" in each]
        bench.ok(f"/bin/uevent {name} 1000000 >/tmp/heard & echo $! >/tmp/listener; "
                 "until grep -q ready /tmp/heard; do usleep 10000; done")
        try:
            yield
        finally:
            bench.ok("kill $(cat /tmp/listener) 2>/dev/null; true")


def stir(bench):
    """Two edges of a line, each with a uevent."""
    for level in (1, 0):
        bench.ok(f"echo cell-overvoltage {level} >{bench.file('direct', 'pins')}; usleep 50000")


def uevents(section, bench, extent):
    """Until user space hears of it, against the kernel's own driver for such a line."""
    rows, taken = [], {}
    for peer in ("smallbms", "charger"):
        with listening(bench, peer):
            bench.ok(f"echo >{bench.file('direct', 'record')}")
            for _ in range(extent.uevents):
                stir(bench)
        stamps = [int(line.split()[0]) for line in bench.ok(
            f"cat {bench.file('direct', 'record')}").splitlines() if "stimulus" in line]
        heard, carried = zip(*(map(int, line.split()) for line in bench.ok(
            "cat /tmp/heard").splitlines()[1:]))
        delays = [min((when - stamp for when in heard if when > stamp), default=0)
                  for stamp in stamps]
        taken[peer] = delays
        rows.append((NAMES[peer], us(quantile(delays, .5)), us(quantile(delays, 1)),
                     str(max(carried))))
    section.say("From an edge until a process has the uevent, us, and the properties that the "
                "kernel's class for power supplies prints into it")
    section.table(("", "p50", "max", "properties"), rows)
    section.value = taken


def scale(section, bench, extent):
    """So many boards in one machine: {boards: seconds to bind all}."""
    rows, cost = [], {}
    free = ("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 1; "
            "sed -n 's/^MemFree: *//p' /proc/meminfo")
    for count in extent.boards:
        labels = [each.label for each in fleet(extent)[:count]]
        boards = " ".join(f"board-{label}" for label in labels)
        told = "; ".join(f"echo stirred leaving >{bench.file(label, 'told')}" for label in labels)
        before = int(bench.ok(free).split()[0])
        begun, ended = bench.ok(f"{turns.NOW} {told}; cd {turns.DRIVERS}/smallbms; now; "
                                f"for b in {boards}; do echo $b >bind; done; now", 300).split()
        memory = before - int(bench.ok(free).split()[0])
        rates = bench.ok("one() { while read -r a b _; do case $a in intr|ctxt) echo $b;; esac;"
                         " done </proc/stat; }; one; sleep 10; one").split()
        samples = bench.trips("b00", min(extent.trips, 100))
        bench.ok(f"cd {turns.DRIVERS}/smallbms; for b in {boards}; do echo $b >unbind; done", 300)
        cost[count] = (int(ended) - int(begun)) / 1e9
        rows.append((str(count), f"{1000 * cost[count] / count:.2f}",
                     f"{memory / count:.0f}" if count >= MEMORY_FROM else "-",
                     *(f"{(int(rates[n + 2]) - int(rates[n])) / 10:.1f}" for n in (0, 1)),
                     us(quantile(samples, .5)), us(max(samples))))
    section.say("Boards in one machine: time to bind and memory of each; interrupts and switches "
                "a second of all while nothing happens; a trip of the first")
    section.table(("boards", "ms", "KiB", "interrupts", "switches", "p50, us", "max, us"), rows)
    section.value = cost


def under_load(section, bench, extent):
    """While processes compute, fork, write and talk."""
    pid = bench.ok(f"press >/dev/null 2>&1 & echo $!; usleep {extent.press_us}").strip()
    peers = [peer for peer in COMPILED if peer in extent.peers]
    taken = interleaved(bench, "direct", peers, extent.loaded_trips, extent.rounds)
    average = bench.ok("cat /proc/loadavg").split()[0]
    bench.ok(f"kill -KILL {pid}")
    for peer, samples in taken.items():
        save(f"load-direct-{peer}", samples)
    show_trips(section, f"{WHERE['direct']}, under load (processes that compute, fork, write and "
               f"talk: load average {average}; 8 ns an instruction)", taken)


def real_time(section, bench, extent):
    """By the clock of the computer that emulates: no statement of its own, but a cross-check."""
    peers = [peer for peer in COMPILED + ("python",) if peer in extent.peers]
    taken = interleaved(bench, "direct", peers, extent.real_trips, extent.rounds)
    for peer, samples in taken.items():
        save(f"real-direct-{peer}", samples)
    show_trips(section, f"{WHERE['direct']}, idle, in real time (two emulated processors; varies "
               "with what else the computer does)", taken)


def size(module):
    """Bytes of (code, data that is only read, other data) of the loaded module: what the kernel
    drops when it has read it, or after the start, is none of it."""
    found = [0, 0, 0]
    for name, length, flags in re.findall(
            r"^ *\[ *\d+\] (\S+) +[A-Z]\S* +[0-9a-f]{16} [0-9a-f]+ ([0-9a-f]+) "
            r"[0-9a-f]+ +([A-Z]+) ", turns.run(f"{turns.CROSS}readelf", "-SW", module), re.M):
        if "A" in flags and not name.startswith((".init", "__versions", ".modinfo")):
            found[0 if "X" in flags else 2 if "W" in flags else 1] += int(length, 16)
    return found


def memory(section, bench, extent):
    """What each needs in memory, and what of the module takes it."""
    rows = []
    for peer in extent.peers:
        if peer in ("smallbms", "copy", "fifo"):
            continue
        with bench.competitor(peer, "direct") as pid:
            rows.append((NAMES[peer],
                         *map(str, resident(bench.ok(f"cat /proc/{pid}/status")))))
    section.say("In memory, KiB: processes, for each board, of their own and with the libraries "
                "that they share with others (this one's are linked into it)")
    section.table(("", "own", "all"), rows)
    found = size(bench.module)
    section.say("The module in memory, bytes, whatever the number of boards")
    section.table(("code", "read-only data", "data", "all"),
                  [(*map(str, found), str(sum(found)))])
    objects = {os.path.basename(path)[:-2]: sum(size(path))
               for path in glob.glob(os.path.join(bench.objects, "*.o"))
               if not path.endswith(("smallbms.o", ".mod.o"))}
    section.say("What it consists of, bytes before they are linked")
    most = sorted(objects.items(), key=lambda each: -each[1])
    names = [f"{name} {count}" for name, count in most]
    section.block(textwrap.wrap(", ".join(names), WIDTH - 8))
    section.value = sum(found)
