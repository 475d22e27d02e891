// SPDX-License-Identifier: GPL-2.0
/*
 * What listeners are told of checkpoints. Runs in the node thread, under the instance
 * lock, while the core tells it: so what is said of a checkpoint here is what was told,
 * and nothing is looked up.
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "ckpt.h"
#include "ckpt_event.h"
#include "event.h"
#include "instance.h"
#include "netlink.h"

/* the largest of all, but for what has a length of its own */
#define EVENT_SIZE	(2 * nla_total_size_64bit(sizeof(u64)) +	\
			 3 * nla_total_size(sizeof(u32)) +		\
			 2 * nla_total_size(PFSNL_CKPT_NUMBER_LEN) +	\
			 2 * nla_total_size(PFSNL_CKPT_DIGEST))

/*
 * Begin an event with @more bytes of names and ids. It has its number also if nobody
 * listens or there is no memory, so that whoever misses it knows that. Return: it, or
 * NULL.
 */
static struct sk_buff *begin(struct pfsnl_ckpt_io *io, u8 cmd, size_t more, void **head)
{
	struct pfsnl_instance *inst = io->inst;
	struct sk_buff *skb;

	io->generation++;
	if (!genl_has_listeners(&pfsnl_netlink_family, inst->net,
				PFSNL_NLGRP_CHECKPOINTS))
		return NULL;
	skb = genlmsg_new(EVENT_SIZE + more, GFP_KERNEL);
	if (!skb) {
		inst->event_failed++;
		genl_set_err(&pfsnl_netlink_family, inst->net, 0,
			     PFSNL_NLGRP_CHECKPOINTS, -ENOBUFS);
		return NULL;
	}
	*head = genlmsg_put(skb, 0, 0, &pfsnl_netlink_family, 0, cmd);
	if (*head && !nla_put_u64_64bit(skb, PFSNL_A_CKPT_EVENT_GENERATION,
					io->generation, PFSNL_A_CKPT_EVENT_PAD))
		return skb;
	WARN_ON_ONCE(1);
	nlmsg_free(skb);
	return NULL;
}

/* @err: something did not fit, which can't be. */
static void end(struct pfsnl_ckpt_io *io, struct sk_buff *skb, void *head, int err)
{
	struct pfsnl_instance *inst = io->inst;

	if (WARN_ON_ONCE(err)) {
		nlmsg_free(skb);
		inst->event_failed++;
		return;
	}
	genlmsg_end(skb, head);
	err = genlmsg_multicast_netns(&pfsnl_netlink_family, inst->net, skb, 0,
				      PFSNL_NLGRP_CHECKPOINTS, GFP_KERNEL);
	/* netlink itself tells those listeners whose buffer is full */
	if (err && err != -ESRCH)
		inst->event_failed++;
}

static int put_number(struct sk_buff *skb, int type, const struct pfsnl_ckpt_number *n)
{
	u8 number[PFSNL_CKPT_NUMBER_LEN];

	pfsnl_ckpt_number_encode(number, n);
	return nla_put(skb, type, sizeof(number), number);
}

/* A name has no end of its own. */
static int put_name(struct sk_buff *skb, int type, const u8 *name, u32 len)
{
	struct nlattr *attr = nla_reserve(skb, type, len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), name, len);
	((u8 *)nla_data(attr))[len] = '\0';
	return 0;
}

/* ---- operations ---- */

static enum pfsnl_ckpt_event event_of(const struct pfsnl_ckpt_applied *a)
{
	switch (a->m->kind) {
	case PFSNL_CKPTMSG_OPEN:
		return a->result->created ? PFSNL_CKPT_EVENT_CREATED :
					    PFSNL_CKPT_EVENT_OPENED;
	case PFSNL_CKPTMSG_UNLINK:
		return PFSNL_CKPT_EVENT_UNLINKED;
	case PFSNL_CKPTMSG_RETENTION:
		return PFSNL_CKPT_EVENT_RETENTION;
	case PFSNL_CKPTMSG_SECTION_CREATE:
		return PFSNL_CKPT_EVENT_SECTION_CREATED;
	case PFSNL_CKPTMSG_SECTION_DELETE:
		return PFSNL_CKPT_EVENT_SECTION_DELETED;
	case PFSNL_CKPTMSG_SECTION_WRITE:
	case PFSNL_CKPTMSG_SECTION_OVERWRITE:
		return PFSNL_CKPT_EVENT_SECTION_WRITTEN;
	case PFSNL_CKPTMSG_SECTION_EXPIRATION:
		return PFSNL_CKPT_EVENT_SECTION_EXPIRATION;
	case PFSNL_CKPTMSG_EXPIRE:
		return a->m->flags & PFSNL_EXPIRE_SECTION ?
		       PFSNL_CKPT_EVENT_SECTION_EXPIRED : PFSNL_CKPT_EVENT_EXPIRED;
	case PFSNL_CKPTMSG_LIMITS:
		return PFSNL_CKPT_EVENT_LIMIT;
	default:
		return PFSNL_CKPT_EVENT_CLOSED;
	}
}

static bool has_section(enum pfsnl_ckpt_event event)
{
	return event >= PFSNL_CKPT_EVENT_SECTION_CREATED &&
	       event <= PFSNL_CKPT_EVENT_SECTION_EXPIRED;
}

/* Host order; 0: nobody did it. */
static u32 doer(const struct pfsnl_ckpt_applied *a)
{
	switch (a->m->kind) {
	case PFSNL_CKPTMSG_EXPIRE:
		return 0;
	case PFSNL_CKPTMSG_GONE:
		return a->m->addr;
	default:
		return a->from.addr;
	}
}

static int put_section(struct sk_buff *skb, const struct pfsnl_ckpt_applied *a)
{
	/* only of one that is created the id may be another than what was asked for */
	if (a->m->kind == PFSNL_CKPTMSG_SECTION_CREATE)
		return nla_put(skb, PFSNL_A_CKPT_EVENT_SECTION, a->result->id_len,
			       a->result->id);
	return nla_put(skb, PFSNL_A_CKPT_EVENT_SECTION, a->m->name_len, a->m->name);
}

/**
 * pfsnl_ckpt_event_applied - tell listeners that something was done
 * @io: the room
 * @a: what; if it was refused they are told nothing
 *
 * May sleep for memory.
 */
void pfsnl_ckpt_event_applied(struct pfsnl_ckpt_io *io,
			      const struct pfsnl_ckpt_applied *a)
{
	enum pfsnl_ckpt_event event = event_of(a);
	const struct pfsnl_ckpt_number *number = &a->result->number;
	bool is_one = number->incarnation || number->counter || number->creator;
	u32 addr = doer(a);
	struct sk_buff *skb;
	void *head;
	int err;

	if (a->result->err)
		return;
	skb = begin(io, PFSNL_CMD_CKPT_NTF, nla_total_size(a->name_len + 1) +
		    nla_total_size(PFSNL_SECTION_ID_MAX), &head);
	if (!skb)
		return;
	err = nla_put_u32(skb, PFSNL_A_CKPT_EVENT_EVENT, event) ||
	      (is_one && put_number(skb, PFSNL_A_CKPT_EVENT_NUMBER, number)) ||
	      (a->name_len && put_name(skb, PFSNL_A_CKPT_EVENT_NAME, a->name,
				       a->name_len)) ||
	      (has_section(event) && put_section(skb, a)) ||
	      (addr && nla_put_be32(skb, PFSNL_A_CKPT_EVENT_ADDRESS, htonl(addr))) ||
	      nla_put_u64_64bit(skb, PFSNL_A_CKPT_EVENT_TIME, a->m->time,
				PFSNL_A_CKPT_EVENT_PAD);
	end(io, skb, head, err);
}

/* ---- all of them ---- */

static void tell(struct pfsnl_ckpt_io *io, enum pfsnl_ckpt_event event, int error)
{
	struct sk_buff *skb;
	void *head;
	int err;

	skb = begin(io, PFSNL_CMD_CKPT_NTF, 0, &head);
	if (!skb)
		return;
	err = nla_put_u32(skb, PFSNL_A_CKPT_EVENT_EVENT, event) ||
	      (error && nla_put_s32(skb, PFSNL_A_CKPT_EVENT_ERROR, error));
	end(io, skb, head, err);
}

/**
 * pfsnl_ckpt_event_active - checkpoints can be changed, or can't for now
 * @io: the room
 * @active: which
 *
 * May sleep for memory.
 */
void pfsnl_ckpt_event_active(struct pfsnl_ckpt_io *io, bool active)
{
	tell(io, active ? PFSNL_CKPT_EVENT_ACTIVATED : PFSNL_CKPT_EVENT_SUSPENDED, 0);
}

/**
 * pfsnl_ckpt_event_out - this node can't take part
 * @io: the room
 * @err: why, -errno
 *
 * May sleep for memory.
 */
void pfsnl_ckpt_event_out(struct pfsnl_ckpt_io *io, int err)
{
	__be32 us = htonl(pfsnl_core_config(io->inst->core)->addr);

	pr_warn_ratelimited("pfsnl: %pI4 can't take part in checkpoints: error %d; it tries again in %u ms\n",
			    &us, err, io->again_ms);
	tell(io, PFSNL_CKPT_EVENT_OUT, err);
}

/* ---- conflicts ---- */

/* Whether what lost is kept, under another name. */
static bool has_loser(const struct pfsnl_ckpt_conflict *c)
{
	return c->why == PFSNL_CONFLICT_CONTENT || c->why == PFSNL_CONFLICT_NAME;
}

/* The winner of what was decided earlier may be gone, and then there is its name only. */
static int put_winner(struct sk_buff *skb, const struct pfsnl_ckpt_conflict *c)
{
	int err = put_name(skb, PFSNL_A_CKPT_EVENT_NAME, c->name, c->name_len);

	if (err || (c->earlier && !c->winner.counter))
		return err;
	return put_number(skb, PFSNL_A_CKPT_EVENT_NUMBER, &c->winner) ?:
	       nla_put(skb, PFSNL_A_CKPT_EVENT_DIGEST, PFSNL_CKPT_DIGEST,
		       c->winner_digest) ?:
	       pfsnl_event_put_ring(skb, PFSNL_A_CKPT_EVENT_RING, &c->winner_ring, NULL);
}

static int put_loser(struct sk_buff *skb, const struct pfsnl_ckpt_conflict *c)
{
	if (c->why == PFSNL_CONFLICT_UNLINKED)
		return 0;
	if (has_loser(c) &&
	    (put_number(skb, PFSNL_A_CKPT_EVENT_LOSER_NUMBER, &c->loser) ||
	     put_name(skb, PFSNL_A_CKPT_EVENT_LOSER_NAME, c->loser_name,
		      c->loser_name_len)))
		return -EMSGSIZE;
	return nla_put(skb, PFSNL_A_CKPT_EVENT_LOSER_DIGEST, PFSNL_CKPT_DIGEST,
		       c->loser_digest) ?:
	       pfsnl_event_put_ring(skb, PFSNL_A_CKPT_EVENT_LOSER_RING, &c->loser_ring,
				    NULL);
}

static int put_conflict(struct sk_buff *skb, const struct pfsnl_ckpt_conflict *c)
{
	/* the core's are in the same order */
	BUILD_BUG_ON((int)PFSNL_CKPT_CONFLICT_WHY_CONTENT !=
		     (int)PFSNL_CONFLICT_CONTENT);
	BUILD_BUG_ON((int)PFSNL_CKPT_CONFLICT_WHY_UNLINKED_OPEN !=
		     (int)PFSNL_CONFLICT_UNLINKED_OPEN);
	if (nla_put_u32(skb, PFSNL_A_CKPT_EVENT_CONFLICT, c->why) ||
	    put_winner(skb, c) || put_loser(skb, c))
		return -EMSGSIZE;
	return c->earlier ?
	       pfsnl_event_put_ring(skb, PFSNL_A_CKPT_EVENT_EARLIER, &c->ring, NULL) : 0;
}

static void log_conflict(const struct pfsnl_ckpt_io *io,
			 const struct pfsnl_ckpt_conflict *c)
{
	__be32 us = htonl(pfsnl_core_config(io->inst->core)->addr);
	int name = c->name_len, loser = c->loser_name_len;

	if (c->earlier) {
		pr_notice_ratelimited("pfsnl: %pI4: in ring %llu, where this node was not, \"%.*s\" lost to \"%.*s\"\n",
				      &us, c->ring.seq, loser, c->loser_name, name,
				      c->name);
		return;
	}
	switch (c->why) {
	case PFSNL_CONFLICT_CONTENT:
		pr_notice_ratelimited("pfsnl: %pI4: two sides changed \"%.*s\"; what lost is now \"%.*s\"\n",
				      &us, name, c->name, loser, c->loser_name);
		break;
	case PFSNL_CONFLICT_NAME:
		pr_notice_ratelimited("pfsnl: %pI4: two sides had a checkpoint \"%.*s\"; what lost is now \"%.*s\"\n",
				      &us, name, c->name, loser, c->loser_name);
		break;
	case PFSNL_CONFLICT_UNLINKED:
		pr_notice_ratelimited("pfsnl: %pI4: one side changed or uses what another unlinked: \"%.*s\" stays\n",
				      &us, name, c->name);
		break;
	case PFSNL_CONFLICT_UNLINKED_OPEN:
		pr_notice_ratelimited("pfsnl: %pI4: one side changed \"%.*s\", and it stays; another unlinked it and went on with that, which is not kept\n",
				      &us, name, c->name);
		break;
	}
}

/**
 * pfsnl_ckpt_event_conflict - sides differed, and it was decided who goes on
 * @io: the room
 * @c: about what
 *
 * May sleep for memory.
 */
void pfsnl_ckpt_event_conflict(struct pfsnl_ckpt_io *io,
			       const struct pfsnl_ckpt_conflict *c)
{
	struct sk_buff *skb;
	void *head;

	io->counts.conflicts++;
	log_conflict(io, c);
	skb = begin(io, PFSNL_CMD_CKPT_CONFLICT_NTF,
		    2 * nla_total_size(PFSNL_CKPT_NAME_MAX + 1) +
		    3 * pfsnl_event_ring_size(), &head);
	if (skb)
		end(io, skb, head, put_conflict(skb, c));
}
