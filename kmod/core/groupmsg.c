// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about groups: codec. Touches nothing but its arguments.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <uapi/linux/pfsnl.h>

#include "groupmsg.h"
#include "group.h"

/**
 * pfsnl_group_name_ok - whether a group can have this name
 * @name: bytes
 * @len: how many
 *
 * It is printed as it is, so control characters are none of it.
 */
bool pfsnl_group_name_ok(const char *name, size_t len)
{
	size_t i;

	if (!len || len > PFSNL_GROUP_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if ((u8)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return true;
}

/* Why a process itself can be gone; the other reasons are about its node. */
static bool is_own_why(u8 why)
{
	return (why >= PFSNL_GROUP_WHY_LEFT && why <= PFSNL_GROUP_WHY_SILENT) ||
	       why == PFSNL_GROUP_WHY_DOWN || why == PFSNL_GROUP_WHY_NO_MEMORY;
}

static int check_records(const struct pfsnl_groupmsg *m)
{
	const u8 *p = m->rest, *end = m->rest + m->len;
	struct pfsnl_here h;
	u32 i;

	for (i = 0; i < m->n; i++) {
		if (end - p < PFSNL_HERE_RECORD_LEN ||
		    end - p < PFSNL_HERE_RECORD_LEN + p[9])
			return -EBADMSG;
		p = pfsnl_here_next(p, &h);
		if (!h.number || (h.why && !is_own_why(h.why)) ||
		    !pfsnl_group_name_ok((const char *)h.name, h.len))
			return -EBADMSG;
	}
	return p == end ? 0 : -EBADMSG;
}

static int check_addrs(const struct pfsnl_groupmsg *m)
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

static u32 head_len(u8 kind)
{
	switch (kind) {
	case PFSNL_GROUPMSG_JOIN:
		return PFSNL_GROUPMSG_JOIN_LEN;
	case PFSNL_GROUPMSG_MUSTER:
	case PFSNL_GROUPMSG_HERE:
		return PFSNL_GROUPMSG_RING_LEN;
	default:
		return PFSNL_GROUPMSG_LEN;
	}
}

/**
 * pfsnl_groupmsg_decode - read a message about groups
 * @m: filled
 * @data: the message; what @m points to afterwards is in it
 * @len: its bytes
 *
 * All nodes find the same, so that what makes no sense is ignored by all alike.
 *
 * Return: 0 or -EBADMSG.
 */
int pfsnl_groupmsg_decode(struct pfsnl_groupmsg *m, const u8 *data, u32 len)
{
	u32 head, word;

	if (len < PFSNL_GROUPMSG_LEN)
		return -EBADMSG;
	*m = (struct pfsnl_groupmsg) { .kind = data[0] };
	head = head_len(m->kind);
	if (len < head)
		return -EBADMSG;
	word = get_unaligned_be32(data + 4);
	m->rest = data + head;
	m->len = len - head;
	if (head == PFSNL_GROUPMSG_RING_LEN) {
		m->n = word;
		m->ring.seq = get_unaligned_be64(data + 8);
		m->ring.incarnation = get_unaligned_be64(data + 16);
		m->ring.leader = get_unaligned_be32(data + 24);
	} else {
		m->number = word;
		if (!m->number)
			return -EBADMSG;
	}
	switch (m->kind) {
	case PFSNL_GROUPMSG_JOIN:
		m->pid = get_unaligned_be32(data + 8);
		return pfsnl_group_name_ok((const char *)m->rest, m->len) ?
		       0 : -EBADMSG;
	case PFSNL_GROUPMSG_LEAVE:
		m->why = data[1];
		return is_own_why(m->why) ? 0 : -EBADMSG;
	case PFSNL_GROUPMSG_SAY:
		return 0;
	case PFSNL_GROUPMSG_MUSTER:
		return check_addrs(m);
	case PFSNL_GROUPMSG_HERE:
		m->flags = data[1];
		return check_records(m);
	default:
		return -EBADMSG;
	}
}

/**
 * pfsnl_groupmsg_asked - whether MUSTER asks a node
 * @m: decoded MUSTER
 * @addr: the node, host order
 */
bool pfsnl_groupmsg_asked(const struct pfsnl_groupmsg *m, u32 addr)
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
 * pfsnl_here_next - read a record of HERE
 * @p: where it begins, in a message that was decoded
 * @h: filled
 *
 * Return: where the next one begins.
 */
const u8 *pfsnl_here_next(const u8 *p, struct pfsnl_here *h)
{
	h->number = get_unaligned_be32(p);
	h->pid = get_unaligned_be32(p + 4);
	h->why = p[8];
	h->len = p[9];
	h->name = p + PFSNL_HERE_RECORD_LEN;
	return h->name + h->len;
}

/**
 * pfsnl_groupmsg_word - write four bytes
 * @p: where to
 * @word: them, host order
 *
 * Return: behind them.
 */
u8 *pfsnl_groupmsg_word(u8 *p, u32 word)
{
	put_unaligned_be32(word, p);
	return p + 4;
}

/**
 * pfsnl_groupmsg_head - write the beginning of a message about groups
 * @p: where to
 * @kind: enum pfsnl_groupmsg_kind
 * @extra: why, or flags
 * @number: of the membership, or how many follow
 *
 * Return: behind it.
 */
u8 *pfsnl_groupmsg_head(u8 *p, u8 kind, u8 extra, u32 number)
{
	p[0] = kind;
	p[1] = extra;
	p[2] = 0;
	p[3] = 0;
	return pfsnl_groupmsg_word(p + 4, number);
}

/**
 * pfsnl_groupmsg_ring - write the ring of MUSTER or HERE
 * @p: where to
 * @ring: which
 *
 * Return: behind it.
 */
u8 *pfsnl_groupmsg_ring(u8 *p, const struct pfsnl_ring_id *ring)
{
	put_unaligned_be64(ring->seq, p);
	put_unaligned_be64(ring->incarnation, p + 8);
	return pfsnl_groupmsg_word(p + 16, ring->leader);
}

/**
 * pfsnl_here_encode - write a record of HERE
 * @p: where to
 * @h: the record
 *
 * Return: behind it.
 */
u8 *pfsnl_here_encode(u8 *p, const struct pfsnl_here *h)
{
	p = pfsnl_groupmsg_word(p, h->number);
	p = pfsnl_groupmsg_word(p, h->pid);
	*p++ = h->why;
	*p++ = h->len;
	memcpy(p, h->name, h->len);
	return p + h->len;
}
