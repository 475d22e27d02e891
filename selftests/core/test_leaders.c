// SPDX-License-Identifier: GPL-2.0
/*
 * Two leaders that meet become one: which of them, and what everybody sees.
 */
#include "test_world.h"

#define SEEDS	10

/* two clusters of @a and @b nodes that do not know of each other */
static struct world *two_clusters(u64 seed, u32 a, u32 b)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, a + b);
	world_split(w, a);
	world_start(w);
	assert_agree(w, 250);
	world_run(w, 400 * SIM_MS + sim_below(&w->sim, 200 * SIM_MS));
	for (i = 0; i < w->n; i++)
		watch_forget(&w->nodes[i]->watch);
	return w;
}

static void mend(struct world *w)
{
	world_split(w, 10000);
}

/* nodes that one saw go, not counting those that went for good */
static u32 removed(const struct node *n)
{
	u32 i, sum = 0;

	for (i = 0; i < n->watch.n_log; i++)
		if (n->watch.log[i].op == PFSNL_OP_REMOVE)
			sum += n->watch.log[i].n;
	return sum;
}

static void two_leaders_that_meet_become_one(void **state)
{
	static const u32 size[][2] = {
		{ 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 }, { 3, 8 }, { 8, 3 },
		{ 8, 8 },
	};
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++)
		for (i = 0; i < ARRAY_SIZE(size); i++) {
			struct world *w = two_clusters(seed, size[i][0],
						       size[i][1]);

			mend(w);
			assert_agree(w, 1500);
			world_run(w, 5 * SIM_S);
			assert_true(world_agrees(w, NULL));
			world_free(w);
		}
}

static void who_leads_others_comes_before_who_is_alone(void **state)
{
	struct world *w = world_new(1);

	world_nodes(w, 4);
	/* alone, better in every other way */
	w->nodes[0]->cfg.priority = 255;
	world_split(w, 1);
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	mend(w);
	assert_agree(w, 1500);
	assert_ptr_equal(world_leader(w), w->nodes[1]);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_STEP_DOWNS), 1);
	assert_int_equal(node_count(w->nodes[1], PFSNL_COUNT_STEP_DOWNS), 0);
	world_free(w);
}

static void then_the_higher_priority_leads(void **state)
{
	struct world *w = world_new(1);

	world_nodes(w, 6);
	w->nodes[4]->cfg.priority = 200;
	world_split(w, 3);
	world_start(w);
	assert_agree(w, 250);
	world_run(w, SIM_S);
	mend(w);
	assert_agree(w, 1500);
	assert_ptr_equal(world_leader(w), w->nodes[4]);
	world_free(w);
}

static void then_the_lower_address_leads(void **state)
{
	struct world *w = two_clusters(1, 3, 3);

	mend(w);
	assert_agree(w, 1500);
	assert_ptr_equal(world_leader(w), w->nodes[0]);
	assert_int_equal(node_count(w->nodes[3], PFSNL_COUNT_STEP_DOWNS), 1);
	world_free(w);
}

static void who_stays_with_the_better_leader_sees_no_loss(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = two_clusters(seed, 5, 5);

		mend(w);
		assert_agree(w, 1500);
		world_run(w, 2 * SIM_S);
		for (i = 0; i < 5; i++)
			assert_int_equal(removed(w->nodes[i]), 0);
		world_free(w);
	}
}

/*
 * Datagrams overtake streams: a client may be told that it is no member before
 * it is told whom to follow. It must not wait for the one that no longer leads.
 */
static void handover_that_comes_late_costs_nobody_its_place(void **state)
{
	struct world *w = two_clusters(1, 3, 3);
	struct node *gave_way = w->nodes[3], *client = w->nodes[5];

	net_cut(&w->net, gave_way->host.addr, client->host.addr, NET_STREAMS);
	mend(w);
	/* the merge waits for it as long as for any silent node */
	assert_agree(w, 1000 + 900);
	world_run(w, 5 * SIM_S);
	assert_int_equal(node_count(gave_way, PFSNL_COUNT_STEP_DOWNS), 1);
	/* it kept its list meanwhile */
	assert_int_equal(removed(client), 0);
	world_free(w);
}

static void three_leaders_become_one(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);

		world_nodes(w, 12);
		for (i = 0; i < 12; i++)
			w->nodes[i]->host.side = i % 3;
		world_start(w);
		assert_agree(w, 250);
		world_run(w, SIM_S);
		mend(w);
		assert_agree(w, 3000);
		world_run(w, 3 * SIM_S);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

static void cluster_that_splits_is_one_ring_on_each_side(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 9);

		world_split(w, 1 + sim_below(&w->sim, 8));
		assert_agree(w, 4000);
		world_run(w, 2 * SIM_S);
		mend(w);
		assert_agree(w, 3000);
		world_free(w);
	}
}

static void any_number_of_splits_heals(void **state)
{
	u64 seed;
	u32 round, i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 7);

		for (round = 0; round < 10; round++) {
			for (i = 0; i < 7; i++)
				w->nodes[i]->host.side = sim_below(&w->sim, 3);
			/* sometimes for long, sometimes not long enough */
			world_run(w, sim_below(&w->sim, 4 * SIM_S));
			if (round % 2)
				assert_agree(w, 6000);
			mend(w);
			if (round % 3)
				world_run(w, sim_below(&w->sim, SIM_S));
			else
				assert_agree(w, 6000);
		}
		assert_agree(w, 6000);
		world_run(w, 5 * SIM_S);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

static u64 largest_seq(struct world *w)
{
	u64 seq = 0;
	u32 i;

	for (i = 0; i < w->n; i++)
		seq = max(seq, w->nodes[i]->watch.ring.seq);
	return seq;
}

/* one leader hears the other and is not heard: must not re-form for ever */
static void one_way_links_between_leaders_do_not_churn(void **state)
{
	u32 way, i, j;

	for (way = 0; way < 2; way++) {
		struct world *w = two_clusters(1, 3, 3);
		u64 first, second;

		mend(w);
		for (i = 0; i < 3; i++)
			for (j = 3; j < 6; j++)
				net_cut(&w->net,
					WORLD_ADDR(way ? i : j),
					WORLD_ADDR(way ? j : i), NET_ALL);
		first = largest_seq(w);
		world_run(w, 30 * SIM_S);
		first = largest_seq(w) - first;
		second = largest_seq(w);
		world_run(w, 30 * SIM_S);
		second = largest_seq(w) - second;
		assert_true(second <= first);
		assert_true(second <= 4);
		net_mend_all(&w->net);
		assert_agree(w, 12000);
		world_free(w);
	}
}

/* leaders hear each other's beacons and can't connect */
static void blocked_streams_between_leaders_do_not_churn(void **state)
{
	struct world *w = two_clusters(1, 3, 3);
	u64 before;
	u32 i, j;

	mend(w);
	for (i = 0; i < 3; i++)
		for (j = 3; j < 6; j++)
			world_cut(w, w->nodes[i], w->nodes[j], NET_STREAMS);
	world_run(w, SIM_S);
	before = largest_seq(w);
	world_run(w, 60 * SIM_S);
	assert_int_equal(largest_seq(w), before);
	/* both work on, side by side */
	assert_int_equal(node_role(w->nodes[0]), PFSNL_ROLE_LEADER);
	assert_int_equal(node_role(w->nodes[3]), PFSNL_ROLE_LEADER);
	net_mend_all(&w->net);
	assert_agree(w, 12000);
	world_free(w);
}

static void leaders_that_die_while_they_merge_leave_one_ring(void **state)
{
	u64 seed;

	for (seed = 0; seed < 5 * SEEDS; seed++) {
		struct world *w = two_clusters(seed, 4, 4);
		struct node *victim = w->nodes[seed & 2 ? 0 : 4];

		mend(w);
		world_run(w, sim_below(&w->sim, 220 * SIM_MS));
		if (seed & 1)
			node_kill(victim);
		else
			node_abort(victim);
		assert_agree(w, 6000);
		world_run(w, 5 * SIM_S);
		assert_true(world_agrees(w, NULL));
		world_free(w);
	}
}

static void merging_works_on_a_lossy_segment(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = two_clusters(seed, 5, 5);

		w->net.loss = 50000;
		mend(w);
		assert_agree(w, 20000);
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(two_leaders_that_meet_become_one),
		cmocka_unit_test(who_leads_others_comes_before_who_is_alone),
		cmocka_unit_test(then_the_higher_priority_leads),
		cmocka_unit_test(then_the_lower_address_leads),
		cmocka_unit_test(who_stays_with_the_better_leader_sees_no_loss),
		cmocka_unit_test(handover_that_comes_late_costs_nobody_its_place),
		cmocka_unit_test(three_leaders_become_one),
		cmocka_unit_test(cluster_that_splits_is_one_ring_on_each_side),
		cmocka_unit_test(any_number_of_splits_heals),
		cmocka_unit_test(one_way_links_between_leaders_do_not_churn),
		cmocka_unit_test(blocked_streams_between_leaders_do_not_churn),
		cmocka_unit_test(leaders_that_die_while_they_merge_leave_one_ring),
		cmocka_unit_test(merging_works_on_a_lossy_segment),
	};

	return RUN_WORLD_TESTS(tests);
}
