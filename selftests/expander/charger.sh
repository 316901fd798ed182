#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# A charger that the kernel knows, by its own driver, comes and goes: the status
# follows.  What tells whether it is there is the line remote-loop of the chip.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

status_is() {
	[ "$(cat "$supplies/$1/status")" = "$2" ]
}

begin
modprobe gpio-charger
start
verdict $? "the board comes up with load and charge on"
for label in $(labels); do
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
