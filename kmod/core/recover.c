// SPDX-License-Identifier: GPL-2.0
/*
 * From one sequence to the next: rings enter it by marks; who comes back goes on
 * where it was, who comes new begins at a mark; who succeeds a leader first gets
 * the longest prefix that any survivor has; who falls out ends what it had.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "state.h"

/**
 * pfsnl_recover_standing - how far this node is
 * @core: the core
 * @s: filled
 */
void pfsnl_recover_standing(const struct pfsnl_core *core,
			    struct pfsnl_standing *s)
{
	const struct pfsnl_order *o = &core->order;

	*s = (struct pfsnl_standing) {
		.have = o->log.last,
		.stable = o->known,
	};
	if (o->view.n)
		pfsnl_log_by(&o->log, s->have, &s->by);
}

/* Whether a node came into the sequence after a number. */
static bool entered_after(const struct pfsnl_order *o, u64 number, u32 addr,
			  u64 incarnation)
{
	const struct pfsnl_entry *e;
	u32 i, who, why;
	u64 life;

	while ((e = pfsnl_log_find(&o->log, ++number))) {
		struct pfsnl_mark m;

		if (e->port != PFSNL_PORT_RING ||
		    pfsnl_mark_decode(&m, e->data, e->len))
			continue;
		for (i = m.removed; i < m.removed + m.added; i++) {
			pfsnl_mark_read(&m, i, &who, &why, &life);
			if (who == addr && life == incarnation)
				return true;
		}
	}
	return false;
}

/**
 * pfsnl_recover_continues - whether a node can go on where it is
 * @t: our tether to it, accepted
 *
 * It takes part since then, and the last that it has is what we have at that number.
 */
bool pfsnl_recover_continues(const struct pfsnl_tether *t)
{
	const struct pfsnl_standing *s = &t->flow.standing;
	const struct pfsnl_order *o = &t->core->order;
	u64 by;

	return s->by && pfsnl_log_by(&o->log, s->have, &by) && by == s->by &&
	       pfsnl_view_find(&o->view, t->addr, t->member.incarnation) &&
	       !entered_after(o, s->have, t->addr, t->member.incarnation);
}

/* Whether a node of the view is in the staged ring and goes on. */
static bool stays(const struct pfsnl_core *core, const struct pfsnl_node *n,
		  u64 incarnation)
{
	const struct pfsnl_tether *t;

	if (!n || !n->next_in || !n->next.level ||
	    n->next.incarnation != incarnation)
		return false;
	if (n->addr == core->cfg.addr)
		return true;
	t = n->c->tether;
	if (!t)
		return false;
	if (!t->flow.placed)
		return pfsnl_recover_continues(t);
	/* one that could not be told where it begins yet begins with this ring */
	return t->flow.begun || t->flow.continues;
}

/* Whether a node of the staged ring begins anew. */
static bool comes(const struct pfsnl_core *core, const struct pfsnl_node *n)
{
	return n->next_in && n->next.level &&
	       !(pfsnl_view_find(&core->order.view, n->addr,
				 n->next.incarnation) &&
		 stays(core, n, n->next.incarnation));
}

static u32 why_gone(const struct pfsnl_node *n)
{
	return n && !n->next_in ? pfsnl_reason_why(n->reason) : PFSNL_WHY_FAILED;
}

static u32 why_came(const struct pfsnl_node *n)
{
	return n->c->tether && n->c->tether->merged ? PFSNL_WHY_MERGED :
						      PFSNL_WHY_JOINED;
}

/* What those who go on know to be with all, we know too. */
static u64 known_stable(const struct pfsnl_core *core)
{
	const struct pfsnl_order *o = &core->order;
	const struct pfsnl_tether *t;
	u64 stable = o->known;

	list_for_each_entry(t, &core->tethers, list)
		if (t->state == PFSNL_TETHER_MEMBER && t->level &&
		    !t->flow.placed && pfsnl_recover_continues(t))
			stable = max(stable, t->flow.standing.stable);
	return min(stable, o->log.last);
}

/**
 * pfsnl_recover_mark - prepare the mark of a ring
 * @core: the core, leading; the ring is staged
 * @ring: which
 * @mark: set to the mark, prepared, the caller's until it is committed
 *
 * Return: 0; -ENOMEM; -ENOSPC when there is no room for it at present.
 */
int pfsnl_recover_mark(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		       struct pfsnl_entry **mark)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_mark m = { .ring = *ring };
	struct pfsnl_entry *e;
	struct pfsnl_node *n;
	int err;
	u32 i;
	u8 *p;

	/* what we have to tell the others; it is no news to us */
	if (!o->leads) {
		o->known = known_stable(core);
		o->stable = o->known;
	}
	m.ring.leader = core->cfg.addr;
	m.safe = o->stable;
	for (i = 0; i < o->view.n; i++) {
		n = pfsnl_roster_find(&core->roster, o->view.at[i].addr);
		m.removed += !stays(core, n, o->view.at[i].incarnation);
	}
	pfsnl_roster_for_each(&core->roster, n)
		m.added += comes(core, n);

	e = pfsnl_entry_new(core, pfsnl_mark_size(m.removed, m.added));
	if (!e)
		return -ENOMEM;
	e->number = o->log.last + 1;
	e->port = PFSNL_PORT_RING;
	e->sender = core->cfg.addr;
	e->incarnation = core->incarnation;
	p = pfsnl_mark_encode(&m, e->data);
	for (i = 0; i < o->view.n; i++) {
		const struct pfsnl_viewed *v = &o->view.at[i];

		n = pfsnl_roster_find(&core->roster, v->addr);
		if (!stays(core, n, v->incarnation))
			p = pfsnl_mark_record(p, v->addr, why_gone(n),
					      v->incarnation);
	}
	pfsnl_roster_for_each(&core->roster, n)
		if (comes(core, n))
			p = pfsnl_mark_record(p, n->addr, why_came(n),
					      n->next.incarnation);
	err = pfsnl_order_prepare(core, e);
	if (err) {
		pfsnl_free(core, e);
		return err;
	}
	*mark = e;
	return 0;
}

/* A client is in the sequence from here on. */
static void put_in(struct pfsnl_tether *t, u64 mark)
{
	struct pfsnl_flow *f = &t->flow;
	bool goes_on;

	if (f->placed && (f->begun || f->continues))
		return;
	goes_on = !f->placed && pfsnl_recover_continues(t);
	f->placed = true;
	f->continues = goes_on;
	f->acked = goes_on ? f->standing.have : mark;
	f->next = f->acked + 1;
	f->offset = 0;
	f->told = goes_on ? f->standing.stable : mark;
}

/**
 * pfsnl_recover_commit - a ring is installed: its mark takes its place
 * @core: the core, leading
 * @mark: from pfsnl_recover_mark(); the log's from now on
 */
void pfsnl_recover_commit(struct pfsnl_core *core, struct pfsnl_entry *mark)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_tether *t;

	/* before it is there: it may be the first that a node goes on from */
	list_for_each_entry(t, &core->tethers, list)
		if (t->state == PFSNL_TETHER_MEMBER && t->level)
			put_in(t, mark->number);
	pfsnl_order_add(core, mark);
	if (!o->leads)
		o->limit = core->cfg.retain_kib * 1024;
	pfsnl_sequencer_ring(core);
	if (o->leads)
		return;
	o->leads = true;
	o->begun = 0;
	o->urge = 0;
	pfsnl_outbox_again(core, 0, false);
}

/**
 * pfsnl_recover_return - a client came back to the ring it is in
 * @t: our tether to it, MEMBER
 *
 * Return: whether it goes on; if not, only a new ring takes it in.
 */
bool pfsnl_recover_return(struct pfsnl_tether *t)
{
	if (t->flow.placed)
		return true;
	if (!t->core->order.leads || !pfsnl_recover_continues(t))
		return false;
	put_in(t, 0);
	t->core->order.work = true;
	return true;
}

/* The survivor that has most, if that is more than we have. */
static struct pfsnl_tether *longest(struct pfsnl_core *core)
{
	const struct pfsnl_order *o = &core->order;
	struct pfsnl_tether *t, *best = NULL;
	u64 have = o->log.last;

	list_for_each_entry(t, &core->tethers, list) {
		const struct pfsnl_standing *s = &t->flow.standing;

		if (t->state != PFSNL_TETHER_MEMBER || !t->level || !s->by ||
		    s->have <= have || PFSNL_BROKEN(LONGEST) ||
		    !pfsnl_view_find(&o->view, t->addr, t->member.incarnation))
			continue;
		have = s->have;
		best = t;
	}
	return best;
}

static void fetch_wait(struct pfsnl_core *core)
{
	pfsnl_timer_at(core, &core->order.fetch, core->now +
		       max(pfsnl_dead_time(core), pfsnl_dial_time(core)));
}

/**
 * pfsnl_recover_fetches - whether a longer prefix is to be had first
 * @core: the core, leading, before its first ring
 *
 * If so, pfsnl_install_now() is called when it has come, or can't be had.
 */
bool pfsnl_recover_fetches(struct pfsnl_core *core)
{
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_PAIR_LEN];
	struct pfsnl_order *o = &core->order;
	struct pfsnl_tether *t;
	u64 by = 0;

	if (o->leads || !core->succeeds)
		return false;
	if (o->fetching)
		return true;
	pfsnl_log_by(&o->log, o->log.last, &by);
	pfsnl_pair_encode(PFSNL_FRAME_FETCH, o->log.last, by, wire);
	while ((t = longest(core))) {
		if (pfsnl_tether_send(t, wire, sizeof(wire))) {
			/* it begins anew */
			t->flow.standing.by = 0;
			continue;
		}
		pfsnl_count(core, PFSNL_COUNT_FETCHES);
		o->fetching = t->id;
		fetch_wait(core);
		return true;
	}
	return false;
}

static void fetch_done(struct pfsnl_core *core)
{
	struct pfsnl_tether *t = pfsnl_tether_find(core, core->order.fetching);

	/* what is there of a message will not go on */
	if (t) {
		pfsnl_free(core, t->flow.partial);
		t->flow.partial = NULL;
	}
	core->order.fetching = 0;
	pfsnl_timer_at(core, &core->order.fetch, PFSNL_NEVER);
	pfsnl_install_now(core);
}

/**
 * pfsnl_recover_fetch - who has a longer prefix does not give it to us
 * @core: the core, leading
 * @timer: its fetch timer
 */
void pfsnl_recover_fetch(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	struct pfsnl_tether *t = pfsnl_tether_find(core, core->order.fetching);

	if (t)
		t->flow.standing.by = 0;
	fetch_done(core);
}

/**
 * pfsnl_recover_tail - a survivor sends what we lack
 * @t: our tether to it, MEMBER; perhaps ended
 */
void pfsnl_recover_tail(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_order *o = &core->order;
	struct pfsnl_entry *e = NULL;
	struct pfsnl_piece p;
	u64 number;
	int err;

	/* we did not wait so long for it */
	if (o->fetching != t->id) {
		pfsnl_count(core, PFSNL_COUNT_FRAME_UNEXPECTED);
		return;
	}
	fetch_wait(core);
	if (t->stream.op == PFSNL_FRAME_TAIL) {
		err = pfsnl_number_decode(&number, t->stream.body,
					  t->stream.len);
		if (err) {
			pfsnl_tether_malformed(t);
			return;
		}
		if (number != o->log.last || number < t->flow.standing.have)
			t->flow.standing.by = 0;
		fetch_done(core);
		return;
	}
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
		/* what is with all need not be kept until all of it has come */
		pfsnl_order_stable(core, p.have);
		return;
	}
	pfsnl_free(core, e);
	if (err == -EBADMSG)
		pfsnl_tether_malformed(t);
	else
		pfsnl_tether_fail(t, PFSNL_REASON_LOCAL);
}

/**
 * pfsnl_recover_serve - who succeeds our leader lacks what we have
 * @t: its tether, ACCEPTED; perhaps ended
 *
 * Called with its FETCH at hand, and again when there is room for more.
 */
void pfsnl_recover_serve(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_order *o = &core->order;
	u8 wire[PFSNL_FRAME_HEAD + PFSNL_NUMBER_LEN];
	u64 after, by, ours, end = o->log.last;

	if (!t->flow.tail) {
		if (o->begun == t->id) {
			pfsnl_tether_unexpected(t);
			return;
		}
		if (pfsnl_pair_decode(&after, &by, t->stream.body,
				      t->stream.len)) {
			pfsnl_tether_malformed(t);
			return;
		}
		if (pfsnl_log_by(&o->log, after, &ours) && ours == by)
			t->flow.next = after + 1;
		else
			end = 0;
		t->flow.tail = true;
		t->flow.offset = 0;
	}
	if (end && !pfsnl_sequencer_flush(t))
		return;
	pfsnl_number_encode(PFSNL_FRAME_TAIL, end, wire);
	t->flow.tail = false;
	/* if it can't be told, it waits no longer than it has patience */
	pfsnl_tether_send(t, wire, sizeof(wire));
}

/* How much may be under way from each client unasked. */
static u32 allowance(const struct pfsnl_core *core)
{
	u32 n = max_t(u32, 8, core->clients);

	return clamp(core->order.limit / 4 / n, (u32)PFSNL_ALLOWANCE_MIN,
		     (u32)PFSNL_ALLOWANCE_MAX);
}

/**
 * pfsnl_recover_begin - tell a client where it is in the sequence
 * @t: our tether to it, placed; it has the ring that is installed
 *
 * Return: whether that was possible.
 */
bool pfsnl_recover_begin(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_order *o = &core->order;
	struct pfsnl_flow *f = &t->flow;
	const struct pfsnl_viewed *v;
	struct pfsnl_begin b = {
		.allowance = allowance(core),
		.number = f->next - 1,
		.seq = core->ring.seq,
		.limit = o->limit,
	};
	size_t len;
	u8 *wire, *p;
	int err;
	u32 i;

	v = pfsnl_view_find(&o->view, t->addr, t->member.incarnation);
	if (!v || !pfsnl_log_by(&o->log, b.number, &b.by))
		return false;
	b.sent = v->sent;
	if (f->continues) {
		b.flags = PFSNL_BEGIN_CONTINUES;
	} else if (f->along) {
		b.flags = PFSNL_BEGIN_ALONG;
		b.end = f->standing.have;
		b.safe = o->along_safe;
		b.lost = o->n_lost;
	}
	len = PFSNL_FRAME_HEAD + PFSNL_BEGIN_LEN + 4 * (size_t)b.lost;
	wire = pfsnl_alloc(core, len);
	if (wire) {
		p = pfsnl_begin_encode(&b, wire);
		for (i = 0; i < b.lost; i++)
			p = pfsnl_frame_addr(p, o->lost[i]);
		err = pfsnl_tether_send(t, wire, len);
		pfsnl_free(core, wire);
	} else {
		err = -ENOMEM;
	}
	if (err) {
		pfsnl_timer_at(core, &o->lazy,
			       core->now + PFSNL_RETRY_MS * PFSNL_MS);
		return false;
	}
	f->begun = true;
	f->allowance = b.allowance;
	return true;
}

/* The list that is installed, as the view of who begins with it. */
static int view_of_ring(struct pfsnl_core *core)
{
	struct pfsnl_order *o = &core->order;
	const struct pfsnl_node *n;

	pfsnl_order_unprepare(core);
	o->next.at = pfsnl_alloc(core, (core->roster.equals + 1) *
				 sizeof(*o->next.at));
	if (!o->next.at)
		return -ENOMEM;
	pfsnl_roster_for_each(&core->roster, n)
		if (n->in && n->member.level)
			o->next.at[o->next.n++] = (struct pfsnl_viewed) {
				.addr = n->addr,
				.incarnation = n->member.incarnation,
			};
	return 0;
}

static bool is_lost(const struct pfsnl_begin *b, u32 addr)
{
	u32 i;

	for (i = 0; i < b->lost; i++)
		if (get_unaligned_be32(b->addrs + 4 * i) == addr)
			return true;
	return false;
}

/* Whether a node of one view is in the other, and came along with us. */
static bool together(const struct pfsnl_core *core, const struct pfsnl_view *other,
		     const struct pfsnl_viewed *v, const struct pfsnl_begin *b)
{
	if (!pfsnl_view_find(other, v->addr, v->incarnation))
		return false;
	if (v->addr == core->cfg.addr)
		return true;
	return b && !is_lost(b, v->addr);
}

/*
 * End the sequence and begin another, whose view is prepared in @o->next. Who
 * listens is told how the one view differs from the other. Nobody came along but
 * those that @b says.
 *
 * Return: 0, or -ENOMEM and then nothing happened.
 */
static int change(struct pfsnl_core *core, const struct pfsnl_ring_id *ring,
		  const struct pfsnl_begin *b, u64 number, u64 by)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_mark m = { .ring = *ring, .safe = o->log.last };
	struct pfsnl_order_event ev = { .kind = PFSNL_ORDER_RING, .mark = &m };
	u8 *data, *p;
	u32 i;

	data = pfsnl_alloc(core, pfsnl_mark_size(o->view.n, o->next.n));
	if (!data)
		return -ENOMEM;
	p = data;
	for (i = 0; i < o->view.n; i++)
		if (!together(core, &o->next, &o->view.at[i], b)) {
			p = pfsnl_mark_record(p, o->view.at[i].addr,
					      PFSNL_WHY_ALONE,
					      o->view.at[i].incarnation);
			m.removed++;
		}
	for (i = 0; i < o->next.n; i++)
		if (!together(core, &o->view, &o->next.at[i], b)) {
			p = pfsnl_mark_record(p, o->next.at[i].addr,
					      b ? PFSNL_WHY_MERGED :
						  PFSNL_WHY_JOINED,
					      o->next.at[i].incarnation);
			m.added++;
		}
	m.records = data;
	if (pfsnl_order_close(core, b ? b->safe : o->stable, b ? b->addrs : NULL,
			      b ? b->lost : 0, !b)) {
		pfsnl_free(core, data);
		return -ENOMEM;
	}
	core->ops->order(core->ctx, &ev);
	pfsnl_sync_ring(core);
	pfsnl_groups_ring(core, &m);
	pfsnl_free(core, data);
	pfsnl_order_restart(core, number, by);
	return 0;
}

/**
 * pfsnl_recover_alone - this node goes on without the others
 * @core: the core
 * @ring: the ring of it alone
 *
 * Return: 0, or -ENOMEM and then nothing happened.
 */
int pfsnl_recover_alone(struct pfsnl_core *core, const struct pfsnl_ring_id *ring)
{
	struct pfsnl_order *o = &core->order;

	if (o->view.n == 1 && o->delivered == o->log.last) {
		pfsnl_outbox_again(core, 0, false);
		return 0;
	}
	pfsnl_order_unprepare(core);
	o->next.at = pfsnl_alloc(core, sizeof(*o->next.at));
	if (!o->next.at)
		return -ENOMEM;
	o->next.n = 1;
	o->next.at[0] = (struct pfsnl_viewed) {
		.addr = core->cfg.addr,
		.incarnation = core->incarnation,
		.sent = 0,
	};
	if (change(core, ring, NULL, o->log.last, pfsnl_order_epoch(ring)))
		return -ENOMEM;
	o->begun = 0;
	pfsnl_outbox_again(core, 0, false);
	return 0;
}

/* A client that was away goes on. */
static bool goes_on(struct pfsnl_core *core, const struct pfsnl_begin *b)
{
	struct pfsnl_standing s;

	pfsnl_recover_standing(core, &s);
	return s.by && b->number == s.have && b->by == s.by;
}

/**
 * pfsnl_recover_begun - our leader says where we are in its sequence
 * @t: the tether to it, ACCEPTED; perhaps ended
 */
void pfsnl_recover_begun(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_order *o = &core->order;
	struct pfsnl_begin b;
	bool along;

	if (pfsnl_begin_decode(&b, t->stream.body, t->stream.len) ||
	    b.limit > core->cfg.retain_kib * 1024 ||
	    b.limit < PFSNL_RETAIN_KIB_MIN * 1024 || b.lost > core->cfg.max_nodes) {
		pfsnl_tether_malformed(t);
		return;
	}
	t->flow.tail = false;
	if (o->begun == t->id ||
	    core->ring.leader != t->addr || b.seq != core->ring.seq ||
	    ((b.flags & PFSNL_BEGIN_CONTINUES) && !goes_on(core, &b))) {
		pfsnl_tether_unexpected(t);
		return;
	}
	along = (b.flags & PFSNL_BEGIN_ALONG) && b.end == o->log.last &&
		o->view.n;
	if (!(b.flags & PFSNL_BEGIN_CONTINUES)) {
		if (view_of_ring(core) ||
		    change(core, &core->ring, along ? &b : NULL, b.number,
			   b.by)) {
			pfsnl_tether_fail(t, PFSNL_REASON_LOCAL);
			return;
		}
	}
	o->begun = t->id;
	o->limit = b.limit;
	o->allowance = b.allowance;
	o->acked = b.number;
	t->flow.offset = 0;
	pfsnl_outbox_again(core, b.sent, (b.flags & PFSNL_BEGIN_CONTINUES) &&
			   o->sent_to == core->leader_incarnation);
	o->work = true;
}

/**
 * pfsnl_recover_list - remember whom the leader has that gives way
 * @core: the core, leading
 * @in: its list
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_recover_list(struct pfsnl_core *core, const struct pfsnl_install *in)
{
	struct pfsnl_order *o = &core->order;
	struct pfsnl_member m;
	u32 i, why;

	pfsnl_free(core, o->lost);
	o->n_lost = 0;
	o->lost = pfsnl_alloc(core, ((size_t)in->adds + 1) * sizeof(*o->lost));
	if (!o->lost)
		return -ENOMEM;
	for (i = 0; i < in->adds; i++)
		if (!pfsnl_install_add(in, i, &m, &why) && m.level)
			o->lost[o->n_lost++] = m.addr;
	return 0;
}

/**
 * pfsnl_recover_merge - the nodes of another leader are to be in the next ring
 * @core: the core, leading; @core->loser is the tether to that leader
 *
 * They come along together if they are where it is. It numbers nothing any more
 * since it answered, and they don't accept before they have all of that.
 */
void pfsnl_recover_merge(struct pfsnl_core *core)
{
	const struct pfsnl_standing *s = &core->loser->flow.standing;
	struct pfsnl_order *o = &core->order;
	u32 i, n = 0;

	for (i = 0; i < o->n_lost; i++) {
		const struct pfsnl_node *node =
			pfsnl_roster_find(&core->roster, o->lost[i]);
		struct pfsnl_tether *t = node ? node->c->tether : NULL;

		if (t && t->state == PFSNL_TETHER_MERGING && s->by &&
		    t->flow.standing.by == s->by &&
		    t->flow.standing.have == s->have)
			t->flow.along = true;
		else
			o->lost[n++] = o->lost[i];
	}
	o->n_lost = n;
	o->along_safe = s->stable;
}
