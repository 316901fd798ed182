#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The expander loses its registers: all its outputs are inputs, and float.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# One re-scan, and 100 ms
LIMIT_MS=1100

begin
start
verdict $? "all boards come up with load and charge on"

# Told as it is, or the fault is told
truthful() {
	for output in load charge pre-alarm; do
		case $output in
		pre-alarm) name=pre_alarm ;;
		*) name=$output ;;
		esac
		case $(attribute "$1" $name)$(level "$1" $output) in
		on1 | off0) ;;
		*) has_condition "$1" io-error || return 1 ;;
		esac
	done
}

for label in $boards; do
	[ -e "$bench/bench-$label/reset" ] || continue
	clear_record "$label"
	set_bench "$label" verbose 1
	set_bench "$label" reset 1
	happened "$label" reset load 0
	verdict $? "$label: the reset floats the load, as the chip's data sheet says"
	usleep $((LIMIT_MS * 1000))
	truthful "$label"
	verdict $? "$label: healthy: one re-scan later it is repaired or told (F3)"
	within 3000 is_on "$label"
	verdict $? "$label: healthy: load and charge are repaired"
	span "$label" "reset load 0" "set load 1"
	set_bench "$label" verbose 0
	# How it was repaired, transfer by transfer
	head -n 60 "$bench/bench-$label/record" | sed "s/^/# /"
	note "$label: load was off for ${took:-?} us"

	pins "$label" cell-low 1
	within 1000 is_level "$label" pre-alarm 1
	set_bench "$label" reset 1
	usleep $((LIMIT_MS * 1000))
	truthful "$label"
	verdict $? "$label: armed: one re-scan later it is repaired or told (F3)"
	within 3000 is_level "$label" pre-alarm 1
	verdict $? "$label: armed: the pre-alarm is repaired"
	pins "$label" cell-low 0

	pins "$label" cell-overvoltage 1
	within 1000 is_level "$label" charge 0
	set_bench "$label" reset 1
	usleep $((LIMIT_MS * 1000))
	is_level "$label" charge 0 && truthful "$label"
	verdict $? "$label: tripped: charge stays off, and what is told is true"
	pins "$label" cell-overvoltage 0
	within 8000 is_on "$label"
	verdict $? "$label: tripped: all comes back when the fault is gone"
done
end
