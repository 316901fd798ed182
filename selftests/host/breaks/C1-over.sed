# SPDX-License-Identifier: GPL-2.0
# A fault that is over is still named while another is not
/^static u32 cause(/,/^}/s/p->active & PROTECTION_BIT(before - PROTECTION_BY_LINE)/1/
