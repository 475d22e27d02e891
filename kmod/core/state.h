/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of the core: what its rooms share. Nothing here is for others.
 *
 *	core.c		life, inputs, timers, answers to questions
 *	neighbour.c	what beacons and silence tell about a node
 *	tether.c	tethers: table, frames, handing each to its room
 *	lead.c		being a leader: dialling, dropping, stepping down
 *	follow.c	not being one: listening, claims, orphans, succession
 *	install.c	rings: making the next, changing the list
 *
 * All of it runs in whatever calls the core, one call at a time.
 */
#ifndef PFSNL_CORE_STATE_H
#define PFSNL_CORE_STATE_H

#include <linux/list.h>

#include "core.h"
#include "frame.h"
#include "roster.h"
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
/* A failed dial is tried again after a beacon interval, then up to this. */
#define PFSNL_BACKOFF_MAX_MS	1000
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
	PFSNL_TETHER_MEMBER,		/* ours: the node is or will be in the ring */
	PFSNL_TETHER_CALLED,		/* theirs: CLAIM awaited */
	PFSNL_TETHER_ACCEPTED,		/* theirs: from our leader */
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
 * @up_at: when it became a member's or our leader's
 * @synced: ours: it has been given the list
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
	u64 up_at;
	bool synced;
};

/**
 * struct pfsnl_core - a node
 * @ops: its surroundings
 * @ctx: theirs
 * @cfg: its settings
 * @cluster_id: number of its cluster
 * @incarnation: which life of it this is
 * @now: time of the call that runs
 * @timers: all timers below
 * @deadline: what the surroundings were told last
 * @roster: the nodes it knows
 * @tethers: all of them
 * @tether_ids: the same by number
 * @dials: how many are CONNECTING or CLAIMED
 * @clients: how many are MEMBER
 * @shaking: how many are CALLED
 * @role: what it is
 * @ring: the ring it is in
 * @seq_seen: largest number of a ring it ever saw
 * @generation: number of the last update raised
 * @refresh: renews the beacon plan before it expires
 *
 * @role_timer: LISTENING, ORPHAN: when to decide again; LEAVING: the limit
 * @since: when the role began
 * @listen_until: LISTENING: end of the listening window
 *
 * @up: CLIENT: the tether to the leader
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
	struct pfsnl_timers timers;
	u64 deadline;
	struct pfsnl_roster roster;
	struct list_head tethers;
	struct rb_root tether_ids;
	u32 dials;
	u32 clients;
	u32 shaking;
	enum pfsnl_role role;
	struct pfsnl_ring_id ring;
	u64 seq_seen;
	u64 generation;
	struct pfsnl_timer refresh;

	struct pfsnl_timer role_timer;
	u64 since;
	u64 listen_until;

	struct pfsnl_tether *up;
	u32 leader_addr;
	u64 leader_incarnation;
	bool leader_gone;
	u32 successor;

	struct pfsnl_timer install;
	u64 dirty_since;
	u64 expect_until;
	u32 expected;
	bool new_ring;

	u64 counters[PFSNL_COUNTER_N];
};

/* core.c */
void *pfsnl_alloc(struct pfsnl_core *core, size_t size);
void pfsnl_free(struct pfsnl_core *core, void *p);
void pfsnl_count(struct pfsnl_core *core, enum pfsnl_counter c);
void pfsnl_note(struct pfsnl_core *core, enum pfsnl_note note, u32 addr,
		u32 reason, u64 number);
void pfsnl_timer_at(struct pfsnl_core *core, struct pfsnl_timer *t, u64 when);
void pfsnl_role_set(struct pfsnl_core *core, enum pfsnl_role role);
void pfsnl_plan(struct pfsnl_core *core, u32 burst);
void pfsnl_state_event(struct pfsnl_core *core);
bool pfsnl_seq_seen(struct pfsnl_core *core, u64 seq);
u64 pfsnl_dead_time(const struct pfsnl_core *core);
u64 pfsnl_interval(const struct pfsnl_core *core);

/* neighbour.c */
struct pfsnl_node *pfsnl_node_get(struct pfsnl_core *core, u32 addr);
void pfsnl_node_review(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_node_alive(struct pfsnl_core *core, struct pfsnl_node *n);
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
int pfsnl_tether_hello(struct pfsnl_tether *t, u32 op, u64 subject, u32 reason);
int pfsnl_tether_leave(struct pfsnl_tether *t, u32 reason, u32 successor,
		       u64 incarnation);
int pfsnl_tether_ping(struct pfsnl_tether *t, u32 op, u64 number);

/* lead.c */
u64 pfsnl_dial_time(const struct pfsnl_core *core);
void pfsnl_lead(struct pfsnl_core *core);
void pfsnl_lead_heard(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_lead_opened(struct pfsnl_tether *t, int err);
void pfsnl_lead_frame(struct pfsnl_tether *t);
void pfsnl_lead_failed(struct pfsnl_tether *t, u32 reason);
void pfsnl_lead_drop(struct pfsnl_core *core, struct pfsnl_node *n, u32 reason);
bool pfsnl_lead_yields(const struct pfsnl_core *core, u32 members, u8 priority,
		       u32 addr);
void pfsnl_lead_farewell(struct pfsnl_core *core, u32 reason, u32 successor,
			 u64 incarnation);
void pfsnl_lead_step_down(struct pfsnl_core *core, u32 successor,
			  u64 incarnation);

/* follow.c */
void pfsnl_listen(struct pfsnl_core *core);
void pfsnl_follow_timer(struct pfsnl_core *core);
void pfsnl_follow_alive(struct pfsnl_core *core);
void pfsnl_follow_heard(struct pfsnl_core *core, struct pfsnl_node *n);
void pfsnl_follow_frame(struct pfsnl_tether *t);
void pfsnl_follow_broken(struct pfsnl_core *core, u32 reason);
void pfsnl_follow_lost(struct pfsnl_core *core, u32 reason, u32 successor);
bool pfsnl_follow_is_leader(const struct pfsnl_core *core,
			    const struct pfsnl_node *n);

/* install.c */
void pfsnl_install_soon(struct pfsnl_core *core);
void pfsnl_install_timer(struct pfsnl_core *core, struct pfsnl_timer *timer);
void pfsnl_install_alone(struct pfsnl_core *core, u32 reason);
int pfsnl_install_take(struct pfsnl_core *core, const struct pfsnl_install *in);

#endif /* PFSNL_CORE_STATE_H */
