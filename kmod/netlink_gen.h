/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/pfsnl.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_PFSNL_GEN_H
#define _LINUX_PFSNL_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/pfsnl.h>

/* Common nested types */
extern const struct nla_policy pfsnl_ckpt_vector_nl_policy[PFSNL_A_CKPT_VECTOR_DATA + 1];

extern const struct nla_policy pfsnl_instance_get_nl_policy[PFSNL_A_INSTANCE_PAD + 1];

extern const struct nla_policy pfsnl_instance_start_nl_policy[PFSNL_A_INSTANCE_SYNC_DEADLINE + 1];

extern const struct nla_policy pfsnl_instance_stop_nl_policy[PFSNL_A_INSTANCE_WAIT + 1];

extern const struct nla_policy pfsnl_instance_set_nl_policy[PFSNL_A_INSTANCE_SYNC_DEADLINE + 1];

extern const struct nla_policy pfsnl_peer_get_nl_policy[PFSNL_A_PEER_ADDRESS + 1];

extern const struct nla_policy pfsnl_stats_get_nl_policy[PFSNL_A_STATS_PAD + 1];

extern const struct nla_policy pfsnl_group_join_nl_policy[PFSNL_A_GROUP_WINDOW + 1];

extern const struct nla_policy pfsnl_group_leave_nl_policy[PFSNL_A_GROUP_MEMBER + 1];

extern const struct nla_policy pfsnl_group_send_nl_policy[PFSNL_A_GROUP_DATA + 1];

extern const struct nla_policy pfsnl_group_taken_nl_policy[PFSNL_A_GROUP_TAKEN + 1];

extern const struct nla_policy pfsnl_group_get_nl_policy[PFSNL_A_GROUP_NAME + 1];

extern const struct nla_policy pfsnl_group_member_get_nl_policy[PFSNL_A_GROUP_MEMBER_MEMBER + 1];

extern const struct nla_policy pfsnl_ckpt_open_nl_policy[PFSNL_A_CKPT_MAX_ID + 1];

extern const struct nla_policy pfsnl_ckpt_close_nl_policy[PFSNL_A_CKPT_SAFE + 1];

extern const struct nla_policy pfsnl_ckpt_unlink_nl_policy[PFSNL_A_CKPT_SAFE + 1];

extern const struct nla_policy pfsnl_ckpt_retention_nl_policy[PFSNL_A_CKPT_RETENTION + 1];

extern const struct nla_policy pfsnl_ckpt_limit_nl_policy[PFSNL_A_CKPT_SIZE + 1];

extern const struct nla_policy pfsnl_section_create_nl_policy[PFSNL_A_CKPT_DATA + 1];

extern const struct nla_policy pfsnl_section_delete_nl_policy[PFSNL_A_CKPT_SECTION + 1];

extern const struct nla_policy pfsnl_section_write_nl_policy[PFSNL_A_CKPT_VECTOR + 1];

extern const struct nla_policy pfsnl_section_overwrite_nl_policy[PFSNL_A_CKPT_DATA + 1];

extern const struct nla_policy pfsnl_section_expiration_nl_policy[PFSNL_A_CKPT_EXPIRES + 1];

extern const struct nla_policy pfsnl_ckpt_get_nl_policy[PFSNL_A_CKPT_NUMBER + 1];

extern const struct nla_policy pfsnl_section_get_nl_policy[PFSNL_A_CKPT_BY_EXPIRY + 1];

extern const struct nla_policy pfsnl_section_read_nl_policy[PFSNL_A_CKPT_LENGTH + 1];

extern const struct nla_policy pfsnl_ckpt_state_get_nl_policy[PFSNL_A_CKPT_STATE_PAD + 1];

extern const struct nla_policy pfsnl_sync_get_nl_policy[PFSNL_A_SERVICE_ID + 1];

/* Ops table for pfsnl */
extern const struct genl_ops pfsnl_nl_ops[27];

int pfsnl_nl_instance_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_instance_start_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_instance_stop_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_instance_set_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pfsnl_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_group_join_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_group_leave_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_group_send_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_group_taken_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_group_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_group_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pfsnl_nl_group_member_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_group_member_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb);
int pfsnl_nl_ckpt_open_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_ckpt_close_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_ckpt_unlink_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_ckpt_retention_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_ckpt_limit_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_section_create_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_section_delete_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_section_write_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_section_overwrite_doit(struct sk_buff *skb,
				    struct genl_info *info);
int pfsnl_nl_section_expiration_doit(struct sk_buff *skb,
				     struct genl_info *info);
int pfsnl_nl_ckpt_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_ckpt_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pfsnl_nl_section_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_section_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int pfsnl_nl_section_read_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_ckpt_state_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_sync_get_doit(struct sk_buff *skb, struct genl_info *info);
int pfsnl_nl_sync_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _LINUX_PFSNL_GEN_H */
