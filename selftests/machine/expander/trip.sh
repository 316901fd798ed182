#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A trip from end to end, on every chip, with the times and transfers it takes.
# shellcheck disable=SC2317 # within() calls functions

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

TRIPS=5
# What the emulation may add to the 5 ms of T5; the bound of T5 is 100 ms
LATE_US=100000
ACCESSES=3
# Kernels that watch their every access are too slow to be measured.
case ${KERNEL-} in
debug | remove) LATE_US=300000 ;;
esac

returns_soon() {
	between 1 "$(attribute "$1" reconnect_in_ms)" 2000
}

begin
start
verdict $? "every board comes up with load and charge on"

# trip LABEL: the charge goes and comes back; prints us and transfers
trip() {
	clear_record "$1"
	pins "$1" cell-overvoltage 1
	within 3000 is_level "$1" charge 0 || return
	span "$1" "stimulus cell-overvoltage 1" "set charge 0"
	usleep 30000
	pins "$1" cell-overvoltage 0
	echo "$took $(transfers "$1" "$begun" "$ended")" \
		"$(transfers "$1" "$ended" $((ended + 15000000)))"
	within 10000 is_level "$1" charge 1
}

for label in $boards; do
	[ ! -e "$bench/bench-$label/verbose" ] || set_bench "$label" verbose 1
	: >/tmp/trips
	good=0
	for _ in $(seq $TRIPS); do
		trip "$label" >>/tmp/trips || good=1
	done
	verdict $good "$label: overvoltage cuts charge, which comes back (C1, C2)"
	worst=$(sort -n /tmp/trips | tail -n 1)
	worst=${worst%% *}
	least=$(sort -n /tmp/trips | head -n 1)
	note "$label: edge to output" \
		"$(cut -d ' ' -f 1 /tmp/trips | median) us in the median," \
		"${least%% *} to $worst us; 20000 us of that are debounce"
	between 20000 "${least%% *}" $((20000 + LATE_US)) &&
		between 20000 "$worst" $((20000 + LATE_US))
	verdict $? "$label: it takes the debounce delay, not $((LATE_US / 1000)) ms more (T2, T5)"
	[ -e "$bench/bench-$label/verbose" ] || continue
	# A re-scan may fall into a trip, but not into most of them
	before=$(cut -d ' ' -f 2 /tmp/trips | median)
	after=$(cut -d ' ' -f 3 /tmp/trips | median)
	case $(wc -l <"$bench/bench-$label/pins") in
	16)
		# The kernel's driver reads and writes a PCA9535 one register
		# at a time: what is one transfer by design are two on the wire
		one=2
		;;
	*)
		one=1
		;;
	esac
	note "$label: $before transfers up to the output," \
		"$after more in 15 ms after it; one read is $one"
	# The chip's own driver reads all lines; that of an MCP23017 which line it was, and
	# its level then, as well. The board reads one register, and writes one.
	case $label in
	half | mcp23017) driver=3 ;;
	*) driver=$one ;;
	esac
	[ "$before" -le $((driver + 2)) ]
	verdict $? "$label: a trip costs what the chip's driver reads, and two registers"
	# A sense line that follows its output: the chip's own driver reads it, and
	# the board does, at once and when it has settled (F3)
	more=0
	! grep -q " charge-sense " "$bench/bench-$label/pins" || more=3
	# one for the read-back, one for the lines that were not read before
	[ $((before + after)) -le $(((ACCESSES + 2 + more) * one)) ]
	verdict $? "$label: at most $((ACCESSES + 2 + more)) with it and all other lines"
	set_bench "$label" verbose 0
done

# 30 s on all boards at once
for label in $boards; do
	clear_record "$label"
	pins "$label" cell-undervoltage 1
done
within 35000 all_are load 0
verdict $? "undervoltage disconnects every load (L2)"
for label in $boards; do
	span "$label" "set pre-alarm 1" "set load 0"
	note "$label: pre-alarm to disconnect ${took:-never} us"
	between 30000000 "$took" 30100000
	verdict $? "$label: not before 30 s of pre-alarm, and not 100 ms later (L2, T5)"
	if described "$label" release-pre-alarm-on-disconnect; then
		within 100 is_level "$label" pre-alarm 0
		verdict $? "$label: the pre-alarm is released with the load, as asked (O3)"
	else
		is_level "$label" pre-alarm 1
		verdict $? "$label: the pre-alarm stays high after the disconnect (O3)"
	fi
	[ "$(attribute "$label" alarm)" = 2 ] &&
		attribute_is "$label" load_off_reason cell-undervoltage
	verdict $? "$label: alarm 2, and the reason is told"
done
for label in $boards; do
	echo 2000 >"$supplies/$label/device/load_reconnect_delay_ms"
	set_bench "$label" load_reconnect_ms 2000
	pins "$label" cell-undervoltage 0
done
for label in $boards; do
	within 3000 returns_soon "$label"
	verdict $? "$label: reconnect_in_ms says when (L4)"
done
within 10000 all_on
verdict $? "every load comes back after the reconnect delay (L4)"
end
