// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about groups, byte by byte as Documentation/protocol.rst has them, and
 * what is none.
 */
#include "test.h"

#include <errno.h>

#include "group.h"
#include "groupmsg.h"

static const struct pfsnl_ring_id ring = {
	.seq = 0x0102030405060708,
	.incarnation = 0x1112131415161718,
	.leader = 0x0a010203,
};

static void join_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		1, 0, 0, 0, 0x21, 0x22, 0x23, 0x24,	/* JOIN, number */
		0x31, 0x32, 0x33, 0x34, 'g', 'r',	/* pid, name */
	};
	struct pfsnl_groupmsg m;
	u8 data[sizeof(want)];

	memcpy(pfsnl_groupmsg_word(pfsnl_groupmsg_head(data,
						       PFSNL_GROUPMSG_JOIN, 0,
						       0x21222324),
				   0x31323334), "gr", 2);
	assert_memory_equal(data, want, sizeof(want));
	assert_int_equal(pfsnl_groupmsg_decode(&m, want, sizeof(want)), 0);
	assert_int_equal(m.kind, PFSNL_GROUPMSG_JOIN);
	assert_int_equal(m.number, 0x21222324);
	assert_int_equal(m.pid, 0x31323334);
	assert_int_equal(m.len, 2);
	assert_memory_equal(m.rest, "gr", 2);
}

static void answer_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		5, 3, 0, 0, 0, 0, 0, 2,			/* HERE, 2 records */
		1, 2, 3, 4, 5, 6, 7, 8,			/* the ring */
		0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3,
		0, 0, 0, 9, 0, 0, 1, 0, 0, 1, 'a',	/* it is there */
		0, 0, 0, 10, 0, 0, 1, 1, 5, 2, 'b', 'c', /* it died */
	};
	struct pfsnl_here h = { .number = 9, .pid = 256, .len = 1,
				.name = (const u8 *)"a" };
	struct pfsnl_groupmsg m;
	u8 data[sizeof(want)], *p;
	const u8 *at;

	p = pfsnl_groupmsg_head(data, PFSNL_GROUPMSG_HERE,
				PFSNL_HERE_FIRST | PFSNL_HERE_LAST, 2);
	p = pfsnl_here_encode(pfsnl_groupmsg_ring(p, &ring), &h);
	h = (struct pfsnl_here) { .number = 10, .pid = 257, .len = 2,
				  .why = PFSNL_GROUP_WHY_DIED,
				  .name = (const u8 *)"bc" };
	assert_ptr_equal(pfsnl_here_encode(p, &h), data + sizeof(want));
	assert_memory_equal(data, want, sizeof(want));
	assert_int_equal(pfsnl_groupmsg_decode(&m, want, sizeof(want)), 0);
	assert_int_equal(m.flags, PFSNL_HERE_FIRST | PFSNL_HERE_LAST);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.ring.seq, ring.seq);
	assert_int_equal(m.ring.incarnation, ring.incarnation);
	assert_int_equal(m.ring.leader, ring.leader);
	at = pfsnl_here_next(m.rest, &h);
	assert_int_equal(h.number, 9);
	assert_int_equal(h.pid, 256);
	assert_int_equal(h.why, 0);
	assert_memory_equal(h.name, "a", 1);
	assert_ptr_equal(pfsnl_here_next(at, &h), want + sizeof(want));
	assert_int_equal(h.why, PFSNL_GROUP_WHY_DIED);
	assert_int_equal(h.len, 2);
}

static void question_names_nodes_in_their_order(void **state)
{
	u8 data[PFSNL_GROUPMSG_RING_LEN + 8], *p;
	struct pfsnl_groupmsg m;

	p = pfsnl_groupmsg_head(data, PFSNL_GROUPMSG_MUSTER, 0, 2);
	p = pfsnl_groupmsg_ring(p, &ring);
	pfsnl_groupmsg_word(pfsnl_groupmsg_word(p, 7), 9);
	assert_int_equal(pfsnl_groupmsg_decode(&m, data, sizeof(data)), 0);
	assert_true(pfsnl_groupmsg_asked(&m, 7));
	assert_true(pfsnl_groupmsg_asked(&m, 9));
	assert_false(pfsnl_groupmsg_asked(&m, 8));
	pfsnl_groupmsg_word(pfsnl_groupmsg_word(p, 9), 7);
	assert_int_equal(pfsnl_groupmsg_decode(&m, data, sizeof(data)), -EBADMSG);
	pfsnl_groupmsg_word(pfsnl_groupmsg_word(p, 7), 7);
	assert_int_equal(pfsnl_groupmsg_decode(&m, data, sizeof(data)), -EBADMSG);
	assert_int_equal(pfsnl_groupmsg_decode(&m, data, sizeof(data) - 4),
			 -EBADMSG);
}

static void what_is_cut_short_makes_no_sense(void **state)
{
	static const u8 here[] = {
		5, 3, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8,
		1, 2, 3, 4, 5, 6, 7, 8, 10, 1, 2, 3,
		0, 0, 0, 9, 0, 0, 1, 0, 0, 2, 'a', 'b',
	};
	struct pfsnl_groupmsg m;
	u32 len;

	assert_int_equal(pfsnl_groupmsg_decode(&m, here, sizeof(here)), 0);
	for (len = 0; len < sizeof(here); len++) {
		/* where it ends, so that a byte too far is seen */
		u8 *exact = malloc(len ? len : 1);

		memcpy(exact, here, len);
		assert_int_equal(pfsnl_groupmsg_decode(&m, exact, len), -EBADMSG);
		free(exact);
	}
}

static void what_can_not_be_makes_no_sense(void **state)
{
	u8 leave[] = { 2, PFSNL_GROUP_WHY_DIED, 0, 0, 0, 0, 0, 1 };
	u8 join[] = { 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 'g' };
	struct pfsnl_groupmsg m;
	u32 why;

	assert_int_equal(pfsnl_groupmsg_decode(&m, leave, sizeof(leave)), 0);
	for (why = 0; why < 256; why++) {
		/* nobody says of himself that his node is gone */
		bool own = (why >= PFSNL_GROUP_WHY_LEFT &&
			    why <= PFSNL_GROUP_WHY_SILENT) ||
			   why == PFSNL_GROUP_WHY_DOWN ||
			   why == PFSNL_GROUP_WHY_NO_MEMORY;

		leave[1] = why;
		assert_int_equal(pfsnl_groupmsg_decode(&m, leave, sizeof(leave)),
				 own ? 0 : -EBADMSG);
	}
	leave[1] = PFSNL_GROUP_WHY_LEFT;
	leave[7] = 0;
	assert_int_equal(pfsnl_groupmsg_decode(&m, leave, sizeof(leave)),
			 -EBADMSG);
	leave[0] = 6;
	leave[7] = 1;
	assert_int_equal(pfsnl_groupmsg_decode(&m, leave, sizeof(leave)),
			 -EBADMSG);
	assert_int_equal(pfsnl_groupmsg_decode(&m, join, sizeof(join)), 0);
	join[12] = '\n';
	assert_int_equal(pfsnl_groupmsg_decode(&m, join, sizeof(join)), -EBADMSG);
	assert_int_equal(pfsnl_groupmsg_decode(&m, join, 12), -EBADMSG);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(join_is_the_bytes_of_the_table),
	cmocka_unit_test(answer_is_the_bytes_of_the_table),
	cmocka_unit_test(question_names_nodes_in_their_order),
	cmocka_unit_test(what_is_cut_short_makes_no_sense),
	cmocka_unit_test(what_can_not_be_makes_no_sense),
};

int main(void)
{
	return RUN_TESTS(tests);
}
