# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The packages of the emulated machine: the stock arm64 kernel, its headers, a static
# busybox, json-c. Nothing is installed, no architecture is added.

case $name in
6.1) metapackage=linux-image-arm64 ;;
*) metapackage=linux-image-$name-arm64 ;;
esac
current=$cache/$metapackage

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
	local host image release headers common kbuild packages list folder

	host=$(dpkg --print-architecture)
	apt_for apt arm64 "$host"
	image=$(field "$metapackage:arm64" Depends | sed 's/ .*//')
	if [ -z "$image" ]; then
		say "no package $metapackage: either apt's sources cannot be reached," \
			"or the suite bookworm-security, which has it for Debian 12," \
			"is not among them (/etc/apt/sources.list)"
		exit 1
	fi
	release=${image#linux-image-}
	headers=linux-headers-$release
	common=$(field "$headers:arm64" Depends | grep -o "linux-headers-[^ ,]*-common")
	kbuild=$(field "$headers:arm64" Depends | grep -o "linux-kbuild-[^ ,]*")
	packages="$image:arm64 $headers:arm64 $common:arm64 $kbuild:$host
		busybox-static:arm64 libjson-c-dev:arm64"

	# shellcheck disable=SC2086 # a list of words
	list=$(versions_of $packages)
	folder=$cache/$release-$(printf %s "$list" | sha256sum | cut -c 1-8)
	if [ ! -e "$folder/packages" ]; then
		say "fetching the stock kernel $release and what belongs to it"
		# shellcheck disable=SC2086 # a list of words
		unpack "$new" $packages
		rm -rf "$new/root/usr/lib/linux-image-$release" "$new/root/usr/share"
		# The headers expect to be installed
		sed -i "s| /usr/src/| $folder/usr/src/|" \
			"$new/root/usr/src/linux-headers-$release/Makefile"
		printf %s "$list" >"$new/root/packages"
		rm -rf "$folder"
		mv "$new/root" "$folder"
	fi
	ln -sfn "$folder" "$current"
}
