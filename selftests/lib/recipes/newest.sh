# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The newest kernel source that Debian has (unstable's package linux-source-*):
#
#	source		the source, and what of Debian's tools is needed with it
#	armhf, riscv64	prepared to build modules against it, in the configuration
#			and with the symbols of Debian's own kernel

current=$cache/newest

have() {
	[ -e "$current/version" ] &&
		{ [ "$name" = source ] || [ -e "$(folder_of)/smallbms-built" ]; }
}

folder_of() {
	local folder

	folder=$(realpath "$current")
	case $name in
	source) echo "$folder/source" ;;
	*) echo "$folder/$name-$(cat "$folder/version")" ;;
	esac
}

show() {
	local out

	out=$(folder_of)
	case $name in
	source) echo "SOURCE=$out" ;;
	*) echo "KDIR=$out" ;;
	esac
}

places() {
	if [ "$name" = source ]; then
		echo "$current"
	elif [ -e "$current/version" ]; then
		folder_of
	fi
}

create() {
	"$lib/host-packages.sh" kernels
	if [ "$name" = source ]; then
		fetch_source
		return
	fi
	[ -e "$current/version" ] || fetch_source
	folder=$(realpath "$current")
	prepare "$(folder_of)"
}

fetch_source() {
	local package version folder each headers

	apt_in_suites "$(dpkg --print-architecture) armhf riscv64" "deb unstable"
	# shellcheck disable=SC2086 # a list of words
	package=$(apt-cache $apt_options search --names-only \
		'^linux-source-[0-9.]+$' | sed 's/ .*//' | sort -V | tail -n 1)
	version=$(field "$package" Version)
	folder=$current-$version
	if [ ! -e "$folder/version" ]; then
		say "fetching $package $version, 165 MB"
		mkdir "$new/deb" "$new/tree" "$new/tree/source" "$new/tree/root"
		set -- "$package" dt-schema
		for each in armmp:armhf riscv64:riscv64; do
			headers=$(field "linux-headers-$each" Depends |
				grep -o "linux-headers-[^ ,]*-${each%:*}")
			set -- "$@" "$headers:${each#*:}"
		done
		# shellcheck disable=SC2086 # a list of words
		(cd "$new/deb" && apt-get -q $apt_options download "$@" >&2)
		linux_source "$package" -C "$new/tree/source" \
			--exclude=Documentation/translations \
			--exclude='drivers/gpu/drm/amd/include/asic_reg'
		dpkg-deb -x "$new/deb"/dt-schema_*.deb "$new/tree/root"
		for each in armhf riscv64; do
			mkdir "$new/tree/$each"
			dpkg-deb --fsys-tarfile "$new"/deb/linux-headers-*_"$each".deb |
				tar -x -C "$new/tree/$each" --strip-components=4 \
				--wildcards '*/.config' '*/Module.symvers'
		done
		echo "$version" >"$new/tree/version"
		rm -rf "$folder"
		mv "$new/tree" "$folder"
	fi
	ln -sfn "$folder" "$current"
}

# kbuild FOLDER ARGUMENT...
kbuild() {
	local arch cross

	case $name in
	armhf) arch=arm cross=arm-linux-gnueabihf- ;;
	riscv64) arch=riscv cross=riscv64-linux-gnu- ;;
	esac
	nice -n 10 make -s -C "$folder/source" O="$1" ARCH=$arch \
		CROSS_COMPILE=$cross KBUILD_BUILD_HOST=smallbms \
		KBUILD_BUILD_USER=smallbms "${@:2}" >&2
}

# prepare FOLDER: Debian's configuration, as far as this compiler can do it
prepare() {
	local out=$1

	say "preparing Linux $(cat "$folder/version") for $name"
	rm -rf "$out"
	cp -a "$folder/$name" "$out"
	kbuild "$out" olddefconfig
	kbuild "$out" -j"$(nproc)" modules_prepare
	touch "$out/smallbms-built"
}
