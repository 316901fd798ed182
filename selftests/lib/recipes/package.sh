# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The packed root folder of a small Debian 12. With it, not yet installed, are the
# packages that the test installs. Needs to be root.

# A word for the packages below: choose another one with them
tar=$cache/package-root-41f11d26.tar

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
			linux-headers-rt-$arch linux-headers-cloud-$arch libjson-c5" \
		bookworm "$new/root.tar" "$@" >&2
	mv "$new/root.tar" "$tar"
}
