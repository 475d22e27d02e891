/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of the core: what its rooms share. Nothing here is for others.
 *
 *	core.c		life, inputs, timers, answers to questions
 *	neighbour.c	what beacons and silence tell about a node
 *	tether.c	tethers: table, frames, handing each to its room
 *	lead.c		being a leader: dialling, dropping, stepping down
 *	record.c	succeeding one: finishing the ring that it left unfinished
 *	merge.c		two leaders: the better one takes the other's nodes in
 *	handover.c	two leaders: the worse one, and its clients, change over
 *	follow.c	not being one: listening, claims, orphans, succession
 *	install.c	rings: making the next, changing the list
 *	quorum.c	whether a ring has the majority, and for how long
 * and those of ordered messages, see order.h, of groups, see groups.h, and of
 * synchronizing services, see sync.h.
 *
 * All of it runs in whatever calls the core, one call at a time.
 */
#ifndef PFSNL_CORE_STATE_H
#define PFSNL_CORE_STATE_H

#include <linux/list.h>

#include "broken.h"
#include "core.h"
#include "frame.h"
#include "groups.h"
#include "order.h"
#include "roster.h"
#include "sync.h"
#include "timer.h"

/* A starting node beacons this often, this far apart, before it settles. */
#define PFSNL_QUICK_BEACONS	5
#define PFSNL_QUICK_MS		20
/* Joins and losses within this time after the last are one ring ... */
#define PFSNL_GATHER_MS		5
/* ... but no change waits longer than this. */
#define PFSNL_GATHER_MAX_MS	50
/* Connections of others that may be open without a claim at once */
#define PFSNL_SHAKING_MAX	16
/* After a shortage of memory, try again after this. */
#define PFSNL_RETRY_MS		10
/* a list that was sent may take so long to come, if packets get lost */
#define PFSNL_BEHIND_MS		1000
/* A failed dial is tried again after a beacon interval, then up to this. */
#define PFSNL_BACKOFF_MAX_MS	1000
/* So often in a row a node may fall out right after it came, and is dialled at once. */
#define PFSNL_FALLS_FREE	2
/* The same for another leader */
#define PFSNL_BACKOFF_MERGE_MAX_MS	10000
/* The same for level-0 peers, which have no way to say what is wrong. */
#define PFSNL_BACKOFF_LEVEL0_MS		1000
#define PFSNL_BACKOFF_LEVEL0_MAX_MS	60000
/* How long a departed node is remembered for level-0 peers' sake */
#define PFSNL_DEPARTED_MS	60000
/* Farthest that a ring number may be ahead of all that we have seen */
#define PFSNL_SEQ_LEAP		0x100000000ULL
/* The least room a tether keeps for updates, in bytes */
#define PFSNL_ROOM_MIN		4096

enum pfsnl_tether_state {
	PFSNL_TETHER_CONNECTING,	/* ours: connection under way */
	PFSNL_TETHER_CLAIMED,		/* ours: CLAIM sent, answer awaited */
	PFSNL_TETHER_FETCHING,		/* ours: has a newer record, awaited */
	PFSNL_TETHER_MERGING,		/* ours: in the ring once all merge */
	PFSNL_TETHER_MEMBER,		/* ours: the node is or will be in the ring */
	PFSNL_TETHER_CALLED,		/* theirs: CLAIM awaited */
	PFSNL_TETHER_ACCEPTED,		/* theirs: from our leader */
	PFSNL_TETHER_STANDBY,		/* theirs: from who is to be our leader */
	PFSNL_TETHER_CLOSING,		/* theirs: answered, they are to close it */
};

/**
 * struct pfsnl_tether - a connection, as the core sees it
 * @core: whose
 * @list: all tethers, in the order in which they began
 * @by_id: all tethers by number
 * @id: number that the surroundings know it by
 * @addr: the other side
 * @level: of the other side; 1 for theirs
 * @state: how far it is
 * @node: ours: the node it is to, until CLOSING; theirs: NULL
 * @member: ours: whom the ring is to name, valid from MEMBER on
 * @stream: frames being put together
 * @timer: limit of the state it is in
 * @claimed_at: when we sent CLAIM
 * @up_at: when it became a member's or our leader's
 * @theirs: ours: the ring that the node was in when it answered
 * @synced: ours: it has been given the list as it is
 * @up_to_date: ours: it was given the list once at least
 * @blocked: ours: the parcel under way found no room
 * @merged: ours: the node came with another leader
 * @votes_from: ours: when the votes of the node begin to count
 * @flow: ordered messages
 */
struct pfsnl_tether {
	struct pfsnl_core *core;
	struct list_head list;
	struct rb_node by_id;
	u32 id;
	u32 addr;
	u8 level;
	enum pfsnl_tether_state state;
	struct pfsnl_node *node;
	struct pfsnl_member member;
	struct pfsnl_stream stream;
	struct pfsnl_timer timer;
	u64 claimed_at;
	u64 up_at;
	struct pfsnl_ring_id theirs;
	bool synced;
	bool up_to_date;
	bool blocked;
	bool merged;
	u64 votes_from;
	struct pfsnl_flow flow;
};

/**
 * struct pfsnl_core - a node
 * @ops: its surroundings
 * @ctx: theirs
 * @cfg: its settings
 * @cluster_id: number of its cluster
 * @incarnation: which life of it this is
 * @now: time of the call that runs
 * @came: when the datagram came that it brings, or earlier
 * @timers: all timers below
 * @deadline: what the surroundings were told last
 * @roster: the nodes it knows
 * @nobody: the contact of those that it has nothing to do with; never written to
 * @tethers: all of them
 * @tether_ids: the same by number
 * @dials: how many are ours and not MEMBER yet
 * @clients: how many are MEMBER
 * @shaking: how many are CALLED
 * @role: what it is
 * @ring: the ring it is in
 * @seq_seen: largest number of a ring it ever saw
 * @generation: number of the last update raised
 * @planned: number of the ring that the beacon plan names
 * @refresh: renews the beacon plan before it expires
 *
 * @role_timer: LISTENING, ORPHAN: when to decide again; LEAVING: the limit
 * @since: when the role began
 * @listen_until: LISTENING: end of the listening window
 * @unclaimed: LISTENING: it was told that a leader does not claim us
 * @best: LISTENING, ORPHAN: of those who would lead before us the best, or 0
 * @passed_over: LISTENING, ORPHAN: others who wait were heard and not remembered
 *
 * @up: CLIENT: the tether to the leader
 * @standby: CLIENT, ORPHAN: from the leader that ours hands over to; LEADER:
 *	from the one that we hand over to
 * @heir: CLIENT: leader that ours hands over to, 0 if none
 * @heir_incarnation: of it
 * @heir_after: and it may have us once we have all messages up to this number
 * @leader_addr: CLIENT, ORPHAN: the leader followed, or followed last
 * @leader_incarnation: of it
 * @leader_gone: ORPHAN: it was declared gone
 * @successor: ORPHAN: address of the leader it named to take over, or 0
 *
 * @install: LEADER: when the next ring is made
 * @dirty_since: LEADER: first change not yet installed, 0 if none
 * @expect_until: LEADER: how long the first ring waits for @expected
 * @expected: LEADER: nodes that the first ring waits for
 * @new_ring: LEADER: the next install makes a ring even if nothing changed
 * @suspect_since: LEADER: since when most tethers block, 0 if they don't
 * @succeeds: LEADER: until its first ring; the list is still that of the leader
 *	before
 *
 * @behind_since: CLIENT: since when its leader's beacons name a newer ring, or 0
 * @merged: CLIENT: the next ring comes from who took our leader's nodes over
 *
 * @cut_off: our own interface has no carrier
 *
 * @votes_from: when our own votes begin to count
 * @votes: votes in the ring
 * @expected_votes: of which the leader of the ring thinks that all have together
 * @quorate: the ring has a majority of them
 * @majority: the ring has them, and a leader
 * @hold: until when it is not quorate all the same
 * @lease_end: until when it is known that nobody else can have a quorate ring
 * @lease_leader: who leads the ring that this is about ...
 * @lease_incarnation: ... and in which life
 * @ring_tether: CLIENT: number of the tether that this ring came on
 * @lease_told: what the beacons were given of it
 * @follow_asked: LEADER: when we last asked those who did not say that they
 *	follow us
 * @quorum: when @quorate is to be looked at again
 *
 * @loser: LEADER: MERGING: from the leader whose nodes we take in
 * @merge_until: LEADER: how long the merge waits for them
 * @merging: LEADER: how many of them are waited for
 * @merge_lacks: LEADER: one of them could not be had, or one of ours was lost
 *	meanwhile
 * @doubt_until: LEADER: this machine stood still; who of the list still follows us is
 *	known by then
 * @merge: LEADER: when to dial those again
 *
 * @order: ordered messages
 * @groups: groups of processes
 * @sync: services
 *
 * @counters: what was counted
 */
struct pfsnl_core {
	const struct pfsnl_core_ops *ops;
	void *ctx;
	struct pfsnl_config cfg;
	u64 cluster_id;
	u64 incarnation;
	u64 now;
	u64 came;
	struct pfsnl_timers timers;
	u64 deadline;
	struct pfsnl_roster roster;
	struct pfsnl_contact nobody;
	struct list_head tethers;
	struct rb_root tether_ids;
	u32 dials;
	u32 clients;
	u32 shaking;
	enum pfsnl_role role;
	struct pfsnl_ring_id ring;
	u64 seq_seen;
	u64 generation;
	u64 planned;
	struct pfsnl_timer refresh;

	struct pfsnl_timer role_timer;
	u64 since;
	u64 listen_until;
	bool unclaimed;
	u32 best;
	bool passed_over;

	struct pfsnl_tether *up;
	struct pfsnl_tether *standby;
	u32 heir;
	u64 heir_incarnation;
	u64 heir_after;
	u32 leader_addr;
	u64 leader_incarnation;
	bool leader_gone;
	u32 successor;

	struct pfsnl_timer install;
	u64 dirty_since;
	u64 expect_until;
	u32 expected;
	bool new_ring;
	u64 suspect_since;
	bool succeeds;

	u64 behind_since;
	bool merged;

	bool cut_off;

	u64 votes_from;
	u32 votes;
	u32 expected_votes;
	bool quorate;
	bool majority;
	u64 hold;
	u64 lease_end;
	u32 lease_leader;
	u64 lease_incarnation;
	u32 ring_tether;
	u64 lease_told;
	u64 follow_asked;
	struct pfsnl_timer quorum;

	struct pfsnl_tether *loser;
	u64 merge_until;
	u32 merging;
	bool merge_lacks;
	u64 doubt_until;
	struct pfsnl_timer merge;

	struct pfsnl_order order;
	struct pfsnl_groups groups;
	struct pfsnl_sync sync;

	u64 counters[PFSNL_COUNTER_N];
};

/* plan.c */
void pfsnl_plan(struct pfsnl_core *core, u32 burst);
void pfsnl_plan_refresh(struct pfsnl_core *core, struct pfsnl_timer *timer);

/* core.c */
void pfsnl_core_enter(struct pfsnl_core *core, u64 now);
void pfsnl_core_done(struct pfsnl_core *core);
void *pfsnl_alloc(struct pfsnl_core *core, size_t size);
void *pfsnl_alloc_raw(struct pfsnl_core *core, size_t size);
void pfsnl_free(struct pfsnl_core *core, void *p);
void pfsnl_count(struct pfsnl_core *core, enum pfsnl_counter c);
void pfsnl_note(struct pfsnl_core *core, enum pfsnl_note note, u32 addr,
		u32 reason, u64 number);
void pfsnl_timer_at(struct pfsnl_core *core, struct pfsnl_timer *t, u64 when);
void pfsnl_role_set(struct pfsnl_core *core, enum pfsnl_role role);
void pfsnl_state_event(struct pfsnl_core *core);
bool pfsnl_seq_seen(struct pfsnl_core *core, u64 seq);
u64 pfsnl_dead_time(const struct pfsnl_core *core);
u64 pfsnl_interval(const struct pfsnl_core *core);

/* neighbour.c */
bool pfsnl_node_meet(struct pfsnl_core *core, struct pfsnl_node *n);
struct pfsnl_node *pfsnl_node_add(struct pfsnl_core *core, u32 addr);
void pfsnl_node_free(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_node_sweep(struct pfsnl_core *core);
struct pfsnl_node *pfsnl_node_get(struct pfsnl_core *core, u32 addr);
void pfsnl_node_review(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_node_alive(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_node_spare(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_node_described(struct pfsnl_node *n, const struct pfsnl_hello *h);
bool pfsnl_node_fresh(const struct pfsnl_core *core,
		      const struct pfsnl_node *n);
void pfsnl_beacon_heard(struct pfsnl_core *core, u32 src,
			const struct pfsnl_beacon *b);
void pfsnl_beacon_heard_level0(struct pfsnl_core *core, u32 src);
void pfsnl_beacon_answer(struct pfsnl_core *core, struct pfsnl_node *n,
			 u16 flags);

/* tether.c */
struct pfsnl_tether *pfsnl_tether_find(struct pfsnl_core *core, u32 id);
struct pfsnl_tether *pfsnl_tether_add(struct pfsnl_core *core, u32 id, u32 addr,
				      enum pfsnl_tether_state state);
void pfsnl_tether_state(struct pfsnl_tether *t, enum pfsnl_tether_state state);
void pfsnl_tether_end(struct pfsnl_tether *t, u32 reason);
void pfsnl_tether_fail(struct pfsnl_tether *t, u32 reason);
void pfsnl_tether_malformed(struct pfsnl_tether *t);
void pfsnl_tether_unexpected(struct pfsnl_tether *t);
void pfsnl_tether_frame(struct pfsnl_tether *t, int got);
int pfsnl_tether_send(struct pfsnl_tether *t, const void *data, size_t len);
int pfsnl_tether_hello(struct pfsnl_tether *t, u32 op, u64 subject, u32 reason,
		       u32 flags);
int pfsnl_tether_leave(struct pfsnl_tether *t, u32 op, u32 reason,
		       u32 successor, u64 incarnation);
int pfsnl_tether_foreign(struct pfsnl_tether *t, const struct pfsnl_beacon *b);
int pfsnl_tether_ask_record(struct pfsnl_tether *t);
int pfsnl_tether_ping(struct pfsnl_tether *t, u32 op, u64 number);

/* lead.c */
u64 pfsnl_dial_time(const struct pfsnl_core *core);
void pfsnl_lead(struct pfsnl_core *core);
void pfsnl_lead_dial(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_lead_meets(struct pfsnl_core *core, struct pfsnl_node *n,
		      u32 members, u8 priority);
void pfsnl_lead_welcome(struct pfsnl_tether *t);
void pfsnl_lead_unexpect(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_lead_heard(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_lead_opened(struct pfsnl_tether *t, int err);
void pfsnl_lead_frame(struct pfsnl_tether *t);
void pfsnl_lead_failed(struct pfsnl_tether *t, u32 reason);
void pfsnl_lead_drop(struct pfsnl_core *core, struct pfsnl_node *n, u32 reason);
u32 pfsnl_lead_members(const struct pfsnl_core *core);
bool pfsnl_lead_yields(const struct pfsnl_core *core, u32 members, u8 priority,
		       u32 addr);
void pfsnl_lead_farewell(struct pfsnl_core *core, u32 reason, u32 successor,
			 u64 incarnation);
void pfsnl_lead_step_down(struct pfsnl_core *core, u32 successor,
			  u64 incarnation);

/* record.c */
bool pfsnl_record_newer(const struct pfsnl_ring_id *a,
			const struct pfsnl_ring_id *b);
int pfsnl_record_give(struct pfsnl_tether *t);
void pfsnl_record_fetched(struct pfsnl_tether *t);
void pfsnl_record_superseded(struct pfsnl_core *core);

/* merge.c */
void pfsnl_merge_claimed(struct pfsnl_tether *t);
void pfsnl_merge_listed(struct pfsnl_tether *t);
void pfsnl_merge_joined(struct pfsnl_tether *t);
void pfsnl_merge_failed(struct pfsnl_tether *t, u32 reason);
void pfsnl_merge_forget(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_merge_abort(struct pfsnl_core *core, u32 reason);
void pfsnl_merge_timer(struct pfsnl_core *core, struct pfsnl_timer *timer);

/* handover.c */
bool pfsnl_handover_possible(const struct pfsnl_core *core,
			     const struct pfsnl_node *n);
void pfsnl_handover_give(struct pfsnl_core *core, const struct pfsnl_node *n,
			 u64 incarnation);
void pfsnl_handover_begin(struct pfsnl_tether *t, const struct pfsnl_hello *h);
void pfsnl_handover_told(struct pfsnl_tether *t);
void pfsnl_handover_standby(struct pfsnl_tether *t, const struct pfsnl_hello *h);
void pfsnl_handover_done(struct pfsnl_tether *t);
void pfsnl_handover_failed(struct pfsnl_tether *t, u32 reason);

/* follow.c */
void pfsnl_listen(struct pfsnl_core *core);
bool pfsnl_follow_waits(const struct pfsnl_beacon *b);
bool pfsnl_follow_needs(struct pfsnl_core *core, u32 src,
			const struct pfsnl_beacon *b);
void pfsnl_follow_timer(struct pfsnl_core *core);
void pfsnl_follow_handed(struct pfsnl_core *core, u32 successor);
void pfsnl_follow_alive(struct pfsnl_core *core);
void pfsnl_follow_heard(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_follow_frame(struct pfsnl_tether *t);
void pfsnl_follow_broken(struct pfsnl_core *core, u32 reason);
void pfsnl_follow_lost(struct pfsnl_core *core, u32 reason, u32 successor);
bool pfsnl_follow_gone(const struct pfsnl_core *core,
		       const struct pfsnl_node *n);
bool pfsnl_follow_is_leader(const struct pfsnl_core *core,
			    const struct pfsnl_node *n);

/* quorum.c */
void pfsnl_quorum_withhold(struct pfsnl_core *core);
u32 pfsnl_quorum_expected(const struct pfsnl_core *core);
u32 pfsnl_quorum_young(const struct pfsnl_core *core);
u32 pfsnl_quorum_hold(const struct pfsnl_core *core, u32 missing);
void pfsnl_quorum_ring(struct pfsnl_core *core, u32 hold_ms);
void pfsnl_quorum_unsure(struct pfsnl_core *core);
void pfsnl_quorum_lease(struct pfsnl_core *core, u64 seen, u32 lease_ms);
void pfsnl_quorum_follows(struct pfsnl_core *core, struct pfsnl_node *n,
			  u64 seen);
u32 pfsnl_quorum_lease_ms(const struct pfsnl_core *core);
void pfsnl_quorum_tell(struct pfsnl_core *core);
void pfsnl_quorum_review(struct pfsnl_core *core);
void pfsnl_quorum_timer(struct pfsnl_core *core, struct pfsnl_timer *timer);

/* install.c */
void pfsnl_install_announce(struct pfsnl_core *core);
void pfsnl_install_soon(struct pfsnl_core *core);
void pfsnl_install_timer(struct pfsnl_core *core, struct pfsnl_timer *timer);
void pfsnl_install_alone(struct pfsnl_core *core, u32 reason);
void pfsnl_install_now(struct pfsnl_core *core);
int pfsnl_install_take(struct pfsnl_core *core, const struct pfsnl_install *in);
int pfsnl_install_record(struct pfsnl_core *core,
			 const struct pfsnl_install *in);
u8 *pfsnl_install_list(struct pfsnl_core *core, size_t *len);

#endif /* PFSNL_CORE_STATE_H */
