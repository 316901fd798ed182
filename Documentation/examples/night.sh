#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Stops charging on request, and allows it again: night.sh begin|end [BOARD].
# What the batteries forbid stays forbidden either way.
supply=/sys/class/power_supply/${2:-house}

case $1 in
begin)
	echo inhibit-charge >"$supply/charge_behaviour"
	;;
end)
	echo auto >"$supply/charge_behaviour"
	;;
*)
	echo "usage: night.sh begin|end [BOARD]" >&2
	exit 2
	;;
esac
