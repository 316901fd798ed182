# SPDX-License-Identifier: GPL-2.0
# A fault that was never read is named while reads recover
/^[a-z].*\bcause(/,/^}/s/lines & p->active & p->raw;/lines \& p->active;/
