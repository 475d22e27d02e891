// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about services, byte by byte as Documentation/protocol.rst has them, and
 * what is none.
 */
#include "test.h"

#include <errno.h>

#include "groupmsg.h"
#include "syncmsg.h"

static const struct pfsnl_ring_id ring = {
	.seq = 0x0102030405060708,
	.incarnation = 0x1112131415161718,
	.leader = 0x0a010203,
};

#define RING							\
	10, 1, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8,			\
	0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18

static void assert_ring(const struct pfsnl_ring_id *got)
{
	assert_int_equal(got->seq, ring.seq);
	assert_int_equal(got->incarnation, ring.incarnation);
	assert_int_equal(got->leader, ring.leader);
}

static void report_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		2, 0, 0, 2, RING,			/* REPORT, 2 records */
		0, 7, 0, 0, RING,			/* activated in that ring */
		0, 0, 0, 0, 0, 0, 0x21, 0x22,		/* so often */
		0, 0, 0, 0, 0, 0, 0x31, 0x32,		/* operations since */
		1, 0, 0, 0,				/* another, never */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	struct pfsnl_served s = {
		.id = 7, .ring = ring, .times = 0x2122, .ops = 0x3132,
	};
	struct pfsnl_served never = { .id = 256 };
	struct pfsnl_syncmsg m;
	u8 data[sizeof(want)], *p;

	p = pfsnl_syncmsg_head(data, PFSNL_SYNCMSG_REPORT, 2, &ring);
	p = pfsnl_served_encode(pfsnl_served_encode(p, &s), &never);
	assert_ptr_equal(p, data + sizeof(want));
	assert_memory_equal(data, want, sizeof(want));
	assert_int_equal(pfsnl_syncmsg_decode(&m, want, sizeof(want)), 0);
	assert_int_equal(m.kind, PFSNL_SYNCMSG_REPORT);
	assert_int_equal(m.n, 2);
	assert_ring(&m.ring);
	pfsnl_served_read(&m, 0, &s);
	assert_int_equal(s.id, 7);
	assert_ring(&s.ring);
	assert_int_equal(s.times, 0x2122);
	assert_int_equal(s.ops, 0x3132);
	pfsnl_served_read(&m, 1, &s);
	assert_int_equal(s.id, 256);
	assert_int_equal(s.ring.seq, 0);
	assert_int_equal(s.times, 0);
}

static void data_done_and_say_name_service_and_ring(void **state)
{
	u8 data[] = { 3, 0, 0x21, 0x22, RING, 'x', 'y' };
	struct pfsnl_syncmsg m;
	u8 wire[PFSNL_SYNCMSG_LEN];

	assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data)), 0);
	assert_int_equal(m.kind, PFSNL_SYNCMSG_DATA);
	assert_int_equal(m.service, 0x2122);
	assert_ring(&m.ring);
	assert_int_equal(m.len, 2);
	assert_memory_equal(m.rest, "xy", 2);
	data[0] = PFSNL_SYNCMSG_SAY;
	assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data)), 0);
	assert_int_equal(m.service, 0x2122);
	assert_int_equal(m.len, 2);
	data[0] = PFSNL_SYNCMSG_DONE;
	assert_int_equal(pfsnl_syncmsg_decode(&m, data, PFSNL_SYNCMSG_LEN), 0);
	assert_int_equal(m.service, 0x2122);
	assert_ptr_equal(pfsnl_syncmsg_head(wire, PFSNL_SYNCMSG_DONE, 0x2122,
					    &ring), wire + sizeof(wire));
	assert_memory_equal(wire, data, sizeof(wire));
	/* it says nothing more */
	assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data)), -EBADMSG);
}

static void round_names_nodes_in_their_order(void **state)
{
	u8 data[PFSNL_SYNCMSG_LEN + 8], *p;
	struct pfsnl_syncmsg m;

	p = pfsnl_syncmsg_head(data, PFSNL_SYNCMSG_ROUND, 0, &ring);
	pfsnl_groupmsg_word(pfsnl_groupmsg_word(p, 7), 9);
	assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data)), 0);
	assert_int_equal(m.n, 2);
	assert_true(pfsnl_syncmsg_asked(&m, 7));
	assert_true(pfsnl_syncmsg_asked(&m, 9));
	assert_false(pfsnl_syncmsg_asked(&m, 8));
	pfsnl_groupmsg_word(pfsnl_groupmsg_word(p, 9), 7);
	assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data)), -EBADMSG);
	pfsnl_groupmsg_word(pfsnl_groupmsg_word(p, 7), 7);
	assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data)), -EBADMSG);
	pfsnl_groupmsg_word(pfsnl_groupmsg_word(p, 7), 9);
	assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data) - 1),
			 -EBADMSG);
}

static void what_is_cut_short_makes_no_sense(void **state)
{
	static const u8 report[] = {
		2, 0, 0, 1, RING, 0, 7, 0, 0, RING,
		0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	struct pfsnl_syncmsg m;
	u32 len;

	assert_int_equal(pfsnl_syncmsg_decode(&m, report, sizeof(report)), 0);
	for (len = 0; len < sizeof(report); len++) {
		u8 *copy = exact(report, len);

		assert_int_equal(pfsnl_syncmsg_decode(&m, copy, len), -EBADMSG);
		free(copy);
	}
}

/* a report of @n services, whose ids begin at @id and grow by @step */
static int decode_report(u32 n, u16 id, u16 step, struct pfsnl_served s)
{
	u8 *data = malloc(PFSNL_SYNCMSG_LEN + n * PFSNL_SERVED_LEN), *p;
	struct pfsnl_syncmsg m;
	u32 i;
	int err;

	p = pfsnl_syncmsg_head(data, PFSNL_SYNCMSG_REPORT, n, &ring);
	for (i = 0; i < n; i++) {
		s.id = id + i * step;
		p = pfsnl_served_encode(p, &s);
	}
	err = pfsnl_syncmsg_decode(&m, data, p - data);
	free(data);
	return err;
}

static void what_can_not_be_makes_no_sense(void **state)
{
	const struct pfsnl_served never = {}, once = { .ring = ring, .times = 1 };
	struct pfsnl_served s;
	u8 data[PFSNL_SYNCMSG_LEN];
	struct pfsnl_syncmsg m;
	u32 kind;

	assert_int_equal(decode_report(PFSNL_SERVICES_MAX, 1, 1, once), 0);
	assert_int_equal(decode_report(PFSNL_SERVICES_MAX + 1, 1, 1, once),
			 -EBADMSG);
	/* an id is not 0, and none comes twice */
	assert_int_equal(decode_report(1, 0, 1, never), -EBADMSG);
	assert_int_equal(decode_report(2, 5, 0, never), -EBADMSG);
	assert_int_equal(decode_report(2, 5, -1, never), -EBADMSG);
	/* who never was activated has no ring and applied nothing */
	s = never;
	s.ring = ring;
	assert_int_equal(decode_report(1, 1, 1, s), -EBADMSG);
	s = never;
	s.ops = 1;
	assert_int_equal(decode_report(1, 1, 1, s), -EBADMSG);
	s = never;
	s.times = 1;
	assert_int_equal(decode_report(1, 1, 1, s), -EBADMSG);
	for (kind = 0; kind < 256; kind++) {
		/* these are for a service, which 0 is not */
		bool ok = kind == PFSNL_SYNCMSG_ROUND ||
			  kind == PFSNL_SYNCMSG_REPORT ||
			  kind == PFSNL_SYNCMSG_SERVE;

		pfsnl_syncmsg_head(data, kind, 0, &ring);
		assert_int_equal(pfsnl_syncmsg_decode(&m, data, sizeof(data)),
				 ok ? 0 : -EBADMSG);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(report_is_the_bytes_of_the_table),
	cmocka_unit_test(data_done_and_say_name_service_and_ring),
	cmocka_unit_test(round_names_nodes_in_their_order),
	cmocka_unit_test(what_is_cut_short_makes_no_sense),
	cmocka_unit_test(what_can_not_be_makes_no_sense),
};

int main(void)
{
	return RUN_TESTS(tests);
}
