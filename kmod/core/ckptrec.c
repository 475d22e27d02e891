// SPDX-License-Identifier: GPL-2.0
/*
 * Records of synchronization: codec. Touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ckptmsg.h"
#include "ckptrec.h"

static u32 fixed_len(u8 kind)
{
	switch (kind) {
	case PFSNL_CKPTREC_STORE:
		return PFSNL_CKPTREC_STORE_LEN;
	case PFSNL_CKPTREC_CHECKPOINT:
		return PFSNL_CKPTREC_CHECKPOINT_LEN;
	case PFSNL_CKPTREC_SECTION:
		return PFSNL_CKPTREC_SECTION_LEN;
	case PFSNL_CKPTREC_REFCOUNT:
		return PFSNL_CKPTREC_REFCOUNT_LEN;
	case PFSNL_CKPTREC_WANT:
		return PFSNL_CKPTREC_WANT_LEN;
	case PFSNL_CKPTREC_OFFER:
		return PFSNL_CKPTREC_OFFER_LEN;
	default:
		return 0;
	}
}

/**
 * pfsnl_dot_encode - write a place in the history
 * @to: PFSNL_CKPTREC_RING_LEN bytes
 * @dot: the place
 *
 * Return: behind it.
 */
u8 *pfsnl_dot_encode(u8 *to, const struct pfsnl_ckpt_dot *dot)
{
	put_unaligned_be64(dot->ring.seq, to);
	put_unaligned_be64(dot->ring.incarnation, to + 8);
	put_unaligned_be32(dot->ring.leader, to + 16);
	put_unaligned_be64(dot->count, to + 20);
	return to + PFSNL_CKPTREC_RING_LEN;
}

/**
 * pfsnl_dot_decode - read a place in the history
 * @p: PFSNL_CKPTREC_RING_LEN bytes
 * @dot: filled
 *
 * Return: behind it.
 */
const u8 *pfsnl_dot_decode(const u8 *p, struct pfsnl_ckpt_dot *dot)
{
	dot->ring.seq = get_unaligned_be64(p);
	dot->ring.incarnation = get_unaligned_be64(p + 8);
	dot->ring.leader = get_unaligned_be32(p + 16);
	dot->count = get_unaligned_be64(p + 20);
	return p + PFSNL_CKPTREC_RING_LEN;
}

/**
 * pfsnl_handle_encode - write a handle of REFCOUNT
 * @to: PFSNL_CKPTREC_HANDLE_LEN bytes
 * @h: the handle
 *
 * Return: behind it.
 */
u8 *pfsnl_handle_encode(u8 *to, const struct pfsnl_handle_rec *h)
{
	to = pfsnl_ckpt_number_encode(to, &h->number);
	put_unaligned_be32(h->process, to);
	put_unaligned_be32(h->handle, to + 4);
	put_unaligned_be32(h->flags, to + 8);
	return to + 12;
}

/**
 * pfsnl_handle_decode - read a handle of REFCOUNT
 * @p: where it begins, in a record that was decoded
 * @h: filled
 *
 * Return: where the next one begins.
 */
const u8 *pfsnl_handle_decode(const u8 *p, struct pfsnl_handle_rec *h)
{
	pfsnl_ckpt_number_decode(p, &h->number);
	h->process = get_unaligned_be32(p + 20);
	h->handle = get_unaligned_be32(p + 24);
	h->flags = get_unaligned_be32(p + 28);
	return p + PFSNL_CKPTREC_HANDLE_LEN;
}

/**
 * pfsnl_offer_size - bytes that a section of OFFER takes
 * @id_len: bytes of its id
 */
u32 pfsnl_offer_size(u32 id_len)
{
	return PFSNL_CKPT_DIGEST + 1 + id_len;
}

/**
 * pfsnl_offer_encode - write a section of OFFER
 * @to: pfsnl_offer_size() bytes
 * @o: the section
 *
 * Return: behind it.
 */
u8 *pfsnl_offer_encode(u8 *to, const struct pfsnl_offer *o)
{
	memcpy(to, o->digest, PFSNL_CKPT_DIGEST);
	to[PFSNL_CKPT_DIGEST] = o->id_len;
	if (o->id_len)
		memcpy(to + PFSNL_CKPT_DIGEST + 1, o->id, o->id_len);
	return to + pfsnl_offer_size(o->id_len);
}

/**
 * pfsnl_offer_decode - read a section of OFFER
 * @p: where it begins, in a record that was decoded
 * @o: filled
 *
 * Return: where the next one begins.
 */
const u8 *pfsnl_offer_decode(const u8 *p, struct pfsnl_offer *o)
{
	o->digest = p;
	o->id_len = p[PFSNL_CKPT_DIGEST];
	o->id = p + PFSNL_CKPT_DIGEST + 1;
	return o->id + o->id_len;
}

static bool rings_ok(const struct pfsnl_ckptrec *r)
{
	return r->limits.headroom <= r->limits.bytes && r->n <= PFSNL_LINEAGE_MAX &&
	       r->len == r->n * PFSNL_CKPTREC_RING_LEN;
}

static bool ckpt_ok(const struct pfsnl_ckptrec *r)
{
	return !(r->flags & ~(PFSNL_CKPT_UNLINKED | PFSNL_CKPT_CONFLICT)) &&
	       pfsnl_ckpt_name_ok(r->name, r->name_len) &&
	       pfsnl_ckpt_attr_ok(&r->attr) && r->n <= r->attr.max_sections && !r->len;
}

/* A piece is of one chunk; where there is none, it is offered or ends. */
static bool piece_ok(const struct pfsnl_ckptrec *r)
{
	u32 in = r->offset & (PFSNL_CHUNK - 1);

	if (r->zeros > (r->offset + PFSNL_CHUNK - 1) >> PFSNL_CHUNK_SHIFT)
		return false;
	if (!r->len)
		return !r->flags && (!r->offset || r->offset == r->bytes);
	return !(r->flags & ~PFSNL_PIECE_ENDS) && !(r->zeros && in) &&
	       r->offset >> PFSNL_CHUNK_SHIFT ==
	       (r->offset + r->len - 1) >> PFSNL_CHUNK_SHIFT;
}

static bool section_ok(const struct pfsnl_ckptrec *r)
{
	return !r->n && r->name_len <= PFSNL_SECTION_ID_MAX &&
	       r->bytes <= PFSNL_SECTION_LEN_MAX && r->offset <= r->bytes &&
	       r->len <= r->bytes - r->offset && piece_ok(r);
}

static bool handles_ok(const struct pfsnl_ckptrec *r)
{
	const u8 *p = r->rest;
	struct pfsnl_handle_rec h;
	u32 i;

	if (r->len != (u64)r->n * PFSNL_CKPTREC_HANDLE_LEN || r->n > PFSNL_HANDLES_MAX)
		return false;
	for (i = 0; i < r->n; i++) {
		p = pfsnl_handle_decode(p, &h);
		if (h.flags & ~(PFSNL_OPEN_READ | PFSNL_OPEN_WRITE))
			return false;
	}
	return true;
}

static bool offers_ok(const struct pfsnl_ckptrec *r)
{
	const u8 *p = r->rest, *end = r->rest + r->len;
	u32 i;

	for (i = 0; i < r->n; i++) {
		if (end - p < PFSNL_CKPT_DIGEST + 1 ||
		    end - p < pfsnl_offer_size(p[PFSNL_CKPT_DIGEST]))
			return false;
		p += pfsnl_offer_size(p[PFSNL_CKPT_DIGEST]);
	}
	return p == end;
}

/* Digests of whole chunks, and no more than it is about. */
static bool chunks_ok(const struct pfsnl_ckptrec *r)
{
	return !((r->offset | r->bytes) & (PFSNL_CHUNK - 1)) && r->offset < r->bytes &&
	       r->bytes <= PFSNL_SECTION_LEN_MAX && !(r->len % PFSNL_CKPT_DIGEST) &&
	       r->len / PFSNL_CKPT_DIGEST <= (r->bytes - r->offset) >> PFSNL_CHUNK_SHIFT;
}

static bool want_ok(const struct pfsnl_ckptrec *r)
{
	if (r->n || r->name_len > PFSNL_SECTION_ID_MAX)
		return false;
	if (r->flags == (PFSNL_WANT_SECTION | PFSNL_WANT_CHUNKS))
		return chunks_ok(r);
	if (r->len || r->offset || r->bytes)
		return false;
	if (r->flags == PFSNL_WANT_SECTION)
		return true;
	return !(r->flags & ~PFSNL_WANT_DATA) && !r->name_len;
}

static bool record_ok(const struct pfsnl_ckptrec *r)
{
	if (r->flags && r->kind != PFSNL_CKPTREC_CHECKPOINT &&
	    r->kind != PFSNL_CKPTREC_SECTION && r->kind != PFSNL_CKPTREC_WANT)
		return false;
	switch (r->kind) {
	case PFSNL_CKPTREC_STORE:
		return !r->name_len && rings_ok(r);
	case PFSNL_CKPTREC_CHECKPOINT:
		return ckpt_ok(r);
	case PFSNL_CKPTREC_SECTION:
		return section_ok(r);
	case PFSNL_CKPTREC_REFCOUNT:
		return !r->name_len && handles_ok(r);
	case PFSNL_CKPTREC_OFFER:
		return !r->name_len && offers_ok(r);
	default:
		return want_ok(r);
	}
}

static void decode_ckpt(struct pfsnl_ckptrec *r, const u8 *data)
{
	r->attr.max_sections = get_unaligned_be32(data + 28);
	pfsnl_ckpt_number_decode(data + 32, &r->origin);
	r->attr.max_id = get_unaligned_be32(data + 52);
	r->attr.size = get_unaligned_be64(data + 56);
	r->attr.retention = get_unaligned_be64(data + 64);
	r->attr.max_section = get_unaligned_be64(data + 72);
	r->ops = get_unaligned_be64(data + 80);
	r->modified = get_unaligned_be64(data + 88);
	r->idle = get_unaligned_be64(data + 96);
	r->next_id = get_unaligned_be64(data + 104);
	pfsnl_dot_decode(pfsnl_dot_decode(data + 112, &r->born), &r->changed);
	memcpy(r->digest, data + 168, PFSNL_CKPT_DIGEST);
	r->lost.seq = get_unaligned_be64(data + 184);
	r->lost.incarnation = get_unaligned_be64(data + 192);
	r->lost.leader = get_unaligned_be32(data + 200);
}

static void decode_fixed(struct pfsnl_ckptrec *r, const u8 *data)
{
	switch (r->kind) {
	case PFSNL_CKPTREC_STORE:
		r->limits.bytes = get_unaligned_be64(data + 8);
		r->limits.headroom = get_unaligned_be64(data + 16);
		return;
	case PFSNL_CKPTREC_REFCOUNT:
		r->incarnation = get_unaligned_be64(data + 8);
		r->seen = get_unaligned_be64(data + 16);
		r->addr = get_unaligned_be32(data + 24);
		return;
	}
	pfsnl_ckpt_number_decode(data + 8, &r->number);
	if (r->kind == PFSNL_CKPTREC_WANT) {
		r->addr = r->n;
		r->n = 0;
		r->offset = get_unaligned_be64(data + 28);
		r->bytes = get_unaligned_be64(data + 36);
		memcpy(r->digest, data + 44, PFSNL_CKPT_DIGEST);
	}
	if (r->kind == PFSNL_CKPTREC_CHECKPOINT)
		decode_ckpt(r, data);
	if (r->kind != PFSNL_CKPTREC_SECTION)
		return;
	r->zeros = get_unaligned_be32(data + 28);
	r->bytes = get_unaligned_be64(data + 32);
	r->expires = get_unaligned_be64(data + 40);
	r->modified = get_unaligned_be64(data + 48);
	r->offset = get_unaligned_be64(data + 56);
	memcpy(r->digest, data + 64, PFSNL_CKPT_DIGEST);
	memcpy(r->chunk, data + 80, PFSNL_CKPT_DIGEST);
	r->sum = get_unaligned_be64(data + 96);
}

/**
 * pfsnl_ckptrec_decode - read a record
 * @r: filled
 * @data: the record; what @r points to afterwards is in it
 * @len: its bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_ckptrec_decode(struct pfsnl_ckptrec *r, const u8 *data, u32 len)
{
	u32 fixed;

	if (len < 8)
		return -EBADMSG;
	memset(r, 0, sizeof(*r));
	r->kind = data[0];
	r->flags = data[1];
	r->name_len = get_unaligned_be16(data + 2);
	r->n = get_unaligned_be32(data + 4);
	fixed = fixed_len(r->kind);
	if (!fixed || len < fixed || len - fixed < r->name_len)
		return -EBADMSG;
	decode_fixed(r, data);
	r->name = data + fixed;
	r->rest = r->name + r->name_len;
	r->len = len - fixed - r->name_len;
	return record_ok(r) ? 0 : -EBADMSG;
}

/**
 * pfsnl_ckptrec_size - bytes that a record takes
 * @r: the record
 */
u32 pfsnl_ckptrec_size(const struct pfsnl_ckptrec *r)
{
	return fixed_len(r->kind) + r->name_len + r->len;
}

static void encode_ckpt(const struct pfsnl_ckptrec *r, u8 *to)
{
	put_unaligned_be32(r->attr.max_sections, to + 28);
	pfsnl_ckpt_number_encode(to + 32, &r->origin);
	put_unaligned_be32(r->attr.max_id, to + 52);
	put_unaligned_be64(r->attr.size, to + 56);
	put_unaligned_be64(r->attr.retention, to + 64);
	put_unaligned_be64(r->attr.max_section, to + 72);
	put_unaligned_be64(r->ops, to + 80);
	put_unaligned_be64(r->modified, to + 88);
	put_unaligned_be64(r->idle, to + 96);
	put_unaligned_be64(r->next_id, to + 104);
	pfsnl_dot_encode(pfsnl_dot_encode(to + 112, &r->born), &r->changed);
	memcpy(to + 168, r->digest, PFSNL_CKPT_DIGEST);
	put_unaligned_be64(r->lost.seq, to + 184);
	put_unaligned_be64(r->lost.incarnation, to + 192);
	put_unaligned_be32(r->lost.leader, to + 200);
}

static void encode_fixed(const struct pfsnl_ckptrec *r, u8 *to)
{
	switch (r->kind) {
	case PFSNL_CKPTREC_STORE:
		put_unaligned_be64(r->limits.bytes, to + 8);
		put_unaligned_be64(r->limits.headroom, to + 16);
		return;
	case PFSNL_CKPTREC_REFCOUNT:
		put_unaligned_be64(r->incarnation, to + 8);
		put_unaligned_be64(r->seen, to + 16);
		put_unaligned_be32(r->addr, to + 24);
		put_unaligned_be32(0, to + 28);
		return;
	}
	pfsnl_ckpt_number_encode(to + 8, &r->number);
	if (r->kind == PFSNL_CKPTREC_WANT) {
		put_unaligned_be32(r->addr, to + 4);
		put_unaligned_be64(r->offset, to + 28);
		put_unaligned_be64(r->bytes, to + 36);
		memcpy(to + 44, r->digest, PFSNL_CKPT_DIGEST);
	}
	if (r->kind == PFSNL_CKPTREC_CHECKPOINT)
		encode_ckpt(r, to);
	if (r->kind != PFSNL_CKPTREC_SECTION)
		return;
	put_unaligned_be32(r->zeros, to + 28);
	put_unaligned_be64(r->bytes, to + 32);
	put_unaligned_be64(r->expires, to + 40);
	put_unaligned_be64(r->modified, to + 48);
	put_unaligned_be64(r->offset, to + 56);
	memcpy(to + 64, r->digest, PFSNL_CKPT_DIGEST);
	memcpy(to + 80, r->chunk, PFSNL_CKPT_DIGEST);
	put_unaligned_be64(r->sum, to + 96);
}

/**
 * pfsnl_ckptrec_encode - write a record
 * @r: the record
 * @to: pfsnl_ckptrec_size() bytes; what the rest is to be may stand in its place
 *	already
 */
void pfsnl_ckptrec_encode(const struct pfsnl_ckptrec *r, u8 *to)
{
	u8 *p = to + fixed_len(r->kind);

	to[0] = r->kind;
	to[1] = r->flags;
	put_unaligned_be16(r->name_len, to + 2);
	put_unaligned_be32(r->n, to + 4);
	encode_fixed(r, to);
	if (r->name_len)
		memcpy(p, r->name, r->name_len);
	p += r->name_len;
	if (r->len && r->rest != p)
		memcpy(p, r->rest, r->len);
}
