# SPDX-License-Identifier: GPL-2.0
# All terminals must be on
/^[a-z].*\bprotection_terminals(/,/^}/s/p->active & PROTECTION_REMOTES/!(~p->active \& p->cfg.fitted \& PROTECTION_REMOTES)/
