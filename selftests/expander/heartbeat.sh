#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The heartbeat tells that the protection really runs (F5).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

begin
start
verdict $? "all boards come up with load and charge on"

beats() {
	awk '$2 == "set" && $3 == "heartbeat" { n++ } END { print n + 0 }' \
		"$bench/bench-$1/record"
}

for label in $(labels); do
	grep -q "heartbeat out" "$bench/bench-$label/pins" || continue
	clear_record "$label"
	sleep 5
	n=$(beats "$label")
	between 8 "$n" 12
	verdict $? "$label: the heartbeat changes every 500 ms ($n times in 5 s)"
	[ -e "$bench/bench-$label/fault" ] || continue
	told "$label" unreadable
	fault "$label" timeout
	usleep 500000
	clear_record "$label"
	sleep 2
	n=$(beats "$label")
	[ "$n" -eq 0 ]
	verdict $? "$label: it stands still while the bus does"
	fault "$label" none
	within 10000 is_on "$label"
	verdict $? "$label: all recovers"
	# what was decided while the bus was dead may still be on its way
	usleep 500000
	told "$label"
done
end
