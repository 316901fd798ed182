#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# gpiod.sh: makes sure that Debian's gpiod tools for arm64, and what they need,
# are unpacked in the cache folder, and prints the folder.

set -eu

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR/../../lib source=packages.sh
. "$(dirname "$self")/../../lib/packages.sh"

lock_cache userland
folder=$cache/gpiod
if [ ! -x "$folder/usr/bin/chrt" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	apt_for apt-userland-arm64 arm64
	say "fetching the gpiod tools for arm64"
	unpack "$new" gpiod libgpiod2 libc6 util-linux
	rm -rf "$folder"
	mv "$new/root" "$folder"
fi
echo "$folder"
