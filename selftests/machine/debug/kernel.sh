#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernel.sh debug|remove|rt|gcov: makes sure that the arm64 kernel of that name is
# built below the cache folder, and prints on stdout nothing but three lines:
# KERNEL= (the image), KDIR= (where modules are built against) and RELEASE=.
#
# The source is Debian's package linux-source-6.12.  A kernel is known by a hash
# of the source's version, the configuration fragments and the compiler, so it is
# built again when one of them changes, and only then.  Progress goes to stderr.

set -euo pipefail

here=$(realpath "$(dirname "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/smallbms
package=linux-source-6.12
source=$cache/kernel-source
cross=aarch64-linux-gnu-

say() {
	echo "smallbms: $*" >&2
}

# Names of the configuration fragments that make the kernel $1
fragments_of() {
	case $1 in
	debug) echo debug.config ;;
	remove) echo debug.config remove.config ;;
	rt) echo debug.config rt.config ;;
	gcov) echo debug.config gcov.config ;;
	*) say "kernel.sh: no kernel '$1'"
		exit 2 ;;
	esac
}

# apt with a state of its own: always up to date, and nobody else's is touched
fetch_source() {
	local options

	[ ! -e "$source/version" ] || return 0
	say "fetching the kernel's source, 150 MB"
	mkdir -p "$new/lists/partial" "$new/archives/partial" "$new/tree"
	options=(-q -o "Dir::State::Lists=$new/lists" -o "Dir::Cache=$new"
		-o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none
		-o Acquire::Retries=3)
	apt-get "${options[@]}" update >&2
	(cd "$new" && apt-get "${options[@]}" download "$package") >&2
	say "unpacking it"
	dpkg-deb --fsys-tarfile "$new"/*.deb |
		tar -xO "./usr/src/$package.tar.xz" |
		xz -dc |
		tar -x -C "$new/tree" --strip-components=1 \
			--exclude=Documentation/translations \
			--exclude='drivers/gpu/drm/amd/include/asic_reg'
	dpkg-deb -f "$new"/*.deb Version >"$new/tree/version"
	rm -rf "$source"
	mv "$new/tree" "$source"
}

# A command that builds in the folder $1
kbuild() {
	local out=$1

	shift
	nice -n 10 make -s -C "$source" O="$out" ARCH=arm64 \
		CROSS_COMPILE=$cross KBUILD_BUILD_HOST=smallbms \
		KBUILD_BUILD_USER=smallbms "$@" >&2
}

# merge_config.sh drops in silence what it cannot have.  Of a symbol that two
# fragments set, the last one counts.
assert_symbols() {
	local config=$1 line symbol lost=

	shift
	while read -r line; do
		symbol=${line%%=*}
		case $line in
		*=n) ! grep -q "^$symbol=" "$config" || lost="$lost $line" ;;
		*) grep -qxF "$line" "$config" || lost="$lost $line" ;;
		esac
	done < <(cat "$@" | sed -n 's/^\(CONFIG_[^=]*\)=.*/\1 &/p' |
		awk '{ last[$1] = $2 } END { for (s in last) print last[s] }')
	[ -z "$lost" ] || {
		say "the configuration of the kernel $name lost:$lost"
		exit 1
	}
}

build() {
	local name=$1 folder=$2 out=$new/build each files=()

	for each in $(fragments_of "$name"); do
		files+=("$here/$each")
	done
	if [ "$name" = remove ]; then
		# Little differs, so little is compiled again
		cp -a "$(folder_of debug)" "$out"
	else
		mkdir "$out"
	fi
	say "configuring the kernel $name"
	kbuild "$out" tinyconfig
	(cd "$out" && "$source/scripts/kconfig/merge_config.sh" -m -O . .config \
		"${files[@]}") >/dev/null
	kbuild "$out" olddefconfig
	assert_symbols "$out/.config" "${files[@]}"
	say "building the kernel $name, this takes several minutes"
	kbuild "$out" -j"$(nproc)" Image modules
	rm -rf "$folder"
	mv "$out" "$folder"
}

folder_of() {
	local each files=()

	for each in $(fragments_of "$1"); do
		files+=("$here/$each")
	done
	printf '%s/kernel-%s-%s' "$cache" "$1" "$( (
		cat "$source/version" "${files[@]}"
		${cross}gcc -dumpfullversion
	) | sha256sum | cut -c 1-8)"
}

ensure() {
	local folder

	folder=$(folder_of "$1")
	if [ ! -e "$folder/arch/arm64/boot/Image" ]; then
		[ "$1" != remove ] || ensure debug
		build "$1" "$folder"
	fi
}

# True when the kernel $1 is there already; nobody has to be waited for then
have() {
	[ -e "$source/version" ] && command -v ${cross}gcc >/dev/null &&
		[ -e "$(folder_of "$1")/arch/arm64/boot/Image" ]
}

name=${1-}
fragments_of "$name" >/dev/null
mkdir -p "$cache"
if ! have "$name"; then
	exec 9>"$cache/kernel.lock"
	if ! flock -n 9; then
		say "waiting for another run that builds a kernel"
		flock 9
	fi
	new=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	"$here/../../lib/host-packages.sh" kernel
	fetch_source
	ensure "$name"
fi
folder=$(folder_of "$name")
cat <<EOT
KERNEL=$folder/arch/arm64/boot/Image
KDIR=$folder
RELEASE=$(cat "$folder/include/config/kernel.release")
EOT
