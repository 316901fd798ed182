#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2015
#
# board.sh: what every board must be able to tell, whatever its state. Only
# reads, so that it may run on a live bank. With SMALLBMS_REMOTE=NAME in the
# environment that board is switched off for a moment, loads and all.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# one_of VALUE WORD...
one_of() {
	_value=$1
	shift
	for _word; do
		[ "$_word" != "$_value" ] || return 0
	done
	return 1
}

header
boards=
for each in "$supplies"/*; do
	[ ! -e "$each/device/pre_alarm_delay_ms" ] || boards="$boards ${each##*/}"
done
if [ -z "$boards" ]; then
	skip "no board here"
fi

for board in $boards; do
	device=$supplies/$board/device
	bad=0
	for file in remote terminals load charge pre_alarm; do
		one_of "$(cat "$device/$file")" on off || bad=1
	done
	verdict $bad "$board: remote, terminals and outputs are on or off"
	one_of "$(cat "$device/alarm")" 0 1 2
	verdict $? "$board: alarm is 0, 1 or 2"
	for output in load charge; do
		reason=$(cat "$device/${output}_off_reason")
		case $(cat "$device/$output")$reason in
		onnone | off?*) ;;
		*) false ;;
		esac
		verdict $? "$board: $output is on, or a reason is told ($reason)"
	done
	between 30000 "$(cat "$device/pre_alarm_delay_ms")" 600000
	verdict $? "$board: the pre-alarm delay is within 30 s and 10 min (L2, V1)"
	between 0 "$(cat "$device/load_reconnect_delay_ms")" 3600000
	verdict $? "$board: the load reconnect delay is within an hour (V1)"
	left=$(cat "$device/disconnect_in_ms")
	[ "$left" -ge -1 ] && [ "$left" -le "$(cat "$device/pre_alarm_delay_ms")" ]
	verdict $? "$board: disconnect_in_ms is -1 or what is left ($left)"
	between -1 "$(cat "$device/reconnect_in_ms")" 3600000
	verdict $? "$board: reconnect_in_ms is -1 or within an hour (L7)"
	bad=0
	for file in "$device"/stats/*; do
		[ "$(cat "$file")" -ge 0 ] || bad=1
	done
	verdict $bad "$board: every counter counts"
	bad=0
	for file in "$supplies/$board"/*; do
		[ ! -f "$file" ] || [ ! -r "$file" ] || cat "$file" >/dev/null || bad=1
	done
	verdict $bad "$board: no property of the power supply returns an error"
	percent=$(cat "$supplies/$board/capacity")
	[ "$percent" -ge 1 ] && [ "$percent" -le 100 ]
	verdict $? "$board: capacity is never 0 ($percent)"

	[ "${SMALLBMS_REMOTE-}" = "$board" ] || continue
	echo off >"$device/remote"
	one_of "$(cat "$device/load")$(cat "$device/charge")" offoff
	verdict $? "$board: the remote switches load and charge off at once (M3)"
	echo on >"$device/remote"
	one_of "$(cat "$device/remote")" on
	verdict $? "$board: and is on again (M4)"
done
end
