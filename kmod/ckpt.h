/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checkpoints of an instance: the room that drives the service (core/ckptsvc.h).
 *
 *	ckpt.c		life, alarm, what follows from calls of the core
 *	ckpt_opener.c	who opens checkpoints: sockets, and clients in the kernel
 *	ckpt_asked.c	what they ask for, and what came of it
 *	ckpt_event.c	what listeners are told
 *	ckpt_client.c	clients in the kernel
 *	netlink_ckpt.c	requests that change something
 *	netlink_ckpt_get.c requests that read checkpoints
 *	netlink_section.c requests that read sections
 *
 * Who may touch what:
 *
 *	lock			fields				contexts
 *	pfsnl_instance.lock	@svc, its store			node thread, reading
 *	pfsnl_ckpt_io.lock	tables, @asked, what is under	node thread, requests,
 *				way of openers, @gone		sockets that are closed
 *	xa_lock			handles of an opener		likewise
 *	none: one owner		the rest			node thread
 *
 * Order: pfsnl_instance.lock, then pfsnl_ckpt_io.lock, then xa_lock. The last two are
 * spinlocks.
 */
#ifndef PFSNL_CKPT_H
#define PFSNL_CKPT_H

#include <linux/hashtable.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "core/ckptsvc.h"
#include "service.h"

struct pfsnl_instance;
struct pfsnl_opener;

#define PFSNL_OPENER_BITS	7

/* bytes that the number of a checkpoint takes */
#define PFSNL_CKPT_NUMBER_LEN	20

/* how much all checkpoints may hold until an operation says otherwise, bytes */
#define PFSNL_CKPT_BYTES	(256ULL << 20)
/* of that, what only synchronization may fill: this part of it */
#define PFSNL_CKPT_HEADROOM	16
/* requests that may be under way of one socket, and their bytes */
#define PFSNL_ASKED_MAX		128
#define PFSNL_ASKED_BYTES	(4 << 20)
/* and of all of an instance */
#define PFSNL_ASKED_ALL_MAX	8192
#define PFSNL_ASKED_ALL_BYTES	(64 << 20)

/* this node tries again to take part after this time, doubled each time, ms */
#define PFSNL_CKPT_AGAIN_MS	1000
#define PFSNL_CKPT_AGAIN_MAX_MS	60000

/**
 * struct pfsnl_ckpt_tables - who is there
 * @sockets: openers by the number of their socket
 * @openers: all by the number that operations have
 */
struct pfsnl_ckpt_tables {
	DECLARE_HASHTABLE(sockets, PFSNL_OPENER_BITS);
	DECLARE_HASHTABLE(openers, PFSNL_OPENER_BITS);
};

/**
 * struct pfsnl_ckpt_counts - what happened since start; node thread
 * @refused: operations of this node that were refused, by all nodes alike
 * @unknown: whose outcome nobody knows
 * @lost: handles that were open and are not any more
 * @conflicts: decided when sides came together
 * @out: how often this node could not take part
 */
struct pfsnl_ckpt_counts {
	u64 refused;
	u64 unknown;
	u64 lost;
	u64 conflicts;
	u64 out;
};

/**
 * struct pfsnl_ckpt_io - checkpoints of an instance
 * @inst: whose; NULL: not opened
 * @svc: the service; NULL after the end
 * @sink: by which the core knows it
 * @longest: bytes that an operation may have
 * @most: bytes that synchronization may collect, see ckpt_most_mib
 * @lock: see above
 * @tables: who is there
 * @openers: all
 * @last: number of the last opener
 * @asked: requests that the service has not got yet, in their order
 * @n: requests that are under way, of all openers
 * @bytes: of those
 * @busy: requests that were refused since too much was under way; atomic
 * @work: node thread: there is something in @asked
 * @deaf: node thread: openers whose sockets did not take an answer
 * @retry: node thread: try these again
 * @scan: node thread: counts the times after which handles may be lost
 * @lost: node thread: see which are
 * @due: node thread: something follows from what the core told
 * @pump: node thread: the same, later
 * @alarm: fires when something expires, on the clock of operations
 * @soon: node thread: there is something to go on with
 * @tick: node thread: it did
 * @error: node thread: why this node can't take part, 0: it does
 * @leave: node thread: it is to leave the service
 * @again: node thread: and to come back
 * @again_ms: after this time
 * @generation: number of the last event
 * @counts: what happened
 */
struct pfsnl_ckpt_io {
	struct pfsnl_instance *inst;
	struct pfsnl_ckptsvc *svc;
	struct pfsnl_service_sink sink;
	u32 longest;
	u64 most;
	spinlock_t lock; /* tables, openers, last, asked, n, bytes */
	struct pfsnl_ckpt_tables *tables;
	struct list_head openers;
	u32 last;
	struct list_head asked;
	u32 n;
	u32 bytes;
	atomic64_t busy;
	struct kthread_work work;
	struct list_head deaf;
	struct kthread_delayed_work retry;
	u64 scan;
	struct kthread_work lost;
	bool due;
	struct kthread_work pump;
	struct hrtimer alarm;
	struct kthread_delayed_work soon;
	struct kthread_work tick;
	int error;
	struct kthread_work leave;
	struct kthread_delayed_work again;
	u32 again_ms;
	u64 generation;
	struct pfsnl_ckpt_counts counts;
};

int pfsnl_ckpt_open(struct pfsnl_instance *inst);
void pfsnl_ckpt_deafen(struct pfsnl_ckpt_io *io);
void pfsnl_ckpt_close(struct pfsnl_ckpt_io *io);

/* node thread, under the instance lock */
void pfsnl_ckpt_begin(struct pfsnl_ckpt_io *io, u64 now);
void pfsnl_ckpt_settle(struct pfsnl_ckpt_io *io);
void pfsnl_ckpt_end(struct pfsnl_ckpt_io *io);

#endif /* PFSNL_CKPT_H */
