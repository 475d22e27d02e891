// SPDX-License-Identifier: GPL-2.0
/*
 * Having and delivering: messages come in the order of their numbers, are told to
 * whoever listens when it is their turn, and are kept until nobody can need them
 * any more.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "envelope.h"
#include "state.h"

static void lazy_fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	core->order.work = true;
	if (core->role == PFSNL_ROLE_LEADER)
		pfsnl_sequencer_lazy(core);
	else
		pfsnl_outbox_lazy(core);
}

/**
 * pfsnl_order_init - a node that is in no sequence yet
 * @core: created
 */
void pfsnl_order_init(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;

	INIT_LIST_HEAD(&o->outbox);
	o->unsent = &o->outbox;
	o->limit = core->cfg.retain_kib * 1024;
	pfsnl_timer_init(&o->lazy, lazy_fire);
	pfsnl_timer_init(&o->fetch, pfsnl_recover_fetch);
	pfsnl_timer_init(&o->drain, pfsnl_sequencer_drain);
}

/**
 * pfsnl_order_exit - free all of it
 * @core: the core, without tethers
 */
void pfsnl_order_exit(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_entry *e, *tmp;

	while ((e = pfsnl_log_shift(&o->log)))
		pfsnl_free(core, e);
	list_for_each_entry_safe(e, tmp, &o->outbox, list)
		pfsnl_free(core, e);
	pfsnl_free(core, o->log.at);
	pfsnl_free(core, o->view.at);
	pfsnl_free(core, o->next.at);
	pfsnl_free(core, o->lost);
}

/**
 * pfsnl_order_epoch - what tells a number from the same one of another sequence
 * @ring: the ring in which the number was given
 *
 * A ring is made once, by one leader, who gives each number once in it.
 *
 * Return: a number that no other ring has, never 0.
 */
u64 pfsnl_order_epoch(const struct pfsnl_ring_id *ring)
{
	u64 x = (ring->seq + ((u64)ring->leader << 32)) * 0x9e3779b97f4a7c15ULL;

	x ^= ring->incarnation ^ x >> 32;
	return x ? x : 1;
}

/**
 * pfsnl_order_longest - how long a message may be
 * @core: the core
 *
 * Return: bytes.
 */
u32 pfsnl_order_longest(const struct pfsnl_core *core)
{
	return core->order.limit / 4;
}

/**
 * pfsnl_entry_new - memory for a message
 * @core: the core
 * @len: its bytes
 *
 * Return: a message without a number, in no list, or NULL.
 */
struct pfsnl_entry *pfsnl_entry_new(struct pfsnl_core *core, u32 len)
{
	struct pfsnl_entry *e = pfsnl_entry_raw(core, len);

	if (e)
		memset(e->data, 0, len);
	return e;
}

/**
 * pfsnl_entry_raw - the same, and the caller fills all of it
 * @core: the core
 * @len: its bytes
 *
 * Return: a message without a number, in no list, or NULL.
 */
struct pfsnl_entry *pfsnl_entry_raw(struct pfsnl_core *core, u32 len)
{
	struct pfsnl_entry *e = pfsnl_alloc_raw(core, sizeof(*e) + len);

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	INIT_LIST_HEAD(&e->list);
	e->len = len;
	e->at = core->now;
	return e;
}

/**
 * pfsnl_order_unprepare - what was prepared will not be added
 * @core: the core
 */
void pfsnl_order_unprepare(struct pfsnl_core *core)
{
	pfsnl_free(core, core->order.next.at);
	core->order.next = (struct pfsnl_view) {};
}

/**
 * pfsnl_order_prepare - allocate what a message needs to be added
 * @core: the core
 * @e: the message, with its number
 *
 * Of messages that are prepared and not added, the last one counts.
 *
 * Return: 0; -ENOMEM; -ENOSPC when there are too many messages, or they take twice
 * the limit, which takes somebody who does not heed it, or a long shortage of memory
 * here, in which nothing is delivered; -EBADMSG when its
 * number is not the next, or the sender is not in the view or numbered this before,
 * or the mark can't follow.
 */
int pfsnl_order_prepare(struct pfsnl_core *core, const struct pfsnl_entry *e)
{
	struct pfsnl_order *o = &core->order;
	const struct pfsnl_viewed *v;
	struct pfsnl_entry **at;
	struct pfsnl_mark m;
	int n;

	pfsnl_order_unprepare(core);
	if (e->number != o->log.last + 1)
		return -EBADMSG;
	if (pfsnl_log_full(&o->log)) {
		u32 size = pfsnl_log_grown(&o->log);

		if (!size)
			return -ENOSPC;
		at = pfsnl_alloc(core, size * sizeof(*at));
		if (!at)
			return -ENOMEM;
		pfsnl_free(core, pfsnl_log_move(&o->log, at, size));
	}
	if (e->port != PFSNL_PORT_RING) {
		if (o->log.bytes - o->mark_bytes + pfsnl_entry_cost(e->len) >
		    2ULL * o->limit)
			return -ENOSPC;
		v = pfsnl_view_find(&o->view, e->sender, e->incarnation);
		return v && e->n > v->sent ? 0 : -EBADMSG;
	}
	if (pfsnl_mark_decode(&m, e->data, e->len) || m.safe >= e->number ||
	    m.added > core->cfg.max_nodes)
		return -EBADMSG;
	o->next.at = pfsnl_alloc(core, ((size_t)o->view.n + m.added + 1) *
				 sizeof(*o->next.at));
	if (!o->next.at)
		return -ENOMEM;
	n = pfsnl_view_after(&o->view, &m, o->next.at);
	o->next.n = max(n, 0);
	if (n < 0 || n > core->cfg.max_nodes ||
	    !pfsnl_view_find(&o->next, core->cfg.addr, core->incarnation)) {
		pfsnl_order_unprepare(core);
		return -EBADMSG;
	}
	return 0;
}

/* How much of a message somebody gets. */
static u32 size_of(const struct pfsnl_entry *e)
{
	struct pfsnl_envelope env;

	if (!(e->flags & PFSNL_MSG_ENVELOPE) ||
	    pfsnl_envelope_decode(&env, e->data, e->len))
		return e->len;
	return env.whole;
}

/**
 * pfsnl_order_add - have a message
 * @core: the core
 * @e: the message, prepared; the log's from now on
 */
void pfsnl_order_add(struct pfsnl_core *core, struct pfsnl_entry *e)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_mark m;

	if (e->port == PFSNL_PORT_RING) {
		pfsnl_mark_decode(&m, e->data, e->len);
		pfsnl_free(core, o->view.at);
		o->view = o->next;
		o->next = (struct pfsnl_view) {};
		e->by = pfsnl_order_epoch(&m.ring);
		o->mark_bytes += pfsnl_entry_cost(e->len);
		if (m.removed)
			o->lossy = e->number;
		/* whom it takes away had all of that, if we were told so or not */
		pfsnl_order_stable(core, m.safe);
	} else {
		pfsnl_view_find(&o->view, e->sender, e->incarnation)->sent = e->n;
		pfsnl_log_by(&o->log, o->log.last, &e->by);
	}
	if (e->port == PFSNL_PORT_RING || (e->flags & PFSNL_MSG_SAFE))
		o->eager = e->number;
	e->at = core->now;
	o->unacked += size_of(e);
	if (e->flags & PFSNL_MSG_ENVELOPE)
		o->bulk_bytes += pfsnl_entry_cost(e->len);
	pfsnl_log_append(&o->log, e);
	pfsnl_count(core, PFSNL_COUNT_MESSAGES);
	o->work = true;
	if (e->sender == core->cfg.addr && e->incarnation == core->incarnation &&
	    e->n)
		pfsnl_outbox_numbered(core, e->n);
}

/**
 * struct closing - the sequence ends here, and not everybody comes along
 * @safe: all members had all up to this number
 * @lost: addresses of those who don't come along, network order
 * @n: how many
 * @alone: nobody does but this node
 * @room: for all whom any ring may have lost
 */
struct closing {
	u64 safe;
	const u8 *lost;
	u32 n;
	bool alone;
	struct pfsnl_viewed *room;
};

/* Whether the ring of a message lost somebody by a later mark. */
static bool loses(const struct pfsnl_order *o, u64 number, u64 later,
		  struct pfsnl_mark *m)
{
	const struct pfsnl_entry *e = pfsnl_log_find(&o->log, later);

	return e->port == PFSNL_PORT_RING &&
	       !pfsnl_mark_decode(m, e->data, e->len) && m->removed &&
	       (later == number || m->safe < number);
}

static u32 take_removed(const struct pfsnl_mark *m, struct pfsnl_viewed *at)
{
	u32 i, why;

	for (i = 0; at && i < m->removed; i++)
		pfsnl_mark_read(m, i, &at[i].addr, &why, &at[i].incarnation);
	return m->removed;
}

static bool comes_along(const struct pfsnl_core *core, const struct closing *c,
			u32 addr)
{
	u32 i;

	if (c->alone)
		return addr == core->cfg.addr;
	for (i = 0; i < c->n; i++)
		if (get_unaligned_be32(c->lost + 4 * i) == addr)
			return false;
	return true;
}

static u32 take_closing(const struct pfsnl_core *core, const struct closing *c,
			struct pfsnl_viewed *at)
{
	const struct pfsnl_view *v = &core->order.view;
	u32 i, n = 0;

	for (i = 0; i < v->n; i++) {
		if (comes_along(core, c, v->at[i].addr))
			continue;
		if (at)
			at[n] = v->at[i];
		n++;
	}
	return n;
}

/*
 * Whom the ring of a message lost before it was known that everybody has it. For
 * a mark, whom it takes away itself. Fills @at unless that is NULL.
 */
static u32 take_lost(struct pfsnl_core *core, const struct pfsnl_entry *e,
		     const struct closing *c, struct pfsnl_viewed *at)
{
	struct pfsnl_order *o = &core->order;
	bool mark = e->port == PFSNL_PORT_RING;
	u64 later, last = mark ? e->number : o->lossy;
	struct pfsnl_mark m;
	u32 n = 0;

	for (later = e->number; later <= last; later++)
		if (loses(o, e->number, later, &m))
			n += take_removed(&m, at ? at + n : NULL);
	if (c && !mark && e->number > c->safe)
		n += take_closing(core, c, at ? at + n : NULL);
	return n;
}

static void tell_lost(struct pfsnl_core *core, const struct pfsnl_viewed *lost,
		      u32 n)
{
	struct pfsnl_order_event ev = {
		.kind = PFSNL_ORDER_TRANSITIONAL,
		.lost = lost,
		.n_lost = n,
	};

	core->order.transitional = true;
	pfsnl_count(core, PFSNL_COUNT_TRANSITIONAL);
	core->ops->order(core->ctx, &ev);
	pfsnl_groups_lost(core, lost, n);
}

/* Return: 0, or -ENOMEM and then it was not delivered. */
static int deliver_one(struct pfsnl_core *core, const struct pfsnl_entry *e,
		       const struct closing *c)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_order_event ev = { .message = e };
	struct pfsnl_viewed *at = c ? c->room : NULL;
	struct pfsnl_group_need need = {};
	struct pfsnl_mark m;
	u32 n = 0;

	if (!c) {
		pfsnl_groups_need(e, &need);
		if (pfsnl_groups_reserve(core, &need) ||
		    pfsnl_sync_reserve(core, e))
			return -ENOMEM;
	}
	if (!o->transitional &&
	    (e->port == PFSNL_PORT_RING || (e->flags & PFSNL_MSG_SAFE)))
		n = take_lost(core, e, c, NULL);
	if (n && !PFSNL_BROKEN(LOST)) {
		if (!c)
			at = pfsnl_alloc(core, n * sizeof(*at));
		if (!at)
			return -ENOMEM;
		take_lost(core, e, c, at);
		tell_lost(core, at, n);
		if (!c)
			pfsnl_free(core, at);
	}
	o->delivered = e->number;
	if (e->port == PFSNL_PORT_RING) {
		pfsnl_mark_decode(&m, e->data, e->len);
		ev.kind = PFSNL_ORDER_RING;
		ev.mark = &m;
		o->transitional = false;
	} else {
		ev.kind = PFSNL_ORDER_MESSAGE;
	}
	core->ops->order(core->ctx, &ev);
	switch (e->port) {
	case PFSNL_PORT_RING:
		pfsnl_sync_ring(core);
		pfsnl_groups_ring(core, &m);
		break;
	case PFSNL_PORT_GROUP:
		pfsnl_groups_message(core, e);
		break;
	case PFSNL_PORT_SYNC:
		pfsnl_sync_message(core, e);
		break;
	}
	return 0;
}

/* What everybody has, and what was delivered, nobody needs any more. */
static void release(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_entry *e;

	while (o->log.base < min(o->stable, o->delivered)) {
		e = pfsnl_log_shift(&o->log);
		if (e->port == PFSNL_PORT_RING)
			o->mark_bytes -= pfsnl_entry_cost(e->len);
		if (e->flags & PFSNL_MSG_ENVELOPE)
			o->bulk_bytes -= pfsnl_entry_cost(e->len);
		pfsnl_free(core, e);
	}
}

/**
 * pfsnl_order_deliver - deliver all whose turn it is
 * @core: the core
 */
void pfsnl_order_deliver(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	const struct pfsnl_entry *e;

	while ((e = pfsnl_log_find(&o->log, o->delivered + 1))) {
		if ((e->flags & PFSNL_MSG_SAFE) && e->number > o->stable &&
		    !PFSNL_BROKEN(SAFE))
			break;
		if (deliver_one(core, e, NULL)) {
			/* a little later */
			pfsnl_timer_at(core, &o->lazy, core->now +
				       PFSNL_RETRY_MS * PFSNL_MS);
			break;
		}
	}
	pfsnl_groups_trim(core);
	pfsnl_sync_trim(core);
	release(core);
}

/**
 * pfsnl_order_stable - the leader says what all members have
 * @core: the core
 * @stable: all up to this number
 *
 * What we don't have ourselves is not believed.
 */
void pfsnl_order_stable(struct pfsnl_core *core, u64 stable)
{
	struct pfsnl_order *o = &core->order;

	stable = min(stable, o->log.last);
	o->known = max(o->known, stable);
	if (stable <= o->stable)
		return;
	o->stable = stable;
	o->work = true;
}

/* What services need for all that is left. Return: 0 or -ENOMEM. */
static int reserve_services(struct pfsnl_core *core)
{
	const struct pfsnl_order *o = &core->order;
	u64 number;

	for (number = o->delivered + 1; number <= o->log.last; number++) {
		if (!pfsnl_sync_reserve(core, pfsnl_log_find(&o->log, number)))
			continue;
		pfsnl_sync_trim(core);
		return -ENOMEM;
	}
	return 0;
}

/**
 * pfsnl_order_close - the sequence ends for this node: deliver all that is left
 * @core: the core
 * @safe: all members had all up to this number
 * @lost: addresses of those who don't come along, network order
 * @n_lost: how many
 * @alone: nobody does but this node
 *
 * Return: 0, or -ENOMEM and then nothing happened.
 */
int pfsnl_order_close(struct pfsnl_core *core, u64 safe, const u8 *lost,
		      u32 n_lost, bool alone)
{
	struct pfsnl_order *o = &core->order;
	struct closing c = {
		.safe = safe, .lost = lost, .n = n_lost, .alone = alone,
	};
	struct pfsnl_group_need need = {};
	const struct pfsnl_entry *e;
	struct pfsnl_mark m;
	size_t most = o->view.n;
	u64 number;

	/* that of the ring that follows, too */
	need.mates = o->next.n;
	for (number = o->delivered + 1; number <= o->log.last; number++)
		pfsnl_groups_need(pfsnl_log_find(&o->log, number), &need);
	if (pfsnl_groups_reserve(core, &need) || reserve_services(core))
		return -ENOMEM;
	for (number = o->delivered + 1; number <= o->lossy; number++)
		if (loses(o, number, number, &m))
			most += m.removed;
	c.room = pfsnl_alloc(core, (most + 1) * sizeof(*c.room));
	if (!c.room) {
		pfsnl_sync_trim(core);
		return -ENOMEM;
	}
	while ((e = pfsnl_log_find(&o->log, o->delivered + 1)))
		deliver_one(core, e, &c);
	most = take_closing(core, &c, c.room);
	if (most && !o->transitional && !PFSNL_BROKEN(LOST))
		tell_lost(core, c.room, most);
	pfsnl_free(core, c.room);
	pfsnl_groups_trim(core);
	pfsnl_sync_trim(core);
	o->stable = o->log.last;
	release(core);
	return 0;
}

/**
 * pfsnl_order_restart - begin with another sequence, the one before closed
 * @core: the core
 * @number: goes on after this
 * @by: in which ring that was given
 *
 * Who takes part from then on was prepared in @next.
 */
void pfsnl_order_restart(struct pfsnl_core *core, u64 number, u64 by)
{
	struct pfsnl_order *o = &core->order;

	pfsnl_free(core, o->view.at);
	o->view = o->next;
	o->next = (struct pfsnl_view) {};
	pfsnl_log_restart(&o->log, number, by);
	o->stable = number;
	o->known = 0;
	o->delivered = number;
	o->acked = number;
	o->eager = number;
	o->urge = number;
	o->lossy = 0;
	o->transitional = false;
	o->work = true;
}

/**
 * pfsnl_order_pump - do what became possible in this call
 * @core: the core
 */
void pfsnl_order_pump(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;

	while (o->work) {
		o->work = false;
		if (core->role == PFSNL_ROLE_LEADER)
			pfsnl_sequencer_pump(core);
		else
			pfsnl_outbox_pump(core);
		pfsnl_order_deliver(core);
		pfsnl_groups_pump(core);
		pfsnl_sync_pump(core);
	}
}

/**
 * pfsnl_order_piece - put a message together
 * @t: the tether that a piece came along
 * @p: the piece, decoded
 * @whole: set to the message when it is whole, the caller's then
 *
 * Return: 0; -EBADMSG when the piece does not go on where the one before ended;
 * -ENOMEM.
 */
int pfsnl_order_piece(struct pfsnl_tether *t, const struct pfsnl_piece *p,
		      struct pfsnl_entry **whole)
{
	struct pfsnl_flow *f = &t->flow;
	struct pfsnl_entry *e = f->partial;

	*whole = NULL;
	if (!e) {
		if (p->offset)
			return -EBADMSG;
		e = pfsnl_entry_raw(t->core, p->total);
		if (!e)
			return -ENOMEM;
		e->number = p->number;
		e->incarnation = p->incarnation;
		e->n = p->n;
		e->sender = p->sender;
		e->port = p->port;
		e->flags = p->flags;
		f->partial = e;
		f->filled = 0;
	}
	if (p->offset != f->filled || p->total != e->len || p->n != e->n ||
	    p->number != e->number || p->port != e->port)
		return -EBADMSG;
	memcpy(e->data + f->filled, p->data, p->len);
	f->filled += p->len;
	if (f->filled < e->len)
		return 0;
	f->partial = NULL;
	*whole = e;
	return 0;
}

/**
 * pfsnl_order_frame - a frame of ordered messages came
 * @t: the tether; perhaps ended
 */
void pfsnl_order_frame(struct pfsnl_tether *t)
{
	if (t->state == PFSNL_TETHER_MEMBER && t->level)
		pfsnl_sequencer_frame(t);
	else if (t->state == PFSNL_TETHER_ACCEPTED)
		pfsnl_outbox_frame(t);
	else
		pfsnl_tether_unexpected(t);
}

/**
 * pfsnl_order_tether_end - a tether is gone
 * @t: the tether
 */
void pfsnl_order_tether_end(struct pfsnl_tether *t)
{
	struct pfsnl_order *o = &t->core->order;
	struct pfsnl_flow *f = &t->flow;
	struct pfsnl_entry *e, *tmp;

	pfsnl_free(t->core, f->partial);
	f->partial = NULL;
	list_for_each_entry_safe(e, tmp, &f->inbox, list)
		pfsnl_free(t->core, e);
	INIT_LIST_HEAD(&f->inbox);
	if (f->granted)
		o->grants -= f->want_bytes;
	f->granted = false;
	f->placed = false;
	if (o->fetching == t->id) {
		o->fetching = 0;
		pfsnl_timer_at(t->core, &o->fetch, PFSNL_NEVER);
	}
	if (o->begun == t->id)
		o->begun = 0;
	o->work = true;
}
