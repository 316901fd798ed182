#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# storm.sh SECONDS [TICK_US]: INT is stuck for a while, then a line bounces at
# 100 kHz. The other inputs act all the same (T1, T5), and the line that floods the
# board is the only one that is masked (F9).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

seconds=$1
tick_us=${2-}
LIMIT_US=$((20000 + 100000))
# Not as long as the kernel takes to give up an interrupt, which stuck.sh is for
STUCK_SECONDS=10
[ $STUCK_SECONDS -le "$seconds" ] || STUCK_SECONDS=$seconds
# A line that interrupts 64 times in 64 ms is masked for 1, 2, 4, ... 64 s
STORM=66

begin
start
verdict $? "all boards come up with load and charge on"
[ -z "$tick_us" ] || for chip in "$bench"/*-*; do
	echo "$tick_us" >"$chip/bounce_tick_us"
done

# trips LABEL SECONDS: for as long as the storm lasts
trips() {
	look_at_clock
	until=$((now_ms + $2 * 1000))
	heard=$(interrupts_of "$1" over-temperature)
	missed=$(stat_of "$1" missed_edges)
	: >/tmp/took
	lost=0 late=0
	while look_at_clock; [ "$now_ms" -lt "$until" ]; do
		clear_record "$1"
		pins "$1" over-temperature 1
		within 3000 is_level "$1" charge 0 || lost=1
		span "$1" "stimulus over-temperature 1" "set charge 0"
		echo "${took:-999999999}" >>/tmp/took
		between 20000 "$took" $LIMIT_US || late=1
		pins "$1" over-temperature 0
		within 10000 is_level "$1" charge 1 || lost=1
	done
	count=$(wc -l </tmp/took)
	heard=$(($(interrupts_of "$1" over-temperature) - heard))
	missed=$(($(stat_of "$1" missed_edges) - missed))
	note "$1: $count trips, $(median </tmp/took) us in the median," \
		"slowest $(sort -n /tmp/took | tail -n 1) us;" \
		"$heard interrupts, $missed missed"
	verdict $lost "$1: $storm: every trip of another input is served"
	verdict $late "$1: $storm: within 100 ms and the debounce delay (T5)"
	[ "$heard" -ge $((2 * count)) ] && [ "$missed" -eq 0 ]
	verdict $? "$1: $storm: the other input's own interrupt announces each edge (F9)"
}

for label in $boards; do
	[ -e "$bench/bench-$label/int_stuck" ] || continue
	set_bench "$label" int_stuck 1
	storm="INT is stuck"
	trips "$label" "$STUCK_SECONDS"
	set_bench "$label" int_stuck 0
done

# The interrupts of a line that is masked again and again, for 1, 2, 4, ... s
most_in_ms() {
	most=$STORM left_ms=$1 holdoff_ms=1000
	while [ "$left_ms" -gt 0 ]; do
		most=$((most + STORM))
		left_ms=$((left_ms - holdoff_ms))
		holdoff_ms=$((2 * holdoff_ms))
	done
	# A slow bouncer does not make enough of them to be masked
	[ -z "$tick_us" ] || most=$((2000 + $1 * 11 / 10))
}

for label in $boards; do
	heard_low=$(interrupts_of "$label" cell-low)
	begun_low=$(uptime_ms)
	# longer than the trips: the last may take its time
	bounce "$label" cell-low 100000 $((seconds * 1000 + 5000))
	storm="a line bounces at 100 kHz"
	within 1000 is_level "$label" pre-alarm 1
	verdict $? "$label: a line that keeps chattering counts as active (T2)"
	note "$label: after $(($(uptime_ms) - begun_low)) ms"
	trips "$label" "$seconds"
	heard_low=$(($(interrupts_of "$label" cell-low) - heard_low))
	most_in_ms $(($(uptime_ms) - begun_low))
	note "$label: $heard_low interrupts of the line that bounces, at most $most"
	between 10 "$heard_low" "$most"
	verdict $? "$label: $storm: it is masked, for longer each time (T1, F9)"
done
within 20000 all_on
verdict $? "all boards are as before when the storm is over"
end
