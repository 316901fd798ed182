# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The C code, file by file.

# What checkpatch may find in a file, because it cannot be otherwise
excused() {
	case $1 in
	*/compat.h)
		# The one place that looks at the version, of which checkpatch
		# thinks that it is a constant on the left; an argument that
		# other versions need is dropped; a function that returns.
		echo LINUX_VERSION_CODE,CONSTANT_COMPARISON,MACRO_ARG_UNUSED,MACRO_WITH_FLOW_CONTROL
		;;
	selftests/machine/kunit/*)
		# A test's name is a sentence; a fake drops arguments
		echo LONG_LINE,LONG_LINE_STRING,MACRO_ARG_UNUSED
		;;
	selftests/host/proof/* | selftests/host/fuzz/*)
		# Programs, see below; and names that the compiler gives
		echo PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,BIT_MACRO,ARRAY_SIZE,STRCPY,CAMELCASE,MACRO_ARG_REUSE
		;;
	selftests/host/lines/* | selftests/host/include/*)
		# Programs, as below, with some of the kernel's macros and types
		# as they are there, and tables of sentences
		echo PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,BIT_MACRO,ARRAY_SIZE,LONG_LINE,LONG_LINE_STRING,COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_UNUSED,NEW_TYPEDEFS,EMBEDDED_FUNCTION_NAME
		;;
	selftests/*)
		# Programs, see below; and a test's name is a sentence
		echo PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,BIT_MACRO,ARRAY_SIZE,STRCPY,LONG_LINE_STRING,EMBEDDED_FUNCTION_NAME
		;;
	tools/*)
		# Programs do not have the kernel's macros, types, strscpy()
		echo PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,BIT_MACRO,ARRAY_SIZE,STRCPY
		;;
	*)
		echo none
		;;
	esac
}

check style "C files pass checkpatch --strict"
style() {
	local file types failed=0
	local -A files=()

	# What becomes a patch is checked as such, see patches/check
	for file in $(tree_files '*.c' '*.h' ':!driver' ':!selftests/machine/sim') \
			$(tree_files '*/compat.h'); do
		files[$(excused "$file")]+="$file "
	done
	for types in "${!files[@]}"; do
		echo "${files[$types]}"
		# shellcheck disable=SC2086 # a list
		printf '%s\0' ${files[$types]} |
		xargs -0 -n 6 -P "$(nproc)" perl "$kernel/scripts/checkpatch.pl" \
			--no-tree --strict --quiet --no-summary --show-types \
			--ignore "$types" --file || failed=1
	done
	rm -f .checkpatch-camelcase.*	# its cache
	return $failed
}

check kernel_doc "kernel-doc comments are complete"
kernel_doc() {
	tree_files 'driver/*.c' 'driver/*.h' | tr '\n' '\0' |
	xargs -0 perl "$kernel/scripts/kernel-doc" -none -Werror
}

# tool COMPILER
tool() {
	make --no-print-directory -C tools CC="$1" \
		CFLAGS='-O2 -Wall -Wextra -Werror' O="$out/tool-$1" all history bridges
}

check tool_gcc "gcc -Wall -Wextra finds nothing in the tool"
tool_gcc() {
	tool gcc
}

check tool_clang "clang -Wall -Wextra finds nothing in the tool"
tool_clang() {
	tool clang
}

check tool_sample "README.md shows what the tool really prints"
tool_sample() {
	tool gcc
	PYTHONPATH=selftests PYTHONDONTWRITEBYTECODE=1 "$python" -c '
import sys
from userland.tools import tree
tree.Tree(sys.argv[1]).add("pre-alarm", "house")' "$out/sysfs"
	diff <(awk '/^```/ { inside = 0 } inside
		    /^\$ smallbms$/ { inside = 1 }' README.md) \
	     <("$out/tool-gcc/smallbms" --sysfs-root "$out/sysfs" |
		sed 's/ *$//')
}
