#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draw what the tool shows: screenshot.py TOOL DIR [NAME ...]

Leaves DIR/NAME.svg of each, or of all: watch, status, history, commission. Recorded boards are
shown on a terminal of 80 columns.
"""

import contextlib
import datetime
import os
import shutil
import signal
import sqlite3
import sys
import threading
import time

sys.path.insert(0, __file__.rpartition("/selftests/")[0] + "/selftests")

# pylint: disable=wrong-import-position
import bench  # noqa: E402
from live import Kernel, Terminal, await_asleep  # noqa: E402
from screen import Roll, svg  # noqa: E402
from tree import values  # noqa: E402

COLUMNS = 80
# Its lines are not wrapped.
HISTORY_COLUMNS = 110
# What somebody needs to take a wire off, and to connect it again
HANDS_S = 1.5
NIGHT = datetime.datetime(2026, 11, 28, 23, 10, 2, tzinfo=datetime.timezone.utc)
COMMISSIONED = "2026-11-28T09:41:15Z"
# Minutes after that, and the state of the board
EVENTS = ((0, "healthy"), (0, "nearly-empty"), (31, "pre-alarm"), (31.5, "undervoltage"),
          (541, "waiting-for-reconnect"), (541.6, "healthy"))
LINES = ("cell-low", "cell-undervoltage", "cell-overvoltage", "over-temperature")


@contextlib.contextmanager
def desk(tool):
    made = bench.Bench(tool)
    try:
        yield made
    finally:
        made.close()


def leave_report(made):
    """As smallbms commission does."""
    folder = os.path.join(made.tree.root, "commission/house")
    os.makedirs(folder)
    with open(f"{folder}/{COMMISSIONED.replace(':', '')}.json", "w", encoding="ascii") as file:
        file.write(f'{{"finished": "{COMMISSIONED}", "passed": 13, "failed": 0, "skipped": 0}}')


def printed(made, *args, columns=COLUMNS):
    """The terminal after a command that ends by itself."""
    terminal = Terminal(made, *args, columns=columns, env={"TZ": "UTC"})
    terminal.screen = Roll(columns)
    terminal.end()
    terminal.close()
    return terminal.screen.crop(0, terminal.screen.row)


def draw_watch(tool):
    """During a pre-alarm."""
    with desk(tool) as made:
        made.tree.add("over-temperature")
        for name, value in (
                ("device/charge", "on"), ("device/pre_alarm", "on"),
                ("device/alarm", 1), ("device/charge_off_reason", "none"),
                ("device/conditions", "cell-low cell-undervoltage"),
                ("device/disconnect_in_ms", 22300),
                ("device/stats/pre_alarms", 1),
                ("device/stats/charge_disconnects", 0),
                ("capacity", 1), ("capacity_error_margin", 5),
                ("voltage_now", 11630000), ("current_now", -7400000),
                ("temp", 213)):
            made.tree.put(name, value)
        kernel = Kernel(made.tree.root)
        terminal = Terminal(made, "watch", rows=25, columns=COLUMNS)
        kernel.accept()
        # The last character is that of the bar at the bottom.
        terminal.await_that(lambda screen: screen.cells[-1][-1].reverse)
        picture = svg(terminal.screen, "smallbms watch")
        terminal.key("q")
        terminal.end()
        terminal.close()
        kernel.close()
    return picture


def draw_status(tool):
    """After an undervoltage disconnect."""
    with desk(tool) as made:
        made.tree.add("undervoltage")
        leave_report(made)
        return svg(printed(made, "status"), "smallbms status")


def shift(path):
    """Let the events have happened in that night, which was that of another start."""
    database = sqlite3.connect(path)
    with database:
        rows = database.execute("SELECT id FROM events ORDER BY id").fetchall()
        for (number,), (minutes, _) in zip(rows, EVENTS):
            database.execute(
                "UPDATE events SET boot = 'that', boottime_ms = ?, time_ms = ? WHERE id = ?",
                (int(minutes * 60000), int((NIGHT.timestamp() + minutes * 60) * 1000), number))
        database.execute("DELETE FROM events WHERE boot != 'that'")
    database.close()


def draw_history(tool):
    """Of a night, after a commissioning."""
    with desk(tool) as made:
        made.tree.add("healthy")
        folder = os.path.join(made.folder, "record")
        kernel = Kernel(made.tree.root)
        os.mkdir(folder)
        child = made.start("history", "--record", "--directory", folder)
        kernel.accept()
        for _, state in EVENTS[1:]:
            await_asleep(child)
            for path, value in values(state).items():
                made.tree.put(path, value)
            kernel.send()
            await_asleep(child)
            time.sleep(0.2)         # changes that come together are one event
        child.send_signal(signal.SIGTERM)
        child.communicate()
        kernel.close()
        shift(os.path.join(folder, "history.db"))
        leave_report(made)
        picture = svg(printed(made, "history", "--directory", folder,
                              columns=HISTORY_COLUMNS), "smallbms history")
        shutil.rmtree(folder)
    return picture


class Installation:
    """A board with two swapped wires, that follows what hands do."""

    def __init__(self, made):
        self.tree = made.tree
        self.tree.add("healthy")
        for name in (*LINES, "load", "charge", "pre-alarm"):
            self.tree.put(f"device/of_node/{name}-gpios", b"")
        self.kernel = Kernel(self.tree.root)

    def conditions(self, *names):
        self.tree.put("device/conditions", " ".join(names) or "none")
        self.tree.put("device/alarm", int("cell-low" in names))
        self.tree.put("device/charge", "off" if set(names) - {"cell-low"} else "on")
        self.kernel.send()

    def break_wire(self, *answers):
        time.sleep(HANDS_S)
        self.conditions(*answers)
        time.sleep(HANDS_S)
        self.conditions()


def draw_commission(tool):
    """Some of its steps, of which one finds two swapped lines."""
    with desk(tool) as made:
        board = Installation(made)
        terminal = Terminal(made, "commission", rows=60, columns=COLUMNS)
        terminal.screen = Roll(COLUMNS)
        board.kernel.accept()

        def answer(question, text, *lines):
            terminal.await_that(lambda screen: screen.shown[-1].endswith("]uit >") and
                                question in " ".join(" ".join(screen.shown[first[0]:]).split()))
            first[0] = terminal.screen.row
            terminal.key(f"{text}\n")
            if lines:
                threading.Thread(target=board.break_wire, args=lines).start()

        first = [0]
        answer("How is this computer fed", "bank")
        answer("Switch the software remote off?", "s")
        answer("Take the wire of cell-low", "y", "cell-low")
        answer("Take the wire of cell-undervoltage", "s")
        answer("Take the wire of cell-overvoltage", "y", "over-temperature")
        answer("Try this step again", "n")
        answer("Take the wire of over-temperature", "y", "cell-overvoltage")
        terminal.await_that(lambda screen: "[10/15]" in screen.text or
                            "Try this step again" in screen.shown[-2])
        terminal.key("\003")
        terminal.end()
        terminal.close()
        board.kernel.close()
        lines = terminal.screen.shown
        begin = next(i for i, line in enumerate(lines) if "[4/15]" in line)
        end = next(i for i, line in enumerate(lines) if "Try this step again" in line and i > next(
            j for j, other in enumerate(lines) if "[7/15]" in other))
        return svg(terminal.screen.crop(begin, end), "smallbms commission")


PICTURES = {"watch": draw_watch, "status": draw_status, "history": draw_history,
            "commission": draw_commission}


def main(tool, folder, *names):
    for name in names or PICTURES:
        with open(os.path.join(folder, f"{name}.svg"), "w", encoding="utf-8") as file:
            file.write(PICTURES[name](tool))


if __name__ == "__main__":
    main(*sys.argv[1:])
