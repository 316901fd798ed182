# SPDX-License-Identifier: GPL-2.0
# A pre-alarm that cannot be raised keeps an empty bank connected
/^[a-z].*\bprotection_applied(/,/^}/s/wanted & PROTECTION_PRE_ALARM/wanted \& outputs \& PROTECTION_PRE_ALARM/
