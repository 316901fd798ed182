# SPDX-License-Identifier: GPL-2.0
# A countdown under a lasting low cell is not called off
/^[a-z].*\bload_wanted(/,/^}/s/if (undervoltage(p) &&/if ((undervoltage(p) || p->warning) \&\&/
