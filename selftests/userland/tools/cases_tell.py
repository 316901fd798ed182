# SPDX-License-Identifier: GPL-2.0
"""check, wiring and log; completion; what comes with the tool."""

import os
import re
import subprocess

import pytest

import screenshot
from bench import FAILED, TIMEOUT_S, USAGE

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "../../../tools")
# What "make pictures" puts before it
TABLE_HEAD = ".. SPDX-License-Identifier: GPL-2.0\n\n"
OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3

SEVERITIES = {
    "healthy": OK, "remote-off": OK, "terminals-off": OK, "user-inhibits": OK,
    "bare": OK,
    "nearly-empty": WARNING, "overvoltage": WARNING,
    "over-temperature": WARNING, "charge-inhibit": WARNING,
    "charge-waiting": WARNING,
    "pre-alarm": CRITICAL, "undervoltage": CRITICAL, "io-error": CRITICAL,
    "sense-mismatch": CRITICAL, "implausible": CRITICAL,
    "waiting-for-reconnect": CRITICAL, "off-on-reserve": CRITICAL,
}


def check(bench, *args):
    """Run check; its exit status and stderr follow rules of their own."""
    child = bench.start("check", *args)
    out, err = child.communicate(timeout=TIMEOUT_S)
    for line in err.splitlines():
        assert re.fullmatch(r"smallbms: \S[^:]*: \S.*", line), line
    return child.returncode, out


@pytest.mark.parametrize("state", SEVERITIES)
def test_check_severity(bench, state):
    """check: each state has the severity that monitoring shall see"""
    names = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
    bench.tree.add(state)
    code, out = check(bench)
    assert code == SEVERITIES[state]
    assert out.startswith(f"SMALLBMS {names[code]} - house: ")
    assert out.count("\n") == 1 and out.count("|") == 1


def test_check_figures(bench):
    """check: the figures behind the bar are those of the board"""
    bench.tree.add("over-temperature")
    figures = check(bench)[1].split("|")[1].split()
    for figure in figures:
        assert re.fullmatch(r"house_\w+=-?[\d.]+[A-Zc%]?(;[\d.]*)*", figure), \
            figure
    for figure in ("house_alarm=0;0;1;0;2", "house_voltage=13.214V",
                   "house_current=-2.1A", "house_temperature=51.3C",
                   "house_charge_disconnects=1c"):
        assert figure in figures, (figure, figures)


def test_check_several(bench):
    """check: of several boards the worst counts, and all are told"""
    bench.tree.add("healthy").add("undervoltage", "shed")
    code, out = check(bench)
    assert code == CRITICAL
    assert "house: All well, shed: LOAD DISCONNECTED" in out
    assert "house_alarm=0" in out and "shed_alarm=2" in out
    assert check(bench, "--board", "house")[0] == OK


def test_check_unreadable(bench):
    """check: what cannot be read is unknown, but no excuse for an alarm"""
    assert check(bench)[0] == UNKNOWN
    bench.tree.add("healthy").put("device/terminals", "junk")
    code, out = check(bench)
    assert code == UNKNOWN and out.startswith("SMALLBMS UNKNOWN - ")
    bench.tree.put("device/alarm", "2").put("device/load", "off")
    assert check(bench)[0] == CRITICAL


def test_check_usage(bench):
    """check: wrong usage is unknown, not critical, and a name cannot break it"""
    bench.tree.add("healthy", "a|b=c")
    code, out = check(bench)
    assert code == OK and out.count("|") == 1 and "a_b_c_alarm=0;" in out
    for args in (("now",), ("--frobnicate",), ("--timeout", "3"), ("--json",)):
        assert check(bench, *args)[0] == UNKNOWN, args


# The manual's Appendix A: product, output, words of the cable, of the terminal
APPENDIX = (
    ("Phoenix Inverter VE.Direct 12/375", "load", None, "H of"),
    ("phoenix inverter smart", "load", None, "H of"),
    ("Orion-Tr", "load", None, "right-hand"),
    ("Orion 12/24-20", "load", None, "right-hand"),
    ("BatteryProtect", "load", None, "2.1"),
    ("Smart BatteryProtect 12/24V 65A", "load", None, "H of"),
    ("Cyrix-Li-Load", "load", None, "control input"),
    ("Phoenix Inverter Compact 12/1600", "load", "ASS030550100 or -120", None),
    ("Phoenix VE.Bus 24/3000", "load", "inverting", None),
    ("BlueSolar MPPT 150/70 CAN-bus", "charge", None, "B+"),
    ("BlueSolar MPPT 150/80 CAN-bus", "charge", None, "B+"),
    ("BlueSolar MPPT 75/15", "charge", "ASS030550320", None),
    ("SmartSolar MPPT 75/15", "charge", "ASS030550320", None),
    ("SmartSolar MPPT 150/35", "charge", "ASS030550320", None),
    ("SmartSolar MPPT 150/45", "charge", None, "(+)"),
    ("SmartSolar MPPT 150/100", "charge", None, "(+)"),
    ("SmartSolar MPPT 250/60", "charge", None, "(+)"),
    ("Phoenix Smart IP43 Charger", "charge", None, "H of"),
    ("Skylla TG", "charge", "ASS030550200", None),
    ("Skylla-i", "charge", "ASS030550400", None),
    ("Cyrix-Li-ct", "charge", None, "85"),
    ("other charger", "charge", "Cyrix-Li-Charge", None),
)


def test_wiring_appendix(bench):
    """wiring: answers for every product of the manual's Appendix A"""
    for product, output, cable, terminal in APPENDIX:
        answers = bench.run("wiring", "--json", *product.split()).json()
        fitting = [answer for answer in answers
                   if answer["output"] == output and
                   (not cable) == (not answer["cable"]) and
                   (not cable or cable in answer["cable"]) and
                   (not terminal or terminal in answer["terminal"])]
        assert fitting, (product, answers)


def test_wiring_size(bench):
    """wiring: a size decides between cable and none, at its very limit"""
    for size, cable in (("150/35", True), ("150/45", False), ("100/50", True),
                        ("250/60", False)):
        answer, = bench.run("wiring", "--json", "smartsolar", size).json()
        assert bool(answer["cable"]) == cable, size
    for product in ("smartsolar 150/40", "smartsolar 250/50",
                    "phoenix compact 12/800", "bluesolar 150/70 smart"):
        bench.refuses("wiring", product, expect=FAILED, why="not in the table")


def test_wiring_impossible(bench):
    """wiring: what cannot be connected at all is said to be so"""
    for product in ("multiplus", "Quattro"):
        assert "not possible: it needs a VE.Bus interface" in \
            bench.run("wiring", product).words


def test_wiring_all(bench):
    """wiring: without a product all, in text, JSON and reStructuredText"""
    everything = bench.run("wiring", "--json").json()
    text = bench.run("wiring").words
    table = bench.run("wiring", "--rst").out
    assert len(everything) >= 19
    for row in everything:
        assert row["product"] in text and row["product"] in table
    assert table.startswith(".. list-table::\n")
    for args in (("frobnicator",), ("",), ("-",), ("%s%n",), ("x" * 5000,)):
        bench.refuses("wiring", *args, expect=FAILED, why="not in the table")


def test_wiring_table(bench):
    """the table in the documents is that of the tool"""
    path = os.path.join(TOOLS, "../Documentation/wiring-table.txt")
    with open(path, encoding="utf-8") as file:
        assert file.read() == TABLE_HEAD + bench.run("wiring", "--rst").out


def test_screenshot(bench):
    """the picture in the documents is what watch shows"""
    path = os.path.join(TOOLS, "../Documentation/watch.svg")
    with open(path, encoding="utf-8") as file:
        assert file.read() == screenshot.draw(bench.tool)


# ---- log, from journal files made of the journal's export format

EPOCH_S = 1767225600  # 2026-01-01 00:00 UTC
ENTRIES = (
    (0, "kernel", "smallbms house-board: conditions: cell-low", 6),
    (60, "kernel", "smallbms house-board: pre-alarm on", 4),
    (61, "kernel", "other thing: pre-alarm on", 4),
    (62, "kernel", "smallbmsx house-board: not ours", 4),
    (7200, "kernel", "smallbms shed-board: charge disconnected: user", 4),
    (7201, "kernel", "smallbms gone-board: load connected", 6),
    (7260, "service", "house: the alarm has passed; not powering down", 6),
    (7261, "user", "house: load disconnected: cell-undervoltage", 4),
    (7262, "kernel", "smallbms house-board: \u009b2J\u001b[2J\u00e9", 4),
)


def journal(bench, entries=ENTRIES):
    """Write a journal; return its folder, or None without the means."""
    folder = os.path.join(bench.folder, "journal")
    writer = "/lib/systemd/systemd-journal-remote"
    os.makedirs(folder)
    text = ""
    for number, (seconds, source, message, priority) in enumerate(entries):
        usec = (EPOCH_S + seconds) * 1000000
        text += f"__CURSOR=x{number}\n__REALTIME_TIMESTAMP={usec}\n" \
            f"__MONOTONIC_TIMESTAMP={number + 1}\n" \
            f"_BOOT_ID={'0' * 31}1\nPRIORITY={priority}\nMESSAGE={message}\n"
        text += {
            "kernel": "_TRANSPORT=kernel\n_KERNEL_SUBSYSTEM=platform\n",
            "service": "_TRANSPORT=stdout\n_UID=0\n"
                       "SYSLOG_IDENTIFIER=smallbms-power-down\n",
            "user": "_TRANSPORT=syslog\n_UID=1000\n"
                    "SYSLOG_IDENTIFIER=smallbms-power-down\n"}[source]
        text += "\n"
    subprocess.run([writer, "-o", os.path.join(folder, "a.journal"), "-"],
                   input=text, text=True, check=True, capture_output=True)
    return folder


def reads_journals(bench):
    """The static program cannot, and says so."""
    result = bench.finish(bench.start("log", "--directory", bench.folder))
    return "built without libsystemd" not in result.err


def test_log(bench):
    """log: the messages of the driver and of root's service, by the names of boards, as plain text"""
    if not reads_journals(bench):
        bench.refuses("log", expect=FAILED, why="cannot read the journal; "
                      "see 'journalctl -k'")
        return
    bench.tree.add("healthy").add("healthy", "shed")
    folder = journal(bench)
    env = {"TZ": "UTC"}
    out = bench.run("log", "--directory", folder, env=env).out
    assert out == """\
2026-01-01 00:00:00 house: conditions: cell-low
2026-01-01 00:01:00 house: pre-alarm on
2026-01-01 02:00:00 shed: charge disconnected: user
2026-01-01 02:00:01 gone-board: load connected
2026-01-01 02:01:00 house: the alarm has passed; not powering down
2026-01-01 02:01:02 house: ??2J [2J??
"""
    assert bench.run("log", "--directory", folder, "--board", "shed",
                     env=env).out.count("\n") == 1
    assert bench.run("log", "--directory", folder, "--since",
                     "2026-01-01 02:00:01", env=env).out.count("\n") == 3
    assert bench.run("log", "--directory", folder, "--since", "1s").out == ""
    found = bench.run("log", "--directory", folder, "--json").jsons()
    assert found[1] == {"time": "2026-01-01T00:01:00.000Z", "name": "house",
                        "priority": 4, "message": "pre-alarm on"}


def test_log_errors(bench):
    """log: what is wrong with its options, or its journal, is said"""
    if not reads_journals(bench):
        return
    for since in ("", "x", "7", "7w", "2026", "2026-13-01", "-1h", "1h "):
        bench.refuses("log", "--since", since, expect=USAGE, why="--since: ")
    bench.refuses("log", "--directory", "/nonexistent", expect=FAILED,
                  why="/nonexistent: cannot be read: No such file")


# ---- completion


def complete(bench, line):
    """Return what bash would offer at the end of the line."""
    script = f"""
        . {TOOLS}/completion/smallbms
        line=$1
        read -r -a COMP_WORDS <<<"$line"
        [[ $line == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _smallbms {bench.tool} "${{COMP_WORDS[COMP_CWORD]}}" \
            "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """
    done = subprocess.run(["bash", "-c", script, "bash", line], text=True,
                          capture_output=True, check=True,
                          env=bench.environment(None))
    assert not done.stderr, done.stderr
    return done.stdout.split()


def test_completion(bench):
    """bash completes commands, attributes, conditions, options and boards"""
    bench.tree.add("healthy").add("remote-off", "shed")
    root = f"smallbms --sysfs-root {bench.tree.root} "
    assert complete(bench, "smallbms mon") == ["monitor"]
    assert {"status", "watch", "wait", "log", "check", "wiring", "help"} <= \
        set(complete(bench, "smallbms "))
    assert complete(bench, "smallbms get load_off") == ["load_off_reason"]
    assert "stats/pre_alarms" in complete(bench, "smallbms get stats/")
    assert complete(bench, "smallbms wait al") == ["alarm="]
    assert complete(bench, "smallbms remote ") == ["on", "off"]
    assert complete(bench, "smallbms charge in") == ["inhibit"]
    assert complete(bench, "smallbms help wa") == ["watch", "wait"]
    assert complete(bench, root + "--board ") == ["house", "shed"]
    assert complete(bench, root + "--board sh") == ["shed"]
    assert complete(bench, "smallbms log --s") == ["--sysfs-root", "--since"]
    assert "--since" not in complete(bench, "smallbms status --")
    assert complete(bench, "smallbms status ") == []
    assert complete(bench, "smallbms wait --timeout ") == []
    assert complete(bench, "smallbms shunt --si") == ["--simulate"]
    assert complete(bench, "smallbms shunt --soc 5 --curr") == ["--current"]
    assert complete(bench, "smallbms shunt /dev/nul") == ["/dev/null"]
    assert complete(bench, "smallbms shunt --decode /dev/nul") == ["/dev/null"]
    assert complete(bench, "smallbms shunt --soc ") == []
    assert complete(bench, "smallbms power-down --ch") == ["--check"]
    assert complete(bench, "smallbms power-down /dev/nul") == ["/dev/null"]


# ---- what is installed


def install(bench, prefix="/usr"):
    """Install the whole, and return where it is."""
    root = os.path.join(bench.folder, "root")
    built = os.path.join(bench.folder, "built")
    subprocess.run(["make", "-s", "-C", TOOLS, f"O={built}",
                    f"DESTDIR={root}", f"prefix={prefix}", "files"],
                   check=True, capture_output=True)
    return root


def test_install(bench):
    """make install puts everything where it is looked for, and enables nothing"""
    root = install(bench)
    found = sorted(os.path.relpath(os.path.join(folder, name), root)
                   for folder, _, names in os.walk(root) for name in names)
    assert found == sorted([
        "lib/systemd/system/smallbms-power-down.service",
        "lib/systemd/system/smallbms-shunt@.service",
        "lib/systemd/system/smallbms-textfile.service",
        "lib/systemd/system/smallbms-textfile.timer",
        "lib/udev/rules.d/60-smallbms.rules",
        "lib/udev/rules.d/62-smallbms-shunt.rules",
        "usr/lib/smallbms/smallbms-textfile",
        "usr/lib/sysusers.d/smallbms.conf",
        "usr/share/bash-completion/completions/smallbms",
        "usr/share/man/man1/smallbms.1",
        "usr/share/smallbms/overlays/smallbms-eeprom.txt",
        "usr/share/smallbms/overlays/smallbms-expander-eeprom.txt",
        "usr/share/smallbms/overlays/smallbms-expander.dtbo",
        "usr/share/smallbms/overlays/smallbms.dtbo",
        "usr/share/smallbms/prometheus/smallbms-dashboard.json",
        "usr/share/smallbms/prometheus/smallbms.rules.yml",
        "usr/share/smallbms/power-down.conf"]), found
    unit = os.path.join(root, "lib/systemd/system",
                        "smallbms-power-down.service")
    with open(unit, encoding="ascii") as file:
        text = file.read()
    assert "ExecStart=/usr/bin/smallbms power-down\n" in text
    assert "@bindir@" not in text
