/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services, as the surroundings of the core see them. A service keeps a state on every
 * node that has it, changes it by operations that all apply in the same order, and
 * makes it one again whenever nodes come together. How that comes about is in sync.h.
 *
 * What a service is told, in this order, each at the same place among the ordered
 * messages for everybody:
 *
 *	INIT	a round begins: all who have the service have said what they have
 *	PROCESS	transmit; said again until it is done. Here alone at its own time
 *	DATA	what somebody transmits, oneself included
 *	ACTIVATE all are done, and all that was transmitted is here: what came replaces
 *		what there was. Or:
 *	ABORT	the ring changed before that: what came is thrown away, what there
 *		was stays. Then INIT, of another round
 *	SAID	an operation, between ACTIVATE and the next ring
 *
 * What it needs in memory for DATA and SAID it gets when it is told RESERVE, which may
 * fail, so that they can't; INIT, ABORT and ACTIVATE can't fail.
 */
#ifndef PFSNL_CORE_SERVICE_H
#define PFSNL_CORE_SERVICE_H

#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

#include "beacon.h"
#include "envelope.h"
#include "syncmsg.h"

struct pfsnl_core;

/* what PROCESS returns when there is more to do: when it is to be told again */
#define PFSNL_SYNC_AGAIN	1	/* a little later */
#define PFSNL_SYNC_WAIT		2	/* after the next DATA of this service */
#define PFSNL_SYNC_MORE		3	/* at once, after all else that waits */

enum pfsnl_sync_kind {
	PFSNL_SYNC_INIT,	/* a round begins */
	PFSNL_SYNC_PROCESS,	/* transmit */
	PFSNL_SYNC_DATA,	/* somebody transmits something */
	PFSNL_SYNC_ABORT,	/* the round is over, nothing came of it */
	PFSNL_SYNC_ACTIVATE,	/* the round is over, its outcome holds */
	PFSNL_SYNC_SAID,	/* an operation is to be applied */
	PFSNL_SYNC_RETRY,	/* one of ours was applied by nobody */
	PFSNL_SYNC_UNKNOWN,	/* nobody knows what became of one of ours */
	PFSNL_SYNC_RESERVE,	/* DATA or SAID may follow: get the memory */
	PFSNL_SYNC_TRIM,	/* what of that was not needed is needed no more */
	PFSNL_SYNC_OVER,	/* the node ends: the last event */
};

/**
 * struct pfsnl_sync_event - what a service of this node is told
 * @kind: which of the fields below count
 * @service: its id
 * @who: as given to pfsnl_core_service_add()
 * @ring: INIT, PROCESS, DATA, ABORT, ACTIVATE: the ring of the round; SAID, RETRY:
 *	the one in which the service was activated
 * @members: INIT, PROCESS, DATA, ABORT, ACTIVATE: how many nodes have the service;
 *	pfsnl_core_sync_member() tells which
 * @transmits: the same: this node is the one to transmit what those have that were
 *	activated in the same ring last
 * @sender: DATA, SAID: the node
 * @incarnation: DATA, SAID: of it
 * @own: DATA, SAID: it is this node
 * @place: DATA, SAID, RESERVE, ACTIVATE: number of the message in the sequence
 * @n: DATA, SAID: the sender's count of it; RETRY, UNKNOWN: our count
 * @flags: SAID: PFSNL_MSG_*
 * @data: DATA, SAID, RETRY, UNKNOWN, RESERVE: what it says
 * @len: bytes of that
 * @whole: DATA, RESERVE for it: how many the sender said, @len or more: this node was
 *	not given the rest. If it needs that, there will be another ring
 * @kept: the same: how many of them all nodes have, @len or less. What all must see
 *	alike goes by these
 * @said: RESERVE: it is for SAID, not for DATA
 * @word: DATA: kept with the sender for the service, until the round ends; 0 at first
 *
 * What is pointed to is valid during the call. What RESERVE is about may be for nobody
 * in the end, as if it is of a round that was aborted; and it may be told again.
 *
 * Return: PROCESS: 0 when this node has nothing more to transmit, PFSNL_SYNC_AGAIN,
 * _WAIT or _MORE when it has, or may have, or -errno when it lacks something and wants
 * to be asked again a little later. RESERVE: 0 or -ENOMEM, and then nothing is
 * delivered before it succeeds. All others: ignored.
 */
struct pfsnl_sync_event {
	enum pfsnl_sync_kind kind;
	u16 service;
	void *who;
	const struct pfsnl_ring_id *ring;
	u32 members;
	bool transmits;
	u32 sender;
	u64 incarnation;
	bool own;
	u64 place;
	u64 n;
	u16 flags;
	const void *data;
	u32 len;
	u32 whole;
	u32 kept;
	bool said;
	u32 *word;
};

/**
 * struct pfsnl_sync_takers - the nodes that need all of what a service transmits
 * @n: how many; if more than fit, all are given everything
 * @addrs: which, host order
 */
struct pfsnl_sync_takers {
	u32 n;
	u32 addrs[PFSNL_ENVELOPE_MAX];
};

/**
 * struct pfsnl_sync_member - a node that has a service, in the round at hand
 * @addr: which, host order
 * @incarnation: which life of it
 * @served: what it reported
 * @transmits: it is the one to transmit what those have that were activated in the
 *	same ring last
 * @done: it has nothing more to transmit
 */
struct pfsnl_sync_member {
	u32 addr;
	u64 incarnation;
	struct pfsnl_served served;
	bool transmits;
	bool done;
};

/**
 * struct pfsnl_sync_state - a service of this node at a moment
 * @served: which, when it was activated last, and what it applied since
 * @who: as given to pfsnl_core_service_add()
 * @phase: what it is at
 * @since: from when on, nanoseconds
 * @ring: the ring of the round
 * @turn: the service whose turn it is, 0 if there is none
 * @members: nodes that have it, in the round at hand or the last one
 * @transmits: of those that were activated in the same ring last it is this node that
 *	transmits, in the round at hand
 * @aborts: rounds of it that were aborted
 * @waits: nodes that are waited for; pfsnl_core_sync_awaited() tells which
 * @waits_for: the lowest of them, host order; 0: none
 * @items: messages of DATA in this round, of all nodes
 * @bytes: of those
 */
struct pfsnl_sync_state {
	struct pfsnl_served served;
	void *who;
	enum pfsnl_sync_phase phase;
	u64 since;
	struct pfsnl_ring_id ring;
	u16 turn;
	u32 members;
	bool transmits;
	u64 aborts;
	u32 waits;
	u32 waits_for;
	u64 items;
	u64 bytes;
};

/* for the surroundings, with whatever guards the core */
int pfsnl_core_service_add(struct pfsnl_core *core, u64 now, u16 id, void *who);
int pfsnl_core_service_resume(struct pfsnl_core *core, u64 now,
			      const struct pfsnl_served *served, void *who);
int pfsnl_core_service_remove(struct pfsnl_core *core, u64 now, u16 id);
int pfsnl_core_service_say(struct pfsnl_core *core, u64 now, u16 id, u16 flags,
			   const void *data, u32 len, u64 *n);
int pfsnl_core_sync_data(struct pfsnl_core *core, u64 now, u16 id,
			 const void *data, u32 len);
int pfsnl_core_sync_data_for(struct pfsnl_core *core, u64 now, u16 id,
			     const void *data, u32 len, u32 kept,
			     const struct pfsnl_sync_takers *takers);
u32 pfsnl_core_sync_longest(const struct pfsnl_core *core);
bool pfsnl_core_sync_state(const struct pfsnl_core *core, u32 i,
			   struct pfsnl_sync_state *st);
bool pfsnl_core_sync_member(const struct pfsnl_core *core, u16 id, u32 after,
			    struct pfsnl_sync_member *m);
u32 pfsnl_core_sync_awaited(const struct pfsnl_core *core, u32 after);
const char *pfsnl_sync_phase_text(enum pfsnl_sync_phase phase);

#endif /* PFSNL_CORE_SERVICE_H */
