// SPDX-License-Identifier: GPL-2.0
/*
 * Digests, see digest.h. The hash itself comes from the surroundings.
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "store.h"

static void begin(struct pfsnl_ckpts *store)
{
	store->mem.ops->hash_init(store->hash);
}

static void bytes(struct pfsnl_ckpts *store, const void *p, size_t len)
{
	if (len)
		store->mem.ops->hash_update(store->hash, p, len);
}

static void number(struct pfsnl_ckpts *store, u64 n)
{
	u8 wire[8];

	put_unaligned_be64(n, wire);
	bytes(store, wire, sizeof(wire));
}

static void ckpt_number(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_number *n)
{
	number(store, n->creator);
	number(store, n->incarnation);
	number(store, n->counter);
}

static void dot(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_dot *d)
{
	number(store, d->ring.seq);
	number(store, d->ring.incarnation);
	number(store, d->ring.leader);
	number(store, d->count);
}

static void end(struct pfsnl_ckpts *store, u8 *digest)
{
	store->mem.ops->hash_final(store->hash, digest);
}

/* Bytes up to the last that is not zero. */
static u32 significant(const struct pfsnl_chunk *c)
{
	u32 n = c->cap;

	while (n && !c->bytes[n - 1])
		n--;
	return n;
}

/* Return: bytes that were hashed. */
static u32 digest_chunk(struct pfsnl_ckpts *store, struct pfsnl_chunk *c)
{
	if (!c || c->hashed)
		return 0;
	c->n = significant(c);
	begin(store);
	bytes(store, c->bytes, c->n);
	end(store, c->digest);
	c->hashed = true;
	return c->cap;
}

static struct pfsnl_chunk *chunk_of(const struct pfsnl_data *d, u64 offset)
{
	u64 i = offset >> PFSNL_CHUNK_SHIFT;

	return d && i < d->slots ? d->at[i] : NULL;
}

/**
 * pfsnl_digest_said - what is said of a chunk when it is transmitted
 * @d: the data of a section that is hashed; NULL is allowed
 * @offset: of a byte of the chunk
 * @digest: written, PFSNL_CKPT_DIGEST bytes, if anything is in it
 */
void pfsnl_digest_said(const struct pfsnl_data *d, u64 offset, u8 *digest)
{
	const struct pfsnl_chunk *c = chunk_of(d, offset);

	if (c)
		memcpy(digest, c->digest, PFSNL_CKPT_DIGEST);
}

/**
 * pfsnl_digest_take - take over what was said of a chunk
 * @d: the data of a section
 * @offset: of a byte of the chunk, which is there
 * @digest: PFSNL_CKPT_DIGEST bytes
 *
 * Its sender had to make it anyway, and the section's digest is made of it.
 */
void pfsnl_digest_take(struct pfsnl_data *d, u64 offset, const u8 *digest)
{
	struct pfsnl_chunk *c = chunk_of(d, offset);

	c->n = significant(c);
	memcpy(c->digest, digest, PFSNL_CKPT_DIGEST);
	c->hashed = true;
}

/**
 * pfsnl_digest_section - the digest of a section
 * @store: the store
 * @s: the section
 *
 * Return: PFSNL_CKPT_DIGEST bytes.
 */
const u8 *pfsnl_digest_section(struct pfsnl_ckpts *store, struct pfsnl_section *s)
{
	u32 i, n = s->data ? s->data->slots : 0;

	if (s->hashed)
		return s->digest;
	/* there is one state of the hash: first all that it will be made of */
	for (i = 0; i < n; i++)
		digest_chunk(store, s->data->at[i]);
	begin(store);
	number(store, s->id_len);
	bytes(store, s->id, s->id_len);
	number(store, s->len);
	number(store, s->expires);
	number(store, s->modified);
	for (i = 0; i < n; i++) {
		const struct pfsnl_chunk *c = s->data->at[i];

		if (!c || !c->n)
			continue;
		number(store, i);
		bytes(store, c->digest, PFSNL_CKPT_DIGEST);
	}
	end(store, s->digest);
	s->hashed = true;
	return s->digest;
}

/**
 * pfsnl_digest_ckpt - the digest of a checkpoint
 * @store: the store
 * @c: the checkpoint
 *
 * Return: PFSNL_CKPT_DIGEST bytes.
 */
const u8 *pfsnl_digest_ckpt(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c)
{
	const struct pfsnl_ckpt *has = c->twin ? c->twin : c;
	struct pfsnl_section *s;

	if (c->hashed)
		return c->digest;
	for (s = pfsnl_section_first(has); s; s = pfsnl_section_next(s))
		pfsnl_digest_section(store, s);
	begin(store);
	ckpt_number(store, &c->number);
	number(store, c->attr.size);
	number(store, c->attr.retention);
	number(store, c->attr.max_section);
	number(store, c->attr.max_sections);
	number(store, c->attr.max_id);
	for (s = pfsnl_section_first(has); s; s = pfsnl_section_next(s))
		bytes(store, s->digest, PFSNL_CKPT_DIGEST);
	end(store, c->digest);
	c->hashed = true;
	return c->digest;
}

/**
 * pfsnl_digest_set - the digest of all checkpoints, and of where they come from
 * @store: the store
 * @set: the checkpoints
 * @digest: written, PFSNL_CKPT_DIGEST bytes
 */
void pfsnl_digest_set(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set, u8 *digest)
{
	struct pfsnl_ckpt *c;
	u32 i;

	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number))
		pfsnl_digest_ckpt(store, c);
	begin(store);
	number(store, set->limits.bytes);
	number(store, set->limits.headroom);
	for (i = 0; i < set->lineage.n; i++)
		dot(store, &set->lineage.at[i]);
	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		bytes(store, c->digest, PFSNL_CKPT_DIGEST);
		ckpt_number(store, &c->origin);
		number(store, c->name_len);
		bytes(store, c->name, c->name_len);
		number(store, c->flags);
		number(store, c->ops);
		dot(store, &c->born);
		dot(store, &c->changed);
		number(store, c->modified);
		number(store, c->idle);
		number(store, c->next_id);
	}
	end(store, digest);
}

static void spend(u64 *budget, u64 bytes)
{
	*budget -= min(*budget, bytes);
}

/* Return: whether it is hashed. */
static bool hash_section(struct pfsnl_ckpts *store, struct pfsnl_section *s, u64 *budget)
{
	u32 i, n = s->data ? s->data->slots : 0;

	if (s->hashed)
		return true;
	for (i = 0; i < n && *budget; i++)
		spend(budget, digest_chunk(store, s->data->at[i]));
	if (!*budget)
		return false;
	pfsnl_digest_section(store, s);
	spend(budget, PFSNL_SECTION_COST + (u64)n * PFSNL_CKPT_DIGEST);
	return true;
}

static bool hash_ckpt(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c, u64 *budget)
{
	struct pfsnl_section *s;

	if (c->hashed)
		return true;
	for (s = pfsnl_section_first(c); s; s = pfsnl_section_next(s))
		if (!hash_section(store, s, budget))
			return false;
	if (!*budget)
		return false;
	pfsnl_digest_ckpt(store, c);
	spend(budget, PFSNL_CKPT_COST + (u64)c->n_sections * PFSNL_CKPT_DIGEST);
	return true;
}

/**
 * pfsnl_ckpt_hash - find the digest of a checkpoint, some of it at a time
 * @store: the store
 * @c: the checkpoint, in the regular store
 * @budget: about so many bytes at once, not 0
 *
 * Return: whether it is there.
 */
bool pfsnl_ckpt_hash(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c, u64 budget)
{
	return hash_ckpt(store, c, &budget);
}

/**
 * pfsnl_ckpts_hash - find digests of the regular store, some at a time
 * @store: the store
 * @budget: about so many bytes at once, not 0
 *
 * So that what asks for them later finds them. What changes meanwhile may not be found.
 *
 * Return: whether there are more.
 */
bool pfsnl_ckpts_hash(struct pfsnl_ckpts *store, u64 budget)
{
	struct pfsnl_ckpt *c = pfsnl_set_find(store->set, &store->hash_at);

	if (!c)
		c = pfsnl_set_after(store->set, &store->hash_at);
	for (; c; c = pfsnl_set_after(store->set, &c->number)) {
		store->hash_at = c->number;
		if (!hash_ckpt(store, c, &budget))
			return true;
	}
	store->hash_at = (struct pfsnl_ckpt_number) {};
	return false;
}
