# SPDX-License-Identifier: GPL-2.0
# The load is cut after 29.999 s, and the countdown agrees
s/ms(p->cfg.pre_alarm_delay_ms)/ms(p->cfg.pre_alarm_delay_ms - 1)/
