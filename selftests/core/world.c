// SPDX-License-Identifier: GPL-2.0
/*
 * Everything together: making a world, letting time pass, and looking at it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "level0.h"
#include "world.h"

/**
 * struct world_rings - the list of each ring that was ever installed
 * @ring: which ring; free places have none
 * @list: its nodes and their incarnations, mixed
 * @by: who installed it first
 * @n: how many
 * @size: places, a power of two
 */
struct world_rings {
	struct {
		struct pfsnl_ring_id ring;
		u64 list;
		u32 by;
		bool used;
	} *at;
	u32 n;
	u32 size;
};

/**
 * world_new - a world without nodes
 * @seed: of chance; PFSNL_SEED in the environment is added to it
 */
struct world *world_new(u64 seed)
{
	struct world *w = sim_alloc(sizeof(*w));
	const char *more = getenv("PFSNL_SEED");

	w->seed = seed + (more ? strtoull(more, NULL, 0) : 0);
	w->trace = getenv("PFSNL_TRACE");
	sim_init(&w->sim, w->seed);
	/* a clock that stands at 0 hides mistakes */
	w->sim.now = 1000 * SIM_S;
	net_init(&w->net, &w->sim);
	w->rings = sim_alloc(sizeof(*w->rings));
	w->hearings = hearings_new();
	return w;
}

/**
 * world_free - end a world; nothing may remain
 * @w: the world
 */
void world_free(struct world *w)
{
	u32 i;

	for (i = 0; i < w->n; i++)
		node_exit(w->nodes[i]);
	for (i = 0; i < w->n_peers; i++)
		level0_kill(w->peers[i]);
	/* what is under way reaches nobody */
	while (w->net.packets)
		sim_step(&w->sim);
	net_exit(&w->net);
	for (i = 0; i < w->n; i++)
		free(w->nodes[i]);
	for (i = 0; i < w->n_peers; i++)
		level0_free(w->peers[i]);
	free(w->nodes);
	free(w->peers);
	free(w->rings->at);
	free(w->rings);
	if (w->hearings)
		hearings_free(w->hearings);
	sim_exit(&w->sim);
	free(w);
}

/**
 * world_say - print what happens, if asked for by PFSNL_TRACE
 * @w: the world
 * @host: to whom
 * @format: as printf
 */
void world_say(struct world *w, const struct host *host, const char *format, ...)
{
	u64 us = w->sim.now / SIM_US - 1000000000;
	va_list args;

	if (!w->trace)
		return;
	fprintf(stderr, "%6llu.%03llu %08x ", (unsigned long long)us / 1000,
		(unsigned long long)us % 1000, host->addr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * world_digest - something happened that makes this run what it is
 * @w: the world
 * @x: what
 */
void world_digest(struct world *w, u64 x)
{
	w->digest = sim_mix(w->digest ^ x ^ w->sim.now);
}

static void rings_grow(struct world_rings *r)
{
	struct world_rings old = *r;
	u32 i, place;

	r->size = old.size ? 2 * old.size : 64;
	r->at = sim_alloc(r->size * sizeof(*r->at));
	for (i = 0; i < old.size; i++) {
		if (!old.at[i].used)
			continue;
		place = sim_mix(old.at[i].ring.seq ^
				old.at[i].ring.incarnation) % r->size;
		while (r->at[place].used)
			place = (place + 1) % r->size;
		r->at[place] = old.at[i];
	}
	free(old.at);
}

static u64 list_of(const struct node *n)
{
	struct pfsnl_peer peer = {};
	u64 sum = 0;

	while (pfsnl_core_peer_next(n->core, peer.member.addr, &peer))
		sum ^= sim_mix(watch_mix(peer.member.addr) ^
			       peer.member.incarnation);
	return sum;
}

/* Two nodes that install the same ring have the same list. */
static void check_ring(struct world *w, const struct node *n)
{
	struct pfsnl_ring_id ring = node_state(n).ring;
	struct world_rings *r = w->rings;
	u64 list = list_of(n);
	u32 place;

	if (!ring.seq)
		return;
	if (2 * (r->n + 1) > r->size)
		rings_grow(r);
	place = sim_mix(ring.seq ^ ring.incarnation) % r->size;
	while (r->at[place].used && !ring_same(&r->at[place].ring, &ring))
		place = (place + 1) % r->size;
	if (r->at[place].used) {
		if (r->at[place].list != list)
			sim_violated("ring-identity",
				     "ring %llu of %08x is not the same at %08x and %08x",
				     (unsigned long long)ring.seq, ring.leader,
				     r->at[place].by, n->host.addr);
		return;
	}
	r->n++;
	r->at[place].used = true;
	r->at[place].ring = ring;
	r->at[place].list = list;
	r->at[place].by = n->host.addr;
}

/**
 * world_changed - a list, a role or a ring changed
 * @w: the world
 * @n: whose
 */
void world_changed(struct world *w, struct node *n)
{
	w->changes++;
	if (n->core)
		check_ring(w, n);
}

/**
 * world_node - make a node, or find one made before
 * @w: the world
 * @i: its number; decides its address
 */
struct node *world_node(struct world *w, u32 i)
{
	struct host *host = host_find(&w->net, WORLD_ADDR(i));
	struct node *n;

	if (host)
		return container_of(host, struct node, host);
	n = sim_alloc(sizeof(*n));
	node_init(n, w, WORLD_ADDR(i));
	w->nodes = sim_resize(w->nodes, (w->n + 1) * sizeof(*w->nodes));
	w->nodes[w->n++] = n;
	return n;
}

/**
 * world_nodes - make nodes number 0 to @n - 1
 * @w: the world
 * @n: how many
 */
void world_nodes(struct world *w, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		world_node(w, i);
}

/**
 * world_start - start all nodes that do not run, at once
 * @w: the world
 */
void world_start(struct world *w)
{
	u32 i;

	for (i = 0; i < w->n; i++)
		if (!w->nodes[i]->core)
			node_start(w->nodes[i]);
}

/**
 * world_run - let time pass
 * @w: the world
 * @time: nanoseconds
 */
void world_run(struct world *w, u64 time)
{
	u64 end = w->sim.now + time;

	while (sim_next(&w->sim) <= end)
		sim_step(&w->sim);
	w->sim.now = end;
}

/**
 * world_until - let time pass until something is so
 * @w: the world
 * @done: whether it is; asked when something changed
 * @arg: for @done
 * @limit: longest time, nanoseconds
 *
 * Return: whether it came to be so; the time is then when it did.
 */
bool world_until(struct world *w, bool (*done)(struct world *w, void *arg),
		 void *arg, u64 limit)
{
	u64 end = w->sim.now + limit, seen;

	for (;;) {
		seen = w->changes;
		if (done(w, arg))
			return true;
		while (seen == w->changes) {
			if (sim_next(&w->sim) > end) {
				w->sim.now = end;
				return false;
			}
			sim_step(&w->sim);
		}
	}
}

/**
 * world_leader - the one node that leads
 * @w: the world
 *
 * Return: the node, or NULL when none leads or several do.
 */
struct node *world_leader(struct world *w)
{
	struct node *leader = NULL;
	u32 i;

	for (i = 0; i < w->n; i++) {
		if (!node_runs(w->nodes[i]) ||
		    node_role(w->nodes[i]) != PFSNL_ROLE_LEADER)
			continue;
		if (leader)
			return NULL;
		leader = w->nodes[i];
	}
	return leader;
}

/* the one node that leads on the side of a node */
static struct node *leader_beside(struct world *w, const struct node *of)
{
	struct node *leader = NULL;
	u32 i;

	for (i = 0; i < w->n; i++) {
		struct node *n = w->nodes[i];

		if (!node_runs(n) || n->host.side != of->host.side ||
		    node_role(n) != PFSNL_ROLE_LEADER)
			continue;
		if (leader)
			return NULL;
		leader = n;
	}
	return leader;
}

/* all that should be in one list with a node, mixed */
static u64 sum_beside(struct world *w, const struct node *of)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < w->n; i++)
		if (node_runs(w->nodes[i]) &&
		    w->nodes[i]->host.side == of->host.side)
			sum ^= watch_mix(w->nodes[i]->host.addr);
	for (i = 0; i < w->n_peers; i++)
		if (w->peers[i]->host.state == HOST_ON &&
		    w->peers[i]->host.side == of->host.side)
			sum ^= watch_mix(w->peers[i]->host.addr);
	return sum;
}

/**
 * world_agrees - whether all nodes that run are one ring
 * @w: the world
 * @arg: not used, so that world_until() can ask this
 *
 * One leads, the others follow it, all are in the same ring, whose list has
 * exactly them and the level-0 peers that are on. In a world that is split this
 * is so on each side.
 */
bool world_agrees(struct world *w, void *arg)
{
	struct node *leader = NULL;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < w->n; i++) {
		struct node *n = w->nodes[i];

		if (!node_runs(n))
			continue;
		if (!leader || n->host.side != leader->host.side) {
			leader = leader_beside(w, n);
			if (!leader || leader->watch.ring.leader !=
				       leader->host.addr)
				return false;
			sum = sum_beside(w, n);
		}
		if (n != leader && node_role(n) != PFSNL_ROLE_CLIENT)
			return false;
		if (!ring_same(&n->watch.ring, &leader->watch.ring) ||
		    n->watch.sum != sum)
			return false;
	}
	return leader;
}

/**
 * world_split - let nodes and peers hear nothing of some others
 * @w: the world
 * @first_of_other_side: nodes from this number on are on the other side
 */
void world_split(struct world *w, u32 first_of_other_side)
{
	struct host *host;

	for (host = host_first(&w->net); host; host = host_next(host))
		host->side = host->addr >= WORLD_ADDR(first_of_other_side);
}

/**
 * world_cut - cut the link between two nodes, both ways
 * @w: the world
 * @a: a node
 * @b: another
 * @what: NET_*
 */
void world_cut(struct world *w, struct node *a, struct node *b, u32 what)
{
	net_cut(&w->net, a->host.addr, b->host.addr, what);
	net_cut(&w->net, b->host.addr, a->host.addr, what);
}
