#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Interrupts get lost: every trip is served all the same (T1).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

ROUNDS=8
# One re-scan, the debounce delay, the 100 ms of T5, and as much for the crowd
# of boards that are all served by one emulated machine
LIMIT_US=$((1000000 + 20000 + 100000 + 100000))
# By fast poll, every 20 ms
FAST_US=$((20000 + 20000 + 100000 + 100000))
# Fast poll lasts 1 s at first, and twice as long each time: longer than a round
# takes from here on
FAST_ROUND=3

begin
start
verdict $? "all boards come up with load and charge on"

# A third of the boards each
n=0
for label in $boards; do
	case $((n % 3)) in
	0) percent=1 ;;
	1) percent=10 ;;
	2) percent=100 ;;
	esac
	echo "$percent" >"/tmp/percent.$label"
	set_bench "$label" lose_percent "$percent"
	set_bench "$label" grace_ms 1500
	n=$((n + 1))
done

served=0
rm -f /tmp/took.*
for round in $(seq $ROUNDS); do
	for label in $boards; do
		clear_record "$label"
		pins "$label" cell-overvoltage 1
	done
	within 5000 all_are charge 0 || served=1
	for label in $boards; do
		span "$label" "stimulus cell-overvoltage 1" "set charge 0"
		[ "$took" ] || continue
		read -r percent <"/tmp/percent.$label"
		echo "$took" >>"/tmp/took.$percent"
		[ "$round" -lt $FAST_ROUND ] || [ "$percent" != 100 ] ||
			echo "$took" >>/tmp/took.fast
		pins "$label" cell-overvoltage 0
	done
	within 15000 all_on || served=1
	usleep $((round * 130000 % 1000000))
done
verdict $served "every trip is served, and charge comes back each time"
for percent in 1 10 100; do
	worst=$(sort -n "/tmp/took.$percent" | tail -n 1)
	note "$percent % of interrupts lost: $(wc -l <"/tmp/took.$percent")" \
		"trips, slowest $worst us"
	between 20000 "$worst" $LIMIT_US
	verdict $? "with $percent % lost, a trip takes one re-scan at most (T1)"
done
worst=$(sort -n /tmp/took.fast | tail -n 1)
note "of these, from the round $FAST_ROUND on: slowest $worst us"
between 20000 "$worst" $FAST_US
verdict $? "a board that has missed edges polls its lines every 20 ms (F9)"
missed=0
for label in $boards; do
	[ "$(cat "/tmp/percent.$label")" != 100 ] ||
		missed=$((missed + $(stat_of "$label" missed_edges)))
done
[ "$missed" -gt 0 ]
verdict $? "the boards that hear nothing count $missed missed edges"
end
