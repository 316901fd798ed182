#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# A charger that the kernel knows, by its own driver, which comes late: the board
# protects meanwhile (F0). Then the charger comes and goes, and the status follows.
# What tells whether it is there is the line remote-loop of the chip.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

status_is() {
	[ "$(cat "$supplies/$1/status")" = "$2" ]
}

has_supply() {
	[ -e "$supplies/$1/status" ]
}

begin
start
verdict $? "a board whose charger has no driver yet comes up with load and charge on (F0)"
for label in $(labels); do
	! has_supply "$label"
	verdict $? "$label: it has no power supply yet"
	pins "$label" cell-overvoltage 1
	within 200 is_level "$label" charge 0
	verdict $? "$label: and protects (C1)"
	pins "$label" cell-overvoltage 0
	within 5000 is_on "$label"
done
modprobe gpio-charger
for label in $(labels); do
	# tried again after 1, 2, 4, ... 64 s
	within 70000 has_supply "$label"
	verdict $? "$label: the power supply is there when the charger has come"
	status_is "$label" Discharging
	verdict $? "$label: while there is no sun the bank is discharging"
	pins "$label" remote-loop 1
	within 5000 status_is "$label" Charging
	verdict $? "$label: a charger that comes is charging it"
	pins "$label" cell-overvoltage 1
	within 5000 status_is "$label" "Not charging"
	verdict $? "$label: not while charge is off (C1)"
	pins "$label" cell-overvoltage 0
	within 5000 status_is "$label" Charging
	verdict $? "$label: but when it is on again (C2)"
	pins "$label" remote-loop 0
	within 5000 status_is "$label" Discharging
	verdict $? "$label: and when the charger goes the bank is discharging"
done
end
