# SPDX-License-Identifier: GPL-2.0
# Off leaves the pre-alarm
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/!enabled(p)/false/
