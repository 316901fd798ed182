# SPDX-License-Identifier: GPL-2.0
# A low cell cuts the load, too
/^[a-z].*\bload_wanted(/,/^}/s/if (undervoltage(p) &&/if (p->active \& 3 \&\&/
