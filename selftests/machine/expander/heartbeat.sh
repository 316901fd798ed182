#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# heartbeat.sh [BOARD CHIP]: the heartbeat tells that the protection really runs
# (F5). That of BOARD is a line of CHIP, which has no part in what fails.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

begin
start
verdict $? "all boards come up with load and charge on"

beats() {
	awk '$2 == "set" && $3 == "heartbeat" { n++ } END { print n + 0 }' \
		"$bench/bench-$1/record"
}

if [ $# -eq 2 ]; then
	told "$1" unreadable
	fault "$1" deaf 1 0 writes
	pins "$1" cell-overvoltage 1
	within 2000 has_condition "$1" io-error
	verdict $? "$1: an output that does not follow is told (F3)"
	clear_record "$2"
	sleep 3
	n=$(beats "$2")
	[ "$n" -eq 0 ]
	verdict $? "$1: its heartbeat on another chip stands still meanwhile (F5)"
	fault "$1" none
	pins "$1" cell-overvoltage 0
	within 10000 all_well "$1"
	verdict $? "$1: all recovers"
	clear_record "$2"
	sleep 5
	n=$(beats "$2")
	between 8 "$n" 12
	verdict $? "$1: and the heartbeat with it ($n times in 5 s)"
	told "$1"
	end
fi

for label in $boards; do
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
	within 10000 all_well "$label"
	verdict $? "$label: all recovers"
	told "$label"
done
end
