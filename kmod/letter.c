// SPDX-License-Identifier: GPL-2.0
/*
 * Letters: what a process is told, as netlink messages. Node thread, but for the
 * last letter of a membership, which is written when the membership begins.
 *
 * A letter takes no more memory than it is charged for, or the window of a
 * process would say nothing about its receive buffer. Memory of a length that
 * slabs would round up is therefore cut from pages.
 */
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "core/core.h"
#include "core/group.h"
#include "event.h"
#include "letter.h"
#include "netlink.h"

/* what a letter counts for beside its length, the same for userspace */
#define CHARGE_HEAD	1024
/* a buffer of this size and less is within that */
#define LINEAR_MAX	192
/* what is known to fit into the linear part when the rest is in pages */
#define LINEAR_KEPT	64
/* members that one letter names */
#define NAMED_MAX	1000
/* bytes of messages that are joined in a datagram */
#define DATAGRAM_MAX	16384

/*
 * All letters begin alike: the number of the membership, and after it what
 * differs between members that are told the same.
 */
#define NUMBER_AT	(NLMSG_HDRLEN + GENL_HDRLEN)
#define SECOND_AT	(NUMBER_AT + NLA_HDRLEN + sizeof(u32))

static struct nlattr *attribute_at(struct sk_buff *skb, size_t offset)
{
	return (struct nlattr *)(skb->data + offset);
}

static int begin_in(struct sk_buff *skb, u8 cmd)
{
	return genlmsg_put(skb, 0, 0, &pfsnl_netlink_family, 0, cmd) ?
	       nla_put_u32(skb, PFSNL_A_GROUP_EVENT_MEMBER, 0) : -EMSGSIZE;
}

/* Begin a letter with room for @size bytes of attributes after the first. */
static struct sk_buff *begin(size_t size, u8 cmd)
{
	struct sk_buff *skb;

	skb = genlmsg_new(nla_total_size(sizeof(u32)) + size,
			  GFP_KERNEL_ACCOUNT);
	if (skb && begin_in(skb, cmd)) {
		nlmsg_free(skb);
		skb = NULL;
	}
	return skb;
}

static void finish(struct sk_buff *skb)
{
	nlmsg_hdr(skb)->nlmsg_len = skb->len;
}

/* Add bytes from pages. What was added before such is not moved. */
static int add_long(struct pfsnl_letter_paper *paper, struct sk_buff *skb,
		    const void *data, size_t len)
{
	struct page_frag *f = &paper->frag;

	while (len) {
		int i = skb_shinfo(skb)->nr_frags;
		size_t part;

		if (!skb_page_frag_refill(32, f, GFP_KERNEL))
			return -ENOMEM;
		part = min_t(size_t, len, f->size - f->offset);
		memcpy(page_address(f->page) + f->offset, data, part);
		if (skb_can_coalesce(skb, i, f->page, f->offset)) {
			skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], part);
		} else {
			if (i >= MAX_SKB_FRAGS)
				return -ENOMEM;
			get_page(f->page);
			skb_fill_page_desc(skb, i, f->page, f->offset, part);
		}
		f->offset += part;
		skb->len += part;
		skb->data_len += part;
		skb->truesize += part;
		data += part;
		len -= part;
	}
	return 0;
}

/* Put a letter that was written in one piece into memory of just its size. */
static struct sk_buff *fit(struct pfsnl_letter_paper *paper,
			   struct sk_buff *skb)
{
	struct sk_buff *fitting;

	if (skb->len <= LINEAR_MAX)
		return skb;
	fitting = alloc_skb(LINEAR_MAX, GFP_KERNEL_ACCOUNT);
	if (!fitting)
		goto no_memory;
	skb_put_data(fitting, skb->data, LINEAR_KEPT);
	if (add_long(paper, fitting, skb->data + LINEAR_KEPT,
		     skb->len - LINEAR_KEPT))
		goto no_memory;
	consume_skb(skb);
	return fitting;

no_memory:
	kfree_skb(fitting);
	kfree_skb(skb);
	return NULL;
}

/* The next member that a change has to name. */
static const struct pfsnl_group_member *
next_named(const struct pfsnl_group_event *ev,
	   const struct pfsnl_group_member *m)
{
	if (!ev->whole)
		return pfsnl_group_touched_next(ev->group, m);
	do
		m = pfsnl_group_member_after(ev->group, m ? m->addr : 0,
					     m ? m->number : 0);
	while (m && m->change == PFSNL_GROUP_CHANGE_GONE);
	return m;
}

static void *reserve(struct sk_buff *skb, int type, size_t len)
{
	struct nlattr *attr = nla_reserve(skb, type, len);

	return attr ? nla_data(attr) : NULL;
}

/*
 * A letter with @n members from *@m on, which becomes the next one. Return: it or
 * NULL.
 */
static struct sk_buff *write_change(const struct pfsnl_group_event *ev,
				    const struct pfsnl_group_member **m, u32 n,
				    bool more)
{
	u32 *numbers, *pids;
	u8 *changes, *whys;
	struct sk_buff *skb;
	__be32 *addrs;
	u32 i;

	skb = begin(pfsnl_event_ring_size() + 2 * nla_total_size(0) +
		    nla_total_size(sizeof(u32)) +
		    3 * nla_total_size(n * sizeof(u32)) + 2 * nla_total_size(n),
		    PFSNL_CMD_GROUP_CHANGE_NTF);
	if (!skb)
		return NULL;
	if (pfsnl_event_put_ring(skb, PFSNL_A_GROUP_EVENT_RING, ev->ring,
				 NULL) ||
	    (ev->whole && nla_put_flag(skb, PFSNL_A_GROUP_EVENT_WHOLE)) ||
	    (more && nla_put_flag(skb, PFSNL_A_GROUP_EVENT_MORE)) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_EVENT_MEMBERS, ev->group->n))
		goto full;
	addrs = reserve(skb, PFSNL_A_GROUP_EVENT_ADDRESSES, n * sizeof(*addrs));
	numbers = reserve(skb, PFSNL_A_GROUP_EVENT_NUMBERS,
			  n * sizeof(*numbers));
	pids = reserve(skb, PFSNL_A_GROUP_EVENT_PIDS, n * sizeof(*pids));
	changes = reserve(skb, PFSNL_A_GROUP_EVENT_CHANGES, n);
	whys = reserve(skb, PFSNL_A_GROUP_EVENT_WHYS, n);
	if (!addrs || !numbers || !pids || !changes || !whys)
		goto full;
	for (i = 0; i < n; i++, *m = next_named(ev, *m)) {
		addrs[i] = htonl((*m)->addr);
		numbers[i] = (*m)->number;
		pids[i] = (*m)->pid;
		changes[i] = (*m)->change;
		whys[i] = (*m)->why;
	}
	finish(skb);
	return skb;

full:
	nlmsg_free(skb);
	return NULL;
}

/**
 * pfsnl_letters_change - members of a group came or are gone
 * @paper: for the long parts
 * @to: the letters are put at its end
 * @ev: the event
 *
 * Node thread, under the instance lock; may sleep for memory.
 *
 * Return: 0, or -ENOMEM and then there may be some of the letters.
 */
int pfsnl_letters_change(struct pfsnl_letter_paper *paper,
			 struct sk_buff_head *to,
			 const struct pfsnl_group_event *ev)
{
	const struct pfsnl_group_member *m;
	u32 left = 0, n;

	for (m = next_named(ev, NULL); m; m = next_named(ev, m))
		left++;
	m = next_named(ev, NULL);
	do {
		struct sk_buff *skb;

		n = min_t(u32, left, NAMED_MAX);
		left -= n;
		skb = write_change(ev, &m, n, left);
		if (skb)
			skb = fit(paper, skb);
		if (!skb)
			return -ENOMEM;
		__skb_queue_tail(to, skb);
	} while (left);
	return 0;
}

/* what comes before the words of a message, after the first attribute */
#define HEAD_MAX	(3 * nla_total_size_64bit(sizeof(u64)) +	\
			 5 * nla_total_size(sizeof(u32)) +		\
			 nla_total_size(0) + NLA_HDRLEN)

/*
 * That of a piece, up to the words. The place for the cookie is a pad until it is
 * known.
 */
static int write_head(struct sk_buff *skb, const struct pfsnl_group_event *ev,
		      u32 offset, u32 len)
{
	struct nlattr *data;
	u64 cookie = 0;

	if (nla_put(skb, PFSNL_A_GROUP_EVENT_PAD, sizeof(cookie), &cookie) ||
	    nla_put_be32(skb, PFSNL_A_GROUP_EVENT_ADDRESS,
			 htonl(ev->sender->addr)) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_EVENT_NUMBER, ev->sender->number) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_EVENT_PID, ev->sender->pid) ||
	    nla_put_u64_64bit(skb, PFSNL_A_GROUP_EVENT_PLACE, ev->place,
			      PFSNL_A_GROUP_EVENT_PAD) ||
	    (ev->flags & PFSNL_MSG_SAFE &&
	     nla_put_flag(skb, PFSNL_A_GROUP_EVENT_SAFE)) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_EVENT_TOTAL, ev->len) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_EVENT_OFFSET, offset) ||
	    skb_tailroom(skb) < NLA_HDRLEN)
		return -EMSGSIZE;
	data = skb_put(skb, NLA_HDRLEN);
	data->nla_type = PFSNL_A_GROUP_EVENT_DATA;
	data->nla_len = NLA_HDRLEN + len;
	return 0;
}

/* A piece of a message. */
static struct sk_buff *write_piece(struct pfsnl_letter_paper *paper,
				   const struct pfsnl_group_event *ev,
				   u32 offset, u32 len)
{
	static const u8 zeros[NLA_ALIGNTO];
	size_t padding = NLA_ALIGN(len) - len;
	struct sk_buff *skb;

	skb = begin(HEAD_MAX, PFSNL_CMD_GROUP_MESSAGE_NTF);
	if (!skb)
		return NULL;
	if (write_head(skb, ev, offset, len))
		goto full;
	if (skb->len + NLA_ALIGN(len) <= LINEAR_MAX &&
	    skb_tailroom(skb) >= NLA_ALIGN(len)) {
		skb_put_data(skb, ev->data + offset, len);
		skb_put_zero(skb, padding);
	} else if (add_long(paper, skb, ev->data + offset, len) ||
		   add_long(paper, skb, zeros, padding)) {
		goto full;
	}
	finish(skb);
	return skb;

full:
	nlmsg_free(skb);
	return NULL;
}

/**
 * pfsnl_letters_message - a member said something
 * @paper: for the long parts
 * @to: the letters are put at its end
 * @ev: the event
 *
 * Node thread, under the instance lock; may sleep for memory.
 *
 * Return: 0, or -ENOMEM and then there may be some of the letters.
 */
int pfsnl_letters_message(struct pfsnl_letter_paper *paper,
			  struct sk_buff_head *to,
			  const struct pfsnl_group_event *ev)
{
	u32 offset = 0;

	do {
		u32 len = min_t(u32, ev->len - offset, PFSNL_GROUP_PIECE_MAX);
		struct sk_buff *skb = write_piece(paper, ev, offset, len);

		if (!skb)
			return -ENOMEM;
		__skb_queue_tail(to, skb);
		offset += len;
	} while (offset < ev->len);
	return 0;
}

/* ---- several messages in one datagram ---- */

/**
 * pfsnl_datagram_new - a datagram that messages are joined in
 *
 * May sleep for memory.
 *
 * Return: it, or NULL.
 */
struct sk_buff *pfsnl_datagram_new(void)
{
	return alloc_skb(LINEAR_MAX, GFP_KERNEL_ACCOUNT);
}

/**
 * pfsnl_datagram_full - whether a message has no place in it
 * @skb: the datagram
 * @size: of the message as a letter
 */
bool pfsnl_datagram_full(const struct sk_buff *skb, u32 size)
{
	return skb->len + size > DATAGRAM_MAX ||
	       skb_shinfo(skb)->nr_frags >= MAX_SKB_FRAGS;
}

/**
 * pfsnl_joined_size - how large a message is as a letter, if it may be joined
 * @paper: where the memory for it is made sure of
 * @ev: the message; PFSNL_JOINED_MAX bytes at most
 *
 * Node thread; may sleep for memory.
 *
 * Return: bytes, or 0 when there is no memory.
 */
u32 pfsnl_joined_size(struct pfsnl_letter_paper *paper,
		      const struct pfsnl_group_event *ev)
{
	struct page_frag *f = &paper->frag;
	u32 size;

	if (!paper->head)
		paper->head = genlmsg_new(nla_total_size(sizeof(u32)) + HEAD_MAX,
					  GFP_KERNEL_ACCOUNT);
	if (!paper->head)
		return 0;
	__skb_trim(paper->head, 0);
	if (WARN_ON_ONCE(begin_in(paper->head, PFSNL_CMD_GROUP_MESSAGE_NTF) ||
			 write_head(paper->head, ev, 0, ev->len)))
		return 0;
	size = paper->head->len + NLA_ALIGN(ev->len);
	return skb_page_frag_refill(size, f, GFP_KERNEL) &&
	       f->size - f->offset >= size ? size : 0;
}

/**
 * pfsnl_joined_charge - what such a message counts for in the window
 * @size: from pfsnl_joined_size()
 *
 * Return: bytes, as pfsnl_letter_charge().
 */
u32 pfsnl_joined_charge(u32 size)
{
	return NLMSG_ALIGN(size) + CHARGE_HEAD;
}

/**
 * pfsnl_letter_join - add a message to a datagram
 * @paper: as pfsnl_joined_size() left it
 * @skb: the datagram; not full
 * @ev: the message
 * @size: from pfsnl_joined_size()
 * @own: it is one of the member itself
 * @cookie: and the sender's number of it
 *
 * Node thread. Needs no memory.
 */
void pfsnl_letter_join(struct pfsnl_letter_paper *paper, struct sk_buff *skb,
		       const struct pfsnl_group_event *ev, u32 size, bool own,
		       u64 cookie)
{
	struct page_frag *f = &paper->frag;
	struct sk_buff *head = paper->head;
	int i = skb_shinfo(skb)->nr_frags;
	u8 *p = page_address(f->page) + f->offset;

	pfsnl_letter_address(head, ev->number);
	if (own)
		pfsnl_letter_cookie(head, cookie);
	nlmsg_hdr(head)->nlmsg_len = size;
	memcpy(p, head->data, head->len);
	memcpy(p + head->len, ev->data, ev->len);
	memset(p + head->len + ev->len, 0, size - head->len - ev->len);
	if (skb_can_coalesce(skb, i, f->page, f->offset)) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], size);
	} else {
		get_page(f->page);
		skb_fill_page_desc(skb, i, f->page, f->offset, size);
	}
	f->offset += size;
	skb->len += size;
	skb->data_len += size;
	skb->truesize += size;
}

/**
 * pfsnl_letter_transitional - the ring lost nodes
 * @paper: for the long parts
 * @to: the letter is put at its end
 * @ev: the event
 *
 * Node thread, under the instance lock; may sleep for memory.
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_letter_transitional(struct pfsnl_letter_paper *paper,
			      struct sk_buff_head *to,
			      const struct pfsnl_group_event *ev)
{
	size_t len = ev->n_lost * sizeof(__be32);
	struct sk_buff *skb;
	__be32 *addrs;
	u32 i;

	skb = begin(nla_total_size(len), PFSNL_CMD_GROUP_TRANSITIONAL_NTF);
	if (!skb)
		return -ENOMEM;
	addrs = reserve(skb, PFSNL_A_GROUP_EVENT_ADDRESSES, len);
	if (!addrs) {
		nlmsg_free(skb);
		return -ENOMEM;
	}
	for (i = 0; i < ev->n_lost; i++)
		addrs[i] = htonl(ev->lost[i].addr);
	finish(skb);
	skb = fit(paper, skb);
	if (!skb)
		return -ENOMEM;
	__skb_queue_tail(to, skb);
	return 0;
}

/**
 * pfsnl_letter_unknown - nobody knows what became of a message
 * @cookie: the sender's number of it
 *
 * May sleep for memory.
 *
 * Return: the letter or NULL.
 */
struct sk_buff *pfsnl_letter_unknown(u64 cookie)
{
	struct sk_buff *skb = begin(nla_total_size_64bit(sizeof(cookie)),
				    PFSNL_CMD_GROUP_UNKNOWN_NTF);

	if (!skb)
		return NULL;
	if (nla_put_u64_64bit(skb, PFSNL_A_GROUP_EVENT_COOKIE, cookie,
			      PFSNL_A_GROUP_EVENT_PAD)) {
		nlmsg_free(skb);
		return NULL;
	}
	finish(skb);
	return skb;
}

/**
 * pfsnl_letter_room - who was told to try again may send
 *
 * May sleep for memory.
 *
 * Return: the letter or NULL.
 */
struct sk_buff *pfsnl_letter_room(void)
{
	struct sk_buff *skb = begin(0, PFSNL_CMD_GROUP_ROOM_NTF);

	if (skb)
		finish(skb);
	return skb;
}

/**
 * pfsnl_letter_over - the membership has ended, see pfsnl_letter_why()
 *
 * Any process; may sleep for memory.
 *
 * Return: the letter or NULL.
 */
struct sk_buff *pfsnl_letter_over(void)
{
	struct sk_buff *skb = begin(nla_total_size(sizeof(u32)),
				    PFSNL_CMD_GROUP_OVER_NTF);

	if (!skb)
		return NULL;
	if (nla_put_u32(skb, PFSNL_A_GROUP_EVENT_WHY, 0)) {
		nlmsg_free(skb);
		return NULL;
	}
	finish(skb);
	return skb;
}

/**
 * pfsnl_letter_copy - the same for another membership
 * @skb: the letter
 *
 * May sleep for memory.
 *
 * Return: the copy, which shares the long part, or NULL.
 */
struct sk_buff *pfsnl_letter_copy(const struct sk_buff *skb)
{
	return pskb_copy((struct sk_buff *)skb, GFP_KERNEL_ACCOUNT);
}

/**
 * pfsnl_letter_address - say which membership is told
 * @skb: the letter
 * @number: of the membership
 */
void pfsnl_letter_address(struct sk_buff *skb, u32 number)
{
	*(u32 *)nla_data(attribute_at(skb, NUMBER_AT)) = number;
}

/**
 * pfsnl_letter_cookie - this membership is that of the sender
 * @skb: a letter of pfsnl_letters_message()
 * @cookie: the sender's number of the message
 */
void pfsnl_letter_cookie(struct sk_buff *skb, u64 cookie)
{
	struct nlattr *attr = attribute_at(skb, SECOND_AT);

	attr->nla_type = PFSNL_A_GROUP_EVENT_COOKIE;
	memcpy(nla_data(attr), &cookie, sizeof(cookie));
}

/**
 * pfsnl_letter_why - say why the membership has ended
 * @skb: a letter of pfsnl_letter_over()
 * @why: enum pfsnl_group_why
 */
void pfsnl_letter_why(struct sk_buff *skb, u32 why)
{
	*(u32 *)nla_data(attribute_at(skb, SECOND_AT)) = why;
}

/**
 * pfsnl_letter_charge - what a letter counts for in the window
 * @skb: the letter
 *
 * Return: bytes; userspace can compute them from the length of the message.
 */
u32 pfsnl_letter_charge(const struct sk_buff *skb)
{
	return NLMSG_ALIGN(skb->len) + CHARGE_HEAD;
}

/**
 * pfsnl_letter_paper_put - no letters will be written any more
 * @paper: what is left
 */
void pfsnl_letter_paper_put(struct pfsnl_letter_paper *paper)
{
	if (paper->frag.page)
		put_page(paper->frag.page);
	paper->frag.page = NULL;
	kfree_skb(paper->head);
	paper->head = NULL;
}
