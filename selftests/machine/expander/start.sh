#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A healthy bank on every chip, and nothing else.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

begin
start
verdict $? "all boards come up with load and charge on"
end
