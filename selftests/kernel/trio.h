/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Three nodes on one segment, as the library sees them: started, stopped, asked
 * for their list, and watched all the time.
 */
#ifndef PFSNL_TEST_TRIO_H
#define PFSNL_TEST_TRIO_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <pfsnl.h>

#define NODES 3
#define ALL_NODES ((1u << NODES) - 1)
#define INTERVAL_MS 20
#define DEAD 5
/* generous: a debug kernel on a loaded machine */
#define PATIENCE_MS 20000

/*
 * Addresses end with 1, 2, 3. A set of nodes is a number with a bit for each,
 * and one more for all that are none of ours.
 */
struct node {
	const char *netns;
	unsigned int inum;		/* of the namespace */
	struct pfsnl *ctl;		/* for requests */
	struct pfsnl *ear;		/* has the watch */
	struct pfsnl_settings settings;
	atomic_uint folded;		/* what the watch was told, folded */
	atomic_bool contradicted;	/* it was told what can't be */
};

static struct node nodes[NODES];

static int leader;	/* a node; found by cluster_is() */

/* What is not as it should be. */
static char why[512];

__attribute__((format(printf, 1, 2)))
static inline bool no(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return false;
}

static inline double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000.0 + t.tv_nsec / 1000000.0;
}

/* Waits for the expression while it takes that; gives its value. */
#define wait_for(expr) \
	({ \
		double end_ = now_ms() + PATIENCE_MS; \
		bool value_; \
		while (!(value_ = (expr)) && now_ms() < end_) \
			usleep(2000); \
		value_; \
	})

static inline unsigned int bit_of(struct in_addr addr)
{
	unsigned int host = ntohl(addr.s_addr) & 0xff;

	return host >= 1 && host <= NODES ? 1u << (host - 1) : 1u << NODES;
}

static inline void watched(void *arg, const struct pfsnl_update *update)
{
	struct node *node = arg;
	unsigned int set = node->folded;
	size_t i;

	for (i = 0; i < update->count; i++) {
		unsigned int bit = bit_of(update->addrs[i]);

		if (!(set & bit) != update->adding)
			node->contradicted = true;
		set ^= bit;
	}
	node->folded = set;
}

/* The list as a request sees it, and who leads. Return: 0 or -errno. */
static inline int list_get(struct pfsnl *handle, unsigned int *set, unsigned int *lead)
{
	const struct pfsnl_peer *peer;
	struct pfsnl_peers *peers;
	size_t i;
	int err;

	*set = 0;
	*lead = 0;
	err = pfsnl_peers_get(handle, &peers);
	if (err)
		return err;
	for (i = 0; (peer = pfsnl_peers_at(peers, i)); i++) {
		*set |= bit_of(peer->addr);
		if (peer->leader)
			*lead |= bit_of(peer->addr);
	}
	pfsnl_peers_free(peers);
	return 0;
}

static inline bool node_is_right(int i, unsigned int wanted, unsigned int *lead)
{
	bool up = wanted & (1u << i);
	unsigned int set, its_lead;
	int err;

	err = list_get(nodes[i].ctl, &set, &its_lead);
	if (up && err)
		return no("node %d is not up: %s", i + 1, pfsnl_errmsg());
	if (!up && err != -ENETDOWN)
		return no("node %d is not down: %s", i + 1,
			  err ? pfsnl_errmsg() : "it has a list");
	if (nodes[i].contradicted)
		return no("the watch of node %d was told what can't be", i + 1);
	if (nodes[i].folded != (up ? wanted : 0))
		return no("the watch of node %d folds to %#x, not %#x", i + 1,
			  nodes[i].folded, up ? wanted : 0);
	if (!up)
		return true;
	if (set != wanted)
		return no("the list of node %d is %#x, not %#x", i + 1, set,
			  wanted);
	if (!its_lead || (*lead && its_lead != *lead))
		return no("the leader of node %d is %#x, of others %#x", i + 1,
			  its_lead, *lead);
	*lead = its_lead;
	return true;
}

/* Whether exactly these nodes are up, and in one cluster. */
static inline bool cluster_is(unsigned int wanted)
{
	unsigned int lead = 0;
	int i;

	for (i = 0; i < NODES; i++)
		if (!node_is_right(i, wanted, &lead))
			return false;
	leader = ffs(lead) - 1;
	return true;
}

/* Whatever is up now, let it be exactly these. */
static inline bool cluster_make(unsigned int wanted)
{
	int i, err;

	for (i = 0; i < NODES; i++) {
		if (wanted & (1u << i)) {
			err = pfsnl_start(nodes[i].ctl, &nodes[i].settings);
			if (err == -EALREADY)
				err = 0;
		} else {
			err = pfsnl_stop(nodes[i].ctl, PFSNL_WAIT_DEFAULT);
			if (err == -ENETDOWN)
				err = 0;
		}
		if (err)
			return no("node %d: %s", i + 1, pfsnl_errmsg());
	}
	return wait_for(cluster_is(wanted));
}

/* The namespaces of these names; all watches are there from now on. */
static inline bool nodes_open(char **names)
{
	char path[256];
	struct stat st;
	int i;

	for (i = 0; i < NODES; i++) {
		struct node *node = &nodes[i];
		struct pfsnl_settings *s = &node->settings;

		node->netns = names[i];
		snprintf(path, sizeof(path), "/run/netns/%s", names[i]);
		if (stat(path, &st))
			return no("%s: %s", path, strerror(errno));
		node->inum = st.st_ino;
		pfsnl_settings_init(s);
		s->present = PFSNL_HAS_IFINDEX | PFSNL_HAS_INTERVAL |
			     PFSNL_HAS_DEAD;
		s->interval = INTERVAL_MS;
		s->dead = DEAD;
		if (pfsnl_open_netns(&node->ctl, names[i]) ||
		    pfsnl_open_netns(&node->ear, names[i]) ||
		    pfsnl_ifindex(node->ctl, "eth0", &s->ifindex) ||
		    pfsnl_watch_add(node->ear, watched, node))
			return no("%s", pfsnl_errmsg());
	}
	return true;
}

/* The counter of a node, 0 if it can't be read. */
static inline uint64_t counter(int node, const char *name)
{
	const struct pfsnl_stat *stat;
	struct pfsnl_stats *stats;
	uint64_t value = 0;
	size_t i;

	if (pfsnl_stats_get(nodes[node].ctl, &stats))
		return 0;
	for (i = 0; (stat = pfsnl_stats_at(stats, i)); i++)
		if (!strcmp(stat->name, name))
			value = stat->value;
	pfsnl_stats_free(stats);
	return value;
}

#endif
