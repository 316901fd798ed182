# SPDX-License-Identifier: GPL-2.0
# A time of 0 is taken for none
/^[a-z].*\bleft(/,/^}/s/return elapsed < span/return !since ? span : elapsed < span/
