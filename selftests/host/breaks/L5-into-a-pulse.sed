# SPDX-License-Identifier: GPL-2.0
# The load rises while undervoltage is not believed yet
/^[a-z].*\bload_wanted(/,/^}/s/return on ||/return true ||/
