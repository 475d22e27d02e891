// SPDX-License-Identifier: GPL-2.0
/*
 * Runs: what is drawn from a seed, in which order things go wrong, and what is
 * asked for when they no longer do.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "judge.h"
#include "keep.h"
#include "level0.h"
#include "run.h"
#include "witness.h"

/* time passes in slices, between which the run is looked at */
#define SLICE		(5 * SIM_MS)
/* somebody speaks up once in so many of them */
#define SILENCE		400
/* a run with more steps than that will not end */
#define STEPS_MAX	30000000ULL
/* services that a node has */
#define SERVICES	2
/* sets worlds apart in which it has checkpoints, and then no service of their id */
#define KEEPS		0x6b656570
/* and those in which who keeps others waiting is dropped */
#define DEADLINE	0x64656164

#define SCENARIO_TEXT(name, text, what) [SCENARIO_##name] = text,
const char * const scenario_names[SCENARIO_N] = {
	SCENARIOS(SCENARIO_TEXT)
};

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

/* Some say something, all at once. If one can't, what he says is lost nowhere. */
static void talk(struct run *r)
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
			talk(r);
		if (w->sim.now < r->sweep_at)
			continue;
		r->sweep_at = w->sim.now + 4 * SLICE;
		judge_sweep(w);
		keep_look(r);
	}
}

static bool is_peer(const struct run *r, u32 addr)
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
		k += !is_peer(r, leader->watch.addrs[i]);
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
		count += !is_peer(r, up->addrs[i]);
	return count;
}

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
			    !is_peer(r, stream_peer(end)))
				return false;
		}
	}
	return true;
}

static void describe(struct run *r)
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

static bool until_agree(struct run *r, u64 limit)
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

/* All that was said is heard by all. */
static void all_heard(struct run *r)
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
	describe(r);
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

/* Somebody runs who may lead. */
static bool can_lead(const struct run *r)
{
	u32 i;

	for (i = 0; i < r->w->n; i++)
		if (node_runs(r->w->nodes[i]) && r->w->nodes[i]->cfg.priority)
			return true;
	return false;
}

/* Faults are over, for a time that was as long as @before. */
static void converge(struct run *r, u64 before)
{
	/* what TCP lost on the way it repeats after as long again at most */
	u64 limit = 3 * r->dead + 4 * r->interval + 5 * SIM_S / 2 + before;
	u64 begin = r->w->sim.now;

	if (!can_lead(r))
		return;
	if (!until_agree(r, limit)) {
		describe(r);
		sim_violated("converges", "not one ring within %llu ms",
			     (unsigned long long)limit / 1000000);
	}
	r->totals->converged++;
	r->totals->slowest = max(r->totals->slowest,
				 100 * (r->w->sim.now - begin) / limit);
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

/*
 * A level-0 peer is told what its leader knows. A leader that started later
 * than another node ended can't tell it of that.
 */
static void check_peer(struct run *r, struct node *leader, struct level0 *p,
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

/* Nothing happens, and nothing changes. */
static void rest(struct run *r)
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
	if (!until_agree(r, 100 * SIM_MS) || changes != judge_sums()->leads)
		sim_violated("stays", "they are one ring no longer");
	for (i = 0; i < r->w->n_peers; i++)
		check_peer(r, world_leader(r->w), r->w->peers[i], false);
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
	converge(r, before);
	all_heard(r);
	r->quiet = true;
	rest(r);
	r->quiet = false;
}

static void boot(struct run *r)
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
	converge(r, 0);
	rings = judge_sums()->rings - rings;
	/* level-0 peers come when they will */
	if (at_once && rings > (4 + 2 * r->w->n_peers) * (u64)r->w->n)
		sim_violated("gathered", "%u nodes installed %llu rings",
			     r->w->n, (unsigned long long)rings);
	rest(r);
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
			talk(r);
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
				if (is_peer(r, up->addrs[at]))
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
	talk(r);
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
	if (!can_lead(r)) {
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
	if (!until_agree(r, limit)) {
		describe(r);
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
	all_heard(r);
	r->quiet = true;
	check_together(r, removed, leader->host.addr);
	for (i = 0; i < r->w->n_peers && run_agrees(r); i++)
		check_peer(r, world_leader(r->w), r->w->peers[i],
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
	converge(r, 0);
	for (i = 0; i < n->watch.n_log; i++)
		if (run_of_nodes(r, &n->watch.log[i]))
			sim_violated("net-difference",
				     "%08x lost its tether for a moment and saw an update",
				     n->host.addr);
	rest(r);
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
		describe(r);
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
		peers += is_peer(r, first->watch.addrs[k]);
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
		converge(r, 0);
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
	if (can_lead(r) && leads > limit)
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

static void phase(struct run *r, enum scenario scenario)
{
	static void (*const phases[SCENARIO_N])(struct run *) = {
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
	/* what matters more is drawn more often */
	static const enum scenario often[] = {
		SCENARIO_STORM, SCENARIO_STORM, SCENARIO_STORM, SCENARIO_STORM,
		SCENARIO_LEADER, SCENARIO_LEADER, SCENARIO_TETHER,
		SCENARIO_STILL, SCENARIO_LOSSY, SCENARIO_HALVES,
		SCENARIO_FLAPPER,
	};

	if (scenario == SCENARIO_MIXED)
		scenario = often[draw(r, ARRAY_SIZE(often))];
	world_say(r->w, &r->strangers[0], "phase %s", scenario_names[scenario]);
	if (phases[scenario])
		phases[scenario](r);
}

static u32 draw_nodes(struct run *r)
{
	if (r->setup->nodes)
		return min(r->setup->nodes, (u32)NODES_MAX);
	if (r->setup->scenario == SCENARIO_BOOT)
		return 8 + draw(r, 25);
	if (r->setup->scenario == SCENARIO_LOSSY)
		return 2 + draw(r, 7);
	return draw(r, 50) ? 1 + draw(r, 12) : 32;
}

static void draw_world(struct run *r)
{
	static const u32 intervals[] = { 10, 20, 50, 100, 200, 200, 500 };
	u32 interval = intervals[draw(r, ARRAY_SIZE(intervals))];
	u32 dead = 3 + draw(r, 4), i, n = draw_nodes(r);
	bool uneven = !draw(r, 4), skewed = !draw(r, 4);
	u32 peers = draw(r, 3) ? 0 : 1 + draw(r, PEERS_MAX);
	u32 longest = 0, most = 0, retain, room = draw(r, 4) ? 4 + draw(r, 64) : 1;

	if (r->setup->scenario == SCENARIO_LOSSY) {
		uneven = false;
		skewed = false;
		dead = 3;
		peers = 0;
	}
	if (r->setup->scenario == SCENARIO_LEADER)
		uneven = false;
	r->even = !uneven;
	if (draw(r, 2) && r->setup->scenario != SCENARIO_LOSSY)
		r->talk = draw(r, 32) ? 1 + draw(r, 20) : 500;
	r->groups = draw(r, 3);
	/* not drawn like the rest, so that other worlds stay what they were */
	r->services = r->talk && sim_mix(r->w->seed ^ SERVICES) % 2;
	r->keeps = r->talk && sim_mix(r->w->seed ^ KEEPS) % 2;
	if (r->setup->scenario == SCENARIO_STUCK) {
		r->talk = max(r->talk, 1U);
		r->services = true;
		peers = 0;
	}
	if (r->services && (r->setup->scenario == SCENARIO_STUCK ||
			    sim_mix(r->w->seed ^ DEADLINE) % 3 == 0))
		r->deadline = 300 + sim_mix(r->w->seed ^ DEADLINE) / 3 % 2000;
	retain = 64 << draw(r, 4);
	r->longest = draw(r, 4) ? 3000 : retain * 1024 / 4;
	r->quiet = true;
	world_nodes(r->w, n);
	for (i = 0; i < n; i++) {
		struct node *node = r->w->nodes[i];

		node->cfg.interval_ms = interval << (uneven ? draw(r, 3) : 0);
		node->cfg.dead = dead + (uneven ? draw(r, 3) : 0);
		node->cfg.priority = draw(r, 3) ? 100 : draw(r, 3);
		node->cfg.max_nodes = n + peers + room;
		node->cfg.level0_dead_ms = 2000;
		node->cfg.retain_kib = retain;
		node->cfg.sync_deadline_ms = r->deadline;
		if (r->services)
			node->serves = r->keeps ? 1U << SERVICES : 3U << 1;
		/*
		 * Who waits for less long than others may count too soon. And
		 * what is asked for a quorum is a sign of life, which the
		 * prediction doesn't know of.
		 */
		if (r->even && r->setup->scenario != SCENARIO_LOSSY)
			node->cfg.expected_votes = n;
		longest = max(longest, node->cfg.interval_ms);
		most = max(most, node->cfg.dead);
		if (skewed)
			node_skew(node, (s32)draw(r, 100000) - 50000);
	}
	if (!r->w->nodes[0]->cfg.priority)
		r->w->nodes[0]->cfg.priority = 1;
	for (i = 0; i < peers; i++)
		level0_new(r->w, WORLD_ADDR(200 + i));
	r->interval = longest * SIM_MS;
	r->dead = (u64)longest * most * SIM_MS;
	if (r->keeps)
		keep_draw(r);
}

/**
 * scenario_run - one run
 * @seed: which
 * @setup: what it is to be like
 * @totals: what happened is added
 *
 * Does not return when an assertion does not hold: see sim_on_failure.
 *
 * Return: the digest of all that happened.
 */
u64 scenario_run(u64 seed, const struct setup *setup, struct totals *totals)
{
	struct run run = { .setup = setup, .totals = totals }, *r = &run;
	u64 begin, digest;
	u32 phases;

	r->w = world_new(seed);
	r->w->trace = setup->trace;
	r->w->sim.steps_max = STEPS_MAX;
	begin = r->w->sim.now;
	draw_world(r);
	fault_begin(r);
	judge_begin(r->w);
	judge_sweep(r->w);
	boot(r);
	phases = setup->scenario == SCENARIO_BOOT ? 0 : 1 + draw(r, 4);
	while (phases--)
		phase(r, setup->scenario);
	/* the last, so that runs without a deadline stay what they were */
	if (r->deadline && setup->scenario != SCENARIO_BOOT)
		phase(r, SCENARIO_STUCK);

	totals->seeds++;
	totals->time += r->w->sim.now - begin;
	totals->steps += r->w->sim.steps;
	totals->datagrams += r->w->net.datagrams;
	totals->rings += judge_sums()->rings;
	totals->leads += judge_sums()->leads;
	totals->dials += judge_sums()->dials;
	totals->false_lost += judge_sums()->false_lost;
	digest = sim_mix(r->w->digest ^ r->w->sim.steps ^
			 sim_random(&r->w->sim));
	judge_end(r->w);
	if (r->keeps)
		witness_end();
	world_free(r->w);
	return digest;
}
