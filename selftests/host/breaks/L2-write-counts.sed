# SPDX-License-Identifier: GPL-2.0
# The 30 s begin with the decision, before the pre-alarm is written
/^[a-z].*\bprotection_decide(/,/^}/s/wanted |= PROTECTION_PRE_ALARM;/protection_applied(p, wanted |= PROTECTION_PRE_ALARM, p->outputs, now);/
/^[a-z].*\bprotection_applied(/,/^}/s/raised || //
