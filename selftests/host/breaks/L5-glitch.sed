# SPDX-License-Identifier: GPL-2.0
# Outputs that are found high are not taken over
/^[a-z].*\bprotection_init(/,/^}/s/.outputs = found/.outputs = 0/
