# SPDX-License-Identifier: GPL-2.0
# A pulse that was not seen does not start the clear delay anew
/^[a-z].*\bsense_line(/,/^}/s/|| stirred)/|| (stirred \&\& !(p->active \& bit)))/
