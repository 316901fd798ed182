# SPDX-License-Identifier: GPL-2.0
# Switching on connects the load, whatever undervoltage says
/^[a-z].*\bload_wanted(/,/^}/s/if (undervoltage(p) &&/if (on \&\& undervoltage(p) \&\&/
/^[a-z].*\bload_wanted(/,/^}/s/return on ||/return true ||/
