/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes on the nodes of a world that join groups, send to them and listen. What
 * must hold is checked as it happens:
 *
 *	group-first	the first a process is told is that it is a member itself
 *	group-fold	changes add who is not there and take away who is, and all of
 *			them together are the members that can be asked for
 *	group-sender	who says something is a member
 *	group-self	of one's own messages each comes back once, in its order, or
 *			nobody knows
 *	group-stream	processes that see one change and then the next together hear
 *			the same messages between
 *	group-over	nobody loses its membership unasked
 *	group-true	when all is quiet, the members of each group are the processes
 *			that joined and did not leave
 */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

#include "core.h"

struct node;
struct world;

/**
 * struct process - a process in a group
 * @next: of the same node
 * @node: where it is
 * @name: of its group
 * @number: of its membership; 0 before it has one
 * @member: it was told that it is one
 * @leaving: it asked to go
 * @n: members, as it was told
 * @s: room for
 * @who: these, by node and number, mixed; sorted
 * @mix: all of them, mixed
 * @step: the last change it was told of, mixed
 * @sum: of the messages since then, in their order
 * @sent: messages that were taken of it
 * @back: those that came back, or nobody knows of
 * @last: our count of the last that came back
 * @heard: messages that it heard in all
 * @changes: changes that it was told of
 * @transitional: times it was told that the ring lost nodes
 * @unknown: messages of its own that nobody knows of
 */
struct process {
	struct process *next;
	struct node *node;
	char name[PFSNL_GROUP_NAME_MAX + 1];
	u32 number;
	bool member;
	bool leaving;
	u64 *who;
	u32 n;
	u32 s;
	u64 mix;
	u64 step;
	u64 sum;
	u64 sent;
	u64 back;
	u64 last;
	u64 heard;
	u64 changes;
	u64 transitional;
	u64 unknown;
};

struct process *process_join(struct node *n, const char *name);
int process_leave(struct process *p, u8 why);
int process_send(struct process *p, u16 flags, u32 len);
void process_told(struct node *n, const struct pfsnl_group_event *ev);
struct process *process_of(struct node *n, u32 nth);
u32 process_members(const struct node *n, const char *name);
bool processes_same(const struct world *w);
bool processes_true(const struct world *w);

#endif /* CORE_PROCESS_H */
