// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets what is transmitted in a round of checkpoints: those who lack something, and
 * nobody else; also if a leader is lost meanwhile and who succeeds it has less of it.
 */
#include "envelope.h"
#include "parcel.h"
#include "test_keeper.h"

/* bytes of what furnish() makes, roughly: never less */
#define BIG	300000

/* which keepers were told of something that they were not given all of */
static u32 parts;

static void count_parts(struct keeper *k, const struct pfsnl_sync_event *ev)
{
	if (ev->kind == PFSNL_SYNC_DATA && ev->len < ev->whole)
		parts++;
}

/* a node that has nothing comes */
static void come(struct world *w, u32 i)
{
	keeper_new(world_node(w, i));
	node_start(w->nodes[i]);
}

static void who_lacks_nothing_is_given_no_data(void **state)
{
	struct world *w = keeping(1, 4);
	u64 before;

	furnish(w, 1);
	keeper_at(w, 2)->on_told = count_parts;
	parts = 0;
	before = w->net.bytes;
	come(w, 4);
	assert_kept(w, 3000);
	assert_int_equal(keeper_section(keeper_at(w, 4), "big", "s")->len, BIG);
	/* once from the leader, which transmits, to the one that comes */
	assert_in_range(w->net.bytes - before, BIG, BIG + BIG / 8);
	assert_true(parts > BIG / PFSNL_PARCEL_MAX);
	/* what is said of the round is the same everywhere */
	assert_int_equal(round_of(w, 2).bytes, round_of(w, 4).bytes);
	assert_true(round_of(w, 2).bytes > BIG);
	world_free(w);
}

static void who_transmits_is_not_given_its_own(void **state)
{
	struct world *w = world_new(1);
	u64 before;
	u32 i;

	world_nodes(w, 4);
	w->nodes[3]->cfg.priority = 200;
	for (i = 0; i < 4; i++)
		keeper_new(w->nodes[i]);
	world_start(w);
	assert_kept(w, 1000);
	furnish(w, 1);
	before = w->net.bytes;
	come(w, 4);
	assert_kept(w, 3000);
	assert_int_equal(keeper_section(keeper_at(w, 4), "big", "s")->len, BIG);
	/* up to the leader, and down to the one that comes */
	assert_in_range(w->net.bytes - before, 2 * BIG, 2 * BIG + BIG / 4);
	world_free(w);
}

static void all_who_come_together_are_given_all(void **state)
{
	struct world *w = keeping(1, 3);
	u64 before;
	u32 i;

	furnish(w, 1);
	before = w->net.bytes;
	come(w, 3);
	come(w, 4);
	assert_kept(w, 3000);
	for (i = 3; i < 5; i++)
		assert_int_equal(keeper_section(keeper_at(w, i), "big", "s")->len, BIG);
	/* one may have come a little later, with a ring of its own */
	assert_in_range(w->net.bytes - before, 2 * BIG, 3 * BIG + BIG / 2);
	world_free(w);
}

static void sections_that_changed_go_to_who_was_away(void **state)
{
	struct world *w = keeping(1, 4);
	struct deed *d;
	static u8 big[BIG];
	u64 before;

	furnish(w, 1);
	world_split(w, 3);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	memset(big, 7, sizeof(big));
	d = opened(w, 0, "big");
	did(w, keeper_write(keeper_at(w, 0), d->h, "s", 0, big, sizeof(big)), 0);
	assert_kept(w, 1000);
	before = w->net.bytes;
	world_split(w, 4);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	assert_in_range(w->net.bytes - before, BIG, BIG + BIG / 4);
	world_free(w);
}

/* More than an envelope names: then it is for all, as it ever was. */
static void however_many_come_all_are_given_all(void **state)
{
	const u32 n = PFSNL_ENVELOPE_MAX + 6;
	struct world *w = world_new(1);
	u32 i;

	world_nodes(w, n);
	for (i = 0; i < n; i++)
		keeper_new(w->nodes[i]);
	node_start(w->nodes[0]);
	world_run(w, SIM_S);
	furnish(w, 0);
	keeper_at(w, n - 1)->on_told = count_parts;
	parts = 0;
	for (i = 1; i < n; i++)
		node_start(w->nodes[i]);
	world_run(w, 10 * SIM_MS);
	assert_kept(w, 10000);
	for (i = 1; i < n; i++)
		assert_int_equal(keeper_section(keeper_at(w, i), "big", "s")->len, BIG);
	assert_int_equal(parts, 0);
	world_free(w);
}

/* three seconds' worth of messages have numbers at once, if all that fit do */
static void behind_a_slow_link_one_takes_long_and_is_not_dropped(void **state)
{
	static u8 big[3 << 20];
	struct world *w = keeping(1, 3);
	u64 rings, seed = 3;
	struct deed *d;
	u32 at;

	for (at = 0; at + 8 <= sizeof(big); at += 8)
		memcpy(big + at, &(u64){ test_random(&seed) }, 8);
	d = opened(w, 0, "big");
	for (at = 0; at < sizeof(big); at += 1 << 16)
		did(w, at ? keeper_write(keeper_at(w, 0), d->h, "s", at, big + at, 1 << 16) :
			    keeper_create(keeper_at(w, 0), d->h, "s", big, 1 << 16), 0);
	assert_kept(w, 3000);
	rings = node_state(w->nodes[0]).ring.seq;
	/* two megabits a second: twelve seconds, and a message has five */
	w->net.byte_time = 4 * SIM_US;
	come(w, 3);
	assert_kept(w, 20000);
	assert_int_equal(keeper_section(keeper_at(w, 3), "big", "s")->len, sizeof(big));
	assert_int_equal(node_state(w->nodes[0]).ring.seq, rings + 1);
	assert_int_equal(node_count(w->nodes[0], PFSNL_COUNT_DROP_SLOW), 0);
	/* and when all are as fast again they are given as much as ever */
	w->net.byte_time = 0;
	come(w, 4);
	assert_kept(w, 1000);
	world_free(w);
}

/* The others say as much as is taken, all the time, who leads among them. */
static void messages_of_others_do_not_keep_it_waiting_for_ever(void **state)
{
	struct world *w = keeping(1, 3);
	u32 i, ms;

	furnish(w, 1);
	/* so that what is said is not with all at once */
	w->net.byte_time = 20;
	come(w, 3);
	for (ms = 0; ms < 30000 && !keeper_at(w, 3)->active; ms++) {
		for (i = 0; i < 3; i++)
			while (!node_send(w->nodes[i], 0, 60000))
				;
		world_run(w, SIM_MS);
	}
	assert_true(keeper_at(w, 3)->active);
	assert_int_equal(keeper_section(keeper_at(w, 3), "big", "s")->len, BIG);
	assert_true(w->nodes[0]->hearer.sent > 100);
	world_free(w);
}

/* what a case is about: at which message of its round the leader is lost */
static struct {
	struct world *w;
	u32 seen;
	u32 nth;
	struct sim_event event;
} cut;

static void lose_leader(struct sim_event *ev)
{
	node_kill(cut.w->nodes[0]);
}

static void count_told(struct keeper *k, const struct pfsnl_sync_event *ev)
{
	if (ev->kind == PFSNL_SYNC_DATA && ++cut.seen == cut.nth)
		sim_at(&cut.w->sim, &cut.event, cut.w->sim.now);
}

/* Return: whether the round had so many messages. */
static bool lost_at(u32 nth, u8 priority)
{
	struct world *w = world_new(nth);
	bool so_many;
	u32 i;

	world_nodes(w, 3);
	w->nodes[0]->cfg.priority = 255;
	for (i = 0; i < 3; i++)
		keeper_new(w->nodes[i]);
	world_start(w);
	assert_kept(w, 1000);
	/* who gets everything falls behind */
	w->net.window = 16384;
	furnish(w, 1);
	cut.w = w;
	cut.seen = 0;
	cut.nth = nth;
	cut.event = (struct sim_event) { .run = lose_leader };
	world_node(w, 3)->cfg.priority = priority;
	keeper_new(w->nodes[3])->on_told = count_parts;
	keeper_at(w, 1)->on_told = count_told;
	node_start(w->nodes[3]);
	world_run(w, 2 * SIM_S);
	so_many = cut.seen >= nth;
	assert_kept(w, 10000);
	/* it was never taken for what it is not */
	assert_int_equal(keeper_at(w, 3)->out, 0);
	assert_int_equal(keeper_section(keeper_at(w, 3), "big", "s")->len, BIG);
	assert_int_equal(!w->nodes[0]->core, so_many);
	world_free(w);
	return so_many;
}

/*
 * Node 1 succeeds, and of each message has the beginning, more of them than the one that
 * came: that is given the beginnings, does not believe that this is all, and the next
 * round gives it the rest.
 */
static void leader_may_be_lost_while_it_gives_some_a_part(void **state)
{
	u32 nth = 1;

	parts = 0;
	while (lost_at(nth, 100))
		nth++;
	/* LINEAGE, HEADS, WANT and OFFER have so many */
	assert_true(nth > 10);
	assert_true(parts > 0);
}

/* Likewise, but it asks for them itself, and has them for a while before its ring. */
static void who_lacks_data_may_succeed_who_gives_it(void **state)
{
	u32 nth = 1;

	parts = 0;
	while (lost_at(nth, 200))
		nth++;
	assert_true(nth > 10);
	assert_true(parts > 0);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(who_lacks_nothing_is_given_no_data),
		cmocka_unit_test(who_transmits_is_not_given_its_own),
		cmocka_unit_test(all_who_come_together_are_given_all),
		cmocka_unit_test(sections_that_changed_go_to_who_was_away),
		cmocka_unit_test(however_many_come_all_are_given_all),
		cmocka_unit_test(behind_a_slow_link_one_takes_long_and_is_not_dropped),
		cmocka_unit_test(messages_of_others_do_not_keep_it_waiting_for_ever),
		cmocka_unit_test(leader_may_be_lost_while_it_gives_some_a_part),
		cmocka_unit_test(who_lacks_data_may_succeed_who_gives_it),
	};

	return RUN_WORLD_TESTS(tests);
}
