# SPDX-License-Identifier: GPL-2.0
# Switching off forgets the disconnect
/^[a-z].*\bload_wanted(/,/^}/s/return false;.*M3.*/{ p->load_tripped = false; return false; }/
