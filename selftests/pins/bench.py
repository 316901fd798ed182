#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The bench: the world around an emulated board, played in real time.

    bench.py check [NAME ...] [--jobs N] [--list] [--machine FILE] [--out FOLDER]
                                run scenarios; a line of KTAP for every case
    bench.py demo               play a story; leaves build/demo.svg and build/demo.vcd
    bench.py draw [NAME ...]    play pictures/NAME.txt; leaves Documentation/timing-NAME.svg
    bench.py shell              the same machine for a person: `bank help` inside
    bench.py steps              the steps that scenario files may use

`check` is what is done without a word. Each scenario leaves its VCD, its timing diagram and the
console's log in build/pins/NAME/. The machine is that of lib/vm; `make vm-paths` builds what it
needs; another machine, with another kernel say, is a file in the terms of `make -s vm-paths`.
"""

import argparse
import concurrent.futures
import glob
import inspect
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, __file__.rpartition("/selftests/")[0] + "/selftests")

# pylint: disable=wrong-import-position
from lib import ktap  # noqa: E402
from pins import models, rig, scenario, steps, svg  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, 'build', 'pins')
SCENARIOS = os.path.join(HERE, 'scenarios')
PICTURES = os.path.join(HERE, 'pictures')
DOCUMENTS = os.path.join(TOP, 'Documentation')
# Machines wait most of the time; what they measure is repeated when they did not get their turn.
JOBS_PER_CPU = 2
PICTURE_LEAD_S = 1.0                    # drawn before the first note that is no heading


def every_scenario():
    """All files, those that take longest first."""
    found = [scenario.Scenario(path) for path in sorted(glob.glob(f'{SCENARIOS}/*.txt'))]
    return sorted(found, key=lambda each: -each.duration())


def examples():
    """The scripts of the documents, for the guest."""
    return {f'examples/{os.path.basename(path)}': path
            for path in glob.glob(f'{DOCUMENTS}/examples/*.sh')}


def leave_pictures(tape, folder, name='timing'):
    tape.write_vcd(os.path.join(folder, f'{name}.vcd'))
    svg.draw(tape, os.path.join(folder, f'{name}.svg'))


def take_result(report, name, result):
    report.result(result.ok, f'{result.sentence} [{name}]',
                  '\n'.join(f'{name}: {line}' for line in (result.why or '').splitlines()))


def play(each, report, picture=None, files=None, out=OUT):
    """Boot a machine for one scenario and run all of it; @picture is a drawing to leave if all
    cases passed."""
    from lib.vm.machine import Machine
    folder = os.path.join(out, each.name)
    os.makedirs(folder, exist_ok=True)
    begun = time.monotonic()
    results = []

    def take(result):
        results.append(result)
        take_result(report, each.name, result)

    try:
        machine = Machine(each.source(), name=each.name, workdir=folder, modules=each.modules,
                          files=files, extra=examples(), append=each.kernel_words, cpus=each.cpus)
        wired = each.build(machine)
        try:
            with rig.running(machine, wired):
                scenario.Run(each, machine, wired, take, folder).play()
        finally:
            leave_pictures(wired.tape, folder)
        if picture and all(result.ok for result in results):
            begin, end = wired.tape.notes[1][0] - PICTURE_LEAD_S, machine.now()
            svg.draw(wired.tape, picture, start=begin, end=end)
    except Exception as error:              # the others shall go on
        take(scenario.Result(False, f'F1: The bench plays {each.title!r} to its end',
                             f'{type(error).__name__}: {error}'))
    missing = len(each.cases()) + 1 - len(results)
    passed = sum(result.ok for result in results)
    report.note(f'{each.name}: {passed} of {len(results)} cases passed'
                + (f', {missing} not run' if missing > 0 else '')
                + f', {time.monotonic() - begun:.0f} s')


def check(arguments):
    chosen = every_scenario()
    with_models = not arguments.names
    if arguments.names:
        known = {each.name for each in chosen}
        unknown = set(arguments.names) - known
        if unknown:
            print(f'bench: no scenario {", ".join(sorted(unknown))}; there are '
                  f'{", ".join(sorted(known))}', file=sys.stderr)
            return 2
        chosen = [each for each in chosen if each.name in arguments.names]
    if arguments.list:
        if with_models:
            print('models: The bench itself')
            for sentence, _ in models.CASES:
                print(f'    {sentence}')
        for each in sorted(chosen, key=lambda each: each.name):
            print(f'{each.name}: {each.title}')
            for case in each.cases():
                print(f'    {case.sentence}')
        return 0

    from lib.vm.machine import paths
    files = paths(arguments.machine) if arguments.machine else None
    report = ktap.Report()
    report.note(f'{len(chosen)} scenarios, {arguments.jobs} at a time; pictures and logs are '
                f'left in {os.path.relpath(arguments.out)}')
    if with_models:
        models.run(lambda result: take_result(report, 'models', result))
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for future in [pool.submit(play, each, report, files=files, out=arguments.out)
                       for each in chosen]:
            future.result()
    return report.close()


def draw(arguments):
    """The timing diagrams of the documents."""
    paths = [os.path.join(PICTURES, f'{name}.txt') for name in arguments.names]
    report = ktap.Report()
    for path in paths or sorted(glob.glob(f'{PICTURES}/*.txt')):
        name = os.path.splitext(os.path.basename(path))[0]
        play(scenario.Scenario(path), report, os.path.join(DOCUMENTS, f'timing-{name}.svg'))
    return report.close()


def list_steps(_):
    for pattern, function in steps.STEPS:
        print(pattern.pattern.replace(r'\s+', ' '))
        if function.__doc__:
            print(f'    {inspect.getdoc(function)}')
    return 0


def demo(_):
    from pins import demo as story
    return story.main()


def shell(_):
    from pins import shell as visit
    return visit.main()


def main(words):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command')
    one = commands.add_parser('check', help='run scenarios')
    one.add_argument('names', nargs='*', metavar='NAME')
    one.add_argument('--list', action='store_true', help='only tell what would be shown')
    one.add_argument('--jobs', type=int, default=JOBS_PER_CPU * (os.cpu_count() or 1))
    one.add_argument('--machine', metavar='FILE', help="what another machine is made of")
    one.add_argument('--out', metavar='FOLDER', default=OUT, help='where results are left')
    one.set_defaults(function=check)
    pictures = commands.add_parser('draw', help='draw the timing diagrams of the documents')
    pictures.add_argument('names', nargs='*', metavar='NAME')
    pictures.set_defaults(function=draw)
    for name, function in (('demo', demo), ('shell', shell), ('steps', list_steps)):
        commands.add_parser(name).set_defaults(function=function)
    arguments = parser.parse_args(words or ['check'])
    return arguments.function(arguments)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
