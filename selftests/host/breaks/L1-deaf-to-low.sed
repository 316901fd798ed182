# SPDX-License-Identifier: GPL-2.0
# A low cell gives no pre-alarm
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/PROTECTION_BIT(PROTECTION_CELL_LOW)/0/
