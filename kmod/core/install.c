// SPDX-License-Identifier: GPL-2.0
/*
 * Rings: making the next one, giving it to the clients, taking one over, and
 * telling listeners what changed. This is the only place where the list changes.
 *
 * A ring is made in two steps. Staging marks in each node whether and as whom
 * it is in the next ring; nothing that anybody can see changes and it may be
 * given up. Committing moves to it; what it needs is allocated before.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "state.h"

/**
 * struct parcel - bytes to write down a tether
 * @data: whole frames
 * @len: how many bytes; 0 when there is nothing to say
 */
struct parcel {
	u8 *data;
	size_t len;
};

/**
 * struct tally - how the staged ring differs from the installed one
 * @removed: nodes that are no longer in it
 * @added: nodes that are new in it; a restarted node counts in both
 * @changed: nodes of which only the description is new
 * @total: nodes in it
 * @departed: nodes not in it that were in the list not long ago
 * @hold_ms: how long it can't be quorate
 */
struct tally {
	u32 removed;
	u32 added;
	u32 changed;
	u32 total;
	u32 departed;
	u32 hold_ms;
};

static bool is_removed(const struct pfsnl_node *n)
{
	return n->in && !(n->next_in && pfsnl_member_same(&n->member, &n->next));
}

static bool is_added(const struct pfsnl_node *n)
{
	return n->next_in && !(n->in && !PFSNL_BROKEN(DIFFERENCE) &&
			       pfsnl_member_same(&n->member, &n->next));
}

static bool is_changed(const struct pfsnl_node *n)
{
	return n->in && n->next_in && pfsnl_member_same(&n->member, &n->next) &&
	       (n->member.priority != n->next.priority ||
		n->member.votes != n->next.votes ||
		n->member.tether_port != n->next.tether_port);
}

static bool is_departed(const struct pfsnl_node *n)
{
	return (n->c->left || n->in) && !n->next_in && !PFSNL_BROKEN(DEPARTED);
}

static struct tally compare(const struct pfsnl_core *core)
{
	struct tally sum = {};
	const struct pfsnl_node *n;
	u32 missing = 0;

	pfsnl_roster_for_each(&core->roster, n) {
		sum.removed += is_removed(n);
		sum.added += is_added(n);
		sum.changed += is_changed(n);
		sum.total += n->next_in;
		sum.departed += is_departed(n);
		/*
		 * Who left knows that it has no part in it; others may not.
		 * One that seems to have restarted may be two.
		 */
		if (is_removed(n) && n->reason != PFSNL_REASON_LEFT)
			missing += n->member.votes;
	}
	sum.hold_ms = pfsnl_quorum_hold(core, missing);
	return sum;
}

static void stage_nobody(struct pfsnl_core *core)
{
	struct pfsnl_node *n;

	pfsnl_roster_for_each(&core->roster, n)
		n->next_in = false;
}

static void stage_current(struct pfsnl_core *core)
{
	struct pfsnl_node *n;

	pfsnl_roster_for_each(&core->roster, n) {
		n->next_in = n->in;
		n->next = n->member;
	}
}

static int stage_self(struct pfsnl_core *core)
{
	struct pfsnl_node *self = pfsnl_node_add(core, core->cfg.addr);

	if (!self)
		return -ENOMEM;
	self->next_in = true;
	self->next = (struct pfsnl_member) {
		.addr = core->cfg.addr,
		.tether_port = core->cfg.tether_port,
		.priority = core->cfg.priority,
		.level = 1,
		.votes = core->cfg.votes,
		.incarnation = core->incarnation,
	};
	return 0;
}

static void announce(struct pfsnl_core *core, u32 op, const __be32 *addrs,
		     const u8 *why, u32 n)
{
	struct pfsnl_event ev = {
		.kind = PFSNL_EVENT_UPDATE,
		.role = core->role,
		.ring = core->ring,
		.generation = core->generation + 1,
		.op = op,
		.n = n,
		.addrs = addrs,
		.why = why,
	};

	if (!n)
		return;
	core->generation++;
	pfsnl_count(core, op == PFSNL_OP_ADD ? PFSNL_COUNT_UPDATE_ADD :
					       PFSNL_COUNT_UPDATE_REMOVE);
	core->ops->event(core->ctx, &ev);
}

/**
 * pfsnl_install_announce - tell listeners which ring is installed
 * @core: the core
 *
 * They are told of the ring without its nodes if there is no memory for these.
 */
void pfsnl_install_announce(struct pfsnl_core *core)
{
	struct pfsnl_event ev = {
		.kind = PFSNL_EVENT_RING,
		.role = core->role,
		.ring = core->ring,
		.generation = core->generation,
		.quorate = core->quorate,
	};
	const struct pfsnl_node *n;
	__be32 *addrs;

	addrs = pfsnl_alloc(core, ((size_t)core->roster.members + 1) *
			    sizeof(*addrs));
	pfsnl_roster_for_each(&core->roster, n)
		if (addrs && n->in)
			addrs[ev.n++] = cpu_to_be32(n->addr);
	ev.addrs = addrs;
	core->ops->event(core->ctx, &ev);
	pfsnl_free(core, addrs);
}

/*
 * Why a node that is new in the ring came. Who gets a whole list from who took
 * its leader's nodes over sees the others come; a newcomer sees nodes that are
 * there.
 */
static u32 why_added(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	if (core->role == PFSNL_ROLE_LEADER)
		return n->c->tether && n->c->tether->merged ?
		       PFSNL_REASON_MERGED : PFSNL_REASON_JOINED;
	if (core->merged)
		return PFSNL_REASON_MERGED;
	return n->reason == PFSNL_REASON_MERGED ? PFSNL_REASON_MERGED :
						  PFSNL_REASON_JOINED;
}

/*
 * Why a node is gone. If it went in a ring that never got here, what is known is
 * only why it had come.
 */
static u32 why_removed(const struct pfsnl_node *n)
{
	if (n->reason == PFSNL_REASON_JOINED ||
	    n->reason == PFSNL_REASON_MERGED)
		return PFSNL_REASON_NONE;
	return n->reason;
}

/* Move to the staged ring. Return: 0, or -ENOMEM and then nothing changed. */
static int commit(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		  const struct tally *sum)
{
	size_t total = (size_t)sum->removed + sum->added;
	__be32 *removed, *added;
	struct pfsnl_node *n;
	u32 r = 0, a = 0, equals = 0;
	u8 *why;

	removed = pfsnl_alloc(core, total * (sizeof(*removed) + 1) + 1);
	if (!removed)
		return -ENOMEM;
	/* who goes is remembered for a while */
	pfsnl_roster_for_each(&core->roster, n)
		if (is_removed(n) && !pfsnl_node_meet(core, n)) {
			pfsnl_free(core, removed);
			return -ENOMEM;
		}
	added = removed + sum->removed;
	why = (u8 *)(removed + total);

	pfsnl_roster_for_each(&core->roster, n) {
		if (is_removed(n)) {
			why[r] = pfsnl_reason_why(why_removed(n));
			removed[r++] = cpu_to_be32(n->addr);
			n->c->left = core->now;
			pfsnl_node_review(core, n);
		}
		if (is_added(n)) {
			n->reason = why_added(core, n);
			why[sum->removed + a] = pfsnl_reason_why(n->reason);
			added[a++] = cpu_to_be32(n->addr);
			n->joined = core->now;
		}
		n->in = n->next_in;
		n->member = n->next;
		equals += n->in && n->member.level;
	}
	core->roster.members = sum->total;
	core->roster.equals = equals;
	core->ring = *ring;
	core->merged = false;
	pfsnl_seq_seen(core, ring->seq);
	pfsnl_count(core, PFSNL_COUNT_INSTALLS);
	pfsnl_note(core, PFSNL_NOTE_INSTALL, ring->leader, PFSNL_REASON_NONE,
		   ring->seq);

	announce(core, PFSNL_OP_REMOVE, removed, why, r);
	announce(core, PFSNL_OP_ADD, added, why + r, a);
	pfsnl_quorum_ring(core, sum->hold_ms);
	pfsnl_install_announce(core);
	pfsnl_state_event(core);
	pfsnl_free(core, removed);
	pfsnl_plan(core, 0);
	return 0;
}

/**
 * pfsnl_install_alone - install the ring of this node alone
 * @core: the core, without tethers
 * @reason: why
 *
 * It has no leader. If there is no memory the list stays what it was.
 */
void pfsnl_install_alone(struct pfsnl_core *core, u32 reason)
{
	struct pfsnl_ring_id ring = {
		.seq = PFSNL_BROKEN(SEQ_GROWS) ? 1 : core->seq_seen + 1,
		.incarnation = core->incarnation,
	};
	struct pfsnl_node *n;
	struct tally sum;

	stage_nobody(core);
	if (stage_self(core))
		return;
	pfsnl_roster_for_each(&core->roster, n)
		if (n->in && !n->next_in)
			n->reason = reason;
	sum = compare(core);
	if (sum.removed || sum.added)
		commit(core, &ring, &sum);
	/* if there is no memory, it is done before the next sequence begins */
	pfsnl_recover_alone(core, &ring);
}

/**
 * pfsnl_install_soon - something changed; make a ring when no more does
 * @core: the core, leading
 *
 * Changes that come together are one ring. The first ring of a leader waits
 * longer, for those who were in the list before.
 */
void pfsnl_install_soon(struct pfsnl_core *core)
{
	u64 gather = min(PFSNL_GATHER_MS * PFSNL_MS, pfsnl_interval(core) / 4);
	u64 when;

	if (!core->dirty_since)
		core->dirty_since = core->now;
	when = min(core->now + gather,
		   core->dirty_since + PFSNL_GATHER_MAX_MS * PFSNL_MS);
	if (PFSNL_BROKEN(GATHER))
		when = core->now;
	if (core->expected && !PFSNL_BROKEN(EXPECTED_WAIT))
		when = max(when, core->expect_until);
	pfsnl_timer_at(core, &core->install, when);
}

/**
 * pfsnl_install_now - a change that is not to wait for others
 * @core: the core, leading
 */
void pfsnl_install_now(struct pfsnl_core *core)
{
	if (!core->dirty_since)
		core->dirty_since = core->now;
	pfsnl_timer_at(core, &core->install, core->now);
}

/**
 * pfsnl_install_list - the installed ring as a RECORD frame
 * @core: the core
 * @len: its length in bytes
 *
 * Return: the frame, to be freed by pfsnl_free(), or NULL without memory.
 */
u8 *pfsnl_install_list(struct pfsnl_core *core, size_t *len)
{
	struct pfsnl_install in = {
		.ring = core->ring,
		.flags = PFSNL_INSTALL_FULL,
		.expected_votes = core->expected_votes,
		.hold_ms = pfsnl_quorum_hold(core, 0),
		.members = core->roster.members,
		.adds = core->roster.members,
	};
	const struct pfsnl_node *n;
	u8 *wire, *p;

	*len = pfsnl_install_size(0, core->roster.members);
	wire = pfsnl_alloc(core, *len);
	if (!wire)
		return NULL;
	p = pfsnl_install_encode(&in, PFSNL_FRAME_RECORD, wire);
	pfsnl_roster_for_each(&core->roster, n)
		if (n->in)
			p = pfsnl_record_add(p, &n->member, n->reason);
	return wire;
}

/* the list as it is staged, for a client that has none or another one */
static void write_full(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		       const struct tally *sum, u8 *p)
{
	struct pfsnl_install in = {
		.ring = *ring,
		.flags = PFSNL_INSTALL_FULL,
		.expected_votes = core->cfg.expected_votes,
		.hold_ms = sum->hold_ms,
		.members = sum->total,
		.removes = sum->removed,
		.adds = sum->total,
	};
	const struct pfsnl_node *n;

	p = pfsnl_install_encode(&in, PFSNL_FRAME_INSTALL, p);
	pfsnl_roster_for_each(&core->roster, n)
		if (is_removed(n))
			p = pfsnl_record_remove(p, &n->member, n->reason);
	pfsnl_roster_for_each(&core->roster, n)
		if (n->next_in)
			p = pfsnl_record_add(p, &n->next, why_added(core, n));
}

/* what is new in it, for a client that has the list as it is installed */
static void write_delta(struct pfsnl_core *core,
			const struct pfsnl_ring_id *ring,
			const struct tally *sum, u8 *p)
{
	struct pfsnl_install in = {
		.ring = *ring,
		.base_seq = core->ring.seq,
		.expected_votes = core->cfg.expected_votes,
		.hold_ms = sum->hold_ms,
		.members = sum->total,
		.removes = sum->removed,
		.adds = sum->added + sum->changed,
	};
	const struct pfsnl_node *n;

	p = pfsnl_install_encode(&in, PFSNL_FRAME_INSTALL, p);
	pfsnl_roster_for_each(&core->roster, n)
		if (is_removed(n))
			p = pfsnl_record_remove(p, &n->member, n->reason);
	pfsnl_roster_for_each(&core->roster, n)
		if (is_added(n) || is_changed(n))
			p = pfsnl_record_add(p, &n->next, why_added(core, n));
}

/* one update as level-0 peers know it, of all nodes that match */
static u8 *write_update(struct pfsnl_core *core, u32 op, u32 count,
			bool (*match)(const struct pfsnl_node *), u8 *p)
{
	const struct pfsnl_node *n;

	if (!count)
		return p;
	p = pfsnl_frame_head(p, op, count);
	pfsnl_roster_for_each(&core->roster, n)
		if (match(n))
			p = pfsnl_frame_addr(p, n->addr);
	return p;
}

static bool is_next(const struct pfsnl_node *n)
{
	return n->next_in;
}

/*
 * What each kind of client is to be told: [level][whole list or only what is
 * new]. A level-0 peer with an old list can't be told to begin anew, so after
 * the whole list it is told who departed not long ago.
 */
static int pack(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		const struct tally *sum, struct parcel parcels[2][2], u8 **buffer)
{
	size_t full = pfsnl_install_size(sum->removed, sum->total);
	size_t delta = pfsnl_install_size(sum->removed,
					  sum->added + sum->changed);
	size_t full0 = 2 * PFSNL_FRAME_HEAD +
		       4 * ((size_t)sum->total + sum->departed);
	size_t delta0 = 2 * PFSNL_FRAME_HEAD +
			4 * ((size_t)sum->removed + sum->added);
	u8 *p, *end;

	p = pfsnl_alloc(core, full + delta + full0 + delta0);
	if (!p)
		return -ENOMEM;
	*buffer = p;

	write_full(core, ring, sum, p);
	parcels[1][true] = (struct parcel) { p, full };
	p += full;

	write_delta(core, ring, sum, p);
	parcels[1][false] = (struct parcel) { p, delta };
	p += delta;

	end = write_update(core, PFSNL_FRAME_ADD, sum->total, is_next, p);
	end = write_update(core, PFSNL_FRAME_REMOVE, sum->departed, is_departed,
			   end);
	parcels[0][true] = (struct parcel) { p, end - p };
	p += full0;

	end = write_update(core, PFSNL_FRAME_REMOVE, sum->removed, is_removed,
			   p);
	end = write_update(core, PFSNL_FRAME_ADD, sum->added, is_added, end);
	parcels[0][false] = (struct parcel) { p, end - p };
	return 0;
}

/*
 * Whether so many tethers block that it must be our own network, or our own
 * machine, that is stuck. Then nobody is dropped for a while.
 */
static bool suspects_self(struct pfsnl_core *core, u32 blocked)
{
	if (blocked < 2 || 2 * blocked <= core->clients) {
		core->suspect_since = 0;
		return false;
	}
	if (!core->suspect_since) {
		core->suspect_since = core->now;
		pfsnl_count(core, PFSNL_COUNT_SUSPECTS_SELF);
		pfsnl_note(core, PFSNL_NOTE_SUSPECTS_SELF, core->cfg.addr,
			   PFSNL_REASON_BLOCKED, blocked);
	}
	return core->now < core->suspect_since + pfsnl_dead_time(core);
}

/* What became of the parcels. Those without room did not read. */
static void conclude(struct pfsnl_core *core, u32 blocked, u64 again)
{
	bool spare = suspects_self(core, blocked);
	struct pfsnl_tether *t, *tmp;

	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		/* its first list may take its time */
		bool fresh = !t->up_to_date &&
			     core->now < t->up_at + pfsnl_dead_time(core);

		if (!t->blocked)
			continue;
		t->blocked = false;
		if (spare || fresh) {
			/* it missed a change: only the whole list helps */
			t->synced = false;
			again = min(again, core->now +
				    PFSNL_RETRY_MS * PFSNL_MS);
			continue;
		}
		pfsnl_lead_drop(core, t->node, PFSNL_REASON_BLOCKED);
		again = core->now;
	}
	if (again != PFSNL_NEVER) {
		core->dirty_since = core->now;
		pfsnl_timer_at(core, &core->install, again);
	}
}

/*
 * Give every client its parcel. One without room does not read: it is dropped,
 * and that is the next change, told to the others at once.
 */
static void deliver(struct pfsnl_core *core, struct parcel parcels[2][2],
		    bool news)
{
	u64 again = PFSNL_NEVER;
	struct pfsnl_tether *t;
	u32 blocked = 0;

	list_for_each_entry(t, &core->tethers, list) {
		struct parcel *p = &parcels[t->level][!t->synced];

		if (t->state != PFSNL_TETHER_MEMBER || (t->synced && !news) ||
		    !p->len)
			continue;
		switch (pfsnl_tether_send(t, p->data, p->len)) {
		case 0:
			t->synced = true;
			t->up_to_date = true;
			break;
		case -EAGAIN:
			if (PFSNL_BROKEN(BLOCKED))
				break;
			t->blocked = true;
			blocked++;
			break;
		case -EPIPE:
			/* we are about to be told that it is closed */
			break;
		default:
			/* our own shortage: the whole list, a little later */
			t->synced = false;
			again = min(again, core->now +
				    PFSNL_RETRY_MS * PFSNL_MS);
		}
	}
	conclude(core, blocked, again);
}

static int stage_clients(struct pfsnl_core *core, bool *unsynced)
{
	struct pfsnl_tether *t;

	stage_nobody(core);
	if (stage_self(core))
		return -ENOMEM;
	*unsynced = false;
	list_for_each_entry(t, &core->tethers, list) {
		if (t->state != PFSNL_TETHER_MEMBER)
			continue;
		t->node->next_in = true;
		t->node->next = t->member;
		*unsynced |= !t->synced;
		/* one that can't go on where it was has to come anew */
		if (t->level && core->order.leads && !pfsnl_recover_return(t))
			core->new_ring = true;
	}
	return 0;
}

static int make_ring(struct pfsnl_core *core)
{
	struct pfsnl_ring_id ring = core->ring;
	struct parcel parcels[2][2] = {};
	struct pfsnl_entry *mark = NULL;
	u8 *buffer = NULL;
	struct tally sum;
	bool news, unsynced;
	int err;

	/* when it has come, or can't be had, this is done again */
	if (pfsnl_recover_fetches(core))
		return 0;
	err = stage_clients(core, &unsynced);
	if (err)
		return err;
	sum = compare(core);
	news = sum.removed || sum.added || sum.changed || core->new_ring;
	if (!news && !unsynced)
		return 0;
	if (news)
		ring = (struct pfsnl_ring_id) {
			.seq = (PFSNL_BROKEN(SEQ_SEEN) ? core->ring.seq :
				core->seq_seen) +
			       !(PFSNL_BROKEN(SAME_RING) &&
				 core->ring.leader == core->cfg.addr),
			.incarnation = core->incarnation,
			.leader = PFSNL_BROKEN(NAME) ? core->ring.leader :
				  core->cfg.addr,
		};
	/* before committing, which forgets what was */
	err = pack(core, &ring, &sum, parcels, &buffer);
	if (!err && news)
		err = pfsnl_recover_mark(core, &ring, &mark);
	if (!err && news) {
		core->expected_votes = core->cfg.expected_votes;
		err = commit(core, &ring, &sum);
		if (err)
			pfsnl_free(core, mark);
		else
			pfsnl_recover_commit(core, mark);
	}
	if (!err) {
		core->new_ring = false;
		core->succeeds = false;
		deliver(core, parcels, news);
	}
	pfsnl_free(core, buffer);
	return err;
}

/**
 * pfsnl_install_timer - time to make a ring of what changed
 * @core: the core, leading
 * @timer: its install timer
 */
void pfsnl_install_timer(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	/* what changes while we hand over is told by who takes over, or later */
	if (core->standby)
		return;
	core->dirty_since = 0;
	if (!make_ring(core))
		return;
	core->dirty_since = core->now;
	pfsnl_timer_at(core, timer, core->now + PFSNL_RETRY_MS * PFSNL_MS);
}

/* Stage what INSTALL says. */
static int stage_install(struct pfsnl_core *core, const struct pfsnl_install *in)
{
	struct pfsnl_member m;
	struct pfsnl_node *n;
	u32 i, reason;

	if (in->flags & PFSNL_INSTALL_FULL)
		stage_nobody(core);
	else
		stage_current(core);

	for (i = 0; i < in->removes; i++) {
		pfsnl_install_remove(in, i, &m, &reason);
		n = pfsnl_roster_find(&core->roster, m.addr);
		if (in->flags & PFSNL_INSTALL_FULL) {
			/* of a ring that need not have been ours */
			if (n && n->in && n->member.incarnation == m.incarnation)
				n->reason = reason;
			continue;
		}
		if (!n || !n->next_in || n->next.incarnation != m.incarnation)
			return -EBADMSG;
		n->next_in = false;
		n->reason = reason;
	}
	for (i = 0; i < in->adds; i++) {
		if (pfsnl_install_add(in, i, &m, &reason))
			return -EBADMSG;
		n = pfsnl_node_add(core, m.addr);
		if (!n)
			return -ENOMEM;
		/* a description may change, a node can't be named twice */
		if (n->next_in && (in->flags & PFSNL_INSTALL_FULL ||
				   !pfsnl_member_same(&n->next, &m)))
			return -EBADMSG;
		n->next_in = true;
		n->next = m;
		/* a member that stays keeps what is said of it */
		if (!n->in)
			n->reason = reason;
	}
	return 0;
}

static int take_over(struct pfsnl_core *core, const struct pfsnl_install *in)
{
	struct pfsnl_node *self;
	struct tally sum;
	int err;

	err = stage_install(core, in);
	if (err)
		goto undo;
	sum = compare(core);
	self = pfsnl_roster_find(&core->roster, core->cfg.addr);
	err = -EBADMSG;
	if (sum.total != in->members || !self || !self->next_in ||
	    self->next.incarnation != core->incarnation)
		goto undo;
	core->expected_votes = in->expected_votes;
	sum.hold_ms = max(sum.hold_ms, in->hold_ms);
	err = commit(core, &in->ring, &sum);
	if (!err)
		return 0;
undo:
	pfsnl_node_sweep(core);
	return err;
}

/**
 * pfsnl_install_take - take over a ring from our leader
 * @core: the core, CLIENT
 * @in: decoded INSTALL
 *
 * All of it or nothing.
 *
 * Return: 0; -EBADMSG when it can't follow what we have, or leaves us out, or
 * contradicts itself; -ENOMEM.
 */
int pfsnl_install_take(struct pfsnl_core *core, const struct pfsnl_install *in)
{
	bool full = in->flags & PFSNL_INSTALL_FULL;
	bool same_leader = core->ring.leader == in->ring.leader &&
			   core->ring.incarnation == in->ring.incarnation;

	if (in->ring.leader != core->leader_addr ||
	    in->ring.incarnation != core->leader_incarnation)
		return -EBADMSG;
	/* the same ring again is given to a client that lost its tether */
	if (in->ring.seq < core->ring.seq ||
	    (in->ring.seq == core->ring.seq && !(full && same_leader)))
		return -EBADMSG;
	if (!full && (!same_leader || in->base_seq != core->ring.seq))
		return -EBADMSG;

	if (!pfsnl_seq_seen(core, in->ring.seq))
		return -EBADMSG;

	return take_over(core, in);
}

/**
 * pfsnl_install_record - take over the last ring of a leader that is gone
 * @core: the core, leading as its successor, or the client of the successor
 * @in: decoded RECORD
 *
 * All of it or nothing.
 *
 * Return: as pfsnl_install_take().
 */
int pfsnl_install_record(struct pfsnl_core *core,
			 const struct pfsnl_install *in)
{
	if (!(in->flags & PFSNL_INSTALL_FULL) ||
	    !pfsnl_record_newer(&in->ring, &core->ring) ||
	    !pfsnl_seq_seen(core, in->ring.seq))
		return -EBADMSG;
	return take_over(core, in);
}
