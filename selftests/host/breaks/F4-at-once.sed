# SPDX-License-Identifier: GPL-2.0
# Lines that contradict each other are reported after a millisecond
s/\(#define PROTECTION_IMPLAUSIBLE_MS.*\)1000/\11/
