# SPDX-License-Identifier: GPL-2.0
# A break in the pre-alarm does not start the 30 s anew
/^[a-z].*\bprotection_decide(/,/^}/s/p->warning = false;/;/
