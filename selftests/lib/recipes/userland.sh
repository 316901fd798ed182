# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The userland of the emulated machine: a Debian for arm64 as a read-only file system, of
# this machine's release, or 13 by that name. Beside it, in "packages", is what it is
# made of. The few things that the packages' scripts would have done are done here.

# What the tests use; apt finds out what that needs.
packages="acpi bash bsdutils coreutils dash dbus findutils gawk grep hostname i3status
	kmod libc-bin libmosquitto1 libncursesw6 libsqlite3-0 lm-sensors mount ncurses-base
	passwd prometheus-node-exporter sed systemd systemd-sysv udev umockdev upower
	usr-is-merged util-linux"

# A word for this recipe: choose another one with what is done below
word=5c0de21a
current=$cache/userland$name-$word

have() {
	[ -e "$current/packages" ]
}

show() {
	echo "$(realpath "$current")/image"
}

places() {
	echo "$current"
}

create() {
	local files folder root units each deb

	case $name in
	13) apt_in_suites arm64 'deb trixie' ;;
	*) apt_for apt-userland-arm64 arm64 ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	files=$(files_of $packages)
	folder=$cache/userland$name-$(printf '%s\n' "$files" "$word" | sha256sum |
		cut -c 1-16)
	[ -e "$folder/packages" ] || pack
	ln -sfn "$folder" "$current"
}

# The image of these files, in its folder
pack() {
	say "fetching a Debian userland for arm64${name:+, of Debian $name}"
	# shellcheck disable=SC2086 # a list of words
	fetch "$new/deb" $packages
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
	systemd-sysusers --root="$root" >&2
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
	mkdir "$new/done"
	mv "$new/image" "$new/packages" "$new/done"
	mv "$new/done" "$folder"
}
