# SPDX-License-Identifier: GPL-2.0
# Times do not fit into 32 bits
/^[a-z].*\bms(/,/^}/s/(u64)n \* 1000000/(u32)(n * 1000000)/
