#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# prometheus.sh: makes sure that Debian's prometheus and promtool are in the
# cache folder, and prints the folder.  They are not installed, so no server is
# started on this machine.

set -eu

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR/../lib source=packages.sh
. "$(dirname "$self")/../lib/packages.sh"

lock_cache userland
folder=$cache/prometheus
if [ ! -x "$folder/usr/bin/promtool" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	host=$(dpkg --print-architecture)
	apt_for "apt-userland-$host" "$host"
	say "fetching prometheus"
	unpack "$new" prometheus
	rm -rf "$new/root/usr/share"
	rm -rf "$folder"
	mv "$new/root" "$folder"
fi
echo "$folder/usr/bin"
