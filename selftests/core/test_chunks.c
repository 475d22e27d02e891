// SPDX-License-Identifier: GPL-2.0
/*
 * Sections of which a node has another version: the chunks that differ are transmitted,
 * and the others are those that it has. The steps are those of a round of the service.
 */
#include <errno.h>

#include <linux/limits.h>

#include "depot.h"
#include "digest.h"
#include "test_round.h"

#define CHUNK		PFSNL_CHUNK
#define CHUNKS		40
#define LEN		(CHUNKS * CHUNK + 100)
/* what a record of a piece takes beside it */
#define AROUND		(PFSNL_CKPTREC_SECTION_LEN + 16)

static u8 data[LEN];

/* no byte is 0 or 0xff, which tests write */
static void fill(void)
{
	u64 seed = 5;
	u32 i;

	for (i = 0; i < LEN; i++)
		data[i] = 1 + test_random(&seed) % 254;
}

/* so many nodes with a large section */
static struct depots with_section(u32 n)
{
	struct depots all;

	depot_lives = 50;
	all = depots_new(n);
	fill();
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "s", data, LEN), 0);
	assert_int_equal(depots_create(&all, 0, 1, "t", "text", 4), 0);
	return all;
}

/* Those after the first some are away from now on. */
static struct depots without(struct depots *all, u32 n)
{
	struct depots rest = depots_of(all, 0, n);

	assert_int_equal(depots_meet(&rest), 0);
	return rest;
}

static struct round come_back(struct depots *all, const struct depots *rest)
{
	all->time = rest->time;
	return meet(all);
}

static int overwrite(struct depots *all, const void *p, u32 len)
{
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_OVERWRITE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.name = (const u8 *)"s",
		.name_len = 1,
		.rest = p,
		.len = len,
	};

	return depots_apply(all, 0, &m).err;
}

static u8 byte_at(const struct depot *d, const char *name, u64 offset)
{
	u8 byte = 0;

	assert_int_equal(pfsnl_section_read(depot_section(d, name, "s"), offset, &byte, 1),
			 1);
	return byte;
}

static void one_byte_of_a_large_section_costs_its_chunk(void **state)
{
	static const u32 at[] = { 0, CHUNK - 1, 7 * CHUNK + 5, LEN - 101, LEN - 1 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct depots all = with_section(3), rest = without(&all, 2);
		u32 piece = at[i] < CHUNKS * CHUNK ? CHUNK : 128;
		struct round r;

		assert_int_equal(depots_write(&rest, 0, 1, "s", at[i], "\xff", 1), 0);
		r = come_back(&all, &rest);
		assert_int_equal(byte_at(all.at[2], "g", at[i]), 0xff);
		/* its digests, that chunk, and perhaps a record of the end */
		assert_int_equal(r.wants, 1);
		assert_true(r.need < CHUNKS * PFSNL_CKPT_DIGEST + 100);
		assert_in_range(r.moved, piece, piece + 3 * AROUND);
		depots_free(&all);
	}
}

static void what_is_the_same_but_for_its_length_or_time_costs_nothing(void **state)
{
	struct depots all = with_section(2), rest = without(&all, 1);
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_EXPIRATION,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.name = (const u8 *)"s",
		.name_len = 1,
		.expires = 1ULL << 60,
	};
	struct round r;

	assert_int_equal(depots_apply(&rest, 0, &m).err, 0);
	r = come_back(&all, &rest);
	assert_int_equal(r.pieces, 1);
	assert_true(r.moved < AROUND);
	assert_int_equal(depot_section(all.at[1], "g", "s")->expires, 1ULL << 60);
	/* zeros at its end are nothing */
	rest = without(&all, 1);
	assert_int_equal(depots_write(&rest, 0, 1, "s", LEN, "\0\0\0", 3), 0);
	r = come_back(&all, &rest);
	assert_true(r.moved < AROUND);
	assert_int_equal(depot_section(all.at[1], "g", "s")->len, LEN + 3);
	depots_free(&all);
}

static void section_that_grew_costs_what_is_new(void **state)
{
	struct depots all = with_section(2), rest = without(&all, 1);
	struct round r;

	/* in its last chunk, two that are full, a hole of three, and one byte */
	assert_int_equal(depots_write(&rest, 0, 1, "s", LEN, data, 3 * CHUNK - 100), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "s", (CHUNKS + 6ULL) * CHUNK, "\xff", 1),
			 0);
	r = come_back(&all, &rest);
	assert_int_equal(depot_section(all.at[1], "g", "s")->len,
			 (CHUNKS + 6ULL) * CHUNK + 1);
	assert_in_range(r.moved, 3 * CHUNK, 3 * CHUNK + 8 * AROUND);
	depots_free(&all);
}

static void section_that_shrank_costs_the_chunk_in_which_it_ends(void **state)
{
	static const u32 len[] = { 10 * CHUNK + 5, 10 * CHUNK, CHUNK + 1, CHUNK };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		struct depots all = with_section(2), rest = without(&all, 1);
		struct round r;

		assert_int_equal(overwrite(&rest, data, len[i]), 0);
		r = come_back(&all, &rest);
		assert_int_equal(depot_section(all.at[1], "g", "s")->len, len[i]);
		assert_true(r.moved < 64 + 2 * AROUND);
		/* and nothing is there of what was behind its end */
		assert_int_equal(depots_write(&all, 0, 1, "s", LEN, "\xff", 1), 0);
		assert_int_equal(byte_at(all.at[1], "g", len[i]), 0);
		assert_int_equal(byte_at(all.at[1], "g", 20 * CHUNK), 0);
		depots_free(&all);
	}
}

static void section_of_which_nothing_is_left_has_nothing(void **state)
{
	struct depots all = with_section(2), rest = without(&all, 1);

	assert_int_equal(overwrite(&rest, "", 0), 0);
	come_back(&all, &rest);
	assert_int_equal(depot_section(all.at[1], "g", "s")->len, 0);
	/* and the other way round */
	rest = without(&all, 1);
	assert_int_equal(overwrite(&rest, data, LEN), 0);
	come_back(&all, &rest);
	assert_int_equal(byte_at(all.at[1], "g", LEN - 1), data[LEN - 1]);
	depots_free(&all);
}

/* what was never written is told from what is left out */
static void hole_where_something_was_is_a_hole(void **state)
{
	struct depots all = with_section(2), rest = without(&all, 1);
	struct round r;

	assert_int_equal(overwrite(&rest, data, 3 * CHUNK), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 8 * CHUNK, data + 8 * CHUNK,
				      LEN - 8 * CHUNK), 0);
	r = come_back(&all, &rest);
	assert_int_equal(byte_at(all.at[1], "g", 2 * CHUNK), data[2 * CHUNK]);
	assert_int_equal(byte_at(all.at[1], "g", 3 * CHUNK), 0);
	assert_int_equal(byte_at(all.at[1], "g", 8 * CHUNK - 1), 0);
	assert_int_equal(byte_at(all.at[1], "g", 8 * CHUNK), data[8 * CHUNK]);
	/* the chunk behind it says so */
	assert_in_range(r.moved, CHUNK, CHUNK + 3 * AROUND);
	/* it is one for both now, and costs nothing any more */
	rest = without(&all, 1);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 20 * CHUNK, "\xff", 1), 0);
	r = come_back(&all, &rest);
	assert_in_range(r.moved, CHUNK, CHUNK + 3 * AROUND);
	assert_int_equal(byte_at(all.at[1], "g", 5 * CHUNK), 0);
	depots_free(&all);
}

/* what is said of it ends before the chunk that tells it, and that is the same */
static void hole_is_told_by_a_chunk_of_which_nothing_was_said_yet(void **state)
{
	struct depots all = with_section(2), rest;
	struct round r;

	assert_int_equal(overwrite(&all, data, CHUNK), 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", 3 * CHUNK, data, CHUNK), 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", 8 * CHUNK, data, CHUNK), 0);
	rest = without(&all, 1);
	assert_int_equal(overwrite(&rest, data, CHUNK), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 8 * CHUNK, data, CHUNK), 0);
	r = come_back(&all, &rest);
	assert_int_equal(r.wants, 3);
	assert_in_range(r.moved, CHUNK, CHUNK + 3 * AROUND);
	assert_int_equal(byte_at(all.at[1], "g", 3 * CHUNK), 0);
	depots_free(&all);
}

static void something_where_a_hole_was_is_something(void **state)
{
	struct depots all = with_section(2), rest;
	struct round r;

	assert_int_equal(depots_create(&all, 0, 1, "u", "", 0), 0);
	assert_int_equal(depots_write(&all, 0, 1, "u", 0, data, CHUNK), 0);
	assert_int_equal(depots_write(&all, 0, 1, "u", 9 * CHUNK, data, CHUNK), 0);
	rest = without(&all, 1);
	/* zeros are written where nothing was, and a byte elsewhere */
	assert_int_equal(depots_write(&rest, 0, 1, "u", 3 * CHUNK, "\0\0", 2), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "u", 5 * CHUNK + 60, "\xff", 1), 0);
	r = come_back(&all, &rest);
	assert_true(r.moved < 64 + 3 * AROUND);
	/* and zeros over what was there */
	rest = without(&all, 1);
	assert_int_equal(depots_write(&rest, 0, 1, "u", 5 * CHUNK + 60, "\0", 1), 0);
	r = come_back(&all, &rest);
	assert_true(r.moved < 64 + 3 * AROUND);
	depots_free(&all);
}

static void two_that_have_other_versions_get_what_each_lacks(void **state)
{
	u32 turns;

	for (turns = 0; turns < 2; turns++) {
		struct depots all = with_section(3), two = without(&all, 2), rest;
		struct round r = { .all = &all, .turns = turns };

		assert_int_equal(depots_write(&two, 0, 1, "s", CHUNK, "\xff", 1), 0);
		rest = without(&two, 1);
		assert_int_equal(depots_write(&rest, 0, 1, "s", 9 * CHUNK, "\xff", 1), 0);
		all.time = rest.time;
		carry(&r, DATA);
		assert_became_one(&r);
		assert_int_equal(r.wants, 2);
		/* one lacks one chunk, the other that and another */
		assert_in_range(r.moved, 2 * CHUNK, 2 * CHUNK + 5 * AROUND);
		depots_free(&all);
	}
}

static void what_one_says_of_a_version_no_other_says_again(void **state)
{
	struct depots all = with_section(6), rest = without(&all, 2);
	struct round r;

	assert_int_equal(depots_write(&rest, 0, 1, "s", CHUNK, "\xff", 1), 0);
	r = come_back(&all, &rest);
	assert_int_equal(r.wants, 1);
	assert_in_range(r.moved, CHUNK, CHUNK + 3 * AROUND);
	depots_free(&all);
}

/* Chunks with little in them, so many that what is said of them is several records. */
static void write_many(struct depots *some)
{
	u32 i;

	assert_int_equal(depots_create(some, 0, 1, "s", "", 0), 0);
	for (i = 0; i < 300; i++)
		assert_int_equal(depots_write(some, 0, 1, "s", (i + i / 50ULL) * CHUNK,
					      "?", 1), 0);
}

static void who_has_begun_to_say_a_version_says_all_of_it(void **state)
{
	struct depots all = depots_new(4), rest;
	struct round r = { .all = &all, .turns = true, .room = PFSNL_SEND_ROOM };
	u32 i;

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	write_many(&all);
	rest = without(&all, 1);
	for (i = 0; i < 300; i += 70)
		assert_int_equal(depots_write(&rest, 0, 1, "s",
					      (i + i / 50ULL) * CHUNK, "\xff", 1), 0);
	all.time = rest.time;
	carry(&r, DATA);
	assert_became_one(&r);
	/* one begins; another that has the same relies on it */
	assert_int_equal(r.wants, 6);
	assert_true(r.pieces <= 6);
	depots_free(&all);
}

static void who_wants_all_gets_it_also_if_another_goes_on_to_say_chunks(void **state)
{
	struct depots all = depots_new(3), two, rest;
	struct round r = { .all = &all, .turns = true, .room = PFSNL_SEND_ROOM };

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	two = without(&all, 2);
	write_many(&two);
	rest = without(&two, 1);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 7 * CHUNK, "!", 1), 0);
	all.time = rest.time;
	carry(&r, DATA);
	assert_became_one(&r);
	assert_int_equal(r.wants, 7);
	assert_int_equal(r.pieces, 300);
	depots_free(&all);
}

static void who_has_nothing_of_it_gets_all_beside_who_has_another_version(void **state)
{
	u32 turns;

	for (turns = 0; turns < 2; turns++) {
		struct depots all = depots_new(3), two, rest;
		struct round r = { .all = &all, .turns = turns };

		fill();
		assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
		two = without(&all, 2);
		assert_int_equal(depots_create(&two, 0, 1, "s", data, LEN), 0);
		rest = without(&two, 1);
		assert_int_equal(depots_write(&rest, 0, 1, "s", CHUNK, "\xff", 1), 0);
		all.time = rest.time;
		carry(&r, DATA);
		assert_became_one(&r);
		/* once */
		assert_in_range(r.moved, LEN, LEN + 2 * CHUNKS * AROUND);
		depots_free(&all);
	}
}

static void newcomer_gets_all_beside_who_has_another_version(void **state)
{
	struct depots all = with_section(2), rest = without(&all, 1);
	struct round r;

	assert_int_equal(depots_write(&rest, 0, 1, "s", CHUNK, "\xff", 1), 0);
	all.at[all.n++] = depot_new(7);
	r = come_back(&all, &rest);
	assert_in_range(r.moved, LEN, LEN + 2 * CHUNKS * AROUND);
	depots_free(&all);
}

static void marks_of_a_round_that_came_to_nothing_are_none_of_the_next(void **state)
{
	struct depots all = with_section(3), two = without(&all, 2), rest;
	struct round first = { .all = &all }, r;
	u32 i;

	/* the third wants many chunks */
	for (i = 0; i < CHUNKS; i += 2)
		assert_int_equal(depots_write(&two, 0, 1, "s", i * CHUNK, "\xff", 1), 0);
	rest = without(&two, 1);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 9 * CHUNK, "\xff", 1), 0);
	all.time = rest.time;
	carry(&first, NEED);
	for (i = 0; i < 3; i++)
		pfsnl_ckpts_abort(all.at[i]->store);
	/* it is gone, and the second wants one */
	two.time = rest.time;
	r = meet(&two);
	assert_in_range(r.moved, CHUNK, CHUNK + 3 * AROUND);
	/* and back, in the middle of which somebody aborts */
	all.time = two.time;
	first = (struct round) { .all = &all };
	carry(&first, DATA);
	pfsnl_ckpts_abort(all.at[2]->store);
	assert_int_equal(depots_activate(&two, 2), 0);
	all.time = two.time;
	r = meet(&all);
	assert_in_range(r.moved, 21 * CHUNK, 21 * CHUNK + 50 * AROUND);
	depots_free(&all);
}

static void both_sides_of_a_conflict_cost_what_they_changed(void **state)
{
	struct depots all = with_section(2), a, b;
	struct pfsnl_ckpt *loser;
	struct round r;
	u8 byte;

	assert_int_equal(depots_open(&all, 1, 1, "g", DEPOT_RW).err, 0);
	a = depots_of(&all, 0, 1);
	b = depots_of(&all, 1, 1);
	assert_int_equal(depots_meet(&a), 0);
	assert_int_equal(depots_meet(&b), 0);
	assert_int_equal(depots_write(&a, 0, 1, "s", 3 * CHUNK, "A", 1), 0);
	assert_int_equal(depots_write(&a, 0, 1, "s", 4 * CHUNK, "A", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 3 * CHUNK, "B", 1), 0);
	all.time = max(a.time, b.time);
	r = meet(&all);
	/* two chunks of the one, and two of the other */
	assert_in_range(r.moved, 4 * CHUNK, 4 * CHUNK + 10 * AROUND);
	assert_int_equal(all.at[1]->n_conflicts, 1);
	assert_int_equal(byte_at(all.at[1], "g", 3 * CHUNK), 'A');
	assert_int_equal(byte_at(all.at[1], "g", 4 * CHUNK), 'A');
	loser = pfsnl_ckpts_find(all.at[0]->store, &all.at[0]->conflicts[0].loser);
	assert_int_equal(pfsnl_section_read(pfsnl_section_find(loser, "s", 1), 3 * CHUNK,
					    &byte, 1), 1);
	assert_int_equal(byte, 'B');
	/* what they share is not changed for both */
	assert_int_equal(depots_write(&all, 0, 1, "s", 9 * CHUNK, "\xff", 1), 0);
	pfsnl_section_read(pfsnl_section_find(loser, "s", 1), 9 * CHUNK, &byte, 1);
	assert_int_equal(byte, data[9 * CHUNK]);
	depots_free(&all);
}

/* A node is told by another what is not so; what its round comes to. */
static int lied_to(struct depots *all, void (*lie)(struct round *, u32, u8 *, u32))
{
	struct pfsnl_ring_id ring = { .seq = 1000 };
	struct round r = { .all = all, .before = lie };
	u32 i;
	int err;

	carry(&r, DATA);
	/* it was told */
	assert_null(r.before);
	err = r.err[1] ? r.err[1] : pfsnl_ckpts_ready(all->at[1]->store, &ring);
	for (i = 0; i < all->n; i++)
		pfsnl_ckpts_abort(all->at[i]->store);
	return err;
}

/* that it has a chunk which it has not */
static void has_chunk_1(struct round *r, u32 sender, u8 *wire, u32 len)
{
	const struct pfsnl_section *s = depot_section(r->all->at[0], "g", "s");

	if (wire[0] != PFSNL_CKPTREC_WANT || !(wire[1] & PFSNL_WANT_CHUNKS))
		return;
	r->before = NULL;
	pfsnl_digest_said(s->data, CHUNK, wire + PFSNL_CKPTREC_WANT_LEN + 1 +
			  PFSNL_CKPT_DIGEST);
}

/* that all between two pieces is zero */
static void zeros_between(struct round *r, u32 sender, u8 *wire, u32 len)
{
	if (wire[0] != PFSNL_CKPTREC_SECTION || get_be(wire + 56, 8) != 9 * CHUNK)
		return;
	r->before = NULL;
	put_be(wire + 28, 4, 9);
}

/* that nothing between two pieces is */
static void none_between(struct round *r, u32 sender, u8 *wire, u32 len)
{
	if (wire[0] != PFSNL_CKPTREC_SECTION || !get_be(wire + 28, 4))
		return;
	r->before = NULL;
	put_be(wire + 28, 4, 0);
}

static void own_version_that_is_not_the_right_one_is_noticed(void **state)
{
	struct depots all = with_section(2), rest = without(&all, 1);

	assert_int_equal(depots_write(&rest, 0, 1, "s", CHUNK, "\xff", 1), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 9 * CHUNK, "\xff", 1), 0);
	assert_int_equal(lied_to(&all, has_chunk_1), -EBADMSG);
	assert_int_equal(lied_to(&all, zeros_between), -EBADMSG);
	/* nothing of that is left */
	come_back(&all, &rest);
	depots_free(&all);
}

static void what_is_left_out_is_never_zero_for_who_has_nothing(void **state)
{
	struct depots all = depots_new(2), rest;
	struct round r;

	fill();
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	rest = without(&all, 1);
	assert_int_equal(depots_create(&rest, 0, 1, "s", data, CHUNK), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 5 * CHUNK, "\xff", 1), 0);
	assert_int_equal(lied_to(&all, none_between), -EPROTO);
	r = come_back(&all, &rest);
	assert_in_range(r.moved, CHUNK, CHUNK + 64 + 3 * AROUND);
	depots_free(&all);
}

/* Whatever somebody says that it has. */
static void wants_that_no_node_would_say_are_harmless(void **state)
{
	static const struct { u64 from, to; u32 n; const char *id; } wants[] = {
		{ 0, PFSNL_SECTION_LEN_MAX, 0, "s" },
		{ 0, PFSNL_SECTION_LEN_MAX, 500, "s" },
		{ 0, CHUNK, 1, "t" },
		{ 39 * CHUNK, 42 * CHUNK, 3, "s" },
		{ 1000ULL * CHUNK, 1001ULL * CHUNK, 1, "s" },
		{ PFSNL_SECTION_LEN_MAX - CHUNK, PFSNL_SECTION_LEN_MAX, 1, "s" },
		{ 0, CHUNK, 0, "nothing" },
		{ 0, CHUNK, 0, "" },
	};
	static u8 digests[500 * PFSNL_CKPT_DIGEST];
	struct depots all = with_section(2), rest = without(&all, 1);
	struct round r = { .all = &all };
	u32 i;

	assert_int_equal(depots_write(&rest, 0, 1, "s", CHUNK, "\xff", 1), 0);
	all.time = rest.time;
	carry(&r, NEED);
	for (i = 0; i < ARRAY_SIZE(wants); i++) {
		struct pfsnl_ckptrec w = {
			.kind = PFSNL_CKPTREC_WANT,
			.flags = PFSNL_WANT_SECTION | PFSNL_WANT_CHUNKS,
			.number = depot_named(all.at[0], "g")->number,
			.addr = all.at[0]->from.addr,
			.offset = wants[i].from,
			.bytes = wants[i].to,
			.name = (const u8 *)wants[i].id,
			.name_len = strlen(wants[i].id),
			.rest = digests,
			.len = wants[i].n * PFSNL_CKPT_DIGEST,
		};
		u32 len = pfsnl_ckptrec_size(&w);
		u8 *wire = malloc(len);

		pfsnl_ckptrec_encode(&w, wire);
		tell_all(&r, 1, wire, len);
		free(wire);
	}
	/* of a side that nobody is */
	assert_int_equal(pfsnl_ckpts_want(all.at[0]->store, DEPOT_ADDR(0),
					  &(struct pfsnl_ckptrec){
						.kind = PFSNL_CKPTREC_WANT,
						.flags = PFSNL_WANT_SECTION |
							 PFSNL_WANT_CHUNKS,
						.addr = DEPOT_ADDR(5) }), -EPROTO);
	do_step(&r, DATA);
	assert_became_one(&r);
	/* it gets all of it */
	assert_true(r.moved > LEN);
	depots_free(&all);
}

static void each_allocation_may_fail_once_and_the_record_is_told_again(void **state)
{
	struct depots all = with_section(2), rest = without(&all, 1);
	struct ledger *l = &all.at[1]->ledger;
	u64 nth, live, failed, injected = 0;

	assert_int_equal(depots_write(&rest, 0, 1, "s", 5 * CHUNK, "\xff", 1), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "s", 9 * CHUNK, "\xff", 1), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "s", LEN, data, 9 * CHUNK), 0);
	for (nth = 1;; nth++) {
		struct round r = { .all = &all };

		live = l->live;
		failed = l->failed;
		carry(&r, NEED);
		l->fail_at = l->tries + nth;
		l->fail_for = 1;
		do_step(&r, DATA);
		assert_int_equal(r.err[1], 0);
		failed = l->failed - failed;
		injected += failed;
		l->fail_at = 0;
		if (!failed) {
			all.time = rest.time;
			assert_became_one(&r);
			break;
		}
		pfsnl_ckpts_abort(all.at[0]->store);
		pfsnl_ckpts_abort(all.at[1]->store);
		assert_int_equal(l->live, live);
	}
	/* its list of chunks as that grows, and twice for each that came */
	assert_true(injected > 20);
	depots_free(&all);
}

/* Something of a section, at any of its places. */
static void change(struct depots *some, u64 *seed)
{
	static const char *const ids[] = { "s", "t" };
	const char *id = ids[test_random(seed) % 2];
	u64 at = test_random(seed) % 8 * CHUNK;
	u32 len = test_random(seed) % (2 * CHUNK);

	switch (test_random(seed) % 8) {
	case 0:
		overwrite(some, data, len);
		break;
	case 1:
		depots_create(some, 0, 1, id, data, len);
		break;
	case 2:
		at += test_random(seed) % CHUNK;
		len = 1;
		fallthrough;
	default:
		depots_write(some, 0, 1, id, at, data + test_random(seed) % CHUNK,
			     len + 1);
	}
}

/* Nodes in any order come together, fall apart and change what they have. */
static void whatever_happened_all_have_the_same_bytes(void **state)
{
	u64 seed = 17, moved = 0;
	u32 run, i, k, n;

	for (run = 0; run < 12; run++) {
		struct depots all = depots_new(4), some;
		struct round r;

		fill();
		for (i = 0; i < 4; i++)
			assert_int_equal(depots_open(&all, i, 1, "g", DEPOT_RW).err, 0);
		for (i = 0; i < 8; i++)
			change(&all, &seed);
		for (k = 0; k < 8; k++) {
			n = 1 + test_random(&seed) % 4;
			some = depots_of(&all, test_random(&seed) % (5 - n), n);
			r = (struct round){
				.all = &some,
				.turns = test_random(&seed) % 2,
				.room = test_random(&seed) % 2 ? PFSNL_SEND_ROOM : ROUND_ROOM,
			};
			carry(&r, DATA);
			assert_became_one(&r);
			moved += r.moved;
			for (i = test_random(&seed) % 4; i; i--)
				change(&some, &seed);
			all.time = some.time;
		}
		meet(&all);
		depots_free(&all);
	}
	assert_true(moved > 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(one_byte_of_a_large_section_costs_its_chunk),
	cmocka_unit_test(what_is_the_same_but_for_its_length_or_time_costs_nothing),
	cmocka_unit_test(section_that_grew_costs_what_is_new),
	cmocka_unit_test(section_that_shrank_costs_the_chunk_in_which_it_ends),
	cmocka_unit_test(section_of_which_nothing_is_left_has_nothing),
	cmocka_unit_test(hole_where_something_was_is_a_hole),
	cmocka_unit_test(hole_is_told_by_a_chunk_of_which_nothing_was_said_yet),
	cmocka_unit_test(something_where_a_hole_was_is_something),
	cmocka_unit_test(two_that_have_other_versions_get_what_each_lacks),
	cmocka_unit_test(what_one_says_of_a_version_no_other_says_again),
	cmocka_unit_test(who_has_begun_to_say_a_version_says_all_of_it),
	cmocka_unit_test(who_wants_all_gets_it_also_if_another_goes_on_to_say_chunks),
	cmocka_unit_test(who_has_nothing_of_it_gets_all_beside_who_has_another_version),
	cmocka_unit_test(newcomer_gets_all_beside_who_has_another_version),
	cmocka_unit_test(marks_of_a_round_that_came_to_nothing_are_none_of_the_next),
	cmocka_unit_test(both_sides_of_a_conflict_cost_what_they_changed),
	cmocka_unit_test(own_version_that_is_not_the_right_one_is_noticed),
	cmocka_unit_test(what_is_left_out_is_never_zero_for_who_has_nothing),
	cmocka_unit_test(wants_that_no_node_would_say_are_harmless),
	cmocka_unit_test(each_allocation_may_fail_once_and_the_record_is_told_again),
	cmocka_unit_test(whatever_happened_all_have_the_same_bytes),
};

int main(void)
{
	return RUN_TESTS(tests);
}
