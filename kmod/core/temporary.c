// SPDX-License-Identifier: GPL-2.0
/*
 * The temporary store: what others say that they have, side by side, until all is
 * there. Activate makes one of the sides and puts it in the place of the regular store;
 * abort forgets them. Until then the regular store is as it was.
 *
 * What is the same in the regular store, as digests say, is shared with it and does not
 * have to come.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "broken.h"
#include "store.h"

/**
 * pfsnl_ckpts_begin - there is a temporary store now, and nothing in it
 * @store: the store
 *
 * Once a record has come no operation is applied before it is activated or forgotten:
 * what is the same in both stores stands in the regular one only.
 */
void pfsnl_ckpts_begin(struct pfsnl_ckpts *store)
{
	pfsnl_ckpts_abort(store);
	pfsnl_want_nothing(store->set);
	store->hash_at = (struct pfsnl_ckpt_number) {};
	store->round++;
	store->syncing = true;
}

static void drop_side(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side)
{
	list_del(&side->side);
	pfsnl_set_discard(store, side);
	store->n_sides--;
}

/**
 * pfsnl_ckpts_abort - there is no temporary store any more
 * @store: the store
 */
void pfsnl_ckpts_abort(struct pfsnl_ckpts *store)
{
	struct pfsnl_ckpt_set *side, *tmp;

	list_for_each_entry_safe(side, tmp, &store->sides, side)
		drop_side(store, side);
	store->syncing = false;
	store->keeps = false;
}

/**
 * pfsnl_side_find - what somebody transmits
 * @store: the store
 * @addr: who, host order
 */
struct pfsnl_ckpt_set *pfsnl_side_find(const struct pfsnl_ckpts *store, u32 addr)
{
	struct pfsnl_ckpt_set *side;

	list_for_each_entry(side, &store->sides, side)
		if (side->addr == addr)
			return side;
	return NULL;
}

/* Whether there may be so much in the temporary store. */
static bool has_room(const struct pfsnl_ckpts *store, u64 more)
{
	const struct pfsnl_ckpt_set *side;
	u64 used = 0;

	list_for_each_entry(side, &store->sides, side)
		used += side->used;
	return used <= store->most && more <= store->most - used;
}

static int record_store(struct pfsnl_ckpts *store, u32 addr,
			const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt_set *side = pfsnl_side_find(store, addr), *at;
	const u8 *p = r->rest;

	/* hearing it twice changes nothing */
	if (side)
		return 0;
	side = pfsnl_set_new(&store->mem);
	if (!side)
		return -ENOMEM;
	side->addr = addr;
	side->limits = PFSNL_BROKEN(CKPT_LIMITS) ? store->set->limits : r->limits;
	side->lineage.n = 0;
	while (side->lineage.n < r->n)
		p = pfsnl_dot_decode(p, &side->lineage.at[side->lineage.n++]);
	if (!pfsnl_lineage_ok(&side->lineage)) {
		pfsnl_set_free(&store->mem, side);
		return -EBADMSG;
	}
	list_for_each_entry(at, &store->sides, side)
		if (at->addr > addr)
			break;
	list_add_tail(&side->side, &at->side);
	store->n_sides++;
	return 0;
}

/* A section like one that we have, sharing what it holds. */
static int share_section(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c,
			 const struct pfsnl_section *s)
{
	struct pfsnl_section *copy = pfsnl_mem_alloc(&store->mem,
						     pfsnl_section_size(s->id_len));

	if (!copy)
		return -ENOMEM;
	pfsnl_section_init(copy, s->id, s->id_len);
	copy->data = pfsnl_data_get(s->data);
	copy->len = s->len;
	copy->expires = s->expires;
	copy->modified = s->modified;
	copy->hashed = s->hashed;
	memcpy(copy->digest, s->digest, PFSNL_CKPT_DIGEST);
	memcpy(copy->want, s->digest, PFSNL_CKPT_DIGEST);
	copy->got = s->len;
	pfsnl_section_insert(c, copy);
	return 0;
}

/* What we have under this number, if it is the same. */
static struct pfsnl_ckpt *same_ckpt(struct pfsnl_ckpts *store,
				    const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt *c = pfsnl_set_find(store->set, &r->number);

	if (!c || c->n_sections != r->n ||
	    memcmp(pfsnl_digest_ckpt(store, c), r->digest, PFSNL_CKPT_DIGEST))
		return NULL;
	return c;
}

static void fill(struct pfsnl_ckpt *c, const struct pfsnl_ckptrec *r)
{
	pfsnl_ckpt_init(c);
	c->number = r->number;
	c->origin = r->origin;
	c->attr = r->attr;
	c->flags = r->flags;
	c->ops = r->ops;
	c->born = r->born;
	c->changed = r->changed;
	c->lost = r->lost;
	c->modified = r->modified;
	c->idle = r->idle;
	c->next_id = r->next_id;
	c->want_sections = r->n;
	memcpy(c->want, r->digest, PFSNL_CKPT_DIGEST);
	c->name_len = r->name_len;
	memcpy(c->name, r->name, r->name_len);
	c->whole = !r->n;
}

/*
 * The regular store has the same. That is not changed before this is activated, or
 * forgotten, so it need not be copied.
 */
static void be_twin(struct pfsnl_ckpt *c, struct pfsnl_ckpt *same)
{
	c->twin = same;
	c->n_sections = same->n_sections;
	c->bytes = same->bytes;
	c->id_bytes = same->id_bytes;
	c->whole = true;
	c->hashed = true;
	memcpy(c->digest, same->digest, PFSNL_CKPT_DIGEST);
}

static int record_ckpt(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
		       const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt *c = pfsnl_set_find(side, &r->number), *same;
	u64 cost;

	if (c)
		return !c->whole;
	same = same_ckpt(store, r);
	cost = same ? pfsnl_ckpt_cost(same) : PFSNL_CKPT_COST;
	if (!has_room(store, cost))
		return -ENOSPC;
	c = pfsnl_mem_alloc(&store->mem, sizeof(*c));
	if (!c)
		return -ENOMEM;
	fill(c, r);
	if (same)
		be_twin(c, same);
	WARN_ON(pfsnl_set_insert(side, c));
	side->used += cost;
	return !c->whole;
}

/* What is whole is hashed at once, so that nothing is left to be hashed in the end. */
static void section_whole(struct pfsnl_ckpts *store, struct pfsnl_section *s)
{
	struct pfsnl_ckpt *c = s->ckpt;

	pfsnl_digest_section(store, s);
	c->n_whole++;
	c->whole = c->n_whole == c->want_sections;
	if (c->whole)
		pfsnl_digest_ckpt(store, c);
}

/* Whether the section of ours is the one that a digest stands for. */
static bool same_section(struct pfsnl_ckpts *store, struct pfsnl_section *s,
			 const u8 *digest)
{
	return s && !memcmp(pfsnl_digest_section(store, s), digest, PFSNL_CKPT_DIGEST);
}

/* A section that is not there yet. Return: 0 or -errno. */
static int new_section(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
		       struct pfsnl_ckpt *c, const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt *ours = pfsnl_set_find(store->set, &r->number);
	struct pfsnl_section *s = NULL;
	u64 cost = PFSNL_SECTION_COST + r->name_len + r->bytes;
	int err;

	if (c->n_sections == c->want_sections)
		return -EPROTO;
	if (!has_room(store, cost))
		return -ENOSPC;
	if (ours)
		s = pfsnl_section_find(ours, r->name, r->name_len);
	if (s && s->len == r->bytes && same_section(store, s, r->digest)) {
		err = share_section(store, c, s);
		if (err)
			return err;
	} else {
		s = pfsnl_mem_alloc(&store->mem, pfsnl_section_size(r->name_len));
		if (!s)
			return -ENOMEM;
		pfsnl_section_init(s, r->name, r->name_len);
		s->len = r->bytes;
		s->expires = r->expires;
		s->modified = r->modified;
		memcpy(s->want, r->digest, PFSNL_CKPT_DIGEST);
		pfsnl_section_insert(c, s);
	}
	side->used += cost;
	s = pfsnl_section_find(c, r->name, r->name_len);
	if (s->got == s->len)
		section_whole(store, s);
	return 0;
}

/* Of a section that was offered the rest becomes known. */
static int known_section(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
			 struct pfsnl_section *s, const struct pfsnl_ckptrec *r)
{
	if (memcmp(s->want, r->digest, PFSNL_CKPT_DIGEST))
		return -EPROTO;
	if (!has_room(store, r->bytes))
		return -ENOSPC;
	s->offered = false;
	s->len = r->bytes;
	s->expires = r->expires;
	s->modified = r->modified;
	s->ckpt->bytes += r->bytes;
	side->used += r->bytes;
	if (!s->len)
		section_whole(store, s);
	return 0;
}

static int record_section(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
			  const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt *c = pfsnl_set_find(side, &r->number);
	struct pfsnl_vecs vecs = {
		.n = r->len ? 1 : 0,
		.whole = r->bytes,
		.first = { .offset = r->offset, .len = r->len, .bytes = r->rest },
	};
	struct pfsnl_section *s;
	int err = 0;

	if (!c)
		return -EPROTO;
	if (c->whole)
		return 0;
	s = pfsnl_section_find(c, r->name, r->name_len);
	if (!s) {
		err = new_section(store, side, c, r);
		if (err)
			return err;
		s = pfsnl_section_find(c, r->name, r->name_len);
	} else if (s->offered) {
		err = known_section(store, side, s, r);
		if (err)
			return err;
	} else if (s->len != r->bytes || s->expires != r->expires ||
		   s->modified != r->modified ||
		   memcmp(s->want, r->digest, PFSNL_CKPT_DIGEST)) {
		return -EPROTO;
	}
	if (s->got == s->len)
		return 0;
	if (r->offset >= s->got) {
		/* pieces of a chunk follow each other */
		if (r->len && r->offset != s->got && r->offset & (PFSNL_CHUNK - 1))
			return -EPROTO;
		if (r->len && store->mem.ops->sum(r->rest, r->len) != r->sum)
			return -EBADMSG;
		pfsnl_mem_trim(&store->mem);
		err = pfsnl_chunks_fill(store, s, r);
		if (!err)
			err = pfsnl_data_want(&store->mem, s->data, &vecs);
		if (!err) {
			s->data = pfsnl_data_write(&store->mem, s->data, &vecs);
			s->hashed = false;
			s->got = r->offset + r->len;
			if (r->flags & PFSNL_PIECE_ENDS)
				pfsnl_digest_take(s->data, r->offset, r->chunk);
		}
		pfsnl_mem_trim(&store->mem);
		if (err)
			return err;
	}
	if (s->got < s->len)
		return 1;
	section_whole(store, s);
	return 0;
}

/* A section of which we may have the data. */
static int record_offer(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
			struct pfsnl_ckpt *c, const struct pfsnl_offer *o)
{
	struct pfsnl_section *s = pfsnl_section_find(c, o->id, o->id_len), *ours = NULL;
	struct pfsnl_ckpt *same = pfsnl_set_find(store->set, &c->number);
	u64 cost = PFSNL_SECTION_COST + o->id_len;
	int err;

	if (s)
		return memcmp(s->want, o->digest, PFSNL_CKPT_DIGEST) ? -EPROTO : 0;
	if (c->n_sections == c->want_sections)
		return -EPROTO;
	if (same)
		ours = pfsnl_section_find(same, o->id, o->id_len);
	if (!ours || !same_section(store, ours, o->digest))
		ours = NULL;
	else
		cost += ours->len;
	if (!has_room(store, cost))
		return -ENOSPC;
	if (ours) {
		err = share_section(store, c, ours);
		if (err)
			return err;
		section_whole(store, pfsnl_section_find(c, o->id, o->id_len));
	} else {
		s = pfsnl_mem_alloc(&store->mem, pfsnl_section_size(o->id_len));
		if (!s)
			return -ENOMEM;
		pfsnl_section_init(s, o->id, o->id_len);
		memcpy(s->want, o->digest, PFSNL_CKPT_DIGEST);
		s->offered = true;
		pfsnl_section_insert(c, s);
	}
	side->used += cost;
	return 0;
}

static int record_offers(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
			 const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt *c = pfsnl_set_find(side, &r->number);
	const u8 *p = r->rest;
	struct pfsnl_offer o;
	int err = 0;
	u32 i;

	if (!c)
		return -EPROTO;
	for (i = 0; i < r->n && !c->whole && !err; i++) {
		p = pfsnl_offer_decode(p, &o);
		err = record_offer(store, side, c, &o);
	}
	return err ? err : !c->whole;
}

static int record_handle(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
			 struct pfsnl_ckpt_node *node, const struct pfsnl_handle_rec *rec)
{
	struct pfsnl_handle_key key = {
		.addr = node->addr,
		.incarnation = node->incarnation,
		.process = rec->process,
		.handle = rec->handle,
	};
	struct pfsnl_ckpt_handle *h;

	if (pfsnl_handle_find(side, &key))
		return 0;
	if (node->handles >= PFSNL_HANDLES_MAX || !has_room(store, PFSNL_HANDLE_COST))
		return -ENOSPC;
	h = pfsnl_mem_alloc(&store->mem, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->key = key;
	h->number = rec->number;
	h->flags = rec->flags;
	pfsnl_handle_insert(side, node, h);
	return 0;
}

static int record_refcount(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *side,
			   const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt_node *node = pfsnl_refs_node(side, r->addr, r->incarnation);
	struct pfsnl_handle_rec rec;
	const u8 *p = r->rest;
	int err = 0;
	u32 i;

	if (!node) {
		node = pfsnl_mem_alloc(&store->mem, sizeof(*node));
		if (!node)
			return -ENOMEM;
		node->addr = r->addr;
		node->incarnation = r->incarnation;
		node->seen = r->seen;
		pfsnl_refs_node_insert(side, node);
	}
	if (node->seen != r->seen)
		return -EPROTO;
	for (i = 0; i < r->n && !err; i++) {
		p = pfsnl_handle_decode(p, &rec);
		err = record_handle(store, side, node, &rec);
	}
	return err;
}

/**
 * pfsnl_ckpts_record - a record came
 * @store: the store, with a temporary store
 * @addr: who transmits it, host order
 * @r: the record, decoded
 *
 * What there is already is ignored, so hearing the same twice changes nothing.
 *
 * Return: 0; 1 if it offers what we have not got: WANT is to be sent, unless it comes
 * anyway; -ENOMEM: to be tried again, or the node can't take part; -ENOSPC: it is more
 * than this node may take; -EPROTO: it does not fit to what came before; -EBADMSG: it
 * makes no sense; -ENOTCONN: there is no temporary store.
 */
int pfsnl_ckpts_record(struct pfsnl_ckpts *store, u32 addr,
		       const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt_set *side;

	if (!store->syncing)
		return -ENOTCONN;
	if (r->kind == PFSNL_CKPTREC_STORE)
		return record_store(store, addr, r);
	side = pfsnl_side_find(store, addr);
	if (!side)
		return -EPROTO;
	switch (r->kind) {
	case PFSNL_CKPTREC_CHECKPOINT:
		return record_ckpt(store, side, r);
	case PFSNL_CKPTREC_SECTION:
		return record_section(store, side, r);
	case PFSNL_CKPTREC_REFCOUNT:
		return record_refcount(store, side, r);
	case PFSNL_CKPTREC_OFFER:
		return record_offers(store, side, r);
	default:
		return -EPROTO;
	}
}

/**
 * pfsnl_ckpts_keep - all who are in the ring have what the regular store has
 * @store: the store, with a temporary store that nothing was recorded in
 *
 * So it stays, and nothing is to be transmitted.
 */
void pfsnl_ckpts_keep(struct pfsnl_ckpts *store)
{
	struct pfsnl_ckpt_set *side, *tmp;

	list_for_each_entry_safe(side, tmp, &store->sides, side)
		drop_side(store, side);
	store->keeps = true;
}

/* Whether another side has all that this one has. Of equals the lowest stays. */
static bool is_behind(const struct pfsnl_ckpts *store, const struct pfsnl_ckpt_set *side)
{
	const struct pfsnl_ckpt_set *other;
	enum pfsnl_lineage_order order;

	list_for_each_entry(other, &store->sides, side) {
		if (other == side)
			continue;
		order = pfsnl_lineage_compare(&side->lineage, &other->lineage);
		if (order == PFSNL_LINEAGE_BEHIND ||
		    (order == PFSNL_LINEAGE_SAME && other->addr < side->addr))
			return true;
	}
	return false;
}

/**
 * pfsnl_ckpts_weigh - forget sides that have nothing to say
 * @store: the store; the first record of each side came
 *
 * Return: how many sides are left.
 */
u32 pfsnl_ckpts_weigh(struct pfsnl_ckpts *store)
{
	struct pfsnl_ckpt_set *side, *tmp;

	list_for_each_entry(side, &store->sides, side)
		side->behind = is_behind(store, side);
	list_for_each_entry_safe(side, tmp, &store->sides, side)
		if (side->behind)
			drop_side(store, side);
	return store->n_sides;
}

/**
 * pfsnl_ckpts_side - whether somebody transmits a side
 * @store: the store
 * @addr: who, host order
 */
bool pfsnl_ckpts_side(const struct pfsnl_ckpts *store, u32 addr)
{
	return pfsnl_side_find(store, addr);
}

/**
 * pfsnl_ckpts_empty - whether no side has any checkpoint
 * @store: the store
 */
bool pfsnl_ckpts_empty(const struct pfsnl_ckpts *store)
{
	const struct pfsnl_ckpt_set *side;

	list_for_each_entry(side, &store->sides, side)
		if (!RB_EMPTY_ROOT(&side->by_number))
			return false;
	return true;
}

static int check_ckpt(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_set *side,
		      struct pfsnl_ckpt *c)
{
	if (PFSNL_BROKEN(CKPT_HASTE) && !c->whole)
		return 0;
	if (!c->whole)
		return pfsnl_side_passed(store, side, c) ? 0 : -ENODATA;
	return memcmp(pfsnl_digest_ckpt(store, c), c->want, PFSNL_CKPT_DIGEST) ?
	       -EBADMSG : 0;
}

static bool is_newer(const struct pfsnl_ring_id *ring, const struct pfsnl_lineage *l)
{
	return !l->n || pfsnl_ring_order(&l->at[l->n - 1].ring, ring) < 0;
}

/**
 * pfsnl_ckpts_ready - whether the temporary store can be activated
 * @store: the store
 * @ring: the ring that is to be activated
 *
 * To be asked before this node says that it is done.
 *
 * Return: 0; -ENOTCONN: there is no temporary store; -ENODATA: something is still to
 * come, or nobody transmits though we have something; -EBADMSG: what came is not what
 * its digest says; -EINVAL: the ring is not newer than all that a side went through.
 */
int pfsnl_ckpts_ready(struct pfsnl_ckpts *store, const struct pfsnl_ring_id *ring)
{
	struct pfsnl_ckpt_set *side;
	struct pfsnl_ckpt *c;
	int err = 0;

	if (!store->syncing)
		return -ENOTCONN;
	if (list_empty(&store->sides) && store->set->lineage.n && !store->keeps)
		return -ENODATA;
	if (list_empty(&store->sides) && !is_newer(ring, &store->set->lineage))
		return -EINVAL;
	list_for_each_entry(side, &store->sides, side) {
		if (!is_newer(ring, &side->lineage))
			return -EINVAL;
		c = pfsnl_set_first(side);
		for (; c && !err; c = pfsnl_set_after(side, &c->number))
			err = check_ckpt(store, side, c);
		if (err)
			return err;
	}
	return 0;
}

/* Handles keep open what they name; what nobody has open is idle, or goes. */
static void settle_handles(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set,
			   u64 time)
{
	const struct pfsnl_ckpt_mem *mem = &store->mem;
	struct pfsnl_ckpt_handle *h, *next;
	struct pfsnl_ckpt *c, *after;
	struct rb_node *p;

	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		INIT_LIST_HEAD(&c->handles);
		c->refs = 0;
	}
	p = rb_first(&set->handles);
	for (h = p ? rb_entry(p, struct pfsnl_ckpt_handle, by_key) : NULL; h; h = next) {
		next = pfsnl_handle_next(h);
		c = pfsnl_set_find(set, &h->number);
		h->ckpt = NULL;
		if (c)
			pfsnl_handle_bind(h, c);
		else
			pfsnl_handle_remove(mem, set, h);
	}
	for (c = pfsnl_set_first(set); c; c = after) {
		after = pfsnl_set_after(set, &c->number);
		if (!c->refs && (c->flags & PFSNL_CKPT_UNLINKED)) {
			rb_erase(&c->by_number, &set->by_number);
			pfsnl_ckpt_free(mem, c);
		} else if (!c->refs && c->idle == PFSNL_NEVER) {
			c->idle = time;
		}
	}
}

/* What is the same in the regular store, which is about to go, moves over. */
static void take_twins(struct pfsnl_ckpt_set *set)
{
	struct pfsnl_ckpt *c;

	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		if (!c->twin)
			continue;
		/* one side has it, or all that have it became one */
		WARN_ON(c->n_sections && RB_EMPTY_ROOT(&c->twin->sections));
		c->wanted = max(c->wanted, c->twin->wanted);
		c->sections = c->twin->sections;
		c->twin->sections = RB_ROOT;
		c->twin = NULL;
	}
}

/* What was kept for the regular store only. */
static void index_set(struct pfsnl_ckpt_set *set)
{
	struct pfsnl_section *s;
	struct pfsnl_ckpt *c;
	struct rb_node *p;

	set->used = 0;
	set->due = RB_ROOT;
	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		set->used += pfsnl_ckpt_cost(c);
		c->due.when = PFSNL_NEVER;
		if (!PFSNL_BROKEN(CKPT_TIMERS))
			pfsnl_ckpt_due(set, c);
		for (s = pfsnl_section_first(c); s; s = pfsnl_section_next(s)) {
			s->ckpt = c;
			s->due.when = PFSNL_NEVER;
			pfsnl_due_set(set, &s->due, s->expires);
		}
	}
	for (p = rb_first(&set->handles); p; p = rb_next(p))
		set->used += PFSNL_HANDLE_COST;
}

/* What was changed in a ring that is forgotten counts as changed now. */
static void renew_dots(struct pfsnl_ckpt_set *set, const struct pfsnl_ckpt_dot *now)
{
	struct pfsnl_ckpt *c;

	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		if (!pfsnl_lineage_ring(&set->lineage, &c->born.ring))
			c->born = *now;
		if (pfsnl_lineage_ring(&set->lineage, &c->changed.ring))
			continue;
		c->changed = *now;
		/* of what it is a losing version, all have forgotten */
		c->origin = c->number;
	}
}

/* What will not be kept, before anything is changed by which that is found out. */
static struct pfsnl_ckpt_set *first_side(struct pfsnl_ckpts *store)
{
	struct pfsnl_ckpt_set *side = list_first_entry(&store->sides,
						       struct pfsnl_ckpt_set, side);

	list_del_init(&side->side);
	return side;
}

/**
 * pfsnl_ckpts_activate - the temporary store becomes the regular one
 * @store: the store
 * @ring: the ring that is activated
 * @time: nanoseconds, the same on all nodes, as operations are stamped
 * @members: the nodes of @ring; what others had open they have no more
 * @n: how many
 *
 * All nodes that got the same records have the same store afterwards. Where sides
 * differ it is decided, and reported by the operation @conflict.
 *
 * Return: as pfsnl_ckpts_ready(), and then nothing is changed; it can't fail after
 * that has said 0.
 */
int pfsnl_ckpts_activate(struct pfsnl_ckpts *store, const struct pfsnl_ring_id *ring,
			 u64 time, const struct pfsnl_ckpt_member *members, u32 n)
{
	const struct pfsnl_ckpt_dot now = { .ring = *ring };
	struct pfsnl_ckpt_set *set = store->set, *side;
	int err = pfsnl_ckpts_ready(store, ring);

	if (err)
		return err;
	list_for_each_entry(side, &store->sides, side)
		pfsnl_refs_keep(&store->mem, side, members, n);
	if (list_empty(&store->sides))
		pfsnl_refs_keep(&store->mem, set, members, n);
	if (!list_empty(&store->sides)) {
		pfsnl_sides_judge(store);
		set = first_side(store);
		while (!list_empty(&store->sides)) {
			side = first_side(store);
			pfsnl_sides_join(store, set, side);
			pfsnl_set_free(&store->mem, side);
		}
		pfsnl_sides_settle(store, set);
	}
	take_twins(set);
	WARN_ON(!pfsnl_lineage_enter(&set->lineage, ring));
	settle_handles(store, set, time);
	renew_dots(set, &now);
	pfsnl_names_settle(store, set);
	pfsnl_losers_date(store, set, ring);
	index_set(set);
	if (set != store->set) {
		pfsnl_set_discard(store, store->set);
		store->set = set;
	}
	store->n_sides = 0;
	store->syncing = false;
	store->keeps = false;
	return 0;
}
