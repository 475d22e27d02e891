/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the programs that run against the module: nodes (network namespaces made
 * by with_nodes.sh) and models, which fold what a watch is told in the plainest
 * way and complain of whatever no watch may ever see.
 */
#ifndef PFSNL_TEST_VM_H
#define PFSNL_TEST_VM_H

#include "cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pfsnl.h>

#define MAX_NODES 16
#define MODEL_MAX 4096

/* Generous: the slowest vehicle is a debug kernel on a loaded machine. */
#define PATIENCE_MS 30000

#define assert_has(text, part) \
	do { \
		if (!strstr(text, part)) \
			fail_msg("\"%s\" lacks \"%s\"", text, part); \
	} while (0)

/* Fails with the text of the library. */
#define assert_done(expr) \
	do { \
		int done_ = (expr); \
		if (done_) \
			fail_msg("%s gave %d: %s", #expr, done_, \
				 pfsnl_errmsg()); \
	} while (0)

struct model {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct in_addr addrs[MODEL_MAX];
	size_t count;
	unsigned int updates;	/* the initial one included */
	unsigned int refreshes;
	uint64_t generation;
	uint8_t why;		/* of the last node of the last change */
	const char *complaint;	/* the first */
};

static inline void model_init(struct model *m)
{
	pthread_condattr_t attr;

	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->cond, &attr);
	pthread_condattr_destroy(&attr);
}

static inline bool model_find(const struct model *m, struct in_addr addr,
			      size_t *at)
{
	for (*at = 0; *at < m->count; (*at)++)
		if (m->addrs[*at].s_addr == addr.s_addr)
			return true;
	return false;
}

/* Reasons come with changes, fit what happened, and come with nothing else. */
static inline const char *model_why(struct model *m,
				    const struct pfsnl_update *u, size_t i)
{
	uint8_t why = u->why[i];

	if (u->reason != PFSNL_UPDATE_CHANGE)
		return why == PFSNL_WHY_UNKNOWN ? NULL :
		       "a reason that nobody can know";
	m->why = why;
	if (!pfsnl_why_name(why))
		return "a change without a reason";
	if (u->adding != (why == PFSNL_WHY_JOINED || why == PFSNL_WHY_MERGED))
		return "a reason that does not fit";
	return NULL;
}

static inline const char *model_fold(struct model *m,
				     const struct pfsnl_update *u)
{
	bool initial = u->reason == PFSNL_UPDATE_INITIAL;
	size_t i, at;

	if (initial != !m->updates)
		return "an initial update that is not the first, or none";
	if (initial && !u->adding)
		return "an initial update that removes";
	if (!initial && !u->count)
		return "an update of nobody";
	if (!u->addrs || !u->why)
		return "no addresses or reasons at all";
	if (u->instance && u->generation < m->generation &&
	    u->reason == PFSNL_UPDATE_CHANGE)
		return "a generation that goes back";
	m->generation = u->generation;
	for (i = 0; i < u->count; i++) {
		if (i && ntohl(u->addrs[i - 1].s_addr) >=
			 ntohl(u->addrs[i].s_addr))
			return "addresses out of order, or one twice";
		if (model_why(m, u, i))
			return model_why(m, u, i);
		if (u->adding) {
			if (model_find(m, u->addrs[i], &at))
				return "an add of a present node";
			if (m->count == MODEL_MAX)
				return "too many nodes";
			m->addrs[m->count++] = u->addrs[i];
		} else {
			if (!model_find(m, u->addrs[i], &at))
				return "a remove of an absent node";
			m->addrs[at] = m->addrs[--m->count];
		}
	}
	return NULL;
}

/* A pfsnl_watch_fn; the argument is the model. */
static inline void model_watch(void *arg, const struct pfsnl_update *u)
{
	struct model *m = arg;
	const char *complaint;

	pthread_mutex_lock(&m->lock);
	complaint = model_fold(m, u);
	if (complaint && !m->complaint)
		m->complaint = complaint;
	m->updates++;
	m->refreshes += u->reason == PFSNL_UPDATE_REFRESH;
	pthread_cond_broadcast(&m->cond);
	pthread_mutex_unlock(&m->lock);
}

static inline struct timespec deadline_in(unsigned int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

static inline bool past(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > t->tv_sec ||
	       (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

/* Waits for the expression while it isn't past the limit; gives its value. */
#define wait_for(expr) \
	({ \
		struct timespec limit_ = deadline_in(PATIENCE_MS); \
		bool value_; \
		while (!(value_ = (expr)) && !past(&limit_)) \
			usleep(1000); \
		value_; \
	})

static inline size_t model_count(struct model *m)
{
	size_t count;

	pthread_mutex_lock(&m->lock);
	count = m->updates ? m->count : (size_t)-1;
	pthread_mutex_unlock(&m->lock);
	return count;
}

/* Waits until the model, fed by another thread, has so many nodes. */
static inline void model_await(struct model *m, size_t count)
{
	struct timespec limit = deadline_in(PATIENCE_MS);
	size_t have;

	pthread_mutex_lock(&m->lock);
	while (!m->complaint && (!m->updates || m->count != count) &&
	       !pthread_cond_timedwait(&m->cond, &m->lock, &limit))
		;
	have = m->count;
	pthread_mutex_unlock(&m->lock);
	if (m->complaint)
		fail_msg("a watch got %s", m->complaint);
	if (have != count)
		fail_msg("the watch knows %zu nodes, not %zu", have, count);
}

/* Whether model and list are the same now. */
static inline bool model_is_list(struct model *m, struct pfsnl *handle)
{
	struct in_addr *addrs = NULL;
	size_t count = 0, i, at;
	bool is;
	int err;

	err = pfsnl_peer_addrs(handle, &addrs, &count);
	if (err && err != -ENETDOWN && err != -EPROTONOSUPPORT)
		return false;
	if (err)
		count = 0;
	pthread_mutex_lock(&m->lock);
	is = m->updates && m->count == count;
	for (i = 0; is && i < count; i++)
		is = model_find(m, addrs[i], &at);
	pthread_mutex_unlock(&m->lock);
	if (!err)
		free(addrs);
	return is;
}

/* ---- rings ---------------------------------------------------------- */

/*
 * What a ring watch was told. With `list`, that is the model of a watch of the
 * same handle, which must be told first.
 */
struct rings {
	pthread_mutex_t lock;
	struct model *list;
	struct pfsnl_ring_update last;	/* without addrs */
	unsigned int updates;
	unsigned int refreshes;
	unsigned int quorate;	/* so often it began */
	const char *complaint;	/* the first */
};

static inline void rings_init(struct rings *r, struct model *list)
{
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	r->list = list;
}

static inline const char *rings_check(const struct rings *r,
				      const struct pfsnl_ring_update *u)
{
	const struct pfsnl_ring_update *l = &r->last;
	bool initial = u->reason == PFSNL_UPDATE_INITIAL;
	size_t i, at;

	if (initial != !r->updates)
		return "an initial ring that is not the first, or none";
	if (!u->addrs)
		return "no addresses at all";
	if (!u->ring.seq && u->count)
		return "nodes without a ring";
	if (!u->instance && (u->ring.seq || u->generation))
		return "a ring without an instance";
	if (r->updates && u->instance == l->instance) {
		if (u->ring.seq < l->ring.seq || u->generation < l->generation)
			return "a ring that was replaced already";
		if (u->ring.seq == l->ring.seq && u->quorate == l->quorate &&
		    u->votes == l->votes && u->count == l->count &&
		    u->expected_votes == l->expected_votes)
			return "the same ring again";
	}
	if (u->quorate && 2 * u->votes <= u->expected_votes)
		return "a quorate ring without a majority";
	for (i = 1; i < u->count; i++)
		if (ntohl(u->addrs[i - 1].s_addr) >= ntohl(u->addrs[i].s_addr))
			return "nodes out of order, or one twice";
	if (!r->list)
		return NULL;
	if (r->list->count != u->count)
		return "another number of nodes than the watch";
	for (i = 0; i < u->count; i++)
		if (!model_find(r->list, u->addrs[i], &at))
			return "other nodes than the watch";
	return NULL;
}

/* A pfsnl_ring_watch_fn; the argument is struct rings. */
static inline void rings_watch(void *arg, const struct pfsnl_ring_update *u)
{
	struct rings *r = arg;
	const char *complaint;

	pthread_mutex_lock(&r->lock);
	complaint = rings_check(r, u);
	if (complaint && !r->complaint)
		r->complaint = complaint;
	r->updates++;
	r->refreshes += u->reason == PFSNL_UPDATE_REFRESH;
	r->quorate += u->quorate && !r->last.quorate;
	memcpy(&r->last, u, sizeof(r->last));
	r->last.addrs = NULL;
	pthread_mutex_unlock(&r->lock);
}

static inline struct pfsnl_ring_update rings_last(struct rings *r)
{
	struct pfsnl_ring_update last;

	pthread_mutex_lock(&r->lock);
	last = r->last;
	if (r->complaint)
		fail_msg("a ring watch got %s", r->complaint);
	pthread_mutex_unlock(&r->lock);
	return last;
}

/* Whether the ring watch knows what the kernel says now. */
static inline bool rings_current(struct rings *r, struct pfsnl *handle)
{
	struct pfsnl_ring_update last = rings_last(r);
	struct pfsnl_instance *instance;
	bool told, is;

	pthread_mutex_lock(&r->lock);
	told = r->updates;
	pthread_mutex_unlock(&r->lock);
	if (!told)
		return false;
	if (pfsnl_instance_get(handle, &instance))
		return !last.instance && !last.count;
	is = last.instance == instance->incarnation &&
	     last.ring.seq == instance->ring.seq &&
	     last.ring.leader.s_addr == instance->ring.leader.s_addr &&
	     last.ring.incarnation == instance->ring.incarnation &&
	     last.generation == instance->generation &&
	     last.count == instance->peers &&
	     last.quorate == instance->quorate &&
	     last.votes == instance->votes &&
	     last.expected_votes == instance->expected_votes;
	pfsnl_instance_free(instance);
	return is;
}

/* ---- nodes ---------------------------------------------------------- */

struct node {
	char netns[64];
	struct pfsnl *handle;
};

static struct node nodes[MAX_NODES];
static unsigned int num_nodes;

/* Opens a handle on each node; a cmocka setup function. */
static inline int nodes_open(void **state)
{
	const char *names = getenv("PFSNL_NODES");
	int used;

	(void)state;
	for (num_nodes = 0; names && num_nodes < MAX_NODES; num_nodes++) {
		struct node *node = &nodes[num_nodes];

		if (sscanf(names, "%63s%n", node->netns, &used) != 1)
			break;
		names += used;
		if (pfsnl_open_netns(&node->handle, node->netns)) {
			fprintf(stderr, "# %s\n", pfsnl_errmsg());
			return -1;
		}
	}
	if (num_nodes >= 3)
		return 0;
	fprintf(stderr, "# run me by with_nodes.sh, with 3 nodes or more\n");
	return -1;
}

static inline int node_start(struct node *node)
{
	struct pfsnl_settings settings;
	int err;

	pfsnl_settings_init(&settings);
	err = pfsnl_ifindex(node->handle, "eth0", &settings.ifindex);
	if (err)
		return err;
	settings.present = PFSNL_HAS_IFINDEX;
	return pfsnl_start(node->handle, &settings);
}

static inline int node_stop(struct node *node)
{
	int err = pfsnl_stop(node->handle, PFSNL_WAIT_DEFAULT);

	return err == -ENETDOWN ? 0 : err;
}

/* Stops whatever runs; a cmocka teardown function. */
static inline int nodes_stop(void **state)
{
	unsigned int i;
	int err = 0;

	(void)state;
	for (i = 0; i < num_nodes; i++)
		if (node_stop(&nodes[i])) {
			fprintf(stderr, "# %s: %s\n", nodes[i].netns,
				pfsnl_errmsg());
			err = -1;
		}
	return err;
}

static inline int nodes_close(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < num_nodes; i++) {
		pfsnl_close(nodes[i].handle);
		nodes[i].handle = NULL;
	}
	return 0;
}

static inline size_t node_peers(struct node *node)
{
	struct pfsnl_peers *peers;
	size_t count;

	if (pfsnl_peers_get(node->handle, &peers))
		return 0;
	count = pfsnl_peers_count(peers);
	pfsnl_peers_free(peers);
	return count;
}

/* Starts the first `count` nodes and waits until each sees all. */
static inline void cluster_up(unsigned int count)
{
	unsigned int i;

	assert_true(count <= num_nodes);
	for (i = 0; i < count; i++)
		assert_done(node_start(&nodes[i]));
	for (i = 0; i < count; i++)
		assert_true(wait_for(node_peers(&nodes[i]) == count));
}

static inline uint64_t node_generation(struct node *node)
{
	struct pfsnl_instance *instance;
	uint64_t generation;

	if (pfsnl_instance_get(node->handle, &instance))
		return 0;
	generation = instance->generation;
	pfsnl_instance_free(instance);
	return generation;
}

#endif
