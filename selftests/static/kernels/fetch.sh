#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh [--update]: makes sure that the headers of Debian's stock kernels for
# amd64 are unpacked below the cache folder, and prints that folder; the headers
# are in usr/src in it.  As lib/fetch.sh does it for the machine: from
# the sources that this machine has, and nothing is installed.

set -eu

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR/../../lib source=packages.sh
. "$(dirname "$self")/../../lib/packages.sh"

host=$(dpkg --print-architecture)
current=$cache/headers
wanted="linux-headers-amd64 linux-headers-6.12-amd64"

lock_cache headers
if [ "${1-}" != --update ] && [ -e "$current/packages" ]; then
	realpath "$current"
	exit 0
fi

apt_for apt-headers "$host" amd64
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

# shellcheck disable=SC2086 # a list of words
list=$(versions_of $packages)
folder=$cache/headers-$(printf %s "$list" | sha256sum | cut -c 1-8)
if [ ! -e "$folder/packages" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	say "fetching the headers of stock kernels"
	# shellcheck disable=SC2086 # a list of words
	unpack "$new" $packages
	# The headers expect to be installed
	sed -i "s| /usr/src/| $folder/usr/src/|" \
		"$new"/root/usr/src/linux-headers-*/Makefile
	printf %s "$list" >"$new/root/packages"
	rm -rf "$folder"
	mv "$new/root" "$folder"
fi
ln -sfn "$folder" "$current"
echo "$folder"
