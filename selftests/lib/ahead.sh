#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ahead.sh NAME... -- COMMAND...: runs the command, and meanwhile, with what it leaves of
# the processors, has the cache make these, which the command needs later.  What fails
# here is tried again there, and reported.

names=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	names+=("$1")
	shift
done
shift

set -m		# a process group of its own, to be ended as a whole
(for name in "${names[@]}"; do
	nice -n 19 "$(dirname "$0")/cache" "$name"
done) </dev/null >/dev/null 2>&1 &
making=$!
set +m
trap 'kill -- -$making 2>/dev/null' EXIT
trap 'exit 1' INT TERM
"$@"
