# SPDX-License-Identifier: GPL-2.0
# The pre-alarm is released before the load is really off
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/!(p->outputs & PROTECTION_LOAD)/true/
