// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that are lost, in every way there is: each is seen by all others, for
 * the right reason, and nobody else is disturbed.
 */
#include "test_world.h"

#define SEEDS	10

/* each other node heard of one loss, and of nothing else */
static void assert_only_lost(struct world *w, const struct node *lost)
{
	u32 i;

	for (i = 0; i < w->n; i++) {
		if (w->nodes[i] == lost)
			continue;
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_REMOVE,
			      lost->host.addr);
	}
}

/* some went and came back: each other node heard of that, once */
static void assert_lost_and_back(struct world *w, const struct node *lost)
{
	u32 i;

	for (i = 0; i < w->n; i++) {
		if (w->nodes[i] == lost)
			continue;
		assert_int_equal(w->nodes[i]->watch.n_log, 2);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_REMOVE,
			      lost->host.addr);
		assert_update(&w->nodes[i]->watch.log[1], PFSNL_OP_ADD,
			      lost->host.addr);
	}
}

static u64 drops(const struct node *n)
{
	return node_count(n, PFSNL_COUNT_DROP_CLOSED) +
	       node_count(n, PFSNL_COUNT_DROP_BLOCKED) +
	       node_count(n, PFSNL_COUNT_DROP_SILENT) +
	       node_count(n, PFSNL_COUNT_DROP_LEFT) +
	       node_count(n, PFSNL_COUNT_DROP_RESTARTED) +
	       node_count(n, PFSNL_COUNT_DROP_MALFORMED) +
	       node_count(n, PFSNL_COUNT_DROP_LOCAL);
}

static void silent_client_is_dropped_when_it_is_dead(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);
		struct node *lost = w->nodes[1 + seed % 5];
		u64 last;

		world_run(w, sim_below(&w->sim, 200 * SIM_MS));
		last = lost->beacon_last;
		node_kill(lost);
		world_run(w, last + 1000 * SIM_MS - w->sim.now);
		assert_int_equal(w->nodes[0]->watch.n, 6);
		assert_agree(w, 20);
		world_run(w, 5 * SIM_S);
		assert_only_lost(w, lost);
		assert_int_equal(node_count(w->nodes[0],
					    PFSNL_COUNT_DROP_SILENT), 1);
		assert_int_equal(drops(w->nodes[0]), 1);
		world_free(w);
	}
}

static void fastest_settings_see_it_within_45_ms(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);

		world_nodes(w, 8);
		for (i = 0; i < 8; i++) {
			w->nodes[i]->cfg.interval_ms = 10;
			w->nodes[i]->cfg.dead = 3;
		}
		world_start(w);
		assert_agree(w, 250);
		world_run(w, SIM_S + sim_below(&w->sim, 10 * SIM_MS));
		node_kill(w->nodes[5]);
		assert_agree(w, 45);
		world_free(w);
	}
}

static void client_that_resets_is_dropped_at_once(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);
		struct node *lost = w->nodes[1 + seed % 5];

		node_abort(lost);
		assert_agree(w, 20);
		world_run(w, 5 * SIM_S);
		assert_only_lost(w, lost);
		assert_int_equal(node_count(w->nodes[0],
					    PFSNL_COUNT_DROP_CLOSED), 1);
		assert_int_equal(drops(w->nodes[0]), 1);
		world_free(w);
	}
}

/* let the leader have something to say, without anybody coming or going */
static void chatter(struct world *w, struct node *n)
{
	struct pfsnl_config cfg = n->cfg;

	cfg.priority = cfg.priority == 50 ? 51 : 50;
	assert_int_equal(node_set(n, &cfg), 0);
	world_run(w, 10 * SIM_MS);
}

static void client_that_does_not_read_is_dropped_at_the_update_without_room(void **state)
{
	struct world *w = world_new(1);
	struct node *lost;
	u32 i, updates = 0;
	u64 room, full = 0;

	world_nodes(w, 5);
	for (i = 0; i < 5; i++)
		w->nodes[i]->cfg.max_nodes = 16;
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	for (i = 0; i < 5; i++)
		watch_forget(&w->nodes[i]->watch);
	lost = w->nodes[3];
	node_window(lost, 256);
	node_hang(lost);

	/* while there is room it stays; messages about the rings fill theirs */
	room = pfsnl_core_tether_room(&w->nodes[0]->cfg) + NODE_BULK;
	while (!drops(w->nodes[0]) && updates < 1000) {
		assert_int_equal(w->nodes[0]->watch.n_log, 0);
		full = node_pending(w->nodes[0], lost->host.addr);
		chatter(w, w->nodes[1]);
		updates++;
	}
	/* each update is 64 bytes and a record of 24 */
	assert_in_range(full, room - 88, room);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_BLOCKED), 1);
	assert_int_equal(drops(w->nodes[0]), 1);
	/* the others hear of it at once */
	world_run(w, 10 * SIM_MS);
	assert_only_lost(w, lost);

	/* and when it reads again it finds out, and is back */
	node_resume(lost);
	assert_agree(w, 1000);
	assert_lost_and_back(w, lost);
	world_free(w);
}

static void first_list_larger_than_the_receive_buffer_is_no_reason(void **state)
{
	struct world *w = world_new(1);

	w->net.window = 200;
	world_nodes(w, 64);
	world_start(w);
	assert_agree(w, 500);
	world_run(w, 5 * SIM_S);
	assert_int_equal(drops(world_leader(w)), 0);
	world_free(w);
}

static void restarted_client_has_left_and_joined(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);
		struct node *n = w->nodes[1 + seed % 4];

		/* without a word, and back before anybody can miss it */
		node_kill(n);
		world_run(w, sim_below(&w->sim, 300 * SIM_MS));
		node_start(n);
		assert_agree(w, 300);
		world_run(w, 2 * SIM_S);
		assert_lost_and_back(w, n);
		assert_int_equal(drops(w->nodes[0]), 1);
		assert_int_equal(node_count(w->nodes[0],
					    PFSNL_COUNT_DROP_RESTARTED), 1);
		world_free(w);
	}
}

static void client_cut_off_is_lost_and_back_when_the_link_is(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);
		struct node *lost = w->nodes[1 + seed % 5];

		lost->host.side = 1;
		/* the rest is one ring, and so is it, alone */
		assert_agree(w, 3000);
		assert_only_lost(w, lost);
		assert_int_equal(lost->watch.n, 1);
		world_run(w, 5 * SIM_S);
		world_split(w, 6);
		assert_agree(w, 1000);
		world_run(w, 2 * SIM_S);
		assert_lost_and_back(w, lost);
		world_free(w);
	}
}

static void orphans_list_does_not_live_for_ever(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *lost = w->nodes[2];
	u64 last = w->nodes[0]->beacon_last;

	lost->host.side = 1;
	/* dead for the leader's beacons, dead as an orphan, and then alone */
	world_run(w, last + 2100 * SIM_MS - w->sim.now);
	assert_int_equal(lost->watch.n, 1);
	assert_true(watch_has(&lost->watch, lost->host.addr));
	world_free(w);
}

static void lost_beacons_are_not_a_lost_node_while_the_tether_answers(void **state)
{
	struct world *w = world_of(1, 4);
	u32 i;

	world_cut(w, w->nodes[0], w->nodes[2], NET_DATAGRAMS);
	world_run(w, 20 * SIM_S);
	for (i = 0; i < 4; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	assert_true(world_agrees(w, NULL));
	world_free(w);
}

static void client_that_hears_but_is_not_heard_is_lost(void **state)
{
	struct world *w = world_of(1, 5);
	struct node *lost = w->nodes[3];

	net_cut(&w->net, lost->host.addr, w->nodes[0]->host.addr, NET_ALL);
	world_run(w, 20 * SIM_S);
	assert_int_equal(w->nodes[0]->watch.n, 4);
	/* it can't come back, and it can't keep a list that is not its own */
	assert_int_equal(lost->watch.n, 1);
	assert_only_lost(w, lost);
	net_mend_all(&w->net);
	assert_agree(w, 3000);
	assert_lost_and_back(w, lost);
	world_free(w);
}

static void client_that_is_heard_but_does_not_hear_is_lost(void **state)
{
	struct world *w = world_of(1, 5);
	struct node *lost = w->nodes[3];
	u32 i;

	net_cut(&w->net, w->nodes[0]->host.addr, lost->host.addr, NET_ALL);
	world_run(w, 20 * SIM_S);
	net_mend_all(&w->net);
	assert_agree(w, 12000);
	/* the others may have seen it go, but saw nobody else do so */
	for (i = 0; i < 5; i++) {
		struct watch *watch = &w->nodes[i]->watch;
		u32 j;

		for (j = 0; w->nodes[i] != lost && j < watch->n_log; j++)
			assert_update(&watch->log[j], watch->log[j].op,
				      lost->host.addr);
	}
	world_free(w);
}

/* TCP sends a lost segment again, but later than a short "dead" is */
static void client_with_a_short_dead_waits_for_what_tcp_sends_again(void **state)
{
	struct world *w = world_new(1);
	struct node *behind;
	u64 tethers;
	u32 i;

	world_nodes(w, 4);
	for (i = 0; i < 4; i++)
		w->nodes[i]->cfg.interval_ms = 20;
	for (i = 0; i < 3; i++)
		node_start(w->nodes[i]);
	assert_agree(w, 500);
	behind = w->nodes[2];
	tethers = node_count(behind, PFSNL_COUNT_TETHER_IN);
	stream_darken(node_end(behind, 0), w->sim.now + 400 * SIM_MS);
	node_start(w->nodes[3]);
	world_run(w, 2 * SIM_S);
	assert_true(world_agrees(w, NULL));
	assert_int_equal(node_count(behind, PFSNL_COUNT_TETHER_IN), tethers);
	world_free(w);
}

static void client_behind_a_broken_stream_catches_up(void **state)
{
	struct world *w = world_of(1, 5);
	struct node *behind = w->nodes[3];

	/* beacons pass, updates don't */
	world_cut(w, w->nodes[0], behind, NET_STREAMS);
	node_leave(w->nodes[1], SIM_S);
	world_run(w, 3 * SIM_S);
	net_mend_all(&w->net);
	assert_agree(w, 15000);
	world_free(w);
}

static void short_freeze_is_forgiven(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);
		struct node *n = w->nodes[seed % 5];

		world_run(w, sim_below(&w->sim, 200 * SIM_MS));
		node_freeze(n);
		world_run(w, 700 * SIM_MS);
		node_resume(n);
		world_run(w, 5 * SIM_S);
		for (i = 0; i < 5; i++)
			assert_int_equal(w->nodes[i]->watch.n_log, 0);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

static void long_freeze_is_a_loss(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);
		struct node *n = w->nodes[1 + seed % 4];

		node_freeze(n);
		assert_agree(w, 1300);
		assert_only_lost(w, n);
		world_run(w, sim_below(&w->sim, 10 * SIM_S));
		node_resume(n);
		assert_agree(w, 1500);
		world_run(w, 2 * SIM_S);
		assert_lost_and_back(w, n);
		world_free(w);
	}
}

static void hung_core_does_not_look_alive_for_ever(void **state)
{
	struct world *w = world_of(1, 5);
	struct node *n = w->nodes[2];

	node_hang(n);
	/* its beacons go on until they expire; then it is silent for dead */
	world_run(w, 2500 * SIM_MS);
	assert_int_equal(w->nodes[0]->watch.n, 5);
	assert_agree(w, 3500);
	assert_only_lost(w, n);
	node_resume(n);
	assert_agree(w, 1500);
	world_free(w);
}

static void lost_answer_not_member_is_made_up_for(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *n = w->nodes[2];

	/* the leader drops it, and nothing of that reaches it */
	net_cut(&w->net, w->nodes[0]->host.addr, n->host.addr, NET_ALL);
	net_cut(&w->net, n->host.addr, w->nodes[0]->host.addr, NET_ALL);
	world_run(w, 1100 * SIM_MS);
	assert_int_equal(w->nodes[0]->watch.n, 3);
	net_mend_all(&w->net);
	assert_agree(w, 1000);
	world_free(w);
}

static void five_percent_loss_removes_nobody(void **state)
{
	struct world *w = world_of(1, 16);
	u32 i;

	w->net.loss = 50000;
	world_run(w, 60 * SIM_S);
	for (i = 0; i < 16; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

/* what is remembered of a node that was lost must not make the next loss late */
static void second_loss_is_seen_as_soon_as_the_first(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *lost = w->nodes[2];
	u32 round;

	for (round = 0; round < 3; round++) {
		node_kill(lost);
		assert_agree(w, 1020);
		world_run(w, 3 * SIM_S);
		node_start(lost);
		assert_agree(w, 20);
		world_run(w, 3 * SIM_S);
	}
	world_free(w);
}

static void several_lost_together_are_seen_by_the_rest(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 12);

		for (i = 1; i < 12; i += 2)
			if (seed & 1)
				node_kill(w->nodes[i]);
			else
				node_abort(w->nodes[i]);
		assert_agree(w, 1500);
		/* together they are few rings */
		assert_in_range(w->nodes[0]->watch.n_log, 1, 4);
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(silent_client_is_dropped_when_it_is_dead),
		cmocka_unit_test(fastest_settings_see_it_within_45_ms),
		cmocka_unit_test(client_that_resets_is_dropped_at_once),
		cmocka_unit_test(client_that_does_not_read_is_dropped_at_the_update_without_room),
		cmocka_unit_test(first_list_larger_than_the_receive_buffer_is_no_reason),
		cmocka_unit_test(restarted_client_has_left_and_joined),
		cmocka_unit_test(client_cut_off_is_lost_and_back_when_the_link_is),
		cmocka_unit_test(orphans_list_does_not_live_for_ever),
		cmocka_unit_test(lost_beacons_are_not_a_lost_node_while_the_tether_answers),
		cmocka_unit_test(client_that_hears_but_is_not_heard_is_lost),
		cmocka_unit_test(client_that_is_heard_but_does_not_hear_is_lost),
		cmocka_unit_test(client_with_a_short_dead_waits_for_what_tcp_sends_again),
		cmocka_unit_test(client_behind_a_broken_stream_catches_up),
		cmocka_unit_test(short_freeze_is_forgiven),
		cmocka_unit_test(long_freeze_is_a_loss),
		cmocka_unit_test(hung_core_does_not_look_alive_for_ever),
		cmocka_unit_test(lost_answer_not_member_is_made_up_for),
		cmocka_unit_test(five_percent_loss_removes_nobody),
		cmocka_unit_test(second_loss_is_seen_as_soon_as_the_first),
		cmocka_unit_test(several_lost_together_are_seen_by_the_rest),
	};

	return RUN_WORLD_TESTS(tests);
}
