/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WATCH_H
#define WATCH_H

#include "../smallbms.h"

enum result watch_run(const struct config *config);

#endif /* WATCH_H */
