# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What holds for the repository as a whole.

# Files of the project: tracked or about to be, and not deleted.
tree_files() {
	git ls-files -co --exclude-standard -- "$@" | sort -u |
	while IFS= read -r file; do
		[ ! -e "$file" ] || printf '%s\n' "$file"
	done
}

# The same, without what no person wrote or reads as text
text_files() {
	tree_files "$@" | while IFS= read -r file; do
		[ ! -s "$file" ] || ! grep -qI '' "$file" || printf '%s\n' "$file"
	done
}

# complain WHAT: fails, showing standard input, unless that is empty
complain() {
	local lines

	lines=$(cat)
	[ -z "$lines" ] && return
	printf '%s:\n%s\n' "$1" "$lines"
	return 1
}

check top_level "the top level holds only what belongs there"
top_level() {
	tree_files | sed 's#/.*##' | sort -u |
	{ grep -vE '^(\..*|Kbuild|Makefile|README\.md|COPYING|dkms\.conf|driver|dt-bindings|tools|selftests|Documentation)$' || :; } |
	complain "does not belong there"
}

check licences "every file names its licence"
licences() {
	local licence='GPL-2\.0(-only|-or-later)?|\(GPL-2\.0(-only)? OR BSD-2-Clause\)'

	# COPYING is the licence; Debian's two take no comments
	text_files ':!COPYING' ':!tools/debian/source/format' ':!tools/debian/*.dkms' | while IFS= read -r file; do
		head -n 3 "$file" |
		grep -qE "SPDX-License-Identifier: ($licence)( ?(\*/|-->|\*\))|\",)?\$" ||
		echo "$file"
	done | complain "no SPDX-License-Identifier, or another licence than ours"
}

check binding_licence "the binding may be taken into the kernel and elsewhere"
binding_licence() {
	grep -L '^# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)$' \
		dt-bindings/*.yaml | complain "not dual-licensed"
}

check text_ends "lines and files end as they should"
text_ends() {
	# The text of the licence is not ours to change
	text_files ':!COPYING' | while IFS= read -r file; do
		grep -nHE '[[:blank:]]+$|'$'\r' "$file" || :
		[ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at its end"
	done | complain "blanks at a line's end, or no newline"
}

check driver_size "no file of the driver is longer than 600 lines"
driver_size() {
	tree_files driver | while IFS= read -r file; do
		lines=$(wc -l <"$file")
		[ "$lines" -le 600 ] || echo "$file: $lines"
	done | complain "too long"
}

check compat "the kernel's version is asked for in compat.h alone"
compat() {
	tree_files '*.c' '*.h' ':!driver/compat.h' ':!selftests/machine/sim/compat.h' | tr '\n' '\0' |
	{ xargs -0r grep -nHE '\b(LINUX_VERSION_CODE|KERNEL_VERSION)\b' || :; } |
	complain "looks at the version"
}

# The rules, by number: B1-B5 and so on, in the order of the document
rules() {
	local range

	for range in B1-5 O1-5 M1-4 L1-7 C1-5 S1-5 V1-1 T1-5 F0-9 P1-4; do
		seq -f "${range:0:1}%.0f" "${range:1:1}" "${range:3:1}"
	done
}

check rules_defined "Documentation/requirements.rst defines every rule once"
rules_defined() {
	diff <(rules) <(sed -n 's/^\*\*\([A-Z][0-9]\)\*\* -- .*/\1/p' \
			Documentation/requirements.rst)
}

# B2 is a fact of the surroundings.
check rules_tested "every rule that is built is named by a test"
rules_tested() {
	local rule tests

	tests=$(text_files selftests ':!selftests/static' | tr '\n' '\0' |
		xargs -0r cat)
	for rule in $(rules); do
		case $rule in
		B2)
			continue
			;;
		esac
		grep -qw "$rule" <<<"$tests" || echo "$rule"
	done | complain "no test names"
}
