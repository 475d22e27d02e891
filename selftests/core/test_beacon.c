// SPDX-License-Identifier: GPL-2.0
/*
 * The beacon, byte by byte. The table in beacon.h is repeated here in bytes, so
 * that a change of either is noticed.
 */
#include "test.h"

#include <errno.h>

#include "beacon.h"
#include "config.h"

/* a beacon in which no two fields are alike, written by hand */
static const u8 sample_wire[96] = {
	'I', '\'', 'm', ' ', 'a', 'l', 'i', 'v', 'e',	/* 0 */
	0x01,						/* 9 version */
	0x00, 0x60,					/* 10 length */
	0x00, 0x0a,					/* 12 flags */
	0x1c, 0x97,					/* 14 port */
	0x0a, 0x01, 0x02, 0x03,				/* 16 address */
	0x11, 0x12, 0x13, 0x14,				/* 20 counter */
	0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,	/* 24 incarnation */
	0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,	/* 32 cluster */
	0x00, 0x00, 0x01, 0x02,				/* 40 interval */
	0x64,						/* 44 priority */
	0x05,						/* 45 dead */
	0x79, 0x7a,					/* 46 lease */
	0x01, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,	/* 48 ring: seq */
	0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,	/* 56 ring: inc. */
	0x0a, 0x09, 0x08, 0x07,				/* 64 ring: leader */
	0x00, 0x00, 0x01, 0x03,				/* 68 members */
	0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78,	/* 72 subject */
};							/* 80 no keys */

static const struct pfsnl_beacon sample = {
	.level = 1,
	.flags = PFSNL_BEACON_TETHERED | PFSNL_BEACON_LISTENING,
	.tether_port = 7319,
	.addr = 0x0a010203,
	.counter = 0x11121314,
	.incarnation = 0x2122232425262728,
	.cluster_id = 0x3132333435363738,
	.interval_ms = 258,
	.priority = 100,
	.dead = 5,
	.lease_ms = 0x797a,
	.ring = {
		.seq = 0x0142434445464748,
		.incarnation = 0x5152535455565758,
		.leader = 0x0a090807,
	},
	.members = 259,
	.subject = 0x7172737475767778,
};

static int decode(struct pfsnl_beacon *b, const void *data, size_t len)
{
	u8 *copy = exact(data, len);
	int err = pfsnl_beacon_decode(b, copy, len);

	free(copy);
	return err;
}

/* decode the sample with @width bytes at @at changed */
static int decode_with(struct pfsnl_beacon *b, size_t at, unsigned int width,
		       u64 value)
{
	u8 wire[96];

	memcpy(wire, sample_wire, sizeof(wire));
	put_be(wire + at, width, value);
	return decode(b, wire, sizeof(wire));
}

static void assert_same(const struct pfsnl_beacon *a,
			const struct pfsnl_beacon *b)
{
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->tether_port, b->tether_port);
	assert_int_equal(a->addr, b->addr);
	assert_int_equal(a->counter, b->counter);
	assert_int_equal(a->incarnation, b->incarnation);
	assert_int_equal(a->cluster_id, b->cluster_id);
	assert_int_equal(a->interval_ms, b->interval_ms);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->dead, b->dead);
	assert_int_equal(a->ring.seq, b->ring.seq);
	assert_int_equal(a->ring.incarnation, b->ring.incarnation);
	assert_int_equal(a->ring.leader, b->ring.leader);
	assert_int_equal(a->members, b->members);
	assert_int_equal(a->lease_ms, b->lease_ms);
	assert_int_equal(a->subject, b->subject);
}

static void encoder_writes_every_byte_of_the_table(void **state)
{
	u8 wire[PFSNL_BEACON_LEN];

	assert_int_equal(PFSNL_BEACON_LEN, sizeof(sample_wire));
	memset(wire, 0xa5, sizeof(wire));
	pfsnl_beacon_encode(&sample, wire);
	assert_memory_equal(wire, sample_wire, sizeof(wire));
}

static void decoder_reads_every_field_of_the_table(void **state)
{
	struct pfsnl_beacon b;

	memset(&b, 0xa5, sizeof(b));
	assert_int_equal(decode(&b, sample_wire, sizeof(sample_wire)), 0);
	assert_same(&b, &sample);
}

static void stamp_changes_counter_and_lease_and_nothing_else(void **state)
{
	u8 wire[96], want[96];

	memcpy(wire, sample_wire, sizeof(wire));
	memcpy(want, sample_wire, sizeof(want));
	put_be(want + 20, 4, 0xfffefdfc);
	put_be(want + 46, 2, 0x4e4f);
	pfsnl_beacon_stamp(wire, 0xfffefdfc, 0x4e4f);
	assert_memory_equal(wire, want, sizeof(wire));
}

static void flags_are_the_bits_of_the_table(void **state)
{
	assert_int_equal(PFSNL_BEACON_LEADER, 1);
	assert_int_equal(PFSNL_BEACON_TETHERED, 2);
	assert_int_equal(PFSNL_BEACON_LEAVING, 4);
	assert_int_equal(PFSNL_BEACON_LISTENING, 8);
	assert_int_equal(PFSNL_BEACON_NOT_MEMBER, 16);
}

static void nine_bytes_are_a_level0_beacon(void **state)
{
	struct pfsnl_beacon b, zero;

	memset(&zero, 0, sizeof(zero));
	memset(&b, 0xa5, sizeof(b));
	assert_int_equal(decode(&b, "I'm alive", 9), 0);
	assert_same(&b, &zero);
}

static void each_of_the_nine_bytes_counts(void **state)
{
	struct pfsnl_beacon b;
	u8 wire[96];
	int i;

	for (i = 0; i < 9; i++) {
		memcpy(wire, sample_wire, sizeof(wire));
		wire[i] ^= 0x20;
		assert_int_equal(decode(&b, wire, 9), -EBADMSG);
		assert_int_equal(decode(&b, wire, 96), -EBADMSG);
	}
}

static void truncated_at_any_length_is_refused(void **state)
{
	struct pfsnl_beacon b;
	size_t len;

	for (len = 0; len < 96; len++) {
		u8 wire[96];

		if (len == 9)
			continue;
		assert_int_equal(decode(&b, sample_wire, len), -EBADMSG);
		/* also when it states the length that it has */
		memcpy(wire, sample_wire, sizeof(wire));
		put_be(wire + 10, 2, len);
		assert_int_equal(decode(&b, wire, len), -EBADMSG);
	}
}

static void stated_length_must_be_the_real_one(void **state)
{
	struct pfsnl_beacon b;
	u8 wire[256] = { 0 };
	size_t len;

	memcpy(wire, sample_wire, sizeof(sample_wire));
	for (len = 96; len <= sizeof(wire); len++) {
		assert_int_equal(decode(&b, wire, len), len == 96 ? 0 : -EBADMSG);
		put_be(wire + 10, 2, len - 1);
		assert_int_equal(decode(&b, wire, len), -EBADMSG);
		put_be(wire + 10, 2, len + 1);
		assert_int_equal(decode(&b, wire, len), -EBADMSG);
		put_be(wire + 10, 2, 96);
	}
	put_be(wire + 10, 2, 0);
	assert_int_equal(decode(&b, wire, 96), -EBADMSG);
	put_be(wire + 10, 2, 0xffff);
	assert_int_equal(decode(&b, wire, 96), -EBADMSG);
}

static void trailing_bytes_of_later_versions_are_skipped(void **state)
{
	static const size_t lens[] = { 96, 97, 128, 1472, 65507 };
	static const u8 versions[] = { 1, 2, 255 };
	static u8 wire[65507];
	struct pfsnl_beacon b;
	size_t i, j;

	memset(wire, 0xff, sizeof(wire));
	memcpy(wire, sample_wire, sizeof(sample_wire));
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		for (j = 0; j < ARRAY_SIZE(versions); j++) {
			wire[9] = versions[j];
			put_be(wire + 10, 2, lens[i]);
			assert_int_equal(decode(&b, wire, lens[i]), 0);
			assert_same(&b, &sample);
		}
}

static void version_zero_is_refused(void **state)
{
	struct pfsnl_beacon b;

	assert_int_equal(decode_with(&b, 9, 1, 0), -EBADMSG);
}

static void oversized_datagrams_are_refused(void **state)
{
	static u8 wire[65536 + 96];
	struct pfsnl_beacon b;

	/* the length field wraps at 65536: what it states fits again */
	memcpy(wire, sample_wire, sizeof(sample_wire));
	assert_int_equal(decode(&b, wire, sizeof(wire)), -EBADMSG);
	assert_int_equal(decode(&b, wire, 65507), -EBADMSG);
}

static void fields_that_must_not_be_zero(void **state)
{
	static const struct {
		size_t at;
		unsigned int width;
	} field[] = { { 14, 2 }, { 16, 4 }, { 24, 8 }, { 40, 4 } };
	struct pfsnl_beacon b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(field); i++)
		assert_int_equal(decode_with(&b, field[i].at, field[i].width,
					     0), -EBADMSG);
}

static void fields_that_may_be_zero(void **state)
{
	static const struct {
		size_t at;
		unsigned int width;
	} field[] = {
		{ 12, 2 }, { 20, 4 }, { 32, 8 }, { 44, 1 }, { 48, 8 },
		{ 56, 8 }, { 64, 4 }, { 68, 4 }, { 72, 8 },
	};
	struct pfsnl_beacon b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(field); i++)
		assert_int_equal(decode_with(&b, field[i].at, field[i].width,
					     0), 0);
}

static void interval_outside_its_limits_is_refused(void **state)
{
	struct pfsnl_beacon b;

	assert_int_equal(decode_with(&b, 40, 4, 9), -EBADMSG);
	assert_int_equal(decode_with(&b, 40, 4, 10), 0);
	assert_int_equal(decode_with(&b, 40, 4, 10000), 0);
	assert_int_equal(decode_with(&b, 40, 4, 10001), -EBADMSG);
	assert_int_equal(decode_with(&b, 40, 4, 0xffffffff), -EBADMSG);
}

static void ring_number_that_nobody_counted_up_is_refused(void **state)
{
	struct pfsnl_beacon b;

	assert_int_equal(decode_with(&b, 48, 8, 1ULL << 62), 0);
	assert_int_equal(decode_with(&b, 48, 8, (1ULL << 62) + 1), -EBADMSG);
	assert_int_equal(decode_with(&b, 48, 8, ~0ULL), -EBADMSG);
}

static void leader_that_is_tethered_is_refused(void **state)
{
	struct pfsnl_beacon b;

	assert_int_equal(decode_with(&b, 12, 2, 1), 0);
	assert_int_equal(decode_with(&b, 12, 2, 2), 0);
	assert_int_equal(decode_with(&b, 12, 2, 3), -EBADMSG);
	assert_int_equal(decode_with(&b, 12, 2, 0xffff), -EBADMSG);
}

static void unknown_flags_are_kept_and_harmless(void **state)
{
	struct pfsnl_beacon b;

	assert_int_equal(decode_with(&b, 12, 2, 0xffe1), 0);
	assert_int_equal(b.flags, 0xffe1);
}

static void authenticator_means_nothing_without_keys(void **state)
{
	struct pfsnl_beacon b;
	int i;

	for (i = 80; i < 96; i += 8)
		assert_int_equal(decode_with(&b, i, 8, ~0ULL), 0);
}

/*
 * A million datagrams, half of them noise, half of them a beacon with a few
 * bytes changed. What is taken must be what is written again, so no field is
 * read wrong.
 */
static void a_million_random_datagrams_do_no_harm(void **state)
{
	u64 seed = 20;
	u32 taken = 0, i, j;

	for (i = 0; i < 1000000; i++) {
		u64 r = test_random(&seed);
		size_t len = r % 4 ? 96 : r >> 8 & 0x7f;
		u8 *wire = malloc(len), again[96];
		struct pfsnl_beacon b;

		assert_non_null(wire);
		for (j = 0; j < len; j++)
			wire[j] = j < 96 ? sample_wire[j] : 0;
		if (r >> 16 & 1)
			for (j = r >> 17 & 1 ? 9 : 0; j < len; j++)
				wire[j] = test_random(&seed);
		else
			for (j = 0; len && j < (r >> 20) % 8; j++)
				wire[test_random(&seed) % len] =
					test_random(&seed);
		if (!pfsnl_beacon_decode(&b, wire, len)) {
			taken++;
			if (b.level) {
				pfsnl_beacon_encode(&b, again);
				assert_memory_equal(again + 12, wire + 12, 34);
				assert_memory_equal(again + 48, wire + 48, 32);
			}
		}
		free(wire);
	}
	/* neither all nor none: the noise was of the right sort */
	assert_in_range(taken, 100000, 900000);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(encoder_writes_every_byte_of_the_table),
		cmocka_unit_test(decoder_reads_every_field_of_the_table),
		cmocka_unit_test(stamp_changes_counter_and_lease_and_nothing_else),
		cmocka_unit_test(flags_are_the_bits_of_the_table),
		cmocka_unit_test(nine_bytes_are_a_level0_beacon),
		cmocka_unit_test(each_of_the_nine_bytes_counts),
		cmocka_unit_test(truncated_at_any_length_is_refused),
		cmocka_unit_test(stated_length_must_be_the_real_one),
		cmocka_unit_test(trailing_bytes_of_later_versions_are_skipped),
		cmocka_unit_test(version_zero_is_refused),
		cmocka_unit_test(oversized_datagrams_are_refused),
		cmocka_unit_test(fields_that_must_not_be_zero),
		cmocka_unit_test(fields_that_may_be_zero),
		cmocka_unit_test(interval_outside_its_limits_is_refused),
		cmocka_unit_test(ring_number_that_nobody_counted_up_is_refused),
		cmocka_unit_test(leader_that_is_tethered_is_refused),
		cmocka_unit_test(unknown_flags_are_kept_and_harmless),
		cmocka_unit_test(authenticator_means_nothing_without_keys),
		cmocka_unit_test(a_million_random_datagrams_do_no_harm),
	};

	return RUN_TESTS(tests);
}
