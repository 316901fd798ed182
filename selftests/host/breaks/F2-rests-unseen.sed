# SPDX-License-Identifier: GPL-2.0
# A line that cannot be read counts as quiet, and its chattering as over
/^[a-z].*\bsense_line(/,/^}/s/(p->raw | p->unread) & bit/p->raw \& bit/
