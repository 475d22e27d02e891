/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the programs about groups of processes: members on three nodes, each with a
 * record of all that it was told, by which they are compared.
 */
#ifndef PFSNL_TEST_VM_GROUP_H
#define PFSNL_TEST_VM_GROUP_H

#include "vm.h"

#include <stdlib.h>

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

static inline void complain(struct member *m, const char *text)
{
	if (!m->complaint)
		m->complaint = text;
}

static inline void line(struct member *m, char *text)
{
	if (m->num_lines < MAX_LINES)
		m->lines[m->num_lines++] = text;
	else
		free(text);
}

/* Bytes that tell what they should be. */
static inline unsigned char byte_at(uint32_t seed, size_t i)
{
	return (unsigned char)(seed * 31 + i * 7 + i / 251);
}

static inline uint32_t sum_of(const unsigned char *data, size_t len)
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

static inline void member_init(struct member *m)
{
	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
}

static inline void member_free(struct member *m)
{
	size_t i;

	pfsnl_group_close(m->group);
	m->group = NULL;
	for (i = 0; i < m->num_lines; i++)
		free(m->lines[i]);
	m->num_lines = 0;
}

static inline size_t member_get(struct member *m, const size_t *what)
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
static inline void await_at(struct member *m, const size_t *what, size_t value,
			    const char *name)
{
	if (!wait_for(member_get(m, what) == value))
		fail_msg("%s is %zu, not %zu", name, member_get(m, what),
			 value);
}

static inline void await_count(struct member *m, size_t value)
{
	await_at(m, &m->count, value, "count");
}

static inline void await_messages(struct member *m, size_t value)
{
	await_at(m, &m->messages, value, "messages");
}

static inline void join(unsigned int i, const struct pfsnl_group_options *opt)
{
	assert_done(pfsnl_group_join(nodes[i].handle, "test", &calls,
				     &members[i], opt, &members[i].group));
}

/* One member on each of three nodes, with a thread each. */
static inline void join_all(void)
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
static inline uint64_t say(struct member *m, size_t len, uint32_t seed,
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
static inline void assert_same(void)
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

static inline int begin(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		member_init(&members[i]);
	return 0;
}

static inline int end(void **state)
{
	size_t i;

	for (i = 0; i < 3; i++)
		member_free(&members[i]);
	return nodes_stop(state);
}

#define group_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

#endif /* PFSNL_TEST_VM_GROUP_H */
