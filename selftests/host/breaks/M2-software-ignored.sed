# SPDX-License-Identifier: GPL-2.0
# The software remote does nothing
/^[a-z].*\benabled(/,/^}/s/ && p->software_remote//
