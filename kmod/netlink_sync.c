// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink requests about services. They only read.
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "core/core.h"
#include "event.h"
#include "instance.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "service.h"

/* Take the locks that all reading takes, or return -ENETDOWN. */
static struct pfsnl_instance *begin_read(struct net *net,
					 struct netlink_ext_ack *extack)
{
	struct pfsnl_instance *inst = pfsnl_netlink_lock(net, extack);

	if (!IS_ERR(inst))
		mutex_lock(&inst->lock);
	return inst;
}

static void end_read(struct net *net, struct pfsnl_instance *inst)
{
	mutex_unlock(&inst->lock);
	pfsnl_netlink_unlock(net);
}

static const char *name_of(const struct pfsnl_sync_state *st)
{
	const struct pfsnl_service_sink *sink = st->who;

	return sink->name;
}

/* Set @reply to the answer. Return: 0 or -errno. */
static int answer(struct sk_buff **reply, struct genl_info *info,
		  const struct pfsnl_instance *inst,
		  const struct pfsnl_sync_state *st)
{
	void *head;

	*reply = genlmsg_new(pfsnl_event_service_size(name_of(st)), GFP_KERNEL);
	if (!*reply)
		return -ENOMEM;
	head = genlmsg_put_reply(*reply, info, &pfsnl_netlink_family, 0,
				 PFSNL_CMD_SYNC_GET);
	if (!head || pfsnl_event_fill_service(*reply, inst, st)) {
		nlmsg_free(*reply);
		return -EMSGSIZE;
	}
	genlmsg_end(*reply, head);
	return 0;
}

int pfsnl_nl_sync_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PFSNL_A_SERVICE_ID];
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst;
	struct pfsnl_sync_state st;
	struct sk_buff *reply;
	int err = -ENOENT;
	u32 i;

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "the id of a service is needed");
		return -EINVAL;
	}
	inst = begin_read(net, info->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	for (i = 0; pfsnl_core_sync_state(inst->core, i, &st); i++) {
		if (st.served.id != nla_get_u32(attr))
			continue;
		err = answer(&reply, info, inst, &st);
		break;
	}
	end_read(net, inst);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "this node has no such service");
	return err ? err : genlmsg_reply(reply, info);
}

/**
 * struct service_cursor - where a dump goes on
 * @after: id of the last service that was put
 */
struct service_cursor {
	u32 after;
};

/* One message of a dump. Return: 0 or -EMSGSIZE when it does not fit. */
static int dump_service(struct sk_buff *skb, struct netlink_callback *cb,
			const struct pfsnl_instance *inst,
			const struct pfsnl_sync_state *st)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				 cb->nlh->nlmsg_seq, &pfsnl_netlink_family,
				 NLM_F_MULTI, PFSNL_CMD_SYNC_GET);

	if (!head)
		return -EMSGSIZE;
	if (pfsnl_event_fill_service(skb, inst, st)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

int pfsnl_nl_sync_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct service_cursor *cursor = (void *)cb->ctx;
	struct net *net = sock_net(skb->sk);
	struct pfsnl_instance *inst;
	struct pfsnl_sync_state st;
	int err = 0;
	u32 i;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	inst = begin_read(net, cb->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	for (i = 0; pfsnl_core_sync_state(inst->core, i, &st); i++) {
		if (st.served.id <= cursor->after)
			continue;
		err = dump_service(skb, cb, inst, &st);
		if (err)
			break;
		cursor->after = st.served.id;
	}
	end_read(net, inst);
	/* a full buffer goes out and we are called again */
	return skb->len ? skb->len : err;
}
