#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The interrupt of over-temperature belongs to another driver already, gpio-keys,
# which does not share it. The line is polled, and the board works (T1).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# Debounce, T5, and a poll
LIMIT_US=$((20000 + 100000))
POLL_US=20000
TRIPS=5

begin
first gpio-keys keys
start
verdict $? "boards start although an interrupt is taken"

# trips LABEL LINE MORE_US: each takes MORE_US more at most
trips() {
	good=0
	for _ in $(seq $TRIPS); do
		clear_record "$1"
		pins "$1" "$2" 1
		within 3000 is_level "$1" charge 0
		span "$1" "stimulus $2 1" "set charge 0"
		note "$1: $2: edge to output ${took:-never} us"
		between 20000 "$took" $((LIMIT_US + $3)) || good=1
		pins "$1" "$2" 0
		within 10000 is_on "$1" || good=1
	done
}

for label in $boards; do
	dmesg | grep -q "board-$label: .*interrupt of over-temperature-gpios"
	verdict $? "$label: the log names the line"
	trips "$label" over-temperature $POLL_US
	verdict $good "$label: its line acts within 100 ms, the debounce delay and a poll (T1, T5)"
	before=$(interrupts_of "$label" cell-overvoltage)
	trips "$label" cell-overvoltage 0
	[ $good -eq 0 ] && [ "$(interrupts_of "$label" cell-overvoltage)" -ge \
		$((before + 2 * TRIPS)) ]
	verdict $? "$label: another line acts, by its interrupt (T5)"
	[ "$(stat_of "$label" missed_edges)" -eq 0 ]
	verdict $? "$label: a line that is polled misses no edge"
done
end
