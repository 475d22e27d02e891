// SPDX-License-Identifier: GPL-2.0
/*
 * Our own messages, from whoever sends them until they have a number, and being a
 * client: saying what we have, taking what comes.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "state.h"

/* so many messages may be unacknowledged while nobody waits for any of them */
#define ACK_EVERY	64
/* and so many bytes, also if only others got them: the leader waits for all */
#define ACK_BYTES	(48U << 10)

/**
 * pfsnl_outbox_room - whether a sender may add a message
 * @core: the core
 * @len: bytes of it
 *
 * What the protocol itself has to say is not asked for.
 *
 * Return: 0; -ESHUTDOWN when this node leaves; -EAGAIN when too much waits to be
 * sent, and then PFSNL_ORDER_ROOM tells when there is room again.
 */
int pfsnl_outbox_room(struct pfsnl_core *core, u32 len)
{
	struct pfsnl_order *o = &core->order;

	if (core->role == PFSNL_ROLE_DOWN || core->role == PFSNL_ROLE_LEAVING)
		return -ESHUTDOWN;
	if (!o->out_bytes ||
	    o->out_bytes + pfsnl_entry_cost(len) <= o->limit / 2)
		return 0;
	o->full = true;
	core->counters[PFSNL_COUNT_SEND_REFUSED]++;
	return -EAGAIN;
}

/**
 * pfsnl_outbox_put - a message is to be sent
 * @core: the core
 * @e: the message, in no list; the outbox's from now on
 * @port: who it is for
 * @flags: PFSNL_MSG_*
 *
 * Return: our count of it.
 */
u64 pfsnl_outbox_put(struct pfsnl_core *core, struct pfsnl_entry *e, u16 port,
		     u16 flags)
{
	struct pfsnl_order *o = &core->order;

	e->sender = core->cfg.addr;
	e->incarnation = core->incarnation;
	e->port = port;
	e->flags = flags;
	e->n = ++o->n;
	list_add_tail(&e->list, &o->outbox);
	if (o->unsent == &o->outbox)
		o->unsent = &e->list;
	o->out_bytes += pfsnl_entry_cost(e->len);
	o->work = true;
	return e->n;
}

/**
 * pfsnl_core_send - send a message to all members, this node included
 * @core: started
 * @now: nanoseconds
 * @port: who it is for, from PFSNL_PORT_FIRST
 * @flags: PFSNL_MSG_*
 * @data: what it says, copied
 * @len: how many bytes
 * @n: set to this node's count of it, by which it is told what becomes of it
 *
 * It is delivered to this node too, once; or, if this node falls out of the
 * sequence, it may be that nobody knows (PFSNL_ORDER_UNKNOWN).
 *
 * Return: 0; -EINVAL for a port or flags that don't exist; -EMSGSIZE when it is
 * longer than messages may be; -EAGAIN or -ESHUTDOWN, see pfsnl_outbox_room();
 * -ENOMEM.
 */
int pfsnl_core_send(struct pfsnl_core *core, u64 now, u16 port, u16 flags,
		    const void *data, u32 len, u64 *n)
{
	struct pfsnl_entry *e;
	int err;

	if (port < PFSNL_PORT_FIRST || (flags & ~PFSNL_MSG_SAFE))
		return -EINVAL;
	if (len > pfsnl_order_longest(core))
		return -EMSGSIZE;
	err = pfsnl_outbox_room(core, len);
	if (err)
		return err;
	pfsnl_core_enter(core, now);
	e = pfsnl_entry_new(core, len);
	if (e) {
		if (len)
			memcpy(e->data, data, len);
		*n = pfsnl_outbox_put(core, e, port, flags);
	}
	pfsnl_core_done(core);
	return e ? 0 : -ENOMEM;
}

/**
 * pfsnl_outbox_freed - a message left the outbox
 * @core: the core
 * @cost: what it counted for
 * @bulk: a service transmits it
 */
void pfsnl_outbox_freed(struct pfsnl_core *core, size_t cost, bool bulk)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_order_event ev = { .kind = PFSNL_ORDER_ROOM };

	o->out_bytes -= cost;
	if (bulk)
		pfsnl_service_freed(core, cost);
	if (!o->full || o->out_bytes > o->limit / 4)
		return;
	o->full = false;
	core->ops->order(core->ctx, &ev);
}

static void forget(struct pfsnl_core *core, struct pfsnl_entry *e)
{
	size_t cost = pfsnl_entry_cost(e->len);
	bool bulk = e->bulk;

	if (e->under_way && !e->granted)
		core->order.under_way -= cost;
	if (core->order.wanted == e->n)
		core->order.wanted = 0;
	if (core->order.unsent == &e->list)
		core->order.unsent = e->list.next;
	list_del(&e->list);
	pfsnl_free(core, e);
	pfsnl_outbox_freed(core, cost, bulk);
}

/**
 * pfsnl_outbox_numbered - a message of ours has come back with its number
 * @core: the core
 * @n: our count of it
 */
void pfsnl_outbox_numbered(struct pfsnl_core *core, u64 n)
{
	struct pfsnl_entry *e, *tmp;

	list_for_each_entry_safe(e, tmp, &core->order.outbox, list) {
		if (e->n > n)
			break;
		if (e->n == n) {
			forget(core, e);
			break;
		}
	}
}

/**
 * pfsnl_outbox_again - a leader begins, and knows which of our messages have a
 *	number
 * @core: the core
 * @sent: those up to this count
 * @same: it is the leader that the others were sent to
 *
 * What it did not get is sent again. What another leader may have got, and given
 * to somebody who is not here, is not: whoever that is may come back, and would
 * hear it twice. Nobody knows what became of it.
 */
void pfsnl_outbox_again(struct pfsnl_core *core, u64 sent, bool same)
{
	struct pfsnl_order_event ev = { .kind = PFSNL_ORDER_UNKNOWN };
	struct pfsnl_order *o = &core->order;
	struct pfsnl_entry *e, *tmp;

	list_for_each_entry_safe(e, tmp, &o->outbox, list) {
		if (same || !e->under_way || e->n <= sent ||
		    PFSNL_BROKEN(UNKNOWN))
			continue;
		pfsnl_count(core, PFSNL_COUNT_SEND_UNKNOWN);
		ev.n = e->n;
		core->ops->order(core->ctx, &ev);
		pfsnl_local_unknown(core, e);
		pfsnl_service_unknown(core, e);
		forget(core, e);
	}
	o->under_way = 0;
	o->wanted = 0;
	o->unsent = &o->outbox;
	list_for_each_entry_reverse(e, &o->outbox, list) {
		e->granted = false;
		/* those that have one are about to come back */
		e->under_way = e->n <= sent;
		if (e->under_way)
			o->under_way += pfsnl_entry_cost(e->len);
		else
			o->unsent = &e->list;
	}
}

/* What could not be said for want of memory is said a little later. */
static void say_later(struct pfsnl_core *core)
{
	pfsnl_timer_at(core, &core->order.lazy,
		       core->now + PFSNL_RETRY_MS * PFSNL_MS);
}

static void ask(struct pfsnl_core *core, struct pfsnl_entry *e)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_PAIR_LEN];
	struct pfsnl_order *o = &core->order;

	if (o->wanted)
		return;
	pfsnl_pair_encode(PFSNL_FRAME_WANT, e->n, pfsnl_entry_cost(e->len),
			  wire);
	if (pfsnl_tether_send(core->up, wire, sizeof(wire)))
		say_later(core);
	else
		o->wanted = e->n;
}

/* Send one message, or what is left of it. Return: whether all of it is sent. */
static bool send_one(struct pfsnl_core *core, struct pfsnl_entry *e)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_flow *f = &core->up->flow;
	size_t size;
	u8 *wire;
	int err;

	do {
		size = pfsnl_piece_size(PFSNL_FRAME_SEND, e->len, f->offset);
		wire = pfsnl_alloc_raw(core, size);
		if (!wire) {
			err = -ENOMEM;
			break;
		}
		pfsnl_piece_encode(PFSNL_FRAME_SEND, e, e->len, f->offset,
				   o->log.last, wire);
		err = core->ops->tether_bulk(core->ctx, core->up->id, wire,
					     size);
		pfsnl_free(core, wire);
		if (err)
			break;
		pfsnl_count(core, PFSNL_COUNT_FRAME_TX);
		o->acked = o->log.last;
		o->unacked = 0;
		o->sent_to = core->leader_incarnation;
		if (!e->under_way) {
			e->under_way = true;
			o->unsent = e->list.next;
			if (!e->granted)
				o->under_way += pfsnl_entry_cost(e->len);
		}
		f->offset += PFSNL_PIECE_MAX;
	} while (f->offset < e->len);
	if (!err) {
		f->offset = 0;
		f->next = e->n + 1;
		return true;
	}
	if (err == -EAGAIN)
		f->stuck = true;
	else
		say_later(core);
	return false;
}

/* Send what waits, in order, as far as the leader allows it. */
static void send_all(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_flow *f = &core->up->flow;
	struct list_head *at = o->unsent;

	/* a part of the one before is sent */
	if (f->offset)
		at = at->prev;
	for (; at != &o->outbox; at = o->unsent) {
		struct pfsnl_entry *e = list_entry(at, struct pfsnl_entry, list);
		size_t cost = pfsnl_entry_cost(e->len);

		if (!e->under_way && !e->granted && cost > o->allowance) {
			ask(core, e);
			break;
		}
		if (!e->under_way && !e->granted &&
		    o->under_way + cost > o->allowance)
			break;
		f->next = e->n;
		if (!send_one(core, e))
			break;
	}
}

static void acknowledge(struct pfsnl_core *core)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_NUMBER_LEN];
	struct pfsnl_order *o = &core->order;

	pfsnl_number_encode(PFSNL_FRAME_ACK, o->log.last, wire);
	if (pfsnl_tether_send(core->up, wire, sizeof(wire))) {
		say_later(core);
		return;
	}
	o->acked = o->log.last;
	o->unacked = 0;
}

static bool flows(const struct pfsnl_core *core)
{
	return core->role == PFSNL_ROLE_CLIENT && core->up &&
	       core->order.begun == core->up->id;
}

/**
 * pfsnl_outbox_pump - do what became possible
 * @core: the core, not leading
 */
void pfsnl_outbox_pump(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;

	if (core->up && core->up->flow.tail)
		pfsnl_recover_serve(core->up);
	if (!flows(core))
		return;
	if (!core->up->flow.stuck)
		send_all(core);
	if (o->acked == o->log.last)
		return;
	/* somebody waits to know, or the leader has to keep a lot for us */
	if (o->eager > o->acked || o->log.last - o->acked >= ACK_EVERY ||
	    o->unacked >= ACK_BYTES || o->log.bytes > o->limit / 8)
		acknowledge(core);
	else if (!o->lazy.armed)
		pfsnl_timer_at(core, &o->lazy,
			       core->now + PFSNL_LAZY_MS * PFSNL_MS);
}

/**
 * pfsnl_outbox_lazy - tell what was not told at once
 * @core: the core, not leading
 */
void pfsnl_outbox_lazy(struct pfsnl_core *core)
{
	if (flows(core) && core->order.acked < core->order.log.last)
		acknowledge(core);
}

/* A message, or a piece of one, with its number. */
static void ordered(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_order *o = &core->order;
	struct pfsnl_entry *e = NULL;
	struct pfsnl_piece p;
	int err;

	err = pfsnl_order_decode(&p, t->stream.body, t->stream.len);
	if (!err && (p.number != o->log.last + 1 || p.total > o->limit))
		err = -EBADMSG;
	if (!err)
		err = pfsnl_order_piece(t, &p, &e);
	if (!err && e)
		err = pfsnl_order_prepare(core, e);
	if (!err && e)
		pfsnl_order_add(core, e);
	if (!err) {
		pfsnl_order_stable(core, p.have);
		return;
	}
	pfsnl_free(core, e);
	/* nothing is lost: it begins again with what we have */
	if (err == -ENOMEM || err == -ENOSPC)
		pfsnl_tether_fail(t, PFSNL_REASON_LOCAL);
	else
		pfsnl_tether_malformed(t);
}

static void granted(struct pfsnl_tether *t)
{
	struct pfsnl_order *o = &t->core->order;
	struct pfsnl_entry *e;
	u64 n, bytes;

	if (pfsnl_pair_decode(&n, &bytes, t->stream.body, t->stream.len)) {
		pfsnl_tether_malformed(t);
		return;
	}
	list_for_each_entry(e, &o->outbox, list)
		/* nothing more is asked for before that has its number */
		if (e->n == n && n == o->wanted && !e->under_way) {
			e->granted = true;
			o->work = true;
		}
}

/**
 * pfsnl_outbox_frame - a frame of ordered messages came from our leader
 * @t: the tether, ACCEPTED; perhaps ended
 */
void pfsnl_outbox_frame(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	u64 number;

	if (t->stream.op == PFSNL_FRAME_BEGIN) {
		pfsnl_recover_begun(t);
		return;
	}
	if (t->stream.op == PFSNL_FRAME_FETCH) {
		pfsnl_recover_serve(t);
		return;
	}
	if (core->order.begun != t->id) {
		pfsnl_tether_unexpected(t);
		return;
	}
	switch (t->stream.op) {
	case PFSNL_FRAME_ORDER:
		ordered(t);
		break;
	case PFSNL_FRAME_STABLE:
		if (pfsnl_number_decode(&number, t->stream.body, t->stream.len))
			pfsnl_tether_malformed(t);
		else
			pfsnl_order_stable(core, number);
		break;
	case PFSNL_FRAME_GRANT:
		granted(t);
		break;
	default:
		pfsnl_tether_unexpected(t);
	}
}
