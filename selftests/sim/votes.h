/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is quorate, as the judge looks at it.
 */
#ifndef SIM_VOTES_H
#define SIM_VOTES_H

#include "world.h"

void votes_begin(struct world *w);
void votes_check(struct node *n);

#endif /* SIM_VOTES_H */
