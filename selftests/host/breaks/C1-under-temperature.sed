# SPDX-License-Identifier: GPL-2.0
# Under-temperature does not disconnect charging
/^#define PROTECTION_CHARGE_FAULTS/,/^$/s/PROTECTION_BIT(PROTECTION_UNDER_TEMPERATURE)/0/
