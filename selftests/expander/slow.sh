#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A bus that takes a second to fail: as slow as I2C controllers get (F2, F3).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

begin
start
verdict $? "all boards come up with load and charge on"
for label in $(labels); do
	[ -e "$bench/bench-$label/fault" ] || continue
	set_bench "$label" timeout_ms 1000
	set_bench "$label" grace_ms 3000
	told "$label" unreadable
	fault "$label" timeout
	begun=$(uptime_ms)
	# a second to the re-scan, and one for every attempt to read or write
	within 8000 has_condition "$label" io-error
	good=$?
	note "$label: told after $(($(uptime_ms) - begun)) ms"
	verdict $good "$label: a bus that fails after a second is told (F2)"
	pins "$label" cell-overvoltage 1
	usleep 3000000
	attribute_is "$label" charge on || is_level "$label" charge 0
	verdict $? "$label: charge is not told off while it is on (F3)"
	fault "$label" none
	begun=$(uptime_ms)
	within 8000 is_level "$label" charge 0
	good=$?
	note "$label: charge off $(($(uptime_ms) - begun)) ms after the bus is back"
	verdict $good "$label: charge is cut when the bus is back"
	pins "$label" cell-overvoltage 0
	within 15000 is_on "$label"
	verdict $? "$label: all recovers by itself"
	usleep 500000
	told "$label"
	set_bench "$label" timeout_ms 35
done
end
