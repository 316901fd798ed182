# SPDX-License-Identifier: GPL-2.0
# What cannot be raised is asked for without a pause
/^[a-z].*\bprotection_next(/,/^}/s/~(p->outputs | p->wanted)/~p->outputs/
