/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checkpoint service, as its rooms share it; see ckptsvc.h.
 *
 *	ckptsvc.c	life, requests, what it is told
 *	ckptqueue.c	what was delivered, in its order, also where memory is lacking
 *	ckptround.c	the steps of a round
 *	parcel.c	what stands in their messages
 */
#ifndef PFSNL_CORE_CKPTROUND_H
#define PFSNL_CORE_CKPTROUND_H

#include <linux/list.h>

#include "ckptsvc.h"
#include "ckptrec.h"
#include "parcel.h"

/* longest operation that the service says by itself: EXPIRE */
#define PFSNL_CKPTSVC_OWN_LEN	(PFSNL_CKPTMSG_LEN + 32 + PFSNL_SECTION_ID_MAX)
/* bytes that are hashed, or transmitted, in one call */
#define PFSNL_CKPTSVC_AT_ONCE	(2U << 20)
/*
 * What has changed is hashed so long after, as long as nobody waits for it, so many bytes
 * at once: so that a round finds digests. What changes all the time is hashed that often.
 */
#define PFSNL_CKPTSVC_REST_MS	1000
#define PFSNL_CKPTSVC_REST	(256U << 10)
/* after this what lacked memory is tried again */
#define PFSNL_CKPTSVC_RETRY_MS	10
/* so much that expires is said at once */
#define PFSNL_CKPTSVC_EXPIRES	16
/* who is to say what expires, and does not, has so long before the next one does */
#define PFSNL_CKPTSVC_RANK_MS	1000

/**
 * struct pfsnl_ckpt_item - what is, or is about to be, delivered
 * @list: among those that are reserved, or that wait
 * @place: number of the message
 * @from: whose
 * @own: it is of this node
 * @said: an operation, or else a parcel
 * @done: of a parcel: bytes of its records that were taken
 * @whole: of a parcel: how many there were, @len or more
 * @kept: of a parcel: so many of them all nodes have
 * @len: bytes of @data
 * @data: a copy
 */
struct pfsnl_ckpt_item {
	struct list_head list;
	u64 place;
	struct pfsnl_ckpt_from from;
	bool own;
	bool said;
	u32 done;
	u32 whole;
	u32 kept;
	u32 len;
	u8 data[];
};

/**
 * struct pfsnl_ckpt_own - a request of the service itself
 * @r: the request
 * @busy: it waits to be said, or for its outcome
 * @data: what it says
 */
struct pfsnl_ckpt_own {
	struct pfsnl_ckpt_request r;
	bool busy;
	u8 data[PFSNL_CKPTSVC_OWN_LEN];
};

/**
 * struct pfsnl_ckpt_round - a round
 * @running: it has begun, and neither was aborted nor activated
 * @ring: that is to be activated
 * @members: nodes that have the service
 * @step: enum pfsnl_ckpt_step: those before it have ended
 * @said: this node has no more to say up to this one
 * @speaks: it has something to say in LINEAGE
 * @transmits: and transmits a side
 * @sides: of all who do those that are not behind
 * @same: all have the same store, which stays
 * @awaited: nodes that speak in this step
 * @ended: those that have no more to say
 * @offers: checkpoints of which somebody wants offers
 * @data: or everything
 * @sections: sections that somebody wants
 * @time: the largest that was said
 * @takers: who needs what is transmitted in the step that follows WANT or NEED
 * @takes: this node does
 * @part: and was not given all of it, so that there will be another ring
 * @it: how far this node has transmitted, or found out what it wants
 * @parcel: what is transmitted next, PFSNL_PARCEL_MAX bytes; NULL: no memory yet
 * @len: of that; 0: nothing yet
 * @last: it is the last of this step
 * @nodes: the members, to be had before it is activated
 */
struct pfsnl_ckpt_round {
	bool running;
	struct pfsnl_ring_id ring;
	u32 members;
	u8 step;
	u8 said;
	bool speaks;
	bool transmits;
	u32 sides;
	bool same;
	u32 awaited;
	u32 ended;
	u32 offers;
	u32 data;
	u32 sections;
	u64 time;
	struct pfsnl_sync_takers takers;
	bool takes;
	bool part;
	struct pfsnl_ckpt_iter it;
	u8 *parcel;
	u32 len;
	bool last;
	struct pfsnl_ckpt_member *nodes;
};

/**
 * struct pfsnl_ckptsvc - the checkpoint service of a node
 * @core: the core; NULL: the node has ended
 * @ops: what it asks of its surroundings
 * @ctx: for these
 * @store: the store
 * @addr: of this node, host order
 * @incarnation: which life of it
 * @joined: the core has it
 * @active: operations can be said
 * @error: why it can't take part
 * @served: when it was activated last, as the core said when it left that
 * @waiting: requests to be said, in their order
 * @said: requests whose outcome is to come, likewise
 * @order: of the last request
 * @saying: the one that the core is being told now
 * @blocked: the core took no more
 * @short_of: something lacks memory
 * @sweeps: something was thrown away and is not freed yet
 * @rest: when what has changed is hashed; PFSNL_NEVER: all of it is, but for what is
 *	fresh
 * @fresh: something has changed since @rest was set
 * @again: when the surroundings are to call, whatever clocks are set to
 * @expire: say what expires
 * @close: closes handles that the surroundings don't know
 * @scan: there may be some
 * @at: the last one that was looked at
 * @rank: how many nodes are to say before this one what expires
 * @alarm: when the surroundings are to call, as they were told
 * @spares: items for what is about to be delivered
 * @queue: what was delivered
 * @n_queued: how many
 * @bytes: of those
 * @name: of the checkpoint that an operation is about
 * @name_len: bytes of that
 * @round: the round
 */
struct pfsnl_ckptsvc {
	struct pfsnl_core *core;
	struct pfsnl_ckptsvc_ops ops;
	void *ctx;
	struct pfsnl_ckpts *store;
	u32 addr;
	u64 incarnation;
	bool joined;
	bool active;
	int error;
	struct pfsnl_served served;
	struct list_head waiting;
	struct list_head said;
	u64 order;
	const struct pfsnl_ckpt_request *saying;
	bool blocked;
	bool short_of;
	bool sweeps;
	u64 rest;
	bool fresh;
	u64 again;
	struct pfsnl_ckpt_own expire[PFSNL_CKPTSVC_EXPIRES];
	struct pfsnl_ckpt_own close;
	bool scan;
	struct pfsnl_handle_key at;
	u32 rank;
	u64 alarm;
	struct list_head spares;
	struct list_head queue;
	u32 n_queued;
	u64 bytes;
	u8 name[PFSNL_CKPT_NAME_MAX];
	u32 name_len;
	struct pfsnl_ckpt_round round;
};

/* ckptsvc.c */
void *pfsnl_ckptsvc_alloc(struct pfsnl_ckptsvc *svc, size_t size);
void pfsnl_ckptsvc_free(struct pfsnl_ckptsvc *svc, void *p);
void pfsnl_ckptsvc_changed(struct pfsnl_ckptsvc *svc);
void pfsnl_ckptsvc_outcome(struct pfsnl_ckptsvc *svc, u64 n, int err,
			   const struct pfsnl_ckpt_result *result);

/* ckptqueue.c */
int pfsnl_ckptqueue_reserve(struct pfsnl_ckptsvc *svc, const struct pfsnl_sync_event *ev);
void pfsnl_ckptqueue_trim(struct pfsnl_ckptsvc *svc);
void pfsnl_ckptqueue_add(struct pfsnl_ckptsvc *svc, const struct pfsnl_sync_event *ev);
bool pfsnl_ckptqueue_drain(struct pfsnl_ckptsvc *svc);
void pfsnl_ckptqueue_forget(struct pfsnl_ckptsvc *svc, bool said);

/* ckptround.c */
void pfsnl_ckptround_begin(struct pfsnl_ckptsvc *svc, const struct pfsnl_sync_event *ev);
int pfsnl_ckptround_process(struct pfsnl_ckptsvc *svc, u64 now);
bool pfsnl_ckptround_expects(struct pfsnl_ckptsvc *svc,
			     const struct pfsnl_sync_event *ev);
int pfsnl_ckptround_parcel(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_item *item);
void pfsnl_ckptround_abort(struct pfsnl_ckptsvc *svc);
void pfsnl_ckptround_activate(struct pfsnl_ckptsvc *svc);

#endif /* PFSNL_CORE_CKPTROUND_H */
