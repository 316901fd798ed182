# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The headers of Debian's stock kernels for amd64, in usr/src.

current=$cache/headers

have() {
	[ -e "$current/packages" ]
}

show() {
	realpath "$current"
}

places() {
	echo "$current"
}

create() {
	local packages meta headers part list folder

	apt_for apt-headers "$(dpkg --print-architecture)" amd64
	packages=
	for meta in linux-headers-amd64 linux-headers-6.12-amd64; do
		headers=$(field "$meta:amd64" Depends | grep -o 'linux-headers-[^ ,]*' || :)
		if [ -z "$headers" ]; then
			say "no package $meta in this machine's apt sources"
			exit 1
		fi
		packages="$packages $headers:amd64"
		for part in $(field "$headers:amd64" Depends |
				grep -oE 'linux-(headers|kbuild)-[^ ,]*'); do
			case " $packages " in
			*" $part "*) ;;
			*) packages="$packages $part" ;;
			esac
		done
	done

	# shellcheck disable=SC2086 # a list of words
	list=$(versions_of $packages)
	folder=$cache/headers-$(printf %s "$list" | sha256sum | cut -c 1-8)
	if [ ! -e "$folder/packages" ]; then
		say "fetching the headers of stock kernels"
		# shellcheck disable=SC2086 # a list of words
		unpack "$new" $packages
		# The headers expect to be installed
		sed -i "s| /usr/src/| $folder/usr/src/|" \
			"$new"/root/usr/src/linux-headers-*/Makefile
		printf %s "$list" >"$new/root/packages"
		rm -rf "$folder"
		mv "$new/root" "$folder"
	fi
	ln -sfn "$folder" "$current"
}
