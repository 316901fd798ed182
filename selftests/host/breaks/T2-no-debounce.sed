# SPDX-License-Identifier: GPL-2.0
# Every pulse acts
/^[a-z].*\bdebounce(/,/^}/s/ms(p->cfg.debounce_delay_ms)/0 * &/
