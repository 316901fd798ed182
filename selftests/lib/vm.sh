#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vm.sh: builds what the emulated arm64 machine is made of and lacks or has
# outdated: the module, the tool, a folder of modules.  Leaves their places in
# build/vm-paths, or in VM_PATHS if that is set, as for another kernel than the
# usual one (VM_KERNEL, 6.1 say).  Progress goes to stderr.

set -eu

lib=$(realpath "$(dirname "$0")")
cd "$lib/../.."
cross=aarch64-linux-gnu-
paths=${VM_PATHS:-build/vm-paths}

say() {
	echo "smallbms: $*" >&2
}

mkdir -p build
exec 9>build/.lock
if ! flock -n 9; then
	say "waiting for another make in this folder"
	flock 9
fi

cache=$("$lib/cache" "machine-${VM_KERNEL:-6.12}" 9>&-)
release=$(ls "$cache/lib/modules")
out=build/$release
libdir=$cache/usr/lib/aarch64-linux-gnu

say "building the module for $release"
"$lib/kbuild.sh" "$cache/usr/src/linux-headers-$release" "$out/module" \
	ARCH=arm64 CROSS_COMPILE=$cross CC=${cross}gcc \
	CONFIG_DEBUG_INFO_BTF_MODULES= modules >&2

say "building the static arm64 tool"
PKG_CONFIG_SYSROOT_DIR=$cache PKG_CONFIG_LIBDIR=$libdir/pkgconfig \
	"$lib/make.sh" -C tools O="$PWD/$out/tool" \
	CC=${cross}gcc STATIC=1 tool >&2

modroot=$out/modroot
from=$out/modroot.from
tree=$modroot/lib/modules/$release
if [ ! -e "$from" ] || [ "$(cat "$from")" != "$cache" ]; then
	say "collecting the modules of $release"
	rm -rf "$modroot" "$from"
	mkdir -p "$tree/updates"
	cp -al "$cache/lib/modules/$release/." "$tree" 2>/dev/null ||
		cp -a "$cache/lib/modules/$release/." "$tree"
	rm -f "$tree/build" "$tree/source"
	echo "$cache" >"$from"
fi
module=$(find "$out/module" -name smallbms.ko)
if ! [ "$tree/modules.dep" -nt "$module" ]; then
	${cross}strip --strip-debug -o "$tree/updates/smallbms.ko" "$module"
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$modroot" "$release"
fi

cat >"$paths.new" <<EOF
KERNEL=$cache/boot/vmlinuz-$release
MODROOT=$PWD/$modroot
MODULE=$PWD/$module
TOOL=$PWD/$out/tool/smallbms
BUSYBOX=$cache/bin/busybox
EOF
mv "$paths.new" "$paths"
