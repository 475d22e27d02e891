// SPDX-License-Identifier: GPL-2.0
/*
 * Calm: what must come about when faults are over, and stay.
 */
#include <linux/minmax.h>

#include "judge.h"
#include "keep.h"
#include "level0.h"
#include "run.h"

/* Nothing is under way along any tether of a node that runs. */
static bool settled(const struct run *r)
{
	const struct stream_end *end;
	u32 i, k;

	for (i = 0; i < r->w->n; i++) {
		if (!node_runs(r->w->nodes[i]))
			continue;
		for (k = node_tethers(r->w->nodes[i]); k; k--) {
			end = node_end(r->w->nodes[i], k - 1);
			if (stream_pending(end) &&
			    !run_is_peer(r, stream_peer(end)))
				return false;
		}
	}
	return true;
}

/**
 * calm_agree - let time pass until all are one ring and nothing is under way
 * @r: the run
 * @limit: how much, nanoseconds; what is under way then has a second more
 *
 * Return: whether they are.
 */
bool calm_agree(struct run *r, u64 limit)
{
	u64 end = r->w->sim.now + limit;
	bool quiet = r->quiet;

	r->quiet = true;
	while ((!run_agrees(r) || !settled(r)) && r->w->sim.now < end)
		run_pass(r, SLICE);
	/* what was said takes its time */
	if (run_agrees(r))
		end += SIM_S;
	while (run_agrees(r) && !settled(r) && r->w->sim.now < end)
		run_pass(r, SLICE);
	r->quiet = quiet;
	return run_agrees(r) && settled(r);
}

/**
 * calm_heard - see that all that was said is heard by all, if they are one ring
 * @r: the run
 */
void calm_heard(struct run *r)
{
	u64 end = r->w->sim.now + 5 * SIM_S;
	u32 i;

	if (!run_agrees(r) || !r->talk)
		return;
	r->quiet = true;
	while (!(hearer_same(r->w) && processes_true(r->w) &&
		 replicas_active(r->w) && keep_settled(r)) && r->w->sim.now < end)
		run_pass(r, SLICE);
	r->quiet = false;
	if (hearer_same(r->w) && processes_true(r->w) &&
	    replicas_active(r->w) && keep_settled(r))
		return;
	run_describe(r);
	if (hearer_same(r->w) && processes_true(r->w) && replicas_active(r->w))
		sim_violated("ckpt-goes-on",
			     "not all are active, have the same, and were answered, after 5 s");
	if (hearer_same(r->w) && processes_true(r->w))
		sim_violated("sync-bounded",
			     "not all services are active and the same, after 5 s");
	if (hearer_same(r->w))
		sim_violated("group-true",
			     "members of groups are not those processes that joined, after 5 s");
	for (i = 0; i < r->w->n; i++) {
		const struct hearer *h = &r->w->nodes[i]->hearer;

		world_say(r->w, &r->w->nodes[i]->host,
			  "heard %u in ring %llu, %llu of its own %llu",
			  h->count, (unsigned long long)h->ring.seq,
			  (unsigned long long)h->own,
			  (unsigned long long)h->sent);
	}
	sim_violated("messages-arrive", "not all was heard by all in 5 s");
}

/**
 * calm_converge - see that all become one ring, now that faults are over
 * @r: the run
 * @before: for how long there were faults, nanoseconds
 *
 * It may take as long as that once more.
 */
void calm_converge(struct run *r, u64 before)
{
	/* what TCP lost on the way it repeats after as long again at most */
	u64 limit = 3 * r->dead + 4 * r->interval + 5 * SIM_S / 2 + before;
	u64 begin = r->w->sim.now;

	if (!run_can_lead(r))
		return;
	if (!calm_agree(r, limit)) {
		run_describe(r);
		sim_violated("converges", "not one ring within %llu ms",
			     (unsigned long long)limit / 1000000);
	}
	r->totals->converged++;
	r->totals->slowest = max(r->totals->slowest,
				 100 * (r->w->sim.now - begin) / limit);
}

/**
 * calm_check_peer - see that a level-0 peer has the list of its leader
 * @r: the run
 * @leader: who leads
 * @p: the peer
 * @knows_all: its leader knows of all who ended, too
 *
 * A level-0 peer is told what its leader knows. A leader that started later
 * than another node ended can't tell it of that.
 */
void calm_check_peer(struct run *r, struct node *leader, struct level0 *p,
		     bool knows_all)
{
	u32 i, same = 0;

	if (p->host.state != HOST_ON || !p->tether || stream_unread(p->tether) ||
	    !watch_has(&leader->watch, p->host.addr) ||
	    p->from != leader->host.addr)
		return;
	for (i = 0; i < node_tethers(leader); i++)
		if (stream_joins(node_end(leader, i), p->tether) &&
		    !stream_pending(node_end(leader, i)))
			break;
	if (i == node_tethers(leader))
		return;
	for (i = 0; i < p->n; i++)
		same += watch_has(&leader->watch, p->addrs[i]);
	if (same != leader->watch.n || (knows_all && same != p->n))
		sim_violated("level0-list",
			     "%08x has %u nodes, %u of the %u of its leader",
			     p->host.addr, p->n, same, leader->watch.n);
}

/**
 * calm_rest - see that nothing changes while nothing happens
 * @r: the run
 */
void calm_rest(struct run *r)
{
	u64 changes;
	u32 i, k;

	if (!run_agrees(r))
		return;
	r->calm_since = r->w->sim.now;
	/* what is still under way may arrive */
	run_pass(r, max(r->interval, 50 * SIM_MS));
	run_forget_logs(r);
	changes = judge_sums()->leads;
	/* now and then longer than a prepared beacon lasts */
	run_pass(r, draw(r, 8) ? 2 * r->dead : max(5 * r->dead, 5 * SIM_S / 2));
	for (i = 0; i < r->w->n; i++) {
		struct node *n = r->w->nodes[i];

		for (k = 0; k < n->watch.n_log; k++) {
			const struct update *up = &n->watch.log[k];

			if (run_of_nodes(r, up))
				sim_violated("stays",
					     "%08x: %s %08x and nothing happened",
					     n->host.addr,
					     up->op ? "add" : "remove",
					     up->addrs[0]);
		}
	}
	/* a level-0 peer may be coming in just now */
	if (!calm_agree(r, 100 * SIM_MS) || changes != judge_sums()->leads)
		sim_violated("stays", "they are one ring no longer");
	for (i = 0; i < r->w->n_peers; i++)
		calm_check_peer(r, world_leader(r->w), r->w->peers[i], false);
	/* something is due now and then, for which the rest is too short */
	if (r->keeps && !draw(r, 4))
		run_pass(r, 5 * SIM_S);
	r->calm_since = 0;
}

/* Who is off is switched on, most of them; who goes may do so. */
static void switch_on(struct run *r)
{
	u32 i;

	run_pass(r, r->dead + SIM_MS);
	for (i = 0; i < r->w->n; i++)
		if (!r->w->nodes[i]->core && (!i || draw(r, 8)))
			node_start(r->w->nodes[i]);
	for (i = 0; i < r->w->n_peers; i++)
		if (r->w->peers[i]->host.state != HOST_ON && draw(r, 2))
			level0_start(r->w->peers[i]);
	keep_calm(r);
}

/**
 * run_calm - heal all faults, and see that all is well again
 * @r: the run
 * @before: for how long there were faults, nanoseconds
 */
void run_calm(struct run *r, u64 before)
{
	fault_heal(r);
	switch_on(r);
	r->quiet = true;
	calm_converge(r, before);
	calm_heard(r);
	r->quiet = true;
	calm_rest(r);
	r->quiet = false;
}
