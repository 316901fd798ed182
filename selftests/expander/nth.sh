#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# An emulated machine may be kept waiting by its host. What was late in the crowd
# is tried again alone, and is late if it is so each time.
# nth.sh charge|load KIND...: each transfer of a whole trip fails once, in each
# of the ways named; as many boards as there are try different ones at a time.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

path=$1
shift
# F2 has 100 ms for its retries, T5 adds 100 ms more; debounce comes before
LIMIT_US=$((20000 + 100000 + 100000))

if [ "$path" = charge ]; then
	line=cell-overvoltage answer=charge wait_ms=1500 early_us=20000
else
	line=cell-undervoltage answer=load wait_ms=33000 early_us=30000000
fi

begin
first=$(labels | head -n 1)
count=$(labels | wc -l)
start
verdict $? "all $count boards come up with load and charge on"
for label in $(labels); do
	echo 1000 >"$supplies/$label/device/load_reconnect_delay_ms"
	set_bench "$label" load_reconnect_ms 1000
	# a fault may hide an input from the board for F2's 100 ms
	set_bench "$label" grace_ms 400
done

# "off" must be true from the moment that it is told: nothing switches it on
# again before the line clears
honest() {
	for label in $(labels); do
		attribute_is "$label" "$answer" off || continue
		is_level "$label" "$answer" 0 || echo "$label" >>/tmp/lies
	done
}

# One trip of $boards; what fails has been ordered
trip() {
	for label in $boards; do
		clear_record "$label"
		pins "$label" "$line" 1
	done
	if [ "$boards" = "$first" ]; then
		within "$wait_ms" is_level "$first" "$answer" 0
	else
		within "$wait_ms" all_are "$answer" 0
	fi
	honest
	usleep 300000
	honest
	for label in $boards; do
		pins "$label" "$line" 0
	done
	within 10000 all_on
}

# in_time LABEL: prints what became of its trip; false if it took too long
in_time() {
	begun=$(when "$1" stimulus "$line" 1)
	[ "$path" = charge ] || begun=$(when "$1" set pre-alarm 1)
	cut=$(when "$1" set "$answer" 0 "$begun")
	took=
	[ -z "$begun" ] || [ -z "$cut" ] || took=$(us "$begun" "$cut")
	case $(get_bench "$1" fault) in
	*" 0") hit="not reached" ;;
	*) hit="hit" ;;
	esac
	fault "$1" none
	between "$early_us" "$took" $((early_us + LIMIT_US - 20000))
}

# alone N KIND: the same again, with nothing else going on
alone() {
	boards=$first
	for _ in 1 2 3; do
		fault "$first" "$2" "$1" 1
		trip
		in_time "$first" && return
	done
	return 1
}

# How many transfers there are to fail
boards=$(labels)
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
		boards=$(labels)
		at=$n
		for label in $boards; do
			fault "$label" "$kind" "$at" 1
			at=$((at + 1))
		done
		trip || lost=$((lost + 1))
		: >/tmp/late
		for label in $boards; do
			if in_time "$label"; then
				note "$path $kind n=$n $hit:" \
					"$answer off after $took us: safe"
			else
				echo "$n ${took:-never}" >>/tmp/late
			fi
			[ "$hit" != hit ] || echo "${took:-999999999}" >>/tmp/worst
			n=$((n + 1))
		done
		while read -r at crowded; do
			result="safe, but $crowded us in the crowd"
			alone "$at" "$kind" || {
				result=BAD
				bad=$((bad + 1))
			}
			note "$path $kind n=$at $hit:" \
				"$answer off after ${took:-never} us: $result"
		done </tmp/late
	done
	note "$path $kind: slowest $(sort -n /tmp/worst | tail -n 1) us in the crowd"
	verdict $bad "$path: whichever transfer meets '$kind', the output is off in time (F2, F3)"
	[ ! -s /tmp/lies ]
	verdict $? "$path: '$kind' makes no board report an output off that is on (F3)"
	verdict $lost "$path: all comes back by itself after '$kind' (F2)"
done
end
