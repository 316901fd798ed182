# SPDX-License-Identifier: GPL-2.0
# A battery's charge-inhibit line does not disconnect charging
/^[a-z].*\bcharge_wanted(/,/^}/s/p->active & PROTECTION_CHARGE_FAULTS/& \& ~0x20/
