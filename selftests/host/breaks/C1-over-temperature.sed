# SPDX-License-Identifier: GPL-2.0
# Over-temperature does not disconnect charging
/^#define PROTECTION_CHARGE_FAULTS/,/^$/s/PROTECTION_BIT(PROTECTION_OVER_TEMPERATURE)/0/
