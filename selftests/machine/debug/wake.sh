#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The system sleeps, and a line changes: boards with wakeup-source wake it.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

begin
needs_sleep
start
verdict $? "all boards come up with load and charge on"
for label in $(labels); do
	waking=0
	! described "$label" wakeup-source || waking=1
	clear_record "$label"
	echo "cell-overvoltage 1" >"$bench/bench-$label/asleep"
	begun=$(uptime_ms)
	sleep_for 60
	verdict $? "$label: the system sleeps"
	took=$(($(uptime_ms) - begun))
	note "$label: an input changes, and the system is up after $took ms"
	if [ $waking -eq 1 ]; then
		between 0 $took 1000
		verdict $? "$label: an edge of its lines wakes the system (wakeup-source, T4)"
	else
		between 55000 $took 65000
		verdict $? "$label: without wakeup-source it lets the system sleep"
	fi
	within 1000 is_level "$label" charge 0
	verdict $? "$label: charge is cut then"
	begun=$(when "$label" stimulus cell-overvoltage 1)
	cut=$(when "$label" set charge 0)
	[ $waking -eq 0 ] || between 0 "$(us "$begun" "$cut")" 220000
	verdict $? "$label: in time (T5)"
	echo >"$bench/bench-$label/asleep"
	pins "$label" cell-overvoltage 0
	within 10000 is_on "$label"
	verdict $? "$label: it works afterwards"
done
end
