# SPDX-License-Identifier: GPL-2.0
"""The script that publishes a board, with a broker that comes and goes."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest

from bench import TIMEOUT_S
from live import Kernel
from tree import values

SCRIPT = os.path.join(os.path.dirname(__file__),
                      "../../../../Documentation/examples/publish.sh")


class Broker:
    """Mosquitto, on a port of its own."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.child = None

    def start(self):
        self.child = subprocess.Popen(["/usr/sbin/mosquitto", "-p", self.port],
                                      stderr=subprocess.DEVNULL)

    def stop(self):
        if self.child:
            self.child.kill()
            self.child.wait()
        self.child = None

    def state(self):
        """What it keeps of the board."""
        done = subprocess.run(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", self.port, "-t", "smallbms/house",
             "-C", "1", "-W", "1"], capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.stdout else {}

    def await_alarm(self, alarm):
        end = time.monotonic() + TIMEOUT_S
        while self.state().get("alarm") != alarm:
            assert time.monotonic() < end, self.state()


@pytest.fixture(name="broker")
def stopped_broker():
    broker = Broker()
    yield broker
    broker.stop()


def test_publish(bench, broker, tmp_path):
    """publish.sh: a change that the broker does not take is published once it does"""
    bench.tree.add("healthy")
    tool = tmp_path / "smallbms"
    tool.write_text(f'#!/bin/sh\nexec {bench.tool} --sysfs-root {bench.tree.root} "$@"\n')
    tool.chmod(0o755)
    kernel = Kernel(bench.tree.root)
    environment = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    said = tmp_path / "said"

    def until_refused(times):
        end = time.monotonic() + TIMEOUT_S
        while said.read_text().count("refused") < times:
            assert time.monotonic() < end, said.read_text()
            time.sleep(0.05)

    with said.open("w") as stderr, \
            subprocess.Popen(["sh", SCRIPT, "house", "127.0.0.1", broker.port, "0.2"],
                             env=environment, stderr=stderr,
                             start_new_session=True) as script:
        try:
            kernel.accept()
            until_refused(2)
            broker.start()
            broker.await_alarm(0)
            broker.stop()
            for path, value in values("pre-alarm").items():
                bench.tree.put(path, value)
            kernel.send()
            until_refused(said.read_text().count("refused") + 2)
            broker.start()
            broker.await_alarm(1)
        finally:
            kernel.close()      # which ends monitor, and so the script
            os.killpg(script.pid, signal.SIGKILL)
