# SPDX-License-Identifier: GPL-2.0
# Reads are tried again for 120 ms
s/\(#define PROTECTION_READ_RETRY_MS.*\)80/\1120/
