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
for label in $(labels); do
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

	echo "board-$label" >$driver/unbind
	n=1
	while [ $n -lt 100 ]; do
		fault "$label" nack $n 0 writes
		! echo "board-$label" >$driver/bind 2>/dev/null || break
		fault "$label" none
		n=$((n + 1))
	done
	between 5 $n 99
	verdict $? "$label: a board whose inputs cannot be set up, as its bus dies at one of the first $((n - 1)) writes, is refused"
	good=0
	for output in load charge pre-alarm; do
		log "$label" "failed to drive $output-gpios: .*; trying again" || good=1
	done
	[ -e "$driver/board-$label" ] || good=1
	verdict $good "$label: one whose outputs cannot be driven starts, and the log names them (F0)"
	within 1000 has_condition "$label" io-error
	verdict $? "$label: it reports them (F3)"
	fault "$label" none
	within 10000 all_well "$label"
	verdict $? "$label: later writes are tried again, and all comes on (F3)"
	told "$label"
done
end
