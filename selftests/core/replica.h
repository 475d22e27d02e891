/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A service on the nodes of a world: a set of numbers, to which operations add. Who
 * transmits sends its set in pieces, all others make a new one of what comes. What must
 * hold is checked as it happens:
 *
 *	sync-legal	what a service is told comes in the order that service.h says,
 *			and in the ring of the round; memory was reserved before
 *	sync-transmitter all see the same members of a round, and the same of them
 *			transmit, and only these
 *	sync-same	whoever is activated in the same ring is so at the same place,
 *			with the same state, and so it is after each operation
 *	sync-keeps	what a node has it still has after a round
 *	sync-retry	an operation that is to be sent again was applied by nobody
 *	sync-own	of one's own operations each has one outcome
 */
#ifndef CORE_REPLICA_H
#define CORE_REPLICA_H

#include "core.h"

struct node;
struct world;

/**
 * struct set - numbers
 * @at: these, rising
 * @n: how many
 * @size: room for
 */
struct set {
	u64 *at;
	u32 n;
	u32 size;
};

/**
 * struct replica - a service on a node
 * @next: of the same node
 * @node: where it is
 * @id: of the service
 * @set: its state
 * @trail: the set as it was activated, and what was applied since, in its order, mixed
 * @temp: what the round makes
 * @in_round: a round is under way
 * @active: operations are applied
 * @done: it told that it has nothing more to transmit
 * @ring: of the round, or in which it is active
 * @times: how often it was activated
 * @transmits: it is to transmit
 * @sent: how much of the set it has transmitted
 * @spares: memory that it reserved
 * @n_spares: how many pieces
 * @chunk: numbers in a piece that it transmits
 * @filler: bytes beside them
 * @stuck: it is never done
 * @lazy: it transmits one piece at a time
 * @more: likewise, but wants to be asked again at once
 * @waits: likewise, but wants to be asked again after data
 * @asked_in: call of the core in which it was asked last
 * @n_said: operations of its own
 * @n_back: of which it knows what became
 * @n_retry: of which nobody applied
 * @n_unknown: of which nobody knows
 * @n_aborts: rounds that came to nothing
 * @n_asked: times it was told to transmit
 * @n_again: times it could not send all
 */
struct replica {
	struct replica *next;
	struct node *node;
	u16 id;
	struct set set;
	u64 trail;
	struct set temp;
	bool in_round;
	bool active;
	bool done;
	struct pfsnl_ring_id ring;
	u64 times;
	bool transmits;
	u32 sent;
	void **spares;
	u32 n_spares;
	u32 chunk;
	u32 filler;
	bool stuck;
	bool lazy;
	bool more;
	bool waits;
	u64 asked_in;
	u64 n_said;
	u64 n_back;
	u64 n_retry;
	u64 n_unknown;
	u64 n_aborts;
	u64 n_asked;
	u64 n_again;
};

struct replica *replica_add(struct node *n, u16 id);
int replica_remove(struct replica *r);
int replica_say(struct replica *r, u16 flags, u32 filler);
struct replica *replica_of(const struct node *n, u16 id);
bool replica_has(const struct replica *r, u64 number);
int replica_told(struct node *n, const struct pfsnl_sync_event *ev);
void replicas_start(struct node *n);
bool replicas_same(const struct world *w);
bool replicas_active(const struct world *w);
bool replicas_settled(struct world *w, void *arg);

#endif /* CORE_REPLICA_H */
