# SPDX-License-Identifier: GPL-2.0
# The load rises into known undervoltage when its line rests
/^[a-z].*\bload_wanted(/,/^}/s/(!on || (p->warning/((p->warning/
