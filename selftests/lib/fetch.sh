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

IMAGE=${KERNEL_PACKAGE:-linux-image-6.12-arm64}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/smallbms
host=$(dpkg --print-architecture)
apt=$cache/apt

say() {
	echo "smallbms: $*" >&2
}

mkdir -p "$cache"
exec 9>"$cache/lock"
if ! flock -n 9; then
	say "waiting for another run that fills $cache"
	flock 9
fi

current=$cache/$IMAGE
if [ "${1-}" != --update ] && [ -e "$current/packages" ]; then
	realpath "$current"
	exit 0
fi

apt_options="-o Dir::State=$apt/state -o Dir::State::status=$apt/status
	-o Dir::Cache=$apt/cache -o APT::Architecture=arm64
	-o APT::Architectures::=arm64 -o APT::Architectures::=$host
	-o APT::Sandbox::User=$(id -un) -o Acquire::Languages=none
	-o Acquire::Retries=3"

# A package's field, of the version that apt would install
field() {
	# shellcheck disable=SC2086 # a list of words
	apt-cache $apt_options show --no-all-versions "$1" 2>/dev/null |
		sed -n "s/^$2: //p"
}

mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
say "fetching the package lists"
# shellcheck disable=SC2086 # a list of words
apt-get -q $apt_options update >&2 || say "going on with what could be fetched"

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

list=
for package in $packages; do
	version=$(field "$package" Version)
	if [ -z "$version" ]; then
		say "no package $package in this machine's apt sources"
		exit 1
	fi
	list="$list$package $version
"
done
folder=$cache/$release-$(printf %s "$list" | sha256sum | cut -c 1-8)

if [ ! -e "$folder/packages" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	mkdir "$new/deb" "$new/root"
	say "fetching the stock kernel $release and what belongs to it"
	# shellcheck disable=SC2086 # lists of words
	(cd "$new/deb" && apt-get -q $apt_options download $packages >&2)
	for deb in "$new"/deb/*.deb; do
		say "unpacking $(basename "$deb")"
		dpkg-deb -x "$deb" "$new/root"
	done
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
