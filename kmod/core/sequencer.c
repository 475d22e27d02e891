// SPDX-License-Identifier: GPL-2.0
/*
 * Being the leader of a sequence: giving numbers, passing messages on, and telling
 * what all members have.
 *
 * A live tether is always read. What clients may send is bounded by what they were
 * allowed, so there is always a place for it.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "envelope.h"
#include "state.h"

/*
 * So many messages have a number and are not known to be with all; marks find a place
 * in any case. If they are safe all of them are delivered in one go, and for a process
 * that is told each counts for a KiB and more.
 */
#define MESSAGES_MAX	4096

/*
 * What services transmit is numbered so far ahead at first, bytes, and no further than a
 * quarter of the log.
 */
#define WINDOW_MIN	(128U << 10)

/**
 * pfsnl_drain_time - what a client may take for a message before it is dropped
 * @core: the core
 *
 * Return: nanoseconds.
 */
u64 pfsnl_drain_time(const struct pfsnl_core *core)
{
	if (core->cfg.drain_ms)
		return core->cfg.drain_ms * PFSNL_MS;
	return max(5 * pfsnl_dead_time(core), 2000 * PFSNL_MS);
}

/* a client that ordered messages go to */
static bool is_client(const struct pfsnl_tether *t)
{
	return t->state == PFSNL_TETHER_MEMBER && t->level && t->flow.placed;
}

/* What it said that it has. */
static void acked(struct pfsnl_tether *t, u64 number)
{
	if (number <= t->flow.acked)
		return;
	t->flow.acked = number;
	t->core->order.work = true;
}

/* Whether a message may come that counts for so much. */
static bool allowed(const struct pfsnl_flow *f, u64 n, size_t cost)
{
	if (f->granted && n == f->want)
		return cost <= f->want_bytes;
	return f->inbox_bytes + cost <= f->allowance;
}

static void sent(struct pfsnl_tether *t)
{
	struct pfsnl_flow *f = &t->flow;
	struct pfsnl_core *core = t->core;
	struct pfsnl_entry *e;
	struct pfsnl_piece p;
	int err;

	if (pfsnl_send_decode(&p, t->stream.body, t->stream.len) ||
	    p.have > core->order.log.last) {
		pfsnl_tether_malformed(t);
		return;
	}
	acked(t, p.have);
	/* each comes once, so that what was granted is not taken twice */
	if (!f->partial && (p.n <= f->came ||
			    !allowed(f, p.n, pfsnl_entry_cost(p.total)))) {
		pfsnl_tether_malformed(t);
		return;
	}
	f->came = p.n;
	p.sender = t->addr;
	p.incarnation = t->member.incarnation;
	err = pfsnl_order_piece(t, &p, &e);
	if (err == -ENOMEM)
		pfsnl_tether_fail(t, PFSNL_REASON_LOCAL);
	else if (err)
		pfsnl_tether_malformed(t);
	if (err || !e)
		return;
	if (!(f->granted && e->n == f->want))
		f->inbox_bytes += pfsnl_entry_cost(e->len);
	list_add_tail(&e->list, &f->inbox);
	core->order.work = true;
}

/* It has a message that is too large to be sent unasked. */
static void wanted(struct pfsnl_tether *t)
{
	struct pfsnl_flow *f = &t->flow;
	u64 n, bytes;

	if (pfsnl_pair_decode(&n, &bytes, t->stream.body, t->stream.len) ||
	    f->want || !n ||
	    bytes > pfsnl_entry_cost(pfsnl_order_longest(t->core))) {
		pfsnl_tether_malformed(t);
		return;
	}
	f->want = n;
	f->want_bytes = bytes;
	t->core->order.work = true;
}

/**
 * pfsnl_sequencer_frame - a frame of ordered messages came up a tether
 * @t: the tether, MEMBER; perhaps ended
 */
void pfsnl_sequencer_frame(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	u64 number;

	if (t->stream.op == PFSNL_FRAME_ORDER ||
	    t->stream.op == PFSNL_FRAME_TAIL) {
		pfsnl_recover_tail(t);
		return;
	}
	if (!t->flow.begun) {
		pfsnl_tether_unexpected(t);
		return;
	}
	switch (t->stream.op) {
	case PFSNL_FRAME_SEND:
		sent(t);
		break;
	case PFSNL_FRAME_WANT:
		wanted(t);
		break;
	case PFSNL_FRAME_ACK:
		if (pfsnl_number_decode(&number, t->stream.body,
					t->stream.len) ||
		    number > core->order.log.last)
			pfsnl_tether_malformed(t);
		else
			acked(t, number);
		break;
	default:
		pfsnl_tether_unexpected(t);
	}
}

static u32 window_max(const struct pfsnl_order *o)
{
	return o->limit / 4;
}

/*
 * Whether somebody has a message that may be numbered if there is room for it. What
 * services transmit goes by that alone, so that others can't keep it waiting.
 */
static bool waits(const struct pfsnl_order *o, const struct list_head *list)
{
	const struct pfsnl_entry *e;

	if (list_empty(list))
		return false;
	e = list_first_entry(list, struct pfsnl_entry, list);
	return !(e->flags & PFSNL_MSG_ENVELOPE) || !o->bulk_bytes ||
	       o->bulk_bytes + pfsnl_entry_cost(e->len) <= o->window;
}

static bool has_room(const struct pfsnl_order *o, const struct pfsnl_entry *e)
{
	size_t cost = pfsnl_entry_cost(e->len);

	if (o->log.last - o->log.base >= MESSAGES_MAX)
		return false;
	/* others may have to keep what came before we began */
	if (o->log.base > o->stable)
		return false;
	return o->log.base == o->log.last ||
	       o->log.bytes - o->mark_bytes + cost <= o->limit;
}

/*
 * What services transmit comes as fast as it is taken. If all of it were numbered that
 * there is room for, one behind a slow link could not take it in the time that it has
 * for a message, and would be dropped, come back, and be dropped again. So it is found
 * out how long the slowest takes for as much as is under way: little of its time, and
 * that may be more; much, and it is to be less.
 */
static void probe(struct pfsnl_core *core, const struct pfsnl_entry *e)
{
	struct pfsnl_order *o = &core->order;

	if (!(e->flags & PFSNL_MSG_ENVELOPE) || o->probe ||
	    2 * o->bulk_bytes < o->window)
		return;
	o->probe = e->number;
	o->probe_at = core->now;
}

static void probed(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	u64 took = core->now - o->probe_at;

	if (!o->probe || o->stable < o->probe)
		return;
	o->probe = 0;
	if (took < pfsnl_drain_time(core) / 16)
		o->window = min(2 * o->window, window_max(o));
	else if (took > pfsnl_drain_time(core) / 8)
		o->window = max(o->window / 2, min(WINDOW_MIN, window_max(o)));
}

/**
 * pfsnl_sequencer_ring - a ring begins: one that is slow may have come
 * @core: the core, leading
 */
void pfsnl_sequencer_ring(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;

	o->window = min(WINDOW_MIN, window_max(o));
	o->probe = 0;
}

/*
 * Give a message its number. It is in no list.
 *
 * Return: 0, also if it has one already and is needless; -errno, and then it is
 * the caller's still.
 */
static int number(struct pfsnl_core *core, struct pfsnl_entry *e)
{
	int err;

	e->number = core->order.log.last + 1;
	err = pfsnl_order_prepare(core, e);
	if (!err) {
		pfsnl_order_add(core, e);
		probe(core, e);
		return 0;
	}
	if (err != -EBADMSG)
		return err;
	/* it was given a number before the tether broke */
	pfsnl_count(core, PFSNL_COUNT_MESSAGE_TWICE);
	pfsnl_free(core, e);
	return 0;
}

/* Give the first of a list its number. Return: whether that was possible. */
static bool number_first(struct pfsnl_core *core, struct list_head *list)
{
	struct pfsnl_entry *e = list_first_entry(list, struct pfsnl_entry, list);

	if (!has_room(&core->order, e))
		return false;
	list_del_init(&e->list);
	if (!number(core, e))
		return true;
	list_add(&e->list, list);
	return false;
}

static bool number_own(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_entry *e = list_first_entry(&o->outbox, struct pfsnl_entry, list);
	size_t cost = pfsnl_entry_cost(e->len);
	bool bulk = e->bulk;

	if (!number_first(core, &o->outbox))
		return false;
	o->served = o->log.last;
	pfsnl_outbox_freed(core, cost, bulk);
	return true;
}

static bool number_of(struct pfsnl_tether *t)
{
	struct pfsnl_flow *f = &t->flow;
	struct pfsnl_entry *e = list_first_entry(&f->inbox, struct pfsnl_entry, list);
	size_t cost = pfsnl_entry_cost(e->len);
	u64 n = e->n;

	if (!number_first(t->core, &f->inbox))
		return false;
	f->served = t->core->order.log.last;
	if (f->granted && n == f->want) {
		t->core->order.grants -= f->want_bytes;
		f->granted = false;
		f->want = 0;
	} else {
		f->inbox_bytes -= cost;
	}
	return true;
}

/* Who had a number least lately is next, also if there is room for one at a time. */
static bool number_next(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_tether *t, *next = NULL;
	bool own = waits(o, &o->outbox);
	u64 least = own ? o->served : U64_MAX;

	list_for_each_entry(t, &core->tethers, list) {
		if (!is_client(t) || !waits(o, &t->flow.inbox) ||
		    t->flow.served >= least)
			continue;
		least = t->flow.served;
		next = t;
	}
	if (next)
		return number_of(next);
	return own && number_own(core);
}

static void number_all(struct pfsnl_core *core)
{
	while (number_next(core))
		;
	/* a leader sends nobody what has no number */
	core->order.unsent = core->order.outbox.next;
}

/* Larger messages come one after the other, so that there is room for them. */
static void grant(struct pfsnl_core *core)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_PAIR_LEN];
	struct pfsnl_order *o = &core->order;
	struct pfsnl_tether *t;

	list_for_each_entry(t, &core->tethers, list) {
		struct pfsnl_flow *f = &t->flow;

		if (!is_client(t) || !f->want || f->granted)
			continue;
		if (o->grants && o->grants + f->want_bytes > o->limit / 2)
			continue;
		pfsnl_pair_encode(PFSNL_FRAME_GRANT, f->want, f->want_bytes,
				  wire);
		if (pfsnl_tether_send(t, wire, sizeof(wire))) {
			/* tried again with what is told lazily */
			continue;
		}
		f->granted = true;
		o->grants += f->want_bytes;
	}
}

/*
 * What all who take part have. A member whose tether broke may come back to where
 * it was, so as long as it is in the view nothing more becomes stable.
 */
static u64 all_have(const struct pfsnl_core *core)
{
	const struct pfsnl_order *o = &core->order;
	const struct pfsnl_tether *t;
	u64 least = o->log.last;
	u32 n = 1;

	list_for_each_entry(t, &core->tethers, list) {
		if (!is_client(t))
			continue;
		least = min(least, t->flow.acked);
		n++;
	}
	return n == o->view.n || PFSNL_BROKEN(SURVIVORS) ? least : 0;
}

static void find_stable(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	const struct pfsnl_entry *e;
	struct pfsnl_mark m;
	u64 stable, i;

	stable = all_have(core);
	/* all who are left must know that somebody was lost */
	for (i = max(stable, o->log.base) + 1;
	     i <= o->lossy && !PFSNL_BROKEN(CAP); i++) {
		e = pfsnl_log_find(&o->log, i);
		if (e && e->port == PFSNL_PORT_RING &&
		    !pfsnl_mark_decode(&m, e->data, e->len) && m.removed)
			stable = min(stable, m.safe);
	}
	for (i = max(o->stable, o->log.base) + 1; i <= stable; i++) {
		e = pfsnl_log_find(&o->log, i);
		if (e && (e->port == PFSNL_PORT_RING ||
			  (e->flags & PFSNL_MSG_SAFE)))
			o->urge = i;
	}
	pfsnl_order_stable(core, stable);
	probed(core);
}

/* Return: 0, or as the surroundings say. */
static int bulk(struct pfsnl_tether *t, const void *data, size_t len)
{
	struct pfsnl_core *core = t->core;
	int err = core->ops->tether_bulk(core->ctx, t->id, data, len);

	if (!err)
		pfsnl_count(core, PFSNL_COUNT_FRAME_TX);
	else if (err == -EAGAIN)
		t->flow.stuck = true;
	else if (err == -ENOMEM)
		pfsnl_count(core, PFSNL_COUNT_WRITE_SHORT);
	return err;
}

/**
 * struct cursor - where a tether is in the log
 * @number: of the message
 * @offset: where in it
 * @e: the message, NULL: not looked up yet
 * @part: bytes of it that the other side gets
 */
struct cursor {
	u64 number;
	u32 offset;
	const struct pfsnl_entry *e;
	u32 part;
};

/* Return: false when there is no more. */
static bool at_piece(const struct pfsnl_tether *t, struct cursor *c)
{
	if (c->e && c->offset)
		return true;
	c->e = pfsnl_log_find(&t->core->order.log, c->number);
	if (c->e)
		c->part = pfsnl_envelope_part(c->e, t->addr);
	return c->e;
}

static void next_piece(struct cursor *c)
{
	c->offset += PFSNL_PIECE_MAX;
	if (c->offset < c->part)
		return;
	c->offset = 0;
	c->number++;
}

/* Send pieces from where it is, in one go up to about so many bytes. */
static int send_some(struct pfsnl_tether *t, size_t most)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_order *o = &core->order;
	struct pfsnl_flow *f = &t->flow;
	const struct cursor from = { .number = f->next, .offset = f->offset };
	/* one who succeeds our leader is told what that had told us, no more */
	u64 stable = f->tail ? o->known : o->stable;
	size_t size = 0;
	struct cursor c;
	u8 *wire, *p;
	int err;

	for (c = from; size < most && at_piece(t, &c); next_piece(&c))
		size += pfsnl_piece_size(PFSNL_FRAME_ORDER, c.part, c.offset);
	wire = pfsnl_alloc_raw(core, size);
	if (!wire)
		return -ENOMEM;
	for (c = from, p = wire; p < wire + size && at_piece(t, &c); next_piece(&c))
		p = pfsnl_piece_encode(PFSNL_FRAME_ORDER, c.e, c.part, c.offset,
				       stable, p);
	err = bulk(t, wire, size);
	pfsnl_free(core, wire);
	if (err)
		return err;
	f->next = c.number;
	f->offset = c.offset;
	f->told = stable;
	if (PFSNL_BROKEN(ACKS))
		acked(t, c.number - 1);
	return 0;
}

/**
 * pfsnl_sequencer_flush - send what a tether has not been given yet
 * @t: the tether
 *
 * Return: whether all was sent; if not, it goes on when there is room, or memory.
 */
bool pfsnl_sequencer_flush(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_order *o = &core->order;
	int err = 0;

	while (t->flow.next <= o->log.last && !t->flow.stuck && !err) {
		err = send_some(t, PFSNL_BATCH_MAX);
		if (err == -EAGAIN) {
			/* perhaps there is room for less */
			t->flow.stuck = false;
			err = send_some(t, 1);
		}
	}
	if (err && err != -EAGAIN)
		pfsnl_timer_at(core, &o->lazy,
			       core->now + PFSNL_RETRY_MS * PFSNL_MS);
	return t->flow.next > o->log.last;
}

static void tell_stable(struct pfsnl_tether *t)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_NUMBER_LEN];
	u64 stable = t->core->order.stable;

	/* what it has not been sent yet tells it as well */
	pfsnl_number_encode(PFSNL_FRAME_STABLE, min(stable, t->flow.next - 1),
			    wire);
	if (!pfsnl_tether_send(t, wire, sizeof(wire)))
		t->flow.told = stable;
}

/* When the slowest client has had its time. */
static void set_drain(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	const struct pfsnl_entry *e;
	const struct pfsnl_tether *t;
	u64 when = PFSNL_NEVER;

	list_for_each_entry(t, &core->tethers, list) {
		if (!is_client(t))
			continue;
		e = pfsnl_log_find(&o->log, t->flow.acked + 1);
		if (e)
			when = min(when, max(e->at, t->up_at) +
				   pfsnl_drain_time(core));
	}
	pfsnl_timer_at(core, &o->drain, when);
}

/**
 * pfsnl_sequencer_drain - drop who did not take its messages in time
 * @core: the core, leading
 * @timer: its drain timer
 */
void pfsnl_sequencer_drain(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	const struct pfsnl_entry *e;
	struct pfsnl_tether *t, *tmp;

	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		if (!is_client(t))
			continue;
		e = pfsnl_log_find(&core->order.log, t->flow.acked + 1);
		if (e && core->now >= max(e->at, t->up_at) +
					  pfsnl_drain_time(core))
			pfsnl_lead_drop(core, t->node, PFSNL_REASON_SLOW);
	}
	core->order.work = true;
}

/**
 * pfsnl_sequencer_pump - do what became possible
 * @core: the core, leading
 */
void pfsnl_sequencer_pump(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_tether *t;
	bool lazy = false;

	if (!o->leads)
		return;
	/* while we hand over, those who take over count on what we said */
	if (!core->standby) {
		number_all(core);
		grant(core);
		find_stable(core);
	}
	list_for_each_entry(t, &core->tethers, list) {
		struct pfsnl_flow *f = &t->flow;

		if (!is_client(t) || !t->synced ||
		    (!f->begun && !pfsnl_recover_begin(t)))
			continue;
		pfsnl_sequencer_flush(t);
		if (f->told < o->urge)
			tell_stable(t);
		lazy |= f->told < o->stable || (f->want && !f->granted);
	}
	if (lazy && !o->lazy.armed)
		pfsnl_timer_at(core, &o->lazy,
			       core->now + PFSNL_LAZY_MS * PFSNL_MS);
	set_drain(core);
}

/**
 * pfsnl_sequencer_lazy - tell what was not told at once
 * @core: the core, leading
 */
void pfsnl_sequencer_lazy(struct pfsnl_core *core)
{
	struct pfsnl_tether *t;

	list_for_each_entry(t, &core->tethers, list)
		if (is_client(t) && t->flow.begun &&
		    t->flow.told < core->order.stable)
			tell_stable(t);
}

/**
 * pfsnl_sequencer_stop - we don't lead any more
 * @core: the core
 */
void pfsnl_sequencer_stop(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;

	o->leads = false;
	pfsnl_timer_at(core, &o->drain, PFSNL_NEVER);
	pfsnl_timer_at(core, &o->fetch, PFSNL_NEVER);
	o->fetching = 0;
}
