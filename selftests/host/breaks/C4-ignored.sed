# SPDX-License-Identifier: GPL-2.0
# The user cannot inhibit charging
/^[a-z].*\bcharge_wanted(/,/^}/s/ || p->inhibit_charge//
