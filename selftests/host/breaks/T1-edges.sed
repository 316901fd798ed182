# SPDX-License-Identifier: GPL-2.0
# An edge that is not reported is not seen
/^[a-z].*\bsense_line(/,/^}/s/\tp->raw = level .*/\tif (stirred) p->raw ^= bit;/
