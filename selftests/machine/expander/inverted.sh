#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# inverted.sh: over-temperature is active low, on the pin of remote-loop, and acts like
# any other line.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

LIMIT_US=$((20000 + 100000))

begin
for label in $boards; do
	# the monitor does not see why charge is cut
	told "$label" stirred
	healthy "$label"
	pins "$label" remote-loop 1
done
modprobe smallbms
within 10000 all_on
verdict $? "all boards come up with load and charge on, the line high"
for label in $boards; do
	clear_record "$label"
	pins "$label" remote-loop 0
	within 3000 is_level "$label" charge 0
	span "$label" "stimulus remote-loop 0" "set charge 0"
	between 20000 "$took" $LIMIT_US
	verdict $? "$label: low, it cuts charge in time: ${took:-never} us (C1, T5)"
	has_condition "$label" over-temperature
	verdict $? "$label: the condition is told"
	pins "$label" remote-loop 1
	within 5000 is_on "$label"
	verdict $? "$label: high, it lets charge on again (C2)"
done
end
