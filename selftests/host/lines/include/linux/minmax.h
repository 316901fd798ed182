/* SPDX-License-Identifier: GPL-2.0 */
/* Of any type, unlike the one for the rules alone; they come first here. */
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
