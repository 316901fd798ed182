# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The packed root folder of a small Debian 12. With it, not yet installed, are the
# packages that the tests install. Needs to be root.

# A word for the packages below: choose another one with them
tar=$cache/package-root-2d94c1f8.tar

have() {
	[ -e "$tar" ]
}

show() {
	echo "$tar"
}

places() {
	echo "$tar"
}

create() {
	local arch list

	arch=$(dpkg --print-architecture)
	# From where this machine has its own packages
	set --
	for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
			/etc/apt/sources.list.d/*.sources; do
		[ ! -e "$list" ] || set -- "$@" "$list"
	done
	say "making a Debian root"
	mmdebstrap --mode=root --variant=apt --skip=cleanup/apt --format=tar \
		--aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
		--include=gcc,libc6-dev,make,kmod,systemd,udev \
		--customize-hook="chroot \"\$1\" apt-get -q -y --download-only \
			--no-install-recommends install dkms linux-headers-$arch \
			linux-headers-rt-$arch linux-headers-cloud-$arch libjson-c5 \
			device-tree-compiler libjson-c-dev libncurses-dev libsqlite3-dev \
			pkg-config" \
		bookworm "$new/root.tar" "$@" >&2
	mv "$new/root.tar" "$tar"
}
