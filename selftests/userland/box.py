# SPDX-License-Identifier: GPL-2.0
"""A gateway in a machine: Debian's userland, systemd and all, two boards.

    with Gateway("userland") as gateway:
        gateway.pins("house", "cell-low 1")
        text = gateway.ok("upower -d")

The userland is Debian 12's, or that of another `release`, with the programs built for 12.

`house` is a board on an I2C expander that knows of no charger; `cabin` one on
lines that do not sleep, with a charger `solar` beside it, and a bank of 100 Ah.
The disk is the image `userland` of lib/cache; what the project installs, and what
belongs to the tests, is laid over it.  The other end of the serial port /dev/ttyS0 is the socket `port` in
`workdir`.
"""

import contextlib
import fcntl
import lzma
import os
import re
import shutil
import subprocess
import tarfile
import time

from lib.vm import dt, initramfs, lab, machine

HERE = os.path.dirname(os.path.abspath(__file__))
SELFTESTS = os.path.dirname(HERE)
TOP = os.path.dirname(SELFTESTS)

BENCH = "/sys/kernel/debug/smallbms-bench"
SUPPLIES = "/sys/class/power_supply"
STAGE = ("virtio_blk", "squashfs", "overlay")   # until the disk is there
MODULES = ("smallbms", "gpio-charger", "industrialio")
OURS = "usr/lib/smallbms-test"
CHARGER_LINE = "heartbeat"                      # on the cabin's chip


class Cabin(lab.Direct):
    """A board with a charger; the pin that tells of it is on the same chip."""

    def board(self):
        text = super().board().replace(
            "\tlabel", "\tpower-supplies = <&solar>;\n"
            "\tmonitored-battery = <&bank>;\n\tlabel", 1)
        line = lab.LINES.index(CHARGER_LINE)
        return text + (
            'solar: solar {\n\tcompatible = "gpio-charger";\n'
            '\tcharger-type = "mains";\n'
            f"\tgpios = <&{self.label}_chip {line} 0>;\n}};\n"
            'bank: battery {\n\tcompatible = "simple-battery";\n'
            "\tcharge-full-design-microamp-hours = <100000000>;\n"
            "\tvoltage-min-design-microvolt = <11200000>;\n};\n")


def device_tree():
    house = lab.Expander("house", without=("heartbeat",) + lab.SENSES[1:])
    cabin = Cabin("cabin", without=(), lends=(CHARGER_LINE,) + lab.SENSES)
    return "".join(chip.node() + chip.board() for chip in (house, cabin))


@contextlib.contextmanager
def building():
    """One process at a time."""
    os.makedirs(f"{TOP}/build/userland", exist_ok=True)
    with open(f"{TOP}/build/userland/lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(*command):
    """What a program of the build prints."""
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def collect_modules(modroot, bench, out):
    """The modules that the gateway may load, as depmod leaves them."""
    release, = os.listdir(f"{modroot}/lib/modules")
    source = f"{modroot}/lib/modules/{release}"
    target = f"{out}/usr/lib/modules/{release}"
    depends = {}
    with open(f"{source}/modules.dep", encoding="ascii") as file:
        for line in file:
            path, _, rest = line.partition(":")
            depends[path] = rest.split()
    by_name = {initramfs.module_name(path): path for path in depends}
    for name in MODULES:
        path = by_name[name.replace("-", "_")]
        for each in (path, *depends[path]):
            to = f"{target}/{each.removesuffix('.xz')}"
            os.makedirs(os.path.dirname(to), exist_ok=True)
            opener = lzma.open if each.endswith(".xz") else open
            with opener(f"{source}/{each}", "rb") as old, \
                    open(to, "wb") as new:
                shutil.copyfileobj(old, new)
    dt.run("aarch64-linux-gnu-strip", "--strip-debug", "-o",
           f"{target}/updates/smallbms-bench.ko", bench)
    for each in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(f"{source}/{each}", target)
    environment = dict(os.environ, PATH=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    subprocess.run(["depmod", "-b", out, release], check=True, env=environment)


def pid_of(gateway, unit):
    """Of a unit's main process; "0" if there is none."""
    return gateway.ok(f"systemctl show -p MainPID --value {unit}").strip()


def bridges():
    """The programs that carry boards to other systems, as tools/Makefile has them."""
    with open(f"{TOP}/tools/Makefile", encoding="utf-8") as file:
        return re.search("^bridges :=(.*)$", file.read(), re.M).group(1).split()


def configure_bridges(gateway, board):
    """The settings of those that need any: a broker that is not there, a battery without a GX."""
    for name, settings in (("mqtt", "BROKER=127.0.0.1"), ("venus", rf"[{board}]\nINSTANCE=1000")):
        gateway.ok(f"printf '{settings}\\n' >/etc/smallbms/{name}.conf")


def userland(release=None):
    """The disk of Debian 12, or of another release, in the cache."""
    return run(f"{SELFTESTS}/lib/cache",
               f"userland-{release}" if release else "userland").strip()


def packaged_tool(image, folder):
    """The tool, its history and the bridges as the packages have them, with the disk's
    libraries."""
    libraries = f"{folder}/disk/usr/lib/aarch64-linux-gnu"
    os.makedirs(folder, exist_ok=True)
    run("unsquashfs", "-n", "-f", "-d", f"{folder}/disk", image,
        "usr/lib/aarch64-linux-gnu/*.so*")
    # Their headers are the same everywhere
    cross = {"CC": "aarch64-linux-gnu-gcc", "EXTRA_CPPFLAGS": "-idirafter /usr/include",
             "EXTRA_LDFLAGS": f"-L{libraries} -Wl,-rpath-link,{libraries}",
             "JSONC_CFLAGS": "", "JSONC_LIBS": "-l:libjson-c.so.5",
             "SQLITE_CFLAGS": "", "SQLITE_LIBS": "-l:libsqlite3.so.0",
             "CURSES_CFLAGS": "-D_DEFAULT_SOURCE -D_XOPEN_SOURCE=600",
             "CURSES_LIBS": "-l:libncursesw.so.6 -l:libtinfo.so.6",
             "MOSQUITTO_LIBS": "-l:libmosquitto.so.1",
             "SYSTEMD_CFLAGS": "", "SYSTEMD_LIBS": "-l:libsystemd.so.0"}
    run("make", "--no-print-directory", "-s", "-C", f"{TOP}/tools",
        f"O={folder}", *(f"{name}={value}" for name, value in cross.items()),
        "all", "history", "bridges")
    shutil.rmtree(f"{folder}/disk")
    return f"{folder}/smallbms"


def project_files(files, out):
    """All that is laid over the disk: what is installed, and the tests'."""
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(f"{out}/usr/lib")
    os.symlink("usr/lib", f"{out}/lib")         # as on the disk
    run("make", "--no-print-directory", "-s", "-C", f"{TOP}/tools",
        f"O={TOP}/build/tools", f"DESTDIR={out}", "prefix=/usr", "install",
        "install-history", "install-bridges")
    shutil.copy(files["TOOL"], f"{out}/usr/bin/smallbms")
    for each in ("history", "watch", *bridges()):
        shutil.copy(f"{files['TOOL']}-{each}", f"{out}/usr/bin/")
    collect_modules(files["MODROOT"], files["BENCH"], out)
    ours = f"{out}/{OURS}"
    os.makedirs(ours)
    for name in ("agent", "port"):
        shutil.copy(f"{SELFTESTS}/lib/vm/guest/{name}", ours)
        os.chmod(f"{ours}/{name}", 0o755)
    units = f"{out}/etc/systemd/system"
    os.makedirs(f"{units}/multi-user.target.wants")
    os.makedirs(f"{out}/root/smallbms")
    for name in ("low-lines", "smallbms-power-down"):
        os.symlink(f"../{name}.service",
                   f"{units}/multi-user.target.wants/{name}.service")
    shutil.copy(f"{HERE}/guest/low-lines.service", units)
    os.makedirs(f"{out}/etc/smallbms")
    shutil.copy(f"{HERE}/guest/power-down.conf", f"{out}/etc/smallbms")
    shutil.copy(f"{HERE}/guest/agent.service", units)
    os.symlink("../agent.service",
               f"{units}/multi-user.target.wants/agent.service")
    with open(f"{out}/etc/machine-id", "w", encoding="ascii") as file:
        file.write("5ba11b35" * 4 + "\n")
    os.unlink(f"{out}/lib")


def owned_by_root(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


class Gateway:
    """See above; from `with` to the block's end."""

    def __init__(self, name, max_seconds=900, release=None, **how):
        workdir = os.path.join(TOP, "build", "userland", name)
        image = userland()
        disk = userland(release) if release else image
        with building():
            files = dict(lab.build("stock"))
            files["TOOL"] = packaged_tool(image, f"{TOP}/build/userland/tool")
            project_files(files, f"{workdir}/files")
        with tarfile.open(f"{workdir}/project.tar", "w") as archive:
            archive.add(f"{workdir}/files", ".", filter=owned_by_root)
        self.workdir = workdir
        self.loaded = False
        self.machine = machine.Machine(
            device_tree(), name=name, workdir=workdir, files=files,
            modules=STAGE, memory_mb=512, max_seconds=max_seconds,
            append="rdinit=/bin/to-userland systemd.default_timeout_start_sec=300",
            extra={"bin/to-userland": f"{HERE}/guest/to-userland",
                   "project.tar": f"{workdir}/project.tar"},
            hardware=("-drive", f"file={disk},format=raw,readonly=on,"
                                "if=none,id=disk",
                      "-device", "virtio-blk-pci,drive=disk",
                      "-chardev", f"socket,id=port,path={workdir}/port,"
                                  "server=on,wait=off",
                      "-device", "pci-serial,chardev=port"), **how)

    def __enter__(self):
        machine.BOOT_TIMEOUT = 300
        self.machine.start()
        try:
            # Nobody but udev loads the modules
            self.loaded = self.until(lambda: not self.run(
                "udevadm settle; cd /sys/class/power_supply && "
                "[ -e house ] && [ -e cabin ] && [ -e solar ]", 300)[0], 60)
        except BaseException:
            self.machine.stop()
            raise
        return self

    def __exit__(self, *_):
        self.machine.stop()

    def run(self, command, timeout=60):
        """(status, output) of a command inside."""
        return self.machine.guest(command, timeout)

    def ok(self, command, timeout=60):
        return self.machine.guest_ok(command, timeout)

    def pins(self, label, levels):
        self.ok(f"echo {levels} >{BENCH}/bench-{label}/pins")

    def until(self, condition, timeout=30, pause=1):
        """Asks `condition` until it is true; its last answer. To ask takes the processor's
        time, which is what everything here waits for."""
        end = time.monotonic() + timeout
        while True:
            answer = condition()
            if answer or time.monotonic() > end:
                return answer
            time.sleep(pause)
