#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The driver's unit tests, of what needs a kernel but no board (KUnit).

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

module=/lib/smallbms-kunit.ko
results_of=/sys/kernel/debug/kunit

begin
if [ ! -d $results_of ] || [ ! -e $module ]; then
	skip "no KUnit in this kernel, or no module smallbms-kunit"
fi
start
verdict $? "all boards come up with load and charge on"
driver_off
verdict $? "the driver can be unloaded"
insmod $module
verdict $? "the driver can be loaded as a module of unit tests"
for suite in attrs gauge gpiochip hwmon iio leds log measurements supply terminal; do
	file=$results_of/smallbms-$suite/results
	sed -n 's/^    # */# /p' "$file" 2>/dev/null
	# "    ok 1 A sentence": one case each
	sed -n 's/^    \(ok\|not ok\) [0-9]* \(- \)\{0,1\}/\1 /p' "$file" \
		>/tmp/kunit 2>/dev/null
	while read -r line; do
		case $line in
		ok*) verdict 0 "${line#ok }" ;;
		*) verdict 1 "${line#not ok }" ;;
		esac
	done </tmp/kunit
	grep -q "^ok .*smallbms-$suite" "$file"
	verdict $? "all unit tests of $suite have passed"
done
rmmod smallbms-kunit
verdict $? "the module of unit tests can be unloaded"
modprobe smallbms && within 20000 all_on
verdict $? "the boards work afterwards"
end
