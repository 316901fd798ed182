#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draw what `smallbms watch` shows: screenshot.py TOOL FILE.svg

A recorded board is shown on a terminal of 80 by 24.
"""

import sys

import bench
from live import Kernel, Terminal
from screen import svg


def draw(tool):
    """Return the picture."""
    desk = bench.Bench(tool)
    try:
        desk.tree.add("over-temperature")
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
            desk.tree.put(name, value)
        kernel = Kernel(desk.tree.root)
        terminal = Terminal(desk, "watch", rows=25, columns=80)
        kernel.accept()
        # The last character is that of the bar at the bottom.
        terminal.await_that(lambda screen: screen.cells[-1][-1][1] == (7,))
        picture = svg(terminal.screen, "smallbms watch")
        terminal.key("q")
        terminal.end()
        terminal.close()
        kernel.close()
    finally:
        desk.close()
    return picture


def main(tool, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(draw(tool))


if __name__ == "__main__":
    main(*sys.argv[1:])
