# SPDX-License-Identifier: GPL-2.0
# Every pulse begins a new burst
/^[a-z].*\bsense_condition(/,/^}/s/if (!(p->bursting & bit))/if (true)/
