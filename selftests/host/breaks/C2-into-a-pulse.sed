# SPDX-License-Identifier: GPL-2.0
# Charging rises while a fault is not believed yet
/^[a-z].*\bcharge_wanted(/,/^}/s/return p->outputs & PROTECTION_CHARGE ||/return true ||/
