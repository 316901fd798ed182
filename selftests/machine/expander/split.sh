#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A board whose lines are on two expanders: one of them dies, and the lines of the
# other act in time (F8).  The part has cell-low, the remote terminals, load and
# pre-alarm; the main chip has the other inputs, and charge.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

LIMIT_US=$((20000 + 100000))
# A transfer that times out blocks the only thread: the cycle that is under way
# reads, writes and reads back on the dead chip
TIMEOUTS_US=$((3 * 35000))

begin
start
verdict $? "all boards come up with load and charge on"

# trip_charge LABEL: within the limit, and it comes back
trip_charge() {
	clear_record "$1"
	pins "$1" cell-overvoltage 1
	within 3000 is_level "$1" charge 0
	span "$1" "stimulus cell-overvoltage 1" "set charge 0"
	note "$1: edge to output ${took:-never} us"
	case $kind in
	nack)
		between 20000 "$took" $LIMIT_US
		verdict $? "$1: $kind: overvoltage cuts charge within 100 ms and the debounce delay (F8, T5)"
		;;
	*)
		between 20000 "$took" $((LIMIT_US + TIMEOUTS_US))
		verdict $? "$1: $kind: it cuts charge within that and 3 transfers that time out (F8)"
		;;
	esac
	pins "$1" cell-overvoltage 0
	within 5000 is_level "$1" charge 1
	verdict $? "$1: $kind: and it comes back (C2)"
}

for label in $boards; do
	echo 1000 >"$supplies/$label/device/load_reconnect_delay_ms"
	set_bench "$label" load_reconnect_ms 1000
	for kind in nack timeout; do
		told "$label" unreadable
		clear_record "$label"
		echo $kind >"$bench/part-$label/fault"
		within 1300 has_condition "$label" io-error
		verdict $? "$label: $kind: a chip that is dead is reported (F2)"
		usleep 300000
		is_level "$label" load 1 && is_level "$label" charge 1 &&
			! happened "$label" set charge 0 &&
			attribute_is "$label" terminals on
		verdict $? "$label: $kind: charge does not care, the terminals keep their state (F2)"
		trip_charge "$label"
		trip_charge "$label"
		echo none >"$bench/part-$label/fault"
		within 10000 all_well "$label"
		verdict $? "$label: $kind: all recovers"
		told "$label"

		told "$label" unreadable
		clear_record "$label"
		fault "$label" $kind
		within 40000 is_level "$label" load 0
		span "$label" "fault bus $([ $kind = nack ] && echo 0x1 || echo 0x2)" \
			"set pre-alarm 1"
		note "$label: pre-alarm ${took:-never} us after the first failure"
		between 0 "$took" 200000
		verdict $? "$label: $kind: a main chip that is dead raises the pre-alarm on the other in time (F2, F8)"
		span "$label" "set pre-alarm 1" "set load 0"
		note "$label: load off ${took:-never} us after the pre-alarm"
		between 30000000 "$took" 30100000
		verdict $? "$label: $kind: the load on the other goes 30 s later (F2, L2)"
		attribute_is "$label" charge on && has_condition "$label" io-error
		verdict $? "$label: $kind: charge is not reported off while it is on (F3)"
		fault "$label" none
		within 20000 all_well "$label"
		verdict $? "$label: $kind: all recovers"
		told "$label"
	done
done
end
