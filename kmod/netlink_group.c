// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink requests about groups. What changes something keeps the instance
 * by pfsnl_net.gate only, so that many processes can send at once; reading takes
 * the locks that all reading takes.
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "core/core.h"
#include "core/group.h"
#include "instance.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "process.h"

/* the longest time after which silence is taken for death */
#define KEEPALIVE_MAX_MS	600000

static void asker_of(struct pfsnl_asker *asker, struct sk_buff *skb)
{
	asker->sk = NETLINK_CB(skb).sk;
	asker->portid = NETLINK_CB(skb).portid;
}

/* Return: the instance, kept, or -ENETDOWN. */
static struct pfsnl_instance *keep_instance(struct net *net,
					    struct netlink_ext_ack *extack)
{
	struct pfsnl_instance *inst = pfsnl_instance_get(net);

	if (inst)
		return inst;
	NL_SET_ERR_MSG(extack, "no instance is up in this network namespace");
	return ERR_PTR(-ENETDOWN);
}

static int need(struct genl_info *info, int type, const char *what)
{
	if (info->attrs[type])
		return 0;
	if (info->extack)
		info->extack->_msg = what;
	return -EINVAL;
}

/* ---- being a member ---- */

static int reply_joined(struct genl_info *info, u32 number)
{
	struct sk_buff *reply = genlmsg_new(nla_total_size(sizeof(number)),
					    GFP_KERNEL);
	void *head;

	if (!reply)
		return -ENOMEM;
	head = genlmsg_put_reply(reply, info, &pfsnl_netlink_family, 0,
				 PFSNL_CMD_GROUP_JOIN);
	if (!head || nla_put_u32(reply, PFSNL_A_GROUP_MEMBER, number)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);
}

int pfsnl_nl_group_join_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	char name[PFSNL_GROUP_NAME_MAX + 1];
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst;
	struct pfsnl_membership *m;
	struct pfsnl_asker asker;
	u32 keepalive = 0, window = 0;
	int err;

	err = need(info, PFSNL_A_GROUP_NAME, "the name of a group is needed");
	if (err)
		return err;
	nla_strscpy(name, a[PFSNL_A_GROUP_NAME], sizeof(name));
	if (a[PFSNL_A_GROUP_KEEPALIVE])
		keepalive = nla_get_u32(a[PFSNL_A_GROUP_KEEPALIVE]);
	if (keepalive > KEEPALIVE_MAX_MS) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[PFSNL_A_GROUP_KEEPALIVE],
				    "keepalive must be 0 to 600000 ms");
		return -EINVAL;
	}
	if (a[PFSNL_A_GROUP_WINDOW])
		window = nla_get_u32(a[PFSNL_A_GROUP_WINDOW]);
	inst = keep_instance(net, info->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	asker_of(&asker, skb);
	m = pfsnl_process_join(&inst->processes, &asker, name, keepalive,
			       window, info->extack);
	if (IS_ERR(m)) {
		err = PTR_ERR(m);
	} else {
		err = reply_joined(info, m->number);
		/* who doesn't know its number can't be a member */
		if (err)
			pfsnl_membership_end(m, PFSNL_GROUP_WHY_LEFT);
		pfsnl_process_joined(m);
	}
	pfsnl_instance_put(net);
	return err;
}

int pfsnl_nl_group_leave_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst;
	struct pfsnl_asker asker;
	int err;

	err = need(info, PFSNL_A_GROUP_MEMBER, "which membership is needed");
	if (err)
		return err;
	inst = keep_instance(net, info->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	asker_of(&asker, skb);
	err = pfsnl_process_leave(&inst->processes, &asker,
				  nla_get_u32(info->attrs[PFSNL_A_GROUP_MEMBER]),
				  info->extack);
	pfsnl_instance_put(net);
	return err;
}

int pfsnl_nl_group_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct net *net = genl_info_net(info);
	struct pfsnl_words words = {};
	struct pfsnl_instance *inst;
	struct pfsnl_asker asker;
	int err;

	err = need(info, PFSNL_A_GROUP_MEMBER, "which membership is needed");
	if (err)
		return err;
	words.number = nla_get_u32(a[PFSNL_A_GROUP_MEMBER]);
	if (a[PFSNL_A_GROUP_COOKIE])
		words.cookie = nla_get_u64(a[PFSNL_A_GROUP_COOKIE]);
	if (nla_get_flag(a[PFSNL_A_GROUP_SAFE]))
		words.flags = PFSNL_MSG_SAFE;
	if (a[PFSNL_A_GROUP_DATA]) {
		words.data = nla_data(a[PFSNL_A_GROUP_DATA]);
		words.len = nla_len(a[PFSNL_A_GROUP_DATA]);
	}
	words.total = a[PFSNL_A_GROUP_TOTAL] ?
		      nla_get_u32(a[PFSNL_A_GROUP_TOTAL]) : words.len;
	if (a[PFSNL_A_GROUP_OFFSET])
		words.offset = nla_get_u32(a[PFSNL_A_GROUP_OFFSET]);
	inst = keep_instance(net, info->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	asker_of(&asker, skb);
	err = pfsnl_process_send(&inst->processes, &asker, &words,
				 info->extack);
	pfsnl_instance_put(net);
	return err;
}

int pfsnl_nl_group_taken_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst;
	struct pfsnl_asker asker;
	u32 taken = 0, window = 0;
	int err;

	if (a[PFSNL_A_GROUP_TAKEN])
		taken = nla_get_u32(a[PFSNL_A_GROUP_TAKEN]);
	if (a[PFSNL_A_GROUP_WINDOW])
		window = nla_get_u32(a[PFSNL_A_GROUP_WINDOW]);
	inst = keep_instance(net, info->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	asker_of(&asker, skb);
	err = pfsnl_process_taken(&inst->processes, &asker, taken, window,
				  info->extack);
	pfsnl_instance_put(net);
	return err;
}

/* ---- reading: the instance lock is held ---- */

/* Take the locks for reading; a sign of life of a member. */
static struct pfsnl_instance *begin_read(struct net *net, struct sk_buff *skb,
					 struct netlink_ext_ack *extack)
{
	struct pfsnl_instance *inst = pfsnl_netlink_lock(net, extack);
	struct pfsnl_asker asker;

	if (IS_ERR(inst))
		return inst;
	asker_of(&asker, skb);
	pfsnl_process_seen(&inst->processes, &asker);
	mutex_lock(&inst->lock);
	return inst;
}

static void end_read(struct net *net, struct pfsnl_instance *inst)
{
	mutex_unlock(&inst->lock);
	pfsnl_netlink_unlock(net);
}

/* Changes with every change of a group and every life, and is never 0. */
static u32 dump_seq(struct pfsnl_instance *inst)
{
	struct pfsnl_state st;

	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	return ((u32)(pfsnl_core_group_generation(inst->core) +
		      st.incarnation) << 1) | 1;
}

static size_t group_size(void)
{
	return nla_total_size(PFSNL_GROUP_NAME_MAX + 1) +
	       2 * nla_total_size(sizeof(u32)) +
	       nla_total_size_64bit(sizeof(u64));
}

static int put_group(struct sk_buff *skb, struct pfsnl_instance *inst,
		     const struct pfsnl_group *group)
{
	if (nla_put_string(skb, PFSNL_A_GROUP_NAME, group->name) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_MEMBERS, group->n) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_HERE, group->here) ||
	    nla_put_u64_64bit(skb, PFSNL_A_GROUP_GENERATION,
			      pfsnl_core_group_generation(inst->core),
			      PFSNL_A_GROUP_PAD))
		return -EMSGSIZE;
	return 0;
}

int pfsnl_nl_group_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PFSNL_A_GROUP_NAME];
	struct net *net = genl_info_net(info);
	const struct pfsnl_group *group;
	struct pfsnl_instance *inst;
	struct sk_buff *reply;
	void *head;
	int err;

	err = need(info, PFSNL_A_GROUP_NAME, "the name of a group is needed");
	if (err)
		return err;
	reply = genlmsg_new(group_size(), GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	err = -EMSGSIZE;
	head = genlmsg_put_reply(reply, info, &pfsnl_netlink_family, 0,
				 PFSNL_CMD_GROUP_GET);
	if (!head)
		goto free;
	inst = begin_read(net, skb, info->extack);
	err = PTR_ERR_OR_ZERO(inst);
	if (err)
		goto free;
	group = pfsnl_core_group_find(inst->core, nla_data(attr));
	err = group ? put_group(reply, inst, group) : -ENOENT;
	end_read(net, inst);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "this group has no members");
	if (err)
		goto free;
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);

free:
	nlmsg_free(reply);
	return err;
}

/**
 * struct group_cursor - where a dump of groups goes on
 * @n: groups that were put; a name has no room here, and whoever dumps is told when
 *	groups have changed meanwhile
 */
struct group_cursor {
	u32 n;
};

/* One message of a dump. Return: 0 or -EMSGSIZE when it does not fit. */
static int dump_group(struct sk_buff *skb, struct netlink_callback *cb,
		      struct pfsnl_instance *inst,
		      const struct pfsnl_group *group)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				 cb->nlh->nlmsg_seq, &pfsnl_netlink_family,
				 NLM_F_MULTI, PFSNL_CMD_GROUP_GET);

	if (!head)
		return -EMSGSIZE;
	if (put_group(skb, inst, group)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, head);
	genlmsg_end(skb, head);
	return 0;
}

int pfsnl_nl_group_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct group_cursor *cursor = (void *)cb->ctx;
	struct net *net = sock_net(skb->sk);
	const struct pfsnl_group *group;
	struct pfsnl_instance *inst;
	int err = 0;
	u32 n = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	inst = begin_read(net, cb->skb, cb->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	cb->seq = dump_seq(inst);
	for (group = pfsnl_core_group_after(inst->core, ""); group && !err;
	     group = pfsnl_core_group_after(inst->core, group->name)) {
		if (n++ < cursor->n)
			continue;
		err = dump_group(skb, cb, inst, group);
		if (!err)
			cursor->n = n;
	}
	end_read(net, inst);
	/* a full buffer goes out and we are called again */
	return skb->len ? skb->len : err;
}

static size_t member_size(void)
{
	return nla_total_size(PFSNL_GROUP_NAME_MAX + 1) +
	       3 * nla_total_size(sizeof(u32)) + nla_total_size(0) +
	       nla_total_size_64bit(sizeof(u64));
}

static int put_member(struct sk_buff *skb, struct pfsnl_instance *inst,
		      const struct pfsnl_group_member *m)
{
	bool self = m->addr == pfsnl_core_config(inst->core)->addr;

	if (nla_put_string(skb, PFSNL_A_GROUP_MEMBER_NAME, m->group->name) ||
	    nla_put_be32(skb, PFSNL_A_GROUP_MEMBER_ADDRESS, htonl(m->addr)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_GROUP_MEMBER_INCARNATION,
			      m->incarnation, PFSNL_A_GROUP_MEMBER_PAD) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_MEMBER_MEMBER, m->number) ||
	    nla_put_u32(skb, PFSNL_A_GROUP_MEMBER_PID, m->pid) ||
	    (self && nla_put_flag(skb, PFSNL_A_GROUP_MEMBER_SELF)))
		return -EMSGSIZE;
	return 0;
}

/* Put one member of a group. Return: 0, -EMSGSIZE or -ENOENT. */
static int find_member(struct sk_buff *skb, struct pfsnl_instance *inst,
		       const char *name, u32 addr, u32 number)
{
	const struct pfsnl_group *group = pfsnl_core_group_find(inst->core,
								name);
	const struct pfsnl_group_member *m;

	if (!group || !number)
		return -ENOENT;
	m = pfsnl_group_member_after(group, addr, number - 1);
	if (!m || m->addr != addr || m->number != number)
		return -ENOENT;
	return put_member(skb, inst, m);
}

int pfsnl_nl_group_member_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst;
	struct sk_buff *reply;
	void *head;
	int err;

	err = need(info, PFSNL_A_GROUP_MEMBER_NAME,
		   "the name of a group is needed");
	if (!err)
		err = need(info, PFSNL_A_GROUP_MEMBER_ADDRESS,
			   "the address of a node is needed");
	if (!err)
		err = need(info, PFSNL_A_GROUP_MEMBER_MEMBER,
			   "the number of a membership is needed");
	if (err)
		return err;
	reply = genlmsg_new(member_size(), GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	err = -EMSGSIZE;
	head = genlmsg_put_reply(reply, info, &pfsnl_netlink_family, 0,
				 PFSNL_CMD_GROUP_MEMBER_GET);
	if (!head)
		goto free;
	inst = begin_read(net, skb, info->extack);
	err = PTR_ERR_OR_ZERO(inst);
	if (err)
		goto free;
	err = find_member(reply, inst, nla_data(a[PFSNL_A_GROUP_MEMBER_NAME]),
			  ntohl(nla_get_be32(a[PFSNL_A_GROUP_MEMBER_ADDRESS])),
			  nla_get_u32(a[PFSNL_A_GROUP_MEMBER_MEMBER]));
	end_read(net, inst);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "the group has no such member");
	if (err)
		goto free;
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);

free:
	nlmsg_free(reply);
	return err;
}

/**
 * struct member_cursor - where a dump of members goes on
 * @addr: node of the last member that was put, host order
 * @number: and its number
 */
struct member_cursor {
	u32 addr;
	u32 number;
};

/* One message of a dump. Return: 0 or -EMSGSIZE when it does not fit. */
static int dump_member(struct sk_buff *skb, struct netlink_callback *cb,
		       struct pfsnl_instance *inst,
		       const struct pfsnl_group_member *m)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				 cb->nlh->nlmsg_seq, &pfsnl_netlink_family,
				 NLM_F_MULTI, PFSNL_CMD_GROUP_MEMBER_GET);

	if (!head)
		return -EMSGSIZE;
	if (put_member(skb, inst, m)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, head);
	genlmsg_end(skb, head);
	return 0;
}

int pfsnl_nl_group_member_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb)
{
	struct nlattr *name =
		genl_info_dump(cb)->attrs[PFSNL_A_GROUP_MEMBER_NAME];
	struct member_cursor *cursor = (void *)cb->ctx;
	const struct pfsnl_group_member *m = NULL;
	struct net *net = sock_net(skb->sk);
	const struct pfsnl_group *group;
	struct pfsnl_instance *inst;
	int err = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	if (!name) {
		NL_SET_ERR_MSG(cb->extack, "the name of a group is needed");
		return -EINVAL;
	}
	inst = begin_read(net, cb->skb, cb->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	cb->seq = dump_seq(inst);
	group = pfsnl_core_group_find(inst->core, nla_data(name));
	while (group && !err) {
		m = pfsnl_group_member_after(group, cursor->addr,
					     cursor->number);
		if (!m)
			break;
		err = dump_member(skb, cb, inst, m);
		if (err)
			break;
		cursor->addr = m->addr;
		cursor->number = m->number;
	}
	end_read(net, inst);
	/* a full buffer goes out and we are called again */
	return skb->len ? skb->len : err;
}
