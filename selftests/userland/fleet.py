# SPDX-License-Identifier: GPL-2.0
"""Alert rules and dashboard, in a real Prometheus on this machine.

A fleet of seven gateways: each answers for ever what node_exporter told of one
state of the board, recorded by the test of the states.
"""

import contextlib
import http.server
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from examples import EXPRESSIONS
from tools.tree import Tree

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SHIPPED = os.path.join(TOP, "tools", "prometheus")
WORKDIR = os.path.join(TOP, "build", "userland", "fleet")

# What fires, or is about to, in each state; the others must not
ALERTS = {
    "healthy": "none",
    "pre-alarm": "SmallbmsPreAlarm",
    "overvoltage": "SmallbmsChargeFault",
    "too-hot": "SmallbmsChargeFault",
    "remote-off": "none",
    "bus-dead": "SmallbmsFault",
    "undervoltage": "SmallbmsPreAlarm",
}
# What promtool tests of the rules
TESTS = ("alerts.yml", "alerts-week.yml")

# These look at time, which stands still in a record
TIMED = {"SmallbmsTextfileStale", "SmallbmsErrors"}

# Panels that may be empty: no disconnect, no error
RARE = {"Off, and why", "Time to the load disconnect"}


class Recorded(http.server.BaseHTTPRequestHandler):
    """/STATE gives the record of that state."""

    records = {}

    def do_GET(self):               # pylint: disable=invalid-name
        name = os.path.basename(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.records[name].encode())

    def log_message(self, *_):      # pylint: disable=arguments-differ
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def tools():
    """The folder with prometheus and promtool."""
    return subprocess.run([f"{TOP}/selftests/lib/cache", "prometheus"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


@pytest.fixture(scope="module")
def records(observed):
    """What node_exporter told of the board in each state."""
    return {name.replace(" ", "-"): each.scrape for name, each in observed.items()}


@pytest.fixture(scope="module")
def prometheus(tools, records):
    """The address of a server that scrapes the fleet every second."""
    Recorded.records = records
    fleet = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorded)
    threading.Thread(target=fleet.serve_forever, daemon=True).start()
    os.makedirs(WORKDIR, exist_ok=True)
    targets = [{"targets": [f"127.0.0.1:{fleet.server_port}"],
                "labels": {"instance": name, "__metrics_path__": f"/{name}"}}
               for name in ALERTS]
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                         "evaluation_interval": "1s"},
              "rule_files": [f"{SHIPPED}/smallbms.rules.yml"],
              "scrape_configs": [{"job_name": "node",
                                  "static_configs": targets}]}
    with open(f"{WORKDIR}/prometheus.yml", "w", encoding="ascii") as file:
        json.dump(config, file)     # which is YAML too
    port = free_port()
    with open(f"{WORKDIR}/log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [f"{tools}/prometheus", f"--config.file={WORKDIR}/prometheus.yml",
             f"--storage.tsdb.path={WORKDIR}/data-{os.getpid()}",
             f"--web.listen-address=127.0.0.1:{port}"], stderr=log)
    try:
        address = f"http://127.0.0.1:{port}/api/v1"
        until(lambda: has_scraped(address), 60)
        yield address
    finally:
        process.terminate()
        process.wait()
        fleet.shutdown()
        subprocess.run(["rm", "-rf", f"{WORKDIR}/data-{os.getpid()}"],
                       check=True)


def ask(address, path, **arguments):
    """What Prometheus answers; None while it cannot."""
    url = f"{address}/{path}?{urllib.parse.urlencode(arguments)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        with contextlib.suppress(json.JSONDecodeError):
            return {"error": json.load(error).get("error")}
        return None                 # it is not ready, and says so in plain text
    except OSError:
        return None


def query(address, expression):
    answer = ask(address, "query", query=expression) or {}
    return answer.get("result"), answer.get("error")


def has_scraped(address):
    """Whether it has the whole fleet, and more than once."""
    found, _ = query(address, "up == 1")
    return len(found or ()) == len(ALERTS) and bool(
        query(address, "increase(smallbms_rescans_total[1d])")[0])


def until(condition, timeout):
    end = time.monotonic() + timeout
    while not condition() and time.monotonic() < end:
        time.sleep(0.3)
    return condition()


@pytest.mark.parametrize("file", TESTS)
def test_rules(tools, file):
    """{file}: every alert comes when it should, not before, and as long (promtool)"""
    run = subprocess.run([f"{tools}/promtool", "test", "rules", file],
                         cwd=HERE, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_rules_tested():
    """each alert has a test in which it comes"""
    with open(f"{SHIPPED}/smallbms.rules.yml", encoding="utf-8") as file:
        shipped = set(re.findall(r"- alert: (\w+)", file.read()))
    seen = set()
    for name in TESTS:
        with open(f"{HERE}/{name}", encoding="utf-8") as file:
            seen |= set(re.findall(r"alertname: (\w+)\n *exp_alerts:", file.read()))
    assert shipped and shipped == seen


def test_records(records):
    """there is a scrape of every state"""
    assert set(records) == set(ALERTS)


def test_metrics(tools, records):
    """promtool finds nothing to object to in our metrics"""
    for text in records.values():
        ours = re.findall(r"^(?:# (?:HELP|TYPE) )?smallbms_.*\n", text, re.M)
        run = subprocess.run([f"{tools}/promtool", "check", "metrics"],
                             input="".join(ours), capture_output=True,
                             text=True, check=False)
        assert ours and run.returncode == 0 and not run.stderr.strip(), run.stderr


def test_metrics_odd(tools, observed, tmp_path):
    """nor in those of boards with odd names, junk, and a newer driver"""
    assert observed     # for them, the tool was built
    tree = Tree(tmp_path / "sys").add("everything", 'a"b\\c\nd').add("healthy", "B\udcff ⚡")
    tree.add("over-temperature")
    for path, value in {"device/conditions": "new-condition", "device/load": "junk",
                        "device/gauge/soc_permille": 805, "device/gauge/temp_dc": -5,
                        "device/mode": 'slow "and" \\safe', "device/stats/new": 7,
                        "device/soc_floor_percent": 20, "device/load_request": "off",
                        "device/measurements/errors": 3, "device/odd-name": 1}.items():
        tree.put(path, value)
    text = subprocess.run([f"{TOP}/build/tools/smallbms", "--sysfs-root", tree.root, "metrics"],
                          check=True, stdout=subprocess.PIPE).stdout
    run = subprocess.run([f"{tools}/promtool", "check", "metrics"], input=text,
                         capture_output=True, check=False)
    assert b'attribute="load"' in text and b"reported_soc_ratio" in text
    assert run.returncode == 0 and not run.stderr.strip(), run.stderr


def test_scrapes(prometheus):
    """Prometheus scrapes a fleet of 7 gateways"""
    assert has_scraped(prometheus)


@pytest.mark.parametrize("name, alerts", ALERTS.items())
def test_alerts(prometheus, name, alerts):
    """{name}: of all alerts Prometheus has {alerts}"""
    def active():
        found = {each["labels"]["alertname"]
                 for each in (ask(prometheus, "alerts") or {}).get("alerts", [])
                 if each["labels"]["instance"] == name}
        return ", ".join(sorted(found - TIMED)) or "none"

    until(lambda: active() == alerts, 60)
    assert active() == alerts


@pytest.fixture(scope="module")
def dashboard():
    with open(f"{SHIPPED}/smallbms-dashboard.json", encoding="utf-8") as file:
        return json.load(file)


@pytest.fixture(scope="module")
def answers(prometheus, dashboard):
    """[(panel, expression, result, error)] of the dashboard."""
    def ask_for(expression):
        return query(prometheus, expression.replace("$instance", ".+").replace(
            "$board", ".+"))

    return [(panel["title"], target["expr"], *ask_for(target["expr"]))
            for panel in dashboard["panels"] for target in panel["targets"]]


def test_dashboard(answers):
    """Prometheus understands every expression of the dashboard"""
    assert answers and not [each for each in answers if each[3]]


def test_dashboard_finds(answers):
    """the expressions of the dashboard find something, except what is rare"""
    empty = [title for title, _, result, _ in answers if not result]
    print(f"{len(answers) - len(empty)} of {len(answers)}; empty: {empty}")
    assert set(empty) <= RARE


def test_dashboard_names(prometheus, dashboard, answers):
    """all metrics and labels of the dashboard exist in real scrapes"""
    # A mistyped name in a selector would be found empty, or everything
    text = json.dumps([expression for _, expression, _, _ in answers] +
                      [each["query"] for each in dashboard["templating"]["list"]])
    names = set(re.findall(r"\b(?:smallbms[:_]|node_)\w+", text))
    used = set(re.findall(r'(\w+) ?(?:!=|=~|=)\\+"', text))
    for each in re.findall(r"\bon \(([\w, ]+)\)", text):
        used |= set(each.split(", "))
    print(f"{len(names)} metrics, {len(used)} labels")
    assert names and names <= set(ask(prometheus, "label/__name__/values"))
    assert used and used <= set(ask(prometheus, "labels"))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_examples(prometheus, expression):
    """fleet.rst: {expression}"""
    result, error = query(prometheus, expression)
    assert result, error
