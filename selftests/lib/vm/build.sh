#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build.sh stock|debug|remove|rt|gcov: builds the driver and the bench inside the
# machine for a kernel, and prints what a machine with that kernel is made of, in
# the terms of `make -s vm-paths`, and some lines more: BENCH= (the module
# smallbms-bench), STIR= (the static helper of the tests), and, of debug and gcov
# alone, KUNIT= (the module smallbms-kunit).  For gcov the driver is built so that
# it counts which of its lines run, wherever it is.
# Progress goes to stderr.

set -euo pipefail

top=$(realpath "$(dirname "$0")/../../..")
cd "$top"
cross=aarch64-linux-gnu-
name=${1-}

say() {
	echo "smallbms: $*" >&2
}

paths=build/vm-paths
[ "$name" != rt ] || paths=build/vm-paths-rt

vm() {
	sed -n "s/^$1=//p" "$paths"
}

# Sources are linked, so that their own folder stays clean
link_sources() {
	local from=$1 to=$2 source

	mkdir -p "$to"
	find "$to" -xtype l -delete
	for source in "$from"/Kbuild "$from"/*.[ch]; do
		ln -sf "$top/$source" "$to/"
	done
}

# build_linked KDIR FOLDER [VARIABLE...]
build_linked() {
	local kdir=$1 out=$2

	shift 2
	selftests/lib/make.sh -s -C "$kdir" M="$out" ARCH=arm64 \
		CROSS_COMPILE=$cross CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules >&2
}

make --no-print-directory vm >&2
# Before the lock: to make a kernel takes long, and others need none
case $name in
stock | rt) ;;
*) found=$("$top/selftests/lib/cache" "kernel-$name") ;;
esac
mkdir -p build
exec 9>"build/.lock-bench"
flock 9
[ "$name" != rt ] || VM_PATHS=$paths VM_KERNEL=6.12-rt selftests/lib/vm.sh 9>&-

counting=()
if [ "$name" = gcov ]; then
	# Two processors and interrupts count at once.  The kernel would take plain
	# increments, as atomic ones are calls into libgcc unless they are inline.
	counting=(GCOV_PROFILE=y "CFLAGS_GCOV=-fprofile-arcs -ftest-coverage \
		-fno-tree-loop-im -fprofile-update=atomic -mno-outline-atomics")
fi
if [ "$name" = stock ] || [ "$name" = rt ]; then
	release=$(basename "$(dirname "$(dirname "$(vm MODULE)")")")
	[ -e "build/$release" ] ||
		release=$(ls "$(vm MODROOT)/lib/modules")
	kernel=$(vm KERNEL)
	kdir=$(dirname "$(dirname "$kernel")")/usr/src/linux-headers-$release
	modroot=$(vm MODROOT)
	out=$top/build/$release
else
	kernel=$(sed -n 's/^KERNEL=//p' <<<"$found")
	kdir=$(sed -n 's/^KDIR=//p' <<<"$found")
	release=$(sed -n 's/^RELEASE=//p' <<<"$found")
	out=$top/build/$(basename "$kdir")
	modroot=$out/modroot
	say "building the module for the kernel $name"
	selftests/lib/kbuild.sh "$kdir" "$out/module" -s ARCH=arm64 \
		CROSS_COMPILE=$cross "${counting[@]}" modules >&2
	tree=$modroot/lib/modules/$release
	[ ! -s "$kdir/modules.order" ] ||
		make --no-print-directory -s -C "$kdir" ARCH=arm64 \
			CROSS_COMPILE=$cross INSTALL_MOD_PATH="$modroot" \
			modules_install >&2
	mkdir -p "$tree/updates"
	cp "$out/module/driver/smallbms.ko" "$tree/updates/"
	[ -e "$tree/modules.order" ] || touch "$tree/modules.order"
	cp "$kdir/modules.builtin" "$kdir/modules.builtin.modinfo" "$tree/"
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$modroot" "$release"
fi

say "building the bench for the kernel $name"
link_sources selftests/machine/sim "$out/bench"
build_linked "$kdir" "$out/bench"
kunit=
case $name in
debug | gcov)
	say "building the unit tests for the kernel $name"
	link_sources selftests/machine/kunit "$out/kunit"
	link_sources driver "$out/kunit/driver"
	build_linked "$kdir" "$out/kunit" "${counting[@]}"
	kunit=$out/kunit/smallbms-kunit.ko
	;;
esac
stir=$out/stir
if ! [ "$stir" -nt selftests/machine/debug/stir.c ]; then
	${cross}gcc -static -O2 -Wall -Wextra -o "$stir" selftests/machine/debug/stir.c
fi

cat <<EOT
KERNEL=$kernel
MODROOT=$modroot
TOOL=$(vm TOOL)
BUSYBOX=$(vm BUSYBOX)
BENCH=$out/bench/smallbms-bench.ko
STIR=$stir
EOT
[ -z "$kunit" ] || echo "KUNIT=$kunit"
