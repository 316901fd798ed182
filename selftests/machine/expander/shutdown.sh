#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The system shuts down, as far as the board can see that (F1).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

driver=/sys/bus/platform/drivers/smallbms

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	told "$label" leaving
	rescans=$(stat_of "$label" rescans)
	set_bench "$label" power shutdown
	is_level "$label" load 0 && is_level "$label" charge 0
	verdict $? "$label: a shutdown floats load and charge"
	pins "$label" cell-overvoltage 1
	sleep 3
	pins "$label" cell-overvoltage 0
	sleep 3
	[ "$(stat_of "$label" rescans)" -le $((rescans + 1)) ] &&
		is_level "$label" load 0 && is_level "$label" charge 0
	verdict $? "$label: the scan cycle has ended: whatever the lines do, they float"
	echo "board-$label" >$driver/unbind
	echo "board-$label" >$driver/bind
	within 5000 is_on "$label"
	verdict $? "$label: it can be bound again"
	told "$label"
done
end
