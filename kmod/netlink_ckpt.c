// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink requests that change checkpoints. Each is looked at, put into the
 * queue, and then it is answered: nobody waits here for what comes of it, since other
 * families would wait for us. The instance is kept by pfsnl_net.gate only, so that
 * many processes can ask at once.
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "ckpt_opener.h"
#include "instance.h"
#include "netlink.h"
#include "netlink_ckpt.h"
#include "netlink_gen.h"

static int refuse(struct genl_info *info, int err, const char *why)
{
	if (info->extack)
		info->extack->_msg = why;
	return err;
}

/**
 * pfsnl_netlink_ckpt_keep - keep the instance
 * @net: the namespace
 * @extack: says that there is none
 *
 * Return: it, until pfsnl_instance_put(); or -ENETDOWN.
 */
struct pfsnl_instance *pfsnl_netlink_ckpt_keep(struct net *net,
					       struct netlink_ext_ack *extack)
{
	struct pfsnl_instance *inst = pfsnl_instance_get(net);

	if (inst)
		return inst;
	NL_SET_ERR_MSG(extack, "no instance is up in this network namespace");
	return ERR_PTR(-ENETDOWN);
}

/**
 * pfsnl_netlink_ckpt_asker - who asks
 * @skb: the request
 */
struct pfsnl_asker pfsnl_netlink_ckpt_asker(struct sk_buff *skb)
{
	return (struct pfsnl_asker) {
		.sk = NETLINK_CB(skb).sk,
		.portid = NETLINK_CB(skb).portid,
	};
}

/**
 * struct ask - a request, on its way
 * @inst: the instance, kept
 * @o: the socket, used
 * @m: the operation
 * @a: the same, to be asked for
 */
struct ask {
	struct pfsnl_instance *inst;
	struct pfsnl_opener *o;
	struct pfsnl_ckptmsg m;
	struct pfsnl_asked *a;
};

static void end(struct ask *ask, struct genl_info *info)
{
	if (ask->a)
		pfsnl_asked_put(ask->a);
	if (!IS_ERR_OR_NULL(ask->o))
		pfsnl_opener_put(ask->o);
	if (!IS_ERR_OR_NULL(ask->inst))
		pfsnl_instance_put(genl_info_net(info));
}

/* To be ended by end() also if it fails. */
static int begin(struct ask *ask, u8 kind, struct sk_buff *skb,
		 struct genl_info *info)
{
	const struct pfsnl_asker asker = pfsnl_netlink_ckpt_asker(skb);

	memset(ask, 0, sizeof(*ask));
	ask->m.kind = kind;
	ask->inst = pfsnl_netlink_ckpt_keep(genl_info_net(info), info->extack);
	if (IS_ERR(ask->inst))
		return PTR_ERR(ask->inst);
	ask->o = pfsnl_opener_know(&ask->inst->ckpt, &asker, info->extack);
	if (IS_ERR(ask->o))
		return PTR_ERR(ask->o);
	ask->m.process = ask->o->number;
	return 0;
}

/* Make the request, with room for @more bytes. */
static int make(struct ask *ask, struct genl_info *info, u32 more)
{
	struct nlattr **a = info->attrs;
	u64 cookie = a[PFSNL_A_CKPT_COOKIE] ?
		     nla_get_u64(a[PFSNL_A_CKPT_COOKIE]) : 0;
	u16 flags = nla_get_flag(a[PFSNL_A_CKPT_SAFE]) ? PFSNL_MSG_SAFE : 0;

	ask->a = pfsnl_asked_new(&ask->m, more, flags);
	if (!ask->a || pfsnl_asked_answerable(ask->a, cookie))
		return refuse(info, -ENOMEM, "no memory for the request");
	return 0;
}

/* The request is the room's from now on. */
static void go(struct ask *ask)
{
	pfsnl_ask_go(ask->o, ask->a);
	ask->a = NULL;
}

static int ask_for(struct ask *ask, struct genl_info *info)
{
	int err = pfsnl_ask_admit(ask->o, ask->a, info->extack);

	if (!err)
		go(ask);
	return err;
}

/* What begins, is made, and asked for, with nothing that needs more room. */
static int simple(struct ask *ask, struct genl_info *info)
{
	int err = make(ask, info, 0);

	return err ? err : ask_for(ask, info);
}

/* ---- what requests have ---- */

static int get_name(struct ask *ask, struct genl_info *info)
{
	struct nlattr *name = info->attrs[PFSNL_A_CKPT_NAME];

	if (!name)
		return refuse(info, -EINVAL, "the name of a checkpoint is needed");
	ask->m.name = nla_data(name);
	ask->m.name_len = strlen(nla_data(name));
	if (!pfsnl_ckpt_name_ok(ask->m.name, ask->m.name_len))
		return refuse(info, -EINVAL,
			      "a name has 1 to 255 bytes, and no control characters");
	return 0;
}

/* A handle of the socket with which something can be asked for. */
static int get_handle(struct ask *ask, struct genl_info *info, u8 *flags)
{
	struct nlattr *handle = info->attrs[PFSNL_A_CKPT_HANDLE];

	if (!handle)
		return refuse(info, -EINVAL, "a handle is needed");
	ask->m.handle = nla_get_u32(handle);
	switch (pfsnl_handle_state(ask->o, ask->m.handle, flags)) {
	case PFSNL_HANDLE_NONE:
		return refuse(info, -EBADF, "this socket has no such handle");
	case PFSNL_HANDLE_CLOSING:
		return refuse(info, -EBADF, "this handle is being closed already");
	case PFSNL_HANDLE_LOST:
		return refuse(info, -ESTALE, PFSNL_NETLINK_CKPT_LOST);
	default:
		return 0;
	}
}

static int get_section(struct ask *ask, struct genl_info *info)
{
	struct nlattr *section = info->attrs[PFSNL_A_CKPT_SECTION];

	if (!section)
		return refuse(info, -EINVAL, "the id of a section is needed, which may be empty");
	if (nla_len(section) > PFSNL_SECTION_ID_MAX)
		return refuse(info, -EINVAL, "the id of a section has 255 bytes at most");
	ask->m.name = nla_data(section);
	ask->m.name_len = nla_len(section);
	return 0;
}

/* Begin what is about a handle that may write, and, if @id, a section. */
static int begin_write(struct ask *ask, u8 kind, struct sk_buff *skb,
		       struct genl_info *info, bool id)
{
	int err = begin(ask, kind, skb, info);
	u8 flags;

	if (!err)
		err = get_handle(ask, info, &flags);
	if (!err && !(flags & PFSNL_OPEN_WRITE))
		err = refuse(info, -EACCES, "the checkpoint was not opened for writing");
	if (!err && id)
		err = get_section(ask, info);
	return err;
}

/* ---- data ---- */

/* Those attributes of a request that are of one type. */
#define for_each_of(attr, info, type, rem)				\
	nla_for_each_attr(attr, genlmsg_data((info)->genlhdr),		\
			  genlmsg_len((info)->genlhdr), rem)		\
		if (nla_type(attr) == (type))

static int count_data(struct genl_info *info, u32 *len)
{
	struct nlattr *attr;
	int rem;

	*len = 0;
	for_each_of(attr, info, PFSNL_A_CKPT_DATA, rem) {
		if (nla_len(attr) > PFSNL_CKPT_DATA_MAX)
			return refuse(info, -EINVAL,
				      "an attribute has 32768 bytes of data at most");
		*len += nla_len(attr);
		if (*len > PFSNL_CKPT_WRITE_MAX)
			return refuse(info, -EMSGSIZE,
				      "a request has 131072 bytes of data at most");
	}
	return 0;
}

/* With what its data attributes hold. */
static int with_data(struct ask *ask, struct genl_info *info)
{
	struct nlattr *attr;
	int err, rem;
	u32 len;
	u8 *to;

	err = count_data(info, &len);
	if (!err)
		err = make(ask, info, len);
	if (err)
		return err;
	to = ask->a->r.data + ask->a->r.len - len;
	for_each_of(attr, info, PFSNL_A_CKPT_DATA, rem) {
		memcpy(to, nla_data(attr), nla_len(attr));
		to += nla_len(attr);
	}
	return ask_for(ask, info);
}

/**
 * struct vectors - those of a request
 * @n: how many
 * @len: bytes of data in them
 * @end: of the last one in the section
 */
struct vectors {
	u32 n;
	u32 len;
	u64 end;
};

static int parse_vector(struct pfsnl_vec *v, struct nlattr *attr,
			struct genl_info *info)
{
	struct nlattr *a[PFSNL_A_CKPT_VECTOR_DATA + 1];
	int err = nla_parse_nested(a, PFSNL_A_CKPT_VECTOR_DATA, attr,
				   pfsnl_ckpt_vector_nl_policy, info->extack);

	if (err)
		return err;
	v->offset = a[PFSNL_A_CKPT_VECTOR_OFFSET] ?
		    nla_get_u64(a[PFSNL_A_CKPT_VECTOR_OFFSET]) : 0;
	v->len = 0;
	if (a[PFSNL_A_CKPT_VECTOR_DATA]) {
		v->len = nla_len(a[PFSNL_A_CKPT_VECTOR_DATA]);
		v->bytes = nla_data(a[PFSNL_A_CKPT_VECTOR_DATA]);
	}
	return 0;
}

static int check_vector(struct vectors *vs, struct nlattr *attr,
			struct genl_info *info)
{
	struct pfsnl_vec v;
	int err = parse_vector(&v, attr, info);

	if (err)
		return err;
	if (++vs->n > PFSNL_CKPT_VECTORS_MAX)
		return refuse(info, -EINVAL, "a write has 64 vectors at most");
	if (!v.len || v.len > PFSNL_CKPT_DATA_MAX)
		return refuse(info, -EINVAL, "a vector has 1 to 32768 bytes");
	vs->len += v.len;
	if (vs->len > PFSNL_CKPT_WRITE_MAX)
		return refuse(info, -EMSGSIZE, "a request has 131072 bytes of data at most");
	if (v.offset > PFSNL_SECTION_LEN_MAX || v.len > PFSNL_SECTION_LEN_MAX - v.offset)
		return refuse(info, -EFBIG, "a section has 1 TiB at most");
	if (v.offset < vs->end)
		return refuse(info, -EINVAL, "vectors rise, and none is over another");
	vs->end = v.offset + v.len;
	return 0;
}

static int count_vectors(struct vectors *vs, struct genl_info *info)
{
	struct nlattr *attr;
	int err, rem;

	for_each_of(attr, info, PFSNL_A_CKPT_VECTOR, rem) {
		err = check_vector(vs, attr, info);
		if (err)
			return err;
	}
	return vs->n ? 0 : refuse(info, -EINVAL, "a vector is needed");
}

/* ---- the requests ---- */

static bool has_attributes(struct nlattr **a)
{
	return a[PFSNL_A_CKPT_SIZE] && a[PFSNL_A_CKPT_RETENTION] &&
	       a[PFSNL_A_CKPT_MAX_SECTION] && a[PFSNL_A_CKPT_MAX_SECTIONS] &&
	       a[PFSNL_A_CKPT_MAX_ID];
}

static bool has_an_attribute(struct nlattr **a)
{
	return a[PFSNL_A_CKPT_SIZE] || a[PFSNL_A_CKPT_RETENTION] ||
	       a[PFSNL_A_CKPT_MAX_SECTION] || a[PFSNL_A_CKPT_MAX_SECTIONS] ||
	       a[PFSNL_A_CKPT_MAX_ID];
}

static int get_attributes(struct ask *ask, struct genl_info *info)
{
	struct nlattr **a = info->attrs;

	if (!nla_get_flag(a[PFSNL_A_CKPT_CREATE])) {
		if (has_an_attribute(a))
			return refuse(info, -EINVAL, "size and the like are for creating");
		return 0;
	}
	if (!has_attributes(a))
		return refuse(info, -EINVAL,
			      "creating needs size, retention, max-section, max-sections and max-id");
	ask->m.flags |= PFSNL_OPEN_CREATE;
	ask->m.attr = (struct pfsnl_ckpt_attr) {
		.size = nla_get_u64(a[PFSNL_A_CKPT_SIZE]),
		.retention = nla_get_u64(a[PFSNL_A_CKPT_RETENTION]),
		.max_section = nla_get_u64(a[PFSNL_A_CKPT_MAX_SECTION]),
		.max_sections = nla_get_u32(a[PFSNL_A_CKPT_MAX_SECTIONS]),
		.max_id = nla_get_u32(a[PFSNL_A_CKPT_MAX_ID]),
	};
	if (!pfsnl_ckpt_attr_ok(&ask->m.attr))
		return refuse(info, -EINVAL,
			      "there is at least one section, size fits into all of them, and ids have 255 bytes at most");
	return 0;
}

static int get_open(struct ask *ask, struct genl_info *info)
{
	int err = get_name(ask, info);

	if (err)
		return err;
	if (nla_get_flag(info->attrs[PFSNL_A_CKPT_READ]))
		ask->m.flags |= PFSNL_OPEN_READ;
	if (nla_get_flag(info->attrs[PFSNL_A_CKPT_WRITE]))
		ask->m.flags |= PFSNL_OPEN_WRITE;
	if (!ask->m.flags)
		return refuse(info, -EINVAL, "open it for reading, for writing or for both");
	return get_attributes(ask, info);
}

static struct sk_buff *handle_reply(struct genl_info *info, u32 handle)
{
	struct sk_buff *reply = genlmsg_new(nla_total_size(sizeof(handle)),
					    GFP_KERNEL);
	void *head;

	if (!reply)
		return NULL;
	head = genlmsg_put_reply(reply, info, &pfsnl_netlink_family, 0,
				 PFSNL_CMD_CKPT_OPEN);
	if (!head || nla_put_u32(reply, PFSNL_A_CKPT_HANDLE, handle)) {
		nlmsg_free(reply);
		return NULL;
	}
	genlmsg_end(reply, head);
	return reply;
}

/* The handle's number is known before anything is told of it. */
static int open_handle(struct ask *ask, struct genl_info *info)
{
	struct sk_buff *reply;
	int err;

	err = make(ask, info, 0);
	if (err)
		return err;
	reply = handle_reply(info, ask->m.handle);
	if (!reply)
		return refuse(info, -ENOMEM, "no memory for the answer");
	err = pfsnl_ask_admit(ask->o, ask->a, info->extack);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	err = genlmsg_reply(reply, info);
	if (err)
		pfsnl_ask_withdraw(ask->o, ask->a);
	else
		go(ask);
	return err;
}

int pfsnl_nl_ckpt_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask ask;
	int err = begin(&ask, PFSNL_CKPTMSG_OPEN, skb, info);

	if (!err)
		err = get_open(&ask, info);
	if (!err)
		err = pfsnl_handle_new(ask.o, ask.m.flags & ~PFSNL_OPEN_CREATE,
				       &ask.m.handle, info->extack);
	if (!err) {
		err = open_handle(&ask, info);
		if (err)
			pfsnl_handle_forget(ask.o, ask.m.handle);
	}
	end(&ask, info);
	return err;
}

/* Nothing more is taken for the handle, unless the request is not taken. */
static int close_handle(struct ask *ask, struct genl_info *info)
{
	u32 handle = ask->m.handle;
	bool lost = pfsnl_handle_state(ask->o, handle, NULL) == PFSNL_HANDLE_LOST;
	int err;

	if (!lost &&
	    !pfsnl_handle_move(ask->o, handle, PFSNL_HANDLE_OPENING,
			       PFSNL_HANDLE_CLOSING) &&
	    !pfsnl_handle_move(ask->o, handle, PFSNL_HANDLE_OPEN,
			       PFSNL_HANDLE_CLOSING))
		return refuse(info, -EBADF, "opening it failed, or it is being closed already");
	err = simple(ask, info);
	/* it may have been opened meanwhile */
	if (err && !lost)
		pfsnl_handle_move(ask->o, handle, PFSNL_HANDLE_CLOSING,
				  PFSNL_HANDLE_OPEN);
	return err;
}

int pfsnl_nl_ckpt_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask ask;
	int err = begin(&ask, PFSNL_CKPTMSG_CLOSE, skb, info);

	if (!err) {
		err = get_handle(&ask, info, NULL);
		/* also what is lost can be closed */
		if (!err || err == -ESTALE)
			err = close_handle(&ask, info);
	}
	end(&ask, info);
	return err;
}

int pfsnl_nl_ckpt_unlink_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask ask;
	int err = begin(&ask, PFSNL_CKPTMSG_UNLINK, skb, info);

	if (!err)
		err = get_name(&ask, info);
	if (!err)
		err = simple(&ask, info);
	end(&ask, info);
	return err;
}

int pfsnl_nl_ckpt_retention_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *retention = info->attrs[PFSNL_A_CKPT_RETENTION];
	struct ask ask;
	int err = begin_write(&ask, PFSNL_CKPTMSG_RETENTION, skb, info, false);

	if (!err && !retention)
		err = refuse(info, -EINVAL, "the retention is needed");
	if (!err) {
		ask.m.attr.retention = nla_get_u64(retention);
		err = simple(&ask, info);
	}
	end(&ask, info);
	return err;
}

/* Before 6.3 a text has no numbers. */
static int refuse_limit(struct genl_info *info, u64 most)
{
#ifdef NL_SET_ERR_MSG_FMT
	NL_SET_ERR_MSG_FMT(info->extack,
			   "at most %llu MiB: half of ckpt_most_mib, to be raised on all nodes",
			   most >> 20);
#else
	NL_SET_ERR_MSG(info->extack,
		       "more than half of ckpt_most_mib, which is to be raised on all nodes");
#endif
	return -ERANGE;
}

int pfsnl_nl_ckpt_limit_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *size = info->attrs[PFSNL_A_CKPT_SIZE];
	struct ask ask;
	int err = begin(&ask, PFSNL_CKPTMSG_LIMITS, skb, info);

	if (!err && !size)
		err = refuse(info, -EINVAL, "the size is needed");
	/* a node that comes must be able to collect it, and what it differs from */
	if (!err && nla_get_u64(size) > ask.inst->ckpt.most / 2)
		err = refuse_limit(info, ask.inst->ckpt.most / 2);
	if (!err) {
		ask.m.limits.bytes = nla_get_u64(size);
		ask.m.limits.headroom = div_u64(ask.m.limits.bytes,
						PFSNL_CKPT_HEADROOM);
		err = simple(&ask, info);
	}
	end(&ask, info);
	return err;
}

static int create_section(struct ask *ask, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	bool made = nla_get_flag(a[PFSNL_A_CKPT_MAKE_ID]);
	int err;

	if (made && a[PFSNL_A_CKPT_SECTION])
		return refuse(info, -EINVAL, "the id is given or made, not both");
	if (made) {
		ask->m.flags = PFSNL_CREATE_ID;
	} else {
		err = get_section(ask, info);
		if (err)
			return err;
	}
	ask->m.expires = a[PFSNL_A_CKPT_EXPIRES] ?
			 nla_get_u64(a[PFSNL_A_CKPT_EXPIRES]) : PFSNL_NEVER;
	return with_data(ask, info);
}

int pfsnl_nl_section_create_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask ask;
	int err = begin_write(&ask, PFSNL_CKPTMSG_SECTION_CREATE, skb, info, false);

	if (!err)
		err = create_section(&ask, info);
	end(&ask, info);
	return err;
}

int pfsnl_nl_section_delete_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask ask;
	int err = begin_write(&ask, PFSNL_CKPTMSG_SECTION_DELETE, skb, info, true);

	if (!err)
		err = simple(&ask, info);
	end(&ask, info);
	return err;
}

static int write_vectors(struct ask *ask, struct genl_info *info)
{
	struct vectors vs = {};
	struct nlattr *attr;
	struct pfsnl_vec v;
	int err, rem;
	u32 more;
	u8 *to;

	err = count_vectors(&vs, info);
	if (err)
		return err;
	ask->m.vectors = vs.n;
	more = vs.len + vs.n * PFSNL_CKPTMSG_VEC_LEN;
	err = make(ask, info, more);
	if (err)
		return err;
	to = ask->a->r.data + ask->a->r.len - more;
	for_each_of(attr, info, PFSNL_A_CKPT_VECTOR, rem) {
		err = parse_vector(&v, attr, info);
		if (err)
			return err;
		to = pfsnl_vec_encode(to, &v);
	}
	return ask_for(ask, info);
}

int pfsnl_nl_section_write_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask ask;
	int err = begin_write(&ask, PFSNL_CKPTMSG_SECTION_WRITE, skb, info, true);

	if (!err)
		err = write_vectors(&ask, info);
	end(&ask, info);
	return err;
}

int pfsnl_nl_section_overwrite_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask ask;
	int err = begin_write(&ask, PFSNL_CKPTMSG_SECTION_OVERWRITE, skb, info, true);

	if (!err)
		err = with_data(&ask, info);
	end(&ask, info);
	return err;
}

int pfsnl_nl_section_expiration_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *expires = info->attrs[PFSNL_A_CKPT_EXPIRES];
	struct ask ask;
	int err = begin_write(&ask, PFSNL_CKPTMSG_SECTION_EXPIRATION, skb, info, true);

	if (!err && !expires)
		err = refuse(info, -EINVAL, "when it expires is needed");
	if (!err) {
		ask.m.expires = nla_get_u64(expires);
		err = simple(&ask, info);
	}
	end(&ask, info);
	return err;
}
