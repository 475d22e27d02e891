// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink requests that read sections of checkpoints, see netlink_ckpt_get.c.
 */
#include <linux/mm.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "ckpt_opener.h"
#include "instance.h"
#include "netlink.h"
#include "netlink_ckpt.h"
#include "netlink_gen.h"

/* sections that are looked at without giving the lock back */
#define LOOK_MAX	512

/* ---- one section ---- */

static size_t section_size(void)
{
	return nla_total_size(PFSNL_SECTION_ID_MAX) +
	       3 * nla_total_size_64bit(sizeof(u64)) +
	       nla_total_size(PFSNL_CKPT_DIGEST);
}

static int put_section(struct sk_buff *skb, const struct pfsnl_section *s)
{
	if (nla_put(skb, PFSNL_A_CKPT_SECTION, s->id_len, s->id) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_LENGTH, s->len, PFSNL_A_CKPT_PAD) ||
	    (s->expires != PFSNL_NEVER &&
	     nla_put_u64_64bit(skb, PFSNL_A_CKPT_EXPIRES, s->expires,
			       PFSNL_A_CKPT_PAD)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_MODIFIED, s->modified,
			      PFSNL_A_CKPT_PAD))
		return -EMSGSIZE;
	return 0;
}

/* Which section of it. The instance lock is held. */
static struct pfsnl_section *find_section(struct pfsnl_ckpt *c, struct pfsnl_which *w)
{
	struct nlattr *id = w->attrs[PFSNL_A_CKPT_SECTION];
	struct pfsnl_section *s = nla_len(id) <= PFSNL_SECTION_ID_MAX ?
				  pfsnl_section_find(c, nla_data(id), nla_len(id)) :
				  NULL;

	return s ?: ERR_PTR(pfsnl_netlink_refuse(w->extack, -ENOENT,
				   "the checkpoint has no such section"));
}

static int answer_section(struct pfsnl_answer *an, struct pfsnl_which *w)
{
	struct pfsnl_ckpt *c = pfsnl_which_find(an->inst, w);
	const struct pfsnl_section *s;
	int err;

	if (IS_ERR(c))
		return PTR_ERR(c);
	s = find_section(c, w);
	if (IS_ERR(s))
		return PTR_ERR(s);
	err = put_section(an->skb, s);
	if (!err && s->hashed)
		err = nla_put(an->skb, PFSNL_A_CKPT_DIGEST, sizeof(s->digest),
			      s->digest);
	return err;
}

int pfsnl_nl_section_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pfsnl_which w = pfsnl_which_of(skb, info);
	struct pfsnl_answer an = {};
	int err;

	err = pfsnl_which_check(&w);
	if (err)
		return err;
	if (!info->attrs[PFSNL_A_CKPT_SECTION])
		return pfsnl_netlink_refuse(info->extack, -EINVAL,
			      "the id of a section is needed, which may be empty");
	if (info->attrs[PFSNL_A_CKPT_EXPIRES_FROM] ||
	    info->attrs[PFSNL_A_CKPT_EXPIRES_TO] ||
	    info->attrs[PFSNL_A_CKPT_BY_EXPIRY])
		return pfsnl_netlink_refuse(info->extack, -EINVAL,
					    "when sections expire is for a dump");
	err = pfsnl_answer_begin(&an, info, PFSNL_CMD_SECTION_GET, section_size());
	if (err)
		return pfsnl_answer_end(&an, info, err);
	pfsnl_ckpt_hash_lock(an.inst, &w);
	err = answer_section(&an, &w);
	mutex_unlock(&an.inst->lock);
	return pfsnl_answer_end(&an, info, err);
}

/* ---- all of a checkpoint ---- */

/**
 * struct section_cursor - where a dump of sections goes on
 * @begun: @number counts
 * @any: the opener's place is that of the last section that was looked at
 * @by_time: those that expire at some time come now, in their order; else all, or the
 *	rest, by rising ids
 * @number: of the checkpoint: a name may be another's later
 */
struct section_cursor {
	bool begun;
	bool any;
	bool by_time;
	struct pfsnl_ckpt_number number;
};

/**
 * struct section_dump - a dump of sections, during one call
 * @skb: what is answered
 * @cb: the dump
 * @inst: the instance, kept
 * @o: the socket, used
 * @w: which checkpoint
 * @cursor: where it goes on
 * @at: likewise
 * @by_expiry: those that expire first come first
 * @from: only those that expire then or later
 * @to: only those that expire then or earlier
 */
struct section_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct pfsnl_instance *inst;
	struct pfsnl_opener *o;
	struct pfsnl_which w;
	struct section_cursor *cursor;
	struct pfsnl_section_place *at;
	bool by_expiry;
	u64 from;
	u64 to;
};

/* The instance lock is held. Return: it, or an error; NULL: it is gone meanwhile. */
static struct pfsnl_ckpt *dumped(struct section_dump *d)
{
	struct section_cursor *cursor = d->cursor;
	struct pfsnl_ckpt *c;

	if (cursor->begun)
		return pfsnl_ckpts_find(pfsnl_ckptsvc_store(d->inst->ckpt.svc),
					&cursor->number);
	c = pfsnl_which_find(d->inst, &d->w);
	if (IS_ERR(c))
		return c;
	cursor->begun = true;
	cursor->number = c->number;
	cursor->by_time = d->by_expiry;
	d->at->expires = d->from;
	return c;
}

/* The next one that expires at some time, and not too late. */
static const struct pfsnl_section *next_by_time(struct section_dump *d,
						const struct pfsnl_ckpt *c)
{
	struct pfsnl_ckpts *store = pfsnl_ckptsvc_store(d->inst->ckpt.svc);
	const struct pfsnl_section *s;

	s = pfsnl_section_due_after(store, c, d->at->expires,
				    d->cursor->any ? d->at->id : NULL, d->at->len);
	return s && s->expires <= d->to ? s : NULL;
}

static const struct pfsnl_section *next_by_id(struct section_dump *d,
					      const struct pfsnl_ckpt *c)
{
	if (d->cursor->any)
		return pfsnl_section_after(c, d->at->id, d->at->len);
	return pfsnl_section_find(c, NULL, 0) ?: pfsnl_section_after(c, NULL, 0);
}

/* Those that never expire come last. */
static const struct pfsnl_section *next_section(struct section_dump *d,
						const struct pfsnl_ckpt *c)
{
	const struct pfsnl_section *s;

	if (d->cursor->by_time) {
		s = next_by_time(d, c);
		if (s || d->to != PFSNL_NEVER)
			return s;
		d->cursor->by_time = false;
		d->cursor->any = false;
	}
	return next_by_id(d, c);
}

static bool wanted(const struct section_dump *d, const struct pfsnl_section *s)
{
	if (d->by_expiry && !d->cursor->by_time)
		return s->expires == PFSNL_NEVER;
	return s->expires >= d->from && s->expires <= d->to;
}

/* One message. Return: 0 or -EMSGSIZE when it does not fit. */
static int dump_section(struct section_dump *d, const struct pfsnl_section *s)
{
	void *head = pfsnl_netlink_dumped(d->skb, d->cb, PFSNL_CMD_SECTION_GET);

	if (!head)
		return -EMSGSIZE;
	if (put_section(d->skb, s)) {
		genlmsg_cancel(d->skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(d->skb, head);
	return 0;
}

/*
 * Some of them. The instance lock is held. Return: 0 when there are no more, 1 when
 * there are, -EMSGSIZE when the buffer is full, or another error.
 */
static int dump_some(struct section_dump *d)
{
	struct pfsnl_ckpt *c = dumped(d);
	const struct pfsnl_section *s;
	u32 looked;
	int err;

	if (IS_ERR_OR_NULL(c))
		return PTR_ERR(c);
	for (looked = 0; looked < LOOK_MAX; looked++) {
		s = next_section(d, c);
		if (!s)
			return 0;
		err = wanted(d, s) ? dump_section(d, s) : 0;
		if (err)
			return err;
		d->cursor->any = true;
		d->at->expires = s->expires;
		d->at->len = s->id_len;
		memcpy(d->at->id, s->id, s->id_len);
	}
	return 1;
}

static int dump_until_full(struct section_dump *d)
{
	int err;

	do {
		mutex_lock(&d->inst->lock);
		err = dump_some(d);
		mutex_unlock(&d->inst->lock);
		cond_resched();
	} while (err == 1);
	return err;
}

static u64 u64_or(const struct nlattr *attr, u64 other)
{
	return attr ? nla_get_u64(attr) : other;
}

static int dump_sections(struct section_dump *d, struct net *net)
{
	struct nlattr **a = genl_info_dump(d->cb)->attrs;
	int err;

	d->w.attrs = a;
	d->w.extack = d->cb->extack;
	d->w.asker = pfsnl_netlink_ckpt_asker(d->cb->skb);
	d->cursor = (void *)d->cb->ctx;
	d->by_expiry = nla_get_flag(a[PFSNL_A_CKPT_BY_EXPIRY]);
	d->from = u64_or(a[PFSNL_A_CKPT_EXPIRES_FROM], 0);
	d->to = u64_or(a[PFSNL_A_CKPT_EXPIRES_TO], PFSNL_NEVER);
	err = pfsnl_which_check(&d->w);
	if (err)
		return err;
	if (a[PFSNL_A_CKPT_SECTION])
		return pfsnl_netlink_refuse(d->cb->extack, -EINVAL, "a dump is of all sections");
	d->inst = pfsnl_netlink_ckpt_keep(net, d->cb->extack);
	if (IS_ERR(d->inst))
		return PTR_ERR(d->inst);
	d->o = pfsnl_opener_know(&d->inst->ckpt, &d->w.asker, d->cb->extack);
	err = PTR_ERR_OR_ZERO(d->o);
	if (!err) {
		/* a socket has one dump at a time */
		d->at = pfsnl_opener_place(d->o);
		err = d->at ? dump_until_full(d) : -ENOMEM;
		pfsnl_opener_put(d->o);
	}
	pfsnl_instance_put(net);
	return err;
}

int pfsnl_nl_section_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct section_dump d = { .skb = skb, .cb = cb };
	int err = dump_sections(&d, sock_net(skb->sk));

	BUILD_BUG_ON(sizeof(*d.cursor) > sizeof(cb->ctx));
	if (err && err != -EMSGSIZE)
		return err;
	/* a full buffer goes out and we are called again */
	return skb->len ? skb->len : err;
}

/* ---- reading ---- */

/**
 * struct reading - of a section
 * @offset: where to begin
 * @len: bytes to read, then bytes that were
 * @whole: bytes that the section has
 * @modified: when it was changed last
 * @data: for what was read
 */
struct reading {
	u64 offset;
	u64 len;
	u64 whole;
	u64 modified;
	u8 *data;
};

/* The instance lock is held. */
static int read_section(struct pfsnl_instance *inst, struct pfsnl_which *w, struct reading *r)
{
	struct pfsnl_ckpt *c = pfsnl_which_find(inst, w);
	const struct pfsnl_section *s;

	if (IS_ERR(c))
		return PTR_ERR(c);
	if (w->write_only)
		return pfsnl_netlink_refuse(w->extack, -EACCES,
			      "the checkpoint was not opened for reading");
	s = find_section(c, w);
	if (IS_ERR(s))
		return PTR_ERR(s);
	r->whole = s->len;
	r->modified = s->modified;
	r->len = pfsnl_section_read(s, r->offset, r->data, r->len);
	return 0;
}

/* Add bytes from pages. Return: false when there are no more. */
static bool add_bytes(struct sk_buff *skb, struct page_frag *f, const void *data,
		      size_t len)
{
	while (len) {
		int i = skb_shinfo(skb)->nr_frags;
		size_t part;

		if (!skb_page_frag_refill(32, f, GFP_KERNEL))
			return false;
		part = min_t(size_t, len, f->size - f->offset);
		memcpy(page_address(f->page) + f->offset, data, part);
		if (skb_can_coalesce(skb, i, f->page, f->offset)) {
			skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], part);
		} else {
			if (i >= MAX_SKB_FRAGS)
				return false;
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
	return true;
}

/* What was read, in as many attributes as are needed. */
static int put_data(struct sk_buff *skb, const struct reading *r)
{
	static const u8 zeros[NLA_ALIGNTO];
	struct page_frag f = {};
	struct nlattr attr = { .nla_type = PFSNL_A_CKPT_DATA };
	bool done = true;
	u32 at, len;

	for (at = 0; at < r->len && done; at += len) {
		len = min_t(u32, r->len - at, PFSNL_CKPT_DATA_MAX);
		attr.nla_len = NLA_HDRLEN + len;
		done = add_bytes(skb, &f, &attr, NLA_HDRLEN) &&
		       add_bytes(skb, &f, r->data + at, len) &&
		       add_bytes(skb, &f, zeros, NLA_ALIGN(len) - len);
	}
	if (f.page)
		put_page(f.page);
	return done ? 0 : -ENOMEM;
}

static int reply_reading(struct genl_info *info, const struct reading *r)
{
	struct sk_buff *skb = genlmsg_new(3 * nla_total_size_64bit(sizeof(u64)),
					  GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &pfsnl_netlink_family, 0,
				 PFSNL_CMD_SECTION_READ);
	if (!head ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_LENGTH, r->whole, PFSNL_A_CKPT_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_OFFSET, r->offset,
			      PFSNL_A_CKPT_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_MODIFIED, r->modified,
			      PFSNL_A_CKPT_PAD) ||
	    put_data(skb, r)) {
		nlmsg_free(skb);
		return -ENOMEM;
	}
	nlmsg_hdr(skb)->nlmsg_len = skb->len;
	return genlmsg_reply(skb, info);
}

static int read_it(struct genl_info *info, struct pfsnl_which *w, struct reading *r)
{
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst = pfsnl_netlink_ckpt_keep(net, info->extack);
	int err;

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	mutex_lock(&inst->lock);
	err = read_section(inst, w, r);
	mutex_unlock(&inst->lock);
	pfsnl_instance_put(net);
	return err;
}

int pfsnl_nl_section_read_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pfsnl_which w = pfsnl_which_of(skb, info);
	struct nlattr **a = info->attrs;
	struct reading r = {
		.offset = u64_or(a[PFSNL_A_CKPT_OFFSET], 0),
		.len = min_t(u64, u64_or(a[PFSNL_A_CKPT_LENGTH], U64_MAX),
			     PFSNL_CKPT_WRITE_MAX),
	};
	int err;

	if (!a[PFSNL_A_CKPT_HANDLE])
		return pfsnl_netlink_refuse(info->extack, -EINVAL, "a handle is needed");
	if (!a[PFSNL_A_CKPT_SECTION])
		return pfsnl_netlink_refuse(info->extack, -EINVAL,
			      "the id of a section is needed, which may be empty");
	r.data = kvmalloc(r.len, GFP_KERNEL_ACCOUNT);
	if (!r.data)
		return pfsnl_netlink_refuse(info->extack, -ENOMEM, "no memory for the answer");
	err = read_it(info, &w, &r);
	if (!err)
		err = reply_reading(info, &r);
	kvfree(r.data);
	return err;
}
