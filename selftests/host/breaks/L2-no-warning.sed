# SPDX-License-Identifier: GPL-2.0
# The load is cut without a warning
/^[a-z].*\bload_wanted(/,/^}/s/(p->warning &&/(true ||/
