// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of processes: who is in them, what they hear, and what becomes of both when
 * nodes come and go. What must hold at all times is checked by process.c.
 */
#include <errno.h>
#include <stdio.h>

#include "test_world.h"

#define SEEDS	20

static bool settled(struct world *w, void *arg)
{
	return hearer_agrees(w, arg) && processes_true(w);
}

/* groups are what processes want, everywhere the same, and nothing is under way */
#define assert_settled(w, ms) assert_until(w, settled, NULL, ms)

static void first_event_of_a_member_names_it_and_all_others(void **state)
{
	struct world *w = world_of(1, 3);
	struct process *a, *b;

	a = process_join(w->nodes[0], "g");
	assert_settled(w, 100);
	assert_int_equal(a->n, 1);
	b = process_join(w->nodes[2], "g");
	assert_settled(w, 100);
	assert_int_equal(a->n, 2);
	assert_int_equal(b->n, 2);
	assert_int_equal(a->changes, 2);
	assert_int_equal(b->changes, 1);
	world_free(w);
}

static void message_is_heard_by_members_of_its_group_only(void **state)
{
	struct world *w = world_of(1, 3);
	struct process *a = process_join(w->nodes[0], "g");
	struct process *b = process_join(w->nodes[1], "g");
	struct process *c = process_join(w->nodes[1], "other");

	assert_settled(w, 100);
	assert_int_equal(process_send(a, 0, 10), 0);
	assert_int_equal(process_send(b, PFSNL_MSG_SAFE, 0), 0);
	assert_settled(w, 100);
	assert_int_equal(a->heard, 2);
	assert_int_equal(b->heard, 2);
	assert_int_equal(c->heard, 0);
	world_free(w);
}

static void names_are_told_apart_by_every_byte(void **state)
{
	struct world *w = world_of(1, 2);

	process_join(w->nodes[0], "g");
	process_join(w->nodes[0], "gg");
	process_join(w->nodes[1], "h");
	process_join(w->nodes[1], "g");
	assert_settled(w, 100);
	assert_int_equal(process_members(w->nodes[0], "g"), 2);
	assert_int_equal(process_members(w->nodes[0], "gg"), 1);
	assert_int_equal(process_members(w->nodes[1], "h"), 1);
	assert_null(pfsnl_core_group_find(w->nodes[1]->core, "ggg"));
	world_free(w);
}

static void name_that_no_group_can_have_is_refused(void **state)
{
	struct world *w = world_of(1, 1);
	char longest[PFSNL_GROUP_NAME_MAX + 2];
	struct node *n = w->nodes[0];
	u32 number;

	memset(longest, 'x', sizeof(longest));
	longest[PFSNL_GROUP_NAME_MAX + 1] = 0;
	assert_int_equal(node_join(n, "", NULL, &number), -EINVAL);
	assert_int_equal(node_join(n, "a\nb", NULL, &number), -EINVAL);
	assert_int_equal(node_join(n, longest, NULL, &number), -EINVAL);
	assert_non_null(process_join(n, longest + 1));
	assert_settled(w, 100);
	world_free(w);
}

static void who_is_no_member_can_not_send(void **state)
{
	struct world *w = world_of(1, 2);
	struct process *a = process_join(w->nodes[1], "g");
	u32 len;

	/* the ring has not agreed on it yet */
	assert_int_equal(process_send(a, 0, 10), -ENOTCONN);
	assert_settled(w, 100);
	assert_int_equal(process_send(a, 0, 10), 0);
	assert_int_equal(node_tell(w->nodes[1], a->number + 1, 0, 10), -ENOTCONN);
	len = pfsnl_core_group_longest(w->nodes[1]->core);
	assert_int_equal(process_send(a, 0, len + 1), -EMSGSIZE);
	assert_int_equal(process_leave(a, PFSNL_GROUP_WHY_LEFT), 0);
	assert_int_equal(process_leave(a, PFSNL_GROUP_WHY_LEFT), -ENOENT);
	assert_int_equal(process_send(a, 0, 10), -ENOTCONN);
	assert_settled(w, 100);
	assert_null(w->nodes[1]->processes);
	world_free(w);
}

static void member_that_leaves_before_it_is_one_is_none(void **state)
{
	struct world *w = world_of(1, 2);
	struct process *a = process_join(w->nodes[1], "g");

	assert_int_equal(process_leave(a, PFSNL_GROUP_WHY_DIED), 0);
	assert_settled(w, 100);
	assert_null(w->nodes[1]->processes);
	assert_null(pfsnl_core_group_find(w->nodes[0]->core, "g"));
	world_free(w);
}

static void newcomer_learns_of_all_members(void **state)
{
	struct world *w = world_of(1, 3);
	struct node *late;
	u32 i;

	for (i = 0; i < 9; i++)
		process_join(w->nodes[i % 3], i % 2 ? "g" : "h");
	assert_settled(w, 100);
	late = world_node(w, 3);
	node_start(late);
	assert_settled(w, 1000);
	assert_int_equal(process_members(late, "g"), 4);
	assert_int_equal(process_members(late, "h"), 5);
	world_free(w);
}

static void process_of_a_newcomer_joins_when_it_may(void **state)
{
	struct world *w = world_of(1, 3);
	struct process *a = process_join(w->nodes[0], "g"), *b;
	struct node *late = world_node(w, 3);

	assert_settled(w, 100);
	node_start(late);
	/* before it is in any ring */
	b = process_join(late, "g");
	assert_settled(w, 1000);
	assert_int_equal(a->n, 2);
	assert_int_equal(b->n, 2);
	world_free(w);
}

static void members_of_a_lost_node_are_gone(void **state)
{
	struct world *w = world_of(1, 4);
	struct process *a = process_join(w->nodes[1], "g");

	process_join(w->nodes[0], "g");
	process_join(w->nodes[3], "g");
	assert_settled(w, 100);
	assert_int_equal(a->n, 3);
	node_kill(w->nodes[0]);
	assert_settled(w, 3000);
	assert_int_equal(a->n, 2);
	node_leave(w->nodes[3], 100 * SIM_MS);
	assert_settled(w, 3000);
	assert_int_equal(a->n, 1);
	world_free(w);
}

static void halves_that_meet_learn_of_each_others_members(void **state)
{
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 6);
		struct process *p[6];
		u64 changes[6];
		u32 i;

		for (i = 0; i < 6; i++)
			p[i] = process_join(w->nodes[i], "g");
		assert_settled(w, 100);
		world_split(w, 3);
		world_run(w, 3000 * SIM_MS);
		assert_settled(w, 3000);
		for (i = 0; i < 6; i++) {
			assert_int_equal(p[i]->n, 3);
			changes[i] = p[i]->changes;
			assert_int_equal(process_send(p[i], 0, 100), 0);
		}
		world_split(w, 6);
		assert_settled(w, 5000);
		for (i = 0; i < 6; i++) {
			assert_int_equal(p[i]->n, 6);
			/* the others came at once */
			assert_int_equal(p[i]->changes, changes[i] + 1);
		}
		world_free(w);
	}
}

static void who_does_not_say_its_members_is_dropped(void **state)
{
	struct world *w = world_of(1, 3);
	struct process *a = process_join(w->nodes[0], "g");
	struct node *late, *leader = world_leader(w);

	process_join(w->nodes[1], "g");
	assert_settled(w, 100);
	late = world_node(w, 3);
	late->garbles = true;
	process_join(w->nodes[2], "g");
	node_start(late);
	process_join(late, "g");
	world_run(w, 9900 * SIM_MS);
	/* it is in the ring, and takes what is said */
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_SLOW), 0);
	assert_int_equal(a->n, 3);
	/* twice drain, which is five times dead, unless told otherwise */
	world_run(w, 200 * SIM_MS);
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_SLOW), 1);
	/* it gets another chance */
	late->garbles = false;
	assert_settled(w, 6000);
	assert_int_equal(a->n, 4);
	assert_int_equal(node_count(leader, PFSNL_COUNT_DROP_SLOW), 1);
	world_free(w);
}

static void stream_is_the_same_for_all_while_leaders_die(void **state)
{
	u64 seed;
	u32 i, k;

	for (seed = 0; seed < SEEDS; seed++) {
		struct world *w = world_of(seed, 5);

		for (k = 0; k < 4; k++) {
			for (i = 0; i < 60; i++) {
				struct node *n = w->nodes[sim_below(&w->sim, 5)];
				struct process *p;

				world_run(w, sim_below(&w->sim, 3 * SIM_MS));
				if (!n->core)
					continue;
				p = process_of(n, sim_below(&w->sim, 4));
				if (!p)
					process_join(n, i % 3 ? "g" : "h");
				else if (!sim_below(&w->sim, 8))
					process_leave(p, PFSNL_GROUP_WHY_LEFT);
				else
					process_send(p, i % 4 ? 0 : PFSNL_MSG_SAFE,
						     i * 10);
			}
			if (k < 3 && world_leader(w))
				node_kill(world_leader(w));
		}
		assert_settled(w, 10000);
		world_free(w);
	}
}

static void a_thousand_members_on_a_node(void **state)
{
	struct world *w = world_of(1, 3);
	struct node *late;
	u32 i, number;

	for (i = 0; i < 1200; i++)
		assert_non_null(process_join(w->nodes[1], i % 10 ? "g" : "h"));
	assert_settled(w, 3000);
	assert_int_equal(process_members(w->nodes[0], "g"), 1080);
	/* the answer takes several messages */
	late = world_node(w, 3);
	node_start(late);
	assert_settled(w, 3000);
	assert_int_equal(process_members(late, "g"), 1080);
	for (; i < PFSNL_LOCALS_MAX; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%u", i % 100);
		assert_non_null(process_join(w->nodes[1], name));
	}
	assert_int_equal(node_join(w->nodes[1], "i", NULL, &number), -ENOSPC);
	assert_settled(w, 3000);
	world_free(w);
}

static void every_failed_allocation_is_made_up_for(void **state)
{
	u64 nth, hits = 0;

	for (nth = 1; nth < 400; nth++) {
		struct world *w = world_of(1, 3);
		struct node *n = w->nodes[nth % 3];
		struct process *p;
		struct node *late;
		u32 i;

		n->ledger.fail_at = n->ledger.tries + 1 + nth / 3;
		n->ledger.fail_for = 1;
		for (i = 0; i < 3; i++)
			process_join(w->nodes[i], "g");
		world_run(w, 50 * SIM_MS);
		for (i = 0; i < 3; i++) {
			p = process_of(w->nodes[i], 0);
			if (p && p->member)
				process_send(p, PFSNL_MSG_SAFE, 100);
		}
		late = world_node(w, 3);
		node_start(late);
		process_join(late, "g");
		world_run(w, 200 * SIM_MS);
		p = process_of(n, 0);
		if (p)
			process_leave(p, PFSNL_GROUP_WHY_LEFT);
		assert_settled(w, 5000);
		hits += n->ledger.failed;
		world_free(w);
	}
	assert_true(hits > 100);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(first_event_of_a_member_names_it_and_all_others),
	cmocka_unit_test(message_is_heard_by_members_of_its_group_only),
	cmocka_unit_test(names_are_told_apart_by_every_byte),
	cmocka_unit_test(name_that_no_group_can_have_is_refused),
	cmocka_unit_test(who_is_no_member_can_not_send),
	cmocka_unit_test(member_that_leaves_before_it_is_one_is_none),
	cmocka_unit_test(newcomer_learns_of_all_members),
	cmocka_unit_test(process_of_a_newcomer_joins_when_it_may),
	cmocka_unit_test(members_of_a_lost_node_are_gone),
	cmocka_unit_test(halves_that_meet_learn_of_each_others_members),
	cmocka_unit_test(who_does_not_say_its_members_is_dropped),
	cmocka_unit_test(stream_is_the_same_for_all_while_leaders_die),
	cmocka_unit_test(a_thousand_members_on_a_node),
	cmocka_unit_test(every_failed_allocation_is_made_up_for),
};

int main(void)
{
	return RUN_WORLD_TESTS(tests);
}
