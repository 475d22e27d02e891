/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What processes do with checkpoints in a run. Names are few, so that sides that come
 * together have used the same; limits are low, so that they are met.
 */
#ifndef SIM_KEEP_H
#define SIM_KEEP_H

#include "run.h"

void keep_draw(struct run *r);
void keep_act(struct run *r, struct node *n, u16 flags);
void keep_starve(struct run *r, struct node *n);
void keep_heal(struct run *r);
void keep_calm(struct run *r);
bool keep_settled(const struct run *r);
void keep_look(struct run *r);
void keep_describe(struct run *r);

#endif /* SIM_KEEP_H */
