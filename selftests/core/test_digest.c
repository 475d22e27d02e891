// SPDX-License-Identifier: GPL-2.0
/*
 * Digests of checkpoints: they are of what is in them, and not of how it came there or
 * is kept; and may be found a little at a time.
 */
#include <errno.h>

#include <linux/limits.h>

#include "depot.h"
#include "test.h"

#define CHUNK	(64 << 10)
#define LEN	(3 * CHUNK + 100)

static u8 data[LEN];

/* A section as it is made. */
struct made {
	const char *id;
	u32 len;
	/* a byte that is another, and where; 0: none */
	u32 at;
	u64 expires;
};

/* The same node, with one section of one checkpoint. */
static struct depots with_section(const struct made *made)
{
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_CREATE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.name = (const u8 *)made->id,
		.name_len = strlen(made->id),
		.expires = made->expires ? made->expires : PFSNL_NEVER,
		.rest = data,
		.len = made->len,
	};
	struct depots all;

	depot_lives = 50;
	all = depots_new(1);
	all.time = 500;
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	data[made->at] ^= !!made->at;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	data[made->at] ^= !!made->at;
	return all;
}

/* Return: how many calls it took. */
static u32 hash(struct depot *d, u64 budget, u8 *digest)
{
	struct pfsnl_ckpt *c = depot_named(d, "g");
	u32 calls = 1;

	while (!pfsnl_ckpt_hash(d->store, c, budget)) {
		calls++;
		assert_true(calls < 10000);
	}
	memcpy(digest, c->digest, PFSNL_CKPT_DIGEST);
	return calls;
}

static void digest_of(const struct made *made, u8 *digest)
{
	struct depots all = with_section(made);

	hash(all.at[0], U64_MAX, digest);
	depots_free(&all);
}

static void fill(void)
{
	u64 seed = 5;
	u32 i;

	for (i = 0; i < LEN; i++)
		data[i] = test_random(&seed) | 1;
}

static void each_byte_and_length_and_id_and_expiry_makes_another_digest(void **state)
{
	static const struct made made[] = {
		{ .id = "s", .len = LEN },
		/* the same again is the same */
		{ .id = "s", .len = LEN },
		{ .id = "t", .len = LEN },
		{ .id = "", .len = LEN },
		{ .id = "ss", .len = LEN },
		{ .id = "s", .len = LEN - 1 },
		{ .id = "s", .len = 3 * CHUNK },
		{ .id = "s", .len = 1 },
		{ .id = "s", .len = 0 },
		{ .id = "s", .len = LEN, .at = 1 },
		{ .id = "s", .len = LEN, .at = CHUNK - 1 },
		{ .id = "s", .len = LEN, .at = CHUNK },
		{ .id = "s", .len = LEN, .at = 3 * CHUNK - 1 },
		{ .id = "s", .len = LEN, .at = 3 * CHUNK },
		{ .id = "s", .len = LEN, .at = LEN - 1 },
		{ .id = "s", .len = LEN, .expires = 1ULL << 60 },
	};
	u8 digest[ARRAY_SIZE(made)][PFSNL_CKPT_DIGEST];
	u32 i, k;

	fill();
	for (i = 0; i < ARRAY_SIZE(made); i++)
		digest_of(&made[i], digest[i]);
	assert_memory_equal(digest[0], digest[1], PFSNL_CKPT_DIGEST);
	for (i = 1; i < ARRAY_SIZE(made); i++)
		for (k = 1; k < i; k++)
			assert_memory_not_equal(digest[i], digest[k], PFSNL_CKPT_DIGEST);
}

static void zeros_at_an_end_are_told_from_a_shorter_section(void **state)
{
	u8 zero[PFSNL_CKPT_DIGEST], none[PFSNL_CKPT_DIGEST];

	memset(data, 0, sizeof(data));
	digest_of(&(struct made){ .id = "s", .len = 100 }, zero);
	digest_of(&(struct made){ .id = "s", .len = 99 }, none);
	assert_memory_not_equal(zero, none, sizeof(zero));
	digest_of(&(struct made){ .id = "s", .len = 2 * CHUNK }, zero);
	digest_of(&(struct made){ .id = "s", .len = CHUNK }, none);
	assert_memory_not_equal(zero, none, sizeof(zero));
}

/* never written, written as zeros, and written and then overwritten by zeros */
static void holes_and_zeros_have_the_same_digest_wherever_they_are(void **state)
{
	static const u8 zeros[3 * CHUNK];
	u8 digest[3][PFSNL_CKPT_DIGEST], with_byte[PFSNL_CKPT_DIGEST];
	u32 way;

	fill();
	for (way = 0; way < 3; way++) {
		struct depots all = with_section(&(struct made){
			.id = "s", .len = way == 2 ? 5 * CHUNK / 2 : 0 });

		all.time = 600;
		if (way)
			assert_int_equal(depots_write(&all, 0, 1, "s", 0, zeros,
						      sizeof(zeros)), 0);
		/* when it was changed last counts, and how often does not */
		all.time = 800;
		assert_int_equal(depots_write(&all, 0, 1, "s", LEN - 50, "x", 1), 0);
		hash(all.at[0], U64_MAX, digest[way]);
		all.time = 800;
		assert_int_equal(depots_write(&all, 0, 1, "s", CHUNK + 1, "x", 1), 0);
		hash(all.at[0], U64_MAX, with_byte);
		assert_memory_not_equal(digest[way], with_byte, PFSNL_CKPT_DIGEST);
		depots_free(&all);
	}
	assert_memory_equal(digest[0], digest[1], PFSNL_CKPT_DIGEST);
	assert_memory_equal(digest[0], digest[2], PFSNL_CKPT_DIGEST);
}

static void digest_is_the_same_found_at_once_or_a_little_at_a_time(void **state)
{
	static const u64 budgets[] = { U64_MAX, 1, 1000, CHUNK, CHUNK + 1, 2 << 20 };
	u8 first[PFSNL_CKPT_DIGEST], digest[PFSNL_CKPT_DIGEST];
	u32 i, calls;

	fill();
	for (i = 0; i < ARRAY_SIZE(budgets); i++) {
		struct depots all = with_section(&(struct made){ .id = "s", .len = LEN });

		assert_int_equal(depots_create(&all, 0, 1, "t", data, CHUNK), 0);
		calls = hash(all.at[0], budgets[i], digest);
		if (!i)
			memcpy(first, digest, sizeof(first));
		assert_memory_equal(digest, first, sizeof(first));
		/* five chunks, of which a small budget takes one */
		assert_int_equal(calls > 1, budgets[i] <= CHUNK + 1);
		assert_true(budgets[i] > CHUNK || calls >= 5);
		/* what was found is found */
		assert_int_equal(hash(all.at[0], 1, digest), 1);
		assert_memory_equal(digest, first, sizeof(first));
		depots_free(&all);
	}
}

/* a node that was away has the chunks of one section in two stores while it comes back */
static void digest_does_not_depend_on_who_shares_the_chunks(void **state)
{
	struct depots all = depots_new(3), rest;
	u8 before[PFSNL_CKPT_DIGEST], want[PFSNL_CKPT_DIGEST], digest[PFSNL_CKPT_DIGEST];
	u32 i;

	fill();
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "s", data, LEN), 0);
	assert_int_equal(depots_create(&all, 0, 1, "t", data, 100), 0);
	hash(all.at[2], U64_MAX, before);
	rest = depots_of(&all, 0, 2);
	assert_int_equal(depots_meet(&rest), 0);
	assert_int_equal(depots_write(&rest, 0, 1, "t", 0, "!", 1), 0);
	hash(rest.at[0], U64_MAX, want);
	assert_memory_not_equal(before, want, sizeof(want));
	all.time = rest.time;
	assert_int_equal(depots_carry(&all), 0);
	/* the regular store is what it was, until it is another */
	hash(all.at[2], U64_MAX, digest);
	assert_memory_equal(digest, before, sizeof(before));
	assert_int_equal(depots_activate(&all, 3), 0);
	for (i = 0; i < 3; i++) {
		hash(all.at[i], 1, digest);
		assert_memory_equal(digest, want, sizeof(want));
	}
	/* and what is written into them next is the same for all */
	assert_int_equal(depots_write(&all, 0, 1, "s", CHUNK + 7, "!", 1), 0);
	hash(all.at[0], U64_MAX, want);
	assert_memory_not_equal(digest, want, sizeof(want));
	for (i = 1; i < 3; i++) {
		hash(all.at[i], 1, digest);
		assert_memory_equal(digest, want, sizeof(want));
	}
	depots_free(&all);
}

static void digest_is_found_anew_by_who_gets_everything_from_others(void **state)
{
	struct depots all = depots_new(1), more, newcomer = { .n = 1 };
	u8 want[PFSNL_CKPT_DIGEST], digest[PFSNL_CKPT_DIGEST];

	fill();
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "s", "", 0), 0);
	/* so that there are chunks without anything, and one that is not full */
	assert_int_equal(depots_write(&all, 0, 1, "s", 2 * CHUNK + 5, data, 20), 0);
	hash(all.at[0], U64_MAX, want);
	newcomer.at[0] = depot_new(1);
	more = depots_both(&all, &newcomer);
	assert_int_equal(depots_meet(&more), 0);
	hash(more.at[1], U64_MAX, digest);
	assert_memory_equal(digest, want, sizeof(want));
	depots_free(&more);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_byte_and_length_and_id_and_expiry_makes_another_digest),
	cmocka_unit_test(zeros_at_an_end_are_told_from_a_shorter_section),
	cmocka_unit_test(holes_and_zeros_have_the_same_digest_wherever_they_are),
	cmocka_unit_test(digest_is_the_same_found_at_once_or_a_little_at_a_time),
	cmocka_unit_test(digest_does_not_depend_on_who_shares_the_chunks),
	cmocka_unit_test(digest_is_found_anew_by_who_gets_everything_from_others),
};

int main(void)
{
	return RUN_TESTS(tests);
}
