# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A copy of the newest kernel's source that patches may be laid into, prepared to be
# built for riscv64 in Debian's configuration, with the symbols of Debian's own
# kernel, and what of tools it wants newer than Debian 12 has them: sparse and
# dt-schema.

newest=$cache/newest
cross=riscv64-linux-gnu-
# A word for this recipe: choose another one with what is done below
word=5703539d

# Beside the source, or its files could not be linked
folder_of() {
	echo "$(realpath "$newest")/patches-$word"
}

# The compiler that it was prepared with must be the one that is there
have() {
	[ -e "$newest/version" ] && work=$(folder_of) && [ -e "$work/ready" ] &&
		grep -qF " $(${cross}gcc -dumpfullversion)\"" "$work/base.config"
}

show() {
	echo "SOURCE=$(realpath "$newest")/source"
	echo "WORK=$(folder_of)"
}

places() {
	[ ! -e "$newest/version" ] || folder_of
}

create() {
	"$lib/host-packages.sh" kernels static patches
	source=$("$lib/cache" newest-source 9>&-)
	source=${source#SOURCE=}
	newest=$(dirname "$source")
	work=$(folder_of)
	say "preparing Linux $(cat "$newest/version") for patches, a minute or two"
	rm -rf "$newest"/patches-*
	# beside it, too
	rm -rf "$new"
	new=$(mktemp -d "$newest/new.XXXXXX")
	fetch_tools >&2
	mv "$new" "$work"
	prepare >&2
}

# sparse's source is unstable's: it has to know the newest kernel. The libraries
# of dt-schema are those of Debian 13, in Python.
fetch_tools() {
	local deb

	apt_in_suites "$(dpkg --print-architecture)" "deb-src unstable" "deb trixie"
	mkdir "$new/get" "$new/sparse"
	cd "$new/get" || exit
	# shellcheck disable=SC2086 # a list of words
	apt-get -q $apt_options source --download-only sparse
	# shellcheck disable=SC2086 # a list of words
	apt-get -q $apt_options download python3-jsonschema \
		python3-jsonschema-specifications python3-referencing
	tar -x -f sparse_*.orig.tar.* -C "$new/sparse" --strip-components=1
	for deb in *.deb; do
		dpkg-deb -x "$deb" "$new/root"
	done
	cp -a "$newest/root/." "$new/root/"
	make -s -C "$new/sparse" -j"$(nproc)" HAVE_GTK=no HAVE_LIBXML=no \
		HAVE_SQLITE=no HAVE_LLVM=no sparse
	cd "$cache" || exit
	rm -rf "$new/apt" "$new/get"
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
