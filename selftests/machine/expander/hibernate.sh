#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The system hibernates, as far as the board can see that (T4, F1).

# shellcheck disable=SC2317 # within() calls functions
# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

outputs_off() {
	is_level "$1" load 0 && is_level "$1" charge 0 && is_level "$1" pre-alarm 0
}

# A terminal that settles is a reason against it, for 5 ms
freezes() {
	set_bench "$1" power freeze 2>/dev/null
}

refused() {
	! set_bench "$1" power freeze 2>/dev/null &&
		dmesg | grep -q "board-$1: suspend refused: the load is about"
}

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	told "$label" leaving
	dmesg -c >/dev/null

	within 1000 freezes "$label"
	verdict $? "$label: a memory image can be made"
	clear_record "$label"
	pins "$label" cell-overvoltage 1
	is_on "$label"
	verdict $? "$label: outputs stay meanwhile"
	set_bench "$label" power thaw
	within 1000 is_level "$label" charge 0
	verdict $? "$label: what has changed meanwhile acts afterwards"
	pins "$label" cell-overvoltage 0
	within 10000 is_on "$label"
	verdict $? "$label: it works afterwards"

	pins "$label" cell-undervoltage 1
	within 1000 is_level "$label" pre-alarm 1
	within 1000 refused "$label"
	verdict $? "$label: none can be made while a countdown runs, and the log says so (T4)"
	pins "$label" cell-undervoltage 0
	within 10000 is_on "$label"
	verdict $? "$label: it works afterwards"

	set_bench "$label" power poweroff
	outputs_off "$label"
	verdict $? "$label: power-off floats all outputs, whatever retain-state-shutdown says (F1)"
	clear_record "$label"
	pins "$label" cell-low 1
	sleep 3
	pins "$label" cell-low 0
	sleep 3
	outputs_off "$label" && ! happened "$label" set pre-alarm 1
	verdict $? "$label: the scan cycle has ended: whatever the lines do, they float"
	set_bench "$label" power restore
	within 5000 is_on "$label"
	verdict $? "$label: it goes on when the image is restored"

	within 1000 freezes "$label"
	clear_record "$label"
	pins "$label" cell-undervoltage 1
	set_bench "$label" power restore
	within 1000 is_level "$label" charge 1
	verdict $? "$label: restored with an empty bank it allows charge"
	within 1000 is_level "$label" pre-alarm 1
	sleep 2
	is_level "$label" load 0 && ! happened "$label" set load 1
	verdict $? "$label: but connects no load, and takes back what the chip restored (L5)"
	pins "$label" cell-undervoltage 0
	within 60000 is_on "$label"
	verdict $? "$label: it works afterwards"
	told "$label"
done
end
