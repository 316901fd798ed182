#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# What is measured, by the kernel's own drivers of an INA226 and a TMP006.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# As in the device tree, by falling voltage: uV and percent
TABLE="13600000 100 13280000 90 13200000 70 13120000 50 13000000 30
	12800000 20 12400000 10 11200000 0"
RESISTANCE_MOHM=10
ROUND_MS=10000

property() {
	cat "$supplies/$1/$2"
}

property_is() {
	[ "$(property "$1" "$2")" = "$3" ]
}

# near LABEL PROPERTY VALUE BY
near() {
	between $(($3 - $4)) "$(property "$1" "$2")" $(($3 + $4))
}

# bring LABEL UV MA [MILLICELSIUS]: to the terminals; the shunt has 1 mOhm
bring() {
	set_bench "$1" microvolt "$2"
	set_bench "$1" shunt_nanovolt $(($3 * 1000))
	set_bench "$1" millicelsius "${4:-25000}"
}

# Three rounds: a value was measured twice, and all that follows from it is there
measured() {
	usleep $((3 * ROUND_MS * 1000))
}

# percent UV: by the table, from one entry to the next
percent() {
	awk -v uv="$1" -v table="$TABLE" 'BEGIN {
		n = split(table, t) / 2
		if (uv >= t[1])
			print t[2]
		else if (uv <= t[2 * n - 1])
			print t[2 * n]
		else for (i = 1; i < n; i++)
			if (uv >= t[2 * i + 1]) {
				part = (uv - t[2 * i + 1]) / (t[2 * i - 1] - t[2 * i + 1])
				printf "%d\n", t[2 * i + 2] + part * (t[2 * i] - t[2 * i + 2])
				break
			}
	}'
}

# least PERCENT: below 3 is for the lines alone
least() {
	[ "$1" -ge 3 ] && echo "$1" || echo 3
}

# margin UV PERMILLE: how far the table is from UV's, that much off
margin() {
	_off=$(($1 * $2 / 1000))
	_told=$(least "$(percent "$1")")
	_below=$((_told - $(least "$(percent $(($1 - _off)))")))
	_above=$(($(percent $(($1 + _off))) - _told))
	[ $_below -gt $_above ] || _below=$_above
	[ $_below -gt 5 ] || _below=5
	echo $_below
}

begin
modprobe -a ina2xx-adc tmp006
verdict $? "the kernel's own drivers of the chips load"
bring every 13200000 0
bring voltage 13200000 0
start
verdict $? "every board comes up with load and charge on"

property_is every voltage_now 13200000 && property_is every current_now 0 &&
	property_is every temp 250
verdict $? "a board that has just been bound tells what is measured"
good=0
for uv in 8001250 12346250 13999999 30123456 36000000; do
	bring every $uv 0
	measured
	near every voltage_now $uv 1250 || good=1
	note "$uv uV at the bank, voltage_now $(property every voltage_now)"
done
verdict $good "voltage_now is the bank's voltage, to a bit of the INA226 (1.25 mV)"
good=0
for ma in 10000 -10000 81900 -81900 53 -53; do
	bring every 13200000 $ma
	measured
	near every current_now $((ma * 1000)) 2500 || good=1
	case $ma in
	-*) property_is every status Discharging || good=1 ;;
	*) property_is every status Charging || good=1 ;;
	esac
	note "$ma mA, current_now $(property every current_now)," \
		"$(property every status)"
done
verdict $good "current_now is the shunt's current, positive while charging, and tells the status"
good=0
seen=$(cat /sys/kernel/uevent_seqnum)
for ma in 25 -25 48 0 -48 25; do
	bring every 13200000 $ma
	measured
	property_is every status Discharging || good=1
done
verdict $good "a current of up to 50 mA is no other status"
[ "$seen" = "$(cat /sys/kernel/uevent_seqnum)" ]
verdict $? "and no event"
good=0
for celsius in -20000 -5250 0 25000 61230; do
	bring every 13200000 0 $celsius
	measured
	near every temp $((celsius / 100)) 1 || good=1
	note "$celsius mC, temp $(property every temp)"
done
verdict $good "temp is in tenths of a degree"
[ ! -e $supplies/voltage/current_now ] && [ ! -e $supplies/voltage/temp ] &&
	[ -e $supplies/voltage/voltage_now ]
verdict $? "a property that is not wired is not listed"
[ ! -e $supplies/wrong/voltage_now ] && [ -e $supplies/wrong/current_now ] &&
	dmesg | grep -q "cannot use IIO channel 'voltage'"
verdict $? "a current that is wired as the voltage is refused, and named"
is_on wrong
verdict $? "the board protects all the same"

# The table, at its points and between them
good=0
for uv in 14500000 13600000 13440000 13280000 13240000 13200000 13160000 \
	13120000 13060000 13000000 12900000 12800000 12600000 12400000 \
	11800000 11500000; do
	bring every $uv 0
	measured
	near every capacity "$(percent $uv)" 1 || good=1
	near every capacity_error_margin "$(margin $uv 8)" 2 || good=1
	note "$uv uV: capacity $(property every capacity) by" \
		"$(percent $uv), margin $(property every capacity_error_margin)" \
		"by $(margin $uv 8)"
done
verdict $good "capacity is what the OCV table says, at its points and between, and so is the margin"
for uv in 11200000 8500000; do
	bring every $uv 0
	measured
	property_is every capacity 3
	verdict $? "$uv uV: a voltage alone never says less than 3, where desktops power off"
done
good=0
for ma in 10000 -10000 -40000; do
	bring every $((13160000 + ma * RESISTANCE_MOHM)) $ma
	measured
	near every capacity 60 1 || good=1
	note "$ma mA: capacity $(property every capacity)"
done
verdict $good "a current through a known resistance does not change the capacity"
bring every 12200000 0 2000
measured
property_is every capacity 50
verdict $? "the table is the one for the temperature"
bring voltage 13160000 0
measured
near voltage capacity 60 1 &&
	near voltage capacity_error_margin "$(margin 13160000 24)" 2
verdict $? "where the current is not known the margin is wider"

# A load for a moment, or a reading that is wrong
bring every 13200000 0
measured
dips=0
seen=$(cat /sys/kernel/uevent_seqnum)
for uv in 11900000 14500000 9000000; do
	bring every $uv 0
	within 12000 near every voltage_now $uv 1250 || dips=1
	bring every 13200000 0
	within 12000 near every voltage_now 13200000 1250 || dips=1
	property_is every capacity 70 || dips=1
	usleep $((ROUND_MS * 1000))
done
[ $dips -eq 0 ] && [ "$seen" = "$(cat /sys/kernel/uevent_seqnum)" ]
verdict $? "a voltage that dips or leaps for one reading changes no capacity, and is no event"

# What the lines know clips what the voltage says
clipped() {
	property_is every capacity "$1" && property_is every capacity_level "$2" &&
		property_is every capacity_error_margin 5
}

bring every 13200000 0
measured
property_is every capacity 70 && property_is every capacity_level Normal
verdict $? "70 percent by the voltage, while no line says anything"
pins every cell-low 1
within 2000 clipped 5 Low
verdict $? "cell-low: 5 percent whatever the voltage says"
bring every 11300000 0
measured
clipped 3 Low
verdict $? "cell-low: less if the voltage says so, but not what undervoltage means"
pins every cell-undervoltage 1
within 2000 clipped 1 Critical
verdict $? "undervoltage: 1 percent"
bring every 13500000 0
measured
clipped 1 Critical
verdict $? "undervoltage: 1 percent whatever the voltage says"
healthy every
within 90000 is_on every
verdict $? "all is on again (L4)"
bring every 12500000 0
measured
pins every cell-overvoltage 1
within 2000 clipped 100 Full
verdict $? "overvoltage: 100 percent whatever the voltage says"
healthy every
within 5000 is_on every
verdict $? "charge is on again (C2)"

# B3; the INA226 ends at 41 V, so the upper limit is not met here
bring every 8000000 0
measured
! has_condition every voltage-out-of-range
verdict $? "8 V are within the board's range (B3)"
smallbms --board every wait conditions=voltage-out-of-range --timeout 60 &
waiter=$!
bring every 7998750 0
within 25000 has_condition every voltage-out-of-range
verdict $? "less than 8 V is reported as a condition (B3)"
wait $waiter
verdict $? "who poll()s the conditions is woken by it (B3)"
dmesg | grep -q "board-every: voltage is 7998 mV, outside 8 to 70 V"
verdict $? "and as a message (B3)"
is_on every
verdict $? "no output follows from it"
bring every 13200000 0
within 25000 attribute_is every conditions none
verdict $? "it goes when the voltage is within it again (B3)"

# What it costs
bring every 13161250 0
measured
set_bench every sensor_transfers 0
for _ in $(seq 50); do
	cat $supplies/every/uevent $supplies/every/capacity >/dev/null
done
[ "$(get_bench every sensor_transfers)" -le 4 ]
verdict $? "who reads properties does not touch the bus"
set_bench every sensor_transfers 0
seen=$(cat /sys/kernel/uevent_seqnum)
for n in $(seq 12); do
	# a bit more, a bit less
	bring every $((13161250 + n % 2 * 1250)) $((n % 3 - 1))
	usleep 10000000
done
note "120 s: $(get_bench every sensor_transfers) transfers," \
	"$(($(cat /sys/kernel/uevent_seqnum) - seen)) events"
# voltage and current take one each, the temperature takes two
between 40 "$(get_bench every sensor_transfers)" 52
verdict $? "a round in 10 s, and no more"
[ "$seen" = "$(cat /sys/kernel/uevent_seqnum)" ]
verdict $? "noise is no event"
bring every 13000000 0
measured
[ "$seen" != "$(cat /sys/kernel/uevent_seqnum)" ]
verdict $? "another capacity is one"
if [ -e $rtc ]; then
	set_bench every sensor_transfers 0
	slept=$(uptime_ms)
	sleep_for 120
	slept=$(($(uptime_ms) - slept))
	note "slept, $slept ms: $(get_bench every sensor_transfers) transfers"
	[ $slept -ge 119000 ] &&
		[ "$(get_bench every sensor_transfers)" -le 8 ]
	verdict $? "nothing is measured while the system sleeps"
	measured
	near every voltage_now 13000000 1250 &&
		[ "$(attribute every measurements/voltage_age_s)" -le 10 ]
	verdict $? "it goes on afterwards"
fi
end
