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

import examples

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SHIPPED = os.path.join(TOP, "tools", "prometheus")
WORKDIR = os.path.join(TOP, "build", "userland", "fleet")

# What fires, or is about to, in each state; the others must not
ALERTS = {
    "healthy": set(),
    "pre-alarm": {"SmallbmsPreAlarm"},
    "overvoltage": {"SmallbmsChargeFault"},
    "too-hot": {"SmallbmsChargeFault"},
    "remote-off": set(),
    "bus-dead": {"SmallbmsFault"},
    "undervoltage": {"SmallbmsPreAlarm"},
}
# These look at time, which stands still in a record
TIMED = {"SmallbmsTextfileStale", "SmallbmsErrors"}

# Panels that may be empty: no disconnect, no error
RARE = {"Off, and why", "Time to the load disconnect"}


class Recorded(http.server.BaseHTTPRequestHandler):
    """/STATE gives the record of that state."""

    folder = None

    def do_GET(self):               # pylint: disable=invalid-name
        name = os.path.basename(self.path)
        with open(f"{self.folder}/{name}.metrics", "rb") as file:
            data = file.read()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):      # pylint: disable=arguments-differ
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def prometheus(tools, folder):
    """A server that scrapes the fleet every second; its address."""
    Recorded.folder = folder
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
        yield f"http://127.0.0.1:{port}/api/v1"
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


def until(condition, timeout):
    end = time.monotonic() + timeout
    while not condition() and time.monotonic() < end:
        time.sleep(0.3)
    return condition()


def check_alerts(address, report):
    def active():
        found = {name: set() for name in ALERTS}
        for each in (ask(address, "alerts") or {}).get("alerts", []):
            name = each["labels"]["alertname"]
            if name not in TIMED:
                found[each["labels"]["instance"]].add(name)
        return found

    until(lambda: active() == ALERTS, 60)
    found = active()
    for name, wanted in ALERTS.items():
        report.result(found[name] == wanted, f"{name}: of all alerts Prometheus "
                      f"has {', '.join(sorted(wanted)) or 'none'}")
        if found[name] != wanted:
            report.note(f"found: {found[name]}")


def check_dashboard(address, report):
    with open(f"{SHIPPED}/smallbms-dashboard.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    wrong, empty, expressions = [], [], []
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expressions.append((panel["title"], target["expr"]))
    for title, expression in expressions:
        expression = expression.replace("$instance", ".+").replace("$board",
                                                                   ".+")
        result, error = query(address, expression)
        if error:
            wrong.append(f"{title}: {error}")
        elif not result:
            empty.append(title)
    report.result(not wrong, "Prometheus understands every expression of the "
                             "dashboard")
    report.result(set(empty) <= RARE,
                  f"{len(expressions) - len(empty)} of {len(expressions)} "
                  "expressions of the dashboard find something")
    for line in wrong + empty:
        report.note(line)
    # A mistyped name in a selector would be found empty, or everything
    known = set(ask(address, "label/__name__/values"))
    labels = set(ask(address, "labels"))
    text = json.dumps([e for _, e in expressions] +
                      [each["query"] for each in dashboard["templating"]["list"]])
    names = set(re.findall(r"\b(?:smallbms|node)_\w+", text))
    used = set(re.findall(r'(\w+) ?(?:!=|=~|=)\\+"', text))
    for each in re.findall(r"\bon \(([\w, ]+)\)", text):
        used |= set(each.split(", "))
    report.result(names and names <= known and used and used <= labels,
                  f"all {len(names)} metrics and {len(used)} labels of the "
                  "dashboard exist in real scrapes")
    for name in (names - known) | (used - labels):
        report.note(f"unknown: {name}")


def check_examples(address, report):
    """Those of the documents."""
    for expression in examples.expressions():
        result, error = query(address, expression)
        report.result(bool(result), f"fleet.rst: {expression}")
        if error:
            report.note(error)


def check_rules(tools, report):
    """promtool on the shipped rules; every alert has a test that sees it."""
    run = subprocess.run([f"{tools}/promtool", "test", "rules", "alerts.yml"],
                         cwd=HERE, capture_output=True, text=True, check=False)
    report.result(run.returncode == 0,
                  "every alert comes when it should, and not before (promtool)")
    if run.returncode:
        report.note(run.stdout + run.stderr)
    with open(f"{SHIPPED}/smallbms.rules.yml", encoding="utf-8") as file:
        shipped = set(re.findall(r"- alert: (\w+)", file.read()))
    with open(f"{HERE}/alerts.yml", encoding="utf-8") as file:
        seen = set(re.findall(r"alertname: (\w+)\n *exp_alerts:", file.read()))
    report.result(shipped and shipped == seen,
                  f"each of {len(shipped)} alerts has a test in which it comes")
    for name in shipped ^ seen:
        report.note(f"not in both: {name}")


def check_metrics(tools, folder, report):
    ours = []
    for name in ALERTS:
        with open(f"{folder}/{name}.metrics", encoding="utf-8") as file:
            ours += [line for line in file
                     if re.match(r"(# (HELP|TYPE) )?smallbms_", line)]
        run = subprocess.run([f"{tools}/promtool", "check", "metrics"],
                             input="".join(ours), capture_output=True,
                             text=True, check=False)
        if run.returncode or run.stderr.strip():
            report.note(run.stderr)
            break
        ours = []
    report.result(not ours, "promtool finds nothing to object to in our metrics")


def test(report, folder):
    tools = subprocess.run([f"{TOP}/selftests/lib/cache", "prometheus"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.strip()
    check_rules(tools, report)
    missing = [name for name in ALERTS
               if not os.path.exists(f"{folder}/{name}.metrics")]
    report.result(not missing, "there is a scrape of every state")
    if missing:
        report.note(f"missing: {missing}")
        return
    check_metrics(tools, folder, report)
    with prometheus(tools, folder) as address:
        up = until(lambda: len(query(address, "up == 1")[0] or ()) ==
                   len(ALERTS) and query(
                       address, "increase(smallbms_rescans_total[1d])")[0], 60)
        report.result(up, f"Prometheus scrapes a fleet of {len(ALERTS)} "
                          "gateways")
        check_alerts(address, report)
        check_dashboard(address, report)
        check_examples(address, report)
