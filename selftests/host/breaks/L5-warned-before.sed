# SPDX-License-Identifier: GPL-2.0
# A load that is found on is cut at once for want of a pre-alarm
/^[a-z].*\bprotection_init(/,/^}/s/.warning_since = now/.warning_since = now - 60000000000ULL/
