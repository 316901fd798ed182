# SPDX-License-Identifier: GPL-2.0
# An idle board asks for a turn every second
/^[a-z].*\bprotection_next(/,/^}/s/u64 next = protection_disconnect_in(p, now);/u64 next = min(protection_disconnect_in(p, now), (u64)1000000000);/
