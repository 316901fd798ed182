#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# make.sh ARGUMENT...: make, with as many jobs as there are processors, unless a make
# above says how many.

case ${MAKEFLAGS-} in
*-j*) ;;
*) set -- "-j$(nproc)" "$@" ;;
esac
exec make --no-print-directory "$@"
