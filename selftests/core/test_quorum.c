// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a ring has the majority: never in two halves at once, and soon again
 * in the half that has it.
 */
#include "test_world.h"

#define SEEDS	40

static struct world *voters(u64 seed, u32 n)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, n);
	for (i = 0; i < n; i++)
		w->nodes[i]->cfg.expected_votes = n;
	world_start(w);
	assert_agree(w, 250);
	world_run(w, 2500 * SIM_MS);
	for (i = 0; i < n; i++)
		watch_forget(&w->nodes[i]->watch);
	return w;
}

static bool quorate(const struct node *n)
{
	return node_state(n).quorate;
}

static u32 quorate_nodes(const struct world *w)
{
	u32 i, sum = 0;

	for (i = 0; i < w->n; i++)
		sum += node_runs(w->nodes[i]) && quorate(w->nodes[i]);
	return sum;
}

static bool all_quorate(struct world *w, void *arg)
{
	return quorate_nodes(w) == w->n;
}

/*
 * Whoever is quorate is in every newer ring that is quorate too; it may not
 * have got that one yet.
 */
static void look(const struct world *w)
{
	u32 i, j;

	for (i = 0; i < w->n; i++) {
		const struct node *a = w->nodes[i];

		if (!node_runs(a) || !quorate(a))
			continue;
		for (j = 0; j < w->n; j++) {
			const struct node *b = w->nodes[j];

			if (node_runs(b) && quorate(b) &&
			    b->watch.ring.seq >= a->watch.ring.seq &&
			    !watch_has(&b->watch, a->host.addr))
				fail_msg("%08x is quorate, and %08x without it",
					 a->host.addr, b->host.addr);
		}
	}
}

static void run_and_look(struct world *w, u64 time)
{
	u64 end = w->sim.now + time;

	while (w->sim.now < end) {
		world_run(w, SIM_MS / 2);
		look(w);
	}
}

static void without_expected_votes_nothing_is_quorate(void **state)
{
	struct world *w = world_of(1, 5);

	world_run(w, 5 * SIM_S);
	assert_int_equal(quorate_nodes(w), 0);
	assert_int_equal(node_state(w->nodes[0]).expected_votes, 0);
	world_free(w);
}

/* who starts may have been in a quorate ring before, and be missed only now */
static void votes_do_not_count_before_a_former_life_is_forgotten(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 5);
	for (i = 0; i < 5; i++)
		w->nodes[i]->cfg.expected_votes = 5;
	world_start(w);
	assert_agree(w, 250);
	run_and_look(w, SIM_S);
	assert_int_equal(quorate_nodes(w), 0);
	run_and_look(w, 200 * SIM_MS);
	assert_true(all_quorate(w, NULL));
	/* a restart takes nothing from those who have a majority without it */
	node_leave(w->nodes[4], SIM_S);
	run_and_look(w, 100 * SIM_MS);
	node_start(w->nodes[4]);
	run_and_look(w, 200 * SIM_MS);
	assert_true(all_quorate(w, NULL));
	world_free(w);
}

static void whole_cluster_is_quorate_for_good(void **state)
{
	struct world *w = voters(1, 5);
	u32 i;

	assert_true(all_quorate(w, NULL));
	for (i = 0; i < 5; i++) {
		assert_int_equal(node_state(w->nodes[i]).votes, 5);
		assert_int_equal(node_state(w->nodes[i]).expected_votes, 5);
		assert_true(w->nodes[i]->watch.quorate);
	}
	/* and stays so */
	run_and_look(w, 20 * SIM_S);
	assert_true(all_quorate(w, NULL));
	world_free(w);
}

static void half_of_the_votes_is_no_majority(void **state)
{
	struct world *w = voters(1, 6);

	world_split(w, 3);
	run_and_look(w, 10 * SIM_S);
	assert_int_equal(quorate_nodes(w), 0);
	world_split(w, 100);
	assert_until(w, all_quorate, NULL, 5000);
	world_free(w);
}

static void of_two_halves_only_the_larger_is_quorate(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = voters(seed, 5);

		/* the leader is on the smaller side, then on the larger */
		world_split(w, seed & 1 ? 2 : 3);
		run_and_look(w, 6 * SIM_S);
		for (i = 0; i < 5; i++)
			assert_int_equal(quorate(w->nodes[i]),
					 seed & 1 ? i >= 2 : i < 3);
		world_split(w, 100);
		run_and_look(w, 3 * SIM_S);
		assert_true(all_quorate(w, NULL));
		world_free(w);
	}
}

static void node_that_hears_and_is_not_heard_loses_it_in_time(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = voters(seed, 3);

		/* the leader's beacons get there; nothing comes back */
		net_cut(&w->net, WORLD_ADDR(2), WORLD_ADDR(0), NET_ALL);
		net_cut(&w->net, WORLD_ADDR(2), WORLD_ADDR(1), NET_ALL);
		run_and_look(w, 5 * SIM_S);
		assert_true(quorate(w->nodes[0]));
		assert_false(quorate(w->nodes[2]));
		world_free(w);
	}
}

static void who_leaves_is_not_waited_for(void **state)
{
	struct world *w = voters(1, 5);

	node_leave(w->nodes[4], SIM_S);
	run_and_look(w, 100 * SIM_MS);
	assert_int_equal(quorate_nodes(w), 4);
	world_free(w);
}

static void who_fails_is_waited_for_until_it_must_know(void **state)
{
	struct world *w = voters(1, 5);

	node_abort(w->nodes[4]);
	run_and_look(w, 500 * SIM_MS);
	assert_int_equal(node_state(w->nodes[0]).peers, 4);
	assert_int_equal(quorate_nodes(w), 0);
	run_and_look(w, 700 * SIM_MS);
	assert_int_equal(quorate_nodes(w), 4);
	world_free(w);
}

static void votes_count_as_they_are_set(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 3);
	for (i = 0; i < 3; i++)
		w->nodes[i]->cfg.expected_votes = 5;
	w->nodes[2]->cfg.votes = 3;
	world_start(w);
	assert_agree(w, 250);
	world_run(w, 2500 * SIM_MS);
	assert_int_equal(quorate_nodes(w), 3);
	node_kill(w->nodes[0]);
	node_kill(w->nodes[1]);
	world_run(w, 8 * SIM_S);
	assert_int_equal(node_state(w->nodes[2]).votes, 3);
	assert_true(quorate(w->nodes[2]));
	world_free(w);
}

/* in every order: the leader's number is what counts */
static void expected_votes_that_change_make_a_new_ring(void **state)
{
	u32 first, i;

	for (first = 0; first < 3; first++) {
		struct world *w = world_of(1, 3);
		u64 seq;

		world_run(w, 3 * SIM_S);
		seq = node_state(w->nodes[0]).ring.seq;
		for (i = 0; i < 3; i++) {
			struct node *n = w->nodes[(first + i) % 3];
			struct pfsnl_config cfg = n->cfg;

			cfg.expected_votes = 3;
			assert_int_equal(node_set(n, &cfg), 0);
			world_run(w, 200 * SIM_MS);
		}
		assert_true(all_quorate(w, NULL));
		assert_int_equal(node_state(w->nodes[2]).ring.seq, seq + 1);
		for (i = 0; i < 3; i++) {
			struct pfsnl_config cfg = w->nodes[i]->cfg;

			cfg.expected_votes = 7;
			assert_int_equal(node_set(w->nodes[i], &cfg), 0);
		}
		world_run(w, 200 * SIM_MS);
		assert_int_equal(quorate_nodes(w), 0);
		assert_int_equal(node_state(w->nodes[2]).expected_votes, 7);
		world_free(w);
	}
}

/* who takes over talks to us before it has made a ring; that is no sign of it */
static void successor_does_not_renew_the_lease_of_the_lost_leader(void **state)
{
	u64 seed, seq;
	u32 i, step;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = voters(seed, 4);
		bool lost[4] = {};

		seq = node_state(w->nodes[0]).ring.seq;
		node_kill(w->nodes[0]);
		for (step = 0; step < 4000; step++) {
			world_run(w, SIM_MS);
			for (i = 1; i < 4; i++) {
				struct pfsnl_state st = node_state(w->nodes[i]);

				if (st.ring.seq != seq)
					continue;
				assert_false(lost[i] && st.quorate);
				lost[i] = !st.quorate;
			}
		}
		assert_true(lost[2] || lost[3]);
		assert_int_equal(quorate_nodes(w), 3);
		world_free(w);
	}
}

/* its beacons go on for a while, and its watchers can't be told */
static void leader_that_hangs_is_quorate_for_dead_and_no_longer(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = voters(seed, 5);

		node_hang(w->nodes[0]);
		world_run(w, 600 * SIM_MS);
		assert_true(quorate(w->nodes[0]));
		assert_true(quorate(w->nodes[4]));
		world_run(w, 400 * SIM_MS);
		assert_false(quorate(w->nodes[0]));
		/* they hear its beacons, and are in its ring */
		assert_int_equal(node_role(w->nodes[4]), PFSNL_ROLE_CLIENT);
		assert_int_equal(quorate_nodes(w), 0);
		world_free(w);
	}
}

static void client_of_a_leader_that_hangs_is_not_quorate_beside_others(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = voters(seed, 5);
		u64 seq = node_state(w->nodes[0]).ring.seq;

		/* one hears the beacons of the leader, the others hear nobody */
		node_hang(w->nodes[0]);
		world_split(w, 2);
		for (i = 0; i < 8000; i++) {
			world_run(w, SIM_MS / 2);
			look(w);
			/* whoever asks the leader is told nothing else */
			if (quorate(w->nodes[4]) &&
			    node_state(w->nodes[4]).ring.seq != seq)
				assert_false(quorate(w->nodes[0]));
		}
		assert_true(quorate(w->nodes[4]));
		node_resume(w->nodes[0]);
		run_and_look(w, 3 * SIM_S);
		assert_false(quorate(w->nodes[1]));
		world_free(w);
	}
}

/* evidence is what beacons bring anyhow */
static void quorum_costs_nothing_while_nothing_is_lost(void **state)
{
	struct world *w = voters(1, 5);
	u64 frames[5];
	u32 i;

	for (i = 0; i < 5; i++)
		frames[i] = node_count(w->nodes[i], PFSNL_COUNT_FRAME_TX);
	run_and_look(w, 20 * SIM_S);
	for (i = 0; i < 5; i++)
		assert_int_equal(node_count(w->nodes[i], PFSNL_COUNT_FRAME_TX),
				 frames[i]);
	world_free(w);
}

/* datagrams are cut, so that only the tethers can tell */
static void quorum_lasts_without_datagrams(void **state)
{
	struct world *w = voters(1, 5);
	u32 i;

	for (i = 1; i < 5; i++)
		world_cut(w, w->nodes[0], w->nodes[i], NET_DATAGRAMS);
	for (i = 0; i < 1000; i++) {
		run_and_look(w, 10 * SIM_MS);
		assert_true(all_quorate(w, NULL));
	}
	world_free(w);
}

static void joiner_is_quorate_at_once(void **state)
{
	struct world *w = voters(1, 5);

	node_leave(w->nodes[4], SIM_S);
	run_and_look(w, 500 * SIM_MS);
	node_start(w->nodes[4]);
	run_and_look(w, 120 * SIM_MS);
	assert_true(all_quorate(w, NULL));
	world_free(w);
}

static bool is_client(struct world *w, void *arg)
{
	return node_state(arg).role == PFSNL_ROLE_CLIENT;
}

/*
 * Two leaders of two nodes each, and one that hears both. The first counts on its vote:
 * it is in its ring, which it was told, but that does not come.
 */
static void vote_of_who_never_got_its_list_does_not_count_twice(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_new(seed);
		struct node *n;
		u32 i, k;

		world_nodes(w, 5);
		n = w->nodes[4];
		n->cfg.priority = 0;
		for (i = 0; i < 5; i++)
			w->nodes[i]->cfg.expected_votes = 5;
		for (i = 0; i < 2; i++)
			for (k = 2; k < 5; k++)
				world_cut(w, w->nodes[i], w->nodes[k], NET_ALL);
		for (k = 2; k < 4; k++)
			world_cut(w, w->nodes[k], n, NET_ALL);
		world_start(w);
		world_run(w, 3 * SIM_S);
		assert_int_equal(quorate_nodes(w), 0);
		for (i = 0; i < 2; i++) {
			net_mend(&w->net, WORLD_ADDR(i), n->host.addr);
			net_mend(&w->net, n->host.addr, WORLD_ADDR(i));
		}
		assert_until(w, is_client, n, 1000);
		stream_darken(node_end(n, 0), SIM_NEVER);
		run_and_look(w, 500 * SIM_MS);
		assert_true(quorate(w->nodes[0]));
		assert_int_equal(node_state(n).ring.leader, 0);
		while (is_client(w, n))
			run_and_look(w, SIM_MS);
		for (k = 2; k < 4; k++) {
			net_mend(&w->net, WORLD_ADDR(k), n->host.addr);
			net_mend(&w->net, n->host.addr, WORLD_ADDR(k));
			for (i = 0; i < 2; i++)
				world_cut(w, w->nodes[i], n, NET_ALL);
		}
		run_and_look(w, 3 * SIM_S);
		assert_true(quorate(w->nodes[2]));
		assert_true(quorate(n));
		world_free(w);
	}
}

static void chaos_never_makes_two_quorate_rings(void **state)
{
	u64 seed;
	u32 round, i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = voters(seed, 5);

		for (round = 0; round < 20; round++) {
			for (i = 0; i < 5; i++)
				w->nodes[i]->host.side = sim_below(&w->sim, 3);
			run_and_look(w, sim_below(&w->sim, 3 * SIM_S));
			if (round % 3 == 2) {
				struct node *n = w->nodes[sim_below(&w->sim, 5)];

				node_kill(n);
				node_start(n);
			}
		}
		world_split(w, 100);
		assert_until(w, all_quorate, NULL, 20000);
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(without_expected_votes_nothing_is_quorate),
		cmocka_unit_test(votes_do_not_count_before_a_former_life_is_forgotten),
		cmocka_unit_test(whole_cluster_is_quorate_for_good),
		cmocka_unit_test(half_of_the_votes_is_no_majority),
		cmocka_unit_test(of_two_halves_only_the_larger_is_quorate),
		cmocka_unit_test(node_that_hears_and_is_not_heard_loses_it_in_time),
		cmocka_unit_test(who_leaves_is_not_waited_for),
		cmocka_unit_test(who_fails_is_waited_for_until_it_must_know),
		cmocka_unit_test(votes_count_as_they_are_set),
		cmocka_unit_test(expected_votes_that_change_make_a_new_ring),
		cmocka_unit_test(successor_does_not_renew_the_lease_of_the_lost_leader),
		cmocka_unit_test(leader_that_hangs_is_quorate_for_dead_and_no_longer),
		cmocka_unit_test(client_of_a_leader_that_hangs_is_not_quorate_beside_others),
		cmocka_unit_test(quorum_costs_nothing_while_nothing_is_lost),
		cmocka_unit_test(quorum_lasts_without_datagrams),
		cmocka_unit_test(joiner_is_quorate_at_once),
		cmocka_unit_test(vote_of_who_never_got_its_list_does_not_count_twice),
		cmocka_unit_test(chaos_never_makes_two_quorate_rings),
	};

	return RUN_WORLD_TESTS(tests);
}
