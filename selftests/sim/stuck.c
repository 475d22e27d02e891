// SPDX-License-Identifier: GPL-2.0
/*
 * Services that do not come to their end, for a while or for ever, where nodes have a
 * time in which they must: who keeps the others waiting for longer is left out, and
 * nobody else (rule 22).
 */
#include <linux/minmax.h>

#include "run.h"

/* the service that gets stuck: which all nodes have, and which has its turn last */
#define SERVICE		2
/* one that makes a ring by coming */
#define ANOTHER		3
#define STEP		SIM_MS
/* sets draws apart that must not change the rest of a run */
#define STUCK		0x737475636bULL

static struct replica *service_of(const struct node *n)
{
	return node_runs(n) ? replica_of(n, SERVICE) : NULL;
}

/**
 * stuck_any - a service gets stuck, perhaps, or all go on
 * @r: the run
 */
void stuck_any(struct run *r)
{
	u64 x = sim_mix(r->w->seed ^ sim_mix(STUCK + r->stuck++));
	struct replica *s;

	if (!r->deadline || x % 4)
		return;
	s = service_of(r->w->nodes[x / 8 % r->w->n]);
	if (x / 4 % 2) {
		stuck_heal(r);
	} else if (s) {
		world_say(r->w, &s->node->host, "a service is stuck");
		r->totals->stuck++;
		s->stuck = true;
	}
}

/**
 * stuck_heal - no service is stuck any more
 * @r: the run
 */
void stuck_heal(struct run *r)
{
	struct replica *s;
	u32 i;

	for (i = 0; i < r->w->n; i++)
		for (s = r->w->nodes[i]->replicas; s; s = s->next)
			s->stuck = false;
}

/**
 * struct wait - a service that keeps all waiting
 * @s: the service
 * @n: its node
 * @times: how often each node's was activated before
 * @slack: what may come on top of a time; also how much earlier it may be over
 */
struct wait {
	struct replica *s;
	struct node *n;
	u64 times[NODES_MAX];
	u64 slack;
};

/* Whether those that are not stuck were activated since. */
static bool others_active(const struct run *r, const struct wait *t)
{
	const struct replica *s;
	u32 i;

	for (i = 0; i < r->w->n; i++) {
		s = service_of(r->w->nodes[i]);
		if (s && s != t->s && s->times == t->times[i])
			return false;
	}
	return true;
}

/* Somebody but the node that keeps all waiting was removed, or added. */
static void check_others(const struct run *r, const struct wait *t)
{
	u32 i, k, at;

	for (i = 0; i < r->w->n; i++) {
		const struct watch *watch = &r->w->nodes[i]->watch;

		if (!node_runs(r->w->nodes[i]) || r->w->nodes[i] == t->n)
			continue;
		for (k = 0; k < watch->n_log; k++)
			for (at = 0; at < watch->log[k].n; at++)
				if (watch->log[k].addrs[at] != t->n->host.addr)
					sim_violated("sync-deadline",
						     "%08x saw %08x %s, and %08x kept it waiting",
						     r->w->nodes[i]->host.addr,
						     watch->log[k].addrs[at],
						     watch->log[k].op ? "come" : "go",
						     t->n->host.addr);
	}
}

/* Whether anybody was told that the node is gone. */
static bool is_out(const struct run *r, const struct wait *t)
{
	u32 i;

	for (i = 0; i < r->w->n; i++)
		if (node_runs(r->w->nodes[i]) && r->w->nodes[i] != t->n &&
		    r->w->nodes[i]->watch.n_log)
			return true;
	return false;
}

/* A ring comes, and in its round the service is waited for. Return: whether it is. */
static bool begin(struct run *r, struct wait *t, struct node *by)
{
	u64 end = r->w->sim.now + SIM_S, asked = t->s->n_asked;
	u32 i;

	for (i = 0; i < r->w->n; i++)
		if (service_of(r->w->nodes[i]))
			t->times[i] = service_of(r->w->nodes[i])->times;
	world_say(r->w, &t->n->host, "a service is stuck");
	r->totals->stuck++;
	t->s->stuck = true;
	if (!replica_add(by, ANOTHER))
		return false;
	while (t->s->n_asked == asked && r->w->sim.now < end)
		run_pass(r, STEP);
	return t->s->n_asked != asked;
}

/* It goes on before it is too late: nothing happens to anybody. */
static void in_time(struct run *r, struct wait *t, u64 time)
{
	const struct node *leader = world_leader(r->w);
	u64 end;

	run_pass(r, time);
	t->s->stuck = false;
	end = r->w->sim.now + SIM_S;
	while (!replicas_active(r->w) && r->w->sim.now < end)
		run_pass(r, STEP);
	check_others(r, t);
	if (is_out(r, t) || world_leader(r->w) != leader)
		sim_violated("sync-deadline", "%08x was in time, and is left out",
			     t->n->host.addr);
	if (!replicas_active(r->w))
		sim_violated("sync-deadline", "%08x was in time, and others still wait",
			     t->n->host.addr);
}

/* Somebody else may lead. */
static bool has_heir(const struct run *r, const struct wait *t)
{
	u32 i;

	for (i = 0; i < r->w->n; i++)
		if (node_runs(r->w->nodes[i]) && r->w->nodes[i] != t->n &&
		    r->w->nodes[i]->cfg.priority)
			return true;
	return false;
}

/* It does not: it is left out, in time, and the others go on; if it led it does not. */
static void too_late(struct run *r, struct wait *t)
{
	bool led = world_leader(r->w) == t->n;
	u64 deadline = r->deadline * SIM_MS;
	u64 begun = r->w->sim.now;

	run_pass(r, deadline - t->slack);
	if (is_out(r, t) || (led && world_leader(r->w) != t->n))
		sim_violated("sync-deadline", "%08x is left out too early",
			     t->n->host.addr);
	/* a leader is dropped by the next one, which waits as long again */
	while (!(is_out(r, t) && others_active(r, t)) &&
	       r->w->sim.now < begun + (1 + led) * (deadline + t->slack))
		run_pass(r, STEP);
	check_others(r, t);
	if (!is_out(r, t))
		sim_violated("sync-deadline", "%08x keeps all waiting for %llu ms",
			     t->n->host.addr, (unsigned long long)
			     (r->w->sim.now - begun) / 1000000);
	if (!others_active(r, t))
		sim_violated("sync-deadline", "%08x is left out, and others still wait",
			     t->n->host.addr);
	if (led && node_role(t->n) == PFSNL_ROLE_LEADER && world_leader(r->w) == t->n)
		sim_violated("sync-deadline", "%08x still leads", t->n->host.addr);
	/* and again, if it is for ever */
	if (draw(r, 2))
		run_pass(r, draw(r, 3 * deadline));
	check_others(r, t);
}

/**
 * stuck_service - nothing but a service that does not come to its end in a round
 * @r: the run
 */
void stuck_service(struct run *r)
{
	u64 start = r->w->sim.now, deadline = r->deadline * SIM_MS, time;
	struct node *by;
	struct wait t = {};

	if (!r->deadline || r->w->n_peers || !run_agrees(r) || !replicas_active(r->w))
		return;
	t.n = r->w->nodes[draw(r, r->w->n)];
	by = r->w->nodes[draw(r, r->w->n)];
	t.s = service_of(t.n);
	if (!t.s || t.n == by || !node_runs(by))
		return;
	/* clocks are fast or slow; and there is the ring, and another round */
	t.slack = deadline / 8 + 100 * SIM_MS;
	time = draw(r, deadline - t.slack);
	r->quiet = true;
	run_forget_logs(r);
	if (begin(r, &t, by)) {
		if (draw(r, 2))
			in_time(r, &t, time);
		else if (has_heir(r, &t) || world_leader(r->w) != t.n)
			too_late(r, &t);
	}
	stuck_heal(r);
	if (by->core && replica_of(by, ANOTHER))
		replica_remove(replica_of(by, ANOTHER));
	run_calm(r, r->w->sim.now - start);
}
