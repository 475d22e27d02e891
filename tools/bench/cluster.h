/* SPDX-License-Identifier: GPL-2.0 */
/* A cluster of n1 to nCOUNT. */
#ifndef PFSNL_BENCH_CLUSTER_H
#define PFSNL_BENCH_CLUSTER_H

#include "cause.h"

/* n1 to n(n). */
struct members first(int n);

/* Starts it; false: not all saw all in time. `c` is then the cause. */
bool form(const struct pace *pace, uint32_t max_nodes, struct cause *c);

/* Starts it and rests, or says that it did not come, and stops it again. */
bool begin(const struct pace *pace, uint32_t max_nodes);

/* Stops it. */
void dissolve(void);

/* Lets beacons fall where they may, so that no phase is preferred. */
void rest(const struct pace *pace);

/* The one that most watches believe to lead, n1 if they know of none. */
int leader(void);

/* One that doesn't. */
int last_client(void);

#endif /* PFSNL_BENCH_CLUSTER_H */
