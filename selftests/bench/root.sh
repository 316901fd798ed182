#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# root.sh: makes sure that an arm64 Python with gpiod's bindings, and a static
# libgpiod to build with, are unpacked below the cache folder; prints where.

set -eu

# What the peers need; apt finds out what that needs.
PACKAGES="libgpiod-dev libpython3.11-stdlib python3-libgpiod python3.11-minimal"

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR/../lib source=packages.sh
. "$(dirname "$self")/../lib/packages.sh"

lock_cache userland
current=$cache/bench-$(sha256sum "$self" | cut -c 1-8)
if [ ! -e "$current/packages" ]; then
	apt_for apt-userland-arm64 arm64
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	say "fetching Python and libgpiod for arm64"
	# shellcheck disable=SC2086 # a list of words
	fetch "$new/deb" $PACKAGES
	mkdir "$new/root"
	for deb in "$new"/deb/*.deb; do
		dpkg-deb -x "$deb" "$new/root"
	done
	ls "$new/deb" >"$new/root/packages"
	rm -rf "$current"
	chmod 755 "$new/root"
	mv "$new/root" "$current"
fi
echo "$current"
