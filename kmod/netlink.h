/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink: requests of userspace. What is generated from the spec is in
 * netlink_gen.h; notifications leave through event.c.
 */
#ifndef PFSNL_NETLINK_H
#define PFSNL_NETLINK_H

struct genl_family;
struct net;
struct netlink_ext_ack;
struct pfsnl_instance;
struct pfsnl_state;

/* multicast groups, in the order of the family's table */
enum pfsnl_netlink_group {
	PFSNL_NLGRP_UPDATES,
	PFSNL_NLGRP_STATE,
	PFSNL_NLGRP_RINGS,
	PFSNL_NLGRP_CHECKPOINTS,
	PFSNL_NLGRP_SYNC,
};

extern struct genl_family pfsnl_netlink_family;

/* what requests share */
struct pfsnl_instance *pfsnl_netlink_lock(struct net *net,
					  struct netlink_ext_ack *extack);
void pfsnl_netlink_unlock(struct net *net);

int pfsnl_netlink_init(void);
void pfsnl_netlink_exit(void);

#endif /* PFSNL_NETLINK_H */
