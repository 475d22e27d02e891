/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A world: nodes that run the protocol core, and level-0 peers that don't, on
 * one network segment, in virtual time. One seed is one exact run.
 *
 * What must hold at all times is checked at all times: see watch.c, and
 * world_check_ring(). What a test wants to see, it asks for.
 */
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include "core.h"
#include "hearer.h"
#include "keeper.h"
#include "ledger.h"
#include "net.h"
#include "process.h"
#include "replica.h"
#include "sim.h"
#include "watch.h"

#define WORLD_NET	0x0a000000U		/* 10.0.0.0/16 */
#define WORLD_BROADCAST	(WORLD_NET | 0xffff)
#define WORLD_ADDR(i)	(WORLD_NET + 1 + (i))

/* what messages may fill of a tether, beside the room for updates, bytes */
#define NODE_BULK	32768

struct world;
struct node;

/**
 * struct node_tether - a tether that the core knows by its number
 * @by_id: in the node
 * @id: the number
 * @end: its end of the stream
 * @accepted: ACCEPT was said along it
 * @blocked: op of a frame that it had no room for
 */
struct node_tether {
	struct rb_node by_id;
	u32 id;
	struct stream_end *end;
	bool accepted;
	u32 blocked;
};

/**
 * struct world_tap - somebody who sees everything
 * @note: the core notes something, in the middle of a call
 * @says: the core writes a frame, in the middle of a call
 * @done: a call of the core ended
 * @hears: the core is about to be given a datagram
 * @beacon: a beacon is about to be sent
 */
struct world_tap {
	void (*note)(struct node *n, enum pfsnl_note note, u32 addr, u32 reason,
		     u64 number);
	void (*says)(struct node *n, struct node_tether *t, const u8 *frame,
		     size_t len);
	void (*done)(struct node *n);
	void (*hears)(struct node *n, u32 src, const void *data, size_t len);
	void (*beacon)(struct node *n);
};

/**
 * struct node - a host that runs a core
 * @host: the host
 * @world: where it is
 * @core: what it runs, NULL when it does not
 * @cfg: settings of its next start
 * @incarnation: of this life
 * @started: when that began, nanoseconds
 * @paused: when it was hung or frozen last
 * @woken: when it went on after that
 * @rate: of a million nanoseconds its clock shows so many too many
 * @clock: what it showed ...
 * @clock_at: ... when it got that rate
 * @ledger: its memory
 * @watch: a listener
 * @hearer: a listener to messages
 * @processes: in groups
 * @replicas: services
 * @keeper: its checkpoints, NULL: it has no such service
 * @serves: ids of the services that it has when it starts, a bit each
 * @tethers: its open tethers by number
 * @last_id: number of the newest
 * @blocked: one had no room for a frame; reset by who sees it
 * @inside: a call to the core runs
 * @calls: how many there were
 * @left: the core said that its goodbye is over
 * @gone: event that follows that
 * @plan: beacons to send, NULL when there are none
 * @beacon: event of the next
 * @beacon_last: when the last one was sent, by its clock
 * @beacon_next: when that is, by its clock
 * @beacon_counter: number of the last one
 * @lease: what beacons say of how long the ring is quorate
 * @burst: quick ones still to send
 * @muted: beacons are prepared but not sent
 * @garbles: its answers to MUSTER are not understood by anybody
 * @alarm: event of the deadline
 * @alarm_when: the deadline, by its clock
 * @late: the alarm or the beacon came due while it stood still
 * @on_note: called with each note of the core, if set
 */
struct node {
	struct host host;
	struct world *world;
	struct pfsnl_core *core;
	struct pfsnl_config cfg;
	u64 incarnation;
	u64 started;
	u64 paused;
	u64 woken;
	s32 rate;
	u64 clock;
	u64 clock_at;
	struct ledger ledger;
	struct watch watch;
	struct hearer hearer;
	struct process *processes;
	struct replica *replicas;
	struct keeper *keeper;
	u32 serves;

	struct rb_root tethers;
	u32 last_id;
	bool blocked;
	bool inside;
	u64 calls;
	bool left;
	struct sim_event gone;

	struct pfsnl_beacon_plan *plan;
	struct sim_event beacon;
	u64 beacon_last;
	u64 beacon_next;
	u32 beacon_counter;
	u64 lease;
	u32 burst;
	bool muted;
	bool garbles;

	struct sim_event alarm;
	u64 alarm_when;
	bool late;

	void (*on_note)(struct node *n, enum pfsnl_note note, u32 addr,
			u32 reason, u64 number);
};

/**
 * struct world - everything
 * @sim: virtual time
 * @net: the segment
 * @nodes: all nodes, in the order in which they were made
 * @n: how many
 * @peers: all level-0 peers
 * @n_peers: how many
 * @rings: lists of all rings ever installed
 * @hearings: what those heard who listen to messages; NULL: nobody does
 * @changes: grows whenever a list, a role or a ring changed somewhere
 * @digest: of all that ever happened; the same in the same run
 * @seed: of this run
 * @tap: who sees everything, or NULL
 * @trace: print what happens
 */
struct world {
	struct sim sim;
	struct net net;
	struct node **nodes;
	u32 n;
	struct level0 **peers;
	u32 n_peers;
	struct world_rings *rings;
	struct hearings *hearings;
	u64 changes;
	u64 digest;
	u64 seed;
	const struct world_tap *tap;
	bool trace;
};

/* world.c */
struct world *world_new(u64 seed);
void world_free(struct world *w);
struct node *world_node(struct world *w, u32 i);
void world_nodes(struct world *w, u32 n);
void world_start(struct world *w);
void world_run(struct world *w, u64 time);
bool world_until(struct world *w, bool (*done)(struct world *w, void *arg),
		 void *arg, u64 limit);
bool world_agrees(struct world *w, void *arg);
struct node *world_leader(struct world *w);
void world_split(struct world *w, u32 first_of_other_side);
void world_cut(struct world *w, struct node *a, struct node *b, u32 what);
void world_changed(struct world *w, struct node *n);
void world_digest(struct world *w, u64 x);
__printf(3, 4) void world_say(struct world *w, const struct host *host,
			      const char *format, ...);

/* node.c */
void node_init(struct node *n, struct world *w, u32 addr);
void node_exit(struct node *n);
int node_start(struct node *n);
void node_stop(struct node *n);
void node_leave(struct node *n, u64 wait);
void node_kill(struct node *n);
void node_abort(struct node *n);
void node_freeze(struct node *n);
void node_hang(struct node *n);
void node_resume(struct node *n);
void node_link(struct node *n, bool up);
u64 node_clock(const struct node *n);
void node_skew(struct node *n, s32 rate);
int node_set(struct node *n, const struct pfsnl_config *cfg);
u64 node_enter(struct node *n);
void node_done(struct node *n);
bool node_runs(const struct node *n);
u64 node_count(const struct node *n, enum pfsnl_counter c);
enum pfsnl_role node_role(const struct node *n);
struct pfsnl_state node_state(const struct node *n);

/* node_tether.c */
struct stream_end *node_end(const struct node *n, u32 nth);
u32 node_tethers(const struct node *n);
size_t node_pending(const struct node *n, u32 addr);
void node_window(struct node *n, u32 window);

/* node_say.c */
int node_send(struct node *n, u16 flags, u32 len);
int node_join(struct node *n, const char *name, void *who, u32 *number);
int node_part(struct node *n, u32 number, u8 why);
int node_tell(struct node *n, u32 number, u16 flags, u32 len);
int node_serve(struct node *n, u16 id, void *who);
int node_unserve(struct node *n, u16 id);
int node_operate(struct node *n, u16 id, u16 flags, const void *data, u32 len);
void node_forge(struct node *n, u16 port, u16 flags, const u8 *data, u32 len);

#endif /* CORE_WORLD_H */
