/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checkpoint service of a node: a store (ckpt.h) that operations of all nodes
 * change in the same order, and that rounds (service.h) make one again when nodes come
 * together. What stands here is how its surroundings drive it; it does no I/O and knows
 * no clock, lock or thread.
 *
 * What happens is told by pfsnl_ckptsvc_told(), while the core runs; nothing calls the
 * core then. What follows from it, requests and answers to others, is done by
 * pfsnl_ckptsvc_pump(), after the call of the core has returned. One caller at a time,
 * with whatever guards the core.
 *
 * A round goes by steps. Who transmits does so in every other, who has the service
 * answers what it lacks in those between; a step begins when all have ended the one
 * before:
 *
 *	LINEAGE	what the store of a side went through. Who is behind another has no
 *		more to say
 *	HEADS	checkpoints, with digests, and what nodes have open
 *	WANT	which of them a node has not got, or not as they are
 *	OFFER	of those the sections, with digests; with data, where nothing is known
 *	NEED	which of them a node has not got
 *	DATA	of those what they hold
 *
 * Then all is there, and checked, and the node is done. What needs memory that is
 * lacking waits in a queue, in its order, and the node is not done before.
 */
#ifndef PFSNL_CORE_CKPTSVC_H
#define PFSNL_CORE_CKPTSVC_H

#include "ckpt.h"
#include "ckptmsg.h"
#include "service.h"

struct pfsnl_core;
struct pfsnl_ckptsvc;

/* the id of the service */
#define PFSNL_SERVICE_CKPT	1

/**
 * struct pfsnl_ckpt_request - an operation that this node wants
 * @list: owned by the service from pfsnl_ckptsvc_submit() until it is answered
 * @order: among all of this node, set by the service
 * @n: the core's count of it, while it is under way
 * @flags: PFSNL_MSG_*
 * @kind: enum pfsnl_ckptmsg_kind
 * @process: whose
 * @handle: of that
 * @len: bytes of @data
 * @data: the operation, encoded; where its time stands it is stamped when it is said
 *
 * Allocated and freed by the surroundings, with all that answering it needs, so that
 * asking is what fails for memory and not the answer.
 */
struct pfsnl_ckpt_request {
	struct list_head list;
	u64 order;
	u64 n;
	u16 flags;
	u8 kind;
	u32 process;
	u32 handle;
	u32 len;
	u8 *data;
};

/**
 * struct pfsnl_ckpt_applied - an operation was applied
 * @from: whose
 * @own: this node's
 * @m: the operation
 * @result: what it came to
 * @name_len: bytes of @name
 * @name: of the checkpoint that it was about, if there is or was one; not terminated
 *
 * What is pointed to is valid during the call.
 */
struct pfsnl_ckpt_applied {
	struct pfsnl_ckpt_from from;
	bool own;
	const struct pfsnl_ckptmsg *m;
	const struct pfsnl_ckpt_result *result;
	u32 name_len;
	const u8 *name;
};

/**
 * struct pfsnl_ckptsvc_ops - what the service asks of its surroundings
 * @store: memory, hash and conflicts, with the same context
 * @stamp: what a clock says that all nodes have about the same of, nanoseconds since
 *	1970
 * @alarm: call pfsnl_ckptsvc_tick() when that clock says so; PFSNL_NEVER: don't;
 *	replaces the alarm before
 * @again: call pfsnl_ckptsvc_again() in so many milliseconds, whatever clocks are set to
 *	meanwhile; replaces what was asked for before
 * @due: pfsnl_ckptsvc_pump() is to be called after the call of the core
 * @answer: a request is done with, and belongs to the surroundings again: 0 or -errno;
 *	-ECONNABORTED: nobody knows; -ESHUTDOWN: the node ends, it was not said. The
 *	result is NULL unless it was applied
 * @applied: any operation was applied, also one that was refused, after @answer
 * @active: operations can be said, or cannot any more (@active). When they can again, a
 *	handle that the surroundings know, and of which no request is under way, may be
 *	open no more: pfsnl_ckptsvc_holds() tells
 * @open: whether the surroundings know this handle of this node, or one of their
 *	requests under way is about it; what they don't know, a store that came from
 *	others is told to close
 * @out: this node can't take part: @err says why. It is to be removed by
 *	pfsnl_ckptsvc_leave(), and may be brought back by pfsnl_ckptsvc_join() later
 *
 * None calls back.
 */
struct pfsnl_ckptsvc_ops {
	struct pfsnl_ckpt_ops store;
	u64 (*stamp)(void *ctx);
	void (*alarm)(void *ctx, u64 when);
	void (*again)(void *ctx, u32 ms);
	void (*due)(void *ctx);
	void (*answer)(void *ctx, struct pfsnl_ckpt_request *r, int err,
		       const struct pfsnl_ckpt_result *result);
	void (*applied)(void *ctx, const struct pfsnl_ckpt_applied *a);
	void (*active)(void *ctx, bool active);
	bool (*open)(void *ctx, u32 process, u32 handle);
	void (*out)(void *ctx, int err);
};

/**
 * struct pfsnl_ckptsvc_state - the service at a moment
 * @active: operations can be said
 * @joined: the core has it
 * @error: why it can't take part, 0: it does
 * @step: enum pfsnl_ckpt_step (parcel.h) of the round at hand; 0: there is none
 * @waiting: requests that wait to be said, or for their outcome
 * @queued: operations and records that wait for memory
 * @bytes: of those
 */
struct pfsnl_ckptsvc_state {
	bool active;
	bool joined;
	int error;
	u8 step;
	u32 waiting;
	u32 queued;
	u64 bytes;
};

struct pfsnl_ckptsvc *pfsnl_ckptsvc_create(struct pfsnl_core *core,
					   const struct pfsnl_ckptsvc_ops *ops, void *ctx,
					   const struct pfsnl_ckpt_limits *limits,
					   u64 most);
void pfsnl_ckptsvc_destroy(struct pfsnl_ckptsvc *svc);
int pfsnl_ckptsvc_join(struct pfsnl_ckptsvc *svc, u64 now, void *who);
void pfsnl_ckptsvc_leave(struct pfsnl_ckptsvc *svc, u64 now);
int pfsnl_ckptsvc_told(struct pfsnl_ckptsvc *svc, u64 now,
		       const struct pfsnl_sync_event *ev);
void pfsnl_ckptsvc_pump(struct pfsnl_ckptsvc *svc, u64 now);
void pfsnl_ckptsvc_tick(struct pfsnl_ckptsvc *svc, u64 now);
void pfsnl_ckptsvc_again(struct pfsnl_ckptsvc *svc, u64 now);
void pfsnl_ckptsvc_room(struct pfsnl_ckptsvc *svc);
void pfsnl_ckptsvc_submit(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_request *r);
bool pfsnl_ckptsvc_cancel(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_request *r);
u32 pfsnl_ckptsvc_longest(const struct pfsnl_ckptsvc *svc);
struct pfsnl_ckpts *pfsnl_ckptsvc_store(const struct pfsnl_ckptsvc *svc);
bool pfsnl_ckptsvc_holds(const struct pfsnl_ckptsvc *svc, u32 process, u32 handle);
void pfsnl_ckptsvc_state(const struct pfsnl_ckptsvc *svc,
			 struct pfsnl_ckptsvc_state *st);

#endif /* PFSNL_CORE_CKPTSVC_H */
