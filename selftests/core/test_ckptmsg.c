// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on checkpoints and records of synchronization, byte by byte as ckptmsg.h
 * and ckptrec.h have them, and what is none.
 */
#include <errno.h>

#include "ckptmsg.h"
#include "ckptrec.h"
#include "test.h"

static const struct pfsnl_ckpt_number number = {
	.incarnation = 0x0102030405060708,
	.counter = 0x1112131415161718,
	.creator = 0x0a010203,
};

static const struct pfsnl_ckpt_attr attr = {
	.size = 0x300000000,
	.retention = 0x5152535455565758,
	.max_section = 0x100000000,
	.max_sections = 3,
	.max_id = 16,
};

/* What @m is as bytes, in memory that ends there. */
static u8 *encoded(const struct pfsnl_ckptmsg *m, u32 *len)
{
	u8 *wire;

	*len = pfsnl_ckptmsg_size(m);
	wire = malloc(*len);
	pfsnl_ckptmsg_encode(m, wire);
	return wire;
}

static int decode(const u8 *data, u32 len)
{
	u8 *wire = exact(data, len);
	struct pfsnl_ckptmsg m;
	int err = pfsnl_ckptmsg_decode(&m, wire, len);

	free(wire);
	return err;
}

static int decode_record(const u8 *data, u32 len)
{
	u8 *wire = exact(data, len);
	struct pfsnl_ckptrec r;
	int err = pfsnl_ckptrec_decode(&r, wire, len);

	free(wire);
	return err;
}

static void open_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		1, 7, 0, 2, 0x21, 0x22, 0x23, 0x24,	/* OPEN, flags, process */
		0x31, 0x32, 0x33, 0x34, 0, 0, 0, 0,	/* handle */
		0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,	/* time */
		0, 0, 0, 3, 0, 0, 0, 0,			/* size */
		0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,	/* retention */
		0, 0, 0, 1, 0, 0, 0, 0,			/* of a section */
		0, 0, 0, 3, 0, 0, 0, 16, 'g', 'r',	/* sections, ids, name */
	};
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_OPEN,
		.flags = PFSNL_OPEN_CREATE | PFSNL_OPEN_READ | PFSNL_OPEN_WRITE,
		.process = 0x21222324,
		.handle = 0x31323334,
		.time = 0x4142434445464748,
		.attr = attr,
		.name = (const u8 *)"gr",
		.name_len = 2,
	};
	u32 len;
	u8 *wire = encoded(&m, &len);

	assert_int_equal(len, sizeof(want));
	assert_memory_equal(wire, want, len);
	memset(&m, 0xff, sizeof(m));
	assert_int_equal(pfsnl_ckptmsg_decode(&m, wire, len), 0);
	assert_int_equal(m.kind, PFSNL_CKPTMSG_OPEN);
	assert_int_equal(m.flags, 7);
	assert_int_equal(m.process, 0x21222324);
	assert_int_equal(m.handle, 0x31323334);
	assert_int_equal(m.time, 0x4142434445464748);
	assert_int_equal(m.attr.size, attr.size);
	assert_int_equal(m.attr.retention, attr.retention);
	assert_int_equal(m.attr.max_section, attr.max_section);
	assert_int_equal(m.attr.max_sections, 3);
	assert_int_equal(m.attr.max_id, 16);
	assert_int_equal(m.name_len, 2);
	assert_memory_equal(m.name, "gr", 2);
	free(wire);
}

static void write_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		7, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2,	/* two vectors */
		0, 0, 0, 0, 0, 0, 0, 9, 's',
		0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 'a', 'b',
		0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 'c',
	};
	struct pfsnl_vec v[] = {
		{ .offset = 1ULL << 32, .len = 2, .bytes = (const u8 *)"ab" },
		{ .offset = (1ULL << 32) + 2, .len = 1, .bytes = (const u8 *)"c" },
	};
	u8 rest[27];
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_WRITE,
		.process = 1,
		.handle = 2,
		.time = 9,
		.vectors = 2,
		.name = (const u8 *)"s",
		.name_len = 1,
		.rest = rest,
		.len = sizeof(rest),
	};
	struct pfsnl_vec got;
	const u8 *p;
	u32 len;
	u8 *wire;

	assert_ptr_equal(pfsnl_vec_encode(pfsnl_vec_encode(rest, &v[0]), &v[1]),
			 rest + sizeof(rest));
	wire = encoded(&m, &len);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(wire, want, len);
	assert_int_equal(pfsnl_ckptmsg_decode(&m, wire, len), 0);
	assert_int_equal(m.vectors, 2);
	p = pfsnl_vec_next(m.rest, &got);
	assert_int_equal(got.offset, 1ULL << 32);
	assert_memory_equal(got.bytes, "ab", 2);
	assert_ptr_equal(pfsnl_vec_next(p, &got), wire + len);
	assert_int_equal(got.len, 1);
	free(wire);
}

static void expire_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		10, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 9,
		0, 0, 0, 0, 0, 0, 0, 8,			/* when it expires */
		1, 2, 3, 4, 5, 6, 7, 8,
		0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3, 0, 0, 0, 0, 's',
	};
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_EXPIRE,
		.flags = PFSNL_EXPIRE_SECTION,
		.time = 9,
		.expires = 8,
		.number = number,
		.name = (const u8 *)"s",
		.name_len = 1,
	};
	u32 len;
	u8 *wire = encoded(&m, &len);

	assert_int_equal(len, sizeof(want));
	assert_memory_equal(wire, want, len);
	assert_int_equal(pfsnl_ckptmsg_decode(&m, wire, len), 0);
	assert_int_equal(m.number.creator, number.creator);
	assert_int_equal(m.number.counter, number.counter);
	assert_int_equal(m.number.incarnation, number.incarnation);
	/* before its time */
	wire[31] = 10;
	assert_int_equal(decode(wire, len), -EBADMSG);
	wire[31] = 9;
	assert_int_equal(decode(wire, len), 0);
	/* an id, and not a section */
	wire[1] = 0;
	assert_int_equal(decode(wire, len), -EBADMSG);
	free(wire);
}

/* One of each kind. */
static struct pfsnl_ckptmsg sample(u8 kind, u8 *rest)
{
	struct pfsnl_vec v = { .offset = 5, .len = 3, .bytes = (const u8 *)"xyz" };
	struct pfsnl_ckptmsg m = {
		.kind = kind,
		.time = 77,
		.expires = 70,
		.attr = attr,
		.number = number,
		.addr = 0x0a000001,
		.incarnation = 5,
		.limits = { .bytes = 100, .headroom = 100 },
	};

	if (kind == PFSNL_CKPTMSG_OPEN)
		m.flags = PFSNL_OPEN_READ;
	if (kind == PFSNL_CKPTMSG_OPEN || kind == PFSNL_CKPTMSG_UNLINK ||
	    (kind >= PFSNL_CKPTMSG_SECTION_CREATE &&
	     kind <= PFSNL_CKPTMSG_SECTION_EXPIRATION)) {
		m.name = (const u8 *)"name";
		m.name_len = 4;
	}
	m.rest = rest;
	if (kind == PFSNL_CKPTMSG_SECTION_WRITE) {
		m.vectors = 1;
		m.len = pfsnl_vec_encode(rest, &v) - rest;
	}
	return m;
}

static void what_is_cut_short_makes_no_sense(void **state)
{
	u8 kind, rest[32];

	for (kind = PFSNL_CKPTMSG_OPEN; kind <= PFSNL_CKPTMSG_LIMITS; kind++) {
		struct pfsnl_ckptmsg m = sample(kind, rest);
		u32 len, i;
		u8 *wire = encoded(&m, &len);

		assert_int_equal(decode(wire, len), 0);
		/* what has data at its end is other data then */
		for (i = 0; i < len; i++)
			assert_int_equal(decode(wire, i), -EBADMSG);
		free(wire);
	}
}

static void what_is_too_long_makes_no_sense(void **state)
{
	u8 kind, rest[32];

	for (kind = PFSNL_CKPTMSG_OPEN; kind <= PFSNL_CKPTMSG_LIMITS; kind++) {
		struct pfsnl_ckptmsg m = sample(kind, rest);
		bool data = kind == PFSNL_CKPTMSG_SECTION_CREATE ||
			    kind == PFSNL_CKPTMSG_SECTION_OVERWRITE;
		u8 wire[256] = {};

		pfsnl_ckptmsg_encode(&m, wire);
		assert_int_equal(decode(wire, pfsnl_ckptmsg_size(&m) + 1),
				 data ? 0 : -EBADMSG);
	}
}

static void kind_and_flags_that_there_are_not_make_no_sense(void **state)
{
	u8 kind, rest[32];
	u32 flag;

	for (kind = PFSNL_CKPTMSG_OPEN; kind <= PFSNL_CKPTMSG_LIMITS; kind++) {
		struct pfsnl_ckptmsg m = sample(kind, rest);
		u32 len;
		u8 *wire = encoded(&m, &len);

		for (flag = 0x08; flag < 0x100; flag <<= 1) {
			wire[1] = m.flags | flag;
			assert_int_equal(decode(wire, len), -EBADMSG);
		}
		if (kind == PFSNL_CKPTMSG_SECTION_CREATE) {
			/* an id, and one is to be made */
			wire[1] = PFSNL_CREATE_ID;
			assert_int_equal(decode(wire, len), -EBADMSG);
		}
		if (kind == PFSNL_CKPTMSG_OPEN) {
			wire[1] = 0;
			assert_int_equal(decode(wire, len), -EBADMSG);
		}
		wire[1] = m.flags;
		wire[0] = 0;
		assert_int_equal(decode(wire, len), -EBADMSG);
		wire[0] = PFSNL_CKPTMSG_LIMITS + 1;
		assert_int_equal(decode(wire, len), -EBADMSG);
		free(wire);
	}
}

static void vectors_that_are_not_rising_make_no_sense(void **state)
{
	static const struct {
		u64 a;
		u32 a_len;
		u64 b;
		u32 b_len;
		int err;
	} cases[] = {
		{ 0, 4, 4, 4, 0 },
		{ 0, 4, 3, 4, -EBADMSG },	/* over another */
		{ 4, 4, 0, 4, -EBADMSG },
		{ 0, 4, 8, 0, -EBADMSG },	/* empty */
		{ 0, 4, ~0ULL - 4, 4, 0 },
		{ 0, 4, ~0ULL - 3, 4, -EBADMSG }, /* beyond all numbers */
		{ ~0ULL - 4, 4, 0, 4, -EBADMSG },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pfsnl_vec a = { cases[i].a, cases[i].a_len, (const u8 *)"aaaa" };
		struct pfsnl_vec b = { cases[i].b, cases[i].b_len, (const u8 *)"bbbb" };
		u8 rest[64];
		struct pfsnl_ckptmsg m = {
			.kind = PFSNL_CKPTMSG_SECTION_WRITE,
			.vectors = 2,
			.rest = rest,
		};
		u32 len;
		u8 *wire;

		m.len = pfsnl_vec_encode(pfsnl_vec_encode(rest, &a), &b) - rest;
		wire = encoded(&m, &len);
		assert_int_equal(decode(wire, len), cases[i].err);
		/* another number of them than there are */
		put_be(wire + 12, 4, 1);
		assert_int_equal(decode(wire, len), -EBADMSG);
		put_be(wire + 12, 4, 0xffffffff);
		assert_int_equal(decode(wire, len), -EBADMSG);
		put_be(wire + 12, 4, 0);
		assert_int_equal(decode(wire, len), -EBADMSG);
		free(wire);
	}
}

static void limits_that_can_not_be_make_no_sense(void **state)
{
	u8 rest[32];
	struct pfsnl_ckptmsg m = sample(PFSNL_CKPTMSG_LIMITS, rest);
	u32 len;
	u8 *wire;

	m.limits.headroom = 101;
	wire = encoded(&m, &len);
	assert_int_equal(decode(wire, len), -EBADMSG);
	free(wire);
}

static struct pfsnl_ckptrec record_sample(u8 kind)
{
	return (struct pfsnl_ckptrec) {
		.kind = kind,
		.limits = { .bytes = 0x61, .headroom = 0x60 },
		.number = number,
		.origin = number,
		.attr = attr,
		.ops = 3,
		.modified = 0x71,
		.idle = 0x72,
		.next_id = 0x73,
		.born = { .ring = { .seq = 1, .incarnation = 2, .leader = 3 },
			  .count = 4 },
		.changed = { .ring = { .seq = 5, .incarnation = 6, .leader = 7 },
			     .count = 8 },
		.lost = { .seq = 9, .incarnation = 10, .leader = 11 },
		.digest = { 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9,
			    0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf },
		.chunk = { 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
			   0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf },
		.sum = 0x74,
		.bytes = kind == PFSNL_CKPTREC_WANT ? 0 : 10,
		.expires = 11,
		.incarnation = 12,
		.seen = 13,
		.addr = 14,
	};
}

static void record_of_a_checkpoint_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		2, 2, 0, 1, 0, 0, 0, 3,
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3, 0, 0, 0, 3,
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3, 0, 0, 0, 16,
		0, 0, 0, 3, 0, 0, 0, 0, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
		0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3,
		0, 0, 0, 0, 0, 0, 0, 0x71, 0, 0, 0, 0, 0, 0, 0, 0x72,
		0, 0, 0, 0, 0, 0, 0, 0x73,
		0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3,
		0, 0, 0, 0, 0, 0, 0, 4,
		0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7,
		0, 0, 0, 0, 0, 0, 0, 8,
		0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb,
		0xdc, 0xdd, 0xde, 0xdf,
		0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 11, 'g',
	};
	struct pfsnl_ckptrec r = record_sample(PFSNL_CKPTREC_CHECKPOINT), got;
	u8 wire[sizeof(want)];

	r.flags = PFSNL_CKPT_CONFLICT;
	r.n = 3;
	r.name = (const u8 *)"g";
	r.name_len = 1;
	assert_int_equal(pfsnl_ckptrec_size(&r), sizeof(want));
	pfsnl_ckptrec_encode(&r, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(pfsnl_ckptrec_decode(&got, wire, sizeof(wire)), 0);
	assert_int_equal(got.changed.count, 8);
	assert_int_equal(got.changed.ring.leader, 7);
	assert_int_equal(got.lost.seq, 9);
	assert_int_equal(got.lost.leader, 11);
	assert_int_equal(got.attr.max_section, attr.max_section);
	assert_int_equal(got.idle, 0x72);
	assert_memory_equal(got.digest, r.digest, sizeof(r.digest));
	/* more sections than it may have */
	wire[7] = 4;
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
}

static void record_of_a_section_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		3, 1, 0, 1, 0, 0, 0, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 11,
		0, 0, 0, 0, 0, 0, 0, 0x71, 0, 0, 0, 0, 0, 0, 0, 7,
		0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb,
		0xdc, 0xdd, 0xde, 0xdf,
		0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb,
		0xcc, 0xcd, 0xce, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0x74, 's', 'x', 'y', 'z',
	};
	struct pfsnl_ckptrec r = record_sample(PFSNL_CKPTREC_SECTION);
	u8 wire[sizeof(want)];

	r.offset = 7;
	r.flags = PFSNL_PIECE_ENDS;
	r.name = (const u8 *)"s";
	r.name_len = 1;
	r.rest = (const u8 *)"xyz";
	r.len = 3;
	pfsnl_ckptrec_encode(&r, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(decode_record(wire, sizeof(wire)), 0);
	/* a piece that goes beyond the end, or begins there */
	wire[63] = 8;
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	wire[63] = 11;
	assert_int_equal(decode_record(wire, sizeof(wire) - 3), -EBADMSG);
	/* where nothing is, no chunk ends */
	wire[63] = 10;
	assert_int_equal(decode_record(wire, sizeof(wire) - 3), -EBADMSG);
	wire[1] = 0;
	assert_int_equal(decode_record(wire, sizeof(wire) - 3), 0);
	wire[1] = 2;
	wire[63] = 7;
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	/* of two chunks */
	wire[1] = 0;
	put_be(wire + 32, 8, 1 << 20);
	put_be(wire + 56, 8, PFSNL_CHUNK - 3);
	assert_int_equal(decode_record(wire, sizeof(wire)), 0);
	put_be(wire + 56, 8, PFSNL_CHUNK - 2);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	put_be(wire + 56, 8, PFSNL_CHUNK);
	assert_int_equal(decode_record(wire, sizeof(wire)), 0);
	/* chunks before it are zero, but not more than there are, nor in one of them */
	wire[31] = 1;
	assert_int_equal(decode_record(wire, sizeof(wire)), 0);
	wire[31] = 2;
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	wire[31] = 1;
	put_be(wire + 56, 8, PFSNL_CHUNK + 1);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	/* without a piece it ends */
	put_be(wire + 56, 8, PFSNL_CHUNK);
	assert_int_equal(decode_record(wire, sizeof(wire) - 3), -EBADMSG);
	put_be(wire + 56, 8, 1 << 20);
	assert_int_equal(decode_record(wire, sizeof(wire) - 3), 0);
	wire[31] = 0;
	/* longer than any */
	put_be(wire + 32, 8, (1ULL << 40) + 1);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
}

static void records_of_stores_handles_and_wants_are_the_bytes_of_the_table(void **state)
{
	static const u8 store[] = {
		1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x61,
		0, 0, 0, 0, 0, 0, 0, 0x60,
		0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7,
		0, 0, 0, 0, 0, 0, 0, 8,
	};
	static const u8 refcount[] = {
		4, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12,
		0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 14, 0, 0, 0, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3, 0, 0, 0, 21, 0, 0, 0, 22, 0, 0, 0, 6,
	};
	static const u8 want[] = {
		5, 1, 0, 2, 0, 0, 0, 14,
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb,
		0xdc, 0xdd, 0xde, 0xdf, 'i', 'd',
	};
	struct pfsnl_handle_rec h = { .number = number, .process = 21, .handle = 22,
				      .flags = 6 };
	struct pfsnl_ckptrec r = record_sample(PFSNL_CKPTREC_STORE);
	u8 wire[256], rest[32];

	r.n = 1;
	r.rest = rest;
	r.len = pfsnl_dot_encode(rest, &r.changed) - rest;
	pfsnl_ckptrec_encode(&r, wire);
	assert_memory_equal(wire, store, sizeof(store));
	assert_int_equal(decode_record(wire, sizeof(store)), 0);
	wire[7] = 2;
	assert_int_equal(decode_record(wire, sizeof(store)), -EBADMSG);

	r = record_sample(PFSNL_CKPTREC_REFCOUNT);
	r.n = 1;
	r.rest = rest;
	r.len = pfsnl_handle_encode(rest, &h) - rest;
	pfsnl_ckptrec_encode(&r, wire);
	assert_memory_equal(wire, refcount, sizeof(refcount));
	assert_int_equal(decode_record(wire, sizeof(refcount)), 0);
	wire[sizeof(refcount) - 1] = 7;
	assert_int_equal(decode_record(wire, sizeof(refcount)), -EBADMSG);

	r = record_sample(PFSNL_CKPTREC_WANT);
	r.flags = PFSNL_WANT_SECTION;
	r.name = (const u8 *)"id";
	r.name_len = 2;
	pfsnl_ckptrec_encode(&r, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(decode_record(wire, sizeof(want)), 0);
	/* an id only for a section, and of that data only */
	wire[1] = 0;
	assert_int_equal(decode_record(wire, sizeof(want)), -EBADMSG);
	wire[1] = PFSNL_WANT_DATA;
	assert_int_equal(decode_record(wire, sizeof(want)), -EBADMSG);
	wire[1] = PFSNL_WANT_DATA | PFSNL_WANT_SECTION;
	assert_int_equal(decode_record(wire, sizeof(want)), -EBADMSG);
	wire[1] = PFSNL_WANT_DATA;
	wire[3] = 0;
	assert_int_equal(decode_record(wire, PFSNL_CKPTREC_WANT_LEN), 0);
}

static void want_of_chunks_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		5, 5, 0, 1, 0, 0, 0, 14,
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3,
		0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0,
		0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb,
		0xdc, 0xdd, 0xde, 0xdf, 's',
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	};
	struct pfsnl_ckptrec r = record_sample(PFSNL_CKPTREC_WANT), got;
	u8 wire[sizeof(want)];
	u32 i;

	r.flags = PFSNL_WANT_SECTION | PFSNL_WANT_CHUNKS;
	r.offset = PFSNL_CHUNK;
	r.bytes = 4 * PFSNL_CHUNK;
	r.name = (const u8 *)"s";
	r.name_len = 1;
	r.rest = want + sizeof(want) - 32;
	r.len = 32;
	assert_int_equal(pfsnl_ckptrec_size(&r), sizeof(want));
	pfsnl_ckptrec_encode(&r, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(pfsnl_ckptrec_decode(&got, wire, sizeof(wire)), 0);
	assert_int_equal(got.offset, PFSNL_CHUNK);
	assert_int_equal(got.bytes, 4 * PFSNL_CHUNK);
	assert_int_equal(got.len, 32);
	assert_memory_equal(got.digest, r.digest, sizeof(r.digest));
	assert_int_equal(got.addr, 14);
	/* whole digests, or none */
	for (i = 0; i < sizeof(want); i++)
		assert_int_equal(decode_record(wire, i), i < sizeof(want) - 32 ||
				 (sizeof(want) - i) % PFSNL_CKPT_DIGEST ? -EBADMSG : 0);
	/* of more chunks than it is about */
	put_be(wire + 36, 8, 3 * PFSNL_CHUNK);
	assert_int_equal(decode_record(wire, sizeof(wire)), 0);
	put_be(wire + 36, 8, 2 * PFSNL_CHUNK);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	/* of none */
	put_be(wire + 36, 8, PFSNL_CHUNK);
	assert_int_equal(decode_record(wire, sizeof(wire) - 32), -EBADMSG);
	put_be(wire + 36, 8, 0);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	/* within a chunk, and beyond the longest section */
	put_be(wire + 36, 8, 4 * PFSNL_CHUNK + 1);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	put_be(wire + 36, 8, PFSNL_SECTION_LEN_MAX);
	assert_int_equal(decode_record(wire, sizeof(wire)), 0);
	put_be(wire + 36, 8, PFSNL_SECTION_LEN_MAX + PFSNL_CHUNK);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	put_be(wire + 36, 8, PFSNL_SECTION_LEN_MAX);
	put_be(wire + 28, 8, PFSNL_CHUNK + 1);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	put_be(wire + 28, 8, PFSNL_SECTION_LEN_MAX);
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	/* only of a section, and that not whole */
	put_be(wire + 28, 8, PFSNL_CHUNK);
	wire[1] = PFSNL_WANT_SECTION;
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	assert_int_equal(decode_record(wire, sizeof(wire) - 32), -EBADMSG);
	wire[1] = PFSNL_WANT_CHUNKS;
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
	wire[1] = PFSNL_WANT_CHUNKS | PFSNL_WANT_SECTION | PFSNL_WANT_DATA;
	assert_int_equal(decode_record(wire, sizeof(wire)), -EBADMSG);
}

static void offers_are_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		6, 0, 0, 0, 0, 0, 0, 2,
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
		10, 1, 2, 3,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 'i', 'd',
		2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0,
	};
	const struct pfsnl_offer one = { .digest = want + 28, .id_len = 2,
					 .id = (const u8 *)"id" };
	const struct pfsnl_offer two = { .digest = want + 47 };
	struct pfsnl_ckptrec r = record_sample(PFSNL_CKPTREC_OFFER);
	u8 wire[sizeof(want)], rest[64];
	struct pfsnl_offer o;
	const u8 *p;
	u32 i;

	r.n = 2;
	r.rest = rest;
	r.len = pfsnl_offer_encode(pfsnl_offer_encode(rest, &one), &two) - rest;
	assert_int_equal(pfsnl_ckptrec_size(&r), sizeof(want));
	pfsnl_ckptrec_encode(&r, wire);
	assert_memory_equal(wire, want, sizeof(want));
	assert_int_equal(decode_record(wire, sizeof(want)), 0);
	p = pfsnl_offer_decode(rest, &o);
	assert_int_equal(o.id_len, 2);
	assert_memory_equal(o.id, "id", 2);
	assert_memory_equal(o.digest, one.digest, PFSNL_CKPT_DIGEST);
	assert_ptr_equal(pfsnl_offer_decode(p, &o), rest + r.len);
	/* all of it, and no more */
	for (i = 0; i < sizeof(want); i++)
		assert_int_equal(decode_record(wire, i), -EBADMSG);
	wire[7] = 1;
	assert_int_equal(decode_record(wire, sizeof(want)), -EBADMSG);
	wire[7] = 3;
	assert_int_equal(decode_record(wire, sizeof(want)), -EBADMSG);
}

static void record_that_is_cut_short_makes_no_sense(void **state)
{
	u8 kind, wire[512];
	u32 len, i;

	for (kind = PFSNL_CKPTREC_STORE; kind <= PFSNL_CKPTREC_WANT; kind++) {
		struct pfsnl_ckptrec r = record_sample(kind);

		if (kind == PFSNL_CKPTREC_CHECKPOINT || kind == PFSNL_CKPTREC_SECTION) {
			r.name = (const u8 *)"name";
			r.name_len = 4;
		}
		len = pfsnl_ckptrec_size(&r);
		pfsnl_ckptrec_encode(&r, wire);
		assert_int_equal(decode_record(wire, len), 0);
		for (i = 0; i < len; i++)
			assert_int_equal(decode_record(wire, i), -EBADMSG);
		if (kind != PFSNL_CKPTREC_SECTION)
			assert_int_equal(decode_record(wire, len + 1), -EBADMSG);
		wire[0] = PFSNL_CKPTREC_WANT + 1;
		assert_int_equal(decode_record(wire, len), -EBADMSG);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(open_is_the_bytes_of_the_table),
	cmocka_unit_test(write_is_the_bytes_of_the_table),
	cmocka_unit_test(expire_is_the_bytes_of_the_table),
	cmocka_unit_test(what_is_cut_short_makes_no_sense),
	cmocka_unit_test(what_is_too_long_makes_no_sense),
	cmocka_unit_test(kind_and_flags_that_there_are_not_make_no_sense),
	cmocka_unit_test(vectors_that_are_not_rising_make_no_sense),
	cmocka_unit_test(limits_that_can_not_be_make_no_sense),
	cmocka_unit_test(record_of_a_checkpoint_is_the_bytes_of_the_table),
	cmocka_unit_test(record_of_a_section_is_the_bytes_of_the_table),
	cmocka_unit_test(records_of_stores_handles_and_wants_are_the_bytes_of_the_table),
		cmocka_unit_test(want_of_chunks_is_the_bytes_of_the_table),
	cmocka_unit_test(offers_are_the_bytes_of_the_table),
	cmocka_unit_test(record_that_is_cut_short_makes_no_sense),
};

int main(void)
{
	return RUN_TESTS(tests);
}
