#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The system sleeps, and a line changes: boards with wakeup-source wake it, those with
# release-in-suspend sleep on with their outputs released.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

begin
needs_sleep
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	! described "$label" release-in-suspend || told "$label" leaving
done

# asleep LABEL FILE: sleeps, with overvoltage by that file of the bench; $took ms
asleep() {
	clear_record "$1"
	set_bench "$1" "$2" "cell-overvoltage 1"
	begun=$(uptime_ms)
	sleep_for 60 2>/dev/null
	slept=$?
	took=$(($(uptime_ms) - begun))
	set_bench "$1" "$2" ""
	note "$1: an input changes, and the system is up after $took ms"
}

on_bus() {
	ls -d /sys/devices/platform/bench-"$1"/i2c-* >/dev/null 2>&1
}

awake() {
	pins "$1" cell-overvoltage 0
	within 10000 is_on "$1"
	verdict $? "$1: it works afterwards"
}

waking() {
	asleep "$1" asleep
	verdict $slept "$1: the system sleeps"
	between 0 $took 1000
	verdict $? "$1: an edge of its lines wakes the system (wakeup-source, T4)"
	within 1000 is_level "$1" charge 0
	verdict $? "$1: charge is cut then"
	span "$1" "stimulus cell-overvoltage 1" "set charge 0"
	between 0 "$took" 220000
	verdict $? "$1: in time (T5)"
	awake "$1"

	asleep "$1" dozing
	# gpio-pca953x disables its interrupt in suspend, which may lose that edge
	if ! on_bus "$1"; then
		between 0 $took 1000
		verdict $? "$1: an edge just after its suspend ends that of the system (T4)"
	fi
	within 1000 is_level "$1" charge 0
	verdict $? "$1: charge is cut then"
	awake "$1"
}

releasing() {
	asleep "$1" asleep
	[ $slept -eq 0 ] && between 55000 $took 65000
	verdict $? "$1: the system sleeps on (release-in-suspend)"
	for output in load charge; do
		span "$1" "set $output 0" "stimulus cell-overvoltage 1"
		between 0 "$took" 1000000
		verdict $? "$1: $output was released before (T4)"
	done
	within 1000 is_level "$1" load 1 && is_level "$1" charge 0
	verdict $? "$1: the load comes back afterwards, charge does not"
	awake "$1"
	on_bus "$1" || return

	fault "$1" nack 1 0 writes
	! sleep_for 60 2>/dev/null
	verdict $? "$1: without a bus that releases them the system does not sleep"
	fault "$1" none
	within 10000 is_on "$1"
	verdict $? "$1: it works afterwards"
}

for label in $boards; do
	if described "$label" release-in-suspend; then
		releasing "$label"
		continue
	fi
	waking "$label"

	wakeup=$supplies/$label/device/power/wakeup
	echo disabled >"$wakeup"
	dmesg -c >/dev/null
	! sleep_for 60 2>/dev/null && ! sleep_for 60 2>/dev/null
	verdict $? "$label: without wakeup-source the system does not sleep (T4)"
	[ "$(dmesg | grep -c "board-$label: suspend refused: the board is no wakeup source")" -eq 1 ]
	verdict $? "$label: the log says why, once"
	echo enabled >"$wakeup"
done
for label in $boards; do
	told "$label"
done
end
