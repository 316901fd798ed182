# SPDX-License-Identifier: GPL-2.0
# Undervoltage without a low cell gives no pre-alarm
/^[a-z].*\bpre_alarm_wanted(/,/^}/s/PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE)/0/
