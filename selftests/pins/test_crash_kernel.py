# SPDX-License-Identifier: GPL-2.0
"""A panic with a crash kernel loaded"""

from pins.bench import Board, Wiring

BOARD = Board({'cell-undervoltage': 0, 'cell-low': 1, 'charge-inhibit': 2,
               'load': 5, 'charge': 6, 'pre-alarm': 7})
WIRING = {name: Wiring(f'{__doc__}, {name}', BOARD, append=f'crashkernel=16M {words}')
          for name, words in (('notifiers first', 'crash_kexec_post_notifiers'),
                              ('notifiers never', ''))}
LEAVE_S = 60.0


def test_outputs(bench, request):
    """F5: A panic releases the outputs if crash_kexec_post_notifiers says so, and else does not"""
    region = bench.ok("sed -n 's/-.*Crash kernel$//p' /proc/iomem").strip()
    bench.ok(f"{bench.program('kexec')} crash {region}")
    bench.panic()
    bench.machine.wait_end(LEAVE_S)
    assert 'the other kernel runs' in bench.machine.console()
    if request.node.callspec.params['booted'] == 'notifiers first':
        bench.off('load', 'charge', within=0)
    else:
        bench.on('load', 'charge', within=0)
