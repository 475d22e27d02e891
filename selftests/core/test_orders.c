// SPDX-License-Identifier: GPL-2.0
/*
 * In whatever order sides meet, they become the same; and what becomes of a version
 * depends on all sides of a round at once.
 */
#include <linux/minmax.h>

#include "test_sides.h"

#define SEEDS		150
#define SIDES_MAX	4

/* Something random that happens on one side; all is closed again. */
static void go_own_way(struct depots *side, u64 *seed, u32 ops)
{
	static const char *const names[] = { "g", "h", "i", "j" };
	char byte;

	while (ops--) {
		const char *name = names[test_random(seed) % 4];
		u32 what = test_random(seed) % 8;

		byte = 'a' + test_random(seed) % 26;
		if (what == 0) {
			depots_unlink(side, 0, name);
			continue;
		}
		depots_open(side, 0, 1, name, DEPOT_RW);
		if (what < 3)
			depots_create(side, 0, 1, what < 2 ? "s" : "t", &byte, 1);
		else
			depots_write(side, 0, 1, what < 6 ? "s" : "t",
				     test_random(seed) % 3, &byte, 1);
		depots_close(side, 0, 1);
	}
}

/* The beginning of all orders: sides that had something in common. */
static struct depots forked(u64 seed, u32 n)
{
	struct depots all, side;
	u32 i;

	depot_lives = 100 * seed;
	all = depots_new(n);
	go_own_way(&all, &seed, 12);
	for (i = 0; i < n; i++) {
		side = side_of(&all, i);
		side.time = 100000 * (i + 1);
		go_own_way(&side, &seed, test_random(&seed) % 12);
	}
	all.time = 1000000;
	return all;
}

/* What there is, by number and name; not when it was activated. */
static void sum(const struct depot *d, u8 *digest)
{
	const struct pfsnl_ckpt_ops *ops = d->store->mem.ops;
	struct pfsnl_ckpt *c;
	u8 *state = malloc(ops->hash_size);

	for (c = pfsnl_ckpts_after(d->store, NULL); c;
	     c = pfsnl_ckpts_after(d->store, &c->number))
		pfsnl_digest_ckpt(d->store, c);
	ops->hash_init(state);
	for (c = pfsnl_ckpts_after(d->store, NULL); c;
	     c = pfsnl_ckpts_after(d->store, &c->number)) {
		ops->hash_update(state, c->digest, PFSNL_CKPT_DIGEST);
		ops->hash_update(state, c->name, c->name_len);
		ops->hash_update(state, &c->flags, sizeof(c->flags));
		ops->hash_update(state, &c->ops, sizeof(c->ops));
	}
	ops->hash_final(state, digest);
	free(state);
}

/* They come one after the other, in this order. */
static void meet_in_order(struct depots *all, const u32 *order)
{
	struct depots met = depots_of(all, order[0], 1);
	u32 i;

	for (i = 1; i < all->n; i++) {
		met.at[met.n++] = all->at[order[i]];
		met.time = 1000000 * (i + 1);
		assert_int_equal(depots_meet(&met), 0);
	}
}

/* Two pairs, and then all. */
static void meet_in_pairs(struct depots *all, const u32 *order)
{
	struct depots met = { .n = 2, .time = 1000000 };
	u32 i;

	for (i = 0; i < 4; i += 2) {
		met.at[0] = all->at[order[i]];
		met.at[1] = all->at[order[i + 1]];
		assert_int_equal(depots_meet(&met), 0);
	}
	all->time = 3000000;
	assert_int_equal(depots_meet(all), 0);
}

static void exchange(u32 *a, u32 *b)
{
	u32 was = *a;

	*a = *b;
	*b = was;
}

static bool next_order(u32 *order, u32 n)
{
	u32 i = n - 1, k = n - 1, low, high;

	while (i && order[i - 1] >= order[i])
		i--;
	if (!i)
		return false;
	while (order[k] <= order[i - 1])
		k--;
	exchange(&order[k], &order[i - 1]);
	for (low = i, high = n - 1; low < high; low++, high--)
		exchange(&order[low], &order[high]);
	return true;
}

static u32 all_orders(u64 seed, u32 n)
{
	u8 want[PFSNL_CKPT_DIGEST], digest[PFSNL_CKPT_DIGEST];
	u32 order[SIDES_MAX] = { 0, 1, 2, 3 }, i, way, conflicts = 0;
	struct depots all = forked(seed, n);

	/* all at once */
	assert_int_equal(depots_meet(&all), 0);
	sum(all.at[0], want);
	conflicts = all.at[0]->n_conflicts;
	depots_free(&all);
	do {
		for (way = 0; way < (n == 4 ? 2 : 1); way++) {
			all = forked(seed, n);
			if (way)
				meet_in_pairs(&all, order);
			else
				meet_in_order(&all, order);
			for (i = 0; i < n; i++) {
				sum(all.at[i], digest);
				if (memcmp(digest, want, sizeof(want)))
					fail_msg("seed %llu, order %u%u%u%u, way %u",
						 (unsigned long long)seed, order[0],
						 order[1], order[2], order[3], way);
			}
			depots_free(&all);
		}
	} while (next_order(order, n));
	return conflicts;
}

static void three_sides_become_the_same_in_all_orders(void **state)
{
	u32 conflicts = 0;
	u64 seed;

	for (seed = 1; seed <= SEEDS; seed++)
		conflicts += all_orders(seed, 3);
	assert_true(conflicts > SEEDS);
}

static void four_sides_become_the_same_in_all_orders(void **state)
{
	u32 conflicts = 0;
	u64 seed;

	for (seed = 1001; seed <= 1000 + SEEDS / 5; seed++)
		conflicts += all_orders(seed, 4);
	assert_true(conflicts > SEEDS / 5);
}

/*
 * Three sides know of "g": of @who, the first has what the second made of it, and the
 * second has it no more; the third was cut off before, and has the old one open.
 */
static struct depots gone_on_from(const u32 *who, bool unlinked)
{
	struct depots all = depots_new(3), two = { .n = 2, .time = 4000 }, one;
	u32 i;

	for (i = 0; i < 3; i++)
		assert_int_equal(depots_open(&all, i, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "s", "0", 1), 0);
	side_of(&all, who[2]);
	two.at[0] = all.at[min(who[0], who[1])];
	two.at[1] = all.at[max(who[0], who[1])];
	assert_int_equal(depots_meet(&two), 0);
	i = who[1] > who[0];
	if (unlinked)
		assert_int_equal(depots_unlink(&two, i, "g"), 0);
	else
		assert_int_equal(depots_write(&two, i, 1, "s", 0, "1", 1), 0);
	assert_int_equal(depots_close(&two, i, 1), 0);
	if (!unlinked)
		assert_int_equal(depots_close(&two, !i, 1), 0);
	side_of(&all, who[0]);
	one = side_of(&all, who[1]);
	if (!unlinked)
		assert_int_equal(depots_unlink(&one, 0, "g"), 0);
	assert_int_equal(count_ckpts(one.at[0]), 0);
	all.time = 1000000;
	return all;
}

/* what has no name is found by what is there */
static void assert_gone_on(const struct depots *all, bool unlinked, u32 refs)
{
	const struct pfsnl_ckpt *c = pfsnl_ckpts_after(all->at[0]->store, NULL);

	assert_non_null(c);
	assert_int_equal(count_ckpts(all->at[0]), 1);
	assert_int_equal(!!(c->flags & PFSNL_CKPT_UNLINKED), unlinked);
	assert_int_equal(first_byte(c, "s"), unlinked ? '0' : '1');
	assert_int_equal(c->refs, refs);
}

static void what_was_unlinked_stays_so_whoever_forgot_it_meanwhile(void **state)
{
	const u32 first[3] = { 0, 1, 2 };
	u32 who[3] = { 0, 1, 2 }, order[3];
	struct depots all;

	do {
		/* all at once */
		all = gone_on_from(who, true);
		assert_int_equal(depots_meet(&all), 0);
		assert_gone_on(&all, true, 2);
		depots_free(&all);
		/* and one after the other */
		memcpy(order, first, sizeof(order));
		do {
			all = gone_on_from(who, true);
			meet_in_order(&all, order);
			assert_gone_on(&all, true, 2);
			depots_free(&all);
		} while (next_order(order, 3));
	} while (next_order(who, 3));
}

static void what_a_third_side_has_open_is_the_newest_that_any_side_has(void **state)
{
	u32 who[3] = { 0, 1, 2 };
	struct depots all;

	do {
		all = gone_on_from(who, false);
		assert_int_equal(depots_meet(&all), 0);
		assert_gone_on(&all, false, 1);
		depots_free(&all);
	} while (next_order(who, 3));
}

/* One has a version, one threw that away, and the third has one that was not made of it. */
static void what_one_side_threw_away_is_no_less_a_fork_of_another(void **state)
{
	u32 who[3] = { 0, 1, 2 }, i;

	do {
		struct depots all = depots_new(3), two = { .n = 2, .time = 4000 }, one;

		for (i = 0; i < 3; i++)
			assert_int_equal(depots_open(&all, i, 1, "g", DEPOT_RW).err, 0);
		assert_int_equal(depots_create(&all, 0, 1, "s", "0", 1), 0);
		one = side_of(&all, who[2]);
		assert_int_equal(depots_write(&one, 0, 1, "s", 0, "f", 1), 0);
		two.at[0] = all.at[min(who[0], who[1])];
		two.at[1] = all.at[max(who[0], who[1])];
		assert_int_equal(depots_meet(&two), 0);
		assert_int_equal(depots_write(&two, who[0] > who[1], 1, "s", 0, "w", 1), 0);
		assert_int_equal(depots_write(&two, who[0] > who[1], 1, "s", 0, "W", 1), 0);
		side_of(&all, who[0]);
		one = side_of(&all, who[1]);
		assert_int_equal(depots_unlink(&one, 0, "g"), 0);
		assert_int_equal(depots_close(&one, 0, 1), 0);
		assert_int_equal(count_ckpts(one.at[0]), 0);
		all.time = 1000000;
		assert_int_equal(depots_meet(&all), 0);
		assert_int_equal(first_byte(depot_named(all.at[0], "g"), "s"), 'W');
		assert_int_equal(first_byte(loser_of(all.at[0]), "s"), 'f');
		assert_int_equal(count_ckpts(all.at[0]), 2);
		depots_free(&all);
	} while (next_order(who, 3));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(three_sides_become_the_same_in_all_orders),
	cmocka_unit_test(four_sides_become_the_same_in_all_orders),
	cmocka_unit_test(what_was_unlinked_stays_so_whoever_forgot_it_meanwhile),
	cmocka_unit_test(what_a_third_side_has_open_is_the_newest_that_any_side_has),
	cmocka_unit_test(what_one_side_threw_away_is_no_less_a_fork_of_another),
};

int main(void)
{
	return RUN_TESTS(tests);
}
