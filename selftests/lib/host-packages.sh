#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# host-packages.sh PART...: installs the Debian packages that the parts need
# and this machine lacks.  Elsewhere than on Debian that is up to the user.
#
#	host-packages.sh --check PART...	only names them, and fails

set -eu
command -v dpkg-query >/dev/null || exit 0
only_check=
if [ "${1-}" = --check ]; then
	only_check=yes
	shift
fi

say() {
	echo "smallbms: $*" >&2
}

if [ "$(dpkg --print-architecture)" = arm64 ]; then
	cross="gcc libc6-dev"
else
	cross="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
fi

packages_of() {
	case $1 in
	module) echo "gcc libc6-dev kmod" ;;
	tool) echo "device-tree-compiler gcc libc6-dev pkg-config" \
		"libjson-c-dev libncurses-dev libsqlite3-dev" ;;
	vm) echo "$cross pkg-config kmod device-tree-compiler python3" \
		"qemu-system-arm" ;;
	pins) echo "$(packages_of vm) python3-pytest python3-pytest-xdist" ;;
	kernel) echo "$cross bc bison flex gcc libc6-dev make xz-utils" ;;
	kernels) echo "$cross bc bison clang flex gcc libc6-dev libelf-dev lld llvm" \
		"libssl-dev gcc-arm-linux-gnueabihf gcc-riscv64-linux-gnu" \
		"kmod make python3 xz-utils" ;;
	patches) echo "coccinelle git libpython3-dev ocaml patch python3-attr python3-libfdt" \
		"python3-rfc3987 python3-ruamel.yaml python3-typing-extensions" \
		"yamllint" ;;
	host) echo "clang gcc libc6-dev libclang-rt-14-dev python3" ;;
	fuzz) echo "$(packages_of host) libjson-c-dev pkg-config" ;;
	docs) echo "python3-sphinx" ;;
	tools) echo "$(packages_of tool) fish jq python3-pyte" \
		"python3-pytest python3-pytest-xdist" \
		"systemd-journal-remote tzdata zsh" ;;
	bridges) echo "$(packages_of tool) libmosquitto-dev libsystemd-dev" ;;
	check-bridges) echo "$(packages_of tools) $(packages_of bridges) chromium" \
		"chromium-driver cockpit-bridge cockpit-ws dbus-daemon faketime" \
		"fonts-dejavu-core mosquitto mosquitto-clients nodejs nut-client" \
		"nut-server openssl pngquant" \
		"python3-dbus-next python3-jsonschema python3-selenium systemd" \
		"$(command -v npm >/dev/null || echo npm)" ;;
	static) echo "$cross $(packages_of bridges) binutils clang codespell cpp" \
		"dt-schema lld llvm make mandoc perl pyflakes3 python3" \
		"python3-docutils python3-pytest python3-sphinx qemu-system-arm" \
		"shellcheck xz-utils" ;;
	applet) echo "dbus-daemon adwaita-icon-theme fonts-dejavu-core imagemagick" \
		"librsvg2-common umockdev upower x11-xserver-utils xdotool" \
		"xfce4-panel xfce4-power-manager-plugins xfce4-settings xvfb" ;;
	userland) echo "$(packages_of bridges) $(packages_of vm) e2fsprogs python3-pyte" \
		"python3-pytest python3-pytest-xdist squashfs-tools systemd" ;;
	deb) echo "$(packages_of bridges) debhelper dh-dkms dpkg-dev make" ;;
	package) echo "$(packages_of deb) lintian mmdebstrap python3-pytest" ;;
	*) say "host-packages: no part $1"
		exit 2 ;;
	esac
}

missing=
for part; do
	for package in $(packages_of "$part"); do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
			2>/dev/null) || status=
		case " $missing " in
		*" $package "*) ;;
		*) [ "$status" = installed ] || missing="$missing $package" ;;
		esac
	done
done
[ "$missing" ] || exit 0
if [ "$only_check" ]; then
	say "packages are missing:$missing"
	say "install them as root with 'make setup PARTS=\"$*\"', or with"
	say "apt-get install --no-install-recommends --no-upgrade$missing"
	exit 1
fi

sudo=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		say "please install as root:$missing"
		exit 1
	fi
	sudo=sudo
fi
say "installing$missing"
export DEBIAN_FRONTEND=noninteractive
# apt-get waits for the lock of packages, but not for that of their lists, which a
# fresh machine's apt-daily holds
n=0
until said=$($sudo apt-get -q update 2>&1); do
	case $said in
	*/lists/lock*) [ $n -lt 60 ] && n=$((n + 1)) && sleep 5 && continue ;;
	esac
	say "$said"
	say "going on with what could be fetched"
	break
done
# shellcheck disable=SC2086 # a list of words
$sudo apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
	--no-install-recommends --no-upgrade install $missing >&2
