#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# Another driver listens to a line of the board's chip: gpio-keys, to that named
# remote-loop. It hears each edge while a line of the board floods (F9).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# As many there as back
EDGES=16
STORM_SECONDS=8

begin
first gpio-keys keys
start
verdict $? "all boards come up with load and charge on"

# Actions of the interrupt to which an expander's INT is wired
foreign=0 found=0
for irq in /sys/kernel/irq/*; do
	[ "$(cat "$irq/chip_name")" = bench-int ] || continue
	found=1
	actions=$(cat "$irq/actions")
	note "INT: interrupt ${irq##*/}, requested by $actions"
	case $actions in
	*,* | *board-*) foreign=1 ;;
	esac
done
[ $foreign -eq 0 ] && [ $found -eq 1 ]
verdict $? "no board requests the interrupt of its expander (F9)"
! grep -q "board-" /sys/kernel/irq/*/actions
verdict $? "boards request the interrupts of their lines, and no other (F9)"

heard() {
	[ "$(interrupts_of "$1" "key-$1")" -gt "$2" ]
}

for label in $boards; do
	for storm in no 100000; do
		[ $storm = no ] || bounce "$label" cell-low $storm \
			$((STORM_SECONDS * 1000 + 2000))
		sleep 1
		begun=$(uptime_ms)
		unheard=0 n=0 level=1
		while [ $n -lt $EDGES ]; do
			before=$(interrupts_of "$label" "key-$label")
			pins "$label" remote-loop $level
			within 100 heard "$label" "$before" ||
				unheard=$((unheard + 1))
			usleep 100000
			level=$((1 - level))
			n=$((n + 1))
		done
		note "$label: $n edges in $(($(uptime_ms) - begun)) ms, $unheard not heard"
		verdict $unheard "$label: another driver hears each edge of its line within 100 ms, with a storm of $storm Hz (F9)"
	done
	pins "$label" remote-loop 0
	within 20000 is_on "$label"
	verdict $? "$label: all is well when the storm is over"
done
end
