#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# Chips that measure, whose drivers come late, or go.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

ina=/sys/bus/i2c/drivers/ina2xx_adc

lists() {
	[ -e "$supplies/$1/$2" ]
}

# The INA226 of a board, as the I2C bus names it
ina_of() {
	_found=$(grep -l "bench-$1/sensor@40" /sys/bus/i2c/devices/*/uevent)
	_found=${_found%/uevent}
	echo "${_found##*/}"
}

age_at_most() {
	_age=$(attribute "$1" measurements/voltage_age_s)
	[ "$_age" -ge 0 ] && [ "$_age" -le "$2" ]
}

late_on() {
	is_on late
}

begin
for label in $boards; do
	told "$label"
	healthy "$label"
done
modprobe smallbms
within 10000 late_on
verdict $? "a board whose chips have no driver yet protects (post-init-providers)"
! lists late voltage_now && ! lists late current_now && ! lists late temp
verdict $? "what was never measured is not listed"
[ "$(attribute late measurements/voltage_age_s)" = -1 ]
verdict $? "its age is -1"
[ "$(cat $supplies/late/capacity)" = 50 ]
verdict $? "the capacity is that of the lines"
! lists waits capacity
verdict $? "without post-init-providers the kernel itself waits for the drivers"

set_bench late microvolt 13200000
modprobe -a ina2xx-adc tmp006
within 25000 lists late voltage_now && within 1000 lists late current_now &&
	within 25000 lists late temp
verdict $? "it is listed when the drivers have come"
[ "$(cat $supplies/late/voltage_now)" = 13200000 ] &&
	grep -q "^POWER_SUPPLY_VOLTAGE_NOW=13200000" $supplies/late/uevent
verdict $? "with its value"
within 30000 is_on waits
verdict $? "a board that waits for the drivers has come up by now"

# The driver goes, and comes back
chip=$(ina_of late)
clear_record late
echo "$chip" >$ina/unbind
usleep 45000000
is_on late && lists late voltage_now &&
	[ "$(cat $supplies/late/voltage_now)" = 13200000 ]
verdict $? "a driver that goes: the board stays, and what was measured last stands"
[ "$(attribute late measurements/voltage_age_s)" -ge 40 ] &&
	[ "$(cat $supplies/late/capacity)" = 50 ]
verdict $? "its age is told, and nothing is concluded from it"
! happened late set load 0 && ! happened late set charge 0
verdict $? "no output has moved"
pins late cell-overvoltage 1
within 200 is_level late charge 0
verdict $? "a trip is served (C1)"
pins late cell-overvoltage 0
within 5000 is_on late
set_bench late microvolt 13280000
echo "$chip" >$ina/bind
within 25000 age_at_most late 10 &&
	[ "$(cat $supplies/late/voltage_now)" = 13280000 ]
verdict $? "it is measured again when the driver is back"

# A dead chip at the start: its driver refuses it
told late leaving
told waits leaving
rmmod smallbms
echo nack >"$bench/bench-late/sensor_fault"
echo nack >"$bench/bench-waits/sensor_fault"
for label in late waits; do
	chip=$(ina_of $label)
	echo "$chip" >$ina/unbind &&
		! echo "$chip" >$ina/bind && [ ! -e "$ina/$chip" ]
	verdict $? "$label: the driver refuses a chip that is dead"
done
modprobe smallbms
within 10000 late_on
verdict $? "a board beside a dead chip protects (post-init-providers)"
told late
! lists waits capacity && is_level waits load 0 && is_level waits charge 0
verdict $? "without post-init-providers the kernel does not start it, and its outputs float"
end
