# SPDX-License-Identifier: GPL-2.0
# Charging is off while the load is disconnected
/^[a-z].*\bcharge_wanted(/,/^}/s/p->charge_blocked ||/p->charge_blocked || p->load_tripped ||/
