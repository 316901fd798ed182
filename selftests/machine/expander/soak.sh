#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh SEED ROUNDS: whatever can happen to a board, at random and several at a
# time. The monitor watches; after each round all must be well again.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

# One thing to happen a line, as "LABEL FILE WORDS"
draw() {
	echo "$boards" | awk -v RS='[ \n]' -v seed="$1" '
	function any(n) { return int(rand() * n) }
	# a bus that lies again and again is believed
	function fault(kind) {
		printf "fault %s %d %d", kind, 1 + any(30),
			kind == "corrupt" ? 1 : 1 + any(10)
	}
	{ label[count++] = $1 }
	END {
		srand(seed)
		lines = split("cell-low cell-undervoltage cell-overvoltage " \
			"over-temperature under-temperature charge-inhibit " \
			"remote-h", line)
		kinds = split("nack timeout arbitration corrupt deaf reset", kind)
		for (n = 0; n < 30; n++) {
			what = any(12)
			printf "%s ", label[any(count)]
			if (what < 5)
				printf "pins %s %d", line[1 + any(lines)], any(2)
			else if (what < 8)
				fault(kind[1 + any(kinds)])
			else if (what == 8)
				printf "lose_percent %d", any(101)
			else if (what == 9)
				printf "int_stuck %d", any(2)
			else if (what == 10)
				printf "bounce %s %d %d", line[1 + any(lines)],
					1 + any(20000), any(3000)
			else
				printf "reset 1"
			# mostly at once, now and then after a while
			printf " %d\n", any(4) ? any(50) : any(12000)
		}
	}'
}

begin
start
verdict $? "all boards come up with load and charge on"
for label in $boards; do
	# a lost interrupt costs a re-scan, and unreadable lines act
	set_bench "$label" grace_ms 1500
	told "$label" unreadable
	echo 1000 >"$supplies/$label/device/load_reconnect_delay_ms"
	set_bench "$label" load_reconnect_ms 1000
done
seed=$1
while [ "$seed" -lt $(($1 + $2)) ]; do
	draw "$seed" >/tmp/things
	while read -r label file words; do
		pause_ms=${words##* }
		if [ -e "$bench/bench-$label/$file" ]; then
			echo "${words% *}" >"$bench/bench-$label/$file"
		fi
		usleep $((pause_ms * 1000))
		# or the kernel gives up the interrupt, which stuck.sh is for
		[ "$file" != int_stuck ] || [ ! -e "$bench/bench-$label/$file" ] ||
			set_bench "$label" int_stuck 0
	done </tmp/things
	for label in $boards; do
		echo "cell-low 0 0" >"$bench/bench-$label/bounce"
		set_bench "$label" lose_percent 0
		if [ -e "$bench/bench-$label/fault" ]; then
			set_bench "$label" int_stuck 0
			fault "$label" none
		fi
		healthy "$label"
	done
	within 200000 all_on
	verdict $? "seed $seed: whatever happened, all is well again"
	truth=0
	for label in $boards; do
		attribute_is "$label" load on && attribute_is "$label" charge on ||
			truth=1
	done
	verdict $truth "seed $seed: and told so"
	seed=$((seed + 1))
done
end
