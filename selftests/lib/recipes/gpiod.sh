# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's gpiod tools for arm64, and what they need.

folder=$cache/gpiod

have() {
	[ -x "$folder/usr/bin/chrt" ]
}

show() {
	echo "$folder"
}

places() {
	echo "$folder"
}

create() {
	apt_for apt-userland-arm64 arm64
	say "fetching the gpiod tools for arm64"
	unpack "$new" gpiod libgpiod2 libc6 util-linux
	rm -rf "$folder"
	mv "$new/root" "$folder"
}
