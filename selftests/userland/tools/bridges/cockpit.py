# SPDX-License-Identifier: GPL-2.0
"""The page for Cockpit, in a browser, with Cockpit's own server and bridge."""

import json
import os
import re
import signal
import subprocess
import urllib.parse
import urllib.request

import pytest
from selenium.webdriver.common.keys import Keys

import web
from bench import TIMEOUT_S
from cases_status import state_names
from tree import values
from web import await_that

PHONE = (360, 740)
DESK = (1280, 800)
CHANGE_S = 1.0          # from a change of the board to the page
STALE_S = 15            # an old value is not shown for longer
CONTRAST = 4.5          # WCAG 2, level AA

# The ratio of each text that can be seen to what is behind it, if below the limit
CONTRAST_JS = r"""
const limit = arguments[0], bad = [];
const parse = text => { const n = text.match(/[\d.]+/g).map(Number);
        return n.length < 4 ? [...n, 1] : n; };
const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
        return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let seen = 0;
while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest("svg, .unseen"))
                continue;
        let back = [255, 255, 255, 0], layers = [];
        for (let at = node; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
        back = layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 1]);
        const front = over(parse(getComputedStyle(node).color), back);
        const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        seen++;
        if (ratio < limit) bad.push([walker.currentNode.data.trim(), ratio.toFixed(2)]);
}
return [seen, bad];
"""

# How wide the page is, and how low the lowest button
FITS_JS = r"""
return [document.scrollingElement.scrollWidth, Math.min(
        ...[...document.querySelectorAll(".board button, .board input")].filter(e => e.checkVisibility())
        .map(e => e.getBoundingClientRect().height))];
"""

# What has no name for a screen reader, and names that are there twice
NAMES_JS = r"""
const bad = [], ids = [...document.querySelectorAll("[id]")].map(e => e.id);
for (const e of document.querySelectorAll("button, input, [role=img], dialog[open], fieldset, article")) {
        if (!e.checkVisibility()) continue;
        const by = (e.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean)
                .map(id => (document.getElementById(id) || {}).textContent || "").join(" ");
        const legend = e.tagName === "FIELDSET" ? e.querySelector("legend").textContent : "";
        const name = e.getAttribute("aria-label") || by || legend ||
                (e.labels && e.labels.length ? e.labels[0].textContent : "") ||
                (e.tagName === "BUTTON" ? e.textContent : "");
        if (!name.trim()) bad.push(e.outerHTML);
}
for (const e of document.querySelectorAll("[aria-describedby]"))
        if (!document.getElementById(e.getAttribute("aria-describedby"))) bad.push(e.outerHTML);
return bad.concat(ids.filter((id, i) => ids.indexOf(id) !== i));
"""


def timeless(text):
    """Without what goes on while one looks."""
    return re.sub(r"\d+", "", text)


@pytest.fixture(scope="session")
def tool(build):
    return build("plain", "history")


@pytest.fixture(scope="session")
def browser():
    driver = web.browser()
    yield driver
    driver.quit()


class Page:
    """What a person sees, and does."""

    def __init__(self, browser, bench, kernel, **kwargs):
        self.driver = browser
        self.bench = bench
        self.kernel = kernel
        self.site = web.Site(bench, **kwargs)
        self.lost = False

    def open(self):
        web.resize(self.driver, *DESK)
        self.driver.get_log("browser")
        self.driver.get(self.site.url)
        self.kernel.accept()
        self.await_that(lambda: self.js("return document.getElementById('link').dataset.state") == "live",
                        "live")

    def js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def await_that(self, condition, what, limit_s=TIMEOUT_S):
        try:
            return await_that(condition, what, limit_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def text(self, selector="body"):
        return " ".join(self.js(
            "const e = document.querySelector(arguments[0]); return e && e.checkVisibility() ? e.innerText : ''",
            selector).split())

    def says(self, phrase, selector="body", limit_s=TIMEOUT_S):
        """Wait until it says so; return how long that took."""
        return self.await_that(lambda: phrase in self.text(selector),
                               f"{selector} says {phrase!r}", limit_s)[1]

    def put(self, changes):
        """Change a board, and tell of it as the kernel does."""
        for path, value in changes.items():
            self.bench.tree.put(path, value)
        self.kernel.send()

    def become(self, state):
        self.put(values(state))

    def button(self, group, label):
        return self.find(f"fieldset[data-attribute={group}]").find_element(
            "xpath", f".//button[starts-with(normalize-space(.), '{label}')]")

    def press(self, group, label, confirm=None):
        """Press a button; answer the question by that button, if one is expected."""
        button = self.button(group, label)
        self.js("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        assert self.asks() == bool(confirm), f"{label}: asks {self.asks()}"
        if confirm:
            self.find(f"#confirm-{confirm}").click()
            self.await_that(lambda: not self.asks(), "the question goes")

    def readable(self):
        """Check the contrast; return how many texts there are."""
        count, bad = self.js(CONTRAST_JS, CONTRAST)
        assert count and not bad, bad
        return count

    def asks(self):
        return self.js("return document.getElementById('confirm').open")

    def pressed(self, group):
        return self.js("return [...document.querySelectorAll('fieldset[data-attribute=' +"
                       " arguments[0] + '] [aria-pressed=true]')].map(e => e.value)", group)

    def console(self):
        """Errors; where the connection was cut, the browser complains of that alone."""
        return [each["message"] for each in self.driver.get_log("browser")
                if not (self.lost and "WebSocket" in each["message"])]

    def close(self):
        try:
            assert not self.console()
        finally:
            self.driver.get("about:blank")
            self.site.close()


@pytest.fixture
def open_page(browser, bench, kernel):
    """Open the page; the console must have stayed empty when it is closed."""
    pages = []

    def opened(**kwargs):
        pages.append(Page(browser, bench, kernel, **kwargs))
        pages[-1].open()
        return pages[-1]

    yield opened
    for each in pages:
        each.close()


@pytest.fixture
def page(bench, open_page):
    bench.tree.add("gauge")
    return open_page()


def test_changes(page):
    """cockpit: a change of a board is seen within a second"""
    took = []
    for state, headline in (("pre-alarm", "PRE-ALARM: the load will be cut in"),
                            ("undervoltage", "LOAD DISCONNECTED: the bank is empty"),
                            ("overvoltage", "CHARGE DISCONNECTED: a cell is too full"),
                            ("remote-off", "Off: the software remote is off"),
                            ("gauge", "All well")):
        page.become(state)
        took.append(page.says(headline, ".headline", CHANGE_S))
    print(f"seen after {', '.join(f'{s * 1000:.0f}' for s in took)} ms")


def test_states(page):
    """cockpit: in every state, what status says, on a phone too, and fit to be read"""
    seen = 0
    for state in state_names():
        page.bench.tree.remove()
        page.bench.tree.add(state)
        page.kernel.send()
        said = json.loads(page.bench.start("--json").communicate()[0])["words"]
        wanted = [said["headline"], *said["conditions"].values(), *said["advice"],
                  *(said[each] for each in ("load", "charge", "pre_alarm") if each in said)]
        page.await_that(lambda said=said, wanted=wanted: page.js(
            "return document.querySelector('.board').dataset.severity") == said["severity"]
            and all(timeless(each) in timeless(page.text(".board")) for each in wanted),
            f"{state}: {wanted}")
        for size, scheme in ((PHONE, "light"), (DESK, "dark")):
            web.theme(page.driver, scheme)
            web.resize(page.driver, *size)
            wide, lowest = page.js(FITS_JS)
            assert wide <= size[0], f"{state}: {wide} pixels wide"
            assert lowest >= 40, f"{state}: a button of {lowest} pixels"
            seen += page.readable()
            assert not page.js(NAMES_JS), state
    print(f"{seen} texts")
    assert seen > 20 * len(state_names())
    assert page.js("return document.documentElement.lang") == "en"


def test_countdown(page):
    """cockpit: a countdown goes on between two answers, and its words with it"""
    page.become("floor-counts")
    page.says("until the load is shed", ".countdown")
    page.site.kill("cockpit-bridge", signal.SIGSTOP)
    left = []

    def goes_on():
        left.append((page.text(".time"), re.search(r"in (\d+) s", page.text(".headline")).group(1)))
        return len(set(left)) >= 3

    page.await_that(goes_on, "it goes on", 10)
    seconds = [int(clock.removeprefix("0:")) for clock, _ in left]
    assert seconds == sorted(seconds, reverse=True) and seconds[0] <= 23
    assert all(abs(int(words) - shown) <= 1 for (_, words), shown in zip(left, seconds)), left
    assert page.js("return document.querySelector('.time').getAttribute('role')") == "timer"
    page.site.kill("cockpit-bridge", signal.SIGCONT)
    page.become("pre-alarm")
    page.says("until the load is cut", ".countdown")
    page.become("waiting-for-reconnect")
    page.put({"device/reconnect_in_ms": 25000})
    page.says("until the load may come back, at the earliest", ".countdown")
    page.become("gauge")
    page.put({"device/reconnect_in_ms": -1})
    page.await_that(lambda: not page.text(".countdown"), "it is over")


def test_charge(page):
    """cockpit: the state of charge has a margin and an age, and is not shown when stale"""
    page.says("63 %", ".number")
    assert page.text(".margin") == "± 5"
    page.says("Gauge: 63.4 %, reported 3 s ago, empty in 3 h 56 min", ".lines")
    page.become("gauge-stale")
    page.says("Gauge: stale: ", ".lines")
    page.says("known from the signal lines only", ".lines")
    assert page.text(".number") == "Normal"
    page.become("io-error")
    page.put({"capacity_error_margin": 100})
    page.says("unknown", ".number")


def test_stale_measurement(page):
    """cockpit: what was measured too long ago is not shown as if it were so now"""
    page.says("13.21 V", ".tiles")
    page.put({"device/measurements/voltage_age_s": 240, "capacity": 62})
    page.says("unknown; 13.21 V was measured 4 min ago", ".tiles")


SWITCHES = (
    # group, button, confirmed, what the board then does, file, value, answer
    ("remote", "Off", "yes", {"device/load": "off", "device/charge": "off",
                              "device/load_off_reason": "remote",
                              "device/charge_off_reason": "remote"},
     "device/remote", "off", "remote is now off load off: the software remote is off"),
    ("remote", "On", None, {}, "device/remote", "on", "remote is now on load on charge on"),
    ("load_request", "Shed", "yes", {"device/shed_in_ms": 30000, "device/pre_alarm": "on"},
     "device/load_request", "shed", "load_request is now shed load on, shed in 30 s by request"),
    ("load_request", "Off", "yes", {"device/load": "off", "device/load_off_reason": "request-off"},
     "device/load_request", "off", "load_request is now off load off: by request"),
    ("load_request", "Auto", None, {}, "device/load_request", "auto",
     "load_request is now auto load on charge on"),
    ("charge_behaviour", "Inhibit", None,
     {"device/charge": "off", "device/charge_off_reason": "user"}, "charge_behaviour",
     "inhibit-charge", "charge_behaviour is now inhibit-charge load on "
     "charge off: inhibited by the user"),
    ("charge_behaviour", "Auto", None, {}, "charge_behaviour", "auto",
     "charge_behaviour is now auto load on charge on"),
)


def test_switches(page):
    """cockpit: each button writes what it says, and shows what was read back"""
    normal = values("gauge")
    for group, label, confirm, follows, path, value, answer in SWITCHES:
        before = page.bench.tree.content()
        for name in ("device/load", "device/charge", "device/load_off_reason",
                     "device/charge_off_reason", "device/shed_in_ms", "device/pre_alarm"):
            page.bench.tree.put(name, follows.get(name, normal[name]))
        page.press(group, label, confirm)
        page.says(answer, ".answer")
        assert page.text(".answer").startswith("house: ")
        assert page.bench.tree.get(path) == value
        page.await_that(lambda group=group, value=value: page.pressed(group) == [value],
                        f"{value} is shown")
        # No other file than that, and those of the test
        changed = {name for name, data in page.bench.tree.content().items() if data != before[name]}
        allowed = {*follows, path, "device/load", "device/charge", "device/load_off_reason",
                   "device/charge_off_reason", "device/shed_in_ms", "device/pre_alarm"}
        assert changed <= {os.path.realpath(page.bench.tree.path(each)) for each in allowed}


def test_floor(page):
    """cockpit: S2: the floor is asked about, set with its recovery, and taken away"""
    page.find("input").send_keys("20")
    page.press("soc_floor_percent", "Set", "yes")
    page.says("loads off at 20 %, back at 25 %", ".answer")
    assert page.bench.tree.get("device/soc_floor_percent") == "20"
    assert page.bench.tree.get("device/soc_floor_recover_percent") == "25"
    page.says("Floor: loads off at 20 %, back at 25 %", ".lines")
    page.press("soc_floor_percent", "None")
    page.await_that(lambda: page.bench.tree.get("device/soc_floor_percent") == "0", "none")
    page.await_that(lambda: page.pressed("soc_floor_percent") == ["0"], "none is shown")


def test_refusals(page):
    """cockpit: what the tool refuses is shown in its words, and what it still is"""
    page.press("load_request", "Off", "yes")
    page.says("Not done: house/load_request: 'off' was taken, but the load is not off", ".answer")
    page.find("input").send_keys("95")
    page.press("soc_floor_percent", "Set", "yes")
    page.says("Not done: floor: '95' is neither none nor a number of percent from 1 to 90", ".answer")
    assert page.bench.tree.get("device/soc_floor_percent") == "0"


@pytest.mark.parametrize("group, label, phrase", (
    ("remote", "Off", "The load and charging are disconnected at once."),
    ("load_request", "Off", "The load is disconnected at once. Charging goes on."),
    ("load_request", "Shed", "after a pre-alarm of 30 s. Charging goes on.")))
def test_asks(page, group, label, phrase):
    """cockpit: before the load is disconnected it asks, and no changes nothing [{label} {group}]"""
    before = page.bench.tree.content()
    page.press(group, label, "no")
    page.button(group, label).click()
    assert phrase in page.text("#confirm") and "loses its power" in page.text("#confirm")
    assert page.js("return document.activeElement.id") == "confirm-no"
    page.readable()
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.await_that(lambda: not page.asks(), "escape")
    assert page.text(".answer") == ""
    assert page.bench.tree.content() == before


def may_write(bench, paths):
    """Which of what the page switches others may write; nobody owns any of it."""
    for name in ("device/remote", "charge_behaviour", "device/load_request",
                 "device/soc_floor_percent", "device/soc_floor_recover_percent"):
        os.chmod(bench.tree.path(name), 0o666 if name in paths else 0o444)


def test_not_permitted(bench, open_page):
    """cockpit: who may not switch a board sees why, and no button that works"""
    bench.tree.add("gauge")
    may_write(bench, ())
    page = open_page(unprivileged=True)
    page.says("You may not switch this board: Permission denied; run it as root", ".refused")
    page.says("turn on administrative access", ".refused")
    assert not page.js("return [...document.querySelectorAll('.switches button, .switches input')]"
                       ".filter(e => !e.disabled).length")
    page.readable()
    page.become("pre-alarm")
    page.says("PRE-ALARM", ".headline")


def test_partly_permitted(bench, open_page):
    """cockpit: who may write one attribute has the buttons of that one alone"""
    bench.tree.add("gauge")
    may_write(bench, ("charge_behaviour",))
    page = open_page(unprivileged=True)
    page.says("You may not switch this board", ".refused")
    assert page.js("return [...document.querySelectorAll('.switches button')]"
                   ".filter(e => !e.disabled).map(e => e.dataset.command)") == \
        ["charge auto", "charge inhibit"]
    page.bench.tree.put("device/charge", "off").put("device/charge_off_reason", "user")
    page.press("charge_behaviour", "Inhibit")
    page.says("charge off: inhibited by the user", ".answer")
    assert bench.tree.get("charge_behaviour") == "inhibit-charge"


def test_keyboard(page):
    """cockpit: everything can be reached and done by keyboard alone, and is seen to be"""
    page.bench.tree.put("device/load", "off").put("device/load_off_reason", "request-off")
    page.kernel.send()
    page.says("Load off: by request", ".headline")
    reached = []
    for _ in range(12):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        where = page.js("const e = document.activeElement; return [e.dataset.command || e.tagName,"
                        " getComputedStyle(e).outlineStyle]")
        if where[0] == "BODY":
            break
        reached.append(where[0])
        assert where[1] == "solid", where
        if where[0] == "load off":
            page.driver.switch_to.active_element.send_keys(Keys.ENTER)
            page.await_that(page.asks, "it asks")
            page.driver.switch_to.active_element.send_keys(Keys.TAB)
            assert page.js("return document.activeElement.id") == "confirm-yes"
            page.driver.switch_to.active_element.send_keys(Keys.SPACE)
            page.says("load_request is now off", ".answer")
            assert page.bench.tree.get("device/load_request") == "off"
    assert reached == ["remote on", "remote off", "load auto", "load shed", "load off",
                       "charge auto", "charge inhibit", "INPUT", "floor", "floor none"]


def test_announced(page):
    """cockpit: an alarm is announced once, and not again with every second of it"""
    page.js("window.said = []; new MutationObserver(() => window.said.push("
            "document.getElementById('alarms').textContent)).observe("
            "document.getElementById('alarms'), {childList: true, characterData: true, subtree: true})")
    page.become("floor-counts")
    page.await_that(lambda: page.text(".time"), "a countdown")
    page.put({"device/shed_in_ms": 12000})
    page.says("0:1", ".time")
    page.says("0:09", ".time")
    page.become("gauge")
    page.says("All well", ".headline")
    said = page.js("return window.said")
    assert len(said) == 2, said
    assert said[0].startswith("house: PRE-ALARM: the load will be shed in ") and \
        said[1] == "house: All well"


def test_comes_and_goes(page):
    """cockpit: a board that goes is shown as gone, with nothing of before, and comes back"""
    page.says("63 %", ".number")
    page.bench.tree.remove()
    page.kernel.send("remove")
    page.says("GONE: unplugged, or its driver was unloaded", ".headline", CHANGE_S)
    assert "63" not in page.text(".board") and "13.21" not in page.text(".board")
    assert not page.js("return [...document.querySelectorAll('.switches button')]"
                       ".filter(e => !e.disabled).length")
    page.bench.tree.add("undervoltage").add("healthy", "cabin")
    page.kernel.send("change")
    page.says("house LOAD DISCONNECTED: the bank is empty", "#boards", CHANGE_S)
    page.says("cabin All well", "#boards")


def test_no_board(bench, open_page):
    """cockpit: without a board the page says so, in the words of the tool"""
    page = open_page()
    said = bench.start("status").communicate()[1].strip().removeprefix("smallbms: ")
    page.says(" ".join(said.split()), "#trouble")


def test_tool_fails(page):
    """cockpit: that the tool fails is told, and says of no board that it is gone"""
    page.says("All well", ".headline")
    with open(page.site.tool, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\necho 'smallbms: memory: none' >&2\nexit 1\n")
    page.kernel.send()
    page.says("memory: none", "#trouble")
    page.says("UNKNOWN: no answer", ".headline", STALE_S)


def test_monitor_killed(page):
    """cockpit: a monitor that ends is started again, and changes are seen as before"""
    page.site.kill("monitor --initial")
    page.kernel.sockets.clear()
    page.kernel.accept()
    page.says("All well", ".headline")
    page.become("overvoltage")
    page.says("CHARGE DISCONNECTED", ".headline", CHANGE_S)


@pytest.mark.parametrize("how", ("killed", "stopped"))
def test_bridge_lost(page, how):
    """cockpit: a page whose bridge is {how} says so, and shows nothing old as current"""
    page.lost = True
    page.become("floor-counts")
    page.says("until the load is shed", ".countdown")
    page.site.kill("cockpit-bridge", signal.SIGKILL if how == "killed" else signal.SIGSTOP)
    took = page.says("UNKNOWN: no ", ".headline", STALE_S)
    print(f"said after {took:.1f} s")
    assert page.text(".countdown") == ""
    assert page.text(".number") == "unknown"
    assert page.text(".outputs").count("unknown") == 5
    assert page.text(".tiles").count("unknown") == 3
    assert re.search(r"At \d\d:\d\d:\d\d it was: PRE-ALARM", page.text(".before"))
    assert not page.js("return [...document.querySelectorAll('.switches button')]"
                       ".filter(e => !e.disabled).length")
    assert page.find("#reconnect").is_displayed()
    if how == "stopped":
        page.site.kill("cockpit-bridge", signal.SIGCONT)
        page.says("Live", "#link")
        page.says("PRE-ALARM", ".headline")


def test_history_missing(bench, open_page):
    """cockpit: without the package of the history there is a quiet hint, and all else"""
    os.remove(f"{bench.tool}-history")
    bench.tree.add("healthy")
    page = open_page()
    page.says("install the package smallbms-history", "#history-hint")
    page.says("All well", ".headline")
    assert page.text("#alarms") == ""


def test_history(bench, kernel, open_page):
    """cockpit: the history is what the tool says of it, newest first"""
    bench.tree.add("healthy")
    page = open_page()
    recorder = subprocess.Popen([bench.tool, "--sysfs-root", bench.tree.root, "history", "--record",
                                 "--directory", f"{page.site.folder}/history"],
                                stdout=subprocess.DEVNULL)
    bench.children.append(recorder)
    kernel.accept()
    page.await_that(lambda: b"recording begins" in subprocess.run(
        [page.site.tool, "history"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        check=False).stdout, "the first event is recorded")
    page.become("undervoltage")
    page.says("LOAD DISCONNECTED", ".headline")
    page.says("load off: a cell is empty", "#events")
    page.says("recording begins", "#events")
    assert page.text("#events").index("load off") < page.text("#events").index("recording begins")
    assert page.text("#history-hint") == ""


def test_policy(page):
    """cockpit: the page's policy lets nothing inline and nothing from elsewhere run"""
    with urllib.request.urlopen(page.site.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = answer.read().decode()
    print(policy)
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|https?:", text)
    page.js("const s = document.createElement('script'); s.textContent = 'window.inline = true';"
            "document.body.append(s)")
    assert page.js("return window.inline") is None
    assert any("Content Security Policy" in each for each in page.console())
    for name in re.findall(r'(?:src|href)="([^"#]+)"', text):
        with urllib.request.urlopen(urllib.parse.urljoin(page.site.url, name)) as file:
            assert file.status == 200


def test_idle(page):
    """cockpit: while nothing happens the page reads the boards every 5 s, and no more"""
    asked = os.path.join(page.bench.folder, "asked")
    with open(page.site.tool, encoding="utf-8") as file:
        text = file.read()
    note = f"#!/bin/sh\necho \"$(date +%s.%N) $*\" >>'{asked}'\n"
    with open(page.site.tool, "w", encoding="utf-8") as file:
        file.write(text.replace("#!/bin/sh\n", note))

    def readings():
        if not os.path.exists(asked):
            return []
        with open(asked, encoding="utf-8") as file:
            return [float(line.split()[0]) for line in file if line.endswith(" --json status\n")]

    page.await_that(lambda: len(readings()) >= 4, "four readings")
    times = readings()[-3:]
    print(f"three readings in {times[2] - times[0]:.1f} s")
    assert times[2] - times[0] > 9


def test_installed(tmp_path):
    """cockpit: make install-cockpit puts all of the page where Cockpit looks, and takes it back"""
    make = ["make", "-s", "-C", f"{web.PAGE}/..", f"O={tmp_path}/build", f"DESTDIR={tmp_path}/root",
            "prefix=/usr"]
    subprocess.run([*make, "install-cockpit"], check=True)
    installed = f"{tmp_path}/root/usr/share/cockpit/smallbms"
    assert sorted(os.listdir(installed)) == sorted(os.listdir(web.PAGE)) and \
        "manifest.json" in os.listdir(installed)
    subprocess.run([*make, "uninstall-cockpit"], check=True)
    assert not os.path.exists(installed)
