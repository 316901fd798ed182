# SPDX-License-Identifier: GPL-2.0
# A remote that cannot be read is on
/^[a-z].*\bsense_unreadable(/,/^}/s/if (bit & PROTECTION_CONDITIONS)/if (true)/
