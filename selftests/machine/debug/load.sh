#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# load.sh TIMES: the module comes and goes while edges come in.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

begin
start
verdict $? "all boards come up with load and charge on"
flicker
done=0 bad=0
while [ "$done" -lt "$1" ]; do
	rmmod smallbms || bad=1
	for label in $boards; do
		is_level "$label" load 0 && is_level "$label" charge 0 || bad=2
	done
	modprobe smallbms || bad=3
	done=$((done + 1))
done
verdict $bad "the module comes and goes $done times under edges, outputs floating (F1)"
calm
end
