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

# A trip of every board; what fails has been ordered
trip() {
	for label in $(labels); do
		clear_record "$label"
		stat_of "$label" missed_edges >"/tmp/missed.$label"
		pins "$label" "$line" 1
	done
	within "$wait_ms" all_are "$answer" 0
	honest
	usleep 300000
	honest
	for label in $(labels); do
		pins "$label" "$line" 0
	done
	within 10000 all_on
}

# in_time LABEL: what became of its trip: $took, $hit, $how; false if it took
# too long
in_time() {
	stimulus=$(when "$1" stimulus "$line" 1)
	due=$stimulus limit=$LIMIT_US how=safe
	[ "$path" = charge ] || due=$(when "$1" set pre-alarm 1)
	read -r missed <"/tmp/missed.$1"
	if [ "$(stat_of "$1" missed_edges)" -gt "$missed" ]; then
		limit=$((RESCAN_US + LIMIT_US))
		how="safe, an interrupt was lost"
	fi
	cut=$(when "$1" set "$answer" 0 "$stimulus")
	floated=$(when "$1" reset "$answer" 0 "$stimulus")
	if [ "$floated" ]; then
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
	[ -z "$due" ] || [ -z "$cut" ] || took=$(us "$due" "$cut")
	case $(get_bench "$1" fault) in
	*" 0") hit="not reached" ;;
	*) hit="hit" ;;
	esac
	fault "$1" none
	[ "$floated" ] || between "$early_us" "$took" $((early_us + limit))
}

# raised LABEL: charge went high for a moment while it had to be off. A repair
# after a reset must not come by way of a high level, which the monitor cannot
# see in the time that it gives the board.
raised() {
	[ "$path" = charge ] && [ "$how" = "safe, by the reset itself" ] &&
		[ "$missed" -eq "$(stat_of "$1" missed_edges)" ] || return
	up=$(when "$1" set charge 1 $((stimulus + 20000000)))
	cleared=$(when "$1" stimulus "$line" 0 "$stimulus")
	[ "$up" ] && [ "$up" -lt "$cleared" ]
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
		for label in $(labels); do
			fault "$label" "$kind" "$at" 1
			at=$((at + 1))
		done
		trip || lost=$((lost + 1))
		for label in $(labels); do
			in_time "$label" || {
				how=BAD
				bad=$((bad + 1))
			}
			if raised "$label"; then
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
