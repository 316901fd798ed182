# SPDX-License-Identifier: GPL-2.0
# A line that rested before it could not be read chatters on after it
/^void protection_sense(/,/^}/s/if (!(p->unread & bit))/if (!readable \&\& !(p->unread \& bit)) p->unread |= bit,/
