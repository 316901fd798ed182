/* SPDX-License-Identifier: GPL-2.0 */
/*
 * driver/protection.c itself, as compiled C, in a model for spin: a board with
 * undervoltage, overvoltage and the software remote, on a grid of 10 s, with the
 * real 30 s. The environment chooses levels, edges and the time to the next
 * turn, up to what protection_next() allows. After each turn all times are moved
 * so that the clock stands 15 s before its wrap: every step crosses the limit of
 * u64 or lies just beside it, and states that differ in the clock alone are one.
 */
c_decl {
\#include "protection.h"
\#include "steps.h"
}

c_track "&board" "sizeof(board)" "Matched"

bool well, both, low, load_off;

byte levels, remote, wait;

active proctype environment()
{
	c_code { begin(); };
	do
	:: atomic {
		select (levels : 0 .. 3);
		select (remote : 0 .. 1);
		select (wait : 0 .. 3);
		c_code {
			step(now.levels, now.remote, now.wait);
			now.well = board.well;
			now.both = board.both;
			now.low = board.low;
			now.load_off = board.load_off;
		};
		assert(c_expr { !board.early });
		assert(c_expr { !board.fault_charged });
		assert(c_expr { !board.on_while_off });
		assert(c_expr { !board.overdue });
		assert(c_expr { !board.off_grid });
		levels = 0;
		remote = 0;
		wait = 0
	}
	od
}

/* All is well for ever after: the outputs return. */
ltl returns { [] (([] well) -> (<> both)) }
/* Undervoltage for ever after: the load is disconnected. */
ltl disconnects { [] (([] low) -> (<> load_off)) }
