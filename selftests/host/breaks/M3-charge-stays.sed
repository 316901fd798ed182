# SPDX-License-Identifier: GPL-2.0
# Off leaves charging
/^[a-z].*\bcharge_wanted(/,/^}/s/!enabled(p) || //
