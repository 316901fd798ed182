# SPDX-License-Identifier: GPL-2.0
# The clock must not wrap
/^[a-z].*\bleft(/,/^}/s/now - since/now > since ? now - since : 0/
