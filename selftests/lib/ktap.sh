# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Results of tests, as KTAP on stdout:
#
#	header
#	note "what may help whoever reads a failure"
#	[ "$answer" = 42 ]
#	verdict $? "a sentence that is true if the test passes"
#	end

results=0
failures=0
planned=

# The first line
header() {
	echo "KTAP version 1"
}

# plan NUMBER: of results, if it is known before
plan() {
	planned=$1
	echo "1..$planned"
}

# note WORD...: a comment; without a word, one for each line of standard input
note() {
	if [ $# -gt 0 ]; then
		echo "# $*"
	else
		sed 's/^/# /'
	fi
}

# verdict STATUS TITLE: one result; 0 is good
verdict() {
	results=$((results + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $results - $2"
	else
		failures=$((failures + 1))
		echo "not ok $results - $2"
	fi
}

# skip WHY: nothing can be tested here; exits as the kernel's selftests do
skip() {
	echo "1..0 # SKIP $*"
	exit 4
}

# The plan, unless it was known before; exits, with failure if a test failed
end() {
	[ "$planned" ] || echo "1..$results"
	[ "$failures" -eq 0 ]
	exit
}
