#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh [--update]: makes sure that the packages of the emulated machine (the
# stock arm64 kernel, its headers, a static busybox, json-c) are unpacked below
# the cache folder, and prints the folder in which they are.
#
# apt itself fetches and verifies them, from the sources that this machine has,
# but with a state of its own: nothing is installed, no architecture is added.
# Once there they are used as they are; only --update asks for newer ones.
# KERNEL_PACKAGE in the environment names another kernel's metapackage.

set -eu

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$(dirname "$self")/packages.sh"

IMAGE=${KERNEL_PACKAGE:-linux-image-6.12-arm64}
host=$(dpkg --print-architecture)

lock_cache machine
current=$cache/$IMAGE
if [ "${1-}" != --update ] && [ -e "$current/packages" ]; then
	realpath "$current"
	exit 0
fi

apt_for apt arm64 "$host"
image=$(field "$IMAGE:arm64" Depends | sed 's/ .*//')
if [ -z "$image" ]; then
	say "no package $IMAGE: either apt's sources cannot be reached," \
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
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
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
echo "$folder"
