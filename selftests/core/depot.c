// SPDX-License-Identifier: GPL-2.0
/*
 * Depots, see depot.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "depot.h"
#include "sim.h"

#define ROOM	(70 << 10)

struct pfsnl_ckpt_limits depot_limits = { .bytes = 1ULL << 40, .headroom = 1 << 20 };

/* Good enough to tell stores of tests apart; byte by byte, however they come. */
struct hash {
	u64 a, b;
};

static void hash_init(void *state)
{
	struct hash *h = state;

	h->a = 0xcbf29ce484222325ULL;
	h->b = 0x9e3779b97f4a7c15ULL;
}

static void hash_update(void *state, const void *data, size_t len)
{
	struct hash *h = state;
	const u8 *p = data;
	u64 a = h->a, b = h->b;

	while (len--) {
		a = (a ^ *p) * 0x100000001b3ULL;
		b = (b + *p++ + 1) * 0xbf58476d1ce4e5b9ULL;
		b ^= b >> 29;
	}
	h->a = a;
	h->b = b;
}

static void hash_final(void *state, u8 *digest)
{
	struct hash *h = state;
	u64 a = sim_mix(h->a ^ h->b), b = sim_mix(h->b);

	memcpy(digest, &a, 8);
	memcpy(digest + 8, &b, 8);
}

static u64 sum(const void *data, size_t len)
{
	struct hash h;

	hash_init(&h);
	hash_update(&h, data, len);
	return h.b;
}

static void *depot_alloc(void *ctx, size_t size)
{
	return ledger_alloc(&((struct depot *)ctx)->ledger, size);
}

static void *depot_alloc_raw(void *ctx, size_t size)
{
	void *p = depot_alloc(ctx, size);

	if (p)
		memset(p, 0xa5, size);
	return p;
}

static void depot_give(void *ctx, void *p)
{
	ledger_free(&((struct depot *)ctx)->ledger, p);
}

static void depot_conflict(void *ctx, const struct pfsnl_ckpt_conflict *c)
{
	struct depot *d = ctx;

	d->conflicts[d->n_conflicts % DEPOT_REPORTS] = *c;
	d->n_conflicts++;
}

const struct pfsnl_ckpt_ops depot_ops = {
	.alloc = depot_alloc,
	.alloc_raw = depot_alloc_raw,
	.free = depot_give,
	.hash_size = sizeof(struct hash),
	.hash_init = hash_init,
	.hash_update = hash_update,
	.hash_final = hash_final,
	.sum = sum,
	.conflict = depot_conflict,
};

/* nodes of one test are told apart, and those of the next are the same again */
u64 depot_lives;

/**
 * depot_new - a node that has nothing, and was in no ring
 * @index: which
 */
struct depot *depot_new(u32 index)
{
	struct depot *d = sim_alloc(sizeof(*d));

	d->from.addr = DEPOT_ADDR(index);
	d->from.incarnation = ++depot_lives;
	d->store = pfsnl_ckpts_create(&depot_ops, d, &depot_limits, 1ULL << 42);
	return d;
}

/**
 * depot_free - it ends, and nothing of it is left
 * @d: the depot
 */
void depot_free(struct depot *d)
{
	pfsnl_ckpts_destroy(d->store);
	if (d->ledger.live)
		sim_fail("%llu pieces of memory are left",
			 (unsigned long long)d->ledger.live);
	free(d);
}

/**
 * depots_new - nodes that are in a ring
 * @n: how many
 */
struct depots depots_new(u32 n)
{
	struct depots all = { .n = n, .time = 1000 };
	u32 i;

	for (i = 0; i < n; i++)
		all.at[i] = depot_new(i);
	if (depots_meet(&all))
		sim_fail("no ring to begin with");
	return all;
}

/**
 * depots_free - all of them end
 * @all: which
 */
void depots_free(struct depots *all)
{
	u32 i;

	for (i = 0; i < all->n; i++)
		depot_free(all->at[i]);
}

/**
 * depots_of - some of them, that hear no other from now on
 * @all: all
 * @first: the first of some
 * @n: how many
 */
struct depots depots_of(const struct depots *all, u32 first, u32 n)
{
	struct depots some = { .n = n, .time = all->time };

	memcpy(some.at, all->at + first, n * sizeof(*some.at));
	return some;
}

/**
 * depots_both - two sides that will meet
 * @a: the one
 * @b: the other
 */
struct depots depots_both(const struct depots *a, const struct depots *b)
{
	struct depots both = *a;

	memcpy(both.at + a->n, b->at, b->n * sizeof(*b->at));
	both.n += b->n;
	both.time = max(a->time, b->time);
	return both;
}

static bool result_same(const struct pfsnl_ckpt_result *a,
			const struct pfsnl_ckpt_result *b)
{
	return a->err == b->err && a->created == b->created && a->freed == b->freed &&
	       !memcmp(&a->number.incarnation, &b->number.incarnation, 20) &&
	       a->id_len == b->id_len && !memcmp(a->id, b->id, a->id_len);
}

/**
 * depots_apply - an operation reaches all
 * @all: those that hear it
 * @sender: index in @all of who sends it
 * @m: the operation; its time is set
 *
 * It goes as bytes, in memory that ends where they end. Memory that is lacking is there
 * at a later try.
 */
struct pfsnl_ckpt_result depots_apply(struct depots *all, u32 sender,
				      struct pfsnl_ckptmsg *m)
{
	struct pfsnl_ckpt_from from = all->at[sender]->from;
	struct pfsnl_ckpt_result first = {}, result;
	struct pfsnl_ckptmsg decoded;
	u32 i, len;
	u8 *wire;

	from.n = ++all->at[sender]->from.n;
	if (!m->time)
		m->time = all->time++;
	len = pfsnl_ckptmsg_size(m);
	wire = sim_alloc(len);
	pfsnl_ckptmsg_encode(m, wire);
	if (pfsnl_ckptmsg_decode(&decoded, wire, len))
		sim_fail("own operation %u makes no sense", m->kind);
	for (i = 0; i < all->n; i++) {
		while (pfsnl_ckpts_reserve(all->at[i]->store, &from, &decoded))
			;
		pfsnl_ckpts_apply(all->at[i]->store, &from, &decoded, &result);
		if (!i)
			first = result;
		else if (!result_same(&first, &result))
			sim_fail("answers differ: %d and %d", first.err, result.err);
	}
	free(wire);
	return first;
}

/* A record reaches all. Return: an error of any, or whether any wants more. */
static int carry(struct depots *all, u32 sender, const u8 *wire, u32 len)
{
	u8 *exact = sim_alloc(len);
	struct pfsnl_ckptrec r;
	int err = 0, wanted = 0;
	u32 i;

	all->moved += len;
	memcpy(exact, wire, len);
	if (pfsnl_ckptrec_decode(&r, exact, len))
		sim_fail("own record %u makes no sense", wire[0]);
	for (i = 0; i < all->n && !err; i++) {
		int got = pfsnl_ckpts_record(all->at[i]->store,
					     all->at[sender]->from.addr, &r);

		if (got < 0)
			err = got;
		wanted |= got > 0;
	}
	free(exact);
	return err ? err : wanted;
}

struct want {
	struct want *next;
	struct pfsnl_ckpt_number number;
	u32 len;
	u8 id[PFSNL_SECTION_ID_MAX];
};

static void want_add(struct want **list, const u8 *wire, u32 len)
{
	struct want *w = sim_alloc(sizeof(*w));
	struct pfsnl_ckptrec r;

	pfsnl_ckptrec_decode(&r, wire, len);
	w->number = r.number;
	w->len = r.kind == PFSNL_CKPTREC_SECTION ? r.name_len : 0;
	memcpy(w->id, r.name, w->len);
	w->next = *list;
	*list = w;
}

static bool want_take(struct want **list, struct want *w)
{
	struct want *first = *list;

	if (!first)
		return false;
	*w = *first;
	*list = first->next;
	free(first);
	return true;
}

/* All records of an iterator; what anybody wants of it is in @wants. */
static int carry_all(struct depots *all, u32 sender, struct pfsnl_ckpt_iter *it,
		     struct want **wants)
{
	u8 *wire = sim_alloc(ROOM);
	int err = 0;
	u32 len;

	while (err >= 0 && (len = pfsnl_ckpts_send(all->at[sender]->store, it, wire,
						   ROOM))) {
		err = carry(all, sender, wire, len);
		if (err == 1 && wants)
			want_add(wants, wire, len);
	}
	free(wire);
	return min(err, 0);
}

/* What it has, what of that somebody wants, and what of that. */
static int transmit(struct depots *all, u32 sender)
{
	struct want *ckpts = NULL, *sections = NULL, w;
	struct pfsnl_ckpt_iter it;
	int err;

	pfsnl_ckpt_iter_all(&it, PFSNL_SEND_HEADS);
	err = carry_all(all, sender, &it, &ckpts);
	while (want_take(&ckpts, &w)) {
		if (err)
			continue;
		pfsnl_ckpt_iter_ckpt(&it, PFSNL_SEND_SECTIONS, &w.number);
		err = carry_all(all, sender, &it, &sections);
	}
	while (want_take(&sections, &w)) {
		if (err)
			continue;
		pfsnl_ckpt_iter_section(&it, &w.number, w.id, w.len);
		err = carry_all(all, sender, &it, NULL);
	}
	return err;
}

/* Whether somebody else says all that this one could. */
static bool is_behind(const struct depots *all, u32 i)
{
	u32 k;

	for (k = 0; k < all->n; k++) {
		enum pfsnl_lineage_order order =
			pfsnl_lineage_compare(pfsnl_ckpts_lineage(all->at[i]->store),
					      pfsnl_ckpts_lineage(all->at[k]->store));

		if (order == PFSNL_LINEAGE_BEHIND ||
		    (order == PFSNL_LINEAGE_SAME && k < i))
			return true;
	}
	return false;
}

/**
 * depots_carry - fill the temporary stores
 * @all: those that are in a ring
 *
 * Return: 0, or the first error, and then nobody has a temporary store any more.
 */
int depots_carry(struct depots *all)
{
	int err = 0;
	u32 i;

	for (i = 0; i < all->n; i++)
		pfsnl_ckpts_begin(all->at[i]->store);
	for (i = 0; i < all->n && !err; i++)
		if (!is_behind(all, i))
			err = transmit(all, i);
	for (i = 0; i < all->n && err; i++)
		pfsnl_ckpts_abort(all->at[i]->store);
	return err;
}

/**
 * depots_activate - a new ring is activated
 * @all: those that are in it
 * @n: so many of them do it
 */
int depots_activate(struct depots *all, u32 n)
{
	struct pfsnl_ckpt_member members[DEPOTS_MAX];
	struct pfsnl_ring_id ring = { .leader = all->at[0]->from.addr,
				      .incarnation = all->at[0]->from.incarnation };
	int err = 0;
	u32 i;

	for (i = 0; i < all->n; i++) {
		const struct pfsnl_lineage *l = pfsnl_ckpts_lineage(all->at[i]->store);

		if (l->n)
			ring.seq = max(ring.seq, l->at[l->n - 1].ring.seq);
		members[i].addr = all->at[i]->from.addr;
		members[i].incarnation = all->at[i]->from.incarnation;
	}
	ring.seq++;
	for (i = 0; i < n && !err; i++)
		err = pfsnl_ckpts_activate(all->at[i]->store, &ring, all->time, members,
					   all->n);
	all->time++;
	return err;
}

/**
 * depots_meet - they come together in a new ring
 * @all: which
 *
 * Return: 0, and then all have the same, or the first error.
 */
int depots_meet(struct depots *all)
{
	int err = depots_carry(all);

	if (!err)
		err = depots_activate(all, all->n);
	if (!err && !depots_same(all))
		sim_fail("stores differ after they met");
	return err;
}

/**
 * depots_same - whether all have the same
 * @all: which
 */
bool depots_same(const struct depots *all)
{
	u8 first[PFSNL_CKPT_DIGEST], digest[PFSNL_CKPT_DIGEST];
	u32 i;

	for (i = 0; i < all->n; i++) {
		pfsnl_ckpts_digest(all->at[i]->store, digest);
		if (!i)
			memcpy(first, digest, sizeof(first));
		if (memcmp(first, digest, sizeof(first)) ||
		    pfsnl_ckpts_used(all->at[i]->store) !=
		    pfsnl_ckpts_used(all->at[0]->store))
			return false;
	}
	return true;
}

/** depot_attr - attributes that allow much */
struct pfsnl_ckpt_attr depot_attr(void)
{
	return (struct pfsnl_ckpt_attr) {
		.size = 1ULL << 35,
		.retention = PFSNL_NEVER,
		.max_section = 1ULL << 34,
		.max_sections = 20000,
		.max_id = PFSNL_SECTION_ID_MAX,
	};
}

static struct pfsnl_ckptmsg about(u8 kind, u32 handle, const char *name)
{
	return (struct pfsnl_ckptmsg) {
		.kind = kind,
		.process = DEPOT_PROCESS,
		.handle = handle,
		.name = (const u8 *)name,
		.name_len = name ? strlen(name) : 0,
	};
}

struct pfsnl_ckpt_result depots_open(struct depots *all, u32 sender, u32 handle,
				     const char *name, u8 flags)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_OPEN, handle, name);

	m.flags = flags;
	m.attr = depot_attr();
	return depots_apply(all, sender, &m);
}

int depots_close(struct depots *all, u32 sender, u32 handle)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_CLOSE, handle, NULL);

	return depots_apply(all, sender, &m).err;
}

int depots_unlink(struct depots *all, u32 sender, const char *name)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_UNLINK, 0, name);

	return depots_apply(all, sender, &m).err;
}

int depots_create(struct depots *all, u32 sender, u32 handle, const char *id,
		  const void *data, u32 len)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_SECTION_CREATE, handle, id);

	m.expires = PFSNL_NEVER;
	m.rest = data;
	m.len = len;
	return depots_apply(all, sender, &m).err;
}

int depots_write(struct depots *all, u32 sender, u32 handle, const char *id, u64 offset,
		 const void *data, u32 len)
{
	struct pfsnl_ckptmsg m = about(PFSNL_CKPTMSG_SECTION_WRITE, handle, id);
	struct pfsnl_vec v = { .offset = offset, .len = len, .bytes = data };
	u8 *vector = sim_alloc(PFSNL_CKPTMSG_VEC_LEN + len);
	int err;

	pfsnl_vec_encode(vector, &v);
	m.vectors = 1;
	m.rest = vector;
	m.len = PFSNL_CKPTMSG_VEC_LEN + len;
	err = depots_apply(all, sender, &m).err;
	free(vector);
	return err;
}

/** depot_named - a checkpoint by its name, or NULL */
struct pfsnl_ckpt *depot_named(const struct depot *d, const char *name)
{
	return pfsnl_ckpts_named(d->store, name, strlen(name));
}

/** depot_section - a section by names, or NULL */
struct pfsnl_section *depot_section(const struct depot *d, const char *name,
				    const char *id)
{
	struct pfsnl_ckpt *c = depot_named(d, name);

	return c ? pfsnl_section_find(c, id, strlen(id)) : NULL;
}
