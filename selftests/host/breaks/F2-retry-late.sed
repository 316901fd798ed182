# SPDX-License-Identifier: GPL-2.0
# The last retry does not come before its time
/^[a-z].*\bline_due(/,/^}/s/ms(PROTECTION_READ_RETRY_MS)/ms(999)/
