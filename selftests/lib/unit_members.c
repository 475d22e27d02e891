// SPDX-License-Identifier: GPL-2.0
/* Sets of members, against a table that can't be wrong. */
#define _GNU_SOURCE
#include "unit_group.h"

#include <errno.h>
#include <stdlib.h>

/* Members by node and number; both small, so that much collides. */
#define NODES	4
#define NUMBERS	8
#define UNIVERSE (NODES * NUMBERS)

static struct pfsnl_group_member nth(unsigned int i)
{
	return (struct pfsnl_group_member){
		.addr = node(i / NUMBERS + 250),	/* 253 and 254, 255, 256 */
		.number = i % NUMBERS + 1,
		.pid = i,
		.why = PFSNL_GROUP_WHY_LEFT,
	};
}

static void assert_set(const struct pfsnl_group_members *set,
		       const bool *model)
{
	size_t i, n = 0;

	for (i = 0; i < UNIVERSE; i++) {
		if (!model[i])
			continue;
		assert_true(n < set->count);
		assert_int_equal(set->members[n].pid, i);
		n++;
	}
	assert_int_equal(n, set->count);
}

static void test_members(void **state)
{
	struct pfsnl_group_members set = { 0 };
	bool model[UNIVERSE] = { 0 };
	unsigned int round, i, n;

	(void)state;
	for (round = 0; round < 20000; round++) {
		bool named[UNIVERSE] = { 0 }, came[UNIVERSE] = { 0 };
		bool gone[UNIVERSE] = { 0 }, whole = !(rand() % 8);
		struct pfsnl_named list[UNIVERSE];
		struct pfsnl_outcome out;

		for (n = 0; n < (unsigned int)rand() % UNIVERSE;) {
			i = rand() % UNIVERSE;
			if (named[i])
				continue;
			named[i] = true;
			list[n].member = nth(i);
			list[n].change = rand() % 3;
			if (list[n].change == PFSNL_GROUP_CHANGE_GONE)
				gone[i] = model[i];
			else
				came[i] = list[n].change ==
					  PFSNL_GROUP_CHANGE_CAME && !model[i];
			if (list[n].change == PFSNL_GROUP_CHANGE_GONE)
				model[i] = false;
			else
				model[i] = true;
			n++;
		}
		for (i = 0; whole && i < UNIVERSE; i++) {
			if (named[i])
				continue;
			gone[i] = model[i];
			model[i] = false;
		}
		assert_int_equal(pfsnl_members_change(&set, list, n, whole,
						      &out), 0);
		assert_set(&out.now, model);
		assert_set(&out.gone, gone);
		for (i = 0, n = 0; i < UNIVERSE; i++)
			if (came[i])
				assert_int_equal(out.all[out.now.count + n++]->pid,
						 i);
		assert_int_equal(n, out.num_came);
		for (i = 0; i < out.num_gone; i++)
			assert_ptr_equal(out.all[out.now.count + n + i],
					 &out.gone.members[i]);
		pfsnl_members_clear(&set);
		set = out.now;
		memset(&out.now, 0, sizeof(out.now));
		pfsnl_outcome_free(&out);
	}
	pfsnl_members_clear(&set);
}

static void test_member_twice(void **state)
{
	struct pfsnl_named list[2] = {
		{ .member = nth(3), .change = PFSNL_GROUP_CHANGE_CAME },
		{ .member = nth(3), .change = PFSNL_GROUP_CHANGE_GONE },
	};
	struct pfsnl_group_members set = { 0 };
	struct pfsnl_outcome out;

	(void)state;
	assert_int_equal(pfsnl_members_change(&set, list, 2, false, &out),
			 -EBADMSG);
	assert_null(out.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_member_twice),
	};

	srand(7319);
	return cm_main(tests, NULL, NULL);
}
