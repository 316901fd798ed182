# SPDX-License-Identifier: GPL-2.0
# That the terminals are off is not told
/^[a-z].*\bremote_reason(/,/^}/s/!protection_terminals(p)/false/
