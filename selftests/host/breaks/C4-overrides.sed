# SPDX-License-Identifier: GPL-2.0
# A user who inhibits and allows again clears a fault
/^[a-z].*\bcharge_wanted(/,/^}/s/if (p->active &/if (p->inhibit_charge) p->charge_blocked = false; else &/
