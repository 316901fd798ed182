# SPDX-License-Identifier: GPL-2.0
# A line that cannot be read keeps its level for ever
/^[a-z].*\bsense_unreadable(/,/^}/s/if (bit & PROTECTION_CONDITIONS)/if (false)/
