// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/pfsnl.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/pfsnl.h>

/* PFSNL_CMD_INSTANCE_GET - do */
const struct nla_policy pfsnl_instance_get_nl_policy[PFSNL_A_INSTANCE_PAD + 1] = {
};

/* PFSNL_CMD_INSTANCE_START - do */
const struct nla_policy pfsnl_instance_start_nl_policy[PFSNL_A_INSTANCE_PREEMPT + 1] = {
	[PFSNL_A_INSTANCE_IFINDEX] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_ADDRESS] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[PFSNL_A_INSTANCE_TETHER_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[PFSNL_A_INSTANCE_CLUSTER] = { .type = NLA_NUL_STRING, .len = PFSNL_CLUSTER_NAME_MAX, },
	[PFSNL_A_INSTANCE_PRIORITY] = { .type = NLA_U8, },
	[PFSNL_A_INSTANCE_INTERVAL] = NLA_POLICY_RANGE(NLA_U32, 10, 10000),
	[PFSNL_A_INSTANCE_DEAD] = NLA_POLICY_RANGE(NLA_U32, 3, 100),
	[PFSNL_A_INSTANCE_BEACON_TO] = NLA_POLICY_MAX(NLA_U32, 2),
	[PFSNL_A_INSTANCE_GROUP] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_STATIC_PEERS] = { .type = NLA_BINARY, },
	[PFSNL_A_INSTANCE_MAX_NODES] = NLA_POLICY_RANGE(NLA_U32, 1, 4096),
	[PFSNL_A_INSTANCE_LEVEL0] = NLA_POLICY_MAX(NLA_U32, 2),
	[PFSNL_A_INSTANCE_LEVEL0_DEAD] = NLA_POLICY_MIN(NLA_U32, 100),
	[PFSNL_A_INSTANCE_VOTES] = { .type = NLA_U8, },
	[PFSNL_A_INSTANCE_EXPECTED_VOTES] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_PREEMPT] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* PFSNL_CMD_INSTANCE_STOP - do */
const struct nla_policy pfsnl_instance_stop_nl_policy[PFSNL_A_INSTANCE_WAIT + 1] = {
	[PFSNL_A_INSTANCE_WAIT] = NLA_POLICY_MAX(NLA_U32, 10000),
};

/* PFSNL_CMD_INSTANCE_SET - do */
const struct nla_policy pfsnl_instance_set_nl_policy[PFSNL_A_INSTANCE_PREEMPT + 1] = {
	[PFSNL_A_INSTANCE_PRIORITY] = { .type = NLA_U8, },
	[PFSNL_A_INSTANCE_INTERVAL] = NLA_POLICY_RANGE(NLA_U32, 10, 10000),
	[PFSNL_A_INSTANCE_DEAD] = NLA_POLICY_RANGE(NLA_U32, 3, 100),
	[PFSNL_A_INSTANCE_BEACON_TO] = NLA_POLICY_MAX(NLA_U32, 2),
	[PFSNL_A_INSTANCE_GROUP] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_STATIC_PEERS] = { .type = NLA_BINARY, },
	[PFSNL_A_INSTANCE_LEVEL0] = NLA_POLICY_MAX(NLA_U32, 2),
	[PFSNL_A_INSTANCE_LEVEL0_DEAD] = NLA_POLICY_MIN(NLA_U32, 100),
	[PFSNL_A_INSTANCE_VOTES] = { .type = NLA_U8, },
	[PFSNL_A_INSTANCE_EXPECTED_VOTES] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_PREEMPT] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* PFSNL_CMD_PEER_GET - do */
const struct nla_policy pfsnl_peer_get_nl_policy[PFSNL_A_PEER_ADDRESS + 1] = {
	[PFSNL_A_PEER_ADDRESS] = { .type = NLA_U32, },
};

/* PFSNL_CMD_STATS_GET - do */
const struct nla_policy pfsnl_stats_get_nl_policy[PFSNL_A_STATS_PAD + 1] = {
};

/* Ops table for pfsnl */
const struct genl_ops pfsnl_nl_ops[6] = {
	{
		.cmd		= PFSNL_CMD_INSTANCE_GET,
		.doit		= pfsnl_nl_instance_get_doit,
		.policy		= pfsnl_instance_get_nl_policy,
		.maxattr	= PFSNL_A_INSTANCE_PAD,
	},
	{
		.cmd		= PFSNL_CMD_INSTANCE_START,
		.doit		= pfsnl_nl_instance_start_doit,
		.policy		= pfsnl_instance_start_nl_policy,
		.maxattr	= PFSNL_A_INSTANCE_PREEMPT,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_INSTANCE_STOP,
		.doit		= pfsnl_nl_instance_stop_doit,
		.policy		= pfsnl_instance_stop_nl_policy,
		.maxattr	= PFSNL_A_INSTANCE_WAIT,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_INSTANCE_SET,
		.doit		= pfsnl_nl_instance_set_doit,
		.policy		= pfsnl_instance_set_nl_policy,
		.maxattr	= PFSNL_A_INSTANCE_PREEMPT,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_PEER_GET,
		.doit		= pfsnl_nl_peer_get_doit,
		.dumpit		= pfsnl_nl_peer_get_dumpit,
		.policy		= pfsnl_peer_get_nl_policy,
		.maxattr	= PFSNL_A_PEER_ADDRESS,
	},
	{
		.cmd		= PFSNL_CMD_STATS_GET,
		.doit		= pfsnl_nl_stats_get_doit,
		.policy		= pfsnl_stats_get_nl_policy,
		.maxattr	= PFSNL_A_STATS_PAD,
	},
};
