# SPDX-License-Identifier: GPL-2.0
# Undervoltage disconnects charging
/^[a-z].*\bcharge_wanted(/,/^}/s/p->active & PROTECTION_CHARGE_FAULTS/p->active \& (PROTECTION_CHARGE_FAULTS | 2)/
