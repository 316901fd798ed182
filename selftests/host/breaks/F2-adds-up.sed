# SPDX-License-Identifier: GPL-2.0
# Failing reads with good ones between them add up
/^[a-z].*\bprotection_sense(/,/^}/s/p->unread &= ~bit;/;/
