// SPDX-License-Identifier: GPL-2.0
/*
 * Rites, see rite.h.
 */
#include <linux/minmax.h>
#include <stdlib.h>
#include <string.h>

#include "ckptround.h"
#include "rite.h"
#include "state.h"
#include "store.h"

/**
 * struct version - of a checkpoint, in a store
 * @number: which
 * @ring: index of the ring in which it was changed
 * @count: and the operation
 * @linked: it has a name
 * @name: that, mixed
 * @holds: all that it holds, mixed
 */
struct version {
	struct pfsnl_ckpt_number number;
	u32 ring;
	u64 count;
	bool linked;
	u64 name;
	u64 holds;
};

/**
 * struct shot - a store, as it goes into a round
 * @next: of the same round
 * @keeper: whose
 * @life: incarnation of its node
 * @went: what it went through
 * @n: versions
 * @versions: by number
 */
struct shot {
	struct shot *next;
	struct keeper *keeper;
	u64 life;
	struct went went;
	u32 n;
	struct version *versions;
};

/**
 * struct rite - a ring
 * @ring: which
 * @shots: stores that go into its round, freed when somebody activated it
 * @done: somebody did
 * @went: what the store went through that was made
 */
struct rite {
	struct pfsnl_ring_id ring;
	struct shot *shots;
	bool done;
	struct went went;
};

static struct rite *all;
static u32 n_all;

/**
 * rite_mix - a ring, mixed
 * @ring: which
 */
u64 rite_mix(const struct pfsnl_ring_id *ring)
{
	return sim_mix(ring->seq ^ sim_mix(ring->incarnation ^ ring->leader));
}

/**
 * rite_mix_bytes - bytes, mixed with a number
 * @sum: the number
 * @data: the bytes
 * @len: how many
 */
u64 rite_mix_bytes(u64 sum, const void *data, size_t len)
{
	const u8 *p = data;

	while (len--)
		sum = (sum ^ *p++) * 0x100000001b3ULL;
	return sim_mix(sum);
}

/**
 * rite_mix_number - the number of a checkpoint, mixed
 * @n: the number
 */
u64 rite_mix_number(const struct pfsnl_ckpt_number *n)
{
	return sim_mix(n->incarnation ^ sim_mix(n->counter ^ sim_mix(n->creator)));
}

/**
 * rite_of - the index of a ring
 * @ring: which
 */
u32 rite_of(const struct pfsnl_ring_id *ring)
{
	u32 i;

	/* the newest are asked for most */
	for (i = n_all; i; i--)
		if (ring_same(&all[i - 1].ring, ring))
			return i - 1;
	all = sim_resize(all, (n_all + 1) * sizeof(*all));
	all[n_all] = (struct rite) { .ring = *ring };
	return n_all++;
}

/**
 * went_to - a store is at a place
 * @w: what it went through
 * @rite: the ring
 * @count: operations in it
 */
void went_to(struct went *w, u32 rite, u64 count)
{
	if (rite >= w->n) {
		w->count = sim_resize(w->count, (rite + 1) * sizeof(*w->count));
		memset(w->count + w->n, 0, (rite + 1 - w->n) * sizeof(*w->count));
		w->n = rite + 1;
	}
	w->count[rite] = max(w->count[rite], (u32)count + 1);
}

static bool was_at(const struct went *w, u32 rite, u64 count)
{
	return rite < w->n && w->count[rite] > count;
}

/**
 * went_both - a store has all that another had
 * @into: what it went through
 * @from: and the other
 */
void went_both(struct went *into, const struct went *from)
{
	u32 i;

	for (i = 0; i < from->n; i++)
		if (from->count[i])
			went_to(into, i, from->count[i] - 1);
}

static u64 mix_section(struct pfsnl_section *s)
{
	u64 sum = rite_mix_bytes(s->len ^ sim_mix(s->expires), s->id, s->id_len);
	u8 bytes[256];
	u64 at, n;

	for (at = 0; at < s->len; at += n) {
		n = pfsnl_section_read(s, at, bytes, sizeof(bytes));
		sum = rite_mix_bytes(sum, bytes, n);
	}
	return sum;
}

static u64 mix_holds(struct pfsnl_ckpt *c)
{
	struct pfsnl_section *s;
	u64 sum = c->n_sections;

	for (s = pfsnl_section_first(c); s; s = pfsnl_section_next(s))
		sum = sim_mix(sum ^ mix_section(s));
	return sum;
}

/**
 * rite_mix_store - all of a store, mixed; also what is in no digest
 * @store: which
 */
u64 rite_mix_store(struct pfsnl_ckpts *store)
{
	const struct pfsnl_ckpt_handle *h;
	struct pfsnl_ckpt *c;
	u64 sum = pfsnl_ckpts_used(store);

	for (c = pfsnl_ckpts_after(store, NULL); c;
	     c = pfsnl_ckpts_after(store, &c->number)) {
		sum = rite_mix_bytes(sum ^ rite_mix_number(&c->number), c->name, c->name_len);
		sum = sim_mix(sum ^ mix_holds(c));
		sum = sim_mix(sum ^ c->flags ^ sim_mix(c->ops) ^ c->refs);
		sum = sim_mix(sum ^ rite_mix(&c->changed.ring) ^ c->changed.count);
		sum = sim_mix(sum ^ pfsnl_ckpt_expires(c) ^ c->next_id);
	}
	for (h = pfsnl_ckpts_handle_after(store, NULL); h;
	     h = pfsnl_ckpts_handle_after(store, &h->key)) {
		sum = sim_mix(sum ^ h->key.addr ^ sim_mix(h->key.incarnation));
		sum = sim_mix(sum ^ h->key.process ^ (u64)h->key.handle << 32);
		sum = sim_mix(sum ^ rite_mix_number(&h->number) ^ h->flags);
	}
	return sum;
}

static struct version version_of(struct pfsnl_ckpt *c)
{
	return (struct version) {
		.number = c->number,
		.ring = rite_of(&c->changed.ring),
		.count = c->changed.count,
		.linked = !(c->flags & PFSNL_CKPT_UNLINKED),
		.name = rite_mix_bytes(0, c->name, c->name_len),
		.holds = mix_holds(c),
	};
}

static void shot_free(struct shot *s)
{
	free(s->went.count);
	free(s->versions);
	free(s);
}

/**
 * rite_take - a node is done: nothing changes its store before it is activated
 * @rite: the ring
 * @k: its keeper
 * @went: what its store went through
 */
void rite_take(u32 rite, struct keeper *k, const struct went *went)
{
	struct pfsnl_ckpts *store = keeper_store(k);
	struct shot *s = sim_alloc(sizeof(*s));
	struct pfsnl_ckpt *c;

	s->keeper = k;
	s->life = k->node->incarnation;
	went_both(&s->went, went);
	for (c = pfsnl_ckpts_after(store, NULL); c;
	     c = pfsnl_ckpts_after(store, &c->number)) {
		s->versions = sim_resize(s->versions,
					 (s->n + 1) * sizeof(*s->versions));
		s->versions[s->n++] = version_of(c);
	}
	s->next = all[rite].shots;
	all[rite].shots = s;
}

static const struct version *version_in(const struct shot *s,
					const struct pfsnl_ckpt_number *number)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (!pfsnl_ckpt_number_cmp(&s->versions[i].number, number))
			return &s->versions[i];
	return NULL;
}

/* Somebody had this version and has it no more: as it went on, or threw it away. */
static bool is_past(const struct rite *rite, const struct version *v)
{
	const struct version *other;
	const struct shot *s;

	for (s = rite->shots; s; s = s->next) {
		if (!was_at(&s->went, v->ring, v->count))
			continue;
		other = version_in(s, &v->number);
		if (!other || other->ring != v->ring || other->count != v->count)
			return true;
	}
	return false;
}

/* Whether somebody came with this checkpoint under this name. */
static bool is_named(const struct rite *rite, const struct pfsnl_ckpt_number *number,
		     u64 name)
{
	const struct version *v;
	const struct shot *s;

	for (s = rite->shots; s; s = s->next) {
		v = version_in(s, number);
		if (v && v->name == name)
			return true;
	}
	return false;
}

/* Whether a version is there: as it was, or, after a conflict, under another name. */
static bool is_kept(struct keeper *k, const struct rite *rite, const struct version *v,
		    bool conflict)
{
	struct pfsnl_ckpts *store = keeper_store(k);
	struct pfsnl_ckpt *c = pfsnl_ckpts_find(store, &v->number);
	u64 name = c ? rite_mix_bytes(0, c->name, c->name_len) : 0;

	/* it may have lost its name on another side, where that was told */
	if (c && mix_holds(c) == v->holds && !(c->flags & PFSNL_CKPT_UNLINKED) &&
	    (name == v->name || (c->flags & PFSNL_CKPT_CONFLICT &&
				 (conflict || is_named(rite, &v->number, name)))))
		return true;
	if (!conflict)
		return false;
	for (c = pfsnl_ckpts_after(store, NULL); c && !c->number.creator;
	     c = pfsnl_ckpts_after(store, &c->number))
		if (c->flags & PFSNL_CKPT_CONFLICT && mix_holds(c) == v->holds)
			return true;
	return false;
}

/* What went into the round came out of it. */
static void check_kept(struct keeper *k, const struct rite *rite, bool conflict)
{
	const struct shot *s;
	u32 i;

	for (s = rite->shots; s; s = s->next)
		for (i = 0; i < s->n; i++) {
			const struct version *v = &s->versions[i];

			if (!v->linked || is_past(rite, v) ||
			    is_kept(k, rite, v, conflict))
				continue;
			sim_violated("ckpt-keeps",
				     "%08x, ring %llu: what %08x had as %08x/%llu is lost",
				     k->node->host.addr,
				     (unsigned long long)rite->ring.seq,
				     s->keeper->node->host.addr, v->number.creator,
				     (unsigned long long)v->number.counter);
		}
}

static void *spare_alloc(void *ctx, size_t size)
{
	return sim_alloc(size);
}

static void spare_free(void *ctx, void *p)
{
	free(p);
}

static void spare_conflict(void *ctx, const struct pfsnl_ckpt_conflict *c)
{
}

/* A node that transmits, if its store is still what it went into the round with. */
static struct keeper *transmitter(const struct rite *rite, u32 addr, u64 incarnation)
{
	const struct shot *s;

	for (s = rite->shots; s; s = s->next)
		if (s->keeper->node->host.addr == addr && s->life == incarnation &&
		    s->keeper->svc && s->keeper->node->incarnation == incarnation)
			return s->keeper;
	return NULL;
}

/* All that a store says of itself goes into another one. Return: whether it could. */
static bool tell_all(struct pfsnl_ckpts *to, u32 addr, struct pfsnl_ckpts *from)
{
	static u8 room[PFSNL_PARCEL_MAX];
	struct pfsnl_ckpt_iter it;
	struct pfsnl_ckptrec rec;
	u32 len;

	pfsnl_ckpt_iter_all(&it, PFSNL_SEND_ALL);
	while ((len = pfsnl_ckpts_send(from, &it, room, sizeof(room))))
		if (pfsnl_ckptrec_decode(&rec, room, len) ||
		    pfsnl_ckpts_record(to, addr, &rec) < 0)
			return false;
	return true;
}

/*
 * What sides become if they are taken in the opposite order, by a store that had
 * nothing. Return: that, mixed; 0: unknown, as one of them is not there any more.
 */
static u64 merge_otherwise(struct keeper *k, const struct rite *rite)
{
	static const struct pfsnl_ckpt_limits limits = { .bytes = 1 };
	const struct pfsnl_core *core = k->node->core;
	struct pfsnl_ckpt_round *r = &k->svc->round;
	struct pfsnl_ckpt_ops ops = k->svc->ops.store;
	struct pfsnl_sync_member m = {};
	struct pfsnl_ckpts *store;
	struct keeper *from;
	u32 sides = 0;
	u64 sum = 0;

	while (pfsnl_core_sync_member(core, PFSNL_SERVICE_CKPT, m.addr, &m))
		sides += m.transmits;
	if (r->same || sides < 2)
		return 0;
	ops.alloc = spare_alloc;
	ops.free = spare_free;
	ops.conflict = spare_conflict;
	store = pfsnl_ckpts_create(&ops, NULL, &limits, ~0ULL);
	pfsnl_ckpts_begin(store);
	m.addr = 0;
	while (pfsnl_core_sync_member(core, PFSNL_SERVICE_CKPT, m.addr, &m)) {
		if (!m.transmits)
			continue;
		from = transmitter(rite, m.addr, m.incarnation);
		if (!from || !tell_all(store, sides--, keeper_store(from)))
			goto out;
	}
	pfsnl_ckpts_weigh(store);
	if (!pfsnl_ckpts_activate(store, &r->ring, r->time, r->nodes, r->members))
		sum = rite_mix_store(store);
out:
	pfsnl_ckpts_destroy(store);
	return sum;
}

/**
 * rite_open - somebody is about to be activated
 * @rite: in this ring
 * @k: its keeper
 * @merged: what must come of it, mixed; 0: unknown
 *
 * Return: whether it is the first.
 */
bool rite_open(u32 rite, struct keeper *k, u64 *merged)
{
	const struct shot *s;

	*merged = 0;
	if (all[rite].done)
		return false;
	for (s = all[rite].shots; s; s = s->next)
		went_both(&all[rite].went, &s->went);
	*merged = merge_otherwise(k, &all[rite]);
	return true;
}

/**
 * rite_passed - whether others were in a ring without a store that is activated now
 * @rite: in this one
 * @went: what the store went through
 */
bool rite_passed(u32 rite, const struct went *went)
{
	const struct went *theirs = &all[rite].went;
	u32 i;

	for (i = 0; i < theirs->n; i++)
		if (i != rite && theirs->count[i] &&
		    (i >= went->n || !went->count[i]))
			return true;
	return false;
}

/**
 * rite_close - somebody was activated, as the first
 * @rite: in this ring
 * @k: its keeper
 * @conflict: some were reported
 */
void rite_close(u32 rite, struct keeper *k, bool conflict)
{
	struct shot *s;

	check_kept(k, &all[rite], conflict);
	while ((s = all[rite].shots)) {
		all[rite].shots = s->next;
		shot_free(s);
	}
	went_to(&all[rite].went, rite, 0);
	all[rite].done = true;
}

/** rite_went - what the store went through that is activated in a ring */
const struct went *rite_went(u32 rite)
{
	return &all[rite].went;
}

/** rites_begin - there was no ring yet */
void rites_begin(void)
{
	all = NULL;
	n_all = 0;
}

/** rites_end - forget all rings */
void rites_end(void)
{
	struct shot *s;
	u32 i;

	for (i = 0; i < n_all; i++) {
		while ((s = all[i].shots)) {
			all[i].shots = s->next;
			shot_free(s);
		}
		free(all[i].went.count);
	}
	free(all);
	rites_begin();
}
