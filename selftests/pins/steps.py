# SPDX-License-Identifier: GPL-2.0
"""The steps that scenario files are made of. See scenario.py for the files, and `bench.py steps`.

The pattern in front of each function is its wording; its groups are the function's arguments. A
step whose function begins with expect or measure can make its case fail; the others set the scene.
"""

import os
import re
import shlex
import threading

from pins import measure, rig as rig_module, scenario, terminals
from pins.scenario import STEPS, SUPPLY, Failed, seconds, step

PL061_IE = 0x09030410               # the GPIO chip's interrupt mask
SHORT_PULSE_S = 0.018               # certainly below the debounce of 20 ms


def last(duration_s):
    """Let a stimulus last; there is nothing to wait for but time itself."""
    threading.Event().wait(duration_s)


def level_of(word):
    return 1 if word in ('on', 'active', '1') else 0
# ---- steps that act


@step(r'start(?: (?P<board>\S+))?')
def start(run, board=None):
    """Bind the driver (loading it first) and wait until load and charge are high."""
    run.bind(board)
    run.set_mark()


@step(r'bind(?: (?P<board>\S+))?')
def bind(run, board=None):
    """Bind the driver (loading it first), whatever the outputs do then."""
    run.bind(board, await_outputs=False)


@step(r'unbind')
def unbind(run):
    run.unbind()


@step(r'modprobe (?P<module>\S+)')
def modprobe(run, module):
    run.machine.guest_ok(f'modprobe {module}')


@step(r'rmmod (?P<module>\S+)')
def rmmod(run, module):
    run.machine.guest_ok(f'rmmod {module}')


@step(r'mark')
def mark(run):
    """Look only at what happens from here on."""
    run.set_mark()


@step(r'note (?P<text>.+)')
def note(run, text):
    run.rig.note(text)


@step(r'firmware (?P<levels>\S+=[01](?: \S+=[01])*)')
def firmware(run, levels):
    """What boot firmware does before any driver: make outputs, high or low."""
    pairs = (item.split('=') for item in levels.split())
    run.machine.firmware_outputs({run.wire(name).pin: int(level) for name, level in pairs})


@step(r'line (?P<name>\S+) (?P<level>active|quiet|model)')
def line(run, name, level):
    """Force a line, or give it back to the bank."""
    run.rig.force(name, None if level == 'model' else level_of(level))


@step(r'lines (?P<names>\S+(?: \S+)*) (?P<level>active|quiet|model)')
def lines(run, names, level):
    for name in names.split():
        run.rig.force(name, None if level == 'model' else level_of(level))


@step(r'(?P<kind>pulse|blink) (?P<name>\S+) for (?P<width>\S+)'
      r'(?: times (?P<times>\d+) every (?P<period>\S+))?')
def pulse(run, kind, name, width, times='1', period='0s'):
    """Short pulses of a quiet line, or short breaks of an active one. A host too busy to keep them
    short excuses a reaction: the case starts over."""
    since = run.machine.now()
    level = kind == 'pulse'
    for _ in range(int(times)):
        run.rig.force(name, level)
        last(seconds(width))
        run.rig.force(name, not level)
        last(max(0.0, seconds(period) - seconds(width)))
    edges = ('rise', 'fall') if level else ('fall', 'rise')
    begins, ends = (run.await_edges(name, edge, int(times), since - 0.001) for edge in edges)
    widths = [end - begin for begin, end in zip(begins, ends)]
    if len(widths) != int(times):
        raise Failed(f'{len(widths)} pulses reached the pin, not {times}')
    if max(widths) > SHORT_PULSE_S:
        run.excuse = f'a pulse of {width} lasted {1000 * max(widths):.1f} ms'


@step(r'chatter (?P<name>\S+) every (?P<period>\S+) for (?P<duration>\S+)'
      r'(?: gaps below (?P<gap>\S+))?')
def chatter(run, name, period, duration, gap=None):
    """Toggle a line without rest; it ends quiet. A longer gap than wanted excuses a failure."""
    since = run.machine.now()
    end = since + seconds(duration)
    level = 1
    while run.machine.now() < end:
        run.rig.force(name, level)
        level ^= 1
        last(seconds(period) / 2)
    run.rig.force(name, 0)
    gaps = [rise - fall for fall, rise in zip(run.edges(name, 'fall', since),
                                              run.edges(name, 'rise', since)[1:])]
    if gap and max(gaps) >= seconds(gap):
        run.excuse = f'{name} was quiet for {max(gaps):.3f} s'


@step(r'cell (?P<volts>[\d.]+)V(?: battery=(?P<battery>\d+))?(?: cell=(?P<cell>\d+))?')
def cell(run, volts, battery='1', cell='1'):
    """Hold one cell at an exact voltage."""
    with run.rig.lock:
        run.rig.bank.set_cell_v(float(volts), int(cell), int(battery))
        run.rig.apply()


@step(r'cells (?P<volts>[\d.]+V|model)')
def cells(run, volts):
    """Hold all cells at a voltage, or let them follow their charge again."""
    with run.rig.lock:
        run.rig.bank.set_all_cells_v(None if volts == 'model' else float(volts[:-1]))
        run.rig.apply()


@step(r'temperature (?P<celsius>-?[\d.]+)C(?: battery=(?P<battery>\d+))?')
def temperature(run, celsius, battery=None):
    with run.rig.lock:
        run.rig.bank.set_temperature_c(float(celsius), battery and int(battery))
        run.rig.apply()


@step(r'warm to (?P<celsius>-?[\d.]+)C in (?P<duration>\S+)')
def warm(run, celsius, duration):
    """Bring all batteries to a temperature, little by little."""
    begin, begun = run.rig.bank.hottest_c(), run.machine.now()
    share = 0.0
    while share < 1:
        share = min(1.0, (run.machine.now() - begun) / seconds(duration))
        with run.rig.lock:
            run.rig.bank.set_temperature_c(begin + share * (float(celsius) - begin))
        last(rig_module.TICK_S)
    run.rig.apply()


@step(r'charge-level (?P<percent>[\d.]+)%')
def charge_level(run, percent):
    """Set the state of charge of all cells."""
    with run.rig.lock:
        run.rig.bank.set_soc(float(percent) / 100)
        run.rig.apply()


@step(r'thresholds pre-alarm=(?P<low>[\d.]+)V disconnect=(?P<under>[\d.]+)V')
def thresholds(run, low, under):
    with run.rig.lock:
        for battery in run.rig.bank.batteries:
            battery.set_pre_alarm_v(float(low))
            battery.set_disconnect_v(float(under))


@step(r'device (?P<name>\S+) (?P<key>amps|watts)=(?P<value>[\d.]+)')
def device(run, name, key, value):
    """Turn a device's knob: what a load draws, what the sun or the engine gives."""
    with run.rig.lock:
        setattr(run.rig.devices[name], key, float(value))


@step(r'speed (?P<factor>[\d.]+)')
def speed(run, factor):
    run.rig.speed = float(factor)


@step(r'switch (?P<state>on|off)')
def switch(run, state):
    run.rig.switch(state == 'on')
    run.rig.apply()


@step(r'terminals (?P<state>open|joined|(?:[lh]=\S+)(?: [lh]=\S+)?)')
def set_terminals(run, state):
    """open, joined, l=0V (pulled to minus), h=12.8V or h=battery."""
    with run.rig.lock:
        run.rig.terminals.open()
        if state == 'joined':
            run.rig.terminals.join()
        elif state != 'open':
            for item in state.split():
                volts = item[2:]
                volts = terminals.BATTERY if volts == 'battery' else float(volts.rstrip('V'))
                if item[0] == 'l':
                    run.rig.terminals.pull_l(volts)
                else:
                    run.rig.terminals.drive_h(volts)
        run.rig.apply()


@step(r'cord (?P<state>break|mend)')
def cord(run, state):
    with run.rig.lock:
        run.rig.bank.cord_broken = state == 'break'
        run.rig.apply()


@step(r'guest (?P<command>.+)')
def guest(run, command):
    run.machine.guest_ok(command)


@step(r'write (?P<name>\S+) (?P<value>\S+)')
def write(run, name, value):
    """Write one of the board's attributes."""
    run.machine.guest_ok(f'printf %s {shlex.quote(value)} > {run.folder(name)}')


@step(r'supply-write (?P<name>\S+) (?P<value>\S+)')
def supply_write(run, name, value):
    path = f'{SUPPLY}/{run.boards()[0].label}/{name}'
    run.machine.guest_ok(f'printf %s {shlex.quote(value)} > {path}')


@step(r'deafen')
def deafen(run):
    """Mask all interrupts in the GPIO chip behind the driver's back: every edge is lost."""
    run.machine._qtest(f'writeb {PL061_IE:#x} 0')


@step(r'panic')
def panic(run):
    """Crash the kernel. Nothing can be done inside after this; the pins remain."""
    run.ended = True
    run.crash = 'sysrq: Trigger a crash'
    run.machine.send('echo c > /proc/sysrq-trigger')


@step(r'pass (?P<duration>\S+)')
def pass_time(run, duration):
    """Let time pass, where the scenario is about time."""
    last(seconds(duration))


# ---- steps that expect


@step(r'expect (?P<name>\S+) (?P<level>on|off) within (?P<within>[\d.]+m?s)')
def expect_level(run, name, level, within):
    run.await_level(name, level_of(level), seconds(within))


@step(r'expect (?P<name>\S+) stays (?P<level>on|off) for (?P<duration>\S+)')
def expect_stays(run, name, level, duration):
    """Now, and through all of the time."""
    pin, wanted = run.wire(name).pin, level_of(level)

    def changed():
        return run.machine.level(pin) != wanted or any(
            event.pin == pin and event.level != wanted for event in run.machine.events[known:])

    with run.machine.changed:
        known = len(run.machine.events)
        if run.machine.changed.wait_for(changed, seconds(duration)):
            raise Failed(f'{name} did not stay {level}')


@step(r'expect (?P<name>\S+) does not move for (?P<duration>\S+)')
def expect_no_edge(run, name, duration):
    """Whatever its level is."""
    pin = run.wire(name).pin

    def moved():
        return any(event.pin == pin for event in run.machine.events[known:])

    with run.machine.changed:
        known = len(run.machine.events)
        if run.machine.changed.wait_for(moved, seconds(duration)):
            raise Failed(f'{name} moved')


@step(r'expect (?P<name>\S+) unbroken (?P<level>on|off)')
def expect_unbroken(run, name, level):
    """Ever since the mark, to the microsecond."""
    pin, wanted = run.wire(name).pin, level_of(level)
    with run.machine.changed:
        breaks = [event for event in run.machine.events
                  if event.pin == pin and event.t >= run.mark and event.level != wanted]
    if breaks or run.machine.level(pin) != wanted:
        raise Failed(f'{name} was not {level} all the time: {breaks}')


@step(r'expect (?P<name>\S+) floats')
def expect_floats(run, name):
    if run.machine.driven(run.wire(name).pin):
        raise Failed(f'{name} is driven')


@step(r'expect from (?P<first>\S+) (?P<first_edge>rise|fall) to (?P<then>\S+) '
      r'(?P<then_edge>rise|fall)(?: at least (?P<least>\S+))?(?: at most (?P<most>\S+))?')
def expect_interval(run, first, first_edge, then, then_edge, least=None, most=None):
    """Between the last edge of the second kind and the last edge of the first kind before it."""
    ends = run.edges(then, then_edge, run.part_begun)
    if not ends:
        raise Failed(f'no {then_edge} of {then}')
    begins = [when for when in run.edges(first, first_edge, run.part_begun) if when < ends[-1]]
    if not begins:
        raise Failed(f'no {first_edge} of {first} before that')
    length = ends[-1] - begins[-1]
    run.remarks.append(f'{first} {first_edge} to {then} {then_edge}: {length:.6f} s')
    if least and length < seconds(least) - 1.5e-6:      # two stamps, each cut off to microseconds
        raise Failed(f'{length:.6f} s, less than {least}')
    if most and length > seconds(most):
        raise Failed(f'{length:.6f} s, more than {most}')


@step(r'expect (?P<one>\S+) and (?P<other>\S+) (?P<edge>rise|fall) '
      r'within (?P<within>\S+) of each other')
def expect_together(run, one, other, edge, within):
    """The last edges of both in this case."""
    times = [run.edges(name, edge) for name in (one, other)]
    if not all(times):
        raise Failed(f'no {edge} of ' + (one if not times[0] else other))
    apart = abs(times[0][-1] - times[1][-1])
    run.remarks.append(f'{one} and {other} {edge} {1000 * apart:.3f} ms apart')
    if apart > seconds(within):
        raise Failed(f'{apart:.6f} s apart')


@step(r'device (?P<name>\S+) (?P<state>runs|rests)(?: within (?P<within>[\d.]+m?s))?')
def expect_device(run, name, state, within='2s'):
    """What hangs on the board does, or begins to do."""
    wanted = state == 'runs'
    end = run.machine.now() + seconds(within)
    while run.rig.devices[name].on != wanted:
        if run.machine.now() > end:
            raise Failed(f'{name} {"rests" if wanted else "runs"}')
        run.rig.apply()


@step(r'bank has (?P<least>[\d.]+)% to (?P<most>[\d.]+)%')
def expect_bank(run, least, most):
    """The state of charge."""
    percent = 100 * run.rig.bank.soc()
    if not float(least) <= percent <= float(most):
        raise Failed(f'the bank has {percent:.2f} %')


@step(r'attr (?P<name>\S+) is (?P<value>.*?)(?: within (?P<within>[\d.]+m?s))?')
def expect_attribute(run, name, value, within='2s'):
    """An attribute of the board has the value, or gets it."""
    await_text(run, run.folder(name), re.escape(value), seconds(within))


@step(r'attr (?P<name>\S+) matches (?P<pattern>\S+)')
def expect_attribute_like(run, name, pattern):
    await_text(run, run.folder(name), pattern, 2.0)


@step(r'supply (?P<name>\S+) is (?P<value>.*?)(?: within (?P<within>[\d.]+m?s))?')
def expect_property(run, name, value, within='2s'):
    """A property of the power supply has the value, or gets it; a | between alternatives."""
    pattern = '|'.join(re.escape(each) for each in value.split('|'))
    await_text(run, f'{SUPPLY}/{run.boards()[0].label}/{name}', pattern, seconds(within))


def await_text(run, path, pattern, within_s):
    end = run.machine.now() + within_s
    while True:
        text = run.read(path)
        if re.fullmatch(pattern, text):
            return
        if run.machine.now() > end:
            raise Failed(f'{os.path.basename(path)} is {text!r}')


@step(r'refuse (?P<name>\S+) (?P<value>.+)')
def expect_refused(run, name, value):
    """Writing the value gives EINVAL, and nothing changes."""
    path = run.folder(name)
    before = run.read(path)
    status, text = run.machine.guest(f"echo {shlex.quote(value)} > {path}")
    if not status or 'Invalid argument' not in text:
        raise Failed(f'{value!r} was not refused as invalid: status {status}, {text.strip()}')
    after = run.read(path)
    if after != before:
        raise Failed(f'{name} changed from {before!r} to {after!r}')


@step(r'says (?P<command>.+?) => (?P<text>.+)')
def expect_says(run, command, text):
    """A command succeeds, and its output has the text."""
    output = run.machine.guest_ok(command)
    if text not in output:
        raise Failed(f'not in the output: {text}\n{output.strip()}')


@step(r'fails (?P<command>.+?) => (?P<text>.+)')
def expect_fails(run, command, text):
    status, output = run.machine.guest(command)
    if not status:
        raise Failed('the command succeeded')
    if text not in output:
        raise Failed(f'not in the output: {text}\n{output.strip()}')


@step(r'expect (?P<node>\S+) refused, releasing (?P<names>[^\s:]+(?: [^\s:]+)*): (?P<pattern>.+)')
def expect_probe_refused(run, node, names, pattern):
    """A board that firmware left on is not bound: its outputs float, and the log has a line of it
    with the regular expression."""
    run.machine.firmware_outputs({wire.pin: 1 for wire in run.rig.wires.values() if wire.is_output})
    for name in names.split():
        run.await_level(name, 1, scenario.SETTLE_S)
    expect_fails(run, f'echo {node} > {scenario.DRIVER}/bind', 'rror')
    expect_kernel(run, f'smallbms {node}: .*{pattern}')
    for name in names.split():
        run.await_level(name, 0, 2.0)


@step(r'kernel says (?P<pattern>.+)')
def expect_kernel(run, pattern):
    """A line of the kernel's log has the regular expression."""
    log = run.machine.guest_ok('dmesg')
    if not re.search(pattern, log):
        told = '\n'.join(each for each in log.split('\n') if 'bms' in each)
        raise Failed(f'no such line; the log says\n{told}')


@step(r'wakes (?P<name>\S+) when (?P<stimulus>.+)')
def expect_wake(run, name, stimulus):
    """poll() on the attribute wakes on its change, and not before."""
    path = run.folder(name)
    run.send_await()
    run.machine.guest_ok(f'rm -f /tmp/woken; (/tmp/await {path} 20000 > /tmp/woken 2>&1; '
                         'echo $? >> /tmp/woken) & '
                         'for i in $(seq 100); do grep -q waiting /tmp/woken && break; '
                         'usleep 50000; done; grep waiting /tmp/woken')
    last(0.3)
    if 'changed' in run.machine.guest_ok('cat /tmp/woken'):
        raise Failed(f'{name} woke before anything happened')
    for pattern, function in STEPS:
        match = pattern.fullmatch(stimulus)
        if match:
            function(run, **{key: text for key, text in match.groupdict().items() if text})
            break
    else:
        raise Failed(f'not understood: {stimulus}')
    status, text = run.machine.guest('for i in $(seq 200); do grep -q changed /tmp/woken && exit; '
                                     'usleep 50000; done; cat /tmp/woken; exit 1', timeout=30)
    if status:
        raise Failed(f'{name} did not wake: {text.strip()}')


@step(r'reboot and expect (?P<names>\S+(?: \S+)*) (?P<level>on|off)')
def expect_reboot(run, names, level):
    """Levels at the very end of the kernel. There is no machine after this."""
    run.ended = True
    run.machine.leave('reboot -f', timeout=60)
    for name in names.split():
        if run.machine.level(run.wire(name).pin) != level_of(level):
            raise Failed(f'{name} is not {level} when the kernel ends')


@step(r'measure warning(?: up to (?P<tries>\d+) times)?')
def measure_warning(run, tries='4'):
    measure.warning(run, int(tries))


@step(r'measure latency from (?P<name>\S+) to (?P<output>\S+) (?P<times>\d+) times')
def measure_latency(run, name, output, times):
    measure.latency(run, name, output, int(times))
