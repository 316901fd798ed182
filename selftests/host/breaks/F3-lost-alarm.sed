# SPDX-License-Identifier: GPL-2.0
# A pre-alarm that was lost in a reset counts as unbroken
/^[a-z].*\bprotection_found(/,/^}/s/p->warning = false;/;/
