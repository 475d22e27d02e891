// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of checkpoints that are interrupted: two sides meet, each of one to three nodes,
 * with checkpoints that overlap, are different, or conflict; and at any message of the
 * round a node is lost, restarts, comes, or the sides part otherwise. All cases there
 * are: whatever comes of it, all have the same in the end, and nothing is lost.
 */
#include "test_keeper.h"

enum kind {
	OVERLAPPING,
	DIFFERENT,
	CONFLICTING,
	KINDS
};

/* a section with a text, by a handle that stays open */
static struct keeper_handle *written(struct world *w, u32 i, const char *name,
				     const char *id, const char *text)
{
	struct deed *d = opened(w, i, name);

	did(w, keeper_create(keeper_at(w, i), d->h, id, text, strlen(text)), 0);
	return d->h;
}

static void changed(struct world *w, u32 i, const char *name, const char *text)
{
	struct keeper *k = keeper_at(w, i);

	did(w, keeper_write(k, opened(w, i, name)->h, "s", 0, text, strlen(text)), 0);
}

/* what a case is about: its world, and at which message what happens */
static struct cut {
	struct world *w;
	u32 n;
	u32 nth;
	u32 seen;
	struct sim_event event;
} cut;

static void count_told(struct keeper *k, const struct pfsnl_sync_event *ev)
{
	if (ev->kind != PFSNL_SYNC_INIT && ev->kind != PFSNL_SYNC_DATA &&
	    ev->kind != PFSNL_SYNC_ACTIVATE)
		return;
	if (++cut.seen == cut.nth)
		sim_at(&cut.w->sim, &cut.event, cut.w->sim.now);
}

static void lose_lowest(struct sim_event *ev)
{
	node_kill(cut.w->nodes[0]);
}

static void restart_lowest(struct sim_event *ev)
{
	node_kill(cut.w->nodes[0]);
	node_start(cut.w->nodes[0]);
}

static void add_one(struct sim_event *ev)
{
	keeper_new(world_node(cut.w, cut.n));
	node_start(cut.w->nodes[cut.n]);
}

static void part_otherwise(struct sim_event *ev)
{
	world_split(cut.w, cut.n - 1);
}

/* Both sides have "g" and "h"; the last of each does something. */
static void differ(struct world *w, enum kind what, u32 one, u32 other)
{
	switch (what) {
	case OVERLAPPING:
		changed(w, one, "g", "1");
		changed(w, other, "h", "2");
		break;
	case DIFFERENT:
		written(w, one, "one", "s", "1");
		written(w, other, "other", "s", "2");
		break;
	default:
		changed(w, one, "g", "1");
		changed(w, other, "g", "22");
		written(w, one, "twin", "s", "1");
		written(w, other, "twin", "s", "2");
	}
}

/* @lost: nobody is left of the one side, and it may have told nothing */
static void check(struct world *w, enum kind what, u32 i, bool lost)
{
	bool one, other;

	switch (what) {
	case OVERLAPPING:
		one = holds(w, i, "g", "s", "1");
		other = holds(w, i, "h", "s", "2");
		assert_int_equal(n_ckpts(w, i), 2);
		break;
	case DIFFERENT:
		one = holds(w, i, "one", "s", "1");
		other = holds(w, i, "other", "s", "2");
		assert_true(lost || n_ckpts(w, i) == 4);
		break;
	default:
		one = holds(w, i, "g", "s", "1");
		other = holds(w, i, "g", "s", "22");
		assert_true(one != other);
		/* and what lost, twice */
		assert_true(lost || n_ckpts(w, i) == 5);
		assert_in_range(n_ckpts(w, i), 3, 5);
		return;
	}
	assert_true(one || lost);
	assert_true(other);
}

/* Sides of @m and @n - @m nodes meet. Return: whether the round had so many messages. */
static bool interrupted(enum kind kind, u32 n, u32 m, u32 nth,
			void (*what)(struct sim_event *ev))
{
	bool loses = what == lose_lowest || what == restart_lowest;
	struct world *w = keeping(nth, n);
	u32 i;

	written(w, n - 1, "g", "s", "0");
	written(w, 0, "h", "s", "0");
	assert_kept(w, 1000);
	world_split(w, m);
	world_run(w, SIM_S);
	assert_kept(w, 5000);
	differ(w, kind, m - 1, n - 1);
	cut = (struct cut) { .w = w, .n = n, .nth = nth, .event = { .run = what } };
	keeper_at(w, n - 1)->on_told = count_told;
	world_split(w, n);
	world_run(w, 2 * SIM_S);
	world_split(w, n + 1);
	for (i = 0; i < n; i++)
		if (!w->nodes[i]->core)
			node_start(w->nodes[i]);
	world_run(w, SIM_S);
	assert_kept(w, 10000);
	for (i = 0; i < w->n; i++)
		check(w, kind, i, loses && m == 1);
	world_free(w);
	return cut.seen >= nth;
}

static void all_cases(u32 n)
{
	static void (*const changes[])(struct sim_event *ev) = {
		lose_lowest, restart_lowest, add_one, part_otherwise,
	};
	u32 kind, m, i, nth;

	for (kind = 0; kind < KINDS; kind++)
		for (m = 1; m < n; m++)
			for (i = 0; i < ARRAY_SIZE(changes); i++) {
				for (nth = 1; interrupted(kind, n, m, nth, changes[i]);
				     nth++)
					;
				/* INIT, ACTIVATE, and of two sides two steps at least */
				assert_true(nth > 6);
			}
}

static void round_of_two_nodes_may_be_interrupted_anywhere(void **state)
{
	all_cases(2);
}

static void round_of_three_nodes_may_be_interrupted_anywhere(void **state)
{
	all_cases(3);
}

static void round_of_four_nodes_may_be_interrupted_anywhere(void **state)
{
	all_cases(4);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(round_of_two_nodes_may_be_interrupted_anywhere),
		cmocka_unit_test(round_of_three_nodes_may_be_interrupted_anywhere),
		cmocka_unit_test(round_of_four_nodes_may_be_interrupted_anywhere),
	};

	return RUN_WORLD_TESTS(tests);
}
