// SPDX-License-Identifier: GPL-2.0
/*
 * Envelopes, byte by byte as Documentation/protocol.rst has them; who gets how much of
 * a message; and messages about services in them.
 */
#include "test.h"

#include <errno.h>

#include "envelope.h"
#include "ordermsg.h"
#include "syncmsg.h"

#define LEN	(PFSNL_ENVELOPE_LEN + 8)

static const u32 addrs[] = { 0x0a000003, 0x0a000001 };

/* 26 bytes for two nodes, of which all get 23 */
static const u8 wire[] = {
	0, 0, 0, 26, 0, 0, 0, 23, 0, 0, 0, 2,
	10, 0, 0, 3, 10, 0, 0, 1,
	1, 2, 3, 4, 5, 6,
};

static struct pfsnl_entry *entry(const u8 *data, u32 len)
{
	struct pfsnl_entry *e = calloc(1, sizeof(*e) + len);

	assert_non_null(e);
	e->port = PFSNL_PORT_SYNC;
	e->flags = PFSNL_MSG_ENVELOPE;
	e->len = len;
	memcpy(e->data, data, len);
	return e;
}

static void envelope_is_the_bytes_of_the_table(void **state)
{
	struct pfsnl_envelope env;
	u8 to[LEN];

	assert_int_equal(pfsnl_envelope_len(2), LEN);
	assert_ptr_equal(pfsnl_envelope_encode(to, 26, 23, addrs, 2), to + LEN);
	assert_memory_equal(to, wire, LEN);
	assert_int_equal(pfsnl_envelope_decode(&env, wire, 26), 0);
	assert_int_equal(env.whole, 26);
	assert_int_equal(env.kept, 23);
	assert_int_equal(env.n, 2);
	assert_ptr_equal(env.addrs, wire + 12);
}

static void either_all_of_it_is_there_or_what_all_get(void **state)
{
	struct pfsnl_envelope env;
	u32 len;

	for (len = 0; len <= sizeof(wire); len++) {
		u8 *copy = exact(wire, len);

		assert_int_equal(pfsnl_envelope_decode(&env, copy, len),
				 len == 26 || len == 23 ? 0 : -EBADMSG);
		free(copy);
	}
}

static void envelope_that_makes_no_sense_is_refused(void **state)
{
	struct pfsnl_envelope env;
	u8 copy[sizeof(wire)];

	/* more for all than there is */
	memcpy(copy, wire, sizeof(wire));
	put_be(copy + 4, 4, 27);
	assert_int_equal(pfsnl_envelope_decode(&env, copy, 26), -EBADMSG);
	/* not even the list for all */
	put_be(copy + 4, 4, LEN - 1);
	assert_int_equal(pfsnl_envelope_decode(&env, copy, 26), -EBADMSG);
	put_be(copy + 4, 4, LEN);
	assert_int_equal(pfsnl_envelope_decode(&env, copy, 26), 0);
	/* more nodes than it may name, or than stand there */
	put_be(copy + 8, 4, PFSNL_ENVELOPE_MAX + 1);
	assert_int_equal(pfsnl_envelope_decode(&env, copy, 26), -EBADMSG);
	put_be(copy + 8, 4, 0xffffffff);
	assert_int_equal(pfsnl_envelope_decode(&env, copy, 26), -EBADMSG);
	put_be(copy + 8, 4, 3);
	assert_int_equal(pfsnl_envelope_decode(&env, copy, 26), -EBADMSG);
}

static void who_is_named_gets_all_of_it(void **state)
{
	struct pfsnl_entry *e = entry(wire, sizeof(wire));

	assert_int_equal(pfsnl_envelope_part(e, 0x0a000001), 26);
	assert_int_equal(pfsnl_envelope_part(e, 0x0a000002), 23);
	assert_int_equal(pfsnl_envelope_part(e, 0x0a000003), 26);
	/* without an envelope everybody does */
	e->flags = 0;
	assert_int_equal(pfsnl_envelope_part(e, 0x0a000002), 26);
	free(e);
}

static void who_has_a_part_hands_on_no_more(void **state)
{
	struct pfsnl_entry *e = entry(wire, 23);

	assert_int_equal(pfsnl_envelope_part(e, 0x0a000001), 23);
	assert_int_equal(pfsnl_envelope_part(e, 0x0a000002), 23);
	free(e);
}

static void what_is_no_envelope_is_handed_on_as_it_is(void **state)
{
	u32 len;

	for (len = 0; len < sizeof(wire); len++) {
		struct pfsnl_entry *e = entry(wire, len);

		assert_int_equal(pfsnl_envelope_part(e, 0x0a000002), len);
		free(e);
	}
}

static void only_services_use_them(void **state)
{
	struct pfsnl_entry *e = entry(wire, sizeof(wire));
	struct pfsnl_piece p;
	u8 frame[128];

	e->n = 1;
	e->number = 1;
	e->sender = addrs[0];
	e->incarnation = 1;
	pfsnl_piece_encode(PFSNL_FRAME_SEND, e, 26, 0, 0, frame);
	assert_int_equal(pfsnl_send_decode(&p, frame + 8, 28 + 26), 0);
	pfsnl_piece_encode(PFSNL_FRAME_ORDER, e, 23, 0, 0, frame);
	assert_int_equal(pfsnl_order_decode(&p, frame + 8, 48 + 23), 0);
	assert_int_equal(p.total, 23);
	e->port = PFSNL_PORT_GROUP;
	pfsnl_piece_encode(PFSNL_FRAME_SEND, e, 26, 0, 0, frame);
	assert_int_equal(pfsnl_send_decode(&p, frame + 8, 28 + 26), -EBADMSG);
	pfsnl_piece_encode(PFSNL_FRAME_ORDER, e, 26, 0, 0, frame);
	assert_int_equal(pfsnl_order_decode(&p, frame + 8, 48 + 26), -EBADMSG);
	/* what is safe is with all, all of it */
	e->port = PFSNL_PORT_SYNC;
	e->flags |= PFSNL_MSG_SAFE;
	pfsnl_piece_encode(PFSNL_FRAME_SEND, e, 26, 0, 0, frame);
	assert_int_equal(pfsnl_send_decode(&p, frame + 8, 28 + 26), -EBADMSG);
	free(e);
}

/* DATA of service 7 that says "abcdef", of which all get @kept bytes */
static struct pfsnl_entry *data(u8 kind, u32 kept)
{
	static const struct pfsnl_ring_id ring = { .seq = 1 };
	u8 to[LEN + PFSNL_SYNCMSG_LEN + 6], *p;

	p = pfsnl_envelope_encode(to, sizeof(to), LEN + kept, addrs, 2);
	p = pfsnl_syncmsg_head(p, kind, 7, &ring);
	memcpy(p, "abcdef", 6);
	return entry(to, sizeof(to));
}

static void data_is_told_with_what_all_have_of_it(void **state)
{
	struct pfsnl_entry *e = data(PFSNL_SYNCMSG_DATA, PFSNL_SYNCMSG_LEN + 2);
	struct pfsnl_syncmsg m;

	assert_int_equal(pfsnl_syncmsg_open(&m, e), 0);
	assert_int_equal(m.service, 7);
	assert_int_equal(m.len, 6);
	assert_memory_equal(m.rest, "abcdef", 6);
	assert_int_equal(m.whole, 6);
	assert_int_equal(m.kept, 2);
	e->len -= 4;
	assert_int_equal(pfsnl_syncmsg_open(&m, e), 0);
	assert_int_equal(m.len, 2);
	assert_memory_equal(m.rest, "ab", 2);
	assert_int_equal(m.whole, 6);
	assert_int_equal(m.kept, 2);
	free(e);
}

static void what_all_must_have_of_a_message_is_in_what_all_get(void **state)
{
	struct pfsnl_entry *e = data(PFSNL_SYNCMSG_DATA, PFSNL_SYNCMSG_LEN - 1);
	struct pfsnl_syncmsg m;

	/* also for who has all of it, so that all find the same */
	assert_int_equal(pfsnl_syncmsg_open(&m, e), -EBADMSG);
	free(e);
	/* and operations are for all */
	e = data(PFSNL_SYNCMSG_SAY, PFSNL_SYNCMSG_LEN + 2);
	assert_int_equal(pfsnl_syncmsg_open(&m, e), -EBADMSG);
	free(e);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(envelope_is_the_bytes_of_the_table),
		cmocka_unit_test(either_all_of_it_is_there_or_what_all_get),
		cmocka_unit_test(envelope_that_makes_no_sense_is_refused),
		cmocka_unit_test(who_is_named_gets_all_of_it),
		cmocka_unit_test(who_has_a_part_hands_on_no_more),
		cmocka_unit_test(what_is_no_envelope_is_handed_on_as_it_is),
		cmocka_unit_test(only_services_use_them),
		cmocka_unit_test(data_is_told_with_what_all_have_of_it),
		cmocka_unit_test(what_all_must_have_of_a_message_is_in_what_all_get),
	};

	return RUN_TESTS(tests);
}
