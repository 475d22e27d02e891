// SPDX-License-Identifier: GPL-2.0
/*
 * Messages: each is compared with bytes written by hand from the tables in
 * message.h, read at every wrong length, and given counts and sizes that lie.
 */
#include "test.h"

#include <errno.h>

#include "config.h"
#include "message.h"

static const u8 hello_wire[120] = {
	0x50, 0x46, 0x00, 0x02, 0x00, 0x00, 0x00, 0x70,	/* ACCEPT, 112 */
	0x01,						/* 0 version */
	0x63,						/* 1 priority */
	0x1c, 0x97,					/* 2 port */
	0x0a, 0x01, 0x02, 0x03,				/* 4 address */
	0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,	/* 8 incarnation */
	0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,	/* 16 cluster */
	0x01, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,	/* 24 ring: seq */
	0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,	/* 32 ring: inc. */
	0x0a, 0x09, 0x08, 0x07,				/* 40 ring: leader */
	0x00, 0x00, 0x01, 0x03,				/* 44 members */
	0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78,	/* 48 subject */
	0x00, 0x00, 0x01, 0x02,				/* 56 interval */
	0x00, 0x00, 0x02, 0x04,				/* 60 most nodes */
	0x00, 0x00, 0x00, 0x0b,				/* 64 why */
	0x00, 0x00, 0x00, 0x03,				/* 68 flags */
	0x01, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x49,	/* 72 seq seen */
	0x05, 0x00, 0x00, 0x00,				/* 80 votes */
	0x00, 0x00, 0x02, 0x09,				/* 84 hold */
	0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,	/* 88 have */
	0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88,	/* 96 given in */
	0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,	/* 104 stable */
};

static const struct pfsnl_hello hello = {
	.priority = 99,
	.tether_port = 7319,
	.addr = 0x0a010203,
	.members = 259,
	.interval_ms = 258,
	.max_nodes = 516,
	.reason = 11,
	.incarnation = 0x2122232425262728,
	.cluster_id = 0x3132333435363738,
	.subject = 0x7172737475767778,
	.ring = {
		.seq = 0x0142434445464748,
		.incarnation = 0x5152535455565758,
		.leader = 0x0a090807,
	},
	.flags = PFSNL_HELLO_SUCCEEDS | PFSNL_HELLO_LEADS,
	.seq_seen = 0x0142434445464749,
	.votes = 5,
	.hold_ms = 521,
	.standing = {
		.have = 0x6162636465666768,
		.by = 0x8182838485868788,
		.stable = 0x9192939495969798,
	},
};

static int hello_decode(struct pfsnl_hello *h, const u8 *body, u32 len)
{
	u8 *copy = exact(body, len);
	int err = pfsnl_hello_decode(h, copy, len);

	free(copy);
	return err;
}

static int hello_with(struct pfsnl_hello *h, size_t at, unsigned int width,
		      u64 value)
{
	u8 body[112];

	memcpy(body, hello_wire + 8, 112);
	put_be(body + at, width, value);
	return hello_decode(h, body, 112);
}

static void assert_hello(const struct pfsnl_hello *a,
			 const struct pfsnl_hello *b)
{
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->tether_port, b->tether_port);
	assert_int_equal(a->addr, b->addr);
	assert_int_equal(a->members, b->members);
	assert_int_equal(a->interval_ms, b->interval_ms);
	assert_int_equal(a->max_nodes, b->max_nodes);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->incarnation, b->incarnation);
	assert_int_equal(a->cluster_id, b->cluster_id);
	assert_int_equal(a->subject, b->subject);
	assert_int_equal(a->ring.seq, b->ring.seq);
	assert_int_equal(a->ring.incarnation, b->ring.incarnation);
	assert_int_equal(a->ring.leader, b->ring.leader);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->seq_seen, b->seq_seen);
	assert_int_equal(a->votes, b->votes);
	assert_int_equal(a->hold_ms, b->hold_ms);
	assert_int_equal(a->standing.have, b->standing.have);
	assert_int_equal(a->standing.by, b->standing.by);
	assert_int_equal(a->standing.stable, b->standing.stable);
}

static void hello_is_the_bytes_of_the_table(void **state)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN];
	struct pfsnl_hello h;

	assert_int_equal(sizeof(wire), sizeof(hello_wire));
	memset(wire, 0xa5, sizeof(wire));
	pfsnl_hello_encode(&hello, PFSNL_FRAME_ACCEPT, wire);
	assert_memory_equal(wire, hello_wire, sizeof(wire));
	memset(&h, 0xa5, sizeof(h));
	assert_int_equal(hello_decode(&h, hello_wire + 8, 112), 0);
	assert_hello(&h, &hello);
}

static void hello_may_say_nothing_of_ordered_messages(void **state)
{
	struct pfsnl_hello h, want = hello;

	memset(&h, 0xa5, sizeof(h));
	memset(&want.standing, 0, sizeof(want.standing));
	assert_int_equal(hello_decode(&h, hello_wire + 8, 88), 0);
	assert_hello(&h, &want);
}

static void hello_goes_as_claim_accept_and_busy(void **state)
{
	static const u32 ops[] = { 0x50460001, 0x50460002, 0x50460003 };
	static const u32 names[] = {
		PFSNL_FRAME_CLAIM, PFSNL_FRAME_ACCEPT, PFSNL_FRAME_BUSY,
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN];
	int i;

	for (i = 0; i < 3; i++) {
		pfsnl_hello_encode(&hello, names[i], wire);
		assert_int_equal(get_be(wire, 4), ops[i]);
		assert_memory_equal(wire + 4, hello_wire + 4, 116);
	}
}

static void hello_truncated_at_any_length_is_refused(void **state)
{
	struct pfsnl_hello h;
	u32 len;

	for (len = 0; len < 88; len++)
		assert_int_equal(hello_decode(&h, hello_wire + 8, len),
				 -EBADMSG);
	assert_int_equal(pfsnl_hello_decode(&h, NULL, 0), -EBADMSG);
}

static void hello_of_a_later_version_may_be_longer(void **state)
{
	struct pfsnl_hello h;
	u8 body[256];
	u32 len;

	memset(body, 0xff, sizeof(body));
	memcpy(body, hello_wire + 8, 112);
	for (len = 112; len <= sizeof(body); len++) {
		body[0] = len == 112 ? 1 : 2;
		assert_int_equal(hello_decode(&h, body, len), 0);
		assert_hello(&h, &hello);
	}
}

static void hello_that_no_node_can_send_is_refused(void **state)
{
	struct pfsnl_hello h;

	assert_int_equal(hello_with(&h, 0, 1, 0), -EBADMSG);
	assert_int_equal(hello_with(&h, 2, 2, 0), -EBADMSG);
	assert_int_equal(hello_with(&h, 4, 4, 0), -EBADMSG);
	assert_int_equal(hello_with(&h, 8, 8, 0), -EBADMSG);
	assert_int_equal(hello_with(&h, 56, 4, 0), -EBADMSG);
	assert_int_equal(hello_with(&h, 56, 4, 9), -EBADMSG);
	assert_int_equal(hello_with(&h, 56, 4, 10), 0);
	assert_int_equal(hello_with(&h, 56, 4, 10000), 0);
	assert_int_equal(hello_with(&h, 56, 4, 10001), -EBADMSG);
	assert_int_equal(hello_with(&h, 72, 8, 1ULL << 62), 0);
	assert_int_equal(hello_with(&h, 72, 8, (1ULL << 62) + 1), -EBADMSG);
	assert_int_equal(hello_with(&h, 72, 8, ~0ULL), -EBADMSG);
	/* it has seen the ring that it is in */
	assert_int_equal(hello_with(&h, 72, 8, hello.ring.seq), 0);
	assert_int_equal(hello_with(&h, 72, 8, hello.ring.seq - 1), -EBADMSG);
	assert_int_equal(hello_with(&h, 24, 8, hello.seq_seen + 1), -EBADMSG);
}

static void hello_fields_that_may_be_zero(void **state)
{
	struct pfsnl_hello h;

	assert_int_equal(hello_with(&h, 1, 1, 0), 0);
	assert_int_equal(hello_with(&h, 16, 8, 0), 0);
	assert_int_equal(hello_with(&h, 24, 8, 0), 0);
	assert_int_equal(hello_with(&h, 32, 8, 0), 0);
	assert_int_equal(hello_with(&h, 40, 4, 0), 0);
	assert_int_equal(hello_with(&h, 44, 4, 0), 0);
	assert_int_equal(hello_with(&h, 48, 8, 0), 0);
	assert_int_equal(hello_with(&h, 60, 4, 0), 0);
	assert_int_equal(hello_with(&h, 64, 4, 0), 0);
	assert_int_equal(hello_with(&h, 68, 4, 0xffffffff), 0);
}

/* a change: two nodes go, one comes */
static const u8 install_wire[8 + 56 + 56] = {
	0x50, 0x46, 0x00, 0x04, 0x00, 0x00, 0x00, 0x70,	/* INSTALL, 112 */
	0x01, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,	/* 0 ring: seq */
	0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,	/* 8 ring: inc. */
	0x0a, 0x09, 0x08, 0x07,				/* 16 ring: leader */
	0x00, 0x00, 0x00, 0x00,				/* 20 flags */
	0x01, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x40,	/* 24 base */
	0x00, 0x00, 0x00, 0x09,				/* 32 votes */
	0x00, 0x00, 0x00, 0x05,				/* 36 nodes */
	0x00, 0x00, 0x00, 0x02,				/* 40 removes */
	0x00, 0x00, 0x00, 0x01,				/* 44 adds */
	0x00, 0x10,					/* 48 remove size */
	0x00, 0x18,					/* 50 add size */
	0x00, 0x00, 0x01, 0x07,				/* 52 hold */
	/* 56: removes: address, why, incarnation */
	0x0a, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x03,
	0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88,
	0x0a, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02,
	0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
	/* adds: address, port, priority, level, incarnation, why, votes */
	0x0a, 0x00, 0x00, 0x03, 0x1c, 0x98, 0x07, 0x01,
	0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8,
	0x00, 0x00, 0x00, 0x11, 0x02, 0x00, 0x00, 0x00,
};

#define BODY		(install_wire + 8)
#define BODY_LEN	(sizeof(install_wire) - 8)

static const struct pfsnl_install change = {
	.ring = {
		.seq = 0x0142434445464748,
		.incarnation = 0x5152535455565758,
		.leader = 0x0a090807,
	},
	.base_seq = 0x0142434445464740,
	.expected_votes = 9,
	.hold_ms = 263,
	.members = 5,
	.removes = 2,
	.adds = 1,
};

static const struct pfsnl_member gone[2] = {
	{ .addr = 0x0a000001, .incarnation = 0x8182838485868788 },
	{ .addr = 0x0a000002, .incarnation = 0x9192939495969798 },
};

static const struct pfsnl_member come = {
	.addr = 0x0a000003,
	.tether_port = 7320,
	.priority = 7,
	.level = 1,
	.votes = 2,
	.incarnation = 0xa1a2a3a4a5a6a7a8,
};

/* decode from memory that ends where the payload does, then read all records */
static int install_decode(struct pfsnl_install *in, const u8 *body, u32 len,
			  u32 max_nodes)
{
	u8 *copy = exact(body, len);
	int err = pfsnl_install_decode(in, copy, len, max_nodes);
	struct pfsnl_member m;
	u32 i, reason;

	if (!err) {
		for (i = 0; i < in->removes; i++)
			pfsnl_install_remove(in, i, &m, &reason);
		for (i = 0; i < in->adds; i++)
			pfsnl_install_add(in, i, &m, &reason);
	}
	free(copy);
	return err;
}

static int install_with(size_t at, unsigned int width, u64 value, u32 max_nodes)
{
	struct pfsnl_install in;
	u8 body[BODY_LEN];

	memcpy(body, BODY, BODY_LEN);
	put_be(body + at, width, value);
	return install_decode(&in, body, BODY_LEN, max_nodes);
}

static void install_is_the_bytes_of_the_table(void **state)
{
	u8 wire[sizeof(install_wire)], *p;

	assert_int_equal(pfsnl_install_size(2, 1), sizeof(wire));
	memset(wire, 0xa5, sizeof(wire));
	p = pfsnl_install_encode(&change, PFSNL_FRAME_INSTALL, wire);
	assert_ptr_equal(p, wire + 64);
	p = pfsnl_record_remove(p, &gone[0], 3);
	p = pfsnl_record_remove(p, &gone[1], 2);
	p = pfsnl_record_add(p, &come, PFSNL_REASON_MERGED);
	assert_ptr_equal(p, wire + sizeof(wire));
	assert_memory_equal(wire, install_wire, sizeof(wire));
}

static void install_is_read_as_it_was_written(void **state)
{
	struct pfsnl_install in;
	struct pfsnl_member m;
	u32 i, reason;

	memset(&in, 0xa5, sizeof(in));
	assert_int_equal(pfsnl_install_decode(&in, BODY, BODY_LEN, 5), 0);
	assert_int_equal(in.ring.seq, change.ring.seq);
	assert_int_equal(in.ring.incarnation, change.ring.incarnation);
	assert_int_equal(in.ring.leader, change.ring.leader);
	assert_int_equal(in.flags, 0);
	assert_int_equal(in.base_seq, change.base_seq);
	assert_int_equal(in.members, 5);
	assert_int_equal(in.removes, 2);
	assert_int_equal(in.adds, 1);
	for (i = 0; i < 2; i++) {
		memset(&m, 0xa5, sizeof(m));
		pfsnl_install_remove(&in, i, &m, &reason);
		assert_int_equal(m.addr, gone[i].addr);
		assert_int_equal(m.incarnation, gone[i].incarnation);
		assert_int_equal(m.tether_port, 0);
		assert_int_equal(reason, 3 - i);
	}
	memset(&m, 0xa5, sizeof(m));
	assert_int_equal(pfsnl_install_add(&in, 0, &m, &reason), 0);
	assert_int_equal(m.addr, come.addr);
	assert_int_equal(m.tether_port, come.tether_port);
	assert_int_equal(m.priority, come.priority);
	assert_int_equal(m.level, come.level);
	assert_int_equal(m.votes, come.votes);
	assert_int_equal(reason, PFSNL_REASON_MERGED);
	assert_int_equal(in.expected_votes, 9);
	assert_int_equal(in.hold_ms, 263);
	assert_int_equal(m.incarnation, come.incarnation);
}

static void install_truncated_at_any_length_is_refused(void **state)
{
	struct pfsnl_install in;
	u32 len;

	for (len = 0; len < BODY_LEN; len++)
		assert_int_equal(install_decode(&in, BODY, len, 5), -EBADMSG);
	assert_int_equal(pfsnl_install_decode(&in, NULL, 0, 5), -EBADMSG);
}

static void install_of_a_later_version_may_be_longer(void **state)
{
	struct pfsnl_install in;
	u8 body[BODY_LEN + 64];
	u32 len;

	memset(body, 0xff, sizeof(body));
	memcpy(body, BODY, BODY_LEN);
	for (len = BODY_LEN; len <= sizeof(body); len++) {
		assert_int_equal(install_decode(&in, body, len, 5), 0);
		assert_int_equal(in.adds, 1);
	}
}

static void longer_records_are_read_by_their_size(void **state)
{
	u8 body[56 + 2 * 20 + 64];
	struct pfsnl_install in;
	struct pfsnl_member m;
	u32 reason;

	memset(body, 0xff, sizeof(body));
	memcpy(body, BODY, 56);
	put_be(put_be(body + 48, 2, 20), 2, 64);
	memcpy(body + 56, BODY + 56, 16);
	memcpy(body + 76, BODY + 72, 16);
	memcpy(body + 96, BODY + 88, 24);
	assert_int_equal(pfsnl_install_decode(&in, body, sizeof(body), 5), 0);
	pfsnl_install_remove(&in, 0, &m, &reason);
	assert_int_equal(m.addr, gone[0].addr);
	pfsnl_install_remove(&in, 1, &m, &reason);
	assert_int_equal(m.incarnation, gone[1].incarnation);
	assert_int_equal(pfsnl_install_add(&in, 0, &m, &reason), 0);
	assert_int_equal(m.incarnation, come.incarnation);
	assert_int_equal(install_decode(&in, body, sizeof(body) - 1, 5),
			 -EBADMSG);
}

static void record_sizes_outside_their_limits_are_refused(void **state)
{
	static const u16 bad[] = { 0, 1, 15, 65, 256, 0xffff };
	static const u16 bad_add[] = { 0, 16, 23, 65, 256, 0xffff };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(install_with(48, 2, bad[i], 5), -EBADMSG);
		assert_int_equal(install_with(50, 2, bad_add[i], 5), -EBADMSG);
	}
	/* allowed, but then the payload is too short for them */
	assert_int_equal(install_with(48, 2, 17, 5), -EBADMSG);
	assert_int_equal(install_with(50, 2, 64, 5), -EBADMSG);
}

static void counts_that_overflow_are_refused(void **state)
{
	/* times 16 or 24 in 32 bits these are small */
	static const u32 wrap[] = {
		0x10000000, 0x10000001, 0x10000002, 0x0aaaaaab, 0x15555556,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrap); i++) {
		assert_int_not_equal(install_with(40, 4, wrap[i], 4096), 0);
		assert_int_not_equal(install_with(44, 4, wrap[i], 4096), 0);
		/* also for a reader that allows any number of nodes */
		assert_int_not_equal(install_with(40, 4, wrap[i], ~0U), 0);
		assert_int_not_equal(install_with(44, 4, wrap[i], ~0U), 0);
	}
	assert_int_not_equal(install_with(40, 4, 0xffffffff, ~0U), 0);
	assert_int_not_equal(install_with(44, 4, 0xffffffff, ~0U), 0);
	/* removes and adds that wrap only together */
	assert_int_not_equal(install_with(40, 8, 0x0800000008000001, ~0U), 0);
	assert_int_not_equal(install_with(40, 8, ~0ULL, ~0U), 0);
	/* one record more than there is */
	assert_int_equal(install_with(40, 4, 3, 5), -EBADMSG);
	assert_int_equal(install_with(44, 4, 2, 5), -EBADMSG);
}

static void rings_larger_than_we_can_hold_are_told_apart(void **state)
{
	assert_int_equal(install_with(36, 4, 5, 5), 0);
	assert_int_equal(install_with(36, 4, 6, 5), -E2BIG);
	assert_int_equal(install_with(36, 4, 0xffffffff, 4096), -E2BIG);
	assert_int_equal(install_with(40, 4, 4097, 4096), -E2BIG);
	assert_int_equal(install_with(44, 4, 4097, 4096), -E2BIG);
}

static void ring_number_that_nobody_counted_up_is_refused(void **state)
{
	assert_int_equal(install_with(0, 8, 1ULL << 62, 5), 0);
	assert_int_equal(install_with(0, 8, (1ULL << 62) + 1, 5), -EBADMSG);
}

static void full_list_has_one_add_per_node(void **state)
{
	struct pfsnl_install in;
	u8 body[BODY_LEN];

	memcpy(body, BODY, BODY_LEN);
	put_be(body + 20, 4, PFSNL_INSTALL_FULL);
	assert_int_equal(install_decode(&in, body, BODY_LEN, 5), -EBADMSG);
	/* removes say why others are not in it */
	put_be(body + 36, 4, 1);
	assert_int_equal(install_decode(&in, body, BODY_LEN, 5), 0);
	assert_int_equal(in.flags, PFSNL_INSTALL_FULL);
	put_be(body + 40, 4, 0);
	assert_int_equal(install_decode(&in, body, BODY_LEN, 5), 0);
	put_be(body + 36, 4, 2);
	assert_int_equal(install_decode(&in, body, BODY_LEN, 5), -EBADMSG);
	put_be(body + 44, 4, 2);
	assert_int_equal(install_decode(&in, body, BODY_LEN, 5), 0);
}

static void empty_install_is_well_formed(void **state)
{
	struct pfsnl_install in;
	u8 body[56];

	memcpy(body, BODY, 56);
	put_be(body + 36, 4, 0);
	put_be(body + 40, 8, 0);
	assert_int_equal(install_decode(&in, body, 56, 1), 0);
	assert_int_equal(in.members, 0);
}

static void nodes_that_cannot_be_are_refused(void **state)
{
	static const struct {
		size_t at;
		unsigned int width;
		u64 value;
		int want;
	} change_to[] = {
		{ 88, 4, 0, -EBADMSG },		/* no address */
		{ 92, 2, 0, -EBADMSG },		/* no port */
		{ 95, 1, 0, -EBADMSG },		/* level 0 with an incarnation */
		{ 96, 8, 0, -EBADMSG },		/* level 1 without */
		{ 94, 1, 0, 0 },		/* never leads */
		{ 95, 1, 2, 0 },		/* a later level */
	};
	struct pfsnl_install in;
	struct pfsnl_member m;
	u8 body[BODY_LEN];
	u32 reason;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(change_to); i++) {
		memcpy(body, BODY, BODY_LEN);
		put_be(body + change_to[i].at, change_to[i].width,
		       change_to[i].value);
		assert_int_equal(pfsnl_install_decode(&in, body, BODY_LEN, 5),
				 0);
		assert_int_equal(pfsnl_install_add(&in, 0, &m, &reason),
				 change_to[i].want);
	}
	/* a level-0 peer */
	put_be(body + 95, 1, 0);
	put_be(body + 96, 8, 0);
	assert_int_equal(pfsnl_install_decode(&in, body, BODY_LEN, 5), 0);
	assert_int_equal(pfsnl_install_add(&in, 0, &m, &reason), 0);
	assert_int_equal(m.level, 0);
}

static void largest_ring_has_the_size_it_says(void **state)
{
	assert_int_equal(pfsnl_install_size(0, 0), 64);
	assert_int_equal(pfsnl_install_size(PFSNL_MAX_NODES_MAX,
					    PFSNL_MAX_NODES_MAX),
			 64 + 4096 * (16 + 24));
}

static void leave_is_the_bytes_of_the_table(void **state)
{
	static const u8 want[] = {
		0x50, 0x46, 0x00, 0x05, 0x00, 0x00, 0x00, 0x18,
		0x00, 0x00, 0x00, 0x08, 0x0a, 0x01, 0x02, 0x03,
		0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
		0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
	};
	static const struct pfsnl_leave leave = {
		.reason = PFSNL_REASON_HANDOVER,
		.successor = 0x0a010203,
		.incarnation = 0x2122232425262728,
		.end = 0x3132333435363738,
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_LEAVE_LEN];
	struct pfsnl_leave l;
	u32 len;

	assert_int_equal(sizeof(wire), sizeof(want));
	pfsnl_leave_encode(&leave, PFSNL_FRAME_LEAVE, wire);
	assert_memory_equal(wire, want, sizeof(want));
	for (len = 0; len < 16; len++) {
		u8 *copy = exact(want + 8, len);

		assert_int_equal(pfsnl_leave_decode(&l, copy, len), -EBADMSG);
		free(copy);
	}
	assert_int_equal(pfsnl_leave_decode(&l, want + 8, 16), 0);
	assert_int_equal(l.end, 0);
	assert_int_equal(pfsnl_leave_decode(&l, want + 8, 24), 0);
	assert_int_equal(l.end, leave.end);
	assert_int_equal(l.reason, leave.reason);
	assert_int_equal(l.successor, leave.successor);
	assert_int_equal(l.incarnation, leave.incarnation);
	assert_int_equal(pfsnl_leave_decode(&l, hello_wire, 80), 0);
}

static void ping_brings_its_number_back(void **state)
{
	static const u8 want[] = {
		0x50, 0x46, 0x00, 0x06, 0x00, 0x00, 0x00, 0x0c,
		0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
		0x29, 0x2a, 0x2b, 0x2c,
	};
	static const struct pfsnl_ping ping = {
		.number = 0x2122232425262728, .lease_ms = 0x292a2b2c,
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_PING_LEN];
	struct pfsnl_ping got;
	u32 len;

	assert_int_equal(sizeof(wire), sizeof(want));
	pfsnl_ping_encode(&ping, PFSNL_FRAME_PING, wire);
	assert_memory_equal(wire, want, sizeof(want));
	pfsnl_ping_encode(&ping, PFSNL_FRAME_PONG, wire);
	assert_int_equal(get_be(wire, 4), 0x50460007);
	for (len = 0; len < 12; len++) {
		u8 *copy = exact(want + 8, len);

		assert_int_equal(pfsnl_ping_decode(&got, copy, len),
				 -EBADMSG);
		free(copy);
	}
	assert_int_equal(pfsnl_ping_decode(&got, want + 8, 12), 0);
	assert_int_equal(got.number, ping.number);
	assert_int_equal(got.lease_ms, ping.lease_ms);
	assert_int_equal(pfsnl_ping_decode(&got, hello_wire, 80), 0);
}

static void every_reason_has_a_text(void **state)
{
	u32 i, j;

	for (i = 0; i < PFSNL_REASON_N; i++) {
		assert_non_null(pfsnl_reason_text(i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(pfsnl_reason_text(i),
						pfsnl_reason_text(j));
	}
	/* any number may come from a peer */
	assert_non_null(pfsnl_reason_text(PFSNL_REASON_N));
	assert_non_null(pfsnl_reason_text(~0U));
}

static void random_payloads_do_no_harm(void **state)
{
	u32 round, taken = 0;
	u64 seed = 13;

	for (round = 0; round < 300000; round++) {
		u64 r = test_random(&seed);
		size_t len = r % 200, i;
		u8 body[200] = { 0 };
		struct pfsnl_install in;
		struct pfsnl_hello h;
		u8 *copy;

		memcpy(body, r & 256 ? BODY : hello_wire + 8,
		       r & 256 ? BODY_LEN : 72);
		for (i = 0; i < (r >> 10) % 6; i++)
			body[test_random(&seed) % 104] = test_random(&seed);
		taken += !install_decode(&in, body, len,
					 r & 512 ? 4096 : ~0U);
		copy = exact(body, len);
		taken += !pfsnl_hello_decode(&h, copy, len);
		free(copy);
	}
	assert_in_range(taken, 10000, 300000);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(hello_is_the_bytes_of_the_table),
		cmocka_unit_test(hello_may_say_nothing_of_ordered_messages),
		cmocka_unit_test(hello_goes_as_claim_accept_and_busy),
		cmocka_unit_test(hello_truncated_at_any_length_is_refused),
		cmocka_unit_test(hello_of_a_later_version_may_be_longer),
		cmocka_unit_test(hello_that_no_node_can_send_is_refused),
		cmocka_unit_test(hello_fields_that_may_be_zero),
		cmocka_unit_test(install_is_the_bytes_of_the_table),
		cmocka_unit_test(install_is_read_as_it_was_written),
		cmocka_unit_test(install_truncated_at_any_length_is_refused),
		cmocka_unit_test(install_of_a_later_version_may_be_longer),
		cmocka_unit_test(longer_records_are_read_by_their_size),
		cmocka_unit_test(record_sizes_outside_their_limits_are_refused),
		cmocka_unit_test(counts_that_overflow_are_refused),
		cmocka_unit_test(rings_larger_than_we_can_hold_are_told_apart),
		cmocka_unit_test(ring_number_that_nobody_counted_up_is_refused),
		cmocka_unit_test(full_list_has_one_add_per_node),
		cmocka_unit_test(empty_install_is_well_formed),
		cmocka_unit_test(nodes_that_cannot_be_are_refused),
		cmocka_unit_test(largest_ring_has_the_size_it_says),
		cmocka_unit_test(leave_is_the_bytes_of_the_table),
		cmocka_unit_test(ping_brings_its_number_back),
		cmocka_unit_test(every_reason_has_a_text),
		cmocka_unit_test(random_payloads_do_no_harm),
	};

	return RUN_TESTS(tests);
}
