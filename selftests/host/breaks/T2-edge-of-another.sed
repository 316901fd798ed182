# SPDX-License-Identifier: GPL-2.0
# An edge that comes while the debounce runs does not break it
/^void protection_sense(/,/^}/s/(s->edges | /(0 | /
