# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The arm64 kernel debug, remove or gcov. Shows three lines: KERNEL= (the image),
# KDIR= (where modules are built against) and RELEASE=.
#
# The source is Debian's package linux-source-6.12. A kernel is known by a hash of the
# source's version, the configuration fragments and the compiler, so it is built again
# when one of them changes, and only then.

configs=$lib/../machine/debug
package=linux-source-6.12
source=$cache/kernel-source
cross=aarch64-linux-gnu-

have() {
	[ -e "$source/version" ] && command -v ${cross}gcc >/dev/null &&
		[ -e "$(folder_of "$name")/arch/arm64/boot/Image" ]
}

show() {
	local folder

	folder=$(folder_of "$name")
	cat <<-END
		KERNEL=$folder/arch/arm64/boot/Image
		KDIR=$folder
		RELEASE=$(cat "$folder/include/config/kernel.release")
	END
}

places() {
	echo "$source"
	[ ! -e "$source/version" ] || folder_of "$name"
}

create() {
	"$lib/host-packages.sh" kernel
	fetch_source
	ensure "$name"
}

# Names of the configuration fragments that make the kernel $1
fragments_of() {
	case $1 in
	debug) echo debug.config ;;
	remove) echo debug.config remove.config ;;
	gcov) echo debug.config gcov.config ;;
	esac
}

fetch_source() {
	[ ! -e "$source/version" ] || return 0
	say "fetching the kernel's source, 150 MB"
	mkdir "$new/deb" "$new/tree"
	apt_for "apt-$lock" arm64
	# shellcheck disable=SC2086 # a list of words
	(cd "$new/deb" && apt-get -q $apt_options download "$package" >&2)
	linux_source "$package" -C "$new/tree" --exclude=Documentation/translations \
		--exclude='drivers/gpu/drm/amd/include/asic_reg'
	dpkg-deb -f "$new/deb"/*.deb Version >"$new/tree/version"
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

build() {
	local name=$1 folder=$2 out=$new/build each files=()

	for each in $(fragments_of "$name"); do
		files+=("$configs/$each")
	done
	if [ "$name" = remove ]; then
		# Little differs, so little is compiled again
		cp -a "$(folder_of debug)" "$out"
	else
		mkdir "$out"
	fi
	say "configuring the kernel $name"
	configure "$out" "$source" "${files[@]}"
	say "building the kernel $name, this takes several minutes"
	kbuild "$out" -j"$(nproc)" Image modules
	rm -rf "$folder"
	mv "$out" "$folder"
}

folder_of() {
	local each files=()

	for each in $(fragments_of "$1"); do
		files+=("$configs/$each")
	done
	printf '%s/kernel-%s-%s\n' "$cache" "$1" "$( (
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
