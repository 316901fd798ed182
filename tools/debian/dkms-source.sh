#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# dkms-source.sh FOLDER: lays out, in FOLDER/smallbms-VERSION, what DKMS needs to
# build the module, and prints that folder.

set -eu
version=$(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' driver/main.c)
to=$1/smallbms-$version
rm -rf "$to"
mkdir -p "$to/driver"
cp Kbuild "$to"
cp driver/Kbuild driver/Kconfig driver/*.[ch] "$to/driver"
sed "s/#MODULE_VERSION#/$version/" dkms.conf >"$to/dkms.conf"
chmod -R a+rX "$to"
echo "$to"
