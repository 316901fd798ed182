# SPDX-License-Identifier: GPL-2.0
# A pre-alarm stays when both conditions are clear
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/return p->active &/return p->warning || p->active \&/
