// SPDX-License-Identifier: GPL-2.0
/*
 * Ordered messages: everybody hears the same in the same order, safe ones not
 * before all have them, and what becomes of them when rings change. What must hold
 * at all times is checked by hearer.c.
 */
#include <errno.h>

#include "test_world.h"

#define SEEDS	20

/* all that was sent is heard by all, and nothing else */
#define assert_heard(w, ms) assert_until(w, hearer_agrees, NULL, ms)

static bool heard_by_all(struct world *w, void *arg)
{
	u64 many = *(u64 *)arg;
	u32 i;

	for (i = 0; i < w->n; i++)
		if (node_runs(w->nodes[i]) && w->nodes[i]->hearer.heard < many)
			return false;
	return true;
}

static void everybody_hears_all_messages_in_one_order(void **state)
{
	u64 seed;
	u32 i, k;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 1 + seed % 8);
		u64 all = 50 * w->n;

		for (k = 0; k < 50; k++) {
			for (i = 0; i < w->n; i++)
				assert_int_equal(node_send(w->nodes[i], 0, 10 * k),
						 0);
			world_run(w, sim_below(&w->sim, SIM_MS));
		}
		assert_until(w, heard_by_all, &all, 100);
		assert_heard(w, 1);
		world_free(w);
	}
}

static void safe_message_waits_until_all_have_it(void **state)
{
	struct world *w = world_of(1, 3);
	struct node *a = w->nodes[1];
	u64 one = 1;

	/* what is sent to 2 does not arrive for a while */
	net_cut(&w->net, w->nodes[0]->host.addr, w->nodes[2]->host.addr,
		NET_STREAMS);
	assert_int_equal(node_send(a, PFSNL_MSG_SAFE, 100), 0);
	assert_int_equal(node_send(a, 0, 100), 0);
	world_run(w, 100 * SIM_MS);
	assert_int_equal(a->hearer.heard, 0);
	assert_int_equal(w->nodes[0]->hearer.heard, 0);
	net_mend_all(&w->net);
	assert_until(w, heard_by_all, &one, 1000);
	assert_heard(w, 1000);
	world_free(w);
}

static void agreed_message_does_not_wait_for_others(void **state)
{
	struct world *w = world_of(1, 3);
	struct node *a = w->nodes[1];

	net_cut(&w->net, w->nodes[0]->host.addr, w->nodes[2]->host.addr,
		NET_STREAMS);
	assert_int_equal(node_send(a, 0, 100), 0);
	world_run(w, 10 * SIM_MS);
	assert_int_equal(a->hearer.heard, 1);
	assert_int_equal(w->nodes[0]->hearer.heard, 1);
	assert_int_equal(w->nodes[2]->hearer.heard, 0);
	net_mend_all(&w->net);
	assert_heard(w, 2000);
	world_free(w);
}

static void message_of_a_mebibyte_arrives_whole(void **state)
{
	struct world *w = world_of(2, 4);
	u64 many = 8;
	u32 i;

	for (i = 0; i < 4; i++) {
		assert_int_equal(node_send(w->nodes[i], 0, 1 << 20), 0);
		assert_int_equal(node_send(w->nodes[i], PFSNL_MSG_SAFE, 1 << 20),
				 0);
	}
	assert_until(w, heard_by_all, &many, 10000);
	assert_heard(w, 1);
	world_free(w);
}

static void message_that_is_too_long_is_refused(void **state)
{
	struct world *w = world_of(2, 2);
	struct node *a = w->nodes[1];
	u32 most = a->cfg.retain_kib * 1024 / 4;

	assert_int_equal(node_send(a, 0, most + 1), -EMSGSIZE);
	assert_int_equal(node_send(a, 2, 1), -EINVAL);
	assert_int_equal(node_send(a, 0, most), 0);
	assert_heard(w, 10000);
	world_free(w);
}

static void who_sends_more_than_can_be_passed_on_is_told_to_wait(void **state)
{
	struct world *w = world_of(3, 3);
	struct node *a = w->nodes[1];
	u32 sent = 0;
	int err;

	while (!(err = node_send(a, 0, 20000)))
		sent++;
	assert_int_equal(err, -EAGAIN);
	assert_in_range(sent, 10, 8192 * 1024 / 20000);
	assert_true(a->hearer.refused);
	assert_heard(w, 5000);
	assert_false(a->hearer.refused);
	assert_int_equal(node_send(a, 0, 20000), 0);
	assert_heard(w, 100);
	world_free(w);
}

static void messages_go_on_where_they_were_when_a_tether_breaks(void **state)
{
	u64 seed;
	u32 i, k;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 4);

		for (k = 0; k < 100; k++) {
			for (i = 0; i < 4; i++)
				assert_int_equal(node_send(w->nodes[i], k % 3 == 0,
							   1000), 0);
			world_run(w, SIM_MS);
			if (k == 50)
				stream_reset(node_end(w->nodes[2], 0));
		}
		assert_heard(w, 5000);
		for (i = 0; i < 4; i++) {
			assert_int_equal(w->nodes[i]->hearer.heard, 400);
			assert_int_equal(w->nodes[i]->hearer.unknown, 0);
		}
		world_free(w);
	}
}

static void survivors_of_a_leader_heard_the_same(void **state)
{
	u64 seed;
	u32 i, k;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = world_of(seed, 5);

		w->net.jitter = 2 * SIM_MS;
		for (k = 0; k < 100; k++) {
			for (i = 0; i < 5; i++)
				if (w->nodes[i]->core)
					node_send(w->nodes[i], k % 2, 500);
			world_run(w, SIM_MS);
			if (k == 50)
				node_kill(w->nodes[0]);
		}
		assert_heard(w, 5000);
		/* all of them went on together */
		for (i = 1; i < 5; i++)
			assert_int_equal(w->nodes[i]->hearer.removed, 1);
		world_free(w);
	}
}

static void halves_of_a_segment_go_on_and_meet_again(void **state)
{
	u64 seed;
	u32 i, k;

	for (seed = 0; seed < 2 * SEEDS; seed++) {
		struct world *w = world_of(seed, 6);

		for (k = 0; k < 400; k++) {
			for (i = 0; i < 6; i++)
				node_send(w->nodes[i], k % 2, 300);
			world_run(w, 10 * SIM_MS);
			if (k == 50)
				world_split(w, 1 + seed % 5);
			if (k == 250)
				net_mend_all(&w->net);
		}
		assert_heard(w, 10000);
		world_free(w);
	}
}

static void who_fell_out_does_not_know_what_became_of_its_messages(void **state)
{
	struct world *w = world_of(4, 3);
	struct node *a = w->nodes[2];

	net_cut(&w->net, w->nodes[0]->host.addr, a->host.addr, NET_ALL);
	net_cut(&w->net, w->nodes[1]->host.addr, a->host.addr, NET_ALL);
	assert_int_equal(node_send(a, 0, 100), 0);
	world_run(w, 5 * SIM_S);
	/* its message is heard by the others; it can't know that */
	assert_int_equal(w->nodes[0]->hearer.heard, 1);
	assert_int_equal(a->hearer.heard, 0);
	assert_int_equal(a->hearer.unknown, 1);
	net_mend_all(&w->net);
	assert_int_equal(node_send(a, 0, 100), 0);
	assert_heard(w, 10000);
	world_free(w);
}

/*
 * One message, after which nothing else makes a node look at what there is to do, while
 * the nth try for memory on that fails. Return: how often it tried.
 */
static u64 send_in_want(u32 which, u16 flags, u32 len, u64 nth)
{
	struct world *w = world_of(4, 3);
	struct ledger *l = &w->nodes[which]->ledger;
	u64 before = l->tries, tries;

	l->fail_at = nth ? before + nth : 0;
	l->fail_for = 1;
	node_send(w->nodes[1], flags, len);
	assert_heard(w, 1000);
	tries = l->tries - before;
	world_free(w);
	return tries;
}

static void want_of_memory_for_a_moment_holds_up_no_message(void **state)
{
	static const u32 lens[] = { 100, 1 << 20 };
	u64 nth, tries;
	u32 i;

	for (i = 0; i < 8; i++) {
		u16 flags = i & 1 ? PFSNL_MSG_SAFE : 0;
		u32 which = i >> 2, len = lens[i >> 1 & 1];

		tries = send_in_want(which, flags, len, 0);
		/* most of them are about pieces that are all alike */
		for (nth = 1; nth <= tries; nth += 1 + nth / 4)
			send_in_want(which, flags, len, nth);
	}
}

static void who_does_not_take_its_messages_is_dropped(void **state)
{
	struct world *w = world_of(5, 3);
	u64 end;

	w->nodes[0]->cfg.drain_ms = 3000;
	assert_int_equal(node_set(w->nodes[0], &w->nodes[0]->cfg), 0);
	/* its program reads no stream, but beacons come and go */
	stream_reading(node_end(w->nodes[2], 0), false);
	assert_int_equal(node_send(w->nodes[1], PFSNL_MSG_SAFE, 100), 0);
	end = w->sim.now + 2900 * SIM_MS;
	while (w->sim.now < end) {
		world_run(w, 10 * SIM_MS);
		node_send(w->nodes[1], 0, 100);
	}
	assert_int_equal(w->nodes[1]->hearer.heard, 0);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_SLOW), 0);
	world_run(w, 300 * SIM_MS);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_SLOW), 1);
	assert_true(w->nodes[1]->hearer.heard > 100);
	assert_heard(w, 10000);
	world_free(w);
}

/* Nodes that keep little; as many as @started run and are one ring. */
static struct world *world_that_keeps_little(u64 seed, u32 nodes, u32 started)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, nodes);
	for (i = 0; i < nodes; i++)
		w->nodes[i]->cfg.retain_kib = PFSNL_RETAIN_KIB_MIN;
	for (i = 0; i < started; i++)
		assert_int_equal(node_start(w->nodes[i]), 0);
	assert_agree(w, 4000);
	assert_heard(w, 1000);
	return w;
}

/* Some send until they are told to wait. */
static void fill(struct world *w, u32 from, u32 to)
{
	u32 i, k;

	for (k = 0; k < 200; k++)
		for (i = from; i < to; i++)
			node_send(w->nodes[i], 0, 1000);
}

static void successor_that_came_late_leaves_room_for_what_others_keep(void **state)
{
	struct world *w = world_that_keeps_little(6, 4, 3);
	struct node *late = w->nodes[3];
	u64 end;

	/* it reads nothing, so all that follows is kept by the others */
	stream_reading(node_end(w->nodes[2], 0), false);
	fill(w, 0, 2);
	world_run(w, 50 * SIM_MS);
	assert_true(node_state(w->nodes[1]).log_bytes > 40000);
	/* one that comes now has nothing of it, and is the better one */
	late->cfg.priority = 200;
	assert_int_equal(node_start(late), 0);
	world_run(w, 200 * SIM_MS);
	assert_int_equal(node_role(late), PFSNL_ROLE_CLIENT);
	assert_true(node_state(late).log_bytes < 1000);
	node_kill(w->nodes[0]);
	node_kill(w->nodes[2]);
	/* answers take their time: what all have is known late */
	w->net.latency = 5 * SIM_MS;
	end = w->sim.now + 4 * SIM_S;
	while (w->sim.now < end) {
		fill(w, 3, 4);
		world_run(w, SIM_MS);
		/* not more than it may: hearer_check() */
	}
	assert_int_equal(node_role(late), PFSNL_ROLE_LEADER);
	assert_heard(w, 10000);
	world_free(w);
}

static void successor_that_lacks_much_keeps_no_more_than_it_may(void **state)
{
	struct world *w = world_that_keeps_little(7, 3, 3);
	struct node *next = w->nodes[1];
	u32 k;

	for (k = 0; k < 28; k++)
		assert_int_equal(node_send(w->nodes[0], PFSNL_MSG_SAFE, 1000), 0);
	/* it has them, and says so, and does not hear that all have them */
	for (k = 0; k < 1000 && node_state(next).log_bytes < 28 * 1000; k++)
		world_run(w, 10 * SIM_US);
	assert_true(node_state(next).log_bytes >= 28 * 1000);
	stream_reading(node_end(next, 0), false);
	world_run(w, 20 * SIM_MS);
	assert_true(node_state(w->nodes[2]).log_bytes < 1000);
	fill(w, 2, 3);
	world_run(w, 20 * SIM_MS);
	fill(w, 2, 3);
	world_run(w, 20 * SIM_MS);
	assert_true(node_state(w->nodes[2]).log_bytes > 50000);
	node_kill(w->nodes[0]);
	/* not more than it may: hearer_check() */
	assert_heard(w, 10000);
	assert_true(node_count(next, PFSNL_COUNT_FETCHES) > 0);
	world_free(w);
}

static void who_falls_out_each_time_is_taken_in_ever_less(void **state)
{
	struct world *w = world_of(8, 3);
	struct node *n = w->nodes[2];
	u64 seq = node_state(w->nodes[0]).ring.seq;
	u32 i;

	/* it has memory to accept, but not for where it begins */
	stream_reset(node_end(n, 0));
	for (i = 0; i < 200000; i++) {
		n->ledger.fail_at = n->ledger.tries + 1;
		n->ledger.fail_for = node_role(n) == PFSNL_ROLE_CLIENT ? ~0ULL : 0;
		world_run(w, 50 * SIM_US);
	}
	/* that was 10 s; out and in, about once in a second */
	assert_in_range(node_state(w->nodes[0]).ring.seq - seq, 10, 40);
	n->ledger.fail_for = 0;
	assert_heard(w, 4000);
	assert_agree(w, 1);
	world_free(w);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(everybody_hears_all_messages_in_one_order),
	cmocka_unit_test(safe_message_waits_until_all_have_it),
	cmocka_unit_test(agreed_message_does_not_wait_for_others),
	cmocka_unit_test(message_of_a_mebibyte_arrives_whole),
	cmocka_unit_test(message_that_is_too_long_is_refused),
	cmocka_unit_test(who_sends_more_than_can_be_passed_on_is_told_to_wait),
	cmocka_unit_test(messages_go_on_where_they_were_when_a_tether_breaks),
	cmocka_unit_test(survivors_of_a_leader_heard_the_same),
	cmocka_unit_test(halves_of_a_segment_go_on_and_meet_again),
	cmocka_unit_test(who_fell_out_does_not_know_what_became_of_its_messages),
	cmocka_unit_test(want_of_memory_for_a_moment_holds_up_no_message),
	cmocka_unit_test(who_does_not_take_its_messages_is_dropped),
	cmocka_unit_test(successor_that_came_late_leaves_room_for_what_others_keep),
	cmocka_unit_test(successor_that_lacks_much_keeps_no_more_than_it_may),
	cmocka_unit_test(who_falls_out_each_time_is_taken_in_ever_less),
};

int main(void)
{
	return RUN_WORLD_TESTS(tests);
}
