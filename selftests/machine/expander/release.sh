#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# release.sh KIND...: the driver leaves a board, and each transfer of that fails once,
# in each of the ways named; then the bus is dead (F1).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

driver=/sys/bus/platform/drivers/smallbms
# 100 ms of attempts, and what the last of them takes
LIMIT_MS=300

begin
start
verdict $? "all boards come up with load and charge on"
label=$boards
told "$label" leaving

floats() {
	is_level "$label" load 0 && is_level "$label" charge 0
}

# unbind, with what was ordered to fail; $took_ms
unbind() {
	begun_ms=$(uptime_ms)
	echo "board-$label" >$driver/unbind
	took_ms=$(($(uptime_ms) - begun_ms))
}

bind_again() {
	fault "$label" none
	echo "board-$label" >$driver/bind
	within 5000 is_on "$label"
}

set_bench "$label" transfers 0
unbind
total=$(get_bench "$label" transfers)
floats && bind_again
verdict $? "$label: it is released by $total transfers when nothing fails"

for kind; do
	bad=0 lost=0 longest_ms=0 n=1
	while [ "$n" -le "$total" ]; do
		fault "$label" "$kind" "$n" 1
		unbind
		floats || bad=$((bad + 1))
		[ "$took_ms" -le $longest_ms ] || longest_ms=$took_ms
		bind_again || lost=$((lost + 1))
		n=$((n + 1))
	done
	note "$kind: longest $longest_ms ms"
	[ $bad -eq 0 ] && [ $longest_ms -le $LIMIT_MS ]
	verdict $? "$label: whichever of them meets '$kind', load and charge float (F1)"
	verdict $lost "$label: and the board can be bound again"
done

fault "$label" nack
unbind
between 100 "$took_ms" $LIMIT_MS
verdict $? "$label: while the bus is dead it is tried for 100 ms ($took_ms ms)"
good=0
for output in load charge; do
	dmesg | grep -q "board-$label: failed to release $output-gpios" || good=1
done
verdict $good "$label: the log names the outputs that could not be released (F1)"
bind_again
verdict $? "$label: all is well when the bus is back"
told "$label"
end
