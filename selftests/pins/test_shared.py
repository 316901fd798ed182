# SPDX-License-Identifier: GPL-2.0
"""Two boards that name one output"""

from pins.bench import DRIVER, Board, Wiring

NODE = """{name} {{
	compatible = "smallbms,io-board";
	cell-undervoltage-gpios = <&pl061 2 0>;
	charge-inhibit-gpios = <&pl061 3 0>;
	load-gpios = <&pl061 4 2>;
	charge-gpios = <&pl061 7 2>;
}};"""
TWINS = ('one', 'two')

WIRING = Wiring(
    __doc__,
    Board({'cell-undervoltage': 0, 'charge-inhibit': 1, 'load': 5, 'charge': 6}),
    others={'their-load': 4, 'their-charge': 7},
    modules=('gpio-shared-proxy?',),
    tree='\n'.join(NODE.format(name=name) for name in TWINS))


def test_shared(bench):
    """F1: Of two boards that name one output at most one drives it, and their neighbour
    has not noticed"""
    # Where the kernel shares such lines, it does so with this
    shares = not bench.machine.guest('modprobe gpio-shared-proxy')[0]
    for name in TWINS:
        bench.machine.guest(f'echo {name} > {DRIVER}/bind')
    bound = [name for name in TWINS if not bench.machine.guest(f'test -e {DRIVER}/{name}')[0]]
    assert len(bound) == (0 if shares else 1)
    for name in set(TWINS) - set(bound):
        bench.kernel_says(f'smallbms {name}: error -EBUSY: .*load-gpios')
    if shares:
        bench.off('their-load', 'their-charge', within=2)
    bench.stays_on('load', 0.2)
    bench.attr('conditions', 'none')
