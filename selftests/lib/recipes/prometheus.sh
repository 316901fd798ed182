# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's prometheus and promtool. They are not installed, so no server is started
# on this machine.

folder=$cache/prometheus

have() {
	[ -x "$folder/usr/bin/promtool" ]
}

show() {
	echo "$folder/usr/bin"
}

places() {
	echo "$folder"
}

create() {
	local host

	host=$(dpkg --print-architecture)
	apt_for "apt-userland-$host" "$host"
	say "fetching prometheus"
	unpack "$new" prometheus
	rm -rf "$new/root/usr/share"
	rm -rf "$folder"
	mv "$new/root" "$folder"
}
