// SPDX-License-Identifier: GPL-2.0
/*
 * Settings that are changed while a node runs.
 */
#include "test_world.h"

#include <errno.h>

static void identity_cannot_be_changed(void **state)
{
	struct world *w = world_of(1, 3);
	struct node *n = w->nodes[1];
	struct pfsnl_config cfg;
	u32 i;

	for (i = 0; i < 5; i++) {
		cfg = n->cfg;
		cfg.interval_ms = 50;
		switch (i) {
		case 0:
			snprintf(cfg.cluster, sizeof(cfg.cluster), "other");
			break;
		case 1:
			cfg.addr++;
			break;
		case 2:
			cfg.port++;
			break;
		case 3:
			cfg.tether_port++;
			break;
		case 4:
			cfg.max_nodes++;
			break;
		}
		assert_int_equal(node_set(n, &cfg), -EBUSY);
		/* all of it or nothing */
		assert_int_equal(pfsnl_core_config(n->core)->interval_ms, 200);
		assert_memory_equal(pfsnl_core_config(n->core), &n->cfg,
				    sizeof(cfg));
	}
	world_run(w, 5 * SIM_S);
	assert_true(world_agrees(w, NULL));
	world_free(w);
}

static void set_all_intervals(struct world *w, u32 interval_ms, u32 dead)
{
	u32 i;

	for (i = 0; i < w->n; i++) {
		struct pfsnl_config cfg = w->nodes[i]->cfg;

		cfg.interval_ms = interval_ms;
		cfg.dead = dead;
		assert_int_equal(node_set(w->nodes[i], &cfg), 0);
	}
}

static void faster_settings_take_effect(void **state)
{
	struct world *w = world_of(1, 6);
	u32 i;

	set_all_intervals(w, 10, 3);
	world_run(w, SIM_S);
	for (i = 0; i < 6; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	node_kill(w->nodes[4]);
	assert_agree(w, 45);
	node_kill(world_leader(w));
	assert_agree(w, 80);
	world_free(w);
}

static void slower_settings_take_effect_and_remove_nobody(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 6);
	for (i = 0; i < 6; i++) {
		w->nodes[i]->cfg.interval_ms = 10;
		w->nodes[i]->cfg.dead = 3;
	}
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	for (i = 0; i < 6; i++)
		watch_forget(&w->nodes[i]->watch);
	/* one after the other, the leader last */
	for (i = 6; i > 0; i--) {
		struct pfsnl_config cfg = w->nodes[i - 1]->cfg;

		cfg.interval_ms = 1000;
		assert_int_equal(node_set(w->nodes[i - 1], &cfg), 0);
		world_run(w, 3 * SIM_S);
	}
	world_run(w, 30 * SIM_S);
	for (i = 0; i < 6; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

/* priority of one node as another one knows it */
static u32 priority_of(const struct node *n, const struct node *of)
{
	struct pfsnl_peer peer;

	assert_true(pfsnl_core_peer_next(n->core, of->host.addr - 1, &peer));
	assert_int_equal(peer.member.addr, of->host.addr);
	return peer.member.priority;
}

static void new_priority_is_known_to_all_and_no_update(void **state)
{
	struct world *w = world_of(1, 4);
	u32 who, i;

	for (who = 0; who < 4; who++) {
		struct pfsnl_config cfg = w->nodes[who]->cfg;

		cfg.priority = 7 + who;
		assert_int_equal(node_set(w->nodes[who], &cfg), 0);
		world_run(w, 20 * SIM_MS);
		for (i = 0; i < 4; i++)
			assert_int_equal(priority_of(w->nodes[i], w->nodes[who]),
					 7 + who);
	}
	assert_true(world_agrees(w, NULL));
	/* it leads no more than before */
	assert_ptr_equal(world_leader(w), w->nodes[0]);
	for (i = 0; i < 4; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

static void succession_follows_the_new_priority(void **state)
{
	struct world *w = world_of(1, 6);
	struct pfsnl_config cfg = w->nodes[4]->cfg;

	cfg.priority = 200;
	assert_int_equal(node_set(w->nodes[4], &cfg), 0);
	cfg = w->nodes[1]->cfg;
	cfg.priority = 0;
	assert_int_equal(node_set(w->nodes[1], &cfg), 0);
	world_run(w, 50 * SIM_MS);
	node_leave(w->nodes[0], SIM_S);
	assert_agree(w, 100);
	assert_ptr_equal(world_leader(w), w->nodes[4]);
	node_leave(w->nodes[4], SIM_S);
	assert_agree(w, 100);
	assert_ptr_equal(world_leader(w), w->nodes[2]);
	world_free(w);
}

static void waiting_node_that_may_lead_now_does(void **state)
{
	struct world *w = world_new(1);
	struct node *n = world_node(w, 0);
	struct pfsnl_config cfg;

	n->cfg.priority = 0;
	node_start(n);
	world_run(w, 5 * SIM_S);
	assert_int_equal(node_role(n), PFSNL_ROLE_LISTENING);
	cfg = n->cfg;
	cfg.priority = 1;
	assert_int_equal(node_set(n, &cfg), 0);
	assert_agree(w, 300);
	world_free(w);
}

static void beacons_may_go_elsewhere(void **state)
{
	struct world *w = world_of(1, 4);
	u32 i, j;

	for (i = 0; i < 4; i++) {
		struct pfsnl_config cfg = w->nodes[i]->cfg;

		cfg.beacon_to = PFSNL_BEACON_TO_STATIC;
		for (j = 0; j < 4; j++)
			cfg.static_peers[j] = WORLD_ADDR(j);
		cfg.n_static = 4;
		assert_int_equal(node_set(w->nodes[i], &cfg), 0);
	}
	world_run(w, 5 * SIM_S);
	for (i = 0; i < 4; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	node_kill(w->nodes[0]);
	assert_agree(w, 1500);
	world_free(w);
}

static void level0_peers_may_be_served_from_now_on_or_no_longer(void **state)
{
	struct world *w = world_of(1, 3);
	struct level0 *p = level0_new(w, WORLD_ADDR(100));
	struct pfsnl_config cfg = w->nodes[0]->cfg;

	cfg.level0 = PFSNL_LEVEL0_OFF;
	assert_int_equal(node_set(w->nodes[0], &cfg), 0);
	level0_start(p);
	world_run(w, 5 * SIM_S);
	assert_int_equal(w->nodes[0]->watch.n, 3);
	cfg.level0 = PFSNL_LEVEL0_ON;
	assert_int_equal(node_set(w->nodes[0], &cfg), 0);
	assert_agree(w, 500);
	assert_int_equal(w->nodes[1]->watch.n, 4);
	cfg.level0 = PFSNL_LEVEL0_OFF;
	assert_int_equal(node_set(w->nodes[0], &cfg), 0);
	/* what it says no longer counts as life */
	world_run(w, 5500 * SIM_MS);
	assert_int_equal(w->nodes[1]->watch.n, 3);
	assert_int_equal(p->accepted, 1);
	world_free(w);
}

static void listeners_are_told_that_settings_changed(void **state)
{
	struct world *w = world_of(1, 2);
	struct pfsnl_config cfg = w->nodes[1]->cfg;
	u64 before = w->changes;

	cfg.dead = 7;
	assert_int_equal(node_set(w->nodes[1], &cfg), 0);
	assert_true(w->changes > before);
	assert_int_equal(w->nodes[1]->watch.n_log, 0);
	assert_int_equal(pfsnl_core_config(w->nodes[1]->core)->dead, 7);
	world_free(w);
}

static void settings_may_change_in_any_role(void **state)
{
	u64 seed;

	for (seed = 0; seed < 60; seed++) {
		struct world *w = world_new(seed);
		struct pfsnl_config cfg;
		u32 i;

		world_nodes(w, 5);
		world_start(w);
		world_run(w, sim_below(&w->sim, 120 * SIM_MS));
		if (seed & 1) {
			world_run(w, SIM_S);
			node_kill(w->nodes[0]);
			world_run(w, sim_below(&w->sim, 1300 * SIM_MS));
		}
		if (seed & 2)
			node_leave(w->nodes[2], SIM_S);
		for (i = 0; i < 5; i++) {
			if (!w->nodes[i]->core)
				continue;
			cfg = w->nodes[i]->cfg;
			cfg.interval_ms = 20 + sim_below(&w->sim, 300);
			cfg.dead = 3 + sim_below(&w->sim, 5);
			cfg.priority = 1 + sim_below(&w->sim, 200);
			assert_int_equal(node_set(w->nodes[i], &cfg), 0);
			world_run(w, sim_below(&w->sim, 5 * SIM_MS));
		}
		assert_agree(w, 8000);
		world_run(w, 5 * SIM_S);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(identity_cannot_be_changed),
		cmocka_unit_test(faster_settings_take_effect),
		cmocka_unit_test(slower_settings_take_effect_and_remove_nobody),
		cmocka_unit_test(new_priority_is_known_to_all_and_no_update),
		cmocka_unit_test(succession_follows_the_new_priority),
		cmocka_unit_test(waiting_node_that_may_lead_now_does),
		cmocka_unit_test(beacons_may_go_elsewhere),
		cmocka_unit_test(level0_peers_may_be_served_from_now_on_or_no_longer),
		cmocka_unit_test(listeners_are_told_that_settings_changed),
		cmocka_unit_test(settings_may_change_in_any_role),
	};

	return RUN_WORLD_TESTS(tests);
}
