# SPDX-License-Identifier: GPL-2.0
# Lines that are not fitted are read
/^[a-z].*\bprotection_sense(/,/^}/s/!(p->cfg.fitted & ~s->skipped & bit)/s->skipped \& bit/
