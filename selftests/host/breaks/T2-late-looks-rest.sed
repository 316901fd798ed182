# SPDX-License-Identifier: GPL-2.0
# What a chattering line did while nobody could look is taken for rest
/^void protection_sense(/,/^}/s/if (s->edges & bit && !rested)/if (0)/
