// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on checkpoints: codec. Touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ckptmsg.h"

/**
 * pfsnl_ckpt_name_ok - whether a checkpoint can have this name
 * @name: bytes
 * @len: how many
 *
 * As with groups: it is printed as it is, so control characters are none of it. All
 * its bytes count, so no name vanishes behind another or for being short.
 */
bool pfsnl_ckpt_name_ok(const void *name, u32 len)
{
	const u8 *p = name;
	u32 i;

	if (!len || len > PFSNL_CKPT_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] == 0x7f)
			return false;
	return true;
}

/**
 * pfsnl_ckpt_attr_ok - whether a checkpoint can be created with these
 * @a: attributes
 *
 * What it may hold in all must fit into as many sections as it may have.
 */
bool pfsnl_ckpt_attr_ok(const struct pfsnl_ckpt_attr *a)
{
	if (!a->max_sections || a->max_id > PFSNL_SECTION_ID_MAX)
		return false;
	if (!a->size)
		return true;
	return a->max_section &&
	       div64_u64(a->size - 1, a->max_section) < a->max_sections;
}

/* Bytes between the head and the name; 0 for what is no kind. */
static u32 fixed_len(u8 kind)
{
	switch (kind) {
	case PFSNL_CKPTMSG_OPEN:
	case PFSNL_CKPTMSG_EXPIRE:
		return PFSNL_CKPTMSG_LEN + 32;
	case PFSNL_CKPTMSG_GONE:
	case PFSNL_CKPTMSG_LIMITS:
		return PFSNL_CKPTMSG_LEN + 16;
	case PFSNL_CKPTMSG_RETENTION:
	case PFSNL_CKPTMSG_SECTION_CREATE:
	case PFSNL_CKPTMSG_SECTION_EXPIRATION:
		return PFSNL_CKPTMSG_LEN + 8;
	case PFSNL_CKPTMSG_CLOSE:
	case PFSNL_CKPTMSG_UNLINK:
	case PFSNL_CKPTMSG_SECTION_DELETE:
	case PFSNL_CKPTMSG_SECTION_WRITE:
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
	case PFSNL_CKPTMSG_PROCESS_GONE:
		return PFSNL_CKPTMSG_LEN;
	default:
		return 0;
	}
}

static bool flags_ok(const struct pfsnl_ckptmsg *m)
{
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
		return m->flags && !(m->flags & ~(PFSNL_OPEN_CREATE |
						  PFSNL_OPEN_READ |
						  PFSNL_OPEN_WRITE));
	case PFSNL_CKPTMSG_SECTION_CREATE:
		return !(m->flags & ~PFSNL_CREATE_ID) &&
		       !(m->flags && m->name_len);
	case PFSNL_CKPTMSG_EXPIRE:
		return !(m->flags & ~PFSNL_EXPIRE_SECTION) &&
		       (m->flags || !m->name_len);
	default:
		return !m->flags;
	}
}

static bool name_ok(const struct pfsnl_ckptmsg *m)
{
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
	case PFSNL_CKPTMSG_UNLINK:
		return pfsnl_ckpt_name_ok(m->name, m->name_len);
	case PFSNL_CKPTMSG_SECTION_CREATE:
	case PFSNL_CKPTMSG_SECTION_DELETE:
	case PFSNL_CKPTMSG_SECTION_WRITE:
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
	case PFSNL_CKPTMSG_SECTION_EXPIRATION:
	case PFSNL_CKPTMSG_EXPIRE:
		return m->name_len <= PFSNL_SECTION_ID_MAX;
	default:
		return !m->name_len;
	}
}

static bool vectors_ok(const struct pfsnl_ckptmsg *m)
{
	const u8 *p = m->rest, *end = m->rest + m->len;
	struct pfsnl_vec v;
	u64 from = 0;
	u32 i;

	for (i = 0; i < m->vectors; i++) {
		if (end - p < PFSNL_CKPTMSG_VEC_LEN ||
		    end - p - PFSNL_CKPTMSG_VEC_LEN < get_unaligned_be32(p + 8))
			return false;
		p = pfsnl_vec_next(p, &v);
		if (!v.len || v.offset < from || v.offset > U64_MAX - v.len)
			return false;
		from = v.offset + v.len;
	}
	return i && p == end;
}

static bool rest_ok(const struct pfsnl_ckptmsg *m)
{
	switch (m->kind) {
	case PFSNL_CKPTMSG_SECTION_CREATE:
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		return !m->vectors;
	case PFSNL_CKPTMSG_SECTION_WRITE:
		return vectors_ok(m);
	default:
		return !m->vectors && !m->len;
	}
}

/* Read what only this kind has. Return: whether it makes sense. */
static bool decode_fixed(struct pfsnl_ckptmsg *m, const u8 *p)
{
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
		m->attr.size = get_unaligned_be64(p);
		m->attr.retention = get_unaligned_be64(p + 8);
		m->attr.max_section = get_unaligned_be64(p + 16);
		m->attr.max_sections = get_unaligned_be32(p + 24);
		m->attr.max_id = get_unaligned_be32(p + 28);
		return true;
	case PFSNL_CKPTMSG_RETENTION:
		m->attr.retention = get_unaligned_be64(p);
		return true;
	case PFSNL_CKPTMSG_SECTION_CREATE:
	case PFSNL_CKPTMSG_SECTION_EXPIRATION:
		m->expires = get_unaligned_be64(p);
		return true;
	case PFSNL_CKPTMSG_EXPIRE:
		m->expires = get_unaligned_be64(p);
		pfsnl_ckpt_number_decode(p + 8, &m->number);
		/* nobody may hurry time */
		return m->expires <= m->time && m->expires != PFSNL_NEVER &&
		       !get_unaligned_be32(p + 28);
	case PFSNL_CKPTMSG_GONE:
		m->incarnation = get_unaligned_be64(p);
		m->addr = get_unaligned_be32(p + 8);
		return !get_unaligned_be32(p + 12);
	case PFSNL_CKPTMSG_LIMITS:
		m->limits.bytes = get_unaligned_be64(p);
		m->limits.headroom = get_unaligned_be64(p + 8);
		return m->limits.headroom <= m->limits.bytes;
	default:
		return true;
	}
}

/**
 * pfsnl_ckptmsg_decode - read an operation
 * @m: filled
 * @data: the message; what @m points to afterwards is in it
 * @len: its bytes
 *
 * All nodes find the same, so that what makes no sense is ignored by all alike.
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_ckptmsg_decode(struct pfsnl_ckptmsg *m, const u8 *data, u32 len)
{
	u32 fixed;

	if (len < PFSNL_CKPTMSG_LEN)
		return -EBADMSG;
	*m = (struct pfsnl_ckptmsg) {
		.kind = data[0],
		.flags = data[1],
		.name_len = get_unaligned_be16(data + 2),
		.process = get_unaligned_be32(data + 4),
		.handle = get_unaligned_be32(data + 8),
		.vectors = get_unaligned_be32(data + 12),
		.time = get_unaligned_be64(data + 16),
	};
	fixed = fixed_len(m->kind);
	if (!fixed || len < fixed || len - fixed < m->name_len)
		return -EBADMSG;
	m->name = data + fixed;
	m->rest = m->name + m->name_len;
	m->len = len - fixed - m->name_len;
	if (!decode_fixed(m, data + PFSNL_CKPTMSG_LEN) || !flags_ok(m) ||
	    !name_ok(m) || !rest_ok(m))
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_ckptmsg_size - bytes that an operation takes
 * @m: the operation
 */
u32 pfsnl_ckptmsg_size(const struct pfsnl_ckptmsg *m)
{
	return fixed_len(m->kind) + m->name_len + m->len;
}

static void encode_fixed(const struct pfsnl_ckptmsg *m, u8 *p)
{
	switch (m->kind) {
	case PFSNL_CKPTMSG_OPEN:
		put_unaligned_be64(m->attr.size, p);
		put_unaligned_be64(m->attr.retention, p + 8);
		put_unaligned_be64(m->attr.max_section, p + 16);
		put_unaligned_be32(m->attr.max_sections, p + 24);
		put_unaligned_be32(m->attr.max_id, p + 28);
		break;
	case PFSNL_CKPTMSG_RETENTION:
		put_unaligned_be64(m->attr.retention, p);
		break;
	case PFSNL_CKPTMSG_SECTION_CREATE:
	case PFSNL_CKPTMSG_SECTION_EXPIRATION:
		put_unaligned_be64(m->expires, p);
		break;
	case PFSNL_CKPTMSG_EXPIRE:
		put_unaligned_be64(m->expires, p);
		pfsnl_ckpt_number_encode(p + 8, &m->number);
		put_unaligned_be32(0, p + 28);
		break;
	case PFSNL_CKPTMSG_GONE:
		put_unaligned_be64(m->incarnation, p);
		put_unaligned_be32(m->addr, p + 8);
		put_unaligned_be32(0, p + 12);
		break;
	case PFSNL_CKPTMSG_LIMITS:
		put_unaligned_be64(m->limits.bytes, p);
		put_unaligned_be64(m->limits.headroom, p + 8);
		break;
	}
}

/**
 * pfsnl_ckptmsg_encode - write an operation
 * @m: the operation
 * @to: pfsnl_ckptmsg_size() bytes
 */
void pfsnl_ckptmsg_encode(const struct pfsnl_ckptmsg *m, u8 *to)
{
	u32 fixed = fixed_len(m->kind);

	to[0] = m->kind;
	to[1] = m->flags;
	put_unaligned_be16(m->name_len, to + 2);
	put_unaligned_be32(m->process, to + 4);
	put_unaligned_be32(m->handle, to + 8);
	put_unaligned_be32(m->vectors, to + 12);
	put_unaligned_be64(m->time, to + 16);
	encode_fixed(m, to + PFSNL_CKPTMSG_LEN);
	if (m->name_len)
		memcpy(to + fixed, m->name, m->name_len);
	if (m->len)
		memcpy(to + fixed + m->name_len, m->rest, m->len);
}

/**
 * pfsnl_vec_encode - write a vector of SECTION_WRITE
 * @to: where to
 * @v: the vector
 *
 * Return: behind it.
 */
u8 *pfsnl_vec_encode(u8 *to, const struct pfsnl_vec *v)
{
	put_unaligned_be64(v->offset, to);
	put_unaligned_be32(v->len, to + 8);
	memcpy(to + PFSNL_CKPTMSG_VEC_LEN, v->bytes, v->len);
	return to + PFSNL_CKPTMSG_VEC_LEN + v->len;
}

/**
 * pfsnl_vec_next - read a vector of SECTION_WRITE
 * @p: where it begins, in a message that was decoded
 * @v: filled
 *
 * Return: where the next one begins.
 */
const u8 *pfsnl_vec_next(const u8 *p, struct pfsnl_vec *v)
{
	v->offset = get_unaligned_be64(p);
	v->len = get_unaligned_be32(p + 8);
	v->bytes = p + PFSNL_CKPTMSG_VEC_LEN;
	return v->bytes + v->len;
}

/**
 * pfsnl_ckpt_number_encode - write the number of a checkpoint
 * @to: 20 bytes
 * @n: the number
 *
 * Return: behind it.
 */
u8 *pfsnl_ckpt_number_encode(u8 *to, const struct pfsnl_ckpt_number *n)
{
	put_unaligned_be64(n->incarnation, to);
	put_unaligned_be64(n->counter, to + 8);
	put_unaligned_be32(n->creator, to + 16);
	return to + 20;
}

/**
 * pfsnl_ckpt_number_decode - read the number of a checkpoint
 * @p: 20 bytes
 * @n: filled
 */
void pfsnl_ckpt_number_decode(const u8 *p, struct pfsnl_ckpt_number *n)
{
	n->incarnation = get_unaligned_be64(p);
	n->counter = get_unaligned_be64(p + 8);
	n->creator = get_unaligned_be32(p + 16);
}
