// SPDX-License-Identifier: GPL-2.0
/*
 * What sections hold, in chunks that are allocated as they are written. The regular
 * and the temporary store share what is the same in both: what is shared is copied
 * before it is changed, chunk by chunk.
 *
 * And the memory for all of it. What an operation needs is got before, in the order in
 * which it is taken, so that taking can't fail.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "store.h"

#define CHUNK_MIN	64

/* at the beginning of memory that is not taken yet */
struct spare {
	struct list_head list;
	size_t size;
};

/**
 * pfsnl_mem_alloc - get memory now
 * @mem: whose
 * @size: bytes
 *
 * Return: zeroed memory or NULL.
 */
void *pfsnl_mem_alloc(const struct pfsnl_ckpt_mem *mem, size_t size)
{
	return mem->ops->alloc(mem->ctx, size);
}

/**
 * pfsnl_mem_free - give it back
 * @mem: whose
 * @p: what; NULL is allowed
 */
void pfsnl_mem_free(const struct pfsnl_ckpt_mem *mem, void *p)
{
	mem->ops->free(mem->ctx, p);
}

/**
 * pfsnl_mem_want - get memory to be taken later
 * @mem: whose
 * @size: bytes
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_mem_want(struct pfsnl_ckpt_mem *mem, size_t size)
{
	struct spare *spare = pfsnl_mem_alloc(mem, max(size, sizeof(*spare)));

	if (!spare)
		return -ENOMEM;
	spare->size = size;
	list_add_tail(&spare->list, &mem->spares);
	return 0;
}

/**
 * pfsnl_mem_take - take what was got before
 * @mem: whose
 * @size: as it was asked for
 *
 * Return: zeroed memory.
 */
void *pfsnl_mem_take(struct pfsnl_ckpt_mem *mem, size_t size)
{
	struct spare *spare = list_first_entry(&mem->spares, struct spare, list);

	if (WARN_ON(list_empty(&mem->spares) || spare->size != size))
		return NULL;
	list_del(&spare->list);
	memset(spare, 0, sizeof(*spare));
	return spare;
}

/**
 * pfsnl_mem_trim - give back what was not taken
 * @mem: whose
 */
void pfsnl_mem_trim(struct pfsnl_ckpt_mem *mem)
{
	struct spare *spare, *tmp;

	list_for_each_entry_safe(spare, tmp, &mem->spares, list) {
		list_del(&spare->list);
		pfsnl_mem_free(mem, spare);
	}
}

/**
 * pfsnl_vecs_end - where the last of them ends
 * @vecs: vectors
 */
u64 pfsnl_vecs_end(const struct pfsnl_vecs *vecs)
{
	struct pfsnl_vec v = vecs->first;
	const u8 *p = vecs->more;
	u32 i;

	for (i = 1; i < vecs->n; i++)
		p = pfsnl_vec_next(p, &v);
	return vecs->n ? v.offset + v.len : 0;
}

/* A walk along the chunks that vectors touch, each once. */
struct walk {
	const struct pfsnl_vecs *vecs;
	struct pfsnl_vec v;
	const u8 *p;
	u32 i;
	u64 idx;
};

static void walk_begin(struct walk *w, const struct pfsnl_vecs *vecs)
{
	w->vecs = vecs;
	w->v = vecs->first;
	w->p = vecs->more;
	w->i = 0;
	w->idx = w->v.offset >> PFSNL_CHUNK_SHIFT;
}

/* Where in it the last byte is that is touched, and one more. Return: false at the end. */
static bool walk_touched(struct walk *w, u64 *idx, u32 *end)
{
	u64 from = w->idx << PFSNL_CHUNK_SHIFT;

	if (w->i == w->vecs->n)
		return false;
	*idx = w->idx;
	*end = 0;
	do {
		if (w->v.offset >= from + PFSNL_CHUNK) {
			w->idx = w->v.offset >> PFSNL_CHUNK_SHIFT;
			return true;
		}
		if (w->v.offset + w->v.len > from + PFSNL_CHUNK) {
			*end = PFSNL_CHUNK;
			w->idx++;
			return true;
		}
		*end = w->v.offset + w->v.len - from;
		if (++w->i < w->vecs->n)
			w->p = pfsnl_vec_next(w->p, &w->v);
	} while (w->i < w->vecs->n);
	return true;
}

/*
 * The same. What ends where no chunk ends will go on there, so that is made room for at
 * once, and nothing has to be copied then.
 */
static bool walk_next(struct walk *w, u64 *idx, u32 *end)
{
	u64 from;

	if (!walk_touched(w, idx, end))
		return false;
	from = *idx << PFSNL_CHUNK_SHIFT;
	if (*end & (*end - 1) && w->vecs->whole > from + *end)
		*end = min_t(u64, PFSNL_CHUNK, w->vecs->whole - from);
	return true;
}

static u32 pow2_above(u64 n, u32 least)
{
	u64 size = least;

	while (size < n)
		size *= 2;
	return size;
}

static size_t data_size(u32 slots)
{
	return sizeof(struct pfsnl_data) + slots * sizeof(struct pfsnl_chunk *);
}

static u64 slots_for(const struct pfsnl_vecs *vecs)
{
	return (pfsnl_vecs_end(vecs) + PFSNL_CHUNK - 1) >> PFSNL_CHUNK_SHIFT;
}

/* Slots of the data that has to be made, or 0 if this one will do. */
static u32 new_slots(const struct pfsnl_data *d, u64 needed)
{
	if (d && d->slots >= needed)
		return d->refs > 1 ? d->slots : 0;
	return pow2_above(needed, 1);
}

static struct pfsnl_chunk *chunk_at(const struct pfsnl_data *d, u64 idx)
{
	return d && idx < d->slots ? d->at[idx] : NULL;
}

/* Bytes of the chunk that has to be made, or 0 if this one will do. */
static u32 new_cap(const struct pfsnl_chunk *c, bool shared, u32 end)
{
	u32 cap = pow2_above(end, CHUNK_MIN);

	if (!c)
		return cap;
	if (c->cap < end)
		return cap;
	return shared || c->refs > 1 ? c->cap : 0;
}

/**
 * pfsnl_data_want - get the memory that writing needs
 * @mem: whose
 * @d: what is written to; NULL if there is nothing
 * @vecs: what and where
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_data_want(struct pfsnl_ckpt_mem *mem, const struct pfsnl_data *d,
		    const struct pfsnl_vecs *vecs)
{
	u32 slots, end, cap;
	struct walk w;
	int err = 0;
	u64 idx;

	if (!vecs->n)
		return 0;
	slots = new_slots(d, slots_for(vecs));
	if (slots)
		err = pfsnl_mem_want(mem, data_size(slots));
	walk_begin(&w, vecs);
	while (!err && walk_next(&w, &idx, &end)) {
		cap = new_cap(chunk_at(d, idx), d && d->refs > 1, end);
		if (cap)
			err = pfsnl_mem_want(mem, sizeof(struct pfsnl_chunk));
		if (cap && !err)
			err = pfsnl_mem_want(mem, cap);
	}
	return err;
}

static void chunk_put(const struct pfsnl_ckpt_mem *mem, struct pfsnl_chunk *c)
{
	if (!c || --c->refs)
		return;
	pfsnl_mem_free(mem, c->bytes);
	pfsnl_mem_free(mem, c);
}

/* The same in memory that only we have. */
static struct pfsnl_data *move_data(const struct pfsnl_ckpt_mem *mem,
				    struct pfsnl_data *d, struct pfsnl_data *own,
				    u32 slots)
{
	u32 i;

	own->refs = 1;
	own->slots = slots;
	for (i = 0; d && i < d->slots; i++) {
		own->at[i] = d->at[i];
		if (own->at[i])
			own->at[i]->refs++;
	}
	pfsnl_data_put(mem, d);
	return own;
}

/* Data that only we have, with room. */
static struct pfsnl_data *own_data(struct pfsnl_ckpt_mem *mem, struct pfsnl_data *d,
				   const struct pfsnl_vecs *vecs)
{
	u32 slots = new_slots(d, slots_for(vecs));

	if (!slots)
		return d;
	return move_data(mem, d, pfsnl_mem_take(mem, data_size(slots)), slots);
}

/* A chunk that only we have, with room. */
static void own_chunk(struct pfsnl_ckpt_mem *mem, struct pfsnl_data *d, u64 idx, u32 end)
{
	struct pfsnl_chunk *old = d->at[idx], *c = old;
	u32 cap = new_cap(old, false, end);

	if (cap) {
		c = pfsnl_mem_take(mem, sizeof(*c));
		c->bytes = pfsnl_mem_take(mem, cap);
		c->refs = 1;
		c->cap = cap;
		if (old)
			memcpy(c->bytes, old->bytes, old->cap);
		chunk_put(mem, old);
		d->at[idx] = c;
	}
	c->hashed = false;
}

static void copy_in(struct pfsnl_data *d, const struct pfsnl_vec *v)
{
	u64 at = v->offset;
	u32 done = 0;

	while (done < v->len) {
		u32 in = at & (PFSNL_CHUNK - 1);
		u32 n = min(v->len - done, PFSNL_CHUNK - in);

		memcpy(d->at[at >> PFSNL_CHUNK_SHIFT]->bytes + in, v->bytes + done, n);
		done += n;
		at += n;
	}
}

/**
 * pfsnl_data_write - write
 * @mem: whose; what it needs was got by pfsnl_data_want()
 * @d: what is written to, given away; NULL if there is nothing
 * @vecs: what and where
 *
 * Return: what there is now.
 */
struct pfsnl_data *pfsnl_data_write(struct pfsnl_ckpt_mem *mem, struct pfsnl_data *d,
				    const struct pfsnl_vecs *vecs)
{
	struct pfsnl_vec v = vecs->first;
	const u8 *p = vecs->more;
	struct walk w;
	u32 i, end;
	u64 idx;

	if (!vecs->n)
		return d;
	d = own_data(mem, d, vecs);
	walk_begin(&w, vecs);
	while (walk_next(&w, &idx, &end))
		own_chunk(mem, d, idx, end);
	copy_in(d, &v);
	for (i = 1; i < vecs->n; i++) {
		p = pfsnl_vec_next(p, &v);
		copy_in(d, &v);
	}
	return d;
}

/**
 * pfsnl_data_share - have chunks that another has, where there are none
 * @mem: whose
 * @d: where to; changed
 * @from: what has them; NULL: nothing
 * @first: place of the first chunk
 * @end: and behind the last
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_data_share(const struct pfsnl_ckpt_mem *mem, struct pfsnl_data **d,
		     const struct pfsnl_data *from, u64 first, u64 end)
{
	struct pfsnl_data *own;
	u32 slots;
	u64 i;

	end = min_t(u64, end, from ? from->slots : 0);
	if (first >= end)
		return 0;
	slots = new_slots(*d, end);
	if (slots) {
		own = pfsnl_mem_alloc(mem, data_size(slots));
		if (!own)
			return -ENOMEM;
		*d = move_data(mem, *d, own, slots);
	}
	for (i = first; i < end; i++) {
		if ((*d)->at[i] || !from->at[i])
			continue;
		(*d)->at[i] = from->at[i];
		from->at[i]->refs++;
	}
	return 0;
}

/**
 * pfsnl_data_get - share
 * @d: what; NULL is allowed
 */
struct pfsnl_data *pfsnl_data_get(struct pfsnl_data *d)
{
	if (d)
		d->refs++;
	return d;
}

/**
 * pfsnl_data_put - it is not needed here any more
 * @mem: whose
 * @d: what; NULL is allowed
 */
void pfsnl_data_put(const struct pfsnl_ckpt_mem *mem, struct pfsnl_data *d)
{
	u32 i;

	if (!d || --d->refs)
		return;
	for (i = 0; i < d->slots; i++)
		chunk_put(mem, d->at[i]);
	pfsnl_mem_free(mem, d);
}

/**
 * pfsnl_data_next - where something was written
 * @d: data
 * @offset: from here on
 * @len: up to here
 * @end: set: to where, in the same chunk
 *
 * Return: the first place from @offset on that is in a chunk, or @len.
 */
u64 pfsnl_data_next(const struct pfsnl_data *d, u64 offset, u64 len, u64 *end)
{
	u64 idx = offset >> PFSNL_CHUNK_SHIFT;

	*end = len;
	for (; d && idx < d->slots; idx++) {
		u64 begin = idx << PFSNL_CHUNK_SHIFT;
		const struct pfsnl_chunk *c = d->at[idx];

		if (begin >= len)
			break;
		if (!c || offset >= begin + c->cap)
			continue;
		*end = min(len, begin + c->cap);
		return max(offset, begin);
	}
	return len;
}

/**
 * pfsnl_section_read - read
 * @s: from where
 * @offset: place in it
 * @to: where to
 * @len: bytes
 *
 * Return: how many there were.
 */
u64 pfsnl_section_read(const struct pfsnl_section *s, u64 offset, void *to, u64 len)
{
	u64 done = 0;

	if (offset >= s->len)
		return 0;
	len = min(len, s->len - offset);
	while (done < len) {
		u64 at = offset + done;
		u32 in = at & (PFSNL_CHUNK - 1);
		u64 n = min_t(u64, len - done, PFSNL_CHUNK - in);
		const struct pfsnl_chunk *c = chunk_at(s->data,
						       at >> PFSNL_CHUNK_SHIFT);
		u64 there = c && in < c->cap ? min_t(u64, n, c->cap - in) : 0;

		if (there)
			memcpy(to + done, c->bytes + in, there);
		memset(to + done + there, 0, n - there);
		done += n;
	}
	return len;
}
