#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# A charger that the kernel knows, by its own driver, which comes late, goes and comes
# back: the board protects all the time (F0), and its status follows. What tells
# whether the charger is online is the line remote-loop of the chip.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

driver=/sys/bus/platform/drivers/gpio-charger
LATE_MS=20000
# A charger whose driver goes does not report it
LOOK_MS=12000

status_is() {
	[ "$(cat "$supplies/$1/status")" = "$2" ]
}

# follows LABEL: as long as the charger's driver is there
follows() {
	pins "$1" remote-loop 1
	within 5000 status_is "$1" Charging
	verdict $? "$1: a charger that comes online is charging the bank"
	pins "$1" cell-overvoltage 1
	within 5000 status_is "$1" "Not charging"
	verdict $? "$1: not while charge is off (C1)"
	pins "$1" cell-overvoltage 0
	within 5000 status_is "$1" Charging
	verdict $? "$1: but when it is on again (C2)"
	pins "$1" remote-loop 0
	within 5000 status_is "$1" Discharging
	verdict $? "$1: and when the charger goes offline the bank is discharging"
}

begin
for label in $boards; do
	healthy "$label"
	told "$label" leaving
done
modprobe smallbms
within 2000 all_on
verdict $? "a board whose charger has no driver yet comes up at once, with load and charge on (F0)"
for label in $boards; do
	told "$label"
	[ -e "$supplies/$label" ] && status_is "$label" Unknown
	verdict $? "$label: its power supply does not wait for the charger, and its status is unknown (F0)"
	pins "$label" cell-overvoltage 1
	within 200 is_level "$label" charge 0
	verdict $? "$label: it protects (C1)"
	pins "$label" cell-overvoltage 0
	within 5000 is_on "$label"
done
usleep $((LATE_MS * 1000))
modprobe gpio-charger
for label in $boards; do
	within 2000 status_is "$label" Discharging
	verdict $? "$label: a charger that comes late, offline, is taken up"
	follows "$label"
	pins "$label" remote-loop 1
	within 5000 status_is "$label" Charging
	verdict $? "$label: the charger is online again"
done
for label in $boards; do
	clear_record "$label"
done
echo sun >$driver/unbind
for label in $boards; do
	within $LOOK_MS status_is "$label" Unknown
	verdict $? "$label: the status is unknown when the driver of a charger that is online goes"
	[ -e /sys/bus/platform/drivers/smallbms/board-"$label" ] && is_on "$label" &&
		! happened "$label" set load 0
	verdict $? "$label: the board stays, and load and charge stay on (F0)"
done
echo sun >$driver/bind
for label in $boards; do
	within 2000 status_is "$label" Charging
	verdict $? "$label: the status follows again when it is back"
	follows "$label"
done
rmmod gpio-charger
for label in $boards; do
	within $LOOK_MS status_is "$label" Unknown && is_on "$label"
	verdict $? "$label: the status of a charger that is offline is unknown as well when its driver goes"
done
end
