// SPDX-License-Identifier: GPL-2.0
/*
 * A group of more than a thousand members on two nodes: each hears of each other,
 * and what is said; and they go by hundreds.
 */
#include "vm.h"

#include <sys/epoll.h>
#include <sys/resource.h>

/* Members of a change are told by 1000 at most, so this takes two. */
#define HERE	700
#define THERE	400
#define ALL	(HERE + THERE)

struct one {
	struct pfsnl_group *group;
	size_t count;		/* of members, as it was told */
	size_t came_first;	/* by its first change */
	size_t most_gone;	/* by one change */
	size_t heard;		/* messages */
	uint64_t place;		/* of the last */
	bool over;
	uint32_t why;
};

static struct one crowd[ALL + 1];
static int poller = -1;
static const char *complaint;

static void on_changed(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_update *u)
{
	struct one *one = arg;

	(void)group;
	if (u->first)
		one->came_first = u->num_came;
	else if (one->count + u->num_came - u->num_gone != u->count)
		complaint = "a change that does not add up";
	if (u->num_gone > one->most_gone)
		one->most_gone = u->num_gone;
	one->count = u->count;
}

static void on_message(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_message *msg)
{
	struct one *one = arg;

	(void)group;
	one->heard++;
	one->place = msg->place;
}

static void on_over(void *arg, struct pfsnl_group *group, uint32_t why)
{
	struct one *one = arg;

	(void)group;
	one->over = true;
	one->why = why;
}

static const struct pfsnl_group_calls calls = {
	.size = sizeof(calls),
	.changed = on_changed,
	.message = on_message,
	.over = on_over,
};

static void listen_to(size_t i, bool on)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = i };

	assert_int_equal(epoll_ctl(poller, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
				   pfsnl_group_fd(crowd[i].group), &ev), 0);
}

/* Everybody takes what is there, or one waits a while for something. */
static void take(int wait_ms)
{
	struct epoll_event ready[64];
	struct one *one;
	int i, n, err;

	do {
		n = epoll_wait(poller, ready, 64, wait_ms);
		for (i = 0; i < n; i++) {
			one = &crowd[ready[i].data.u64];
			err = pfsnl_group_dispatch(one->group, 0);
			if (err == -ENOTCONN)
				listen_to(ready[i].data.u64, false);
			else if (err < 0)
				fail_msg("dispatch gave %d: %s", err,
					 pfsnl_errmsg());
		}
		wait_ms = 0;
	} while (n == 64);
	if (complaint)
		fail_msg("a member got %s", complaint);
}

#define take_until(expr) \
	({ \
		struct timespec limit_ = deadline_in(4 * PATIENCE_MS); \
		bool value_; \
		while (!(value_ = (expr)) && !past(&limit_)) \
			take(10); \
		value_; \
	})

/* How many of the first `n` know of so many members. */
static size_t who_know(size_t n, size_t count)
{
	size_t i, some = 0;

	for (i = 0; i < n; i++)
		some += crowd[i].count == count && !crowd[i].over;
	return some;
}

static size_t who_heard(size_t from, size_t to, size_t heard)
{
	size_t i, some = 0;

	for (i = from; i < to; i++)
		some += crowd[i].heard == heard && !crowd[i].over;
	return some;
}

static void join(size_t i, unsigned int node)
{
	assert_done(pfsnl_group_join(nodes[node].handle, "crowd", &calls,
				     &crowd[i], NULL, &crowd[i].group));
	listen_to(i, true);
}

static size_t members_known_to(unsigned int node)
{
	struct pfsnl_group_members *members;
	size_t count;

	assert_done(pfsnl_group_members_get(nodes[node].handle, "crowd",
					    &members));
	count = pfsnl_group_members_count(members);
	pfsnl_group_members_free(members);
	return count;
}

static void say(size_t i, size_t len)
{
	char *data = calloc(1, len);
	int err;

	assert_non_null(data);
	assert_true(take_until((err = pfsnl_group_send(crowd[i].group, data, len,
						       0, NULL)) != -EAGAIN));
	free(data);
	assert_done(err);
}

static int begin(void **state)
{
	struct rlimit files = { 8 * ALL, 8 * ALL };

	poller = epoll_create1(EPOLL_CLOEXEC);
	return poller < 0 || setrlimit(RLIMIT_NOFILE, &files) ? -1 :
	       nodes_open(state);
}

static int end(void **state)
{
	close(poller);
	return nodes_stop(state) || nodes_close(state) ? -1 : 0;
}

/* ---- tests, each goes on where the one before was -------------------- */

static void test_all_hear_of_all(void **state)
{
	size_t i;

	(void)state;
	cluster_up(2);
	for (i = 0; i < ALL; i++) {
		join(i, i < HERE ? 0 : 1);
		take(0);
	}
	take_until(who_know(ALL, ALL) == ALL);
	assert_int_equal(who_know(ALL, ALL), ALL);
	assert_int_equal(members_known_to(0), ALL);
	assert_int_equal(members_known_to(1), ALL);
}

static void test_one_who_comes_late_is_told_of_all_at_once(void **state)
{
	(void)state;
	assert_done(node_start(&nodes[2]));
	assert_true(wait_for(node_peers(&nodes[2]) == 3));
	join(ALL, 2);
	take_until(who_know(ALL + 1, ALL + 1) == ALL + 1);
	assert_int_equal(who_know(ALL + 1, ALL + 1), ALL + 1);
	assert_int_equal(members_known_to(2), ALL + 1);
}

static void test_what_one_says_all_hear(void **state)
{
	size_t i;

	(void)state;
	say(ALL, 1000);
	say(0, 0);
	take_until(who_heard(0, ALL + 1, 2) == ALL + 1);
	assert_int_equal(who_heard(0, ALL + 1, 2), ALL + 1);
	for (i = 0; i < ALL; i++)
		assert_int_equal(crowd[i].place, crowd[ALL].place);
}

static void test_a_node_takes_hundreds_with_it_at_once(void **state)
{
	size_t i, left = ALL + 1 - THERE;

	(void)state;
	assert_done(node_stop(&nodes[1]));
	take_until(crowd[ALL].count == left);
	for (i = 0; i < HERE; i++)
		assert_true(take_until(crowd[i].count == left));
	for (i = 0; i < HERE; i++)
		assert_int_equal(crowd[i].most_gone, THERE);
	for (; i < ALL; i++)
		assert_true(take_until(crowd[i].over));
}

static void test_all_close_their_sockets(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ALL; i++)
		pfsnl_group_close(crowd[i].group);
	take_until(crowd[ALL].count == 1);
	assert_int_equal(crowd[ALL].count, 1);
	pfsnl_group_close(crowd[ALL].group);
	assert_true(wait_for(members_known_to(0) == 0));
	assert_true(wait_for(members_known_to(2) == 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_hear_of_all),
		cmocka_unit_test(test_one_who_comes_late_is_told_of_all_at_once),
		cmocka_unit_test(test_what_one_says_all_hear),
		cmocka_unit_test(test_a_node_takes_hundreds_with_it_at_once),
		cmocka_unit_test(test_all_close_their_sockets),
	};

	return cm_main(tests, begin, end);
}
