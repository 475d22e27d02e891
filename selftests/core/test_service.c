// SPDX-License-Identifier: GPL-2.0
/*
 * Services: having them, operations, transmitting, and who keeps all others waiting.
 * What must hold at all times is checked by replica.c.
 */
#include "test_service.h"

static void newcomer_gets_the_state(void **state)
{
	struct world *w = serving(1, 3, ONE);
	struct node *late = world_node(w, 3);
	u32 i;

	for (i = 0; i < 3; i++)
		say(w, i, 30);
	assert_settled(w, 1000);
	late->serves = ONE;
	node_start(late);
	assert_agree(w, 2000);
	assert_settled(w, 1000);
	assert_int_equal(first(w, 3)->set.n, 90);
	/* in six pieces */
	assert_int_equal(state_of(first(w, 3)).items, 6);
	world_free(w);
}

static void operations_go_on_while_a_node_comes(void **state)
{
	u64 seed, retries = 0;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = serving(seed, 3, ONE);
		u32 i, applied = 0;

		world_node(w, 3)->serves = ONE;
		node_start(w->nodes[3]);
		for (i = 0; i < 400; i++) {
			replica_say(first(w, i % 3), i % 5 ? 0 : PFSNL_MSG_SAFE,
				    i);
			world_run(w, sim_below(&w->sim, SIM_MS));
		}
		assert_settled(w, 2000);
		for (i = 0; i < 3; i++) {
			applied += first(w, i)->n_said - first(w, i)->n_retry;
			retries += first(w, i)->n_retry;
			assert_int_equal(first(w, i)->n_unknown, 0);
		}
		assert_int_equal(first(w, 3)->set.n, applied);
		world_free(w);
	}
	assert_true(retries > 0);
}

static void operation_before_activation_is_refused(void **state)
{
	struct world *w = serving(1, 2, ONE);
	struct replica *two;

	assert_int_equal(replica_say(first(w, 0), 2, 0), -EINVAL);
	assert_int_equal(replica_say(first(w, 0), 0,
				     pfsnl_core_sync_longest(w->nodes[0]->core)),
			 -EMSGSIZE);
	two = replica_add(w->nodes[0], 2);
	assert_int_equal(replica_say(two, 0, 0), -EAGAIN);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_SYNC_REFUSED), 1);
	assert_settled(w, 1000);
	assert_int_equal(replica_say(two, 0, 0), 0);
	assert_settled(w, 1000);
	assert_int_equal(replica_remove(two), 0);
	assert_int_equal(node_operate(w->nodes[0], 2, 0, "", 0), -ENOENT);
	world_free(w);
}

static void services_that_can_not_be_are_refused(void **state)
{
	struct world *w = serving(1, 1, 0);
	struct node *n = w->nodes[0];
	u16 id;

	assert_int_equal(node_serve(n, 0, NULL), -EINVAL);
	for (id = 1; id <= PFSNL_SERVICES_MAX; id++)
		assert_non_null(replica_add(n, 2 * id));
	assert_int_equal(node_serve(n, 2, NULL), -EEXIST);
	assert_int_equal(node_serve(n, 3, NULL), -ENOSPC);
	assert_int_equal(node_unserve(n, 3), -ENOENT);
	assert_settled(w, 1000);
	world_free(w);
}

static void nothing_is_said_where_nobody_has_services(void **state)
{
	struct world *w = serving(1, 4, 0);
	u32 i;

	for (i = 1; i < 4; i++)
		assert_int_equal(node_state(w->nodes[i]).sent, 0);
	/* one has: it alone says what */
	replica_add(w->nodes[2], 1);
	assert_settled(w, 1000);
	assert_int_equal(node_state(w->nodes[1]).sent, 0);
	assert_int_equal(node_state(w->nodes[3]).sent, 0);
	/* SERVE, REPORT, DONE */
	assert_int_equal(node_state(w->nodes[2]).sent, 3);
	world_free(w);
}

static void service_that_only_some_have_waits_for_these(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 4);
	w->nodes[0]->serves = 1 << 1 | 1 << 3;
	w->nodes[1]->serves = 1 << 3;
	w->nodes[2]->serves = 1 << 1;
	world_start(w);
	assert_agree(w, 1000);
	assert_settled(w, 1000);
	say(w, 2, 10);
	for (i = 0; i < 7; i++)
		replica_say(replica_of(w->nodes[1], 3), 0, 0);
	assert_settled(w, 1000);
	assert_int_equal(first(w, 0)->set.n, 10);
	assert_int_equal(replica_of(w->nodes[0], 3)->set.n, 7);
	/* the leader has neither, and leads the round all the same */
	node_kill(w->nodes[0]);
	assert_settled(w, 5000);
	w->nodes[0]->serves = 0;
	node_start(w->nodes[0]);
	assert_settled(w, 5000);
	assert_int_equal(first(w, 2)->set.n, 10);
	assert_int_equal(replica_of(w->nodes[1], 3)->set.n, 7);
	world_free(w);
}

static void service_added_later_makes_a_ring(void **state)
{
	struct world *w = serving(1, 3, ONE);
	u64 seq = node_state(w->nodes[0]).ring.seq;
	u32 i;

	say(w, 0, 5);
	for (i = 0; i < 3; i++)
		replica_add(w->nodes[i], 2);
	assert_settled(w, 1000);
	assert_true(node_state(w->nodes[0]).ring.seq > seq);
	assert_int_equal(replica_of(w->nodes[2], 2)->set.n, 0);
	assert_int_equal(first(w, 2)->set.n, 5);
	for (i = 0; i < 3; i++)
		assert_int_equal(replica_say(replica_of(w->nodes[i], 2), 0, 0), 0);
	assert_settled(w, 1000);
	assert_int_equal(replica_of(w->nodes[0], 2)->set.n, 3);
	world_free(w);
}

/* alone it had nobody to say it to, and its leader knows when it accepts */
static void who_waited_for_its_leader_makes_one_ring(void **state)
{
	struct world *w = world_new(1);
	struct node *leader, *n;
	u64 rings;
	u32 i;

	world_nodes(w, 4);
	for (i = 0; i < 4; i++) {
		w->nodes[i]->serves = ONE;
		w->nodes[i]->cfg.interval_ms = 50;
	}
	for (i = 0; i < 3; i++)
		node_start(w->nodes[i]);
	assert_agree(w, 1000);
	assert_settled(w, 1000);
	leader = world_leader(w);
	n = w->nodes[3];
	/* it hears the leader within its window, and waits to be claimed */
	net_cut(&w->net, n->host.addr, leader->host.addr, NET_DATAGRAMS);
	node_start(n);
	world_run(w, 2 * SIM_S);
	assert_int_equal(node_role(n), PFSNL_ROLE_LISTENING);
	assert_true(node_count(n, PFSNL_COUNT_INSTALLS) > 0);
	rings = node_count(leader, PFSNL_COUNT_INSTALLS);
	net_mend_all(&w->net);
	assert_agree(w, 1000);
	assert_settled(w, 1000);
	world_run(w, SIM_S);
	assert_int_equal(node_count(leader, PFSNL_COUNT_INSTALLS), rings + 1);
	world_free(w);
}

static void services_come_and_go_within_rounds(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = serving(seed, 4, ONE | TWO);

		say(w, 0, 20);
		for (i = 0; i < 30; i++) {
			struct node *n = w->nodes[sim_below(&w->sim, 4)];
			u16 id = 1 + sim_below(&w->sim, 4);
			struct replica *r = replica_of(n, id);

			if (r && n != w->nodes[0])
				replica_remove(r);
			else if (!r)
				replica_add(n, id);
			world_run(w, sim_below(&w->sim, 8 * SIM_MS));
		}
		assert_settled(w, 2000);
		assert_int_equal(first(w, 0)->set.n, 20);
		world_free(w);
	}
}

/* A service that was removed while all wait for it does not hold them up. */
static void service_removed_in_its_turn_ends_the_round(void **state)
{
	struct world *w = serving(1, 3, ONE | TWO);

	say(w, 0, 10);
	first(w, 2)->stuck = true;
	replica_add(w->nodes[1], 3);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 3);
	assert_int_equal(replica_remove(first(w, 2)), 0);
	assert_settled(w, 1000);
	assert_int_equal(first(w, 1)->set.n, 10);
	/* and once it is back it gets the state */
	replica_add(w->nodes[2], 1);
	assert_settled(w, 1000);
	assert_int_equal(first(w, 2)->set.n, 10);
	world_free(w);
}

static void full_queue_makes_a_service_wait_and_go_on(void **state)
{
	struct world *w = world_new(1);
	u32 i, sent = 0;
	int err;

	world_nodes(w, 4);
	for (i = 0; i < 4; i++) {
		w->nodes[i]->cfg.retain_kib = PFSNL_RETAIN_KIB_MIN;
		w->nodes[i]->serves = ONE;
	}
	for (i = 0; i < 3; i++)
		node_start(w->nodes[i]);
	assert_agree(w, 1000);
	assert_settled(w, 1000);
	say(w, 1, 100);
	assert_settled(w, 1000);
	for (i = 0; i < 3; i++) {
		first(w, i)->chunk = 1;
		first(w, i)->filler = 3000;
	}
	node_start(w->nodes[3]);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_PROCESS, 4);
	/* others who send as much as they can don't keep it from that */
	while (!is_at(first(w, 0), PFSNL_SYNC_PHASE_ACTIVE)) {
		do
			err = node_send(w->nodes[0], 0, 2000);
		while (!err && ++sent);
		world_run(w, SIM_MS / 4);
	}
	assert_true(sent > 100);
	assert_settled(w, 5000);
	assert_int_equal(first(w, 3)->set.n, 100);
	assert_true(first(w, 0)->n_again > 20);
	world_free(w);
}

/* how long a round takes in which 200 pieces are transmitted, nanoseconds */
static u64 time_of_round(struct world *w, u32 pieces)
{
	u64 start;

	say(w, 0, pieces);
	assert_settled(w, 1000);
	first(w, 0)->chunk = 1;
	start = w->sim.now;
	replica_add(w->nodes[0], 2);
	world_run(w, SIM_MS);
	assert_settled(w, 5000);
	assert_int_equal(state_of(first(w, 0)).items, pieces);
	return w->sim.now - start;
}

static void who_has_more_is_asked_as_soon_as_others_had_their_turn(void **state)
{
	struct world *w = serving(1, 3, ONE);
	u64 lazy, more;

	first(w, 0)->lazy = true;
	lazy = time_of_round(w, 200);
	world_free(w);
	assert_true(lazy > 1900 * SIM_MS);

	w = serving(1, 3, ONE);
	first(w, 0)->more = true;
	more = time_of_round(w, 200);
	/* and each time in a call of its own, which the service itself checks */
	assert_in_range(first(w, 0)->n_asked, 200, 210);
	assert_true(more < 100 * SIM_MS);
	world_free(w);
}

static void who_waits_is_asked_after_data(void **state)
{
	struct world *w = serving(1, 3, ONE);
	u64 asked;

	first(w, 0)->waits = true;
	assert_true(time_of_round(w, 200) < 500 * SIM_MS);
	assert_in_range(first(w, 0)->n_asked, 200, 210);
	/* and not before */
	first(w, 1)->waits = true;
	first(w, 1)->stuck = true;
	replica_add(w->nodes[1], 2);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 3);
	world_run(w, SIM_S);
	asked = first(w, 1)->n_asked;
	world_run(w, 60 * SIM_S);
	assert_int_equal(first(w, 1)->n_asked, asked);
	/* another round begins anew */
	first(w, 1)->stuck = false;
	replica_add(w->nodes[2], 2);
	assert_settled(w, 1000);
	world_free(w);
}

static void service_that_never_ends_is_waited_for(void **state)
{
	struct world *w = serving(1, 3, ONE);

	say(w, 0, 10);
	world_node(w, 3)->serves = ONE;
	first(w, 1)->stuck = true;
	node_start(w->nodes[3]);
	world_run(w, 120 * SIM_S);
	assert_true(is_at(first(w, 3), PFSNL_SYNC_PHASE_BARRIER));
	assert_int_equal(state_of(first(w, 3)).waits_for, WORLD_ADDR(1));
	/* about every ten milliseconds, not all the time */
	assert_in_range(first(w, 1)->n_asked, 10000, 13000);
	first(w, 1)->stuck = false;
	assert_settled(w, 100);
	world_free(w);
}

/* the highest leads, so that who transmits is one that it may drop */
static struct world *with_deadline(u64 seed, u32 n, u32 ms)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, n);
	for (i = 0; i < n; i++) {
		w->nodes[i]->cfg.sync_deadline_ms = ms;
		w->nodes[i]->serves = ONE;
	}
	w->nodes[n - 1]->cfg.priority = 200;
	world_start(w);
	assert_agree(w, 1000);
	assert_settled(w, 1000);
	assert_ptr_equal(world_leader(w), w->nodes[n - 1]);
	return w;
}

static void who_misses_the_deadline_is_dropped(void **state)
{
	struct world *w = with_deadline(1, 3, 5000);
	struct node *leader = world_leader(w);
	u64 start;

	say(w, 0, 10);
	first(w, 1)->stuck = true;
	replica_add(w->nodes[0], 2);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 3);
	start = w->sim.now;
	world_run(w, 4900 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 0);
	world_run(w, 200 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 1);
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_SLOW), 1);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_ACTIVE, 2);
	assert_true(w->sim.now < start + 5500 * SIM_MS);
	/* it gets another chance */
	first(w, 1)->stuck = false;
	assert_settled(w, 6000);
	assert_int_equal(first(w, 1)->set.n, 10);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 1);
	world_free(w);
}

static void leader_that_misses_the_deadline_hands_over(void **state)
{
	struct world *w = with_deadline(1, 4, 5000);
	struct node *old = world_leader(w);
	u64 updates;

	say(w, 0, 10);
	first(w, 3)->stuck = true;
	replica_add(w->nodes[0], 2);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 4);
	updates = node_state(w->nodes[2]).generation;
	world_run(w, 4900 * SIM_MS);
	assert_ptr_equal(world_leader(w), old);
	world_run(w, 400 * SIM_MS);
	/* to the lowest of those that nobody waits for; all stay in the list */
	assert_ptr_equal(world_leader(w), w->nodes[0]);
	assert_int_equal(node_count(old, PFSNL_COUNT_STEP_DOWNS), 1);
	assert_int_equal(node_count(old, PFSNL_COUNT_SYNC_SLOW), 0);
	assert_int_equal(node_state(w->nodes[2]).generation, updates);
	/* which drops it in turn */
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_ACTIVE, 3);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_SYNC_SLOW), 1);
	first(w, 3)->stuck = false;
	assert_settled(w, 12000);
	assert_int_equal(first(w, 3)->set.n, 10);
	assert_ptr_equal(world_leader(w), w->nodes[0]);
	world_free(w);
}

static void leader_hands_over_to_one_that_is_not_waited_for(void **state)
{
	struct world *w = with_deadline(1, 4, 300);

	say(w, 0, 100);
	assert_settled(w, 1000);
	/* transmits for a second, and so is not late */
	first(w, 0)->lazy = true;
	first(w, 0)->chunk = 1;
	first(w, 3)->stuck = true;
	replica_add(w->nodes[2], 2);
	assert_comes_to(w, first(w, 1), PFSNL_SYNC_PHASE_BARRIER, 4);
	world_run(w, 600 * SIM_MS);
	assert_ptr_equal(world_leader(w), w->nodes[1]);
	first(w, 3)->stuck = false;
	assert_settled(w, 6000);
	world_free(w);
}

static void leader_that_nobody_could_replace_goes_on_leading(void **state)
{
	struct world *w = world_new(1);
	struct node *leader;
	u32 i;

	world_nodes(w, 3);
	for (i = 0; i < 3; i++) {
		w->nodes[i]->cfg.sync_deadline_ms = 300;
		w->nodes[i]->cfg.priority = i ? 0 : 100;
		w->nodes[i]->serves = ONE;
	}
	world_start(w);
	assert_agree(w, 2000);
	assert_settled(w, 1000);
	leader = world_leader(w);
	first(w, 0)->stuck = true;
	replica_add(w->nodes[1], 2);
	assert_comes_to(w, first(w, 1), PFSNL_SYNC_PHASE_BARRIER, 3);
	world_run(w, 3000 * SIM_MS);
	assert_ptr_equal(world_leader(w), leader);
	assert_int_equal(node_count(leader, PFSNL_COUNT_STEP_DOWNS), 0);
	first(w, 0)->stuck = false;
	assert_settled(w, 1000);
	world_free(w);
}

static void leader_that_handed_over_wants_to_lead_only_when_it_is_done(void **state)
{
	struct world *w = with_deadline(1, 3, 1000);
	struct node *old = world_leader(w);
	struct pfsnl_config cfg = old->cfg;

	cfg.preempt = true;
	assert_int_equal(node_set(old, &cfg), 0);
	first(w, 2)->stuck = true;
	replica_add(w->nodes[0], 2);
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_BARRIER, 3);
	world_run(w, 20 * SIM_S);
	assert_int_equal(node_count(old, PFSNL_COUNT_STEP_DOWNS), 1);
	assert_ptr_not_equal(world_leader(w), old);
	first(w, 2)->stuck = false;
	world_run(w, 5 * SIM_S);
	assert_settled(w, 3000);
	assert_ptr_equal(world_leader(w), old);
	world_free(w);
}

/* whoever leads, and however often that changes */
static void others_are_activated_whoever_is_stuck(void **state)
{
	u64 seed, handed = 0;
	u32 i, stuck, free;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = with_deadline(seed, 4, 500);
		u64 times, limit;

		say(w, 0, 20);
		assert_settled(w, 1000);
		stuck = 1 + sim_below(&w->sim, 14);
		for (i = 0; i < 4; i++)
			first(w, i)->stuck = stuck >> i & 1;
		for (free = 0; first(w, free)->stuck; free++)
			;
		times = state_of(first(w, free)).served.times;
		replica_add(w->nodes[free], 2);
		limit = w->sim.now + 30 * SIM_S;
		while (state_of(first(w, free)).served.times == times) {
			assert_true(w->sim.now < limit);
			world_run(w, 10 * SIM_MS);
		}
		for (i = 0; i < 4; i++) {
			first(w, i)->stuck = false;
			handed += node_count(w->nodes[i],
					     PFSNL_COUNT_STEP_DOWNS);
		}
		assert_settled(w, 30000);
		for (i = 0; i < 4; i++)
			assert_int_equal(first(w, i)->set.n, 20);
		world_free(w);
	}
	assert_true(handed > 0);
}

static void deadline_that_is_set_later_counts_from_then(void **state)
{
	struct world *w = serving(1, 3, ONE);
	struct node *leader = world_leader(w);
	struct pfsnl_config cfg = leader->cfg;

	first(w, 2)->stuck = true;
	replica_add(w->nodes[1], 2);
	world_run(w, 60 * SIM_S);
	cfg.sync_deadline_ms = 1000;
	assert_int_equal(node_set(leader, &cfg), 0);
	world_run(w, 900 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 0);
	world_run(w, 200 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 1);
	world_free(w);
}

static void who_transmits_slowly_is_not_dropped(void **state)
{
	struct world *w = with_deadline(1, 3, 100);
	struct node *leader = world_leader(w);

	say(w, 0, 100);
	assert_settled(w, 1000);
	first(w, 0)->lazy = true;
	first(w, 0)->chunk = 1;
	world_node(w, 3)->serves = ONE;
	w->nodes[3]->cfg.sync_deadline_ms = 100;
	node_start(w->nodes[3]);
	assert_agree(w, 1000);
	world_run(w, 500 * SIM_MS);
	assert_true(is_at(first(w, 3), PFSNL_SYNC_PHASE_BARRIER));
	assert_settled(w, 3000);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 0);
	assert_int_equal(first(w, 3)->set.n, 100);
	world_free(w);
}

static void who_hides_behind_one_that_transmits_is_dropped(void **state)
{
	struct world *w = with_deadline(1, 4, 200);
	struct node *leader = world_leader(w);

	say(w, 0, 100);
	assert_settled(w, 1000);
	/* for a second */
	first(w, 0)->lazy = true;
	first(w, 0)->chunk = 1;
	first(w, 1)->stuck = true;
	replica_add(w->nodes[2], 2);
	assert_comes_to(w, first(w, 2), PFSNL_SYNC_PHASE_BARRIER, 4);
	world_run(w, 180 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 0);
	world_run(w, 30 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_SYNC_SLOW), 1);
	first(w, 1)->stuck = false;
	assert_settled(w, 6000);
	world_free(w);
}

static void services_wait_until_groups_are_one(void **state)
{
	struct world *w = serving(1, 3, ONE);
	struct node *late;
	u64 asked;

	process_join(w->nodes[0], "g");
	process_join(w->nodes[2], "g");
	world_run(w, 100 * SIM_MS);
	late = world_node(w, 3);
	late->serves = ONE;
	late->garbles = true;
	node_start(late);
	process_join(late, "g");
	assert_comes_to(w, first(w, 0), PFSNL_SYNC_PHASE_PROCESS, 4);
	asked = first(w, 0)->n_asked;
	world_run(w, 5000 * SIM_MS);
	assert_true(is_at(first(w, 0), PFSNL_SYNC_PHASE_PROCESS));
	assert_int_equal(first(w, 0)->n_asked, asked);
	late->garbles = false;
	assert_settled(w, 12000);
	world_free(w);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(newcomer_gets_the_state),
	cmocka_unit_test(operations_go_on_while_a_node_comes),
	cmocka_unit_test(operation_before_activation_is_refused),
	cmocka_unit_test(services_that_can_not_be_are_refused),
	cmocka_unit_test(nothing_is_said_where_nobody_has_services),
	cmocka_unit_test(service_that_only_some_have_waits_for_these),
	cmocka_unit_test(service_added_later_makes_a_ring),
	cmocka_unit_test(who_waited_for_its_leader_makes_one_ring),
	cmocka_unit_test(services_come_and_go_within_rounds),
	cmocka_unit_test(service_removed_in_its_turn_ends_the_round),
	cmocka_unit_test(full_queue_makes_a_service_wait_and_go_on),
	cmocka_unit_test(who_has_more_is_asked_as_soon_as_others_had_their_turn),
	cmocka_unit_test(who_waits_is_asked_after_data),
	cmocka_unit_test(service_that_never_ends_is_waited_for),
	cmocka_unit_test(who_misses_the_deadline_is_dropped),
	cmocka_unit_test(leader_that_misses_the_deadline_hands_over),
	cmocka_unit_test(leader_hands_over_to_one_that_is_not_waited_for),
	cmocka_unit_test(leader_that_nobody_could_replace_goes_on_leading),
	cmocka_unit_test(leader_that_handed_over_wants_to_lead_only_when_it_is_done),
	cmocka_unit_test(others_are_activated_whoever_is_stuck),
	cmocka_unit_test(deadline_that_is_set_later_counts_from_then),
	cmocka_unit_test(who_transmits_slowly_is_not_dropped),
	cmocka_unit_test(who_hides_behind_one_that_transmits_is_dropped),
	cmocka_unit_test(services_wait_until_groups_are_one),
};

int main(void)
{
	return RUN_WORLD_TESTS(tests);
}
