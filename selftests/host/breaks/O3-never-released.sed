# SPDX-License-Identifier: GPL-2.0
# The pre-alarm is not released at the disconnect
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/p->cfg.release_pre_alarm_on_disconnect &&/false \&\&/
