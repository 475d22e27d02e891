/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must hold, looked at with everything that a node is heard to say.
 */
#ifndef PFSNL_VIRTUAL_JUDGE_H
#define PFSNL_VIRTUAL_JUDGE_H

#include "node.h"

struct sums {
	unsigned long updates;	/* told to monitors */
	unsigned long rings;	/* installed, once for each node */
	unsigned long distinct;	/* rings */
	unsigned long lists;	/* read and compared with the updates */
	unsigned long removed;	/* alive, removed while packets got lost */
	unsigned long silent;	/* alive, taken for silent while ... */
	double predicted;	/* how many of the latter were to be expected */
};

extern struct sums sums;

/* A monitor and a watch of libpfsnl, for the node @arg. */
void judge_event(void *arg, const struct pfsnl_event *event);
void judge_watch(void *arg, const struct pfsnl_update *update);

/* A life of the node is about to end: its counters are looked at. */
void judge_life_ends(struct node *n);
/* It is gone and says nothing any more. */
void judge_off(struct node *n);

/* What happens to the node until then may be the work of a fault. */
void judge_touch(struct node *n, uint64_t until);
/* Its links are what the fault is about. */
void judge_touch_links(struct node *n, uint64_t until);
void judge_touch_all(uint64_t until);
/* Packets get lost by chance; 0: no longer. In 1/1000000. */
void judge_loss(uint32_t loss);
/* That much time passed in which nothing but that happened. */
void judge_lossy_time(uint64_t us);
/* How often one node took another for silent, in all nodes that run. */
unsigned long judge_silences(void);

/* Whether these are one ring, and no others in it. */
bool judge_agree(const struct set *who);
/* The nodes that are switched on; and of these, those of a side. */
struct set nodes_on(void);
struct set nodes_side(int side);
/* One of these may lead. */
bool can_lead(const struct set *who);
struct node *leader_of(const struct set *who);

/* Lists that are asked for are those that were told. */
void judge_lists(void);
/* From now on changes are counted anew. */
void changes_forget(void);

/* tell() how everybody is. */
void judge_describe(void);

#endif
