#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# nth.sh charge|load KIND...: each transfer of a whole trip fails once, in each
# of the ways named; as many boards as there are try different ones at a time.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

path=$1
shift
# F2 has 100 ms for its retries, T5 adds 100 ms more; debounce comes before
LIMIT_US=$((20000 + 100000 + 100000))
# An interrupt that the expander's own driver lost: the re-scan finds out (T1)
RESCAN_US=1000000

if [ "$path" = charge ]; then
	line=cell-overvoltage answer=charge wait_ms=3000
else
	line=cell-undervoltage answer=load wait_ms=35000
fi

begin
first=${boards%% *}
count=0
for _ in $boards; do
	count=$((count + 1))
done
start
verdict $? "all $count boards come up with load and charge on"
for label in $boards; do
	echo 1000 >"$supplies/$label/device/load_reconnect_delay_ms"
	set_bench "$label" load_reconnect_ms 1000
	# a fault may hide an input from the board for F2's 100 ms
	set_bench "$label" grace_ms 400
done

# "off" must be true from the moment that it is told: nothing switches it on
# again before the line clears
honest() {
	for label in $boards; do
		attribute_is "$label" "$answer" off || continue
		is_level "$label" "$answer" 0 || echo "$label" >>/tmp/lies
	done
}

# A trip of every board; what fails has been ordered
trip() {
	for label in $boards; do
		clear_record "$label"
		take_attribute "$label" stats/missed_edges
		echo "$taken" >"/tmp/missed.$label"
		pins "$label" "$line" 1
	done
	within "$wait_ms" all_are "$answer" 0
	honest
	usleep 300000
	honest
	for label in $boards; do
		pins "$label" "$line" 0
	done
	within 10000 all_on
}

# in_time LABEL: what became of its trip: $took, $hit, $how; false if it took
# too long
in_time() {
	moments "$1" "stimulus $line 1" "set $answer 0 0" "reset $answer 0 0" \
		"set pre-alarm 1" "set charge 1 20000000" "stimulus $line 0 0"
	# shellcheck disable=SC2086 # a list of numbers
	set -- "$1" $moments
	stimulus=${2:-0} cut=${3:-0} floated=${4:-0} warned=${5:-0} up=${6:-0} cleared=${7:-0}
	due=$stimulus limit=$LIMIT_US how=safe
	[ "$path" = charge ] || due=$warned
	read -r missed <"/tmp/missed.$1"
	take_attribute "$1" stats/missed_edges
	missed=$((taken - missed))
	if [ $missed -gt 0 ]; then
		limit=$((RESCAN_US + LIMIT_US))
		how="safe, an interrupt was lost"
	fi
	if [ "$floated" -gt 0 ]; then
		# by the chip's own reset; the board can but leave it so
		due=$stimulus cut=$floated early_us=0
		how="safe, by the reset itself"
	elif [ "$path" = charge ]; then
		# a fault may cut charge early: it is what it is for
		early_us=0
	else
		early_us=30000000
	fi
	took=
	[ "$due" -eq 0 ] || [ "$cut" -eq 0 ] || took=$(((cut - due) / 1000))
	take "$bench/bench-$1/fault"
	case $taken in
	*" 0") hit="not reached" ;;
	*) hit="hit" ;;
	esac
	fault "$1" none
	[ "$floated" -gt 0 ] || between "$early_us" "$took" $((early_us + limit))
}

# Charge went high for a moment while it had to be off. A repair after a reset must not
# come by way of a high level, which the monitor cannot see in the time that it gives the
# board.
raised() {
	[ "$path" = charge ] && [ "$how" = "safe, by the reset itself" ] &&
		[ $missed -eq 0 ] && [ "$up" -gt 0 ] && [ "$up" -lt "$cleared" ]
}

# How many transfers there are to fail
set_bench "$first" transfers 0
trip
verdict $? "a whole trip and back goes well when nothing fails"
total=$(get_bench "$first" transfers)
note "$path: $total transfers from the stimulus until all is on again"

for kind; do
	bad=0 lost=0 n=1
	: >/tmp/lies
	: >/tmp/worst
	while [ "$n" -le "$total" ]; do
		at=$n
		for label in $boards; do
			fault "$label" "$kind" "$at" 1
			at=$((at + 1))
		done
		trip || lost=$((lost + 1))
		for label in $boards; do
			in_time "$label" || {
				how=BAD
				bad=$((bad + 1))
			}
			if raised; then
				how="BAD, charge went high again"
				bad=$((bad + 1))
			fi
			note "$path $kind n=$n $hit:" \
				"$answer off after ${took:-never} us: $how"
			[ "$hit" != hit ] || [ "$how" != safe ] ||
				echo "$took" >>/tmp/worst
			n=$((n + 1))
		done
	done
	note "$path $kind: slowest $(sort -n /tmp/worst | tail -n 1) us," \
		"but for lost interrupts"
	verdict $bad "$path: whichever transfer meets '$kind', the output is off in time (F2, F3)"
	[ ! -s /tmp/lies ]
	verdict $? "$path: '$kind' makes no board report an output off that is on (F3)"
	verdict $lost "$path: all comes back by itself after '$kind' (F2)"
done
end
