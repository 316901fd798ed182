#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# alloc.sh: every allocation of a probe fails once.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

driver=/sys/bus/platform/drivers/smallbms

begin
if [ ! -e /proc/self/fail-nth ]; then
	echo "1..0 # SKIP no fault injection in this kernel"
	exit 4
fi
start
verdict $? "all boards come up with load and charge on"
# The kernel's own fault messages would fill the console
echo 0 >/sys/kernel/debug/failslab/verbose 2>/dev/null
echo 0 >/sys/kernel/debug/fail_page_alloc/verbose 2>/dev/null
echo N >/sys/kernel/debug/failslab/ignore-gfp-wait 2>/dev/null
for label in $(labels); do
	told "$label" leaving
	echo "board-$label" >$driver/unbind
	n=1 bound=0 floating=0 result=
	while [ $n -lt 10000 ]; do
		result=$(stir fail $n $driver/bind "board-$label")
		case $result in
		not-reached*) break ;;
		failed*) ;;
		*) note "$label: n=$n: $result" ;;
		esac
		if [ -e "$driver/board-$label" ]; then
			bound=$((bound + 1))
			echo "board-$label" >$driver/unbind
		fi
		is_level "$label" load 0 && is_level "$label" charge 0 ||
			floating=1
		n=$((n + 1))
	done
	note "$label: $((n - 1)) allocations failed, $bound of them did not matter"
	case $result in
	not-reached*) [ $n -gt 10 ] ;;
	*) false ;;
	esac
	verdict $? "$label: a probe survives each of its $((n - 1)) allocations failing"
	verdict $floating "$label: after each, load and charge float (F1)"
	[ -e "$driver/board-$label" ] || echo "board-$label" >$driver/bind
	within 10000 is_on "$label"
	verdict $? "$label: it binds when nothing fails"
	told "$label"
done
end
