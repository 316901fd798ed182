# SPDX-License-Identifier: GPL-2.0
# A fault is not seen while the remote is off
/^[a-z].*\bcharge_wanted(/,/^}/s/if (p->active &/if (enabled(p) \&\& p->active \&/
