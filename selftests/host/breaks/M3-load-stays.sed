# SPDX-License-Identifier: GPL-2.0
# Off leaves the load
/^[a-z].*\bload_wanted(/,/^}/s/!enabled(p)/false/
