# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For recipes that need the source of a kernel, or build one.

# linux_source PACKAGE ARGUMENT...: unpacks the kernel's source from the package, which
# is in $new/deb, by tar with these arguments
linux_source() {
	say "unpacking $1"
	dpkg-deb --fsys-tarfile "$new/deb/$1"_*.deb |
		tar -xO "./usr/src/$1.tar.xz" | xz -dc |
		tar -x --strip-components=1 "${@:2}"
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
		say "the configuration of the kernel lost:$lost"
		exit 1
	}
}

# configure OUT SOURCE FRAGMENT...: from nothing but the fragments, by the recipe's kbuild
configure() {
	local out=$1 source=$2

	shift 2
	kbuild "$out" tinyconfig
	(cd "$out" && "$source/scripts/kconfig/merge_config.sh" -m -O . .config \
		"$@") >/dev/null
	kbuild "$out" olddefconfig
	assert_symbols "$out/.config" "$@"
}
