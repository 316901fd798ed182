# SPDX-License-Identifier: GPL-2.0
"""What a test works with: trees, the tool, and rules that hold for every run."""

import errno
import json
import os
import pty
import re
import shutil
import subprocess
import tempfile

from tree import Tree

DONE, FAILED, USAGE, NO_BOARD = 0, 1, 2, 3
COLUMNS = 80
# Against a tool that hangs; far beyond what a busy machine needs.
TIMEOUT_S = int(os.environ.get("TIMEOUT_S", "300"))
NOBODY = 65534


class Result:
    """What a run of the tool left."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err

    @property
    def words(self):
        """The output as one line: where it wraps does not matter."""
        return " ".join(self.out.split())

    @property
    def headline(self):
        return self.out.split("\n\n")[0].replace("\n", " ")

    def json(self):
        return json.loads(self.out, object_pairs_hook=no_duplicates)

    def jsons(self):
        """All of the values, one after the other."""
        decoder = json.JSONDecoder(object_pairs_hook=no_duplicates)
        rest = self.out.strip()
        found = []
        while rest:
            value, end = decoder.raw_decode(rest)
            found.append(value)
            rest = rest[end:].lstrip()
        return found

    def boards(self):
        """The attributes of each board, which must have words as well."""
        found = self.jsons()
        for each in found:
            assert each.pop("words")["headline"]
        return found

    def board(self):
        only, = self.boards()
        return only

    def row(self, label):
        """The state and the reason in the row of this label."""
        found = re.search(rf"^  {label} +(.*(?:\n {{15,}}.*)*)", self.out, re.M)
        assert found, f"no row {label!r} in:\n{self.out}"
        return " ".join(found.group(1).split())


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key twice in {keys}"
    return dict(pairs)


def check_rules(result, args):
    """What holds for every run, whatever was asked."""
    assert result.code in (DONE, FAILED, USAGE, NO_BOARD), \
        f"exit {result.code}\n{result.err}"
    for line in result.err.splitlines():
        assert re.fullmatch(r"smallbms: \S[^:]*: \S.*", line), \
            f"not 'smallbms: what: why': {line!r} in:\n{result.err}"
    assert bool(result.err) == (result.code != DONE), \
        f"exit {result.code} with stderr {result.err!r}"
    assert "\033" not in result.out, "colour, and no terminal"
    if {"--json", "metrics", "history", "commission"} & set(args):
        return
    for line in result.out.splitlines():
        assert len(line) <= COLUMNS or "list" in args, \
            f"{len(line)} columns: {line!r}"
        assert line == line.rstrip(), f"blanks at the end: {line!r}"


class Bench:
    """A folder and the tool under test; removed when the test is over."""

    def __init__(self, tool):
        self.folder = tempfile.mkdtemp(prefix="smallbms-tools-")
        os.chmod(self.folder, 0o755)
        self.tool = os.path.join(self.folder, "smallbms")
        self.take(tool, self.tool)
        for each in ("history", "watch"):
            if os.path.exists(f"{tool}-{each}"):
                self.take(f"{tool}-{each}", f"{self.tool}-{each}")
        self.tree = Tree(os.path.join(self.folder, "sys"))
        self.children = []

    @staticmethod
    def take(program, path):
        """Have it where each user may run it."""
        try:
            os.link(program, path)
        except OSError:
            shutil.copy(program, path)

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        shutil.rmtree(self.folder)

    def command(self, args):
        return [self.tool, "--sysfs-root", self.tree.root, *args]

    @staticmethod
    def environment(env):
        return {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin",
                "TERM": "xterm", **(env or {})}

    def start(self, *args, env=None, stdout=subprocess.PIPE, **kwargs):
        """Start the tool, for the test to meddle while it runs."""
        child = subprocess.Popen(self.command(args), text=True,
                                 stdout=stdout,
                                 stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL,
                                 env=self.environment(env), **kwargs)
        self.children.append(child)
        return child

    @staticmethod
    def finish(child):
        out, err = child.communicate(timeout=TIMEOUT_S)
        result = Result(child.returncode, out or "", err)
        check_rules(result, child.args)
        return result

    def run(self, *args, expect=DONE, **kwargs):
        """Run the tool on the tree."""
        result = self.finish(self.start(*args, **kwargs))
        assert result.code == expect, \
            f"exit {result.code}, not {expect}\n{result.out}{result.err}"
        return result

    def run_as_user(self, *args, **kwargs):
        """Run it as somebody who may not write root's files."""
        if os.geteuid() == 0:
            kwargs.update(user=NOBODY, group=NOBODY, extra_groups=[])
        return self.run(*args, **kwargs)

    def run_on_terminal(self, *args, env=None):
        """Return what it shows where stdout is a terminal."""
        master, slave = pty.openpty()
        child = subprocess.Popen(self.command(args), stdout=slave,
                                 stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL,
                                 env=self.environment(env))
        self.children.append(child)
        os.close(slave)
        shown = b""
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:  # the other side has closed
                break
            if not data:
                break
            shown += data
        os.close(master)
        _, err = child.communicate(timeout=TIMEOUT_S)
        assert child.returncode == DONE, err
        return shown.decode().replace("\r\n", "\n")

    def fifo(self, path):
        """Make an attribute wait for the test before it can be read."""
        full = self.tree.path(path)
        os.remove(full)
        os.mkfifo(full)
        os.chmod(full, 0o666)
        return full

    @staticmethod
    def ended(child):
        """Give the tool a moment; return whether it has ended."""
        try:
            child.wait(0.005)
        except subprocess.TimeoutExpired:
            return False
        return True

    def gate(self, child, path):
        """Return the writing end of a fifo() where the tool waits to read."""
        while True:
            try:
                end = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError as error:
                assert error.errno == errno.ENXIO, error
            assert not self.ended(child), f"it did not read {path}"
        os.set_blocking(end, True)
        return os.fdopen(end, "wb")

    def receive(self, child, path):
        """Return what the tool writes to a fifo()."""
        end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            while True:
                try:
                    data = os.read(end, 4096)
                except BlockingIOError:
                    data = b""
                if data:
                    return data
                assert not self.ended(child), f"it did not write {path}"
        finally:
            os.close(end)

    def refuses(self, *args, expect, why, **kwargs):
        """Run what must fail, say why on stderr alone, and change nothing."""
        before = self.tree.content()
        result = self.run(*args, expect=expect, **kwargs)
        assert why in result.err, f"no {why!r} in {result.err!r}"
        assert result.out in ("", "[]\n") or "check" in args, result.out
        assert self.tree.content() == before, "a file was changed"
        return result
