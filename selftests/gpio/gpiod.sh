#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gpiod.sh: makes sure that Debian's gpiod tools for arm64, and what they need,
# are unpacked in the cache folder, and prints the folder.

set -eu

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR/../userland source=../userland/packages.sh
. "$(dirname "$self")/../userland/packages.sh"

lock_cache
folder=$cache/gpiod
if [ ! -x "$folder/usr/bin/chrt" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	apt_for arm64
	say "fetching the gpiod tools for arm64"
	# shellcheck disable=SC2154 # set by apt_for
	for package in gpiod libgpiod2 libc6 util-linux; do
		# shellcheck disable=SC2086 # a list of words
		(cd "$new" && apt-get -q $apt_options download "$package" >&2)
		dpkg-deb -x "$new/${package}"_*.deb "$new/root"
	done
	rm -rf "$folder"
	mv "$new/root" "$folder"
fi
echo "$folder"
