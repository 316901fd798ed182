#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# suspend.sh TIMES: the system sleeps, for two seconds at most, and an input changes
# meanwhile. It does not sleep if a board can neither wake it nor sleep with its
# outputs released.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

begin
needs_sleep
start
verdict $? "all boards come up with load and charge on"

cannot=
for label in $boards; do
	described "$label" wakeup-source || described "$label" release-in-suspend ||
		cannot=$label
done
if [ "$cannot" ]; then
	! sleep_for 100 2>/dev/null
	verdict $? "the system does not sleep: $cannot is no wakeup source (T4)"
	all_on
	verdict $? "load and charge stay on"
	end
fi

# sleep_once LABEL LEVEL: the chip's own suspend brings the level
sleep_once() {
	clear_record "$1"
	echo "cell-overvoltage $2" >"$bench/bench-$1/asleep"
	begun=$(uptime_ms)
	# It is refused while a terminal that was just switched settles.
	within 1000 sleep_for 2 2>/dev/null &&
		between 0 $(($(uptime_ms) - begun)) 4000
	_slept=$?
	echo >"$bench/bench-$1/asleep"
	return $_slept
}

slept=0 bad=0
: >/tmp/took
while [ $slept -lt "$1" ]; do
	for label in $boards; do
		sleep_once "$label" 1 || bad=1
		within 1000 is_level "$label" charge 0 || bad=2
		span "$label" "stimulus cell-overvoltage 1" "set charge 0"
		[ -z "$took" ] || echo "$took" >>/tmp/took
		sleep_once "$label" 0 || bad=3
		within 10000 all_on || bad=4
	done
	slept=$((slept + 2))
done
note "change while asleep to output, the sleep included:" \
	"$(median </tmp/took) us in the median, slowest" \
	"$(sort -n /tmp/took | tail -n 1) us"
[ $bad -eq 0 ]
verdict $? "asleep $slept times each, no change of an input is missed (T4)"

for label in $boards; do
	pins "$label" cell-undervoltage 1
done
for label in $boards; do
	within 1000 is_level "$label" pre-alarm 1
	[ "$(attribute "$label" disconnect_in_ms)" -gt 0 ]
	verdict $? "$label: a countdown runs"
done
! sleep_for 100 2>/dev/null
verdict $? "the system does not sleep while a countdown runs (T4)"
for label in $boards; do
	pins "$label" cell-undervoltage 0
done
within 10000 all_on
verdict $? "all boards work afterwards"
end
