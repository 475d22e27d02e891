// SPDX-License-Identifier: GPL-2.0
/*
 * Message codec. Any context, touches nothing but its arguments. What is
 * decoded comes from a peer: every length and count is checked here, once.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "config.h"
#include "message.h"

#define PFSNL_REASON_TEXT(name, n, text) [n] = text,
static const char * const reason_texts[] = {
	PFSNL_REASONS(PFSNL_REASON_TEXT)
};

/**
 * pfsnl_reason_text - a reason in words
 * @reason: enum pfsnl_reason, or any number from a peer
 *
 * Return: a text that lasts for ever.
 */
const char *pfsnl_reason_text(u32 reason)
{
	return reason < PFSNL_REASON_N ? reason_texts[reason] : "unknown reason";
}

/**
 * pfsnl_reason_why - a reason as those who watch are told it
 * @reason: enum pfsnl_reason, or any number from a peer
 */
enum pfsnl_why pfsnl_reason_why(u32 reason)
{
	switch (reason) {
	case PFSNL_REASON_JOINED:
		return PFSNL_WHY_JOINED;
	case PFSNL_REASON_MERGED:
		return PFSNL_WHY_MERGED;
	case PFSNL_REASON_LEFT:
		return PFSNL_WHY_LEFT;
	case PFSNL_REASON_BLOCKED:
	case PFSNL_REASON_SLOW:
	case PFSNL_REASON_MALFORMED:
	case PFSNL_REASON_LOCAL:
		return PFSNL_WHY_DROPPED;
	case PFSNL_REASON_ALONE:
	case PFSNL_REASON_SUPERSEDED:
		return PFSNL_WHY_ALONE;
	default:
		return PFSNL_WHY_FAILED;
	}
}

static void ring_encode(const struct pfsnl_ring_id *ring, u8 *p)
{
	put_unaligned_be64(ring->seq, p);
	put_unaligned_be64(ring->incarnation, p + 8);
	put_unaligned_be32(ring->leader, p + 16);
}

static int ring_decode(struct pfsnl_ring_id *ring, const u8 *p)
{
	ring->seq = get_unaligned_be64(p);
	ring->incarnation = get_unaligned_be64(p + 8);
	ring->leader = get_unaligned_be32(p + 16);
	return ring->seq > PFSNL_RING_SEQ_MAX ? -EBADMSG : 0;
}

/**
 * pfsnl_hello_decode - read the payload of CLAIM and its like
 * @h: what it says
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_hello_decode(struct pfsnl_hello *h, const u8 *body, u32 len)
{
	if (len < PFSNL_HELLO_MIN || body[0] < PFSNL_MESSAGE_VERSION)
		return -EBADMSG;
	h->priority = body[1];
	h->tether_port = get_unaligned_be16(body + 2);
	h->addr = get_unaligned_be32(body + 4);
	h->incarnation = get_unaligned_be64(body + 8);
	h->cluster_id = get_unaligned_be64(body + 16);
	h->members = get_unaligned_be32(body + 44);
	h->subject = get_unaligned_be64(body + 48);
	h->interval_ms = get_unaligned_be32(body + 56);
	h->max_nodes = get_unaligned_be32(body + 60);
	h->reason = get_unaligned_be32(body + 64);
	h->flags = get_unaligned_be32(body + 68);
	h->seq_seen = get_unaligned_be64(body + 72);
	h->votes = body[80];
	h->hold_ms = get_unaligned_be32(body + 84);
	h->standing = (struct pfsnl_standing) {};
	if (len >= PFSNL_HELLO_LEN) {
		h->standing.have = get_unaligned_be64(body + 88);
		h->standing.by = get_unaligned_be64(body + 96);
		h->standing.stable = get_unaligned_be64(body + 104);
	}
	if (ring_decode(&h->ring, body + 24) || !h->addr || !h->incarnation ||
	    h->seq_seen > PFSNL_RING_SEQ_MAX || h->seq_seen < h->ring.seq ||
	    !h->tether_port || h->interval_ms < PFSNL_INTERVAL_MS_MIN ||
	    h->interval_ms > PFSNL_INTERVAL_MS_MAX)
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_hello_encode - write a CLAIM or a frame of its like
 * @h: what to say
 * @op: which of them
 * @wire: where to
 */
void pfsnl_hello_encode(const struct pfsnl_hello *h, u32 op,
			u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN])
{
	u8 *p = pfsnl_frame_head(wire, op, PFSNL_HELLO_LEN);

	p[0] = PFSNL_MESSAGE_VERSION;
	p[1] = h->priority;
	put_unaligned_be16(h->tether_port, p + 2);
	put_unaligned_be32(h->addr, p + 4);
	put_unaligned_be64(h->incarnation, p + 8);
	put_unaligned_be64(h->cluster_id, p + 16);
	ring_encode(&h->ring, p + 24);
	put_unaligned_be32(h->members, p + 44);
	put_unaligned_be64(h->subject, p + 48);
	put_unaligned_be32(h->interval_ms, p + 56);
	put_unaligned_be32(h->max_nodes, p + 60);
	put_unaligned_be32(h->reason, p + 64);
	put_unaligned_be32(h->flags, p + 68);
	put_unaligned_be64(h->seq_seen, p + 72);
	put_unaligned_be32(0, p + 80);
	p[80] = h->votes;
	put_unaligned_be32(h->hold_ms, p + 84);
	put_unaligned_be64(h->standing.have, p + 88);
	put_unaligned_be64(h->standing.by, p + 96);
	put_unaligned_be64(h->standing.stable, p + 104);
}

/**
 * pfsnl_install_decode - read the payload of INSTALL
 * @in: what it says; its records stay in @body
 * @body: the payload
 * @len: its length in bytes
 * @max_nodes: most nodes we can hold
 *
 * Return: 0, -EBADMSG when it is malformed, or -E2BIG when the ring is larger
 * than @max_nodes.
 */
int pfsnl_install_decode(struct pfsnl_install *in, const u8 *body, u32 len,
			 u32 max_nodes)
{
	u64 need;

	if (len < PFSNL_INSTALL_LEN || ring_decode(&in->ring, body))
		return -EBADMSG;
	in->flags = get_unaligned_be32(body + 20);
	in->base_seq = get_unaligned_be64(body + 24);
	in->expected_votes = get_unaligned_be32(body + 32);
	in->members = get_unaligned_be32(body + 36);
	in->removes = get_unaligned_be32(body + 40);
	in->adds = get_unaligned_be32(body + 44);
	in->remove_size = get_unaligned_be16(body + 48);
	in->add_size = get_unaligned_be16(body + 50);
	in->hold_ms = get_unaligned_be32(body + 52);
	in->records = body + PFSNL_INSTALL_LEN;

	if (in->remove_size < PFSNL_RECORD_REMOVE_LEN ||
	    in->remove_size > PFSNL_RECORD_MAX ||
	    in->add_size < PFSNL_RECORD_ADD_LEN ||
	    in->add_size > PFSNL_RECORD_MAX)
		return -EBADMSG;
	if (in->members > max_nodes || in->adds > max_nodes ||
	    in->removes > max_nodes)
		return -E2BIG;
	need = (u64)in->removes * in->remove_size + (u64)in->adds * in->add_size;
	if (need > len - PFSNL_INSTALL_LEN)
		return -EBADMSG;
	if ((in->flags & PFSNL_INSTALL_FULL) && in->adds != in->members)
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_install_remove - read a remove record
 * @in: decoded INSTALL
 * @i: number of the record, below @removes
 * @m: address and incarnation of the node; the rest is zero
 * @reason: why it is gone
 */
void pfsnl_install_remove(const struct pfsnl_install *in, u32 i,
			  struct pfsnl_member *m, u32 *reason)
{
	const u8 *p = in->records + (size_t)i * in->remove_size;

	*m = (struct pfsnl_member) {
		.addr = get_unaligned_be32(p),
		.incarnation = get_unaligned_be64(p + 8),
	};
	*reason = get_unaligned_be32(p + 4);
}

/**
 * pfsnl_install_add - read an add record
 * @in: decoded INSTALL
 * @i: number of the record, below @adds
 * @m: the node
 * @reason: why it came, as far as the sender knows
 *
 * Return: 0, or -EBADMSG for a node that can't be.
 */
int pfsnl_install_add(const struct pfsnl_install *in, u32 i,
		      struct pfsnl_member *m, u32 *reason)
{
	const u8 *p = in->records + (size_t)in->removes * in->remove_size +
		      (size_t)i * in->add_size;

	m->addr = get_unaligned_be32(p);
	m->tether_port = get_unaligned_be16(p + 4);
	m->priority = p[6];
	m->level = p[7];
	m->incarnation = get_unaligned_be64(p + 8);
	m->votes = p[20];
	*reason = get_unaligned_be32(p + 16);
	if (!m->addr || !m->tether_port || !m->incarnation != !m->level)
		return -EBADMSG;
	return 0;
}

/**
 * pfsnl_install_size - bytes of an INSTALL frame, its first words included
 * @removes: number of remove records
 * @adds: number of add records
 */
size_t pfsnl_install_size(u32 removes, u32 adds)
{
	return PFSNL_FRAME_HEAD + PFSNL_INSTALL_LEN +
	       (size_t)removes * PFSNL_RECORD_REMOVE_LEN +
	       (size_t)adds * PFSNL_RECORD_ADD_LEN;
}

/**
 * pfsnl_install_encode - write an INSTALL or RECORD frame up to its records
 * @in: what to say; sizes and @records are not read
 * @op: which of the two
 * @wire: where to, pfsnl_install_size() bytes
 *
 * Return: where the records go.
 */
u8 *pfsnl_install_encode(const struct pfsnl_install *in, u32 op, u8 *wire)
{
	u32 len = pfsnl_install_size(in->removes, in->adds) - PFSNL_FRAME_HEAD;
	u8 *p = pfsnl_frame_head(wire, op, len);

	ring_encode(&in->ring, p);
	put_unaligned_be32(in->flags, p + 20);
	put_unaligned_be64(in->base_seq, p + 24);
	put_unaligned_be32(in->expected_votes, p + 32);
	put_unaligned_be32(in->members, p + 36);
	put_unaligned_be32(in->removes, p + 40);
	put_unaligned_be32(in->adds, p + 44);
	put_unaligned_be16(PFSNL_RECORD_REMOVE_LEN, p + 48);
	put_unaligned_be16(PFSNL_RECORD_ADD_LEN, p + 50);
	put_unaligned_be32(in->hold_ms, p + 52);
	return p + PFSNL_INSTALL_LEN;
}

/**
 * pfsnl_record_remove - write a remove record
 * @p: where to
 * @m: the node
 * @reason: why it is gone
 *
 * Return: where the next record goes.
 */
u8 *pfsnl_record_remove(u8 *p, const struct pfsnl_member *m, u32 reason)
{
	put_unaligned_be32(m->addr, p);
	put_unaligned_be32(reason, p + 4);
	put_unaligned_be64(m->incarnation, p + 8);
	return p + PFSNL_RECORD_REMOVE_LEN;
}

/**
 * pfsnl_record_add - write an add record
 * @p: where to
 * @m: the node
 * @reason: why it came
 *
 * Return: where the next record goes.
 */
u8 *pfsnl_record_add(u8 *p, const struct pfsnl_member *m, u32 reason)
{
	put_unaligned_be32(m->addr, p);
	put_unaligned_be16(m->tether_port, p + 4);
	p[6] = m->priority;
	p[7] = m->level;
	put_unaligned_be64(m->incarnation, p + 8);
	put_unaligned_be32(reason, p + 16);
	put_unaligned_be32(0, p + 20);
	p[20] = m->votes;
	return p + PFSNL_RECORD_ADD_LEN;
}

/**
 * pfsnl_leave_decode - read the payload of LEAVE or HANDOVER
 * @l: what it says
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_leave_decode(struct pfsnl_leave *l, const u8 *body, u32 len)
{
	if (len < PFSNL_LEAVE_MIN)
		return -EBADMSG;
	l->reason = get_unaligned_be32(body);
	l->successor = get_unaligned_be32(body + 4);
	l->incarnation = get_unaligned_be64(body + 8);
	l->end = len < PFSNL_LEAVE_LEN ? 0 : get_unaligned_be64(body + 16);
	return 0;
}

/**
 * pfsnl_leave_encode - write a LEAVE or HANDOVER frame
 * @l: what to say
 * @op: which of the two
 * @wire: where to
 */
void pfsnl_leave_encode(const struct pfsnl_leave *l, u32 op,
			u8 wire[PFSNL_FRAME_HEAD + PFSNL_LEAVE_LEN])
{
	u8 *p = pfsnl_frame_head(wire, op, PFSNL_LEAVE_LEN);

	put_unaligned_be32(l->reason, p);
	put_unaligned_be32(l->successor, p + 4);
	put_unaligned_be64(l->incarnation, p + 8);
	put_unaligned_be64(l->end, p + 16);
}

/**
 * pfsnl_ping_decode - read the payload of PING or PONG
 * @ping: what it carries
 * @body: the payload
 * @len: its length in bytes
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_ping_decode(struct pfsnl_ping *ping, const u8 *body, u32 len)
{
	if (len < PFSNL_PING_LEN)
		return -EBADMSG;
	ping->number = get_unaligned_be64(body);
	ping->lease_ms = get_unaligned_be32(body + 8);
	return 0;
}

/**
 * pfsnl_ping_encode - write a PING or PONG frame
 * @ping: what it carries
 * @op: which of the two
 * @wire: where to
 */
void pfsnl_ping_encode(const struct pfsnl_ping *ping, u32 op,
		       u8 wire[PFSNL_FRAME_HEAD + PFSNL_PING_LEN])
{
	u8 *p = pfsnl_frame_head(wire, op, PFSNL_PING_LEN);

	put_unaligned_be64(ping->number, p);
	put_unaligned_be32(ping->lease_ms, p + 8);
}
