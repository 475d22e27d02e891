// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/pfsnl.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/pfsnl.h>

/* Common nested types */
const struct nla_policy pfsnl_ckpt_vector_nl_policy[PFSNL_A_CKPT_VECTOR_DATA + 1] = {
	[PFSNL_A_CKPT_VECTOR_OFFSET] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_VECTOR_DATA] = { .type = NLA_BINARY, },
};

/* PFSNL_CMD_INSTANCE_GET - do */
const struct nla_policy pfsnl_instance_get_nl_policy[PFSNL_A_INSTANCE_PAD + 1] = {
};

/* PFSNL_CMD_INSTANCE_START - do */
const struct nla_policy pfsnl_instance_start_nl_policy[PFSNL_A_INSTANCE_SYNC_DEADLINE + 1] = {
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
	[PFSNL_A_INSTANCE_RETAIN] = NLA_POLICY_MIN(NLA_U32, 64),
	[PFSNL_A_INSTANCE_DRAIN] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_SYNC_DEADLINE] = { .type = NLA_U32, },
};

/* PFSNL_CMD_INSTANCE_STOP - do */
const struct nla_policy pfsnl_instance_stop_nl_policy[PFSNL_A_INSTANCE_WAIT + 1] = {
	[PFSNL_A_INSTANCE_WAIT] = NLA_POLICY_MAX(NLA_U32, 10000),
};

/* PFSNL_CMD_INSTANCE_SET - do */
const struct nla_policy pfsnl_instance_set_nl_policy[PFSNL_A_INSTANCE_SYNC_DEADLINE + 1] = {
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
	[PFSNL_A_INSTANCE_DRAIN] = { .type = NLA_U32, },
	[PFSNL_A_INSTANCE_SYNC_DEADLINE] = { .type = NLA_U32, },
};

/* PFSNL_CMD_PEER_GET - do */
const struct nla_policy pfsnl_peer_get_nl_policy[PFSNL_A_PEER_ADDRESS + 1] = {
	[PFSNL_A_PEER_ADDRESS] = { .type = NLA_U32, },
};

/* PFSNL_CMD_STATS_GET - do */
const struct nla_policy pfsnl_stats_get_nl_policy[PFSNL_A_STATS_PAD + 1] = {
};

/* PFSNL_CMD_GROUP_JOIN - do */
const struct nla_policy pfsnl_group_join_nl_policy[PFSNL_A_GROUP_WINDOW + 1] = {
	[PFSNL_A_GROUP_NAME] = { .type = NLA_NUL_STRING, .len = PFSNL_GROUP_NAME_MAX, },
	[PFSNL_A_GROUP_KEEPALIVE] = { .type = NLA_U32, },
	[PFSNL_A_GROUP_WINDOW] = { .type = NLA_U32, },
};

/* PFSNL_CMD_GROUP_LEAVE - do */
const struct nla_policy pfsnl_group_leave_nl_policy[PFSNL_A_GROUP_MEMBER + 1] = {
	[PFSNL_A_GROUP_MEMBER] = { .type = NLA_U32, },
};

/* PFSNL_CMD_GROUP_SEND - do */
const struct nla_policy pfsnl_group_send_nl_policy[PFSNL_A_GROUP_DATA + 1] = {
	[PFSNL_A_GROUP_MEMBER] = { .type = NLA_U32, },
	[PFSNL_A_GROUP_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_GROUP_SAFE] = { .type = NLA_FLAG, },
	[PFSNL_A_GROUP_TOTAL] = { .type = NLA_U32, },
	[PFSNL_A_GROUP_OFFSET] = { .type = NLA_U32, },
	[PFSNL_A_GROUP_DATA] = { .type = NLA_BINARY, },
};

/* PFSNL_CMD_GROUP_TAKEN - do */
const struct nla_policy pfsnl_group_taken_nl_policy[PFSNL_A_GROUP_TAKEN + 1] = {
	[PFSNL_A_GROUP_TAKEN] = { .type = NLA_U32, },
	[PFSNL_A_GROUP_WINDOW] = { .type = NLA_U32, },
};

/* PFSNL_CMD_GROUP_GET - do */
const struct nla_policy pfsnl_group_get_nl_policy[PFSNL_A_GROUP_NAME + 1] = {
	[PFSNL_A_GROUP_NAME] = { .type = NLA_NUL_STRING, .len = PFSNL_GROUP_NAME_MAX, },
};

/* PFSNL_CMD_GROUP_MEMBER_GET - do */
const struct nla_policy pfsnl_group_member_get_nl_policy[PFSNL_A_GROUP_MEMBER_MEMBER + 1] = {
	[PFSNL_A_GROUP_MEMBER_NAME] = { .type = NLA_NUL_STRING, .len = PFSNL_GROUP_NAME_MAX, },
	[PFSNL_A_GROUP_MEMBER_ADDRESS] = { .type = NLA_U32, },
	[PFSNL_A_GROUP_MEMBER_MEMBER] = { .type = NLA_U32, },
};

/* PFSNL_CMD_CKPT_OPEN - do */
const struct nla_policy pfsnl_ckpt_open_nl_policy[PFSNL_A_CKPT_MAX_ID + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_NAME] = { .type = NLA_NUL_STRING, .len = PFSNL_CKPT_NAME_MAX, },
	[PFSNL_A_CKPT_CREATE] = { .type = NLA_FLAG, },
	[PFSNL_A_CKPT_READ] = { .type = NLA_FLAG, },
	[PFSNL_A_CKPT_WRITE] = { .type = NLA_FLAG, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
	[PFSNL_A_CKPT_SIZE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_RETENTION] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_MAX_SECTION] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_MAX_SECTIONS] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_MAX_ID] = { .type = NLA_U32, },
};

/* PFSNL_CMD_CKPT_CLOSE - do */
const struct nla_policy pfsnl_ckpt_close_nl_policy[PFSNL_A_CKPT_SAFE + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_CKPT_UNLINK - do */
const struct nla_policy pfsnl_ckpt_unlink_nl_policy[PFSNL_A_CKPT_SAFE + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_NAME] = { .type = NLA_NUL_STRING, .len = PFSNL_CKPT_NAME_MAX, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_CKPT_RETENTION - do */
const struct nla_policy pfsnl_ckpt_retention_nl_policy[PFSNL_A_CKPT_RETENTION + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_RETENTION] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_CKPT_LIMIT - do */
const struct nla_policy pfsnl_ckpt_limit_nl_policy[PFSNL_A_CKPT_SIZE + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_SIZE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_SECTION_CREATE - do */
const struct nla_policy pfsnl_section_create_nl_policy[PFSNL_A_CKPT_DATA + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SECTION] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_MAKE_ID] = { .type = NLA_FLAG, },
	[PFSNL_A_CKPT_EXPIRES] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_DATA] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_SECTION_DELETE - do */
const struct nla_policy pfsnl_section_delete_nl_policy[PFSNL_A_CKPT_SECTION + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SECTION] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_SECTION_WRITE - do */
const struct nla_policy pfsnl_section_write_nl_policy[PFSNL_A_CKPT_VECTOR + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SECTION] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_VECTOR] = NLA_POLICY_NESTED(pfsnl_ckpt_vector_nl_policy),
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_SECTION_OVERWRITE - do */
const struct nla_policy pfsnl_section_overwrite_nl_policy[PFSNL_A_CKPT_DATA + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SECTION] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_DATA] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_SECTION_EXPIRATION - do */
const struct nla_policy pfsnl_section_expiration_nl_policy[PFSNL_A_CKPT_EXPIRES + 1] = {
	[PFSNL_A_CKPT_COOKIE] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SECTION] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_EXPIRES] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_SAFE] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_CKPT_GET - do */
const struct nla_policy pfsnl_ckpt_get_nl_policy[PFSNL_A_CKPT_NUMBER + 1] = {
	[PFSNL_A_CKPT_NAME] = { .type = NLA_NUL_STRING, .len = PFSNL_CKPT_NAME_MAX, },
	[PFSNL_A_CKPT_NUMBER] = NLA_POLICY_EXACT_LEN(20),
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
};

/* PFSNL_CMD_SECTION_GET - do */
const struct nla_policy pfsnl_section_get_nl_policy[PFSNL_A_CKPT_BY_EXPIRY + 1] = {
	[PFSNL_A_CKPT_NAME] = { .type = NLA_NUL_STRING, .len = PFSNL_CKPT_NAME_MAX, },
	[PFSNL_A_CKPT_NUMBER] = NLA_POLICY_EXACT_LEN(20),
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SECTION] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_EXPIRES_FROM] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_EXPIRES_TO] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_BY_EXPIRY] = { .type = NLA_FLAG, },
};

/* PFSNL_CMD_SECTION_READ - do */
const struct nla_policy pfsnl_section_read_nl_policy[PFSNL_A_CKPT_LENGTH + 1] = {
	[PFSNL_A_CKPT_HANDLE] = { .type = NLA_U32, },
	[PFSNL_A_CKPT_SECTION] = { .type = NLA_BINARY, },
	[PFSNL_A_CKPT_OFFSET] = { .type = NLA_U64, },
	[PFSNL_A_CKPT_LENGTH] = { .type = NLA_U64, },
};

/* PFSNL_CMD_CKPT_STATE_GET - do */
const struct nla_policy pfsnl_ckpt_state_get_nl_policy[PFSNL_A_CKPT_STATE_PAD + 1] = {
};

/* PFSNL_CMD_SYNC_GET - do */
const struct nla_policy pfsnl_sync_get_nl_policy[PFSNL_A_SERVICE_ID + 1] = {
	[PFSNL_A_SERVICE_ID] = { .type = NLA_U32, },
};

/* Ops table for pfsnl */
const struct genl_ops pfsnl_nl_ops[27] = {
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
		.maxattr	= PFSNL_A_INSTANCE_SYNC_DEADLINE,
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
		.maxattr	= PFSNL_A_INSTANCE_SYNC_DEADLINE,
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
	{
		.cmd		= PFSNL_CMD_GROUP_JOIN,
		.doit		= pfsnl_nl_group_join_doit,
		.policy		= pfsnl_group_join_nl_policy,
		.maxattr	= PFSNL_A_GROUP_WINDOW,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_GROUP_LEAVE,
		.doit		= pfsnl_nl_group_leave_doit,
		.policy		= pfsnl_group_leave_nl_policy,
		.maxattr	= PFSNL_A_GROUP_MEMBER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_GROUP_SEND,
		.doit		= pfsnl_nl_group_send_doit,
		.policy		= pfsnl_group_send_nl_policy,
		.maxattr	= PFSNL_A_GROUP_DATA,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_GROUP_TAKEN,
		.doit		= pfsnl_nl_group_taken_doit,
		.policy		= pfsnl_group_taken_nl_policy,
		.maxattr	= PFSNL_A_GROUP_TAKEN,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_GROUP_GET,
		.doit		= pfsnl_nl_group_get_doit,
		.dumpit		= pfsnl_nl_group_get_dumpit,
		.policy		= pfsnl_group_get_nl_policy,
		.maxattr	= PFSNL_A_GROUP_NAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_GROUP_MEMBER_GET,
		.doit		= pfsnl_nl_group_member_get_doit,
		.dumpit		= pfsnl_nl_group_member_get_dumpit,
		.policy		= pfsnl_group_member_get_nl_policy,
		.maxattr	= PFSNL_A_GROUP_MEMBER_MEMBER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_CKPT_OPEN,
		.doit		= pfsnl_nl_ckpt_open_doit,
		.policy		= pfsnl_ckpt_open_nl_policy,
		.maxattr	= PFSNL_A_CKPT_MAX_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_CKPT_CLOSE,
		.doit		= pfsnl_nl_ckpt_close_doit,
		.policy		= pfsnl_ckpt_close_nl_policy,
		.maxattr	= PFSNL_A_CKPT_SAFE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_CKPT_UNLINK,
		.doit		= pfsnl_nl_ckpt_unlink_doit,
		.policy		= pfsnl_ckpt_unlink_nl_policy,
		.maxattr	= PFSNL_A_CKPT_SAFE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_CKPT_RETENTION,
		.doit		= pfsnl_nl_ckpt_retention_doit,
		.policy		= pfsnl_ckpt_retention_nl_policy,
		.maxattr	= PFSNL_A_CKPT_RETENTION,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_CKPT_LIMIT,
		.doit		= pfsnl_nl_ckpt_limit_doit,
		.policy		= pfsnl_ckpt_limit_nl_policy,
		.maxattr	= PFSNL_A_CKPT_SIZE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SECTION_CREATE,
		.doit		= pfsnl_nl_section_create_doit,
		.policy		= pfsnl_section_create_nl_policy,
		.maxattr	= PFSNL_A_CKPT_DATA,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SECTION_DELETE,
		.doit		= pfsnl_nl_section_delete_doit,
		.policy		= pfsnl_section_delete_nl_policy,
		.maxattr	= PFSNL_A_CKPT_SECTION,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SECTION_WRITE,
		.doit		= pfsnl_nl_section_write_doit,
		.policy		= pfsnl_section_write_nl_policy,
		.maxattr	= PFSNL_A_CKPT_VECTOR,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SECTION_OVERWRITE,
		.doit		= pfsnl_nl_section_overwrite_doit,
		.policy		= pfsnl_section_overwrite_nl_policy,
		.maxattr	= PFSNL_A_CKPT_DATA,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SECTION_EXPIRATION,
		.doit		= pfsnl_nl_section_expiration_doit,
		.policy		= pfsnl_section_expiration_nl_policy,
		.maxattr	= PFSNL_A_CKPT_EXPIRES,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_CKPT_GET,
		.doit		= pfsnl_nl_ckpt_get_doit,
		.dumpit		= pfsnl_nl_ckpt_get_dumpit,
		.policy		= pfsnl_ckpt_get_nl_policy,
		.maxattr	= PFSNL_A_CKPT_NUMBER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SECTION_GET,
		.doit		= pfsnl_nl_section_get_doit,
		.dumpit		= pfsnl_nl_section_get_dumpit,
		.policy		= pfsnl_section_get_nl_policy,
		.maxattr	= PFSNL_A_CKPT_BY_EXPIRY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SECTION_READ,
		.doit		= pfsnl_nl_section_read_doit,
		.policy		= pfsnl_section_read_nl_policy,
		.maxattr	= PFSNL_A_CKPT_LENGTH,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_CKPT_STATE_GET,
		.doit		= pfsnl_nl_ckpt_state_get_doit,
		.policy		= pfsnl_ckpt_state_get_nl_policy,
		.maxattr	= PFSNL_A_CKPT_STATE_PAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= PFSNL_CMD_SYNC_GET,
		.doit		= pfsnl_nl_sync_get_doit,
		.dumpit		= pfsnl_nl_sync_get_dumpit,
		.policy		= pfsnl_sync_get_nl_policy,
		.maxattr	= PFSNL_A_SERVICE_ID,
	},
};
