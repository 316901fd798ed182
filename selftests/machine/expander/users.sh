#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Processes of the user's run wild, hang and die; the board does not care (F6).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

LIMIT_US=$((20000 + 5000))

begin
start
verdict $? "all boards come up with load and charge on"

trips() {
	for label in $boards; do
		clear_record "$label"
		pins "$label" cell-overvoltage 1
		within 3000 is_level "$label" charge 0
		span "$label" "stimulus cell-overvoltage 1" "set charge 0"
		note "$label: $1: edge to output ${took:-never} us"
		between 20000 "$took" $LIMIT_US
		verdict $? "$label: $1: charge is cut in time (F6, T5)"
		pins "$label" cell-overvoltage 0
		within 10000 is_on "$label"
		verdict $? "$label: $1: and comes back"
	done
}

pids=
for _ in 1 2 3 4; do
	while :; do :; done &
	pids="$pids $!"
done
trips "processes that never rest"
for pid in $pids; do
	kill -STOP "$pid"
done
# They hold every attribute open, stop in the midst of it, and die
for label in $boards; do
	for file in "$supplies/$label/device"/*; do
		[ ! -f "$file" ] || [ ! -r "$file" ] || {
			# shellcheck disable=SC2016 # for the inner shell
			sh -c 'exec <"$1"; read -r line; kill -STOP $$' - \
				"$file" 2>/dev/null &
			pids="$pids $!"
		}
	done
done
trips "processes that hang with every attribute open"
for pid in $pids; do
	kill -KILL "$pid"
done
trips "processes that have died"
end
