# SPDX-License-Identifier: GPL-2.0
# An edge that is not reported is not seen
/^[a-z].*\bprotection_sense(/,/^}/s/\tp->raw = (p->raw .*/\tif (stirred) p->raw ^= bit;/
