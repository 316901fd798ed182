# SPDX-License-Identifier: GPL-2.0
"""Makes the guest's root file system: a cpio archive, without being root."""

import lzma
import os
import stat

# The way to the bench, which some kernels have built in and others have not
PORTS = ("virtio_pci", "virtio_console")


class Archive:
    """A cpio archive in the "newc" format, as the kernel unpacks it."""

    def __init__(self, path):
        self._file = open(path, "wb")
        self._count = 0
        self._folders = {""}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._entry("TRAILER!!!", 0, b"")
        self._file.close()

    def _entry(self, name, mode, data, device=(0, 0)):
        self._count += 1
        fields = (self._count, mode, 0, 0, 1, 0, len(data), 0, 0, *device,
                  len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields)
        for part in (head + name.encode() + b"\0", data):
            self._file.write(part + bytes(-len(part) % 4))

    def folder(self, name):
        if name not in self._folders:
            self._folders.add(name)
            self.folder(os.path.dirname(name))
            self._entry(name, stat.S_IFDIR | 0o755, b"")

    def data(self, name, data, mode=0o644):
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode, data)

    def file(self, name, path, mode=0o644):
        with open(path, "rb") as file:
            self.data(name, file.read(), mode)

    def symlink(self, name, target):
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def console(self):
        """The one device that must exist before devtmpfs is mounted."""
        self.folder("dev")
        self._entry("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1))


def module_name(path):
    return os.path.basename(path).split(".")[0].replace("-", "_")


def add_modules(archive, modroot, wanted):
    """Add the modules `wanted` and all that they depend on, uncompressed; and
    the PORTS, if they are modules. One that not every kernel has ends with a ?."""
    release, = os.listdir(f"{modroot}/lib/modules")
    folder = f"lib/modules/{release}"
    depends = {}
    with open(f"{modroot}/{folder}/modules.dep", encoding="ascii") as file:
        for line in file:
            path, _, rest = line.partition(":")
            depends[path] = rest.split()
    by_name = {module_name(path): path for path in depends}
    chosen = set()
    for name in (*wanted, *(port for port in PORTS if port in by_name)):
        path = by_name.get(name.rstrip("?").replace("-", "_"))
        if not path and name.endswith("?"):
            continue
        if not path:
            raise RuntimeError(f"no module {name} in {modroot}")
        chosen.update((path, *depends[path]))
    lines = "".join(f"{path}: {' '.join(depends[path])}\n" for path in chosen)
    archive.data(f"{folder}/modules.dep", lines.replace(".xz", "").encode())
    for path in chosen:
        opener = lzma.open if path.endswith(".xz") else open
        with opener(f"{modroot}/{folder}/{path}", "rb") as file:
            archive.data(f"{folder}/{path.removesuffix('.xz')}", file.read())


def make(path, paths, modules, guest, inittab, extra):
    """Write the archive to `path`; `guest` is the folder with our scripts,
    `extra` are more files, {path in the guest: file}."""
    with Archive(path) as archive:
        archive.console()
        for name in ("proc", "sys", "tmp", "root"):
            archive.folder(name)
        archive.file("bin/busybox", paths["BUSYBOX"], 0o755)
        archive.symlink("bin/sh", "busybox")
        for name in sorted(os.listdir(guest)):
            archive.file(f"bin/{name}", f"{guest}/{name}", 0o755)
        archive.symlink("init", "bin/start")
        archive.data("etc/inittab", inittab.encode())
        archive.file("bin/smallbms", paths["TOOL"], 0o755)
        for name, source in sorted(extra.items()):
            archive.file(name, source, 0o755)
        add_modules(archive, paths["MODROOT"], modules)
