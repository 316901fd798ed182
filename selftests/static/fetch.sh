# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the checks need and a fresh Debian 12 lacks.

source_package=linux-source-6.12

# Of the kernel's source, 150 MB to download, these 40 MB are kept: no smaller
# package has checkpatch.pl, the bindings or the Raspberry Pi's device trees.
source_files=(
	scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
	scripts/kernel-doc include/dt-bindings Documentation/devicetree/bindings
	scripts/dtc/include-prefixes arch/arm/boot/dts/broadcom
	arch/arm64/boot/dts/broadcom
)
kernel=$cache/$source_package-$(sha256sum <<<"${source_files[*]}" | cut -c 1-8)

# The headers of the stock arm64 kernel, as the emulated machine runs it
headers() {
	echo "$cache"/linux-image-6.12-arm64/usr/src/linux-headers-*-arm64
}

# apt with a state of its own: always up to date, and nobody else's is touched
fetch_source() {
	local new options

	[ ! -e "$kernel" ] || return 0
	new=$(mktemp -d "$cache/new.XXXXXX")
	# shellcheck disable=SC2064 # this folder, and no later one
	trap "rm -rf '$new'" EXIT
	mkdir -p "$new/lists/partial" "$new/archives/partial" "$new/tree"
	options=(-q -o "Dir::State::Lists=$new/lists" -o "Dir::Cache=$new"
		-o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none
		-o Acquire::Retries=3)
	apt-get "${options[@]}" update
	(cd "$new" && apt-get "${options[@]}" download "$source_package")
	dpkg-deb --fsys-tarfile "$new"/*.deb |
	tar -xO "./usr/src/$source_package.tar.xz" |
	tar -xJ -C "$new/tree" --strip-components=1 \
		"${source_files[@]/#/$source_package/}"
	mv "$new/tree" "$kernel"
}

fetch_all() {
	selftests/lib/host-packages.sh static
	selftests/lib/fetch.sh
	exec 8>"$cache/static.lock"
	flock 8
	fetch_source
}
