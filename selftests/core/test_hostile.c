// SPDX-License-Identifier: GPL-2.0
/*
 * Neighbours that break the rules, by mistake or not: each breach is counted,
 * and the cluster goes on as if nothing had happened.
 */
#include "test_stranger.h"

static void foreign_cluster_is_ignored_and_counted(void **state)
{
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, 8);
	for (i = 1; i < 8; i += 2)
		snprintf(w->nodes[i]->cfg.cluster,
			 sizeof(w->nodes[i]->cfg.cluster), "other");
	world_start(w);
	world_run(w, 5 * SIM_S);
	for (i = 0; i < 8; i++) {
		assert_int_equal(w->nodes[i]->watch.n, 4);
		assert_int_equal(w->nodes[i]->watch.n_log, 1);
		assert_int_equal(w->nodes[i]->watch.ring.leader,
				 WORLD_ADDR(i % 2));
		assert_true(node_count(w->nodes[i],
				       PFSNL_COUNT_BEACON_FOREIGN) > 20);
	}
	world_free(w);
}

static void spoofed_beacon_is_ignored_and_counted(void **state)
{
	struct stranger *s = stranger_at(1, 4);
	struct node *victim = s->world->nodes[2];
	struct pfsnl_beacon b = stranger_beacon(s, victim, PFSNL_BEACON_LEAVING);
	u32 i;

	/* in the name of a client, and of the leader */
	b.addr = victim->host.addr;
	b.incarnation = victim->incarnation;
	stranger_send(s, WORLD_BROADCAST, &b);
	b.addr = s->world->nodes[0]->host.addr;
	b.incarnation = s->world->nodes[0]->incarnation;
	stranger_send(s, WORLD_BROADCAST, &b);
	world_run(s->world, 2 * SIM_S);
	assert_unnoticed(s);
	for (i = 0; i < 4; i++)
		assert_int_equal(node_count(s->world->nodes[i],
					    PFSNL_COUNT_BEACON_SPOOFED), 2);
	stranger_free(s);
}

static void second_node_of_our_address_is_counted(void **state)
{
	struct stranger *s = stranger_at(1, 3);
	struct node *n = s->world->nodes[1];
	struct pfsnl_beacon b = stranger_beacon(s, n, 0);
	u8 wire[PFSNL_BEACON_LEN];

	b.addr = n->host.addr;
	pfsnl_beacon_encode(&b, wire);
	host_send_as(&s->host, n->host.addr, n->host.addr, wire, sizeof(wire));
	world_run(s->world, SIM_S);
	assert_int_equal(node_count(n, PFSNL_COUNT_BEACON_DUPLICATE), 1);
	assert_unnoticed(s);
	stranger_free(s);
}

static void beacon_of_a_past_life_is_a_straggler(void **state)
{
	struct stranger *s = stranger_at(1, 3);
	struct node *n = s->world->nodes[2];
	struct pfsnl_beacon b;
	u8 wire[PFSNL_BEACON_LEN];
	u32 i;

	b = stranger_beacon(s, n, 0);
	b.addr = n->host.addr;
	b.incarnation = n->incarnation;
	node_kill(n);
	node_start(n);
	assert_agree(s->world, 100);
	for (i = 0; i < 3; i++)
		watch_forget(&s->world->nodes[i]->watch);
	pfsnl_beacon_encode(&b, wire);
	host_send_as(&s->host, n->host.addr, WORLD_BROADCAST, wire,
		     sizeof(wire));
	world_run(s->world, 2 * SIM_S);
	assert_unnoticed(s);
	stranger_free(s);
}

/* the same when nobody remembers that life: the node must not stay shut out */
static void stray_beacon_of_an_unknown_life_does_not_shut_a_node_out(void **state)
{
	struct stranger *s = stranger_at(1, 4);
	struct pfsnl_beacon b;
	u8 wire[PFSNL_BEACON_LEN];
	u32 who;

	/* a client, then the leader */
	for (who = 2; who != ~0U; who = who ? 0 : ~0U) {
		struct node *n = s->world->nodes[who];

		b = stranger_beacon(s, n, 0);
		b.addr = n->host.addr;
		b.incarnation = n->incarnation ^ 2;
		pfsnl_beacon_encode(&b, wire);
		host_send_as(&s->host, n->host.addr, WORLD_BROADCAST, wire,
			     sizeof(wire));
		world_run(s->world, SIM_S);
		assert_agree(s->world, 5000);
	}
	stranger_free(s);
}

static void who_thinks_it_is_tethered_is_told_that_it_is_not(void **state)
{
	struct stranger *s = stranger_at(1, 3);
	struct node *leader = s->world->nodes[0];
	struct pfsnl_beacon b = stranger_beacon(s, leader,
						PFSNL_BEACON_TETHERED);
	struct pfsnl_beacon answer;

	b.ring = leader->watch.ring;
	stranger_send(s, leader->host.addr, &b);
	assert_int_equal(s->datagrams, 1);
	assert_int_equal(pfsnl_beacon_decode(&answer, s->heard, s->n_heard), 0);
	assert_true(answer.flags & PFSNL_BEACON_NOT_MEMBER);
	assert_int_equal(answer.subject, s->incarnation);
	assert_int_equal(answer.addr, leader->host.addr);
	assert_int_equal(answer.incarnation, leader->incarnation);
	assert_int_equal(node_count(leader, PFSNL_COUNT_NOT_MEMBER_TX), 1);
	/* but not who is tethered to somebody else, nor by clients */
	b.ring.leader = WORLD_ADDR(77);
	stranger_send(s, leader->host.addr, &b);
	stranger_send(s, s->world->nodes[1]->host.addr, &b);
	assert_int_equal(s->datagrams, 1);
	assert_unnoticed(s);
	stranger_free(s);
}

static void not_member_about_somebody_else_is_ignored(void **state)
{
	struct stranger *s = stranger_at(1, 3);
	struct node *leader = s->world->nodes[0], *n = s->world->nodes[1];
	struct pfsnl_beacon b = stranger_beacon(s, leader,
		PFSNL_BEACON_NOT_MEMBER | PFSNL_BEACON_LEADER);
	u8 wire[PFSNL_BEACON_LEN];

	b.addr = leader->host.addr;
	b.incarnation = leader->incarnation;
	b.subject = n->incarnation ^ 1;
	pfsnl_beacon_encode(&b, wire);
	host_send_as(&s->host, leader->host.addr, n->host.addr, wire,
		     sizeof(wire));
	world_run(s->world, SIM_MS);
	assert_int_equal(node_role(n), PFSNL_ROLE_CLIENT);
	assert_int_equal(node_count(n, PFSNL_COUNT_NOT_MEMBER_RX), 0);
	/* about itself it is believed, and soon made up for */
	b.subject = n->incarnation;
	pfsnl_beacon_encode(&b, wire);
	host_send_as(&s->host, leader->host.addr, n->host.addr, wire,
		     sizeof(wire));
	world_run(s->world, SIM_MS);
	assert_int_equal(node_count(n, PFSNL_COUNT_NOT_MEMBER_RX), 1);
	assert_agree(s->world, 1000);
	/* it kept its list meanwhile */
	assert_int_equal(n->watch.n_log, 0);
	stranger_free(s);
}

static void malformed_datagrams_are_counted_and_harmless(void **state)
{
	struct stranger *s = stranger_at(1, 4);
	struct world *w = s->world;
	u8 data[300];
	u32 i, j;

	for (i = 0; i < 5000; i++) {
		size_t len = sim_below(&w->sim, sizeof(data));

		for (j = 0; j < len; j++)
			data[j] = sim_random(&w->sim);
		/* half of them begin well, and then state another length */
		if (i & 1)
			memcpy(data, "I'm alive\1\xff\xff", 12);
		if (len == 9)
			len = 8;
		host_send(&s->host, WORLD_BROADCAST, data, len);
		world_run(w, SIM_MS);
	}
	for (i = 0; i < 4; i++)
		assert_int_equal(node_count(w->nodes[i],
					    PFSNL_COUNT_BEACON_MALFORMED), 5000);
	assert_unnoticed(s);
	stranger_free(s);
}

/* a ring number that leaves no room for the next one */
static void absurd_ring_number_does_not_end_all_rings(void **state)
{
	static const u64 seq[] = {
		PFSNL_RING_SEQ_MAX, PFSNL_RING_SEQ_MAX - 1,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(seq); i++) {
		struct stranger *s = stranger_at(1, 3);
		struct pfsnl_beacon b = stranger_beacon(s, s->world->nodes[0],
							PFSNL_BEACON_TETHERED);

		b.ring.seq = seq[i];
		b.ring.leader = WORLD_ADDR(77);
		stranger_send(s, WORLD_BROADCAST, &b);
		node_start(world_node(s->world, 3));
		assert_agree(s->world, 500);
		node_start(world_node(s->world, 4));
		assert_agree(s->world, 500);
		node_kill(s->world->nodes[0]);
		assert_agree(s->world, 3000);
		stranger_free(s);
	}
}

static void noise_on_the_tether_port_is_counted_and_harmless(void **state)
{
	struct stranger *s = stranger_at(1, 4);
	struct world *w = s->world;
	u64 refused = 0;
	u8 noise[200];
	u32 i, j;

	for (i = 0; i < 2000; i++) {
		struct node *n = w->nodes[i % 4];

		for (j = 0; j < sizeof(noise); j++)
			noise[j] = sim_random(&w->sim);
		assert_true(stranger_dial(s, n));
		stranger_write(s, noise, 1 + sim_below(&w->sim, sizeof(noise)));
		world_run(w, 2 * SIM_MS);
	}
	for (i = 0; i < 4; i++)
		refused += node_count(w->nodes[i], PFSNL_COUNT_FRAME_MALFORMED);
	assert_in_range(refused, 1800, 2000);
	assert_unnoticed(s);
	stranger_free(s);
}

static void who_connects_and_says_nothing_is_shown_out(void **state)
{
	struct stranger *s = stranger_at(1, 3);
	u32 i;

	for (i = 0; i < 3; i++) {
		assert_true(stranger_dial(s, s->world->nodes[i]));
		world_run(s->world, 350 * SIM_MS);
		assert_non_null(s->end);
		world_run(s->world, 100 * SIM_MS);
		assert_null(s->end);
	}
	/* and who sends half a frame */
	assert_true(stranger_dial(s, s->world->nodes[1]));
	stranger_write(s, "PF\0\1\0\0\0", 7);
	world_run(s->world, 450 * SIM_MS);
	assert_null(s->end);
	assert_unnoticed(s);
	stranger_free(s);
}

static void crowd_at_the_tether_port_does_not_keep_the_leader_out(void **state)
{
	struct world *w = world_of(1, 3);
	struct stranger *s[64];
	struct node *late = world_node(w, 3);
	u64 refused;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(s); i++)
		s[i] = stranger_new(w, STRANGER + i);
	node_start(late);
	/* they get there first */
	for (i = 0; i < ARRAY_SIZE(s); i++)
		s[i]->end = stream_dial(&s[i]->host, late->host.addr, 7319);
	world_run(w, 5 * SIM_MS);
	refused = node_count(late, PFSNL_COUNT_TETHER_REFUSED);
	assert_true(refused >= ARRAY_SIZE(s) - 16);
	/* no memory for any number of them */
	assert_true(late->ledger.peak < 1 << 16);
	assert_agree(w, 1500);
	for (i = 0; i < ARRAY_SIZE(s); i++)
		host_set(&s[i]->host, HOST_OFF);
	world_free(w);
	for (i = 0; i < ARRAY_SIZE(s); i++)
		free(s[i]);
}

static void claims_that_are_not_for_us_are_refused(void **state)
{
	struct stranger *s = stranger_at(1, 3);
	struct node *leader = s->world->nodes[0], *client = s->world->nodes[1];
	struct pfsnl_hello h = stranger_hello(s, client), answer;
	size_t at = 0;

	/* another cluster */
	h.cluster_id ^= 1;
	assert_true(stranger_dial(s, client));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	assert_int_equal(stranger_got(s, &at), PFSNL_FRAME_BUSY);
	assert_int_equal(pfsnl_hello_decode(&answer, s->in + 8, PFSNL_HELLO_LEN), 0);
	assert_int_equal(answer.reason, PFSNL_REASON_FOREIGN);

	/* another life of the node */
	h.cluster_id ^= 1;
	h.subject = client->incarnation + 2;
	at = 0;
	assert_true(stranger_dial(s, client));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	assert_int_equal(stranger_got(s, &at), PFSNL_FRAME_BUSY);

	/* a client of somebody else is told whom it follows */
	h.subject = client->incarnation;
	at = 0;
	assert_true(stranger_dial(s, client));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	assert_int_equal(stranger_got(s, &at), PFSNL_FRAME_BUSY);
	assert_int_equal(pfsnl_hello_decode(&answer, s->in + 8, PFSNL_HELLO_LEN), 0);
	assert_int_equal(answer.reason, PFSNL_REASON_BUSY);
	assert_int_equal(answer.ring.leader, leader->host.addr);
	assert_int_equal(node_count(client, PFSNL_COUNT_CLAIM_REFUSED), 3);

	/* a worse leader */
	h.subject = 0;
	at = 0;
	assert_true(stranger_dial(s, leader));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	assert_int_equal(stranger_got(s, &at), PFSNL_FRAME_BUSY);

	/* a false address gets no answer at all */
	h.addr = WORLD_ADDR(2);
	assert_true(stranger_dial(s, client));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	assert_int_equal(s->n_in, 0);
	assert_null(s->end);
	assert_unnoticed(s);
	stranger_free(s);
}

static void frames_without_a_claim_are_refused(void **state)
{
	static const u32 ops[] = {
		PFSNL_FRAME_ACCEPT, PFSNL_FRAME_BUSY, PFSNL_FRAME_LEAVE,
		PFSNL_FRAME_PING, PFSNL_FRAME_PONG, PFSNL_FRAME_ADD,
		PFSNL_FRAME_REMOVE,
	};
	struct stranger *s = stranger_at(1, 3);
	u8 wire[100] = { 0 };
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		for (j = 0; j < 3; j++) {
			bool update = ops[i] == PFSNL_FRAME_ADD ||
				      ops[i] == PFSNL_FRAME_REMOVE;

			assert_true(stranger_dial(s, s->world->nodes[j]));
			put_be(put_be(wire, 4, ops[i]), 4, update ? 0 : 72);
			stranger_write(s, wire, update ? 8 : 80);
			assert_null(s->end);
			assert_int_equal(s->n_in, 0);
		}
	/* a list costs no memory before somebody is accepted */
	put_be(put_be(wire, 4, PFSNL_FRAME_INSTALL), 4, 4096);
	for (j = 0; j < 3; j++) {
		assert_true(stranger_dial(s, s->world->nodes[j]));
		stranger_write(s, wire, 8);
		assert_null(s->end);
	}
	assert_unnoticed(s);
	stranger_free(s);
}

/*
 * A stranger that takes part and changes a byte now and then: whatever becomes
 * of it, the others stay together.
 */
static void mutated_conversations_disturb_nobody_else(void **state)
{
	struct stranger *s = stranger_at(1, 4);
	struct world *w = s->world;
	u32 round, joins = 0;
	bool in = false;

	for (round = 0; round < 3000; round++) {
		struct node *n = w->nodes[sim_below(&w->sim, 4)];
		struct pfsnl_beacon b;
		struct pfsnl_hello h = stranger_hello(s, n);
		u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN];
		static const u32 ops[] = {
			PFSNL_FRAME_CLAIM, PFSNL_FRAME_ACCEPT, PFSNL_FRAME_BUSY,
			PFSNL_FRAME_LEAVE, PFSNL_FRAME_PING, PFSNL_FRAME_INSTALL,
		};
		u32 i;

		switch (sim_below(&w->sim, 32)) {
		case 0:
			s->incarnation += 2;
			break;
		case 1:
			stranger_hang_up(s);
			break;
		case 2:
			stranger_dial(s, n);
			break;
		case 3 ... 16:
			b = stranger_beacon(s, n, sim_below(&w->sim, 32));
			b.flags &= ~PFSNL_BEACON_LEADER;
			b.ring.leader = sim_below(&w->sim, 2) ?
					n->host.addr : 0;
			stranger_send(s, n->host.addr, &b);
			break;
		default:
			pfsnl_hello_encode(&h, sim_below(&w->sim, 2) ?
					   PFSNL_FRAME_ACCEPT :
					   ops[sim_below(&w->sim, 6)], wire);
			for (i = sim_below(&w->sim, 8) / 5; i; i--)
				wire[sim_below(&w->sim, sizeof(wire))] ^=
					1 << sim_below(&w->sim, 8);
			stranger_write(s, wire, sizeof(wire));
		}
		joins += !in && watch_has(&w->nodes[1]->watch, STRANGER);
		in = watch_has(&w->nodes[1]->watch, STRANGER);
		world_run(w, sim_below(&w->sim, 60) * SIM_MS);
	}
	/* it did take part */
	assert_true(joins >= 5);
	stranger_hang_up(s);
	world_run(w, 3 * SIM_S);
	assert_undisturbed(s);
	stranger_free(s);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(foreign_cluster_is_ignored_and_counted),
		cmocka_unit_test(spoofed_beacon_is_ignored_and_counted),
		cmocka_unit_test(second_node_of_our_address_is_counted),
		cmocka_unit_test(beacon_of_a_past_life_is_a_straggler),
		cmocka_unit_test(stray_beacon_of_an_unknown_life_does_not_shut_a_node_out),
		cmocka_unit_test(who_thinks_it_is_tethered_is_told_that_it_is_not),
		cmocka_unit_test(not_member_about_somebody_else_is_ignored),
		cmocka_unit_test(malformed_datagrams_are_counted_and_harmless),
		cmocka_unit_test(absurd_ring_number_does_not_end_all_rings),
		cmocka_unit_test(noise_on_the_tether_port_is_counted_and_harmless),
		cmocka_unit_test(who_connects_and_says_nothing_is_shown_out),
		cmocka_unit_test(crowd_at_the_tether_port_does_not_keep_the_leader_out),
		cmocka_unit_test(claims_that_are_not_for_us_are_refused),
		cmocka_unit_test(frames_without_a_claim_are_refused),
		cmocka_unit_test(mutated_conversations_disturb_nobody_else),
	};

	return RUN_WORLD_TESTS(tests);
}
