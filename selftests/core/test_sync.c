// SPDX-License-Identifier: GPL-2.0
/*
 * Services: how their states become one after each ring, whatever happens meanwhile.
 * What must hold at all times is checked by replica.c.
 */
#include "test_service.h"

static void services_are_activated_in_each_ring(void **state)
{
	struct world *w = serving(1, 3, ONE | TWO);
	u64 times = first(w, 0)->times;
	struct node *late;

	assert_true(times > 0);
	late = world_node(w, 3);
	late->serves = ONE | TWO;
	node_start(late);
	assert_agree(w, 2000);
	assert_settled(w, 1000);
	assert_true(first(w, 0)->times > times);
	assert_int_equal(state_of(first(w, 3)).phase, PFSNL_SYNC_PHASE_ACTIVE);
	assert_int_equal(state_of(first(w, 3)).waits, 0);
	world_free(w);
}

static void services_take_turns_by_their_ids(void **state)
{
	struct world *w = serving(1, 3, ONE | TWO);
	u32 i;

	first(w, 1)->stuck = true;
	world_node(w, 3)->serves = ONE | TWO;
	node_start(w->nodes[3]);
	assert_comes_to(w, first(w, 2), PFSNL_SYNC_PHASE_BARRIER, 4);
	for (i = 0; i < 4; i++)
		assert_comes_to(w, replica_of(w->nodes[i], 2),
				PFSNL_SYNC_PHASE_TURN, 4);
	world_run(w, 100 * SIM_MS);
	assert_int_equal(state_of(first(w, 2)).waits, 1);
	assert_int_equal(state_of(first(w, 2)).waits_for, WORLD_ADDR(1));
	assert_true(is_at(first(w, 1), PFSNL_SYNC_PHASE_PROCESS));
	first(w, 1)->stuck = false;
	assert_settled(w, 1000);
	world_free(w);
}

static void each_service_has_its_own_old_ring(void **state)
{
	struct world *w = serving(1, 3, ONE | TWO);
	u64 seq = node_state(w->nodes[0]).ring.seq;
	struct pfsnl_sync_state one, two;

	replica_of(w->nodes[1], 2)->stuck = true;
	world_node(w, 3)->serves = ONE | TWO;
	node_start(w->nodes[3]);
	assert_comes_to(w, replica_of(w->nodes[0], 2), PFSNL_SYNC_PHASE_BARRIER,
			4);
	one = state_of(first(w, 0));
	two = state_of(replica_of(w->nodes[0], 2));
	/* the first did not wait for the second */
	assert_int_equal(one.phase, PFSNL_SYNC_PHASE_ACTIVE);
	assert_true(one.served.ring.seq > seq);
	assert_int_equal(two.served.ring.seq, seq);
	/* and is activated again in the next, while the second still has the old one */
	node_kill(w->nodes[3]);
	assert_comes_to(w, replica_of(w->nodes[0], 2), PFSNL_SYNC_PHASE_BARRIER,
			3);
	assert_true(state_of(first(w, 0)).served.ring.seq > one.served.ring.seq);
	assert_int_equal(state_of(replica_of(w->nodes[0], 2)).served.ring.seq,
			 seq);
	replica_of(w->nodes[1], 2)->stuck = false;
	assert_settled(w, 1000);
	world_free(w);
}

static void round_in_the_barrier_is_aborted_by_a_ring(void **state)
{
	struct world *w = serving(1, 4, ONE);
	u64 aborts, times;

	say(w, 0, 100);
	assert_settled(w, 1000);
	/* not before that: the ring after a loss would be activated at once */
	first(w, 3)->stuck = true;
	world_node(w, 4)->serves = ONE;
	node_start(w->nodes[4]);
	assert_comes_to(w, first(w, 1), PFSNL_SYNC_PHASE_BARRIER, 5);
	aborts = first(w, 1)->n_aborts;
	times = first(w, 1)->times;
	node_kill(w->nodes[3]);
	assert_settled(w, 5000);
	assert_int_equal(first(w, 1)->n_aborts, aborts + 1);
	assert_int_equal(first(w, 1)->times, times + 1);
	assert_int_equal(first(w, 4)->set.n, 100);
	world_free(w);
}

/* Say something about a service that its node never would. */
static void forge(struct node *n, u8 kind, u16 service,
		  const struct pfsnl_ring_id *ring)
{
	u8 data[PFSNL_SYNCMSG_LEN];

	pfsnl_syncmsg_head(data, kind, service, ring);
	node_forge(n, PFSNL_PORT_SYNC, 0, data, sizeof(data));
	world_run(n->world, 50 * SIM_MS);
}

static void what_is_of_another_ring_or_phase_is_ignored(void **state)
{
	struct world *w = serving(1, 3, ONE | TWO);
	struct pfsnl_ring_id old = w->nodes[1]->hearer.ring, ring;
	u64 items;
	u32 i;

	first(w, 1)->stuck = true;
	replica_add(w->nodes[2], 3);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 3);
	ring = w->nodes[1]->hearer.ring;
	items = state_of(first(w, 0)).items;
	/* of a round that is over */
	forge(w->nodes[1], PFSNL_SYNCMSG_DONE, 1, &old);
	forge(w->nodes[1], PFSNL_SYNCMSG_DATA, 1, &old);
	forge(w->nodes[0], PFSNL_SYNCMSG_ROUND, 0, &old);
	for (i = 0; i < 3; i++) {
		assert_int_equal(node_count(w->nodes[i],
					    PFSNL_COUNT_SYNC_FOREIGN), 3);
		assert_int_equal(node_count(w->nodes[i],
					    PFSNL_COUNT_SYNC_MALFORMED), 0);
	}
	/* of one whose turn has not come; once done; who has it not; a second time */
	forge(w->nodes[1], PFSNL_SYNCMSG_DONE, 2, &ring);
	forge(w->nodes[0], PFSNL_SYNCMSG_DATA, 1, &ring);
	forge(w->nodes[1], PFSNL_SYNCMSG_DATA, 3, &ring);
	forge(w->nodes[1], PFSNL_SYNCMSG_REPORT, 0, &ring);
	forge(w->nodes[1], PFSNL_SYNCMSG_ROUND, 0, &ring);
	for (i = 0; i < 3; i++) {
		assert_int_equal(node_count(w->nodes[i],
					    PFSNL_COUNT_SYNC_MALFORMED), 5);
		assert_true(is_at(first(w, i), i == 1 ?
				  PFSNL_SYNC_PHASE_PROCESS :
				  PFSNL_SYNC_PHASE_BARRIER));
	}
	assert_int_equal(state_of(first(w, 0)).items, items);
	first(w, 1)->stuck = false;
	assert_settled(w, 1000);
	world_free(w);
}

static void leader_dies_in_each_phase(void **state)
{
	u32 seen[PFSNL_SYNC_PHASE_ACTIVE + 1] = {};
	u32 k, i, n;

	for (k = 0; k < 240; k++) {
		struct world *w = serving(k, 4, ONE | TWO);

		for (i = 0; i < 4; i++)
			say(w, i, 15);
		assert_settled(w, 1000);
		first(w, 0)->lazy = k % 2;
		first(w, 0)->chunk = 8;
		world_node(w, 4)->serves = ONE | TWO;
		node_start(w->nodes[4]);
		while (w->nodes[1]->watch.n < 5)
			world_run(w, SIM_MS / 10);
		/* in small steps, or over all that it transmits */
		world_run(w, (k / 2) * (k % 2 ? SIM_MS : SIM_MS / 20));
		for (i = 0; i < 5; i++)
			for (n = 1; n < 3; n++)
				seen[state_of(replica_of(w->nodes[i], n)).phase]++;
		if (k % 3)
			replica_say(first(w, 2), 0, 0);
		node_kill(world_leader(w));
		assert_settled(w, 5000);
		n = 60 + first(w, 2)->n_said - 15 - first(w, 2)->n_retry -
		    first(w, 2)->n_unknown;
		assert_true(first(w, 4)->set.n >= n);
		world_free(w);
	}
	assert_true(seen[PFSNL_SYNC_PHASE_REPORT] > 0);
	assert_true(seen[PFSNL_SYNC_PHASE_TURN] > 0);
	assert_true(seen[PFSNL_SYNC_PHASE_PROCESS] > 0);
	assert_true(seen[PFSNL_SYNC_PHASE_BARRIER] > 0);
	assert_true(seen[PFSNL_SYNC_PHASE_ACTIVE] > 0);
}

static void halves_that_meet_have_what_both_had(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = serving(seed, 6, ONE | TWO);

		say(w, 0, 10);
		world_split(w, 3);
		world_run(w, 3000 * SIM_MS);
		assert_settled(w, 5000);
		for (i = 0; i < 6; i++)
			say(w, i, 5);
		world_run(w, sim_below(&w->sim, SIM_MS));
		world_split(w, 6);
		assert_settled(w, 8000);
		for (i = 0; i < 6; i++)
			assert_int_equal(first(w, i)->set.n, 10 + 30 -
					 first(w, 0)->n_retry - first(w, 1)->n_retry -
					 first(w, 2)->n_retry - first(w, 3)->n_retry -
					 first(w, 4)->n_retry - first(w, 5)->n_retry);
		world_free(w);
	}
}

static void who_restarts_at_once_does_not_transmit(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = serving(seed, 4, ONE);

		say(w, 2, 40);
		assert_settled(w, 1000);
		/* the lowest, within what the others wait to gather changes */
		node_abort(w->nodes[0]);
		world_run(w, sim_below(&w->sim, 3 * SIM_MS));
		node_start(w->nodes[0]);
		assert_settled(w, 5000);
		assert_int_equal(first(w, 0)->set.n, 40);
		world_free(w);
	}
}

/*
 * 1 merges with {2, 3}, that comes to nothing, and then there are {1, 2, 3, 4}: the
 * ring in which 1, 2 and 3 were together last is one that nobody activated.
 */
static void what_a_round_left_unfinished_is_no_old_ring(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = serving(seed, 3, ONE);
		u64 aborts;

		world_split(w, 1);
		world_run(w, 3000 * SIM_MS);
		assert_settled(w, 5000);
		say(w, 1, 10);
		assert_settled(w, 1000);
		assert_int_equal(first(w, 0)->set.n, 0);
		first(w, 2)->stuck = true;
		world_split(w, 3);
		assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 3);
		aborts = first(w, 0)->n_aborts;
		world_node(w, 3)->serves = ONE;
		node_start(w->nodes[3]);
		assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 4);
		assert_int_equal(first(w, 0)->n_aborts, aborts + 1);
		first(w, 2)->stuck = false;
		assert_settled(w, 1000);
		assert_int_equal(first(w, 0)->set.n, 10);
		assert_int_equal(first(w, 3)->set.n, 10);
		world_free(w);
	}
}

/* It applied the beginning of what the others did, in the same ring. */
static void who_fell_out_takes_nothing_back(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 3);
	for (i = 0; i < 3; i++)
		w->nodes[i]->serves = ONE;
	w->nodes[2]->cfg.priority = 200;
	world_start(w);
	assert_agree(w, 1000);
	assert_settled(w, 1000);
	assert_ptr_equal(world_leader(w), w->nodes[2]);
	say(w, 0, 10);
	assert_settled(w, 1000);
	/* the lowest no longer hears what is said */
	world_split(w, 1);
	say(w, 1, 5);
	world_run(w, 100 * SIM_MS);
	assert_int_equal(first(w, 2)->set.n, 15);
	assert_int_equal(first(w, 0)->set.n, 10);
	first(w, 1)->stuck = true;
	first(w, 0)->stuck = true;
	assert_comes_to(w, first(w, 2), PFSNL_SYNC_PHASE_BARRIER, 2);
	world_run(w, 2000 * SIM_MS);
	world_split(w, 3);
	assert_comes_to(w, first(w, 2), PFSNL_SYNC_PHASE_BARRIER, 3);
	first(w, 1)->stuck = false;
	first(w, 0)->stuck = false;
	assert_settled(w, 5000);
	assert_int_equal(first(w, 0)->set.n, 15);
	world_free(w);
}

static void who_leaves_within_a_round_ends_it(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = serving(seed, 4, ONE);

		say(w, 3, 20);
		assert_settled(w, 1000);
		first(w, seed % 3 + 1)->stuck = true;
		replica_add(w->nodes[2], 2);
		assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 4);
		node_leave(w->nodes[seed % 2 ? 0 : 1], 100 * SIM_MS);
		world_run(w, 500 * SIM_MS);
		for (i = 0; i < 4; i++)
			if (node_runs(w->nodes[i]))
				first(w, i)->stuck = false;
		assert_settled(w, 5000);
		assert_int_equal(first(w, 2)->set.n, 20);
		world_free(w);
	}
}

/* Everything at once. */
static void states_are_the_same_whatever_happens(void **state)
{
	u64 seed, aborts = 0, retries = 0;
	u32 i, k;

	for (seed = 0; seed < 3 * SEEDS; seed++) {
		struct world *w = serving(seed, 5, ONE | TWO);

		if (seed % 3 == 0)
			w->net.loss = 20000;
		for (k = 0; k < 150; k++) {
			struct node *n = w->nodes[sim_below(&w->sim, 5)];
			struct replica *r;
			u32 what = sim_below(&w->sim, 40);

			world_run(w, sim_below(&w->sim, 20 * SIM_MS));
			if (!n->core) {
				if (what < 10)
					node_start(n);
				continue;
			}
			r = replica_of(n, 1 + what % 3);
			if (what == 0)
				node_kill(n);
			else if (what == 1)
				node_abort(n);
			else if (what == 2)
				world_split(w, 1 + sim_below(&w->sim, 5));
			else if (what == 3 && r)
				replica_remove(r);
			else if (!r)
				replica_add(n, 1 + what % 3);
			else if (what == 4)
				r->lazy = !r->lazy;
			else
				replica_say(r, what % 5 ? 0 : PFSNL_MSG_SAFE,
					    what * 50);
		}
		w->net.loss = 0;
		world_split(w, 5);
		world_start(w);
		assert_settled(w, 20000);
		for (i = 0; i < 5; i++) {
			struct replica *r = replica_of(w->nodes[i], 1);

			aborts += r ? r->n_aborts : 0;
			retries += r ? r->n_retry : 0;
		}
		world_free(w);
	}
	assert_true(aborts > 0);
	assert_true(retries > 0);
}

static void every_failed_allocation_is_made_up_for(void **state)
{
	u64 nth, hits = 0;
	u32 i;

	for (nth = 1; nth < 600; nth++) {
		struct world *w = serving(1, 3, ONE);
		struct node *n = w->nodes[nth % 3];

		for (i = 0; i < 3; i++)
			say(w, i, 10);
		assert_settled(w, 1000);
		n->ledger.fail_at = n->ledger.tries + 1 + nth / 3;
		n->ledger.fail_for = 1;
		for (i = 0; i < 3; i++)
			replica_say(first(w, i), PFSNL_MSG_SAFE, 100);
		world_run(w, 10 * SIM_MS);
		world_node(w, 3)->serves = ONE;
		node_start(w->nodes[3]);
		world_run(w, 100 * SIM_MS);
		if (replica_add(n, 2))
			world_run(w, 100 * SIM_MS);
		replica_say(first(w, nth % 3), 0, 0);
		assert_settled(w, 5000);
		assert_true(first(w, 3)->set.n >= 30);
		hits += n->ledger.failed;
		world_free(w);
	}
	assert_true(hits > 300);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(services_are_activated_in_each_ring),
	cmocka_unit_test(services_take_turns_by_their_ids),
	cmocka_unit_test(each_service_has_its_own_old_ring),
	cmocka_unit_test(round_in_the_barrier_is_aborted_by_a_ring),
	cmocka_unit_test(what_is_of_another_ring_or_phase_is_ignored),
	cmocka_unit_test(leader_dies_in_each_phase),
	cmocka_unit_test(halves_that_meet_have_what_both_had),
	cmocka_unit_test(who_restarts_at_once_does_not_transmit),
	cmocka_unit_test(what_a_round_left_unfinished_is_no_old_ring),
	cmocka_unit_test(who_fell_out_takes_nothing_back),
	cmocka_unit_test(who_leaves_within_a_round_ends_it),
	cmocka_unit_test(states_are_the_same_whatever_happens),
	cmocka_unit_test(every_failed_allocation_is_made_up_for),
};

int main(void)
{
	return RUN_WORLD_TESTS(tests);
}
