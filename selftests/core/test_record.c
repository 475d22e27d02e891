// SPDX-License-Identifier: GPL-2.0
/*
 * A leader dies in the middle of an install, so that some members have its last
 * ring and some have not. Whoever succeeds it finishes that ring first.
 */
#include "test_world.h"

#define SEEDS	10

static bool ring_is(struct world *w, void *arg)
{
	struct node *n = w->nodes[2];

	return n->watch.ring.seq == *(u64 *)arg;
}

/* whether the listener of @n was told that @who went, or came */
static u32 told(const struct node *n, u32 op, const struct node *who)
{
	const struct update *up;
	u32 i, j, sum = 0;

	for (i = 0; i < n->watch.n_log; i++) {
		up = &n->watch.log[i];
		for (j = 0; up->op == op && j < up->n; j++)
			sum += up->addrs[j] == who->host.addr;
	}
	return sum;
}

/* nothing that the leader sends along tethers gets to this one any more */
static void deafen(struct world *w, u32 i)
{
	net_cut(&w->net, w->nodes[0]->host.addr, w->nodes[i]->host.addr,
		NET_STREAMS);
}

static void ring_that_reached_some_is_given_to_all_by_the_successor(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 4);
		u64 seq = w->nodes[0]->watch.ring.seq + 1;
		struct node *late;

		/* one joins, and only 2 and itself are told */
		deafen(w, 1);
		deafen(w, 3);
		late = world_node(w, 4);
		node_start(late);
		assert_until(w, ring_is, &seq, 200);
		/* its own copy is under way */
		world_run(w, SIM_MS);
		assert_int_equal(late->watch.ring.seq, seq);
		assert_int_equal(w->nodes[1]->watch.ring.seq, seq - 1);
		assert_int_equal(w->nodes[3]->watch.ring.seq, seq - 1);
		node_kill(w->nodes[0]);
		net_mend_all(&w->net);

		assert_agree(w, 1000 + 2 * 200);
		world_run(w, 3 * SIM_S);
		assert_ptr_equal(world_leader(w), w->nodes[1]);
		assert_int_equal(node_count(w->nodes[1], PFSNL_COUNT_RECORDS), 1);
		for (i = 1; i < 4; i++) {
			struct node *n = w->nodes[i];

			assert_int_equal(told(n, PFSNL_OP_ADD, late), 1);
			assert_int_equal(told(n, PFSNL_OP_REMOVE, late), 0);
			assert_int_equal(told(n, PFSNL_OP_REMOVE,
					      w->nodes[0]), 1);
			assert_int_equal(n->watch.n_log, 2);
		}
		world_free(w);
	}
}

static void successor_that_was_removed_without_knowing_gives_up(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 4);
		u64 seq = w->nodes[0]->watch.ring.seq + 1;
		struct node *out = w->nodes[1];

		/* the leader hears it no more, and only 2 is told */
		deafen(w, 3);
		net_cut(&w->net, out->host.addr, w->nodes[0]->host.addr,
			NET_ALL);
		assert_until(w, ring_is, &seq, 1500);
		assert_int_equal(w->nodes[3]->watch.ring.seq, seq - 1);
		assert_int_equal(out->watch.ring.seq, seq - 1);
		node_kill(w->nodes[0]);
		net_mend_all(&w->net);

		assert_agree(w, 3000);
		world_run(w, 3 * SIM_S);
		assert_int_equal(node_count(out, PFSNL_COUNT_SUPERSEDED), 1);
		assert_ptr_equal(world_leader(w), w->nodes[2]);
		/* nobody saw anybody else go */
		for (i = 2; i < 4; i++) {
			assert_int_equal(told(w->nodes[i], PFSNL_OP_REMOVE,
					      w->nodes[5 - i]), 0);
			assert_int_equal(told(w->nodes[i], PFSNL_OP_REMOVE,
					      out), 1);
			assert_int_equal(told(w->nodes[i], PFSNL_OP_ADD,
					      out), 1);
		}
		world_free(w);
	}
}

/* who has the newest ring dies before anybody could get it from there */
static void ring_that_nobody_is_left_to_give_is_forgotten(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 4);
		u64 seq = w->nodes[0]->watch.ring.seq + 1;
		struct node *late;

		deafen(w, 1);
		deafen(w, 3);
		late = world_node(w, 4);
		node_start(late);
		assert_until(w, ring_is, &seq, 200);
		node_kill(w->nodes[0]);
		node_kill(w->nodes[2]);
		node_kill(late);
		net_mend_all(&w->net);
		/* the successor waits for 2 as for any silent node */
		assert_agree(w, 2 * 1000 + 2 * 200);
		assert_int_equal(node_count(w->nodes[1], PFSNL_COUNT_RECORDS), 0);
		assert_int_equal(w->nodes[1]->watch.n, 2);
		world_free(w);
	}
}

static void successor_short_of_memory_finishes_the_ring_all_the_same(void **state)
{
	u64 fail;

	for (fail = 1; fail < 40; fail++) {
		struct world *w = world_of(1, 4);
		u64 seq = w->nodes[0]->watch.ring.seq + 1;
		struct node *late;

		deafen(w, 1);
		deafen(w, 3);
		late = world_node(w, 4);
		node_start(late);
		assert_until(w, ring_is, &seq, 200);
		world_run(w, SIM_MS);
		node_kill(w->nodes[0]);
		net_mend_all(&w->net);
		w->nodes[1]->ledger.fail_at = w->nodes[1]->ledger.tries + fail;
		w->nodes[1]->ledger.fail_for = 1;
		assert_agree(w, 4000);
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(ring_that_reached_some_is_given_to_all_by_the_successor),
		cmocka_unit_test(successor_that_was_removed_without_knowing_gives_up),
		cmocka_unit_test(ring_that_nobody_is_left_to_give_is_forgotten),
		cmocka_unit_test(successor_short_of_memory_finishes_the_ring_all_the_same),
	};

	return RUN_WORLD_TESTS(tests);
}
