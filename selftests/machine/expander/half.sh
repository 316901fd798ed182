#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A chip with an INT for each half of its lines, one of which is wired: on the board
# "half" it tells of the first half alone (T1).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# Debounce, and the 100 ms of T5; or a re-scan before
LIMIT_US=120000
RESCAN_US=1000000

# rescanned LABEL BEFORE: more often than that
# shellcheck disable=SC2317 # called by within
rescanned() {
	[ "$(stat_of "$1" rescans)" -gt "$2" ]
}

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	limit=$LIMIT_US more=0
	if [ "$label" = half ]; then
		limit=$((RESCAN_US + LIMIT_US))
		more=1
	fi
	# the line is in the second half, and decides alone
	pins "$label" remote-loop 1
	usleep 3000000
	pins "$label" remote-h 0
	usleep 1500000
	is_level "$label" load 1
	verdict $? "$label: the remote loop alone keeps the load on (M1)"
	# a moment after a re-scan, so that the next one is far
	before=$(stat_of "$label" rescans)
	within 3000 rescanned "$label" "$before"
	missed=$(stat_of "$label" missed_edges)
	clear_record "$label"
	pins "$label" remote-loop 0
	within 3000 is_level "$label" load 0
	span "$label" "stimulus remote-loop 0" "set load 0"
	missed=$(($(stat_of "$label" missed_edges) - missed))
	note "$label: off after ${took:-never} us, $missed missed edges"
	between 20000 "$took" "$limit"
	verdict $? "$label: opened, it takes the load within $((limit / 1000)) ms (M3, T1)"
	[ "$missed" -eq $more ]
	verdict $? "$label: that is $more change of which no interrupt told"
	healthy "$label"
	within 10000 all_well "$label"
	verdict $? "$label: all comes back"
done
end
