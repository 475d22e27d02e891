// SPDX-License-Identifier: GPL-2.0
/*
 * Listening to ordered messages, and comparing what the listeners heard.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "world.h"

/**
 * struct row - the messages of a ring, as whoever heard most of them did
 * @ring: which
 * @at: of each message: what it is, mixed
 * @n: how many
 * @least: the shortest row that somebody went on from
 * @due: so many must be heard by all who are in the ring and go on
 */
struct row {
	struct pfsnl_ring_id ring;
	u64 *at;
	u32 n;
	u32 least;
	u32 due;
};

/**
 * struct step - from one ring to the next
 * @key: both rings and who went together, mixed
 * @sum: what they heard in the first
 * @by: whoever went first
 */
struct step {
	u64 key;
	u64 sum;
	u32 by;
};

/**
 * struct hearings - all that was heard
 * @rows: of all rings
 * @n_rows: how many
 * @steps: all there were
 * @n_steps: how many
 */
struct hearings {
	struct row **rows;
	u32 n_rows;
	u32 s_rows;
	struct step *steps;
	u32 n_steps;
	u32 s_steps;
};

/**
 * hearings_new - nothing was heard yet
 */
struct hearings *hearings_new(void)
{
	return sim_alloc(sizeof(struct hearings));
}

/**
 * hearings_free - forget all
 * @all: what was heard
 */
void hearings_free(struct hearings *all)
{
	u32 i;

	for (i = 0; i < all->s_rows; i++) {
		if (!all->rows[i])
			continue;
		free(all->rows[i]->at);
		free(all->rows[i]);
	}
	free(all->rows);
	free(all->steps);
	free(all);
}

static u64 ring_mix(const struct pfsnl_ring_id *ring)
{
	return sim_mix(ring->seq ^ sim_mix(ring->incarnation ^ ring->leader));
}

static void rows_grow(struct hearings *all)
{
	u32 i, place, size = all->s_rows ? 2 * all->s_rows : 64;
	struct row **rows = sim_alloc(size * sizeof(*rows));

	for (i = 0; i < all->s_rows; i++) {
		if (!all->rows[i])
			continue;
		place = ring_mix(&all->rows[i]->ring) % size;
		while (rows[place])
			place = (place + 1) % size;
		rows[place] = all->rows[i];
	}
	free(all->rows);
	all->rows = rows;
	all->s_rows = size;
}

static struct row *row_of(struct hearings *all, const struct pfsnl_ring_id *ring)
{
	u32 place;

	if (2 * (all->n_rows + 1) > all->s_rows)
		rows_grow(all);
	place = ring_mix(ring) % all->s_rows;
	while (all->rows[place] && !ring_same(&all->rows[place]->ring, ring))
		place = (place + 1) % all->s_rows;
	if (!all->rows[place]) {
		all->rows[place] = sim_alloc(sizeof(struct row));
		all->rows[place]->ring = *ring;
		all->rows[place]->least = ~0U;
		all->n_rows++;
	}
	return all->rows[place];
}

/* Whoever takes the same step heard the same. Return: who took it first. */
static const struct step *step_of(struct hearings *all, u64 key, u64 sum, u32 by)
{
	u32 i, place;

	if (2 * (all->n_steps + 1) > all->s_steps) {
		struct step *old = all->steps;
		u32 n = all->s_steps;

		all->s_steps = n ? 2 * n : 64;
		all->steps = sim_alloc(all->s_steps * sizeof(*all->steps));
		for (i = 0; i < n; i++) {
			place = old[i].key % all->s_steps;
			if (!old[i].key)
				continue;
			while (all->steps[place].key)
				place = (place + 1) % all->s_steps;
			all->steps[place] = old[i];
		}
		free(old);
	}
	key |= !key;
	place = key % all->s_steps;
	while (all->steps[place].key && all->steps[place].key != key)
		place = (place + 1) % all->s_steps;
	if (!all->steps[place].key) {
		all->steps[place] = (struct step) {
			.key = key, .sum = sum, .by = by,
		};
		all->n_steps++;
	}
	return &all->steps[place];
}

/**
 * hearings_step - a step that several take, and what they heard before
 * @all: all that was heard
 * @key: the step, mixed
 * @sum: what was heard
 * @by: by whom
 *
 * Return: what whoever took the step first heard.
 */
u64 hearings_step(struct hearings *all, u64 key, u64 sum, u32 by)
{
	return step_of(all, key, sum, by)->sum;
}

/**
 * hearer_reset - a new life of its node begins
 * @h: the listener
 */
void hearer_reset(struct hearer *h)
{
	free(h->view);
	free(h->outcome);
	*h = (struct hearer) {};
}

static struct viewed *find(struct hearer *h, u32 addr, u64 incarnation)
{
	u32 i;

	for (i = 0; i < h->n; i++)
		if (h->view[i].addr == addr &&
		    h->view[i].incarnation == incarnation)
			return &h->view[i];
	return NULL;
}

static bool takes_part(struct hearer *h, u32 addr, u64 incarnation)
{
	const struct viewed *v = find(h, addr, incarnation);

	return v && v->in;
}

static void fold(struct hearer *h, struct node *n, const struct pfsnl_mark *m)
{
	struct viewed *v;
	u64 incarnation;
	u32 i, addr, why;

	for (i = 0; i < m->removed; i++) {
		pfsnl_mark_read(m, i, &addr, &why, &incarnation);
		v = find(h, addr, incarnation);
		if (!v || !v->in)
			sim_violated("messages-fold",
				     "%08x is told that %08x went, which was not there",
				     n->host.addr, addr);
		v->in = false;
	}
	h->view = sim_resize(h->view, (h->n + m->added + 1) * sizeof(*h->view));
	for (; i < m->removed + m->added; i++) {
		pfsnl_mark_read(m, i, &addr, &why, &incarnation);
		v = find(h, addr, incarnation);
		if (v && v->in)
			sim_violated("messages-fold",
				     "%08x is told that %08x came, which was there",
				     n->host.addr, addr);
		if (!v) {
			v = &h->view[h->n++];
			*v = (struct viewed) {
				.addr = addr, .incarnation = incarnation,
			};
		}
		v->in = true;
	}
	if (!takes_part(h, n->host.addr, n->incarnation))
		sim_violated("messages-fold", "%08x is not in its own view",
			     n->host.addr);
}

/* who is left of the view, mixed, before the mark is folded in */
static u64 who_stays(const struct hearer *h, const struct pfsnl_mark *m)
{
	u64 incarnation, sum = 0;
	u32 i, addr, why;

	for (i = 0; i < h->n; i++)
		if (h->view[i].in)
			sum += sim_mix(h->view[i].addr ^
				       sim_mix(h->view[i].incarnation));
	for (i = 0; i < m->removed; i++) {
		pfsnl_mark_read(m, i, &addr, &why, &incarnation);
		sum -= sim_mix(addr ^ sim_mix(incarnation));
	}
	return sum;
}

static void heard_ring(struct hearer *h, struct node *n,
		       const struct pfsnl_mark *m)
{
	struct hearings *all = n->world->hearings;
	struct row *row = row_of(all, &h->ring);
	const struct step *step;

	if (h->n) {
		step = step_of(all, sim_mix(ring_mix(&h->ring) ^
			       sim_mix(ring_mix(&m->ring))) ^ who_stays(h, m),
			       h->sum, n->host.addr);
		if (step->sum != h->sum)
			sim_violated("virtual-synchrony",
				     "%08x and %08x go from ring %llu to %llu together and heard different messages",
				     n->host.addr, step->by,
				     (unsigned long long)h->ring.seq,
				     (unsigned long long)m->ring.seq);
		if (h->count < row->due)
			sim_violated("safe-delivery",
				     "%08x leaves ring %llu after %u messages, of which %u are safe with somebody",
				     n->host.addr, (unsigned long long)h->ring.seq,
				     h->count, row->due);
		if (h->count < row->least)
			row->least = h->count;
	}
	/* it leaves that ring, or never got there */
	if (h->due_count && (ring_same(&h->ring, &h->due) ||
			     m->ring.seq > h->due.seq)) {
		if (!ring_same(&h->ring, &h->due) || h->count < h->due_count)
			sim_violated("safe-delivery",
				     "%08x goes to ring %llu without %u messages of ring %llu, which somebody had as safe, after %u of ring %llu",
				     n->host.addr, (unsigned long long)m->ring.seq,
				     h->due_count, (unsigned long long)h->due.seq,
				     h->count, (unsigned long long)h->ring.seq);
		h->due_count = 0;
	}
	fold(h, n, m);
	h->removed += m->removed;
	h->ring = m->ring;
	h->count = 0;
	h->sum = 0;
	h->transitional = false;
	h->lost = 0;
}

/* Everybody who is in the ring now owes it, unless he crashes. */
static void owe(struct hearer *h, struct node *n)
{
	struct world *w = n->world;
	u32 i;

	for (i = 0; i < w->n; i++) {
		struct node *q = w->nodes[i];

		if (q == n || !q->core ||
		    !takes_part(h, q->host.addr, q->incarnation))
			continue;
		/* who went on from it was asked then, or is by @least */
		if (q->hearer.ring.seq > h->ring.seq ||
		    (ring_same(&q->hearer.ring, &h->ring) &&
		     q->hearer.count >= h->count))
			continue;
		q->hearer.due = h->ring;
		q->hearer.due_count = h->count;
	}
}

/* One of its own has come back, or never will. */
static void outcome(struct hearer *h, struct node *n, u64 number)
{
	if (number >= h->s_outcome) {
		h->outcome = sim_resize(h->outcome, 2 * number + 1);
		memset(h->outcome + h->s_outcome, 0,
		       2 * number + 1 - h->s_outcome);
		h->s_outcome = 2 * number + 1;
	}
	if (!number || number > node_state(n).sent || h->outcome[number])
		sim_violated("self-delivery",
			     "%08x: number %llu of %llu of its own has an outcome already",
			     n->host.addr, (unsigned long long)number,
			     (unsigned long long)h->sent);
	h->outcome[number] = 1;
	h->own++;
}

static void heard_message(struct hearer *h, struct node *n,
			  const struct pfsnl_entry *e)
{
	struct row *row = row_of(n->world->hearings, &h->ring);
	struct viewed *v = find(h, e->sender, e->incarnation);
	u64 what = sim_mix(e->sender ^ sim_mix(e->incarnation ^ sim_mix(e->n)));
	struct pfsnl_envelope env;
	u32 i, len = e->len;

	/* not all get all of it, but all that it has of others */
	if ((e->flags & PFSNL_MSG_ENVELOPE) &&
	    !pfsnl_envelope_decode(&env, e->data, e->len))
		len = env.kept;
	for (i = 0; i < len; i++)
		what = what * 0x100000001b3ULL ^ e->data[i];
	if (!v || !v->in)
		sim_violated("messages-fold",
			     "%08x hears of %08x, which is not in its view",
			     n->host.addr, e->sender);
	if (e->n <= v->n)
		sim_violated("no-duplicates",
			     "%08x hears number %llu of %08x after %llu",
			     n->host.addr, (unsigned long long)e->n, e->sender,
			     (unsigned long long)v->n);
	v->n = e->n;
	if (h->count < row->n && row->at[h->count] != what)
		sim_violated("total-order",
			     "message %u of ring %llu is another at %08x",
			     h->count, (unsigned long long)h->ring.seq,
			     n->host.addr);
	if (h->count == row->n) {
		row->at = sim_resize(row->at, (row->n + 1) * sizeof(*row->at));
		row->at[row->n++] = what;
	}
	h->count++;
	h->heard += e->port >= PFSNL_PORT_FIRST;
	h->sum = sim_mix(h->sum ^ what);
	if ((e->flags & PFSNL_MSG_SAFE) && !h->transitional) {
		if (h->count > row->least)
			sim_violated("safe-delivery",
				     "%08x has message %u of ring %llu as safe, without which somebody went on",
				     n->host.addr, h->count - 1,
				     (unsigned long long)h->ring.seq);
		if (h->count > row->due)
			row->due = h->count;
		owe(h, n);
	}
	if (e->sender == n->host.addr && e->incarnation == n->incarnation)
		outcome(h, n, e->n);
}

/**
 * hearer_hear - a node is told something
 * @h: its listener
 * @n: the node
 * @ev: what
 */
void hearer_hear(struct hearer *h, struct node *n,
		 const struct pfsnl_order_event *ev)
{
	u32 i;

	if (!n->world->hearings)
		return;
	n->world->changes++;
	switch (ev->kind) {
	case PFSNL_ORDER_MESSAGE:
		heard_message(h, n, ev->message);
		break;
	case PFSNL_ORDER_TRANSITIONAL:
		h->transitional = true;
		for (i = 0; i < ev->n_lost; i++)
			h->lost += sim_mix(ev->lost[i].addr);
		break;
	case PFSNL_ORDER_RING:
		heard_ring(h, n, ev->mark);
		break;
	case PFSNL_ORDER_UNKNOWN:
		outcome(h, n, ev->n);
		h->unknown++;
		break;
	case PFSNL_ORDER_ROOM:
		h->refused = false;
		break;
	}
}

/**
 * hearer_check - what must hold after each call of a core
 * @h: its listener
 * @n: the node, running
 */
void hearer_check(struct hearer *h, struct node *n)
{
	struct pfsnl_state st = node_state(n);
	const struct pfsnl_order *o = &n->core->order;

	/* who can't deliver what all have, for want of memory, keeps it meanwhile */
	if (o->delivered < o->stable)
		st.log_limit *= 2;
	if (n->world->hearings && st.log_bytes > st.log_limit + st.mark_bytes)
		sim_violated("messages-memory",
			     "%08x keeps %llu bytes of at most %llu",
			     n->host.addr, (unsigned long long)st.log_bytes,
			     (unsigned long long)st.log_limit);
}

/**
 * hearer_same - whether all is delivered, and everywhere the same
 * @w: the world, whose nodes are one ring on each side
 */
bool hearer_same(const struct world *w)
{
	u32 i, k;

	for (i = 0; i < w->n; i++) {
		struct node *n = w->nodes[i];
		struct hearer *h = &n->hearer;

		if (!node_runs(n))
			continue;
		if (!ring_same(&h->ring, &n->watch.ring) ||
		    h->own != node_state(n).sent)
			return false;
		for (k = 0; k < i; k++)
			if (node_runs(w->nodes[k]) &&
			    w->nodes[k]->host.side == n->host.side &&
			    (w->nodes[k]->hearer.count != h->count ||
			     w->nodes[k]->hearer.sum != h->sum))
				return false;
	}
	return true;
}

/**
 * hearer_agrees - whether all are one ring, and all is delivered there
 * @w: the world
 * @arg: not used, so that world_until() can ask this
 */
bool hearer_agrees(struct world *w, void *arg)
{
	return world_agrees(w, arg) && hearer_same(w);
}
