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
 */
struct tally {
	u32 removed;
	u32 added;
	u32 changed;
	u32 total;
	u32 departed;
};

static bool is_removed(const struct pfsnl_node *n)
{
	return n->in && !(n->next_in && pfsnl_member_same(&n->member, &n->next));
}

static bool is_added(const struct pfsnl_node *n)
{
	return n->next_in && !(n->in && pfsnl_member_same(&n->member, &n->next));
}

static bool is_changed(const struct pfsnl_node *n)
{
	return n->in && n->next_in && pfsnl_member_same(&n->member, &n->next) &&
	       (n->member.priority != n->next.priority ||
		n->member.tether_port != n->next.tether_port);
}

static bool is_departed(const struct pfsnl_node *n)
{
	return (n->left || n->in) && !n->next_in;
}

static struct tally compare(const struct pfsnl_core *core)
{
	struct tally sum = {};
	const struct pfsnl_node *n;

	pfsnl_roster_for_each(&core->roster, n) {
		sum.removed += is_removed(n);
		sum.added += is_added(n);
		sum.changed += is_changed(n);
		sum.total += n->next_in;
		sum.departed += is_departed(n);
	}
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
	struct pfsnl_node *self = pfsnl_node_get(core, core->cfg.addr);

	if (!self)
		return -ENOMEM;
	self->next_in = true;
	self->next = (struct pfsnl_member) {
		.addr = core->cfg.addr,
		.tether_port = core->cfg.tether_port,
		.priority = core->cfg.priority,
		.level = 1,
		.incarnation = core->incarnation,
	};
	return 0;
}

static void announce(struct pfsnl_core *core, u32 op, const __be32 *addrs, u32 n)
{
	struct pfsnl_event ev = {
		.kind = PFSNL_EVENT_UPDATE,
		.role = core->role,
		.ring = core->ring,
		.generation = core->generation + 1,
		.op = op,
		.n = n,
		.addrs = addrs,
	};

	if (!n)
		return;
	core->generation++;
	pfsnl_count(core, op == PFSNL_OP_ADD ? PFSNL_COUNT_UPDATE_ADD :
					       PFSNL_COUNT_UPDATE_REMOVE);
	core->ops->event(core->ctx, &ev);
}

/* Move to the staged ring. Return: 0, or -ENOMEM and then nothing changed. */
static int commit(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		  const struct tally *sum)
{
	__be32 *removed, *added;
	struct pfsnl_node *n;
	u32 r = 0, a = 0;

	removed = pfsnl_alloc(core, ((size_t)sum->removed + sum->added + 1) *
			      sizeof(*removed));
	if (!removed)
		return -ENOMEM;
	added = removed + sum->removed;

	pfsnl_roster_for_each(&core->roster, n) {
		if (is_removed(n)) {
			removed[r++] = cpu_to_be32(n->addr);
			n->left = core->now;
			pfsnl_node_review(core, n);
		}
		if (is_added(n)) {
			added[a++] = cpu_to_be32(n->addr);
			n->joined = core->now;
			n->reason = PFSNL_REASON_NONE;
		}
		n->in = n->next_in;
		n->member = n->next;
	}
	core->roster.members = sum->total;
	core->ring = *ring;
	pfsnl_seq_seen(core, ring->seq);
	pfsnl_count(core, PFSNL_COUNT_INSTALLS);
	pfsnl_note(core, PFSNL_NOTE_INSTALL, ring->leader, PFSNL_REASON_NONE,
		   ring->seq);

	announce(core, PFSNL_OP_REMOVE, removed, r);
	announce(core, PFSNL_OP_ADD, added, a);
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
		.seq = core->seq_seen + 1,
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
	if (core->expected)
		when = max(when, core->expect_until);
	pfsnl_timer_at(core, &core->install, when);
}

/* the list as it is staged, for a client that has none or another one */
static void write_full(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		       const struct tally *sum, u8 *p)
{
	struct pfsnl_install in = {
		.ring = *ring,
		.flags = PFSNL_INSTALL_FULL,
		.members = sum->total,
		.adds = sum->total,
	};
	const struct pfsnl_node *n;

	p = pfsnl_install_encode(&in, p);
	pfsnl_roster_for_each(&core->roster, n)
		if (n->next_in)
			p = pfsnl_record_add(p, &n->next);
}

/* what is new in it, for a client that has the list as it is installed */
static void write_delta(struct pfsnl_core *core,
			const struct pfsnl_ring_id *ring,
			const struct tally *sum, u8 *p)
{
	struct pfsnl_install in = {
		.ring = *ring,
		.base_seq = core->ring.seq,
		.members = sum->total,
		.removes = sum->removed,
		.adds = sum->added + sum->changed,
	};
	const struct pfsnl_node *n;

	p = pfsnl_install_encode(&in, p);
	pfsnl_roster_for_each(&core->roster, n)
		if (is_removed(n))
			p = pfsnl_record_remove(p, &n->member, n->reason);
	pfsnl_roster_for_each(&core->roster, n)
		if (is_added(n) || is_changed(n))
			p = pfsnl_record_add(p, &n->next);
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
	size_t full = pfsnl_install_size(0, sum->total);
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
 * Give every client its parcel. One without room does not read: it is dropped,
 * and that is the next change, told to the others at once.
 */
static void deliver(struct pfsnl_core *core, struct parcel parcels[2][2],
		    bool news)
{
	struct pfsnl_tether *t, *tmp;
	u64 again = PFSNL_NEVER;

	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		struct parcel *p = &parcels[t->level][!t->synced];

		if (t->state != PFSNL_TETHER_MEMBER || (t->synced && !news) ||
		    !p->len)
			continue;
		switch (pfsnl_tether_send(t, p->data, p->len)) {
		case 0:
			t->synced = true;
			break;
		case -EAGAIN:
			pfsnl_lead_drop(core, t->node, PFSNL_REASON_BLOCKED);
			again = core->now;
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
	if (again != PFSNL_NEVER) {
		core->dirty_since = core->now;
		pfsnl_timer_at(core, &core->install, again);
	}
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
	}
	return 0;
}

static int make_ring(struct pfsnl_core *core)
{
	struct pfsnl_ring_id ring = core->ring;
	struct parcel parcels[2][2] = {};
	u8 *buffer = NULL;
	struct tally sum;
	bool news, unsynced;
	int err;

	err = stage_clients(core, &unsynced);
	if (err)
		return err;
	sum = compare(core);
	news = sum.removed || sum.added || sum.changed || core->new_ring;
	if (!news && !unsynced)
		return 0;
	if (news)
		ring = (struct pfsnl_ring_id) {
			.seq = core->seq_seen + 1,
			.incarnation = core->incarnation,
			.leader = core->cfg.addr,
		};
	/* before committing, which forgets what was */
	err = pack(core, &ring, &sum, parcels, &buffer);
	if (!err && news)
		err = commit(core, &ring, &sum);
	if (!err) {
		core->new_ring = false;
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
		if (!n || !n->next_in || n->next.incarnation != m.incarnation)
			return -EBADMSG;
		n->next_in = false;
		n->reason = reason;
	}
	for (i = 0; i < in->adds; i++) {
		if (pfsnl_install_add(in, i, &m))
			return -EBADMSG;
		n = pfsnl_node_get(core, m.addr);
		if (!n)
			return -ENOMEM;
		/* a description may change, a node can't be named twice */
		if (n->next_in && (in->flags & PFSNL_INSTALL_FULL ||
				   !pfsnl_member_same(&n->next, &m)))
			return -EBADMSG;
		n->next_in = true;
		n->next = m;
	}
	return 0;
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
	struct pfsnl_node *self;
	struct tally sum;
	int err;

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

	err = stage_install(core, in);
	if (err)
		return err;
	sum = compare(core);
	self = pfsnl_roster_find(&core->roster, core->cfg.addr);
	if (sum.total != in->members || !self || !self->next_in ||
	    self->next.incarnation != core->incarnation)
		return -EBADMSG;
	return commit(core, &in->ring, &sum);
}
