# SPDX-License-Identifier: GPL-2.0
# Every turn starts the 30 s anew
/^[a-z].*\bprotection_applied(/,/^}/s/ && !p->warning//
