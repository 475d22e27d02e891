// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: what each does to a world, and how all of them are undone.
 */
#include "judge.h"
#include "keep.h"
#include "level0.h"
#include "run.h"

#define FAULT_TEXT(name, text, what) [FAULT_##name] = text,
const char * const fault_names[FAULT_N] = {
	FAULTS(FAULT_TEXT)
};

static struct node *any_node(struct run *r)
{
	return r->w->nodes[draw(r, r->w->n)];
}

static void any_link(struct run *r, u32 what, bool both)
{
	struct node *a = any_node(r), *b = any_node(r);

	world_say(r->w, &a->host, "%s%s%s to %08x%s cut",
		  what & NET_DATAGRAMS ? "datagrams " : "",
		  what & NET_STREAMS ? "streams " : "",
		  "", b->host.addr, both ? " and back" : "");
	if (both)
		world_cut(r->w, a, b, what);
	else
		net_cut(&r->w->net, a->host.addr, b->host.addr, what);
	judge_links_changed();
}

static void any_stream(struct run *r, enum fault fault)
{
	struct node *n = any_node(r);
	struct stream_end *end = n->core ? node_end(n, draw(r, 16)) : NULL;

	if (!end)
		return;
	world_say(r->w, &n->host, "%s of the stream to %08x",
		  fault_names[fault], stream_peer(end));
	switch (fault) {
	case FAULT_RESET:
		stream_reset(end);
		break;
	case FAULT_STALL:
		stream_darken(end, r->w->sim.now + draw(r, 2 * r->dead));
		break;
	default:
		stream_darken(end, SIM_NEVER);
	}
}

/* Reset all streams of a node. */
static void reset_some(struct run *r)
{
	struct node *n = any_node(r);
	u32 i;

	for (i = n->core ? node_tethers(n) : 0; i; i--)
		stream_reset(node_end(n, i - 1));
}

static void power(struct run *r, enum fault fault)
{
	struct node *n = any_node(r);

	judge_links_changed();
	if (n->host.state == HOST_HUNG || n->host.state == HOST_FROZEN) {
		node_resume(n);
		return;
	}
	if (!n->core) {
		node_start(n);
		return;
	}
	switch (fault) {
	case FAULT_CRASH:
		node_kill(n);
		break;
	case FAULT_RESTART:
		node_kill(n);
		if (draw(r, 2))
			node_start(n);
		break;
	case FAULT_ABORT:
		node_abort(n);
		break;
	case FAULT_LEAVE:
		node_leave(n, draw(r, r->dead));
		break;
	case FAULT_PAUSE:
		node_freeze(n);
		break;
	default:
		node_hang(n);
	}
}

static void any_peer(struct run *r)
{
	struct level0 *p;

	if (!r->w->n_peers)
		return;
	p = r->w->peers[draw(r, r->w->n_peers)];
	if (p->host.state != HOST_ON)
		level0_start(p);
	else if (p->tether && draw(r, 2))
		level0_close(p);
	else
		level0_kill(p);
}

static void settings(struct run *r)
{
	struct node *n = any_node(r);
	struct pfsnl_config cfg = n->cfg;

	if (!n->core || n->host.state != HOST_ON || !cfg.priority)
		return;
	cfg.priority = 1 + draw(r, 3);
	node_set(n, &cfg);
}

static void flap(struct run *r)
{
	u32 i = r->n_flaps;

	if (i == FLAPS_MAX)
		return;
	r->flaps[i].a = any_node(r)->host.addr;
	r->flaps[i].b = any_node(r)->host.addr;
	r->flaps[i].cut = false;
	r->n_flaps++;
}

/**
 * fault_inject - let something go wrong
 * @r: the run
 * @fault: what
 */
void fault_inject(struct run *r, enum fault fault)
{
	struct net *net = &r->w->net;
	struct node *n;
	u32 i;

	r->totals->faults[fault]++;
	switch (fault) {
	case FAULT_LOSS:
		net->loss = draw(r, 300000);
		break;
	case FAULT_DELAY:
		net->latency = draw(r, r->interval);
		break;
	case FAULT_DUPLICATE:
		net->twice = draw(r, 1000000);
		break;
	case FAULT_REORDER:
		net->late = draw(r, 500000);
		net->late_by = draw(r, 2 * r->interval);
		break;
	case FAULT_REFUSE:
		net->refuse = draw(r, 1000000);
		break;
	case FAULT_SLOW:
		net->chop = 1 + draw(r, 100);
		net->byte_time = draw(r, 100 * SIM_US);
		break;
	case FAULT_RESET:
	case FAULT_HALF_OPEN:
	case FAULT_STALL:
		any_stream(r, fault);
		return;
	case FAULT_PARTITION:
		for (i = 0; i < r->w->n; i++)
			r->w->nodes[i]->host.side = draw(r, 2);
		judge_links_changed();
		return;
	case FAULT_ONE_WAY:
		any_link(r, 1 + draw(r, 3), false);
		return;
	case FAULT_UDP_CUT:
		any_link(r, NET_DATAGRAMS, true);
		return;
	case FAULT_TCP_CUT:
		/* as a filter that is set up, or one that resets what it knows */
		if (draw(r, 2))
			reset_some(r);
		any_link(r, NET_STREAMS, true);
		return;
	case FAULT_FLAP:
		flap(r);
		return;
	case FAULT_SKEW:
		n = any_node(r);
		i = 1000 + draw(r, 49000);
		node_skew(n, draw(r, 2) ? (s32)i : -(s32)i);
		return;
	case FAULT_NOMEM:
		n = any_node(r);
		n->ledger.fail_at = n->ledger.tries + 1 + draw(r, 20);
		n->ledger.fail_for = draw(r, 10);
		keep_starve(r, n);
		return;
	case FAULT_STRANGER:
		r->noise = draw(r, 4) ? 20 : 300;
		return;
	case FAULT_IMPOSTOR:
		if (!r->impostor)
			r->impostor = any_node(r);
		judge_impostor(r->impostor->host.addr);
		return;
	case FAULT_LEVEL0:
		any_peer(r);
		return;
	case FAULT_PRIORITY:
		settings(r);
		return;
	default:
		power(r, fault);
		return;
	}
	judge_chance(net->loss || net->late || net->refuse || net->byte_time ||
		     net->latency > 10 * SIM_MS);
}

/**
 * fault_any - draw a fault
 * @r: the run
 * @mask: those to draw from; 0 for all that the run allows
 *
 * Return: a fault, FAULT_N if none of these is allowed.
 */
enum fault fault_any(struct run *r, u32 mask)
{
	u32 allowed = r->setup->faults & (mask ? mask : ~0U), n = 0, i;

	for (i = 0; i < FAULT_N; i++)
		n += allowed >> i & 1;
	if (!n)
		return FAULT_N;
	n = draw(r, n);
	for (i = 0; ; i++)
		if ((allowed >> i & 1) && !n--)
			return i;
}

static void make_noise(struct run *r)
{
	struct host *host = &r->strangers[draw(r, STRANGERS)];
	struct pfsnl_beacon b = {
		.level = 1,
		.priority = draw(r, 3),
		.dead = 5,
		.flags = draw(r, 32),
		.tether_port = 7319,
		.addr = WORLD_ADDR(5000 + draw(r, 3000)),
		.interval_ms = r->interval / SIM_MS,
		.members = draw(r, 4),
		.incarnation = sim_random(&r->w->sim) | 1,
		.cluster_id = draw(r, 3) ?
			pfsnl_config_cluster_id(&r->w->nodes[0]->cfg) : 1,
		.ring.seq = draw(r, 100),
		.ring.leader = any_node(r)->host.addr,
	};
	u8 wire[PFSNL_BEACON_LEN];
	u32 i;

	pfsnl_beacon_encode(&b, wire);
	if (!draw(r, 4))
		for (i = 9 * draw(r, 2); i < sizeof(wire); i++)
			wire[i] = draw(r, 256);
	host_send_as(host, draw(r, 8) ? b.addr : host->addr, WORLD_BROADCAST,
		     wire, draw(r, 16) ? sizeof(wire) : draw(r, sizeof(wire)));
}

static void be_impostor(struct run *r)
{
	const struct node *n = r->impostor;
	struct pfsnl_beacon b = {
		.level = 1,
		.priority = n->cfg.priority,
		.dead = n->cfg.dead,
		.flags = draw(r, 2) ? 0 : PFSNL_BEACON_LEADER,
		.tether_port = 7319,
		.addr = n->host.addr,
		.interval_ms = n->cfg.interval_ms,
		.members = 1,
		.incarnation = 42,
		.cluster_id = pfsnl_config_cluster_id(&n->cfg),
	};
	u8 wire[PFSNL_BEACON_LEN];

	pfsnl_beacon_encode(&b, wire);
	host_send_as(&r->strangers[0], b.addr, WORLD_BROADCAST, wire,
		     sizeof(wire));
}

/**
 * fault_go_on - faults that go on by themselves do so, when it is time
 * @r: the run
 */
void fault_go_on(struct run *r)
{
	u64 now = r->w->sim.now;
	u32 i;

	if (r->n_flaps && now >= r->flap_at) {
		for (i = 0; i < r->n_flaps; i++) {
			struct node *a = world_node(r->w, r->flaps[i].a -
						    WORLD_ADDR(0));
			struct node *b = world_node(r->w, r->flaps[i].b -
						    WORLD_ADDR(0));

			r->flaps[i].cut = !r->flaps[i].cut;
			if (r->flaps[i].cut) {
				world_cut(r->w, a, b, NET_ALL);
				continue;
			}
			net_mend(&r->w->net, a->host.addr, b->host.addr);
			net_mend(&r->w->net, b->host.addr, a->host.addr);
		}
		judge_links_changed();
		r->flap_at = now + draw(r, 2 * r->dead);
	}
	if (now < r->noise_at)
		return;
	r->noise_at = now + r->interval / 4;
	if (r->noise)
		for (i = draw(r, r->noise); i; i--)
			make_noise(r);
	if (r->impostor)
		be_impostor(r);
}

/**
 * fault_begin - a segment without faults
 * @r: the run
 */
void fault_begin(struct run *r)
{
	static const struct host_ops silent;
	u32 i;

	for (i = 0; i < STRANGERS; i++) {
		host_add(&r->strangers[i], &r->w->net, WORLD_ADDR(4000 + i),
			 &silent);
		host_set(&r->strangers[i], HOST_ON);
	}
}

/**
 * fault_heal - undo all faults
 * @r: the run
 *
 * Who stood still goes on; who is off stays off; clocks stay as they are.
 */
void fault_heal(struct run *r)
{
	struct net *net = &r->w->net;
	struct stream_end *end;
	u32 i, k;

	world_say(r->w, &r->strangers[0], "all faults are healed");
	net_mend_all(net);
	net->loss = 0;
	net->latency = 50 * SIM_US;
	net->twice = 0;
	net->late = 0;
	net->refuse = 0;
	net->chop = 0;
	net->byte_time = 0;
	r->n_flaps = 0;
	r->noise = 0;
	r->impostor = NULL;
	judge_impostor(0);
	judge_chance(false);
	judge_links_changed();
	keep_heal(r);
	stuck_heal(r);
	for (i = 0; i < r->w->n; i++) {
		struct node *n = r->w->nodes[i];

		n->ledger.fail_at = 0;
		if (n->core && n->host.state != HOST_ON)
			node_resume(n);
		for (k = node_tethers(n); k; k--) {
			end = node_end(n, k);
			/* what was dark for good has been forgotten on the way */
			if (!stream_dark(end))
				continue;
			stream_darken(end, 0);
			stream_reset(end);
		}
	}
}
