# SPDX-License-Identifier: GPL-2.0
# Terminals or software are enough
/^[a-z].*\benabled(/,/^}/s/&&/||/
