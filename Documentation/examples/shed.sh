#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Switches the least important loads off while the board warns: perhaps that is
# enough, and the important ones stay on. Run it from a timer, or in a loop.
board=/sys/class/power_supply/${1:-house}/device

case $(cat "$board/alarm") in
0)
	echo "all loads"
	;;
1)
	left=$(cat "$board/disconnect_in_ms")
	if [ "$left" -ge 0 ]; then
		echo "important loads only, for another $((left / 1000)) s"
	else
		echo "important loads only"
	fi
	;;
2)
	echo "no loads: the bank is empty"
	;;
esac
