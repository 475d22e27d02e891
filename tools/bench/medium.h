/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What members talk through: groups of pfsnl, and those of others. A cluster is
 * formed by the process that measures; each member is a process of its own
 * (member.h), in the namespace of its node.
 */
#ifndef PFSNL_BENCH_MEDIUM_H
#define PFSNL_BENCH_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct medium - one of them
 * @name: as in what is printed
 * @tells_room: member_room() is called when what was refused can be sent; if not,
 *	it is tried again
 * @present: whether it can run here
 * @up: forms a cluster of n1 to n(count); false: not within the limit
 * @down: ends it; also after @up gave false
 * @sender: the node that sends when only one does
 * @join: in a member: joins the group, in the namespace that it is in
 * @fd: a descriptor that is readable when there is something to dispatch
 * @dispatch: takes in what has arrived; calls the functions of member.h
 * @send: to all members; 0, -EAGAIN: not now, or another error
 */
struct medium {
	const char *name;
	bool tells_room;
	bool (*present)(void);
	bool (*up)(void);
	void (*down)(void);
	int (*sender)(void);
	void (*join)(void);
	int (*fd)(void);
	void (*dispatch)(void);
	int (*send)(const void *data, size_t len, bool safe);
};

extern const struct medium medium_pfsnl;	/* groups.c */
extern const struct medium medium_corosync;	/* cpg.c */

#endif /* PFSNL_BENCH_MEDIUM_H */
