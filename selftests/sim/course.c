// SPDX-License-Identifier: GPL-2.0
/*
 * Courses of events: in which order things go wrong, and what must hold then and nowhere
 * else. Each ends in calm. That of services that get stuck has a file of its own, stuck.c.
 */
#include <linux/minmax.h>

#include "judge.h"
#include "level0.h"
#include "run.h"

static bool lossy(const struct run *r)
{
	return r->w->net.loss;
}

/*
 * How often loss alone makes a node look silent, for each of the two that watch
 * each other, in one interval: the last beacon came, none of the next dead - 1
 * did, the one after that did not or was too late, and the question or its
 * answer got lost too.
 */
static double expected_losses(const struct run *r, const struct node *n)
{
	double p = r->w->net.loss / 1e6, q = 1 - p, run = q;
	u32 i;

	for (i = 1; i < n->cfg.dead; i++)
		run *= p;
	return run * (p + q / 2) * (1 - q * q);
}

static void predict(struct run *r, u64 time)
{
	struct node *leader = world_leader(r->w);
	u32 i;

	if (!leader || !lossy(r))
		return;
	for (i = 0; i < r->w->n; i++)
		if (node_runs(r->w->nodes[i]) &&
		    node_role(r->w->nodes[i]) == PFSNL_ROLE_CLIENT)
			r->totals->predicted += 2 * expected_losses(r, leader) *
						time / r->interval;
}

/**
 * course_boot - all start, at once or one by one, and become one ring
 * @r: the run
 */
void course_boot(struct run *r)
{
	bool at_once = r->setup->scenario == SCENARIO_BOOT || draw(r, 2);
	u64 rings = judge_sums()->rings;
	u32 i;

	for (i = 0; i < r->w->n; i++) {
		node_start(r->w->nodes[i]);
		if (!at_once)
			run_pass(r, draw(r, r->dead));
	}
	for (i = 0; i < r->w->n_peers; i++)
		level0_start(r->w->peers[i]);
	calm_converge(r, 0);
	rings = judge_sums()->rings - rings;
	/* level-0 peers come when they will */
	if (at_once && rings > (4 + 2 * r->w->n_peers) * (u64)r->w->n)
		sim_violated("gathered", "%u nodes installed %llu rings",
			     r->w->n, (unsigned long long)rings);
	calm_rest(r);
	r->quiet = false;
}

static void storm(struct run *r)
{
	u64 begin = r->w->sim.now, pace = draw(r, 2) ? r->interval : r->dead;
	u32 i;

	r->stormy = true;
	for (i = 1 + draw(r, 12); i; i--) {
		enum fault fault = fault_any(r, 0);

		/* in the middle of a sentence, now and then */
		if (draw(r, 2)) {
			run_talk(r);
			world_run(r->w, draw(r, 500 * SIM_US));
		}
		if (fault != FAULT_N)
			fault_inject(r, fault);
		stuck_any(r);
		run_pass(r, draw(r, pace + 1));
	}
	r->stormy = false;
	run_calm(r, r->w->sim.now - begin);
}

/* Watchers of those who remain see one remove, of the one who is gone. */
static void check_net(struct run *r, u32 gone)
{
	u32 i, k, at;

	for (i = 0; i < r->w->n; i++) {
		struct node *n = r->w->nodes[i];
		u32 right = 0, wrong = 0;

		if (!node_runs(n))
			continue;
		for (k = 0; k < n->watch.n_log; k++) {
			const struct update *up = &n->watch.log[k];

			for (at = 0; at < up->n; at++) {
				if (run_is_peer(r, up->addrs[at]))
					continue;
				if (up->addrs[at] == gone &&
				    up->op == PFSNL_OP_REMOVE)
					right++;
				else
					wrong++;
			}
		}
		if (right != 1 || wrong)
			sim_violated("net-difference",
				     "%08x saw %08x removed %u times, and %u other updates",
				     n->host.addr, gone, right, wrong);
	}
}

/* Who is left goes on with the messages together: it is told of one loss. */
static void check_together(const struct run *r, u64 *removed, u32 gone)
{
	u32 i;

	for (i = 0; i < r->w->n; i++) {
		const struct node *n = r->w->nodes[i];

		if (node_runs(n) && n->hearer.removed != removed[i] + 1)
			sim_violated("goes-on",
				     "%08x lost %llu nodes from its messages, not only %08x",
				     n->host.addr, (unsigned long long)
				     (n->hearer.removed - removed[i]), gone);
	}
}

/* Nothing but the leader is lost. */
static void lose_leader(struct run *r)
{
	struct node *leader = world_leader(r->w);
	u64 begin, leads = judge_sums()->leads, limit, most;
	u64 removed[NODES_MAX];
	u32 i, way = draw(r, 4);

	/* who has a shorter dead than the successor does not wait for it */
	if (!run_agrees(r) || r->w->n < 2 || !r->even)
		return;
	/* in the middle of a sentence */
	run_pass(r, draw(r, 4) * SLICE);
	run_talk(r);
	world_run(r->w, draw(r, 500 * SIM_US));
	if (!run_agrees(r) || leads != judge_sums()->leads)
		return;
	begin = r->w->sim.now;
	for (i = 0; i < r->w->n; i++)
		removed[i] = r->w->nodes[i]->hearer.removed;
	most = r->dead;
	run_forget_logs(r);
	judge_links_changed();
	switch (way) {
	case 0:
		r->totals->faults[FAULT_CRASH]++;
		node_kill(leader);
		break;
	case 1:
		r->totals->faults[FAULT_ABORT]++;
		node_abort(leader);
		break;
	case 2:
		r->totals->faults[FAULT_PAUSE]++;
		node_freeze(leader);
		break;
	case 3:
		r->totals->faults[FAULT_LEAVE]++;
		node_leave(leader, SIM_S);
		most = 0;
		break;
	}
	if (!run_can_lead(r)) {
		run_calm(r, 0);
		return;
	}
	/* a level-0 peer that is off and not missed yet is waited for */
	for (i = 0; i < r->w->n_peers; i++)
		if (r->w->peers[i]->host.state != HOST_ON)
			most += r->dead;
	/* DESIGN: dead + 2 intervals from its last beacon; a goodbye less */
	limit = most + 2 * r->interval + 100 * SIM_MS;
	limit += limit / 8;
	/* whom it told need not wait for anything */
	if (!most)
		limit = 20 * SIM_MS;
	if (!calm_agree(r, limit)) {
		run_describe(r);
		sim_violated(way == 3 ? "goodbye-fast" : "converges",
			     "not one ring within %llu ms after the loss of the leader",
			     (unsigned long long)limit / 1000000);
	}
	r->quiet = true;
	run_pass(r, 2 * r->interval);
	check_net(r, leader->host.addr);
	leads = judge_sums()->leads - leads;
	if (leads != 1)
		sim_violated("one-successor", "%llu nodes led after %08x",
			     (unsigned long long)leads, leader->host.addr);
	calm_heard(r);
	r->quiet = true;
	check_together(r, removed, leader->host.addr);
	for (i = 0; i < r->w->n_peers && run_agrees(r); i++)
		calm_check_peer(r, world_leader(r->w), r->w->peers[i],
				r->setup->scenario == SCENARIO_LEADER);
	run_calm(r, r->w->sim.now - begin);
}

/* Nothing but one tether breaks: who had it sees nothing. */
static void break_tether(struct run *r)
{
	struct node *leader = world_leader(r->w), *n = NULL;
	u32 i;

	if (!run_agrees(r) || r->w->n < 2)
		return;
	for (i = 0; i < r->w->n && !n; i++)
		if (node_runs(r->w->nodes[i]) && r->w->nodes[i] != leader)
			n = r->w->nodes[i];
	if (!n || !node_end(n, 0))
		return;
	run_forget_logs(r);
	r->totals->faults[FAULT_RESET]++;
	stream_reset(node_end(n, 0));
	run_pass(r, 10 * SIM_MS);
	calm_converge(r, 0);
	for (i = 0; i < n->watch.n_log; i++)
		if (run_of_nodes(r, &n->watch.log[i]))
			sim_violated("net-difference",
				     "%08x lost its tether for a moment and saw an update",
				     n->host.addr);
	calm_rest(r);
}

/* Links are cut and stay so: rings may change for a while, not for ever. */
static void stand_still(struct run *r)
{
	const u32 cuts = 1U << FAULT_PARTITION | 1U << FAULT_ONE_WAY |
			 1U << FAULT_UDP_CUT | 1U << FAULT_TCP_CUT;
	u64 begin = r->w->sim.now, rings;
	u32 i;

	for (i = 1 + draw(r, 4); i; i--) {
		enum fault fault = fault_any(r, cuts);

		if (fault != FAULT_N)
			fault_inject(r, fault);
	}
	run_pass(r, 12 * r->dead + 4 * SIM_S);
	rings = judge_sums()->rings;
	run_pass(r, 20 * r->dead);
	rings = judge_sums()->rings - rings;
	/* two leaders may take a level-0 peer from each other, ever less often */
	if (rings > (4 + 8 * r->w->n_peers) * (u64)r->w->n) {
		run_describe(r);
		sim_violated("rings-bounded",
			     "%llu rings in %llu ms though nothing changes",
			     (unsigned long long)rings,
			     20ULL * r->dead / 1000000);
	}
	run_calm(r, r->w->sim.now - begin);
}

/* Nothing but loss. */
static void lose_packets(struct run *r)
{
	u64 time = 200 * r->interval, before, begin = r->w->sim.now;

	if (!run_agrees(r))
		return;
	/* every frame is a sign of life, which the prediction doesn't know of */
	r->quiet = true;
	r->totals->faults[FAULT_LOSS]++;
	r->w->net.loss = 50000 + draw(r, 250000);
	judge_chance(true);
	run_pass(r, 2 * r->dead + r->interval);
	before = judge_sums()->false_lost;
	for (time = 0; time < 200 * r->interval; time += r->interval) {
		run_pass(r, r->interval);
		predict(r, r->interval);
	}
	r->totals->lossy_lost += judge_sums()->false_lost - before;
	r->totals->false_lost -= judge_sums()->false_lost - before;
	run_calm(r, r->w->sim.now - begin);
}

/* Whether the nodes of one side are one ring, and in it is nobody else. */
static bool side_agrees(const struct run *r, u32 side)
{
	const struct node *first = NULL;
	u32 i, k, count = 0, peers = 0;

	for (i = 0; i < r->w->n; i++) {
		const struct node *n = r->w->nodes[i];

		if (!node_runs(n) || n->host.side != side)
			continue;
		if (!first)
			first = n;
		if (node_role(n) != PFSNL_ROLE_LEADER &&
		    node_role(n) != PFSNL_ROLE_CLIENT)
			return false;
		if (!ring_same(&n->watch.ring, &first->watch.ring))
			return false;
		count++;
	}
	for (k = 0; first && k < first->watch.n; k++)
		peers += run_is_peer(r, first->watch.addrs[k]);
	return first && first->watch.n - peers == count;
}

/* The watch of a node was told of the other side once, and of nothing else. */
static void check_merged(const struct run *r, const struct node *n)
{
	u32 i, k, others = 0, updates = 0;

	for (i = 0; i < r->w->n; i++)
		others += node_runs(r->w->nodes[i]) &&
			  r->w->nodes[i]->host.side != n->host.side;
	for (k = 0; k < n->watch.n_log; k++) {
		const struct update *up = &n->watch.log[k];

		if (!run_of_nodes(r, up))
			continue;
		updates++;
		if (up->op != PFSNL_OP_ADD || run_of_nodes(r, up) != others)
			sim_violated("merge-once",
				     "%08x was told %s %u nodes when %u came together with it",
				     n->host.addr, up->op == PFSNL_OP_ADD ?
				     "add" : "remove", run_of_nodes(r, up), others);
	}
	if (updates != 1)
		sim_violated("merge-once", "%08x was told %u updates by a merge",
			     n->host.addr, updates);
}

/* Two sides that hear nothing of each other, until they do. */
static void split_in_two(struct run *r)
{
	u64 begin = r->w->sim.now;
	u32 i, side[NODES_MAX];

	if (!run_agrees(r) || r->w->n < 2)
		return;
	r->totals->faults[FAULT_PARTITION]++;
	judge_links_changed();
	for (i = 0; i < r->w->n; i++)
		r->w->nodes[i]->host.side = draw(r, 2);
	run_pass(r, 4 * r->dead + SIM_S);
	/* a side without anybody who may lead is no ring */
	if (side_agrees(r, 0) && side_agrees(r, 1)) {
		run_forget_logs(r);
		judge_links_changed();
		for (i = 0; i < r->w->n; i++) {
			side[i] = r->w->nodes[i]->host.side;
			r->w->nodes[i]->host.side = 0;
		}
		calm_converge(r, 0);
		for (i = 0; i < r->w->n; i++)
			r->w->nodes[i]->host.side = side[i];
		for (i = 0; i < r->w->n; i++)
			if (node_runs(r->w->nodes[i]))
				check_merged(r, r->w->nodes[i]);
	}
	run_calm(r, r->w->sim.now - begin);
}

/*
 * One node comes and goes all the time: the others go on with their leader. But
 * a leader that is back before it misses the others still leads them, and may be
 * better than the one that they just got.
 */
static void loose_cable(struct run *r)
{
	struct node *n = r->w->nodes[draw(r, r->w->n)];
	u64 begin = r->w->sim.now, leads, limit, time;
	u32 i, times = 10 + draw(r, 20), others = 0;

	for (i = 0; i < r->w->n; i++)
		others += node_runs(r->w->nodes[i]) && r->w->nodes[i] != n;
	/* of two that are alone, one is better */
	if (!run_agrees(r) || others < 2 || !node_runs(n) || !r->even)
		return;
	/* if it leads, it is succeeded once */
	limit = world_leader(r->w) == n;
	leads = judge_sums()->leads - judge_leads(n);
	for (i = 0; i < times; i++) {
		r->totals->faults[FAULT_FLAP]++;
		judge_links_changed();
		n->host.side = !n->host.side;
		time = draw(r, 3 * r->dead);
		run_pass(r, time);
		limit += n->host.side &&
			 time + r->dead / 8 + 2 * r->interval > r->dead &&
			 time < r->dead + r->dead / 4 + 2 * r->interval +
				100 * SIM_MS;
	}
	leads = judge_sums()->leads - judge_leads(n) - leads;
	if (run_can_lead(r) && leads > limit)
		sim_violated("flap-bounded",
			     "%08x came and went %u times, and others led %llu times",
			     n->host.addr, times / 2, (unsigned long long)leads);
	run_calm(r, r->w->sim.now - begin);
}

/* A client's stream stalls while others come and go, until it is full. */
static void fill_tether(struct run *r)
{
	struct node *leader = world_leader(r->w), *n = NULL, *other = NULL;
	u64 begin = r->w->sim.now;
	u32 i;

	if (!run_agrees(r))
		return;
	for (i = 0; i < r->w->n; i++) {
		if (!node_runs(r->w->nodes[i]) || r->w->nodes[i] == leader)
			continue;
		if (!n)
			n = r->w->nodes[i];
		else
			other = r->w->nodes[i];
	}
	if (!other || !node_end(n, 0))
		return;
	r->totals->faults[FAULT_STALL]++;
	stream_darken(node_end(n, 0), r->w->sim.now + 100 * r->dead);
	judge_links_changed();
	for (i = 0; i < 50; i++) {
		r->totals->faults[FAULT_RESTART]++;
		node_kill(other);
		node_start(other);
		run_pass(r, 15 * SIM_MS + r->interval);
	}
	run_calm(r, r->w->sim.now - begin);
}

/* what happens in each scenario; NULL in those that are none of their own */
void (*const courses[SCENARIO_N])(struct run *r) = {
	[SCENARIO_STORM]	= storm,
	[SCENARIO_LEADER]	= lose_leader,
	[SCENARIO_TETHER]	= break_tether,
	[SCENARIO_STILL]	= stand_still,
	[SCENARIO_LOSSY]	= lose_packets,
	[SCENARIO_FULL]		= fill_tether,
	[SCENARIO_HALVES]	= split_in_two,
	[SCENARIO_FLAPPER]	= loose_cable,
	[SCENARIO_STUCK]	= stuck_service,
};
