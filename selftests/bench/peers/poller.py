#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The rules of daemon.py in the manner of the usual UPS scripts: look, act, sleep a second."""

import sys
import time

import gpiod

import daemon

PAUSE_S = 1.0


def main(words):
    chip = gpiod.Chip(words[0])
    offsets = [int(word) for word in words[1:6]]
    rules = daemon.Rules(*(int(word) / 1000 for word in words[6:11]))
    inputs = chip.get_lines(offsets[:2])
    inputs.request(consumer='poller.py', type=gpiod.LINE_REQ_DIR_IN)
    outputs = chip.get_lines(offsets[2:])
    outputs.request(consumer='poller.py', type=gpiod.LINE_REQ_DIR_OUT, default_vals=[1, 1, 0])
    while True:
        outputs.set_values(rules.decide(inputs.get_values(), time.monotonic())[0])
        time.sleep(PAUSE_S)


if __name__ == '__main__':
    main(sys.argv[1:])
