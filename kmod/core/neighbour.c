// SPDX-License-Identifier: GPL-2.0
/*
 * What beacons, and their absence, tell about a node.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "state.h"

/* How long this node may be silent: the slower of the two clocks counts. */
static u64 silence_limit(const struct pfsnl_core *core,
			 const struct pfsnl_node *n)
{
	if (n->c->heard_at && !n->c->heard.level)
		return core->cfg.level0_dead_ms * PFSNL_MS;
	if (PFSNL_BROKEN(SLOWER_CLOCK))
		return pfsnl_dead_time(core);
	return (u64)core->cfg.dead *
	       max(core->cfg.interval_ms, n->c->heard.interval_ms) * PFSNL_MS;
}

/*
 * Its silence would mean something to us: a client, or our leader. That we can't
 * hear our leader without a link is known already.
 */
static bool watched(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	return (n->c->tether && n->c->tether->state == PFSNL_TETHER_MEMBER) ||
	       (pfsnl_follow_is_leader(core, n) && !core->cut_off);
}

static void silence_ask(struct pfsnl_core *core, struct pfsnl_node *n)
{
	struct pfsnl_tether *t = n->c->tether ? n->c->tether : core->up;

	n->c->asked = true;
	if (!t || !t->level || PFSNL_BROKEN(PING))
		return;
	pfsnl_note(core, PFSNL_NOTE_ASK, n->addr, PFSNL_REASON_SILENT, t->id);
	/* if the question can't be sent, there will be no answer either */
	pfsnl_tether_ping(t, PFSNL_FRAME_PING, core->now);
}

/*
 * Forget what nothing holds any more, or look at it again later. A node of the
 * list stays, but nobody has to do with it.
 */
static void release(struct pfsnl_core *core, struct pfsnl_node *n)
{
	u64 until = 0;

	/* its end reviews the node */
	if (n->c->tether)
		return;
	if (n->c->expected || n->c->merging || pfsnl_follow_is_leader(core, n))
		until = core->now + pfsnl_dead_time(core);
	if (n->c->heard_at)
		until = max(until, n->c->heard_at + silence_limit(core, n));
	if (n->c->left)
		until = max(until, n->c->left + PFSNL_DEPARTED_MS * PFSNL_MS);
	if (core->now < until) {
		pfsnl_timer_at(core, &n->c->silence, until);
		return;
	}
	pfsnl_note(core, PFSNL_NOTE_FORGOTTEN, n->addr, PFSNL_REASON_SILENT, 0);
	pfsnl_free(core, n->c);
	n->c = &core->nobody;
	if (!n->in)
		pfsnl_node_free(core, n);
}

/*
 * Beacons are datagrams and get lost, so one interval before their silence is
 * believed the tether is asked: UDP may be cut where TCP is not.
 */
static void silence_fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	struct pfsnl_contact *c = container_of(timer, struct pfsnl_contact,
					       silence);
	struct pfsnl_node *n = c->node;
	u64 limit = silence_limit(core, n);
	u64 last_call;

	if (watched(core, n)) {
		u64 end = n->c->alive_at + limit;

		last_call = end - div_u64(limit, core->cfg.dead);
		if (core->now < last_call) {
			pfsnl_timer_at(core, timer, last_call);
		} else if (core->now < end) {
			if (!n->c->asked)
				silence_ask(core, n);
			pfsnl_timer_at(core, timer, end);
		} else if (n->c->tether) {
			pfsnl_lead_drop(core, n, PFSNL_REASON_SILENT);
		} else {
			pfsnl_follow_lost(core, PFSNL_REASON_SILENT, 0);
		}
	}
	if (!timer->armed)
		release(core, n);
}

/**
 * pfsnl_node_review - something that held a node is gone
 * @core: the core
 * @n: the node; stays for the time being
 *
 * Sees to it that the node is looked at again, and forgotten if it is needless.
 * Nodes that we have to do with are freed nowhere else, so whoever has one may go
 * on using it.
 */
void pfsnl_node_review(struct pfsnl_core *core, struct pfsnl_node *n)
{
	if (n->c != &core->nobody && !n->c->silence.armed)
		pfsnl_timer_at(core, &n->c->silence,
			       core->now + pfsnl_dead_time(core));
}

/**
 * pfsnl_node_meet - have something to do with a node
 * @core: the core
 * @n: the node
 *
 * Only then may its contact be written to. It is forgotten again when nothing
 * comes of it.
 *
 * Return: whether there was memory.
 */
bool pfsnl_node_meet(struct pfsnl_core *core, struct pfsnl_node *n)
{
	struct pfsnl_contact *c;

	if (n->c != &core->nobody || PFSNL_BROKEN(CONTACT))
		return true;
	c = pfsnl_alloc(core, sizeof(*c));
	if (!c)
		return false;
	c->node = n;
	n->c = c;
	pfsnl_timer_init(&c->silence, silence_fire);
	pfsnl_timer_at(core, &c->silence, core->now + pfsnl_dead_time(core));
	return true;
}

/**
 * pfsnl_node_add - the node of an address, made if need be, to be in the list
 * @core: the core
 * @addr: host order
 *
 * The roster holds at most twice as many nodes as the list may have, so that
 * strangers can't fill our memory. Nothing frees it again as long as we have
 * nothing to do with it: see pfsnl_node_sweep().
 *
 * Return: the node, or NULL when there is no memory or no room; both counted.
 */
struct pfsnl_node *pfsnl_node_add(struct pfsnl_core *core, u32 addr)
{
	struct pfsnl_node *n = pfsnl_roster_find(&core->roster, addr);

	if (n)
		return n;
	if (core->roster.nodes >= 2 * core->cfg.max_nodes &&
	    !PFSNL_BROKEN(ROOM)) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_NO_ROOM);
		return NULL;
	}
	n = pfsnl_alloc(core, sizeof(*n));
	if (!n)
		return NULL;
	n->addr = addr;
	n->c = &core->nobody;
	pfsnl_roster_insert(&core->roster, n);
	return n;
}

/**
 * pfsnl_node_free - a node that is not in the list and has no contact goes
 * @core: the core
 * @n: the node
 */
void pfsnl_node_free(struct pfsnl_core *core, struct pfsnl_node *n)
{
	pfsnl_roster_erase(&core->roster, n);
	pfsnl_free(core, n);
}

/**
 * pfsnl_node_sweep - free the nodes that did not get into the list after all
 * @core: the core
 */
void pfsnl_node_sweep(struct pfsnl_core *core)
{
	struct pfsnl_node *n, *after;

	pfsnl_roster_for_each_safe(&core->roster, n, after)
		if (!n->in && n->c == &core->nobody)
			pfsnl_node_free(core, n);
}

/**
 * pfsnl_node_get - the node of an address, made and met if need be
 * @core: the core
 * @addr: host order
 *
 * Return: the node, or NULL when there is no memory or no room; both counted.
 */
struct pfsnl_node *pfsnl_node_get(struct pfsnl_core *core, u32 addr)
{
	struct pfsnl_node *n = pfsnl_node_add(core, addr);

	if (!n || pfsnl_node_meet(core, n))
		return n;
	if (!n->in)
		pfsnl_node_free(core, n);
	return NULL;
}

/**
 * pfsnl_node_alive - a node showed life, by beacon or by tether
 * @core: the core
 * @n: the node
 */
void pfsnl_node_alive(struct pfsnl_core *core, struct pfsnl_node *n)
{
	u64 limit = silence_limit(core, n);
	u64 last_call = core->now + limit - div_u64(limit, core->cfg.dead);

	n->c->alive_at = core->now;
	n->c->asked = false;
	/*
	 * A timer that fires too early looks at alive_at and is set again, so
	 * a beacon need not move it; but it may wait for something later.
	 */
	if (!n->c->silence.armed || n->c->silence.when > last_call)
		pfsnl_timer_at(core, &n->c->silence, last_call);
}

/**
 * pfsnl_node_spare - its silence so far means nothing
 * @core: the core
 * @n: the node
 *
 * If its silence would mean something, it is asked.
 */
void pfsnl_node_spare(struct pfsnl_core *core, struct pfsnl_node *n)
{
	if (!watched(core, n))
		return;
	pfsnl_node_alive(core, n);
	silence_ask(core, n);
}

/**
 * pfsnl_node_described - somebody told us of a node
 * @n: the node
 * @h: what is known of it
 */
void pfsnl_node_described(struct pfsnl_node *n, const struct pfsnl_hello *h)
{
	n->c->told = (struct pfsnl_member) {
		.addr = h->addr,
		.tether_port = h->tether_port,
		.priority = h->priority,
		.level = 1,
		.incarnation = h->incarnation,
	};
}

/**
 * pfsnl_node_fresh - whether a node's beacons are heard at present
 * @core: the core
 * @n: the node
 */
bool pfsnl_node_fresh(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	return n->c->heard_at &&
	       core->now < n->c->heard_at + silence_limit(core, n);
}

/**
 * pfsnl_beacon_answer - send a node a beacon of its own
 * @core: the core
 * @n: the node
 * @flags: PFSNL_BEACON_NOT_MEMBER, or 0
 */
void pfsnl_beacon_answer(struct pfsnl_core *core, struct pfsnl_node *n,
			 u16 flags)
{
	struct pfsnl_beacon b = {
		.priority = core->cfg.priority,
		.dead = core->cfg.dead,
		.flags = flags,
		.tether_port = core->cfg.tether_port,
		.addr = core->cfg.addr,
		.interval_ms = core->cfg.interval_ms,
		.members = pfsnl_lead_members(core),
		.incarnation = core->incarnation,
		.cluster_id = core->cluster_id,
		.ring = core->ring,
		.subject = flags & PFSNL_BEACON_NOT_MEMBER ?
			   n->c->heard.incarnation : 0,
	};
	u8 wire[PFSNL_BEACON_LEN];

	if (core->role == PFSNL_ROLE_LEADER)
		b.flags |= PFSNL_BEACON_LEADER;
	b.lease_ms = pfsnl_quorum_lease_ms(core);
	pfsnl_beacon_encode(&b, wire);
	core->ops->datagram(core->ctx, n->addr, wire, sizeof(wire));
}

/* Tell a node that it is mistaken to think it is tethered to us. */
static void not_member(struct pfsnl_core *core, struct pfsnl_node *n)
{
	pfsnl_count(core, PFSNL_COUNT_NOT_MEMBER_TX);
	pfsnl_note(core, PFSNL_NOTE_NOT_MEMBER, n->addr,
		   PFSNL_REASON_NOT_MEMBER, n->c->heard.incarnation);
	pfsnl_beacon_answer(core, n, PFSNL_BEACON_NOT_MEMBER);
}

/* A beacon of another life at a known address: the one before is dead. */
static void restarted(struct pfsnl_core *core, struct pfsnl_node *n,
		      const struct pfsnl_beacon *b)
{
	if (n->c->tether && n->c->tether->state == PFSNL_TETHER_MEMBER &&
	    n->c->tether->member.incarnation != b->incarnation)
		pfsnl_lead_drop(core, n, PFSNL_REASON_RESTARTED);
	else if (pfsnl_follow_is_leader(core, n) &&
		 core->leader_incarnation != b->incarnation)
		pfsnl_follow_lost(core, PFSNL_REASON_RESTARTED, 0);
}

/**
 * pfsnl_beacon_heard - a level-1 beacon came
 * @core: the core
 * @src: source address of the datagram
 * @b: what it says
 */
void pfsnl_beacon_heard(struct pfsnl_core *core, u32 src,
			const struct pfsnl_beacon *b)
{
	struct pfsnl_node *n;

	if (b->cluster_id != core->cluster_id) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_FOREIGN);
		return;
	}
	if (b->addr != src) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_SPOOFED);
		return;
	}
	if (src == core->cfg.addr) {
		if (b->incarnation == core->incarnation) {
			pfsnl_count(core, PFSNL_COUNT_BEACON_OWN);
			return;
		}
		pfsnl_count(core, PFSNL_COUNT_BEACON_DUPLICATE);
		pfsnl_note(core, PFSNL_NOTE_DUPLICATE, src, PFSNL_REASON_NONE,
			   b->incarnation);
		return;
	}
	if (!pfsnl_seq_seen(core, b->ring.seq)) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_MALFORMED);
		return;
	}
	n = pfsnl_roster_find(&core->roster, src);
	if (core->role != PFSNL_ROLE_LEADER &&
	    (!n || n->c == &core->nobody) && !pfsnl_follow_needs(core, src, b)) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_RX);
		return;
	}
	n = pfsnl_node_get(core, src);
	if (!n)
		return;
	if (b->incarnation == n->c->past_incarnation &&
	    pfsnl_node_fresh(core, n) && !PFSNL_BROKEN(STRAGGLER)) {
		/*
		 * A straggler, or two nodes with one address; the one we have
		 * stays. If it is silent, it was that one that was stray.
		 */
		pfsnl_count(core, PFSNL_COUNT_BEACON_DUPLICATE);
		pfsnl_note(core, PFSNL_NOTE_DUPLICATE, src, PFSNL_REASON_NONE,
			   b->incarnation);
		return;
	}
	pfsnl_count(core, PFSNL_COUNT_BEACON_RX);

	if (!PFSNL_BROKEN(INCARNATION))
		restarted(core, n, b);
	if (n->c->heard_at && n->c->heard.incarnation != b->incarnation) {
		n->c->past_incarnation = n->c->heard.incarnation;
		n->c->falls = 0;
	}
	if (!pfsnl_node_fresh(core, n) ||
	    n->c->heard.incarnation != b->incarnation) {
		n->c->first_heard = core->now;
		pfsnl_note(core, PFSNL_NOTE_HEARD, src, PFSNL_REASON_NONE,
			   b->incarnation);
	}
	/* news that others overtook may be old */
	n->c->overtaken = n->c->heard_at &&
			  n->c->heard.incarnation == b->incarnation &&
			  (s32)(b->counter - n->c->newest) <= 0 &&
		       !PFSNL_BROKEN(OVERTAKEN);
	if (!n->c->overtaken)
		n->c->newest = b->counter;
	n->c->heard = *b;
	n->c->heard_at = core->now;
	pfsnl_node_alive(core, n);

	if ((b->flags & PFSNL_BEACON_TETHERED) &&
	    b->ring.leader == core->cfg.addr && !n->c->tether &&
	    !PFSNL_BROKEN(NOT_MEMBER))
		not_member(core, n);
	if (core->role == PFSNL_ROLE_LEADER)
		pfsnl_lead_heard(core, n);
	else
		pfsnl_follow_heard(core, n);
}

/*
 * A level-0 peer does not say how often it beacons, so that is measured. If it
 * was away for a while, what was held against it is forgotten.
 */
static u32 level0_interval(struct pfsnl_core *core, struct pfsnl_node *n)
{
	u64 before = n->c->heard.level ? 0 : n->c->heard.interval_ms * PFSNL_MS;
	u64 gap = n->c->heard_at ? core->now - n->c->heard_at : 0;

	if (before && gap > max(3 * before,
				PFSNL_BACKOFF_LEVEL0_MS * PFSNL_MS)) {
		n->c->backoff = 0;
		n->c->redial_at = 0;
		gap = before;
	}
	return div_u64(min(gap, core->cfg.level0_dead_ms * PFSNL_MS), PFSNL_MS);
}

/**
 * pfsnl_beacon_heard_level0 - the bare nine bytes came
 * @core: the core
 * @src: source address of the datagram
 */
void pfsnl_beacon_heard_level0(struct pfsnl_core *core, u32 src)
{
	struct pfsnl_node *n;

	if (!pfsnl_config_serves_level0(&core->cfg)) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_LEVEL0_REFUSED);
		return;
	}
	if (src == core->cfg.addr) {
		pfsnl_count(core, PFSNL_COUNT_BEACON_DUPLICATE);
		return;
	}
	n = pfsnl_node_get(core, src);
	if (!n)
		return;
	if (pfsnl_node_fresh(core, n) && n->c->heard.level) {
		/* one address can't be both; the better known one stays */
		pfsnl_count(core, PFSNL_COUNT_BEACON_DUPLICATE);
		return;
	}
	pfsnl_count(core, PFSNL_COUNT_BEACON_RX_LEVEL0);
	if (!pfsnl_node_fresh(core, n)) {
		n->c->first_heard = core->now;
		pfsnl_note(core, PFSNL_NOTE_HEARD, src, PFSNL_REASON_NONE, 0);
	}
	n->c->heard = (struct pfsnl_beacon) {
		.addr = src,
		.interval_ms = level0_interval(core, n),
	};
	n->c->heard_at = core->now;
	pfsnl_node_alive(core, n);
	if (core->role == PFSNL_ROLE_LEADER)
		pfsnl_lead_heard(core, n);
}
