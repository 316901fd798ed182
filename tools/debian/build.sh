#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build.sh OUT: builds the Debian packages in the folder OUT, from copies of what
# they need.  Their version is the module's own.

set -eu
out=$(realpath -m "$1")
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' driver/main.c)
if [ -z "$version" ]; then
	echo "smallbms: no MODULE_VERSION in driver/main.c" >&2
	exit 1
fi
source=$out/smallbms-$version
rm -rf "$source"
rm -f "$out"/*.deb "$out"/*.buildinfo "$out"/*.changes
mkdir -p "$source"
cp -r Kbuild dkms.conf driver tools "$source"
mv "$source/tools/debian" "$source/debian"
when=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || :)}
cat >"$source/debian/changelog" <<END
smallbms ($version) unstable; urgency=medium

  * Built from the sources of smallBMS $version.

 -- smallBMS maintainers <smallbms@example.org>  $(date -R -d "@${when:-0}")
END
cd "$source"
dpkg-buildpackage -us -uc -b >"$out/log" 2>&1 || {
	tail -n 40 "$out/log" >&2
	exit 1
}
cd "$out"
echo "$PWD"/*.deb | tr ' ' '\n'
