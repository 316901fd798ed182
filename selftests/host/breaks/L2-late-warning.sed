# SPDX-License-Identifier: GPL-2.0
# A pre-alarm that is raised late counts from the first attempt
/^[a-z].*\bprotection_applied(/,/^}/s/raised || //
