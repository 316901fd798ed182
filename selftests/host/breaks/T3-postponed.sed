# SPDX-License-Identifier: GPL-2.0
# The pre-alarm is broken by every gap of a pulsing line
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/return p->active &/return p->raw \& p->active \&/
