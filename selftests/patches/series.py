#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""series.py SOURCE OUT: the project as a patch series for the kernel SOURCE, in OUT.

Makes a repository of those files of the kernel alone that the series touches,
lays ours where they belong in the kernel, a commit a patch, and lets git format
them, with a cover letter.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import native

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUPPLY = 'drivers/power/supply'
DRIVER = f'{SUPPLY}/smallbms'
BINDINGS = 'Documentation/devicetree/bindings'
BINDING = f'{BINDINGS}/power/supply/smallbms,io-board.yaml'
PREFIXES = f'{BINDINGS}/vendor-prefixes.yaml'
ABI = 'Documentation/ABI/testing/sysfs-driver-smallbms'
ALL_TESTS = 'tools/testing/selftests'
TESTS = f'{ALL_TESTS}/smallbms'
TOUCHED = ('MAINTAINERS', PREFIXES, f'{SUPPLY}/Kconfig', f'{SUPPLY}/Makefile',
           f'{ALL_TESTS}/Makefile')
AUTHOR = 'smallBMS maintainers', 'smallbms@example.org'
ENTRY = 'SMALLBMS I/O BOARD DRIVER'
PROGRAMS = ('live/board.sh', 'expander/trip.sh', 'expander/dead.sh', 'expander/reset.sh',
            'expander/sense.sh', 'expander/heartbeat.sh', 'expander/users.sh')

COVER = '''power: supply: Add driver for the smallBMS I/O board

The board sits between a bank of LiFePO4 smart batteries and the GPIO lines of
a small computer. The batteries watch their own cells and pull shared signal
lines; the board floats one output to disconnect the loads, another to
disconnect the chargers, and raises a third as a warning before the first.

The driver decides on levels, never on edges, and so a lost interrupt costs at
most one re-scan. What cannot be read counts as active, and what cannot be
written is never reported as done. The rules are one file without a lock, a
clock or a line of I/O; lines that do not sleep are served in hard interrupt
context, others by a thread of the board's own.

Patch 1 and 2 are the binding. Patch 3 brings the rules, patch 4 what reads and
drives lines, patch 5 the driver itself; it is built from there on. The tests
come with a module that emulates an I2C expander, and skip without it.
'''


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def copy(source, path):
    """With its mode: tests are run as they are."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copy(source, path)


def git(*words):
    subprocess.run(('git', *words), check=True, env={
        **os.environ, 'GIT_CONFIG_GLOBAL': '/dev/null', 'GIT_CONFIG_SYSTEM': '/dev/null',
        'GIT_AUTHOR_NAME': AUTHOR[0], 'GIT_AUTHOR_EMAIL': AUTHOR[1],
        'GIT_COMMITTER_NAME': AUTHOR[0], 'GIT_COMMITTER_EMAIL': AUTHOR[1]})


def version_of(source):
    """VERSION and PATCHLEVEL of the kernel's Makefile."""
    found = dict(re.findall(r'^(VERSION|PATCHLEVEL) = (\d+)$', read(f'{source}/Makefile'), re.M))
    return int(found['VERSION']), int(found['PATCHLEVEL'])


def insert(path, text, before):
    """Put @text into a file in front of the first line for which @before is true."""
    lines = read(path).splitlines()
    at = next(number for number, each in enumerate(lines) if before(each))
    lines[at:at] = text.split('\n')
    write(path, '\n'.join(lines) + '\n')


def sources(folder, pattern):
    """Name and text of a folder's sources, as they stand in this kernel."""
    helpers = native.helpers_of(read(f'{TOP}/{folder}/compat.h'))
    for path in sorted(glob.glob(f'{TOP}/{folder}/*.[ch]')):
        name = os.path.basename(path)
        if name != 'compat.h' and re.fullmatch(pattern, name):
            yield name, native.native(read(path), VERSION, helpers)


def prefix():
    insert(PREFIXES, '  "^smallbms,.*":\n    description: smallBMS',
           lambda each: each.startswith('  "^') and each > '  "^smallbms,')


def binding():
    copy(f'{TOP}/dt-bindings/smallbms,io-board.yaml', BINDING)


def part(pattern):
    """Some of the driver's files, and a Makefile for what is there by then."""
    objects = []
    for name, text in sources('driver', pattern):
        write(f'{DRIVER}/{name}', text)
    for path in sorted(glob.glob(f'{DRIVER}/*.c')):
        objects.append(os.path.basename(path)[:-1] + 'o')
    write(f'{DRIVER}/Makefile',
          '# SPDX-License-Identifier: GPL-2.0\n\nobj-$(CONFIG_SMALLBMS) += smallbms.o\n'
          f'smallbms-y := {" ".join(objects)}\n')


def rules():
    part(r'protection\.[ch]')


def lines():
    part(r'(inputs|outputs|sense)\.[ch]')


def driver():
    part('.*')
    copy(f'{TOP}/driver/Kconfig', f'{DRIVER}/Kconfig')
    copy(f'{TOP}/driver/Kbuild', f'{DRIVER}/Makefile')
    insert(f'{SUPPLY}/Kconfig', f'source "{DRIVER}/Kconfig"\n',
           lambda each: each.startswith('endif # POWER_SUPPLY'))
    write(f'{SUPPLY}/Makefile',
          read(f'{SUPPLY}/Makefile') + 'obj-$(CONFIG_SMALLBMS)\t\t+= smallbms/\n')


def abi():
    copy(f'{TOP}/{ABI}', ABI)


def tests():
    names = [os.path.basename(path) for path in PROGRAMS]
    for path in PROGRAMS:
        copy(f'{TOP}/selftests/{path}', f'{TESTS}/{os.path.basename(path)}')
        write(f'{TESTS}/{os.path.basename(path)}',
              read(f'{TOP}/selftests/{path}').replace('../expander/', './'))
    copy(f'{TOP}/selftests/expander/config', f'{TESTS}/config')
    write(f'{TESTS}/lib.sh', read(f'{TOP}/selftests/expander/lib.sh').replace(
        '/lib/smallbms-bench.ko', 'test_modules/smallbms-bench.ko'))
    write(f'{TESTS}/Makefile',
          '# SPDX-License-Identifier: GPL-2.0\n\nTEST_GEN_MODS_DIR := test_modules\n'
          'TEST_PROGS := ' + ' \\\n\t'.join(names) + '\nTEST_FILES := lib.sh\n\n'
          'include ../lib.mk\n')
    for name, text in sources('selftests/modules', r'.*'):
        write(f'{TESTS}/test_modules/{name}', text)
    write(f'{TESTS}/test_modules/Makefile',
          read(f'{TOP}/selftests/modules/Kbuild') +
          '\nKDIR ?= /lib/modules/$(shell uname -r)/build\n'
          'here := $(realpath $(dir $(abspath $(lastword $(MAKEFILE_LIST)))))\n\n'
          'modules clean:\nifneq ("$(wildcard $(KDIR))", "")\n'
          '\t$(Q)$(MAKE) -C $(KDIR) $@ KBUILD_EXTMOD=$(here)\nendif\n\n'
          '.PHONY: modules clean\n')
    insert(f'{ALL_TESTS}/Makefile', 'TARGETS += smallbms',
           lambda each: each.startswith('TARGETS += ') and each > 'TARGETS += smallbms')


# What a patch does; its subject; why; what of it belongs to the maintainers
SERIES = (
    (prefix, 'dt-bindings: vendor-prefixes: Add smallBMS',
     'smallBMS is an I/O board that protects battery banks.', None),
    (binding, 'dt-bindings: power: supply: Add the smallBMS I/O board',
     'The board sits between a bank of LiFePO4 smart batteries and the GPIO\n'
     'lines of a small computer, and disconnects loads and chargers.', BINDING),
    (rules, 'power: supply: smallbms: Add the rules that protect a bank',
     'Loads are disconnected before a cell is empty, after a pre-alarm of 30 s;\n'
     'chargers before one is overcharged, or charged too hot or too cold.\n\n'
     'The rules know neither locks nor clocks nor lines: levels and the time\n'
     'come in, what the outputs have to be and when to look again go out.',
     f'{DRIVER}/protection.*'),
    (lines, 'power: supply: smallbms: Read and drive the lines of a board',
     'All inputs are read at once where the chip can do it. Outputs are read\n'
     'back where the chip allows, and written again when they are not what\n'
     'they were set to.',
     f'{DRIVER}/inputs.* {DRIVER}/outputs.* {DRIVER}/sense.*'),
    (driver, 'power: supply: smallbms: Add driver for the I/O board',
     'It reads the lines when an interrupt says so, when a delay ends and once\n'
     'a second, has the rules decide, and writes what has changed. The board is\n'
     'offered as a power supply, a GPIO chip, LED triggers and attributes.', f'{DRIVER}/'),
    (abi, 'power: supply: smallbms: Document the attributes of a board',
     'They tell what the board does and why, and switch its software remote.', ABI),
    (tests, 'selftests: smallbms: Test boards, and an expander that fails',
     'What any board must tell is tested on each board that is there. The other\n'
     'tests need boards on the chips of the test module, which emulates an I2C\n'
     'expander that fails on demand; they skip where there are none.', f'{TESTS}/'),
)


def maintain(paths):
    """Have the entry in MAINTAINERS name more paths."""
    text = read('MAINTAINERS')
    if ENTRY not in text:
        entry = f'{ENTRY}\nM:\t{AUTHOR[0]} <{AUTHOR[1]}>\nL:\tlinux-pm@vger.kernel.org\n' \
                'S:\tMaintained\n'
        insert('MAINTAINERS', entry, lambda each: re.match(r'[A-Z0-9][A-Z0-9 /(),-]+$', each)
               and each > ENTRY and each.startswith('SM'))
        text = read('MAINTAINERS')
    head, tail = text.split(f'{ENTRY}\n')
    own, rest = tail.split('\n\n', 1)
    fixed = [line for line in own.split('\n') if not line.startswith('F:')]
    files = [line for line in own.split('\n') if line.startswith('F:')
             and not line.startswith(f'F:\t{paths}')]
    files = sorted(files + [f'F:\t{path}' for path in paths.split()])
    write('MAINTAINERS', f'{head}{ENTRY}\n' + '\n'.join(fixed + files) + f'\n\n{rest}')


def main(source, out):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    git('init', '-q', '-b', 'smallbms', '.')
    for touched in TOUCHED:
        write(touched, read(f'{source}/{touched}'))
    git('add', '-A')
    git('commit', '-q', '-m', 'Linux')
    for step, subject, why, ours in SERIES:
        step()
        if ours:
            maintain(ours)
        git('add', '-A')
        git('commit', '-q', '-s', '-m', f'{subject}\n\n{why}')
    git('config', 'branch.smallbms.description', COVER)
    git('format-patch', '-q', '--cover-letter', '--cover-from-description=subject',
        '-o', out, f'HEAD~{len(SERIES)}')


SOURCE, OUT = (os.path.abspath(word) for word in sys.argv[1:])
VERSION = version_of(SOURCE)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main(SOURCE, OUT)
