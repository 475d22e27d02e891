/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What netlink requests about checkpoints share.
 */
#ifndef PFSNL_NETLINK_CKPT_H
#define PFSNL_NETLINK_CKPT_H

#include <linux/types.h>

#include "process.h"

struct genl_info;
struct net;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;
struct pfsnl_ckpt;
struct pfsnl_instance;
struct sk_buff;

#define PFSNL_NETLINK_CKPT_LOST \
	"the handle was lost: others closed it while this node was away; close it"

/**
 * struct pfsnl_which - the checkpoint that is asked for
 * @asker: who asks
 * @attrs: name, number or handle
 * @extack: says what went wrong
 * @write_only: the handle is not for reading
 */
struct pfsnl_which {
	struct pfsnl_asker asker;
	struct nlattr **attrs;
	struct netlink_ext_ack *extack;
	bool write_only;
};

/**
 * struct pfsnl_answer - to a request that reads
 * @inst: the instance, kept
 * @skb: what is answered
 * @head: of the message
 */
struct pfsnl_answer {
	struct pfsnl_instance *inst;
	struct sk_buff *skb;
	void *head;
};

struct pfsnl_instance *pfsnl_netlink_ckpt_keep(struct net *net,
					       struct netlink_ext_ack *extack);
struct pfsnl_asker pfsnl_netlink_ckpt_asker(struct sk_buff *skb);

int pfsnl_netlink_refuse(struct netlink_ext_ack *extack, int err, const char *why);
void *pfsnl_netlink_dumped(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);

/* netlink_ckpt_get.c: what requests that read share */
struct pfsnl_which pfsnl_which_of(struct sk_buff *skb, struct genl_info *info);
int pfsnl_which_check(const struct pfsnl_which *w);
struct pfsnl_ckpt *pfsnl_which_find(struct pfsnl_instance *inst, struct pfsnl_which *w);
int pfsnl_answer_begin(struct pfsnl_answer *an, struct genl_info *info, u8 cmd,
		       size_t size);
int pfsnl_answer_end(struct pfsnl_answer *an, struct genl_info *info, int err);
void pfsnl_ckpt_hash_lock(struct pfsnl_instance *inst, struct pfsnl_which *w);

#endif /* PFSNL_NETLINK_CKPT_H */
