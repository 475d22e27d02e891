// SPDX-License-Identifier: GPL-2.0
/*
 * Life of a core, its inputs, and the small things all rooms use.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "state.h"

static const char * const role_texts[] = {
	[PFSNL_ROLE_DOWN]	= "down",
	[PFSNL_ROLE_LISTENING]	= "listening",
	[PFSNL_ROLE_CLIENT]	= "client",
	[PFSNL_ROLE_ORPHAN]	= "orphan",
	[PFSNL_ROLE_LEADER]	= "leader",
	[PFSNL_ROLE_LEAVING]	= "leaving",
};

#define PFSNL_NOTE_TEXT(name, text) [PFSNL_NOTE_##name] = text,
static const char * const note_texts[] = {
	PFSNL_NOTES(PFSNL_NOTE_TEXT)
};

/**
 * pfsnl_role_text - a role in a word
 * @role: the role
 */
const char *pfsnl_role_text(enum pfsnl_role role)
{
	return role_texts[role];
}

/**
 * pfsnl_note_text - a note in a word
 * @note: the note
 */
const char *pfsnl_note_text(enum pfsnl_note note)
{
	return note_texts[note];
}

static void *got(struct pfsnl_core *core, void *p, size_t size)
{
	if (!p) {
		pfsnl_count(core, PFSNL_COUNT_NO_MEMORY);
		pfsnl_note(core, PFSNL_NOTE_NO_MEMORY, 0, PFSNL_REASON_LOCAL,
			   size);
	}
	return p;
}

/**
 * pfsnl_alloc - memory for the core
 * @core: the core
 * @size: bytes
 *
 * Return: zeroed memory, or NULL, which has been counted.
 */
void *pfsnl_alloc(struct pfsnl_core *core, size_t size)
{
	return got(core, core->ops->alloc(core->ctx, size), size);
}

/**
 * pfsnl_alloc_raw - memory that the core fills at once
 * @core: the core
 * @size: bytes
 *
 * Return: memory with any content, or NULL, which has been counted.
 */
void *pfsnl_alloc_raw(struct pfsnl_core *core, size_t size)
{
	return got(core, core->ops->alloc_raw(core->ctx, size), size);
}

/**
 * pfsnl_free - give memory back
 * @core: the core
 * @p: from pfsnl_alloc() or pfsnl_alloc_raw(), or NULL
 */
void pfsnl_free(struct pfsnl_core *core, void *p)
{
	core->ops->free(core->ctx, p);
}

/**
 * pfsnl_count - one more of something
 * @core: the core
 * @c: of what
 */
void pfsnl_count(struct pfsnl_core *core, enum pfsnl_counter c)
{
	core->counters[c]++;
}

/**
 * pfsnl_note - tell the tracer
 * @core: the core
 * @note: what happened
 * @addr: node concerned, 0 if none
 * @reason: enum pfsnl_reason
 * @number: see PFSNL_NOTES
 */
void pfsnl_note(struct pfsnl_core *core, enum pfsnl_note note, u32 addr,
		u32 reason, u64 number)
{
	core->ops->note(core->ctx, note, addr, reason, number);
}

/**
 * pfsnl_timer_at - arm a timer of the core
 * @core: the core
 * @t: the timer
 * @when: nanoseconds; PFSNL_NEVER cancels it
 */
void pfsnl_timer_at(struct pfsnl_core *core, struct pfsnl_timer *t, u64 when)
{
	pfsnl_timer_set(&core->timers, t, when);
}

/**
 * pfsnl_interval - our time between beacons, in nanoseconds
 * @core: the core
 */
u64 pfsnl_interval(const struct pfsnl_core *core)
{
	return core->cfg.interval_ms * PFSNL_MS;
}

/**
 * pfsnl_dead_time - how long a node of our own interval may be silent
 * @core: the core
 *
 * Return: nanoseconds.
 */
u64 pfsnl_dead_time(const struct pfsnl_core *core)
{
	return core->cfg.dead * pfsnl_interval(core);
}

/**
 * pfsnl_seq_seen - remember the largest ring number
 * @core: the core
 * @seq: a ring number somebody told us
 *
 * The next ring is counted on from it, so one absurd number from anybody would
 * leave no numbers for the rings to come. What nobody can have counted up to
 * since we looked last is not believed.
 *
 * Return: false when @seq is absurd, and then it is not remembered.
 */
bool pfsnl_seq_seen(struct pfsnl_core *core, u64 seq)
{
	if (seq > core->seq_seen && seq - core->seq_seen > PFSNL_SEQ_LEAP)
		return false;
	core->seq_seen = max(core->seq_seen, seq);
	return true;
}

/**
 * pfsnl_state_event - tell listeners that role, ring or settings changed
 * @core: the core
 */
void pfsnl_state_event(struct pfsnl_core *core)
{
	struct pfsnl_event ev = {
		.kind = PFSNL_EVENT_STATE,
		.role = core->role,
		.ring = core->ring,
		.generation = core->generation,
	};

	core->ops->event(core->ctx, &ev);
}

/**
 * pfsnl_role_set - become something else
 * @core: the core
 * @role: what
 *
 * Tells nobody on the wire; the caller plans the beacons that fit the role.
 */
void pfsnl_role_set(struct pfsnl_core *core, enum pfsnl_role role)
{
	core->role = role;
	core->since = core->now;
	core->best = 0;
	core->passed_over = false;
	core->unclaimed = false;
	pfsnl_timer_at(core, &core->role_timer, PFSNL_NEVER);
	pfsnl_note(core, PFSNL_NOTE_ROLE, 0, PFSNL_REASON_NONE, role);
	pfsnl_state_event(core);
}

static void role_fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	if (core->role == PFSNL_ROLE_LEAVING)
		core->ops->left(core->ctx);
	else
		pfsnl_follow_timer(core);
}

/**
 * pfsnl_core_enter - every input begins with this
 * @core: the core
 * @now: nanoseconds
 */
void pfsnl_core_enter(struct pfsnl_core *core, u64 now)
{
	/* a clock that goes back would make deadlines of the past */
	if (!WARN_ON_ONCE(now < core->now))
		core->now = now;
}

/**
 * pfsnl_core_done - every input ends with this
 * @core: the core
 */
void pfsnl_core_done(struct pfsnl_core *core)
{
	u64 next;

	pfsnl_order_pump(core);
	pfsnl_service_phases(core);
	next = pfsnl_timers_next(&core->timers);
	if (core->role == PFSNL_ROLE_LEAVING && list_empty(&core->tethers) &&
	    core->role_timer.armed) {
		/* nobody left to wait for */
		pfsnl_timer_at(core, &core->role_timer, PFSNL_NEVER);
		core->ops->left(core->ctx);
		next = pfsnl_timers_next(&core->timers);
	}
	if (next != core->deadline) {
		core->deadline = next;
		core->ops->deadline(core->ctx, next);
	}
}

/**
 * pfsnl_core_create - a node that is not started yet
 * @ops: its surroundings; must outlive it
 * @ctx: handed to each operation
 * @cfg: its settings, for which pfsnl_config_check() returned 0; copied
 * @incarnation: a random number, not 0
 *
 * Return: the core, or NULL when there is no memory.
 */
struct pfsnl_core *pfsnl_core_create(const struct pfsnl_core_ops *ops, void *ctx,
				     const struct pfsnl_config *cfg,
				     u64 incarnation)
{
	struct pfsnl_core *core = ops->alloc(ctx, sizeof(*core));

	if (!core)
		return NULL;
	core->ops = ops;
	core->ctx = ctx;
	core->cfg = *cfg;
	core->cluster_id = pfsnl_config_cluster_id(cfg);
	core->incarnation = incarnation;
	core->deadline = PFSNL_NEVER;
	core->role = PFSNL_ROLE_DOWN;
	pfsnl_timers_init(&core->timers);
	pfsnl_roster_init(&core->roster);
	INIT_LIST_HEAD(&core->tethers);
	core->tether_ids = RB_ROOT;
	pfsnl_timer_init(&core->refresh, pfsnl_plan_refresh);
	pfsnl_timer_init(&core->role_timer, role_fire);
	pfsnl_timer_init(&core->install, pfsnl_install_timer);
	pfsnl_timer_init(&core->merge, pfsnl_merge_timer);
	pfsnl_timer_init(&core->quorum, pfsnl_quorum_timer);
	pfsnl_order_init(core);
	pfsnl_groups_init(core);
	pfsnl_sync_init(core);
	return core;
}

/**
 * pfsnl_core_start - begin to beacon and to listen
 * @core: created, never started before
 * @now: nanoseconds
 */
void pfsnl_core_start(struct pfsnl_core *core, u64 now)
{
	pfsnl_core_enter(core, now);
	pfsnl_quorum_withhold(core);
	pfsnl_listen(core);
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_leave - say goodbye
 * @core: started
 * @now: nanoseconds
 * @wait: longest time to wait for the others to answer, nanoseconds
 *
 * Ends with the operation left(), perhaps before this returns. Until
 * pfsnl_core_destroy() the list is what it was.
 */
void pfsnl_core_leave(struct pfsnl_core *core, u64 now, u64 wait)
{
	struct pfsnl_tether *t, *tmp;

	pfsnl_core_enter(core, now);
	if (core->role == PFSNL_ROLE_LEAVING) {
		pfsnl_core_done(core);
		return;
	}
	/* clients and leader are told; that they close is their answer */
	pfsnl_lead_farewell(core, PFSNL_REASON_LEFT, 0, 0);
	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		if (t->state == PFSNL_TETHER_CLOSING)
			continue;
		if (t->state == PFSNL_TETHER_ACCEPTED &&
		    !pfsnl_tether_leave(t, PFSNL_FRAME_LEAVE,
					PFSNL_REASON_LEFT, 0, 0))
			pfsnl_tether_state(t, PFSNL_TETHER_CLOSING);
		else
			pfsnl_tether_end(t, PFSNL_REASON_LEFT);
	}
	pfsnl_role_set(core, PFSNL_ROLE_LEAVING);
	core->up = NULL;
	pfsnl_quorum_review(core);
	pfsnl_plan(core, 3);
	pfsnl_timer_at(core, &core->role_timer, now + wait);
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_destroy - end it, whatever it was doing
 * @core: the core; tethers that are open are closed
 */
void pfsnl_core_destroy(struct pfsnl_core *core)
{
	struct pfsnl_tether *t, *tmp;
	struct pfsnl_node *n, *after;

	core->role = PFSNL_ROLE_DOWN;
	list_for_each_entry_safe(t, tmp, &core->tethers, list)
		pfsnl_tether_end(t, PFSNL_REASON_LOCAL);
	pfsnl_sync_exit(core);
	pfsnl_groups_exit(core);
	pfsnl_order_exit(core);
	pfsnl_roster_for_each_safe(&core->roster, n, after) {
		if (n->c != &core->nobody)
			pfsnl_free(core, n->c);
		pfsnl_node_free(core, n);
	}
	core->ops->free(core->ctx, core);
}

/**
 * pfsnl_core_datagram - a datagram came to the beacon port
 * @core: started
 * @now: nanoseconds
 * @came: when it came to this machine, or earlier: how old its news may be
 * @src: its source address
 * @data: its bytes
 * @len: how many
 */
void pfsnl_core_datagram(struct pfsnl_core *core, u64 now, u64 came, u32 src,
			 const void *data, size_t len)
{
	struct pfsnl_beacon b;

	pfsnl_core_enter(core, now);
	core->came = PFSNL_BROKEN(CAME) ? core->now : min(came, core->now);
	if (pfsnl_beacon_decode(&b, data, len))
		pfsnl_count(core, PFSNL_COUNT_BEACON_MALFORMED);
	else if (core->role == PFSNL_ROLE_LEAVING)
		; /* what others say no longer matters */
	else if (b.level)
		pfsnl_beacon_heard(core, src, &b);
	else
		pfsnl_beacon_heard_level0(core, src);
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_tick - the deadline has come
 * @core: started
 * @now: nanoseconds
 */
void pfsnl_core_tick(struct pfsnl_core *core, u64 now)
{
	struct pfsnl_timer *t;

	pfsnl_core_enter(core, now);
	while ((t = pfsnl_timers_due(&core->timers, now)))
		t->fire(core, t);
	/* the surroundings' alarm is used up, even if the time stays the same */
	core->deadline = PFSNL_NEVER;
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_pause_limit - how late a beacon is that tells of a pause
 * @cfg: settings
 *
 * A node that only has much to do still sends its beacons in time.
 *
 * Return: nanoseconds between two beacons.
 */
u64 pfsnl_core_pause_limit(const struct pfsnl_config *cfg)
{
	return (u64)cfg->interval_ms * PFSNL_MS * (cfg->dead + 2) / 2;
}

/**
 * pfsnl_core_paused - this machine stood still
 * @core: started
 * @now: nanoseconds
 * @gap: for how long, nanoseconds
 *
 * To be called before anything else that this node learns late. It could not
 * hear the others, so their silence means nothing: all limits begin anew, and
 * those who count are asked. They may have dropped us and will say so.
 */
void pfsnl_core_paused(struct pfsnl_core *core, u64 now, u64 gap)
{
	struct pfsnl_node *n;

	pfsnl_core_enter(core, now);
	pfsnl_count(core, PFSNL_COUNT_PAUSES);
	pfsnl_note(core, PFSNL_NOTE_PAUSED, core->cfg.addr, PFSNL_REASON_NONE,
		   gap);
	core->doubt_until = now + pfsnl_dial_time(core);
	pfsnl_quorum_unsure(core);
	pfsnl_quorum_review(core);
	pfsnl_roster_for_each(&core->roster, n)
		pfsnl_node_spare(core, n);
	if (core->role == PFSNL_ROLE_ORPHAN)
		core->since = now;
	if (core->expected)
		core->expect_until = now + pfsnl_dead_time(core);
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_link - our own interface has a carrier, or has none any more
 * @core: started
 * @now: nanoseconds
 * @up: whether it has
 *
 * Without one nobody can be reached, which is noticed at once: a client knows
 * that its tether is of no use, and nothing is quorate. Whether it is back soon
 * enough not to be missed is for the usual limits to tell.
 */
void pfsnl_core_link(struct pfsnl_core *core, u64 now, bool up)
{
	struct pfsnl_node *n;

	if (core->cut_off == !up)
		return;
	pfsnl_core_enter(core, now);
	core->cut_off = !up;
	pfsnl_note(core, PFSNL_NOTE_LINK, core->cfg.addr, PFSNL_REASON_LINK, up);
	if (up) {
		/* nothing could be heard meanwhile */
		pfsnl_roster_for_each(&core->roster, n)
			pfsnl_node_spare(core, n);
		if (core->role != PFSNL_ROLE_LEAVING)
			pfsnl_plan(core, PFSNL_QUICK_BEACONS);
	} else {
		if (core->role == PFSNL_ROLE_CLIENT)
			pfsnl_follow_broken(core, PFSNL_REASON_LINK);
	}
	pfsnl_quorum_review(core);
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_set - change settings of a running node
 * @core: started
 * @now: nanoseconds
 * @cfg: all settings, for which pfsnl_config_check() returned 0
 *
 * Return: 0, or -EBUSY when a setting differs that is part of the node's
 * identity or sizes something: cluster, addresses, ports, max_nodes, retain_kib.
 */
int pfsnl_core_set(struct pfsnl_core *core, u64 now,
		   const struct pfsnl_config *cfg)
{
	const struct pfsnl_config *old = &core->cfg;
	struct pfsnl_node *n;

	if (strcmp(cfg->cluster, old->cluster) || cfg->addr != old->addr ||
	    cfg->port != old->port || cfg->tether_port != old->tether_port ||
	    cfg->max_nodes != old->max_nodes ||
	    cfg->retain_kib != old->retain_kib)
		return -EBUSY;
	pfsnl_core_enter(core, now);
	/* it is the leader's rings that say how many votes are expected */
	if (core->role == PFSNL_ROLE_LEADER &&
	    cfg->expected_votes != old->expected_votes)
		core->new_ring = true;
	core->cfg = *cfg;
	/* limits may be shorter now: let all of them be looked at again */
	pfsnl_roster_for_each(&core->roster, n)
		if (n->c->silence.armed)
			pfsnl_timer_at(core, &n->c->silence, now);
	pfsnl_sync_wait(core);
	if (core->role != PFSNL_ROLE_LEAVING) {
		pfsnl_plan(core, 1);
		if (core->role == PFSNL_ROLE_LEADER)
			pfsnl_install_soon(core);
		pfsnl_state_event(core);
	}
	pfsnl_core_done(core);
	return 0;
}

/**
 * pfsnl_core_tether_in - somebody connected to our tether port
 * @core: started
 * @now: nanoseconds
 * @id: number of the connection, never used before
 * @addr: who
 *
 * Return: 0, or -errno and then the connection is the caller's to close.
 */
int pfsnl_core_tether_in(struct pfsnl_core *core, u64 now, u32 id, u32 addr)
{
	struct pfsnl_tether *t = NULL;
	int err = -EBUSY;

	pfsnl_core_enter(core, now);
	pfsnl_count(core, PFSNL_COUNT_TETHER_IN);
	if (core->shaking < PFSNL_SHAKING_MAX &&
	    core->role != PFSNL_ROLE_LEAVING) {
		t = pfsnl_tether_add(core, id, addr, PFSNL_TETHER_CALLED);
		err = t ? 0 : -ENOMEM;
	}
	if (err)
		pfsnl_count(core, PFSNL_COUNT_TETHER_REFUSED);
	pfsnl_core_done(core);
	return err;
}

/**
 * pfsnl_core_tether_opened - a connection we began is there, or failed
 * @core: started
 * @now: nanoseconds
 * @id: its number
 * @err: 0 or -errno
 */
void pfsnl_core_tether_opened(struct pfsnl_core *core, u64 now, u32 id, int err)
{
	struct pfsnl_tether *t;

	pfsnl_core_enter(core, now);
	t = pfsnl_tether_find(core, id);
	if (t && t->state == PFSNL_TETHER_CONNECTING)
		pfsnl_lead_opened(t, err);
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_tether_closed - the other side closed or reset a tether
 * @core: started
 * @now: nanoseconds
 * @id: its number, which is not used again
 */
void pfsnl_core_tether_closed(struct pfsnl_core *core, u64 now, u32 id)
{
	struct pfsnl_tether *t;

	pfsnl_core_enter(core, now);
	t = pfsnl_tether_find(core, id);
	if (t)
		pfsnl_tether_fail(t, PFSNL_REASON_CLOSED);
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_tether_writable - a tether has room for messages again
 * @core: started
 * @now: nanoseconds
 * @id: its number
 *
 * May be called at any time; it matters after tether_bulk() said -EAGAIN.
 */
void pfsnl_core_tether_writable(struct pfsnl_core *core, u64 now, u32 id)
{
	struct pfsnl_tether *t = pfsnl_tether_find(core, id);

	if (!t || !t->flow.stuck)
		return;
	pfsnl_core_enter(core, now);
	t->flow.stuck = false;
	core->order.work = true;
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_tether_bytes - bytes came along a tether
 * @core: started
 * @now: nanoseconds
 * @id: its number
 * @data: the bytes
 * @len: how many
 */
void pfsnl_core_tether_bytes(struct pfsnl_core *core, u64 now, u32 id,
			     const void *data, size_t len)
{
	const u8 *p = data;
	u32 skipped;
	int got = 1;

	pfsnl_core_enter(core, now);
	/* a frame may close the tether it came by, so look it up each time */
	while (len && got == 1) {
		struct pfsnl_tether *t = pfsnl_tether_find(core, id);

		if (!t || t->state == PFSNL_TETHER_CLOSING)
			break;
		if (!t->level) {
			/* a level-0 peer has nothing to say */
			core->counters[PFSNL_COUNT_LEVEL0_BYTES] += len;
			break;
		}
		skipped = t->stream.skipped;
		got = pfsnl_stream_feed(&t->stream, &p, &len);
		core->counters[PFSNL_COUNT_FRAME_UNKNOWN] +=
			t->stream.skipped - skipped;
		pfsnl_tether_frame(t, got);
	}
	pfsnl_core_done(core);
}

/**
 * pfsnl_core_state - what the node is
 * @core: the core
 * @now: nanoseconds; being quorate ends by itself, whether or not we run
 * @st: filled
 */
void pfsnl_core_state(const struct pfsnl_core *core, u64 now,
		      struct pfsnl_state *st)
{
	*st = (struct pfsnl_state) {
		.role = core->role,
		.ring = core->ring,
		.incarnation = core->incarnation,
		.generation = core->generation,
		.peers = core->roster.members,
		.quorate = core->quorate && now < core->lease_end,
		.votes = core->votes,
		.expected_votes = pfsnl_quorum_expected(core),
		.log_bytes = core->order.log.bytes,
		.log_limit = core->order.limit,
		.mark_bytes = core->order.mark_bytes,
		.out_bytes = core->order.out_bytes,
		.sent = core->order.n,
	};
}

/**
 * pfsnl_core_config - the settings in force
 * @core: the core
 */
const struct pfsnl_config *pfsnl_core_config(const struct pfsnl_core *core)
{
	return &core->cfg;
}

/**
 * pfsnl_core_peer_next - go through the list by address
 * @core: the core
 * @after: address to go on from, 0 to begin
 * @peer: the node above it
 *
 * Return: false when there is none.
 */
bool pfsnl_core_peer_next(const struct pfsnl_core *core, u32 after,
			  struct pfsnl_peer *peer)
{
	const struct pfsnl_node *n = pfsnl_roster_after(&core->roster, after);

	while (n && !n->in)
		n = pfsnl_roster_next(n);
	if (!n)
		return false;
	*peer = (struct pfsnl_peer) {
		.member = n->member,
		.self = n->addr == core->cfg.addr,
		.leader = n->addr == core->ring.leader,
		.joined = n->joined,
		.heard = n->c->heard_at,
	};
	return true;
}

/**
 * pfsnl_core_counter - how often something happened since start
 * @core: the core
 * @c: what
 */
u64 pfsnl_core_counter(const struct pfsnl_core *core, enum pfsnl_counter c)
{
	return core->counters[c];
}

/**
 * pfsnl_core_tether_room - the room a tether keeps for updates
 * @cfg: settings
 *
 * Two full lists, as an update that replaces every node needs, and no less than
 * a few small updates in a row take.
 *
 * Return: bytes.
 */
size_t pfsnl_core_tether_room(const struct pfsnl_config *cfg)
{
	return max_t(size_t, PFSNL_ROOM_MIN,
		     2 * pfsnl_install_size(0, cfg->max_nodes));
}
