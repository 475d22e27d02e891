// SPDX-License-Identifier: GPL-2.0
/*
 * A node that stood still, or is cut off, or can't send, is careful about whom
 * it accuses.
 */
#include "test_world.h"

#define SEEDS	20

static void nodes_that_stood_still_together_lose_nobody(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);

		world_run(w, sim_below(&w->sim, 200 * SIM_MS));
		for (i = 0; i < 6; i++)
			node_freeze(w->nodes[i]);
		world_run(w, 10 * SIM_S);
		for (i = 0; i < 6; i++) {
			node_resume(w->nodes[i]);
			/* a host goes on with its guests one after the other */
			world_run(w, sim_below(&w->sim, 50 * SIM_MS));
		}
		world_run(w, 5 * SIM_S);
		assert_true(world_agrees(w, NULL));
		for (i = 0; i < 6; i++) {
			assert_int_equal(w->nodes[i]->watch.n_log, 0);
			assert_int_equal(node_count(w->nodes[i],
						    PFSNL_COUNT_PAUSES), 1);
		}
		world_free(w);
	}
}

static void node_that_is_only_busy_does_not_count_as_paused(void **state)
{
	struct world *w = world_of(1, 3);
	u32 i;

	world_run(w, 60 * SIM_S);
	for (i = 0; i < 3; i++)
		assert_int_equal(node_count(w->nodes[i], PFSNL_COUNT_PAUSES), 0);
	world_free(w);
}

static void leader_that_stood_still_for_half_of_dead_drops_nobody(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);

		world_run(w, sim_below(&w->sim, 200 * SIM_MS));
		node_freeze(w->nodes[0]);
		/* the others stand still a bit later, and for longer */
		world_run(w, 300 * SIM_MS);
		for (i = 1; i < 5; i++)
			node_freeze(w->nodes[i]);
		world_run(w, 480 * SIM_MS);
		node_resume(w->nodes[0]);
		world_run(w, 300 * SIM_MS);
		for (i = 1; i < 5; i++)
			node_resume(w->nodes[i]);
		world_run(w, 3 * SIM_S);
		for (i = 0; i < 5; i++)
			assert_int_equal(w->nodes[i]->watch.n_log, 0);
		world_free(w);
	}
}

static void client_without_carrier_knows_it_at_once(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *n = w->nodes[2];

	node_link(n, false);
	assert_int_equal(node_role(n), PFSNL_ROLE_ORPHAN);
	assert_int_equal(n->watch.n, 4);
	/* and is alone when it would be missed */
	world_run(w, 1300 * SIM_MS);
	assert_int_equal(n->watch.n, 1);
	assert_int_equal(w->nodes[0]->watch.n, 3);
	node_link(n, true);
	assert_agree(w, 1000);
	world_free(w);
}

static void carrier_that_is_back_soon_costs_nobody_anything(void **state)
{
	u64 seed;
	u32 i, k;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 4);

		/* also if a new tether takes longer than changes are gathered */
		if (seed & 1)
			w->net.latency = 8 * SIM_MS;
		for (k = 0; k < 4; k++) {
			node_link(w->nodes[k], false);
			world_run(w, sim_below(&w->sim, 400 * SIM_MS));
			node_link(w->nodes[k], true);
			world_run(w, SIM_S);
		}
		assert_true(world_agrees(w, NULL));
		for (i = 0; i < 4; i++)
			assert_int_equal(w->nodes[i]->watch.n_log, 0);
		world_free(w);
	}
}

static void who_has_no_carrier_is_not_quorate(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 3);
	for (i = 0; i < 3; i++)
		w->nodes[i]->cfg.expected_votes = 3;
	world_start(w);
	assert_agree(w, 250);
	world_run(w, 3 * SIM_S);
	for (i = 0; i < 3; i++) {
		assert_true(node_state(w->nodes[i]).quorate);
		node_link(w->nodes[i], false);
		assert_false(node_state(w->nodes[i]).quorate);
		assert_false(w->nodes[i]->watch.quorate);
		node_link(w->nodes[i], true);
		world_run(w, 2 * SIM_S);
		assert_true(node_state(w->nodes[i]).quorate);
	}
	world_free(w);
}

static struct world *stuck_clients(u32 n)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 5);
	for (i = 0; i < 5; i++)
		w->nodes[i]->cfg.max_nodes = 16;
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	for (i = 0; i < 5; i++)
		watch_forget(&w->nodes[i]->watch);
	/* their beacons go on, as their kernels do */
	for (i = 1; i <= n; i++) {
		node_window(w->nodes[i], 256);
		node_hang(w->nodes[i]);
	}
	return w;
}

/* updates until one finds no room */
static void chatter(struct world *w)
{
	struct pfsnl_config cfg = w->nodes[0]->cfg;
	u32 i;

	for (i = 0; i < 500 && !node_count(w->nodes[0], PFSNL_COUNT_SUSPECTS_SELF) &&
	     !node_count(w->nodes[0], PFSNL_COUNT_DROP_BLOCKED); i++) {
		cfg.priority = 100 + i % 2;
		node_set(w->nodes[0], &cfg);
		world_run(w, 10 * SIM_MS);
	}
}

static void leader_whose_clients_all_block_suspects_itself_first(void **state)
{
	struct world *w = stuck_clients(4);
	struct node *leader = w->nodes[0];
	u32 i;

	chatter(w);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SUSPECTS_SELF), 1);
	world_run(w, 500 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_BLOCKED), 0);
	assert_int_equal(leader->watch.n_log, 0);
	/* they read again: nobody was lost, and all know everything */
	for (i = 1; i < 5; i++)
		node_resume(w->nodes[i]);
	world_run(w, 3 * SIM_S);
	assert_true(world_agrees(w, NULL));
	for (i = 0; i < 5; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

static void clients_that_block_for_longer_are_dropped_all_the_same(void **state)
{
	struct world *w = stuck_clients(4);
	struct node *leader = w->nodes[0];

	chatter(w);
	world_run(w, 1500 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_BLOCKED), 4);
	assert_int_equal(leader->watch.n, 1);
	world_free(w);
}

static void minority_that_blocks_is_dropped_at_once(void **state)
{
	struct world *w = stuck_clients(2);

	chatter(w);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_SUSPECTS_SELF), 0);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_BLOCKED), 2);
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(nodes_that_stood_still_together_lose_nobody),
		cmocka_unit_test(node_that_is_only_busy_does_not_count_as_paused),
		cmocka_unit_test(leader_that_stood_still_for_half_of_dead_drops_nobody),
		cmocka_unit_test(client_without_carrier_knows_it_at_once),
		cmocka_unit_test(carrier_that_is_back_soon_costs_nobody_anything),
		cmocka_unit_test(who_has_no_carrier_is_not_quorate),
		cmocka_unit_test(leader_whose_clients_all_block_suspects_itself_first),
		cmocka_unit_test(clients_that_block_for_longer_are_dropped_all_the_same),
		cmocka_unit_test(minority_that_blocks_is_dropped_at_once),
	};

	return RUN_WORLD_TESTS(tests);
}
