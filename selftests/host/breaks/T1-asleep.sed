# SPDX-License-Identifier: GPL-2.0
# Nobody comes back for the end of the clear delay
/^[a-z].*\bline_due(/,/^}/s/return p->raw & bit ? PROTECTION_NEVER :/return 1 ? PROTECTION_NEVER :/
