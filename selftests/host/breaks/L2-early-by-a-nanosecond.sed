# SPDX-License-Identifier: GPL-2.0
# The load is cut a nanosecond early
/^[a-z].*\bload_wanted(/,/^}/s/ms(p->cfg.pre_alarm_delay_ms)/& - 1/
