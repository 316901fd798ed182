# SPDX-License-Identifier: GPL-2.0
# A level acts after twice the debounce
/^[a-z].*\bsense_condition(/,/^}/s/over(p->run_since\[line\], debounce(p), now)) ||/over(p->run_since[line], 2 * debounce(p), now)) ||/
