# SPDX-License-Identifier: GPL-2.0
"""Cockpit's own server and bridge with the page, and a browser that shows it.

The boards are those of a bench; the program smallbms in the PATH is the tool on them.
"""

import os
import shutil
import signal
import socket
import subprocess
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from bench import NOBODY, TIMEOUT_S

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "../../../../tools/cockpit")
SERVER = "/usr/lib/cockpit/cockpit-ws"
BRIDGE = "/usr/bin/cockpit-bridge"

WRAPPER = """#!/bin/sh
case " $* " in
*" history "*) set -- "$@" --directory '{folder}/history' ;;
esac
exec '{tool}' --sysfs-root '{root}' "$@"
"""


def await_that(condition, what, limit_s=TIMEOUT_S):
    """Look until it is so; return what it was, and how long that took."""
    begin = time.monotonic()
    while True:
        found = condition()
        now = time.monotonic()
        if found:
            return found, now - begin
        assert now - begin < limit_s, f"{what}: not within {limit_s} s"
        time.sleep(0.02)


class Site:
    """The server, run by root or by a user who may not write root's files."""

    def __init__(self, bench, unprivileged=False):
        self.bench = bench
        self.folder = os.path.join(bench.folder, "site")
        shutil.copytree(PAGE, f"{self.folder}/share/cockpit/smallbms")
        for name in ("bin", "home", "etc", "run", "history"):
            os.mkdir(f"{self.folder}/{name}")
        os.chmod(f"{self.folder}/home", 0o777)
        os.chmod(f"{self.folder}/run", 0o777)
        self.tool = f"{self.folder}/bin/smallbms"
        with open(self.tool, "w", encoding="utf-8") as file:
            file.write(WRAPPER.format(folder=self.folder, tool=bench.tool,
                                      root=bench.tree.root))
        os.chmod(self.tool, 0o755)
        uevents = os.path.join(bench.tree.root, "uevents")
        if os.path.exists(uevents):
            os.chmod(uevents, 0o666)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.user = {}
        if unprivileged and os.geteuid() == 0:
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self.server = None
        self.start()

    def start(self):
        env = {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
               "HOME": f"{self.folder}/home", "XDG_CONFIG_DIRS": f"{self.folder}/etc",
               "XDG_RUNTIME_DIR": f"{self.folder}/run",
               "XDG_DATA_HOME": f"{self.folder}/home",
               "XDG_DATA_DIRS": f"{self.folder}/share:/usr/share"}
        self.server = subprocess.Popen(
            [SERVER, "--no-tls", "-a", "127.0.0.1", "-p", str(self.port),
             f"--local-session={BRIDGE}"], env=env, cwd="/", start_new_session=True,
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, **self.user)
        await_that(self.listens, "cockpit-ws listens")

    def listens(self):
        assert self.server.poll() is None, "cockpit-ws has ended"
        with socket.socket() as probe:
            return not probe.connect_ex(("127.0.0.1", self.port))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/cockpit/@localhost/smallbms/index.html"

    def processes(self, name):
        """Those below the server with that name in their command line."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                    session = int(file.read().rpartition(")")[2].split()[3])
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if session == self.server.pid and name in command:
                found.append(int(pid))
        return found

    def kill(self, name, how=signal.SIGKILL):
        pids = self.processes(name)
        assert pids, f"no {name}"
        for pid in pids:
            os.kill(pid, how)

    def close(self):
        try:
            os.killpg(self.server.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        for pid in self.processes(""):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.server.wait()


def browser():
    """Chromium without a screen, driven by Debian's chromedriver."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for each in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage",
                 "hide-scrollbars", "disable-extensions", "no-first-run",
                 "disable-background-networking", "lang=en-GB"):
        options.add_argument(f"--{each}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def resize(driver, width, height, scale=1):
    """The page's own size, whatever the window's frame takes; phones are narrow."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": height, "deviceScaleFactor": scale,
                            "mobile": width < 600})


def theme(driver, scheme):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})
