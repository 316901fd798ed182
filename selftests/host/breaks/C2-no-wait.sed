# SPDX-License-Identifier: GPL-2.0
# Charging is back as soon as the faults are clear
/^[a-z].*\bcharge_blocked_for(/,/^}/s/ms(p->cfg.charge_reconnect_delay_ms)/0/
