#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bind.sh TIMES [READERS]: boards are unbound and bound while edges come in, timers
# run and READERS (8) read every attribute.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

driver=/sys/bus/platform/drivers/smallbms

begin
start
verdict $? "all boards come up with load and charge on"
flicker
folders=
for label in $boards; do
	folders="$folders $supplies/$label $(realpath "$supplies/$label/device")"
	folders="$folders $(realpath "$supplies/$label/device")/stats"
done
rm -f /tmp/stop
# shellcheck disable=SC2086 # a list of folders
stir read "${2-8}" /tmp/stop $folders >/tmp/readers 2>&1 &
readers=$!
done=0 bad=0
while [ "$done" -lt "$1" ]; do
	for label in $boards; do
		echo "board-$label" >$driver/unbind || bad=1
		echo "board-$label" >$driver/bind || bad=1
	done
	done=$((done + 1))
done
: >/tmp/stop
wait $readers
verdict $? "${2-8} readers get values, or hear that the device is going"
head -n 5 /tmp/readers
sed 's/^/# /' /tmp/stir.read
longest=$(sed 's/.*longest_ms //' /tmp/stir.read | sort -n | tail -n 1)
limit=2000
# Under the debug kernels an unbind takes seconds, and readers wait for it
[ "${KERNEL-stock}" = stock ] || limit=20000
between 0 "$longest" $limit
verdict $? "no read takes longer than $limit ms ($longest ms)"
verdict $bad "the boards are unbound and bound $done times under edges"
calm
end
