#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kbuild.sh KDIR OUT [MAKE ARGUMENT...]: builds the module against the kernel
# headers KDIR in the folder OUT, which is made of links to the sources, so that
# the sources' own folders stay clean and any number of kernels can be built for.

set -eu

kdir=$1
mkdir -p "$2"
out=$(realpath "$2")
shift 2
cd "$(dirname "$0")/../.."

find "$out" -xtype l -delete
find Kbuild driver -type f \
	\( -name Kbuild -o -name Makefile -o -name '*.[ch]' \) |
while read -r source; do
	mkdir -p "$out/$(dirname "$source")"
	ln -sf "$PWD/$source" "$out/$source"
done
exec selftests/lib/make.sh -C "$kdir" M="$out" "$@"
