#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draw the page for Cockpit: pictures.py TOOL FOLDER

Made-up boards, in Cockpit's own server, on a desk (cockpit-desk.png) and on a phone
(cockpit-phone.png).
"""

import os
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import bench                                                    # noqa: E402
import live                                                     # noqa: E402
import web                                                      # noqa: E402
from tree import values                                         # noqa: E402

# What was before, so many minutes ago
STORY = (("gauge", 1190), ("pre-alarm", 612), ("gauge", 588), ("over-temperature", 207),
         ("gauge", 164), ("floor-counts", 0))
DESK = (1200, 1000, 1, "light", "desk")
PHONE = (360, 740, 2, "dark", "phone")
COLOURS = 64
BYTES_MAX = 100000


def play(desk, kernel, folder, states):
    """Record the story, and date it back."""
    recorder = subprocess.Popen([desk.tool, "--sysfs-root", desk.tree.root, "history",
                                 "--record", "--directory", folder])
    desk.children.append(recorder)
    kernel.accept()
    path = os.path.join(folder, "history.db")

    def count():
        if not os.path.exists(path):
            return 0
        with sqlite3.connect(path) as store:
            return store.execute("SELECT count(*) FROM events").fetchone()[0]

    for number, (state, _) in enumerate(states[1:], 1):
        web.await_that(lambda number=number: count() >= number, "it is recorded", 60)
        for name, value in values(state).items():
            desk.tree.put(name, value)
        kernel.send()
    web.await_that(lambda: count() >= len(states), "it is recorded", 60)
    recorder.kill()
    recorder.wait()
    kernel.sockets.clear()
    now = int(time.time() * 1000)
    with sqlite3.connect(path) as store:
        ids = [row[0] for row in store.execute("SELECT rowid FROM events ORDER BY rowid")]
        for rowid, (_, minutes) in zip(ids, states):
            when = now - (minutes * 60 + minutes % 47) * 1000
            store.execute("UPDATE events SET boot = 'x', time_ms = ?, boottime_ms = ?"
                          " WHERE rowid = ?", (when, when, rowid))


def shoot(site, kernel, driver, size, path):
    width, height, scale, scheme, _ = size
    web.theme(driver, scheme)
    web.resize(driver, width, height, scale)
    driver.get(site.url)
    kernel.accept()
    web.await_that(lambda: driver.execute_script(
        "return document.querySelectorAll('#events li').length > 2 &&"
        " document.querySelector('.board[data-severity=well], .board[data-severity=alarm]')"),
        "the page is there", 60)
    time.sleep(0.5)     # what slides has arrived; nothing rests on it
    driver.save_screenshot(path)
    subprocess.run(["pngquant", "--force", "--strip", "--output", path, str(COLOURS), path],
                   check=True)
    size = os.path.getsize(path)
    print(f"{path}: {size // 1000} kB")
    assert size < BYTES_MAX, "too large for the documents"


def draw(tool, path, size, states):
    desk = bench.Bench(tool)
    desk.tree.add(states[0][0])
    kernel = live.Kernel(desk.tree.root)
    site = web.Site(desk)
    driver = web.browser()
    try:
        play(desk, kernel, f"{site.folder}/history", states)
        shoot(site, kernel, driver, size, path)
    finally:
        driver.quit()
        site.close()
        kernel.close()
        desk.close()


def main(tool, folder):
    draw(tool, f"{folder}/cockpit-phone.png", PHONE, STORY[:5])
    draw(tool, f"{folder}/cockpit-desk.png", DESK, STORY)


if __name__ == "__main__":
    main(*sys.argv[1:])
