# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# An arm64 Python with gpiod's bindings, and a static libgpiod to build with.

# What the peers need; apt finds out what that needs.
packages="libgpiod-dev libpython3.11-stdlib python3-libgpiod python3.11-minimal"
# A word for these packages: choose another one with them
folder=$cache/bench-fc3a4cba

have() {
	[ -e "$folder/packages" ]
}

show() {
	echo "$folder"
}

places() {
	echo "$folder"
}

create() {
	local deb

	apt_for apt-userland-arm64 arm64
	say "fetching Python and libgpiod for arm64"
	# shellcheck disable=SC2086 # a list of words
	fetch "$new/deb" $packages
	mkdir "$new/root"
	for deb in "$new"/deb/*.deb; do
		dpkg-deb -x "$deb" "$new/root"
	done
	ls "$new/deb" >"$new/root/packages"
	rm -rf "$folder"
	chmod 755 "$new/root"
	mv "$new/root" "$folder"
}
