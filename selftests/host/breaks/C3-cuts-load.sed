# SPDX-License-Identifier: GPL-2.0
# A charge fault disconnects the load
/^[a-z].*\bload_wanted(/,/^}/s/if (p->load_tripped)/if (p->load_tripped || p->charge_blocked)/
