/* SPDX-License-Identifier: GPL-2.0 */
/* Nothing is traced on the host. */
