// SPDX-License-Identifier: GPL-2.0
/*
 * The judge. Each node has a file in which stands what it was told, when, and
 * what it made of it; one line for each other node.
 */
#include <errno.h>
#include <linux/minmax.h>
#include <linux/unaligned.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "judge.h"
#include "level0.h"
#include "state.h"
#include "votes.h"
#include "witness.h"

/* clocks may be wrong by 5 %, so twice that is allowed where two are compared */
#define SLACK(t)	((t) + (t) / 8)
#define TETHER_LINE	(sizeof(struct pfsnl_tether) + 64)

/**
 * struct line - what a node knows of another
 * @arrived: its last genuine beacon, by the node's clock; 0 for none
 * @interval_ms: as that said
 * @flags: of the last beacon that the core was given
 * @incarnation: likewise
 * @past: the other that it was given last
 * @again: @incarnation was given before @past was
 * @asked: last PING, by the node's clock
 * @dropped: incarnation dropped in this time of leading, 0 for none
 * @fails: dials that failed in a row
 * @not_before: by the node's clock, no dial before that
 * @claimed: size of the ring of the node as its last CLAIM to the other says
 */
struct line {
	u64 arrived;
	u32 interval_ms;
	u16 flags;
	u64 incarnation;
	u64 past;
	bool again;
	u64 asked;
	u64 dropped;
	u32 fails;
	u64 not_before;
	u32 claimed;
};

/**
 * struct file - what is known of a node
 * @node: whose
 * @life: in which it was given what the lines say of incarnations
 * @role: as noted last
 * @since: when it began
 * @leads: how often it began to lead
 * @hearing: address whose genuine beacon it is being given
 * @said_accept: it said ACCEPT in this call
 * @unknown_since: it follows a leader that has no tether to it
 * @beaconed: when it did so last
 * @bound: of its memory, bytes
 * @led: how many followed it when it took a claim, itself apart
 * @claimed: and how large the ring was of who claimed it
 * @lines: one for each other
 */
struct file {
	struct node *node;
	u64 life;
	enum pfsnl_role role;
	u64 since;
	u64 leads;
	u32 hearing;
	bool said_accept;
	u64 unknown_since;
	u64 beaconed;
	u64 bound;
	u32 led;
	u32 claimed;
	struct line *lines;
};

static struct {
	struct world *w;
	struct file *files;
	u32 n;			/* nodes */
	u32 all;		/* and level-0 peers */
	bool chance;		/* packets may get lost or late by chance */
	u32 impostor;		/* address that a stranger uses too ... */
	u64 impostor_until;	/* ... or did, and may be heard till then */
	u64 links_changed;
	struct judge_sums sums;
} j;

static u32 index_of(u32 addr)
{
	u32 i = addr - WORLD_ADDR(0);

	if (i < j.n)
		return i;
	for (i = 0; i < j.w->n_peers; i++)
		if (j.w->peers[i]->host.addr == addr)
			return j.n + i;
	return ~0U;
}

static struct file *file_of(const struct node *n)
{
	return &j.files[n->host.addr - WORLD_ADDR(0)];
}

static struct line *line_of(struct file *f, u32 addr)
{
	u32 i = index_of(addr);

	return i < j.all ? &f->lines[i] : NULL;
}

static struct node *node_at(u32 addr)
{
	u32 i = addr - WORLD_ADDR(0);

	return i < j.n ? j.w->nodes[i] : NULL;
}

/* What the core may hold at most: everything its limits allow, at once. */
static u64 bound_of(const struct pfsnl_config *cfg)
{
	u64 nodes = 2 * (u64)cfg->max_nodes;
	u64 lists = pfsnl_install_size(cfg->max_nodes, cfg->max_nodes) * 6;
	u64 tethers = cfg->max_nodes + PFSNL_SHAKING_MAX +
		      2 * j.all + PFSNL_SHAKING_MAX;

	/* log and its index, outbox, what clients may send, what comes in */
	u64 messages = 4 * (u64)cfg->retain_kib * 1024 + 131072 +
		       (u64)cfg->max_nodes * PFSNL_ALLOWANCE_MIN;

	/* what all have reported of their services */
	u64 services = (u64)cfg->max_nodes * PFSNL_SERVICES_MAX *
		       sizeof(struct pfsnl_sync_record);

	return sizeof(struct pfsnl_core) + 4096 + lists + messages + services +
	       nodes * (sizeof(struct pfsnl_node) +
			sizeof(struct pfsnl_contact) + 64) +
	       tethers * TETHER_LINE;
}

/**
 * judge_begin - look at a world from now on
 * @w: the world; all nodes and peers are made, none runs
 */
void judge_begin(struct world *w)
{
	u32 i;

	memset(&j, 0, sizeof(j));
	j.w = w;
	j.n = w->n;
	j.all = w->n + w->n_peers;
	j.files = sim_alloc(j.n * sizeof(*j.files));
	for (i = 0; i < j.n; i++) {
		j.files[i].node = w->nodes[i];
		j.files[i].bound = bound_of(&w->nodes[i]->cfg);
		j.files[i].lines = sim_alloc(j.all * sizeof(struct line));
	}
	history_begin(w);
	votes_begin(w);
}

/**
 * judge_end - look no more
 * @w: the world
 */
void judge_end(struct world *w)
{
	u32 i;

	w->tap = NULL;
	w->net.arrived = NULL;
	for (i = 0; i < j.n; i++)
		free(j.files[i].lines);
	free(j.files);
	j.files = NULL;
	history_end();
}

/**
 * judge_sums - what was seen so far
 */
const struct judge_sums *judge_sums(void)
{
	return &j.sums;
}

/**
 * judge_leads - how often a node began to lead so far
 * @n: the node
 */
u64 judge_leads(const struct node *n)
{
	return file_of(n)->leads;
}

/**
 * judge_links_changed - a link, or a host, was cut, mended, stopped or resumed
 */
void judge_links_changed(void)
{
	j.links_changed = j.w->sim.now;
}

/**
 * judge_chance - whether packets may get lost or late by chance from now on
 * @any: whether
 */
void judge_chance(bool any)
{
	if (j.chance && !any)
		judge_links_changed();
	j.chance = any;
}

/**
 * judge_impostor - somebody else uses the address of a node, too
 * @addr: the address; 0 for no longer
 */
void judge_impostor(u32 addr)
{
	if (!addr) {
		judge_links_changed();
		j.impostor_until = j.w->sim.now + 5 * SIM_S;
		return;
	}
	j.impostor = addr;
	j.impostor_until = SIM_NEVER;
}

/* The address may be that of two; 0: any may. */
static bool fake(u32 addr)
{
	return j.impostor && j.w->sim.now < j.impostor_until &&
	       (!addr || j.impostor == addr);
}

static u64 ms(const struct node *n, u64 limit)
{
	return n->cfg.dead * limit * SIM_MS;
}

static u64 dead_of(const struct node *n)
{
	return ms(n, n->cfg.interval_ms);
}

static void arrived(struct host *host, struct host *from, const void *data,
		    size_t len)
{
	struct node *to = node_at(host->addr), *of = node_at(from->addr);
	struct pfsnl_beacon b;
	struct line *l;

	if (!to || !to->core || pfsnl_beacon_decode(&b, data, len) ||
	    b.addr != from->addr)
		return;
	/* what comes from a life that has ended is no sign of this one */
	if (!of || b.incarnation != of->incarnation)
		return;
	l = line_of(file_of(to), from->addr);
	l->arrived = node_clock(to);
	l->interval_ms = b.interval_ms;
}

static void hears(struct node *n, u32 src, const void *data, size_t len)
{
	struct node *of = node_at(src);
	struct file *f = file_of(n);
	struct pfsnl_beacon b;
	struct line *l;
	u32 i;

	f->hearing = 0;
	if (f->life != n->incarnation) {
		/* a new life knows of no former ones */
		for (i = 0; i < j.all; i++) {
			f->lines[i].incarnation = 0;
			f->lines[i].past = 0;
			f->lines[i].again = false;
		}
		f->life = n->incarnation;
	}
	l = line_of(f, src);
	if (!of && l) {
		/* a level-0 peer that was away for a second begins anew */
		if (l->arrived && node_clock(n) - l->arrived > SIM_S) {
			l->fails = 0;
			l->not_before = 0;
		}
		l->arrived = node_clock(n);
	}
	if (!of || of == n || pfsnl_beacon_decode(&b, data, len) || !b.level ||
	    b.addr != src)
		return;
	l = line_of(f, src);
	if (!(b.flags & PFSNL_BEACON_NOT_MEMBER))
		l->flags = b.flags;
	/* tethered to somebody else is as good as not tethered */
	if (b.ring.leader != n->host.addr)
		l->flags &= ~PFSNL_BEACON_TETHERED;
	if (b.incarnation != l->incarnation) {
		l->again = b.incarnation == l->past;
		l->past = l->incarnation;
	}
	l->incarnation = b.incarnation;
	if (b.incarnation == of->incarnation && !fake(src))
		f->hearing = src;
}

/* It was taken for silent. */
static void lost_silent(struct node *n, u32 addr, struct line *l,
			u64 incarnation)
{
	u64 now = node_clock(n), limit, told;
	struct node *of = node_at(addr);

	if (!of)
		return;
	/* what came before it started is not known to it */
	if (l->arrived && now - l->arrived >
	    (j.w->sim.now - n->started) / 10 * 9)
		return;
	limit = ms(n, max(n->cfg.interval_ms, l->interval_ms));
	if (l->arrived && now - l->arrived < limit && !fake(addr) &&
	    of->incarnation == incarnation)
		sim_violated("silence-true",
			     "%08x takes %08x for silent, whose beacon came %llu us ago; its limit is %llu us",
			     n->host.addr, addr,
			     (unsigned long long)(now - l->arrived) / 1000,
			     (unsigned long long)limit / 1000);
	/* who slept through it had no time to ask */
	told = max(n->woken, n->started);
	if ((!l->asked || now - l->asked > limit) && !fake(0) &&
	    j.w->sim.now - told > SLACK(limit) && file_of(n)->role !=
	    PFSNL_ROLE_ORPHAN)
		sim_violated("asked-first", "%08x did not ask %08x before it took it for silent",
			     n->host.addr, addr);
	if (of->incarnation == incarnation && node_runs(of) &&
	    j.w->sim.now - of->woken > 2 * limit &&
	    j.w->sim.now - j.links_changed > 2 * limit &&
	    net_passes(&j.w->net, &n->host, &of->host, NET_ALL) &&
	    net_passes(&j.w->net, &of->host, &n->host, NET_ALL))
		j.sums.false_lost++;
}

/*
 * Incarnations have no order, so a straggler of a life that was never heard of
 * passes for a new one. But who was heard before does not.
 */
static void lost_restarted(struct node *n, u32 addr, u64 incarnation)
{
	struct line *l = line_of(file_of(n), addr);
	struct node *of = node_at(addr);

	if (of && of->core && of->incarnation == incarnation && l->again &&
	    !fake(0))
		sim_violated("restart-true",
			     "%08x takes %08x for restarted, which it is not",
			     n->host.addr, addr);
}

static void role_changed(struct file *f, enum pfsnl_role role)
{
	struct node *n = f->node;
	u64 now = j.w->sim.now;
	u64 listen = 5 * min(20U, n->cfg.interval_ms) * SIM_MS;
	u32 i;

	if (role == PFSNL_ROLE_LEADER) {
		j.sums.leads++;
		f->leads++;
		if (f->role == PFSNL_ROLE_LISTENING &&
		    SLACK(now - f->since) < listen)
			sim_violated("listens-first", "%08x leads after %llu us",
				     n->host.addr, (unsigned long long)
				     (now - f->since) / 1000);
	}
	for (i = 0; i < j.all; i++) {
		f->lines[i].dropped = 0;
		f->lines[i].fails = 0;
		f->lines[i].not_before = 0;
	}
	/* an orphan may be told that its leader is gone, and begins anew */
	if (role == PFSNL_ROLE_ORPHAN && f->role == PFSNL_ROLE_ORPHAN)
		return;
	f->role = role;
	f->since = now;
}

/* Another leader says that the node is there, or is that node. */
static bool told_of(const struct node *n, u32 addr)
{
	const struct pfsnl_node *known =
		pfsnl_roster_find(&n->core->roster, addr);

	return known && (known->c->merging || known->c->rival);
}

static void dialled(struct file *f, u32 addr, struct line *l)
{
	struct node *n = f->node;

	j.sums.dials++;
	if (!l)
		return;
	if (told_of(n, addr)) {
		/* whatever failed before, this is another occasion */
		l->fails = 0;
		l->not_before = 0;
		return;
	}
	if (l->dropped && l->dropped == l->incarnation &&
	    (l->flags & PFSNL_BEACON_TETHERED) && !fake(addr))
		sim_violated("redial-noticed",
			     "%08x dials %08x, which it dropped and which does not know yet",
			     n->host.addr, addr);
	if (node_clock(n) < l->not_before)
		sim_violated("back-off",
			     "%08x dials %08x %llu us too early after %u failures",
			     n->host.addr, addr, (unsigned long long)
			     (l->not_before - node_clock(n)) / 1000, l->fails);
}

/* Who is in the list of a leader, holds its tether, and goes by it. */
static u32 followers(const struct node *n)
{
	struct pfsnl_node *known;
	u32 count = 0;

	if (n->core->role != PFSNL_ROLE_LEADER)
		return 0;
	pfsnl_roster_for_each(&n->core->roster, known) {
		struct node *of = node_at(known->addr);

		count += of && of != n && of->core && known->in &&
			 known->c->tether &&
			 known->c->tether->state == PFSNL_TETHER_MEMBER &&
			 of->core->role == PFSNL_ROLE_CLIENT &&
			 of->core->leader_incarnation == n->core->incarnation;
	}
	return count;
}

static void dial_failed(struct file *f, u32 addr, struct line *l, u32 reason)
{
	struct node *n = f->node;
	bool level0 = index_of(addr) >= j.n;
	u64 first = level0 ? PFSNL_BACKOFF_LEVEL0_MS : n->cfg.interval_ms;
	u64 most = level0 ? PFSNL_BACKOFF_LEVEL0_MAX_MS :
		   max_t(u64, PFSNL_BACKOFF_MAX_MS, first);

	if (!l || reason == PFSNL_REASON_BUSY || told_of(n, addr)) {
		if (l) {
			l->fails = 0;
			l->not_before = 0;
		}
		return;
	}
	l->fails++;
	l->not_before = 0;
	if (reason != PFSNL_REASON_TIMEOUT || level0)
		l->not_before = node_clock(n) + SIM_MS *
			min(first << min(l->fails - 1, 20U), most);
}

static void note(struct node *n, enum pfsnl_note note, u32 addr, u32 reason,
		 u64 number)
{
	struct file *f = file_of(n);
	struct line *l = line_of(f, addr);
	struct pfsnl_node *known;

	switch (note) {
	case PFSNL_NOTE_ROLE:
		role_changed(f, number);
		break;
	case PFSNL_NOTE_INSTALL:
		j.sums.rings++;
		history_installed(n);
		break;
	case PFSNL_NOTE_DROP:
		known = pfsnl_roster_find(&n->core->roster, addr);
		if (!l || !known || !known->c->tether || !known->c->tether->level)
			break;
		if (reason == PFSNL_REASON_SILENT)
			lost_silent(n, addr, l,
				    known->c->tether->member.incarnation);
		else if (reason == PFSNL_REASON_RESTARTED)
			lost_restarted(n, addr,
				       known->c->tether->member.incarnation);
		l->dropped = known->c->tether->member.incarnation;
		break;
	case PFSNL_NOTE_LEADER_LOST:
		if (l && reason == PFSNL_REASON_SILENT)
			lost_silent(n, addr, l, n->core->leader_incarnation);
		else if (reason == PFSNL_REASON_RESTARTED)
			lost_restarted(n, addr, n->core->leader_incarnation);
		break;
	case PFSNL_NOTE_CLAIM_TAKEN:
		history_claimed(n);
		/* who succeeds the same leader goes before by its place in the line */
		f->led = n->core->succeeds ? 0 : followers(n);
		f->claimed = node_at(addr) ?
			     line_of(file_of(node_at(addr)), n->host.addr)->claimed : 0;
		break;
	case PFSNL_NOTE_DIAL:
		dialled(f, addr, l);
		break;
	case PFSNL_NOTE_DIAL_FAILED:
		dial_failed(f, addr, l, reason);
		break;
	case PFSNL_NOTE_TETHER_UP:
	case PFSNL_NOTE_FORGOTTEN:
		if (!l)
			break;
		l->fails = 0;
		l->not_before = 0;
		l->dropped = 0;
		break;
	case PFSNL_NOTE_STEP_DOWN:
		if (!node_at(addr))
			break;
		/* to one of these it hands over, whatever that said when it led */
		known = pfsnl_roster_find(&n->core->roster, addr);
		if (known && known->c->tether &&
		    known->c->tether->state == PFSNL_TETHER_MEMBER)
			break;
		/* it may have asked again since, with less, while we stood still */
		if (f->led && f->claimed == 1)
			sim_violated("larger-ring",
				     "%08x leads %u others and yields to %08x, which is alone",
				     n->host.addr, f->led, addr);
		break;
	default:
		break;
	}
}

static void installs(struct node *n, struct node_tether *t, const u8 *frame)
{
	struct pfsnl_ring_id ring = {
		.seq = get_unaligned_be64(frame + 8),
		.incarnation = get_unaligned_be64(frame + 16),
		.leader = get_unaligned_be32(frame + 24),
	};
	struct node *to = node_at(stream_peer(t->end));
	const struct pfsnl_core *core;
	struct rb_node *p;

	if (ring.leader != n->host.addr || ring.incarnation != n->incarnation ||
	    node_role(n) != PFSNL_ROLE_LEADER)
		sim_violated("own-frames", "%08x sends ring %llu of %08x",
			     n->host.addr, (unsigned long long)ring.seq,
			     ring.leader);
	if (!to || !to->core)
		return;
	/* the receiver's end of the same stream, if it is the accepted one */
	core = to->core;
	for (p = rb_first(&to->tethers); p; p = rb_next(p)) {
		struct node_tether *other = rb_entry(p, struct node_tether,
						     by_id);

		if (!stream_joins(t->end, other->end) || !core->up ||
		    core->up->id != other->id)
			continue;
		if (ring.seq < core->ring.seq)
			sim_violated("seq-of-all",
				     "%08x gives %08x ring %llu, which has %llu",
				     n->host.addr, to->host.addr,
				     (unsigned long long)ring.seq,
				     (unsigned long long)core->ring.seq);
	}
}

static void says(struct node *n, struct node_tether *t, const u8 *frame,
		 size_t len)
{
	struct file *f = file_of(n);
	struct line *l = line_of(f, stream_peer(t->end));
	struct rb_node *p;

	switch (get_unaligned_be32(frame)) {
	case PFSNL_FRAME_ACCEPT:
		f->said_accept = true;
		/* a second one, until the sender of CLAIM takes over */
		if (get_unaligned_be32(frame + 8 + 68) &
		    (PFSNL_HELLO_STANDBY | PFSNL_HELLO_LEADS))
			break;
		t->accepted = true;
		for (p = rb_first(&n->tethers); p; p = rb_next(p)) {
			struct node_tether *other =
				rb_entry(p, struct node_tether, by_id);

			if (other->accepted && stream_peer(other->end) !=
					       stream_peer(t->end))
				sim_violated("one-tether",
					     "%08x accepts %08x and has a tether from %08x",
					     n->host.addr, stream_peer(t->end),
					     stream_peer(other->end));
		}
		break;
	case PFSNL_FRAME_CLAIM:
		if (l)
			l->claimed = get_unaligned_be32(frame + 8 + 44);
		break;
	case PFSNL_FRAME_INSTALL:
		installs(n, t, frame);
		break;
	case PFSNL_FRAME_PING:
		if (l)
			l->asked = node_clock(n);
		break;
	}
}

/* So many of its tethers block that it takes itself for stuck, and drops nobody. */
static bool spares(const struct node *n)
{
	const struct pfsnl_core *core = n->core;

	return core->suspect_since &&
	       node_clock(n) < core->suspect_since + pfsnl_dead_time(core);
}

/* Things that hold between any two calls, but look at all tethers. */
static void check_tethers(struct node *n, bool blocked)
{
	u32 accepted = 0;
	struct rb_node *p;

	for (p = rb_first(&n->tethers); p; p = rb_next(p)) {
		struct node_tether *t = rb_entry(p, struct node_tether, by_id);

		if (n->core->up && n->core->up->id == t->id)
			t->accepted = true;
		accepted += t->accepted;
		if (!blocked || !t->blocked)
			continue;
		if ((t->blocked == PFSNL_FRAME_INSTALL ||
		     !PFSNL_FRAME_OURS(t->blocked)) && !spares(n))
			sim_violated("blocked-dropped",
				     "%08x keeps %08x, which has no room",
				     n->host.addr, stream_peer(t->end));
		t->blocked = 0;
	}
	if (accepted > 1)
		sim_violated("one-tether", "%08x has %u accepted tethers",
			     n->host.addr, accepted);
}

static void done(struct node *n)
{
	struct file *f = file_of(n);
	u32 src = f->hearing;

	votes_check(n);
	if (memcmp(&n->core->nobody, &(struct pfsnl_contact){ 0 },
		   sizeof(n->core->nobody)))
		sim_violated("own-contact", "%08x wrote into the contact of nobody",
			     n->host.addr);
	if (n->keeper)
		witness_look(n->keeper);
	if (n->ledger.bytes - (n->keeper ? n->keeper->bytes : 0) >
	    f->bound + 2 * n->core->order.mark_bytes)
		sim_violated("memory", "%08x holds %llu bytes, its bound is %llu",
			     n->host.addr, (unsigned long long)n->ledger.bytes,
			     (unsigned long long)f->bound);
	if (f->said_accept || n->blocked)
		check_tethers(n, n->blocked);
	f->said_accept = false;
	n->blocked = false;

	f->hearing = 0;
	if (src && pfsnl_core_config(n->core)->addr != src) {
		const struct pfsnl_core *core = n->core;
		u64 now_is = node_at(src)->incarnation;
		struct pfsnl_node *known =
			pfsnl_roster_find(&core->roster, src);

		if ((core->role == PFSNL_ROLE_CLIENT &&
		     core->leader_addr == src &&
		     core->leader_incarnation != now_is) ||
		    (known && known->c->tether && known->c->tether->level &&
		     known->c->tether->state == PFSNL_TETHER_MEMBER &&
		     known->c->tether->member.incarnation != now_is))
			sim_violated("restart-noticed",
				     "%08x heard the new %08x and keeps to the old one",
				     n->host.addr, src);
	}
}

static void beacon(struct node *n)
{
	u64 hang = max(4 * dead_of(n), 2 * SIM_S), now = j.w->sim.now;

	file_of(n)->beaconed = now;
	if (n->host.state == HOST_HUNG && now - n->paused > SLACK(hang))
		sim_violated("hung-silent",
			     "%08x hangs since %llu ms and says that it is alive",
			     n->host.addr,
			     (unsigned long long)(now - n->paused) / 1000000);
}

static const struct world_tap tap = {
	.note = note,
	.says = says,
	.done = done,
	.hears = hears,
	.beacon = beacon,
};

static bool has_tether(const struct node *n, u32 addr)
{
	struct rb_node *p;

	for (p = rb_first(&n->tethers); p; p = rb_next(p))
		if (stream_peer(rb_entry(p, struct node_tether, by_id)->end) ==
		    addr)
			return true;
	return false;
}

/* A follows L, which does not know it: one of the two learns it soon. */
static void check_mutual(struct file *f)
{
	struct node *a = f->node, *l;
	u64 now = j.w->sim.now, limit;

	l = node_runs(a) && node_role(a) == PFSNL_ROLE_CLIENT ?
	    node_at(a->core->leader_addr) : NULL;
	if (!l || j.chance || fake(0) || !node_runs(l) ||
	    l->incarnation != a->core->leader_incarnation ||
	    node_role(l) != PFSNL_ROLE_LEADER ||
	    has_tether(l, a->host.addr) ||
	    !net_passes(&j.w->net, &a->host, &l->host, NET_ALL) ||
	    !net_passes(&j.w->net, &l->host, &a->host, NET_ALL)) {
		f->unknown_since = 0;
		return;
	}
	if (!f->unknown_since) {
		f->unknown_since = now;
		return;
	}
	limit = dead_of(a) + dead_of(l) + 4 * SIM_MS * a->cfg.interval_ms;
	if (now - f->unknown_since > SLACK(limit))
		sim_violated("mutual-loss",
			     "%08x follows %08x, which has no tether to it, for %llu ms",
			     a->host.addr, l->host.addr, (unsigned long long)
			     (now - f->unknown_since) / 1000000);
}

static void check_beacons(const struct file *f)
{
	const struct node *n = f->node;
	u64 last = max(f->beaconed, max(n->woken, n->started));
	u64 limit = 2 * SIM_MS * n->cfg.interval_ms + 200 * SIM_MS;

	if (node_runs(n) && j.w->sim.now - last > SLACK(limit))
		sim_violated("beacons", "%08x runs and sent no beacon for %llu ms",
			     n->host.addr, (unsigned long long)
			     (j.w->sim.now - last) / 1000000);
}

/**
 * judge_sweep - look at everything that is allowed for a while only
 * @w: the world; called again and again
 */
void judge_sweep(struct world *w)
{
	u32 i;

	w->tap = &tap;
	w->net.arrived = arrived;
	for (i = 0; i < j.n; i++) {
		struct file *f = &j.files[i];
		struct node *n = f->node;
		u64 since = max(f->since, n->woken), limit;

		check_mutual(f);
		check_beacons(f);
		if (!node_runs(n) || node_role(n) != PFSNL_ROLE_ORPHAN ||
		    f->role != PFSNL_ROLE_ORPHAN)
			continue;
		limit = 2 * dead_of(n) + n->cfg.interval_ms * SIM_MS;
		if (w->sim.now - since > SLACK(limit) + 20 * SIM_MS)
			sim_violated("orphan-bounded",
				     "%08x is an orphan for %llu ms, its dead is %llu ms",
				     n->host.addr, (unsigned long long)
				     (w->sim.now - since) / 1000000,
				     (unsigned long long)dead_of(n) / 1000000);
	}
}
