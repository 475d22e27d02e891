// SPDX-License-Identifier: GPL-2.0
/*
 * Peers that know the protocol of 1998 and nothing more. They share no code with
 * the core, and what they are sent is compared byte by byte.
 */
#include "test_world.h"

/* a cluster of @n nodes, and a peer whose address is above theirs */
static struct world *with_peer(u64 seed, u32 n, struct level0 **p)
{
	struct world *w = world_of(seed, n);
	u32 i;

	*p = level0_new(w, WORLD_ADDR(100));
	level0_start(*p);
	assert_agree(w, 20);
	world_run(w, SIM_MS);
	for (i = 0; i < n; i++)
		watch_forget(&w->nodes[i]->watch);
	return w;
}

/* what came since @from is exactly these frames */
static void assert_bytes(const struct level0 *p, size_t from, const u8 *want,
			 size_t len)
{
	assert_int_equal(p->n_bytes, from + len);
	assert_memory_equal(p->bytes + from, want, len);
	assert_int_equal(p->done, p->n_bytes);
}

static void first_frame_adds_everybody_and_itself(void **state)
{
	static const u8 want[] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x04,
		10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 101,
	};
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);

	assert_bytes(p, 0, want, sizeof(want));
	assert_int_equal(p->accepted, 1);
	assert_int_equal(p->from, w->nodes[0]->host.addr);
	/* and nothing more as long as nothing changes */
	world_run(w, 60 * SIM_S);
	assert_int_equal(p->n_bytes, sizeof(want));
	assert_int_equal(p->accepted, 1);
	world_free(w);
}

static void others_hear_of_it_as_of_any_node(void **state)
{
	struct world *w = world_of(1, 3);
	struct level0 *p = level0_new(w, WORLD_ADDR(100));
	struct pfsnl_peer peer;
	u32 i;

	level0_start(p);
	assert_agree(w, 20);
	for (i = 0; i < 3; i++) {
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_ADD,
			      p->host.addr);
		assert_true(pfsnl_core_peer_next(w->nodes[i]->core,
						 p->host.addr - 1, &peer));
		assert_int_equal(peer.member.addr, p->host.addr);
		assert_int_equal(peer.member.level, 0);
		assert_int_equal(peer.member.incarnation, 0);
		assert_false(peer.self || peer.leader);
	}
	world_free(w);
}

static void joins_are_adds_of_the_newcomers(void **state)
{
	static const u8 one[] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 10, 0, 0, 4,
	};
	static const u8 two[] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x02,
		10, 0, 0, 5, 10, 0, 0, 6,
	};
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);
	size_t at = p->n_bytes;

	node_start(world_node(w, 3));
	assert_agree(w, 20);
	world_run(w, SIM_MS);
	assert_bytes(p, at, one, sizeof(one));
	at = p->n_bytes;
	world_nodes(w, 6);
	world_start(w);
	assert_agree(w, 20);
	world_run(w, SIM_MS);
	assert_bytes(p, at, two, sizeof(two));
	world_free(w);
}

static void losses_are_removes(void **state)
{
	static const u8 one[] = {
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 10, 0, 0, 2,
	};
	static const u8 two[] = {
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
		10, 0, 0, 3, 10, 0, 0, 4,
	};
	struct level0 *p;
	struct world *w = with_peer(1, 5, &p);
	size_t at = p->n_bytes;

	node_leave(w->nodes[1], SIM_S);
	assert_agree(w, 20);
	world_run(w, SIM_MS);
	assert_bytes(p, at, one, sizeof(one));
	at = p->n_bytes;
	node_abort(w->nodes[2]);
	node_abort(w->nodes[3]);
	assert_agree(w, 20);
	world_run(w, SIM_MS);
	assert_bytes(p, at, two, sizeof(two));
	assert_int_equal(p->accepted, 1);
	world_free(w);
}

static void restart_is_a_remove_and_an_add(void **state)
{
	static const u8 want[] = {
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 10, 0, 0, 2,
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 10, 0, 0, 2,
	};
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);
	size_t at = p->n_bytes;

	node_kill(w->nodes[1]);
	world_run(w, 100 * SIM_MS);
	node_start(w->nodes[1]);
	assert_agree(w, 100);
	world_run(w, SIM_S);
	assert_bytes(p, at, want, sizeof(want));
	world_free(w);
}

static bool has_tether(struct world *w, void *arg)
{
	struct level0 *p = arg;

	return p->tether && p->n_bytes && p->done == p->n_bytes;
}

static bool has_no_tether(struct world *w, void *arg)
{
	struct level0 *p = arg;

	return !p->tether;
}

static void new_leader_adds_all_and_removes_who_departed(void **state)
{
	static const u8 want[] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x03,
		10, 0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 101,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
		10, 0, 0, 1,
	};
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);
	u32 i;

	node_leave(w->nodes[0], SIM_S);
	assert_until(w, has_no_tether, p, 50);
	assert_until(w, has_tether, p, 1000);
	assert_agree(w, 1000);
	assert_int_equal(p->from, w->nodes[1]->host.addr);
	/* no ghost of the old leader in its list */
	assert_bytes(p, 0, want, sizeof(want));
	assert_int_equal(p->n, 3);
	assert_false(level0_has(p, WORLD_ADDR(0)));
	/* and the others did not see it flap */
	for (i = 1; i < 3; i++) {
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_REMOVE,
			      WORLD_ADDR(0));
	}
	world_free(w);
}

static void killed_leader_is_replaced_for_it_too(void **state)
{
	u64 seed;

	for (seed = 0; seed < 10; seed++) {
		struct level0 *p;
		struct world *w = with_peer(seed, 4, &p);

		if (seed & 1)
			node_kill(w->nodes[0]);
		else
			node_abort(w->nodes[0]);
		assert_agree(w, 3000);
		world_run(w, SIM_S);
		assert_int_equal(p->n, 4);
		assert_false(level0_has(p, WORLD_ADDR(0)));
		assert_int_equal(p->from, WORLD_ADDR(1));
		world_free(w);
	}
}

static void silent_peer_is_dropped_after_its_own_time(void **state)
{
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);
	u32 i;

	world_run(w, 100 * SIM_MS);
	level0_kill(p);
	world_run(w, 4700 * SIM_MS);
	assert_int_equal(w->nodes[0]->watch.n, 4);
	assert_agree(w, 320);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_SILENT), 1);
	for (i = 0; i < 3; i++)
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_REMOVE,
			      p->host.addr);
	/* it may come back */
	level0_start(p);
	assert_agree(w, 1500);
	world_run(w, SIM_MS);
	assert_int_equal(p->n, 4);
	world_free(w);
}

static void slow_beacons_are_enough(void **state)
{
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);

	p->interval = 4 * SIM_S;
	world_run(w, 60 * SIM_S);
	assert_int_equal(w->nodes[0]->watch.n_log, 0);
	assert_int_equal(p->accepted, 1);
	world_free(w);
}

static void peer_that_closes_is_dropped_at_once_and_dialled_again_later(void **state)
{
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);
	u64 closed;

	level0_close(p);
	world_run(w, 20 * SIM_MS);
	closed = w->sim.now;
	assert_int_equal(w->nodes[0]->watch.n, 3);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_CLOSED), 1);
	/* it can't say that it noticed, so it is given the time to */
	assert_agree(w, 3000);
	assert_true(w->sim.now - closed >= 900 * SIM_MS);
	assert_int_equal(p->accepted, 2);
	world_free(w);
}

static void peer_that_stops_reading_is_dropped_and_the_others_hear(void **state)
{
	struct world *w = world_new(1);
	struct level0 *p;
	u32 i, updates;
	u64 room;

	world_nodes(w, 3);
	for (i = 0; i < 3; i++)
		w->nodes[i]->cfg.max_nodes = 8;
	world_start(w);
	p = level0_new(w, WORLD_ADDR(100));
	level0_start(p);
	assert_agree(w, 1000);
	world_run(w, SIM_S);
	room = pfsnl_core_tether_room(&w->nodes[0]->cfg) + 128;
	level0_stop_reading(p, 128);

	/* a node that comes and goes, until there is no room for an update */
	for (updates = 0; node_count(w->nodes[0], PFSNL_COUNT_DROP_BLOCKED) == 0;
	     updates++) {
		assert_true(updates < 2000);
		assert_int_equal(w->nodes[0]->watch.n, 4 - updates % 2);
		for (i = 0; i < 3; i++)
			watch_forget(&w->nodes[i]->watch);
		if (updates % 2)
			node_start(w->nodes[2]);
		else
			node_abort(w->nodes[2]);
		world_run(w, 10 * SIM_MS);
	}
	/* an update of one node is 12 bytes */
	assert_in_range(updates, room / 12, room / 12 + 2);
	world_run(w, 10 * SIM_MS);
	assert_int_equal(w->nodes[1]->watch.n, w->nodes[0]->watch.n);
	assert_false(watch_has(&w->nodes[0]->watch, p->host.addr));
	assert_false(watch_has(&w->nodes[1]->watch, p->host.addr));
	/* nobody else was dropped */
	assert_true(watch_has(&w->nodes[0]->watch, WORLD_ADDR(1)));
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_SILENT), 0);
	world_free(w);
}

static void what_it_says_is_counted_and_harms_nobody(void **state)
{
	struct level0 *p;
	struct world *w = with_peer(1, 3, &p);
	u8 noise[1000];
	u32 i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = sim_random(&w->sim);
	assert_int_equal(stream_write(p->tether, noise, sizeof(noise)), 0);
	world_run(w, SIM_S);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_LEVEL0_BYTES),
			 sizeof(noise));
	assert_int_equal(w->nodes[0]->watch.n_log, 0);
	assert_int_equal(p->accepted, 1);
	world_free(w);
}

static void peer_that_does_not_listen_is_dialled_ever_less(void **state)
{
	struct world *w = world_of(1, 2);
	u32 minute, seen = 0;

	/* its beacons come from a host where nobody listens */
	world_node(w, 9);
	host_set(&w->nodes[2]->host, HOST_ON);
	for (minute = 0; minute < 10; minute++) {
		u32 i, more;

		for (i = 0; i < 60; i++) {
			host_send(&w->nodes[2]->host, WORLD_BROADCAST,
				  "I'm alive", 9);
			world_run(w, SIM_S);
		}
		more = node_count(w->nodes[0], PFSNL_COUNT_TETHER_DIAL_FAILED) -
		       seen;
		seen += more;
		if (!minute)
			assert_in_range(more, 4, 8);
		else if (minute > 1)
			assert_in_range(more, 0, 2);
	}
	assert_true(seen > 8);
	assert_int_equal(w->nodes[0]->watch.n, 2);
	assert_int_equal(w->nodes[0]->watch.n_log, 0);
	world_free(w);
}

/* It hears two leaders that don't hear each other, and takes whoever dials. */
static void two_leaders_do_not_fight_over_it_for_ever(void **state)
{
	struct world *w = world_new(1);
	struct level0 *p = level0_new(w, WORLD_ADDR(100));
	u32 before;

	world_nodes(w, 2);
	world_cut(w, w->nodes[0], w->nodes[1], NET_ALL);
	level0_start(p);
	world_start(w);
	world_run(w, 60 * SIM_S);
	before = p->accepted;
	world_run(w, 600 * SIM_S);
	/* once a minute each, when they have settled to it */
	assert_in_range(p->accepted - before, 2, 30);
	world_free(w);
}

static void other_clusters_leave_it_alone(void **state)
{
	struct world *w = world_new(1);
	struct level0 *p = level0_new(w, WORLD_ADDR(100));
	u32 i;

	world_nodes(w, 6);
	for (i = 3; i < 6; i++)
		snprintf(w->nodes[i]->cfg.cluster,
			 sizeof(w->nodes[i]->cfg.cluster), "other");
	world_start(w);
	level0_start(p);
	world_run(w, 20 * SIM_S);
	assert_int_equal(w->nodes[0]->watch.n, 4);
	assert_int_equal(w->nodes[3]->watch.n, 3);
	assert_int_equal(p->accepted, 1);
	assert_true(node_count(w->nodes[3],
			       PFSNL_COUNT_BEACON_LEVEL0_REFUSED) > 90);
	world_free(w);
}

static void serving_them_can_be_switched_off(void **state)
{
	struct world *w = world_new(1);
	struct level0 *p = level0_new(w, WORLD_ADDR(100));

	world_node(w, 0)->cfg.level0 = PFSNL_LEVEL0_OFF;
	world_start(w);
	level0_start(p);
	world_run(w, 20 * SIM_S);
	assert_int_equal(w->nodes[0]->watch.n, 1);
	assert_int_equal(p->accepted, 0);
	world_free(w);
}

static void one_node_serves_a_hundred(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_node(w, 0);
	for (i = 0; i < 100; i++)
		level0_start(level0_new(w, WORLD_ADDR(100 + i)));
	world_start(w);
	assert_agree(w, 1000);
	world_run(w, SIM_S);
	for (i = 0; i < 100; i++) {
		assert_int_equal(w->peers[i]->n, 101);
		assert_int_equal(w->peers[i]->accepted, 1);
	}
	for (i = 0; i < 50; i++)
		level0_close(w->peers[i]);
	world_run(w, 100 * SIM_MS);
	assert_int_equal(w->peers[99]->n, 51);
	world_free(w);
}

static void address_of_a_real_node_is_not_taken_by_nine_bytes(void **state)
{
	struct world *w = world_of(1, 3);

	host_send_as(&w->nodes[1]->host, w->nodes[2]->host.addr,
		     WORLD_BROADCAST, "I'm alive", 9);
	host_send_as(&w->nodes[1]->host, w->nodes[0]->host.addr,
		     WORLD_BROADCAST, "I'm alive", 9);
	world_run(w, 5 * SIM_S);
	assert_true(world_agrees(w, NULL));
	assert_int_equal(w->nodes[0]->watch.n_log, 0);
	/* its own address, and that of a client */
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_BEACON_DUPLICATE),
			 2);
	world_free(w);
}

/* they were heard not long ago, and are gone: each dial is in vain and takes time */
static void new_leader_dials_no_peers_that_went(void **state)
{
	struct world *w = world_of(1, 4);
	u32 i;

	for (i = 0; i < 40; i++)
		level0_start(level0_new(w, WORLD_ADDR(100 + i)));
	assert_agree(w, 100);
	for (i = 0; i < 40; i++) {
		level0_close(w->peers[i]);
		level0_kill(w->peers[i]);
	}
	world_run(w, 20 * SIM_MS);
	assert_int_equal(w->nodes[1]->watch.n, 4);
	node_kill(w->nodes[0]);
	assert_agree(w, 1500);
	assert_ptr_equal(world_leader(w), w->nodes[1]);
	assert_int_equal(node_count(w->nodes[1], PFSNL_COUNT_TETHER_DIAL), 2);
	world_free(w);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(first_frame_adds_everybody_and_itself),
		cmocka_unit_test(others_hear_of_it_as_of_any_node),
		cmocka_unit_test(joins_are_adds_of_the_newcomers),
		cmocka_unit_test(losses_are_removes),
		cmocka_unit_test(restart_is_a_remove_and_an_add),
		cmocka_unit_test(new_leader_adds_all_and_removes_who_departed),
		cmocka_unit_test(killed_leader_is_replaced_for_it_too),
		cmocka_unit_test(silent_peer_is_dropped_after_its_own_time),
		cmocka_unit_test(slow_beacons_are_enough),
		cmocka_unit_test(peer_that_closes_is_dropped_at_once_and_dialled_again_later),
		cmocka_unit_test(peer_that_stops_reading_is_dropped_and_the_others_hear),
		cmocka_unit_test(what_it_says_is_counted_and_harms_nobody),
		cmocka_unit_test(peer_that_does_not_listen_is_dialled_ever_less),
		cmocka_unit_test(two_leaders_do_not_fight_over_it_for_ever),
		cmocka_unit_test(other_clusters_leave_it_alone),
		cmocka_unit_test(serving_them_can_be_switched_off),
		cmocka_unit_test(one_node_serves_a_hundred),
		cmocka_unit_test(new_leader_dials_no_peers_that_went),
		cmocka_unit_test(address_of_a_real_node_is_not_taken_by_nine_bytes),
	};

	return RUN_WORLD_TESTS(tests);
}
