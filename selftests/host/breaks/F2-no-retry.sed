# SPDX-License-Identifier: GPL-2.0
# The first failing read acts
s/\(#define PROTECTION_READ_RETRY_MS.*\)80/\10/
