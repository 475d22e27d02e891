// SPDX-License-Identifier: GPL-2.0
/*
 * Being a leader: dialling the nodes that wait, and dropping those that are
 * gone. What becomes of two leaders is decided here and done in merge.c and
 * handover.c.
 */
#include <linux/errno.h>
#include <linux/minmax.h>

#include "state.h"

static const enum pfsnl_counter drop_counters[] = {
	[PFSNL_REASON_CLOSED]		= PFSNL_COUNT_DROP_CLOSED,
	[PFSNL_REASON_BLOCKED]		= PFSNL_COUNT_DROP_BLOCKED,
	[PFSNL_REASON_SILENT]		= PFSNL_COUNT_DROP_SILENT,
	[PFSNL_REASON_LEFT]		= PFSNL_COUNT_DROP_LEFT,
	[PFSNL_REASON_RESTARTED]	= PFSNL_COUNT_DROP_RESTARTED,
	[PFSNL_REASON_MALFORMED]	= PFSNL_COUNT_DROP_MALFORMED,
	[PFSNL_REASON_LOCAL]		= PFSNL_COUNT_DROP_LOCAL,
	[PFSNL_REASON_SLOW]		= PFSNL_COUNT_DROP_SLOW,
};

/**
 * pfsnl_dial_time - how long to wait for a connection or an answer on it
 * @core: the core
 *
 * About one beacon interval, because a lost SYN is repeated by TCP only after a
 * second; but no less than a busy machine needs. A leader waits longer for a
 * node that was too slow before.
 *
 * Return: nanoseconds.
 */
u64 pfsnl_dial_time(const struct pfsnl_core *core)
{
	return max(pfsnl_interval(core), 100 * PFSNL_MS);
}

/* A dial to it came to nothing: not again before this. */
static void back_off(struct pfsnl_core *core, struct pfsnl_node *n, u8 level)
{
	u64 first = level ? pfsnl_interval(core) :
			    PFSNL_BACKOFF_LEVEL0_MS * PFSNL_MS;
	u64 most = PFSNL_BACKOFF_MAX_MS * PFSNL_MS;

	if (!level)
		most = PFSNL_BACKOFF_LEVEL0_MAX_MS * PFSNL_MS;
	else if (n->c->rival)
		most = PFSNL_BACKOFF_MERGE_MAX_MS * PFSNL_MS;
	most = max(most, first);
	n->c->backoff = n->c->backoff ? min(2 * n->c->backoff, most) : first;
	n->c->redial_at = core->now + !PFSNL_BROKEN(BACK_OFF) * n->c->backoff;
}

/* How long this dial to it may take. */
static u64 patience(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	return pfsnl_dial_time(core) +
	       min(n->c->backoff, PFSNL_BACKOFF_MAX_MS * PFSNL_MS);
}

static void dial_failed(struct pfsnl_core *core, struct pfsnl_node *n,
			u32 reason, u32 id)
{
	pfsnl_count(core, PFSNL_COUNT_TETHER_DIAL_FAILED);
	pfsnl_note(core, PFSNL_NOTE_DIAL_FAILED, n->addr, reason, id);
}

/**
 * pfsnl_lead_dial - connect to a node, unless it is too early for that
 * @core: the core, leading
 * @n: the node, heard or described to us
 *
 * A leader that hands over takes no one any more.
 */
void pfsnl_lead_dial(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_member *known = n->in && !n->c->merging ? &n->member :
								  &n->c->told;
	bool heard = pfsnl_node_fresh(core, n);
	u8 level = heard ? n->c->heard.level : known->level;
	u16 port = heard ? n->c->heard.tether_port : known->tether_port;
	struct pfsnl_tether *t = NULL;
	u32 id;

	if (n->c->tether || core->now < n->c->redial_at || core->standby)
		return;
	if (core->dials + core->clients + 1 >= core->cfg.max_nodes) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_NO_ROOM);
		pfsnl_note(core, PFSNL_NOTE_TOO_LARGE, n->addr,
			   PFSNL_REASON_LOCAL, core->clients + 1);
		return;
	}
	if (!pfsnl_node_meet(core, n)) {
		/* it has nowhere to back off; its next beacon is an occasion */
		pfsnl_count(core, PFSNL_COUNT_TETHER_DIAL);
		dial_failed(core, n, PFSNL_REASON_LOCAL, 0);
		return;
	}
	if (!level)
		port = core->cfg.tether_port;

	pfsnl_count(core, PFSNL_COUNT_TETHER_DIAL);
	if (!core->ops->tether_open(core->ctx, n->addr, port, &id)) {
		t = pfsnl_tether_add(core, id, n->addr,
				     PFSNL_TETHER_CONNECTING);
		if (!t)
			core->ops->tether_close(core->ctx, id);
	}
	if (!t) {
		back_off(core, n, level);
		dial_failed(core, n, PFSNL_REASON_LOCAL, 0);
		return;
	}
	pfsnl_note(core, PFSNL_NOTE_DIAL, n->addr, PFSNL_REASON_NONE, id);
	t->node = n;
	t->level = level;
	n->c->tether = t;
	pfsnl_timer_at(core, &t->timer, core->now + patience(core, n));
}

/**
 * pfsnl_lead_unexpect - the first ring need no longer wait for a node
 * @core: the core, leading
 * @n: the node
 */
void pfsnl_lead_unexpect(struct pfsnl_core *core, struct pfsnl_node *n)
{
	if (!n->c->expected)
		return;
	n->c->expected = false;
	if (!--core->expected)
		pfsnl_install_soon(core);
}

/**
 * pfsnl_lead_failed - a dial came to nothing
 * @t: the tether, not MEMBER yet; ended
 * @reason: why
 */
void pfsnl_lead_failed(struct pfsnl_tether *t, u32 reason)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n = t->node;

	/*
	 * A node that follows another may be free at its next beacon, and
	 * will say so. One that was too slow is dialled then too, with more
	 * patience. Anything else takes time to get better.
	 */
	if (reason != PFSNL_REASON_BUSY)
		back_off(core, n, t->level);
	if (reason == PFSNL_REASON_BUSY ||
	    (reason == PFSNL_REASON_TIMEOUT && t->level && !n->c->rival))
		n->c->redial_at = core->now;
	dial_failed(core, n, reason, t->id);
	n->reason = reason;
	pfsnl_tether_end(t, reason);
	/*
	 * One that still hears the lost leader notices in a moment and says
	 * so; one that was too slow says that it is untethered, and is dialled
	 * again. The first ring goes on waiting for both.
	 */
	if (PFSNL_BROKEN(BUSY_WAITS) && reason == PFSNL_REASON_BUSY)
		pfsnl_lead_unexpect(core, n);
	switch (reason) {
	case PFSNL_REASON_BUSY:
	case PFSNL_REASON_TIMEOUT:
	case PFSNL_REASON_CLOSED:
	case PFSNL_REASON_LOCAL:
		break;
	default:
		pfsnl_lead_unexpect(core, n);
		pfsnl_merge_forget(core, n);
	}
	pfsnl_node_review(core, n);
}

/*
 * A tether to it broke. One that breaks each time right after it came makes two rings
 * each time, for everybody: it has to wait, longer and longer.
 */
static void fell(struct pfsnl_core *core, struct pfsnl_node *n, bool soon)
{
	if (!soon)
		n->c->falls = 0;
	else if (n->c->falls < PFSNL_FALLS_FREE)
		n->c->falls++;
	else
		back_off(core, n, 1);
}

/**
 * pfsnl_lead_drop - a client is gone
 * @core: the core
 * @n: the client; its tether is ended
 * @reason: why, one of those that have a counter
 *
 * It is tethered again only when its beacons say that it noticed, or that it is
 * a new incarnation.
 */
void pfsnl_lead_drop(struct pfsnl_core *core, struct pfsnl_node *n, u32 reason)
{
	struct pfsnl_tether *t = n->c->tether;

	pfsnl_count(core, drop_counters[reason]);
	pfsnl_note(core, PFSNL_NOTE_DROP, n->addr, reason, t->id);
	/* it can't tell us that it noticed, so give it the time to */
	n->c->redial_at = core->now;
	if (t->level)
		fell(core, n, core->now - t->up_at < pfsnl_dead_time(core));
	if (!t->level && !PFSNL_BROKEN(LEVEL0_HOLD)) {
		/* two leaders that don't meet are not to fight over it for ever */
		if (core->now - t->up_at > PFSNL_BACKOFF_LEVEL0_MAX_MS * PFSNL_MS)
			n->c->backoff = 0;
		back_off(core, n, 0);
		n->c->redial_at = max(n->c->redial_at,
				      core->now + pfsnl_dead_time(core));
	}
	n->c->untethered = 0;
	n->reason = reason;
	/* it may be the other leader's by now, and did not count as such */
	if (core->loser && t->level && reason != PFSNL_REASON_LEFT)
		core->merge_lacks = true;
	pfsnl_tether_end(t, reason);
	pfsnl_install_soon(core);
	pfsnl_node_review(core, n);
}

/**
 * pfsnl_lead_welcome - a node is to be in the next ring
 * @t: our tether to it; perhaps ended
 */
void pfsnl_lead_welcome(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n = t->node;

	if (t->level && !n->c->falls)
		n->c->backoff = 0;
	/* it took our claim, so it follows us since then */
	n->c->follows_at = t->claimed_at;
	n->c->untethered = 0;
	n->c->rival = false;
	pfsnl_tether_state(t, PFSNL_TETHER_MEMBER);
	pfsnl_node_alive(core, n);
	pfsnl_install_soon(core);
	pfsnl_lead_unexpect(core, n);
	if (core->succeeds && n->in &&
	    pfsnl_record_newer(&core->ring, &t->theirs) &&
	    pfsnl_record_give(t) == -EAGAIN)
		pfsnl_lead_drop(core, n, PFSNL_REASON_BLOCKED);
}

/**
 * pfsnl_lead_members - how many nodes of its ring a node may speak for
 * @core: the core
 *
 * A leader speaks for itself and those who still follow it, not for those that
 * the next ring will lack, nor for any when it stood still and they had no time
 * yet to say that they left. One that spoke for its whole list would take over
 * the cluster that went on without it.
 *
 * Return: nodes, level-0 peers apart.
 */
u32 pfsnl_lead_members(const struct pfsnl_core *core)
{
	struct pfsnl_node *n;
	u32 members = 1;

	if (core->role != PFSNL_ROLE_LEADER)
		return core->roster.equals;
	if (core->now < core->doubt_until)
		return 1;
	pfsnl_roster_for_each(&core->roster, n) {
		const struct pfsnl_tether *t = n->c->tether;

		members += n->in && n->member.level &&
			   n->addr != core->cfg.addr &&
			   (n->c->expected ||
			    (t && t->state == PFSNL_TETHER_MEMBER));
	}
	return members;
}

/**
 * pfsnl_lead_yields - whether we would give way to another leader
 * @core: the core, leading
 * @members: nodes in the other's ring, level-0 peers apart
 * @priority: of the other
 * @addr: of the other
 *
 * One that leads others comes before one that is alone, so that a low address
 * on a bad cable doesn't take over everybody at each return. Level-0 peers are
 * nobody in that: whoever is alone soon has them.
 */
bool pfsnl_lead_yields(const struct pfsnl_core *core, u32 members, u8 priority,
		       u32 addr)
{
	bool they = members > 1, we = pfsnl_lead_members(core) > 1;

	/* after a pause we may be alone, or not: who is alone has to wait */
	if ((they != we || core->now < core->doubt_until) &&
	    !PFSNL_BROKEN(LARGER))
		return they;
	if (priority != core->cfg.priority)
		return priority > core->cfg.priority;
	return addr < core->cfg.addr;
}

/* Say on a new connection to a better leader that it may have our nodes. */
static void offer(struct pfsnl_tether *t)
{
	struct pfsnl_node *n = t->node;

	if (pfsnl_tether_hello(t, PFSNL_FRAME_OFFER, 0, 0, 0)) {
		pfsnl_lead_failed(t, PFSNL_REASON_LOCAL);
		return;
	}
	pfsnl_count(t->core, PFSNL_COUNT_OFFERS);
	/* if nothing comes of it, ever more rarely */
	back_off(t->core, n, 1);
	pfsnl_tether_state(t, PFSNL_TETHER_CLOSING);
}

/**
 * pfsnl_lead_opened - a connection we began is there, or failed
 * @t: the tether, CONNECTING
 * @err: 0 or -errno
 */
void pfsnl_lead_opened(struct pfsnl_tether *t, int err)
{
	struct pfsnl_core *core = t->core;
	u64 subject = 0;

	if (err) {
		pfsnl_lead_failed(t, PFSNL_REASON_REFUSED);
		return;
	}
	if (!t->level) {
		t->member = (struct pfsnl_member) {
			.addr = t->addr,
			.tether_port = core->cfg.tether_port,
		};
		pfsnl_lead_welcome(t);
		return;
	}
	if (t->node->c->rival && t->node->c->better) {
		offer(t);
		return;
	}
	pfsnl_tether_state(t, PFSNL_TETHER_CLAIMED);
	t->claimed_at = core->now;
	pfsnl_timer_at(core, &t->timer, core->now + patience(core, t->node));
	if (pfsnl_node_fresh(core, t->node))
		subject = t->node->c->heard.incarnation;
	else if (t->node->c->merging)
		subject = t->node->c->told.incarnation;
	if (pfsnl_tether_hello(t, PFSNL_FRAME_CLAIM, subject, 0,
			       core->succeeds ? PFSNL_HELLO_SUCCEEDS : 0))
		pfsnl_lead_failed(t, PFSNL_REASON_LOCAL);
}

/* It is ours, if what both of us have in mind is the same. */
static void accepted(struct pfsnl_tether *t, const struct pfsnl_hello *h)
{
	struct pfsnl_core *core = t->core;

	if (h->flags & PFSNL_HELLO_LEADS) {
		pfsnl_merge_claimed(t);
	} else if (t->node->c->merging) {
		pfsnl_merge_joined(t);
	} else if (h->flags & PFSNL_HELLO_STANDBY) {
		/* the merge is over, and it has its leader still */
		pfsnl_lead_failed(t, PFSNL_REASON_BUSY);
	} else if (core->succeeds && !PFSNL_BROKEN(RECORD) &&
		   pfsnl_record_newer(&h->ring, &core->ring)) {
		pfsnl_tether_state(t, PFSNL_TETHER_FETCHING);
		pfsnl_timer_at(core, &t->timer,
			       core->now + patience(core, t->node));
		if (pfsnl_tether_ask_record(t))
			pfsnl_lead_failed(t, PFSNL_REASON_LOCAL);
	} else {
		/* its ring numbers must not go back when it takes our list */
		if (h->ring.seq > core->ring.seq ||
		    (h->ring.seq == core->ring.seq &&
		     (h->ring.leader != core->ring.leader ||
		      h->ring.incarnation != core->ring.incarnation)))
			core->new_ring = true;
		pfsnl_lead_welcome(t);
	}
}

static void answered(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_hello h;

	if (pfsnl_hello_decode(&h, t->stream.body, t->stream.len) ||
	    !pfsnl_seq_seen(core, h.seq_seen)) {
		pfsnl_tether_malformed(t);
		return;
	}
	if (t->stream.op == PFSNL_FRAME_BUSY) {
		pfsnl_count(core, PFSNL_COUNT_TETHER_BUSY);
		if (core->succeeds && h.reason == PFSNL_REASON_SUPERSEDED)
			pfsnl_record_superseded(core);
		else
			pfsnl_lead_failed(t, PFSNL_REASON_BUSY);
		return;
	}
	if (h.cluster_id != core->cluster_id || h.addr != t->addr) {
		pfsnl_tether_malformed(t);
		return;
	}
	if (h.max_nodes < core->roster.members + !t->node->in) {
		pfsnl_note(core, PFSNL_NOTE_TOO_LARGE, t->addr,
			   PFSNL_REASON_REFUSED, h.max_nodes);
		pfsnl_lead_failed(t, PFSNL_REASON_LOCAL);
		return;
	}
	t->member = (struct pfsnl_member) {
		.addr = h.addr,
		.tether_port = h.tether_port,
		.priority = h.priority,
		.level = 1,
		.votes = h.votes,
		.incarnation = h.incarnation,
	};
	t->theirs = h.ring;
	t->flow.standing = h.standing;
	t->flow.processes = h.flags & PFSNL_HELLO_PROCESSES;
	t->flow.serves = h.flags & PFSNL_HELLO_SERVES;
	t->votes_from = core->now + h.hold_ms * PFSNL_MS;
	accepted(t, &h);
}

/**
 * pfsnl_lead_meets - we know of another leader of our cluster
 * @core: the core, leading
 * @n: the other leader
 * @members: nodes in its ring, level-0 peers apart
 * @priority: its own
 *
 * The better one claims the other. The worse one waits for that, and if it does
 * not come, because the better one can't hear it, it says that it is there.
 */
void pfsnl_lead_meets(struct pfsnl_core *core, struct pfsnl_node *n,
		      u32 members, u8 priority)
{
	u64 since = max(n->c->first_heard, core->since);

	/* one thing at a time */
	if (n->c->tether || core->loser || core->standby || core->succeeds)
		return;
	n->c->rival = true;
	if (PFSNL_BROKEN(MEET))
		return;
	n->c->better = pfsnl_lead_yields(core, members, priority, n->addr);
	if (!n->c->better || core->now >= since + 2 * pfsnl_interval(core))
		pfsnl_lead_dial(core, n);
}

/* A client heard another leader. */
static void foreign(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n;
	struct pfsnl_hello h;

	if (pfsnl_hello_decode(&h, t->stream.body, t->stream.len)) {
		pfsnl_tether_malformed(t);
		return;
	}
	pfsnl_count(core, PFSNL_COUNT_FOREIGN_RX);
	if (h.cluster_id != core->cluster_id || h.addr == core->cfg.addr)
		return;
	n = pfsnl_node_get(core, h.addr);
	/* what we hear ourselves is newer */
	if (!n || n->in || n->c->tether || pfsnl_node_fresh(core, n))
		return;
	pfsnl_node_described(n, &h);
	pfsnl_lead_meets(core, n, h.members, h.priority);
}

/**
 * pfsnl_lead_frame - a frame came up one of our tethers
 * @t: the tether; perhaps ended
 */
void pfsnl_lead_frame(struct pfsnl_tether *t)
{
	struct pfsnl_leave l;

	switch (t->stream.op) {
	case PFSNL_FRAME_ACCEPT:
	case PFSNL_FRAME_BUSY:
		if (t->state == PFSNL_TETHER_CLAIMED)
			answered(t);
		else
			pfsnl_tether_unexpected(t);
		break;
	case PFSNL_FRAME_RECORD:
		if (t->state == PFSNL_TETHER_FETCHING)
			pfsnl_record_fetched(t);
		else if (t->core->loser == t)
			pfsnl_merge_listed(t);
		else
			pfsnl_tether_unexpected(t);
		break;
	case PFSNL_FRAME_FOREIGN:
		if (t->state == PFSNL_TETHER_MEMBER)
			foreign(t);
		else
			pfsnl_tether_unexpected(t);
		break;
	case PFSNL_FRAME_LEAVE:
		if (t->state == PFSNL_TETHER_MERGING)
			pfsnl_merge_failed(t, PFSNL_REASON_LEFT);
		else if (t->state != PFSNL_TETHER_MEMBER)
			pfsnl_tether_unexpected(t);
		else if (pfsnl_leave_decode(&l, t->stream.body, t->stream.len))
			pfsnl_tether_malformed(t);
		else
			pfsnl_lead_drop(t->core, t->node, PFSNL_REASON_LEFT);
		break;
	default:
		pfsnl_tether_unexpected(t);
	}
}

/*
 * A member that is better than we are and does not want to wait until we are
 * gone. All is handed to it at once; the list stays what it is.
 */
static void preempted(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_beacon *b = &n->c->heard;
	bool better = b->priority != core->cfg.priority ?
		      b->priority > core->cfg.priority :
		      n->addr < core->cfg.addr;

	if (!((b->flags & PFSNL_BEACON_PREEMPT) || PFSNL_BROKEN(STICKY)) ||
	    !b->priority || !better || !pfsnl_handover_possible(core, n))
		return;
	pfsnl_handover_give(core, n, b->incarnation);
}

/*
 * It is there and only its tether broke. The ring without it waits until it
 * had the time to answer, so that nobody hears of that; but no ring waits for
 * one after the other.
 */
static void expect_back(struct pfsnl_core *core, struct pfsnl_node *n)
{
	u64 until = core->dirty_since + pfsnl_dial_time(core);

	if (!n->c->tether || !n->in || core->expected || core->succeeds ||
	    core->now >= until || (n->c->heard.flags & PFSNL_BEACON_LEADER))
		return;
	n->c->expected = true;
	core->expected++;
	core->expect_until = until;
	pfsnl_install_soon(core);
}

/* A beacon of a node that we hold a tether to. */
static void heard_client(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_beacon *b = &n->c->heard;
	struct pfsnl_tether *t = n->c->tether;

	if (t->state != PFSNL_TETHER_MEMBER || !b->level)
		return;
	if (b->priority != t->member.priority ||
	    b->tether_port != t->member.tether_port) {
		t->member.priority = b->priority;
		t->member.tether_port = b->tether_port;
		pfsnl_install_soon(core);
	}
	if ((b->flags & PFSNL_BEACON_TETHERED) &&
	    b->ring.leader == core->cfg.addr) {
		n->c->untethered = 0;
		if (!n->c->overtaken && b->ring.incarnation == core->incarnation)
			pfsnl_quorum_follows(core, n, core->came);
		preempted(core, n);
		return;
	}
	/*
	 * It says that it is not ours. Beacons sent before it accepted may
	 * still come in, so believe it only when it goes on saying so.
	 */
	if (core->now > t->up_at + max(b->interval_ms, core->cfg.interval_ms) *
	    PFSNL_MS && ++n->c->untethered >= 2) {
		pfsnl_lead_drop(core, n, PFSNL_REASON_CLOSED);
		pfsnl_lead_dial(core, n);
		expect_back(core, n);
	}
}

/**
 * pfsnl_lead_heard - a beacon came while we lead
 * @core: the core
 * @n: of whom
 */
void pfsnl_lead_heard(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_beacon *b = &n->c->heard;

	if (b->flags & PFSNL_BEACON_LEAVING) {
		if (!n->c->tether)
			return;
		pfsnl_tether_fail(n->c->tether, PFSNL_REASON_LEFT);
		return;
	}
	/* it may decide to lead before our next beacon comes */
	if (b->flags & PFSNL_BEACON_LISTENING)
		pfsnl_beacon_answer(core, n, 0);
	if (n->c->tether)
		heard_client(core, n);
	else if (b->flags & PFSNL_BEACON_LEADER)
		pfsnl_lead_meets(core, n, b->members, b->priority);
	else
		n->c->rival = false;
	/* a tethered one is somebody else's */
	if (!n->c->tether && !n->c->rival &&
	    (!(b->flags & PFSNL_BEACON_TETHERED) || PFSNL_BROKEN(NOTICED)))
		pfsnl_lead_dial(core, n);
}

/* Forget all that only a leader has. */
static void stop_leading(struct pfsnl_core *core)
{
	struct pfsnl_node *n;

	pfsnl_timer_at(core, &core->install, PFSNL_NEVER);
	core->dirty_since = 0;
	core->expected = 0;
	core->new_ring = false;
	core->succeeds = false;
	pfsnl_sequencer_stop(core);
	pfsnl_roster_for_each(&core->roster, n)
		n->c->expected = false;
}

/**
 * pfsnl_lead_farewell - stop leading and say so to the clients
 * @core: the core
 * @reason: PFSNL_REASON_LEFT or PFSNL_REASON_HANDOVER
 * @successor: leader that takes over, 0 if none is named
 * @incarnation: of it
 *
 * The tethers that were told are CLOSING: that they close is their answer.
 */
void pfsnl_lead_farewell(struct pfsnl_core *core, u32 reason, u32 successor,
			 u64 incarnation)
{
	struct pfsnl_tether *t, *tmp;

	stop_leading(core);
	pfsnl_merge_abort(core, reason);
	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		if (!t->node)
			continue;
		if (t->state == PFSNL_TETHER_MEMBER && t->level &&
		    !pfsnl_tether_leave(t, PFSNL_FRAME_LEAVE, reason, successor,
					incarnation))
			pfsnl_tether_state(t, PFSNL_TETHER_CLOSING);
		else
			pfsnl_tether_end(t, reason);
	}
}

/**
 * pfsnl_lead_step_down - give way to a better leader
 * @core: the core, leading
 * @successor: the better one
 * @incarnation: of it
 */
void pfsnl_lead_step_down(struct pfsnl_core *core, u32 successor,
			  u64 incarnation)
{
	pfsnl_count(core, PFSNL_COUNT_STEP_DOWNS);
	pfsnl_note(core, PFSNL_NOTE_STEP_DOWN, successor, PFSNL_REASON_HANDOVER,
		   core->ring.seq);
	pfsnl_lead_farewell(core, PFSNL_REASON_HANDOVER, successor,
			    incarnation);
}

/**
 * pfsnl_lead - begin to lead
 * @core: the core, LISTENING or ORPHAN
 *
 * Dials everybody who is in the list or says that it waits. The first ring waits for those
 * of the list, so that a change of leader alone removes nobody: we have not
 * heard them so far, so they are given the time that any silent node has.
 */
void pfsnl_lead(struct pfsnl_core *core)
{
	/* an orphan's list is kept for that long and no longer */
	u64 since = core->role == PFSNL_ROLE_ORPHAN ? core->since : core->now;
	bool succeeds = core->leader_gone && core->ring.leader;
	struct pfsnl_ring_id alone = {
		.seq = core->seq_seen,
		.incarnation = core->incarnation,
	};
	struct pfsnl_node *n;
	u32 dialled = 0;

	/* who does not go on with the messages of others begins with its own */
	if (!succeeds && pfsnl_recover_alone(core, &alone)) {
		pfsnl_timer_at(core, &core->role_timer,
			       core->now + PFSNL_RETRY_MS * PFSNL_MS);
		return;
	}
	/* one that handed over is there, and is to stay in the list */
	pfsnl_roster_for_each(&core->roster, n) {
		bool expected = n->in && n->addr != core->cfg.addr &&
				!pfsnl_follow_gone(core, n) &&
				pfsnl_node_meet(core, n);

		n->c->expected = expected;
		n->c->rival = false;
	}
	pfsnl_count(core, PFSNL_COUNT_LEADS);
	core->new_ring = true;
	core->expect_until = since + pfsnl_dead_time(core);
	core->leader_addr = core->cfg.addr;
	core->leader_incarnation = core->incarnation;
	core->leader_gone = false;
	core->heir = 0;
	core->doubt_until = 0;
	core->succeeds = succeeds;
	if (core->standby)
		pfsnl_tether_end(core->standby, PFSNL_REASON_HANDOVER);
	pfsnl_role_set(core, PFSNL_ROLE_LEADER);
	pfsnl_plan(core, 1);

	pfsnl_roster_for_each(&core->roster, n) {
		/* a level-0 peer can't say that it waits, or left; it beacons */
		bool waits = pfsnl_node_fresh(core, n) &&
			     pfsnl_follow_waits(&n->c->heard);

		n->c->redial_at = 0;
		n->c->backoff = 0;
		if (n->addr == core->cfg.addr || (!waits && !n->c->expected))
			continue;
		pfsnl_lead_dial(core, n);
		if (!n->c->tether)
			n->c->expected = false;
		dialled += !!n->c->tether;
		core->expected += n->c->expected;
	}
	pfsnl_note(core, PFSNL_NOTE_LEAD, core->cfg.addr, PFSNL_REASON_NONE,
		   dialled);
	pfsnl_install_soon(core);
}
