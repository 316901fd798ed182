#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh [--update]: makes sure that the headers of Debian's stock kernels for
# amd64 are unpacked below the cache folder, and prints that folder; the headers
# are in usr/src in it.  As lib/fetch.sh does it for the machine: from
# the sources that this machine has, and nothing is installed.

set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/smallbms
host=$(dpkg --print-architecture)
apt=$cache/apt-headers
current=$cache/headers
wanted="linux-headers-amd64 linux-headers-6.12-amd64"

say() {
	echo "smallbms: $*" >&2
}

mkdir -p "$cache"
exec 9>"$cache/headers.lock"
if ! flock -n 9; then
	say "waiting for another run that fetches headers"
	flock 9
fi
if [ "${1-}" != --update ] && [ -e "$current/packages" ]; then
	realpath "$current"
	exit 0
fi

apt_options="-o Dir::State=$apt/state -o Dir::State::status=$apt/status
	-o Dir::Cache=$apt/cache -o APT::Architecture=$host
	-o APT::Architectures::=$host -o APT::Architectures::=amd64
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

packages=
for meta in $wanted; do
	headers=$(field "$meta:amd64" Depends | grep -o 'linux-headers-[^ ,]*' || :)
	if [ -z "$headers" ]; then
		say "no package $meta in this machine's apt sources"
		exit 1
	fi
	packages="$packages $headers:amd64"
	for part in $(field "$headers:amd64" Depends |
			grep -oE 'linux-(headers|kbuild)-[^ ,]*'); do
		case " $packages " in
		*" $part "*) ;;
		*) packages="$packages $part" ;;
		esac
	done
done

list=
for package in $packages; do
	list="$list$package $(field "$package" Version)
"
done
folder=$cache/headers-$(printf %s "$list" | sha256sum | cut -c 1-8)
if [ ! -e "$folder/packages" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	mkdir "$new/deb" "$new/root"
	say "fetching the headers of stock kernels"
	# shellcheck disable=SC2086 # lists of words
	(cd "$new/deb" && apt-get -q $apt_options download $packages >&2)
	for deb in "$new"/deb/*.deb; do
		dpkg-deb -x "$deb" "$new/root"
	done
	# The headers expect to be installed
	sed -i "s| /usr/src/| $folder/usr/src/|" \
		"$new"/root/usr/src/linux-headers-*/Makefile
	printf %s "$list" >"$new/root/packages"
	rm -rf "$folder"
	mv "$new/root" "$folder"
fi
ln -sfn "$folder" "$current"
echo "$folder"
