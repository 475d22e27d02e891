// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes find each other, one leads, and the list is the same everywhere.
 */
#include "test_world.h"

#define SEEDS	10

static bool leads_or_fails(struct world *w, void *arg)
{
	return node_role(w->nodes[0]) == PFSNL_ROLE_LEADER && w->nodes[0]->watch.n;
}

static void one_node_leads_alone_once_it_has_listened(void **state)
{
	struct world *w = world_new(1);
	struct node *n = world_node(w, 0);
	struct pfsnl_peer peer;

	world_start(w);
	assert_int_equal(node_role(n), PFSNL_ROLE_LISTENING);
	world_run(w, 99 * SIM_MS);
	assert_int_equal(node_role(n), PFSNL_ROLE_LISTENING);
	assert_int_equal(n->watch.n, 0);
	assert_until(w, leads_or_fails, NULL, 20);
	assert_int_equal(n->watch.n_log, 1);
	assert_update(&n->watch.log[0], PFSNL_OP_ADD, n->host.addr);
	assert_int_equal(n->watch.ring.leader, n->host.addr);
	assert_int_equal(n->watch.ring.incarnation, n->incarnation);
	assert_true(pfsnl_core_peer_next(n->core, 0, &peer));
	assert_true(peer.self);
	assert_true(peer.leader);
	assert_int_equal(peer.member.incarnation, n->incarnation);
	assert_int_equal(peer.member.level, 1);
	assert_false(pfsnl_core_peer_next(n->core, peer.member.addr, &peer));
	/* and nothing more happens */
	world_run(w, 60 * SIM_S);
	assert_int_equal(n->watch.n_log, 1);
	assert_int_equal(node_role(n), PFSNL_ROLE_LEADER);
	assert_true(node_count(n, PFSNL_COUNT_BEACON_OWN) > 250);
	world_free(w);
}

/* who is to lead: the highest priority, then the lowest address */
static struct node *best_of(struct world *w)
{
	struct node *best = NULL;
	u32 i;

	for (i = 0; i < w->n; i++) {
		struct node *n = w->nodes[i];

		if (!node_runs(n) || !n->cfg.priority)
			continue;
		if (!best || n->cfg.priority > best->cfg.priority ||
		    (n->cfg.priority == best->cfg.priority &&
		     n->host.addr < best->host.addr))
			best = n;
	}
	return best;
}

static void form(u64 seed, u32 n)
{
	struct world *w = world_new(seed);
	u32 i, j;

	world_nodes(w, n);
	for (i = 0; i < n; i++)
		w->nodes[i]->cfg.priority = 1 + sim_below(&w->sim, 4);
	world_start(w);
	assert_agree(w, 250);
	assert_ptr_equal(world_leader(w), best_of(w));
	for (i = 0; i < n; i++) {
		assert_int_equal(w->nodes[i]->watch.n, n);
		for (j = 0; j < n; j++)
			assert_true(watch_has(&w->nodes[i]->watch,
					      WORLD_ADDR(j)));
	}
	/* a few rings, not one for each node */
	assert_in_range(w->nodes[0]->watch.ring.seq, 1, 4);
	/* and it stays so: no more updates */
	for (i = 0; i < n; i++)
		watch_forget(&w->nodes[i]->watch);
	world_run(w, 5 * SIM_S);
	assert_true(world_agrees(w, NULL));
	for (i = 0; i < n; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

static void two_nodes_form_one_ring(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++)
		form(seed, 2);
}

static void three_nodes_form_one_ring(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++)
		form(seed, 3);
}

static void sixteen_nodes_form_one_ring(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++)
		form(seed, 16);
}

static void sixty_four_nodes_form_one_ring(void **state)
{
	u64 seed;

	for (seed = 0; seed < 3; seed++)
		form(seed, 64);
}

/* on a segment where all get a broadcast at the same moment */
static void nodes_form_one_ring_in_lockstep(void **state)
{
	struct world *w = world_new(1);

	w->net.jitter = 0;
	w->net.spread = 0;
	world_nodes(w, 16);
	world_start(w);
	assert_agree(w, 250);
	world_free(w);
}

static void nodes_started_one_after_the_other_form_one_ring(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);
		u64 apart = (1 + sim_below(&w->sim, 60)) * SIM_MS;

		world_nodes(w, 12);
		for (i = 0; i < 12; i++) {
			/* in an order that has nothing to do with who is best */
			node_start(w->nodes[i * 5 % 12]);
			world_run(w, sim_below(&w->sim, apart));
		}
		assert_agree(w, 400);
		/* nobody ever left or was removed */
		for (i = 0; i < 12; i++)
			assert_int_equal(node_count(w->nodes[i],
						    PFSNL_COUNT_UPDATE_REMOVE),
					 0);
		world_free(w);
	}
}

static void everybody_sees_the_same_leader_and_itself(void **state)
{
	struct world *w = world_of(1, 5);
	struct pfsnl_peer peer;
	u32 i, leaders, selves;

	for (i = 0; i < 5; i++) {
		leaders = 0;
		selves = 0;
		peer.member.addr = 0;
		while (pfsnl_core_peer_next(w->nodes[i]->core,
					    peer.member.addr, &peer)) {
			struct node *n = world_node(w, peer.member.addr -
						    WORLD_ADDR(0));

			leaders += peer.leader;
			selves += peer.self;
			assert_int_equal(peer.leader, n == world_leader(w));
			assert_int_equal(peer.self, n == w->nodes[i]);
			assert_int_equal(peer.member.incarnation,
					 n->incarnation);
			assert_int_equal(peer.member.tether_port,
					 n->cfg.tether_port);
			assert_int_equal(peer.member.priority, n->cfg.priority);
			assert_true(peer.joined >= n->started);
			assert_true(peer.joined <= w->sim.now);
		}
		assert_int_equal(leaders, 1);
		assert_int_equal(selves, 1);
	}
	world_free(w);
}

static void better_node_that_comes_later_does_not_take_over(void **state)
{
	struct world *w = world_new(1);
	struct node *leader;
	u32 i;

	for (i = 1; i < 4; i++)
		world_node(w, i);
	world_start(w);
	assert_agree(w, 250);
	leader = world_leader(w);
	world_node(w, 0)->cfg.priority = 255;
	world_start(w);
	assert_agree(w, 250);
	assert_ptr_equal(world_leader(w), leader);
	world_run(w, 10 * SIM_S);
	assert_ptr_equal(world_leader(w), leader);
	assert_int_equal(node_count(leader, PFSNL_COUNT_STEP_DOWNS), 0);
	assert_int_equal(node_count(leader, PFSNL_COUNT_LEADS), 1);
	world_free(w);
}

static bool has_list(struct world *w, void *arg)
{
	struct node *n = arg;

	return n->watch.n;
}

static void priority_zero_never_leads(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 4);
	for (i = 0; i < 4; i++)
		w->nodes[i]->cfg.priority = 0;
	world_start(w);
	/* nobody takes them in: each has itself */
	assert_until(w, has_list, w->nodes[0], 1500);
	world_run(w, 10 * SIM_S);
	for (i = 0; i < 4; i++) {
		assert_int_equal(node_role(w->nodes[i]), PFSNL_ROLE_LISTENING);
		assert_int_equal(w->nodes[i]->watch.n, 1);
		assert_true(watch_has(&w->nodes[i]->watch, WORLD_ADDR(i)));
		assert_int_equal(w->nodes[i]->watch.ring.leader, 0);
	}
	/* the worst node that may lead leads them all */
	world_node(w, 200)->cfg.priority = 1;
	world_start(w);
	assert_agree(w, 250);
	assert_ptr_equal(world_leader(w), world_node(w, 200));
	world_free(w);
}

static void join(u64 seed, u32 n)
{
	struct world *w = world_of(seed, n);
	struct node *late = world_node(w, n);
	u32 i;

	world_run(w, sim_below(&w->sim, 200 * SIM_MS));
	node_start(late);
	assert_agree(w, 20);
	for (i = 0; i < n; i++) {
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_ADD,
			      late->host.addr);
	}
	assert_int_equal(late->watch.n_log, 1);
	assert_int_equal(late->watch.log[0].op, PFSNL_OP_ADD);
	assert_int_equal(late->watch.log[0].n, n + 1);
	world_free(w);
}

static void one_more_is_seen_by_all_within_20_ms(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		join(seed, 1);
		join(seed, 2);
		join(seed, 15);
	}
}

static void several_that_join_together_are_one_update(void **state)
{
	struct world *w = world_of(1, 4);
	u32 i;

	world_nodes(w, 12);
	world_start(w);
	assert_agree(w, 60);
	for (i = 0; i < 4; i++) {
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_int_equal(w->nodes[i]->watch.log[0].n, 8);
	}
	world_free(w);
}

static void clients_say_that_they_live_to_their_leader_only(void **state)
{
	struct world *w = world_of(1, 8);
	u64 heard[8];
	u32 i;

	for (i = 0; i < 8; i++)
		heard[i] = node_count(w->nodes[i], PFSNL_COUNT_BEACON_RX);
	world_run(w, 10 * SIM_S);
	for (i = 0; i < 8; i++) {
		u64 more = node_count(w->nodes[i], PFSNL_COUNT_BEACON_RX) -
			   heard[i];

		if (w->nodes[i] == world_leader(w))
			assert_in_range(more, 7 * 49, 7 * 51);
		else
			assert_in_range(more, 49, 51);
	}
	world_free(w);
}

static void multicast_group_does_as_well(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 8);
	for (i = 0; i < 8; i++) {
		w->nodes[i]->cfg.beacon_to = PFSNL_BEACON_TO_MULTICAST;
		w->nodes[i]->cfg.group = 0xefff0001;
		w->nodes[i]->cfg.broadcast = 0;
	}
	world_start(w);
	assert_agree(w, 250);
	world_free(w);
}

static void static_peers_do_as_well(void **state)
{
	struct world *w = world_new(1);
	u32 i, j;

	world_nodes(w, 6);
	for (i = 0; i < 6; i++) {
		w->nodes[i]->cfg.beacon_to = PFSNL_BEACON_TO_STATIC;
		w->nodes[i]->cfg.broadcast = 0;
		for (j = 0; j < 6; j++)
			w->nodes[i]->cfg.static_peers[j] = WORLD_ADDR(j);
		w->nodes[i]->cfg.n_static = 6;
	}
	world_start(w);
	assert_agree(w, 250);
	/* nobody talks to itself */
	for (i = 0; i < 6; i++)
		assert_int_equal(node_count(w->nodes[i], PFSNL_COUNT_BEACON_OWN),
				 0);
	node_kill(world_leader(w));
	assert_agree(w, 2000);
	world_free(w);
}

/* everybody knows one address, which leads: it beacons to those it found */
static void one_known_peer_is_enough(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 6);
	for (i = 0; i < 6; i++) {
		w->nodes[i]->cfg.beacon_to = PFSNL_BEACON_TO_STATIC;
		w->nodes[i]->cfg.static_peers[0] = WORLD_ADDR(i ? 0 : 1);
		w->nodes[i]->cfg.n_static = 1;
	}
	w->nodes[0]->cfg.priority = 200;
	world_start(w);
	assert_agree(w, 500);
	world_run(w, SIM_S);
	for (i = 0; i < 6; i++)
		watch_forget(&w->nodes[i]->watch);
	world_run(w, 10 * SIM_S);
	for (i = 0; i < 6; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

static void fastest_settings_work(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 16);
	for (i = 0; i < 16; i++) {
		w->nodes[i]->cfg.interval_ms = 10;
		w->nodes[i]->cfg.dead = 3;
	}
	world_start(w);
	assert_agree(w, 250);
	for (i = 0; i < 16; i++)
		watch_forget(&w->nodes[i]->watch);
	world_run(w, 10 * SIM_S);
	for (i = 0; i < 16; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

static void nodes_of_different_intervals_bear_with_each_other(void **state)
{
	struct world *w = world_new(1);
	static const u32 interval[] = { 10, 50, 200, 1000 };
	u32 i;

	world_nodes(w, 8);
	for (i = 0; i < 8; i++) {
		w->nodes[i]->cfg.interval_ms = interval[i % 4];
		w->nodes[i]->cfg.dead = 3;
	}
	world_start(w);
	assert_agree(w, 3000);
	for (i = 0; i < 8; i++)
		watch_forget(&w->nodes[i]->watch);
	/* the slow ones are not taken for dead by the fast ones */
	world_run(w, 20 * SIM_S);
	for (i = 0; i < 8; i++)
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	world_free(w);
}

static void lossy_segment_delays_but_does_not_prevent(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);

		w->net.loss = 50000;
		world_nodes(w, 12);
		world_start(w);
		assert_agree(w, 20000);
		world_free(w);
	}
}

/* farther than the time that a dial is given at first */
static void nodes_far_from_each_other_are_tethered_with_more_patience(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	w->net.latency = 90 * SIM_MS;
	world_nodes(w, 3);
	for (i = 0; i < 3; i++) {
		w->nodes[i]->cfg.interval_ms = 50;
		w->nodes[i]->cfg.dead = 20;
	}
	world_start(w);
	assert_agree(w, 5000);
	world_free(w);
}

static void frames_may_come_byte_by_byte(void **state)
{
	struct world *w = world_new(1);

	w->net.chop = 1;
	world_nodes(w, 16);
	world_start(w);
	assert_agree(w, 250);
	world_free(w);
}

static u32 unclaimed;
static u32 unclaimed_by;

static void count_unclaimed(struct node *n, enum pfsnl_note note, u32 addr,
			    u32 reason, u64 number)
{
	if (note != PFSNL_NOTE_UNCLAIMED)
		return;
	unclaimed++;
	unclaimed_by = addr;
}

/* it hears the leader within its window, so it waits to be claimed */
static void newcomer_that_is_not_heard_says_so_once(void **state)
{
	struct world *w = world_new(1);
	struct node *n, *leader;
	u32 i;

	world_nodes(w, 4);
	n = w->nodes[3];
	for (i = 0; i < 4; i++)
		w->nodes[i]->cfg.interval_ms = 50;
	for (i = 0; i < 3; i++)
		node_start(w->nodes[i]);
	assert_agree(w, 1000);
	leader = world_leader(w);

	net_cut(&w->net, n->host.addr, leader->host.addr, NET_DATAGRAMS);
	unclaimed = 0;
	n->on_note = count_unclaimed;
	node_start(n);
	world_run(w, 240 * SIM_MS);
	assert_int_equal(unclaimed, 0);
	world_run(w, 20 * SIM_S);
	assert_int_equal(node_role(n), PFSNL_ROLE_LISTENING);
	assert_int_equal(unclaimed, 1);
	assert_int_equal(unclaimed_by, leader->host.addr);
	net_mend_all(&w->net);
	assert_agree(w, 300);
	assert_int_equal(unclaimed, 1);
	world_free(w);
}

/* the others did not remember each other */
static void best_node_that_dies_before_it_leads_leaves_one_leader(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = world_new(seed);
		u64 leads = 0, merges = 0;

		world_nodes(w, 8);
		world_start(w);
		world_run(w, 10 * SIM_MS + sim_below(&w->sim, 80 * SIM_MS));
		node_kill(w->nodes[0]);
		assert_agree(w, 1000 + 400 + 150);
		for (i = 1; i < 8; i++) {
			leads += node_count(w->nodes[i], PFSNL_COUNT_LEADS);
			merges += node_count(w->nodes[i], PFSNL_COUNT_MERGES);
		}
		assert_int_equal(leads, 1);
		assert_int_equal(merges, 0);
		world_free(w);
	}
}

static void full_cluster_takes_no_more_and_counts_it(void **state)
{
	struct world *w = world_new(1);
	struct node *late;
	u32 i;

	world_nodes(w, 5);
	for (i = 0; i < 5; i++)
		w->nodes[i]->cfg.max_nodes = 4;
	for (i = 0; i < 4; i++)
		node_start(w->nodes[i]);
	assert_agree(w, 250);
	for (i = 0; i < 4; i++)
		watch_forget(&w->nodes[i]->watch);
	late = w->nodes[4];
	node_start(late);
	world_run(w, 5 * SIM_S);
	for (i = 0; i < 4; i++) {
		assert_int_equal(w->nodes[i]->watch.n, 4);
		assert_int_equal(w->nodes[i]->watch.n_log, 0);
	}
	assert_true(node_count(w->nodes[0], PFSNL_COUNT_BEACON_NO_ROOM) > 0);
	/* it is on its own */
	assert_int_equal(late->watch.n, 1);
	/* when there is room it is taken in */
	node_leave(w->nodes[3], SIM_S);
	assert_agree(w, 1000);
	assert_int_equal(late->watch.n, 4);
	world_free(w);
}

static void memory_is_bounded_by_what_strangers_can_fill(void **state)
{
	struct world *w = world_new(1);
	struct node *n = world_node(w, 0);
	struct pfsnl_beacon b = {
		.tether_port = 7319, .interval_ms = 10000, .priority = 1,
		.flags = PFSNL_BEACON_TETHERED,
	};
	u8 wire[PFSNL_BEACON_LEN];
	u64 full;
	u32 i;

	world_start(w);
	assert_agree(w, 250);
	b.cluster_id = pfsnl_config_cluster_id(&n->cfg);
	for (i = 0; i < 20000; i++) {
		b.addr = 0x0b000000 + i;
		b.incarnation = i + 1;
		pfsnl_beacon_encode(&b, wire);
		host_send_as(&n->host, b.addr, n->host.addr, wire, sizeof(wire));
		if (i == 10000)
			full = n->ledger.peak;
		world_run(w, 10 * SIM_US);
	}
	assert_int_equal(n->ledger.peak, full);
	assert_true(n->ledger.peak < 1 << 20);
	assert_true(node_count(n, PFSNL_COUNT_BEACON_NO_ROOM) > 19000);
	assert_int_equal(n->watch.n, 1);
	/* they are forgotten in the end, and there is room again */
	world_run(w, 200 * SIM_S);
	world_node(w, 1);
	world_start(w);
	assert_agree(w, 250);
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(one_node_leads_alone_once_it_has_listened),
		cmocka_unit_test(two_nodes_form_one_ring),
		cmocka_unit_test(three_nodes_form_one_ring),
		cmocka_unit_test(sixteen_nodes_form_one_ring),
		cmocka_unit_test(sixty_four_nodes_form_one_ring),
		cmocka_unit_test(nodes_form_one_ring_in_lockstep),
		cmocka_unit_test(nodes_started_one_after_the_other_form_one_ring),
		cmocka_unit_test(everybody_sees_the_same_leader_and_itself),
		cmocka_unit_test(better_node_that_comes_later_does_not_take_over),
		cmocka_unit_test(priority_zero_never_leads),
		cmocka_unit_test(one_more_is_seen_by_all_within_20_ms),
		cmocka_unit_test(several_that_join_together_are_one_update),
		cmocka_unit_test(clients_say_that_they_live_to_their_leader_only),
		cmocka_unit_test(multicast_group_does_as_well),
		cmocka_unit_test(static_peers_do_as_well),
		cmocka_unit_test(one_known_peer_is_enough),
		cmocka_unit_test(fastest_settings_work),
		cmocka_unit_test(nodes_of_different_intervals_bear_with_each_other),
		cmocka_unit_test(lossy_segment_delays_but_does_not_prevent),
		cmocka_unit_test(nodes_far_from_each_other_are_tethered_with_more_patience),
		cmocka_unit_test(frames_may_come_byte_by_byte),
		cmocka_unit_test(newcomer_that_is_not_heard_says_so_once),
		cmocka_unit_test(best_node_that_dies_before_it_leads_leaves_one_leader),
		cmocka_unit_test(full_cluster_takes_no_more_and_counts_it),
		cmocka_unit_test(memory_is_bounded_by_what_strangers_can_fill),
	};

	return RUN_WORLD_TESTS(tests);
}
