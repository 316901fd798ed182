#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# Chips that measure, and are dead: the last values stand, and no trip is late.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

TRIPS=4

property_is() {
	[ "$(cat "$supplies/$1/$2")" = "$3" ]
}

# Nothing in a supply's folder fails when it is read
all_readable() {
	for _file in "$supplies/$1"/*; do
		[ ! -f "$_file" ] || cat "$_file" >/dev/null || return
	done
}

# A chip that measures is asked
round_begins() {
	_old=$(get_bench every sensor_transfers)
	within 12000 asked_since "$_old"
}

asked_since() {
	read -r _new <"$bench/bench-every/sensor_transfers"
	[ "$_new" != "$1" ]
}

# trip: the charge goes, for what happens while a chip that measures has the bus;
# prints us
trip() {
	clear_record every
	echo "cell-overvoltage 1" >"$bench/bench-every/measuring"
	within 15000 is_level every charge 0 || return
	span every "stimulus cell-overvoltage 1" "set charge 0"
	[ "$took" ] || return
	echo "$took"
	pins every cell-overvoltage 0
	within 5000 is_level every charge 1
}

trips() {
	: >/tmp/trips
	good=0
	for _ in $(seq $TRIPS); do
		trip >>/tmp/trips || good=1
	done
	worst=$(sort -n /tmp/trips | tail -n 1)
	note "$1: edge to output $(median </tmp/trips) us in the median," \
		"at most $worst us"
}

begin
start
verdict $? "every board comes up with load and charge on"
set_bench every microvolt 13200000
set_bench every shunt_nanovolt 0
set_bench every millicelsius 25000
within 35000 property_is every capacity 70
verdict $? "70 percent by the voltage"
good=0
for what in voltage current temperature; do
	between 0 "$(attribute every measurements/${what}_age_s)" 25 || good=1
done
verdict $good "the age of each value is told"
trips "chips that answer"
between 20000 "$worst" 25000
verdict $((good + $?)) "a trip while the bank is measured is served within 5 ms after debounce (T5)"

echo nack >"$bench/bench-every/sensor_fault"
usleep 15000000
property_is every voltage_now 13200000 && property_is every capacity 70 &&
	between 5 "$(attribute every measurements/voltage_age_s)" 25
verdict $? "a chip that does not answer: the last value stands, and its age is told"
usleep 30000000
age=$(attribute every measurements/voltage_age_s)
between 40 "$age" 60
verdict $? "its age grows: $age s"
property_is every capacity 50 && property_is every capacity_error_margin 50
verdict $? "after 35 s nothing is concluded from it: the lines alone tell, 50 with a margin of 50"
property_is every voltage_now 13200000 && all_readable every
verdict $? "no property fails"
[ "$(attribute every measurements/errors)" -ge 9 ]
verdict $? "the failures are counted: $(attribute every measurements/errors)"
[ "$(dmesg | grep -c "board-every: cannot read IIO channel 'voltage'")" = 1 ]
verdict $? "the log tells it once"
attribute_is every conditions none
verdict $? "it is no fault of the lines: no condition"
trips "chips that do not answer"
between 20000 "$worst" 25000
verdict $((good + $?)) "no trip is later for it (T5)"

echo timeout >"$bench/bench-every/sensor_fault"
trips "chips that keep the bus for 35 ms"
between 30000 "$worst" 65000
verdict $((good + $?)) "chips that hang the expander's own bus: a trip waits for one transfer of theirs, 35 ms, and no more (T5)"
echo none >"$bench/bench-every/sensor_fault"
usleep 20000000
property_is every capacity 70 && dmesg | grep -q "IIO channel 'voltage' works again"
verdict $? "all is measured again when the chips answer, and the log tells"

set_bench every never_ready 1
trips "a chip that is never ready"
between 20000 "$worst" 25000
verdict $((good + $?)) "a chip whose driver waits for 5 s: no trip is later (T5)"
set_bench every microvolt 13280000
usleep 25000000
property_is every voltage_now 13280000
verdict $? "the others are measured all the same"
set_bench every never_ready 0

# The driver is unbound while it waits for the chip
set_bench every never_ready 1
round_begins
told every leaving
echo board-every >/sys/bus/platform/drivers/smallbms/unbind
is_level every load 0 && is_level every charge 0
verdict $? "a board that is unbound while a chip keeps it waiting floats its outputs (F1)"
begun=$(uptime_ms)
echo board-every >/sys/bus/platform/drivers/smallbms/bind
took=$(($(uptime_ms) - begun))
note "bound in $took ms"
[ $took -lt 1000 ]
verdict $? "and one that starts meanwhile does not wait for it"
within 3000 is_on every
verdict $? "it protects"
told every
[ ! -e "$supplies/every/temp" ] && [ -e "$supplies/every/voltage_now" ]
verdict $? "what cannot be read is not listed yet"
set_bench every never_ready 0
has_temp() {
	[ -e "$supplies/every/temp" ] && property_is every temp 250
}
within 25000 has_temp
verdict $? "it is listed with its first value"
[ "$(stat -c %a $supplies/every/temp)" = 444 ] &&
	grep -q "^POWER_SUPPLY_TEMP=250" $supplies/every/uevent
verdict $? "as every other property is"
end
