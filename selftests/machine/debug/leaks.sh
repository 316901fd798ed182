#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is still allocated after the modules have gone, and known to nobody.

# shellcheck source-path=SCRIPTDIR/../expander source=lib.sh
. ../expander/lib.sh

leaks=/sys/kernel/debug/kmemleak

begin
if [ ! -e $leaks ]; then
	skip "no kmemleak in this kernel"
fi
[ ! -d /sys/module/smallbms ] || driver_off
verdict $? "the driver can be unloaded"
echo scan >$leaks
# kmemleak keeps quiet about what is younger than 5 s
sleep 6
echo scan >$leaks
head -n 60 $leaks | sed 's/^/# /'
[ -z "$(cat $leaks)" ]
verdict $? "no memory is leaked"
end
