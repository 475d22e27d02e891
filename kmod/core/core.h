/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol of one node, as its surroundings see it.
 *
 * The core does no I/O and knows no clock, lock, thread or randomness. What
 * happens is told to it by the pfsnl_core_*() calls below, each with the time;
 * what it wants done it asks for through struct pfsnl_core_ops while such a call
 * runs. Operations never call back into the core. One caller at a time: in the
 * kernel the node thread with the instance lock held, in userspace whoever
 * drives it.
 *
 * Time is in nanoseconds on a clock that never goes back. Addresses and ports
 * are in host order, except in the lists of events, which are in network order
 * because that is how they leave again.
 */
#ifndef PFSNL_CORE_CORE_H
#define PFSNL_CORE_CORE_H

#include <linux/types.h>

#include "beacon.h"
#include "config.h"
#include "counter.h"
#include "group.h"
#include "log.h"
#include "message.h"
#include "ordermsg.h"
#include "service.h"
#include "time.h"
#include "view.h"

struct pfsnl_core;

/**
 * struct pfsnl_beacon_plan - what beacons to send from now on
 * @wire: the beacon; its counter is stamped when it is sent
 * @interval_ms: time between two
 * @burst: beacons to send quickly, the first at once, before keeping to
 *	@interval_ms; 0 goes on in the rhythm there was
 * @burst_ms: time between those
 * @valid_until: nanoseconds; after that none is sent until a new plan comes, so
 *	that a core that hangs does not look alive (rule: a prepared beacon
 *	expires)
 * @n_to: number of destinations
 * @to: addresses, host order; the port is that of the settings
 */
struct pfsnl_beacon_plan {
	u8 wire[PFSNL_BEACON_LEN];
	u32 interval_ms;
	u32 burst;
	u32 burst_ms;
	u64 valid_until;
	u32 n_to;
	u32 to[];
};

enum pfsnl_event_kind {
	PFSNL_EVENT_UPDATE,	/* the list changed */
	PFSNL_EVENT_RING,	/* a ring was installed, or became quorate or not */
	PFSNL_EVENT_STATE,	/* role, ring or settings changed */
};

/**
 * struct pfsnl_event - something that listeners hear of
 * @kind: which of the fields below count
 * @role: of this node
 * @ring: the ring it is in
 * @generation: UPDATE: number of this update, one more than the one before;
 *	STATE: number of the last one
 * @op: UPDATE: PFSNL_OP_ADD or PFSNL_OP_REMOVE
 * @quorate: RING: it has a majority of the expected votes
 * @n: UPDATE: how many nodes; RING: all nodes in it
 * @addrs: UPDATE, RING: the nodes, network order, rising, none twice; valid
 *	during the call
 * @why: UPDATE: of each of them, enum pfsnl_why; likewise
 */
struct pfsnl_event {
	enum pfsnl_event_kind kind;
	enum pfsnl_role role;
	struct pfsnl_ring_id ring;
	u64 generation;
	u32 op;
	bool quorate;
	u32 n;
	const __be32 *addrs;
	const u8 *why;
};

enum pfsnl_order_kind {
	PFSNL_ORDER_MESSAGE,	/* a message, in its turn */
	PFSNL_ORDER_TRANSITIONAL, /* the ring lost somebody */
	PFSNL_ORDER_RING,	/* another ring, in its turn among the messages */
	PFSNL_ORDER_UNKNOWN,	/* nobody knows what became of one of ours */
	PFSNL_ORDER_ROOM,	/* who was told -EAGAIN may send again */
};

/**
 * struct pfsnl_order_event - something in the sequence of messages
 * @kind: which of the fields below count
 * @message: MESSAGE: the message
 * @lost: TRANSITIONAL: safe messages that follow, up to the next ring, are known
 *	to be with all nodes but these; one that is in no ring means nothing
 * @n_lost: TRANSITIONAL: how many
 * @mark: RING: which, and who went and came
 * @n: UNKNOWN: our count of the message
 *
 * What is pointed to is valid during the call. All nodes that go from one ring to
 * the next together are told the same in it.
 */
struct pfsnl_order_event {
	enum pfsnl_order_kind kind;
	const struct pfsnl_entry *message;
	const struct pfsnl_viewed *lost;
	u32 n_lost;
	const struct pfsnl_mark *mark;
	u64 n;
};

/*
 * What happened, for tracepoints and the simulator's log. The arguments of
 * pfsnl_core_ops.note are: address concerned (0: none), reason, a number.
 */
#define PFSNL_NOTES(X)						\
	X(ROLE,		"role")		/* number: new role */	\
	X(HEARD,	"heard")	/* number: incarnation */ \
	X(FORGOTTEN,	"forgotten")	/* number: 0 */		\
	X(DIAL,		"dial")		/* number: tether */	\
	X(DIAL_FAILED,	"dial-failed")	/* number: tether */	\
	X(TETHER_UP,	"tether-up")	/* number: tether */	\
	X(TETHER_DOWN,	"tether-down")	/* number: tether */	\
	X(CLAIM_TAKEN,	"claim-taken")	/* number: tether */	\
	X(CLAIM_REFUSED, "claim-refused") /* number: tether */	\
	X(DROP,		"drop")		/* number: tether */	\
	X(LEADER_LOST,	"leader-lost")	/* number: ring seq */	\
	X(LEAD,		"lead")		/* number: nodes dialled */ \
	X(STEP_DOWN,	"step-down")	/* number: ring seq */	\
	X(INSTALL,	"install")	/* number: ring seq */	\
	X(ASK,		"ask")		/* number: tether */	\
	X(NOT_MEMBER,	"not-member")	/* number: incarnation */ \
	X(SUSPECTS_SELF, "suspects-self") /* number: tethers that block */ \
	X(PAUSED,	"paused")	/* number: nanoseconds */ \
	X(LINK,		"link")		/* number: whether it is up */ \
	X(DUPLICATE,	"duplicate-address") /* number: incarnation */ \
	X(NO_MEMORY,	"no-memory")	/* number: bytes */	\
	X(TOO_LARGE,	"cluster-too-large") /* number: nodes */ \
	X(UNCLAIMED,	"unclaimed")	/* number: incarnation */

#define PFSNL_NOTE_ENUM(name, text) PFSNL_NOTE_##name,
enum pfsnl_note {
	PFSNL_NOTES(PFSNL_NOTE_ENUM)
	PFSNL_NOTE_N
};

/**
 * struct pfsnl_core_ops - what a core asks of its surroundings
 * @alloc: zeroed memory or NULL; may fail at any time
 * @alloc_raw: the same, with any content
 * @free: give it back; NULL is allowed
 * @beacon: take over a plan, which is copied. Return: 0 or -ENOMEM, and then
 *	the plan before stays; the core tries again
 * @lease: leader: beacons say from now on how long it is until this time, in ms;
 *	0 or past: they say 0. To be read before the plan that they are made of
 * @datagram: send one datagram now, unreliably
 * @tether_open: begin to connect. Success or failure is told later by
 *	pfsnl_core_tether_opened(). Return: 0 with a number never used before
 *	in @id, or -errno
 * @tether_write: send a whole frame or nothing. Return: 0; -EAGAIN when less
 *	room is free than the frame needs, that is, the other side does not
 *	read; -ENOMEM when there was room but no memory; -EPIPE when the tether
 *	is broken (pfsnl_core_tether_closed() follows)
 * @tether_bulk: as @tether_write, but the room for updates, that is
 *	pfsnl_core_tether_room(), is to stay free. After -EAGAIN
 *	pfsnl_core_tether_writable() tells when there is more
 * @tether_close: the core is done with a tether, in whatever state; its number
 *	is not used again. What was written and not yet acknowledged is lost
 * @event: tell listeners
 * @order: tell whoever listens to ordered messages
 * @group: tell a process of this node that is, or was to be, in a group
 * @sync: tell a service of this node; what to return depends on that. While it is
 *	told PFSNL_SYNC_PROCESS it may call pfsnl_core_sync_data(). May be NULL where
 *	no service is added
 * @deadline: call pfsnl_core_tick() at this time, at once if it is past;
 *	replaces the deadline before
 * @note: for tracing
 * @left: the goodbye is over, pfsnl_core_leave() is done
 */
struct pfsnl_core_ops {
	void *(*alloc)(void *ctx, size_t size);
	void *(*alloc_raw)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p);
	int (*beacon)(void *ctx, const struct pfsnl_beacon_plan *plan);
	void (*lease)(void *ctx, u64 until);
	void (*datagram)(void *ctx, u32 addr, const void *data, size_t len);
	int (*tether_open)(void *ctx, u32 addr, u16 port, u32 *id);
	int (*tether_write)(void *ctx, u32 id, const void *data, size_t len);
	int (*tether_bulk)(void *ctx, u32 id, const void *data, size_t len);
	void (*tether_close)(void *ctx, u32 id);
	void (*event)(void *ctx, const struct pfsnl_event *ev);
	void (*order)(void *ctx, const struct pfsnl_order_event *ev);
	void (*group)(void *ctx, const struct pfsnl_group_event *ev);
	int (*sync)(void *ctx, const struct pfsnl_sync_event *ev);
	void (*deadline)(void *ctx, u64 when);
	void (*note)(void *ctx, enum pfsnl_note note, u32 addr, u32 reason,
		     u64 number);
	void (*left)(void *ctx);
};

/**
 * struct pfsnl_peer - a node of the list
 * @member: who it is
 * @self: it is this node
 * @leader: it leads the ring
 * @joined: when it entered the list of this node, nanoseconds
 * @heard: when its last beacon came, 0 if none did
 */
struct pfsnl_peer {
	struct pfsnl_member member;
	bool self;
	bool leader;
	u64 joined;
	u64 heard;
};

/**
 * struct pfsnl_state - a node at a moment
 * @role: what it is
 * @ring: the ring it is in
 * @incarnation: its own
 * @generation: number of the last update raised
 * @peers: number of nodes in the list
 * @quorate: the ring has a majority of the expected votes
 * @votes: votes in the ring
 * @expected_votes: of which that is a majority or not; 0: there is no quorum
 * @log_bytes: that numbered messages take which are kept for others
 * @log_limit: of that, marks apart
 * @mark_bytes: of that, marks
 * @out_bytes: that our own messages take which have no number yet
 * @sent: our count of messages
 */
struct pfsnl_state {
	enum pfsnl_role role;
	struct pfsnl_ring_id ring;
	u64 incarnation;
	u64 generation;
	u32 peers;
	bool quorate;
	u32 votes;
	u32 expected_votes;
	u64 log_bytes;
	u64 log_limit;
	u64 mark_bytes;
	u64 out_bytes;
	u64 sent;
};

/* life of a core */
struct pfsnl_core *pfsnl_core_create(const struct pfsnl_core_ops *ops, void *ctx,
				     const struct pfsnl_config *cfg,
				     u64 incarnation);
void pfsnl_core_start(struct pfsnl_core *core, u64 now);
void pfsnl_core_leave(struct pfsnl_core *core, u64 now, u64 wait);
void pfsnl_core_destroy(struct pfsnl_core *core);

/* what happens to it */
void pfsnl_core_datagram(struct pfsnl_core *core, u64 now, u64 came, u32 src,
			 const void *data, size_t len);
int pfsnl_core_tether_in(struct pfsnl_core *core, u64 now, u32 id, u32 addr);
void pfsnl_core_tether_opened(struct pfsnl_core *core, u64 now, u32 id, int err);
void pfsnl_core_tether_bytes(struct pfsnl_core *core, u64 now, u32 id,
			     const void *data, size_t len);
void pfsnl_core_tether_closed(struct pfsnl_core *core, u64 now, u32 id);
void pfsnl_core_tether_writable(struct pfsnl_core *core, u64 now, u32 id);
int pfsnl_core_send(struct pfsnl_core *core, u64 now, u16 port, u16 flags,
		    const void *data, u32 len, u64 *n);
void pfsnl_core_tick(struct pfsnl_core *core, u64 now);
void pfsnl_core_paused(struct pfsnl_core *core, u64 now, u64 gap);
u64 pfsnl_core_pause_limit(const struct pfsnl_config *cfg);
void pfsnl_core_link(struct pfsnl_core *core, u64 now, bool up);
int pfsnl_core_set(struct pfsnl_core *core, u64 now,
		   const struct pfsnl_config *cfg);

/* what it is; these change nothing */
void pfsnl_core_state(const struct pfsnl_core *core, u64 now,
		      struct pfsnl_state *st);
const struct pfsnl_config *pfsnl_core_config(const struct pfsnl_core *core);
bool pfsnl_core_peer_next(const struct pfsnl_core *core, u32 after,
			  struct pfsnl_peer *peer);
u64 pfsnl_core_counter(const struct pfsnl_core *core, enum pfsnl_counter c);
size_t pfsnl_core_tether_room(const struct pfsnl_config *cfg);

const char *pfsnl_role_text(enum pfsnl_role role);
const char *pfsnl_note_text(enum pfsnl_note note);

#endif /* PFSNL_CORE_CORE_H */
