# SPDX-License-Identifier: GPL-2.0
#
# Completes the command line of smallbms(1) in fish. The words come from the
# program itself, so that they are those of its version.

# The words and explanations of the lines that "smallbms help ..." indents by two
function __smallbms_helped
	smallbms help $argv 2>/dev/null |
		string match -rg '^  ([a-z][^ ]*)'
end

function __smallbms_boards
	smallbms list 2>/dev/null | string match -rg '^([^ :]*): '
end

# What is behind the command: its arguments so far
function __smallbms_arguments
	set -l words (commandline -opc)
	set -e words[1]
	set -l found
	while set -q words[1]
		switch $words[1]
			case --board --sysfs-root --timeout --since --until --lines --directory \
				--decode --soc --current --count --warning --critical --recover \
				--output -t -w -c
				set -e words[1]
			case '-*'
			case '*'
				set -a found $words[1]
		end
		set -e words[1]
	end
	set -q found[1]; and printf '%s\n' $found
end

# Whether the command is one of these, and has no argument yet
function __smallbms_after
	set -l words (__smallbms_arguments)
	test (count $words) -eq 1; and contains -- $words[1] $argv
end

function __smallbms_of
	set -l words (__smallbms_arguments)
	set -q words[1]; and contains -- $words[1] $argv
end

function __smallbms_conditions
	smallbms help wait 2>/dev/null | awk '
		/^[^ ]/ { name = "" }
		/^  [a-z]/ { name = $1; sub(/^  [^ ]+/, "") }
		name != "" { all[name] = all[name] " " $0 }
		END {
			for (name in all) {
				count = split(all[name], values, ",")
				for (i = 1; i <= count; i++) {
					gsub(/^ +| +$/, "", values[i])
					print name "=" (values[i] == "a number" ? "" : values[i])
				}
			}
		}'
end

complete -c smallbms -f
complete -c smallbms -n 'test (count (__smallbms_arguments)) -eq 0' -a '(__smallbms_helped)'
complete -c smallbms -n '__smallbms_after help' -a '(__smallbms_helped)'
complete -c smallbms -n '__smallbms_after get' -a '(__smallbms_helped get)'
complete -c smallbms -n '__smallbms_after remote' -a 'on off'
complete -c smallbms -n '__smallbms_after charge' -a 'auto inhibit'
complete -c smallbms -n '__smallbms_after load' -a 'auto shed off'
complete -c smallbms -n '__smallbms_after floor' -a none
complete -c smallbms -n '__smallbms_after shunt power-down' -F
complete -c smallbms -n '__smallbms_of wait' -a '(__smallbms_conditions)'
complete -c smallbms -l board -x -a '(__smallbms_boards)' -d 'This board'
complete -c smallbms -l json -d 'JSON instead of text'
complete -c smallbms -l color -x -a 'auto always never'
complete -c smallbms -l sysfs-root -r -d 'For tests'
complete -c smallbms -s h -l help
complete -c smallbms -s V -l version
complete -c smallbms -n '__smallbms_of monitor' -l initial -d 'First how the boards are now'
complete -c smallbms -n '__smallbms_of monitor' -l count -x -d 'End after that many changes'
complete -c smallbms -n '__smallbms_of monitor wait check commission' -s t -l timeout -x -d 'Seconds'
complete -c smallbms -n '__smallbms_of wait' -s q -l quiet
complete -c smallbms -n '__smallbms_of log' -l since -x
complete -c smallbms -n '__smallbms_of log' -l until -x
complete -c smallbms -n '__smallbms_of log' -l lines -x
complete -c smallbms -n '__smallbms_of log' -l follow
complete -c smallbms -n '__smallbms_of log shunt' -l directory -r
complete -c smallbms -n '__smallbms_of check' -s w -l warning -x
complete -c smallbms -n '__smallbms_of check' -s c -l critical -x
complete -c smallbms -n '__smallbms_of floor' -l recover -x
complete -c smallbms -n '__smallbms_of metrics commission' -l output -r
complete -c smallbms -n '__smallbms_of commission' -l resume
complete -c smallbms -n '__smallbms_of power-down' -l check
complete -c smallbms -n '__smallbms_of wiring' -l rst
complete -c smallbms -n '__smallbms_of shunt' -l decode -r
complete -c smallbms -n '__smallbms_of shunt' -l wait
complete -c smallbms -n '__smallbms_of shunt' -l simulate
complete -c smallbms -n '__smallbms_of shunt' -l soc -x
complete -c smallbms -n '__smallbms_of shunt' -l current -x
