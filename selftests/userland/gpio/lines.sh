#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# The lines that a board offers, seen with the tools of libgpiod: names, levels,
# edges, the remote switch, and the end of the driver while somebody listens.

# shellcheck source-path=SCRIPTDIR/../../machine/expander source=lib.sh
. ../../machine/expander/lib.sh
begin
start
verdict $? "boards start on the chips of the bench"

NAMES="load charge pre-alarm remote cell-low cell-undervoltage
cell-overvoltage over-temperature under-temperature charge-inhibit terminals
fault"
ALL="0 1 2 3 4 5 6 7 8 9 10 11"

named() {
	gpioinfo "$1" | sed -n 's/^[\t ]*line *\([0-9]*\): *"\([^"]*\)".*/\1 \2/p' \
		>/tmp/named
	_offset=0
	for _each in $NAMES; do
		echo "$_offset $1-$_each"
		_offset=$((_offset + 1))
	done | cmp -s - /tmp/named
}

# levels LABEL: of all lines, as gpioget sees them
levels() {
	# shellcheck disable=SC2086 # a list
	gpioget "$1" $ALL | tr -d ' '
}

levels_are() {
	[ "$(levels "$1")" = "$2" ] || ! note "$1: $(levels "$1") for $2"
}

# listen LABEL: begins to write down the edges of all lines
listen() {
	: >"/tmp/edges-$1"
	# shellcheck disable=SC2086 # a list
	gpiomon --line-buffered --format="%s.%n %o %e" "$1" $ALL \
		>>"/tmp/edges-$1" 2>"/tmp/errors-$1" &
	listener=$!
	within 5000 listening "$1"
}

listening() {
	[ "$(gpioinfo "$1" | grep -c gpiomon)" -eq 12 ]
}

stop_listening() {
	kill "$listener"
	wait "$listener"
} 2>/dev/null

# edges LABEL: "0+ 5- ...", by the time at which they came
edges() {
	sed 's/\./ /' "/tmp/edges-$1" | sort -n -k 1,1 -k 2,2 |
		awk '{ printf "%s%d%s", (NR > 1 ? " " : ""), $3,
			$4 == 1 ? "+" : "-" }'
}

# edges_seen LABEL COUNT: a process less than wc
edges_seen() {
	_seen=0
	while read -r _line; do
		_seen=$((_seen + 1))
	done <"/tmp/edges-$1"
	[ "$_seen" -ge "$2" ]
}

# story LABEL MS EDGES TITLE: all edges since the last story, in their order
story() {
	# shellcheck disable=SC2086 # a list
	within "$2" edges_seen "$1" "$(set -- $3 && echo $#)"
	_edges=$(edges "$1")
	[ "$_edges" = "$3" ] || note "$1: $_edges for $3"
	[ "$_edges" = "$3" ]
	verdict $? "$1: $4"
	: >"/tmp/edges-$1"
}

at_rest() {
	attribute_is "$1" conditions none && is_on "$1"
}

# Everything that moves a line, one after the other
stories() {
	pins "$1" cell-low 1
	story "$1" 2000 "2+ 4+" "cell-low raises its line and the pre-alarm"
	pins "$1" cell-low 0
	story "$1" 5000 "2- 4-" "and takes them back"

	pins "$1" cell-undervoltage 1
	story "$1" 40000 "2+ 5+ 0-" "undervoltage, then the load disconnect (L2)"
	pins "$1" cell-undervoltage 0
	story "$1" 40000 "2- 5- 0+" "undervoltage ends, the load returns (L4)"

	for _fault in 6:cell-overvoltage 7:over-temperature 8:under-temperature \
		9:charge-inhibit; do
		pins "$1" "${_fault#*:}" 1
		story "$1" 2000 "1- ${_fault%:*}+" \
			"${_fault#*:} and the charge disconnect (C1)"
		pins "$1" "${_fault#*:}" 0
		story "$1" 5000 "${_fault%:*}- 1+" \
			"${_fault#*:} ends, charge returns (C2)"
	done

	pins "$1" over-temperature 1 under-temperature 1
	story "$1" 5000 "1- 7+ 8+ 11+" "what is implausible is a fault (F4)"
	pins "$1" over-temperature 0
	story "$1" 5000 "7- 11-" "no longer implausible, no fault"
	pins "$1" under-temperature 0
	story "$1" 5000 "8- 1+" "the last condition ends, charge returns (C2)"

	pins "$1" remote-h 0
	story "$1" 2000 "0- 1- 10-" "the terminals switch off (M3)"
	pins "$1" remote-h 1
	story "$1" 2000 "0+ 1+ 10+" "and on (M4)"

	told "$1" stirred
	echo off >"$supplies/$1/device/remote"
	story "$1" 2000 "0- 1- 3-" "the software remote switches off (M3)"
	echo on >"$supplies/$1/device/remote"
	told "$1"
	story "$1" 2000 "0+ 1+ 3+" "and on (M4)"
}

# A switch that goes off and on faster than anybody is told.  The kernel keeps
# 16 edges of a line for a program.
twitch() {
	told "$1" stirred
	# Nobody of less urgency is told anything before it is over.
	# shellcheck disable=SC2016 # for the inner shell
	chrt -f 99 sh -c 'for n in 1 2 3 4 5 6 7; do
		echo off >"$0"
		echo on >"$0"
	done' "$supplies/$1/device/remote"
	_edges="0- 1- 3- 0+ 1+ 3+"
	_edges="$_edges $_edges $_edges $_edges $_edges $_edges $_edges"
	story "$1" 5000 "$_edges" \
		"seven times off and on at once are so many edges, in turns"
	told "$1"
}

switched() {
	attribute_is "$1" remote "$2" && attribute_is "$1" load "$2" &&
		attribute_is "$1" charge "$2"
}

for label in $boards; do
	within 5000 at_rest "$label"
	gpiodetect | grep "\[$label\] (12 lines)" >/dev/null
	verdict $? "$label: the chip has the board's name and 12 lines"
	named "$label"
	verdict $? "$label: gpioinfo shows each line with its name at its offset"
	levels_are "$label" 110100000010
	verdict $? "$label: gpioget tells of a healthy board"

	listen "$label"
	verdict $? "$label: gpiomon can listen to all lines at once"
	stories "$label"
	twitch "$label"
	stop_listening

	pins "$label" cell-overvoltage 1 cell-low 1
	within 2000 has_condition "$label" cell-overvoltage
	within 5000 has_condition "$label" implausible
	levels_are "$label" 101110100010
	verdict $? "$label: gpioget tells of overvoltage with a low cell"
	healthy "$label"
	within 5000 at_rest "$label"

	told "$label" stirred
	gpioset "$label" 3=0 && within 2000 switched "$label" off
	verdict $? "$label: gpioset of the remote line switches the board off (M2)"
	[ "$(gpioget "$label" 3)" = 0 ] && switched "$label" off
	verdict $? "$label: it stays off after gpioset has ended, and reads so"
	gpioset "$label" 3=1 && within 2000 switched "$label" on
	verdict $? "$label: gpioset switches it on again"
	told "$label"
	! gpioset "$label" 0=0 2>/dev/null && switched "$label" on
	verdict $? "$label: no other line can be set"
done

ended() {
	! kill -0 "$listener" 2>/dev/null
}

for label in $boards; do
	board=$(basename "$(readlink -f "$supplies/$label/device")")
	listen "$label"
	! rmmod smallbms 2>/dev/null && at_rest "$label"
	verdict $? "$label: the module stays while gpiomon listens, and protects"
	told "$label" leaving
	echo "$board" >/sys/bus/platform/drivers/smallbms/unbind
	within 5000 ended
	verdict $? "$label: gpiomon ends when the board goes"
	wait "$listener"
	status=$?
	note "gpiomon: status $status: $(cat "/tmp/errors-$label")"
	[ $status -ne 0 ] && [ -s "/tmp/errors-$label" ]
	verdict $? "$label: it tells that there was an error"
	! gpiodetect | grep "\[$label\]" >/dev/null
	verdict $? "$label: the chip is gone"
	echo "$board" >/sys/bus/platform/drivers/smallbms/bind
	within 60000 is_on "$label" && levels_are "$label" 110100000010
	verdict $? "$label: it is back with the board"
	told "$label"
done
driver_off
verdict $? "the module goes when nobody listens"
end
