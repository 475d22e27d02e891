// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink requests. Runs in the process that asks. Everything takes
 * pfsnl_net.lock, so that the instance stays; reading takes the instance lock
 * too. Changes go to the node thread.
 */
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "event.h"
#include "instance.h"
#include "netlink.h"
#include "netlink_gen.h"

/* An answer waits this long for the others at most, unless told otherwise. */
#define STOP_WAIT_MAX_MS	2000

/**
 * pfsnl_netlink_lock - take pfsnl_net.lock and find the instance
 * @net: the namespace
 * @extack: says that there is none
 *
 * Return: the instance, or -ENETDOWN and then the lock is not held.
 */
struct pfsnl_instance *pfsnl_netlink_lock(struct net *net,
					  struct netlink_ext_ack *extack)
{
	struct pfsnl_net *pn = pfsnl_instance_net(net);

	mutex_lock(&pn->lock);
	if (pn->inst)
		return pn->inst;
	mutex_unlock(&pn->lock);
	NL_SET_ERR_MSG(extack, "no instance is up in this network namespace");
	return ERR_PTR(-ENETDOWN);
}

/**
 * pfsnl_netlink_unlock - the end of pfsnl_netlink_lock()
 * @net: the namespace
 */
void pfsnl_netlink_unlock(struct net *net)
{
	mutex_unlock(&pfsnl_instance_net(net)->lock);
}

/* Settings that may be given with start and set. */
static int parse_common(struct pfsnl_config *cfg, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	const struct nlattr *list = a[PFSNL_A_INSTANCE_STATIC_PEERS];
	const __be32 *addrs;
	u32 i;

	if (a[PFSNL_A_INSTANCE_PRIORITY])
		cfg->priority = nla_get_u8(a[PFSNL_A_INSTANCE_PRIORITY]);
	if (a[PFSNL_A_INSTANCE_INTERVAL])
		cfg->interval_ms = nla_get_u32(a[PFSNL_A_INSTANCE_INTERVAL]);
	if (a[PFSNL_A_INSTANCE_DEAD])
		cfg->dead = nla_get_u32(a[PFSNL_A_INSTANCE_DEAD]);
	if (a[PFSNL_A_INSTANCE_BEACON_TO])
		cfg->beacon_to = nla_get_u32(a[PFSNL_A_INSTANCE_BEACON_TO]);
	if (a[PFSNL_A_INSTANCE_GROUP])
		cfg->group = ntohl(nla_get_be32(a[PFSNL_A_INSTANCE_GROUP]));
	if (a[PFSNL_A_INSTANCE_LEVEL0])
		cfg->level0 = nla_get_u32(a[PFSNL_A_INSTANCE_LEVEL0]);
	if (a[PFSNL_A_INSTANCE_LEVEL0_DEAD])
		cfg->level0_dead_ms =
			nla_get_u32(a[PFSNL_A_INSTANCE_LEVEL0_DEAD]);
	if (a[PFSNL_A_INSTANCE_VOTES])
		cfg->votes = nla_get_u8(a[PFSNL_A_INSTANCE_VOTES]);
	if (a[PFSNL_A_INSTANCE_EXPECTED_VOTES])
		cfg->expected_votes =
			nla_get_u32(a[PFSNL_A_INSTANCE_EXPECTED_VOTES]);
	if (a[PFSNL_A_INSTANCE_PREEMPT])
		cfg->preempt = nla_get_u8(a[PFSNL_A_INSTANCE_PREEMPT]);
	if (a[PFSNL_A_INSTANCE_DRAIN])
		cfg->drain_ms = nla_get_u32(a[PFSNL_A_INSTANCE_DRAIN]);
	if (a[PFSNL_A_INSTANCE_SYNC_DEADLINE])
		cfg->sync_deadline_ms =
			nla_get_u32(a[PFSNL_A_INSTANCE_SYNC_DEADLINE]);
	if (!list)
		return 0;
	if (nla_len(list) % sizeof(*addrs) ||
	    nla_len(list) > PFSNL_STATIC_PEERS_MAX * sizeof(*addrs)) {
		NL_SET_ERR_MSG_ATTR(info->extack, list,
				    "static peers are up to 64 addresses of four bytes");
		return -EINVAL;
	}
	addrs = nla_data(list);
	cfg->n_static = nla_len(list) / sizeof(*addrs);
	for (i = 0; i < cfg->n_static; i++)
		cfg->static_peers[i] = ntohl(addrs[i]);
	return 0;
}

/* Settings that may be given with start only. */
static void parse_identity(struct pfsnl_config *cfg, struct genl_info *info)
{
	struct nlattr **a = info->attrs;

	if (a[PFSNL_A_INSTANCE_PORT]) {
		cfg->port = nla_get_u16(a[PFSNL_A_INSTANCE_PORT]);
		/* one number for both, unless told otherwise */
		cfg->tether_port = cfg->port;
	}
	if (a[PFSNL_A_INSTANCE_TETHER_PORT])
		cfg->tether_port = nla_get_u16(a[PFSNL_A_INSTANCE_TETHER_PORT]);
	if (a[PFSNL_A_INSTANCE_CLUSTER])
		nla_strscpy(cfg->cluster, a[PFSNL_A_INSTANCE_CLUSTER],
			    sizeof(cfg->cluster));
	if (a[PFSNL_A_INSTANCE_MAX_NODES])
		cfg->max_nodes = nla_get_u32(a[PFSNL_A_INSTANCE_MAX_NODES]);
	if (a[PFSNL_A_INSTANCE_RETAIN])
		cfg->retain_kib = nla_get_u32(a[PFSNL_A_INSTANCE_RETAIN]);
}

static int check(const struct pfsnl_config *cfg, struct genl_info *info)
{
	const char *why;
	int err = pfsnl_config_check(cfg, &why);

	if (err && info->extack)
		info->extack->_msg = why;
	return err;
}

static void use_address(struct pfsnl_config *cfg, const struct in_ifaddr *ifa)
{
	cfg->addr = ntohl(ifa->ifa_local);
	cfg->broadcast = ntohl(ifa->ifa_broadcast);
	/* an address added without one; a host route has none */
	if (!cfg->broadcast && ifa->ifa_prefixlen < 31)
		cfg->broadcast = ntohl(ifa->ifa_local | ~ifa->ifa_mask);
}

/* The address of an interface: the one that is asked for, or its first. */
static bool pick_address(struct pfsnl_config *cfg, struct net_device *dev,
			 __be32 addr)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rtnl(ifa, in_dev) {
		if (addr ? ifa->ifa_local == addr :
			   !(ifa->ifa_flags & IFA_F_SECONDARY)) {
			use_address(cfg, ifa);
			return true;
		}
	}
	return false;
}

/* No interface was named: the one with the address, or the only candidate. */
static int pick_interface(struct net *net, struct pfsnl_config *cfg,
			  __be32 addr, struct netlink_ext_ack *extack)
{
	struct net_device *dev;
	int ifindex = 0;

	for_each_netdev(net, dev) {
		if (!addr && ((dev->flags & IFF_LOOPBACK) ||
			      !(dev->flags & IFF_UP)))
			continue;
		if (!pick_address(cfg, dev, addr))
			continue;
		if (ifindex) {
			NL_SET_ERR_MSG(extack, "several interfaces have an IPv4 address: name one");
			return -EINVAL;
		}
		ifindex = dev->ifindex;
		if (addr)
			break;
	}
	if (!ifindex) {
		if (addr)
			NL_SET_ERR_MSG(extack, "no interface has this address");
		else
			NL_SET_ERR_MSG(extack, "no interface that is up has an IPv4 address");
		return -EADDRNOTAVAIL;
	}
	return ifindex;
}

/* Find interface and address. Return: the interface's index or -errno. */
static int resolve(struct net *net, struct pfsnl_config *cfg,
		   struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct net_device *dev;
	__be32 addr = 0;
	int ifindex;

	ASSERT_RTNL();
	if (a[PFSNL_A_INSTANCE_ADDRESS])
		addr = nla_get_be32(a[PFSNL_A_INSTANCE_ADDRESS]);
	if (!a[PFSNL_A_INSTANCE_IFINDEX])
		return pick_interface(net, cfg, addr, info->extack);
	ifindex = nla_get_u32(a[PFSNL_A_INSTANCE_IFINDEX]);
	dev = ifindex > 0 ? __dev_get_by_index(net, ifindex) : NULL;
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[PFSNL_A_INSTANCE_IFINDEX],
				    "no such interface");
		return -ENODEV;
	}
	if (!pick_address(cfg, dev, addr)) {
		NL_SET_ERR_MSG(info->extack,
			       "the interface has no such IPv4 address, or none at all");
		return -EADDRNOTAVAIL;
	}
	return ifindex;
}

int pfsnl_nl_instance_start_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct pfsnl_net *pn = pfsnl_instance_net(net);
	struct pfsnl_config cfg;
	int err, ifindex;

	pfsnl_config_defaults(&cfg);
	parse_identity(&cfg, info);
	err = parse_common(&cfg, info);
	if (err)
		return err;
	rtnl_lock();
	ifindex = resolve(net, &cfg, info);
	rtnl_unlock();
	if (ifindex < 0)
		return ifindex;
	err = check(&cfg, info);
	if (err)
		return err;
	mutex_lock(&pn->lock);
	err = pfsnl_instance_start(net, ifindex, &cfg, info->extack);
	mutex_unlock(&pn->lock);
	return err;
}

int pfsnl_nl_instance_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst = pfsnl_netlink_lock(net, info->extack);
	struct pfsnl_config cfg;
	int err;

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	mutex_lock(&inst->lock);
	cfg = *pfsnl_core_config(inst->core);
	mutex_unlock(&inst->lock);
	err = parse_common(&cfg, info);
	if (!err)
		err = check(&cfg, info);
	if (!err)
		err = pfsnl_instance_set(inst, &cfg, info->extack);
	pfsnl_netlink_unlock(net);
	return err;
}

int pfsnl_nl_instance_stop_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *wait = info->attrs[PFSNL_A_INSTANCE_WAIT];
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst = pfsnl_netlink_lock(net, info->extack);
	const struct pfsnl_config *cfg;
	u32 wait_ms;
	int err;

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	/* settings change only under pfsnl_net.lock */
	cfg = pfsnl_core_config(inst->core);
	wait_ms = wait ? nla_get_u32(wait) :
		  min_t(u32, 2 * cfg->interval_ms * cfg->dead,
			STOP_WAIT_MAX_MS);
	err = pfsnl_instance_stop(pfsnl_instance_net(net), wait_ms,
				  info->extack);
	pfsnl_netlink_unlock(net);
	return err;
}

int pfsnl_nl_instance_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst = pfsnl_netlink_lock(net, info->extack);
	struct sk_buff *reply;
	void *head;
	int err = -ENOMEM;

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	reply = genlmsg_new(pfsnl_event_instance_size(inst), GFP_KERNEL);
	head = reply ? genlmsg_put_reply(reply, info, &pfsnl_netlink_family, 0,
					 PFSNL_CMD_INSTANCE_GET) : NULL;
	if (head) {
		mutex_lock(&inst->lock);
		err = pfsnl_event_fill_instance(reply, inst, false);
		mutex_unlock(&inst->lock);
	}
	pfsnl_netlink_unlock(net);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);
}

static size_t peer_size(void)
{
	return 2 * nla_total_size(sizeof(u32)) + 2 * nla_total_size(sizeof(u8)) +
	       2 * nla_total_size(0) + nla_total_size(sizeof(u16)) +
	       4 * nla_total_size_64bit(sizeof(u64));
}

static int put_ms_since(struct sk_buff *skb, int type, u64 then, u64 now)
{
	return nla_put_u64_64bit(skb, type,
				 div_u64(now - min(now, then), PFSNL_MS),
				 PFSNL_A_PEER_PAD);
}

static int put_peer(struct sk_buff *skb, const struct pfsnl_peer *peer,
		    u64 generation, u64 now)
{
	if (nla_put_be32(skb, PFSNL_A_PEER_ADDRESS, htonl(peer->member.addr)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_PEER_INCARNATION,
			      peer->member.incarnation, PFSNL_A_PEER_PAD) ||
	    nla_put_u8(skb, PFSNL_A_PEER_LEVEL, peer->member.level) ||
	    nla_put_u8(skb, PFSNL_A_PEER_PRIORITY, peer->member.priority) ||
	    nla_put_u16(skb, PFSNL_A_PEER_TETHER_PORT,
			peer->member.tether_port) ||
	    (peer->self && nla_put_flag(skb, PFSNL_A_PEER_SELF)) ||
	    (peer->leader && nla_put_flag(skb, PFSNL_A_PEER_LEADER)) ||
	    put_ms_since(skb, PFSNL_A_PEER_AGE, peer->joined, now) ||
	    (peer->heard &&
	     put_ms_since(skb, PFSNL_A_PEER_HEARD, peer->heard, now)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_PEER_GENERATION, generation,
			      PFSNL_A_PEER_PAD))
		return -EMSGSIZE;
	return 0;
}

int pfsnl_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PFSNL_A_PEER_ADDRESS];
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst;
	struct pfsnl_state st;
	struct pfsnl_peer peer;
	struct sk_buff *reply;
	void *head;
	bool found;
	u32 addr;

	if (!attr || !nla_get_be32(attr)) {
		NL_SET_ERR_MSG(info->extack, "the address of a node is needed");
		return -EINVAL;
	}
	addr = ntohl(nla_get_be32(attr));
	inst = pfsnl_netlink_lock(net, info->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	mutex_lock(&inst->lock);
	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	found = pfsnl_core_peer_next(inst->core, addr - 1, &peer) &&
		peer.member.addr == addr;
	mutex_unlock(&inst->lock);
	pfsnl_netlink_unlock(net);
	if (!found) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "this node is not in the list");
		return -ENOENT;
	}
	reply = genlmsg_new(peer_size(), GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	head = genlmsg_put_reply(reply, info, &pfsnl_netlink_family, 0,
				 PFSNL_CMD_PEER_GET);
	if (!head || put_peer(reply, &peer, st.generation, ktime_get_ns())) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);
}

/**
 * struct peer_cursor - where a dump of the list goes on
 * @after: address of the last node that was put
 */
struct peer_cursor {
	u32 after;
};

/* Changes with every update and every life, and is never 0. */
static u32 dump_seq(const struct pfsnl_state *st)
{
	return ((u32)(st->generation + st->incarnation) << 1) | 1;
}

int pfsnl_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct peer_cursor *cursor = (void *)cb->ctx;
	struct net *net = sock_net(skb->sk);
	struct pfsnl_instance *inst;
	struct pfsnl_state st;
	struct pfsnl_peer peer;
	u64 now = ktime_get_ns();
	void *head;
	int err = 0;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	inst = pfsnl_netlink_lock(net, cb->extack);
	if (IS_ERR(inst))
		return PTR_ERR(inst);
	mutex_lock(&inst->lock);
	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	cb->seq = dump_seq(&st);
	while (pfsnl_core_peer_next(inst->core, cursor->after, &peer)) {
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, &pfsnl_netlink_family,
				   NLM_F_MULTI, PFSNL_CMD_PEER_GET);
		if (!head) {
			err = -EMSGSIZE;
			break;
		}
		err = put_peer(skb, &peer, st.generation, now);
		if (err) {
			genlmsg_cancel(skb, head);
			break;
		}
		genl_dump_check_consistent(cb, head);
		genlmsg_end(skb, head);
		cursor->after = peer.member.addr;
	}
	mutex_unlock(&inst->lock);
	pfsnl_netlink_unlock(net);
	/* a full buffer goes out and we are called again */
	return skb->len ? skb->len : err;
}

/* The attributes of the spec are the counters of the core, in their order. */
#define COUNTER_IS_ATTRIBUTE(name)				\
	static_assert(PFSNL_A_STATS_##name == PFSNL_COUNT_##name + 1);
PFSNL_COUNTERS(COUNTER_IS_ATTRIBUTE)
static_assert(PFSNL_A_STATS_PAD == PFSNL_COUNTER_N + 1);

int pfsnl_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct pfsnl_instance *inst = pfsnl_netlink_lock(net, info->extack);
	struct sk_buff *reply;
	void *head = NULL;
	int err = -ENOMEM;
	u32 c;

	if (IS_ERR(inst))
		return PTR_ERR(inst);
	reply = genlmsg_new(PFSNL_COUNTER_N * nla_total_size_64bit(sizeof(u64)),
			    GFP_KERNEL);
	if (reply)
		head = genlmsg_put_reply(reply, info, &pfsnl_netlink_family, 0,
					 PFSNL_CMD_STATS_GET);
	if (head) {
		err = 0;
		mutex_lock(&inst->lock);
		for (c = 0; c < PFSNL_COUNTER_N && !err; c++)
			err = nla_put_u64_64bit(reply, c + 1,
						pfsnl_instance_counter(inst, c),
						PFSNL_A_STATS_PAD);
		mutex_unlock(&inst->lock);
	}
	pfsnl_netlink_unlock(net);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);
}

static const struct genl_multicast_group groups[] = {
	[PFSNL_NLGRP_UPDATES]	= { .name = PFSNL_MCGRP_UPDATES },
	[PFSNL_NLGRP_STATE]	= { .name = PFSNL_MCGRP_STATE },
	[PFSNL_NLGRP_RINGS]	= { .name = PFSNL_MCGRP_RINGS },
	[PFSNL_NLGRP_SYNC]	= { .name = PFSNL_MCGRP_SYNC },
	[PFSNL_NLGRP_CHECKPOINTS] = {
		.name	= PFSNL_MCGRP_CHECKPOINTS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family pfsnl_netlink_family __ro_after_init = {
	.name		= PFSNL_GENL_NAME,
	.version	= PFSNL_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= pfsnl_nl_ops,
	.n_ops		= ARRAY_SIZE(pfsnl_nl_ops),
	.resv_start_op	= 0,
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

/**
 * pfsnl_netlink_init - take requests
 *
 * Return: 0 or -errno.
 */
int __init pfsnl_netlink_init(void)
{
	return genl_register_family(&pfsnl_netlink_family);
}

/**
 * pfsnl_netlink_exit - take no more requests
 *
 * Waits for those that are under way.
 */
void pfsnl_netlink_exit(void)
{
	genl_unregister_family(&pfsnl_netlink_family);
}
