# SPDX-License-Identifier: GPL-2.0
# Failing reads with good ones between them add up
/^[a-z].*\bsense_line(/,/^}/s/p->unread &= ~bit;/;/
