// SPDX-License-Identifier: GPL-2.0
/*
 * Timers: due in order of time, and in order of setting when times are equal.
 */
#include "test.h"

#include "timer.h"

#define N	64

static struct pfsnl_timers ts;
static struct pfsnl_timer t[N];

static void fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
}

static int setup(void **state)
{
	int i;

	pfsnl_timers_init(&ts);
	for (i = 0; i < N; i++)
		pfsnl_timer_init(&t[i], fire);
	return 0;
}

static void assert_due(u64 now, int which)
{
	struct pfsnl_timer *due = pfsnl_timers_due(&ts, now);

	assert_ptr_equal(due, which < 0 ? NULL : &t[which]);
	if (due)
		assert_false(due->armed);
}

static void none_is_due_when_none_is_armed(void **state)
{
	assert_int_equal(pfsnl_timers_next(&ts), PFSNL_NEVER);
	assert_due(~0ULL, -1);
}

static void due_at_their_time_and_not_before(void **state)
{
	pfsnl_timer_set(&ts, &t[0], 100);
	assert_true(t[0].armed);
	assert_int_equal(pfsnl_timers_next(&ts), 100);
	assert_due(99, -1);
	assert_due(100, 0);
	assert_due(~0ULL, -1);
	assert_int_equal(pfsnl_timers_next(&ts), PFSNL_NEVER);
}

static void time_zero_is_a_time(void **state)
{
	pfsnl_timer_set(&ts, &t[0], 0);
	assert_int_equal(pfsnl_timers_next(&ts), 0);
	assert_due(0, 0);
}

static void due_in_order_of_time(void **state)
{
	int i;

	/* 0, 7, 14, ... modulo 64 meets every number once */
	for (i = 0; i < N; i++)
		pfsnl_timer_set(&ts, &t[i * 7 % N], 1000 + i * 7 % N);
	for (i = 0; i < N; i++) {
		assert_int_equal(pfsnl_timers_next(&ts), 1000 + i);
		assert_due(~0ULL, i);
	}
	assert_due(~0ULL, -1);
}

static void equal_times_in_order_of_setting(void **state)
{
	int i;

	for (i = 0; i < N; i++)
		pfsnl_timer_set(&ts, &t[i * 5 % N], 1000);
	for (i = 0; i < N; i++)
		assert_due(1000, i * 5 % N);
}

static void set_again_moves_it(void **state)
{
	pfsnl_timer_set(&ts, &t[0], 10);
	pfsnl_timer_set(&ts, &t[1], 20);
	pfsnl_timer_set(&ts, &t[0], 30);
	assert_int_equal(pfsnl_timers_next(&ts), 20);
	pfsnl_timer_set(&ts, &t[0], 5);
	assert_int_equal(pfsnl_timers_next(&ts), 5);
	assert_due(100, 0);
	assert_due(100, 1);
	assert_due(100, -1);
}

static void set_to_the_same_time_keeps_its_place(void **state)
{
	pfsnl_timer_set(&ts, &t[0], 10);
	pfsnl_timer_set(&ts, &t[1], 10);
	pfsnl_timer_set(&ts, &t[0], 10);
	assert_due(10, 0);
	assert_due(10, 1);
}

static void cancelled_is_not_due(void **state)
{
	pfsnl_timer_set(&ts, &t[0], 10);
	pfsnl_timer_set(&ts, &t[1], 20);
	pfsnl_timer_cancel(&ts, &t[0]);
	assert_false(t[0].armed);
	assert_int_equal(pfsnl_timers_next(&ts), 20);
	/* once more, and one that never was armed */
	pfsnl_timer_cancel(&ts, &t[0]);
	pfsnl_timer_cancel(&ts, &t[2]);
	assert_due(100, 1);
	assert_due(100, -1);
}

static void never_cancels(void **state)
{
	pfsnl_timer_set(&ts, &t[0], 10);
	pfsnl_timer_set(&ts, &t[0], PFSNL_NEVER);
	assert_false(t[0].armed);
	pfsnl_timer_set(&ts, &t[1], PFSNL_NEVER);
	assert_false(t[1].armed);
	assert_int_equal(pfsnl_timers_next(&ts), PFSNL_NEVER);
	assert_due(~0ULL, -1);
}

static void may_be_armed_again_once_due(void **state)
{
	pfsnl_timer_set(&ts, &t[0], 10);
	assert_due(10, 0);
	pfsnl_timer_set(&ts, &t[0], 10);
	assert_due(10, 0);
	pfsnl_timer_set(&ts, &t[0], 40);
	assert_due(39, -1);
	assert_due(40, 0);
}

/* against the plainest model there is: a list that is searched */
static void random_use_matches_a_list(void **state)
{
	u64 order[N] = { 0 }, when[N], seed = 11, tick = 0;
	bool armed[N] = { false };
	u32 round, fired = 0;

	for (round = 0; round < 200000; round++) {
		u64 r = test_random(&seed), now;
		int i = r % N, best = -1, j;

		switch (r >> 8 & 3) {
		case 0:
			pfsnl_timer_cancel(&ts, &t[i]);
			armed[i] = false;
			break;
		case 1:
			now = r >> 32 & 63;
			for (j = 0; j < N; j++)
				if (armed[j] && when[j] <= now &&
				    (best < 0 || when[j] < when[best] ||
				     (when[j] == when[best] &&
				      order[j] < order[best])))
					best = j;
			assert_due(now, best);
			if (best >= 0) {
				armed[best] = false;
				fired++;
			}
			break;
		default:
			now = r >> 32 & 63;
			pfsnl_timer_set(&ts, &t[i], now);
			if (!armed[i] || when[i] != now)
				order[i] = ++tick;
			when[i] = now;
			armed[i] = true;
		}
	}
	assert_in_range(fired, 10000, 100000);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test_setup(none_is_due_when_none_is_armed, setup),
		cmocka_unit_test_setup(due_at_their_time_and_not_before, setup),
		cmocka_unit_test_setup(time_zero_is_a_time, setup),
		cmocka_unit_test_setup(due_in_order_of_time, setup),
		cmocka_unit_test_setup(equal_times_in_order_of_setting, setup),
		cmocka_unit_test_setup(set_again_moves_it, setup),
		cmocka_unit_test_setup(set_to_the_same_time_keeps_its_place, setup),
		cmocka_unit_test_setup(cancelled_is_not_due, setup),
		cmocka_unit_test_setup(never_cancels, setup),
		cmocka_unit_test_setup(may_be_armed_again_once_due, setup),
		cmocka_unit_test_setup(random_use_matches_a_list, setup),
	};

	return RUN_TESTS(tests);
}
