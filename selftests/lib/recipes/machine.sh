# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The packages of the emulated machine: a stock arm64 kernel, its headers, a static
# busybox, json-c. Nothing is installed, no architecture is added. The newest kernel is
# that of unstable; Kbuild's own programs come with its source, as those of unstable do
# not run here.

case $name in
6.1 | newest) metapackage=linux-image-arm64 ;;
*) metapackage=linux-image-$name-arm64 ;;
esac
current=$cache/$metapackage
[ "$name" != newest ] || current=$cache/newest-machine

have() {
	[ -e "$current/packages" ]
}

show() {
	realpath "$current"
}

places() {
	echo "$current"
}

create() {
	local host image release headers common kbuild packages list folder tools part

	host=$(dpkg --print-architecture)
	apt_for apt arm64 "$host"
	tools="busybox-static:arm64 libjson-c-dev:arm64"
	list=
	if [ "$name" = newest ]; then
		# shellcheck disable=SC2086 # a list of words
		list=$(versions_of $tools)
		# shellcheck disable=SC2086 # a list of words
		unpack "$new" $tools
		apt_in_suites "arm64 $host" "deb unstable"
		tools=
	fi
	image=$(field "$metapackage:arm64" Depends | grep -o 'linux-image-[^ ,]*' || :)
	if [ -z "$image" ]; then
		say "no package $metapackage: either apt's sources cannot be reached," \
			"or the suite bookworm-security, which has it for Debian 12," \
			"is not among them (/etc/apt/sources.list)"
		exit 1
	fi
	release=${image#linux-image-}
	headers=linux-headers-$release
	common=$(field "$headers:arm64" Depends | grep -o "linux-headers-[^ ,]*-common[^ ,]*")
	kbuild=$(field "$headers:arm64" Depends | grep -o "linux-kbuild-[^ ,]*")
	packages="$image:arm64 $headers:arm64 $common:arm64 $kbuild:$host $tools"
	# Since 7.1 what is in the image is in packages of its own
	for part in $(field "$image:arm64" Depends |
			grep -oE 'linux-(base|binary|modules)-[^ ,]*'); do
		packages="$packages $part:arm64"
	done

	# shellcheck disable=SC2086 # a list of words
	list="$list$(versions_of $packages)"
	folder=$cache/$release-$(printf %s "$list" | sha256sum | cut -c 1-8)
	if [ ! -e "$folder/packages" ]; then
		say "fetching the stock kernel $release and what belongs to it"
		# shellcheck disable=SC2086 # a list of words
		unpack "$new" $packages
		rm -rf "$new/root/usr/lib/linux-image-$release" "$new/root/usr/share"
		[ "$name" != newest ] || complete "$new/root" "$release" "$kbuild"
		# The headers expect to be installed
		sed -i "s| /usr/src/| $folder/usr/src/|; s|=/usr/src/|=$folder/usr/src/|" \
			"$new/root/usr/src/linux-headers-$release/Makefile"
		printf %s "$list" >"$new/root/packages"
		rm -rf "$folder"
		mv "$new/root" "$folder"
	fi
	ln -sfn "$folder" "$current"
}

# complete ROOT RELEASE KBUILD: has the places of Debian 12's packages, and can be built
# against here
complete() {
	local root=$1 release=$2 scripts=$1/usr/lib/$3/scripts out=$new/kbuild
	local headers=$1/usr/src/linux-headers-$2 source target symbol

	mkdir -p "$root/boot" "$root/lib"
	ln "$root/usr/lib/modules/$release/vmlinuz" "$root/boot/vmlinuz-$release"
	ln -s ../usr/lib/modules "$root/lib/modules"

	source=$("$lib/cache" newest-source | sed -n 's/^SOURCE=//p')
	say "building Kbuild's programs for $release"
	mkdir "$out"
	cp "$headers/.config" "$out/"
	for target in olddefconfig modules_prepare; do
		nice -n 10 make -s -C "$source" O="$out" ARCH=arm64 \
			CROSS_COMPILE=aarch64-linux-gnu- -j"$(nproc)" $target >&2
	done
	cp "$out/scripts/basic/fixdep" "$scripts/basic/"
	cp "$out/scripts/mod/modpost" "$scripts/mod/"

	# What the kernel's own compiler can do, and the one here cannot
	sed -nE 's/^(CONFIG_(CC|AS)_[^=]*)=.*/\1/p' "$headers/.config" |
	while read -r symbol; do
		grep -q "^$symbol=" "$out/.config" ||
			sed -i -E "/^(#define )?${symbol}[= ]/d" \
				"$headers/include/config/auto.conf" \
				"$headers/include/generated/autoconf.h"
	done
	sed -i "s/^CONFIG_GCC_VERSION=.*/$(grep '^CONFIG_GCC_VERSION=' "$out/.config")/" \
		"$headers/include/config/auto.conf"
}
