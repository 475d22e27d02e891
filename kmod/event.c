// SPDX-License-Identifier: GPL-2.0
/*
 * The outlet to listeners. Runs in the node thread under the instance lock;
 * filling in an instance also in netlink requests, under the same lock.
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "event.h"
#include "instance.h"
#include "netlink.h"
#include "service.h"

/**
 * pfsnl_event_put_ring - put the attributes of a ring
 * @skb: where to
 * @type: of the nest
 * @ring: which
 * @st: the node that is in it, NULL where only the name of the ring counts
 *
 * Return: 0 or -EMSGSIZE.
 */
int pfsnl_event_put_ring(struct sk_buff *skb, int type,
			 const struct pfsnl_ring_id *ring,
			 const struct pfsnl_state *st)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, PFSNL_A_RING_SEQ, ring->seq,
			      PFSNL_A_RING_PAD) ||
	    nla_put_be32(skb, PFSNL_A_RING_LEADER, htonl(ring->leader)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_RING_INCARNATION, ring->incarnation,
			      PFSNL_A_RING_PAD))
		goto full;
	if (st && st->expected_votes &&
	    (nla_put_u8(skb, PFSNL_A_RING_QUORATE, st->quorate) ||
	     nla_put_u32(skb, PFSNL_A_RING_VOTES, st->votes) ||
	     nla_put_u32(skb, PFSNL_A_RING_EXPECTED_VOTES,
			 st->expected_votes)))
		goto full;
	nla_nest_end(skb, nest);
	return 0;

full:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

/**
 * pfsnl_event_ring_size - room that a ring needs
 *
 * Return: bytes.
 */
size_t pfsnl_event_ring_size(void)
{
	return nla_total_size(2 * nla_total_size_64bit(sizeof(u64)) +
			      4 * nla_total_size(sizeof(u32)));
}

/**
 * pfsnl_event_instance_size - room that the attributes of an instance need
 * @inst: the instance
 *
 * Return: bytes.
 */
size_t pfsnl_event_instance_size(const struct pfsnl_instance *inst)
{
	return 24 * nla_total_size(sizeof(u32)) +
	       5 * nla_total_size_64bit(sizeof(u64)) + pfsnl_event_ring_size() +
	       nla_total_size(PFSNL_CLUSTER_NAME_MAX + 1) +
	       nla_total_size(PFSNL_STATIC_PEERS_MAX * sizeof(__be32));
}

static int put_settings(struct sk_buff *skb, const struct pfsnl_config *cfg)
{
	struct nlattr *list;
	__be32 *addrs;
	u32 i;

	if (nla_put_be32(skb, PFSNL_A_INSTANCE_ADDRESS, htonl(cfg->addr)) ||
	    nla_put_be32(skb, PFSNL_A_INSTANCE_BROADCAST,
			 htonl(cfg->broadcast)) ||
	    nla_put_u16(skb, PFSNL_A_INSTANCE_PORT, cfg->port) ||
	    nla_put_u16(skb, PFSNL_A_INSTANCE_TETHER_PORT, cfg->tether_port) ||
	    nla_put_string(skb, PFSNL_A_INSTANCE_CLUSTER, cfg->cluster) ||
	    nla_put_u8(skb, PFSNL_A_INSTANCE_PRIORITY, cfg->priority) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_INTERVAL, cfg->interval_ms) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_DEAD, cfg->dead) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_BEACON_TO, cfg->beacon_to) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_MAX_NODES, cfg->max_nodes) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_LEVEL0, cfg->level0) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_LEVEL0_DEAD,
			cfg->level0_dead_ms) ||
	    nla_put_u8(skb, PFSNL_A_INSTANCE_VOTES, cfg->votes) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_EXPECTED_VOTES,
			cfg->expected_votes) ||
	    nla_put_u8(skb, PFSNL_A_INSTANCE_PREEMPT, cfg->preempt) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_RETAIN, cfg->retain_kib) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_DRAIN, cfg->drain_ms) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_SYNC_DEADLINE,
			cfg->sync_deadline_ms))
		return -EMSGSIZE;
	if (cfg->group &&
	    nla_put_be32(skb, PFSNL_A_INSTANCE_GROUP, htonl(cfg->group)))
		return -EMSGSIZE;
	if (!cfg->n_static)
		return 0;
	list = nla_reserve(skb, PFSNL_A_INSTANCE_STATIC_PEERS,
			   cfg->n_static * sizeof(__be32));
	if (!list)
		return -EMSGSIZE;
	addrs = nla_data(list);
	for (i = 0; i < cfg->n_static; i++)
		addrs[i] = htonl(cfg->static_peers[i]);
	return 0;
}

/**
 * pfsnl_event_fill_instance - put the attributes of an instance
 * @skb: where to
 * @inst: the instance, its lock held
 * @down: say that it is down, because it ends now
 *
 * Return: 0 or -EMSGSIZE.
 */
int pfsnl_event_fill_instance(struct sk_buff *skb, struct pfsnl_instance *inst,
			      bool down)
{
	struct pfsnl_state st;

	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	if (nla_put_u32(skb, PFSNL_A_INSTANCE_IFINDEX, inst->ifindex) ||
	    put_settings(skb, pfsnl_core_config(inst->core)) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_ROLE,
			down ? PFSNL_ROLE_DOWN : st.role) ||
	    pfsnl_event_put_ring(skb, PFSNL_A_INSTANCE_RING, &st.ring, &st) ||
	    nla_put_u64_64bit(skb, PFSNL_A_INSTANCE_INCARNATION,
			      st.incarnation, PFSNL_A_INSTANCE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_INSTANCE_GENERATION, st.generation,
			      PFSNL_A_INSTANCE_PAD) ||
	    nla_put_u32(skb, PFSNL_A_INSTANCE_PEERS, down ? 0 : st.peers) ||
	    nla_put_u64_64bit(skb, PFSNL_A_INSTANCE_UPTIME,
			      div_u64(ktime_get_ns() - inst->start_time,
				      PFSNL_MS), PFSNL_A_INSTANCE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_INSTANCE_LOG_BYTES, st.log_bytes,
			      PFSNL_A_INSTANCE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_INSTANCE_OUT_BYTES, st.out_bytes,
			      PFSNL_A_INSTANCE_PAD))
		return -EMSGSIZE;
	return 0;
}

/**
 * pfsnl_event_service_size - room that the attributes of a service need
 * @name: of it, or NULL
 *
 * Return: bytes.
 */
size_t pfsnl_event_service_size(const char *name)
{
	return 6 * nla_total_size(sizeof(u32)) +
	       6 * nla_total_size_64bit(sizeof(u64)) +
	       2 * pfsnl_event_ring_size() +
	       nla_total_size(name ? strlen(name) + 1 : 0) +
	       nla_total_size(PFSNL_SERVICE_WAITS_MAX * sizeof(__be32));
}

/* Nodes that are waited for, as many as are named. */
static int put_waits(struct sk_buff *skb, const struct pfsnl_instance *inst,
		     const struct pfsnl_sync_state *st)
{
	u32 n = min_t(u32, st->waits, PFSNL_SERVICE_WAITS_MAX), addr = 0, i;
	struct nlattr *list;
	__be32 *addrs;

	if (nla_put_u32(skb, PFSNL_A_SERVICE_WAITS, st->waits))
		return -EMSGSIZE;
	if (!n)
		return 0;
	list = nla_reserve(skb, PFSNL_A_SERVICE_WAITS_FOR, n * sizeof(*addrs));
	if (!list)
		return -EMSGSIZE;
	addrs = nla_data(list);
	for (i = 0; i < n; i++) {
		addr = pfsnl_core_sync_awaited(inst->core, addr);
		addrs[i] = htonl(addr);
	}
	return 0;
}

/**
 * pfsnl_event_fill_service - put the attributes of a service
 * @skb: where to
 * @inst: the instance, its lock held, and not while the core is told something
 * @st: the service
 *
 * Return: 0 or -EMSGSIZE.
 */
int pfsnl_event_fill_service(struct sk_buff *skb,
			     const struct pfsnl_instance *inst,
			     const struct pfsnl_sync_state *st)
{
	const struct pfsnl_service_sink *sink = st->who;
	u64 now = ktime_get_ns();

	if (nla_put_u32(skb, PFSNL_A_SERVICE_ID, st->served.id) ||
	    (sink->name &&
	     nla_put_string(skb, PFSNL_A_SERVICE_NAME, sink->name)) ||
	    nla_put_u32(skb, PFSNL_A_SERVICE_PHASE, st->phase) ||
	    nla_put_u64_64bit(skb, PFSNL_A_SERVICE_SINCE,
			      div_u64(now - min(now, st->since), PFSNL_MS),
			      PFSNL_A_SERVICE_PAD) ||
	    pfsnl_event_put_ring(skb, PFSNL_A_SERVICE_RING, &st->ring, NULL) ||
	    pfsnl_event_put_ring(skb, PFSNL_A_SERVICE_ACTIVE_RING,
				 &st->served.ring, NULL) ||
	    nla_put_u64_64bit(skb, PFSNL_A_SERVICE_ACTIVATED,
			      st->served.times, PFSNL_A_SERVICE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_SERVICE_ABORTED, st->aborts,
			      PFSNL_A_SERVICE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_SERVICE_OPS, st->served.ops,
			      PFSNL_A_SERVICE_PAD) ||
	    nla_put_u32(skb, PFSNL_A_SERVICE_MEMBERS, st->members) ||
	    (st->transmits && nla_put_flag(skb, PFSNL_A_SERVICE_TRANSMITS)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_SERVICE_ITEMS, st->items,
			      PFSNL_A_SERVICE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_SERVICE_BYTES, st->bytes,
			      PFSNL_A_SERVICE_PAD) ||
	    nla_put_u32(skb, PFSNL_A_SERVICE_TURN, st->turn))
		return -EMSGSIZE;
	return put_waits(skb, inst, st);
}

/*
 * A listener must be able to know that it missed something, even if it was the
 * last thing for a long time: then its socket reports an overrun.
 */
static void failed(struct pfsnl_instance *inst, int group)
{
	inst->event_failed++;
	genl_set_err(&pfsnl_netlink_family, inst->net, 0, group, -ENOBUFS);
}

static void publish(struct pfsnl_instance *inst, struct sk_buff *skb, void *head,
		    int group)
{
	int err;

	genlmsg_end(skb, head);
	err = genlmsg_multicast_netns(&pfsnl_netlink_family, inst->net, skb, 0,
				      group, GFP_KERNEL);
	/* netlink itself tells those listeners whose buffer is full */
	if (err && err != -ESRCH)
		inst->event_failed++;
}

/**
 * pfsnl_event_update - tell listeners that the list changed
 * @inst: the instance, its lock held
 * @ev: what changed
 *
 * Node thread; may sleep for memory.
 */
void pfsnl_event_update(struct pfsnl_instance *inst,
			const struct pfsnl_event *ev)
{
	size_t list = ev->n * sizeof(*ev->addrs);
	struct pfsnl_state st;
	struct sk_buff *skb;
	void *head;

	if (!genl_has_listeners(&pfsnl_netlink_family, inst->net,
				PFSNL_NLGRP_UPDATES))
		return;
	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	skb = genlmsg_new(nla_total_size(sizeof(u32)) + nla_total_size(list) +
			  pfsnl_event_ring_size() + nla_total_size(ev->n) +
			  2 * nla_total_size_64bit(sizeof(u64)), GFP_KERNEL);
	if (!skb) {
		failed(inst, PFSNL_NLGRP_UPDATES);
		return;
	}
	head = genlmsg_put(skb, 0, 0, &pfsnl_netlink_family, 0,
			   PFSNL_CMD_UPDATE_NTF);
	if (!head || nla_put_u32(skb, PFSNL_A_UPDATE_OP, ev->op) ||
	    nla_put(skb, PFSNL_A_UPDATE_ADDRESSES, list, ev->addrs) ||
	    nla_put(skb, PFSNL_A_UPDATE_WHY, ev->n, ev->why) ||
	    pfsnl_event_put_ring(skb, PFSNL_A_UPDATE_RING, &ev->ring, NULL) ||
	    nla_put_u64_64bit(skb, PFSNL_A_UPDATE_GENERATION, ev->generation,
			      PFSNL_A_UPDATE_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_UPDATE_INSTANCE, st.incarnation,
			      PFSNL_A_UPDATE_PAD)) {
		nlmsg_free(skb);
		failed(inst, PFSNL_NLGRP_UPDATES);
		return;
	}
	publish(inst, skb, head, PFSNL_NLGRP_UPDATES);
}

/**
 * pfsnl_event_ring - tell listeners which ring is installed
 * @inst: the instance, its lock held
 * @ev: the ring
 *
 * Node thread; may sleep for memory.
 */
void pfsnl_event_ring(struct pfsnl_instance *inst,
		      const struct pfsnl_event *ev)
{
	size_t list = ev->n * sizeof(*ev->addrs);
	struct pfsnl_state st;
	struct sk_buff *skb;
	void *head;

	if (!genl_has_listeners(&pfsnl_netlink_family, inst->net,
				PFSNL_NLGRP_RINGS))
		return;
	pfsnl_core_state(inst->core, ktime_get_ns(), &st);
	skb = genlmsg_new(pfsnl_event_ring_size() + nla_total_size(list) +
			  2 * nla_total_size_64bit(sizeof(u64)), GFP_KERNEL);
	if (!skb) {
		failed(inst, PFSNL_NLGRP_RINGS);
		return;
	}
	head = genlmsg_put(skb, 0, 0, &pfsnl_netlink_family, 0,
			   PFSNL_CMD_RING_NTF);
	if (!head ||
	    pfsnl_event_put_ring(skb, PFSNL_A_RING_EVENT_RING, &ev->ring,
				 &st) ||
	    (ev->addrs &&
	     nla_put(skb, PFSNL_A_RING_EVENT_ADDRESSES, list, ev->addrs)) ||
	    nla_put_u64_64bit(skb, PFSNL_A_RING_EVENT_GENERATION,
			      ev->generation, PFSNL_A_RING_EVENT_PAD) ||
	    nla_put_u64_64bit(skb, PFSNL_A_RING_EVENT_INSTANCE, st.incarnation,
			      PFSNL_A_RING_EVENT_PAD)) {
		nlmsg_free(skb);
		failed(inst, PFSNL_NLGRP_RINGS);
		return;
	}
	publish(inst, skb, head, PFSNL_NLGRP_RINGS);
}

/**
 * pfsnl_event_state - tell listeners what the instance is now
 * @inst: the instance, its lock held
 * @down: it ends now
 *
 * Node thread; may sleep for memory.
 */
void pfsnl_event_state(struct pfsnl_instance *inst, bool down)
{
	struct sk_buff *skb;
	void *head;

	if (!genl_has_listeners(&pfsnl_netlink_family, inst->net,
				PFSNL_NLGRP_STATE))
		return;
	skb = genlmsg_new(pfsnl_event_instance_size(inst), GFP_KERNEL);
	if (!skb) {
		failed(inst, PFSNL_NLGRP_STATE);
		return;
	}
	head = genlmsg_put(skb, 0, 0, &pfsnl_netlink_family, 0,
			   PFSNL_CMD_STATE_NTF);
	if (!head || pfsnl_event_fill_instance(skb, inst, down)) {
		nlmsg_free(skb);
		failed(inst, PFSNL_NLGRP_STATE);
		return;
	}
	publish(inst, skb, head, PFSNL_NLGRP_STATE);
}

/**
 * pfsnl_event_service - tell listeners what a service is at
 * @inst: the instance, its lock held, and not while the core is told something
 * @st: the service
 *
 * Node thread; may sleep for memory.
 */
void pfsnl_event_service(struct pfsnl_instance *inst,
			 const struct pfsnl_sync_state *st)
{
	const struct pfsnl_service_sink *sink = st->who;
	struct sk_buff *skb;
	void *head;

	if (!genl_has_listeners(&pfsnl_netlink_family, inst->net,
				PFSNL_NLGRP_SYNC))
		return;
	skb = genlmsg_new(pfsnl_event_service_size(sink->name), GFP_KERNEL);
	if (!skb) {
		failed(inst, PFSNL_NLGRP_SYNC);
		return;
	}
	head = genlmsg_put(skb, 0, 0, &pfsnl_netlink_family, 0,
			   PFSNL_CMD_SYNC_NTF);
	if (!head || pfsnl_event_fill_service(skb, inst, st)) {
		nlmsg_free(skb);
		failed(inst, PFSNL_NLGRP_SYNC);
		return;
	}
	publish(inst, skb, head, PFSNL_NLGRP_SYNC);
}
