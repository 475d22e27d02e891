// SPDX-License-Identifier: GPL-2.0
/*
 * Leaders and clients that are not what they claim to be: what they may do to a
 * node that took them in, and what not.
 */
#include "groupmsg.h"
#include "test_stranger.h"

/* be dialled by the leader, and leave the answer to the test */
static struct stranger *false_client(void)
{
	struct stranger *s = stranger_at(1, 3);
	struct node *leader = s->world->nodes[0];
	struct pfsnl_beacon b = stranger_beacon(s, leader,
						PFSNL_BEACON_LISTENING);
	size_t at = 0;

	stranger_send(s, leader->host.addr, &b);
	world_run(s->world, SIM_MS);
	assert_non_null(s->end);
	assert_int_equal(stranger_got(s, &at), PFSNL_FRAME_CLAIM);
	return s;
}

/* a listening node that never leads, and a stranger that claimed it */
static struct stranger *false_leader(struct node **victim)
{
	struct world *w = world_new(1);
	struct stranger *s = stranger_new(w, STRANGER);
	struct pfsnl_hello h;
	size_t at = 0;

	*victim = world_node(w, 0);
	(*victim)->cfg.priority = 0;
	node_start(*victim);
	world_run(w, 10 * SIM_MS);
	h = stranger_hello(s, *victim);
	assert_true(stranger_dial(s, *victim));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	assert_int_equal(stranger_got(s, &at), PFSNL_FRAME_ACCEPT);
	assert_int_equal(node_role(*victim), PFSNL_ROLE_CLIENT);
	return s;
}

/**
 * struct list_of - a list, or a change to one
 * @seq: its number
 * @leader: who made it, the stranger if 0
 * @flags: PFSNL_INSTALL_*
 * @base: what it changes
 * @members: nodes that it says there are
 * @removes: how many remove records
 * @adds: how many add records
 * @addrs: the nodes of both; 0 stands for the one it is given to
 * @life: incarnation of nodes that are neither
 * @taken: whether it should be
 */
struct list_of {
	u64 seq;
	u32 leader;
	u32 flags;
	u64 base;
	u32 members;
	u32 removes;
	u32 adds;
	u32 addrs[4];
	u64 life;
	bool taken;
};

static size_t list_write(const struct stranger *s, const struct node *victim,
			 const struct list_of *l, u8 *wire)
{
	struct pfsnl_install in = {
		.ring = {
			.seq = l->seq,
			.incarnation = s->incarnation,
			.leader = l->leader ? l->leader : s->host.addr,
		},
		.flags = l->flags,
		.base_seq = l->base,
		.members = l->members,
		.removes = l->removes,
		.adds = l->adds,
	};
	u8 *p = pfsnl_install_encode(&in, PFSNL_FRAME_INSTALL, wire);
	u32 i;

	for (i = 0; i < l->removes + l->adds; i++) {
		struct pfsnl_member m = {
			.addr = l->addrs[i] ? l->addrs[i] : victim->host.addr,
			.tether_port = 7319,
			.level = 1,
			.incarnation = l->addrs[i] == s->host.addr ?
				       s->incarnation : l->addrs[i] ? 1 + l->life :
				       victim->incarnation,
		};

		p = i < l->removes ? pfsnl_record_remove(p, &m, 1) :
				     pfsnl_record_add(p, &m, PFSNL_REASON_JOINED);
	}
	return p - wire;
}

/* give a list, after another one perhaps, and see whether it is taken */
static void check_list(const struct list_of *before, const struct list_of *l)
{
	struct node *victim;
	struct stranger *s = false_leader(&victim);
	u8 wire[1024];
	u32 n = 0;

	if (before) {
		stranger_write(s, wire, list_write(s, victim, before, wire));
		assert_int_equal(victim->watch.n, before->members);
		n = before->members;
	}
	stranger_write(s, wire, list_write(s, victim, l, wire));
	if (l->taken) {
		assert_int_equal(victim->watch.n, l->members);
		assert_int_equal(victim->watch.ring.seq, l->seq);
		assert_non_null(s->end);
	} else {
		/* all of it or nothing */
		assert_int_equal(victim->watch.n, n);
		assert_null(s->end);
		assert_int_equal(node_count(victim, PFSNL_COUNT_FRAME_MALFORMED),
				 1);
	}
	stranger_free(s);
}

#define FULL_LIST(n)	.flags = PFSNL_INSTALL_FULL, .members = (n), .adds = (n)
#define CHANGE_OF(ring, n, r, a)					\
	.base = (ring), .members = (n), .removes = (r), .adds = (a)
#define CHANGE(n, r, a)	CHANGE_OF(7, n, r, a)
#define A	WORLD_ADDR(8)
#define B	WORLD_ADDR(9)

static void lists_that_contradict_themselves_are_refused(void **state)
{
	/* the victim, the stranger and B */
	static const struct list_of before = {
		.seq = 7, FULL_LIST(3), .addrs = { 0, STRANGER, B },
	};
	static const struct list_of first[] = {
		{ .seq = 7, FULL_LIST(2), .addrs = { 0, STRANGER },
		  .taken = true },
		/* without the one it is given to */
		{ .seq = 7, FULL_LIST(2), .addrs = { STRANGER, B } },
		{ .seq = 7, FULL_LIST(0) },
		/* one node twice */
		{ .seq = 7, FULL_LIST(3), .addrs = { 0, STRANGER, 0 } },
		/* of another leader */
		{ .seq = 7, FULL_LIST(2), .addrs = { 0, B }, .leader = B },
		/* a change of nothing */
		{ .seq = 7, CHANGE(2, 0, 2), .addrs = { 0, STRANGER } },
	};
	static const struct list_of next[] = {
		{ .seq = 8, CHANGE(4, 0, 1), .addrs = { A }, .taken = true },
		{ .seq = 8, CHANGE(2, 1, 0), .addrs = { B }, .taken = true },
		{ .seq = 8, CHANGE(3, 1, 1), .addrs = { B, A }, .taken = true },
		{ .seq = 8, FULL_LIST(2), .addrs = { 0, STRANGER },
		  .taken = true },
		/* what is known of B is new */
		{ .seq = 8, CHANGE(3, 0, 1), .addrs = { B }, .taken = true },
		/* B has another life */
		{ .seq = 8, CHANGE(3, 1, 0), .addrs = { B }, .life = 2 },
		{ .seq = 8, CHANGE(3, 0, 1), .addrs = { B }, .life = 2 },
		/* miscounted */
		{ .seq = 8, CHANGE(3, 0, 1), .addrs = { A } },
		/* who is to be removed is not there, or is removed twice */
		{ .seq = 8, CHANGE(2, 1, 0), .addrs = { A } },
		{ .seq = 8, CHANGE(1, 2, 0), .addrs = { B, B } },
		/* without the one it is given to */
		{ .seq = 8, CHANGE(2, 1, 0), .addrs = { 0 } },
		{ .seq = 8, CHANGE(3, 1, 1), .addrs = { 0, A } },
		/* of another ring than the one it has */
		{ .seq = 9, CHANGE_OF(8, 4, 0, 1), .addrs = { A } },
		/* not newer */
		{ .seq = 7, CHANGE(4, 0, 1), .addrs = { A } },
		{ .seq = 6, CHANGE(4, 0, 1), .addrs = { A } },
		{ .seq = 6, FULL_LIST(2), .addrs = { 0, STRANGER } },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(first); i++)
		check_list(NULL, &first[i]);
	for (i = 0; i < ARRAY_SIZE(next); i++)
		check_list(&before, &next[i]);
}

static void messages_that_are_too_short_end_the_tether(void **state)
{
	static const u32 ops[] = {
		PFSNL_FRAME_LEAVE, PFSNL_FRAME_PING, PFSNL_FRAME_PONG,
		PFSNL_FRAME_INSTALL,
	};
	u8 wire[16] = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct node *victim;
		struct stranger *s = false_leader(&victim);

		put_be(put_be(wire, 4, ops[i]), 4, 7);
		stranger_write(s, wire, 15);
		assert_null(s->end);
		assert_int_equal(node_count(victim, PFSNL_COUNT_FRAME_MALFORMED),
				 1);
		/* no list came, so nothing is kept of this leader */
		assert_int_equal(node_role(victim), PFSNL_ROLE_LISTENING);
		stranger_free(s);
	}
	for (i = 0; i < 3; i++) {
		struct stranger *s = false_client();
		struct node *leader = s->world->nodes[0];
		struct pfsnl_hello h = stranger_hello(s, leader);

		stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
		put_be(put_be(wire, 4, ops[i]), 4, 7);
		stranger_write(s, wire, 15);
		assert_null(s->end);
		assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_MALFORMED),
				 1);
		assert_undisturbed(s);
		stranger_free(s);
	}
}

static void leader_may_claim_again_what_is_its_own(void **state)
{
	static const struct list_of list = {
		.seq = 7, FULL_LIST(2), .addrs = { 0, STRANGER },
	};
	struct node *victim;
	struct stranger *s = false_leader(&victim);
	struct pfsnl_hello h = stranger_hello(s, victim);
	struct stream_end *first = s->end;
	u8 wire[256];
	size_t at = 0;

	stranger_write(s, wire, list_write(s, victim, &list, wire));
	/* its end of the tether broke, and nothing told the other one */
	s->end = NULL;
	assert_true(stranger_dial(s, victim));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	assert_int_equal(stranger_got(s, &at), PFSNL_FRAME_ACCEPT);
	assert_int_equal(s->closes, 1);
	/* the same ring again is no news */
	stranger_write(s, wire, list_write(s, victim, &list, wire));
	assert_int_equal(victim->watch.n, 2);
	assert_int_equal(victim->watch.n_log, 1);
	assert_int_equal(node_tethers(victim), 1);
	assert_ptr_not_equal(s->end, first);
	stranger_free(s);
}

static void leader_that_gives_no_list_is_left(void **state)
{
	struct node *victim;
	struct stranger *s = false_leader(&victim);

	/* it even lives on, and answers nothing else */
	world_run(s->world, 900 * SIM_MS);
	assert_int_equal(node_role(victim), PFSNL_ROLE_CLIENT);
	world_run(s->world, 400 * SIM_MS);
	assert_int_not_equal(node_role(victim), PFSNL_ROLE_CLIENT);
	assert_null(s->end);
	world_run(s->world, 3 * SIM_S);
	assert_int_equal(victim->watch.n, 1);
	stranger_free(s);
}

static void list_larger_than_we_can_hold_is_left(void **state)
{
	static const struct list_of large = {
		.seq = 7, FULL_LIST(3), .addrs = { 0, STRANGER, B },
	};
	struct world *w = world_new(1);
	struct stranger *s = stranger_new(w, STRANGER);
	struct node *n = world_node(w, 0);
	struct pfsnl_hello h;
	u8 wire[256];

	n->cfg.max_nodes = 2;
	node_start(n);
	world_run(w, 10 * SIM_MS);
	h = stranger_hello(s, n);
	assert_true(stranger_dial(s, n));
	stranger_say(s, PFSNL_FRAME_CLAIM, &h);
	stranger_write(s, wire, list_write(s, n, &large, wire));
	assert_null(s->end);
	world_run(w, 5 * SIM_S);
	assert_int_equal(n->watch.n, 1);
	stranger_free(s);
}

static void client_that_does_not_answer_is_given_up(void **state)
{
	struct stranger *s = false_client();

	world_run(s->world, 300 * SIM_MS);
	assert_null(s->end);
	assert_int_equal(node_count(s->world->nodes[0],
				    PFSNL_COUNT_TETHER_DIAL_FAILED), 1);
	assert_unnoticed(s);
	stranger_free(s);
}

static void answers_that_are_wrong_are_refused(void **state)
{
	u32 i;

	for (i = 0; i < 5; i++) {
		struct stranger *s = false_client();
		struct node *leader = s->world->nodes[0];
		struct pfsnl_hello h = stranger_hello(s, leader);
		u32 op = PFSNL_FRAME_ACCEPT;

		switch (i) {
		case 0:
			h.cluster_id ^= 1;
			break;
		case 1:
			h.addr = leader->host.addr;
			break;
		case 2:
			h.addr = s->world->nodes[1]->host.addr;
			break;
		case 3:
			h.max_nodes = 1;
			break;
		case 4:
			op = PFSNL_FRAME_CLAIM;
			break;
		}
		stranger_say(s, op, &h);
		assert_null(s->end);
		world_run(s->world, 100 * SIM_MS);
		assert_unnoticed(s);
		stranger_free(s);
	}
}

static void client_in_name_of_another_life_is_one_node(void **state)
{
	struct stranger *s = false_client();
	struct pfsnl_hello h = stranger_hello(s, s->world->nodes[0]);
	struct pfsnl_peer peer;

	/* it restarted between its beacon and its answer */
	h.incarnation += 2;
	stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
	world_run(s->world, 10 * SIM_MS);
	assert_int_equal(s->world->nodes[0]->watch.n, 4);
	assert_true(pfsnl_core_peer_next(s->world->nodes[1]->core, STRANGER - 1,
					 &peer));
	assert_int_equal(peer.member.incarnation, h.incarnation);
	stranger_free(s);
}

static void members_that_break_the_rules_are_dropped(void **state)
{
	static const u32 ops[] = {
		PFSNL_FRAME_CLAIM, PFSNL_FRAME_ACCEPT, PFSNL_FRAME_INSTALL,
		PFSNL_FRAME_ADD, 0x12345678,
	};
	u8 wire[200] = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct stranger *s = false_client();
		struct node *leader = s->world->nodes[0];
		struct pfsnl_hello h = stranger_hello(s, leader);

		stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
		world_run(s->world, 10 * SIM_MS);
		assert_int_equal(leader->watch.n, 4);
		put_be(put_be(wire, 4, ops[i]), 4,
		       ops[i] == PFSNL_FRAME_ADD ? 0 : 72);
		stranger_write(s, wire, ops[i] == PFSNL_FRAME_ADD ? 8 : 80);
		assert_null(s->end);
		assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_MALFORMED),
				 1);
		world_run(s->world, 10 * SIM_MS);
		assert_undisturbed(s);
		assert_int_equal(leader->watch.n, 3);
		stranger_free(s);
	}
}

/* A member says what it has of the messages, or it is dropped as too slow. */
static void acknowledge(struct stranger *s)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_NUMBER_LEN];
	u64 last = 0;
	size_t at;

	for (at = 0; at + PFSNL_FRAME_HEAD <= s->n_in;
	     at += PFSNL_FRAME_HEAD + get_be(s->in + at + 4, 4))
		if (get_be(s->in + at, 4) == PFSNL_FRAME_ORDER)
			last = get_be(s->in + at + PFSNL_FRAME_HEAD, 8);
	pfsnl_number_encode(PFSNL_FRAME_ACK, last, wire);
	if (last)
		stranger_write(s, wire, sizeof(wire));
}

static void questions_are_answered_and_unknown_frames_skipped(void **state)
{
	struct stranger *s = false_client();
	struct node *leader = s->world->nodes[0];
	struct pfsnl_hello h = stranger_hello(s, leader);
	u64 unknown;
	size_t at;
	u8 wire[64];
	u32 i;

	stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
	world_run(s->world, 10 * SIM_MS);
	at = s->n_in;
	unknown = node_count(leader, PFSNL_COUNT_FRAME_UNKNOWN);
	put_be(put_be(put_be(wire, 4, 0x50467777), 4, 16), 8, 0);
	put_be(put_be(put_be(put_be(wire + 24, 4, PFSNL_FRAME_PING), 4, 12),
		      8, 4711), 4, 0);
	stranger_write(s, wire, 44);
	assert_int_equal(node_count(leader, PFSNL_COUNT_FRAME_UNKNOWN),
			 unknown + 1);
	assert_int_equal(get_be(s->in + at, 4), PFSNL_FRAME_PONG);
	assert_int_equal(get_be(s->in + at + 8, 8), 4711);

	/* and it stays a member as long as it beacons */
	for (i = 0; i < 50; i++) {
		struct pfsnl_beacon b = stranger_beacon(s, leader,
							PFSNL_BEACON_TETHERED);

		b.ring = leader->watch.ring;
		stranger_send(s, leader->host.addr, &b);
		acknowledge(s);
		world_run(s->world, 199 * SIM_MS);
	}
	assert_int_equal(leader->watch.n, 4);
	/* until it does not */
	world_run(s->world, 1100 * SIM_MS);
	assert_int_equal(leader->watch.n, 3);
	assert_undisturbed(s);
	stranger_free(s);
}

static void member_that_contradicts_its_tether_is_dropped(void **state)
{
	struct stranger *s = false_client();
	struct node *leader = s->world->nodes[0];
	struct pfsnl_hello h = stranger_hello(s, leader);
	struct pfsnl_beacon b = stranger_beacon(s, leader, 0);
	u32 i;

	stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
	world_run(s->world, 10 * SIM_MS);
	assert_int_equal(leader->watch.n, 4);
	for (i = 0; i < 5 && !node_count(leader, PFSNL_COUNT_DROP_CLOSED); i++) {
		world_run(s->world, 199 * SIM_MS);
		stranger_send(s, leader->host.addr, &b);
	}
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_CLOSED), 1);
	/* and dialled anew */
	world_run(s->world, SIM_MS);
	assert_int_equal(s->opens, 2);
	stranger_free(s);
}

/*
 * It was a ring of its own between two tethers, of the same number, and comes
 * back before anybody missed it: the ring it left is not for it any more.
 */
static void member_that_was_elsewhere_gets_a_ring_of_a_higher_number(void **state)
{
	struct stranger *s = stranger_at(1, 2);
	struct node *leader = s->world->nodes[0];
	struct pfsnl_beacon b = stranger_beacon(s, leader, 0);
	struct pfsnl_hello h = stranger_hello(s, leader);
	u64 seq;

	stranger_send(s, WORLD_BROADCAST, &b);
	stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
	world_run(s->world, 50 * SIM_MS);
	assert_true(watch_has(&leader->watch, s->host.addr));
	seq = leader->watch.ring.seq;

	stranger_hang_up(s);
	world_run(s->world, SIM_MS);
	stranger_send(s, WORLD_BROADCAST, &b);
	h.ring = (struct pfsnl_ring_id) {
		.seq = seq,
		.incarnation = s->incarnation,
	};
	h.seq_seen = seq;
	stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
	world_run(s->world, 20 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_TETHER_UP), 3);
	assert_true(leader->watch.ring.seq > seq);
	stranger_free(s);
}

/* it comes before all of them, says that it waits, and never leads */
static void who_waits_for_ever_is_not_waited_for_without_end(void **state)
{
	struct world *w = world_new(1);
	struct stranger *s = stranger_new(w, WORLD_ADDR(0) - 1);
	struct pfsnl_beacon b;
	u32 i;

	world_nodes(w, 5);
	for (i = 0; i < 17; i++) {
		/* whom the others pass over, once they know of it */
		if (i < 5)
			node_start(w->nodes[i]);
		b = stranger_beacon(s, w->nodes[0], PFSNL_BEACON_LISTENING);
		b.priority = 200;
		stranger_send(s, WORLD_BROADCAST, &b);
		world_run(w, (i < 5 ? 9 : 199) * SIM_MS);
	}
	/* five times 20 ms, twice dead, and two intervals for the rest */
	for (i = 0; i < 5; i++)
		assert_int_equal(w->nodes[i]->watch.n, 5);
	stranger_free(s);
}

static void send_message_of(struct stranger *s, u64 n, u16 port, const u8 *data,
			    u32 len)
{
	u32 at = 0, piece;
	u8 *wire, *p;

	do {
		piece = min(len - at, (u32)PFSNL_PIECE_MAX);
		wire = calloc(1, PFSNL_FRAME_HEAD + PFSNL_SEND_LEN + piece);
		p = pfsnl_frame_head(wire, PFSNL_FRAME_SEND,
				     PFSNL_SEND_LEN + piece);
		put_be(p + 8, 8, n);
		put_be(p + 16, 4, len);
		put_be(p + 20, 4, at);
		put_be(p + 24, 2, port);
		memcpy(p + PFSNL_SEND_LEN, data + at, piece);
		stranger_write(s, wire, PFSNL_FRAME_HEAD + PFSNL_SEND_LEN + piece);
		free(wire);
		world_run(s->world, SIM_MS);
		at += piece;
	} while (at < len);
}

static void send_message(struct stranger *s, u64 n)
{
	static const u8 data[10];

	send_message_of(s, n, PFSNL_PORT_FIRST, data, sizeof(data));
}

/* it would be given room for one and take it for many */
static void client_that_sends_a_message_twice_is_dropped(void **state)
{
	struct stranger *s = false_client();
	struct node *leader = s->world->nodes[0];
	struct pfsnl_hello h = stranger_hello(s, leader);

	stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
	world_run(s->world, 20 * SIM_MS);
	send_message(s, 1);
	send_message(s, 2);
	assert_int_equal(leader->hearer.heard, 2);
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_MALFORMED), 0);
	send_message(s, 2);
	assert_int_equal(leader->hearer.heard, 2);
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_MALFORMED), 1);
	stranger_free(s);
}

/* the same one many times, and then many others in groups of their own */
static void node_has_no_more_members_than_it_may_whatever_it_answers(void **state)
{
	struct stranger *s = false_client();
	struct node *leader = s->world->nodes[0];
	struct pfsnl_hello h = stranger_hello(s, leader);
	u32 i, n = 2 * PFSNL_LOCALS_MAX + 100;
	const struct pfsnl_group *g;
	char name[16];
	u8 *data, *p;
	u32 members = 0;

	h.flags |= PFSNL_HELLO_PROCESSES;
	stranger_say(s, PFSNL_FRAME_ACCEPT, &h);
	world_run(s->world, 20 * SIM_MS);
	data = calloc(n, PFSNL_HERE_RECORD_LEN + sizeof(name));
	p = pfsnl_groupmsg_head(data, PFSNL_GROUPMSG_HERE,
				PFSNL_HERE_FIRST | PFSNL_HERE_LAST, n);
	p = pfsnl_groupmsg_ring(p, &leader->hearer.ring);
	for (i = 0; i < n; i++) {
		struct pfsnl_here r = { .number = 1, .name = (u8 *)name };

		if (i >= PFSNL_LOCALS_MAX)
			r.number = i;
		r.len = sprintf(name, "%u", i < PFSNL_LOCALS_MAX ? 0 : i);
		p = pfsnl_here_encode(p, &r);
	}
	send_message_of(s, 1, PFSNL_PORT_GROUP, data, p - data);
	free(data);
	for (g = pfsnl_core_group_after(leader->core, ""); g;
	     g = pfsnl_core_group_after(leader->core, g->name))
		members += g->n;
	assert_int_equal(members, PFSNL_LOCALS_MAX);
	assert_true(node_count(leader, PFSNL_COUNT_GROUP_MALFORMED) > 100);
	stranger_free(s);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(lists_that_contradict_themselves_are_refused),
		cmocka_unit_test(messages_that_are_too_short_end_the_tether),
		cmocka_unit_test(leader_may_claim_again_what_is_its_own),
		cmocka_unit_test(leader_that_gives_no_list_is_left),
		cmocka_unit_test(list_larger_than_we_can_hold_is_left),
		cmocka_unit_test(client_that_does_not_answer_is_given_up),
		cmocka_unit_test(answers_that_are_wrong_are_refused),
		cmocka_unit_test(client_in_name_of_another_life_is_one_node),
		cmocka_unit_test(members_that_break_the_rules_are_dropped),
		cmocka_unit_test(questions_are_answered_and_unknown_frames_skipped),
		cmocka_unit_test(member_that_contradicts_its_tether_is_dropped),
		cmocka_unit_test(member_that_was_elsewhere_gets_a_ring_of_a_higher_number),
		cmocka_unit_test(who_waits_for_ever_is_not_waited_for_without_end),
		cmocka_unit_test(client_that_sends_a_message_twice_is_dropped),
		cmocka_unit_test(node_has_no_more_members_than_it_may_whatever_it_answers),
	};

	return RUN_WORLD_TESTS(tests);
}
