// SPDX-License-Identifier: GPL-2.0
/*
 * Tethers as the core sees them: their table, what is sent down them, and
 * which room gets what comes along them.
 */
#include <linux/errno.h>

#include "state.h"

static void *stream_alloc(void *core, size_t size)
{
	return pfsnl_alloc_raw(core, size);
}

static void stream_free(void *core, void *p)
{
	pfsnl_free(core, p);
}

/* The state it is in has lasted too long. */
static void tether_fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	struct pfsnl_tether *t = container_of(timer, struct pfsnl_tether, timer);

	switch (t->state) {
	case PFSNL_TETHER_CONNECTING:
	case PFSNL_TETHER_CLAIMED:
	case PFSNL_TETHER_FETCHING:
		pfsnl_lead_failed(t, PFSNL_REASON_TIMEOUT);
		break;
	case PFSNL_TETHER_MERGING:
		pfsnl_merge_failed(t, PFSNL_REASON_TIMEOUT);
		break;
	case PFSNL_TETHER_STANDBY:
		pfsnl_handover_failed(t, PFSNL_REASON_TIMEOUT);
		break;
	case PFSNL_TETHER_ACCEPTED:
		/* it claimed us and then gave us no list */
		pfsnl_follow_broken(core, PFSNL_REASON_TIMEOUT);
		break;
	default:
		pfsnl_tether_end(t, PFSNL_REASON_TIMEOUT);
	}
}

/**
 * pfsnl_tether_find - the tether of a number
 * @core: the core
 * @id: the number
 *
 * Return: the tether or NULL.
 */
struct pfsnl_tether *pfsnl_tether_find(struct pfsnl_core *core, u32 id)
{
	struct rb_node *p = core->tether_ids.rb_node;

	while (p) {
		struct pfsnl_tether *t = rb_entry(p, struct pfsnl_tether, by_id);

		if (id == t->id)
			return t;
		p = id < t->id ? p->rb_left : p->rb_right;
	}
	return NULL;
}

static void tether_insert(struct pfsnl_core *core, struct pfsnl_tether *t)
{
	struct rb_node **link = &core->tether_ids.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (t->id < rb_entry(parent, struct pfsnl_tether, by_id)->id)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&t->by_id, parent, link);
	rb_insert_color(&t->by_id, &core->tether_ids);
}

/* what the core keeps count of, by state */
static u32 *tether_tally(struct pfsnl_tether *t)
{
	switch (t->state) {
	case PFSNL_TETHER_CONNECTING:
	case PFSNL_TETHER_CLAIMED:
	case PFSNL_TETHER_FETCHING:
	case PFSNL_TETHER_MERGING:
		return &t->core->dials;
	case PFSNL_TETHER_MEMBER:
		return &t->core->clients;
	case PFSNL_TETHER_CALLED:
		return &t->core->shaking;
	default:
		return NULL;
	}
}

/**
 * pfsnl_tether_add - a new tether
 * @core: the core
 * @id: its number
 * @addr: the other side
 * @state: CONNECTING or CALLED
 *
 * Return: the tether, or NULL when there is no memory.
 */
struct pfsnl_tether *pfsnl_tether_add(struct pfsnl_core *core, u32 id, u32 addr,
				      enum pfsnl_tether_state state)
{
	struct pfsnl_tether *t = pfsnl_alloc(core, sizeof(*t));

	if (!t)
		return NULL;
	t->core = core;
	t->id = id;
	t->addr = addr;
	t->level = 1;
	t->stream.alloc = stream_alloc;
	t->stream.free = stream_free;
	t->stream.ctx = core;
	INIT_LIST_HEAD(&t->flow.inbox);
	t->state = state;
	pfsnl_timer_init(&t->timer, tether_fire);
	list_add_tail(&t->list, &core->tethers);
	tether_insert(core, t);
	++*tether_tally(t);
	/* long enough for a caller that is far away, short enough for a crowd */
	pfsnl_timer_at(core, &t->timer, core->now + 2 * pfsnl_dial_time(core));
	return t;
}

/**
 * pfsnl_tether_state - a tether gets further
 * @t: the tether
 * @state: how far
 *
 * Cancels the limit of the state before.
 */
void pfsnl_tether_state(struct pfsnl_tether *t, enum pfsnl_tether_state state)
{
	struct pfsnl_core *core = t->core;
	u32 *tally = tether_tally(t);

	if (tally)
		--*tally;
	t->state = state;
	tally = tether_tally(t);
	if (tally)
		++*tally;
	pfsnl_timer_at(core, &t->timer, PFSNL_NEVER);
	if (state == PFSNL_TETHER_MEMBER || state == PFSNL_TETHER_ACCEPTED) {
		t->up_at = core->now;
		pfsnl_count(core, PFSNL_COUNT_TETHER_UP);
		pfsnl_note(core, PFSNL_NOTE_TETHER_UP, t->addr,
			   PFSNL_REASON_NONE, t->id);
	}
	/*
	 * Only a leader we accepted may send lists, and who answered us and was
	 * asked for one; whoever merely called could otherwise make us hold
	 * memory for it.
	 */
	switch (state) {
	case PFSNL_TETHER_FETCHING:
	case PFSNL_TETHER_MERGING:
	case PFSNL_TETHER_ACCEPTED:
	case PFSNL_TETHER_STANDBY:
		t->stream.list_max = PFSNL_INSTALL_LEN + 2 * PFSNL_RECORD_MAX *
				     core->cfg.max_nodes;
		break;
	default:
		t->stream.list_max = 0;
	}
	/* what it may send of messages is bounded by what it was allowed */
	t->stream.piece_max = 0;
	if (state == PFSNL_TETHER_MEMBER || state == PFSNL_TETHER_ACCEPTED)
		t->stream.piece_max = PFSNL_ORDER_LEN + PFSNL_PIECE_MAX;
	if (state == PFSNL_TETHER_CLOSING) {
		if (t->node)
			t->node->c->tether = NULL;
		t->node = NULL;
		if (core->up == t)
			core->up = NULL;
		if (core->standby == t)
			core->standby = NULL;
		pfsnl_timer_at(core, &t->timer,
			       core->now + pfsnl_dial_time(core));
	}
}

/**
 * pfsnl_tether_end - be done with a tether
 * @t: the tether, freed
 * @reason: why
 *
 * Tells its room nothing: whoever calls this has drawn the conclusions.
 */
void pfsnl_tether_end(struct pfsnl_tether *t, u32 reason)
{
	struct pfsnl_core *core = t->core;
	u32 *tally = tether_tally(t);

	if (tally)
		--*tally;
	if (t->node)
		t->node->c->tether = NULL;
	if (core->up == t)
		core->up = NULL;
	if (core->standby == t)
		core->standby = NULL;
	if (core->loser == t)
		core->loser = NULL;
	pfsnl_timer_at(core, &t->timer, PFSNL_NEVER);
	pfsnl_order_tether_end(t);
	pfsnl_stream_reset(&t->stream);
	list_del(&t->list);
	rb_erase(&t->by_id, &core->tether_ids);
	pfsnl_note(core, PFSNL_NOTE_TETHER_DOWN, t->addr, reason, t->id);
	core->ops->tether_close(core->ctx, t->id);
	if (!PFSNL_BROKEN(LEAK))
		pfsnl_free(core, t);
}

/**
 * pfsnl_tether_send - send a frame down a tether
 * @t: the tether
 * @data: the whole frame
 * @len: its length in bytes
 *
 * Return: as tether_write() of the surroundings.
 */
int pfsnl_tether_send(struct pfsnl_tether *t, const void *data, size_t len)
{
	struct pfsnl_core *core = t->core;
	int err = core->ops->tether_write(core->ctx, t->id, data, len);

	if (!err)
		pfsnl_count(core, PFSNL_COUNT_FRAME_TX);
	else if (err == -ENOMEM)
		pfsnl_count(core, PFSNL_COUNT_WRITE_SHORT);
	return err;
}

/**
 * pfsnl_tether_hello - send CLAIM, ACCEPT, BUSY or OFFER
 * @t: the tether
 * @op: which
 * @subject: incarnation that is meant, 0 if not known
 * @reason: with BUSY, why
 * @flags: PFSNL_HELLO_*
 *
 * Return: as pfsnl_tether_send().
 */
int pfsnl_tether_hello(struct pfsnl_tether *t, u32 op, u64 subject, u32 reason,
		       u32 flags)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_hello h = {
		.priority = core->cfg.priority,
		.tether_port = core->cfg.tether_port,
		.addr = core->cfg.addr,
		.members = pfsnl_lead_members(core),
		.interval_ms = core->cfg.interval_ms,
		.max_nodes = core->cfg.max_nodes,
		.reason = reason,
		.incarnation = core->incarnation,
		.cluster_id = core->cluster_id,
		.subject = subject,
		.ring = core->ring,
		.flags = flags,
		.seq_seen = core->seq_seen,
		.votes = core->cfg.votes,
		.hold_ms = pfsnl_quorum_young(core),
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN];

	pfsnl_recover_standing(core, &h.standing);
	if (core->groups.n_locals)
		h.flags |= PFSNL_HELLO_PROCESSES;
	if (core->sync.n)
		h.flags |= PFSNL_HELLO_SERVES;
	if (op == PFSNL_FRAME_ACCEPT)
		pfsnl_service_accepts(core);
	if (op == PFSNL_FRAME_BUSY) {
		h.ring.leader = core->leader_addr;
		h.ring.incarnation = core->leader_incarnation;
	}
	pfsnl_hello_encode(&h, op, wire);
	return pfsnl_tether_send(t, wire, sizeof(wire));
}

/**
 * pfsnl_tether_foreign - send FOREIGN
 * @t: the tether to our leader
 * @b: a beacon of the other leader
 *
 * Return: as pfsnl_tether_send().
 */
int pfsnl_tether_foreign(struct pfsnl_tether *t, const struct pfsnl_beacon *b)
{
	struct pfsnl_hello h = {
		.priority = b->priority,
		.tether_port = b->tether_port,
		.addr = b->addr,
		.members = b->members,
		.interval_ms = b->interval_ms,
		.incarnation = b->incarnation,
		.cluster_id = b->cluster_id,
		.ring = b->ring,
		.seq_seen = b->ring.seq,
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN];

	pfsnl_hello_encode(&h, PFSNL_FRAME_FOREIGN, wire);
	return pfsnl_tether_send(t, wire, sizeof(wire));
}

/**
 * pfsnl_tether_leave - send LEAVE or HANDOVER
 * @t: the tether
 * @op: which
 * @reason: PFSNL_REASON_LEFT or PFSNL_REASON_HANDOVER
 * @successor: leader that takes over, 0 if none is named
 * @incarnation: of it
 *
 * Return: as pfsnl_tether_send().
 */
int pfsnl_tether_leave(struct pfsnl_tether *t, u32 op, u32 reason,
		       u32 successor, u64 incarnation)
{
	struct pfsnl_leave l = {
		.reason = reason,
		.successor = successor,
		.incarnation = incarnation,
		.end = t->core->order.log.last,
	};
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_LEAVE_LEN];

	pfsnl_leave_encode(&l, op, wire);
	return pfsnl_tether_send(t, wire, sizeof(wire));
}

/**
 * pfsnl_tether_ping - send PING or PONG
 * @t: the tether
 * @op: which
 * @number: what PONG brings back
 *
 * Return: as pfsnl_tether_send().
 */
int pfsnl_tether_ping(struct pfsnl_tether *t, u32 op, u64 number)
{
	struct pfsnl_ping ping = { .number = number };
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_PING_LEN];

	if (op == PFSNL_FRAME_PONG)
		ping.lease_ms = pfsnl_quorum_lease_ms(t->core);
	pfsnl_ping_encode(&ping, op, wire);
	return pfsnl_tether_send(t, wire, sizeof(wire));
}

/**
 * pfsnl_tether_ask_record - send RECORD_GET
 * @t: the tether
 *
 * Return: as pfsnl_tether_send().
 */
int pfsnl_tether_ask_record(struct pfsnl_tether *t)
{
	u8 wire[PFSNL_FRAME_HEAD];

	pfsnl_frame_head(wire, PFSNL_FRAME_RECORD_GET, 0);
	return pfsnl_tether_send(t, wire, sizeof(wire));
}

/**
 * pfsnl_tether_fail - the other side broke the rules
 * @t: the tether; ended
 * @reason: PFSNL_REASON_MALFORMED, or PFSNL_REASON_LOCAL when it was we who
 *	could not go on, or PFSNL_REASON_CLOSED when it closed the tether
 */
void pfsnl_tether_fail(struct pfsnl_tether *t, u32 reason)
{
	switch (t->state) {
	case PFSNL_TETHER_CONNECTING:
	case PFSNL_TETHER_CLAIMED:
	case PFSNL_TETHER_FETCHING:
		pfsnl_lead_failed(t, reason);
		break;
	case PFSNL_TETHER_MERGING:
		pfsnl_merge_failed(t, reason);
		break;
	case PFSNL_TETHER_MEMBER:
		pfsnl_lead_drop(t->core, t->node, reason);
		break;
	case PFSNL_TETHER_ACCEPTED:
		pfsnl_follow_broken(t->core, reason);
		break;
	case PFSNL_TETHER_STANDBY:
		pfsnl_handover_failed(t, reason);
		break;
	default:
		pfsnl_tether_end(t, reason);
	}
}

/**
 * pfsnl_tether_unexpected - a frame that is well-formed but has no place here
 * @t: the tether; ended
 */
void pfsnl_tether_unexpected(struct pfsnl_tether *t)
{
	pfsnl_count(t->core, PFSNL_COUNT_FRAME_UNEXPECTED);
	pfsnl_tether_fail(t, PFSNL_REASON_MALFORMED);
}

/**
 * pfsnl_tether_malformed - a frame whose payload breaks its format
 * @t: the tether; ended
 */
void pfsnl_tether_malformed(struct pfsnl_tether *t)
{
	pfsnl_count(t->core, PFSNL_COUNT_FRAME_MALFORMED);
	pfsnl_tether_fail(t, PFSNL_REASON_MALFORMED);
}

/**
 * pfsnl_tether_frame - a frame is whole, or can't become so
 * @t: the tether; perhaps ended
 * @got: what pfsnl_stream_feed() returned
 */
void pfsnl_tether_frame(struct pfsnl_tether *t, int got)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_ping ping;
	u32 id = t->id;

	if (!got)
		return;
	if (got == -ENOMEM) {
		pfsnl_tether_fail(t, PFSNL_REASON_LOCAL);
		return;
	}
	if (got < 0) {
		pfsnl_tether_malformed(t);
		return;
	}
	pfsnl_count(core, PFSNL_COUNT_FRAME_RX);

	switch (t->stream.op) {
	case PFSNL_FRAME_PING:
	case PFSNL_FRAME_PONG:
		if (pfsnl_ping_decode(&ping, t->stream.body, t->stream.len))
			pfsnl_tether_malformed(t);
		else if (t->state != PFSNL_TETHER_MEMBER &&
			 t->state != PFSNL_TETHER_MERGING &&
			 t->state != PFSNL_TETHER_ACCEPTED &&
			 t->state != PFSNL_TETHER_STANDBY)
			pfsnl_tether_unexpected(t);
		else if (t->stream.op == PFSNL_FRAME_PING)
			/* if it can't be sent, silence will tell */
			pfsnl_tether_ping(t, PFSNL_FRAME_PONG, ping.number);
		else if (t->state == PFSNL_TETHER_MEMBER)
			pfsnl_quorum_follows(core, t->node, ping.number);
		else if (t->state == PFSNL_TETHER_ACCEPTED &&
			 t->id == core->ring_tether)
			pfsnl_quorum_lease(core, ping.number, ping.lease_ms);
		break;
	case PFSNL_FRAME_BEGIN:
	case PFSNL_FRAME_SEND:
	case PFSNL_FRAME_ORDER:
	case PFSNL_FRAME_ACK:
	case PFSNL_FRAME_STABLE:
	case PFSNL_FRAME_WANT:
	case PFSNL_FRAME_GRANT:
	case PFSNL_FRAME_FETCH:
	case PFSNL_FRAME_TAIL:
		pfsnl_order_frame(t);
		break;
	default:
		if (t->node)
			pfsnl_lead_frame(t);
		else
			pfsnl_follow_frame(t);
	}

	t = pfsnl_tether_find(core, id);
	if (!t)
		return;
	pfsnl_stream_reset(&t->stream);
	if (t->state == PFSNL_TETHER_MEMBER)
		pfsnl_node_alive(core, t->node);
	else if (t->state == PFSNL_TETHER_ACCEPTED)
		pfsnl_follow_alive(core);
}
