# SPDX-License-Identifier: GPL-2.0
"""Device trees that are refused"""

import pytest

from pins.bench import DRIVER, SETTLE_S, Board, Wiring

BOARD = 'compatible = "smallbms,io-board";'
UNDERVOLTAGE = 'cell-undervoltage-gpios = <&pl061 2 0>;'
INHIBIT = 'charge-inhibit-gpios = <&pl061 3 0>;'
LOAD = 'load-gpios = <&pl061 4 2>;'
CHARGE = 'charge-gpios = <&pl061 7 2>;'
COMPLETE = f'{BOARD} {UNDERVOLTAGE} {INHIBIT} {LOAD} {CHARGE}'

# Each node; the outputs that it has, and what the log says; what it is
TREES = {
    'no-undervoltage': (f'{BOARD} {INHIBIT} {LOAD} {CHARGE}', 'cell-undervoltage-gpios',
                        'without cell-undervoltage-gpios'),
    'no-fault': (f'{BOARD} {UNDERVOLTAGE} {LOAD} {CHARGE}', 'cell-overvoltage-gpios',
                 'without any overvoltage line'),
    'no-load': (f'{BOARD} {UNDERVOLTAGE} {INHIBIT} {CHARGE}', 'load-gpios', 'without load-gpios'),
    'no-charge': (f'{BOARD} {UNDERVOLTAGE} {INHIBIT} {LOAD}', 'charge-gpios',
                  'without charge-gpios'),
    'no-number': (f'{COMPLETE} clear-delay-ms;', 'clear-delay-ms: not a number',
                  'with a delay that is no number'),
    'no-name': (f'{COMPLETE} label = "a/b";', 'label: not a name',
                'with a label that cannot be a name'),
    'low-recover': (f'{COMPLETE} soc-floor-percent = <20>; soc-floor-recover-percent = <20>;',
                    'soc-floor-recover-percent: 20 %, but must be 21 to 100',
                    'whose load would return at the floor'),
    'taken-input': (f'{COMPLETE} cell-low-gpios = <&pl061 0 0>;', 'failed to get cell-low-gpios',
                    'with an input that belongs to another board'),
    'taken-heartbeat': (f'{COMPLETE} heartbeat-gpios = <&pl061 1 0>;',
                        'failed to get heartbeat-gpios',
                        'with a heartbeat line that belongs to another board'),
    'taken-load': (f'{BOARD} {UNDERVOLTAGE} {INHIBIT} load-gpios = <&pl061 5 2>; {CHARGE}',
                   'failed to get load-gpios', "that names its neighbour's output"),
}
# Just beyond each limit
LIMITS = {
    'short-pre-alarm': ('pre-alarm-delay-ms', 29999, '30000 to 600000'),
    'long-pre-alarm': ('pre-alarm-delay-ms', 600001, '30000 to 600000'),
    'endless-pre-alarm': ('pre-alarm-delay-ms', 4294967295, '30000 to 600000'),
    'long-load-reconnect': ('load-reconnect-delay-ms', 3600001, '0 to 3600000'),
    'long-load-reconnect-max': ('load-reconnect-max-ms', 3600001, '0 to 3600000'),
    'long-hold': ('pre-alarm-hold-ms', 3600001, '0 to 3600000'),
    'long-charge-reconnect': ('charge-reconnect-delay-ms', 3600001, '0 to 3600000'),
    'long-clear': ('clear-delay-ms', 60001, '0 to 60000'),
    'long-debounce': ('debounce-delay-ms', 1001, '0 to 1000'),
    'high-floor': ('soc-floor-percent', 91, '0 to 90'),
    'high-recover': ('soc-floor-recover-percent', 101, '0 to 100'),
    'short-max-age': ('soc-max-age-ms', 1999, '2000 to 600000'),
    'long-max-age': ('soc-max-age-ms', 600001, '2000 to 600000'),
    'short-poll': ('poll-interval', 0, '1 to 10000'),
    'long-poll': ('poll-interval', 10001, '1 to 10000'),
    'short-heartbeat': ('heartbeat-interval-ms', 9, '10 to 60000'),
    'long-heartbeat': ('heartbeat-interval-ms', 60001, '10 to 60000'),
}
NODES = {**{node: tree for node, (tree, _, _) in TREES.items()},
         **{node: f'{COMPLETE} {name} = <{value}>;' for node, (name, value, _) in LIMITS.items()}}

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'load': 5, 'charge': 6}),
    others={'bad-load': 4, 'bad-charge': 7},
    tree='\n'.join(f'{node} {{ {tree} }};' for node, tree in NODES.items()))


def check_refused(bench, node, pattern):
    """A board that firmware left on is not bound: its outputs float, and the log says why."""
    tree = NODES[node]
    outputs = [name for name, text in (('bad-load', LOAD), ('bad-charge', CHARGE)) if text in tree]
    bench.machine.firmware_outputs({wire.pin: 1 for wire in bench.rig.wires.values()
                                    if wire.is_output})
    bench.on(*outputs, within=SETTLE_S)
    bench.fails(f'echo {node} > {DRIVER}/bind', 'rror')
    bench.kernel_says(f'smallbms {node}: .*{pattern}')
    bench.off(*outputs, within=2)


class TestRefused:
    """Refused"""

    @pytest.mark.parametrize('node, pattern, what', (
        (node, pattern, what) for node, (_, pattern, what) in TREES.items()))
    def test_tree(self, bench, node, pattern, what):
        """F1: A board {what} is refused, and its outputs float"""
        check_refused(bench, node, pattern)

    @pytest.mark.parametrize('node, name, value, limits', (
        (node, *limit) for node, limit in LIMITS.items()))
    def test_limit(self, bench, node, name, value, limits):
        """V1: {name} of {value} is refused by name, and the outputs float"""
        unit = '%' if name.endswith('percent') else 'ms'
        check_refused(bench, node, f'{name}: {value} {unit}, but must be {limits}')

    def test_neighbour(self, bench):
        """F1: Their neighbour has not noticed"""
        bench.stays_on('load', 0.2)
        bench.attr('load', 'on')
        bench.attr('charge', 'on')
