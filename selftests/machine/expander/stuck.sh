#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# INT is silent, and nothing announces the edges of the board's lines: the re-scan
# finds the first of them, and fast poll those that follow (T1, F9). Then INT is stuck
# low until the kernel gives up that interrupt, which is the expander's own driver's.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# The debounce delay and the 100 ms of T5; a re-scan; a fast poll
LIMIT_US=$((20000 + 100000))
RESCAN_US=1000000
FAST_US=20000
# An interrupt that it has given up and that drivers share the kernel polls itself,
# ten times a second, for as long as it runs
KERNEL_US=100000

begin
start
verdict $? "all boards come up with load and charge on"

given_up() {
	dmesg | grep -q "nobody cared"
}

# rescanned LABEL COUNT: there were more than COUNT
rescanned() {
	[ "$(stat_of "$1" rescans)" -gt "$2" ]
}

# trips LABEL COUNT MORE_US TITLE: each takes MORE_US more at most
trips() {
	good=0 n=0
	while [ $n -lt "$2" ]; do
		clear_record "$1"
		pins "$1" cell-overvoltage 1
		within 3000 is_level "$1" charge 0
		span "$1" "stimulus cell-overvoltage 1" "set charge 0"
		note "$1: edge to output ${took:-never} us"
		between 20000 "$took" $((LIMIT_US + $3)) || good=1
		pins "$1" cell-overvoltage 0
		within 10000 is_on "$1" || good=1
		n=$((n + 1))
	done
	verdict $good "$1: $4"
}

# polls_fast LABEL: every 20 ms, for 10 s
polls_fast() {
	count_rescans "$1"
	between 400 "$rescans" 510
}

count_rescans() {
	rescans=$(stat_of "$1" rescans)
	sleep 10
	rescans=$(($(stat_of "$1" rescans) - rescans))
}

for label in $boards; do
	missed=$(stat_of "$label" missed_edges)
	set_bench "$label" lose_percent 100
	# as long before a re-scan as can be, so that it is the re-scan that finds it
	rescans=$(stat_of "$label" rescans)
	within 3000 rescanned "$label" "$rescans"
	trips "$label" 1 $RESCAN_US "INT is silent: a trip takes one re-scan at most (T1)"
	[ "$(stat_of "$label" missed_edges)" -gt "$missed" ]
	verdict $? "$label: it is counted as a missed edge"
	# a fast poll may be over when charge is back, and is longer each time
	trips "$label" 2 $RESCAN_US "those that follow are served"
	trips "$label" 4 $FAST_US "soon within 100 ms after the debounce, by fast poll (F9)"
	polls_fast "$label"
	verdict $? "$label: which is every 20 ms ($rescans times in 10 s)"
	sleep 70
	count_rescans "$label"
	between 8 "$rescans" 12
	verdict $? "$label: and ends after 64 s without a missed edge ($rescans times in 10 s)"
	set_bench "$label" lose_percent 0
	missed=$(stat_of "$label" missed_edges)
	trips "$label" 3 0 "INT is well again: edges are announced (T5)"
	[ "$(stat_of "$label" missed_edges)" -eq "$missed" ]
	verdict $? "$label: and none is missed"
done

for label in $boards; do
	stuck_ms=$(uptime_ms)
	set_bench "$label" int_stuck 1
	trips "$label" 3 0 "INT is stuck: the expander's own driver announces the edges (T5)"
	within 600000 given_up
	verdict $? "$label: the kernel gives up an interrupt that is stuck"
	note "$label: after $(($(uptime_ms) - stuck_ms)) ms"
	interrupts=$(get_bench "$label" interrupts)
	sleep 3
	trips "$label" 5 $KERNEL_US "trips are served all the same (T1)"
	set_bench "$label" int_stuck 0
	sleep 3
	trips "$label" 5 $KERNEL_US "and when INT is well again"
	[ "$(get_bench "$label" interrupts)" -eq "$interrupts" ]
	verdict $? "$label: to which the kernel does not listen any more"
	attribute_is "$label" conditions none
	verdict $? "$label: nothing is reported as faulty"
done
end
