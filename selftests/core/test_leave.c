// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes that leave say so, the others hear of it at once, and nobody else is
 * disturbed.
 */
#include "test_world.h"

#define SEEDS	10

static bool is_gone(struct world *w, void *arg)
{
	struct node *n = arg;

	return !n->core;
}

static void client_that_leaves_is_seen_by_all(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);
		struct node *client = w->nodes[1 + sim_below(&w->sim, 5)];

		assert_ptr_not_equal(client, world_leader(w));
		node_leave(client, SIM_S);
		assert_agree(w, 20);
		assert_until(w, is_gone, client, 20);
		for (i = 0; i < 6; i++) {
			if (w->nodes[i] == client)
				continue;
			assert_int_equal(w->nodes[i]->watch.n_log, 1);
			assert_update(&w->nodes[i]->watch.log[0],
				      PFSNL_OP_REMOVE, client->host.addr);
		}
		assert_int_equal(node_count(world_leader(w),
					    PFSNL_COUNT_DROP_LEFT), 1);
		/* the last beacons of it are not taken for a return */
		world_run(w, 5 * SIM_S);
		assert_int_equal(w->nodes[0]->watch.n_log, 1);
		world_free(w);
	}
}

static void leader_that_leaves_is_succeeded_by_the_best(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);
		struct node *leader, *best;

		world_nodes(w, 8);
		for (i = 0; i < 8; i++)
			w->nodes[i]->cfg.priority = 10 + i % 4;
		world_start(w);
		assert_agree(w, 250);
		world_run(w, SIM_S);
		for (i = 0; i < 8; i++)
			watch_forget(&w->nodes[i]->watch);
		leader = world_leader(w);
		assert_ptr_equal(leader, w->nodes[3]);
		best = w->nodes[7];

		node_leave(leader, SIM_S);
		assert_agree(w, 50);
		assert_ptr_equal(world_leader(w), best);
		assert_until(w, is_gone, leader, 50);
		world_run(w, 5 * SIM_S);
		for (i = 0; i < 8; i++) {
			if (w->nodes[i] == leader)
				continue;
			/* the leader went, and nobody else did so much as blink */
			assert_int_equal(w->nodes[i]->watch.n_log, 1);
			assert_update(&w->nodes[i]->watch.log[0],
				      PFSNL_OP_REMOVE, leader->host.addr);
		}
		world_free(w);
	}
}

static void who_is_alone_leaves_at_once(void **state)
{
	struct world *w = world_new(1);
	struct node *n = world_node(w, 0);
	u64 began;

	/* while it listens, and while it leads */
	node_start(n);
	world_run(w, 10 * SIM_MS);
	began = w->sim.now;
	node_leave(n, SIM_S);
	assert_until(w, is_gone, n, 1);
	assert_int_equal(w->sim.now, began);

	node_start(n);
	assert_agree(w, 250);
	began = w->sim.now;
	node_leave(n, SIM_S);
	assert_until(w, is_gone, n, 1);
	assert_int_equal(w->sim.now, began);
	world_free(w);
}

static void list_stays_what_it_was_until_the_end(void **state)
{
	struct world *w = world_of(1, 3);
	struct node *n = w->nodes[2];

	node_leave(n, SIM_S);
	assert_int_equal(node_role(n), PFSNL_ROLE_LEAVING);
	assert_int_equal(n->watch.n, 3);
	assert_int_equal(n->watch.n_log, 0);
	world_free(w);
}

static void leaving_twice_is_leaving_once(void **state)
{
	struct world *w = world_of(1, 3);

	node_leave(w->nodes[1], SIM_S);
	node_leave(w->nodes[1], 100 * SIM_S);
	assert_until(w, is_gone, w->nodes[1], 50);
	assert_agree(w, 50);
	world_free(w);
}

static void nobody_answers_but_it_ends_within_its_limit(void **state)
{
	static const u64 wait[] = { 0, 30 * SIM_MS, 700 * SIM_MS, 3 * SIM_S };
	u32 i, who;

	for (who = 0; who < 2; who++)
		for (i = 0; i < ARRAY_SIZE(wait); i++) {
			struct world *w = world_of(1, 3);
			struct node *n = w->nodes[who];
			u64 began;

			n->host.side = 1;
			began = w->sim.now;
			node_leave(n, wait[i]);
			assert_until(w, is_gone, n, 10000);
			assert_in_range(w->sim.now - began,
					min(wait[i], 100 * SIM_MS), wait[i]);
			/* the others find out in their own way */
			assert_agree(w, 3000);
			world_free(w);
		}
}

static void lost_goodbye_is_made_up_for_by_the_beacons(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *n = w->nodes[2];

	world_cut(w, w->nodes[0], n, NET_STREAMS);
	node_leave(n, SIM_S);
	assert_agree(w, 60);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_LEFT), 1);
	world_free(w);
}

static void all_may_leave_at_once(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 10);

		for (i = 0; i < 10; i++) {
			node_leave(w->nodes[i * 7 % 10], 2 * SIM_S);
			if (seed & 1)
				world_run(w, sim_below(&w->sim, SIM_MS));
		}
		for (i = 0; i < 10; i++)
			assert_until(w, is_gone, w->nodes[i], 2000);
		world_run(w, SIM_S);
		assert_int_equal(w->net.streams, 0);
		world_free(w);
	}
}

static void leader_and_best_client_may_leave_together(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);

		node_leave(w->nodes[0], SIM_S);
		world_run(w, sim_below(&w->sim, 300) * SIM_US);
		node_leave(w->nodes[1], SIM_S);
		assert_agree(w, 1600);
		assert_ptr_equal(world_leader(w), w->nodes[2]);
		world_free(w);
	}
}

static void who_left_may_come_back(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *n = w->nodes[3];
	u64 before = n->incarnation;
	u32 i;

	node_leave(n, SIM_S);
	assert_until(w, is_gone, n, 50);
	node_start(n);
	assert_true(n->incarnation != before);
	assert_agree(w, 50);
	world_run(w, SIM_S);
	for (i = 0; i < 3; i++) {
		assert_int_equal(w->nodes[i]->watch.n_log, 2);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_REMOVE,
			      n->host.addr);
		assert_update(&w->nodes[i]->watch.log[1], PFSNL_OP_ADD,
			      n->host.addr);
	}
	world_free(w);
}

static void leader_that_left_comes_back_as_a_client(void **state)
{
	struct world *w = world_of(1, 4);

	node_leave(w->nodes[0], SIM_S);
	assert_until(w, is_gone, w->nodes[0], 50);
	assert_agree(w, 50);
	node_start(w->nodes[0]);
	assert_agree(w, 50);
	assert_ptr_equal(world_leader(w), w->nodes[1]);
	world_free(w);
}

static void leader_may_leave_while_it_dials(void **state)
{
	u64 seed;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = world_of(seed, 3);
		u32 i;

		world_nodes(w, 6);
		for (i = 3; i < 6; i++)
			node_start(w->nodes[i]);
		world_run(w, sim_below(&w->sim, 600) * SIM_US);
		node_leave(w->nodes[0], SIM_S);
		assert_until(w, is_gone, w->nodes[0], 1000);
		/* whoever it had just claimed waits for it as an orphan does */
		assert_agree(w, 3000);
		assert_int_equal(w->nodes[1]->watch.n, 5);
		world_free(w);
	}
}

static void orphan_may_leave(void **state)
{
	struct world *w = world_of(1, 4);

	node_kill(w->nodes[0]);
	world_run(w, 1010 * SIM_MS);
	node_leave(w->nodes[2], SIM_S);
	assert_until(w, is_gone, w->nodes[2], 1000);
	assert_agree(w, 3000);
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(client_that_leaves_is_seen_by_all),
		cmocka_unit_test(leader_that_leaves_is_succeeded_by_the_best),
		cmocka_unit_test(who_is_alone_leaves_at_once),
		cmocka_unit_test(list_stays_what_it_was_until_the_end),
		cmocka_unit_test(leaving_twice_is_leaving_once),
		cmocka_unit_test(nobody_answers_but_it_ends_within_its_limit),
		cmocka_unit_test(lost_goodbye_is_made_up_for_by_the_beacons),
		cmocka_unit_test(all_may_leave_at_once),
		cmocka_unit_test(leader_and_best_client_may_leave_together),
		cmocka_unit_test(who_left_may_come_back),
		cmocka_unit_test(leader_that_left_comes_back_as_a_client),
		cmocka_unit_test(leader_may_leave_while_it_dials),
		cmocka_unit_test(orphan_may_leave),
	};

	return RUN_WORLD_TESTS(tests);
}
