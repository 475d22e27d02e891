// SPDX-License-Identifier: GPL-2.0
/*
 * Of a section of which a node has another version only the chunks that differ are
 * transmitted. The node says the digests of those it has; who transmits marks the chunks
 * of its own that are others, and leaves the rest out; where chunks were left out each
 * takes those that it has. The digest of the section shows whether they were the right
 * ones.
 *
 * What was never written has no chunk, and so no place for a mark. Who has something
 * there is told by the next chunk, or the end, which says so; so that one is marked.
 *
 * Marks stand in the chunks, with the round they are of. A chunk that two sections share
 * may be marked for the other one: then it is transmitted though nobody lacks it.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "broken.h"
#include "store.h"

/* what is said of a chunk in which nothing is */
static const u8 nothing[PFSNL_CKPT_DIGEST];

/* Chunks that so many bytes take, the last one perhaps not full. */
static u64 chunks_in(u64 bytes)
{
	return (bytes + PFSNL_CHUNK - 1) >> PFSNL_CHUNK_SHIFT;
}

/* Behind the last chunk that a section can have anything in. */
static u64 chunks_end(const struct pfsnl_section *s)
{
	return s->data ? min_t(u64, s->data->slots, chunks_in(s->len)) : 0;
}

/* Of a chunk of a section that is hashed. */
static const u8 *said_of(const struct pfsnl_chunk *c)
{
	return c && c->n ? c->digest : nothing;
}

/**
 * pfsnl_chunks_own - the version of a section that this node has
 * @store: the store, with a temporary store
 * @number: the checkpoint
 * @id: the section
 * @len: bytes of @id
 *
 * Return: it, in the regular store, or NULL.
 */
struct pfsnl_section *pfsnl_chunks_own(const struct pfsnl_ckpts *store,
				       const struct pfsnl_ckpt_number *number,
				       const u8 *id, u32 len)
{
	const struct pfsnl_ckpt *c = pfsnl_set_find(store->set, number);

	return c ? pfsnl_section_find(c, id, len) : NULL;
}

/**
 * pfsnl_chunks_say - say what this node has of a section that is another at others
 * @store: the store
 * @own: its version
 * @it: at this section; goes on
 * @r: WANT of the section; goes on to be one with digests
 * @to: where the record will be
 * @room: bytes there, PFSNL_SEND_ROOM at least
 *
 * Digests of chunks up to the first in which nothing is, and how many of those follow.
 */
void pfsnl_chunks_say(struct pfsnl_ckpts *store, struct pfsnl_section *own,
		      struct pfsnl_ckpt_iter *it, struct pfsnl_ckptrec *r, u8 *to,
		      u32 room)
{
	u8 *p = to + PFSNL_CKPTREC_WANT_LEN + r->name_len;
	u64 i = it->offset >> PFSNL_CHUNK_SHIFT, end = chunks_end(own);

	memcpy(r->digest, pfsnl_digest_section(store, own), PFSNL_CKPT_DIGEST);
	r->flags |= PFSNL_WANT_CHUNKS;
	r->offset = it->offset;
	r->rest = p;
	for (; i < end && to + room - p >= PFSNL_CKPT_DIGEST; i++) {
		const u8 *digest = said_of(own->data->at[i]);

		if (digest == nothing)
			break;
		memcpy(p, digest, PFSNL_CKPT_DIGEST);
		p += PFSNL_CKPT_DIGEST;
	}
	r->len = p - r->rest;
	while (i < end && said_of(own->data->at[i]) == nothing)
		i++;
	it->in_section = i < end;
	it->offset = i << PFSNL_CHUNK_SHIFT;
	r->bytes = it->in_section ? it->offset : PFSNL_SECTION_LEN_MAX;
}

/**
 * pfsnl_chunks_want - somebody wants a section, or chunks of it
 * @store: the store, whose section this node transmits
 * @s: the section
 * @r: WANT, decoded
 */
void pfsnl_chunks_want(struct pfsnl_ckpts *store, struct pfsnl_section *s,
		       const struct pfsnl_ckptrec *r)
{
	u64 i = r->offset >> PFSNL_CHUNK_SHIFT, said = i + r->len / PFSNL_CKPT_DIGEST;
	u64 told = r->bytes >> PFSNL_CHUNK_SHIFT, end = chunks_end(s);
	const u8 *p = r->rest;
	bool differs = false;

	if (!(r->flags & PFSNL_WANT_CHUNKS)) {
		s->wanted = PFSNL_WANTED_DATA;
		return;
	}
	s->wanted = max_t(u8, s->wanted, PFSNL_WANTED_CHUNKS);
	pfsnl_digest_section(store, s);
	for (; i < end && (i < told || differs); i++) {
		struct pfsnl_chunk *c = s->data->at[i];

		if (i < told)
			differs |= memcmp(said_of(c), i < said ? p : nothing,
					  PFSNL_CKPT_DIGEST);
		if (i < said)
			p += PFSNL_CKPT_DIGEST;
		if (!c || !differs)
			continue;
		c->wanted = store->round;
		differs = false;
	}
}

/**
 * pfsnl_chunks_next - where something was written that is wanted
 * @store: the store
 * @s: a section, of which chunks are wanted
 * @offset: from here on
 * @end: set: to where, in the same chunk
 *
 * Return: the first such place from @offset on, or the length of the section.
 */
u64 pfsnl_chunks_next(const struct pfsnl_ckpts *store, const struct pfsnl_section *s,
		      u64 offset, u64 *end)
{
	u64 at = pfsnl_data_next(s->data, offset, s->len, end), i;

	while (at < s->len) {
		i = at >> PFSNL_CHUNK_SHIFT;
		if (s->data->at[i]->wanted == store->round)
			break;
		at = pfsnl_data_next(s->data, (i + 1) << PFSNL_CHUNK_SHIFT, s->len, end);
	}
	return at;
}

/**
 * pfsnl_chunks_zeros - how many chunks right before a place were never written
 * @s: a section
 * @from: behind this one
 * @at: the place: here a piece begins, or the section ends
 */
u32 pfsnl_chunks_zeros(const struct pfsnl_section *s, u64 from, u64 at)
{
	u64 first = chunks_in(from), end = chunks_in(at), i = end;

	if (from == at)
		return 0;
	if (i > first)
		i = min(i, max(first, chunks_end(s)));
	while (i > first && !s->data->at[i - 1])
		i--;
	return end - i;
}

/**
 * pfsnl_chunks_fill - where chunks were left out have those of the own version
 * @store: the store, with a temporary store
 * @s: a section in it
 * @r: SECTION, decoded: what comes behind that
 *
 * Return: 0; -ENOMEM: to be tried again; -EPROTO: this node has got no version of it.
 */
int pfsnl_chunks_fill(struct pfsnl_ckpts *store, struct pfsnl_section *s,
		      const struct pfsnl_ckptrec *r)
{
	u64 first = chunks_in(s->got), end = chunks_in(r->offset) - r->zeros;
	const struct pfsnl_section *own;

	if (first >= end || PFSNL_BROKEN(CKPT_GAP))
		return 0;
	own = pfsnl_chunks_own(store, &s->ckpt->number, s->id, s->id_len);
	if (!own)
		return -EPROTO;
	return pfsnl_data_share(&store->mem, &s->data, own->data, first, end);
}
