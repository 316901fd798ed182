#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# root.sh [--update]: makes sure that the packed root folder of a small Debian 12
# is below the cache folder, and prints its name.  With it, not yet installed, are
# the packages that the test installs.  Needs to be root.

set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/smallbms
arch=$(dpkg --print-architecture)
tar=$cache/package-root-$(sha256sum <"$0" | cut -c 1-8).tar

mkdir -p "$cache"
exec 9>"$cache/package.lock"
flock 9
if [ "${1-}" != --update ] && [ -e "$tar" ]; then
	echo "$tar"
	exit 0
fi
rm -f "$cache"/package-root-*
trap 'rm -f "$tar.new"' EXIT
trap 'exit 1' INT TERM

# From where this machine has its own packages
set --
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources; do
	[ ! -e "$list" ] || set -- "$@" "$list"
done
echo "smallbms: making a Debian root" >&2
mmdebstrap --mode=root --variant=apt --skip=cleanup/apt --format=tar \
	--aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
	--include=gcc,libc6-dev,make,kmod,systemd,udev \
	--customize-hook="chroot \"\$1\" apt-get -q -y --download-only \
		--no-install-recommends install dkms linux-headers-$arch \
		linux-headers-rt-$arch linux-headers-cloud-$arch libjson-c5" \
	bookworm "$tar.new" "$@" >&2
mv "$tar.new" "$tar"
echo "$tar"
