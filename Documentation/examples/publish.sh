#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Publishes a board to an MQTT broker, at first and at each change. What the broker does
# not take is tried again until it does: with "monitor | mosquitto_pub -l" it would be lost.
board=${1:-house}
broker=${2:-localhost}
port=${3:-1883}
pause=${4:-10}

{ echo; smallbms --board "$board" monitor; } | while read -r _; do
	until state=$(smallbms --board "$board" --json) &&
	      mosquitto_pub -h "$broker" -p "$port" -q 1 -r -t "smallbms/$board" -m "$state"; do
		sleep "$pause"
	done
done
