# SPDX-License-Identifier: GPL-2.0
# A line that cannot be read is taken for quiet
/^[a-z].*\bbreak_rest(/,/^}/s/p->run_since\[line\] = now;/;/
