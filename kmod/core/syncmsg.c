// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about services: codec. Touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/unaligned.h>

#include "envelope.h"
#include "ordermsg.h"
#include "syncmsg.h"

static int check_addrs(const struct pfsnl_syncmsg *m)
{
	u32 i;

	if (m->len != 4ULL * m->n)
		return -EBADMSG;
	for (i = 1; i < m->n; i++)
		if (get_unaligned_be32(m->rest + 4 * i) <=
		    get_unaligned_be32(m->rest + 4 * (i - 1)))
			return -EBADMSG;
	return 0;
}

static bool is_no_ring(const struct pfsnl_ring_id *ring)
{
	return !ring->seq && !ring->leader && !ring->incarnation;
}

static int check_records(const struct pfsnl_syncmsg *m)
{
	struct pfsnl_served s;
	u32 i, last = 0;

	if (m->n > PFSNL_SERVICES_MAX || m->len != m->n * PFSNL_SERVED_LEN)
		return -EBADMSG;
	for (i = 0; i < m->n; i++) {
		pfsnl_served_read(m, i, &s);
		if (s.id <= last)
			return -EBADMSG;
		last = s.id;
		if (s.times ? !s.ring.seq : !is_no_ring(&s.ring) || s.ops)
			return -EBADMSG;
	}
	return 0;
}

/**
 * pfsnl_syncmsg_decode - read a message about services
 * @m: filled
 * @data: the message; what @m points to afterwards is in it
 * @len: its bytes
 *
 * All nodes find the same, so that what makes no sense is ignored by all alike.
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_syncmsg_decode(struct pfsnl_syncmsg *m, const u8 *data, u32 len)
{
	u16 word;

	if (len < PFSNL_SYNCMSG_LEN)
		return -EBADMSG;
	*m = (struct pfsnl_syncmsg) {
		.kind = data[0],
		.ring.leader = get_unaligned_be32(data + 4),
		.ring.seq = get_unaligned_be64(data + 8),
		.ring.incarnation = get_unaligned_be64(data + 16),
		.rest = data + PFSNL_SYNCMSG_LEN,
		.len = len - PFSNL_SYNCMSG_LEN,
	};
	m->whole = m->len;
	m->kept = m->len;
	word = get_unaligned_be16(data + 2);
	switch (m->kind) {
	case PFSNL_SYNCMSG_ROUND:
		m->n = m->len / 4;
		return check_addrs(m);
	case PFSNL_SYNCMSG_REPORT:
		m->n = word;
		return check_records(m);
	case PFSNL_SYNCMSG_DONE:
		m->service = word;
		return word && !m->len ? 0 : -EBADMSG;
	case PFSNL_SYNCMSG_DATA:
	case PFSNL_SYNCMSG_SAY:
		m->service = word;
		return word ? 0 : -EBADMSG;
	case PFSNL_SYNCMSG_SERVE:
		return m->len ? -EBADMSG : 0;
	default:
		return -EBADMSG;
	}
}

/**
 * pfsnl_syncmsg_open - read a message about services as it was delivered
 * @m: filled
 * @e: the message, perhaps in an envelope, perhaps not all of it; what @m points to
 *	afterwards is in it
 *
 * All nodes find the same, whatever part of it they have.
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_syncmsg_open(struct pfsnl_syncmsg *m, const struct pfsnl_entry *e)
{
	struct pfsnl_envelope env;
	u32 head;

	if (!(e->flags & PFSNL_MSG_ENVELOPE))
		return pfsnl_syncmsg_decode(m, e->data, e->len);
	if (pfsnl_envelope_decode(&env, e->data, e->len))
		return -EBADMSG;
	head = pfsnl_envelope_len(env.n);
	if (env.kept - head < PFSNL_SYNCMSG_LEN ||
	    pfsnl_syncmsg_decode(m, e->data + head, e->len - head) ||
	    m->kind != PFSNL_SYNCMSG_DATA)
		return -EBADMSG;
	m->whole = env.whole - head - PFSNL_SYNCMSG_LEN;
	m->kept = env.kept - head - PFSNL_SYNCMSG_LEN;
	return 0;
}

/**
 * pfsnl_syncmsg_asked - whether ROUND asks a node
 * @m: decoded ROUND
 * @addr: the node, host order
 */
bool pfsnl_syncmsg_asked(const struct pfsnl_syncmsg *m, u32 addr)
{
	u32 low = 0, high = m->n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		u32 at = get_unaligned_be32(m->rest + 4 * mid);

		if (at == addr)
			return true;
		if (at < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/**
 * pfsnl_served_read - read a record of REPORT
 * @m: decoded REPORT
 * @i: which, below @m->n
 * @s: filled
 */
void pfsnl_served_read(const struct pfsnl_syncmsg *m, u32 i,
		       struct pfsnl_served *s)
{
	const u8 *p = m->rest + (size_t)i * PFSNL_SERVED_LEN;

	*s = (struct pfsnl_served) {
		.id = get_unaligned_be16(p),
		.ring.leader = get_unaligned_be32(p + 4),
		.ring.seq = get_unaligned_be64(p + 8),
		.ring.incarnation = get_unaligned_be64(p + 16),
		.times = get_unaligned_be64(p + 24),
		.ops = get_unaligned_be64(p + 32),
	};
}

static void put_ring(u8 *p, const struct pfsnl_ring_id *ring)
{
	put_unaligned_be32(ring->leader, p);
	put_unaligned_be64(ring->seq, p + 4);
	put_unaligned_be64(ring->incarnation, p + 12);
}

/**
 * pfsnl_syncmsg_head - write the beginning of a message about services
 * @p: where to
 * @kind: enum pfsnl_syncmsg_kind
 * @service: its id, or how many records follow, or 0
 * @ring: which
 *
 * Return: behind it.
 */
u8 *pfsnl_syncmsg_head(u8 *p, u8 kind, u16 service,
		       const struct pfsnl_ring_id *ring)
{
	p[0] = kind;
	p[1] = 0;
	put_unaligned_be16(service, p + 2);
	put_ring(p + 4, ring);
	return p + PFSNL_SYNCMSG_LEN;
}

/**
 * pfsnl_served_encode - write a record of REPORT
 * @p: where to
 * @s: the record
 *
 * Return: behind it.
 */
u8 *pfsnl_served_encode(u8 *p, const struct pfsnl_served *s)
{
	put_unaligned_be16(s->id, p);
	put_unaligned_be16(0, p + 2);
	put_ring(p + 4, &s->ring);
	put_unaligned_be64(s->times, p + 24);
	put_unaligned_be64(s->ops, p + 32);
	return p + PFSNL_SERVED_LEN;
}
