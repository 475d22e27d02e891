// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of checkpoints: whatever comes together, parts and comes again, all have the
 * same in the end, nothing is lost, and little is moved. What must hold at all times is
 * checked by keeper.c.
 */
#include <linux/minmax.h>

#include "ckptround.h"
#include "test_keeper.h"

#define SEEDS		10

/* a section with a text, by a handle that stays open */
static struct keeper_handle *written(struct world *w, u32 i, const char *name,
				     const char *id, const char *text)
{
	struct deed *d = opened(w, i, name);

	did(w, keeper_create(keeper_at(w, i), d->h, id, text, strlen(text)), 0);
	return d->h;
}

static void empty_store_costs_little_and_waits_for_nothing(void **state)
{
	struct world *w = keeping(1, 5);
	u64 start;

	keeper_new(world_node(w, 5));
	node_start(w->nodes[5]);
	assert_agree(w, 1000);
	start = w->sim.now;
	assert_kept(w, 1000);
	assert_true(w->sim.now - start < 8 * SIM_MS);
	/* of the five: what they are, of one: that there is nothing */
	assert_int_equal(round_of(w, 0).items, 6);
	assert_true(round_of(w, 0).bytes < 1000);
	world_free(w);
}

static void cluster_that_never_had_anything_moves_nothing(void **state)
{
	struct world *w = keeping(1, 1);

	assert_int_equal(round_of(w, 0).items, 0);
	world_free(w);
}

static void newcomer_gets_everything(void **state)
{
	struct world *w = keeping(1, 3);

	furnish(w, 1);
	keeper_new(world_node(w, 3));
	node_start(w->nodes[3]);
	assert_kept(w, 3000);
	assert_int_equal(keeper_section(keeper_at(w, 3), "big", "s")->len, 300000);
	assert_int_equal(keeper_section(keeper_at(w, 3), "big", "holes")->len, 400001);
	assert_int_equal(keeper_named(keeper_at(w, 3), "none")->n_sections, 0);
	assert_true(holds(w, 3, "small", "", "no id"));
	/* at once, and no offers before; and no zeros */
	assert_in_range(round_of(w, 3).bytes, 300000, 310000);
	world_free(w);
}

static void who_leaves_costs_one_message(void **state)
{
	struct world *w = keeping(1, 4);

	furnish(w, 1);
	written(w, 3, "of three", "s", "text");
	assert_kept(w, 1000);
	node_kill(w->nodes[3]);
	world_run(w, SIM_MS);
	assert_kept(w, 5000);
	assert_int_equal(round_of(w, 0).items, 1);
	assert_true(holds(w, 0, "of three", "s", "text"));
	/* but nobody has it open any more */
	assert_int_equal(keeper_named(keeper_at(w, 0), "of three")->refs, 0);
	assert_int_equal(keeper_named(keeper_at(w, 0), "small")->refs, 1);
	world_free(w);
}

/* many sections of 1 KiB each */
static void fill(struct world *w, u32 i, struct keeper_handle *h, u32 n)
{
	struct keeper *k = keeper_at(w, i);
	struct deed *d = NULL;
	char id[32];
	u8 data[1024];
	u64 seed = 5;
	u32 s, at;

	for (s = 0; s < n; s++) {
		for (at = 0; at < sizeof(data); at += 8)
			memcpy(data + at, &(u64){ test_random(&seed) }, 8);
		snprintf(id, sizeof(id), "section %06u", s);
		d = keeper_create(k, h, id, data, sizeof(data));
	}
	did(w, d, 0);
	assert_kept(w, 1000);
}

static void who_was_away_for_a_moment_costs_little(void **state)
{
	struct world *w = keeping(1, 3);
	const u32 n = 10000;
	struct deed *d;
	char id[32];
	u64 all;
	u32 s;

	/* node 1 is there from the beginning, node 2 comes and gets all */
	node_kill(w->nodes[2]);
	world_run(w, SIM_MS);
	assert_kept(w, 5000);
	d = opened(w, 0, "g");
	fill(w, 0, d->h, n);
	node_start(w->nodes[2]);
	world_run(w, SIM_MS);
	assert_kept(w, 5000);
	all = round_of(w, 0).bytes;
	assert_true(all > n * 1024);
	/* then it is cut off, and one in a hundred changes */
	world_split(w, 2);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	for (s = 0; s < n; s += 100) {
		struct deed *last;

		snprintf(id, sizeof(id), "section %06u", s);
		last = keeper_write(keeper_at(w, 0), d->h, id, 7, &s, 4);
		did(w, last, 0);
	}
	world_split(w, 3);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	assert_true(round_of(w, 0).bytes < all / 20);
	/* and if nothing changed: digests of checkpoints, no more */
	world_split(w, 2);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	world_split(w, 3);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	assert_true(round_of(w, 0).bytes < 8192);
	world_free(w);
}

/* a byte at a place of "big", of 300000 bytes; who comes back has it, and for what */
static u64 costs_to_come_back(struct world *w, struct keeper_handle *h, u64 at)
{
	const struct pfsnl_section *s;
	u8 byte = 0;
	u32 i;

	world_split(w, 2);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	did(w, keeper_write(keeper_at(w, 0), h, "s", at, "\xff", 1), 0);
	world_split(w, 3);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	for (i = 0; i < 3; i++) {
		s = keeper_section(keeper_at(w, i), "big", "s");
		assert_int_equal(pfsnl_section_read(s, at, &byte, 1), 1);
		assert_int_equal(byte, 0xff);
	}
	return round_of(w, 0).bytes;
}

static void one_byte_of_a_large_section_costs_its_chunk(void **state)
{
	struct world *w = keeping(1, 3);
	struct keeper_handle *h;
	u64 bytes;

	furnish(w, 0);
	h = opened(w, 0, "big")->h;
	bytes = costs_to_come_back(w, h, 100000);
	assert_in_range(bytes, PFSNL_CHUNK, PFSNL_CHUNK + 4096);
	/* the last chunk is not full */
	bytes = costs_to_come_back(w, h, 299999);
	assert_in_range(bytes, 300000 % PFSNL_CHUNK, 300000 % PFSNL_CHUNK + 4096);
	/* beyond the end, behind a hole */
	bytes = costs_to_come_back(w, h, 1000000);
	assert_true(bytes < PFSNL_CHUNK / 2 + 4096);
	world_free(w);
}

static void sides_that_did_different_things_have_both(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 4);
		struct keeper_handle *h;
		u32 i;

		written(w, 0, "base", "s", "base");
		h = written(w, 0, "both", "s", "1");
		world_split(w, 2);
		world_run(w, SIM_S);
		assert_kept(w, 5000);
		written(w, 1, "one", "s", "of one");
		written(w, 3, "three", "s", "of three");
		did(w, keeper_write(keeper_at(w, 0), h, "s", 0, "2", 1), 0);
		did(w, keeper_unlink(keeper_at(w, 2), "base"), 0);
		world_split(w, 4);
		world_run(w, SIM_S);
		assert_kept(w, 5000);
		for (i = 0; i < 4; i++) {
			assert_true(holds(w, i, "one", "s", "of one"));
			assert_true(holds(w, i, "three", "s", "of three"));
			/* one side changed it, and that is what there is */
			assert_true(holds(w, i, "both", "s", "2"));
			/* it is open to the side that did not unlink it */
			assert_true(holds(w, i, "base", "s", "base"));
			assert_int_equal(n_ckpts(w, i), 4);
			assert_int_equal(keeper_at(w, i)->n_conflicts, 1);
			/* all that nodes had open they have */
			assert_int_equal(n_handles(w, i), 4);
			assert_int_equal(keeper_at(w, i)->n_lost, 0);
		}
		world_free(w);
	}
}

static void sides_that_changed_the_same_keep_both_versions(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 4);
		struct keeper_handle *h[4];
		u32 i;

		for (i = 0; i < 4; i++)
			h[i] = opened(w, i, "g")->h;
		did(w, keeper_create(keeper_at(w, 0), h[0], "s", "0", 1), 0);
		world_split(w, 2);
		world_run(w, SIM_S);
		assert_kept(w, 5000);
		did(w, keeper_write(keeper_at(w, 1), h[1], "s", 0, "1", 1), 0);
		did(w, keeper_write(keeper_at(w, 2), h[2], "s", 0, "2", 1), 0);
		did(w, keeper_write(keeper_at(w, 2), h[2], "s", 0, "3", 1), 0);
		/* and each made one of the same name */
		written(w, 0, "twin", "s", "of one");
		written(w, 3, "twin", "s", "of three");
		world_split(w, 4);
		world_run(w, SIM_S);
		assert_kept(w, 5000);
		for (i = 0; i < 4; i++) {
			assert_true(holds(w, i, "g", "s", "3"));
			assert_int_equal(n_ckpts(w, i), 4);
			assert_int_equal(keeper_at(w, i)->n_conflicts, 2);
			assert_int_equal(n_handles(w, i), 6);
		}
		/* who had the loser open has the winner open now */
		did(w, keeper_write(keeper_at(w, 1), h[1], "s", 0, "4", 1), 0);
		assert_true(holds(w, 1, "g", "s", "4"));
		world_free(w);
	}
}

static void three_sides_become_one(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 6);
		struct keeper_handle *h;
		char name[2] = "a";
		u32 i;

		h = written(w, 4, "g", "s", "0");
		written(w, 0, "still", "s", "same");
		for (i = 0; i < 6; i++)
			w->nodes[i]->host.side = i / 2;
		world_run(w, 2 * SIM_S);
		assert_kept(w, 5000);
		for (i = 0; i < 6; i += 2) {
			name[0] = 'a' + i;
			written(w, i, name, "s", name);
		}
		did(w, keeper_write(keeper_at(w, 4), h, "s", 0, "4", 1), 0);
		world_split(w, 6);
		world_run(w, SIM_S);
		assert_kept(w, 10000);
		for (i = 0; i < 6; i++) {
			assert_int_equal(n_ckpts(w, i), 5);
			assert_true(holds(w, i, "a", "s", "a"));
			assert_true(holds(w, i, "c", "s", "c"));
			assert_true(holds(w, i, "e", "s", "e"));
			assert_true(holds(w, i, "g", "s", "4"));
			assert_int_equal(keeper_at(w, i)->n_conflicts, 0);
		}
		world_free(w);
	}
}

static void lowest_node_that_restarts_takes_nothing_away(void **state)
{
	u64 seed;
	u32 i;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = keeping(seed, 3);

		furnish(w, 0);
		node_kill(w->nodes[0]);
		node_start(w->nodes[0]);
		world_run(w, SIM_MS);
		assert_kept(w, 5000);
		for (i = 0; i < 3; i++) {
			assert_int_equal(n_ckpts(w, i), 3);
			/* of its life before it has nothing open */
			assert_int_equal(n_handles(w, i), 0);
		}
		world_free(w);
	}
}

/* what a story is about: its world, and when what happens */
static struct story {
	struct world *w;
	u32 nth;
	u32 seen;
	struct sim_event event;
} story;

static void count_told(struct keeper *k, const struct pfsnl_sync_event *ev)
{
	if (ev->kind != PFSNL_SYNC_INIT && ev->kind != PFSNL_SYNC_DATA &&
	    ev->kind != PFSNL_SYNC_ACTIVATE)
		return;
	if (++story.seen == story.nth)
		sim_at(&story.w->sim, &story.event, story.w->sim.now);
}

static void kill_lowest(struct sim_event *ev)
{
	node_kill(story.w->nodes[0]);
}

static void kill_transmitter(struct sim_event *ev)
{
	node_kill(story.w->nodes[2]);
}

static void add_one(struct sim_event *ev)
{
	keeper_new(world_node(story.w, 4));
	node_start(story.w->nodes[4]);
}

static void split_elsewhere(struct sim_event *ev)
{
	world_split(story.w, 1);
}

static void leave_and_come_back(struct sim_event *ev)
{
	keeper_leave(keeper_at(story.w, 2));
	if (keeper_join(keeper_at(story.w, 2)))
		sim_fail("it can't come back");
}

/*
 * Two sides that both did something meet, and at the n-th event of a round something
 * happens. Return: whether it did.
 */
static bool interrupted(u64 seed, u32 nth, void (*what)(struct sim_event *ev))
{
	struct world *w = keeping(seed, 4);
	struct keeper_handle *h;
	bool did_it;
	u32 i;

	h = written(w, 1, "g", "s", "0");
	written(w, 3, "same", "s", "same");
	world_split(w, 2);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	written(w, 1, "one", "s", "of one");
	written(w, 3, "three", "s", "of three");
	did(w, keeper_write(keeper_at(w, 1), h, "s", 0, "1", 1), 0);
	did(w, keeper_write(keeper_at(w, 3), opened(w, 3, "g")->h, "s", 0, "33", 2), 0);
	story = (struct story) { .w = w, .nth = nth, .event = { .run = what } };
	keeper_at(w, 1)->on_told = count_told;
	world_split(w, 4);
	world_run(w, 2 * SIM_S);
	did_it = story.seen >= nth;
	world_split(w, 5);
	for (i = 0; i < 4; i++)
		if (!w->nodes[i]->core)
			node_start(w->nodes[i]);
	world_run(w, SIM_S);
	assert_kept(w, 10000);
	for (i = 0; i < w->n; i++) {
		assert_true(holds(w, i, "one", "s", "of one"));
		assert_true(holds(w, i, "three", "s", "of three"));
		assert_true(holds(w, i, "same", "s", "same"));
		assert_true(holds(w, i, "g", "s", "33") || holds(w, i, "g", "s", "1"));
		/* and the other version */
		assert_int_equal(n_ckpts(w, i), 5);
	}
	world_free(w);
	return did_it;
}

static void round_may_be_interrupted_at_any_message(void **state)
{
	static void (*const changes[])(struct sim_event *ev) = {
		kill_lowest, kill_transmitter, add_one, split_elsewhere,
		leave_and_come_back,
	};
	u32 i, nth;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		for (nth = 1; interrupted(i, nth, changes[i]); nth++)
			;
		/* the steps of a round of two sides and four nodes */
		assert_true(nth > 20);
	}
}

/*
 * A node that lacks memory may fall out, and then it may be that nobody knows what
 * became of an operation: it is tried again.
 */
static struct keeper_handle *surely_open(struct world *w, u32 i, const char *name)
{
	struct deed *d;

	do {
		d = keeper_open(keeper_at(w, i), 1, name, DEPOT_RW);
		assert_until(w, deed_answered, d, 10000);
	} while (d->err == -ECONNABORTED);
	assert_int_equal(d->err, 0);
	return d->h;
}

#define surely(w, doing, did_before)					\
	do {								\
		struct deed *s_;					\
									\
		do {							\
			s_ = doing;					\
			assert_until(w, deed_answered, s_, 10000);	\
		} while (s_->err == -ECONNABORTED);			\
		assert_true(!s_->err || s_->err == (did_before));	\
	} while (0)

/* operations, a node that comes, sides that meet; memory fails at one of them */
static u64 short_story(u32 who, u64 nth, u64 fail_for, u64 *tries)
{
	struct world *w = keeping(1, 3);
	struct ledger *l = &w->nodes[who]->ledger;
	struct keeper_handle *h, *three;
	u64 failed, before = l->tries;
	u32 i;

	l->fail_at = nth ? before + nth : 0;
	l->fail_for = fail_for;
	h = surely_open(w, 0, "g");
	surely(w, keeper_create(keeper_at(w, 0), h, "s", "0", 1), -EEXIST);
	surely(w, keeper_write(keeper_at(w, 0), h, "s", 70000, "x", 1), 0);
	keeper_new(world_node(w, 3));
	node_start(w->nodes[3]);
	world_run(w, 100 * SIM_MS);
	assert_kept(w, 5000);
	surely(w, keeper_close(keeper_at(w, 2), surely_open(w, 2, "two")), -EBADF);
	world_split(w, 2);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	h = surely_open(w, 0, "g");
	surely(w, keeper_write(keeper_at(w, 0), h, "s", 0, "1", 1), 0);
	surely(w, keeper_create(keeper_at(w, 0), h, "t", "t", 1), -EEXIST);
	three = surely_open(w, 3, "three");
	surely(w, keeper_create(keeper_at(w, 3), three, "s", "of three", 8), -EEXIST);
	surely(w, keeper_unlink(keeper_at(w, 2), "two"), -ENOENT);
	world_split(w, 4);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	for (i = 0; i < 4; i++) {
		assert_int_equal(keeper_section(keeper_at(w, i), "g", "s")->len, 70001);
		assert_true(holds(w, i, "g", "t", "t"));
		assert_true(holds(w, i, "three", "s", "of three"));
		assert_null(keeper_named(keeper_at(w, i), "two"));
	}
	failed = l->failed;
	if (tries)
		*tries = l->tries - before;
	world_free(w);
	return failed;
}

static void every_allocation_may_fail(void **state)
{
	u64 nth, tries;
	u32 who;

	for (who = 0; who < 3; who++) {
		short_story(who, 0, 0, &tries);
		assert_true(tries > 100);
		for (nth = 1 + who; nth < tries; nth += 3)
			assert_true(short_story(who, nth, 1, NULL) > 0);
		for (nth = 1 + who; nth < tries; nth += 17)
			assert_true(short_story(who, nth, 40, NULL) > 0);
	}
}

static void who_has_no_room_is_out_and_comes_back(void **state)
{
	struct world *w = keeping(1, 3);
	struct node *late = world_node(w, 3);
	struct keeper *k;
	u32 i;

	furnish(w, 1);
	k = keeper_new(late);
	k->most = 200000;
	k->back = 500 * SIM_MS;
	node_start(late);
	assert_agree(w, 1000);
	world_run(w, 2 * SIM_S);
	/* it tries again and again, and is in nobody's way */
	assert_int_equal(k->out, -ENOSPC);
	for (i = 0; i < 3; i++)
		assert_true(keeper_state(keeper_at(w, i)).active ||
			    keeper_state(k).joined);
	did(w, keeper_unlink(keeper_at(w, 0), "big"), 0);
	did(w, keeper_die(keeper_at(w, 1), 1), 0);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	assert_true(keeper_state(k).joined);
	assert_int_equal(keeper_state(k).error, 0);
	assert_true(holds(w, 3, "small", "s", "text"));
	world_free(w);
}

static void who_left_and_came_back_brings_what_it_has(void **state)
{
	struct world *w = keeping(1, 2);

	written(w, 0, "g", "s", "text");
	assert_kept(w, 1000);
	node_kill(w->nodes[1]);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	did(w, keeper_create(keeper_at(w, 0), opened(w, 0, "g")->h, "t", "more", 4), 0);
	/* nobody else has it now */
	keeper_leave(keeper_at(w, 0));
	assert_true(holds(w, 0, "g", "s", "text"));
	assert_false(keeper_state(keeper_at(w, 0)).active);
	node_start(w->nodes[1]);
	assert_kept(w, 5000);
	assert_int_equal(n_ckpts(w, 1), 0);
	assert_int_equal(keeper_join(keeper_at(w, 0)), 0);
	world_run(w, SIM_MS);
	assert_kept(w, 5000);
	assert_true(holds(w, 1, "g", "s", "text"));
	assert_true(holds(w, 1, "g", "t", "more"));
	world_free(w);
}

static void large_store_is_hashed_in_pieces(void **state)
{
	struct world *w = keeping(1, 2);
	static u8 data[1 << 20];
	struct deed *d = opened(w, 0, "g");
	u64 most;
	u32 i;

	for (i = 0; i < 16; i++) {
		char id[2] = { 'a' + i };

		memset(data, i + 1, sizeof(data));
		did(w, keeper_create(keeper_at(w, 0), d->h, id, data, sizeof(data)), 0);
	}
	keeper_most_hashed();
	/* both hash all that they have */
	keeper_new(world_node(w, 2));
	node_start(w->nodes[2]);
	world_run(w, SIM_MS);
	assert_kept(w, 10000);
	most = keeper_most_hashed();
	assert_in_range(most, 2 << 20, (2 << 20) + PFSNL_CHUNK + 4096);
	world_free(w);
}

static void what_has_changed_is_hashed_before_anybody_asks(void **state)
{
	struct world *w = keeping(1, 2);
	static u8 data[1 << 20];
	struct deed *d = opened(w, 0, "g");
	u32 i;

	for (i = 0; i < 8; i++) {
		char id[2] = { 'a' + i };

		memset(data, i + 1, sizeof(data));
		did(w, keeper_create(keeper_at(w, 0), d->h, id, data, sizeof(data)), 0);
	}
	keeper_most_hashed();
	world_run(w, (PFSNL_CKPTSVC_REST_MS + 500) * SIM_MS);
	assert_in_range(keeper_most_hashed(), PFSNL_CKPTSVC_REST,
			PFSNL_CKPTSVC_REST + PFSNL_CHUNK + 4096);
	/* so that those who have it need not, and who gets it neither */
	keeper_new(world_node(w, 2));
	node_start(w->nodes[2]);
	world_run(w, SIM_MS);
	assert_kept(w, 10000);
	assert_in_range(keeper_most_hashed(), 1, PFSNL_CHUNK);
	/* one byte more is one chunk */
	did(w, keeper_write(keeper_at(w, 0), d->h, "a", 5, "x", 1), 0);
	world_run(w, (PFSNL_CKPTSVC_REST_MS + 500) * SIM_MS);
	assert_in_range(keeper_most_hashed(), PFSNL_CHUNK, PFSNL_CHUNK + 4096);
	world_free(w);
}

/* a parcel that is none, or belongs to another step, or comes from who has no turn */
static void what_belongs_to_no_step_is_ignored_by_all(void **state)
{
	u64 seed;

	for (seed = 0; seed < 40; seed++) {
		struct world *w = keeping(seed, 3);
		u64 malformed = 0;
		u32 i, k;

		furnish(w, 1);
		keeper_new(world_node(w, 3));
		node_start(w->nodes[3]);
		for (k = 0; k < 60; k++) {
			struct node *n = w->nodes[sim_below(&w->sim, 4)];
			u8 wire[128] = {}, *p;

			world_run(w, sim_below(&w->sim, SIM_MS / 2));
			if (!n->core)
				continue;
			p = pfsnl_syncmsg_head(wire, PFSNL_SYNCMSG_DATA,
					       PFSNL_SERVICE_CKPT,
					       &n->watch.ring);
			*p++ = sim_below(&w->sim, 9);
			/* it never says that it is the last, or nothing goes on */
			p += 11;
			p = put_be(p, 4, 28);
			p[0] = sim_below(&w->sim, 8);
			put_be(p + 4, 4, sim_below(&w->sim, 3));
			p += sim_below(&w->sim, 2) ? 28 : 27;
			node_forge(n, PFSNL_PORT_SYNC, 0, wire, p - wire);
		}
		world_run(w, SIM_S);
		for (i = 0; i < 4; i++)
			malformed += node_count(w->nodes[i], PFSNL_COUNT_SYNC_MALFORMED);
		assert_true(malformed > 0);
		/* a hostile node may have got itself and others out, but not apart */
		for (i = 0; i < 4; i++)
			if (keeper_state(keeper_at(w, i)).error)
				break;
		if (i == 4)
			assert_kept(w, 5000);
		world_free(w);
	}
}

/* everything at once */
static void stores_are_the_same_whatever_happens(void **state)
{
	u64 seed;

	for (seed = 0; seed < 3 * SEEDS; seed++) {
		struct world *w = keeping(seed, 5);
		u32 k;

		if (seed % 3 == 0)
			w->net.loss = 20000;
		for (k = 0; k < 400; k++) {
			struct node *n = w->nodes[sim_below(&w->sim, 5)];
			u32 what = sim_below(&w->sim, 100);
			char name[2] = { 'a' + sim_below(&w->sim, 6) };
			char id[2] = { 'a' + sim_below(&w->sim, 4) };
			struct keeper_handle *h;

			world_run(w, sim_below(&w->sim, 20 * SIM_MS));
			if (!n->core) {
				if (what < 20)
					node_start(n);
				continue;
			}
			h = list_empty(&n->keeper->handles) ? NULL :
			    list_first_entry(&n->keeper->handles, struct keeper_handle,
					     list);
			if (what == 0)
				node_kill(n);
			else if (what == 1)
				node_abort(n);
			else if (what < 4)
				world_split(w, 1 + sim_below(&w->sim, 5));
			else if (what == 4)
				keeper_die(n->keeper, 1);
			else if (what < 12)
				keeper_unlink(n->keeper, name);
			else if (what < 20 && h)
				keeper_close(n->keeper, h);
			else if (what < 40 || !h)
				keeper_open(n->keeper, 1 + what % 3, name, DEPOT_RW);
			else if (what < 60)
				keeper_create(n->keeper, h, id, name, 2);
			else
				keeper_write(n->keeper, h, id, what * 1000, name, 1);
		}
		w->net.loss = 0;
		world_split(w, 5);
		world_start(w);
		assert_kept(w, 20000);
		world_free(w);
	}
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(empty_store_costs_little_and_waits_for_nothing),
		cmocka_unit_test(cluster_that_never_had_anything_moves_nothing),
		cmocka_unit_test(newcomer_gets_everything),
		cmocka_unit_test(who_leaves_costs_one_message),
		cmocka_unit_test(who_was_away_for_a_moment_costs_little),
		cmocka_unit_test(one_byte_of_a_large_section_costs_its_chunk),
		cmocka_unit_test(sides_that_did_different_things_have_both),
		cmocka_unit_test(sides_that_changed_the_same_keep_both_versions),
		cmocka_unit_test(three_sides_become_one),
		cmocka_unit_test(lowest_node_that_restarts_takes_nothing_away),
		cmocka_unit_test(round_may_be_interrupted_at_any_message),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(who_has_no_room_is_out_and_comes_back),
		cmocka_unit_test(who_left_and_came_back_brings_what_it_has),
		cmocka_unit_test(large_store_is_hashed_in_pieces),
	cmocka_unit_test(what_has_changed_is_hashed_before_anybody_asks),
		cmocka_unit_test(what_belongs_to_no_step_is_ignored_by_all),
		cmocka_unit_test(stores_are_the_same_whatever_happens),
	};

	return RUN_WORLD_TESTS(tests);
}
