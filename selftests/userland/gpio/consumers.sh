#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# Other drivers use the lines of boards: gpio-leds the remote, gpio-keys others.

# shellcheck source-path=SCRIPTDIR/../../machine/expander source=lib.sh
. ../../machine/expander/lib.sh
begin
start
verdict $? "boards start on the chips of the bench"
modprobe evdev && modprobe leds-gpio && modprobe gpio-keys
verdict $? "drivers that use their lines can be loaded"

lamp=/sys/class/leds/lamp/brightness

# What evdev tells: 16 bytes of time, then two each of type and code, and a value
key_events() {
	hexdump -v -e '12/2 "%u " "\n"' /tmp/keys |
		awk '$9 == 1 { printf "%d%s ", $10, $11 ? "+" : "-" }'
}

key_events_are() {
	[ "$(key_events)" = "$1" ]
}

lamp_is() {
	[ "$(cat "$lamp")" -ne 0 ] 2>/dev/null
}

[ -e "$lamp" ] && lamp_is && attribute_is cabin remote on
verdict $? "gpio-leds takes over the remote line, and leaves it on"
told cabin stirred
echo 0 >"$lamp"
within 2000 attribute_is cabin load off && attribute_is cabin remote off
verdict $? "a lamp that goes out switches the board off (M2)"
echo 1 >"$lamp"
within 2000 attribute_is cabin load on
verdict $? "a lamp that is lit switches it on"
told cabin

event=$(echo /sys/class/input/event*)
cat "/dev/input/${event##*/}" >/tmp/keys &
reader=$!
usleep 50000
pins house cell-undervoltage 1
within 2000 key_events_are "30+ "
verdict $? "gpio-keys tells of undervoltage as a key that is pressed"
pins house cell-undervoltage 0
within 4000 key_events_are "30+ 30- "
verdict $? "and released"
pins house over-temperature 1
within 4000 key_events_are "30+ 30- 31+ 31- "
verdict $? "a driver that knows interrupts alone hears of the edge"
note "$(key_events)"
healthy house
within 10000 is_on house

for label in house cabin; do
	board=$(basename "$(readlink -f "$supplies/$label/device")")
	told "$label" leaving
	echo "$board" >/sys/bus/platform/drivers/smallbms/unbind
	[ ! -e "$supplies/$label" ]
	verdict $? "$label: goes while drivers use its lines"
	echo "$board" >/sys/bus/platform/drivers/smallbms/bind
	within 60000 is_on "$label"
	verdict $? "$label: comes back"
	told "$label"
done
kill "$reader" 2>/dev/null
end
