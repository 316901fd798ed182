#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # within() calls functions
# regulator-fixed tells consumers of undervoltage, which it has of a board's interrupt.

# shellcheck source-path=SCRIPTDIR/../../machine/expander source=lib.sh
. ../../machine/expander/lib.sh
begin
start
verdict $? "a board starts on a chip of the bench"
modprobe fixed && insmod /lib/smallbms-consumer.ko
verdict $? "regulator-fixed and a driver that it feeds can be loaded"

told_times() {
	[ "$(dmesg | grep -c 'smallbms-consumer.*told of undervoltage')" = "$1" ]
}

grep -lx house-bank /sys/class/regulator/*/name
verdict $? "the bank is a regulator"
note "$(grep under-voltage /proc/interrupts)"
grep -q "under-voltage" /proc/interrupts
verdict $? "which has taken the board's interrupt"
told_times 0
verdict $? "its consumer is told of nothing while the bank is well"
pins house cell-low 1
within 2000 attribute_is house pre_alarm on && told_times 0
verdict $? "nor of a low cell"
pins house cell-undervoltage 1
within 2000 told_times 1
verdict $? "the consumer is told of undervoltage, before the load goes"
is_level house load 1
verdict $? "which is still on then"
healthy house
within 10000 is_on house
pins house cell-undervoltage 1
within 2000 told_times 2
verdict $? "and again, when it is back"
healthy house
within 10000 is_on house
note "$(dmesg | grep smallbms-consumer)"

board=$(basename "$(readlink -f "$supplies/house/device")")
told house leaving
echo "$board" >/sys/bus/platform/drivers/smallbms/unbind
[ ! -e "$supplies/house" ]
verdict $? "the board may go while the regulator has its interrupt"
echo "$board" >/sys/bus/platform/drivers/smallbms/bind
within 60000 is_on house
verdict $? "and comes back"
told house
end
