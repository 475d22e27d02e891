// SPDX-License-Identifier: GPL-2.0
/* What members of groups say, against the module: that all hear the same, and who may. */
#define _GNU_SOURCE
#include "vm_group.h"

#include <poll.h>
#include <sys/wait.h>

static void test_sizes(void **state)
{
	static const size_t sizes[] = {
		0, 1, 3, PFSNL_GROUP_PIECE_MAX - 1, PFSNL_GROUP_PIECE_MAX,
		PFSNL_GROUP_PIECE_MAX + 1, 100 << 10, 1 << 20,
	};
	unsigned int n = 0, i;
	size_t k;

	(void)state;
	join_all();
	for (k = 0; k < sizeof(sizes) / sizeof(*sizes); k++)
		for (i = 0; i < 3; i++, n++)
			say(&members[i], sizes[k], n, k & 1 ? PFSNL_SAFE : 0);
	for (i = 0; i < 3; i++)
		await_messages(&members[i], n);
	assert_same();
	/* Each was delivered its own, in the order in which it said them. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(members[i].num_heard,
				 sizeof(sizes) / sizeof(*sizes));
		/* one that was refused for want of room has an id, too */
		for (k = 1; k < members[i].num_heard; k++)
			assert_true(members[i].heard[k] >
				    members[i].heard[k - 1]);
		assert_int_equal(members[i].num_unknown, 0);
	}
	/* And the bytes are those that were sent. */
	for (k = 0, n = 0; k < members[0].num_lines; k++) {
		unsigned char *data = malloc(1 << 20);
		char wanted[64];

		if (!strstr(members[0].lines[k], " 1048576 bytes")) {
			free(data);
			continue;
		}
		for (i = 21; i < 24; i++) {
			size_t b;

			for (b = 0; b < 1 << 20; b++)
				data[b] = byte_at(i, b);
			snprintf(wanted, sizeof(wanted), "%08x",
				 sum_of(data, 1 << 20));
			n += !!strstr(members[0].lines[k], wanted);
		}
		free(data);
	}
	assert_int_equal(n, 3);
}

static void test_too_long(void **state)
{
	char *data = calloc(1, 8 << 20);
	uint64_t id = 77;
	int err;

	(void)state;
	assert_non_null(data);
	join_all();
	err = pfsnl_group_send(members[0].group, data, 8 << 20, 0, &id);
	assert_int_equal(err, -EMSGSIZE);
	assert_int_equal(id, 77);
	/* What was begun is forgotten. */
	say(&members[0], 40000, 1, 0);
	await_messages(&members[0], 1);
	assert_int_equal(pfsnl_group_send(members[0].group, data, 1, 8, NULL),
			 -EINVAL);
	free(data);
}

#define EACH	300

static void *sayer(void *arg)
{
	struct member *m = arg;
	unsigned int i;

	for (i = 0; i < EACH; i++)
		say(m, i % 50 ? i : 20000, i, i % 17 ? 0 : PFSNL_SAFE);
	return NULL;
}

/* Three threads at once, and everybody hears the same. */
static void test_order(void **state)
{
	pthread_t threads[3];
	unsigned int i;

	(void)state;
	join_all();
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sayer,
						&members[i]), 0);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 3; i++)
		await_messages(&members[i], 3 * EACH);
	assert_same();
	for (i = 0; i < 3; i++)
		assert_int_equal(members[i].num_heard, EACH);
}

static void test_lists(void **state)
{
	struct pfsnl_group_members *list, *folded;
	const struct pfsnl_group_member *m;
	struct pfsnl_groups *groups;
	size_t i;

	(void)state;
	join_all();
	assert_done(pfsnl_groups_get(nodes[1].handle, &groups));
	assert_int_equal(pfsnl_groups_count(groups), 1);
	assert_string_equal(pfsnl_groups_at(groups, 0)->name, "test");
	assert_int_equal(pfsnl_groups_at(groups, 0)->members, 3);
	assert_int_equal(pfsnl_groups_at(groups, 0)->here, 1);
	assert_null(pfsnl_groups_at(groups, 1));
	pfsnl_groups_free(groups);

	assert_done(pfsnl_group_members_get(nodes[1].handle, "test", &list));
	assert_done(pfsnl_group_members(members[1].group, &folded));
	assert_int_equal(pfsnl_group_members_count(list), 3);
	assert_int_equal(pfsnl_group_members_count(folded), 3);
	for (i = 0; (m = pfsnl_group_members_at(list, i)); i++) {
		const struct pfsnl_group_member *f =
			pfsnl_group_members_at(folded, i);

		assert_int_equal(m->addr.s_addr, f->addr.s_addr);
		assert_int_equal(m->number, f->number);
		assert_int_equal(m->pid, f->pid);
		assert_int_equal(m->pid, getpid());
		assert_int_equal(m->here, f->here);
		assert_int_equal(f->self, f->here);
		assert_int_equal(m->why, PFSNL_GROUP_WHY_NONE);
		assert_true(m->incarnation != 0);
	}
	pfsnl_group_members_free(list);
	pfsnl_group_members_free(folded);
	assert_done(pfsnl_group_members_get(nodes[1].handle, "none", &list));
	assert_int_equal(pfsnl_group_members_count(list), 0);
	pfsnl_group_members_free(list);
}

static void test_loop(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	struct pfsnl_group *g;
	struct timespec limit = deadline_in(PATIENCE_MS);
	int n = 0;

	(void)state;
	cluster_up(3);
	join(0, NULL);
	g = members[0].group;
	pfd.fd = pfsnl_group_fd(g);
	assert_true(pfd.fd >= 0);
	/* Nothing is called but in dispatch; what is sent comes there, too. */
	assert_done(pfsnl_group_send(g, "early", 5, 0, NULL));
	assert_int_equal(members[0].count, 0);
	while (members[0].messages < 1 && !past(&limit) && n >= 0) {
		assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
		n = pfsnl_group_dispatch(g, 1);
		assert_in_range(n, 0, 1);
	}
	assert_int_equal(members[0].messages, 1);
	while (pfsnl_group_dispatch(g, 0) > 0)
		;
	assert_int_equal(poll(&pfd, 1, 0), 0);

	/* The instance stops: the last event, and an end of all. */
	assert_done(node_stop(&nodes[0]));
	while (!members[0].over && poll(&pfd, 1, PATIENCE_MS) == 1)
		pfsnl_group_dispatch(g, 0);
	assert_true(members[0].over);
	assert_int_equal(members[0].why, PFSNL_GROUP_WHY_DOWN);
	assert_int_equal(pfsnl_group_dispatch(g, 0), -ENOTCONN);
	assert_has(pfsnl_errmsg(), "down");
	assert_int_equal(pfsnl_group_send(g, "late", 4, 0, NULL), -ENOTCONN);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_done(pfsnl_group_leave(g, 0));
	members[0].group = NULL;
}

/* Who sends and does not look is told to wait, and then that there is room. */
static void test_room(void **state)
{
	struct member *m = &members[0];
	static char data[100000];
	struct pollfd pfd = { .events = POLLIN };
	unsigned int n, round;
	int err = 0;

	(void)state;
	cluster_up(3);
	join(0, NULL);
	pfd.fd = pfsnl_group_fd(m->group);
	for (round = 0; round < 3; round++) {
		/* What it may have under way, and what was sent to it. */
		for (n = 0; n < 1000; n++) {
			err = pfsnl_group_send(m->group, data, sizeof(data), 0,
					       NULL);
			if (err)
				break;
		}
		assert_int_equal(err, -EAGAIN);
		assert_has(pfsnl_errmsg(), "room");
		while (m->rooms <= round && poll(&pfd, 1, PATIENCE_MS) == 1)
			assert_true(pfsnl_group_dispatch(m->group, 1) >= 0);
		assert_int_equal(m->rooms, round + 1);
	}
	while (m->num_heard + m->num_unknown < 3 * n &&
	       poll(&pfd, 1, PATIENCE_MS) == 1)
		assert_true(pfsnl_group_dispatch(m->group, 0) >= 0);
	assert_null(m->complaint);
	assert_int_equal(m->num_unknown, 0);
	assert_false(m->over);
}

/* Who reads in small portions, behind all others, still gets it all. */
static void test_window(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	unsigned int i;

	(void)state;
	cluster_up(3);
	join(0, NULL);
	join(1, NULL);
	join(2, NULL);
	assert_done(pfsnl_group_thread(members[0].group));
	assert_done(pfsnl_group_thread(members[1].group));
	await_count(&members[0], 3);
	for (i = 0; i < 24; i++)
		say(&members[0], 256 << 10, i, 0);
	await_messages(&members[0], 24);
	pfd.fd = pfsnl_group_fd(members[2].group);
	while (members[2].messages < 24 && poll(&pfd, 1, PATIENCE_MS) == 1)
		assert_true(pfsnl_group_dispatch(members[2].group, 2) >= 0);
	await_messages(&members[2], 24);
	assert_false(members[2].over);
	await_messages(&members[1], 24);
	assert_same();
}

static void test_permission(void **state)
{
	pid_t child;
	int status;

	(void)state;
	cluster_up(3);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct pfsnl_groups *groups;
		struct pfsnl_group *group;
		struct pfsnl *handle;
		int step = 1;

		if (!pfsnl_open_netns(&handle, nodes[0].netns) &&
		    !setgid(65534) && !setuid(65534))
			step = 2;
		if (step == 2 && pfsnl_groups_get(handle, &groups) == -EPERM &&
		    strstr(pfsnl_errmsg(), "CAP_NET_ADMIN") &&
		    pfsnl_group_join(handle, "test", &calls, &members[0], NULL,
				     &group) == -EPERM)
			step = 0;
		_exit(step);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		group_test(test_sizes),
		group_test(test_too_long),
		group_test(test_order),
		group_test(test_lists),
		group_test(test_loop),
		group_test(test_room),
		group_test(test_window),
		group_test(test_permission),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
