#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# image.sh [--update]: makes sure that the userland of the emulated machine, a
# Debian 12 for arm64 as a read-only file system, is in the cache folder, and
# prints the name of its file.  Beside it, in "packages", is what it is made of.
#
# The few things that the packages' scripts would have done are done here.  Once
# there it is used as it is; --update asks for newer packages.

set -eu

# What the tests use; apt finds out what that needs.
PACKAGES="acpi bash bsdutils coreutils dash dbus findutils gawk grep hostname i3status
	kmod libc-bin lm-sensors mount passwd prometheus-node-exporter sed
	systemd systemd-sysv udev umockdev upower usr-is-merged util-linux"

self=$(realpath "$0")
# shellcheck source-path=SCRIPTDIR/../lib source=packages.sh
. "$(dirname "$self")/../lib/packages.sh"

lock_cache userland
# Another recipe is another image
current=$cache/userland-$(sha256sum "$self" | cut -c 1-8)
if [ "${1-}" != --update ] && [ -e "$current/packages" ]; then
	echo "$(realpath "$current")/image"
	exit 0
fi

apt_for apt-userland-arm64 arm64
# shellcheck disable=SC2086 # a list of words
files=$(files_of $PACKAGES)
folder=$cache/userland-$(printf %s "$files" | cat - "$self" | sha256sum |
	cut -c 1-16)

if [ ! -e "$folder/packages" ]; then
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	say "fetching a Debian userland for arm64"
	# shellcheck disable=SC2086 # a list of words
	fetch "$new/deb" $PACKAGES
	say "unpacking it"
	root=$new/root
	mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib"
	for each in bin sbin lib; do
		ln -s "usr/$each" "$root/$each"
	done
	for deb in "$new"/deb/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$root" --keep-directory-symlink \
				--exclude='./usr/share/doc/*' \
				--exclude='./usr/share/man/*' \
				--exclude='./usr/share/locale/*' \
				--exclude='./usr/share/X11/*' \
				--exclude='./usr/share/perl*' \
				--exclude='./usr/lib/*/perl*' \
				--exclude='./usr/lib/*/libperl*'
	done

	# What the packages' scripts would have done
	ln -sf dash "$root/usr/bin/sh"
	rm -rf "$root/var/run" "$root/var/lock"
	ln -s ../run "$root/var/run"
	ln -s ../run/lock "$root/var/lock"
	echo "127.0.0.1 localhost" >"$root/etc/hosts"
	echo gateway >"$root/etc/hostname"
	echo "root:x:0:0:root:/root:/bin/sh" >"$root/etc/passwd"
	echo "root:x:0:" >"$root/etc/group"
	echo "u prometheus - - /var/lib/prometheus" \
		>"$root/usr/lib/sysusers.d/packages.conf"
	mkdir -p "$root/var/lib/prometheus/node-exporter" "$root/root" \
		"$root/usr/local/bin"
	units=$root/etc/systemd/system
	mkdir -p "$units/multi-user.target.wants"
	ln -s /lib/systemd/system/multi-user.target "$units/default.target"
	ln -s /lib/systemd/system/prometheus-node-exporter.service \
		"$units/multi-user.target.wants/"

	# What takes long in an emulated machine, and has nothing to do with us
	for each in systemd-hwdb-update ldconfig systemd-update-utmp \
		systemd-journal-catalog-update systemd-pstore lm-sensors \
		systemd-journal-flush modprobe@drm modprobe@loop \
		modprobe@fuse modprobe@dm_mod modprobe@efi_pstore; do
		ln -s /dev/null "$units/$each.service"
	done
	ln -s /dev/null "$units/getty.target"

	mksquashfs "$root" "$new/image" -quiet -no-progress -all-root \
		-noI -noD -noF -noX >&2
	rm -rf "$root" "$new/deb"
	printf '%s\n' "$files" >"$new/packages"
	rm -rf "$folder"
	chmod 755 "$new"
	mv "$new" "$folder"
fi
ln -sfn "$folder" "$current"
echo "$folder/image"
