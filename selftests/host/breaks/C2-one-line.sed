# SPDX-License-Identifier: GPL-2.0
# Only overvoltage is waited for
/^[a-z].*\bcharge_blocked_for(/,/^}/s/PROTECTION_CHARGE_FAULTS/4/
