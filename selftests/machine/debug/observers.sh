#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# observers.sh: what only reports for a board cannot be added, for a while, one after
# another (F0). Wants the module smallbms-obstacle.

# shellcheck disable=SC2317 # functions are called by within
# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

driver=/sys/bus/platform/drivers/smallbms
obstacle=/sys/kernel/debug/smallbms-obstacle
# What the emulation may add to the 5 ms of T5 after the debounce
LATE_US=100000
[ "${KERNEL-stock}" = stock ] || LATE_US=300000

# logged NAME WORDS: how often the log of this board has that
logged() {
	dmesg | grep -c "smallbms board-$label: $1: $2"
}

is_logged() {
	[ "$(logged "$@")" -gt 0 ]
}

# there NAME: what can be seen of it
there() {
	case $1 in
	attributes)
		[ -e "$device/load" ] && [ -e "$device/stats/rescans" ] &&
			[ -e "$device/measurements/errors" ]
		;;
	gauge)
		[ -e "$device/gauge/soc_permille" ]
		;;
	hwmon)
		set -- "$device"/hwmon/hwmon*/in0_lcrit_alarm
		[ -e "$1" ]
		;;
	'power supply')
		[ -e "$supplies/$label/device/driver" ] &&
			[ "$(realpath "$supplies/$label/device")" = "$(realpath "$device")" ]
		;;
	'GPIO chip')
		set -- "$device"/gpiochip*
		[ -e "$1" ]
		;;
	*)
		is_logged "$1" added
		;;
	esac
}

# expect COMMAND...: the rest of this obstacle is run all the same
expect() {
	"$@" || {
		bad=1
		note "$label, $what: not $*"
	}
}

trip_in_time() {
	clear_record "$label"
	pins "$label" cell-overvoltage 1
	within 3000 is_level "$label" charge 0
	span "$label" "stimulus cell-overvoltage 1" "set charge 0"
	between 20000 "$took" $((20000 + LATE_US))
}

bind_board() {
	dmesg -c >/dev/null
	told "$label"
	echo "board-$label" >"$driver/bind"
}

unbind_board() {
	told "$label" leaving
	echo "board-$label" >$driver/unbind
	is_level "$label" load 0 && is_level "$label" charge 0
}

# protects: the board behind an obstacle
protects() {
	bad=0
	expect bind_board
	expect within 10000 is_on "$label"
	expect trip_in_time
	pins "$label" cell-overvoltage 0
	expect within 10000 is_on "$label"
	verdict $bad "$label, $what: the board protects (F0, C1, C2, T5)"
}

# reported NAME...: once, though there were tries after 1, 3 and 7 s
reported() {
	bad=0
	sleep 8
	for name; do
		expect [ "$(logged "$name" 'failed to add')" -eq 1 ]
		expect [ "$(logged "$name" added)" -eq 0 ]
	done
	verdict $bad "$label, $what: the log reports the failure once: $*"
}

# leaves_and_returns: while something is missing
leaves_and_returns() {
	bad=0
	expect unbind_board
	expect bind_board
	expect within 10000 is_on "$label"
	verdict $bad "$label, $what: the driver goes meanwhile, and comes back (F1)"
}

# comes NAME...: after the obstacle has gone
comes() {
	bad=0
	for name; do
		expect within 70000 is_logged "$name" added
		expect there "$name"
	done
	expect is_on "$label"
	expect unbind_board
	verdict $bad "$label, $what: it comes when it can: $*"
}

# calls FUNCTION NAME...: what smallbms calls that function for fails
calls() {
	what=$1
	shift
	echo "$what 12" >$obstacle/calls
	protects
	reported "$@"
	leaves_and_returns
	echo >$obstacle/calls
	comes "$@"
}

begin
if [ ! -d $obstacle ] && ! insmod /lib/smallbms-obstacle.ko; then
	skip "no module smallbms-obstacle"
fi
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	device=/sys/bus/platform/devices/board-$label
	unbind_board

	what='a name that is taken'
	echo "$label" >$obstacle/names
	protects
	reported 'power supply' 'LED triggers'
	leaves_and_returns
	echo >$obstacle/names
	comes 'power supply' 'LED triggers'

	if [ -e $obstacle/calls ]; then
		calls devm_device_add_group attributes gauge
		calls devm_power_supply_register 'power supply'
		calls devm_gpiochip_add_data_with_key 'GPIO chip'
		calls devm_led_trigger_register 'LED triggers'
		calls devm_hwmon_device_register_with_info hwmon
		calls blocking_notifier_chain_register log attributes \
			'power supply' 'GPIO chip' 'LED triggers' hwmon
	fi
	echo "board-$label" >"$driver/bind"
	within 10000 is_on "$label"
	verdict $? "$label: it binds when there is no obstacle"
	told "$label"
done

# The driver goes while observers are missing
for label in $boards; do
	told "$label" leaving
	echo "board-$label" >$driver/unbind
	echo "$label" >$obstacle/names
	echo "board-$label" >"$driver/bind"
	within 10000 is_on "$label" || break
done
verdict $? "all boards protect, the last one without its name"
driver_off
verdict $? "the driver can be unloaded then"
all_are load 0 && all_are charge 0
verdict $? "all outputs float (F1)"
rmmod smallbms-obstacle
start
verdict $? "all boards come up again"
end
