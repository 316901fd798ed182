#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Says in a line what is off, and why.
board=/sys/class/power_supply/${1:-house}/device

for output in load charge; do
	if [ "$(cat "$board/$output")" = on ]; then
		echo "$output is on"
	else
		echo "$output is off because of $(cat "$board/${output}_off_reason")"
	fi
done
