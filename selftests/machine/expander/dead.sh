#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The bus is dead, for reads or altogether (F2, F3).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	[ -e "$bench/bench-$label/fault" ] || continue
	for kind in nack timeout; do
		told "$label" unreadable
		clear_record "$label"
		fault "$label" $kind 1 0 reads
		# the next re-scan finds out, F2 takes 100 ms, T5 100 ms
		begun=$(uptime_ms)
		within 1300 has_condition "$label" io-error
		good=$?
		within 8000 has_condition "$label" io-error
		note "$label: $kind: told after $(($(uptime_ms) - begun)) ms"
		within 8000 is_level "$label" charge 0
		verdict $good "$label: reads that meet '$kind' are told (F2)"
		span "$label" "fault bus $([ $kind = nack ] && echo 0x1 || echo 0x2)" "set charge 0"
		note "$label: charge off ${took:-never} us after the first failure"
		between 0 "$took" 200000
		verdict $? "$label: they cut charge within 100 ms and 100 ms (F2)"
		is_level "$label" load 1
		verdict $? "$label: the load is still on"
		fault "$label" none
		within 10000 all_well "$label"
		verdict $? "$label: all recovers by itself (F2)"
		told "$label"

		told "$label" unreadable
		pins "$label" cell-overvoltage 1
		fault "$label" $kind
		usleep 1500000
		has_condition "$label" io-error
		verdict $? "$label: a bus that is dead in a trip is told"
		attribute_is "$label" charge on || is_level "$label" charge 0
		verdict $? "$label: charge is not told off while it is on (F3)"
		fault "$label" none
		within 2000 is_level "$label" charge 0
		verdict $? "$label: charge is cut when the bus is back"
		pins "$label" cell-overvoltage 0
		within 10000 all_well "$label"
		verdict $? "$label: and comes back"
		told "$label"
	done
done
end
