# SPDX-License-Identifier: GPL-2.0
# Lines that cannot be read contradict each other
/^[a-z].*\bsense_contradiction(/,/^}/s/ & ~p->failed//
