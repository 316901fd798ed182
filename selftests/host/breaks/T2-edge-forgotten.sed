# SPDX-License-Identifier: GPL-2.0
# A level that was read late counts from the reading, not from its edge
/^void protection_sense(/,/^}/s/if (s->earlier & bit && readable)/if (0)/
