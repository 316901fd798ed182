# SPDX-License-Identifier: GPL-2.0
# Chatter counts after four debounces
s/p->burst_since\[line\], 2 \* debounce/p->burst_since[line], 4 * debounce/
