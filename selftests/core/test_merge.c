// SPDX-License-Identifier: GPL-2.0
/*
 * How the nodes of two leaders come together: all at once or not at all, and
 * whoever watches sees nothing but the others come.
 */
#include "level0.h"
#include "test_world.h"

#define SEEDS	20

/* two clusters of four that do not know of each other; node 0 is the best */
static struct world *two_clusters(u64 seed)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, 8);
	world_split(w, 4);
	world_start(w);
	assert_agree(w, 250);
	world_run(w, 400 * SIM_MS + sim_below(&w->sim, 200 * SIM_MS));
	for (i = 0; i < w->n; i++)
		watch_forget(&w->nodes[i]->watch);
	return w;
}

static void mend(struct world *w)
{
	world_split(w, 10000);
}

/* whether the listener of @n was told that one of [from, to) went */
static bool saw_go(const struct node *n, u32 from, u32 to)
{
	const struct update *up;
	u32 i, j;

	for (i = 0; i < n->watch.n_log; i++) {
		up = &n->watch.log[i];
		for (j = 0; up->op == PFSNL_OP_REMOVE && j < up->n; j++)
			if (up->addrs[j] >= WORLD_ADDR(from) &&
			    up->addrs[j] < WORLD_ADDR(to))
				return true;
	}
	return false;
}

static void each_side_sees_the_other_come_at_once_and_nothing_else(void **state)
{
	u64 seed;
	u32 i, j;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = two_clusters(seed);

		mend(w);
		assert_agree(w, 400);
		world_run(w, 3 * SIM_S);
		for (i = 0; i < 8; i++) {
			const struct watch *watch = &w->nodes[i]->watch;

			assert_int_equal(watch->n_log, 1);
			assert_int_equal(watch->log[0].op, PFSNL_OP_ADD);
			assert_int_equal(watch->log[0].n, 4);
			for (j = 0; j < 4; j++)
				assert_int_equal(watch->log[0].addrs[j],
						 WORLD_ADDR((i < 4 ? 4 : 0) + j));
		}
		assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_MERGES), 1);
		assert_int_equal(node_count(w->nodes[4],
					    PFSNL_COUNT_STEP_DOWNS), 1);
		world_free(w);
	}
}

/* at any moment of the handshake, and a bit before and after it */
static void better_leader_that_dies_takes_nobody_away_from_the_other(void **state)
{
	u64 seed, dies;
	u32 i, before = 0, after = 0;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = two_clusters(seed);
		struct node *better = w->nodes[0];

		mend(w);
		while (!node_count(w->nodes[4], PFSNL_COUNT_TETHER_IN))
			world_run(w, 100 * SIM_US);
		dies = sim_below(&w->sim, 2500 * SIM_US);
		world_run(w, dies);
		if (node_count(w->nodes[4], PFSNL_COUNT_STEP_DOWNS))
			after++;
		else
			before++;
		if (seed & 1)
			node_kill(better);
		else
			node_abort(better);
		assert_agree(w, 4000);
		world_run(w, 2 * SIM_S);
		assert_true(world_agrees(w, NULL));
		for (i = 4; i < 8; i++)
			assert_false(saw_go(w->nodes[i], 4, 8));
		for (i = 1; i < 4; i++)
			assert_false(saw_go(w->nodes[i], 1, 4));
		world_free(w);
	}
	/* both sides of the commit were tried */
	assert_true(before > 5);
	assert_true(after > 5);
}

static void worse_leader_that_dies_takes_nobody_with_it(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = two_clusters(seed);
		struct node *worse = w->nodes[4];

		mend(w);
		while (!node_count(worse, PFSNL_COUNT_TETHER_IN))
			world_run(w, 100 * SIM_US);
		world_run(w, sim_below(&w->sim, 2500 * SIM_US));
		if (seed & 1)
			node_kill(worse);
		else
			node_abort(worse);
		assert_agree(w, 6000);
		world_run(w, 2 * SIM_S);
		for (i = 5; i < 8; i++)
			assert_false(saw_go(w->nodes[i], 5, 8));
		for (i = 0; i < 4; i++)
			assert_false(saw_go(w->nodes[i], 0, 4));
		world_free(w);
	}
}

static void node_that_dies_in_a_merge_delays_it_and_no_more(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < 2 * SEEDS; seed++) {
		struct world *w = two_clusters(seed);

		mend(w);
		while (!node_count(w->nodes[4], PFSNL_COUNT_TETHER_IN))
			world_run(w, 100 * SIM_US);
		node_kill(w->nodes[6]);
		assert_agree(w, 1000 + 500);
		world_run(w, 2 * SIM_S);
		for (i = 0; i < 8; i++) {
			assert_false(saw_go(w->nodes[i], 0, 6));
			assert_false(saw_go(w->nodes[i], 7, 8));
		}
		world_free(w);
	}
}

/* its beacons get through and theirs do not: it says that it is there */
static void leader_that_is_not_heard_by_the_better_one_offers_itself(void **state)
{
	struct world *w = two_clusters(1);
	u32 i, j;

	for (i = 0; i < 4; i++)
		for (j = 4; j < 8; j++)
			net_cut(&w->net, WORLD_ADDR(j), WORLD_ADDR(i),
				NET_DATAGRAMS);
	mend(w);
	world_run(w, 1500 * SIM_MS);
	assert_int_equal(node_count(w->nodes[4], PFSNL_COUNT_OFFERS), 1);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_MERGES), 1);
	world_free(w);
}

/* with addresses instead of broadcast only a client is told of the other leader */
static void foreign_leader_that_only_a_client_hears_is_reported(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 6);
	for (i = 0; i < 6; i++) {
		struct pfsnl_config *cfg = &w->nodes[i]->cfg;

		cfg->beacon_to = PFSNL_BEACON_TO_STATIC;
		cfg->n_static = 1;
		cfg->static_peers[0] = WORLD_ADDR(i < 3 ? (i + 1) % 3 :
							  3 + (i + 1) % 3);
	}
	/* the leader of the second three knows a client of the first */
	w->nodes[3]->cfg.static_peers[1] = WORLD_ADDR(2);
	w->nodes[3]->cfg.n_static = 2;
	w->nodes[3]->cfg.priority = 150;
	w->nodes[0]->cfg.priority = 140;
	world_split(w, 3);
	world_start(w);
	world_run(w, 5 * SIM_S);
	mend(w);
	assert_agree(w, 5000);
	assert_true(node_count(w->nodes[2], PFSNL_COUNT_FOREIGN_TX) > 0);
	assert_true(node_count(w->nodes[0], PFSNL_COUNT_FOREIGN_RX) > 0);
	assert_ptr_equal(world_leader(w), w->nodes[3]);
	world_free(w);
}

static void merge_that_can_not_be_is_tried_ever_more_rarely(void **state)
{
	struct world *w = two_clusters(1);
	u64 early, late;
	u32 i, j;

	mend(w);
	for (i = 0; i < 4; i++)
		for (j = 4; j < 8; j++)
			world_cut(w, w->nodes[i], w->nodes[j], NET_STREAMS);
	world_run(w, 60 * SIM_S);
	early = node_count(w->nodes[0], PFSNL_COUNT_TETHER_DIAL);
	world_run(w, 60 * SIM_S);
	late = node_count(w->nodes[0], PFSNL_COUNT_TETHER_DIAL) - early;
	assert_in_range(late, 4, 8);
	net_mend_all(&w->net);
	assert_agree(w, 12000);
	world_free(w);
}

static void cluster_too_large_for_one_stays_two(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 8);
	for (i = 0; i < 8; i++)
		w->nodes[i]->cfg.max_nodes = 6;
	world_split(w, 4);
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	for (i = 0; i < 8; i++)
		watch_forget(&w->nodes[i]->watch);
	mend(w);
	world_run(w, 30 * SIM_S);
	assert_int_equal(node_role(w->nodes[0]), PFSNL_ROLE_LEADER);
	assert_int_equal(node_role(w->nodes[4]), PFSNL_ROLE_LEADER);
	for (i = 0; i < 8; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

/* which of them find room is seen afterwards */
static void level0_peers_do_not_make_a_merge_too_large(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 3);
	for (i = 0; i < 3; i++)
		w->nodes[i]->cfg.max_nodes = 5;
	for (i = 0; i < 3; i++)
		level0_start(level0_new(w, WORLD_ADDR(100 + i)));
	world_split(w, 2);
	world_start(w);
	world_run(w, 2 * SIM_S);
	assert_int_equal(w->nodes[0]->watch.n, 2);
	assert_int_equal(w->nodes[2]->watch.n, 4);
	mend(w);
	world_run(w, 2 * SIM_S);
	for (i = 0; i < 3; i++) {
		assert_int_equal(w->nodes[i]->watch.n, 5);
		assert_int_equal(w->nodes[i]->watch.ring.leader, WORLD_ADDR(0));
	}
	world_free(w);
}

/* a low address on a bad cable, and something old that it serves */
static void lone_leader_with_level0_peers_takes_nobody_over(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 4);
	level0_start(level0_new(w, WORLD_ADDR(100)));
	for (i = 1; i < 4; i++)
		w->nodes[i]->host.side = 1;
	world_start(w);
	world_run(w, 2 * SIM_S);
	assert_int_equal(w->nodes[0]->watch.n, 2);
	mend(w);
	world_run(w, 2 * SIM_S);
	assert_agree(w, 500);
	assert_ptr_equal(world_leader(w), w->nodes[1]);
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(each_side_sees_the_other_come_at_once_and_nothing_else),
		cmocka_unit_test(better_leader_that_dies_takes_nobody_away_from_the_other),
		cmocka_unit_test(worse_leader_that_dies_takes_nobody_with_it),
		cmocka_unit_test(node_that_dies_in_a_merge_delays_it_and_no_more),
		cmocka_unit_test(leader_that_is_not_heard_by_the_better_one_offers_itself),
		cmocka_unit_test(foreign_leader_that_only_a_client_hears_is_reported),
		cmocka_unit_test(merge_that_can_not_be_is_tried_ever_more_rarely),
		cmocka_unit_test(cluster_too_large_for_one_stays_two),
		cmocka_unit_test(lone_leader_with_level0_peers_takes_nobody_over),
		cmocka_unit_test(level0_peers_do_not_make_a_merge_too_large),
	};

	return RUN_WORLD_TESTS(tests);
}
