/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Synchronizing services, as the rooms of the core share it.
 *
 *	syncmsg.c	what messages about services look like
 *	sync.c		the round: what messages and rings do to it
 *	service.c	services of this node: adding, transmitting, operations
 *
 * After each ring every service goes through a round, INIT, PROCESS, ACTIVATE, or
 * ABORT (see service.h). All of it is driven by ordered messages, so that it happens
 * at the same place for everybody:
 *
 *	ROUND	by the leader, after the mark: these nodes are to say what they have
 *	REPORT	by each of them. With the last one INIT runs for all services
 *	DATA	what the service transmits whose turn it is
 *	DONE	by each node that has that service: it has transmitted all. With the
 *		last one the service is activated, and the next has its turn
 *
 * Services have their turn by rising id, all that anybody reported, also where this
 * node does not have them.
 *
 * Rules:
 *
 * - A mark ends the round, whatever it was at: what was not activated is aborted, and
 *   all that is reported, transmitted and done for another ring is ignored.
 * - What a service reports is the ring in which it itself was activated last; rings
 *   that were only installed, and other services, mean nothing to it.
 * - Who transmits is decided by what is reported: of those that report the same ring
 *   those that applied most operations since, and of these the lowest. (Rule 18 says
 *   the lowest of all. But who fell out before all of the ring's messages had come
 *   reports the same ring too, and would take back what others have applied.)
 * - Not every node reports after every ring, as the design has it: where no node has a
 *   service nothing is said at all. The leader knows who has some as it does with
 *   groups: they said so when they accepted it, or by SERVE or REPORT later.
 * - A node whose services change says SERVE, and the leader makes a new ring. What is
 *   added meanwhile takes part from that ring on.
 * - An operation is applied if it is delivered in the ring that it names, after the
 *   service was activated there: there is no round under way for it then. That goes by
 *   messages delivered only, so all find the same.
 * - Nothing is transmitted before groups are one (groups.h), so that they don't wait.
 * - What services transmit has room of its own in the outbox, so that neither they nor
 *   others wait for each other for ever.
 * - Who leads and keeps all waiting beyond the deadline hands over to one that does
 *   not, which drops it in turn if it goes on so (rule 22).
 * - What needs memory to be delivered has it before; what this node has to say is tried
 *   again if there is none.
 */
#ifndef PFSNL_CORE_SYNC_H
#define PFSNL_CORE_SYNC_H

#include <linux/list.h>

#include "service.h"
#include "syncmsg.h"
#include "timer.h"

struct pfsnl_core;
struct pfsnl_entry;
struct pfsnl_mate;

/**
 * struct pfsnl_sync_record - a service of a node that takes part in a round
 * @next: of the same node by rising id; or the next spare one
 * @served: what was reported
 * @transmits: it is the one to transmit what those have that report the same ring
 * @done: DONE of it was delivered
 * @word: the service's own
 */
struct pfsnl_sync_record {
	struct pfsnl_sync_record *next;
	struct pfsnl_served served;
	bool transmits;
	bool done;
	u32 word;
};

/**
 * struct pfsnl_service - a service of this node
 * @list: all of them, by rising id
 * @served: which, and when it was activated last
 * @who: as the surroundings know it
 * @born: our count of messages when it was added
 * @reported: our REPORT names it
 * @in_round: it was told INIT, and neither ABORT nor ACTIVATE since
 * @active: it was activated in the ring that there is
 * @processing: it was told PROCESS in this round
 * @done: and has nothing more to transmit
 * @waits: it is not told PROCESS before there is DATA
 * @more: nor before all else that waits
 * @sent: DONE is under way
 * @members: nodes that have it in this round
 * @transmits: of those that were activated in the same ring it is this node that
 *	transmits
 * @items: messages of DATA in this round
 * @bytes: of those
 * @phase: what it was at when the last input ended
 * @phase_at: since when
 * @aborts: rounds that were aborted
 */
struct pfsnl_service {
	struct list_head list;
	struct pfsnl_served served;
	void *who;
	u64 born;
	bool reported;
	bool in_round;
	bool active;
	bool processing;
	bool done;
	bool waits;
	bool more;
	bool sent;
	u32 members;
	bool transmits;
	u64 items;
	u64 bytes;
	enum pfsnl_sync_phase phase;
	u64 phase_at;
	u64 aborts;
};

/**
 * struct pfsnl_sync - services, as a node has them
 * @services: of this node
 * @n: how many
 * @spare: memory for records, so that having a message can't fail
 * @reserved: services were told RESERVE
 * @rounded: LEADER: ROUND of the ring is under way
 * @asked: ROUND was delivered
 * @awaited: nodes that are asked and have not reported
 * @reported: our REPORT is under way
 * @begun: all have reported
 * @turn: id of the service whose turn it is, 0 if there is none
 * @since: when what is waited for now could be done first
 * @overdue: LEADER: when who has not done so is looked for
 * @yields: we led, handed over since we said nothing, and have not been done since:
 *	we don't want to lead
 * @changed: our services are not those that we reported
 * @said: but who leads knows that there is something to ask
 * @due: something may be to send
 * @again_at: not before this time PROCESS is said again
 * @retry: when to try again
 * @out_bytes: what DATA of ours counts for that has no number yet
 * @full: somebody was told that this is too much
 * @telling: a service is being told something other than PROCESS
 * @asking: a service is being told PROCESS
 */
struct pfsnl_sync {
	struct list_head services;
	u32 n;
	struct pfsnl_sync_record *spare;
	bool reserved;
	bool rounded;
	bool asked;
	u32 awaited;
	bool reported;
	bool begun;
	u16 turn;
	u64 since;
	struct pfsnl_timer overdue;
	bool yields;
	bool changed;
	bool said;
	bool due;
	u64 again_at;
	struct pfsnl_timer retry;
	size_t out_bytes;
	bool full;
	bool telling;
	bool asking;
};

/* sync.c */
void pfsnl_sync_init(struct pfsnl_core *core);
void pfsnl_sync_exit(struct pfsnl_core *core);
int pfsnl_sync_reserve(struct pfsnl_core *core, const struct pfsnl_entry *e);
void pfsnl_sync_trim(struct pfsnl_core *core);
void pfsnl_sync_ring(struct pfsnl_core *core);
void pfsnl_sync_message(struct pfsnl_core *core, const struct pfsnl_entry *e);
void pfsnl_sync_unite(struct pfsnl_core *core);
void pfsnl_sync_wait(struct pfsnl_core *core);
void pfsnl_sync_pump(struct pfsnl_core *core);
void pfsnl_sync_ends_yield(struct pfsnl_core *core);
void pfsnl_sync_due(struct pfsnl_core *core);
void pfsnl_sync_later(struct pfsnl_core *core);
struct pfsnl_sync_record *pfsnl_sync_record(const struct pfsnl_mate *mate, u16 id);
bool pfsnl_sync_awaits(const struct pfsnl_core *core, const struct pfsnl_mate *mate);

/* service.c */
struct pfsnl_service *pfsnl_service_find(struct pfsnl_core *core, u16 id);
int pfsnl_service_tell(struct pfsnl_core *core, struct pfsnl_service *svc,
		       struct pfsnl_sync_event *ev);
void pfsnl_service_phases(struct pfsnl_core *core);
void pfsnl_service_pump(struct pfsnl_core *core);
void pfsnl_service_accepts(struct pfsnl_core *core);
void pfsnl_service_freed(struct pfsnl_core *core, size_t cost);
void pfsnl_service_unknown(struct pfsnl_core *core, const struct pfsnl_entry *e);

#endif /* PFSNL_CORE_SYNC_H */
