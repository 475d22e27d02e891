// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: a byte stream from anybody, in whatever pieces, becomes frames or is
 * refused; and the two updates are written as the protocol of 1998 has them.
 */
#include "test.h"

#include <errno.h>

#include "frame.h"

/* memory that can run out, and that knows what is still held */
struct store {
	int live;
	int fail_in;	/* allocations until one fails, 0: none does */
	size_t largest;
};

static void *store_alloc(void *ctx, size_t size)
{
	struct store *st = ctx;

	if (st->fail_in && !--st->fail_in)
		return NULL;
	st->live++;
	st->largest = max(st->largest, size);
	return calloc(1, size);
}

static void store_free(void *ctx, void *p)
{
	struct store *st = ctx;

	if (p)
		st->live--;
	free(p);
}

static struct pfsnl_stream stream_of(struct store *st, u32 list_max)
{
	return (struct pfsnl_stream) {
		.alloc = store_alloc,
		.free = store_free,
		.ctx = st,
		.list_max = list_max,
	};
}

static u8 *put_frame(u8 *p, u32 op, u32 word, const void *body, size_t len)
{
	p = put_be(put_be(p, 4, op), 4, word);
	if (len)
		memcpy(p, body, len);
	return p + len;
}

/* what a stream is expected to yield */
struct frame {
	u32 op;
	u32 len;
	const u8 *body;
};

#define SMALL	32
#define LARGE	1000

static u8 noise[4096];
static u8 many[8192];
static size_t many_len;
static const struct frame many_frames[] = {
	{ PFSNL_FRAME_ADD, 12, noise },
	{ PFSNL_FRAME_REMOVE, 4, noise + 12 },
	{ PFSNL_FRAME_ADD, 0, NULL },
	{ PFSNL_FRAME_PING, 8, noise + 16 },
	/* an unknown op stands here */
	{ PFSNL_FRAME_INSTALL, LARGE, noise + 24 },
	{ PFSNL_FRAME_REMOVE, 0, NULL },
	{ PFSNL_FRAME_LEAVE, 0, NULL },
	/* and here, and one without payload */
	{ PFSNL_FRAME_CLAIM, 256, noise + 24 },
};

static int setup(void **state)
{
	u64 seed = 3;
	u8 *p = many;
	size_t i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = test_random(&seed);
	p = put_frame(p, 0xffffffff, 3, noise, 12);
	p = put_frame(p, 0, 1, noise + 12, 4);
	p = put_frame(p, 0xffffffff, 0, NULL, 0);
	p = put_frame(p, 0x50460006, 8, noise + 16, 8);
	p = put_frame(p, 0x5046fffe, 300, noise, 300);
	p = put_frame(p, 0x50460004, LARGE, noise + 24, LARGE);
	p = put_frame(p, 0, 0, NULL, 0);
	p = put_frame(p, 0x50460005, 0, NULL, 0);
	p = put_frame(p, 0x50460000, 5, noise, 5);
	p = put_frame(p, 0x5046abcd, 0, NULL, 0);
	p = put_frame(p, 0x50460001, 256, noise + 24, 256);
	many_len = p - many;
	return 0;
}

/*
 * Feed one piece and compare each frame that becomes whole. Return: how many
 * of @frames have been seen.
 */
static size_t feed(struct pfsnl_stream *s, const u8 *piece, size_t len,
		   const struct frame *frames, size_t n, size_t seen)
{
	u8 *copy = exact(piece, len);
	const u8 *p = copy;
	size_t left = len;
	int got;

	while ((got = pfsnl_stream_feed(s, &p, &left)) == 1) {
		assert_true(seen < n);
		assert_int_equal(s->op, frames[seen].op);
		assert_int_equal(s->len, frames[seen].len);
		if (s->len)
			assert_memory_equal(s->body, frames[seen].body, s->len);
		else
			assert_null(s->body);
		seen++;
		pfsnl_stream_reset(s);
		if (!left)
			break;
	}
	assert_in_range(got, 0, 1);
	assert_int_equal(left, 0);
	assert_ptr_equal(p, copy + len);
	free(copy);
	return seen;
}

/* feed bytes until the stream gives an answer other than "more" */
static int feed_raw(struct pfsnl_stream *s, const u8 *data, size_t len)
{
	u8 *copy = exact(data, len);
	const u8 *p = copy;
	size_t left = len;
	int got = pfsnl_stream_feed(s, &p, &left);

	free(copy);
	return got;
}

static int feed_head(struct store *st, u32 list_max, u32 op, u32 word)
{
	struct pfsnl_stream s = stream_of(st, list_max);
	u8 head[8];
	int got;

	put_be(put_be(head, 4, op), 4, word);
	got = feed_raw(&s, head, sizeof(head));
	pfsnl_stream_reset(&s);
	assert_int_equal(st->live, 0);
	return got;
}

static void many_frames_in_one_buffer_need_no_memory(void **state)
{
	struct store st = { 0 };
	struct pfsnl_stream s = stream_of(&st, LARGE);

	assert_int_equal(feed(&s, many, many_len, many_frames,
			      ARRAY_SIZE(many_frames), 0),
			 ARRAY_SIZE(many_frames));
	assert_int_equal(s.skipped, 3);
	assert_int_equal(st.live, 0);
	assert_int_equal(st.largest, 0);
}

static void byte_by_byte(void **state)
{
	struct store st = { 0 };
	struct pfsnl_stream s = stream_of(&st, LARGE);
	size_t i, seen = 0;

	for (i = 0; i < many_len; i++)
		seen = feed(&s, many + i, 1, many_frames,
			    ARRAY_SIZE(many_frames), seen);
	assert_int_equal(seen, ARRAY_SIZE(many_frames));
	assert_int_equal(s.skipped, 3);
	assert_int_equal(st.live, 0);
	assert_int_equal(st.largest, LARGE);
}

static void cut_in_two_at_every_byte(void **state)
{
	size_t cut;

	for (cut = 0; cut <= many_len; cut++) {
		struct store st = { 0 };
		struct pfsnl_stream s = stream_of(&st, LARGE);
		size_t seen;

		seen = feed(&s, many, cut, many_frames,
			    ARRAY_SIZE(many_frames), 0);
		seen = feed(&s, many + cut, many_len - cut, many_frames,
			    ARRAY_SIZE(many_frames), seen);
		assert_int_equal(seen, ARRAY_SIZE(many_frames));
		assert_int_equal(st.live, 0);
	}
}

static void cut_in_random_pieces(void **state)
{
	u64 seed = 5;
	int round;

	for (round = 0; round < 2000; round++) {
		struct store st = { 0 };
		struct pfsnl_stream s = stream_of(&st, LARGE);
		size_t at = 0, seen = 0;

		while (at < many_len) {
			u64 r = test_random(&seed);
			size_t n = min_t(size_t, r % (r & 256 ? 16 : 512),
					 many_len - at);

			seen = feed(&s, many + at, n, many_frames,
				    ARRAY_SIZE(many_frames), seen);
			at += n;
		}
		assert_int_equal(seen, ARRAY_SIZE(many_frames));
		assert_int_equal(st.live, 0);
	}
}

/* "the rest of a buffer belongs to the next frame" must hold in all splits */
static void every_split_of_two_short_frames_in_three(void **state)
{
	static const struct frame want[] = {
		{ PFSNL_FRAME_ADD, 4, noise },
		{ PFSNL_FRAME_PONG, 8, noise + 4 },
	};
	u8 wire[28], *p = wire;
	size_t a, b, seen;

	p = put_frame(p, 0xffffffff, 1, noise, 4);
	put_frame(p, 0x50460007, 8, noise + 4, 8);
	for (a = 0; a <= sizeof(wire); a++)
		for (b = a; b <= sizeof(wire); b++) {
			struct store st = { 0 };
			struct pfsnl_stream s = stream_of(&st, SMALL);

			seen = feed(&s, wire, a, want, 2, 0);
			seen = feed(&s, wire + a, b - a, want, 2, seen);
			seen = feed(&s, wire + b, sizeof(wire) - b, want, 2,
				    seen);
			assert_int_equal(seen, 2);
		}
}

static void nothing_is_no_frame(void **state)
{
	struct store st = { 0 };
	struct pfsnl_stream s = stream_of(&st, LARGE);

	assert_int_equal(feed_raw(&s, many, 0), 0);
	assert_int_equal(s.have, 0);
}

static void empty_update_is_a_frame(void **state)
{
	struct store st = { 0 };

	assert_int_equal(feed_head(&st, 0, PFSNL_FRAME_ADD, 0), 1);
	assert_int_equal(feed_head(&st, 0, PFSNL_FRAME_REMOVE, 0), 1);
}

static void unknown_ops_of_ours_are_skipped_and_cost_no_memory(void **state)
{
	struct store st = { 0 };
	struct pfsnl_stream s = stream_of(&st, SMALL);
	u8 head[8], ping[16];
	static u8 zeros[1 << 16];
	u32 left = PFSNL_FRAME_SKIP_MAX;

	put_be(put_be(head, 4, 0x50461234), 4, left);
	assert_int_equal(feed_raw(&s, head, 8), 0);
	for (; left; left -= sizeof(zeros))
		assert_int_equal(feed_raw(&s, zeros, sizeof(zeros)), 0);
	assert_int_equal(s.skipped, 1);
	assert_int_equal(st.largest, 0);
	put_frame(ping, 0x50460006, 8, noise, 8);
	assert_int_equal(feed_raw(&s, ping, 16), 1);
	assert_int_equal(s.op, PFSNL_FRAME_PING);
}

static void unknown_ops_longer_than_the_limit_are_refused(void **state)
{
	struct store st = { 0 };

	assert_int_equal(feed_head(&st, SMALL, 0x50461234,
				   PFSNL_FRAME_SKIP_MAX), 0);
	assert_int_equal(feed_head(&st, SMALL, 0x50461234,
				   PFSNL_FRAME_SKIP_MAX + 1), -EMSGSIZE);
	assert_int_equal(feed_head(&st, SMALL, 0x50461234, 0xffffffff),
			 -EMSGSIZE);
}

static void ops_outside_the_range_are_refused(void **state)
{
	static const u32 ops[] = {
		1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0x50450000,
		0x5045ffff, 0x50470000, 0x50000001, 0x00460001, 0xffff0000,
		0x47455420,	/* "GET " */
		0x16030100,	/* TLS */
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct store st = { 0 };

		assert_int_equal(feed_head(&st, LARGE, ops[i], 0), -EBADMSG);
		assert_int_equal(feed_head(&st, LARGE, ops[i], 4), -EBADMSG);
	}
}

static void update_counts_that_overflow_are_refused(void **state)
{
	/* times four they wrap to 0, 4, 8 and to something just too long */
	static const u32 counts[] = {
		0x40000000, 0x40000001, 0x80000002, 0xc0000000, 0xffffffff,
		0x3fffffff, LARGE / 4 + 1,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct store st = { 0 };

		assert_int_equal(feed_head(&st, LARGE, PFSNL_FRAME_ADD,
					   counts[i]), -EMSGSIZE);
		assert_int_equal(feed_head(&st, LARGE, PFSNL_FRAME_REMOVE,
					   counts[i]), -EMSGSIZE);
		assert_int_equal(st.largest, 0);
	}
}

static void longest_update_is_taken(void **state)
{
	struct store st = { 0 };

	assert_int_equal(feed_head(&st, LARGE, PFSNL_FRAME_ADD, LARGE / 4), 0);
	assert_int_equal(st.largest, LARGE);
}

static void install_longer_than_the_limit_is_refused(void **state)
{
	struct store st = { 0 };

	assert_int_equal(feed_head(&st, LARGE, PFSNL_FRAME_INSTALL, LARGE), 0);
	assert_int_equal(feed_head(&st, LARGE, PFSNL_FRAME_INSTALL, LARGE + 1),
			 -EMSGSIZE);
	assert_int_equal(feed_head(&st, LARGE, PFSNL_FRAME_INSTALL, 0xffffffff),
			 -EMSGSIZE);
}

static void who_has_no_list_to_send_gets_no_memory(void **state)
{
	struct store st = { 0 };

	assert_int_equal(feed_head(&st, 0, PFSNL_FRAME_INSTALL, 56), -EMSGSIZE);
	assert_int_equal(feed_head(&st, 0, PFSNL_FRAME_ADD, 1), -EMSGSIZE);
	assert_int_equal(st.largest, 0);
}

static void small_messages_are_bounded_and_need_no_memory(void **state)
{
	static const u32 ops[] = {
		PFSNL_FRAME_CLAIM, PFSNL_FRAME_ACCEPT, PFSNL_FRAME_BUSY,
		PFSNL_FRAME_LEAVE, PFSNL_FRAME_PING, PFSNL_FRAME_PONG,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct store st = { .fail_in = 1 };

		assert_int_equal(feed_head(&st, LARGE, ops[i], 0), 1);
		assert_int_equal(feed_head(&st, LARGE, ops[i],
					   PFSNL_FRAME_SMALL_MAX), 0);
		assert_int_equal(feed_head(&st, LARGE, ops[i],
					   PFSNL_FRAME_SMALL_MAX + 1),
				 -EMSGSIZE);
		assert_int_equal(feed_head(&st, LARGE, ops[i], 0xffffffff),
				 -EMSGSIZE);
		assert_int_equal(st.fail_in, 1);
	}
}

static void no_memory_is_reported_and_nothing_is_held(void **state)
{
	struct store st = { .fail_in = 1 };

	assert_int_equal(feed_head(&st, LARGE, PFSNL_FRAME_INSTALL, 900),
			 -ENOMEM);
	st.fail_in = 1;
	assert_int_equal(feed_head(&st, 4 * LARGE, PFSNL_FRAME_ADD, LARGE),
			 -ENOMEM);
}

static void reset_in_the_middle_of_a_frame_holds_nothing(void **state)
{
	size_t cut;

	for (cut = 0; cut <= many_len; cut++) {
		struct store st = { 0 };
		struct pfsnl_stream s = stream_of(&st, LARGE);

		feed(&s, many, cut, many_frames, ARRAY_SIZE(many_frames), 0);
		pfsnl_stream_reset(&s);
		assert_int_equal(st.live, 0);
		assert_int_equal(feed(&s, many, many_len, many_frames,
				      ARRAY_SIZE(many_frames), 0),
				 ARRAY_SIZE(many_frames));
	}
}

/* | 0xFFFFFFFF or 0 | number | addresses in network byte order | */
static void updates_are_the_bytes_of_the_1998_protocol(void **state)
{
	static const u8 add[] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x03,
		10, 0, 0, 1, 10, 0, 0, 2, 192, 168, 255, 254,
	};
	static const u8 remove[] = {
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
		192, 168, 255, 254,
	};
	u8 wire[21], *p;

	memset(wire, 0xa5, sizeof(wire));
	p = pfsnl_frame_head(wire, PFSNL_FRAME_ADD, 3);
	p = pfsnl_frame_addr(p, 0x0a000001);
	p = pfsnl_frame_addr(p, 0x0a000002);
	p = pfsnl_frame_addr(p, 0xc0a8fffe);
	assert_ptr_equal(p, wire + 20);
	assert_memory_equal(wire, add, sizeof(add));
	assert_int_equal(wire[20], 0xa5);

	memset(wire, 0xa5, sizeof(wire));
	p = pfsnl_frame_head(wire, PFSNL_FRAME_REMOVE, 1);
	p = pfsnl_frame_addr(p, 0xc0a8fffe);
	assert_ptr_equal(p, wire + 12);
	assert_memory_equal(wire, remove, sizeof(remove));
	assert_int_equal(wire[12], 0xa5);
}

static void head_is_two_words(void **state)
{
	static const u8 want[] = { 0x50, 0x46, 0, 4, 0x01, 0x02, 0x03, 0x04 };
	u8 wire[8];

	assert_ptr_equal(pfsnl_frame_head(wire, PFSNL_FRAME_INSTALL,
					  0x01020304), wire + 8);
	assert_memory_equal(wire, want, sizeof(want));
}

/* Whatever comes, memory stays within the stated limit and nothing leaks. */
static void random_streams_do_no_harm(void **state)
{
	static const u32 ops[] = {
		PFSNL_FRAME_ADD, PFSNL_FRAME_REMOVE, PFSNL_FRAME_CLAIM,
		PFSNL_FRAME_INSTALL, PFSNL_FRAME_PING, 0x50460099, 0x50470000,
	};
	u64 seed = 7;
	u32 round, frames = 0, refused = 0;

	for (round = 0; round < 100000; round++) {
		struct store st = { .fail_in = test_random(&seed) % 8 };
		struct pfsnl_stream s = stream_of(&st, LARGE);
		int pieces = test_random(&seed) % 40, got = 0;

		while (pieces-- && got >= 0) {
			u64 r = test_random(&seed);
			size_t len = r % 64, left = len;
			u8 *piece = malloc(len);
			const u8 *p = piece;
			size_t i;

			assert_non_null(piece);
			for (i = 0; i < len; i++)
				piece[i] = test_random(&seed);
			if (len >= 8 && s.have == 0)
				put_be(put_be(piece, 4, ops[(r >> 8) % 7]), 4,
				       (r >> 16) % ((r >> 32) & 1 ? 8 : 2000));
			while ((got = pfsnl_stream_feed(&s, &p, &left)) == 1) {
				frames++;
				assert_in_range(s.len, 0, LARGE);
				pfsnl_stream_reset(&s);
				if (!left)
					break;
			}
			free(piece);
		}
		refused += got < 0;
		assert_in_range(st.largest, 0, LARGE);
		pfsnl_stream_reset(&s);
		assert_int_equal(st.live, 0);
	}
	assert_in_range(frames, 10000, 10000000);
	assert_in_range(refused, 10000, 100000);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(many_frames_in_one_buffer_need_no_memory),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(cut_in_two_at_every_byte),
		cmocka_unit_test(cut_in_random_pieces),
		cmocka_unit_test(every_split_of_two_short_frames_in_three),
		cmocka_unit_test(nothing_is_no_frame),
		cmocka_unit_test(empty_update_is_a_frame),
		cmocka_unit_test(unknown_ops_of_ours_are_skipped_and_cost_no_memory),
		cmocka_unit_test(unknown_ops_longer_than_the_limit_are_refused),
		cmocka_unit_test(ops_outside_the_range_are_refused),
		cmocka_unit_test(update_counts_that_overflow_are_refused),
		cmocka_unit_test(longest_update_is_taken),
		cmocka_unit_test(install_longer_than_the_limit_is_refused),
		cmocka_unit_test(who_has_no_list_to_send_gets_no_memory),
		cmocka_unit_test(small_messages_are_bounded_and_need_no_memory),
		cmocka_unit_test(no_memory_is_reported_and_nothing_is_held),
		cmocka_unit_test(reset_in_the_middle_of_a_frame_holds_nothing),
		cmocka_unit_test(updates_are_the_bytes_of_the_1998_protocol),
		cmocka_unit_test(head_is_two_words),
		cmocka_unit_test(random_streams_do_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}
