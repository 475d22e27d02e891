/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages: the payloads of frames between level-1 nodes. Network byte order;
 * a payload longer than what is described here comes from a later version and
 * its rest is skipped.
 *
 * CLAIM (leader to node), ACCEPT and BUSY (its answers), OFFER (leader to a
 * better leader: take us over), FOREIGN (client to its leader: a leader that it
 * heard), 88 bytes, or 112:
 *	 0  1  version, 1
 *	 1  1  priority
 *	 2  2  TCP port for tethers
 *	 4  4  address
 *	 8  8  incarnation
 *	16  8  cluster id
 *	24  8  installed ring: sequence number
 *	32  8  installed ring: incarnation of the leader
 *	40  4  installed ring: leader
 *	44  4  number of nodes in the ring, level-0 peers apart; from a leader those
 *	       who follow it still, see pfsnl_lead_members()
 *	48  8  incarnation of the node that is meant, 0 if not known
 *	56  4  beacon interval in ms
 *	60  4  most nodes that it can hold
 *	64  4  BUSY: why, enum pfsnl_reason; else 0
 *	68  4  flags, PFSNL_HELLO_*
 *	72  8  largest ring number that the sender has seen
 *	80  1  votes of the sender
 *	81  3  zero
 *	84  4  these do not count for so many ms yet
 *	88  8  ordered messages: it has all up to this number,
 *	96  8  which was given in this ring, see pfsnl_order_epoch(); 0: it has none
 *	104 8  all members were known to have all up to this
 * In BUSY, the ring says whom the node follows.
 *
 * INSTALL (leader to client), RECORD (either way: the list as the sender has it,
 * always whole), 56 bytes and the records:
 *	 0  8  ring: sequence number
 *	 8  8  ring: incarnation of the leader
 *	16  4  ring: leader
 *	20  4  flags, PFSNL_INSTALL_FULL
 *	24  8  sequence number of the ring that this changes; 0 with FULL
 *	32  4  expected votes, 0 if there is no quorum
 *	36  4  number of nodes after the change
 *	40  4  number of remove records
 *	44  4  number of add records
 *	48  2  size of a remove record, at least 16
 *	50  2  size of an add record, at least 24
 *	52  4  the ring is not quorate for so many ms yet
 *	56     remove records: address 4, why 4, incarnation 8
 *	       add records: address 4, port 2, priority 1, level 1, incarnation 8,
 *	       why 4, votes 1, zero 3
 * An add record for a node of the same incarnation changes what is known of it.
 * With FULL, remove records only say why nodes of older rings are gone.
 *
 * LEAVE (either way), HANDOVER (leader to client), 16 bytes:
 *	 0  4  why, enum pfsnl_reason
 *	 4  4  leader that takes over, 0 if none is named
 *	 8  8  its incarnation
 *	16  8  HANDOVER: the last number that this leader gave; may be left out
 * The answer to LEAVE is that the tether is closed. HANDOVER allows a second
 * tether, a standby, from the leader named; naming none takes that back.
 *
 * RECORD_GET, empty: the answer is RECORD.
 *
 * PING and PONG:
 *	 0  8  a number that PONG brings back
 *	 8  4  PONG of a leader: for how many ms more its ring is quorate; else 0
 */
#ifndef PFSNL_CORE_MESSAGE_H
#define PFSNL_CORE_MESSAGE_H

#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

#include "beacon.h"
#include "frame.h"

/* the least; what we write */
#define PFSNL_HELLO_MIN		88
#define PFSNL_HELLO_LEN		112
#define PFSNL_INSTALL_LEN	56
#define PFSNL_RECORD_REMOVE_LEN	16
#define PFSNL_RECORD_ADD_LEN	24
#define PFSNL_LEAVE_MIN		16
#define PFSNL_LEAVE_LEN		24
#define PFSNL_PING_LEN		12
#define PFSNL_MESSAGE_VERSION	1

/* records of later versions may be longer, up to this */
#define PFSNL_RECORD_MAX	64

#define PFSNL_INSTALL_FULL	0x00000001U

/* CLAIM: the sender succeeds the leader of its installed ring */
#define PFSNL_HELLO_SUCCEEDS	0x00000001U
/* ACCEPT: the sender leads; the RECORD of its ring follows */
#define PFSNL_HELLO_LEADS	0x00000002U
/* ACCEPT: as a standby, until the sender of CLAIM takes over from its leader */
#define PFSNL_HELLO_STANDBY	0x00000004U
/* ACCEPT: the sender has processes that are, or will be, in groups */
#define PFSNL_HELLO_PROCESSES	0x00000008U
/* ACCEPT: the sender has services */
#define PFSNL_HELLO_SERVES	0x00000010U

/*
 * Why a node or a tether is gone, or a node came. The numbers are those on the
 * wire.
 */
#define PFSNL_REASONS(X)				\
	X(NONE,		0,	"no reason")		\
	X(CLOSED,	1,	"tether closed")	\
	X(BLOCKED,	2,	"update would block")	\
	X(SILENT,	3,	"beacons ceased")	\
	X(LEFT,		4,	"left")			\
	X(RESTARTED,	5,	"restarted")		\
	X(MALFORMED,	6,	"broke the protocol")	\
	X(LOCAL,	7,	"local shortage")	\
	X(HANDOVER,	8,	"gave way to a better leader")	\
	X(TIMEOUT,	9,	"no answer in time")	\
	X(REFUSED,	10,	"connection refused or unreachable") \
	X(BUSY,		11,	"follows another leader") \
	X(FOREIGN,	12,	"another cluster or incarnation") \
	X(NOT_MEMBER,	13,	"leader says not a member") \
	X(ALONE,	14,	"nobody tethered it in time") \
	X(SUPERSEDED,	15,	"a newer ring leaves it out") \
	X(JOINED,	16,	"joined")		\
	X(MERGED,	17,	"came with another leader") \
	X(LINK,		18,	"the link is down")	\
	X(SLOW,		19,	"did not take or answer its messages")

#define PFSNL_REASON_ENUM(name, n, text) PFSNL_REASON_##name = (n),
enum pfsnl_reason {
	PFSNL_REASONS(PFSNL_REASON_ENUM)
	PFSNL_REASON_N
};

/**
 * struct pfsnl_standing - how far a node is in a sequence
 * @have: it has all up to this number
 * @by: in which ring that was given, see pfsnl_order_epoch(); 0: it is in none
 * @stable: all members were known to have all up to this
 */
struct pfsnl_standing {
	u64 have;
	u64 by;
	u64 stable;
};

/**
 * struct pfsnl_hello - how two nodes introduce themselves on a new tether
 * @priority: of the sender
 * @tether_port: of the sender
 * @addr: the sender
 * @members: number of nodes in @ring that it speaks for, level-0 peers apart
 * @interval_ms: its time between beacons
 * @max_nodes: most nodes it can hold
 * @reason: with BUSY, why
 * @incarnation: of the sender
 * @cluster_id: of the sender
 * @subject: incarnation of the node that is addressed, 0 if not known
 * @ring: newest ring that the sender installed; with BUSY, whom it follows
 * @flags: PFSNL_HELLO_*
 * @seq_seen: largest ring number that the sender has seen
 * @votes: of the sender
 * @hold_ms: how long these do not count yet
 * @standing: of the sender
 */
struct pfsnl_hello {
	u8 priority;
	u16 tether_port;
	u32 addr;
	u32 members;
	u32 interval_ms;
	u32 max_nodes;
	u32 reason;
	u64 incarnation;
	u64 cluster_id;
	u64 subject;
	struct pfsnl_ring_id ring;
	u32 flags;
	u64 seq_seen;
	u8 votes;
	u32 hold_ms;
	struct pfsnl_standing standing;
};

/**
 * struct pfsnl_member - a node as a ring names it
 * @addr: the node, host order
 * @tether_port: TCP port it listens on
 * @priority: 0 for one that never leads
 * @level: 0 or 1
 * @votes: what it counts for in a quorum
 * @incarnation: which life of it, 0 for level 0
 */
struct pfsnl_member {
	u32 addr;
	u16 tether_port;
	u8 priority;
	u8 level;
	u8 votes;
	u64 incarnation;
};

/**
 * struct pfsnl_install - a ring, or the change from one to the next
 * @ring: the new ring
 * @flags: PFSNL_INSTALL_*
 * @base_seq: ring that this changes
 * @expected_votes: votes that all nodes of the cluster have together, 0 if there
 *	is no quorum
 * @hold_ms: how long the ring can't be quorate yet
 * @members: number of nodes after the change
 * @removes: number of remove records
 * @adds: number of add records
 * @remove_size: bytes from one remove record to the next
 * @add_size: bytes from one add record to the next
 * @records: the records on the wire, remove records first
 */
struct pfsnl_install {
	struct pfsnl_ring_id ring;
	u32 flags;
	u64 base_seq;
	u32 expected_votes;
	u32 hold_ms;
	u32 members;
	u32 removes;
	u32 adds;
	u16 remove_size;
	u16 add_size;
	const u8 *records;
};

/**
 * struct pfsnl_ping - payload of PING and PONG
 * @number: PONG brings back that of the PING
 * @lease_ms: in the PONG of a leader: for how long its ring is quorate
 */
struct pfsnl_ping {
	u64 number;
	u32 lease_ms;
};

/**
 * struct pfsnl_leave - a goodbye, or the announcement of one
 * @reason: PFSNL_REASON_LEFT or PFSNL_REASON_HANDOVER
 * @successor: leader that takes over, 0 if none is named
 * @incarnation: of @successor
 * @end: the last number that was given to a message, 0 if that is not said
 */
struct pfsnl_leave {
	u32 reason;
	u32 successor;
	u64 incarnation;
	u64 end;
};

const char *pfsnl_reason_text(u32 reason);
enum pfsnl_why pfsnl_reason_why(u32 reason);
int pfsnl_hello_decode(struct pfsnl_hello *h, const u8 *body, u32 len);
void pfsnl_hello_encode(const struct pfsnl_hello *h, u32 op,
			u8 wire[PFSNL_FRAME_HEAD + PFSNL_HELLO_LEN]);
int pfsnl_install_decode(struct pfsnl_install *in, const u8 *body, u32 len,
			 u32 max_nodes);
void pfsnl_install_remove(const struct pfsnl_install *in, u32 i,
			  struct pfsnl_member *m, u32 *reason);
int pfsnl_install_add(const struct pfsnl_install *in, u32 i,
		      struct pfsnl_member *m, u32 *reason);
size_t pfsnl_install_size(u32 removes, u32 adds);
u8 *pfsnl_install_encode(const struct pfsnl_install *in, u32 op, u8 *wire);
u8 *pfsnl_record_remove(u8 *p, const struct pfsnl_member *m, u32 reason);
u8 *pfsnl_record_add(u8 *p, const struct pfsnl_member *m, u32 reason);
int pfsnl_leave_decode(struct pfsnl_leave *l, const u8 *body, u32 len);
void pfsnl_leave_encode(const struct pfsnl_leave *l, u32 op,
			u8 wire[PFSNL_FRAME_HEAD + PFSNL_LEAVE_LEN]);
int pfsnl_ping_decode(struct pfsnl_ping *ping, const u8 *body, u32 len);
void pfsnl_ping_encode(const struct pfsnl_ping *ping, u32 op,
		       u8 wire[PFSNL_FRAME_HEAD + PFSNL_PING_LEN]);

#endif /* PFSNL_CORE_MESSAGE_H */
