#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gather.sh TITLE COMMAND [TITLE COMMAND...]: runs test programs one after the
# other, lets their KTAP lines pass as they come, and closes with a table of the
# parts, the seconds and the processor time that each took, and the totals.
# A title that begins with "& " is of a program that runs from the beginning on, beside
# the others, with what they leave of the processors: its results must not depend on the
# host's time. Its lines are printed where it is listed, which is best at the end. If there
# are only such ones, they run one after the other as well.
# A program that fails without saying so, or ends before its plan does, counts as
# one failure more.  What a skipped test would have shown is not shown, so that
# fails too.

passed=0 failed=0 skipped=0
table=()
aside=$(mktemp -d) || exit

alone=yes
for ((n = 1; n < $#; n += 2)); do
	[ "${!n}" != "${!n#& }" ] || alone=
done

fail() {
	printf 'not ok - %s\n' "$*"
	failed=$((failed + 1))
}

# run COMMAND: and says how it ended, after how many seconds, with how many of
# processor time
run() (
	SECONDS=0
	bash -c "$1" </dev/null 2>&1
	status=$?
	# Not in a subshell, which would report its own
	times=$aside/times.$BASHPID
	times >"$times"
	busy=$(tr 'ms' '  ' <"$times" | awk 'END { printf "%.0f", 60 * ($1 + $3) + $2 + $4 }')
	echo "exit status $status $SECONDS $busy"
)

# Whether a part, of this title, runs beside others
is_beside() {
	[ "$1" != "${1#& }" ] && [ -z "$alone" ]
}

# The programs that run beside the others, one after the other
run_beside() {
	while [ $# -ge 2 ]; do
		if is_beside "$1"; then
			run "$2" >"$aside/new"
			mv "$aside/new" "$aside/$#"
		fi
		shift 2
	done
}

# result NUMBER: of one of these, once it is there
result() {
	while [ ! -e "$aside/$1" ] && kill -0 "$beside" 2>/dev/null; do
		sleep 1
	done
	cat "$aside/$1"
}

set -m		# a group of its own, to be ended as a whole
(renice -n 10 -p "$BASHPID" >/dev/null; run_beside "$@") &
beside=$!
set +m
trap 'kill -- -$beside 2>/dev/null; rm -rf "$aside"' EXIT
trap 'exit 1' INT TERM

while [ $# -ge 2 ]; do
	title=${1#& } command=$2
	printf '\n# %s\n' "$title"
	before=("$passed" "$failed" "$skipped")
	count=0 count_failed=0 planned='' status='' seconds=0 busy=0
	while IFS= read -r line; do
		case $line in
		'exit status '*)
			read -r status seconds busy <<<"${line#exit status }"
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
	done < <(if is_beside "$1"; then result $#; else run "$command"; fi)
	shift 2
	failed=$((failed + count_failed))
	if [ "$count" -eq 0 ]; then
		fail "$title: no result, exit status $status"
	elif [ "${planned:-$count}" != "$count" ]; then
		fail "$title: $count results of $planned"
	elif [ "${status:-1}" -ne 0 ] && [ "$count_failed" -eq 0 ]; then
		fail "$title: exit status $status"
	fi
	table+=("$(printf '%6d %6d %7d %7d %8d  %s' "$seconds" "$busy" $((passed - before[0])) \
		$((failed - before[1])) $((skipped - before[2])) "$title")")
done

printf '\n# %6s %6s %7s %7s %8s  %s\n' s 'cpu s' passed failed skipped part
printf '# %s\n' "${table[@]}"
summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
printf '\n%s\n' "$summary"
[ "$failed" -eq 0 ] && [ "$skipped" -eq 0 ]
