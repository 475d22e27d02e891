/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages about groups: what stands in the ordered messages of PFSNL_PORT_GROUP.
 * Network byte order. All begin alike:
 *	 0  1  kind, enum pfsnl_groupmsg_kind
 *	 1  1  LEAVE: why, enum pfsnl_group_why; HERE: flags, PFSNL_HERE_*
 *	 2  2  zero
 *	 4  4  JOIN, LEAVE, SAY: number of the membership on the sender;
 *	       MUSTER: how many nodes; HERE: how many records
 * and go on:
 *
 * JOIN: a process of the sender comes into a group
 *	 8  4  pid
 *	12     name, up to the end
 * LEAVE: it goes; nothing more
 * SAY: a message to its group
 *	 8     what it says
 * MUSTER (leader): nodes have come together; these say what members they have
 *	 8  8  ring whose mark this follows: sequence number
 *	16  8  incarnation of the leader
 *	24  4  leader
 *	28     addresses of the nodes, rising, four bytes each
 * HERE: the answer, in as many messages as it takes
 *	 8  20 the ring, as in MUSTER
 *	28     records: number 4, pid 4, why 1, length of the name 1, name. Why 0: it
 *	       is a member; else it was one and is gone
 */
#ifndef PFSNL_CORE_GROUPMSG_H
#define PFSNL_CORE_GROUPMSG_H

#include <linux/types.h>

#include "beacon.h"

#define PFSNL_GROUPMSG_LEN	8
#define PFSNL_GROUPMSG_JOIN_LEN	12
#define PFSNL_GROUPMSG_RING_LEN	28
#define PFSNL_HERE_RECORD_LEN	10

enum pfsnl_groupmsg_kind {
	PFSNL_GROUPMSG_JOIN	= 1,
	PFSNL_GROUPMSG_LEAVE	= 2,
	PFSNL_GROUPMSG_SAY	= 3,
	PFSNL_GROUPMSG_MUSTER	= 4,
	PFSNL_GROUPMSG_HERE	= 5,
};

/* the first, and the last, of the messages of an answer */
#define PFSNL_HERE_FIRST	0x01
#define PFSNL_HERE_LAST		0x02

/**
 * struct pfsnl_groupmsg - a message about groups, decoded
 * @kind: which; only what it has is set
 * @why: LEAVE
 * @flags: HERE: PFSNL_HERE_*
 * @number: JOIN, LEAVE, SAY: of the membership
 * @pid: JOIN
 * @ring: MUSTER, HERE
 * @n: MUSTER: nodes; HERE: records
 * @rest: JOIN: the name; SAY: what it says; MUSTER: the addresses; HERE: the
 *	records
 * @len: bytes of @rest
 */
struct pfsnl_groupmsg {
	u8 kind;
	u8 why;
	u8 flags;
	u32 number;
	u32 pid;
	struct pfsnl_ring_id ring;
	u32 n;
	const u8 *rest;
	u32 len;
};

/**
 * struct pfsnl_here - a record of HERE, decoded
 * @number: of the membership
 * @pid: the process
 * @why: 0, or why it is gone, enum pfsnl_group_why
 * @len: bytes of @name
 * @name: of the group, without a NUL
 */
struct pfsnl_here {
	u32 number;
	u32 pid;
	u8 why;
	u8 len;
	const u8 *name;
};

int pfsnl_groupmsg_decode(struct pfsnl_groupmsg *m, const u8 *data, u32 len);
bool pfsnl_groupmsg_asked(const struct pfsnl_groupmsg *m, u32 addr);
const u8 *pfsnl_here_next(const u8 *p, struct pfsnl_here *h);
u8 *pfsnl_groupmsg_head(u8 *p, u8 kind, u8 extra, u32 number);
u8 *pfsnl_groupmsg_ring(u8 *p, const struct pfsnl_ring_id *ring);
u8 *pfsnl_groupmsg_word(u8 *p, u32 word);
u8 *pfsnl_here_encode(u8 *p, const struct pfsnl_here *h);

#endif /* PFSNL_CORE_GROUPMSG_H */
