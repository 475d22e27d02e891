/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of processes, as the rooms of the core share them.
 *
 *	groupmsg.c	what messages about groups look like
 *	roll.c		groups by name, members by node and number
 *	group.c		what messages and rings do to them, and telling of it
 *	local.c		the processes of this node: joining, sending, leaving
 *	muster.c	nodes that come together learn each other's members
 *
 * All nodes have the list of all groups, and change it by ordered messages only: so
 * it is the same for everybody at the same place in the sequence, and what happens
 * in a group is one stream: who came, who went, what was said.
 *
 * Each node alone says which of its own processes are in which group. When a ring
 * takes nodes in, nobody knows the members on both sides. From its mark on until all
 * that are asked have said which members they have, the sides are companies of their
 * own: what a process says is delivered to the members of its own company only. With
 * the last answer, which is a message like any other, all companies become one, and
 * each group changes once. If the ring changes before that, it begins again; the
 * companies are those that there were.
 *
 * Rules:
 *
 * - A node is of our company from the moment in which companies became one with it
 *   for as long as it takes part without a break.
 * - An answer to another ring is ignored.
 * - A mark that takes nodes in, or comes before all have answered, begins anew.
 * - When companies become one, a node's members are those that it answered, and what
 *   its messages since the mark made of them; as its messages keep their order, those
 *   before its answer are in it. It sends none that it can put off, so that who joins
 *   is told of all members at once.
 * - Not asked are nodes that have no member: those of the leader's company, and
 *   others that had no process in any group when they accepted the leader. They have
 *   none for everybody else, too, but those that messages after the mark bring.
 * - Who is asked, and for twice the time that a node may take for a message does not
 *   say more of its members, is dropped by the leader.
 */
#ifndef PFSNL_CORE_GROUPS_H
#define PFSNL_CORE_GROUPS_H

#include <linux/list.h>
#include <linux/rbtree.h>

#include "group.h"
#include "groupmsg.h"
#include "timer.h"

struct pfsnl_core;
struct pfsnl_entry;
struct pfsnl_mark;
struct pfsnl_sync_record;

/**
 * struct pfsnl_mate - a node that takes part, as the messages delivered say
 * @incarnation: which life of it
 * @addr: which, host order
 * @members: that it has
 * @coming: members that it will have when companies become one
 * @why: how its members come then, enum pfsnl_group_why
 * @ours: it is of our company
 * @brings: a message of it brought a member while companies were apart
 * @asked: it is to say what members it has
 * @begun: it said the first of them
 * @answered: it said all
 * @serves: it has services, as it said last
 * @called: it is to say which services it has
 * @reported: it did
 * @said_at: when it said anything last of its services in this round, nanoseconds
 * @records: the services that it reported
 */
struct pfsnl_mate {
	u64 incarnation;
	u32 addr;
	u32 members;
	u32 coming;
	u8 why;
	bool ours;
	bool brings;
	bool asked;
	bool begun;
	bool answered;
	bool serves;
	bool called;
	bool reported;
	u64 said_at;
	struct pfsnl_sync_record *records;
};

/**
 * struct pfsnl_local - a process of this node that is, or will be, in a group
 * @by_number: among all of them
 * @due: among those that may have something to send
 * @in_group: among those of its group, while it is a member
 * @group: the group while it is a member, else NULL
 * @who: as the surroundings know it
 * @number: of the membership
 * @pid: the process
 * @op: our count of its JOIN or LEAVE that is under way, or 0
 * @out: it is to go
 * @why: and why, enum pfsnl_group_why
 * @fresh: it was told of nothing yet
 * @name: of the group
 */
struct pfsnl_local {
	struct rb_node by_number;
	struct list_head due;
	struct list_head in_group;
	struct pfsnl_group *group;
	void *who;
	u32 number;
	u32 pid;
	u64 op;
	bool out;
	u8 why;
	bool fresh;
	char name[PFSNL_GROUP_NAME_MAX + 1];
};

/**
 * struct pfsnl_groups - groups of processes, as a node has them
 * @by_name: all groups
 * @members: of all of them, by node and number
 * @coming: those that companies bring when they become one
 * @changed: groups that change by the message at hand
 * @spare_members: memory for members, so that having a message can't fail
 * @n_spare_members: how many
 * @spare_groups: the same for groups
 * @n_spare_groups: how many
 * @mates: the nodes that take part, rising by address
 * @n: how many
 * @size: room for
 * @ring: the ring whose mark was delivered last
 * @apart: there are several companies
 * @asked: MUSTER of @ring was delivered
 * @awaited: nodes that are asked and have not answered
 * @mustered: LEADER: MUSTER of @ring is under way
 * @answered: our answer is under way
 * @overdue: LEADER: when who has not answered has had its time
 * @generation: grows with each change
 * @locals: processes of this node, by number
 * @n_locals: how many
 * @due_locals: those that may have something to send
 * @last_number: given to a membership last
 * @due: something may be to send
 * @retry: when to try again what lacked memory
 */
struct pfsnl_groups {
	struct rb_root by_name;
	struct rb_root members;
	struct rb_root coming;
	struct list_head changed;
	struct list_head spare_members;
	u32 n_spare_members;
	struct list_head spare_groups;
	u32 n_spare_groups;
	struct pfsnl_mate *mates;
	u32 n;
	u32 size;
	struct pfsnl_ring_id ring;
	bool apart;
	bool asked;
	u32 awaited;
	bool mustered;
	bool answered;
	struct pfsnl_timer overdue;
	u64 generation;
	struct rb_root locals;
	u32 n_locals;
	struct list_head due_locals;
	u32 last_number;
	bool due;
	struct pfsnl_timer retry;
};

/**
 * struct pfsnl_group_need - memory that messages need to be delivered
 * @members: so many members
 * @groups: so many groups
 * @mates: so many nodes more than there are
 */
struct pfsnl_group_need {
	u32 members;
	u32 groups;
	u32 mates;
};

/* roll.c */
bool pfsnl_same_ring(const struct pfsnl_ring_id *a,
		     const struct pfsnl_ring_id *b);
bool pfsnl_is_self(const struct pfsnl_core *core, u32 addr, u64 incarnation);
struct pfsnl_mate *pfsnl_mate_find(const struct pfsnl_groups *g, u32 addr,
				   u64 incarnation);
struct pfsnl_group_member *pfsnl_member_find(const struct rb_root *tree, u32 addr,
					     u32 number);
struct pfsnl_group_member *pfsnl_member_next_of(const struct rb_root *tree,
						u32 addr, u32 after);
struct pfsnl_group_member *pfsnl_member_new(struct pfsnl_groups *g,
					    const struct pfsnl_mate *mate,
					    u32 number, u32 pid,
					    const char *name, size_t len);
void pfsnl_member_came(struct pfsnl_core *core, struct pfsnl_mate *mate,
		       struct pfsnl_group_member *m, u8 why);
void pfsnl_member_gone(struct pfsnl_core *core, struct pfsnl_group_member *m,
		       u8 why);
bool pfsnl_member_coming(struct pfsnl_core *core, struct pfsnl_mate *mate,
			 u32 number, u32 pid, const char *name, u32 len);
void pfsnl_member_not_coming(struct pfsnl_core *core, struct pfsnl_mate *mate,
			     struct pfsnl_group_member *m);
void pfsnl_members_settle(struct pfsnl_core *core, struct pfsnl_group *group);
void pfsnl_members_forget(struct pfsnl_core *core, struct rb_root *tree);
void pfsnl_groups_need(const struct pfsnl_entry *e, struct pfsnl_group_need *need);
int pfsnl_groups_reserve(struct pfsnl_core *core,
			 const struct pfsnl_group_need *need);
void pfsnl_groups_trim(struct pfsnl_core *core);

/* group.c */
void pfsnl_groups_init(struct pfsnl_core *core);
void pfsnl_groups_exit(struct pfsnl_core *core);
void pfsnl_groups_message(struct pfsnl_core *core, const struct pfsnl_entry *e);
void pfsnl_groups_ring(struct pfsnl_core *core, const struct pfsnl_mark *m);
void pfsnl_groups_lost(struct pfsnl_core *core, const struct pfsnl_viewed *lost,
		       u32 n);
void pfsnl_groups_pump(struct pfsnl_core *core);
void pfsnl_groups_due(struct pfsnl_core *core);
void pfsnl_groups_later(struct pfsnl_core *core);
void pfsnl_groups_tell(struct pfsnl_core *core);

/* local.c */
void pfsnl_local_pump(struct pfsnl_core *core);
void pfsnl_local_due(struct pfsnl_core *core, struct pfsnl_local *l);
void pfsnl_local_review(struct pfsnl_core *core);
void pfsnl_local_back(struct pfsnl_core *core, u32 number, u64 n);
void pfsnl_local_done(struct pfsnl_core *core, u32 number, u64 n);
void pfsnl_local_unknown(struct pfsnl_core *core, const struct pfsnl_entry *e);
struct pfsnl_local *pfsnl_local_find(const struct pfsnl_groups *g, u32 number);
void pfsnl_local_over(struct pfsnl_core *core, struct pfsnl_local *l, u8 why);

/* muster.c */
bool pfsnl_mate_drop(struct pfsnl_core *core, const struct pfsnl_mate *mate);
void pfsnl_muster_pump(struct pfsnl_core *core);
void pfsnl_muster_overdue(struct pfsnl_core *core, struct pfsnl_timer *timer);
void pfsnl_muster_asked(struct pfsnl_core *core, const struct pfsnl_entry *e,
			const struct pfsnl_groupmsg *m);
void pfsnl_muster_here(struct pfsnl_core *core, struct pfsnl_mate *mate,
		       const struct pfsnl_groupmsg *m);

#endif /* PFSNL_CORE_GROUPS_H */
