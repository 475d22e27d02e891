/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which ring came before which, at each node.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "world.h"

void history_begin(struct world *w);
void history_end(void);
void history_claimed(struct node *n);
void history_installed(struct node *n);

#endif /* SIM_HISTORY_H */
