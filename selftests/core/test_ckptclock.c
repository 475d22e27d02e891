// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks by which checkpoints expire, that jump or differ. What a clock says brings
 * nothing back, takes nothing away that is not due by the clock of any node, and all
 * nodes stay the same whatever it says.
 */
#include "test_keeper.h"

#define HOUR	(3600 * (s64)SIM_S)
#define HOUR_MS	3600000ULL

static u32 n_sections(struct world *w, u32 i)
{
	const struct pfsnl_ckpt *c = keeper_named(keeper_at(w, i), "g");

	return c ? c->n_sections : 0;
}

/* "g" with sections that expire in half an hour, in two hours, and never; and "idle" */
static struct world *with_sections(u32 n)
{
	struct world *w = keeping(1, n);
	struct keeper_handle *h = opened(w, 1, "g")->h;

	made_to_expire(w, 1, h, "half", HOUR_MS / 2);
	made_to_expire(w, 1, h, "two", 2 * HOUR_MS);
	did(w, keeper_create(keeper_at(w, 1), h, "never", "", 0), 0);
	h = opened(w, 1, "idle")->h;
	retained(w, 1, h, HOUR_MS / 2);
	did(w, keeper_close(keeper_at(w, 1), h), 0);
	assert_kept(w, 1000);
	/* nothing runs without an end */
	w->sim.steps_max = w->sim.steps + 2000000;
	return w;
}

static void set_all(struct world *w, s64 skew)
{
	u32 i;

	for (i = 0; i < w->n; i++)
		keeper_set_clock(keeper_at(w, i), skew);
}

static void clocks_that_jump_forward_expire_what_is_due_once(void **state)
{
	struct world *w = with_sections(3);
	u64 before = keeper_at(w, 2)->n_applied;
	u32 i;

	set_all(w, HOUR);
	world_run(w, 5 * SIM_S);
	assert_kept(w, 1000);
	for (i = 0; i < 3; i++) {
		assert_int_equal(n_sections(w, i), 2);
		assert_null(keeper_section(keeper_at(w, i), "g", "half"));
		assert_null(keeper_named(keeper_at(w, i), "idle"));
	}
	/* each of them said it, at once, and then no more */
	assert_true(keeper_at(w, 2)->n_applied <= before + 2 * 3);
	before = keeper_at(w, 2)->n_applied;
	world_run(w, 10 * SIM_S);
	assert_int_equal(keeper_at(w, 2)->n_applied, before);
	world_free(w);
}

static void clocks_that_jump_back_bring_back_nothing(void **state)
{
	struct world *w = with_sections(3);
	struct keeper_handle *h;
	u64 before;

	set_all(w, HOUR);
	world_run(w, 5 * SIM_S);
	set_all(w, 0);
	before = keeper_at(w, 2)->n_applied;
	world_run(w, 10 * SIM_S);
	assert_kept(w, 1000);
	assert_int_equal(n_sections(w, 2), 2);
	assert_null(keeper_named(keeper_at(w, 2), "idle"));
	assert_int_equal(keeper_at(w, 2)->n_applied, before);
	/* what has their names is new, and stays as long as that says */
	h = opened(w, 1, "g")->h;
	made_to_expire(w, 1, h, "half", HOUR_MS / 2);
	h = opened(w, 1, "idle")->h;
	retained(w, 1, h, HOUR_MS / 2);
	did(w, keeper_close(keeper_at(w, 1), h), 0);
	world_run(w, 10 * SIM_S);
	assert_int_equal(n_sections(w, 2), 3);
	assert_non_null(keeper_named(keeper_at(w, 2), "idle"));
	world_free(w);
}

static void clocks_that_jump_back_lose_nothing_and_expire_it_later(void **state)
{
	struct world *w = with_sections(3);
	u64 before = keeper_at(w, 2)->n_applied, steps = w->sim.steps;

	/* as often as they like; no more happens than where clocks stand still */
	set_all(w, -HOUR);
	world_run(w, SIM_S);
	set_all(w, -2 * HOUR);
	world_run(w, SIM_S);
	set_all(w, -HOUR);
	world_run(w, SIM_S);
	assert_int_equal(keeper_at(w, 2)->n_applied, before);
	assert_true(w->sim.steps - steps < 1000);
	assert_int_equal(n_sections(w, 2), 3);
	assert_non_null(keeper_named(keeper_at(w, 2), "idle"));
	set_all(w, HOUR);
	world_run(w, 5 * SIM_S);
	assert_kept(w, 1000);
	assert_int_equal(n_sections(w, 2), 2);
	assert_null(keeper_named(keeper_at(w, 2), "idle"));
	world_free(w);
}

/* whose clock is ahead says what is due by that, whatever place it has among them */
static void one_clock_that_is_ahead_expires_what_is_due_by_it_and_no_more(void **state)
{
	u32 who;

	for (who = 0; who < 3; who++) {
		struct world *w = with_sections(3);
		u64 before = keeper_at(w, 2)->n_applied;

		keeper_set_clock(keeper_at(w, who), HOUR);
		world_run(w, 5 * SIM_S);
		assert_kept(w, 1000);
		assert_int_equal(n_sections(w, 2), 2);
		assert_non_null(keeper_section(keeper_at(w, 2), "g", "two"));
		assert_null(keeper_named(keeper_at(w, 2), "idle"));
		assert_int_equal(keeper_at(w, 2)->n_applied, before + 2);
		/* nor does it do so when others come or go */
		node_kill(w->nodes[(who + 1) % 3]);
		world_run(w, 3 * SIM_S);
		assert_kept(w, 5000);
		assert_int_equal(n_sections(w, who), 2);
		world_free(w);
	}
}

static void one_clock_that_is_behind_holds_up_nothing(void **state)
{
	u32 who;

	for (who = 0; who < 3; who++) {
		struct world *w = with_sections(3);
		u32 other = (who + 1) % 3;

		set_all(w, HOUR / 2 - 5 * (s64)SIM_S);
		keeper_set_clock(keeper_at(w, who), -HOUR);
		world_run(w, 1000 * SIM_MS);
		assert_int_equal(n_sections(w, other), 3);
		/* the next ones say it a second later each */
		world_run(w, 9 * SIM_S);
		assert_kept(w, 1000);
		assert_int_equal(n_sections(w, who), 2);
		assert_null(keeper_named(keeper_at(w, who), "idle"));
		world_free(w);
	}
}

/* a node that comes with another clock, and the largest at that time is what counts */
static void who_joins_with_another_clock_takes_nothing_away(void **state)
{
	static const s64 skews[] = { -HOUR, HOUR / 4 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(skews); i++) {
		struct world *w = with_sections(3);

		keeper_new(world_node(w, 3));
		keeper_at(w, 3)->skew = skews[i];
		node_start(w->nodes[3]);
		world_run(w, SIM_MS);
		assert_kept(w, 5000);
		world_run(w, 5 * SIM_S);
		assert_int_equal(n_sections(w, 3), 3);
		assert_non_null(keeper_named(keeper_at(w, 3), "idle"));
		world_free(w);
	}
}

/* whose last handle went with its node is idle from then on; one says what time it is */
static void what_became_idle_by_a_ring_lives_for_its_retention(void **state)
{
	struct world *w = keeping(1, 4);

	retained(w, 3, opened(w, 3, "g")->h, 4000);
	keeper_set_clock(keeper_at(w, 1), -HOUR);
	node_kill(w->nodes[3]);
	world_run(w, 2 * SIM_S);
	assert_kept(w, 5000);
	assert_non_null(keeper_named(keeper_at(w, 0), "g"));
	world_run(w, 6 * SIM_S);
	assert_null(keeper_named(keeper_at(w, 0), "g"));
	world_free(w);
}

/* clocks that jump at random, beside rings that do */
static void nodes_with_jumping_clocks_stay_the_same(void **state)
{
	u64 seed;
	u32 i, k;

	for (seed = 0; seed < 10; seed++) {
		struct world *w = keeping(seed, 4);
		struct keeper_handle *h = opened(w, 3, "g")->h;

		for (i = 0; i < 40; i++) {
			char id[8];

			snprintf(id, sizeof(id), "%u", i);
			made_to_expire(w, 3, h, id, sim_below(&w->sim, 2 * HOUR_MS));
			k = sim_below(&w->sim, 4);
			keeper_set_clock(keeper_at(w, k), (s64)sim_below(&w->sim, 2 * HOUR) -
					 HOUR);
			if (i % 10 == 5)
				node_kill(w->nodes[2]);
			if (i % 10 == 9)
				node_start(w->nodes[2]);
			world_run(w, 200 * SIM_MS);
		}
		set_all(w, 0);
		world_run(w, 3 * SIM_S);
		assert_kept(w, 5000);
		did(w, keeper_create(keeper_at(w, 3), h, "never", "", 0), 0);
		assert_kept(w, 1000);
		set_all(w, 4 * HOUR);
		world_run(w, 5 * SIM_S);
		assert_kept(w, 1000);
		assert_int_equal(n_sections(w, 0), 1);
		world_free(w);
	}
}

/* what waits for a moment only, for memory, does not wait for an hour */
static void clock_that_jumps_back_holds_up_nobody_who_lacks_memory(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper *k = keeper_at(w, 2);
	struct keeper_handle *h = opened(w, 1, "g")->h;
	struct ledger *l = &w->nodes[2]->ledger;
	u64 nth, waited = 0;
	u32 i;

	for (nth = 1; nth < 20; nth++) {
		char id[8];

		snprintf(id, sizeof(id), "%llu", (unsigned long long)nth);
		l->fail_at = l->tries + nth;
		l->fail_for = 5;
		did(w, keeper_create(keeper_at(w, 1), h, id, "x", 1), 0);
		for (i = 0; i < 50 && !keeper_state(k).queued; i++)
			world_run(w, SIM_MS / 10);
		waited += keeper_state(k).queued;
		keeper_set_clock(k, -(s64)nth * HOUR);
		world_run(w, 200 * SIM_MS);
		assert_kept(w, 100);
		assert_true(holds(w, 2, "g", id, "x"));
	}
	assert_true(waited > 0);
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(clocks_that_jump_forward_expire_what_is_due_once),
		cmocka_unit_test(clocks_that_jump_back_bring_back_nothing),
		cmocka_unit_test(clocks_that_jump_back_lose_nothing_and_expire_it_later),
		cmocka_unit_test(one_clock_that_is_ahead_expires_what_is_due_by_it_and_no_more),
		cmocka_unit_test(one_clock_that_is_behind_holds_up_nothing),
		cmocka_unit_test(who_joins_with_another_clock_takes_nothing_away),
		cmocka_unit_test(what_became_idle_by_a_ring_lives_for_its_retention),
		cmocka_unit_test(nodes_with_jumping_clocks_stay_the_same),
		cmocka_unit_test(clock_that_jumps_back_holds_up_nobody_who_lacks_memory),
	};

	return RUN_WORLD_TESTS(tests);
}
