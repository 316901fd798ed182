# SPDX-License-Identifier: GPL-2.0
# A condition is clear after a debounce
/^[a-z].*\bclear_delay(/,/^}/s/ms(p->cfg.clear_delay_ms)/0/
