#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A bus that takes its time to fail: a fifth of a second, or a whole one, which is
# as slow as I2C controllers get (F2, F3).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# told_in_time LABEL WHAT: a re-scan finds out, F2 has 100 ms and T5 100 ms, and
# the tests look every now and then
told_in_time() {
	begun=$(uptime_ms)
	within 1300 has_condition "$1" io-error
	good=$?
	within 8000 has_condition "$1" io-error
	note "$1: $ms ms: told after $(($(uptime_ms) - begun)) ms"
	verdict $good "$1: $2 that fail after $ms ms are told before (F2, F3)"
}

recovers() {
	pins "$1" cell-overvoltage 0
	within 20000 all_well "$1"
	verdict $? "$1: all recovers by itself from a bus that fails after $ms ms, and says so"
	told "$1"
}

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	[ -e "$bench/bench-$label/fault" ] || continue
	for ms in 200 1000; do
		set_bench "$label" timeout_ms $ms
		set_bench "$label" grace_ms $((3 * ms))

		told "$label" unreadable
		clear_record "$label"
		fault "$label" timeout 1 0 reads
		told_in_time "$label" reads
		within 8000 is_level "$label" charge 0
		span "$label" "fault bus 0x2" "set charge 0"
		note "$label: $ms ms: charge off ${took:-never} us after the first began"
		between 0 "$took" $((ms * 1000 + 200000))
		verdict $? "$label: the first of them that ends after F2's 100 ms cuts charge (F2)"
		fault "$label" none
		recovers "$label"

		told "$label" unreadable
		fault "$label" timeout 1 0 writes
		pins "$label" cell-overvoltage 1
		told_in_time "$label" writes
		attribute_is "$label" charge on && is_level "$label" charge 1
		verdict $? "$label: charge is not told off while it is on (F3)"
		fault "$label" timeout
		usleep 3000000
		attribute_is "$label" charge on || is_level "$label" charge 0
		verdict $? "$label: nor when reads fail as well (F3)"
		has_condition "$label" io-error
		verdict $? "$label: and the error is still told"
		fault "$label" none
		begun=$(uptime_ms)
		within 8000 is_level "$label" charge 0
		good=$?
		note "$label: charge off $(($(uptime_ms) - begun)) ms after the bus is back"
		verdict $good "$label: charge is cut when the bus is back"
		recovers "$label"
	done
	set_bench "$label" timeout_ms 35
done
end
