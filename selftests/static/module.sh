# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The module as a whole, built against the headers of Debian's stock arm64
# kernel, each time in a folder of its own.

# The headers of the stock arm64 kernel, as the emulated machine runs it
headers() {
	echo "$machine"/usr/src/linux-headers-*-arm64
}

# module NAME MAKE-ARGUMENT...: builds, and fails at the first warning
module() {
	local log=$out/module-$1.log

	selftests/lib/kbuild.sh "$(headers)" "$out/module-$1" ARCH=arm64 \
		CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc \
		CONFIG_DEBUG_INFO_BTF_MODULES= "${@:2}" modules 2>&1 | tee "$log"
	! grep -iE '\b(warning|error)\b' "$log"
}

# built_by NAME COMPILER: each object file says who made it
built_by() {
	local file

	for file in "$out/module-$1"/driver/*.o; do
		readelf -p .comment "$file" | grep "$2" >/dev/null ||
		echo "$file"
	done | complain "not built by $2"
}

check module_gcc "gcc W=1 finds nothing in the module"
module_gcc() {
	module gcc W=1
	built_by gcc GCC
}

check layers "each part of the driver uses only parts below it: includes and calls"
layers() {
	[ -d "$out/module-gcc" ] || module gcc
	selftests/static/layers.py "$out"/module-gcc/driver/*.o
}

# Debian's headers are made for gcc: they name it as CC, and their configuration
# holds answers that only gcc gives. LLVM=1 alone would silently use gcc.
check module_clang "clang W=1 finds nothing in the module"
module_clang() {
	local version

	version=$(clang -dumpversion |
		awk -F. '{ print $1 * 10000 + $2 * 100 + $3 }')
	module clang W=1 LLVM=1 CC=clang \
		CONFIG_CC_IS_GCC= CONFIG_GCC_VERSION=0 \
		CONFIG_CC_IS_CLANG=y CONFIG_CLANG_VERSION="$version" \
		CONFIG_CC_HAS_AUTO_VAR_INIT_ZERO_BARE= \
		CONFIG_CC_HAS_AUTO_VAR_INIT_ZERO_ENABLER=y \
		CONFIG_CC_IMPLICIT_FALLTHROUGH=-Wimplicit-fallthrough \
		CONFIG_CC_NO_ARRAY_BOUNDS= CONFIG_CC_NO_STRINGOP_OVERFLOW=
	built_by clang clang
}
