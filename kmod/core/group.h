/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of processes, as the surroundings of the core see them. How they come about
 * is in groups.h.
 */
#ifndef PFSNL_CORE_GROUP_H
#define PFSNL_CORE_GROUP_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

#include "beacon.h"

struct pfsnl_core;
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
 * @touched: members of which it says something
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
	struct list_head touched;
	char name[PFSNL_GROUP_NAME_MAX + 1];
};

/**
 * struct pfsnl_group_member - a process in a group
 * @by_key: among all members, or all that are coming, by node and number
 * @in_group: the same in its group, while it is a member
 * @touched: in its group, while the message at hand says something of it; before
 *	it is a member, among spare memory
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
	struct list_head touched;
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
 * With CHANGED the members that came or are gone are those of
 * pfsnl_group_touched_next(); all members, those that are gone included, those of
 * pfsnl_group_member_after().
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
const struct pfsnl_group_member *
pfsnl_group_touched_next(const struct pfsnl_group *g,
			 const struct pfsnl_group_member *m);
bool pfsnl_group_name_ok(const char *name, size_t len);

#endif /* PFSNL_CORE_GROUP_H */
