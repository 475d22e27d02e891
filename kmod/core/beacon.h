/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The beacon: a UDP datagram that says "I'm alive".
 *
 * Nine ASCII bytes alone are a level-0 beacon, all that the 1998 protocol
 * asks for. A level-1 beacon goes on after them; all numbers are in network
 * byte order, offsets count from the start of the datagram:
 *
 *	 0  9  "I'm alive"
 *	 9  1  version, 1
 *	10  2  length of the beacon in bytes, these first ones included
 *	12  2  flags, PFSNL_BEACON_*
 *	14  2  TCP port the node listens on for a tether
 *	16  4  node address; must be the source address of the datagram
 *	20  4  counter, one more with each beacon of an incarnation
 *	24  8  incarnation
 *	32  8  cluster id
 *	40  4  interval in ms
 *	44  1  priority
 *	45  1  missed beacons after which the sender thinks others dead
 *	46  2  from a leader: for how many ms more its ring is quorate, 0 if it is not
 *	48  8  ring: sequence number
 *	56  8  ring: incarnation of the leader
 *	64  4  ring: address of the leader
 *	68  4  number of nodes in the ring, level-0 peers apart
 *	72  8  subject: with PFSNL_BEACON_NOT_MEMBER the incarnation meant
 *	80 16  authenticator, zero in a cluster without keys
 *	96
 *
 * Bytes between 96 and the stated length belong to later versions and are
 * skipped; a datagram that is not exactly as long as stated is malformed.
 */
#ifndef PFSNL_CORE_BEACON_H
#define PFSNL_CORE_BEACON_H

#include <linux/types.h>

#define PFSNL_BEACON_TEXT	"I'm alive"
#define PFSNL_BEACON_TEXT_LEN	9
#define PFSNL_BEACON_LEN	96
#define PFSNL_BEACON_VERSION	1

/* The sender leads; holds an accepted tether; stops now; still listens first */
#define PFSNL_BEACON_LEADER	0x0001
#define PFSNL_BEACON_TETHERED	0x0002
#define PFSNL_BEACON_LEAVING	0x0004
#define PFSNL_BEACON_LISTENING	0x0008
/* Unicast answer: "you say you are tethered to me, but you are not" */
#define PFSNL_BEACON_NOT_MEMBER	0x0010
/* The sender wants to lead whenever it is the best */
#define PFSNL_BEACON_PREEMPT	0x0020

/**
 * struct pfsnl_ring_id - name of one agreed configuration
 * @seq: one more than the largest that any of its members had seen
 * @incarnation: of the leader
 * @leader: address of the leader, host order; 0 when there is none
 *
 * The incarnation is part of the name because after a restart of everything
 * the same leader may reach the same number with other members.
 */
struct pfsnl_ring_id {
	u64 seq;
	u64 incarnation;
	u32 leader;
};

/* ring numbers above this can't have been counted up and are malformed */
#define PFSNL_RING_SEQ_MAX	0x4000000000000000ULL

/**
 * struct pfsnl_beacon - what a beacon says, in host order
 * @level: 0 for the bare nine bytes; then all the rest is zero
 * @priority: of the sender
 * @dead: missed beacons after which the sender thinks others dead
 * @lease_ms: from a leader: for how long its ring is quorate
 * @flags: PFSNL_BEACON_*
 * @tether_port: TCP port to connect to
 * @addr: the sender
 * @counter: number of this beacon
 * @interval_ms: time between its beacons
 * @members: number of nodes in @ring, level-0 peers apart
 * @incarnation: of the sender, never 0
 * @cluster_id: of the sender
 * @ring: the ring it is in
 * @subject: incarnation that PFSNL_BEACON_NOT_MEMBER is about
 */
struct pfsnl_beacon {
	u8 level;
	u8 priority;
	u8 dead;
	u16 lease_ms;
	u16 flags;
	u16 tether_port;
	u32 addr;
	u32 counter;
	u32 interval_ms;
	u32 members;
	u64 incarnation;
	u64 cluster_id;
	struct pfsnl_ring_id ring;
	u64 subject;
};

int pfsnl_beacon_decode(struct pfsnl_beacon *b, const void *data, size_t len);
void pfsnl_beacon_encode(const struct pfsnl_beacon *b, u8 wire[PFSNL_BEACON_LEN]);
u16 pfsnl_lease_ms(u64 until, u64 now);
void pfsnl_beacon_stamp(u8 wire[PFSNL_BEACON_LEN], u32 counter, u16 lease_ms);

#endif /* PFSNL_CORE_BEACON_H */
