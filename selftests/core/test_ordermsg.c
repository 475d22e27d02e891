// SPDX-License-Identifier: GPL-2.0
/*
 * Ordered messages on the wire, byte by byte as Documentation/protocol.rst has
 * them; the log and the view, which need no node.
 */
#include "test.h"

#include <errno.h>

#include "ordermsg.h"
#include "view.h"

static struct pfsnl_entry *entry(u64 number, u32 len)
{
	struct pfsnl_entry *e = calloc(1, sizeof(*e) + len);
	u32 i;

	assert_non_null(e);
	e->number = number;
	e->by = 1000 + number;
	e->incarnation = 0x2122232425262728;
	e->n = 0x3132333435363738;
	e->sender = 0x0a010203;
	e->len = len;
	e->port = 0x0102;
	e->flags = PFSNL_MSG_SAFE;
	for (i = 0; i < len; i++)
		e->data[i] = i * 7;
	return e;
}

static void send_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		0x50, 0x46, 0x00, 0x0e, 0x00, 0x00, 0x00, 0x1f, /* 28 + 3 */
		0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, /* 0 have */
		0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, /* 8 count */
		0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, /* 16 bytes */
		0x01, 0x02, 0x00, 0x01, 0x00, 0x07, 0x0e,	/* 24 port */
	};
	struct pfsnl_entry *e = entry(0, 3);
	struct pfsnl_piece p;
	u8 wire[64];
	u32 len;

	assert_int_equal(pfsnl_piece_size(PFSNL_FRAME_SEND, 3, 0), sizeof(want));
	assert_ptr_equal(pfsnl_piece_encode(PFSNL_FRAME_SEND, e, 3, 0,
					    0x5152535455565758, wire),
			 wire + sizeof(want));
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(pfsnl_send_decode(&p, want + 8, 31), 0);
	assert_int_equal(p.have, 0x5152535455565758);
	assert_int_equal(p.n, e->n);
	assert_int_equal(p.total, 3);
	assert_int_equal(p.offset, 0);
	assert_int_equal(p.port, 0x0102);
	assert_int_equal(p.flags, 1);
	assert_int_equal(p.len, 3);
	assert_ptr_equal(p.data, want + 36);
	for (len = 0; len <= 28; len++) {
		u8 *copy = exact(want + 8, len);

		/* without its bytes it is a piece that is not there */
		assert_int_equal(pfsnl_send_decode(&p, copy, len), -EBADMSG);
		free(copy);
	}
	free(e);
}

static void order_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		0x50, 0x46, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x32, /* 48 + 2 */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, /* 0 number */
		0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, /* 8 stable */
		0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, /* 16 incarn. */
		0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, /* 24 count */
		0x0a, 0x01, 0x02, 0x03, 0x00, 0x00, 0x00, 0x02, /* 32 sender */
		0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x01, /* 40 offset */
		0x00, 0x07,
	};
	struct pfsnl_entry *e = entry(0x102, 2);
	struct pfsnl_piece p;
	u8 wire[64];
	u32 len;

	pfsnl_piece_encode(PFSNL_FRAME_ORDER, e, 2, 0, 0x5152535455565758, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(pfsnl_order_decode(&p, want + 8, 50), 0);
	assert_int_equal(p.number, 0x102);
	assert_int_equal(p.have, 0x5152535455565758);
	assert_int_equal(p.incarnation, e->incarnation);
	assert_int_equal(p.sender, e->sender);
	assert_int_equal(p.total, 2);
	assert_int_equal(p.len, 2);
	for (len = 0; len <= 48; len++) {
		u8 *copy = exact(want + 8, len);

		assert_int_equal(pfsnl_order_decode(&p, copy, len), -EBADMSG);
		free(copy);
	}
	free(e);
}

static void long_message_goes_in_pieces(void **state)
{
	struct pfsnl_entry *e = entry(1, 2 * PFSNL_PIECE_MAX + 5);
	u8 *wire = malloc(PFSNL_PIECE_MAX + 100), *end;
	u32 offset, sum = 0, pieces = 0;
	struct pfsnl_piece p;

	for (offset = 0; offset < e->len; offset += PFSNL_PIECE_MAX) {
		end = pfsnl_piece_encode(PFSNL_FRAME_ORDER, e, e->len, offset, 0,
					 wire);
		assert_int_equal(end - wire,
				 pfsnl_piece_size(PFSNL_FRAME_ORDER, e->len,
						  offset));
		assert_int_equal(pfsnl_order_decode(&p, wire + 8, end - wire - 8),
				 0);
		assert_int_equal(p.offset, offset);
		assert_int_equal(p.total, e->len);
		assert_memory_equal(p.data, e->data + offset, p.len);
		sum += p.len;
		pieces++;
	}
	assert_int_equal(sum, e->len);
	assert_int_equal(pieces, 3);
	free(wire);
	free(e);
}

static void piece_beyond_its_message_is_refused(void **state)
{
	struct pfsnl_entry *e = entry(1, 100);
	struct pfsnl_piece p;
	u8 wire[200], body[200];

	pfsnl_piece_encode(PFSNL_FRAME_ORDER, e, 100, 0, 0, wire);
	memcpy(body, wire + 8, 148);
	assert_int_equal(pfsnl_order_decode(&p, body, 148), 0);
	put_be(body + 40, 4, 1);
	assert_int_equal(pfsnl_order_decode(&p, body, 148), -EBADMSG);
	put_be(body + 40, 4, 0xffffffff);
	assert_int_equal(pfsnl_order_decode(&p, body, 148), -EBADMSG);
	put_be(body + 40, 4, 0);
	put_be(body + 36, 4, 99);
	assert_int_equal(pfsnl_order_decode(&p, body, 148), -EBADMSG);
	/* a number, a sender, a life of it */
	memcpy(body, wire + 8, 148);
	put_be(body, 8, 0);
	assert_int_equal(pfsnl_order_decode(&p, body, 148), -EBADMSG);
	memcpy(body, wire + 8, 148);
	put_be(body + 32, 4, 0);
	assert_int_equal(pfsnl_order_decode(&p, body, 148), -EBADMSG);
	memcpy(body, wire + 8, 148);
	put_be(body + 16, 8, 0);
	assert_int_equal(pfsnl_order_decode(&p, body, 148), -EBADMSG);
	/* marks are the leader's to send */
	e->port = PFSNL_PORT_RING;
	pfsnl_piece_encode(PFSNL_FRAME_SEND, e, 100, 0, 0, wire);
	assert_int_equal(pfsnl_send_decode(&p, wire + 8, 128), -EBADMSG);
	free(e);
}

static void begin_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		0x50, 0x46, 0x00, 0x0d, 0x00, 0x00, 0x00, 0x44, /* 64 + 4 */
		0x00, 0x00, 0x00, 0x02, 0x00, 0x01, 0x00, 0x00, /* 0 along */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, /* 8 number */
		0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, /* 16 in */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x04, /* 24 ring */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x06, /* 32 sent */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x08, /* 40 end */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x07, /* 48 safe */
		0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, /* 56 limit */
		0x0a, 0x01, 0x02, 0x03,
	};
	static const struct pfsnl_begin begin = {
		.flags = PFSNL_BEGIN_ALONG,
		.allowance = 65536,
		.number = 0x102,
		.by = 0x1112131415161718,
		.seq = 0x304,
		.sent = 0x506,
		.end = 0x708,
		.safe = 0x707,
		.limit = 8 << 20,
		.lost = 1,
	};
	struct pfsnl_begin b;
	u8 wire[sizeof(want)], body[68];
	u32 len;

	put_be(pfsnl_begin_encode(&begin, wire), 4, 0x0a010203);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(pfsnl_begin_decode(&b, want + 8, 68), 0);
	assert_int_equal(b.flags, begin.flags);
	assert_int_equal(b.allowance, begin.allowance);
	assert_int_equal(b.number, begin.number);
	assert_int_equal(b.by, begin.by);
	assert_int_equal(b.seq, begin.seq);
	assert_int_equal(b.sent, begin.sent);
	assert_int_equal(b.end, begin.end);
	assert_int_equal(b.safe, begin.safe);
	assert_int_equal(b.limit, begin.limit);
	assert_int_equal(b.lost, 1);
	for (len = 0; len < 68; len++) {
		u8 *copy = exact(want + 8, len);

		assert_int_equal(pfsnl_begin_decode(&b, copy, len), -EBADMSG);
		free(copy);
	}
	memcpy(body, want + 8, 68);
	put_be(body + 60, 4, 0x40000001);
	assert_int_equal(pfsnl_begin_decode(&b, body, 68), -EBADMSG);
}

static u32 mark(u8 *data, u32 removed, const u32 *gone, u32 added,
		const u32 *new)
{
	struct pfsnl_mark m = {
		.ring = { .seq = 5, .incarnation = 6, .leader = 7 },
		.safe = 3,
		.removed = removed,
		.added = added,
	};
	u8 *p = pfsnl_mark_encode(&m, data);
	u32 i;

	for (i = 0; i < removed; i++)
		p = pfsnl_mark_record(p, gone[i], 1, 100 + gone[i]);
	for (i = 0; i < added; i++)
		p = pfsnl_mark_record(p, new[i], 2, 100 + new[i]);
	assert_int_equal(p - data, pfsnl_mark_size(removed, added));
	return p - data;
}

static void mark_says_who_went_and_who_came(void **state)
{
	static const u32 gone[] = { 2 }, new[] = { 3, 9 };
	u32 len, i, addr, why;
	struct pfsnl_mark m;
	u64 incarnation;
	u8 data[200];

	len = mark(data, 1, gone, 2, new);
	assert_int_equal(len, 36 + 3 * 16);
	assert_int_equal(pfsnl_mark_decode(&m, data, len), 0);
	assert_int_equal(m.ring.seq, 5);
	assert_int_equal(m.ring.incarnation, 6);
	assert_int_equal(m.ring.leader, 7);
	assert_int_equal(m.safe, 3);
	pfsnl_mark_read(&m, 0, &addr, &why, &incarnation);
	assert_int_equal(addr, 2);
	assert_int_equal(why, 1);
	assert_int_equal(incarnation, 102);
	pfsnl_mark_read(&m, 2, &addr, &why, &incarnation);
	assert_int_equal(addr, 9);
	assert_int_equal(why, 2);
	for (i = 0; i < len; i++) {
		u8 *copy = exact(data, i);

		assert_int_equal(pfsnl_mark_decode(&m, copy, i), -EBADMSG);
		free(copy);
	}
	put_be(data + 28, 4, 0xffffffff);
	assert_int_equal(pfsnl_mark_decode(&m, data, len), -EBADMSG);
	put_be(data + 28, 4, 1);
	put_be(data + 32, 4, 0xffffffff);
	assert_int_equal(pfsnl_mark_decode(&m, data, len), -EBADMSG);
}

static void view_follows_by_a_mark(void **state)
{
	static const u32 first[] = { 5, 2, 8 }, gone[] = { 5 }, new[] = { 1, 9, 5 };
	struct pfsnl_viewed a[8], b[8];
	struct pfsnl_view v = { .at = a };
	struct pfsnl_mark m;
	u8 data[200];
	u32 len;

	len = mark(data, 0, NULL, 3, first);
	assert_int_equal(pfsnl_mark_decode(&m, data, len), 0);
	assert_int_equal(pfsnl_view_after(&v, &m, a), 3);
	v.n = 3;
	assert_int_equal(a[0].addr, 2);
	assert_int_equal(a[1].addr, 5);
	assert_int_equal(a[2].addr, 8);
	assert_ptr_equal(pfsnl_view_find(&v, 5, 105), &a[1]);
	assert_null(pfsnl_view_find(&v, 5, 106));
	assert_null(pfsnl_view_find(&v, 4, 104));
	assert_null(pfsnl_view_find(&v, 9, 109));

	/* who went may come again in the same mark, in another life */
	len = mark(data, 1, gone, 3, new);
	assert_int_equal(pfsnl_mark_decode(&m, data, len), 0);
	assert_int_equal(pfsnl_view_after(&v, &m, b), 5);
	assert_int_equal(b[0].addr, 1);
	assert_int_equal(b[2].addr, 5);
	assert_int_equal(b[4].addr, 9);

	/* nobody goes who isn't there, or comes who is */
	len = mark(data, 1, new, 0, NULL);
	assert_int_equal(pfsnl_mark_decode(&m, data, len), 0);
	assert_int_equal(pfsnl_view_after(&v, &m, b), -EBADMSG);
	len = mark(data, 0, NULL, 1, first);
	assert_int_equal(pfsnl_mark_decode(&m, data, len), 0);
	assert_int_equal(pfsnl_view_after(&v, &m, b), -EBADMSG);
}

static void log_holds_consecutive_numbers_and_grows(void **state)
{
	struct pfsnl_log log = {};
	struct pfsnl_entry *e;
	u64 i, by;

	pfsnl_log_restart(&log, 1000, 77);
	assert_true(pfsnl_log_by(&log, 1000, &by));
	assert_int_equal(by, 77);
	assert_false(pfsnl_log_by(&log, 1001, &by));
	for (i = 1001; i <= 1300; i++) {
		if (pfsnl_log_full(&log)) {
			u32 size = pfsnl_log_grown(&log);

			free(pfsnl_log_move(&log, calloc(size, sizeof(*log.at)),
					    size));
		}
		pfsnl_log_append(&log, entry(i, i % 10));
		if (i % 3)
			continue;
		e = pfsnl_log_shift(&log);
		assert_int_equal(e->number, log.base);
		free(e);
	}
	assert_int_equal(log.base, 1100);
	assert_int_equal(log.last, 1300);
	assert_null(pfsnl_log_find(&log, 1100));
	assert_null(pfsnl_log_find(&log, 1301));
	for (i = 1101; i <= 1300; i++)
		assert_int_equal(pfsnl_log_find(&log, i)->number, i);
	assert_true(pfsnl_log_by(&log, 1100, &by));
	assert_int_equal(by, 2100);
	assert_true(pfsnl_log_by(&log, 1300, &by));
	assert_int_equal(by, 2300);
	while ((e = pfsnl_log_shift(&log)))
		free(e);
	assert_int_equal(log.bytes, 0);
	free(log.at);
}

static void log_does_not_grow_for_ever(void **state)
{
	struct pfsnl_log log = { .size = PFSNL_LOG_ENTRIES_MAX };

	assert_int_equal(pfsnl_log_grown(&log), 0);
	log.size /= 2;
	assert_int_equal(pfsnl_log_grown(&log), PFSNL_LOG_ENTRIES_MAX);
}

static void random_bytes_do_no_harm(void **state)
{
	u64 seed = 1, taken = 0;
	u32 round;

	for (round = 0; round < 200000; round++) {
		size_t len = test_random(&seed) % 120, i;
		struct pfsnl_piece p;
		struct pfsnl_begin b;
		struct pfsnl_mark m;
		u8 *copy = malloc(len + !len);
		u64 x, y;

		for (i = 0; i < len; i++)
			copy[i] = test_random(&seed) % 4 ? 0 :
				  test_random(&seed);
		taken += !pfsnl_send_decode(&p, copy, len);
		taken += !pfsnl_order_decode(&p, copy, len);
		taken += !pfsnl_begin_decode(&b, copy, len);
		taken += !pfsnl_mark_decode(&m, copy, len);
		taken += !pfsnl_number_decode(&x, copy, len);
		taken += !pfsnl_pair_decode(&x, &y, copy, len);
		free(copy);
	}
	assert_true(taken > 10000);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(send_is_the_bytes_of_the_table),
		cmocka_unit_test(order_is_the_bytes_of_the_table),
		cmocka_unit_test(long_message_goes_in_pieces),
		cmocka_unit_test(piece_beyond_its_message_is_refused),
		cmocka_unit_test(begin_is_the_bytes_of_the_table),
		cmocka_unit_test(mark_says_who_went_and_who_came),
		cmocka_unit_test(view_follows_by_a_mark),
		cmocka_unit_test(log_holds_consecutive_numbers_and_grows),
		cmocka_unit_test(log_does_not_grow_for_ever),
		cmocka_unit_test(random_bytes_do_no_harm),
	};

	return RUN_TESTS(tests);
}
