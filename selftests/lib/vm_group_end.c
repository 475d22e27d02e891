// SPDX-License-Identifier: GPL-2.0
/*
 * How members of groups go, against the module: by themselves, killed, thrown out, with
 * their node; and what they and the others are told of it.
 */
#define _GNU_SOURCE
#include "vm_group.h"

#include <signal.h>
#include <sys/wait.h>

/* How a member goes, and what the others and itself are told of it. */
static void test_leave(void **state)
{
	(void)state;
	join_all();
	say(&members[2], 5, 1, 0);
	assert_done(pfsnl_group_leave(members[2].group, PATIENCE_MS));
	members[2].group = NULL;
	assert_true(members[2].over);
	assert_int_equal(members[2].why, PFSNL_GROUP_WHY_LEFT);
	/* What it said before is told before. */
	assert_int_equal(members[2].num_heard + members[2].num_unknown, 1);
	await_count(&members[0], 2);
	assert_int_equal(members[0].last_why, PFSNL_GROUP_WHY_LEFT);
	assert_int_equal(members[0].messages, 1);

	pfsnl_group_close(members[1].group);
	members[1].group = NULL;
	assert_false(members[1].over);
	await_count(&members[0], 1);
	assert_int_equal(members[0].last_why, PFSNL_GROUP_WHY_CLOSED);
}

static void test_leave_inside(void **state)
{
	(void)state;
	join_all();
	members[2].leave_next = true;
	say(&members[0], 1, 1, 0);
	await_count(&members[0], 2);
	members[2].group = NULL;	/* it has freed itself */
	assert_int_equal(members[2].messages, 1);
	assert_int_equal(members[0].last_why, PFSNL_GROUP_WHY_LEFT);
	assert_null(members[2].complaint);
}

/* A process that is killed, in the middle of whatever it does. */
static void test_killed(void **state)
{
	int ready[2], status;
	pid_t child;
	char byte;

	(void)state;
	join_all();
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct pfsnl_group *group;
		struct pfsnl *handle;

		close(ready[0]);
		if (pfsnl_open_netns(&handle, nodes[1].netns) ||
		    pfsnl_group_join(handle, "test", &calls, &members[1], NULL,
				     &group))
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	await_count(&members[0], 4);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	await_count(&members[0], 3);
	assert_int_equal(members[0].last_why, PFSNL_GROUP_WHY_DIED);
}

/* In the child of a fork a membership is only to be closed. */
static void test_fork(void **state)
{
	pid_t child;
	int status;

	(void)state;
	join_all();
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct pfsnl_group_members *list;
		struct pfsnl_group *g = members[0].group;

		if (pfsnl_group_send(g, "x", 1, 0, NULL) != -ECHILD ||
		    pfsnl_group_dispatch(g, 0) != -ECHILD ||
		    pfsnl_group_fd(g) != -ECHILD ||
		    pfsnl_group_alive(g) != -ECHILD ||
		    pfsnl_group_thread(g) != -ECHILD ||
		    pfsnl_group_members(g, &list) != -ECHILD ||
		    pfsnl_group_leave(members[1].group, 0) != -ECHILD)
			_exit(1);
		pfsnl_group_close(g);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	say(&members[0], 1, 1, 0);
	await_messages(&members[1], 1);
}

/* Who takes nothing is thrown out, and holds nobody up. */
static void test_slow(void **state)
{
	unsigned int n;

	(void)state;
	cluster_up(3);
	join(0, NULL);
	join(1, NULL);
	join(2, NULL);
	assert_done(pfsnl_group_thread(members[0].group));
	assert_done(pfsnl_group_thread(members[1].group));
	await_count(&members[0], 3);
	/* The window and 32 MiB. */
	for (n = 0; n < 200 && member_get(&members[0], &members[0].count) == 3;
	     n++) {
		say(&members[0], 256 << 10, n, 0);
		await_messages(&members[0], n + 1);
	}
	await_count(&members[0], 2);
	await_count(&members[1], 2);
	assert_int_equal(members[0].last_why, PFSNL_GROUP_WHY_SLOW);
	assert_true(n > 100);
	/* It is told so, when it looks. */
	assert_done(pfsnl_group_thread(members[2].group));
	assert_true(wait_for(__atomic_load_n(&members[2].over,
					     __ATOMIC_RELAXED)));
	assert_int_equal(members[2].why, PFSNL_GROUP_WHY_SLOW);
	assert_null(members[2].complaint);
}

static void test_keepalive(void **state)
{
	struct pfsnl_group_options opt = {
		.size = sizeof(opt), .keepalive = 1000,
	};
	struct pfsnl_group_options long_opt = {
		.size = sizeof(opt), .keepalive = 2000,
	};
	unsigned int i;

	(void)state;
	cluster_up(3);
	join(0, NULL);
	assert_done(pfsnl_group_thread(members[0].group));
	join(1, &long_opt);
	assert_done(pfsnl_group_thread(members[1].group));
	join(2, &opt);
	await_count(&members[0], 3);
	/* Nobody dispatches for it, while the other lives on by its thread. */
	await_count(&members[0], 2);
	assert_int_equal(members[0].last_why, PFSNL_GROUP_WHY_SILENT);
	/* And so it does for a time in which others fall silent, twice. */
	for (i = 0; i < 2; i++) {
		pfsnl_group_close(members[2].group);
		member_init(&members[2]);
		join(2, &opt);
		await_count(&members[0], 3);
		await_count(&members[0], 2);
		assert_int_equal(members[0].last_why, PFSNL_GROUP_WHY_SILENT);
	}
	assert_false(members[1].over);
	assert_int_equal(pfsnl_group_alive(members[1].group), 0);
}

/* The leader dies under way: each of its own is delivered or unknown. */
static void test_leader_lost(void **state)
{
	unsigned int i;

	(void)state;
	join_all();
	for (i = 0; i < 50; i++)
		say(&members[1], 2000, i, i & 1 ? PFSNL_SAFE : 0);
	assert_done(node_stop(&nodes[0]));
	for (; i < 100; i++)
		say(&members[1], 2000, i, i & 1 ? PFSNL_SAFE : 0);
	await_count(&members[1], 2);
	assert_true(members[1].last_why == PFSNL_GROUP_WHY_NODE_LEFT ||
		    members[1].last_why == PFSNL_GROUP_WHY_NODE_FAILED);
	assert_true(wait_for(member_get(&members[1], &members[1].num_heard) +
			     member_get(&members[1], &members[1].num_unknown) ==
			     100));
	await_messages(&members[2], members[1].messages);
	assert_true(wait_for(__atomic_load_n(&members[0].over,
					     __ATOMIC_RELAXED)));
	assert_int_equal(members[0].why, PFSNL_GROUP_WHY_DOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		group_test(test_leave),
		group_test(test_leave_inside),
		group_test(test_killed),
		group_test(test_fork),
		group_test(test_slow),
		group_test(test_keepalive),
		group_test(test_leader_lost),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
