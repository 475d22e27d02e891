// SPDX-License-Identifier: GPL-2.0
/*
 * The leader is lost: the best of the others takes over, and all that a watch
 * sees is that the leader went.
 */
#include "test_world.h"

#define SEEDS		10
#define DEAD		(1000 * SIM_MS)
#define INTERVAL	(200 * SIM_MS)

/* everybody heard that one node went, and of nothing else */
static void assert_only_lost(struct world *w, const struct node *lost)
{
	u32 i;

	for (i = 0; i < w->n; i++) {
		if (!node_runs(w->nodes[i]) || w->nodes[i] == lost)
			continue;
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_REMOVE,
			      lost->host.addr);
	}
}

/* the others may have seen one node go and come, and nobody else */
static void assert_only_seen(struct world *w, const struct node *one)
{
	u32 i, j;

	for (i = 0; i < w->n; i++)
		for (j = 0; j < w->nodes[i]->watch.n_log; j++)
			if (w->nodes[i] != one)
				assert_update(&w->nodes[i]->watch.log[j],
					      w->nodes[i]->watch.log[j].op,
					      one->host.addr);
}

/* until all that run are one ring, at most so long after a point in time */
static void agree_by(struct world *w, u64 when)
{
	if (when <= w->sim.now ||
	    !world_until(w, world_agrees, NULL, when - w->sim.now)) {
		print_world(w);
		fail_msg("no agreement");
	}
}

static void killed(u64 seed, u32 n)
{
	struct world *w = world_of(seed, n);
	struct node *leader = world_leader(w);
	u64 last;

	world_run(w, sim_below(&w->sim, INTERVAL));
	last = leader->beacon_last;
	node_kill(leader);
	agree_by(w, last + DEAD + 2 * INTERVAL);
	assert_ptr_equal(world_leader(w), w->nodes[1]);
	world_run(w, 5 * SIM_S);
	assert_true(world_agrees(w, NULL));
	assert_only_lost(w, leader);
	world_free(w);
}

static void leader_that_loses_power_is_succeeded_in_time(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		killed(seed, 2);
		killed(seed, 3);
		killed(seed, 5);
		killed(seed, 16);
	}
}

static void leader_that_resets_is_succeeded_in_time(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);
		struct node *leader = world_leader(w);
		u64 last;

		world_run(w, sim_below(&w->sim, INTERVAL));
		last = leader->beacon_last;
		node_abort(leader);
		agree_by(w, last + DEAD + 2 * INTERVAL);
		world_run(w, 5 * SIM_S);
		assert_only_lost(w, leader);
		world_free(w);
	}
}

static void best_by_priority_then_address_succeeds(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);
		struct node *best = NULL;

		world_nodes(w, 9);
		for (i = 0; i < 9; i++)
			w->nodes[i]->cfg.priority = sim_below(&w->sim, 4);
		w->nodes[4]->cfg.priority = 9;
		world_start(w);
		assert_agree(w, 300);
		assert_ptr_equal(world_leader(w), w->nodes[4]);
		world_run(w, SIM_S);
		node_kill(w->nodes[4]);
		for (i = 0; i < 9; i++)
			if (i != 4 && (!best || w->nodes[i]->cfg.priority >
						best->cfg.priority))
				best = w->nodes[i];
		assert_agree(w, 2000);
		assert_ptr_equal(world_leader(w), best);
		world_free(w);
	}
}

static void fastest_settings_are_fast(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);
		struct node *leader;
		u64 last;

		world_nodes(w, 8);
		for (i = 0; i < 8; i++) {
			w->nodes[i]->cfg.interval_ms = 10;
			w->nodes[i]->cfg.dead = 3;
		}
		world_start(w);
		assert_agree(w, 250);
		world_run(w, SIM_S + sim_below(&w->sim, 10 * SIM_MS));
		for (i = 0; i < 8; i++)
			watch_forget(&w->nodes[i]->watch);
		leader = world_leader(w);
		last = leader->beacon_last;
		node_kill(leader);
		agree_by(w, last + 50 * SIM_MS);
		world_run(w, 5 * SIM_S);
		assert_only_lost(w, leader);
		world_free(w);
	}
}

static void dead_candidates_cost_little(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 10);
		u64 last;

		/* the leader and the four best after it */
		last = w->nodes[0]->beacon_last;
		for (i = 0; i < 5; i++)
			node_kill(w->nodes[i]);
		/* once more "dead" for all of them, not for each */
		agree_by(w, last + 2 * DEAD + 2 * INTERVAL);
		assert_ptr_equal(world_leader(w), w->nodes[5]);
		world_run(w, 5 * SIM_S);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

/*
 * The leader and who comes after it die; the leader is back, alone, before the
 * next of the list leads. It may not have the others, so they don't wait for it.
 */
static void leader_that_is_back_alone_does_not_dissolve_its_old_list(void **state)
{
	u64 seed;
	u32 i, k, at;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);
		struct node *old = world_leader(w);

		node_kill(old);
		node_kill(w->nodes[1]);
		while (node_role(w->nodes[2]) != PFSNL_ROLE_ORPHAN)
			world_run(w, SIM_MS);
		world_run(w, sim_below(&w->sim, 300 * SIM_MS));
		node_start(old);
		assert_agree(w, 3000);
		world_run(w, 2 * SIM_S);
		for (i = 2; i < 6; i++) {
			struct watch *watch = &w->nodes[i]->watch;

			for (k = 0; k < watch->n_log; k++)
				for (at = 0; at < watch->log[k].n; at++)
					assert_in_range(watch->log[k].addrs[at],
							WORLD_ADDR(0),
							WORLD_ADDR(1));
		}
		world_free(w);
	}
}

static void leader_that_restarts_at_once_is_followed_by_another(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);
		struct node *old = world_leader(w);

		if (seed & 1)
			node_kill(old);
		else
			node_abort(old);
		world_run(w, sim_below(&w->sim, 300 * SIM_MS));
		node_start(old);
		/* its new life is proof that the old one ended */
		assert_agree(w, 500);
		assert_ptr_not_equal(world_leader(w), old);
		world_run(w, 2 * SIM_S);
		for (i = 1; i < 5; i++) {
			struct watch *watch = &w->nodes[i]->watch;

			assert_int_equal(watch->n_log, 2);
			assert_update(&watch->log[0], PFSNL_OP_REMOVE,
				      old->host.addr);
			assert_update(&watch->log[1], PFSNL_OP_ADD,
				      old->host.addr);
		}
		world_free(w);
	}
}

static void leader_whose_core_hangs_is_replaced(void **state)
{
	struct world *w = world_of(1, 5);
	struct node *old = world_leader(w);

	node_hang(old);
	/* its beacons expire after 4 s, or 3 when they were due for renewal */
	assert_agree(w, 4000 + 1000 + 400);
	assert_only_lost(w, old);
	world_run(w, 2 * SIM_S);
	node_resume(old);
	assert_agree(w, 2000);
	world_run(w, 2 * SIM_S);
	assert_only_seen(w, old);
	world_free(w);
}

static void leader_that_was_frozen_gives_way_when_it_is_back(void **state)
{
	u64 seed;

	for (seed = 0; seed < 20 * SEEDS; seed++) {
		struct world *w = world_of(seed, 5);
		struct node *old = world_leader(w);

		node_freeze(old);
		assert_agree(w, 1500);
		world_run(w, sim_below(&w->sim, 20 * SIM_S));
		/* what it finds then does not come at once */
		if (seed & 1)
			w->net.jitter = 20 * SIM_MS;
		node_resume(old);
		assert_agree(w, 3000);
		world_run(w, 2 * SIM_S);
		assert_only_seen(w, old);
		assert_ptr_not_equal(world_leader(w), old);
		world_free(w);
	}
}

/* the same for the one that is followed */
static void second_loss_of_a_leader_is_seen_as_soon_as_the_first(void **state)
{
	struct world *w = world_of(1, 4);
	u32 round;

	for (round = 0; round < 4; round++) {
		struct node *leader = world_leader(w);

		node_kill(leader);
		assert_agree(w, 1420);
		world_run(w, 3 * SIM_S);
		node_start(leader);
		assert_agree(w, 20);
		world_run(w, 3 * SIM_S);
	}
	world_free(w);
}

static void leaders_lost_one_after_another_leave_the_last_one(void **state)
{
	u64 seed;
	u32 left;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 7);

		for (left = 7; left > 1; left--) {
			u64 seq = w->nodes[6]->watch.ring.seq;

			if (seed & 1)
				node_kill(world_leader(w));
			else
				node_leave(world_leader(w), SIM_S);
			assert_agree(w, 1500);
			assert_true(w->nodes[6]->watch.ring.seq > seq);
		}
		assert_ptr_equal(world_leader(w), w->nodes[6]);
		assert_int_equal(w->nodes[6]->watch.n, 1);
		world_free(w);
	}
}

static void nodes_that_only_one_cannot_reach_are_not_taken_from_their_leader(void **state)
{
	struct world *w = world_of(1, 5);
	struct node *leader = world_leader(w), *lost = w->nodes[1];
	u32 i;

	/* the best successor loses its link to the leader, and no other */
	world_cut(w, leader, lost, NET_ALL);
	world_run(w, 20 * SIM_S);
	assert_int_equal(node_role(leader), PFSNL_ROLE_LEADER);
	for (i = 2; i < 5; i++) {
		assert_int_equal(node_role(w->nodes[i]), PFSNL_ROLE_CLIENT);
		assert_int_equal(w->nodes[i]->watch.ring.leader,
				 leader->host.addr);
	}
	assert_only_lost(w, lost);
	/* it asked them, and they said whom they follow */
	assert_true(node_count(lost, PFSNL_COUNT_TETHER_BUSY) > 0);
	net_mend_all(&w->net);
	assert_agree(w, 12000);
	world_free(w);
}

static void leader_lost_while_others_join(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < 3 * SEEDS; seed++) {
		struct world *w = world_of(seed, 4);

		world_nodes(w, 10);
		for (i = 4; i < 10; i++) {
			node_start(w->nodes[i]);
			world_run(w, sim_below(&w->sim, 5 * SIM_MS));
		}
		if (seed & 1)
			node_kill(w->nodes[0]);
		else
			node_abort(w->nodes[0]);
		assert_agree(w, 3500);
		world_run(w, 5 * SIM_S);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

static void leader_lost_while_the_cluster_forms(void **state)
{
	u64 seed;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = world_new(seed);

		world_nodes(w, 6);
		world_start(w);
		world_run(w, 99 * SIM_MS + sim_below(&w->sim, 10 * SIM_MS));
		if (seed & 1)
			node_kill(w->nodes[0]);
		else
			node_abort(w->nodes[0]);
		assert_agree(w, 4000);
		world_free(w);
	}
}

static void successor_lost_while_it_takes_over(void **state)
{
	u64 seed;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = world_of(seed, 6);

		node_leave(w->nodes[0], SIM_S);
		world_run(w, sim_below(&w->sim, 10 * SIM_MS));
		if (seed & 1)
			node_kill(w->nodes[1]);
		else
			node_abort(w->nodes[1]);
		assert_agree(w, 3500);
		assert_ptr_equal(world_leader(w), w->nodes[2]);
		world_run(w, 3 * SIM_S);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

static void succession_works_on_a_lossy_segment(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 8);

		w->net.loss = 50000;
		node_kill(world_leader(w));
		assert_agree(w, 20000);
		world_free(w);
	}
}

static void who_never_leads_does_not_succeed(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 4);
	for (i = 1; i < 4; i++)
		w->nodes[i]->cfg.priority = 0;
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	node_kill(w->nodes[0]);
	world_run(w, 20 * SIM_S);
	for (i = 1; i < 4; i++) {
		assert_int_equal(node_role(w->nodes[i]), PFSNL_ROLE_LISTENING);
		assert_int_equal(w->nodes[i]->watch.n, 1);
	}
	node_start(w->nodes[0]);
	assert_agree(w, 500);
	world_free(w);
}

/*
 * One survivor heard the leader a beacon longer than the successor. When that
 * dials it still says busy, and a moment later that it is untethered.
 */
static void survivor_that_notices_late_is_not_removed(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *leader = w->nodes[0];
	u64 last;

	world_run(w, SIM_S);
	last = leader->beacon_last;
	assert_true(last);
	world_cut(w, leader, w->nodes[1], NET_ALL);
	world_cut(w, leader, w->nodes[2], NET_ALL);
	/* just after its next beacon, which only the last node hears */
	world_run(w, last + INTERVAL + INTERVAL / 4 - w->sim.now);
	assert_true(leader->beacon_last > last);
	node_kill(leader);
	agree_by(w, leader->beacon_last + DEAD + 2 * INTERVAL);
	assert_ptr_equal(world_leader(w), w->nodes[1]);
	assert_true(node_count(w->nodes[1], PFSNL_COUNT_TETHER_BUSY) > 0);
	world_run(w, 5 * SIM_S);
	assert_only_lost(w, leader);
	world_free(w);
}

/*
 * Its last beacon may still be under way when its connections are reset: an
 * orphan must not give up before it can miss the leader.
 */
static void beacon_that_comes_after_the_reset_costs_nobody_its_list(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);
		struct node *leader = world_leader(w);

		/* each packet has its own delay, so for some the reset is faster */
		world_run(w, leader->beacon.when - w->sim.now);
		node_abort(leader);
		agree_by(w, leader->beacon_last + DEAD + 2 * INTERVAL);
		world_run(w, 5 * SIM_S);
		assert_only_lost(w, leader);
		world_free(w);
	}
}

static void full_cluster_that_loses_its_leader_loses_nobody_else(void **state)
{
	struct world *w = world_new(1);
	struct node *leader;
	u32 i;

	world_nodes(w, 4);
	for (i = 0; i < 4; i++)
		w->nodes[i]->cfg.max_nodes = 4;
	world_start(w);
	assert_agree(w, 1000);
	world_run(w, 2 * INTERVAL);
	for (i = 0; i < 4; i++)
		watch_forget(&w->nodes[i]->watch);
	leader = world_leader(w);
	node_kill(leader);
	agree_by(w, leader->beacon_last + DEAD + 2 * INTERVAL);
	world_run(w, 5 * SIM_S);
	assert_only_lost(w, leader);
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(leader_that_loses_power_is_succeeded_in_time),
		cmocka_unit_test(leader_that_resets_is_succeeded_in_time),
		cmocka_unit_test(best_by_priority_then_address_succeeds),
		cmocka_unit_test(fastest_settings_are_fast),
		cmocka_unit_test(dead_candidates_cost_little),
		cmocka_unit_test(leader_that_is_back_alone_does_not_dissolve_its_old_list),
		cmocka_unit_test(leader_that_restarts_at_once_is_followed_by_another),
		cmocka_unit_test(leader_whose_core_hangs_is_replaced),
		cmocka_unit_test(leader_that_was_frozen_gives_way_when_it_is_back),
		cmocka_unit_test(second_loss_of_a_leader_is_seen_as_soon_as_the_first),
		cmocka_unit_test(leaders_lost_one_after_another_leave_the_last_one),
		cmocka_unit_test(nodes_that_only_one_cannot_reach_are_not_taken_from_their_leader),
		cmocka_unit_test(leader_lost_while_others_join),
		cmocka_unit_test(leader_lost_while_the_cluster_forms),
		cmocka_unit_test(successor_lost_while_it_takes_over),
		cmocka_unit_test(succession_works_on_a_lossy_segment),
		cmocka_unit_test(who_never_leads_does_not_succeed),
		cmocka_unit_test(survivor_that_notices_late_is_not_removed),
		cmocka_unit_test(beacon_that_comes_after_the_reset_costs_nobody_its_list),
		cmocka_unit_test(full_cluster_that_loses_its_leader_loses_nobody_else),
	};

	return RUN_WORLD_TESTS(tests);
}
