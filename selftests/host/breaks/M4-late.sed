# SPDX-License-Identifier: GPL-2.0
# The terminals act after two debounces
/^[a-z].*\bsense_remote(/,/^}/s/debounce(p)/2 * &/
