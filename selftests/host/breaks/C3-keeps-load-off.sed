# SPDX-License-Identifier: GPL-2.0
# The load does not come while a charge fault is present
/^[a-z].*\bload_wanted(/,/^}/s/return on || !restless_for(p, uv/& | PROTECTION_CHARGE_FAULTS/
