// SPDX-License-Identifier: GPL-2.0
/* The invariants, and what is counted. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "story.h"

struct sums sums;

/* ---- rings ---------------------------------------------------------- */

/**
 * struct known - a ring that somebody installed
 * @ring: its name; seq 0: none
 * @who: its nodes
 * @by: who was the first
 */
struct known {
	struct pfsnl_ring ring;
	struct set who;
	int by;
};

static struct known *known;
static size_t known_size, known_count;

static int number_of(struct in_addr addr)
{
	uint32_t i = ntohl(addr.s_addr) - NODE_ADDR(0);

	return i && i <= (uint32_t)node_count ? (int)i : 0;
}

static bool ring_same(const struct pfsnl_ring *a, const struct pfsnl_ring *b)
{
	return a->seq == b->seq && a->incarnation == b->incarnation &&
	       a->leader.s_addr == b->leader.s_addr;
}

static struct known *known_place(const struct pfsnl_ring *ring)
{
	size_t i = (ring->seq * 0x9e3779b97f4a7c15 ^ ring->incarnation) %
		   known_size;

	while (known[i].ring.seq && !ring_same(&known[i].ring, ring))
		i = (i + 1) % known_size;
	return &known[i];
}

static void known_grow(void)
{
	struct known *old = known;
	size_t size = known_size, i;

	known_size = size ? 2 * size : 1024;
	known = calloc(known_size, sizeof(*known));
	if (!known)
		die("out of memory");
	for (i = 0; i < size; i++)
		if (old[i].ring.seq)
			*known_place(&old[i].ring) = old[i];
	free(old);
}

/* The same ring has the same nodes wherever it is installed. */
static void check_identity(const struct node *n, const struct pfsnl_ring *ring,
			   const struct set *who)
{
	struct known *k;

	if (2 * (known_count + 1) > known_size)
		known_grow();
	k = known_place(ring);
	if (!k->ring.seq) {
		*k = (struct known){ *ring, *who, n->number };
		known_count++;
		sums.distinct++;
		return;
	}
	if (set_same(&k->who, who))
		return;
	tell(k->by, "has in ring %llu of n%d: %s", (unsigned long long)ring->seq,
	     number_of(ring->leader), set_text(&k->who));
	tell(n->number, "has in ring %llu of n%d: %s",
	     (unsigned long long)ring->seq, number_of(ring->leader),
	     set_text(who));
	violated("ring-identity", "ring %llu of n%d is not the same at n%d and n%d",
		 (unsigned long long)ring->seq, number_of(ring->leader), k->by,
		 n->number);
}

static void check_grows(struct node *n, const struct pfsnl_ring *ring)
{
	if (ring->seq < n->ring.seq ||
	    (ring->seq == n->ring.seq && !ring_same(ring, &n->ring)))
		violated("seq-grows", "n%d is told of ring %llu of n%d after ring %llu of n%d",
			 n->number, (unsigned long long)ring->seq,
			 number_of(ring->leader),
			 (unsigned long long)n->ring.seq,
			 number_of(n->ring.leader));
}

/* ---- false removals ------------------------------------------------- */

static uint32_t loss;
static uint64_t loss_over;

void judge_touch(struct node *n, uint64_t until)
{
	if (n->touched < until)
		n->touched = until;
}

void judge_touch_links(struct node *n, uint64_t until)
{
	judge_touch(n, until);
	if (n->cut < until)
		n->cut = until;
}

void judge_touch_all(uint64_t until)
{
	struct node *n;

	for_each_node(n)
		judge_touch_links(n, until);
}

void judge_loss(uint32_t part)
{
	if (loss && !part)
		loss_over = now_us() + 2000ULL * node_dead * node_interval;
	loss = part;
}

/*
 * How often loss alone makes a node look silent, for each of two that watch
 * each other, in one interval: the last beacon came, none of the next dead - 1
 * did, the one after that did not or was too late, and the question or its
 * answer got lost too. See Documentation/simulator.rst.
 */
void judge_lossy_time(uint64_t us)
{
	double p = loss / 1e6, q = 1 - p, rate = q;
	struct node *n;
	uint32_t i;

	for (i = 1; i < node_dead; i++)
		rate *= p;
	rate *= (p + q / 2) * (1 - q * q);
	for_each_node(n)
		if (n->power == POWER_ON && n->role == PFSNL_ROLE_CLIENT)
			sums.predicted += 2 * rate * us /
					  (1000.0 * node_interval);
}

/*
 * The node @gone is alive, and was taken out of the list of @n. That may be due
 * to what befell these two, or the links of those who lead them: the one before
 * is still in n->ring. That a leader dies is no reason to lose anybody else.
 */
static void check_removal(const struct node *n, const struct node *gone,
			  int leader, uint32_t why)
{
	int before = number_of(n->ring.leader);
	uint64_t now = now_us();

	if (gone->power != POWER_ON || n->power != POWER_ON || gone == n)
		return;
	if (loss || now < loss_over) {
		/* once for each ring, by who made it */
		if (leader == n->number)
			sums.removed++;
		return;
	}
	if (now < gone->touched || now < n->touched ||
	    now < nodes[leader].cut || now < nodes[before].cut)
		return;
	violated("false-removal", "n%d lost n%d (%s), and no fault touches these two nor the links of their leaders n%d, n%d",
		 n->number, gone->number, pfsnl_why_name(why) ?: "?", before,
		 leader);
}

/* ---- what is told --------------------------------------------------- */

static void check_why(const struct node *n, const struct node *other,
		      bool adding, uint32_t why)
{
	bool comes = why == PFSNL_WHY_JOINED || why == PFSNL_WHY_MERGED;

	if (comes != adding)
		violated("why", "n%d is told that n%d %s because it %s", n->number,
			 other->number, adding ? "comes" : "goes",
			 pfsnl_why_name(why) ?: "?");
	if (why == PFSNL_WHY_LEFT &&
	    (!other->farewell || now_us() - other->farewell > 120000000))
		violated("why", "n%d is told that n%d left, which never said goodbye",
			 n->number, other->number);
}

static void fold(struct node *n, struct set *list, bool adding,
		 struct in_addr addr, const char *teller)
{
	int i = number_of(addr);

	if (!i)
		violated("updates-fold", "n%d is told by %s of %s, whom nobody knows",
			 n->number, teller, inet_ntoa(addr));
	if (set_has(list, i) == adding)
		violated("updates-fold", "n%d is told by %s that n%d is %s, which is %s its list",
			 n->number, teller, i, adding ? "added" : "removed",
			 adding ? "in" : "not in");
	if (adding)
		set_add(list, i);
	else
		set_remove(list, i);
}

static void on_update(struct node *n, const struct pfsnl_update *u)
{
	struct set who = {};
	size_t i;

	sums.updates++;
	if (u->instance != n->life)
		violated("updates-fold", "n%d is told of an update of another life",
			 n->number);
	if (u->generation != n->generation + 1)
		violated("updates-fold", "n%d is told of update %llu after %llu",
			 n->number, (unsigned long long)u->generation,
			 (unsigned long long)n->generation);
	n->generation = u->generation;
	if (!u->count)
		violated("updates-fold", "n%d is told of nobody", n->number);
	for (i = 0; i < u->count; i++) {
		if (i && ntohl(u->addrs[i].s_addr) <=
			 ntohl(u->addrs[i - 1].s_addr))
			violated("updates-fold", "n%d is told of nodes in disorder",
				 n->number);
		fold(n, &n->list, u->adding, u->addrs[i], "an update");
		set_add(&who, number_of(u->addrs[i]));
		check_why(n, &nodes[number_of(u->addrs[i])], u->adding,
			  u->why[i]);
	}
	tell(n->number, "%s %s %s%s (ring %llu of n%d)", u->adding ? "+" : "-",
	     set_text(&who), pfsnl_why_name(u->why[0]) ?: "?",
	     u->count > 1 ? " ..." : "", (unsigned long long)u->ring.seq,
	     number_of(u->ring.leader));
	check_grows(n, &u->ring);
	n->updates++;
	n->adds += u->adding;
	for (i = 0; i < u->count; i++) {
		int other = number_of(u->addrs[i]);

		set_add(u->adding ? &n->come : &n->gone, other);
		if (!u->adding)
			check_removal(n, &nodes[other],
				      number_of(u->ring.leader), u->why[i]);
	}
}

static void on_ring(struct node *n, const struct pfsnl_ring_update *u)
{
	struct set who = {};
	size_t i;

	if (u->instance != n->life || u->generation != n->generation)
		violated("updates-fold", "n%d is told of ring %llu at update %llu, the last was %llu",
			 n->number, (unsigned long long)u->ring.seq,
			 (unsigned long long)u->generation,
			 (unsigned long long)n->generation);
	check_grows(n, &u->ring);
	if (!ring_same(&u->ring, &n->ring)) {
		n->rings++;
		sums.rings++;
	}
	n->ring = u->ring;
	for (i = 0; i < u->count; i++)
		set_add(&who, number_of(u->addrs[i]));
	tell(n->number, "ring %llu of n%d: %s", (unsigned long long)u->ring.seq,
	     number_of(u->ring.leader), set_text(&who));
	if (!set_same(&who, &n->list))
		violated("updates-fold", "n%d: the updates do not lead to ring %llu, but to %s",
			 n->number, (unsigned long long)u->ring.seq,
			 set_text(&n->list));
	check_identity(n, &u->ring, &who);
}

static void ends(struct node *n)
{
	n->life = 0;
	n->role = PFSNL_ROLE_DOWN;
	n->generation = 0;
	memset(&n->ring, 0, sizeof(n->ring));
	memset(&n->list, 0, sizeof(n->list));
}

static void on_state(struct node *n, const struct pfsnl_instance *s)
{
	if (s->role != n->role) {
		tell(n->number, "is %s", pfsnl_role_name(s->role));
		n->leads += s->role == PFSNL_ROLE_LEADER;
	}
	if (s->role == PFSNL_ROLE_DOWN) {
		ends(n);
		return;
	}
	if (s->incarnation != n->life) {
		if (n->life)
			violated("updates-fold", "n%d begins a life and did not end the last",
				 n->number);
		n->life = s->incarnation;
	}
	n->role = s->role;
	if (s->generation != n->generation ||
	    s->peers != (uint32_t)set_count(&n->list))
		violated("updates-fold", "n%d has %u nodes at update %llu, but the updates told lead to %d at %llu",
			 n->number, s->peers, (unsigned long long)s->generation,
			 set_count(&n->list), (unsigned long long)n->generation);
	check_grows(n, &s->ring);
}

void judge_event(void *arg, const struct pfsnl_event *event)
{
	struct node *n = arg;

	switch (event->type) {
	case PFSNL_EVENT_UPDATE:
		on_update(n, event->update);
		break;
	case PFSNL_EVENT_RING:
		on_ring(n, event->ring);
		break;
	case PFSNL_EVENT_STATE:
		on_state(n, event->state);
		break;
	case PFSNL_EVENT_LOST:
		violated("nothing-lost", "events of n%d were lost", n->number);
	default:
		break;
	}
}

void judge_watch(void *arg, const struct pfsnl_update *u)
{
	struct node *n = arg;
	size_t i;

	for (i = 0; i < u->count; i++)
		fold(n, &n->watched, u->adding, u->addrs[i], "its watch");
}

/* ---- what is asked for ---------------------------------------------- */

/* In a cluster of nothing but good nodes these count nothing. */
static void check_counters(struct node *n)
{
	static const char * const never[] = {
		"beacon-malformed", "beacon-foreign", "beacon-spoofed",
		"beacon-rx-level0", "beacon-hung", "beacon-no-room",
		"beacon-tx-late", "pauses", "frame-malformed", "frame-unknown",
		"level0-bytes", "drop-malformed", "no-memory", "event-failed",
	};
	struct pfsnl_stats *stats;
	size_t i, k;

	if (pfsnl_stats_get(n->requests, &stats))
		die("n%d: %s", n->number, pfsnl_errmsg());
	for (i = 0; i < pfsnl_stats_count(stats); i++) {
		const struct pfsnl_stat *s = pfsnl_stats_at(stats, i);

		for (k = 0; k < sizeof(never) / sizeof(*never); k++)
			if (s->value && !strcmp(s->name, never[k]))
				violated("counters", "n%d counted %s %llu times",
					 n->number, s->name,
					 (unsigned long long)s->value);
	}
	pfsnl_stats_free(stats);
}

unsigned long judge_silences(void)
{
	struct pfsnl_stats *stats;
	unsigned long sum = 0;
	struct node *n;
	size_t i;

	for_each_node(n) {
		if (n->power != POWER_ON)
			continue;
		if (pfsnl_stats_get(n->requests, &stats))
			die("n%d: %s", n->number, pfsnl_errmsg());
		for (i = 0; i < pfsnl_stats_count(stats); i++) {
			const struct pfsnl_stat *s = pfsnl_stats_at(stats, i);

			if (!strcmp(s->name, "drop-silent") ||
			    !strcmp(s->name, "leader-lost"))
				sum += s->value;
		}
		pfsnl_stats_free(stats);
	}
	return sum;
}

void judge_life_ends(struct node *n)
{
	if (n->power == POWER_ON)
		check_counters(n);
}

void judge_off(struct node *n)
{
	ends(n);
	memset(&n->watched, 0, sizeof(n->watched));
}

static void compare(struct node *n, const struct pfsnl_peers *peers)
{
	struct set who = {};
	int selves = 0;
	size_t i;

	for (i = 0; i < pfsnl_peers_count(peers); i++) {
		const struct pfsnl_peer *p = pfsnl_peers_at(peers, i);
		int other = number_of(p->addr);
		bool self = other == n->number;
		bool leads = p->addr.s_addr == n->ring.leader.s_addr;

		set_add(&who, other);
		selves += p->self;
		if (p->self != self || p->leader != leads)
			violated("lists", "n%d: n%d stands wrongly in its list",
				 n->number, other);
		if (p->self && p->incarnation != n->life)
			violated("lists", "n%d has itself of another life in its list",
				 n->number);
	}
	if (!set_same(&who, &n->list)) {
		tell(n->number, "was told of: %s", set_text(&n->list));
		violated("lists", "n%d was told of other nodes than it has: %s",
			 n->number, set_text(&who));
	}
	if (!set_same(&n->watched, &n->list))
		violated("lists", "n%d: its watch folds to %s, not to its list",
			 n->number, set_text(&n->watched));
	if (pfsnl_peers_count(peers) && selves != 1)
		violated("lists", "n%d is %d times in its list", n->number,
			 selves);
	sums.lists++;
}

void judge_lists(void)
{
	struct pfsnl_peers *peers;
	struct node *n;
	int turn;

	for_each_node(n) {
		if (n->power != POWER_ON)
			continue;
		check_counters(n);
		for (turn = 0; turn < 10; turn++) {
			/* it may change between two looks, but not always */
			if (pfsnl_peers_get(n->requests, &peers) ||
			    pfsnl_dispatch(n->events))
				violated("lists", "n%d: %s", n->number,
					 pfsnl_errmsg());
			if (pfsnl_peers_generation(peers) == n->generation)
				break;
			pfsnl_peers_free(peers);
		}
		if (turn == 10)
			violated("lists", "the list of n%d does not become what it was told",
				 n->number);
		compare(n, peers);
		pfsnl_peers_free(peers);
	}
}

/* ---- who is there --------------------------------------------------- */

struct set nodes_on(void)
{
	struct set who = {};
	struct node *n;

	for_each_node(n)
		if (n->power == POWER_ON)
			set_add(&who, n->number);
	return who;
}

struct set nodes_side(int side)
{
	struct set who = {};
	struct node *n;

	for_each_node(n)
		if (n->power == POWER_ON && n->side == side)
			set_add(&who, n->number);
	return who;
}

bool can_lead(const struct set *who)
{
	struct node *n;

	for_each_node(n)
		if (set_has(who, n->number) && n->priority)
			return true;
	return false;
}

struct node *leader_of(const struct set *who)
{
	struct node *n;

	for_each_node(n)
		if (set_has(who, n->number) && n->role == PFSNL_ROLE_LEADER)
			return n;
	return NULL;
}

bool judge_agree(const struct set *who)
{
	struct node *leader = leader_of(who), *n;

	if (!leader || leader->ring.incarnation != leader->life ||
	    number_of(leader->ring.leader) != leader->number)
		return false;
	for_each_node(n) {
		if (!set_has(who, n->number))
			continue;
		if ((n != leader && n->role != PFSNL_ROLE_CLIENT) ||
		    !ring_same(&n->ring, &leader->ring) ||
		    !set_same(&n->list, who))
			return false;
	}
	return true;
}

void changes_forget(void)
{
	struct node *n;

	for_each_node(n) {
		n->updates = 0;
		n->adds = 0;
		n->rings = 0;
		n->leads = 0;
		memset(&n->gone, 0, sizeof(n->gone));
		memset(&n->come, 0, sizeof(n->come));
	}
}

void judge_describe(void)
{
	struct node *n;

	for_each_node(n) {
		if (n->power == POWER_OFF) {
			tell(n->number, "now: is off");
			continue;
		}
		tell(n->number, "now: %s, ring %llu of n%d, %d nodes",
		     pfsnl_role_name(n->role), (unsigned long long)n->ring.seq,
		     number_of(n->ring.leader), set_count(&n->list));
	}
}
