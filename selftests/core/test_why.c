// SPDX-License-Identifier: GPL-2.0
/*
 * What those who watch are told of why a node came or is gone; and that a node
 * that takes the lead over by preemption is no reason to tell anything.
 */
#include "test_world.h"

/* every listener but those of @not was told this of @who last, and why */
static void assert_told(struct world *w, const struct node *not, u32 op,
			const struct node *who, enum pfsnl_why why)
{
	u32 i, j;

	for (i = 0; i < w->n; i++) {
		const struct watch *watch = &w->nodes[i]->watch;
		const struct update *up;
		bool found = false;

		if (w->nodes[i] == who || w->nodes[i] == not ||
		    !node_runs(w->nodes[i]))
			continue;
		assert_true(watch->n_log > 0);
		up = &watch->log[watch->n_log - 1];
		assert_int_equal(up->op, op);
		for (j = 0; j < up->n; j++)
			if (up->addrs[j] == who->host.addr) {
				assert_int_equal(up->why[j], why);
				found = true;
			}
		assert_true(found);
	}
}

static void who_joins_has_joined(void **state)
{
	struct world *w = world_of(1, 3);
	struct node *late = world_node(w, 3);
	u32 i;

	node_start(late);
	assert_agree(w, 300);
	assert_told(w, NULL, PFSNL_OP_ADD, late, PFSNL_WHY_JOINED);
	/* to the newcomer all the others have */
	assert_int_equal(late->watch.n_log, 1);
	for (i = 0; i < 4; i++)
		assert_int_equal(late->watch.log[0].why[i], PFSNL_WHY_JOINED);
	world_free(w);
}

static void who_says_goodbye_has_left(void **state)
{
	struct world *w = world_of(1, 4);

	node_leave(w->nodes[3], SIM_S);
	assert_agree(w, 300);
	assert_told(w, NULL, PFSNL_OP_REMOVE, w->nodes[3], PFSNL_WHY_LEFT);
	/* the leader too, as its successor tells it */
	node_leave(w->nodes[0], SIM_S);
	assert_agree(w, 300);
	assert_told(w, NULL, PFSNL_OP_REMOVE, w->nodes[0], PFSNL_WHY_LEFT);
	world_free(w);
}

static void who_dies_has_failed(void **state)
{
	struct world *w = world_of(1, 6);

	node_abort(w->nodes[5]);
	assert_agree(w, 300);
	assert_told(w, NULL, PFSNL_OP_REMOVE, w->nodes[5], PFSNL_WHY_FAILED);
	node_kill(w->nodes[4]);
	assert_agree(w, 1500);
	assert_told(w, NULL, PFSNL_OP_REMOVE, w->nodes[4], PFSNL_WHY_FAILED);
	node_kill(w->nodes[0]);
	assert_agree(w, 1500);
	assert_told(w, NULL, PFSNL_OP_REMOVE, w->nodes[0], PFSNL_WHY_FAILED);
	world_free(w);
}

static void who_takes_no_updates_is_dropped(void **state)
{
	struct world *w = world_new(1);
	struct node *stuck;
	u32 i;

	world_nodes(w, 4);
	for (i = 0; i < 4; i++)
		w->nodes[i]->cfg.max_nodes = 16;
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	stuck = w->nodes[3];
	node_window(stuck, 256);
	node_hang(stuck);
	for (i = 0; i < 1000; i++) {
		struct pfsnl_config cfg = w->nodes[1]->cfg;

		if (node_count(w->nodes[0], PFSNL_COUNT_DROP_BLOCKED))
			break;
		cfg.priority = 50 + i % 2;
		assert_int_equal(node_set(w->nodes[1], &cfg), 0);
		world_run(w, 10 * SIM_MS);
	}
	world_run(w, 10 * SIM_MS);
	assert_told(w, stuck, PFSNL_OP_REMOVE, stuck, PFSNL_WHY_DROPPED);
	world_free(w);
}

static void who_comes_with_another_leader_is_merged(void **state)
{
	struct world *w = world_new(1);
	u32 i, j;

	world_nodes(w, 6);
	world_split(w, 3);
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	for (i = 0; i < 6; i++)
		watch_forget(&w->nodes[i]->watch);
	world_split(w, 100);
	assert_agree(w, 1000);
	for (i = 0; i < 6; i++) {
		const struct watch *watch = &w->nodes[i]->watch;

		assert_int_equal(watch->n_log, 1);
		for (j = 0; j < 3; j++)
			assert_int_equal(watch->log[0].why[j],
					 PFSNL_WHY_MERGED);
	}
	world_free(w);
}

static void who_is_cut_off_is_alone(void **state)
{
	struct world *w = world_of(1, 3);
	const struct watch *watch = &w->nodes[2]->watch;
	u32 i;

	/* heard, but out of reach by streams: nobody can tether it */
	world_cut(w, w->nodes[2], w->nodes[0], NET_STREAMS);
	world_cut(w, w->nodes[2], w->nodes[1], NET_STREAMS);
	/* it finds that there is a ring that it is not given */
	node_start(world_node(w, 3));
	world_run(w, 4 * SIM_S);
	assert_int_equal(watch->n, 1);
	assert_int_equal(watch->log[0].op, PFSNL_OP_REMOVE);
	for (i = 0; i < watch->log[0].n; i++)
		assert_int_equal(watch->log[0].why[i], PFSNL_WHY_ALONE);
	world_free(w);
}

static struct world *with_preempt(u8 priority)
{
	struct world *w = world_of(1, 4);
	struct node *better = world_node(w, 4);
	u32 i;

	better->cfg.priority = priority;
	better->cfg.preempt = true;
	node_start(better);
	assert_until(w, world_agrees, NULL, 300);
	for (i = 0; i < 5; i++)
		watch_forget(&w->nodes[i]->watch);
	world_run(w, 3 * SIM_S);
	return w;
}

static void better_node_with_preempt_leads_and_nobody_sees_a_change(void **state)
{
	struct world *w = with_preempt(200);
	u32 i;

	assert_true(world_agrees(w, NULL));
	assert_ptr_equal(world_leader(w), w->nodes[4]);
	for (i = 0; i < 5; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	/* once */
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_STEP_DOWNS), 1);
	world_free(w);
}

static void worse_node_with_preempt_waits_for_its_turn(void **state)
{
	struct world *w = with_preempt(50);

	assert_ptr_equal(world_leader(w), w->nodes[0]);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_STEP_DOWNS), 0);
	world_free(w);
}

static void preempt_that_is_set_later_counts_from_then_on(void **state)
{
	struct world *w = world_of(1, 4);
	struct pfsnl_config cfg = w->nodes[2]->cfg;
	u32 i;

	cfg.priority = 200;
	node_set(w->nodes[2], &cfg);
	world_run(w, 2 * SIM_S);
	assert_ptr_equal(world_leader(w), w->nodes[0]);
	cfg.preempt = true;
	node_set(w->nodes[2], &cfg);
	world_run(w, 2 * SIM_S);
	assert_ptr_equal(world_leader(w), w->nodes[2]);
	for (i = 0; i < 4; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

static void successor_by_preempt_that_dies_at_once_costs_only_itself(void **state)
{
	u64 seed;
	u32 i, j, k;

	for (seed = 0; seed < 20; seed++) {
		struct world *w = world_of(seed, 4);
		struct pfsnl_config cfg = w->nodes[2]->cfg;

		cfg.priority = 200;
		cfg.preempt = true;
		node_set(w->nodes[2], &cfg);
		while (!node_count(w->nodes[0], PFSNL_COUNT_STEP_DOWNS))
			world_run(w, 100 * SIM_US);
		world_run(w, sim_below(&w->sim, 2 * SIM_MS));
		node_kill(w->nodes[2]);
		assert_agree(w, 3000);
		for (i = 0; i < 4; i++)
			for (j = 0; j < w->nodes[i]->watch.n_log; j++)
				for (k = 0; k < w->nodes[i]->watch.log[j].n; k++)
					if (i != 2)
						assert_int_equal(w->nodes[i]->watch.log[j].addrs[k],
								 w->nodes[2]->host.addr);
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(who_joins_has_joined),
		cmocka_unit_test(who_says_goodbye_has_left),
		cmocka_unit_test(who_dies_has_failed),
		cmocka_unit_test(who_takes_no_updates_is_dropped),
		cmocka_unit_test(who_comes_with_another_leader_is_merged),
		cmocka_unit_test(who_is_cut_off_is_alone),
		cmocka_unit_test(better_node_with_preempt_leads_and_nobody_sees_a_change),
		cmocka_unit_test(worse_node_with_preempt_waits_for_its_turn),
		cmocka_unit_test(preempt_that_is_set_later_counts_from_then_on),
		cmocka_unit_test(successor_by_preempt_that_dies_at_once_costs_only_itself),
	};

	return RUN_WORLD_TESTS(tests);
}
