/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests with a stranger in the world include.
 */
#ifndef CORE_TEST_STRANGER_H
#define CORE_TEST_STRANGER_H

#include "test_world.h"

#include "stranger.h"

#define STRANGER	WORLD_ADDR(500)

/* a stranger beside a cluster of @n nodes */
static inline struct stranger *stranger_at(u64 seed, u32 n)
{
	return stranger_new(world_of(seed, n), STRANGER);
}

/* nobody saw anything but, perhaps, the stranger come and go */
static inline void assert_undisturbed(const struct stranger *s)
{
	struct world *w = s->world;
	u32 i, j;

	if (!world_until(w, world_agrees, NULL, 3 * SIM_S)) {
		print_world(w);
		fail_msg("disturbed");
	}
	for (i = 0; i < w->n; i++)
		for (j = 0; j < w->nodes[i]->watch.n_log; j++)
			assert_update(&w->nodes[i]->watch.log[j],
				      w->nodes[i]->watch.log[j].op,
				      s->host.addr);
}

/* nobody saw anything at all */
static inline void assert_unnoticed(const struct stranger *s)
{
	u32 i;

	assert_undisturbed(s);
	for (i = 0; i < s->world->n; i++)
		assert_int_equal(s->world->nodes[i]->watch.n_log, 0);
}

#endif /* CORE_TEST_STRANGER_H */
