#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# alloc.sh [CORE_STEP [STEP]]: allocations of a probe fail, one at a time. Either the
# probe fails, and the outputs float (F1), or the board protects, and what reports for it
# and is missing comes by itself (F0). That is each CORE_STEP-th (1) allocation of the
# core and of the log, which comes first and has few, and each STEP-th (15) of the others
# that report, which takes long; KUnit fails each call of those. Named at the end are
# those that cannot slip through: the log, unless CORE_STEP is more, and what has many
# more than STEP.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

CORE_STEP=${1-1}
STEP=${2-15}
driver=/sys/bus/platform/drivers/smallbms

# Supply, attributes, gauge, hwmon, GPIO chip; and "added" in the log for each "failed to add"
all_there() {
	set -- "$device"/gpiochip* "$device"/hwmon/hwmon*
	[ -e "$device/load" ] && [ -e "$device/stats/rescans" ] &&
		[ -e "$device/gauge/soc_permille" ] &&
		[ -e "$supplies/$label" ] && [ -e "$1" ] && [ -e "$2" ] || return
	# most often nothing failed
	ask log
	[ "$answer" != 0 ] || return 0
	dmesg >/tmp/log
	sed -n "s/.*smallbms board-$label: \(.*\): failed to add.*/\1/p" \
		/tmp/log | sort >/tmp/failed
	sed -n "s/.*smallbms board-$label: \(.*\): added.*/\1/p" \
		/tmp/log | sort >/tmp/added
	cmp -s /tmp/failed /tmp/added
}

# ask WHAT: asks stir, which saves a fork; the reply is in $answer
ask() {
	answer=
	echo "$1" >&5
	read -r answer <&6
}

judge_bound() {
	bound=$((bound + 1))
	within 5000 is_on "$label" || {
		off=1
		note "$label: n=$n: load and charge are not on"
	}
	: >/tmp/failed
	if ! all_there; then
		late=$((late + 1))
		# the next try comes after 1 s; to ask meanwhile costs more
		usleep 1050000
		within 10000 all_there || {
			incomplete=1
			note "$label: n=$n: missing: $(tr '\n' ' ' </tmp/failed)"
		}
	fi
	[ ! -s /tmp/failed ] || cat /tmp/failed >>/tmp/observers
	echo "board-$label" >$driver/unbind
}

among() {
	grep -q "^$1$" /tmp/observers
	verdict $? "$label: among them were failures to add: $1"
}

begin
if [ ! -e /proc/self/fail-nth ]; then
	skip "no fault injection in this kernel"
fi
start
verdict $? "all boards come up with load and charge on"
# The kernel's own fault messages would fill the console
echo 0 >/sys/kernel/debug/failslab/verbose 2>/dev/null
echo 0 >/sys/kernel/debug/fail_page_alloc/verbose 2>/dev/null
echo N >/sys/kernel/debug/failslab/ignore-gfp-wait 2>/dev/null
# if stir ends, there is no answer
trap '' PIPE
for label in $boards; do
	device=/sys/bus/platform/devices/board-$label
	told "$label" leaving
	echo "board-$label" >$driver/unbind
	n=1 tried=0 bound=0 late=0 off=0 incomplete=0 floating=0
	: >/tmp/observers
	mkfifo /tmp/questions /tmp/answers
	stir fail $driver/bind "board-$label" 'failed to add' \
		</tmp/questions >/tmp/answers &
	exec 5>/tmp/questions 6</tmp/answers
	while [ $n -lt 10000 ]; do
		ask $n
		case $answer in
		not-reached*) break ;;
		failed*) ;;
		*)
			note "$label: n=$n: ${answer:-stir has ended}"
			break
			;;
		esac
		tried=$((tried + 1))
		step=$CORE_STEP
		if [ -e "$driver/board-$label" ]; then
			judge_bound
			[ ! -s /tmp/observers ] || step=$STEP
		fi
		is_level "$label" load 0 && is_level "$label" charge 0 ||
			floating=1
		n=$((n + step))
	done
	note "$label: $tried of about $n allocations failed: $((tried - bound)) probes did, $late boards were incomplete at first"
	exec 5>&- 6<&-
	rm /tmp/questions /tmp/answers
	wait
	case $answer in
	not-reached*) [ $tried -gt 10 ] && [ $bound -gt 10 ] && [ $bound -lt $tried ] ;;
	*) false ;;
	esac
	verdict $? "$label: allocations fail one at a time, and some fail the probe"
	verdict $off "$label: a board that is bound then has load and charge on (F0)"
	verdict $incomplete "$label: what reports for it is complete, by itself (F0)"
	note "$label: failed to be added: $(sort /tmp/observers | uniq -c | tr -s ' \n' ' ,')"
	[ "$CORE_STEP" -gt 1 ] || among log
	for each in attributes 'power supply' 'GPIO chip'; do
		among "$each"
	done
	verdict $floating "$label: load and charge float without the driver (F1)"
	[ -e "$driver/board-$label" ] || echo "board-$label" >$driver/bind
	within 10000 is_on "$label"
	verdict $? "$label: it binds when nothing fails"
	told "$label"
done
end
