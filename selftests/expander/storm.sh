#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# storm.sh SECONDS [TICK_US]: INT is stuck, or a line bounces at 100 kHz, and the
# other inputs act all the same (T1, T5).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

seconds=$1
LIMIT_US=$((20000 + 100000))

begin
start
verdict $? "all boards come up with load and charge on"
[ -z "${2-}" ] || for label in $(labels); do
	set_bench "$label" bounce_tick_us "$2"
done

# trips LABEL: for as long as the storm lasts
trips() {
	first_ms=$(uptime_ms)
	until=$((first_ms + seconds * 1000))
	: >/tmp/took
	lost=0 late=0
	while [ "$(uptime_ms)" -lt "$until" ]; do
		clear_record "$1"
		pins "$1" over-temperature 1
		within 3000 is_level "$1" charge 0 || lost=1
		begun=$(when "$1" stimulus over-temperature 1)
		cut=$(when "$1" set charge 0)
		took=
		[ -z "$cut" ] || took=$(us "$begun" "$cut")
		echo "${took:-999999999}" >>/tmp/took
		between 20000 "$took" $LIMIT_US || late=1
		pins "$1" over-temperature 0
		within 10000 is_level "$1" charge 1 || lost=1
	done
	interrupts=$(get_bench "$1" interrupts)
	passed_ms=$(($(uptime_ms) - first_ms))
	note "$1: $(wc -l </tmp/took) trips, $(median </tmp/took) us in the" \
		"median, slowest $(sort -n /tmp/took | tail -n 1) us," \
		"$interrupts interrupts in $passed_ms ms"
	verdict $lost "$1: $storm: every trip of another input is served"
	verdict $late "$1: $storm: within 100 ms and the debounce delay (T5)"
	# the time before the first trip is not in there
	[ "$interrupts" -le $((2000 + passed_ms * 11 / 10)) ]
	verdict $? "$1: $storm: no more than 1000 times a second is that listened to (T1)"
}

for label in $(labels); do
	[ -e "$bench/bench-$label/int_stuck" ] || continue
	set_bench "$label" interrupts 0
	set_bench "$label" int_stuck 1
	storm="INT is stuck"
	trips "$label"
	set_bench "$label" int_stuck 0
done
for label in $(labels); do
	set_bench "$label" interrupts 0
	# longer than the trips: the last may take its time
	echo "cell-low 100000 $((seconds * 1000 + 5000))" \
		>"$bench/bench-$label/bounce"
	storm="a line bounces at 100 kHz"
	begun=$(uptime_ms)
	within 1000 is_level "$label" pre-alarm 1
	verdict $? "$label: a line that keeps chattering counts as active (T2)"
	note "$label: after $(($(uptime_ms) - begun)) ms"
	trips "$label"
	[ "$(get_bench "$label" interrupts)" -gt 0 ]
	verdict $? "$label: and it is chattering that the chip hears of"
done
within 20000 all_on
verdict $? "all boards are as before when the storm is over"
dmesg | grep -q "nobody cared"
[ $? -eq 1 ]
verdict $? "the kernel gave up no interrupt"
end
