#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
#
# removal.sh orderly|surprise: the I2C adapter goes away under the board, with
# the board unbound before, as the kernel does by default, or without that
# (fw_devlink=permissive).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

drivers=/sys/bus/platform/drivers
way=$1

begin
start
verdict $? "all boards come up with load and charge on"

gone() {
	[ ! -e "$supplies/$1" ]
}

fails() {
	has_condition "$1" io-error || gone "$1"
}

# A board for each state: the kernel links a board to its bus once only
set -- healthy armed tripped
for label in $boards; do
	[ $# -gt 0 ] || break
	state=$1
	shift
	case $state in
	armed)
		pins "$label" cell-low 1
		within 1000 is_level "$label" pre-alarm 1
		;;
	tripped)
		pins "$label" cell-overvoltage 1
		within 1000 is_level "$label" charge 0
		;;
	esac
	told "$label" leaving
	echo "bench-$label" >$drivers/bench-i2c/unbind
	if [ "$way" = orderly ]; then
		within 3000 gone "$label"
		verdict $? "$label: $state: the board goes before the bus does"
		dmesg | grep "bench-$label: monitor" | tail -n 1 |
			grep -q "left with load 0 charge 0"
		verdict $? "$label: $state: it leaves load and charge floating (F1)"
	else
		within 1500 fails "$label"
		verdict $? "$label: $state: the loss of the bus is told"
		note "$label: $(attribute "$label" conditions)," \
			"load $(attribute "$label" load)," \
			"charge $(attribute "$label" charge)"
		[ ! -e "$drivers/smallbms/board-$label" ] ||
			echo "board-$label" >$drivers/smallbms/unbind
	fi
	echo "bench-$label" >$drivers/bench-i2c/bind
	told "$label" leaving
	healthy "$label"
	[ -e "$drivers/smallbms/board-$label" ] ||
		echo "board-$label" >$drivers/smallbms/bind 2>/dev/null
	within 10000 is_on "$label"
	verdict $? "$label: $state: all is on when the bus is back"
	told "$label"
done
end
