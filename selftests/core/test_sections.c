// SPDX-License-Identifier: GPL-2.0
/*
 * Sections: ids, reading and writing at places, limits to the byte on both sides of
 * what 32 bits hold.
 */
#include <errno.h>

#include "depot.h"
#include "test.h"

#define GIB4	(1ULL << 32)

/* an open checkpoint that may hold so much */
static struct depots opened(u64 size, u64 max_section, u32 max_sections)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_OPEN,
		.flags = DEPOT_RW,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.attr = depot_attr(),
		.name = (const u8 *)"g",
		.name_len = 1,
	};

	m.attr.size = size;
	m.attr.max_section = max_section;
	m.attr.max_sections = max_sections;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	return all;
}

static int overwrite(struct depots *all, const char *id, const void *data, u32 len)
{
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_OVERWRITE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.name = (const u8 *)id,
		.name_len = strlen(id),
		.rest = data,
		.len = len,
	};

	return depots_apply(all, 0, &m).err;
}

static struct pfsnl_ckpt_result make(struct depots *all, u32 handle)
{
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_CREATE,
		.flags = PFSNL_CREATE_ID,
		.process = DEPOT_PROCESS,
		.handle = handle,
		.expires = PFSNL_NEVER,
	};

	return depots_apply(all, 0, &m);
}

static void assert_holds(const struct depot *d, const char *id, const char *text, u64 len)
{
	struct pfsnl_section *s = depot_section(d, "g", id);
	char *there = malloc(len + 1);

	assert_non_null(s);
	assert_int_equal(s->len, len);
	assert_int_equal(pfsnl_section_read(s, 0, there, len + 1), len);
	assert_memory_equal(there, text, len);
	free(there);
}

static void writing_beyond_the_end_extends_and_what_is_between_is_zero(void **state)
{
	struct depots all = opened(1 << 20, 1 << 20, 4);
	char there[8];
	struct pfsnl_section *s;

	assert_int_equal(depots_create(&all, 0, 1, "s", "abc", 3), 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", 5, "xy", 2), 0);
	assert_holds(all.at[1], "s", "abc\0\0xy", 7);
	assert_int_equal(depots_write(&all, 0, 1, "s", 2, "C", 1), 0);
	assert_holds(all.at[1], "s", "abC\0\0xy", 7);
	assert_int_equal(depots_write(&all, 0, 1, "s", 300000, "z", 1), 0);
	s = depot_section(all.at[1], "g", "s");
	assert_int_equal(s->len, 300001);
	assert_int_equal(pfsnl_section_read(s, 299998, there, 8), 3);
	assert_memory_equal(there, "\0\0z", 3);
	assert_int_equal(pfsnl_section_read(s, 4, there, 8), 8);
	assert_memory_equal(there, "\0xy\0\0\0\0\0", 8);
	assert_int_equal(pfsnl_section_read(s, 300001, there, 8), 0);
	assert_int_equal(pfsnl_section_read(s, ~0ULL, there, 8), 0);
	depots_free(&all);
}

static void overwriting_leaves_nothing_of_what_was_there(void **state)
{
	struct depots all = opened(1 << 20, 1 << 20, 4);
	char big[200000];

	memset(big, 'x', sizeof(big));
	assert_int_equal(depots_create(&all, 0, 1, "s", big, sizeof(big)), 0);
	assert_int_equal(overwrite(&all, "s", "abc", 3), 0);
	assert_holds(all.at[1], "s", "abc", 3);
	assert_int_equal(depots_write(&all, 0, 1, "s", 6, "d", 1), 0);
	assert_holds(all.at[1], "s", "abc\0\0\0d", 7);
	assert_int_equal(overwrite(&all, "s", "", 0), 0);
	assert_holds(all.at[1], "s", "", 0);
	assert_int_equal(overwrite(&all, "t", "", 0), -ENOENT);
	depots_free(&all);
}

static void vectors_of_one_write_are_written_together(void **state)
{
	struct depots all = opened(1 << 20, 1 << 20, 4);
	struct pfsnl_vec v[] = {
		{ .offset = 1, .len = 2, .bytes = (const u8 *)"bc" },
		{ .offset = 3, .len = 1, .bytes = (const u8 *)"d" },
		{ .offset = PFSNL_CHUNK - 1, .len = 2, .bytes = (const u8 *)"yz" },
		{ .offset = PFSNL_CHUNK + 3, .len = 1, .bytes = (const u8 *)"!" },
		{ .offset = 5 * PFSNL_CHUNK, .len = 1, .bytes = (const u8 *)"e" },
	};
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_WRITE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.name = (const u8 *)"s",
		.name_len = 1,
		.vectors = 5,
	};
	u8 wire[5 * PFSNL_CKPTMSG_VEC_LEN + 7], *p = wire;
	struct pfsnl_section *s;
	char there[8];
	u32 i;

	for (i = 0; i < 5; i++)
		p = pfsnl_vec_encode(p, &v[i]);
	m.rest = wire;
	m.len = sizeof(wire);
	assert_ptr_equal(p, wire + sizeof(wire));
	assert_int_equal(depots_create(&all, 0, 1, "s", "a", 1), 0);
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	s = depot_section(all.at[1], "g", "s");
	assert_int_equal(s->len, 5 * PFSNL_CHUNK + 1);
	pfsnl_section_read(s, 0, there, 5);
	assert_memory_equal(there, "abcd\0", 5);
	pfsnl_section_read(s, PFSNL_CHUNK - 2, there, 7);
	assert_memory_equal(there, "\0yz\0\0!\0", 7);
	pfsnl_section_read(s, 5 * PFSNL_CHUNK - 1, there, 2);
	assert_memory_equal(there, "\0e", 2);
	assert_true(depots_same(&all));
	depots_free(&all);
}

static void ids_are_any_bytes_and_none_is_ignored(void **state)
{
	struct depots all = opened(1 << 20, 1 << 20, 8);
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_CREATE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.expires = PFSNL_NEVER,
	};
	static const struct { const char *id; u32 len; } ids[] = {
		{ "", 0 }, { "g", 1 }, { "g\0", 2 }, { "g\0a", 3 }, { "g\0b", 3 },
		{ "\xff\n", 2 },
	};
	const struct pfsnl_ckpt *c;
	u32 i;

	for (i = 0; i < 6; i++) {
		m.name = (const u8 *)ids[i].id;
		m.name_len = ids[i].len;
		assert_int_equal(depots_apply(&all, 0, &m).err, 0);
		assert_int_equal(depots_apply(&all, 0, &m).err, -EEXIST);
	}
	c = depot_named(all.at[1], "g");
	assert_int_equal(c->n_sections, 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(pfsnl_section_find(c, ids[i].id, ids[i].len)->id_len,
				 ids[i].len);
	assert_null(pfsnl_section_find(c, "g\0c", 3));
	/* in the order of their bytes, the shorter first */
	assert_int_equal(pfsnl_section_after(c, NULL, 0)->id_len, 0);
	assert_int_equal(pfsnl_section_after(c, "", 0)->id_len, 1);
	assert_int_equal(pfsnl_section_after(c, "g", 1)->id_len, 2);
	assert_null(pfsnl_section_after(c, "\xff\n", 2));
	depots_free(&all);
}

static void id_may_be_as_long_as_was_agreed(void **state)
{
	struct depots all = depots_new(2);
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_OPEN,
		.flags = DEPOT_RW,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.attr = depot_attr(),
		.name = (const u8 *)"g",
		.name_len = 1,
	};

	m.attr.max_id = 3;
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "abc", "", 0), 0);
	assert_int_equal(depots_create(&all, 0, 1, "abcd", "", 0), -ENAMETOOLONG);
	/* nor is one made that is longer */
	assert_int_equal(make(&all, 1).err, -ENAMETOOLONG);
	depots_free(&all);
}

static void id_that_is_made_is_new_and_the_same_everywhere(void **state)
{
	struct depots all = opened(1 << 20, 1 << 20, 8);
	struct pfsnl_ckpt_result a, b;

	assert_int_equal(depots_create(&all, 0, 1, "0000000000000001", "", 0), 0);
	a = make(&all, 1);
	b = make(&all, 1);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.id_len, PFSNL_SECTION_ID_MADE);
	assert_memory_equal(a.id, "0000000000000000", 16);
	assert_memory_equal(b.id, "0000000000000002", 16);
	assert_int_equal(depot_named(all.at[1], "g")->n_sections, 3);
	assert_true(depots_same(&all));
	depots_free(&all);
}

static void number_of_sections_is_limited(void **state)
{
	struct depots all = opened(100, 100, 2);

	assert_int_equal(depots_create(&all, 0, 1, "a", "", 0), 0);
	assert_int_equal(depots_create(&all, 0, 1, "b", "", 0), 0);
	assert_int_equal(depots_create(&all, 0, 1, "c", "", 0), -ENOSPC);
	assert_int_equal(make(&all, 1).err, -ENOSPC);
	depots_free(&all);
}

static void section_is_limited_to_the_byte_above_32_bits(void **state)
{
	struct depots all = opened(2 * GIB4, GIB4 + 5, 2);
	u64 live = all.at[1]->ledger.bytes;
	struct pfsnl_section *s;
	char there[3];

	assert_int_equal(depots_create(&all, 0, 1, "s", "abc", 3), 0);
	/* what 32 bits would make of it is 0 to 4 */
	assert_int_equal(depots_write(&all, 0, 1, "s", GIB4 + 5, "x", 1), -EFBIG);
	assert_int_equal(depots_write(&all, 0, 1, "s", GIB4 + 4, "xy", 2), -EFBIG);
	assert_int_equal(depots_write(&all, 0, 1, "s", ~0ULL - 1, "x", 1), -EFBIG);
	assert_holds(all.at[1], "s", "abc", 3);
	assert_int_equal(depots_write(&all, 0, 1, "s", GIB4 + 3, "xy", 2), 0);
	s = depot_section(all.at[1], "g", "s");
	assert_int_equal(s->len, GIB4 + 5);
	assert_int_equal(pfsnl_section_read(s, GIB4 + 2, there, 3), 3);
	assert_memory_equal(there, "\0xy", 3);
	assert_int_equal(pfsnl_section_read(s, 0, there, 3), 3);
	assert_memory_equal(there, "abc", 3);
	/* what was never written takes only its places among the chunks, but counts */
	assert_true(all.at[1]->ledger.bytes - live < (1 << 20) + 4096);
	assert_true(pfsnl_ckpts_used(all.at[1]->store) > GIB4);
	assert_true(depots_same(&all));
	depots_free(&all);
}

static void section_is_limited_to_the_byte_at_32_bits(void **state)
{
	struct depots all = opened(GIB4 - 1, GIB4 - 1, 1);

	assert_int_equal(depots_create(&all, 0, 1, "s", "", 0), 0);
	assert_int_equal(depots_write(&all, 0, 1, "s", GIB4 - 1, "x", 1), -EFBIG);
	assert_int_equal(depots_write(&all, 0, 1, "s", GIB4 - 2, "xy", 2), -EFBIG);
	assert_int_equal(depots_write(&all, 0, 1, "s", GIB4 - 2, "x", 1), 0);
	assert_int_equal(depot_section(all.at[1], "g", "s")->len, GIB4 - 1);
	depots_free(&all);
}

static void all_sections_together_are_limited_to_the_byte(void **state)
{
	struct depots all = opened(GIB4 + 10, GIB4, 3);

	assert_int_equal(depots_create(&all, 0, 1, "a", "", 0), 0);
	assert_int_equal(depots_create(&all, 0, 1, "b", "", 0), 0);
	assert_int_equal(depots_write(&all, 0, 1, "a", GIB4 - 1, "x", 1), 0);
	assert_int_equal(depots_write(&all, 0, 1, "b", 10, "x", 1), -ENOSPC);
	assert_int_equal(depots_create(&all, 0, 1, "c", "0123456789!", 11), -ENOSPC);
	assert_int_equal(overwrite(&all, "b", "0123456789!", 11), -ENOSPC);
	assert_int_equal(depots_write(&all, 0, 1, "b", 9, "x", 1), 0);
	assert_int_equal(depots_create(&all, 0, 1, "c", "", 0), 0);
	assert_int_equal(overwrite(&all, "c", "!", 1), -ENOSPC);
	/* what is written where something is takes no more */
	assert_int_equal(depots_write(&all, 0, 1, "a", 7, "xyz", 3), 0);
	assert_int_equal(overwrite(&all, "b", "x", 1), 0);
	assert_int_equal(overwrite(&all, "c", "123456789", 9), 0);
	assert_int_equal(depot_named(all.at[1], "g")->bytes, GIB4 + 10);
	depots_free(&all);
}

static void what_is_deleted_makes_room(void **state)
{
	struct depots all = opened(10, 10, 3);
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_DELETE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.name = (const u8 *)"a",
		.name_len = 1,
	};
	u64 used = pfsnl_ckpts_used(all.at[1]->store);

	assert_int_equal(depots_create(&all, 0, 1, "a", "0123456789", 10), 0);
	assert_int_equal(depots_create(&all, 0, 1, "b", "x", 1), -ENOSPC);
	assert_int_equal(depots_apply(&all, 0, &m).err, 0);
	assert_int_equal(depots_apply(&all, 0, &m).err, -ENOENT);
	assert_int_equal(pfsnl_ckpts_used(all.at[1]->store), used);
	assert_int_equal(depots_create(&all, 0, 1, "b", "0123456789", 10), 0);
	depots_free(&all);
}

static void section_of_64_mib_is_one_like_others(void **state)
{
	struct depots all = opened(64 << 20, 64 << 20, 1);
	u32 i, k, piece = 1 << 20;
	u64 seed = 1;
	u8 *data = malloc(piece), *there = malloc(piece);
	struct pfsnl_section *s;

	assert_int_equal(depots_create(&all, 0, 1, "s", "", 0), 0);
	for (i = 0; i < 64; i++) {
		for (k = 0; k < piece; k += 8)
			memcpy(data + k, &(u64){ test_random(&seed) }, 8);
		assert_int_equal(depots_write(&all, 0, 1, "s", (u64)i * piece, data,
					      piece), 0);
	}
	s = depot_section(all.at[1], "g", "s");
	assert_int_equal(s->len, 64 << 20);
	assert_int_equal(pfsnl_section_read(s, 63ULL * piece, there, piece), piece);
	assert_memory_equal(there, data, piece);
	assert_true(depots_same(&all));
	/* it takes little more than what it holds */
	assert_true(all.at[1]->ledger.bytes < (65 << 20));
	assert_int_equal(depots_write(&all, 0, 1, "s", 64 << 20, "x", 1), -EFBIG);
	free(there);
	free(data);
	depots_free(&all);
}

static void zeros_and_what_was_never_written_have_the_same_digest(void **state)
{
	static const u8 zeros[200000];
	struct depots side[2], both;
	u32 i;

	/* the same nodes twice */
	for (i = 0; i < 2; i++) {
		depot_lives = 50;
		side[i] = opened(1 << 20, 1 << 20, 1);
		side[i].time = 500;
		assert_int_equal(depots_create(&side[i], 0, 1, "s", zeros,
					       i ? sizeof(zeros) : 0), 0);
		side[i].time = 600;
		assert_int_equal(depots_write(&side[i], 0, 1, "s", 200000, "x", 1), 0);
	}
	both = depots_both(&side[0], &side[1]);
	for (i = 0; i < 4; i++)
		assert_int_equal(depot_section(both.at[i], "g", "s")->len, 200001);
	assert_true(depots_same(&both));
	/* one more of them is another length */
	assert_int_equal(depots_write(&side[1], 0, 1, "s", 200001, zeros, 1), 0);
	assert_false(depots_same(&both));
	depots_free(&both);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(writing_beyond_the_end_extends_and_what_is_between_is_zero),
	cmocka_unit_test(overwriting_leaves_nothing_of_what_was_there),
	cmocka_unit_test(vectors_of_one_write_are_written_together),
	cmocka_unit_test(ids_are_any_bytes_and_none_is_ignored),
	cmocka_unit_test(id_may_be_as_long_as_was_agreed),
	cmocka_unit_test(id_that_is_made_is_new_and_the_same_everywhere),
	cmocka_unit_test(number_of_sections_is_limited),
	cmocka_unit_test(section_is_limited_to_the_byte_above_32_bits),
	cmocka_unit_test(section_is_limited_to_the_byte_at_32_bits),
	cmocka_unit_test(all_sections_together_are_limited_to_the_byte),
	cmocka_unit_test(what_is_deleted_makes_room),
	cmocka_unit_test(section_of_64_mib_is_one_like_others),
	cmocka_unit_test(zeros_and_what_was_never_written_have_the_same_digest),
};

int main(void)
{
	return RUN_TESTS(tests);
}
