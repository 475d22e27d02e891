/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of processes, for other modules. They need MODULE_IMPORT_NS of PFSNL.
 *
 * A module joins a group, as a member on the node of a network namespace, and is
 * told by calls of all that happens in it, in the same order as every other member:
 * who comes and goes, what is said.
 */
#ifndef _LINUX_PFSNL_H
#define _LINUX_PFSNL_H

#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

struct module;
struct net;
struct pfsnl_membership;

/**
 * struct pfsnl_group_peer - a member of a group
 * @addr: its node, network order
 * @number: of its membership on that node
 * @pid: the process, as its node numbers it; 0 for one in the kernel
 * @change: of a change, enum pfsnl_group_change
 * @why: of a change, enum pfsnl_group_why
 */
struct pfsnl_group_peer {
	__be32 addr;
	u32 number;
	u32 pid;
	u8 change;
	u8 why;
};

/**
 * struct pfsnl_group_heard - a message to a group
 * @sender: who says it
 * @place: its number in the row of all messages of the cluster
 * @safe: all nodes of the ring are known to have it, but those said to be lost
 * @own: it is ours
 * @cookie: of our own, the number that we gave it
 * @data: what it says
 * @len: bytes of that
 */
struct pfsnl_group_heard {
	struct pfsnl_group_peer sender;
	u64 place;
	bool safe;
	bool own;
	u64 cookie;
	const void *data;
	u32 len;
};

/**
 * struct pfsnl_group_ops - how a member in the kernel is told what happens
 * @owner: the module, which then can't be unloaded while it is a member; NULL if it
 *	leaves when it is unloaded
 * @changed: members came or are gone. The first call names all members (@whole), the
 *	caller among those that came; later ones name those that came or are gone.
 *	@members is how many there are afterwards
 * @message: a member says something
 * @transitional: the ring lost nodes, network order; safe messages that follow, up to
 *	the next change, are known to be with all but these
 * @unknown: nobody knows what became of a message of ours
 * @room: whoever was told -EAGAIN may send
 * @over: the membership has ended, enum pfsnl_group_why; nothing follows, and
 *	pfsnl_group_leave() is still to be called
 *
 * Each may be NULL. They run in the thread that is the node: they may sleep, and
 * hold up the node while they do. They must not call pfsnl_group_join(), _send() or
 * _leave(). What is pointed to is valid during the call.
 */
struct pfsnl_group_ops {
	struct module *owner;
	void (*changed)(void *priv, const struct pfsnl_group_peer *peers, u32 n,
			bool whole, u32 members);
	void (*message)(void *priv, const struct pfsnl_group_heard *heard);
	void (*transitional)(void *priv, const __be32 *lost, u32 n);
	void (*unknown)(void *priv, u64 cookie);
	void (*room)(void *priv);
	void (*over)(void *priv, u32 why);
};

struct pfsnl_membership *pfsnl_group_join(struct net *net, const char *name,
					  const struct pfsnl_group_ops *ops,
					  void *priv);
int pfsnl_group_send(struct pfsnl_membership *m, const void *data, u32 len,
		     bool safe, u64 cookie);
void pfsnl_group_leave(struct pfsnl_membership *m);

#endif /* _LINUX_PFSNL_H */
