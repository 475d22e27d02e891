// SPDX-License-Identifier: GPL-2.0
/*
 * Not being a leader: listening first, answering claims, and what to do when
 * the leader or its tether is gone.
 */
#include <linux/errno.h>
#include <linux/minmax.h>

#include "state.h"

/* Whether a node of the first priority and address leads before the second. */
static bool leads_before(u8 priority, u32 addr, u8 priority2, u32 addr2)
{
	if (priority != priority2)
		return priority > priority2;
	return addr < addr2;
}

/* How long to wait before looking again whether to lead. */
static u64 patience(const struct pfsnl_core *core)
{
	return clamp(pfsnl_interval(core) / 4, 5 * PFSNL_MS, 50 * PFSNL_MS);
}

/* How long the one whose turn it is may take to show up. */
static u64 successor_time(const struct pfsnl_core *core)
{
	return min(max(2 * pfsnl_interval(core), 20 * PFSNL_MS),
		   pfsnl_dead_time(core));
}

/**
 * pfsnl_follow_is_leader - whether a node is the leader we follow
 * @core: the core
 * @n: the node
 *
 * True for an orphan's leader too, as long as it was not declared gone.
 */
bool pfsnl_follow_is_leader(const struct pfsnl_core *core,
			    const struct pfsnl_node *n)
{
	return (core->role == PFSNL_ROLE_CLIENT ||
		core->role == PFSNL_ROLE_ORPHAN) &&
	       !core->leader_gone && n->addr == core->leader_addr;
}

/*
 * The best of those who come first is gone, and the others were passed over. They
 * beacon once in an interval by now.
 */
static u64 listen_for_others(struct pfsnl_core *core)
{
	core->best = 0;
	core->passed_over = false;
	return core->now + 3 * pfsnl_interval(core) / 2;
}

/**
 * pfsnl_listen - listen whether somebody leads, before anything else
 * @core: the core, in whatever role but LEAVING; it has no tethers
 */
void pfsnl_listen(struct pfsnl_core *core)
{
	core->leader_addr = 0;
	core->leader_incarnation = 0;
	core->leader_gone = false;
	core->heir = 0;
	if (core->standby)
		pfsnl_tether_end(core->standby, PFSNL_REASON_HANDOVER);
	core->listen_until = core->now + !PFSNL_BROKEN(LISTEN) *
		PFSNL_QUICK_BEACONS * PFSNL_MS *
		min_t(u32, PFSNL_QUICK_MS, core->cfg.interval_ms);
	pfsnl_role_set(core, PFSNL_ROLE_LISTENING);
	pfsnl_timer_at(core, &core->role_timer, core->listen_until);
	pfsnl_plan(core, PFSNL_QUICK_BEACONS);
}

/**
 * pfsnl_follow_waits - whether a node says that it waits for a leader, or to lead
 * @b: its beacon
 */
bool pfsnl_follow_waits(const struct pfsnl_beacon *b)
{
	return b->level &&
	       !(b->flags & (PFSNL_BEACON_LEADER | PFSNL_BEACON_TETHERED |
			     PFSNL_BEACON_LEAVING));
}

/* Whether it was heard since we are what we are, and its next beacon is not due. */
static bool heard_lately(const struct pfsnl_core *core,
			 const struct pfsnl_node *n)
{
	u64 interval = max(core->cfg.interval_ms, n->c->heard.interval_ms) *
		       PFSNL_MS;

	return n->c->heard_at && n->c->heard_at >= core->since &&
	       n->c->heard.level && core->now < n->c->heard_at + 2 * interval;
}

/*
 * Whether a node that we don't follow would lead before us, by what it says. Of
 * an orphan's list only; what strangers want is nothing to it.
 */
static bool comes_first(const struct pfsnl_core *core, u32 src,
			const struct pfsnl_beacon *b)
{
	const struct pfsnl_node *n;

	if (!pfsnl_follow_waits(b) || !b->priority ||
	    !leads_before(b->priority, src, core->cfg.priority, core->cfg.addr))
		return false;
	n = pfsnl_roster_find(&core->roster, src);
	return core->role == PFSNL_ROLE_LISTENING || (n && n->in);
}

/* Whether the best of those who come first is there and still waits. */
static bool best_waits(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	if (!n || !pfsnl_node_fresh(core, n) || !pfsnl_follow_waits(&n->c->heard))
		return false;
	return core->role == PFSNL_ROLE_LISTENING ?
	       n->c->first_heard <= core->listen_until :
	       heard_lately(core, n);
}

/**
 * pfsnl_follow_needs - whether we have to know of a node that was not known yet
 * @core: the core, not leading
 * @src: who beacons
 * @b: its beacon
 *
 * All nodes of a large cluster broadcast when they start, and when they lose
 * their leader. If each remembered each, memory would grow with the square of
 * their number. Of those who would lead before us the best one is enough; when
 * it is gone we listen for the others before we lead.
 */
bool pfsnl_follow_needs(struct pfsnl_core *core, u32 src,
			const struct pfsnl_beacon *b)
{
	const struct pfsnl_node *best;

	if ((b->flags & (PFSNL_BEACON_LEADER | PFSNL_BEACON_NOT_MEMBER)) ||
	    src == core->leader_addr)
		return true;
	if (core->role == PFSNL_ROLE_CLIENT)
		return false;
	if (!pfsnl_follow_waits(b))
		return core->role == PFSNL_ROLE_LISTENING;
	if (core->role == PFSNL_ROLE_ORPHAN && !comes_first(core, src, b))
		return false;
	best = pfsnl_roster_find(&core->roster, core->best);
	if (best_waits(core, best) &&
	    !leads_before(b->priority, src, best->c->heard.priority,
			  best->addr)) {
		core->passed_over = true;
		return false;
	}
	if (comes_first(core, src, b))
		core->best = src;
	return true;
}

/*
 * LISTENING: lead, unless somebody leads, or a better node also waits. Only
 * nodes that were heard before our window ended count as better: whoever starts
 * later follows, or the choice would never end. A node may be tethered to a
 * leader that we don't hear, or wait for one; then its turn comes first, but
 * not for ever.
 */
static void listening_decide(struct pfsnl_core *core)
{
	u64 limit = core->listen_until + 2 * pfsnl_dead_time(core);
	const struct pfsnl_node *n, *leader = NULL;
	bool wait = false;

	pfsnl_roster_for_each(&core->roster, n) {
		if (n->addr == core->cfg.addr || !pfsnl_node_fresh(core, n) ||
		    !n->c->heard.level ||
		    (n->c->heard.flags & PFSNL_BEACON_LEAVING))
			continue;
		if (n->c->heard.flags & PFSNL_BEACON_LEADER)
			leader = n;
		else if (n->c->heard.flags & PFSNL_BEACON_TETHERED)
			wait = true;
		else if (n->c->heard.priority &&
			 n->c->first_heard <= core->listen_until &&
			 leads_before(n->c->heard.priority, n->addr,
				      core->cfg.priority, core->cfg.addr))
			wait = true;
	}
	/* nobody took us in: our list is ourselves (retried if out of memory) */
	if (core->now >= core->since + pfsnl_dead_time(core)) {
		pfsnl_install_alone(core, PFSNL_REASON_ALONE);
		if (leader && !core->unclaimed)
			pfsnl_note(core, PFSNL_NOTE_UNCLAIMED, leader->addr,
				   PFSNL_REASON_ALONE,
				   leader->c->heard.incarnation);
		core->unclaimed = core->unclaimed || leader;
	}

	if (leader || !core->cfg.priority || (wait && core->now < limit)) {
		pfsnl_timer_at(core, &core->role_timer,
			       core->now + patience(core));
	} else if (!wait && core->passed_over) {
		core->listen_until = listen_for_others(core);
		pfsnl_timer_at(core, &core->role_timer, core->listen_until);
	} else {
		pfsnl_lead(core);
	}
}

/**
 * pfsnl_follow_gone - whether a node of the list is a leader that is gone
 * @core: the core, its leader declared gone
 * @n: the node
 *
 * The list may be that of a leader before the lost one. A leader that handed
 * over is not gone.
 */
bool pfsnl_follow_gone(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	return core->leader_gone && n->reason != PFSNL_REASON_HANDOVER &&
	       (n->addr == core->leader_addr || n->addr == core->ring.leader);
}

/* Whether nobody in the list would lead before us, lost leaders aside. */
static bool first_in_line(const struct pfsnl_core *core)
{
	const struct pfsnl_node *n;

	if (!core->cfg.priority || PFSNL_BROKEN(LINE))
		return core->cfg.priority;
	pfsnl_roster_for_each(&core->roster, n)
		if (n->in && n->member.level && n->member.priority &&
		    !pfsnl_follow_gone(core, n) && n->addr != core->cfg.addr &&
		    leads_before(n->member.priority, n->addr,
				 core->cfg.priority, core->cfg.addr))
			return false;
	return true;
}

/*
 * Whether somebody of the list may follow our lost leader: we are to be found
 * where the others of the list are, or those who watch see all of them go.
 */
static bool successor_exists(const struct pfsnl_core *core)
{
	const struct pfsnl_node *n;

	pfsnl_roster_for_each(&core->roster, n)
		if (n->in && !pfsnl_follow_gone(core, n) &&
		    n->addr != core->cfg.addr && n->member.priority)
			return true;
	return false;
}

/* Whether a leader succeeds ours, which is gone, or may have us all the same. */
static bool may_succeed(const struct pfsnl_core *core, u32 addr,
			u64 incarnation)
{
	const struct pfsnl_node *n = pfsnl_roster_find(&core->roster, addr);

	if (core->successor == addr)
		return true;
	if (n && n->in && n->member.incarnation == incarnation)
		return true;
	return !successor_exists(core);
}

/*
 * ORPHAN: the successor did not show up yet, be it the next of the list or the
 * one that was named. Those that were heard since count, as long as they go on;
 * whoever died together with the leader, or after it, is not waited for.
 */
static void orphan_decide(struct pfsnl_core *core)
{
	u64 limit = PFSNL_BROKEN(ORPHAN_LIMIT) ? PFSNL_NEVER :
		    core->since + pfsnl_dead_time(core) +
		    /* a leader that died just then is to be missed first */
		    !core->leader_gone * pfsnl_interval(core);
	bool wait = !core->leader_gone || !core->cfg.priority;
	const struct pfsnl_node *n;

	if (core->now >= limit) {
		/* an orphan's list doesn't live for ever */
		pfsnl_install_alone(core, PFSNL_REASON_ALONE);
		pfsnl_listen(core);
		return;
	}
	pfsnl_roster_for_each(&core->roster, n) {
		if (n->addr == core->cfg.addr || !heard_lately(core, n))
			continue;
		/* whose claim we would refuse, for that we need not wait */
		if (n->c->heard.flags & PFSNL_BEACON_LEADER)
			wait = wait || may_succeed(core, n->addr,
						   n->c->heard.incarnation);
		else if (n->in && n->c->heard.priority &&
			 pfsnl_follow_waits(&n->c->heard) &&
			 leads_before(n->c->heard.priority, n->addr,
				      core->cfg.priority, core->cfg.addr))
			wait = true;
	}
	if (wait)
		pfsnl_timer_at(core, &core->role_timer,
			       min(core->now + patience(core), limit));
	else if (core->passed_over)
		pfsnl_timer_at(core, &core->role_timer,
			       min(listen_for_others(core), limit));
	else
		pfsnl_lead(core);
}

/**
 * pfsnl_follow_timer - time to decide again
 * @core: the core, LISTENING or ORPHAN
 */
void pfsnl_follow_timer(struct pfsnl_core *core)
{
	if (core->role == PFSNL_ROLE_LISTENING)
		listening_decide(core);
	else if (core->role == PFSNL_ROLE_ORPHAN)
		orphan_decide(core);
}

static void become_orphan(struct pfsnl_core *core, u32 reason)
{
	if (core->up)
		pfsnl_tether_end(core->up, reason);
	pfsnl_role_set(core, PFSNL_ROLE_ORPHAN);
}

/**
 * pfsnl_follow_broken - the tether to our leader broke
 * @core: the core, CLIENT
 * @reason: why
 *
 * The leader may well be alive, so the list is kept: we say that we are
 * untethered and wait for it to dial again. Its silence, or ours, ends that.
 * A leader that never gave us a list is not ours yet, and others may have us.
 */
void pfsnl_follow_broken(struct pfsnl_core *core, u32 reason)
{
	bool listed = core->ring.leader == core->leader_addr &&
		      core->ring.incarnation == core->leader_incarnation;

	become_orphan(core, reason);
	if (!listed) {
		/* but we may be in its ring all the same, and it counts on us */
		pfsnl_quorum_withhold(core);
		pfsnl_listen(core);
		return;
	}
	pfsnl_timer_at(core, &core->role_timer,
		       core->now + pfsnl_dead_time(core));
	pfsnl_plan(core, PFSNL_QUICK_BEACONS);
}

/**
 * pfsnl_follow_lost - our leader is gone
 * @core: the core, CLIENT or ORPHAN
 * @reason: why
 * @successor: address of the leader it named to take over, 0 if none
 *
 * The best of the remaining list leads at once, with no election; the others
 * know that and wait for it.
 */
void pfsnl_follow_lost(struct pfsnl_core *core, u32 reason, u32 successor)
{
	struct pfsnl_node *n = pfsnl_roster_find(&core->roster,
						 core->leader_addr);

	pfsnl_count(core, PFSNL_COUNT_LEADER_LOST);
	pfsnl_note(core, PFSNL_NOTE_LEADER_LOST, core->leader_addr, reason,
		   core->ring.seq);
	if (n)
		n->reason = reason;
	/* one that said that it leads no longer does not count on us */
	if (reason != PFSNL_REASON_LEFT && reason != PFSNL_REASON_HANDOVER)
		pfsnl_quorum_withhold(core);
	core->leader_gone = true;
	core->successor = successor;
	become_orphan(core, reason);
	if (successor == core->cfg.addr ||
	    (!successor && first_in_line(core))) {
		pfsnl_lead(core);
		return;
	}
	pfsnl_timer_at(core, &core->role_timer,
		       core->now + successor_time(core));
	pfsnl_plan(core, PFSNL_QUICK_BEACONS);
}

/**
 * pfsnl_follow_handed - we led, and handed all to a client of ours
 * @core: the core, its clients told
 * @successor: who takes over
 *
 * It claims us like the others, and we keep the list as they do.
 */
void pfsnl_follow_handed(struct pfsnl_core *core, u32 successor)
{
	core->leader_gone = true;
	core->successor = successor;
	pfsnl_role_set(core, PFSNL_ROLE_ORPHAN);
	pfsnl_timer_at(core, &core->role_timer,
		       core->now + successor_time(core));
	pfsnl_plan(core, PFSNL_QUICK_BEACONS);
}

/**
 * pfsnl_follow_alive - our leader showed life on its tether
 * @core: the core, CLIENT
 */
void pfsnl_follow_alive(struct pfsnl_core *core)
{
	struct pfsnl_node *n = pfsnl_roster_find(&core->roster,
						 core->leader_addr);

	if (n)
		pfsnl_node_alive(core, n);
}

/*
 * Our leader's beacons name a ring that we have not got. Its INSTALL may be under
 * way, but not for ever: beacons pass where streams may not. TCP sends again after
 * 0.2 s, 0.4 s more ..., so a short "dead" is no time to give it up in.
 */
static bool left_behind(struct pfsnl_core *core, const struct pfsnl_beacon *b)
{
	u64 limit = max(pfsnl_dead_time(core), PFSNL_BEHIND_MS * PFSNL_MS);

	if (core->role != PFSNL_ROLE_CLIENT ||
	    !(b->flags & PFSNL_BEACON_LEADER) || b->ring.seq <= core->ring.seq ||
	    PFSNL_BROKEN(NOT_MEMBER) || PFSNL_BROKEN(BLOCKED)) {
		core->behind_since = 0;
		return false;
	}
	if (!core->behind_since)
		core->behind_since = core->now;
	return core->now >= core->behind_since + limit;
}

/* Our leader may not hear the other one itself. */
static void report_foreign(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_beacon *b = &n->c->heard;

	if (!core->up || core->now < n->c->reported_at +
	    max(b->interval_ms, core->cfg.interval_ms) * PFSNL_MS)
		return;
	n->c->reported_at = core->now;
	/* if it can't be sent now, the next beacon is another occasion */
	if (!pfsnl_tether_foreign(core->up, b))
		pfsnl_count(core, PFSNL_COUNT_FOREIGN_TX);
}

/**
 * pfsnl_follow_heard - a beacon came while we don't lead
 * @core: the core
 * @n: of whom
 */
void pfsnl_follow_heard(struct pfsnl_core *core, struct pfsnl_node *n)
{
	const struct pfsnl_beacon *b = &n->c->heard;

	if ((b->flags & PFSNL_BEACON_LEADER) && core->role == PFSNL_ROLE_CLIENT &&
	    n->addr != core->leader_addr)
		report_foreign(core, n);
	/*
	 * A leader that could have us may not reach us because our address was
	 * another machine's before: a word to it alone puts that right, since
	 * it makes the network ask for its address and thereby tell ours.
	 */
	if ((b->flags & PFSNL_BEACON_LEADER) &&
	    (core->role == PFSNL_ROLE_LISTENING || core->leader_gone))
		pfsnl_beacon_answer(core, n, 0);
	if (!pfsnl_follow_is_leader(core, n))
		return;
	if ((b->flags & PFSNL_BEACON_LEAVING) && !PFSNL_BROKEN(GOODBYE)) {
		pfsnl_follow_lost(core, PFSNL_REASON_LEFT, 0);
		return;
	}
	if ((b->flags & PFSNL_BEACON_NOT_MEMBER) &&
	    b->subject == core->incarnation &&
	    core->role == PFSNL_ROLE_CLIENT) {
		pfsnl_count(core, PFSNL_COUNT_NOT_MEMBER_RX);
		/* one that no longer leads will not dial us again */
		if (b->flags & PFSNL_BEACON_LEADER)
			pfsnl_follow_broken(core, PFSNL_REASON_NOT_MEMBER);
		else
			pfsnl_follow_lost(core, PFSNL_REASON_HANDOVER,
					  b->ring.leader);
		return;
	}
	if (left_behind(core, b)) {
		core->behind_since = 0;
		pfsnl_follow_broken(core, PFSNL_REASON_TIMEOUT);
		return;
	}
	if (!n->c->overtaken && b->ring.seq == core->ring.seq &&
	    b->ring.incarnation == core->ring.incarnation)
		pfsnl_quorum_lease(core, core->came, b->lease_ms);
	if (b->flags & PFSNL_BEACON_LEADER)
		n->c->untethered = 0;
	/* beacons from before it led may still come in */
	else if (core->now > core->since + max(b->interval_ms,
					       core->cfg.interval_ms) *
		 PFSNL_MS && ++n->c->untethered >= 2)
		pfsnl_follow_lost(core, PFSNL_REASON_HANDOVER,
				  b->flags & PFSNL_BEACON_TETHERED ?
				  b->ring.leader : 0);
}

static void refuse(struct pfsnl_tether *t, u32 reason)
{
	struct pfsnl_core *core = t->core;

	pfsnl_count(core, PFSNL_COUNT_CLAIM_REFUSED);
	pfsnl_note(core, PFSNL_NOTE_CLAIM_REFUSED, t->addr, reason, t->id);
	if (pfsnl_tether_hello(t, PFSNL_FRAME_BUSY, 0, reason, 0))
		pfsnl_tether_end(t, reason);
	else
		pfsnl_tether_state(t, PFSNL_TETHER_CLOSING);
}

/*
 * Whether a leader may have us. One accepted tether: another leader than ours
 * must wait until ours handed us over or was declared gone.
 */
static bool may_have_us(const struct pfsnl_core *core,
			const struct pfsnl_hello *h)
{
	switch (core->role) {
	case PFSNL_ROLE_LISTENING:
		return true;
	case PFSNL_ROLE_CLIENT:
	case PFSNL_ROLE_ORPHAN:
		/* ours again, perhaps in a new life, or ours is gone */
		if (core->leader_gone)
			return may_succeed(core, h->addr, h->incarnation);
		return h->addr == core->leader_addr || PFSNL_BROKEN(ANY_LEADER);
	case PFSNL_ROLE_LEADER:
		/* two may think that it is theirs to succeed the same leader */
		if (core->succeeds)
			return (h->flags & PFSNL_HELLO_SUCCEEDS) &&
			       h->ring.leader == core->ring.leader &&
			       h->ring.incarnation == core->ring.incarnation &&
			       leads_before(h->priority, h->addr,
					    core->cfg.priority, core->cfg.addr);
		/* not while we take another's nodes */
		if (core->loser)
			return false;
		if (core->standby && core->standby->addr != h->addr)
			return false;
		return pfsnl_lead_yields(core, h->members, h->priority,
					 h->addr);
	default:
		return false;
	}
}

static void accept_leader(struct pfsnl_tether *t, const struct pfsnl_hello *h)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n = pfsnl_node_get(core, h->addr);

	if (!n) {
		refuse(t, PFSNL_REASON_LOCAL);
		return;
	}
	if (pfsnl_tether_hello(t, PFSNL_FRAME_ACCEPT, h->incarnation, 0, 0)) {
		pfsnl_tether_end(t, PFSNL_REASON_LOCAL);
		return;
	}
	pfsnl_note(core, PFSNL_NOTE_CLAIM_TAKEN, t->addr, PFSNL_REASON_NONE,
		   t->id);
	if (core->role == PFSNL_ROLE_LEADER)
		pfsnl_lead_step_down(core, h->addr, h->incarnation);
	if (core->up && !PFSNL_BROKEN(OLD_TETHER))
		pfsnl_tether_end(core->up, PFSNL_REASON_HANDOVER);
	if (core->standby)
		pfsnl_tether_end(core->standby, PFSNL_REASON_HANDOVER);
	core->heir = 0;
	core->merged = false;
	core->up = t;
	core->leader_addr = h->addr;
	core->leader_incarnation = h->incarnation;
	core->leader_gone = false;
	core->successor = 0;
	n->c->untethered = 0;
	pfsnl_tether_state(t, PFSNL_TETHER_ACCEPTED);
	/* it must also give us a list, but may wait for others before */
	pfsnl_timer_at(core, &t->timer, core->now + 2 *
		       max(pfsnl_dead_time(core), pfsnl_dial_time(core)));
	pfsnl_role_set(core, PFSNL_ROLE_CLIENT);
	pfsnl_node_alive(core, n);
	pfsnl_plan(core, 1);
}

/*
 * Whether who claims to succeed our leader was removed by it: we have a later
 * ring of it, in which the claimant is not.
 */
static bool superseded(const struct pfsnl_core *core,
		       const struct pfsnl_hello *h)
{
	const struct pfsnl_node *n;

	if (!(h->flags & PFSNL_HELLO_SUCCEEDS) ||
	    !pfsnl_record_newer(&core->ring, &h->ring))
		return false;
	n = pfsnl_roster_find(&core->roster, h->addr);
	return !n || !n->in || n->member.incarnation != h->incarnation;
}

static void claimed(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_hello h;

	if (pfsnl_hello_decode(&h, t->stream.body, t->stream.len) ||
	    h.addr != t->addr) {
		pfsnl_tether_malformed(t);
		return;
	}
	if (h.cluster_id != core->cluster_id ||
	    (h.subject && h.subject != core->incarnation)) {
		refuse(t, PFSNL_REASON_FOREIGN);
		return;
	}
	if (!pfsnl_seq_seen(core, h.seq_seen))
		pfsnl_tether_malformed(t);
	else if (core->role == PFSNL_ROLE_CLIENT && core->heir == h.addr &&
		 core->heir_incarnation == h.incarnation &&
		 core->order.begun && core->order.log.last < core->heir_after)
		/* it asks again; what our leader sent comes first */
		refuse(t, PFSNL_REASON_BUSY);
	else if (core->role == PFSNL_ROLE_CLIENT && core->heir == h.addr &&
		 core->heir_incarnation == h.incarnation)
		pfsnl_handover_standby(t, &h);
	else if (superseded(core, &h))
		refuse(t, PFSNL_REASON_SUPERSEDED);
	else if (!may_have_us(core, &h))
		refuse(t, PFSNL_REASON_BUSY);
	else if (core->role == PFSNL_ROLE_LEADER && !core->succeeds)
		pfsnl_handover_begin(t, &h);
	else
		accept_leader(t, &h);
}

static void install(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_install in;
	int err;

	err = pfsnl_install_decode(&in, t->stream.body, t->stream.len,
				   core->cfg.max_nodes);
	if (!err)
		err = pfsnl_install_take(core, &in);
	switch (err) {
	case 0:
		if (!PFSNL_BROKEN(LISTED))
			pfsnl_timer_at(core, &t->timer, PFSNL_NEVER);
		break;
	case -E2BIG:
		pfsnl_note(core, PFSNL_NOTE_TOO_LARGE, t->addr,
			   PFSNL_REASON_LOCAL, in.members);
		pfsnl_follow_broken(core, PFSNL_REASON_LOCAL);
		break;
	case -ENOMEM:
		/* we missed a change: only a whole list helps */
		pfsnl_follow_broken(core, PFSNL_REASON_LOCAL);
		break;
	default:
		pfsnl_tether_malformed(t);
	}
}

/* The ring that the leader before left unfinished; its successor gives it. */
static void record(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_install in;
	int err;

	err = pfsnl_install_decode(&in, t->stream.body, t->stream.len,
				   core->cfg.max_nodes);
	if (!err)
		err = pfsnl_install_record(core, &in);
	/* without memory we do without: the next ring is whole too */
	if (err && err != -ENOMEM)
		pfsnl_tether_malformed(t);
}

static void farewell(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_leave l;

	if (pfsnl_leave_decode(&l, t->stream.body, t->stream.len))
		pfsnl_tether_malformed(t);
	else if (l.reason == PFSNL_REASON_HANDOVER && core->standby &&
		 core->standby->addr == l.successor)
		/* its ring has come to our leader and is about to come to us */
		pfsnl_handover_done(core->standby);
	else if (l.reason == PFSNL_REASON_HANDOVER)
		pfsnl_follow_lost(core, PFSNL_REASON_HANDOVER, l.successor);
	else if (!PFSNL_BROKEN(GOODBYE))
		pfsnl_follow_lost(core, PFSNL_REASON_LEFT, 0);
}

static void give_record(struct pfsnl_tether *t)
{
	/* without it the successor gives up on us and dials again */
	if (pfsnl_record_give(t))
		pfsnl_follow_broken(t->core, PFSNL_REASON_LOCAL);
}

/* A leader that thinks us better, and that we don't hear, wants to be claimed. */
static void offered(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n;
	struct pfsnl_hello h;

	if (pfsnl_hello_decode(&h, t->stream.body, t->stream.len) ||
	    h.addr != t->addr) {
		pfsnl_tether_malformed(t);
		return;
	}
	pfsnl_tether_end(t, PFSNL_REASON_NONE);
	if (h.cluster_id != core->cluster_id || core->role != PFSNL_ROLE_LEADER)
		return;
	n = pfsnl_node_get(core, h.addr);
	if (!n || n->in)
		return;
	pfsnl_node_described(n, &h);
	pfsnl_lead_meets(core, n, h.members, h.priority);
}

/* What comes along the accepted tether. */
static void leader_says(struct pfsnl_tether *t)
{
	switch (t->stream.op) {
	case PFSNL_FRAME_INSTALL:
		install(t);
		break;
	case PFSNL_FRAME_LEAVE:
		farewell(t);
		break;
	case PFSNL_FRAME_HANDOVER:
		pfsnl_handover_told(t);
		break;
	case PFSNL_FRAME_RECORD:
		record(t);
		break;
	case PFSNL_FRAME_RECORD_GET:
		give_record(t);
		break;
	default:
		pfsnl_tether_unexpected(t);
	}
}

/**
 * pfsnl_follow_frame - a frame came along a tether that others opened
 * @t: the tether; perhaps ended
 */
void pfsnl_follow_frame(struct pfsnl_tether *t)
{
	u32 op = t->stream.op;

	switch (t->state) {
	case PFSNL_TETHER_CALLED:
		if (op == PFSNL_FRAME_CLAIM)
			claimed(t);
		else if (op == PFSNL_FRAME_OFFER)
			offered(t);
		else
			pfsnl_tether_unexpected(t);
		break;
	case PFSNL_TETHER_ACCEPTED:
		leader_says(t);
		break;
	case PFSNL_TETHER_STANDBY:
		if (op == PFSNL_FRAME_INSTALL) {
			/* the commit: from now on it is our leader */
			pfsnl_handover_done(t);
			install(t);
			break;
		}
		fallthrough;
	default:
		pfsnl_tether_unexpected(t);
	}
}
