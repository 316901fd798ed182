#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gather.sh TITLE COMMAND [TITLE COMMAND...]: runs test programs one after the
# other, lets their KTAP lines pass as they come, and closes with a table of the
# parts, the seconds that each took, and the totals.
# A program that fails without saying so, or ends before its plan does, counts as
# one failure more.  What a skipped test would have shown is not shown, so that
# fails too.

passed=0 failed=0 skipped=0
table=()

fail() {
	printf 'not ok - %s\n' "$*"
	failed=$((failed + 1))
}

while [ $# -ge 2 ]; do
	title=$1 command=$2
	shift 2
	printf '\n# %s\n' "$title"
	before=("$passed" "$failed" "$skipped")
	SECONDS=0
	count=0 count_failed=0 planned='' status=''
	while IFS= read -r line; do
		case $line in
		'exit status '*)
			status=${line#exit status }
			continue
			;;
		'ok '*'# '[Ss][Kk][Ii][Pp]*)
			skipped=$((skipped + 1)) count=$((count + 1))
			;;
		'ok '*)
			passed=$((passed + 1)) count=$((count + 1))
			;;
		'not ok '*)
			count_failed=$((count_failed + 1)) count=$((count + 1))
			;;
		'1..'*)
			planned=${line#1..}
			;;
		esac
		printf '%s\n' "$line"
	done < <(bash -c "$command" </dev/null 2>&1; echo "exit status $?")
	failed=$((failed + count_failed))
	if [ "$count" -eq 0 ]; then
		fail "$title: no result, exit status $status"
	elif [ "${planned:-$count}" != "$count" ]; then
		fail "$title: $count results of $planned"
	elif [ "$status" -ne 0 ] && [ "$count_failed" -eq 0 ]; then
		fail "$title: exit status $status"
	fi
	table+=("$(printf '%6d %7d %7d %8d  %s' $SECONDS $((passed - before[0])) \
		$((failed - before[1])) $((skipped - before[2])) "$title")")
done

printf '\n# %6s %7s %7s %8s  %s\n' s passed failed skipped part
printf '# %s\n' "${table[@]}"
summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
printf '\n%s\n' "$summary"
[ "$failed" -eq 0 ] && [ "$skipped" -eq 0 ]
