#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# suspend.sh TIMES: the system sleeps, for two seconds each time, and an input
# changes meanwhile.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

begin
needs_sleep
start
verdict $? "all boards come up with load and charge on"

# sleep_once LEVEL: the chips' own suspend brings the level
sleep_once() {
	for label in $(labels); do
		clear_record "$label"
		echo "cell-overvoltage $1" >"$bench/bench-$label/asleep"
	done
	begun=$(uptime_ms)
	sleep_for 2 || return
	between 1000 $(($(uptime_ms) - begun)) 4000
}

slept=0 bad=0
: >/tmp/took
while [ $slept -lt "$1" ]; do
	sleep_once 1 || bad=1
	within 1000 all_are charge 0 || bad=2
	for label in $(labels); do
		begun=$(when "$label" stimulus cell-overvoltage 1)
		cut=$(when "$label" set charge 0)
		[ -z "$cut" ] || echo $(($(us "$begun" "$cut"))) >>/tmp/took
	done
	sleep_once 0 || bad=3
	within 10000 all_on || bad=4
	slept=$((slept + 2))
done
note "change while asleep to output, the sleep included:" \
	"$(median </tmp/took) us in the median, slowest" \
	"$(sort -n /tmp/took | tail -n 1) us"
[ $bad -eq 0 ]
verdict $? "asleep $slept times, no change of an input is missed (T4)"

for label in $(labels); do
	echo >"$bench/bench-$label/asleep"
	pins "$label" cell-undervoltage 1
done
for label in $(labels); do
	within 1000 is_level "$label" pre-alarm 1
	[ "$(attribute "$label" disconnect_in_ms)" -gt 0 ]
	verdict $? "$label: a countdown runs"
done
! sleep_for 100 2>/dev/null
verdict $? "the system does not sleep while a countdown runs (T4)"
for label in $(labels); do
	pins "$label" cell-undervoltage 0
done
within 10000 all_on
verdict $? "all boards work afterwards"
end
