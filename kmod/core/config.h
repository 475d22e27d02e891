/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The settings of a node.
 */
#ifndef PFSNL_CORE_CONFIG_H
#define PFSNL_CORE_CONFIG_H

#include <linux/types.h>
#include <uapi/linux/pfsnl.h>

#define PFSNL_PORT_DEFAULT		7319
#define PFSNL_CLUSTER_DEFAULT		"pfsnl"
#define PFSNL_PRIORITY_DEFAULT		100
#define PFSNL_INTERVAL_MS_DEFAULT	200
#define PFSNL_INTERVAL_MS_MIN		10
#define PFSNL_INTERVAL_MS_MAX		10000
#define PFSNL_DEAD_DEFAULT		5
#define PFSNL_DEAD_MIN			3
#define PFSNL_DEAD_MAX			100
#define PFSNL_MAX_NODES_DEFAULT		256
/*
 * One netlink attribute carries a whole list. The simulator, which has none,
 * raises the limit.
 */
#ifndef PFSNL_MAX_NODES_MAX
#define PFSNL_MAX_NODES_MAX		4096
#endif
#define PFSNL_VOTES_DEFAULT		1
#define PFSNL_EXPECTED_VOTES_MAX	65535
#define PFSNL_LEVEL0_DEAD_MS_DEFAULT	5000
#define PFSNL_LEVEL0_DEAD_MS_MIN	100
#define PFSNL_LEVEL0_DEAD_MS_MAX	600000
#define PFSNL_RETAIN_KIB_DEFAULT	8192
#define PFSNL_RETAIN_KIB_MIN		64
#define PFSNL_RETAIN_KIB_MAX		262144
#define PFSNL_DRAIN_MS_MAX		600000
#define PFSNL_SYNC_DEADLINE_MS_MAX	3600000

/**
 * struct pfsnl_config - the settings of a node
 * @cluster: name of the cluster, NUL-terminated; part of a node's identity
 * @addr: this node's IPv4 address, host order; its processor id
 * @broadcast: where beacons go with PFSNL_BEACON_TO_BROADCAST, host order
 * @group: where they go with PFSNL_BEACON_TO_MULTICAST, host order
 * @port: UDP port of beacons, host order
 * @tether_port: TCP port of tethers, host order
 * @priority: a higher one leads first, 0 never does
 * @beacon_to: enum pfsnl_beacon_to
 * @level0: enum pfsnl_level0
 * @votes: what this node counts for in a quorum
 * @preempt: lead whenever this node is the best, instead of only when the leader
 *	is gone
 * @interval_ms: milliseconds between two beacons
 * @dead: missed beacons after which a silent node is dead
 * @level0_dead_ms: milliseconds of silence after which a level-0 peer is dead
 * @max_nodes: most nodes the list may have
 * @expected_votes: votes that all nodes of the cluster have together; 0: there is
 *	no quorum
 * @retain_kib: most memory for numbered messages that somebody may still need,
 *	KiB; a message may be a quarter of it. The same on all nodes
 * @drain_ms: milliseconds that a node may take for messages before it is dropped;
 *	0: five times dead x interval, no less than 2 s
 * @sync_deadline_ms: milliseconds that a node may say nothing of its services while
 *	all wait for that, before it is dropped; 0: as long as it likes
 * @n_static: number of addresses in @static_peers
 * @static_peers: where beacons go with PFSNL_BEACON_TO_STATIC, host order
 */
struct pfsnl_config {
	char cluster[PFSNL_CLUSTER_NAME_MAX + 1];
	u32 addr;
	u32 broadcast;
	u32 group;
	u16 port;
	u16 tether_port;
	u8 priority;
	u8 beacon_to;
	u8 level0;
	u8 votes;
	bool preempt;
	u32 interval_ms;
	u32 dead;
	u32 level0_dead_ms;
	u32 max_nodes;
	u32 expected_votes;
	u32 retain_kib;
	u32 drain_ms;
	u32 sync_deadline_ms;
	u32 n_static;
	u32 static_peers[PFSNL_STATIC_PEERS_MAX];
};

void pfsnl_config_defaults(struct pfsnl_config *cfg);
int pfsnl_config_check(const struct pfsnl_config *cfg, const char **why);
u64 pfsnl_config_cluster_id(const struct pfsnl_config *cfg);
bool pfsnl_config_serves_level0(const struct pfsnl_config *cfg);

#endif /* PFSNL_CORE_CONFIG_H */
