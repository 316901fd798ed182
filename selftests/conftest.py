# SPDX-License-Identifier: GPL-2.0
"""Print the results of pytest as KTAP, also those of pytest-xdist's processes.

The title of a test is the first paragraph of its docstring, in which {name} stands
for a parameter; the parameters of a title that names none follow it in brackets, and
SUFFIX of its module, if there is one.
-k selects by titles as well as by names.  What a test prints is shown above its
result, as "# ..." lines.
"""

import collections
import io

import pytest
from _pytest.config import create_terminal_writer

LONG_S = 10         # of a test, or of what it needs first
collect_ignore_glob = ["*conftest.py"]      # not a test, although it is *.py


def title(item):
    text = " ".join((item.function.__doc__ or item.name).split("\n\n")[0].split())
    if not hasattr(item, "callspec"):
        return text
    try:
        named = " ".join(text.format(**item.callspec.params).split())
    except (KeyError, IndexError) as error:
        raise pytest.UsageError(f"{item.nodeid}: its title has no parameter {error}") from None
    return named if named != text else f"{text} [{item.callspec.id}]"


def pytest_collection_modifyitems(items):
    for item in items:
        if "title" in dict(item.user_properties):   # by the folder's own rules
            continue
        text = title(item) + getattr(item.module, "SUFFIX", "")
        item.user_properties.append(("title", text))
        item.extra_keyword_matches.add(text)
    items.sort(key=lambda item: bool(item.get_closest_marker("last")))


class Ktap:
    """In the place of pytest's own report."""

    def __init__(self):
        self.count = 0
        self.planned = False
        self.reports = collections.defaultdict(list)    # of tests that run
        self.why = None         # the last failure, which many tests may have

    @staticmethod
    def note(text):
        for line in text.splitlines():
            print(f"# {line}".rstrip())

    def result(self, good, text):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}", flush=True)

    def plan(self, number):
        if not self.planned:
            print(f"1..{number}", flush=True)
        self.planned = True

    def pytest_sessionstart(self):
        print("KTAP version 1", flush=True)

    def pytest_collectreport(self, report):
        if report.failed:
            self.note(report.longreprtext)
            self.result(False, f"{report.nodeid} can be read")

    def pytest_collection_finish(self, session):
        if not self.count:
            self.plan(len(session.items))

    def pytest_runtest_logreport(self, report):
        self.reports[report.nodeid].append(report)
        if report.when in ("setup", "call"):
            return
        reports = self.reports.pop(report.nodeid)
        text = dict(report.user_properties).get("title", report.nodeid)
        for each in reports:
            if each.skipped:
                text += f" # SKIP {each.longrepr[2].removeprefix('Skipped: ')}"
            elif each.failed:
                why = each.longreprtext
                self.note("fails as the last one did" if why == self.why else why)
                self.why = why
        # The last report has what was printed from the beginning
        self.note(report.capstdout + report.capstderr)
        took_s = sum(each.duration for each in reports)
        if took_s >= LONG_S:
            self.note(f"took {took_s:.0f} s")
        self.result(not any(each.failed for each in reports), text)

    def pytest_sessionfinish(self):
        self.plan(self.count)


@pytest.hookimpl(trylast=True)      # once the other is there
def pytest_configure(config):
    if config.option.collectonly or config.option.usepdb or hasattr(config, "workerinput"):
        return
    # xdist goes on writing to it
    config.pluginmanager.unregister(name="terminalreporter")._tw = \
        create_terminal_writer(config, io.StringIO())
    config.pluginmanager.register(Ktap())
