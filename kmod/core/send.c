// SPDX-License-Identifier: GPL-2.0
/*
 * Making records of the regular store, one after the other, for as long as there is
 * room for them. How far it is stands in numbers and ids and not in pointers.
 */
#include <linux/bug.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "store.h"

enum phase {
	PHASE_STORE,
	PHASE_CKPTS,
	PHASE_REFCOUNTS,
	PHASE_DONE,
};

/* id_len before the first section */
#define NO_ID	U32_MAX

/**
 * pfsnl_ckpt_iter_all - records of everything
 * @it: set up
 * @depth: PFSNL_SEND_HEADS or PFSNL_SEND_ALL
 */
void pfsnl_ckpt_iter_all(struct pfsnl_ckpt_iter *it, u8 depth)
{
	memset(it, 0, sizeof(*it));
	it->depth = depth;
	it->phase = PHASE_STORE;
}

/**
 * pfsnl_ckpt_iter_ckpt - records of the sections of a checkpoint
 * @it: set up
 * @depth: PFSNL_SEND_SECTIONS or PFSNL_SEND_DATA
 * @number: the checkpoint
 */
void pfsnl_ckpt_iter_ckpt(struct pfsnl_ckpt_iter *it, u8 depth,
			  const struct pfsnl_ckpt_number *number)
{
	memset(it, 0, sizeof(*it));
	it->depth = depth;
	it->phase = PHASE_CKPTS;
	it->begun = true;
	it->number = *number;
	it->id_len = NO_ID;
}

/**
 * pfsnl_ckpt_iter_section - records of what a section holds
 * @it: set up
 * @number: its checkpoint
 * @id: its id
 * @len: bytes of that, PFSNL_SECTION_ID_MAX at most
 */
void pfsnl_ckpt_iter_section(struct pfsnl_ckpt_iter *it,
			     const struct pfsnl_ckpt_number *number, const void *id,
			     u32 len)
{
	pfsnl_ckpt_iter_ckpt(it, PFSNL_SEND_DATA, number);
	it->in_section = true;
	it->alone = true;
	it->id_len = len;
	if (len)
		memcpy(it->id, id, len);
}

/**
 * pfsnl_ckpt_iter_wanted - records of what is wanted
 * @it: set up
 * @depth: PFSNL_SEND_OFFERS or PFSNL_SEND_WANTED
 */
void pfsnl_ckpt_iter_wanted(struct pfsnl_ckpt_iter *it, u8 depth)
{
	memset(it, 0, sizeof(*it));
	it->depth = depth;
	it->phase = PHASE_CKPTS;
}

static u32 send_store(const struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_iter *it,
		      u8 *to)
{
	struct pfsnl_ckptrec r = {
		.kind = PFSNL_CKPTREC_STORE,
		.n = set->lineage.n,
		.limits = set->limits,
		.len = set->lineage.n * PFSNL_CKPTREC_RING_LEN,
		.rest = to + PFSNL_CKPTREC_STORE_LEN,
	};
	u8 *p = to + PFSNL_CKPTREC_STORE_LEN;
	u32 i;

	for (i = 0; i < set->lineage.n; i++)
		p = pfsnl_dot_encode(p, &set->lineage.at[i]);
	pfsnl_ckptrec_encode(&r, to);
	it->phase = PHASE_CKPTS;
	return p - to;
}

static u32 send_ckpt(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c,
		     struct pfsnl_ckpt_iter *it, u8 *to)
{
	struct pfsnl_ckptrec r = {
		.kind = PFSNL_CKPTREC_CHECKPOINT,
		.flags = c->flags,
		.n = c->n_sections,
		.number = c->number,
		.origin = c->origin,
		.attr = c->attr,
		.ops = c->ops,
		.modified = c->modified,
		.idle = c->idle,
		.next_id = c->next_id,
		.born = c->born,
		.changed = c->changed,
		.lost = c->lost,
		.name_len = c->name_len,
		.name = c->name,
	};

	memcpy(r.digest, pfsnl_digest_ckpt(store, c), PFSNL_CKPT_DIGEST);
	pfsnl_ckptrec_encode(&r, to);
	it->number = c->number;
	it->begun = it->depth != PFSNL_SEND_HEADS;
	it->in_section = false;
	it->id_len = NO_ID;
	return pfsnl_ckptrec_size(&r);
}

/* A piece ends with its chunk; holes, and what nobody wants, are left out. */
static u32 send_section(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c,
			struct pfsnl_section *s, struct pfsnl_ckpt_iter *it, u8 *to,
			u32 room)
{
	struct pfsnl_ckptrec r = {
		.kind = PFSNL_CKPTREC_SECTION,
		.number = c->number,
		.bytes = s->len,
		.expires = s->expires,
		.modified = s->modified,
		.name_len = s->id_len,
		.name = s->id,
		.rest = to + PFSNL_CKPTREC_SECTION_LEN + s->id_len,
	};
	u64 end;

	memcpy(r.digest, pfsnl_digest_section(store, s), PFSNL_CKPT_DIGEST);
	if (it->depth != PFSNL_SEND_SECTIONS) {
		if (it->depth == PFSNL_SEND_WANTED && s->wanted == PFSNL_WANTED_CHUNKS)
			r.offset = pfsnl_chunks_next(store, s, it->offset, &end);
		else
			r.offset = pfsnl_data_next(s->data, it->offset, s->len, &end);
		r.zeros = pfsnl_chunks_zeros(s, it->offset, r.offset);
		r.len = min_t(u64, end - r.offset,
			      room - PFSNL_CKPTREC_SECTION_LEN - s->id_len);
		pfsnl_section_read(s, r.offset, (u8 *)r.rest, r.len);
		if (r.len && r.offset + r.len == end) {
			r.flags = PFSNL_PIECE_ENDS;
			pfsnl_digest_said(s->data, r.offset, r.chunk);
		}
		r.sum = store->mem.ops->sum(r.rest, r.len);
		it->offset = r.offset + r.len;
	}
	pfsnl_ckptrec_encode(&r, to);
	it->in_section = it->depth != PFSNL_SEND_SECTIONS && it->offset < s->len;
	it->begun &= it->in_section || !it->alone;
	return pfsnl_ckptrec_size(&r);
}

/* The section that is reached, or the next one. */
static struct pfsnl_section *at_section(const struct pfsnl_ckpt *c,
					struct pfsnl_ckpt_iter *it)
{
	struct pfsnl_section *s = NULL;

	if (it->in_section)
		s = pfsnl_section_find(c, it->id, it->id_len);
	if (s || it->alone)
		return s;
	/* it may be gone, then it goes on behind it */
	s = pfsnl_section_after(c, it->id_len == NO_ID ? NULL : it->id, it->id_len);
	while (s && it->depth == PFSNL_SEND_WANTED && !s->wanted)
		s = pfsnl_section_next(s);
	if (!s)
		return NULL;
	it->offset = 0;
	it->id_len = s->id_len;
	memcpy(it->id, s->id, s->id_len);
	return s;
}

/* As many sections as there is room for, by their digests. */
static u32 send_offers(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c,
		       struct pfsnl_ckpt_iter *it, u8 *to, u32 room)
{
	struct pfsnl_ckptrec r = {
		.kind = PFSNL_CKPTREC_OFFER,
		.number = c->number,
		.rest = to + PFSNL_CKPTREC_OFFER_LEN,
	};
	u8 *p = to + PFSNL_CKPTREC_OFFER_LEN;
	struct pfsnl_section *s;

	s = pfsnl_section_after(c, it->id_len == NO_ID ? NULL : it->id, it->id_len);
	for (; s && to + room - p >= pfsnl_offer_size(s->id_len);
	     s = pfsnl_section_next(s)) {
		struct pfsnl_offer o = {
			.digest = pfsnl_digest_section(store, s),
			.id_len = s->id_len,
			.id = s->id,
		};

		p = pfsnl_offer_encode(p, &o);
		it->id_len = s->id_len;
		memcpy(it->id, s->id, s->id_len);
		r.n++;
	}
	if (!r.n)
		return 0;
	r.len = p - r.rest;
	pfsnl_ckptrec_encode(&r, to);
	return p - to;
}

static u32 send_sections(struct pfsnl_ckpts *store, struct pfsnl_ckpt_iter *it, u8 *to,
			 u32 room)
{
	struct pfsnl_ckpt *c = pfsnl_set_find(store->set, &it->number);
	struct pfsnl_section *s;

	if (!c)
		return 0;
	if (it->depth == PFSNL_SEND_OFFERS && c->wanted == PFSNL_WANTED_OFFERS)
		return send_offers(store, c, it, to, room);
	s = at_section(c, it);
	return s ? send_section(store, c, s, it, to, room) : 0;
}

/* The next checkpoint that is wanted has its turn. */
static bool next_wanted(const struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_iter *it)
{
	struct pfsnl_ckpt *c = pfsnl_set_after(set, &it->number);

	while (c && !c->wanted)
		c = pfsnl_set_after(set, &c->number);
	if (!c)
		return false;
	it->number = c->number;
	it->begun = true;
	it->in_section = false;
	it->id_len = NO_ID;
	return true;
}

static u32 send_ckpts(struct pfsnl_ckpts *store, struct pfsnl_ckpt_iter *it, u8 *to,
		      u32 room)
{
	bool all = it->depth == PFSNL_SEND_HEADS || it->depth == PFSNL_SEND_ALL;
	struct pfsnl_ckpt *c;
	u32 len;

	if (it->begun) {
		len = send_sections(store, it, to, room);
		if (len)
			return len;
		it->begun = false;
	}
	if ((it->depth == PFSNL_SEND_OFFERS || it->depth == PFSNL_SEND_WANTED) &&
	    next_wanted(store->set, it))
		return 0;
	c = all ? pfsnl_set_after(store->set, &it->number) : NULL;
	if (c)
		return send_ckpt(store, c, it, to);
	it->phase = all ? PHASE_REFCOUNTS : PHASE_DONE;
	return 0;
}

/* The node that is reached, or the next one. */
static struct pfsnl_ckpt_node *at_node(const struct pfsnl_ckpt_set *set,
				       const struct pfsnl_ckpt_iter *it)
{
	struct pfsnl_ckpt_node *node;

	if (it->begun) {
		node = pfsnl_refs_node(set, it->key.addr, it->key.incarnation);
		if (node)
			return node;
	}
	list_for_each_entry(node, &set->nodes, in_set)
		if (node->addr > it->key.addr ||
		    (node->addr == it->key.addr &&
		     node->incarnation > it->key.incarnation))
			return node;
	return NULL;
}

static bool is_of(const struct pfsnl_ckpt_handle *h, const struct pfsnl_ckpt_node *node)
{
	return h && h->key.addr == node->addr && h->key.incarnation == node->incarnation;
}

/* The handle of this node that comes after the last that was said. */
static struct pfsnl_ckpt_handle *at_handle(const struct pfsnl_ckpt_set *set,
					   const struct pfsnl_ckpt_node *node,
					   const struct pfsnl_ckpt_iter *it)
{
	struct pfsnl_handle_key key = {
		.addr = node->addr,
		.incarnation = node->incarnation,
	};
	struct pfsnl_ckpt_handle *h;

	if (!it->begun || it->key.addr != node->addr ||
	    it->key.incarnation != node->incarnation)
		return pfsnl_handle_from(set, &key);
	h = pfsnl_handle_from(set, &it->key);
	return h && !pfsnl_handle_key_cmp(&h->key, &it->key) ? pfsnl_handle_next(h) : h;
}

static u32 send_refcount(const struct pfsnl_ckpt_set *set, struct pfsnl_ckpt_iter *it,
			 u8 *to, u32 room)
{
	struct pfsnl_ckpt_node *node = at_node(set, it);
	struct pfsnl_ckptrec r = { .kind = PFSNL_CKPTREC_REFCOUNT };
	u8 *p = to + PFSNL_CKPTREC_REFCOUNT_LEN;
	struct pfsnl_ckpt_handle *h;

	if (!node) {
		it->phase = PHASE_DONE;
		return 0;
	}
	r.addr = node->addr;
	r.incarnation = node->incarnation;
	r.seen = node->seen;
	r.rest = p;
	h = at_handle(set, node, it);
	it->key.addr = node->addr;
	it->key.incarnation = node->incarnation;
	for (; is_of(h, node) && to + room - p >= PFSNL_CKPTREC_HANDLE_LEN;
	     h = pfsnl_handle_next(h)) {
		struct pfsnl_handle_rec rec = {
			.number = h->number,
			.process = h->key.process,
			.handle = h->key.handle,
			.flags = h->flags,
		};

		p = pfsnl_handle_encode(p, &rec);
		it->key = h->key;
		r.n++;
	}
	it->begun = is_of(h, node);
	r.len = p - r.rest;
	pfsnl_ckptrec_encode(&r, to);
	return p - to;
}

/**
 * pfsnl_ckpts_send - make the next record
 * @store: the store
 * @it: what was set up, and how far it is
 * @to: where to
 * @room: bytes there, PFSNL_SEND_ROOM at least
 *
 * Return: bytes of the record, or 0 if there is none any more.
 */
u32 pfsnl_ckpts_send(struct pfsnl_ckpts *store, struct pfsnl_ckpt_iter *it, u8 *to,
		     u32 room)
{
	u32 len = 0;

	if (WARN_ON(room < PFSNL_SEND_ROOM))
		return 0;
	while (!len && it->phase != PHASE_DONE) {
		switch (it->phase) {
		case PHASE_STORE:
			len = send_store(store->set, it, to);
			break;
		case PHASE_CKPTS:
			len = send_ckpts(store, it, to, room);
			break;
		default:
			len = send_refcount(store->set, it, to, room);
		}
	}
	return len;
}
