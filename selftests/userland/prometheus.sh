#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# prometheus.sh: makes sure that Debian's prometheus and promtool are in the
# cache folder, and prints the folder.  They are not installed, so no server is
# started on this machine.

set -eu

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$(dirname "$self")/packages.sh"

lock_cache
folder=$cache/prometheus
if [ ! -x "$folder/usr/bin/promtool" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	apt_for "$(dpkg --print-architecture)"
	say "fetching prometheus"
	# shellcheck disable=SC2086 # a list of words
	(cd "$new" && apt-get -q $apt_options download prometheus >&2)
	dpkg-deb -x "$new"/prometheus_*.deb "$new/root"
	rm -rf "$new/root/usr/share"
	rm -rf "$folder"
	mv "$new/root" "$folder"
fi
echo "$folder/usr/bin"
