#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Terminals that do not follow (F3), and lines that cannot be true together (F4).

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

begin
start
verdict $? "all boards come up with load and charge on"
for label in $(labels); do
	grep -q load-sense "$bench/bench-$label/pins" || continue
	told "$label" short
	echo load >"$bench/bench-$label/short"
	clear_record "$label"
	within 200 is_level "$label" load 0
	verdict $? "$label: a load that is short-circuited is released at once (F3)"
	within 200 has_condition "$label" sense-mismatch
	verdict $? "$label: it is told as sense-mismatch"
	attribute_is "$label" charge on && is_level "$label" charge 1
	verdict $? "$label: charge does not care"
	usleep 4000000
	tries=$(awk '$2 == "set" && $3 == "load" && $4 == 1' \
		"$bench/bench-$label/record" | wc -l)
	note "$label: $tries tries in 4 s"
	between 1 "$tries" 5
	verdict $? "$label: it is tried again, after a back-off (F3)"
	echo none >"$bench/bench-$label/short"
	within 20000 is_on "$label"
	verdict $? "$label: the load is back when the short circuit is gone"
	told "$label"
done
for label in $(labels); do
	pins "$label" cell-overvoltage 1 cell-undervoltage 1
done
for label in $(labels); do
	within 2000 has_condition "$label" implausible
	verdict $? "$label: overvoltage with undervoltage is told as implausible (F4)"
	is_level "$label" charge 0 && is_level "$label" pre-alarm 1
	verdict $? "$label: and each line still acts (F4)"
	healthy "$label"
	within 10000 is_on "$label" && ! has_condition "$label" implausible
	verdict $? "$label: it is over when the lines are"
done
end
