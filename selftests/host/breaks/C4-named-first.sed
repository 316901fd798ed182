# SPDX-License-Identifier: GPL-2.0
# The user's wish is named before a fault
/^[a-z].*\bprotection_charge_reason(/,/^}/s/if (p->charge_blocked)/if (p->charge_blocked \&\& !p->inhibit_charge)/
