/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of processes, as the rooms of the core share them and as its surroundings
 * see them.
 *
 *	groupmsg.c	what messages about groups look like
 *	group.c		who is in which group, as the sequence of messages says
 *	local.c		the processes of this node: joining, sending, leaving
 *	muster.c	nodes that come together learn each other's members
 *
 * All nodes have the list of all groups, and change it by ordered messages only: so
 * it is the same for everybody at the same place in the sequence, and what happens
 * in a group is one stream: who came, who went, what was said.
 *
 * Each node alone says which of its own processes are in which group. When a ring
 * takes nodes in, nobody knows the members on both sides. From its mark on until all
 * that are asked have said which members they have, the two (or more) sides are
 * companies of their own: a message to a group is delivered to the members of the
 * sender's company only. At the last answer, which is a message like any other, all
 * companies become one, and each group changes once. If the ring changes before
 * that, it begins again; the companies are those that there were (rule: each
 * against the ring that it last became one in, and abort in any phase). See
 * Documentation/groups.rst.
 */
#ifndef PFSNL_CORE_GROUP_H
#define PFSNL_CORE_GROUP_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

#include "beacon.h"
#include "timer.h"

struct pfsnl_core;
struct pfsnl_entry;
struct pfsnl_mark;
struct pfsnl_viewed;

/* most members that one node may have, in all groups together */
#define PFSNL_LOCALS_MAX	4096
/* what a message to a group needs before what it says, bytes */
#define PFSNL_GROUP_HEAD	8

/**
 * struct pfsnl_group - a group
 * @by_name: among all groups
 * @members: those it has, by node and number
 * @n: how many
 * @refs: members, present and coming, and processes of ours that need it to exist
 * @locals: members of this node
 * @here: how many
 * @changes: among those that change by the message at hand
 * @name: 1 to PFSNL_GROUP_NAME_MAX bytes and a NUL
 */
struct pfsnl_group {
	struct rb_node by_name;
	struct rb_root members;
	u32 n;
	u32 refs;
	struct list_head locals;
	u32 here;
	struct list_head changes;
	char name[PFSNL_GROUP_NAME_MAX + 1];
};

/**
 * struct pfsnl_group_member - a process in a group
 * @by_key: among all members, or all that are coming, by node and number
 * @in_group: the same in its group, while it is a member
 * @spare: while it is none yet
 * @group: which
 * @incarnation: which life of its node
 * @addr: its node, host order
 * @number: of the membership on that node
 * @pid: the process, as its node numbers it; 0 for one in the kernel
 * @change: what the message at hand says of it, enum pfsnl_group_change
 * @why: and why, enum pfsnl_group_why
 */
struct pfsnl_group_member {
	struct rb_node by_key;
	struct rb_node in_group;
	struct list_head spare;
	struct pfsnl_group *group;
	u64 incarnation;
	u32 addr;
	u32 number;
	u32 pid;
	u8 change;
	u8 why;
};

enum pfsnl_group_kind {
	PFSNL_GROUP_CHANGED,	/* members came or are gone */
	PFSNL_GROUP_MESSAGE,	/* a member says something */
	PFSNL_GROUP_TRANSITIONAL, /* the ring lost nodes */
	PFSNL_GROUP_UNKNOWN,	/* nobody knows what became of a message of ours */
	PFSNL_GROUP_OVER,	/* the membership has ended: the last event */
};

/**
 * struct pfsnl_group_event - what a member of this node is told
 * @kind: which of the fields below count
 * @who: as given to pfsnl_core_group_join()
 * @number: of the membership
 * @group: CHANGED, MESSAGE: which
 * @ring: CHANGED: the ring that the members are in
 * @whole: CHANGED: the first event of this membership: all members that don't go
 *	are news to it
 * @sender: MESSAGE: who says it
 * @place: MESSAGE: its number in the sequence
 * @n: MESSAGE: the sender's node's count of it; UNKNOWN: our count
 * @flags: MESSAGE: PFSNL_MSG_*
 * @data: MESSAGE: what it says
 * @len: MESSAGE: bytes of that
 * @lost: TRANSITIONAL: safe messages that follow, up to the next change of nodes,
 *	are known to be with all but these
 * @n_lost: how many
 * @why: OVER: enum pfsnl_group_why
 *
 * What is pointed to is valid during the call. A member's first event is CHANGED,
 * with itself among those that came, unless it is OVER.
 */
struct pfsnl_group_event {
	enum pfsnl_group_kind kind;
	void *who;
	u32 number;
	const struct pfsnl_group *group;
	const struct pfsnl_ring_id *ring;
	bool whole;
	const struct pfsnl_group_member *sender;
	u64 place;
	u64 n;
	u16 flags;
	const void *data;
	u32 len;
	const struct pfsnl_viewed *lost;
	u32 n_lost;
	u8 why;
};

/* for the surroundings, with whatever guards the core */
int pfsnl_core_group_join(struct pfsnl_core *core, u64 now, const char *name,
			  u32 pid, void *who, u32 *number);
int pfsnl_core_group_leave(struct pfsnl_core *core, u64 now, u32 number, u8 why);
int pfsnl_core_group_send(struct pfsnl_core *core, u64 now, u32 number, u16 flags,
			  const void *data, u32 len, u64 *n);
u32 pfsnl_core_group_longest(const struct pfsnl_core *core);
u64 pfsnl_core_group_generation(const struct pfsnl_core *core);
const struct pfsnl_group *pfsnl_core_group_find(const struct pfsnl_core *core,
						const char *name);
const struct pfsnl_group *pfsnl_core_group_after(const struct pfsnl_core *core,
						 const char *name);
const struct pfsnl_group_member *
pfsnl_group_member_after(const struct pfsnl_group *g, u32 addr, u32 number);
bool pfsnl_group_name_ok(const char *name, size_t len);

#endif /* PFSNL_CORE_GROUP_H */
