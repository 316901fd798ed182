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

TOP = os.path.abspath(f'{__file__}/../../../..')
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
PROGRAMS = ('expander/board.sh', 'expander/trip.sh', 'expander/dead.sh', 'expander/reset.sh',
            'expander/sense.sh', 'expander/heartbeat.sh', 'expander/users.sh')

COVER = '''power: supply: Add driver for the smallBMS I/O board

The board sits between a bank of LiFePO4 smart batteries and the GPIO lines of
a small computer. The batteries watch their own cells and pull shared signal
lines; the board floats one output to disconnect the loads, another to
disconnect the chargers, and raises a third as a warning before the first.

The driver decides on levels, never on edges, so a lost interrupt costs at most
one re-scan. What cannot be read counts as active, and what cannot be written
is never reported as done. Lines that do not sleep are served in hard interrupt
context, others by a thread of the board's own.

Includes and calls point down only, and the series follows them: the binding
(1, 2), the rules, without device, lock or clock (3), reading and driving lines
(4), the core, which protects, silently (5), and then one patch for each way to
report what it does: measurements (6), attributes and a log (7), a gauge
that a program feeds (8), a power supply (9), a GPIO chip (10), LED triggers (11),
hwmon alarms (12). The tests (13) come with a module that emulates an I2C expander,
and skip without it.
'''

# In the kernel, KUnit tests are a part of the module.
KUNIT = '''
config SMALLBMS_KUNIT_TEST
	bool "KUnit tests for the smallBMS I/O board" if !KUNIT_ALL_TESTS
	depends on SMALLBMS
	depends on KUNIT=y || SMALLBMS=m
	default KUNIT_ALL_TESTS
	help
	  Build unit tests into the driver for the smallBMS I/O board. They
	  need no board, and run when the driver is loaded, or at boot if it
	  is built in. What they find is printed to the kernel log, in the
	  format of KTAP, and to debugfs.

	  If unsure, say N.
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


def here():
    """The driver's sources that are there by now, by name without suffix."""
    return {os.path.splitext(name)[0] for name in os.listdir(DRIVER)}


def without_missing(name, text):
    """The table of observers, and what declares them, less those to come."""
    if name not in ('main.c', 'observers.h'):
        return text
    return re.sub(r'^.*\b(\w+)_attach\b.*\n',
                  lambda found: found[0] if found[1] in here() else '', text, flags=re.M)


def makefile():
    """The driver's Kbuild, less the objects to come; tests are built on request."""
    known = here() | {'smallbms'}
    text = re.sub(r'\b(\w+)\.o\b ?', lambda found: found[0] if found[1] in known else '',
                  read(f'{TOP}/driver/Kbuild'))
    text = re.sub(r'^\t *\\?\n', '', text, flags=re.M)         # nothing is left of a line,
    text = re.sub(r' *\\\n(?!\t)', '\n', text)                 # of those after it,
    text = re.sub(r'^#[^\n]*\nsmallbms-y \+= *\n', '', text, flags=re.M)  # of a list
    tests = sorted(name for name in here() if name.endswith('_test'))
    if tests:
        text += '\nsmallbms-$(CONFIG_SMALLBMS_KUNIT_TEST) += ' + \
                ' '.join(f'{name}.o' for name in tests) + '\n'
    write(f'{DRIVER}/Makefile', re.sub(r' +\n', '\n', text))


def part(*names):
    """Some of the driver's files, and what refers to them."""
    texts = dict(sources('driver', r'.*'))
    wanted = {*names} | (here() if os.path.isdir(DRIVER) else set())
    texts = {name: text for name, text in texts.items()
             if os.path.splitext(name)[0] in wanted}
    missing = {*names} - {os.path.splitext(name)[0] for name in texts}
    if missing:
        raise SystemExit(f'series.py: not in driver/: {" ".join(sorted(missing))}')
    for name, text in texts.items():
        write(f'{DRIVER}/{name}', text)
    for name, text in texts.items():
        write(f'{DRIVER}/{name}', without_missing(name, text))
    makefile()


def kunit():
    """The KUnit tests that need only what is there, in the kernel's words."""
    headers = {name for name in os.listdir(DRIVER) if name.endswith('.h')}
    for path in sorted(glob.glob(f'{TOP}/selftests/machine/kunit/*.c')):
        text = read(path)
        included = {*re.findall(r'^#include "(.*)"', text, re.M)} - {'kunit.h'}
        if included and included <= headers:
            text = text.replace('#include "kunit.h"\n', '#include <kunit/test.h>\n\n')
            text = re.sub(r'\bCASE\((\w+),\s*"[^"]*"\)', r'KUNIT_CASE(\1)', text)
            write(f'{DRIVER}/{os.path.basename(path)[:-2]}_test.c', text)
    makefile()


def pure():
    part('lines', 'settings', 'debounce', 'shed', 'protection', 'terminal')
    kunit()


def lines():
    part('inputs', 'edges', 'outputs', 'heartbeat', 'watchdog')


def core():
    part('scan', 'sleep', 'trace', 'subscribe', 'snapshot', 'publisher', 'core', 'measurements',
         'observers', 'main')
    copy(f'{TOP}/driver/Kconfig', f'{DRIVER}/Kconfig')
    if glob.glob(f'{DRIVER}/*_test.c'):
        write(f'{DRIVER}/Kconfig', read(f'{DRIVER}/Kconfig') + KUNIT)
    insert(f'{SUPPLY}/Kconfig', f'source "{DRIVER}/Kconfig"\n',
           lambda each: each.startswith('endif # POWER_SUPPLY'))
    write(f'{SUPPLY}/Makefile',
          read(f'{SUPPLY}/Makefile') + 'obj-$(CONFIG_SMALLBMS)\t\t+= smallbms/\n')


def measuring():
    part('iio')


def attributes():
    part('log', 'attrs')
    copy(f'{TOP}/{ABI}', ABI)


def gauge():
    part('gauge')


def supply():
    part('soc', 'ocv', 'charger', 'supply')


def gpiochip():
    part('gpiochip')


def leds():
    part('leds')


def hwmon():
    part('hwmon')
    # nothing is left out
    there = {name for name, _ in sources('driver', r'.*')}
    if not there <= {*os.listdir(DRIVER)}:
        raise SystemExit('series.py: no patch brings '
                         f'{" ".join(sorted(there - {*os.listdir(DRIVER)}))}')
    if not read(f'{DRIVER}/Makefile').startswith(read(f'{TOP}/driver/Kbuild')):
        raise SystemExit('series.py: the last Makefile is not driver/Kbuild')


def tests():
    names = [os.path.basename(path) for path in PROGRAMS]
    for path in PROGRAMS:
        copy(f'{TOP}/selftests/machine/{path}', f'{TESTS}/{os.path.basename(path)}')
        write(f'{TESTS}/{os.path.basename(path)}',
              read(f'{TOP}/selftests/machine/{path}').replace('../expander/', './'))
    copy(f'{TOP}/selftests/machine/expander/config', f'{TESTS}/config')
    write(f'{TESTS}/lib.sh', read(f'{TOP}/selftests/machine/expander/lib.sh').replace(
        '/lib/smallbms-bench.ko', 'test_modules/smallbms-bench.ko').replace('../../lib/', './'))
    copy(f'{TOP}/selftests/lib/ktap.sh', f'{TESTS}/ktap.sh')
    write(f'{TESTS}/Makefile',
          '# SPDX-License-Identifier: GPL-2.0\n\nTEST_GEN_MODS_DIR := test_modules\n'
          'TEST_PROGS := ' + ' \\\n\t'.join(names) + '\nTEST_FILES := ktap.sh lib.sh\n\n'
          'include ../lib.mk\n')
    for name, text in sources('selftests/machine/sim', r'.*'):
        write(f'{TESTS}/test_modules/{name}', text)
    write(f'{TESTS}/test_modules/Makefile',
          read(f'{TOP}/selftests/machine/sim/Kbuild') +
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
    (pure, 'power: supply: smallbms: Add the rules that protect a bank',
     'Loads are disconnected before a cell is empty, after a pre-alarm of 30 s;\n'
     'chargers before one is overcharged, or charged too hot or too cold.\n\n'
     'The rules know no device, lock or clock: samples of levels and the time\n'
     'come in, the requested outputs and the next deadline go out.',
     f'{DRIVER}/'),
    (lines, 'power: supply: smallbms: Read and drive the lines of a board',
     'Inputs are read with one array read a chip. Outputs are read back where\n'
     'the chip allows, and written again when they are not at the level that\n'
     'they were set to. A line that interrupts too often is masked and polled.\n'
     'A heartbeat stops when scan cycles do.', None),
    (core, 'power: supply: smallbms: Protect the bank',
     'Scan cycles run from the moment at which inputs and outputs are there:\n'
     'after an edge, when a delay ends, and once a second. Each publishes a\n'
     'snapshot, which nothing reads yet: whatever reports is an observer, and\n'
     'cannot delay or end the protection.', None),
    (measuring, 'power: supply: smallbms: Measure the bank',
     'Voltage, current and temperature are read from IIO channels, if there\n'
     'are any. No rule depends on them.', None),
    (attributes, 'power: supply: smallbms: Add attributes and a log',
     'They show the state of the board and the reason, and switch its software\n'
     'remote. Each transition is logged once.', ABI),
    (gauge, 'power: supply: smallbms: Take what a battery monitor measures',
     'A program writes it to attributes, one value a file. A load is shed at\n'
     'a state of charge only while that is reported.', None),
    (supply, 'power: supply: smallbms: Register a power supply',
     'It reports the bank as a battery, with the charge that a gauge has\n'
     'counted, or an estimate from the lines and the voltage, and lets the\n'
     'user inhibit charging.', None),
    (gpiochip, 'power: supply: smallbms: Add a GPIO chip',
     'Its lines are the conditions and outputs of the board, for other drivers\n'
     'and for user space; one of them is the software remote.', None),
    (leds, 'power: supply: smallbms: Add LED triggers',
     'LEDs show what those of the board itself would: load connected, charging\n'
     'stopped by a fault.', None),
    (hwmon, 'power: supply: smallbms: Add hwmon alarms',
     'The conditions of the cells and of the temperature are alarms for whatever\n'
     'reads hwmon.', None),
    (tests, 'selftests: smallbms: Test boards, and an expander that fails',
     'What any board must report is tested on each board that is there. The\n'
     'other tests need boards on the chips of the test module, which emulates\n'
     'an I2C expander that fails on demand; they skip where there are none.',
     f'{TESTS}/'),
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
