// SPDX-License-Identifier: GPL-2.0
/*
 * Codec of ordered messages. Any context, touches nothing but its arguments. What
 * is decoded comes from a peer: every length and count is checked here, once.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ordermsg.h"

/* what SEND and ORDER have in common; a piece lies within its message */
static int piece_check(const struct pfsnl_piece *p)
{
	if (p->offset > p->total || p->len > p->total - p->offset ||
	    p->len > PFSNL_PIECE_MAX)
		return -EBADMSG;
	if ((p->flags & PFSNL_MSG_ENVELOPE) &&
	    (p->port != PFSNL_PORT_SYNC || (p->flags & PFSNL_MSG_SAFE)))
		return -EBADMSG;
	/* an empty piece is an empty message */
	return p->len || !p->total ? 0 : -EBADMSG;
}

/**
 * pfsnl_send_decode - read the payload of SEND
 * @p: what it says; its bytes stay in @body
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_send_decode(struct pfsnl_piece *p, const u8 *body, u32 len)
{
	if (len < PFSNL_SEND_LEN)
		return -EBADMSG;
	*p = (struct pfsnl_piece) {
		.have = get_unaligned_be64(body),
		.n = get_unaligned_be64(body + 8),
		.total = get_unaligned_be32(body + 16),
		.offset = get_unaligned_be32(body + 20),
		.port = get_unaligned_be16(body + 24),
		.flags = get_unaligned_be16(body + 26),
		.len = len - PFSNL_SEND_LEN,
		.data = body + PFSNL_SEND_LEN,
	};
	/* marks are the leader's */
	if (p->port == PFSNL_PORT_RING || !p->n)
		return -EBADMSG;
	return piece_check(p);
}

/**
 * pfsnl_order_decode - read the payload of ORDER
 * @p: what it says; its bytes stay in @body
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_order_decode(struct pfsnl_piece *p, const u8 *body, u32 len)
{
	if (len < PFSNL_ORDER_LEN)
		return -EBADMSG;
	*p = (struct pfsnl_piece) {
		.number = get_unaligned_be64(body),
		.have = get_unaligned_be64(body + 8),
		.incarnation = get_unaligned_be64(body + 16),
		.n = get_unaligned_be64(body + 24),
		.sender = get_unaligned_be32(body + 32),
		.total = get_unaligned_be32(body + 36),
		.offset = get_unaligned_be32(body + 40),
		.port = get_unaligned_be16(body + 44),
		.flags = get_unaligned_be16(body + 46),
		.len = len - PFSNL_ORDER_LEN,
		.data = body + PFSNL_ORDER_LEN,
	};
	if (!p->number || !p->sender || !p->incarnation)
		return -EBADMSG;
	return piece_check(p);
}

/**
 * pfsnl_piece_size - how long the frame of a piece is
 * @op: PFSNL_FRAME_SEND or PFSNL_FRAME_ORDER
 * @total: bytes of the message, as far as it is sent
 * @offset: where the piece begins
 *
 * Return: bytes, the head of the frame included.
 */
size_t pfsnl_piece_size(u32 op, u32 total, u32 offset)
{
	return PFSNL_FRAME_HEAD + min_t(u32, total - offset, PFSNL_PIECE_MAX) +
	       (op == PFSNL_FRAME_SEND ? PFSNL_SEND_LEN : PFSNL_ORDER_LEN);
}

/**
 * pfsnl_piece_encode - write the frame of a piece
 * @op: PFSNL_FRAME_SEND or PFSNL_FRAME_ORDER
 * @e: the message
 * @total: bytes of it, as far as it is sent
 * @offset: where the piece begins
 * @have: see struct pfsnl_piece
 * @wire: where to
 *
 * Return: what follows the frame.
 */
u8 *pfsnl_piece_encode(u32 op, const struct pfsnl_entry *e, u32 total, u32 offset,
		       u64 have, u8 *wire)
{
	size_t size = pfsnl_piece_size(op, total, offset) - PFSNL_FRAME_HEAD;
	u8 *p = pfsnl_frame_head(wire, op, size);
	u8 *end = p + size;

	if (op == PFSNL_FRAME_SEND) {
		put_unaligned_be64(have, p);
		put_unaligned_be64(e->n, p + 8);
		put_unaligned_be32(total, p + 16);
		put_unaligned_be32(offset, p + 20);
		put_unaligned_be16(e->port, p + 24);
		put_unaligned_be16(e->flags, p + 26);
		p += PFSNL_SEND_LEN;
	} else {
		put_unaligned_be64(e->number, p);
		put_unaligned_be64(have, p + 8);
		put_unaligned_be64(e->incarnation, p + 16);
		put_unaligned_be64(e->n, p + 24);
		put_unaligned_be32(e->sender, p + 32);
		put_unaligned_be32(total, p + 36);
		put_unaligned_be32(offset, p + 40);
		put_unaligned_be16(e->port, p + 44);
		put_unaligned_be16(e->flags, p + 46);
		p += PFSNL_ORDER_LEN;
	}
	memcpy(p, e->data + offset, end - p);
	return end;
}

/**
 * pfsnl_begin_decode - read the payload of BEGIN
 * @b: what it says; its list stays in @body
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_begin_decode(struct pfsnl_begin *b, const u8 *body, u32 len)
{
	if (len < PFSNL_BEGIN_LEN)
		return -EBADMSG;
	*b = (struct pfsnl_begin) {
		.flags = get_unaligned_be32(body),
		.allowance = get_unaligned_be32(body + 4),
		.number = get_unaligned_be64(body + 8),
		.by = get_unaligned_be64(body + 16),
		.seq = get_unaligned_be64(body + 24),
		.sent = get_unaligned_be64(body + 32),
		.end = get_unaligned_be64(body + 40),
		.safe = get_unaligned_be64(body + 48),
		.limit = get_unaligned_be32(body + 56),
		.lost = get_unaligned_be32(body + 60),
		.addrs = body + PFSNL_BEGIN_LEN,
	};
	if (b->lost > (len - PFSNL_BEGIN_LEN) / 4 || !b->by ||
	    b->seq > PFSNL_RING_SEQ_MAX)
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_begin_encode - write BEGIN without its list
 * @b: what to say
 * @wire: where to; has room for the list too
 *
 * Return: where the first address of those that did not come along goes.
 */
u8 *pfsnl_begin_encode(const struct pfsnl_begin *b, u8 *wire)
{
	u8 *p = pfsnl_frame_head(wire, PFSNL_FRAME_BEGIN,
				 PFSNL_BEGIN_LEN + 4 * b->lost);

	put_unaligned_be32(b->flags, p);
	put_unaligned_be32(b->allowance, p + 4);
	put_unaligned_be64(b->number, p + 8);
	put_unaligned_be64(b->by, p + 16);
	put_unaligned_be64(b->seq, p + 24);
	put_unaligned_be64(b->sent, p + 32);
	put_unaligned_be64(b->end, p + 40);
	put_unaligned_be64(b->safe, p + 48);
	put_unaligned_be32(b->limit, p + 56);
	put_unaligned_be32(b->lost, p + 60);
	return p + PFSNL_BEGIN_LEN;
}

/**
 * pfsnl_number_decode - read the payload of ACK, STABLE or TAIL
 * @number: what it says
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_number_decode(u64 *number, const u8 *body, u32 len)
{
	if (len < PFSNL_NUMBER_LEN)
		return -EBADMSG;
	*number = get_unaligned_be64(body);
	return 0;
}

/**
 * pfsnl_number_encode - write ACK, STABLE or TAIL
 * @op: which
 * @number: what to say
 * @wire: where to
 */
void pfsnl_number_encode(u32 op, u64 number,
			 u8 wire[PFSNL_FRAME_HEAD + PFSNL_NUMBER_LEN])
{
	put_unaligned_be64(number, pfsnl_frame_head(wire, op, PFSNL_NUMBER_LEN));
}

/**
 * pfsnl_pair_decode - read the payload of WANT, GRANT or FETCH
 * @first: the count, or the number
 * @second: the bytes, or in which ring the number was given
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_pair_decode(u64 *first, u64 *second, const u8 *body, u32 len)
{
	if (len < PFSNL_PAIR_LEN)
		return -EBADMSG;
	*first = get_unaligned_be64(body);
	*second = get_unaligned_be64(body + 8);
	return 0;
}

/**
 * pfsnl_pair_encode - write WANT, GRANT or FETCH
 * @op: which
 * @first: the count, or the number
 * @second: the bytes, or in which ring the number was given
 * @wire: where to
 */
void pfsnl_pair_encode(u32 op, u64 first, u64 second,
		       u8 wire[PFSNL_FRAME_HEAD + PFSNL_PAIR_LEN])
{
	u8 *p = pfsnl_frame_head(wire, op, PFSNL_PAIR_LEN);

	put_unaligned_be64(first, p);
	put_unaligned_be64(second, p + 8);
}

/**
 * pfsnl_mark_decode - read a mark
 * @m: what it says; its records stay in @data
 * @data: the message
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_mark_decode(struct pfsnl_mark *m, const u8 *data, u32 len)
{
	if (len < PFSNL_MARK_LEN)
		return -EBADMSG;
	*m = (struct pfsnl_mark) {
		.ring.seq = get_unaligned_be64(data),
		.ring.incarnation = get_unaligned_be64(data + 8),
		.ring.leader = get_unaligned_be32(data + 16),
		.safe = get_unaligned_be64(data + 20),
		.removed = get_unaligned_be32(data + 28),
		.added = get_unaligned_be32(data + 32),
		.records = data + PFSNL_MARK_LEN,
	};
	if (m->ring.seq > PFSNL_RING_SEQ_MAX || !m->ring.leader ||
	    !m->ring.incarnation)
		return -EBADMSG;
	len -= PFSNL_MARK_LEN;
	if (m->removed > len / PFSNL_MARK_RECORD_LEN ||
	    m->added > len / PFSNL_MARK_RECORD_LEN - m->removed)
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_mark_size - how long a mark is
 * @removed: how many went
 * @added: how many came
 *
 * Return: bytes.
 */
size_t pfsnl_mark_size(u32 removed, u32 added)
{
	return PFSNL_MARK_LEN +
	       PFSNL_MARK_RECORD_LEN * ((size_t)removed + added);
}

/**
 * pfsnl_mark_encode - write a mark without its records
 * @m: what to say
 * @data: where to; has room for the records too
 *
 * Return: where the first record goes.
 */
u8 *pfsnl_mark_encode(const struct pfsnl_mark *m, u8 *data)
{
	put_unaligned_be64(m->ring.seq, data);
	put_unaligned_be64(m->ring.incarnation, data + 8);
	put_unaligned_be32(m->ring.leader, data + 16);
	put_unaligned_be64(m->safe, data + 20);
	put_unaligned_be32(m->removed, data + 28);
	put_unaligned_be32(m->added, data + 32);
	return data + PFSNL_MARK_LEN;
}

/**
 * pfsnl_mark_record - write a record of a mark
 * @p: where to
 * @addr: who went or came
 * @why: enum pfsnl_why
 * @incarnation: which life of it
 *
 * Return: where the next one goes.
 */
u8 *pfsnl_mark_record(u8 *p, u32 addr, u32 why, u64 incarnation)
{
	put_unaligned_be32(addr, p);
	put_unaligned_be32(why, p + 4);
	put_unaligned_be64(incarnation, p + 8);
	return p + PFSNL_MARK_RECORD_LEN;
}

/**
 * pfsnl_mark_read - read a record of a mark
 * @m: the mark, decoded
 * @i: which, below @m->removed + @m->added
 * @addr: set to who went or came
 * @why: set to why, enum pfsnl_why
 * @incarnation: set to which life of it
 */
void pfsnl_mark_read(const struct pfsnl_mark *m, u32 i, u32 *addr, u32 *why,
		     u64 *incarnation)
{
	const u8 *p = m->records + (size_t)i * PFSNL_MARK_RECORD_LEN;

	*addr = get_unaligned_be32(p);
	*why = get_unaligned_be32(p + 4);
	*incarnation = get_unaligned_be64(p + 8);
}
