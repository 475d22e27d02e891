// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink requests that read checkpoints, as this node has them. Reading takes
 * the instance lock, for a piece at a time: whatever is as large as all that is stored
 * is done in steps, between which it is given back.
 */
#include <linux/sched/signal.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "ckpt_opener.h"
#include "core/core.h"
#include "event.h"
#include "instance.h"
#include "netlink.h"
#include "netlink_ckpt.h"
#include "netlink_gen.h"

/* nodes of which it is said how often they have a checkpoint open, and in a dump */
#define NODES_MAX	256
#define NODES_LISTED	64

/* bytes that are hashed without giving the lock back, and how often */
#define HASH_BYTES	(2 << 20)
#define HASH_TRIES	100000

/* checkpoints that are looked at likewise */
#define LOOK_MAX	512

/* of no more than so many there is a digest of all of them */
#define DIGEST_MAX	16384

/**
 * pfsnl_netlink_refuse - refuse a request
 * @extack: says why, or NULL
 * @err: -errno
 * @why: for people
 *
 * Return: @err.
 */
int pfsnl_netlink_refuse(struct netlink_ext_ack *extack, int err, const char *why)
{
	if (extack)
		extack->_msg = why;
	return err;
}

/* ---- which checkpoint ---- */

/**
 * pfsnl_which_of - which checkpoint a request is about
 * @skb: the request
 * @info: likewise
 */
struct pfsnl_which pfsnl_which_of(struct sk_buff *skb, struct genl_info *info)
{
	return (struct pfsnl_which) {
		.asker = pfsnl_netlink_ckpt_asker(skb),
		.attrs = info->attrs,
		.extack = info->extack,
	};
}

/**
 * pfsnl_which_check - whether it says which
 * @w: the checkpoint that is asked for
 *
 * Return: 0 or -EINVAL.
 */
int pfsnl_which_check(const struct pfsnl_which *w)
{
	struct nlattr **a = w->attrs;

	if (!!a[PFSNL_A_CKPT_NAME] + !!a[PFSNL_A_CKPT_NUMBER] +
	    !!a[PFSNL_A_CKPT_HANDLE] == 1)
		return 0;
	return pfsnl_netlink_refuse(w->extack, -EINVAL,
		      "the name, the number or a handle of a checkpoint is needed, and one of them only");
}

static const struct pfsnl_ckpt_handle *find_handle(struct pfsnl_instance *inst,
						   u32 number, u32 handle)
{
	struct pfsnl_handle_key key = {
		.addr = pfsnl_core_config(inst->core)->addr,
		.process = number,
		.handle = handle,
	};
	struct pfsnl_state st;

	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	key.incarnation = st.incarnation;
	return pfsnl_ckpts_handle(pfsnl_ckptsvc_store(inst->ckpt.svc), &key);
}

/* By a handle of the socket. The instance lock is held. */
static struct pfsnl_ckpt *by_handle(struct pfsnl_instance *inst, struct pfsnl_which *w)
{
	struct pfsnl_opener *o = pfsnl_opener_find(&inst->ckpt, &w->asker);
	u32 handle = nla_get_u32(w->attrs[PFSNL_A_CKPT_HANDLE]);
	enum pfsnl_handle_state state = PFSNL_HANDLE_NONE;
	const struct pfsnl_ckpt_handle *h = NULL;
	u32 number = 0;
	u8 flags;

	if (o) {
		state = pfsnl_handle_state(o, handle, &flags);
		number = o->number;
		pfsnl_opener_put(o);
	}
	if (state == PFSNL_HANDLE_LOST)
		return ERR_PTR(pfsnl_netlink_refuse(w->extack, -ESTALE, PFSNL_NETLINK_CKPT_LOST));
	if (state == PFSNL_HANDLE_NONE)
		return ERR_PTR(pfsnl_netlink_refuse(w->extack, -EBADF,
						    "this socket has no such handle"));
	h = find_handle(inst, number, handle);
	if (!h)
		return ERR_PTR(pfsnl_netlink_refuse(w->extack, -EAGAIN,
						    "this handle is not open, or not yet"));
	w->write_only = !(flags & PFSNL_OPEN_READ);
	return h->ckpt;
}

/**
 * pfsnl_which_find - find it
 * @inst: the instance, its lock held
 * @w: the checkpoint that is asked for
 *
 * Return: it, as long as the lock is held; or an error.
 */
struct pfsnl_ckpt *pfsnl_which_find(struct pfsnl_instance *inst, struct pfsnl_which *w)
{
	struct pfsnl_ckpts *store = pfsnl_ckptsvc_store(inst->ckpt.svc);
	struct nlattr **a = w->attrs;
	struct pfsnl_ckpt_number number;
	struct pfsnl_ckpt *c;

	if (a[PFSNL_A_CKPT_HANDLE])
		return by_handle(inst, w);
	if (a[PFSNL_A_CKPT_NAME]) {
		c = pfsnl_ckpts_named(store, nla_data(a[PFSNL_A_CKPT_NAME]),
				      strlen(nla_data(a[PFSNL_A_CKPT_NAME])));
		return c ?: ERR_PTR(pfsnl_netlink_refuse(w->extack, -ENOENT,
					   "there is no checkpoint of this name"));
	}
	pfsnl_ckpt_number_decode(nla_data(a[PFSNL_A_CKPT_NUMBER]), &number);
	c = pfsnl_ckpts_find(store, &number);
	return c ?: ERR_PTR(pfsnl_netlink_refuse(w->extack, -ENOENT,
				   "there is no checkpoint of this number"));
}

/* ---- digests ---- */

/**
 * pfsnl_ckpt_hash_lock - take the instance lock, with the digests of a checkpoint
 * @inst: the instance, kept
 * @w: which checkpoint; there may be none
 *
 * They are made in steps. If somebody writes faster than that, there are none.
 */
void pfsnl_ckpt_hash_lock(struct pfsnl_instance *inst, struct pfsnl_which *w)
{
	u32 tries = HASH_TRIES;
	struct pfsnl_ckpt *c;

	mutex_lock(&inst->lock);
	while (tries-- && !fatal_signal_pending(current)) {
		c = pfsnl_which_find(inst, w);
		if (IS_ERR(c) || pfsnl_ckpt_hash(pfsnl_ckptsvc_store(inst->ckpt.svc), c,
						 HASH_BYTES))
			return;
		mutex_unlock(&inst->lock);
		cond_resched();
		mutex_lock(&inst->lock);
	}
}

/* ---- a checkpoint ---- */

/* as pfsnl_event_ring_size(), of the name of a ring */
#define RING_SIZE							\
	nla_total_size(2 * nla_total_size_64bit(sizeof(u64)) +		\
		       nla_total_size(sizeof(u32)))

/* bytes that a checkpoint needs in a message, with so many nodes */
#define CKPT_SIZE(nodes)						\
	(2 * nla_total_size(PFSNL_CKPT_NAME_MAX + 1) +			\
	 nla_total_size(PFSNL_CKPT_NUMBER_LEN) + 2 * nla_total_size(0) + \
	 6 * nla_total_size_64bit(sizeof(u64)) +			\
	 4 * nla_total_size(sizeof(u32)) +				\
	 nla_total_size(PFSNL_CKPT_DIGEST) + RING_SIZE +		\
	 (nodes) * nla_total_size(nla_total_size_64bit(sizeof(u64)) +	\
				  2 * nla_total_size(sizeof(u32))))

static int put_name(struct sk_buff *skb, int type, const u8 *name, u32 len)
{
	struct nlattr *attr = nla_reserve(skb, type, len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), name, len);
	((u8 *)nla_data(attr))[len] = '\0';
	return 0;
}

/* To whom it lost a conflict, and since when. */
static int put_lost(struct sk_buff *skb, const struct pfsnl_ckpts *store,
		    const struct pfsnl_ckpt *c)
{
	const struct pfsnl_ckpt *winner = pfsnl_ckpt_winner(store, c);
	int err;

	if (winner)
		err = put_name(skb, PFSNL_A_CKPT_LOST_NAME, winner->name,
			       winner->name_len);
	else
		err = put_name(skb, PFSNL_A_CKPT_LOST_NAME, c->name,
			       pfsnl_ckpt_lost_name(c));
	return err ?: pfsnl_event_put_ring(skb, PFSNL_A_CKPT_LOST_RING, &c->lost, NULL);
}

static int put_attributes(struct sk_buff *skb, const struct pfsnl_ckpt *c)
{
	if (nla_put_u64_64bit(skb, PFSNL_A_CKPT_SIZE, c->attr.size,
			      PFSNL_A_CKPT_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_RETENTION, c->attr.retention,
			      PFSNL_A_CKPT_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_MAX_SECTION, c->attr.max_section,
			      PFSNL_A_CKPT_PAD) ||
	    nla_put_u32(skb, PFSNL_A_CKPT_MAX_SECTIONS, c->attr.max_sections) ||
	    nla_put_u32(skb, PFSNL_A_CKPT_MAX_ID, c->attr.max_id))
		return -EMSGSIZE;
	return 0;
}

/**
 * struct refs - how often nodes have a checkpoint open
 * @n: how many nodes, @most at most; how often others have it open is what is left
 *	of all
 * @most: up to NODES_MAX
 * @at: in the order in which they opened it
 */
struct refs {
	u32 n;
	u32 most;
	struct {
		u64 incarnation;
		u32 addr;
		u32 refs;
	} at[NODES_MAX];
};

/* To be given back with kvfree(). Return: NULL without memory. */
static struct refs *new_refs(u32 most)
{
	struct refs *refs = kvzalloc(sizeof(*refs), GFP_KERNEL);

	if (refs)
		refs->most = most;
	return refs;
}

static void add_ref(struct refs *refs, const struct pfsnl_handle_key *key)
{
	u32 i;

	for (i = refs->n; i--;) {
		if (refs->at[i].addr == key->addr &&
		    refs->at[i].incarnation == key->incarnation) {
			refs->at[i].refs++;
			return;
		}
	}
	if (refs->n == refs->most)
		return;
	refs->at[refs->n].addr = key->addr;
	refs->at[refs->n].incarnation = key->incarnation;
	refs->at[refs->n++].refs = 1;
}

static int put_refs(struct sk_buff *skb, struct refs *refs, const struct pfsnl_ckpt *c)
{
	const struct pfsnl_ckpt_handle *h;
	struct nlattr *nest;
	u32 i;

	refs->n = 0;
	list_for_each_entry(h, &c->handles, in_ckpt)
		add_ref(refs, &h->key);
	for (i = 0; i < refs->n; i++) {
		nest = nla_nest_start(skb, PFSNL_A_CKPT_NODE);
		if (!nest ||
		    nla_put_be32(skb, PFSNL_A_CKPT_REFS_ADDRESS,
				 htonl(refs->at[i].addr)) ||
		    nla_put_u64_64bit(skb, PFSNL_A_CKPT_REFS_INCARNATION,
				      refs->at[i].incarnation,
				      PFSNL_A_CKPT_REFS_PAD) ||
		    nla_put_u32(skb, PFSNL_A_CKPT_REFS_REFS, refs->at[i].refs))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/* All but who has it open, and the digest. */
static int put_ckpt(struct sk_buff *skb, const struct pfsnl_ckpts *store,
		    const struct pfsnl_ckpt *c)
{
	u8 number[PFSNL_CKPT_NUMBER_LEN];
	u64 expires = pfsnl_ckpt_expires(c);

	pfsnl_ckpt_number_encode(number, &c->number);
	if (put_name(skb, PFSNL_A_CKPT_NAME, c->name, c->name_len) ||
	    nla_put(skb, PFSNL_A_CKPT_NUMBER, sizeof(number), number) ||
	    (c->flags & PFSNL_CKPT_UNLINKED &&
	     nla_put_flag(skb, PFSNL_A_CKPT_UNLINKED)) ||
	    (c->flags & PFSNL_CKPT_CONFLICT &&
	     (nla_put_flag(skb, PFSNL_A_CKPT_CONFLICT) || put_lost(skb, store, c))) ||
	    put_attributes(skb, c) ||
	    nla_put_u32(skb, PFSNL_A_CKPT_SECTIONS, c->n_sections) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_BYTES, c->bytes, PFSNL_A_CKPT_PAD) ||
	    nla_put_u32(skb, PFSNL_A_CKPT_REFS, c->refs) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_MODIFIED, c->modified,
			      PFSNL_A_CKPT_PAD) ||
	    (expires != PFSNL_NEVER &&
	     nla_put_u64_64bit(skb, PFSNL_A_CKPT_EXPIRES, expires,
			       PFSNL_A_CKPT_PAD)))
		return -EMSGSIZE;
	return 0;
}

/**
 * pfsnl_answer_begin - begin to answer
 * @an: the answer; to be ended also if this fails
 * @info: the request
 * @cmd: of the answer
 * @size: bytes that it may need
 *
 * Return: 0 or -errno.
 */
int pfsnl_answer_begin(struct pfsnl_answer *an, struct genl_info *info, u8 cmd, size_t size)
{
	memset(an, 0, sizeof(*an));
	an->inst = pfsnl_netlink_ckpt_keep(genl_info_net(info), info->extack);
	if (IS_ERR(an->inst))
		return PTR_ERR(an->inst);
	an->skb = genlmsg_new(size, GFP_KERNEL);
	if (!an->skb)
		return -ENOMEM;
	an->head = genlmsg_put_reply(an->skb, info, &pfsnl_netlink_family, 0, cmd);
	return an->head ? 0 : -EMSGSIZE;
}

/**
 * pfsnl_answer_end - send it
 * @an: the answer
 * @info: the request
 * @err: or refuse it, with this
 *
 * Return: what the request comes to.
 */
int pfsnl_answer_end(struct pfsnl_answer *an, struct genl_info *info, int err)
{
	if (!IS_ERR_OR_NULL(an->inst))
		pfsnl_instance_put(genl_info_net(info));
	if (err) {
		nlmsg_free(an->skb);
		return err;
	}
	genlmsg_end(an->skb, an->head);
	return genlmsg_reply(an->skb, info);
}

/* The instance lock is held, and everything is hashed or that takes too long. */
static int answer_ckpt(struct pfsnl_answer *an, struct pfsnl_which *w, struct refs *refs)
{
	const struct pfsnl_ckpt *c = pfsnl_which_find(an->inst, w);
	int err;

	if (IS_ERR(c))
		return PTR_ERR(c);
	err = put_ckpt(an->skb, pfsnl_ckptsvc_store(an->inst->ckpt.svc), c);
	if (!err)
		err = put_refs(an->skb, refs, c);
	if (!err && c->hashed)
		err = nla_put(an->skb, PFSNL_A_CKPT_DIGEST, sizeof(c->digest),
			      c->digest);
	return err;
}

int pfsnl_nl_ckpt_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pfsnl_which w = pfsnl_which_of(skb, info);
	struct pfsnl_answer an = {};
	struct refs *refs;
	int err;

	err = pfsnl_which_check(&w);
	if (err)
		return err;
	refs = new_refs(NODES_MAX);
	if (!refs)
		return -ENOMEM;
	err = pfsnl_answer_begin(&an, info, PFSNL_CMD_CKPT_GET, CKPT_SIZE(NODES_MAX));
	if (!err) {
		pfsnl_ckpt_hash_lock(an.inst, &w);
		err = answer_ckpt(&an, &w, refs);
		mutex_unlock(&an.inst->lock);
	}
	kvfree(refs);
	return pfsnl_answer_end(&an, info, err);
}

/**
 * struct ckpt_cursor - where a dump of checkpoints goes on
 * @begun: @after counts
 * @after: number of the last that was put
 */
struct ckpt_cursor {
	bool begun;
	struct pfsnl_ckpt_number after;
};

/**
 * pfsnl_netlink_dumped - begin a message of a dump
 * @skb: the answer
 * @cb: the dump
 * @cmd: of the message
 *
 * Return: its head, or NULL when it does not fit.
 */
void *pfsnl_netlink_dumped(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &pfsnl_netlink_family, NLM_F_MULTI, cmd);
}

/* One message of a dump. Return: 0 or -EMSGSIZE when it does not fit. */
static int dump_ckpt(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct pfsnl_ckpts *store, const struct pfsnl_ckpt *c,
		     struct refs *refs)
{
	void *head = pfsnl_netlink_dumped(skb, cb, PFSNL_CMD_CKPT_GET);

	if (!head)
		return -EMSGSIZE;
	if (put_ckpt(skb, store, c) || put_refs(skb, refs, c)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/*
 * By rising numbers, which stay: what is there all the time is shown once, whatever
 * happens meanwhile.
 */
int pfsnl_nl_ckpt_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **a = genl_info_dump(cb)->attrs;
	struct ckpt_cursor *cursor = (void *)cb->ctx;
	struct net *net = sock_net(skb->sk);
	const struct pfsnl_ckpt *c;
	struct pfsnl_ckpts *store;
	struct pfsnl_instance *inst;
	struct refs *refs;
	int err = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	/* a buffer of a dump may be as small, and one must fit or it ends there */
	BUILD_BUG_ON(CKPT_SIZE(NODES_LISTED) + NLMSG_HDRLEN + GENL_HDRLEN >
		     NLMSG_GOODSIZE);
	if (a[PFSNL_A_CKPT_NAME] || a[PFSNL_A_CKPT_NUMBER] || a[PFSNL_A_CKPT_HANDLE])
		return pfsnl_netlink_refuse(cb->extack, -EINVAL,
					    "a dump is of all checkpoints");
	refs = new_refs(NODES_LISTED);
	if (!refs)
		return -ENOMEM;
	inst = pfsnl_netlink_ckpt_keep(net, cb->extack);
	if (IS_ERR(inst)) {
		kvfree(refs);
		return PTR_ERR(inst);
	}
	mutex_lock(&inst->lock);
	store = pfsnl_ckptsvc_store(inst->ckpt.svc);
	while (!err) {
		c = pfsnl_ckpts_after(store, cursor->begun ? &cursor->after : NULL);
		if (!c)
			break;
		err = dump_ckpt(skb, cb, store, c, refs);
		if (err)
			break;
		cursor->begun = true;
		cursor->after = c->number;
	}
	mutex_unlock(&inst->lock);
	pfsnl_instance_put(net);
	kvfree(refs);
	/* a full buffer goes out and we are called again */
	return skb->len ? skb->len : err;
}

/* ---- all of them ---- */

static size_t state_size(void)
{
	return nla_total_size(0) + 4 * nla_total_size_64bit(sizeof(u64)) +
	       3 * nla_total_size(sizeof(u32)) + nla_total_size(PFSNL_CKPT_DIGEST);
}

/*
 * Look at some, and see to it that they have digests. The instance lock is held.
 * Return: whether there are more.
 */
static bool look_some(struct pfsnl_instance *inst, struct pfsnl_ckpt_number *at, u32 *n)
{
	struct pfsnl_ckpts *store = pfsnl_ckptsvc_store(inst->ckpt.svc);
	struct pfsnl_ckpt *c;
	u32 i;

	for (i = 0; i < LOOK_MAX; i++) {
		c = pfsnl_ckpts_after(store, *n ? at : NULL);
		if (!c)
			return false;
		if (!c->hashed) {
			if (!pfsnl_ckpt_hash(store, c, HASH_BYTES))
				return true;
			i += LOOK_MAX / 16;
		}
		*at = c->number;
		++*n;
	}
	return true;
}

/* Count them. */
static u32 count_ckpts(struct pfsnl_instance *inst)
{
	struct pfsnl_ckpt_number at;
	u32 n = 0, tries = HASH_TRIES;
	bool more;

	do {
		mutex_lock(&inst->lock);
		more = look_some(inst, &at, &n);
		mutex_unlock(&inst->lock);
		cond_resched();
	} while (more && --tries && !fatal_signal_pending(current));
	return n;
}

/* The instance lock is held. */
static int answer_state(struct pfsnl_answer *an, u32 n)
{
	struct pfsnl_ckpt_io *io = &an->inst->ckpt;
	struct pfsnl_ckpts *store = pfsnl_ckptsvc_store(io->svc);
	const struct pfsnl_ckpt_limits *limits = pfsnl_ckpts_limits(store);
	struct pfsnl_ckptsvc_state st;
	struct sk_buff *skb = an->skb;
	int error;

	pfsnl_ckptsvc_state(io->svc, &st);
	error = st.error ?: io->error;
	if ((st.active && nla_put_flag(skb, PFSNL_A_CKPT_STATE_ACTIVE)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_STATE_USED, pfsnl_ckpts_used(store),
			      PFSNL_A_CKPT_STATE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_STATE_LIMIT, limits->bytes,
			      PFSNL_A_CKPT_STATE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_STATE_HEADROOM, limits->headroom,
			      PFSNL_A_CKPT_STATE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_CKPT_STATE_MOST, io->most,
			      PFSNL_A_CKPT_STATE_PAD) ||
	    nla_put_u32(skb, PFSNL_A_CKPT_STATE_CHECKPOINTS, n) ||
	    nla_put_u32(skb, PFSNL_A_CKPT_STATE_WAITING, READ_ONCE(io->n)) ||
	    (error && nla_put_s32(skb, PFSNL_A_CKPT_STATE_ERROR, error)))
		return -EMSGSIZE;
	return 0;
}

int pfsnl_nl_ckpt_state_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	u8 digest[PFSNL_CKPT_DIGEST];
	struct pfsnl_answer an = {};
	u32 n;
	int err;

	err = pfsnl_answer_begin(&an, info, PFSNL_CMD_CKPT_STATE_GET, state_size());
	if (err)
		return pfsnl_answer_end(&an, info, err);
	n = count_ckpts(an.inst);
	mutex_lock(&an.inst->lock);
	err = answer_state(&an, n);
	if (!err && n <= DIGEST_MAX) {
		/* few of them were changed since */
		pfsnl_ckpts_digest(pfsnl_ckptsvc_store(an.inst->ckpt.svc), digest);
		err = nla_put(an.skb, PFSNL_A_CKPT_STATE_DIGEST, sizeof(digest),
			      digest);
	}
	mutex_unlock(&an.inst->lock);
	return pfsnl_answer_end(&an, info, err);
}
