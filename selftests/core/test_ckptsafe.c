// SPDX-License-Identifier: GPL-2.0
/*
 * Safe operations on checkpoints: each is applied at its place, when all are known to
 * have it, and answered then.
 */
#include "test_keeper.h"

#define SEEDS	20

static struct deed *create_safe(struct keeper *k, struct keeper_handle *h, const char *id,
				const char *text)
{
	struct deed *d;

	k->flags = PFSNL_MSG_SAFE;
	d = keeper_create(k, h, id, text, strlen(text));
	k->flags = 0;
	return d;
}

static void safe_operation_is_applied_and_answered_when_all_have_it(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper_handle *h[2] = { opened(w, 0, "g")->h, opened(w, 1, "g")->h };
	struct deed *safe, *after;
	u32 i;

	/* who does not say that it has it */
	node_hang(w->nodes[2]);
	safe = create_safe(keeper_at(w, 1), h[1], "s", "safe");
	world_run(w, 50 * SIM_MS);
	after = keeper_create(keeper_at(w, 0), h[0], "s", "after", 5);
	world_run(w, 50 * SIM_MS);
	assert_false(safe->answered);
	for (i = 0; i < 3; i++)
		assert_null(keeper_section(keeper_at(w, i), "g", "s"));
	/* it has its place: what was said later waits behind it */
	assert_false(after->answered);
	node_resume(w->nodes[2]);
	did(w, safe, 0);
	did(w, after, -EEXIST);
	assert_kept(w, 1000);
	for (i = 0; i < 3; i++)
		assert_true(holds(w, i, "g", "s", "safe"));
	world_free(w);
}

static void safe_operation_of_who_is_alone_waits_for_nobody(void **state)
{
	struct world *w = keeping(1, 1);
	struct deed *d = create_safe(keeper_at(w, 0), opened(w, 0, "g")->h, "s", "safe");

	assert_true(d->answered);
	assert_int_equal(d->err, 0);
	assert_true(holds(w, 0, "g", "s", "safe"));
	world_free(w);
}

static void safe_operation_in_a_ring_change_is_applied_once_if_it_is_answered(void **state)
{
	u64 seed, unknown = 0, applied = 0;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 4);
		struct keeper *k = keeper_at(w, 2);
		struct keeper_handle *h = opened(w, 2, "g")->h;
		struct deed *d[30];

		for (i = 0; i < ARRAY_SIZE(d); i++) {
			char id[8];

			snprintf(id, sizeof(id), "%u", i);
			d[i] = create_safe(k, h, id, id);
			/* a client, under the same leader; then the leader */
			if (i == 10)
				node_kill(w->nodes[3]);
			if (i == 20)
				node_kill(w->nodes[0]);
			world_run(w, sim_below(&w->sim, SIM_MS / 4));
			if (i == 15)
				world_run(w, 5 * SIM_S);
		}
		world_run(w, 2 * SIM_S);
		assert_kept(w, 5000);
		for (i = 0; i < ARRAY_SIZE(d); i++) {
			char id[8];
			bool there;

			snprintf(id, sizeof(id), "%u", i);
			there = keeper_section(k, "g", id);
			assert_true(d[i]->answered);
			assert_int_equal(there, holds(w, 1, "g", id, id));
			/* who is told of it applied it, once; if nobody knows, none or all */
			assert_int_equal(d[i]->applied, !d[i]->err);
			assert_true(d[i]->err ? d[i]->err == -ECONNABORTED : there);
			/* a client that is lost makes nothing unknown */
			assert_true(i > 15 || !d[i]->err);
			unknown += !!d[i]->err;
			applied += i > 10 && !d[i]->err;
		}
		world_free(w);
	}
	assert_true(unknown > 0);
	assert_true(applied > 0);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(safe_operation_is_applied_and_answered_when_all_have_it),
		cmocka_unit_test(safe_operation_of_who_is_alone_waits_for_nobody),
		cmocka_unit_test(safe_operation_in_a_ring_change_is_applied_once_if_it_is_answered),
	};

	return RUN_WORLD_TESTS(tests);
}
