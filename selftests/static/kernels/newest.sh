#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# newest.sh source|machine|armhf|riscv64: makes sure that there is, below the
# cache folder, the newest kernel source that Debian has (unstable's package
# linux-source-*), and prints where things are:
#
#	source		the source, and what of Debian's tools is needed with it
#	machine		an arm64 kernel built from it, slim.config, that boots
#	armhf, riscv64	prepared to build modules against it, in the configuration
#			and with the symbols of Debian's own kernel
#
# "newest.sh --update" asks for a newer source; otherwise the one that is there
# is used, without the network.  Progress goes to stderr.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../../..")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/smallbms
current=$cache/newest
host=$(dpkg --print-architecture)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() {
	echo "smallbms: $*" >&2
}

# The archive that this machine installs from, in another suite, with a state of
# its own: nothing is installed, no architecture or source is added.
apt_setup() {
	local apt=$new/apt release uri

	release=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt's variables
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' 'Component: main' |
		sed -n "s/^$release //p" | head -n 1)
	if [ -z "$uri" ]; then
		say "apt's sources (/etc/apt/sources.list) name no archive of" \
			"Debian ${release:-, whatever release this is}"
		exit 1
	fi
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	echo "deb [signed-by=$keyring] $uri unstable main" >"$apt/sources"
	apt_options=(-q -o "Dir::Etc::SourceList=$apt/sources"
		-o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status"
		-o "Dir::Cache=$apt/cache" -o "APT::Architecture=$host"
		-o "APT::Architectures::=$host" -o APT::Architectures::=armhf
		-o APT::Architectures::=riscv64
		-o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none
		-o Acquire::Retries=3)
	say "fetching the package lists of unstable"
	apt-get "${apt_options[@]}" update >&2
}

# A package's field
field() {
	apt-cache "${apt_options[@]}" show --no-all-versions "$1" |
		sed -n "s/^$2: //p"
}

fetch() {
	local package version folder each headers

	apt_setup
	package=$(apt-cache "${apt_options[@]}" search --names-only \
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
		(cd "$new/deb" && apt-get "${apt_options[@]}" download "$@" >&2)
		say "unpacking it"
		dpkg-deb --fsys-tarfile "$new/deb/$package"_*.deb |
			tar -xO "./usr/src/$package.tar.xz" | xz -dc |
			tar -x -C "$new/tree/source" --strip-components=1 \
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

# kbuild ARCH FOLDER ARGUMENT...
kbuild() {
	local arch cross

	case $1 in
	arm64) arch=arm64 cross=aarch64-linux-gnu- ;;
	armhf) arch=arm cross=arm-linux-gnueabihf- ;;
	riscv64) arch=riscv cross=riscv64-linux-gnu- ;;
	esac
	nice -n 10 make -s -C "$folder/source" O="$2" ARCH=$arch \
		CROSS_COMPILE=$cross KBUILD_BUILD_HOST=smallbms \
		KBUILD_BUILD_USER=smallbms "${@:3}" >&2
}

# merge_config.sh drops in silence what it cannot have.
assert_symbols() {
	local line lost=

	while read -r line; do
		grep -qxF "$line" "$1" || lost="$lost $line"
	done < <(grep '^CONFIG_' "$2")
	[ -z "$lost" ] || {
		say "the configuration of the newest kernel lost:$lost"
		exit 1
	}
}

machine() {
	local out

	folder=$(realpath "$current")
	out=$folder/arm64-$( (cat "$here/slim.config"
		aarch64-linux-gnu-gcc -dumpfullversion) | sha256sum | cut -c 1-8)
	if [ ! -e "$out/smallbms-built" ]; then
		say "building a kernel from Linux $(cat "$folder/version")," \
			"this takes several minutes"
		rm -rf "$out"
		mkdir "$out"
		kbuild arm64 "$out" tinyconfig
		(cd "$out" && "$folder/source/scripts/kconfig/merge_config.sh" \
			-m -O . .config "$here/slim.config") >/dev/null
		kbuild arm64 "$out" olddefconfig
		assert_symbols "$out/.config" "$here/slim.config"
		kbuild arm64 "$out" -j"$(nproc)" Image modules
		touch "$out/smallbms-built"
	fi
	echo "KERNEL=$out/arch/arm64/boot/Image"
	echo "KDIR=$out"
	echo "RELEASE=$(cat "$out/include/config/kernel.release")"
}

# prepare ARCH: Debian's configuration, as far as this compiler can do it
prepare() {
	local out

	folder=$(realpath "$current")
	out=$folder/$1-$(cat "$folder/version")
	if [ ! -e "$out/smallbms-built" ]; then
		say "preparing Linux $(cat "$folder/version") for $1"
		rm -rf "$out"
		cp -a "$folder/$1" "$out"
		kbuild "$1" "$out" olddefconfig
		kbuild "$1" "$out" -j"$(nproc)" modules_prepare
		touch "$out/smallbms-built"
	fi
	echo "KDIR=$out"
}

mkdir -p "$cache"
"$top/selftests/lib/host-packages.sh" kernels
exec 9>"$cache/newest.lock"
if ! flock -n 9; then
	say "waiting for another run that needs the newest kernel"
	flock 9
fi
new=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' INT TERM
if [ "${1-}" = --update ] || [ ! -e "$current/version" ]; then
	fetch
fi
case ${1-} in
--update) ;;
source) echo "SOURCE=$(realpath "$current")/source" ;;
machine) machine ;;
armhf | riscv64) prepare "$1" ;;
*) say "newest.sh: source, machine, armhf or riscv64"
	exit 2 ;;
esac
