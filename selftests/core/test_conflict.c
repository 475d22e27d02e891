// SPDX-License-Identifier: GPL-2.0
/*
 * Sides that meet after each went its own way: what one changed wins, and where both
 * did the same one wins in whatever order they meet, and the other is kept.
 */
#include "test_sides.h"

/* two nodes that had a checkpoint in common before they lost each other */
static void split(struct depots *all, struct depots *a, struct depots *b)
{
	*all = depots_new(2);
	assert_int_equal(depots_open(all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(all, 1, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(all, 0, 1, "s", "0", 1), 0);
	*a = side_of(all, 0);
	*b = side_of(all, 1);
}

static void what_only_one_side_changed_is_no_conflict(void **state)
{
	struct depots all, a, b;

	split(&all, &a, &b);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	assert_int_equal(depots_open(&a, 0, 2, "of a", DEPOT_RW).err, 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(first_byte(depot_named(all.at[0], "g"), "s"), 'b');
	assert_non_null(depot_named(all.at[1], "of a"));
	assert_int_equal(count_ckpts(all.at[0]), 2);
	assert_int_equal(all.at[0]->n_conflicts, 0);
	assert_int_equal(depot_named(all.at[0], "g")->refs, 2);
	depots_free(&all);
}

static void what_one_side_deleted_does_not_come_back(void **state)
{
	struct depots all, a, b;

	split(&all, &a, &b);
	assert_int_equal(depots_close(&a, 0, 1), 0);
	assert_int_equal(depots_unlink(&a, 0, "g"), 0);
	assert_int_equal(depots_close(&b, 0, 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(count_ckpts(all.at[1]), 0);
	assert_int_equal(all.at[1]->n_conflicts, 0);
	depots_free(&all);
}

static void who_was_changed_more_often_wins_and_the_other_is_kept(void **state)
{
	struct depots all, a, b;
	struct pfsnl_ckpt *c, *loser;

	split(&all, &a, &b);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "B", 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	c = depot_named(all.at[0], "g");
	loser = loser_of(all.at[0]);
	assert_int_equal(first_byte(c, "s"), 'B');
	assert_int_equal(first_byte(loser, "s"), 'a');
	assert_int_equal(loser->name_len, 1 + 10 + 16);
	assert_memory_equal(loser->name, "g@conflict-", 11);
	/* handles follow the number */
	assert_int_equal(c->refs, 2);
	assert_int_equal(loser->refs, 0);
	assert_int_equal(all.at[0]->n_conflicts, 1);
	assert_int_equal(all.at[1]->n_conflicts, 1);
	assert_int_equal(all.at[0]->conflicts[0].why, PFSNL_CONFLICT_CONTENT);
	assert_int_equal(pfsnl_ckpt_number_cmp(&all.at[0]->conflicts[0].winner,
					       &c->number), 0);
	assert_int_equal(pfsnl_ckpt_number_cmp(&all.at[0]->conflicts[0].loser,
					       &loser->number), 0);
	assert_memory_equal(all.at[0]->conflicts[0].loser_digest,
			    all.at[1]->conflicts[0].loser_digest, PFSNL_CKPT_DIGEST);
	depots_free(&all);
}

static void conflict_says_which_side_won_and_who_lost_what_in_which_ring(void **state)
{
	const struct pfsnl_ckpt_conflict *told;
	struct pfsnl_ring_id ring_a, ring_b;
	struct depots all, a, b;
	struct pfsnl_ckpt *c, *loser;

	split(&all, &a, &b);
	ring_a = last_ring(a.at[0]);
	ring_b = last_ring(b.at[0]);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "B", 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	c = depot_named(all.at[0], "g");
	loser = loser_of(all.at[0]);
	told = &all.at[0]->conflicts[0];
	assert_false(told->earlier);
	assert_int_equal(told->name_len, 1);
	assert_memory_equal(told->name, "g", 1);
	assert_int_equal(told->loser_name_len, loser->name_len);
	assert_memory_equal(told->loser_name, loser->name, loser->name_len);
	assert_true(same_ring(&told->winner_ring, &ring_b));
	assert_true(same_ring(&told->loser_ring, &ring_a));
	assert_memory_equal(told->winner_digest, pfsnl_digest_ckpt(all.at[0]->store, c),
			    PFSNL_CKPT_DIGEST);
	/* and the loser can tell for ever */
	ring_a = last_ring(all.at[0]);
	assert_true(same_ring(&loser->lost, &ring_a));
	assert_int_equal(pfsnl_ckpt_lost_name(loser), 1);
	assert_ptr_equal(pfsnl_ckpt_winner(all.at[0]->store, loser), c);
	assert_int_equal(depots_unlink(&all, 0, "g"), 0);
	assert_null(pfsnl_ckpt_winner(all.at[0]->store, loser));
	assert_int_equal(depots_meet(&all), 0);
	assert_true(same_ring(&loser_of(all.at[1])->lost, &ring_a));
	depots_free(&all);
}

static void who_was_on_no_side_of_a_conflict_is_told_when_it_comes(void **state)
{
	struct depots all = depots_new(4), a, b, c, pair;
	const struct pfsnl_ckpt_conflict *told;
	struct pfsnl_ring_id ring;
	u32 i;

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "s", "0", 1), 0);
	assert_int_equal(depots_open(&all, 1, 1, "g", DEPOT_RW).err, 0);
	a = side_of(&all, 0);
	b = side_of(&all, 1);
	c = depots_of(&all, 2, 2);
	assert_int_equal(depots_meet(&c), 0);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	pair = depots_both(&a, &b);
	pair.time = 5000;
	assert_int_equal(depots_meet(&pair), 0);
	ring = last_ring(pair.at[0]);
	/* one of the other side never was activated, so that it knew of nothing */
	depot_free(all.at[3]);
	all.at[3] = depot_new(3);
	all.time = 6000;
	assert_int_equal(depots_meet(&all), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(all.at[i]->n_conflicts, 1);
	assert_int_equal(all.at[3]->n_conflicts, 0);
	assert_false(all.at[0]->conflicts[0].earlier);
	told = &all.at[2]->conflicts[0];
	assert_true(told->earlier);
	assert_int_equal(told->why, PFSNL_CONFLICT_CONTENT);
	assert_true(same_ring(&told->ring, &ring));
	assert_memory_equal(told->loser_digest, all.at[0]->conflicts[0].loser_digest,
			    PFSNL_CKPT_DIGEST);
	assert_memory_equal(told->winner_digest, all.at[0]->conflicts[0].winner_digest,
			    PFSNL_CKPT_DIGEST);
	assert_int_equal(pfsnl_ckpt_number_cmp(&told->loser,
					       &loser_of(all.at[2])->number), 0);
	for (i = 0; i < 4; i++)
		assert_true(same_ring(&loser_of(all.at[i])->lost, &ring));
	/* it is told once */
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(all.at[2]->n_conflicts, 1);
	depots_free(&all);
}

static void loser_is_a_checkpoint_like_others_until_it_is_dropped(void **state)
{
	struct depots all, a, b;
	char name[PFSNL_CKPT_NAME_MAX + 1] = {};
	struct pfsnl_ckpt *loser;

	split(&all, &a, &b);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	loser = loser_of(all.at[0]);
	memcpy(name, loser->name, loser->name_len);
	assert_int_equal(depots_open(&all, 1, 5, name, PFSNL_OPEN_READ |
				     PFSNL_OPEN_WRITE).err, 0);
	assert_int_equal(depots_write(&all, 1, 5, "s", 0, "new", 3), 0);
	/* it is synchronized like others */
	assert_int_equal(depots_meet(&all), 0);
	assert_non_null(depot_named(all.at[1], name));
	assert_int_equal(depots_close(&all, 1, 5), 0);
	assert_int_equal(depots_unlink(&all, 0, name), 0);
	assert_null(loser_of(all.at[1]));
	assert_int_equal(depots_meet(&all), 0);
	assert_null(loser_of(all.at[1]));
	assert_int_equal(all.at[0]->n_conflicts, 1);
	depots_free(&all);
}

static void version_that_loses_is_told_also_if_the_same_was_lost_before(void **state)
{
	struct pfsnl_ckptmsg empties = {
		.kind = PFSNL_CKPTMSG_SECTION_DELETE,
		.process = DEPOT_PROCESS,
		.handle = 1,
		.name = (const u8 *)"s",
		.name_len = 1,
	};
	struct depots all, a, b;
	u32 round;

	split(&all, &a, &b);
	for (round = 1; round <= 2; round++) {
		assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
		assert_int_equal(depots_write(&a, 0, 1, "s", 0, "A", 1), 0);
		assert_int_equal(depots_apply(&b, 0, &empties).err, 0);
		all.time = 10000 * round;
		assert_int_equal(depots_meet(&all), 0);
		assert_int_equal(first_byte(depot_named(all.at[0], "g"), "s"), 'A');
		assert_int_equal(loser_of(all.at[0])->n_sections, 0);
		/* it is there once, and was told twice */
		assert_int_equal(count_ckpts(all.at[0]), 2);
		assert_int_equal(all.at[0]->n_conflicts, round);
		assert_int_equal(all.at[1]->n_conflicts, round);
		a = side_of(&all, 0);
		b = side_of(&all, 1);
	}
	depots_free(&all);
}

static void loser_is_kept_whatever_its_retention(void **state)
{
	struct depots all, a, b;
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_RETENTION,
		.process = DEPOT_PROCESS,
		.handle = 1,
	};
	struct pfsnl_ckpt_expiry e;

	split(&all, &a, &b);
	assert_int_equal(depots_apply(&a, 0, &m).err, 0);
	m.time = 0;
	assert_int_equal(depots_apply(&b, 0, &m).err, 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(loser_of(all.at[0])->attr.retention, 0);
	assert_int_equal(loser_of(all.at[0])->refs, 0);
	assert_false(pfsnl_ckpts_due(all.at[0]->store, &e));
	/* the winner is not */
	assert_int_equal(depots_close(&all, 0, 1), 0);
	assert_int_equal(depots_close(&all, 1, 1), 0);
	assert_true(pfsnl_ckpts_due(all.at[0]->store, &e));
	depots_free(&all);
}

static void same_name_on_both_sides_does_not_make_twins(void **state)
{
	struct depots all = depots_new(2), a, b;
	struct pfsnl_ckpt *c, *loser;

	a = side_of(&all, 0);
	b = side_of(&all, 1);
	assert_int_equal(depots_open(&a, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&b, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&a, 0, 1, "s", "a", 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	c = depot_named(all.at[1], "g");
	loser = loser_of(all.at[1]);
	assert_int_equal(first_byte(c, "s"), 'a');
	assert_int_equal(loser->n_sections, 0);
	/* both are open as before: who has the loser open goes on with it */
	assert_int_equal(c->refs, 1);
	assert_int_equal(loser->refs, 1);
	assert_int_equal(depots_create(&all, 1, 1, "t", "b", 1), 0);
	assert_int_equal(first_byte(loser, "t"), 'b');
	assert_int_equal(all.at[0]->conflicts[0].why, PFSNL_CONFLICT_NAME);
	assert_int_equal(count_ckpts(all.at[0]), 2);
	depots_free(&all);
}

static void change_on_one_side_outlives_an_unlink_on_the_other(void **state)
{
	struct depots all, a, b;

	split(&all, &a, &b);
	assert_int_equal(depots_close(&a, 0, 1), 0);
	assert_int_equal(depots_unlink(&a, 0, "g"), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	assert_int_equal(depots_close(&b, 0, 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(first_byte(depot_named(all.at[0], "g"), "s"), 'b');
	assert_int_equal(all.at[0]->n_conflicts, 1);
	assert_int_equal(all.at[0]->conflicts[0].why, PFSNL_CONFLICT_UNLINKED);
	depots_free(&all);
}

static void change_outlives_an_unlink_also_of_what_is_still_open(void **state)
{
	struct depots all, a, b;

	split(&all, &a, &b);
	/* changed more often, but thrown away */
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "A", 1), 0);
	assert_int_equal(depots_unlink(&a, 0, "g"), 0);
	assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(first_byte(depot_named(all.at[0], "g"), "s"), 'b');
	assert_null(loser_of(all.at[0]));
	assert_int_equal(depot_named(all.at[0], "g")->refs, 2);
	assert_int_equal(all.at[1]->conflicts[0].why, PFSNL_CONFLICT_UNLINKED_OPEN);
	assert_int_equal(all.at[1]->conflicts[0].loser.counter, 0);
	assert_int_equal(all.at[1]->conflicts[0].name_len, 1);
	assert_int_equal(all.at[1]->conflicts[0].loser_name_len, 0);
	assert_true(memcmp(all.at[1]->conflicts[0].loser_digest,
			   all.at[1]->conflicts[0].winner_digest, PFSNL_CKPT_DIGEST));
	depots_free(&all);
}

static void what_one_side_unlinked_and_the_other_has_open_stays(void **state)
{
	struct depots all, a, b;

	split(&all, &a, &b);
	assert_int_equal(depots_close(&a, 0, 1), 0);
	assert_int_equal(depots_unlink(&a, 0, "g"), 0);
	assert_int_equal(count_ckpts(all.at[0]), 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(depot_named(all.at[0], "g")->refs, 1);
	assert_int_equal(all.at[0]->conflicts[0].why, PFSNL_CONFLICT_UNLINKED);
	assert_int_equal(depots_write(&all, 1, 1, "s", 0, "x", 1), 0);
	depots_free(&all);
}

static void name_of_a_loser_is_cut_where_it_would_be_too_long(void **state)
{
	struct depots all = depots_new(2), a, b;
	char name[PFSNL_CKPT_NAME_MAX + 1] = {};
	struct pfsnl_ckpt *loser;

	memset(name, 'x', PFSNL_CKPT_NAME_MAX);
	a = side_of(&all, 0);
	b = side_of(&all, 1);
	assert_int_equal(depots_open(&a, 0, 1, name, DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&b, 0, 1, name, DEPOT_RW).err, 0);
	all.time = 5000;
	assert_int_equal(depots_meet(&all), 0);
	assert_non_null(depot_named(all.at[0], name));
	loser = loser_of(all.at[0]);
	assert_int_equal(loser->name_len, PFSNL_CKPT_NAME_MAX);
	assert_memory_equal(loser->name, name, PFSNL_CKPT_NAME_MAX - 26);
	assert_memory_equal(loser->name + PFSNL_CKPT_NAME_MAX - 26, "@conflict-", 10);
	depots_free(&all);
}

static void loser_takes_a_name_from_nobody(void **state)
{
	char name[PFSNL_CKPT_NAME_MAX + 1] = {};
	u32 round;

	/* first find out what the loser will be called, then be there before it */
	for (round = 0; round < 2; round++) {
		struct depots all, a, b;
		struct pfsnl_ckpt *loser;

		depot_lives = 10;
		split(&all, &a, &b);
		a.time = 2000;
		b.time = 3000;
		assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
		assert_int_equal(depots_write(&b, 0, 1, "s", 0, "b", 1), 0);
		assert_int_equal(depots_write(&b, 0, 1, "s", 0, "B", 1), 0);
		if (round)
			assert_int_equal(depots_open(&a, 0, 2, name, DEPOT_RW).err, 0);
		all.time = 5000;
		assert_int_equal(depots_meet(&all), 0);
		loser = loser_of(all.at[0]);
		assert_int_equal(first_byte(loser, "s"), 'a');
		if (round) {
			assert_int_equal(depot_named(all.at[0], name)->n_sections, 0);
			assert_int_equal(loser->name_len, 1 + 10 + 32);
			assert_memory_equal(loser->name, name, 1 + 10 + 16);
		} else {
			memcpy(name, loser->name, loser->name_len);
		}
		depots_free(&all);
	}
}

static void version_that_another_side_went_on_from_does_not_come_back(void **state)
{
	struct depots all = depots_new(3), ab, bc, a, b, c;

	/* A and B change the same; B's version loses, and C goes on from it */
	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&all, 1, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&all, 2, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "s", "0", 1), 0);
	a = side_of(&all, 0);
	bc = depots_of(&all, 1, 2);
	assert_int_equal(depots_meet(&bc), 0);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "A", 1), 0);
	assert_int_equal(depots_write(&bc, 0, 1, "s", 0, "b", 1), 0);
	b = depots_of(&bc, 0, 1);
	c = depots_of(&bc, 1, 1);
	ab = depots_both(&a, &b);
	ab.time = 5000;
	assert_int_equal(depots_meet(&ab), 0);
	assert_int_equal(first_byte(loser_of(ab.at[0]), "s"), 'b');
	c.time = 4000;
	assert_int_equal(depots_meet(&c), 0);
	/* one that did nothing of it changes nothing */
	all.time = 6000;
	assert_int_equal(depots_write(&c, 0, 1, "s", 0, "c", 1), 0);
	assert_int_equal(depots_write(&c, 0, 1, "s", 0, "C", 1), 0);
	assert_int_equal(depots_meet(&all), 0);
	/* C's is newer than what B had, so that is not kept beside it */
	assert_int_equal(first_byte(depot_named(all.at[0], "g"), "s"), 'C');
	assert_int_equal(first_byte(loser_of(all.at[0]), "s"), 'A');
	assert_int_equal(count_ckpts(all.at[0]), 2);
	depots_free(&all);
}

static void who_only_saw_the_losing_version_does_not_delete_the_loser(void **state)
{
	struct depots all = depots_new(3), ab, bc, a, b, c;

	assert_int_equal(depots_open(&all, 0, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&all, 1, 1, "g", DEPOT_RW).err, 0);
	assert_int_equal(depots_create(&all, 0, 1, "s", "0", 1), 0);
	a = side_of(&all, 0);
	bc = depots_of(&all, 1, 2);
	assert_int_equal(depots_meet(&bc), 0);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "a", 1), 0);
	assert_int_equal(depots_write(&a, 0, 1, "s", 0, "A", 1), 0);
	assert_int_equal(depots_write(&bc, 0, 1, "s", 0, "b", 1), 0);
	b = depots_of(&bc, 0, 1);
	c = depots_of(&bc, 1, 1);
	ab = depots_both(&a, &b);
	ab.time = 5000;
	assert_int_equal(depots_meet(&ab), 0);
	c.time = 4000;
	assert_int_equal(depots_meet(&c), 0);
	/* it did something else */
	assert_int_equal(depots_open(&c, 0, 9, "other", DEPOT_RW).err, 0);
	all.time = 6000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(first_byte(depot_named(all.at[2], "g"), "s"), 'A');
	assert_non_null(loser_of(all.at[2]));
	assert_int_equal(first_byte(loser_of(all.at[2]), "s"), 'b');
	depots_free(&all);
}

static void lineage_forgets_old_rings_and_takes_nothing_back(void **state)
{
	struct depots all = depots_new(2), a, b;
	u32 i;

	assert_int_equal(depots_open(&all, 0, 1, "old", DEPOT_RW).err, 0);
	assert_int_equal(depots_open(&all, 0, 2, "older", DEPOT_RW).err, 0);
	assert_int_equal(depots_close(&all, 0, 1), 0);
	assert_int_equal(depots_close(&all, 0, 2), 0);
	for (i = 0; i < 2 * PFSNL_LINEAGE_MAX; i++)
		assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(pfsnl_ckpts_lineage(all.at[0]->store)->n, PFSNL_LINEAGE_MAX);
	/* changed in a ring that nobody remembers; deleted on one side now */
	a = side_of(&all, 0);
	b = side_of(&all, 1);
	assert_int_equal(depots_unlink(&a, 0, "old"), 0);
	assert_int_equal(depots_open(&b, 0, 1, "new", DEPOT_RW).err, 0);
	all.time = 9000;
	assert_int_equal(depots_meet(&all), 0);
	assert_null(depot_named(all.at[1], "old"));
	assert_non_null(depot_named(all.at[0], "older"));
	assert_int_equal(all.at[0]->n_conflicts, 0);
	/* and who was away for longer than that brings nothing that is lost */
	a = side_of(&all, 0);
	for (i = 0; i < 2 * PFSNL_LINEAGE_MAX; i++)
		assert_int_equal(depots_meet(&a), 0);
	b = side_of(&all, 1);
	assert_int_equal(depots_write(&b, 0, 1, "x", 0, "x", 1), -ENOENT);
	assert_int_equal(depots_create(&b, 0, 1, "x", "x", 1), 0);
	all.time = a.time + 9000;
	assert_int_equal(depots_meet(&all), 0);
	assert_int_equal(first_byte(depot_named(all.at[0], "new"), "x"), 'x');
	assert_non_null(depot_named(all.at[1], "older"));
	depots_free(&all);
}

static void store_is_behind_one_that_has_been_where_it_is(void **state)
{
	struct pfsnl_lineage none = {}, a = {}, b = {};
	struct pfsnl_ring_id r1 = { .seq = 1 }, r2 = { .seq = 2 };
	struct pfsnl_ring_id r3 = { .seq = 2, .leader = 9 }, r4 = { .seq = 3 };

	assert_int_equal(pfsnl_lineage_compare(&none, &none), PFSNL_LINEAGE_SAME);
	pfsnl_lineage_enter(&a, &r1);
	a.at[0].count = 5;
	assert_int_equal(pfsnl_lineage_compare(&none, &a), PFSNL_LINEAGE_BEHIND);
	assert_int_equal(pfsnl_lineage_compare(&a, &none), PFSNL_LINEAGE_AHEAD);
	b = a;
	assert_int_equal(pfsnl_lineage_compare(&a, &b), PFSNL_LINEAGE_SAME);
	b.at[0].count = 4;
	assert_int_equal(pfsnl_lineage_compare(&b, &a), PFSNL_LINEAGE_BEHIND);
	assert_true(pfsnl_lineage_enter(&a, &r2));
	assert_false(pfsnl_lineage_enter(&a, &r1));
	assert_int_equal(pfsnl_lineage_compare(&b, &a), PFSNL_LINEAGE_BEHIND);
	/* it went further in that ring than the other when it left */
	b.at[0].count = 6;
	assert_int_equal(pfsnl_lineage_compare(&b, &a), PFSNL_LINEAGE_FORK);
	b.at[0].count = 5;
	assert_true(pfsnl_lineage_enter(&b, &r3));
	assert_int_equal(pfsnl_lineage_compare(&b, &a), PFSNL_LINEAGE_FORK);
	pfsnl_lineage_join(&a, &b);
	assert_int_equal(a.n, 3);
	assert_true(pfsnl_lineage_ok(&a));
	assert_true(pfsnl_lineage_enter(&a, &r4));
	assert_int_equal(pfsnl_lineage_compare(&b, &a), PFSNL_LINEAGE_BEHIND);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_only_one_side_changed_is_no_conflict),
	cmocka_unit_test(what_one_side_deleted_does_not_come_back),
	cmocka_unit_test(who_was_changed_more_often_wins_and_the_other_is_kept),
	cmocka_unit_test(conflict_says_which_side_won_and_who_lost_what_in_which_ring),
	cmocka_unit_test(who_was_on_no_side_of_a_conflict_is_told_when_it_comes),
	cmocka_unit_test(loser_is_a_checkpoint_like_others_until_it_is_dropped),
	cmocka_unit_test(version_that_loses_is_told_also_if_the_same_was_lost_before),
	cmocka_unit_test(loser_is_kept_whatever_its_retention),
	cmocka_unit_test(same_name_on_both_sides_does_not_make_twins),
	cmocka_unit_test(change_on_one_side_outlives_an_unlink_on_the_other),
	cmocka_unit_test(change_outlives_an_unlink_also_of_what_is_still_open),
	cmocka_unit_test(what_one_side_unlinked_and_the_other_has_open_stays),
	cmocka_unit_test(name_of_a_loser_is_cut_where_it_would_be_too_long),
	cmocka_unit_test(loser_takes_a_name_from_nobody),
	cmocka_unit_test(version_that_another_side_went_on_from_does_not_come_back),
	cmocka_unit_test(who_only_saw_the_losing_version_does_not_delete_the_loser),
	cmocka_unit_test(lineage_forgets_old_rings_and_takes_nothing_back),
	cmocka_unit_test(store_is_behind_one_that_has_been_where_it_is),
};

int main(void)
{
	return RUN_TESTS(tests);
}
