/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of services share.
 */
#ifndef CORE_TEST_SERVICE_H
#define CORE_TEST_SERVICE_H

#include <errno.h>

#include "test_world.h"

#define SEEDS	20
#define ONE	(1U << 1)
#define TWO	(1U << 2)

/* all services are active and the same, and nothing is under way */
#define assert_settled(w, ms) assert_until(w, replicas_settled, NULL, ms)

/* a running cluster of @n nodes that have some services each */
static inline struct world *serving(u64 seed, u32 n, u32 serves)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, n);
	for (i = 0; i < n; i++)
		w->nodes[i]->serves = serves;
	world_start(w);
	assert_agree(w, 1000);
	assert_settled(w, 1000);
	return w;
}

static inline struct replica *first(struct world *w, u32 i)
{
	return replica_of(w->nodes[i], 1);
}

/* operations of a node, which all apply at once if nothing goes on */
static inline void say(struct world *w, u32 i, u32 n)
{
	while (n--)
		assert_int_equal(replica_say(first(w, i), 0, 0), 0);
}

static inline struct pfsnl_sync_state state_of(const struct replica *r)
{
	struct pfsnl_sync_state st = {};
	u32 i = 0;

	while (pfsnl_core_sync_state(r->node->core, i++, &st))
		if (st.served.id == r->id)
			return st;
	fail();
	return st;
}

/* Whether a service of a node is at a phase of the ring that is installed. */
static inline bool is_at(struct replica *r, enum pfsnl_sync_phase phase)
{
	struct pfsnl_sync_state st = state_of(r);

	return st.phase == phase &&
	       ring_same(&st.ring, &r->node->watch.ring);
}

struct at {
	struct replica *r;
	enum pfsnl_sync_phase phase;
	u32 nodes;
};

static inline bool comes_to(struct world *w, void *arg)
{
	const struct at *at = arg;

	return is_at(at->r, at->phase) && at->r->node->watch.n == at->nodes;
}

/* until a service of a node is at a phase, in a ring of @n nodes */
#define assert_comes_to(w, who, what, n)				\
	do {								\
		struct at at_ = { .r = who, .phase = what, .nodes = n }; \
									\
		assert_until(w, comes_to, &at_, 5000);			\
	} while (0)

#endif /* CORE_TEST_SERVICE_H */
