#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A board starts while its bus is dead, for reads or from a write on (F0, F1, F2).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

driver=/sys/bus/platform/drivers/smallbms

# log LABEL TEXT: the kernel has said so of the board
log() {
	dmesg | grep -q "board-$1: .*$2"
}

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	[ -e "$bench/bench-$label/fault" ] || continue
	told "$label" leaving
	echo "board-$label" >$driver/unbind
	fault "$label" nack 1 0 reads
	echo "board-$label" >$driver/bind
	[ -e "$driver/board-$label" ]
	verdict $? "$label: a board that cannot be read starts all the same"
	has_condition "$label" io-error && [ "$(stat_of "$label" read_errors)" -gt 0 ]
	verdict $? "$label: what it cannot read is told, and counted (F2)"
	sleep 2
	is_level "$label" load 0 && is_level "$label" charge 0
	verdict $? "$label: and counts as active: load and charge stay off (F2, L5)"
	fault "$label" none
	within 40000 all_well "$label"
	verdict $? "$label: all comes on when it can be read (F2, L4)"

	# it dies at one of the writes, from none of them done to all
	set_bench "$label" load_reconnect_ms 1000
	bad=0 lost=0 n=1
	while :; do
		echo "board-$label" >$driver/unbind
		fault "$label" nack $n 0 writes
		echo "board-$label" >$driver/bind 2>/dev/null
		echo 1000 >"$supplies/$label/device/load_reconnect_delay_ms"
		usleep 200000
		case $(get_bench "$label" fault) in
		*" 0") break ;;
		esac
		[ -e "$driver/board-$label" ] &&
			within 1300 has_condition "$label" io-error || bad=$((bad + 1))
		fault "$label" none
		within 10000 all_well "$label" || lost=$((lost + 1))
		n=$((n + 1))
	done
	fault "$label" none
	within 10000 all_well "$label" || lost=$((lost + 1))
	[ $n -gt 5 ] && [ $bad -eq 0 ]
	verdict $? "$label: whichever of the first $((n - 1)) writes its bus dies at, a board starts and reports it (F0, F3)"
	verdict $lost "$label: all comes on when the bus is back"
	echo 30000 >"$supplies/$label/device/load_reconnect_delay_ms"
	set_bench "$label" load_reconnect_ms 30000
	good=0
	for output in load charge pre-alarm; do
		log "$label" "failed to drive $output-gpios: .*; trying again" || good=1
	done
	log "$label" "failed to make the lines .* inputs: .*; trying again" || good=1
	# whose driver does not write what its cache has
	[ "$label" = mcp23017 ] ||
		verdict $good "$label: the log names what it could not set up"
	told "$label"
done
end
