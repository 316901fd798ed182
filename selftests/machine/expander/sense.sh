#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Terminals that do not follow (F3), and lines that cannot be true together (F4).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

driver=/sys/bus/platform/drivers/smallbms

begin
start
verdict $? "all boards come up with load and charge on"
# A short is driven for 100 ms at most (F3)
SHORT_US=100000

# short_driven LABEL NAME LEAST: at least so often, and never for too long
short_driven() {
	drives "$1" "$2" >/tmp/drives
	longest=$(sort -n /tmp/drives | tail -n 1)
	note "$1: $2: driven $(wc -l </tmp/drives) times into a short," \
		"for ${longest:-0} us at most"
	[ "$(wc -l </tmp/drives)" -ge "$3" ] && between 0 "$longest" $SHORT_US
}

sensed=
for label in $boards; do
	grep -q load-sense "$bench/bench-$label/pins" || continue
	sensed="$sensed $label"
	told "$label" short
	echo load >"$bench/bench-$label/short"
	clear_record "$label"
	within 200 is_level "$label" load 0
	verdict $? "$label: a load that is short-circuited is released at once (F3)"
	within 200 has_condition "$label" sense-mismatch
	verdict $? "$label: it is told as sense-mismatch"
	attribute_is "$label" charge on && is_level "$label" charge 1
	verdict $? "$label: charge does not care"
	usleep 4000000
	tries=$(awk '$2 == "set" && $3 == "load" && $4 == 1' \
		"$bench/bench-$label/record" | wc -l)
	note "$label: $tries tries in 4 s"
	between 1 "$tries" 5
	verdict $? "$label: it is tried again, after a back-off (F3)"
	short_driven "$label" load 1
	verdict $? "$label: for 100 ms at most each time (F3)"
	echo none >"$bench/bench-$label/short"
	within 20000 is_on "$label"
	verdict $? "$label: the load is back when the short circuit is gone"

	echo off >"$supplies/$label/device/remote"
	echo load >"$bench/bench-$label/short"
	clear_record "$label"
	echo on >"$supplies/$label/device/remote"
	usleep 500000
	short_driven "$label" load 1
	verdict $? "$label: a load that is switched on into a short is released within 100 ms (F3)"
	echo none >"$bench/bench-$label/short"
	within 20000 all_well "$label"

	# no other output changes, whose terminal would make the board look
	told "$label" short inhibit
	echo inhibit-charge >"$supplies/$label/charge_behaviour"
	echo charge >"$bench/bench-$label/short"
	clear_record "$label"
	told "$label" short
	echo auto >"$supplies/$label/charge_behaviour"
	usleep 500000
	short_driven "$label" charge 1
	verdict $? "$label: and so is charge, when it alone is switched on (F3)"
	echo load >"$bench/bench-$label/short"
	within 20000 is_level "$label" charge 1

	told "$label" short leaving
	echo "board-$label" >$driver/unbind
	clear_record "$label"
	echo "board-$label" >$driver/bind
	usleep 500000
	short_driven "$label" load 1
	verdict $? "$label: a load that the driver switches on at its start as well (F3)"
	echo none >"$bench/bench-$label/short"
	within 20000 is_on "$label"
	verdict $? "$label: all is on when that short circuit is gone"
	told "$label"
done

# L2: 30 s from the first attempt, whatever becomes of it and of those that follow
for label in $sensed; do
	told "$label" short
	echo pre-alarm >"$bench/bench-$label/short"
	clear_record "$label"
	pins "$label" cell-undervoltage 1
done
for label in $sensed; do
	within 70000 is_level "$label" load 0
	span "$label" "set pre-alarm 1" "set load 0"
	note "$label: load off ${took:-never} us after the first attempt at the pre-alarm"
	between 30000000 "$took" 30100000
	verdict $? "$label: a pre-alarm that is short-circuited does not postpone the cut (L2, F3)"
	short_driven "$label" pre-alarm 4
	verdict $? "$label: it is tried again, for 100 ms at most each time (F3)"
	echo none >"$bench/bench-$label/short"
	healthy "$label"
	# the back-off of the short goes on meanwhile
	within 80000 all_well "$label"
	verdict $? "$label: the load comes back afterwards (L4), and all is well"
	told "$label"
done
for label in $boards; do
	pins "$label" cell-overvoltage 1 cell-undervoltage 1
done
for label in $boards; do
	within 2000 has_condition "$label" implausible
	verdict $? "$label: overvoltage with undervoltage is told as implausible (F4)"
	is_level "$label" charge 0 && is_level "$label" pre-alarm 1
	verdict $? "$label: and each line still acts (F4)"
	healthy "$label"
	within 10000 is_on "$label" && ! has_condition "$label" implausible
	verdict $? "$label: it is over when the lines are"
done
end
