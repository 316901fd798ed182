# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Of the kernel's source, 150 MB to download, these 40 MB are kept: no smaller
# package has checkpatch.pl, the bindings, the Raspberry Pi's device trees, or the
# driver of a chip that Debian's kernels do without.

package=linux-source-6.12
files=(
	scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
	scripts/kernel-doc include/dt-bindings Documentation/devicetree/bindings
	scripts/dtc/include-prefixes arch/arm/boot/dts/broadcom
	arch/arm64/boot/dts/broadcom drivers/pinctrl/pinctrl-mcp23s08.c
	drivers/pinctrl/pinctrl-mcp23s08.h drivers/pinctrl/pinctrl-mcp23s08_i2c.c
)
folder=$cache/$package-$(sha256sum <<<"${files[*]}" | cut -c 1-8)

have() {
	[ -e "$folder" ]
}

show() {
	echo "$folder"
}

places() {
	echo "$folder"
}

create() {
	mkdir "$new/deb" "$new/tree"
	apt_for "apt-$lock" arm64
	# shellcheck disable=SC2086 # a list of words
	(cd "$new/deb" && apt-get -q $apt_options download "$package" >&2)
	linux_source "$package" -C "$new/tree" "${files[@]/#/$package/}"
	rm -rf "$folder"
	mv "$new/tree" "$folder"
}
