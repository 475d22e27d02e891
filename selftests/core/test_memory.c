// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that runs out: every allocation of start, join, succession and goodbye
 * fails once, in each part that a node can have. The cluster forms all the same,
 * nothing leaks, and a core may be ended at any moment.
 */
#include <linux/minmax.h>

#include "state.h"
#include "test_world.h"

#define NODES	4

/* what the failing node is in the story below */
enum part {
	PART_LEADER,
	PART_SUCCESSOR,
	PART_CLIENT,
	PART_LATECOMER,
	PARTS,
};

/*
 * Three nodes form a cluster that a level-0 peer and a fourth node join; the
 * leader is lost and comes back; the successor leaves.
 */
static u64 story(enum part part, u64 fail_at, u64 fail_for, u64 *tries)
{
	struct world *w = world_new(1);
	struct level0 *p = level0_new(w, WORLD_ADDR(100));
	struct ledger *l;
	u64 failed;
	u32 i;

	world_nodes(w, NODES);
	l = &w->nodes[part]->ledger;
	l->fail_at = fail_at;
	l->fail_for = fail_for;

	for (i = 0; i < 3; i++)
		while (node_start(w->nodes[i]))
			;
	assert_agree(w, 4000);
	level0_start(p);
	assert_agree(w, 4000);
	while (node_start(w->nodes[PART_LATECOMER]))
		;
	assert_agree(w, 4000);
	node_kill(w->nodes[PART_LEADER]);
	assert_agree(w, 6000);
	while (node_start(w->nodes[PART_LEADER]))
		;
	assert_agree(w, 6000);
	node_leave(w->nodes[PART_SUCCESSOR], SIM_S);
	assert_agree(w, 6000);
	/* also what a level-0 peer was told is right in the end */
	world_run(w, 10 * SIM_S);
	assert_true(world_agrees(w, NULL));
	assert_int_equal(p->n, 4);
	assert_true(level0_has(p, WORLD_ADDR(PART_LEADER)));
	assert_false(level0_has(p, WORLD_ADDR(PART_SUCCESSOR)));

	failed = l->failed;
	if (tries)
		*tries = l->tries;
	world_free(w);
	return failed;
}

/* let each try in turn fail, until one comes too late to do so */
static void every_try(u64 fail_for)
{
	enum part part;

	for (part = 0; part < PARTS; part++) {
		u64 nth, tries, injected = 0;

		story(part, 0, 0, &tries);
		assert_true(tries > 20);
		for (nth = 1; nth <= tries; nth++) {
			u64 failed = story(part, nth, fail_for, NULL);

			assert_true(failed > 0);
			injected += failed;
		}
		assert_true(injected >= tries);
	}
}

static void every_allocation_may_fail_once(void **state)
{
	every_try(1);
}

static void every_allocation_and_the_three_after_it_may_fail(void **state)
{
	every_try(4);
}

static void long_shortage_ends_well(void **state)
{
	enum part part;
	u64 nth, tries;

	for (part = 0; part < PARTS; part++) {
		story(part, 0, 0, &tries);
		for (nth = 1; nth <= tries; nth += 7)
			assert_true(story(part, nth, 60, NULL) > 0);
	}
}

static void shortage_is_counted_and_accuses_nobody(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *leader = w->nodes[0];
	u32 i;

	leader->ledger.fail_at = leader->ledger.tries + 1;
	leader->ledger.fail_for = 30;
	node_start(world_node(w, 4));
	assert_agree(w, 5000);
	assert_int_equal(leader->ledger.failed, 30);
	assert_true(node_count(leader, PFSNL_COUNT_NO_MEMORY) +
		    node_count(leader, PFSNL_COUNT_WRITE_SHORT) > 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_ADD,
			      WORLD_ADDR(4));
	}
	world_free(w);
}

/* a write that finds room but no memory is no reason to drop anybody */
static void shortage_while_writing_drops_nobody(void **state)
{
	struct world *w = world_of(1, 4);
	struct node *leader = w->nodes[0];
	u64 nth, before = leader->ledger.tries, tries;
	u32 i;

	node_start(world_node(w, 4));
	assert_agree(w, 100);
	tries = leader->ledger.tries - before;
	world_free(w);
	assert_true(tries > 5);

	for (nth = 1; nth <= tries; nth++) {
		w = world_of(1, 4);
		leader = w->nodes[0];
		leader->ledger.fail_at = leader->ledger.tries + nth;
		leader->ledger.fail_for = 1;
		node_start(world_node(w, 4));
		assert_agree(w, 1000);
		assert_int_equal(leader->ledger.failed, 1);
		for (i = 0; i < 4; i++) {
			assert_int_equal(w->nodes[i]->watch.n_log, 1);
			assert_update(&w->nodes[i]->watch.log[0], PFSNL_OP_ADD,
				      WORLD_ADDR(4));
		}
		world_free(w);
	}
}

/* a list that does not fit into the small buffer which each tether has */
static void shortage_while_taking_a_long_list_ends_well(void **state)
{
	struct world *w = world_of(1, 20);
	u64 nth, tries;

	node_start(world_node(w, 20));
	assert_agree(w, 100);
	tries = world_node(w, 20)->ledger.tries;
	world_free(w);
	assert_true(tries > 20);

	w = world_of(1, 20);
	for (nth = 1; nth <= tries; nth++) {
		struct node *n = world_node(w, 20);

		n->ledger.fail_at = n->ledger.tries + nth;
		n->ledger.fail_for = 1;
		while (node_start(n))
			;
		assert_agree(w, 3000);
		node_leave(n, SIM_S);
		assert_agree(w, 100);
		world_run(w, 100 * SIM_MS);
	}
	assert_true(world_node(w, 20)->ledger.failed == tries);
	world_free(w);
}

static void memory_does_not_grow_with_time(void **state)
{
	struct world *w = world_of(1, 8);
	struct level0 *p = level0_new(w, WORLD_ADDR(100));
	u64 after_one = 0;
	u32 round, i;

	level0_start(p);
	/* nodes come and go all the time, in every way */
	for (round = 0; round < 40; round++) {
		struct node *n = w->nodes[round % 8];

		if (round % 3 == 0)
			node_kill(n);
		else if (round % 3 == 1)
			node_abort(n);
		else
			node_leave(n, SIM_S);
		world_run(w, 1500 * SIM_MS);
		if (!n->core)
			node_start(n);
		assert_agree(w, 3000);
		world_run(w, 2 * SIM_S);
		for (i = 0; i < 8; i++) {
			if (round == 9)
				after_one = max(after_one,
						w->nodes[i]->ledger.bytes);
			if (round > 9)
				assert_true(w->nodes[i]->ledger.bytes <=
					    2 * after_one);
		}
	}
	world_free(w);
}

/* how many nodes those who don't lead have to do with, all together */
static u32 contacts(struct world *w)
{
	u32 i, count = 0;

	for (i = 0; i < w->n; i++) {
		struct pfsnl_core *core = w->nodes[i]->core;
		struct pfsnl_node *n;

		if (!core || core->role == PFSNL_ROLE_LEADER)
			continue;
		pfsnl_roster_for_each(&core->roster, n)
			count += n->c != &core->nobody;
	}
	return count;
}

static u32 most_contacts(struct world *w, u32 ms)
{
	u32 most = 0;

	while (ms--) {
		world_run(w, SIM_MS);
		most = max(most, contacts(w));
	}
	return most;
}

/*
 * All broadcast when they start and when their leader is lost. Of those who come
 * first one is enough; only until it is heard each remembers who waits.
 */
static void many_nodes_do_not_remember_each_other(void **state)
{
	struct world *w = world_new(1);

	world_nodes(w, 100);
	world_start(w);
	assert_in_range(most_contacts(w, 250), 99, 10 * 100);
	assert_true(world_agrees(w, NULL));
	/* now it is the leader, and nobody else */
	world_run(w, 3 * SIM_S);
	assert_int_equal(contacts(w), 99);

	node_kill(world_leader(w));
	assert_in_range(most_contacts(w, 2000), 98, 8 * 100);
	assert_true(world_agrees(w, NULL));
	world_free(w);
}

static void core_that_was_never_started_is_freed(void **state)
{
	struct world *w = world_new(1);
	struct node *n = world_node(w, 0);
	u64 nth;

	/* the allocation of the core itself */
	n->ledger.fail_at = 1;
	n->ledger.fail_for = 1;
	assert_int_not_equal(node_start(n), 0);
	assert_int_equal(n->ledger.live, 0);
	for (nth = 2; nth < 6; nth++) {
		n->ledger.fail_at = n->ledger.tries + nth;
		assert_int_equal(node_start(n), 0);
		node_stop(n);
		assert_int_equal(n->ledger.live, 0);
	}
	world_free(w);
}

/* ends everything in the middle of whatever goes on; world_free() looks */
static void core_may_be_ended_at_any_moment(void **state)
{
	u64 seed;

	for (seed = 0; seed < 300; seed++) {
		struct world *w = world_new(seed);
		u32 n = 1 + sim_below(&w->sim, 8);

		if (seed % 3 == 0)
			w->net.chop = 30;
		world_nodes(w, n);
		level0_start(level0_new(w, WORLD_ADDR(100)));
		world_start(w);
		/* most happens around the first ring */
		world_run(w, 95 * SIM_MS + sim_below(&w->sim, 15 * SIM_MS));
		if (seed & 1) {
			world_run(w, SIM_S);
			if (seed & 2)
				node_kill(w->nodes[0]);
			else
				node_leave(w->nodes[0], SIM_S);
			world_run(w, sim_below(&w->sim, (seed & 4 ? 1500 : 10) *
					       SIM_MS));
		}
		if (seed & 8) {
			world_split(w, 1 + n / 2);
			world_run(w, sim_below(&w->sim, 3 * SIM_S));
			world_split(w, 1000);
			world_run(w, sim_below(&w->sim, 300 * SIM_MS));
		}
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(every_allocation_may_fail_once),
		cmocka_unit_test(every_allocation_and_the_three_after_it_may_fail),
		cmocka_unit_test(long_shortage_ends_well),
		cmocka_unit_test(shortage_is_counted_and_accuses_nobody),
		cmocka_unit_test(shortage_while_writing_drops_nobody),
		cmocka_unit_test(shortage_while_taking_a_long_list_ends_well),
		cmocka_unit_test(memory_does_not_grow_with_time),
		cmocka_unit_test(many_nodes_do_not_remember_each_other),
		cmocka_unit_test(core_that_was_never_started_is_freed),
		cmocka_unit_test(core_may_be_ended_at_any_moment),
	};

	return RUN_WORLD_TESTS(tests);
}
