# SPDX-License-Identifier: GPL-2.0
"""The tests of the driver on the pins of an emulated machine.

A file test_*.py here is a test. Its WIRING is booted once, or each of the machines in it if it is
a dict. Each class, and each test outside of one, is a part: it begins with the model reset and the
driver started; or with begin(bench) of the class instead. The tests of a class follow each other
and go on where the one before has ended. A test's title is the first paragraph of its docstring.

    pytest-3 selftests/pins/test_remote.py -k switch
    pytest-3 -n auto --dist loadgroup selftests/pins       some machines at a time

--machine=FILE is another machine, in the terms of `make vm-paths`; --out=FOLDER is where consoles,
VCD files and timing diagrams are left, in a folder for each machine. (pytest knows these options
only once it has found this file, so that they need the =.)
"""

import os
import sys

import pytest

# Machines wait most of the time; what they measure is repeated when they did not get their turn
JOBS_PER_CPU = 2

sys.path.insert(0, __file__.rpartition('/selftests/')[0] + '/selftests')

# pylint: disable=wrong-import-position
from lib.vm import machine  # noqa: E402
from pins.bench import Bench, sentence  # noqa: E402

OUT = os.path.join(machine.TOP, 'build', 'pins')


def pytest_addoption(parser):
    parser.addoption('--machine', metavar='FILE', help='what another machine is made of')
    parser.addoption('--out', metavar='FOLDER', default=OUT, help='where results are left')


def pytest_xdist_auto_num_workers():
    return JOBS_PER_CPU * (os.cpu_count() or 1)


# ---- machines and parts


def pytest_generate_tests(metafunc):
    wiring = getattr(metafunc.module, 'WIRING', None)
    if 'booted' in metafunc.fixturenames and isinstance(wiring, dict):
        metafunc.parametrize('booted', wiring, indirect=True, scope='module')


@pytest.fixture(scope='module')
def booted(request):
    """The bench with its machine."""
    wiring, name = request.module.WIRING, request.module.__name__.removeprefix('test_')
    if isinstance(wiring, dict):
        wiring, name = wiring[request.param], f'{name}-{request.param}'
    options = request.config.option
    files = machine.paths(options.machine) if options.machine else None
    with Bench(wiring, name, os.path.join(options.out, name), files) as bench:
        yield bench


@pytest.fixture(scope='class')
def bench(request, booted):
    """The bench at the beginning of a part."""
    booted.fresh(request.node.obj.__doc__.split('\n')[0])
    getattr(request.cls, 'begin', Bench.start)(booted)
    return booted


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Once more if the host was too busy for a fair trial."""
    desk = pyfuncitem.funcargs.get('bench')
    if not desk:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    try:
        desk.attempt(lambda: pyfuncitem.obj(**arguments))
    finally:
        for remark in desk.remarks:
            print(remark)
    return True


# ---- titles


def machine_of(item):
    """The file, and which of its machines."""
    name = os.path.splitext(os.path.basename(item.fspath))[0].removeprefix('test_')
    which = getattr(item, 'callspec', None) and item.callspec.params.get('booted')
    return f'{name}-{which}' if which else name


def title_of(item):
    if not item.function.__doc__:
        raise pytest.UsageError(f'{item.nodeid}: its docstring, which is its title, is missing')
    params = item.callspec.params if hasattr(item, 'callspec') else {}
    return f'{sentence(item.function).format(**params)} [{machine_of(item)}]'


@pytest.hookimpl(tryfirst=True)     # xdist looks at the groups then
def pytest_collection_modifyitems(items):
    for item in items:
        item.extra_keyword_matches.add(title_of(item))
        item.user_properties.append(('title', title_of(item)))
        item.add_marker(pytest.mark.xdist_group(machine_of(item)))


def pytest_configure(config):
    config.addinivalue_line('markers', 'xdist_group(name): what runs in one process')
