# SPDX-License-Identifier: GPL-2.0
"""Make a sysfs tree of boards from the descriptions in trees/.

The layout is that of the kernel, so that the tool follows the same links:

    class/power_supply/house -> ../../devices/platform/house-board/...
    devices/platform/house-board/            the parent: the board attributes
        driver -> ../../../bus/platform/drivers/smallbms
        power_supply/house/device -> ../../../house-board
"""

import os
import shutil
import tempfile
import threading

# The driver's time to empty while there is none
NEVER_S = 365 * 24 * 60 * 60
TREES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trees")


def values(name):
    """Return {path: value} of trees/NAME.txt and of those it comes from."""
    result = {}
    with open(os.path.join(TREES, name + ".txt"), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            if line.startswith("-"):
                gone = line[1:]
                found = [p for p in result if (p + "/").startswith(gone + "/")]
                if not found:
                    raise ValueError(f"{name}: nothing to remove: {gone}")
                for path in found:
                    del result[path]
                continue
            path, _, value = line.partition(": ")
            if path == "from":
                result.update(values(value))
            else:
                result[path] = value
    return result


class Tree:
    """A sysfs of its own below a new folder."""

    def __init__(self, root):
        self.root = str(root)
        os.makedirs(os.path.join(self.root, "class/power_supply"))

    def supply(self, name):
        return os.path.join(self.root, "class/power_supply", name)

    def add(self, state, name="house", driver="smallbms"):
        """Add a board in this state, or a supply of another driver."""
        parent = os.path.join(self.root, "devices/platform", name + "-board")
        real = os.path.join(parent, "power_supply", name)
        os.makedirs(real)
        os.symlink(os.path.relpath(real, os.path.dirname(self.supply(name))),
                   self.supply(name))
        os.symlink("../../../" + name + "-board", os.path.join(real, "device"))
        drivers = os.path.join(self.root, "bus/platform/drivers", driver)
        os.makedirs(drivers, exist_ok=True)
        os.symlink("../../../bus/platform/drivers/" + driver,
                   os.path.join(parent, "driver"))
        for path, value in values(state).items():
            self.put(path, value, name)
        return self

    def path(self, path, name="house"):
        return os.path.join(self.supply(name), path)

    def put(self, path, value, name="house"):
        """Set a value; bytes as they are, text with the kernel's newline. Who reads it
        meanwhile reads the old one or the new one, as of the kernel."""
        full = self.path(path, name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        data = value if isinstance(value, bytes) else f"{value}\n".encode()
        new = os.path.join(self.root, f"new.{threading.get_ident()}")
        with open(new, "wb") as file:
            file.write(data)
        if os.path.exists(full):
            shutil.copymode(full, new)
        os.replace(new, full)
        return self

    def change(self, path, value, name="house"):
        """Set a value that is there, in its file: who has that open sees it, too."""
        with open(self.path(path, name), "r+b") as file:
            file.write(f"{value}\n".encode())
            file.truncate()
        return self

    def get(self, path, name="house"):
        """Return a value as it is now."""
        with open(self.path(path, name), encoding="ascii") as file:
            return file.read().rstrip("\n")

    def take(self, path, name="house"):
        """Remove a value."""
        os.remove(self.path(path, name))
        return self

    def remove(self, name="house"):
        """Unplug the board. Its folders are kept elsewhere, empty: sysfs does not reuse their
        inode numbers."""
        gone = tempfile.mkdtemp(prefix="gone-", dir=os.path.dirname(self.root))
        os.remove(self.supply(name))
        shutil.move(os.path.join(self.root, "devices/platform", name + "-board"), gone)
        for folder, _, files in os.walk(gone):
            for each in files:
                os.remove(os.path.join(folder, each))

    def content(self):
        """Return every file's bytes, to see whether anything changed."""
        result = {}
        for folder, _, files in os.walk(self.root):
            for name in files:
                full = os.path.join(folder, name)
                if os.path.isfile(full):
                    with open(full, "rb") as file:
                        result[full] = file.read()
        return result
