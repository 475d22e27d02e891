// SPDX-License-Identifier: GPL-2.0
/*
 * The witness, see witness.h. Of each node it keeps which places of which rings its
 * store went through.
 */
#include <errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <stdlib.h>
#include <string.h>

#include "ckptround.h"
#include "rite.h"
#include "state.h"
#include "store.h"
#include "witness.h"

/* of so many operations the whole store is compared after one */
#define COMPARED	8
/* nobody says earlier than that what another one is to say */
#define RANK		(PFSNL_CKPTSVC_RANK_MS * SIM_MS)

/* what a mixed number is about, so that they are told apart */
enum about {
	ABOUT_STORE = 1,
	ABOUT_NUMBER,
	ABOUT_FATE,
	ABOUT_PLACE,
};

/**
 * struct sight - what is known of a node
 * @life: incarnation that this is about
 * @went: what its store went through
 * @rite: the ring in which it was activated
 * @first: as the first of all
 * @began: its store when the round began, mixed
 * @compares: nothing was to be applied then
 * @passed_by: others activated rings without it, and it learns that now
 * @conflicts: that were reported before
 * @merged: what sides must become, 0: unknown
 * @order: of the last request that was applied
 * @due: when what is to expire now does so, as far as that is known; else 0
 * @used: of its store, after the last that changed it
 */
struct sight {
	u64 life;
	struct went went;
	u32 rite;
	bool first;
	u64 began;
	bool compares;
	bool passed_by;
	u32 conflicts;
	u64 merged;
	u64 order;
	u64 due;
	u64 used;
};

static struct {
	struct world *w;
	struct sight *sights;
	u64 skew;
} t;

static u32 addr_of(const struct keeper *k)
{
	return k->node->host.addr;
}

/* What all who see it must see alike. */
static bool same(const struct keeper *k, enum about which, u64 key, u64 sum)
{
	key = sim_mix(key ^ sim_mix(which ^ 0x3173));
	return hearings_step(t.w->hearings, key, sum, addr_of(k)) == sum;
}

static struct sight *sight_of(const struct keeper *k)
{
	struct sight *s = &t.sights[addr_of(k) - WORLD_ADDR(0)];

	if (s->life != k->node->incarnation) {
		free(s->went.count);
		*s = (struct sight) { .life = k->node->incarnation };
	}
	return s;
}

/* Somebody is about to be activated in a ring: what must come of it? */
static void before_activation(struct keeper *k, const struct pfsnl_ring_id *ring)
{
	struct sight *s = sight_of(k);

	s->rite = rite_of(ring);
	s->conflicts = k->n_conflicts;
	s->first = rite_open(s->rite, k, &s->merged);
	s->passed_by = rite_passed(s->rite, &s->went);
}

/* What stands in the store about handles is right in itself, and of members only. */
static void check_refs(struct keeper *k, bool activated)
{
	const struct pfsnl_core *core = k->node->core;
	struct pfsnl_ckpts *store = keeper_store(k);
	const struct pfsnl_ckpt_handle *h;
	struct pfsnl_sync_member m;
	struct pfsnl_ckpt *c;
	u64 refs = 0, n = 0;

	for (c = pfsnl_ckpts_after(store, NULL); c;
	     c = pfsnl_ckpts_after(store, &c->number))
		refs += c->refs;
	for (h = pfsnl_ckpts_handle_after(store, NULL); h;
	     h = pfsnl_ckpts_handle_after(store, &h->key)) {
		n++;
		if (!activated)
			continue;
		m.addr = h->key.addr - 1;
		if (!pfsnl_core_sync_member(core, PFSNL_SERVICE_CKPT, m.addr, &m) ||
		    m.addr != h->key.addr || m.incarnation != h->key.incarnation)
			sim_violated("ckpt-refs",
				     "%08x: %08x has something open and is not in the ring",
				     addr_of(k), h->key.addr);
	}
	if (refs != n)
		sim_violated("ckpt-refs", "%08x: %llu references, %llu handles",
			     addr_of(k), (unsigned long long)refs,
			     (unsigned long long)n);
}

/* What is stored counts what it is said to: by what is there, and not by what was done. */
static void check_counts(struct keeper *k)
{
	struct pfsnl_ckpts *store = keeper_store(k);
	const struct pfsnl_ckpt_handle *h;
	struct pfsnl_section *s;
	struct pfsnl_ckpt *c;
	u64 sum = 0;

	for (c = pfsnl_ckpts_after(store, NULL); c;
	     c = pfsnl_ckpts_after(store, &c->number)) {
		sum += PFSNL_CKPT_COST;
		for (s = pfsnl_section_first(c); s; s = pfsnl_section_next(s))
			sum += PFSNL_SECTION_COST + s->id_len + s->len;
	}
	for (h = pfsnl_ckpts_handle_after(store, NULL); h;
	     h = pfsnl_ckpts_handle_after(store, &h->key))
		sum += PFSNL_HANDLE_COST;
	if (sum != pfsnl_ckpts_used(store))
		sim_violated("ckpt-memory", "%08x: %llu bytes count as %llu",
			     addr_of(k), (unsigned long long)sum,
			     (unsigned long long)pfsnl_ckpts_used(store));
}

/* No operation makes it more than those may; the rest is for synchronization. */
static void check_room(struct keeper *k, struct sight *s)
{
	const struct pfsnl_ckpt_limits *l = pfsnl_ckpts_limits(keeper_store(k));
	u64 used = pfsnl_ckpts_used(keeper_store(k));

	if (used > s->used && used > l->bytes - l->headroom)
		sim_violated("ckpt-memory",
			     "%08x: an operation fills %llu bytes of %llu, of which %llu are headroom",
			     addr_of(k), (unsigned long long)used,
			     (unsigned long long)l->bytes,
			     (unsigned long long)l->headroom);
	s->used = used;
}

static void after_activation(struct keeper *k, const struct pfsnl_ring_id *ring)
{
	struct sight *s = sight_of(k);
	u64 sum;

	world_say(t.w, &k->node->host, "store of ring %llu, %u conflicts%s",
		  (unsigned long long)ring->seq, k->n_conflicts - s->conflicts,
		  s->passed_by ? ", others went on without it" : "");
	if (s->first)
		rite_close(s->rite, k, k->n_conflicts != s->conflicts);
	went_both(&s->went, rite_went(s->rite));
	sum = rite_mix_store(keeper_store(k));
	if (s->merged && s->merged != sum)
		sim_violated("ckpt-merge",
			     "%08x, ring %llu: in another order sides become something else",
			     addr_of(k), (unsigned long long)ring->seq);
	if (!same(k, ABOUT_STORE, rite_mix(ring), sum))
		sim_violated("ckpt-same", "%08x, ring %llu: activated with another store",
			     addr_of(k), (unsigned long long)ring->seq);
	check_refs(k, true);
	check_counts(k);
	s->used = pfsnl_ckpts_used(keeper_store(k));
}

static void began(struct keeper *k)
{
	struct sight *s = sight_of(k);

	s->compares = !k->svc->n_queued;
	s->began = rite_mix_store(keeper_store(k));
}

static void came_to_nothing(struct keeper *k)
{
	struct sight *s = sight_of(k);
	const struct pfsnl_ckpts *store = keeper_store(k);

	if (s->compares && s->began != rite_mix_store(keeper_store(k)))
		sim_violated("ckpt-keeps", "%08x: an aborted round changed something",
			     addr_of(k));
	if (store->n_sides || !list_empty(&store->sides) || k->svc->round.parcel)
		sim_violated("ckpt-memory",
			     "%08x: something is left of an aborted round",
			     addr_of(k));
}

static u64 fate_of(const struct keeper *k, u64 n)
{
	return sim_mix(k->node->incarnation ^ sim_mix(n));
}

/* Whether a process of the node wanted what is said, or else its service says it. */
static bool is_wanted(const struct keeper *k, u64 n)
{
	const struct deed *d;

	list_for_each_entry(d, &k->deeds, list)
		if (!d->answered && d->r.n == n)
			return true;
	return false;
}

/* What is about to expire, if it is an operation that says so, and it is the next. */
static void note_due(struct keeper *k, const struct pfsnl_sync_event *ev)
{
	struct pfsnl_section *sec;
	struct sight *s = sight_of(k);
	struct pfsnl_ckptmsg m;
	struct pfsnl_ckpt *c;

	s->due = 0;
	if (k->svc->n_queued || pfsnl_ckptmsg_decode(&m, ev->data, ev->len))
		return;
	if (m.kind == PFSNL_CKPTMSG_EXPIRE)
		c = pfsnl_ckpts_find(keeper_store(k), &m.number);
	else if (m.kind == PFSNL_CKPTMSG_UNLINK && ev->own && !is_wanted(k, ev->n))
		c = pfsnl_ckpts_named(keeper_store(k), m.name, m.name_len);
	else
		return;
	if (!c)
		return;
	s->due = pfsnl_ckpt_expires(c);
	if (!(m.flags & PFSNL_EXPIRE_SECTION))
		return;
	sec = pfsnl_section_find(c, m.name, m.name_len);
	s->due = sec ? sec->expires : 0;
}

static void telling(struct keeper *k, const struct pfsnl_sync_event *ev)
{
	if (ev->kind == PFSNL_SYNC_ACTIVATE)
		before_activation(k, ev->ring);
	else if (ev->kind == PFSNL_SYNC_SAID)
		note_due(k, ev);
}

static void told(struct keeper *k, const struct pfsnl_sync_event *ev, int ret)
{
	switch (ev->kind) {
	case PFSNL_SYNC_INIT:
		began(k);
		break;
	case PFSNL_SYNC_PROCESS:
		if (!ret)
			rite_take(rite_of(ev->ring), k, &sight_of(k)->went);
		break;
	case PFSNL_SYNC_ABORT:
		came_to_nothing(k);
		break;
	case PFSNL_SYNC_ACTIVATE:
		after_activation(k, ev->ring);
		break;
	case PFSNL_SYNC_RETRY:
		if (!same(k, ABOUT_FATE, fate_of(k, ev->n), 1))
			sim_violated("ckpt-once",
				     "%08x: number %llu is to be said again, and was applied",
				     addr_of(k), (unsigned long long)ev->n);
		break;
	default:
		break;
	}
}

/* Nothing expires before its time by any clock. */
static void check_expired(const struct keeper *k, u64 due)
{
	u64 now = KEEPER_EPOCH + t.w->sim.now;

	if (due > now + t.skew)
		sim_violated("ckpt-expires", "%08x: something expired %llu ms early",
			     addr_of(k), (unsigned long long)(due - now) / 1000000);
}

static void was_applied(struct keeper *k, const struct pfsnl_ckpt_applied *a)
{
	struct pfsnl_ckpts *store = keeper_store(k);
	const struct pfsnl_lineage *l = pfsnl_ckpts_lineage(store);
	struct sight *s = sight_of(k);
	const struct pfsnl_ckpt_dot *dot;
	u64 place, fate = sim_mix(a->from.incarnation ^ sim_mix(a->from.n));

	if (!l->n)
		return;
	dot = &l->at[l->n - 1];
	world_say(t.w, &k->node->host,
		  "ring %llu, operation %llu: kind %u of %08x, number %llu, process %u, handle %u: %d",
		  (unsigned long long)dot->ring.seq, (unsigned long long)dot->count,
		  a->m->kind, a->from.addr, (unsigned long long)a->from.n,
		  a->m->process, a->m->handle, a->result->err);
	place = sim_mix(rite_mix(&dot->ring) ^ dot->count);
	went_to(&s->went, rite_of(&dot->ring), dot->count);
	if (!same(k, ABOUT_FATE, fate, 2) || !same(k, ABOUT_PLACE, fate, place))
		sim_violated("ckpt-once",
			     "%08x: number %llu of %08x was applied twice, or in vain",
			     addr_of(k), (unsigned long long)a->from.n,
			     a->from.addr);
	if (a->result->created &&
	    !same(k, ABOUT_NUMBER, rite_mix_number(&a->result->number),
		  rite_mix_bytes(place, a->name, a->name_len)))
		sim_violated("ckpt-number", "%08x: %08x/%llu is the number of two checkpoints",
			     addr_of(k), a->result->number.creator,
			     (unsigned long long)a->result->number.counter);
	if (a->m->kind == PFSNL_CKPTMSG_EXPIRE && !a->result->err)
		check_expired(k, max(s->due, a->m->expires));
	else if (a->m->kind == PFSNL_CKPTMSG_UNLINK && !a->result->err && s->due)
		check_expired(k, s->due);
	s->due = 0;
	check_room(k, s);
	if (place % COMPARED)
		return;
	check_counts(k);
	if (!same(k, ABOUT_STORE, place, rite_mix_store(store) ^ keeper_mix(k)))
		sim_violated("ckpt-same", "%08x, ring %llu: another store after %llu operations",
			     addr_of(k), (unsigned long long)dot->ring.seq,
			     (unsigned long long)dot->count);
	check_refs(k, false);
}

static void answered(struct keeper *k, const struct deed *d,
		     const struct pfsnl_ckpt_result *result)
{
	struct sight *s = sight_of(k);

	if (!d->err && !result)
		sim_violated("ckpt-once", "%08x: a request is said to be done and was not",
			     addr_of(k));
	if (d->err == -ESHUTDOWN && d->r.n)
		sim_violated("ckpt-once", "%08x: a request that was said is said not to be",
			     addr_of(k));
	if (!result)
		return;
	if (!same(k, ABOUT_FATE, fate_of(k, d->r.n), 2))
		sim_violated("ckpt-once", "%08x: number %llu is to be said again, and is answered",
			     addr_of(k), (unsigned long long)d->r.n);
	if (d->r.order <= s->order)
		sim_violated("ckpt-once", "%08x: request %llu is done after request %llu",
			     addr_of(k), (unsigned long long)d->r.order,
			     (unsigned long long)s->order);
	s->order = d->r.order;
}

/* Others may have gone on without the node; else nobody takes a handle away. */
static void lost(struct keeper *k, const struct keeper_handle *h)
{
	if (h->open && !sight_of(k)->passed_by)
		sim_violated("ckpt-refs", "%08x: handle %u of process %u is lost",
			     addr_of(k), h->handle, h->process);
}

static void out(struct keeper *k, int err)
{
	if (err != -ENOSPC || k->most >= WITNESS_MOST)
		sim_violated("ckpt-goes-on", "%08x can't take part: %s", addr_of(k),
			     strerror(-err));
}

static const struct keeper_tap tap = {
	.telling = telling,
	.told = told,
	.applied = was_applied,
	.answered = answered,
	.lost = lost,
	.out = out,
};

/**
 * witness_begin - look at keepers from now on
 * @w: their world; none runs
 * @skew: how much the clocks that stamp differ from the right time at most, nanoseconds
 */
void witness_begin(struct world *w, u64 skew)
{
	u32 i;

	memset(&t, 0, sizeof(t));
	t.w = w;
	t.skew = skew;
	rites_begin();
	t.sights = sim_alloc(w->n * sizeof(*t.sights));
	for (i = 0; i < w->n; i++)
		if (w->nodes[i]->keeper)
			w->nodes[i]->keeper->tap = &tap;
}

/** witness_end - look no more */
void witness_end(void)
{
	u32 i;

	for (i = 0; t.w && i < t.w->n; i++) {
		free(t.sights[i].went.count);
		if (t.w->nodes[i]->keeper)
			t.w->nodes[i]->keeper->tap = NULL;
	}
	rites_end();
	free(t.sights);
	memset(&t, 0, sizeof(t));
}

/**
 * witness_look - look at what the service of a node holds now
 * @k: its keeper
 *
 * What is stored may take four times of what it counts. What a round has beside the
 * sides, and what was delivered and waits, has its own size.
 */
void witness_look(struct keeper *k)
{
	const struct pfsnl_ckpt_set *side;
	const struct pfsnl_ckpt_item *item;
	const struct pfsnl_ckpts *store;
	u64 bound;

	if (!k->svc)
		return;
	store = keeper_store(k);
	bound = 4 * pfsnl_ckpts_used(store) + sizeof(*k->svc) + t.w->n * 256 + 8192;
	list_for_each_entry(side, &store->sides, side)
		bound += 4 * side->used + sizeof(*side) + t.w->n * 256;
	list_for_each_entry(side, &store->trash, side)
		bound += 4 * side->used + sizeof(*side) + t.w->n * 256;
	if (k->svc->round.parcel)
		bound += PFSNL_PARCEL_MAX;
	bound += k->svc->bytes + k->svc->n_queued * (sizeof(*item) + 32);
	list_for_each_entry(item, &k->svc->spares, list)
		bound += sizeof(*item) + 32 + item->len;
	if (k->bytes > bound)
		sim_violated("ckpt-memory", "%08x: %llu bytes, its bound is %llu",
			     addr_of(k), (unsigned long long)k->bytes,
			     (unsigned long long)bound);
}

/* When something expires next, whatever the store thinks of it. */
static u64 next_expiry(struct pfsnl_ckpts *store)
{
	struct pfsnl_section *s;
	struct pfsnl_ckpt *c;
	u64 when = PFSNL_NEVER;

	for (c = pfsnl_ckpts_after(store, NULL); c;
	     c = pfsnl_ckpts_after(store, &c->number)) {
		when = min(when, pfsnl_ckpt_expires(c));
		for (s = pfsnl_section_first(c); s; s = pfsnl_section_next(s))
			when = min(when, s->expires);
	}
	return when;
}

static bool knows(const struct keeper *k, const struct pfsnl_ckpt_handle *h)
{
	const struct keeper_handle *at;

	list_for_each_entry(at, &k->handles, list)
		if (at->process == h->key.process && at->handle == h->key.handle)
			return at->open;
	return false;
}

static struct keeper *keeper_at(u32 addr, u64 incarnation)
{
	struct node *n = t.w->nodes[addr - WORLD_ADDR(0)];

	return n->incarnation == incarnation && n->core ? n->keeper : NULL;
}

/* Nothing is under way: handles are those of processes, no more and no less. */
static void check_open(struct keeper *k)
{
	const struct pfsnl_ckpt_handle *h;
	const struct keeper_handle *at;
	const struct keeper *of;

	check_refs(k, true);
	for (h = pfsnl_ckpts_handle_after(keeper_store(k), NULL); h;
	     h = pfsnl_ckpts_handle_after(keeper_store(k), &h->key)) {
		of = keeper_at(h->key.addr, h->key.incarnation);
		if (!of || !knows(of, h))
			sim_violated("ckpt-refs",
				     "%08x: handle %u of process %u of %08x is nobody's",
				     addr_of(k), h->key.handle, h->key.process,
				     h->key.addr);
	}
	list_for_each_entry(at, &k->handles, list)
		if (at->open && !pfsnl_ckptsvc_holds(k->svc, at->process, at->handle))
			sim_violated("ckpt-refs",
				     "%08x: handle %u of process %u is not in the store",
				     addr_of(k), at->handle, at->process);
}

/* Whether all are at the same place, and nothing is under way. */
static bool all_settled(void)
{
	const struct pfsnl_lineage *l;
	struct keeper *k;
	u64 place = 0, at;
	u32 i;

	for (i = 0; i < t.w->n; i++) {
		k = t.w->nodes[i]->keeper;
		if (!k || !node_runs(t.w->nodes[i]) || !keeper_state(k).joined)
			continue;
		if (!keeper_settled(k))
			return false;
		l = pfsnl_ckpts_lineage(keeper_store(k));
		at = rite_mix(&l->at[l->n - 1].ring) ^ l->at[l->n - 1].count;
		if (place && place != at)
			return false;
		place = at;
	}
	return place;
}

/**
 * witness_rest - look at what must hold when nobody wants anything and nothing goes wrong
 * @since: since when that is so
 *
 * To be called again and again while it is.
 */
void witness_rest(u64 since)
{
	u64 now = t.w->sim.now, when, limit = t.skew + 2 * RANK;
	bool settled = all_settled();
	struct keeper *k;
	u32 i;

	for (i = 0; i < t.w->n; i++) {
		k = t.w->nodes[i]->keeper;
		if (!k || !node_runs(t.w->nodes[i]) || !keeper_state(k).active)
			continue;
		if (settled)
			check_open(k);
		when = next_expiry(keeper_store(k));
		when = max(when, KEEPER_EPOCH + since) - KEEPER_EPOCH;
		if (when < now && now - when > limit)
			sim_violated("ckpt-expires", "%08x: something is due since %llu ms",
				     addr_of(k),
				     (unsigned long long)(now - when) / 1000000);
	}
}
