# SPDX-License-Identifier: GPL-2.0
"""The ways down of a gateway that is fed by its own load output; for a reboot see test_retain.py"""

from pins.bench import Board, Wiring

BOARD = Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2,
               'load': 5, 'charge': 6, 'pre-alarm': 7}, retain_state_shutdown=True)
WIRING = {name: Wiring(f'A gateway that is left by {name}', BOARD)
          for name in ('poweroff', 'halt', 'kexec', 'kexec in a countdown')}
RAM = '48000000'
LEAVE_S = 60.0


def test_left(bench, request):
    """F1: With retain-state-shutdown, load and charge stay through kexec alone, of a healthy board"""
    way = request.node.callspec.params['booted']
    if way == 'halt':
        bench.machine.send('halt -f')
        bench.off('load', 'charge', within=LEAVE_S)
        bench.stays_off('load', 2)
        bench.always_off('pre-alarm')
        return
    if way == 'poweroff':
        bench.machine.leave('poweroff -f', LEAVE_S)
        bench.off('load', 'charge', within=0)
        return
    program = bench.program('kexec')
    if way == 'kexec in a countdown':
        bench.active('cell-undervoltage')
        bench.on('pre-alarm', within=2)
    bench.machine.leave(f'{program} next {RAM}', LEAVE_S)
    assert 'the other kernel runs' in bench.machine.console()
    if way == 'kexec':
        bench.on('load', 'charge', within=0)
    else:
        bench.off('load', 'charge', within=0)
