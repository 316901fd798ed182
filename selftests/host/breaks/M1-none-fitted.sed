# SPDX-License-Identifier: GPL-2.0
# A board without terminals is off
/^[a-z].*\bprotection_terminals(/,/^}/s/!(p->cfg.fitted & PROTECTION_REMOTES)/false/
