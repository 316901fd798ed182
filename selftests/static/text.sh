# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Documents, and the scripts of the project.

check documents "the documents build with Sphinx, without a warning"
documents() {
	sphinx-build -q -W -E -d "$out/doctrees" Documentation "$out/html"
}

check rst "every other .rst file is valid"
rst() {
	local file

	for file in $(tree_files '*.rst' ':!Documentation'); do
		echo "$file"
		"$python" - "$file" <<-'END'
			import sys
			from docutils.core import publish_file
			publish_file(source_path=sys.argv[1], destination_path="/dev/null",
			             writer_name="html",
			             settings_overrides={"report_level": 1, "halt_level": 1})
		END
	done
}

check links "links between documents lead somewhere"
links() {
	local file

	for file in $(tree_files '*.md' '*.rst'); do
		# [text](target) and src="target", `text <target>`_
		# shellcheck disable=SC2016 # those are no shell's backquotes
		sed -nE -e 's/<(img|a) [^>]*(src|href)="([^"]*)"/\n](\3)\n/g' \
			-e 's/`[^`<]*<([^`>]*)>`_/\n](\1)\n/g' \
			-e 's/\]\(([^) ]*)\)/\n](\1)\n/gp' "$file" |
		sed -nE 's/^\]\((.*)\)$/\1/p' | sort -u |
		while IFS= read -r target; do
			case $target in
			*://*|mailto:*|'#'*)
				continue
				;;
			esac
			[ -e "$(dirname "$file")/${target%%#*}" ] ||
			echo "$file: $target"
		done
	done | complain "leads nowhere"
}

check manual "manual pages pass mandoc's lint"
manual() {
	local pages

	pages=$(tree_files '*.[1-8]')
	[ -n "$pages" ]
	# shellcheck disable=SC2086
	mandoc -T lint -W warning $pages
}

check spelling "words are spelled as in a dictionary"
spelling() {
	# A word in the list is right as it stands; two files have mistakes on purpose.
	text_files ':!COPYING' ':!selftests/scenarios/mistakes.py' \
		':!selftests/host/fuzz/core.txt' | tr '\n' '\0' |
	xargs -0r codespell --ignore-words "$here/codespell-ignore"
}

# Files that start with "#!" and an interpreter whose name begins with $1, and
# those which only the name tells ($2, a pathspec)
scripts() {
	{
		text_files | while IFS= read -r file; do
			head -n 1 "$file" |
			grep -vqE "^#!(/usr)?/bin/(env +)?$1[0-9.]*( |\$)" ||
			printf '%s\n' "$file"
		done
		tree_files "$2"
	} | sort -u
}

check shell "shell scripts pass shellcheck"
shell() {
	local files

	files=$(scripts '(ba|da)?sh' '*.sh')
	echo "$files"
	# SC1090, SC1091: what is sourced from a computed path is looked at itself
	# SC2034, SC2154: the variables of one are used in the other
	echo "$files" | tr '\n' '\0' |
	xargs -0r shellcheck -e SC1090,SC1091,SC2034,SC2154
}

check python "Python files compile without a warning"
python() {
	scripts python '*.py' | tr '\n' '\0' |
	PYTHONPYCACHEPREFIX=$out/pycache xargs -0r "$python" -W error -m py_compile
}

check pyflakes "Python files pass pyflakes"
pyflakes() {
	scripts python '*.py' | tr '\n' '\0' | xargs -0r pyflakes3
}
