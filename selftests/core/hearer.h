/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A listener to the ordered messages of one node. What each is told is compared
 * with what all others are told; what must hold is checked as it happens:
 *
 *	total-order	the messages of a ring are the same row for everybody, of
 *			which each hears a beginning
 *	virtual-synchrony  who goes from one ring to the next together heard the
 *			same in the first
 *	no-duplicates	of each sender every message once, in its order
 *	self-delivery	of one's own messages each, or that nobody knows
 *	safe-delivery	a safe message that was delivered before the ring was known
 *			to have lost somebody is delivered by all who are in it and
 *			don't crash
 *	messages-fold	who comes and goes makes the view that messages come from
 *	messages-memory	what is kept for others stays within its bound
 */
#ifndef CORE_HEARER_H
#define CORE_HEARER_H

#include "core.h"
#include "sim.h"

struct node;
struct world;

/**
 * struct viewed - a node that is, or was, in the view of a listener
 * @addr: which
 * @incarnation: which life of it
 * @n: the last message that was heard of it
 * @in: it is in the view
 */
struct viewed {
	u32 addr;
	u64 incarnation;
	u64 n;
	bool in;
};

/**
 * struct hearer - a listener
 * @view: who takes part, or did
 * @n: how many
 * @ring: the ring that it is in, as the messages have it
 * @count: messages that it heard in it
 * @sum: of all that was heard in it, in its order
 * @transitional: it was told that the ring lost somebody
 * @lost: whom, mixed
 * @due: a ring in which it must hear at least ...
 * @due_count: ... so many messages
 * @sent: messages of node_send() that were taken for sending
 * @last: the node's count of the last of them
 * @own: how many of the node's messages have an outcome: they were heard, or nobody
 *	knows
 * @outcome: of each whether it has
 * @s_outcome: how many @outcome has room for
 * @unknown: how many nobody knows of
 * @removed: nodes that it was told are gone, in all
 * @heard: messages of node_send() that it heard in all
 * @refused: it was told that there is no room, and not that there is again
 */
struct hearer {
	struct viewed *view;
	u32 n;
	struct pfsnl_ring_id ring;
	u32 count;
	u64 sum;
	bool transitional;
	u64 lost;
	struct pfsnl_ring_id due;
	u32 due_count;
	u64 sent;
	u64 last;
	u64 own;
	u8 *outcome;
	u64 s_outcome;
	u64 unknown;
	u64 removed;
	u64 heard;
	bool refused;
};

struct hearings;

void hearer_reset(struct hearer *h);
void hearer_hear(struct hearer *h, struct node *n,
		 const struct pfsnl_order_event *ev);
void hearer_check(struct hearer *h, struct node *n);
struct hearings *hearings_new(void);
u64 hearings_step(struct hearings *all, u64 key, u64 sum, u32 by);
void hearings_free(struct hearings *all);
bool hearer_same(const struct world *w);
bool hearer_agrees(struct world *w, void *arg);

#endif /* CORE_HEARER_H */
