/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A listener of one node, as a program that watches it is: it folds all updates
 * into a list and compares that with the list it can ask for.
 */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include "core.h"
#include "sim.h"

/**
 * struct update - an update that was heard
 * @when: nanoseconds
 * @op: PFSNL_OP_ADD or PFSNL_OP_REMOVE
 * @ring: the ring it came with
 * @n: how many nodes
 * @addrs: which, host order, rising
 * @why: why, enum pfsnl_why of each
 */
struct update {
	u64 when;
	u32 op;
	struct pfsnl_ring_id ring;
	u32 n;
	u32 *addrs;
	u8 *why;
};

/**
 * struct watch - a listener
 * @addrs: the list as the updates make it, host order, rising
 * @n: nodes in it
 * @space: nodes that @addrs can hold
 * @sum: all addresses of the list, mixed, so that lists are compared quickly
 * @generation: of the last update
 * @role: as the last event had it
 * @ring: as the last event had it
 * @quorate: as the last event about a ring had it
 * @fresh: something was heard since the last comparison
 * @log: all updates, if @keep
 * @n_log: how many
 * @keep: whether to keep them
 */
struct watch {
	u32 *addrs;
	u32 n;
	u32 space;
	u64 sum;
	u64 generation;
	enum pfsnl_role role;
	struct pfsnl_ring_id ring;
	bool quorate;
	bool fresh;
	struct update *log;
	u32 n_log;
	bool keep;
};

static inline bool ring_same(const struct pfsnl_ring_id *a,
			     const struct pfsnl_ring_id *b)
{
	return a->seq == b->seq && a->incarnation == b->incarnation &&
	       a->leader == b->leader;
}

u64 watch_mix(u32 addr);
void watch_reset(struct watch *w);
void watch_forget(struct watch *w);
void watch_hear(struct watch *w, u64 now, const struct pfsnl_event *ev);
void watch_compare(struct watch *w, const struct pfsnl_core *core, u64 now);
bool watch_has(const struct watch *w, u32 addr);

#endif /* CORE_WATCH_H */
