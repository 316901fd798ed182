#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run_tests.sh [TEST...]: runs the tests that run inside, by the conventions of
# the kernel's selftests: a line of KTAP for each, what it says as comments, and
# exit status 4 for a test that cannot run here. Tests other than machine/expander/board.sh
# need the module smallbms-bench and a board on one of its chips, and never touch
# another.

cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- machine/expander/board.sh machine/expander/trip.sh \
	machine/expander/dead.sh machine/expander/reset.sh \
	machine/expander/sense.sh machine/expander/heartbeat.sh \
	machine/expander/users.sh machine/debug/suspend.sh

echo "TAP version 13"
echo "1..$#"
n=0 failed=0
for test; do
	n=$((n + 1))
	echo "# selftests: smallbms: $test"
	output=$(cd "${test%/*}" && sh "./${test##*/}" \
		"$([ "$test" != machine/debug/suspend.sh ] || echo 4)" 2>&1)
	status=$?
	echo "$output" | sed 's/^/# /'
	case $status in
	0) echo "ok $n selftests: smallbms: $test" ;;
	4) echo "ok $n selftests: smallbms: $test # SKIP" ;;
	*)
		echo "not ok $n selftests: smallbms: $test # exit=$status"
		failed=1
		;;
	esac
done
exit $failed
