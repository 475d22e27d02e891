// SPDX-License-Identifier: GPL-2.0
/*
 * The run that is under way: time passes, nodes say something, and what all of them are.
 */
#include <linux/minmax.h>

#include "judge.h"
#include "keep.h"
#include "run.h"

/* somebody speaks up once in so many slices of time */
#define SILENCE		400

/* A process joins a group, leaves it, or says something to it. */
static void act(struct run *r, struct node *n, u16 flags, u32 len)
{
	static const char * const names[] = { "a", "b", "longer name" };
	struct process *p = process_of(n, draw(r, 4));

	if (!p && draw(r, 2))
		process_join(n, names[draw(r, ARRAY_SIZE(names))]);
	else if (p && !draw(r, 12))
		process_leave(p, PFSNL_GROUP_WHY_LEFT + draw(r, 5));
	else if (p && !process_send(p, flags, len))
		r->totals->messages++;
}

/* A service of a node says an operation, or there is one less, or more. */
static void operate(struct run *r, struct node *n, u16 flags, u32 len)
{
	u16 id = r->keeps ? SERVICES : 1 + draw(r, SERVICES);
	struct replica *s = replica_of(n, id);

	/* each is another ring */
	if (!s || (r->stormy && !draw(r, 100))) {
		if (s)
			replica_remove(s);
		else if (r->stormy)
			replica_add(n, id);
		return;
	}
	/* pieces small and large, all at once and one by one */
	s->lazy = !draw(r, 8);
	s->chunk = s->lazy ? 64 : 1 + draw(r, 32);
	s->filler = draw(r, 4) ? 0 : draw(r, 2000);
	if (!replica_say(s, flags, len))
		r->totals->messages++;
}

/**
 * run_talk - some say something, all at once
 * @r: the run
 *
 * If one can't, what he says is lost nowhere.
 */
void run_talk(struct run *r)
{
	u32 times;

	if (!r->talk || r->quiet)
		return;
	for (times = 1 + draw(r, r->talk); times; times--) {
		struct node *n = r->w->nodes[draw(r, r->w->n)];
		u32 len = draw(r, 16) ? draw(r, 200) : draw(r, r->longest);
		u16 flags = draw(r, 3) ? 0 : PFSNL_MSG_SAFE;

		if (!n->core || n->host.state != HOST_ON)
			continue;
		if (r->keeps && draw(r, 4))
			keep_act(r, n, flags);
		else if (r->services && draw(r, 2))
			operate(r, n, flags, min(len, r->longest - 64));
		else if (r->groups && draw(r, 2))
			act(r, n, flags, min(len, r->longest - PFSNL_GROUP_HEAD));
		else if (!node_send(n, flags, len))
			r->totals->messages++;
	}
}

/**
 * run_pass - let time pass, but not unwatched
 * @r: the run
 * @time: how much, nanoseconds
 */
void run_pass(struct run *r, u64 time)
{
	struct world *w = r->w;
	u64 end = w->sim.now + time;

	while (w->sim.now < end) {
		world_run(w, min(SLICE, end - w->sim.now));
		fault_go_on(r);
		if (!draw(r, SILENCE))
			run_talk(r);
		if (w->sim.now < r->sweep_at)
			continue;
		r->sweep_at = w->sim.now + 4 * SLICE;
		judge_sweep(w);
		keep_look(r);
	}
}

/**
 * run_is_peer - whether an address is that of a level-0 peer
 * @r: the run
 * @addr: the address
 */
bool run_is_peer(const struct run *r, u32 addr)
{
	return addr >= WORLD_ADDR(200) && addr < WORLD_ADDR(200 + PEERS_MAX);
}

/**
 * run_agrees - whether all that run are one ring; level-0 peers may be in it or not
 * @r: the run
 */
bool run_agrees(const struct run *r)
{
	struct node *leader = world_leader(r->w);
	u32 i, k, runs = 0;

	if (!leader)
		return false;
	for (i = 0; i < r->w->n; i++) {
		const struct node *n = r->w->nodes[i];

		if (!node_runs(n))
			continue;
		runs++;
		if ((n != leader && node_role(n) != PFSNL_ROLE_CLIENT) ||
		    !ring_same(&n->watch.ring, &leader->watch.ring) ||
		    !watch_has(&leader->watch, n->host.addr))
			return false;
	}
	for (i = 0, k = 0; i < leader->watch.n; i++)
		k += !run_is_peer(r, leader->watch.addrs[i]);
	return leader->watch.ring.leader == leader->host.addr && k == runs;
}

/**
 * run_of_nodes - how many of an update are no level-0 peers, which come and go as they like
 * @r: the run
 * @up: the update
 */
u32 run_of_nodes(const struct run *r, const struct update *up)
{
	u32 i, count = 0;

	for (i = 0; i < up->n; i++)
		count += !run_is_peer(r, up->addrs[i]);
	return count;
}

/**
 * run_describe - say what each node is, for people who read a trace
 * @r: the run
 */
void run_describe(struct run *r)
{
	u32 i;

	keep_describe(r);

	for (i = 0; i < r->w->n; i++) {
		struct node *n = r->w->nodes[i];
		struct pfsnl_state st = node_state(n);

		world_say(r->w, &n->host,
			  "is %s%s, ring %llu of %08x, %u nodes, %u tethers, priority %u",
			  pfsnl_role_text(st.role), n->host.state == HOST_ON ?
			  "" : " (off)", (unsigned long long)st.ring.seq,
			  st.ring.leader, st.peers, node_tethers(n),
			  n->cfg.priority);
	}
}

/**
 * run_can_lead - whether somebody runs who may lead
 * @r: the run
 */
bool run_can_lead(const struct run *r)
{
	u32 i;

	for (i = 0; i < r->w->n; i++)
		if (node_runs(r->w->nodes[i]) && r->w->nodes[i]->cfg.priority)
			return true;
	return false;
}

/**
 * run_forget_logs - forget what watches were told so far
 * @r: the run
 */
void run_forget_logs(struct run *r)
{
	u32 i;

	for (i = 0; i < r->w->n; i++)
		watch_forget(&r->w->nodes[i]->watch);
}
