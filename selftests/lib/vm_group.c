// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of processes against the module: members on three nodes, each with a
 * record of all that it was told, by which they are compared.
 */
#define _GNU_SOURCE
#include "vm.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define MAX_LINES	4096
#define MAX_SENT	4096

/* What one member was told. */
struct member {
	struct pfsnl_group *group;
	pthread_mutex_t lock;
	/* Messages and changes as short lines, from its first change on. */
	char *lines[MAX_LINES];
	size_t num_lines;
	size_t count;		/* of members */
	size_t messages;
	uint64_t last_place;
	uint64_t heard[MAX_SENT];	/* ids of its own that were delivered */
	size_t num_heard;
	size_t num_unknown;
	unsigned int rooms;
	uint32_t last_why;	/* of who was gone last */
	bool over;
	uint32_t why;
	bool leave_next;	/* in the next message */
	const char *complaint;
};

static void complain(struct member *m, const char *text)
{
	if (!m->complaint)
		m->complaint = text;
}

static void line(struct member *m, char *text)
{
	if (m->num_lines < MAX_LINES)
		m->lines[m->num_lines++] = text;
	else
		free(text);
}

/* Bytes that tell what they should be. */
static unsigned char byte_at(uint32_t seed, size_t i)
{
	return (unsigned char)(seed * 31 + i * 7 + i / 251);
}

static uint32_t sum_of(const unsigned char *data, size_t len)
{
	uint32_t sum = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		sum = (sum ^ data[i]) * 16777619u;
	return sum;
}

static void on_changed(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_update *u)
{
	struct member *m = arg;
	bool self = false;
	char *text = NULL;
	size_t i;

	(void)group;
	pthread_mutex_lock(&m->lock);
	if (u->first != !m->count)
		complain(m, "a first change that is not the first, or none");
	if (!u->first && m->count + u->num_came - u->num_gone != u->count)
		complain(m, "a change that does not add up");
	for (i = 0; i < u->count; i++) {
		self |= u->members[i]->self;
		if (i && u->members[i - 1]->addr.s_addr ==
			 u->members[i]->addr.s_addr &&
		    u->members[i - 1]->number >= u->members[i]->number)
			complain(m, "members out of order");
	}
	if (!self)
		complain(m, "a change without itself");
	for (i = 0; i < u->num_came; i++)
		if (u->came[i]->why == PFSNL_GROUP_WHY_NONE)
			complain(m, "somebody came for no reason");
	for (i = 0; i < u->num_gone; i++)
		m->last_why = u->gone[i]->why;
	m->count = u->count;
	if (u->num_came)
		i = asprintf(&text, "%zu members, +%s#%u", u->count,
			     inet_ntoa(u->came[0]->addr), u->came[0]->number);
	else if (u->num_gone)
		i = asprintf(&text, "%zu members, -%s#%u", u->count,
			     inet_ntoa(u->gone[0]->addr), u->gone[0]->number);
	if (text)
		line(m, text);
	pthread_mutex_unlock(&m->lock);
}

static void on_message(void *arg, struct pfsnl_group *group,
		       const struct pfsnl_group_message *msg)
{
	struct member *m = arg;
	char *text = NULL;
	bool leave;

	pthread_mutex_lock(&m->lock);
	if (!m->count)
		complain(m, "a message before the first change");
	if (msg->place <= m->last_place)
		complain(m, "a place that goes back");
	m->last_place = msg->place;
	if (!!msg->id != msg->sender->self)
		complain(m, "an id that is not its own, or none that is");
	if (msg->id && m->num_heard < MAX_SENT)
		m->heard[m->num_heard++] = msg->id;
	m->messages++;
	if (asprintf(&text, "%s#%u at %llu: %zu bytes, %08x%s",
		     inet_ntoa(msg->sender->addr), msg->sender->number,
		     (unsigned long long)msg->place, msg->len,
		     sum_of(msg->data, msg->len), msg->safe ? ", safe" : "") >
	    0)
		line(m, text);
	leave = m->leave_next;
	pthread_mutex_unlock(&m->lock);
	if (leave && pfsnl_group_leave(group, PFSNL_WAIT_DEFAULT))
		complain(m, "leaving in a call failed");
}

static void on_unknown(void *arg, struct pfsnl_group *group, uint64_t id)
{
	struct member *m = arg;

	(void)group;
	(void)id;
	pthread_mutex_lock(&m->lock);
	m->num_unknown++;
	pthread_mutex_unlock(&m->lock);
}

static void on_room(void *arg, struct pfsnl_group *group)
{
	struct member *m = arg;

	(void)group;
	pthread_mutex_lock(&m->lock);
	m->rooms++;
	pthread_mutex_unlock(&m->lock);
}

static void on_over(void *arg, struct pfsnl_group *group, uint32_t why)
{
	struct member *m = arg;

	(void)group;
	pthread_mutex_lock(&m->lock);
	if (m->over)
		complain(m, "it was over twice");
	m->over = true;
	m->why = why;
	pthread_mutex_unlock(&m->lock);
}

static const struct pfsnl_group_calls calls = {
	.size = sizeof(calls),
	.changed = on_changed,
	.message = on_message,
	.unknown = on_unknown,
	.room = on_room,
	.over = on_over,
};

static struct member members[3];

static void member_init(struct member *m)
{
	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
}

static void member_free(struct member *m)
{
	size_t i;

	pfsnl_group_close(m->group);
	m->group = NULL;
	for (i = 0; i < m->num_lines; i++)
		free(m->lines[i]);
	m->num_lines = 0;
}

static size_t member_get(struct member *m, const size_t *what)
{
	size_t value;

	pthread_mutex_lock(&m->lock);
	value = *what;
	pthread_mutex_unlock(&m->lock);
	if (m->complaint)
		fail_msg("a member got %s", m->complaint);
	return value;
}

/* Waits until the member `what` of one of them has this value. */
static void await_at(struct member *m, const size_t *what, size_t value,
		     const char *name)
{
	if (!wait_for(member_get(m, what) == value))
		fail_msg("%s is %zu, not %zu", name, member_get(m, what),
			 value);
}

static void await_count(struct member *m, size_t value)
{
	await_at(m, &m->count, value, "count");
}

static void await_messages(struct member *m, size_t value)
{
	await_at(m, &m->messages, value, "messages");
}

static void join(unsigned int i, const struct pfsnl_group_options *opt)
{
	assert_done(pfsnl_group_join(nodes[i].handle, "test", &calls,
				     &members[i], opt, &members[i].group));
}

/* One member on each of three nodes, with a thread each. */
static void join_all(void)
{
	unsigned int i;

	cluster_up(3);
	for (i = 0; i < 3; i++) {
		join(i, NULL);
		assert_done(pfsnl_group_thread(members[i].group));
	}
	for (i = 0; i < 3; i++)
		await_count(&members[i], 3);
}

/* Sends, waiting for room where there is none. */
static uint64_t say(struct member *m, size_t len, uint32_t seed,
		    unsigned int flags)
{
	unsigned char *data = malloc(len + 1);
	unsigned int rooms;
	uint64_t id = 0;
	size_t i;
	int err;

	assert_non_null(data);
	for (i = 0; i < len; i++)
		data[i] = byte_at(seed, i);
	for (;;) {
		pthread_mutex_lock(&m->lock);
		rooms = m->rooms;
		pthread_mutex_unlock(&m->lock);
		err = pfsnl_group_send(m->group, data, len, flags, &id);
		if (err != -EAGAIN)
			break;
		assert_true(wait_for(__atomic_load_n(&m->rooms,
						     __ATOMIC_RELAXED) != rooms));
	}
	free(data);
	assert_done(err);
	assert_true(id > 0);
	return id;
}

/* All have the same lines, from where the last one came in. */
static void assert_same(void)
{
	size_t from[3], i, k, n = members[2].num_lines;

	for (i = 0; i < 3; i++) {
		assert_null(members[i].complaint);
		for (from[i] = 0; from[i] < members[i].num_lines; from[i]++)
			if (!strcmp(members[i].lines[from[i]],
				    members[2].lines[0]))
				break;
		assert_int_equal(members[i].num_lines - from[i], n);
		for (k = 0; k < n; k++)
			assert_string_equal(members[i].lines[from[i] + k],
					    members[2].lines[k]);
	}
}

static int begin(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		member_init(&members[i]);
	return 0;
}

static int end(void **state)
{
	size_t i;

	for (i = 0; i < 3; i++)
		member_free(&members[i]);
	return nodes_stop(state);
}

/* ---- tests ---------------------------------------------------------- */

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

#define group_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		group_test(test_sizes),
		group_test(test_too_long),
		group_test(test_order),
		group_test(test_lists),
		group_test(test_leave),
		group_test(test_leave_inside),
		group_test(test_killed),
		group_test(test_fork),
		group_test(test_loop),
		group_test(test_room),
		group_test(test_slow),
		group_test(test_window),
		group_test(test_keepalive),
		group_test(test_leader_lost),
		group_test(test_permission),
	};

	return cm_main(tests, nodes_open, nodes_close);
}
