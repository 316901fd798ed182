# SPDX-License-Identifier: GPL-2.0
# The wait counts from when the line fell, not from when it was clear
/^[a-z].*\btripped_for(/,/^}/s/active_since/run_since/
