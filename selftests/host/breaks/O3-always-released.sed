# SPDX-License-Identifier: GPL-2.0
# The pre-alarm is released at the disconnect without being told to
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/p->cfg.release_pre_alarm_on_disconnect &&/true \&\&/
