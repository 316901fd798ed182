# SPDX-License-Identifier: GPL-2.0
# The countdown shows a second too much
/^[a-z].*\bprotection_disconnect_in(/,/^}/s/ms(p->cfg.pre_alarm_delay_ms)/& + 1000000000/
