# SPDX-License-Identifier: GPL-2.0
# Pulses with a rest between them count as chatter
/^[a-z].*\bsense_line(/,/^}/s/p->bursting &= ~bit;/;/
