#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel.sh: makes sure that there is, below the cache folder, a copy of the
# newest kernel's source that patches may be laid into, prepared to be built for
# riscv64 in Debian's configuration, with the symbols of Debian's own kernel, and
# what of tools it wants newer than Debian 12 has them: sparse and dt-schema.
# Prints where. Progress goes to stderr.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
source=$("$here/../kernels/newest.sh" source)
source=${source#SOURCE=}
newest=$(dirname "$source")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
cross=riscv64-linux-gnu-
# Beside the source, or its files could not be linked
work=$newest/patches-$( (cat "$0"; ${cross}gcc -dumpfullversion) |
	sha256sum | cut -c 1-8)

say() {
	echo "smallbms: $*" >&2
}

# sparse's source is unstable's: it has to know the newest kernel. The libraries
# of dt-schema are those of Debian 13, in Python; nothing is installed.
fetch_tools() {
	local apt=$new/apt release uri options

	release=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt's variables
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' 'Component: main' |
		sed -n "s/^$release //p" | head -n 1)
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" \
		"$apt/get" "$new/sparse"
	: >"$apt/status"
	printf '%s [signed-by=%s] %s %s main\n' \
		deb-src "$keyring" "$uri" unstable deb "$keyring" "$uri" trixie \
		>"$apt/sources"
	options=(-q -o "Dir::Etc::SourceList=$apt/sources"
		-o Dir::Etc::SourceParts=/dev/null -o "Dir::State=$apt/state"
		-o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache"
		-o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none
		-o Acquire::Retries=3)
	apt-get "${options[@]}" update
	cd "$apt/get"
	apt-get "${options[@]}" source --download-only sparse
	apt-get "${options[@]}" download python3-jsonschema \
		python3-jsonschema-specifications python3-referencing
	tar -x -f sparse_*.orig.tar.* -C "$new/sparse" --strip-components=1
	for deb in *.deb; do
		dpkg-deb -x "$deb" "$new/root"
	done
	cp -a "$newest/root/." "$new/root/"
	make -s -C "$new/sparse" -j"$(nproc)" HAVE_GTK=no HAVE_LIBXML=no \
		HAVE_SQLITE=no HAVE_LLVM=no sparse
	cd "$here"
	rm -rf "$apt"
}

kbuild() {
	nice -n 10 make -s -C "$work/tree" O="$work/build" ARCH=riscv \
		CROSS_COMPILE=$cross "$@"
}

# Without other drivers of the folder, which would take their time
prepare() {
	cp -al "$source" "$work/tree"
	mkdir "$work/build"
	cp "$newest/riscv64/Module.symvers" "$work/build/"
	sed -E '/^CONFIG_(BATTERY|CHARGER)_/d' "$newest/riscv64/.config" \
		>"$work/build/.config"
	kbuild olddefconfig
	kbuild -j"$(nproc)" modules_prepare
	cp "$work/build/.config" "$work/base.config"
	touch "$work/ready"
}

if [ ! -e "$work/ready" ]; then
	say "preparing Linux $(cat "$newest/version") for patches, a minute or two"
	rm -rf "$newest"/patches-*
	new=$(mktemp -d "$newest/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	fetch_tools >&2
	mv "$new" "$work"
	prepare >&2
fi
echo "SOURCE=$source"
echo "WORK=$work"
