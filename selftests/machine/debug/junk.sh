#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# junk.sh TIMES: junk is written into every attribute that can be written.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

# shellcheck disable=SC2317 # called by within
listed() {
	for file in voltage_now current_now temp time_to_empty_avg; do
		[ -e "$supplies/$1/$file" ] || return
	done
}

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	told "$label" stirred
	device=$(realpath "$supplies/$label/device")
	# The first value of a property brings all files of the power supply anew, and
	# ends those that are open
	for file in "$device"/gauge/*; do
		echo 500 >"$file"
	done
	within 5000 listed "$label"
	verdict $? "$label: what a gauge reports is listed"
	files=$(find "$device/" "$device/gauge/" \
		"$(realpath "$supplies/$label")/" -maxdepth 1 -type f \
		-perm -0200 ! -name uevent ! -name driver_override \
		! -name waiting_for_supplier ! -name async)
	# shellcheck disable=SC2086 # a list of files
	note "$label:" $files
	# shellcheck disable=SC2086 # a list of files
	stir junk "$1" $files >/tmp/junk
	verdict $? "$label: $1 writes of junk are taken, or refused with EINVAL"
	sed 's/^/# /' /tmp/junk
	echo on >"$device/remote"
	echo auto >"$device/load_request"
	echo 0 >"$device/soc_floor_recover_percent"
	echo 0 >"$device/soc_floor_percent"
	for file in "$device"/gauge/*; do
		echo >"$file"
	done
	echo auto >"$supplies/$label/charge_behaviour"
	ms=$(attribute "$label" pre_alarm_delay_ms)
	between 30000 "$ms" 600000
	verdict $? "$label: the pre-alarm delay is $ms ms, within 30000 to 600000 (L2, V1)"
	ms=$(attribute "$label" load_reconnect_delay_ms)
	between 0 "$ms" 3600000
	verdict $? "$label: the reconnect delay is $ms ms, at most 3600000 (L4, V1)"
	echo 30000 >"$device/pre_alarm_delay_ms"
	echo 30000 >"$device/load_reconnect_delay_ms"
	within 10000 is_on "$label"
	verdict $? "$label: it works afterwards"
	told "$label"
done
end
