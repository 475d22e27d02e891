// SPDX-License-Identifier: GPL-2.0
/*
 * Being a leader: dialling the nodes that wait, dropping those that are gone,
 * and giving way to a better leader.
 */
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
	u64 most = level ? max(PFSNL_BACKOFF_MAX_MS * PFSNL_MS, first) :
			   PFSNL_BACKOFF_LEVEL0_MAX_MS * PFSNL_MS;

	n->backoff = n->backoff ? min(2 * n->backoff, most) : first;
	n->redial_at = core->now + n->backoff;
}

/* How long this dial to it may take. */
static u64 patience(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	return pfsnl_dial_time(core) +
	       min(n->backoff, PFSNL_BACKOFF_MAX_MS * PFSNL_MS);
}

static void dial_failed(struct pfsnl_core *core, struct pfsnl_node *n,
			u32 reason, u32 id)
{
	pfsnl_count(core, PFSNL_COUNT_TETHER_DIAL_FAILED);
	pfsnl_note(core, PFSNL_NOTE_DIAL_FAILED, n->addr, reason, id);
}

static void dial(struct pfsnl_core *core, struct pfsnl_node *n)
{
	bool heard = pfsnl_node_fresh(core, n);
	u8 level = heard ? n->heard.level : n->member.level;
	u16 port = heard ? n->heard.tether_port : n->member.tether_port;
	struct pfsnl_tether *t = NULL;
	u32 id;

	if (n->tether || core->now < n->redial_at)
		return;
	if (core->dials + core->clients + 1 >= core->cfg.max_nodes) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_NO_ROOM);
		pfsnl_note(core, PFSNL_NOTE_TOO_LARGE, n->addr,
			   PFSNL_REASON_LOCAL, core->clients + 1);
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
	n->tether = t;
	pfsnl_timer_at(core, &t->timer, core->now + patience(core, n));
}

/* The first ring need no longer wait for this node. */
static void no_longer_expected(struct pfsnl_core *core, struct pfsnl_node *n)
{
	if (!n->expected)
		return;
	n->expected = false;
	if (!--core->expected)
		pfsnl_install_soon(core);
}

/**
 * pfsnl_lead_failed - a dial came to nothing
 * @t: the tether, CONNECTING or CLAIMED; ended
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
	    (reason == PFSNL_REASON_TIMEOUT && t->level))
		n->redial_at = core->now;
	dial_failed(core, n, reason, t->id);
	n->reason = reason;
	pfsnl_tether_end(t, reason);
	/*
	 * One that still hears the lost leader notices in a moment and says
	 * so; one that was too slow says that it is untethered, and is dialled
	 * again. The first ring goes on waiting for both.
	 */
	switch (reason) {
	case PFSNL_REASON_BUSY:
	case PFSNL_REASON_TIMEOUT:
	case PFSNL_REASON_CLOSED:
	case PFSNL_REASON_LOCAL:
		break;
	default:
		no_longer_expected(core, n);
	}
	pfsnl_node_review(core, n);
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
	struct pfsnl_tether *t = n->tether;

	pfsnl_count(core, drop_counters[reason]);
	pfsnl_note(core, PFSNL_NOTE_DROP, n->addr, reason, t->id);
	/* it can't tell us that it noticed, so give it the time to */
	n->redial_at = t->level ? core->now :
				  core->now + pfsnl_dead_time(core);
	n->untethered = 0;
	n->reason = reason;
	pfsnl_tether_end(t, reason);
	pfsnl_install_soon(core);
	pfsnl_node_review(core, n);
}

static void welcome(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n = t->node;

	n->backoff = 0;
	n->untethered = 0;
	pfsnl_tether_state(t, PFSNL_TETHER_MEMBER);
	pfsnl_node_alive(core, n);
	pfsnl_install_soon(core);
	no_longer_expected(core, n);
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
		welcome(t);
		return;
	}
	pfsnl_tether_state(t, PFSNL_TETHER_CLAIMED);
	pfsnl_timer_at(core, &t->timer, core->now + patience(core, t->node));
	if (pfsnl_node_fresh(core, t->node))
		subject = t->node->heard.incarnation;
	if (pfsnl_tether_hello(t, PFSNL_FRAME_CLAIM, subject, 0))
		pfsnl_lead_failed(t, PFSNL_REASON_LOCAL);
}

static void answered(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_hello h;

	if (pfsnl_hello_decode(&h, t->stream.body, t->stream.len) ||
	    !pfsnl_seq_seen(core, h.ring.seq)) {
		pfsnl_tether_malformed(t);
		return;
	}
	if (t->stream.op == PFSNL_FRAME_BUSY) {
		pfsnl_count(core, PFSNL_COUNT_TETHER_BUSY);
		pfsnl_lead_failed(t, PFSNL_REASON_BUSY);
		return;
	}
	if (h.cluster_id != core->cluster_id || h.addr != t->addr) {
		pfsnl_tether_malformed(t);
		return;
	}
	if (h.max_nodes <= core->roster.members) {
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
		.incarnation = h.incarnation,
	};
	/* its own ring numbers must not go back when it takes our list */
	if (h.ring.seq > core->ring.seq)
		core->new_ring = true;
	welcome(t);
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
	case PFSNL_FRAME_LEAVE:
		if (t->state != PFSNL_TETHER_MEMBER)
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

/* A beacon of a node that we hold a tether to. */
static void heard_client(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_beacon *b = &n->heard;
	struct pfsnl_tether *t = n->tether;

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
		n->untethered = 0;
		return;
	}
	/*
	 * It says that it is not ours. Beacons sent before it accepted may
	 * still come in, so believe it only when it goes on saying so.
	 */
	if (core->now > t->up_at + max(b->interval_ms, core->cfg.interval_ms) *
	    PFSNL_MS && ++n->untethered >= 2) {
		pfsnl_lead_drop(core, n, PFSNL_REASON_CLOSED);
		dial(core, n);
	}
}

/**
 * pfsnl_lead_heard - a beacon came while we lead
 * @core: the core
 * @n: of whom
 */
void pfsnl_lead_heard(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_beacon *b = &n->heard;

	if (b->flags & PFSNL_BEACON_LEAVING) {
		if (!n->tether)
			return;
		if (n->tether->state == PFSNL_TETHER_MEMBER)
			pfsnl_lead_drop(core, n, PFSNL_REASON_LEFT);
		else
			pfsnl_lead_failed(n->tether, PFSNL_REASON_LEFT);
		return;
	}
	/* it may decide to lead before our next beacon comes */
	if (b->flags & PFSNL_BEACON_LISTENING)
		pfsnl_beacon_answer(core, n, 0);
	if (n->tether)
		heard_client(core, n);
	else if (b->flags & PFSNL_BEACON_TETHERED)
		; /* somebody else's */
	else if (!(b->flags & PFSNL_BEACON_LEADER) ||
		 !pfsnl_lead_yields(core, b->members, b->priority, n->addr))
		dial(core, n);
}

/**
 * pfsnl_lead_yields - whether we would give way to another leader
 * @core: the core, leading
 * @members: nodes in the other's ring
 * @priority: of the other
 * @addr: of the other
 *
 * One that leads others comes before one that is alone, so that a low address
 * on a bad cable doesn't take over everybody at each return.
 */
bool pfsnl_lead_yields(const struct pfsnl_core *core, u32 members, u8 priority,
		       u32 addr)
{
	bool they = members > 1, we = core->roster.members > 1;

	if (they != we)
		return they;
	if (priority != core->cfg.priority)
		return priority > core->cfg.priority;
	return addr < core->cfg.addr;
}

/* Forget all that only a leader has. */
static void stop_leading(struct pfsnl_core *core)
{
	struct pfsnl_node *n;

	pfsnl_timer_at(core, &core->install, PFSNL_NEVER);
	core->dirty_since = 0;
	core->expected = 0;
	core->new_ring = false;
	pfsnl_roster_for_each(&core->roster, n)
		n->expected = false;
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
	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		if (!t->node)
			continue;
		if (t->state == PFSNL_TETHER_MEMBER && t->level &&
		    !pfsnl_tether_leave(t, reason, successor, incarnation))
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
	u32 gone = core->leader_gone ? core->leader_addr : 0;
	struct pfsnl_node *n;
	u32 dialled = 0;

	pfsnl_count(core, PFSNL_COUNT_LEADS);
	core->new_ring = true;
	core->expect_until = since + pfsnl_dead_time(core);
	core->leader_addr = core->cfg.addr;
	core->leader_incarnation = core->incarnation;
	core->leader_gone = false;
	pfsnl_role_set(core, PFSNL_ROLE_LEADER);
	pfsnl_plan(core, 1);

	pfsnl_roster_for_each(&core->roster, n) {
		/* a level-0 peer can't say that it waits, or left; it beacons */
		bool waits = pfsnl_node_fresh(core, n) && n->heard.level &&
			     !(n->heard.flags & (PFSNL_BEACON_LEADER |
						 PFSNL_BEACON_TETHERED |
						 PFSNL_BEACON_LEAVING));
		bool expect = n->in && n->addr != gone;

		n->redial_at = 0;
		n->backoff = 0;
		if (n->addr == core->cfg.addr || (!waits && !expect))
			continue;
		dial(core, n);
		if (!n->tether)
			continue;
		dialled++;
		if (expect) {
			n->expected = true;
			core->expected++;
		}
	}
	pfsnl_note(core, PFSNL_NOTE_LEAD, core->cfg.addr, PFSNL_REASON_NONE,
		   dialled);
	pfsnl_install_soon(core);
}
