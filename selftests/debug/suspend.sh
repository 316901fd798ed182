#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# suspend.sh TIMES: the system sleeps, and an input changes meanwhile.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

begin
if [ ! -e /sys/power/pm_test ]; then
	echo "1..0 # SKIP no suspend in this kernel"
	exit 4
fi
start
verdict $? "all boards come up with load and charge on"
# Everything but the sleep itself, of which no alarm would wake this machine
echo platform >/sys/power/pm_test
echo 0 >/sys/module/suspend/parameters/pm_test_delay 2>/dev/null
echo Y >/sys/module/printk/parameters/console_suspend 2>/dev/null

sleep_once() {
	for label in $(labels); do
		clear_record "$label"
		echo "cell-overvoltage $1" >"$bench/bench-$label/asleep"
	done
	echo freeze >/sys/power/state
}

slept=0 bad=0
rm -f /tmp/took
while [ $slept -lt "$1" ]; do
	sleep_once 1 || bad=1
	within 1000 all_are charge 0 || bad=2
	for label in $(labels); do
		begun=$(when "$label" stimulus cell-overvoltage 1)
		cut=$(when "$label" set charge 0)
		[ -z "$cut" ] || us "$begun" "$cut" >>/tmp/took
		echo >>/tmp/took
	done
	sleep_once 0 || bad=3
	within 10000 all_on || bad=4
	slept=$((slept + 2))
done
sed -i '/^$/d' /tmp/took
note "change while asleep to output, the way back up included:" \
	"$(median </tmp/took) us in the median, slowest" \
	"$(sort -n /tmp/took | tail -n 1) us"
verdict $bad "asleep $slept times, no change of an input is missed"
for label in $(labels); do
	echo "" >"$bench/bench-$label/asleep"
	pins "$label" cell-undervoltage 1
done
for label in $(labels); do
	within 1000 is_level "$label" pre-alarm 1
	[ "$(attribute "$label" disconnect_in_ms)" -gt 0 ]
	verdict $? "$label: a countdown runs"
done
begun=$(uptime_ms)
if echo freeze >/sys/power/state 2>/dev/null; then
	note "the system slept, and was back after $(($(uptime_ms) - begun)) ms"
	false
fi
verdict $? "the system does not sleep while a countdown runs (T4)"
echo none >/sys/power/pm_test
for label in $(labels); do
	pins "$label" cell-undervoltage 0
done
within 10000 all_on
verdict $? "all boards work afterwards"
end
