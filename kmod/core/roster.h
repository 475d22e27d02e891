/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The roster: every node we know something of, by address. Some are members of
 * the installed ring, the list that users see; others were only heard.
 */
#ifndef PFSNL_CORE_ROSTER_H
#define PFSNL_CORE_ROSTER_H

#include <linux/rbtree.h>
#include <linux/types.h>

#include "beacon.h"
#include "message.h"
#include "timer.h"

struct pfsnl_tether;

/**
 * struct pfsnl_contact - what we have to do with a node
 * @node: which
 * @told: leader only: who it is as others say, valid while it is dialled because
 *	of that
 * @left: when it left the list last, 0 if it never did
 * @heard: its last beacon, valid if @heard_at
 * @newest: largest counter of its beacons
 * @overtaken: @heard is not that one
 * @heard_at: when that came, 0 if none did or it went silent
 * @first_heard: when the first of an unbroken row came
 * @alive_at: when it last showed life, by beacon or tether
 * @follows_at: leader only: when it was last known to follow us
 * @past_incarnation: the life before the one in @heard; ignored as long as that
 *	one is heard
 * @silence: fires when it may have gone silent
 * @asked: it was asked for a sign of life in this silence
 * @untethered: beacons in a row that contradict our tether
 * @falls: leader only: times in a row that it fell out right after it came
 * @reported_at: client only: when our leader was told last that it leads too
 * @tether: leader only: our tether to it, in any state
 * @expected: leader only: the first install waits for it
 * @merging: leader only: the merge waits for it
 * @rival: leader only: it leads too, as far as we know
 * @better: leader only: a rival that is to lead rather than we
 * @redial_at: leader only: not dialled again before this; for a better leader,
 *	not offered to again
 * @backoff: leader only: how long to wait after the next failure
 */
struct pfsnl_contact {
	struct pfsnl_node *node;
	struct pfsnl_member told;
	u64 left;

	struct pfsnl_beacon heard;
	u32 newest;
	bool overtaken;
	u64 heard_at;
	u64 first_heard;
	u64 alive_at;
	u64 follows_at;
	u64 past_incarnation;
	struct pfsnl_timer silence;
	bool asked;
	u8 untethered;
	u8 falls;
	u64 reported_at;

	struct pfsnl_tether *tether;
	bool expected;
	bool merging;
	bool rival;
	bool better;
	u64 redial_at;
	u64 backoff;
};

/**
 * struct pfsnl_node - a node we know something of
 * @by_addr: in the roster
 * @c: what we have to do with it. Of most nodes of a large list nothing is ever
 *	heard but that they are in it; those share the contact of nobody, which
 *	is all zero and only read, see pfsnl_node_meet()
 * @member: who it is in the installed ring; valid if @in
 * @next: who it is in the ring being made; valid if @next_in
 * @joined: when it entered the list, nanoseconds
 * @addr: its address, host order
 * @in: it is in the installed ring
 * @next_in: it is in the ring being made
 * @reason: why it is no longer in the ring being made, or is in it, whichever is
 *	new, enum pfsnl_reason
 */
struct pfsnl_node {
	struct rb_node by_addr;
	struct pfsnl_contact *c;
	struct pfsnl_member member;
	struct pfsnl_member next;
	u64 joined;
	u32 addr;
	bool in;
	bool next_in;
	u32 reason;
};

/**
 * struct pfsnl_roster - the nodes
 * @tree: ordered by address
 * @nodes: how many
 * @members: how many of them are in the installed ring
 * @equals: how many of these are no level-0 peers
 */
struct pfsnl_roster {
	struct rb_root tree;
	u32 nodes;
	u32 members;
	u32 equals;
};

void pfsnl_roster_init(struct pfsnl_roster *r);
struct pfsnl_node *pfsnl_roster_find(const struct pfsnl_roster *r, u32 addr);
struct pfsnl_node *pfsnl_roster_after(const struct pfsnl_roster *r, u32 addr);
struct pfsnl_node *pfsnl_roster_first(const struct pfsnl_roster *r);
struct pfsnl_node *pfsnl_roster_next(const struct pfsnl_node *n);
void pfsnl_roster_insert(struct pfsnl_roster *r, struct pfsnl_node *n);
void pfsnl_roster_erase(struct pfsnl_roster *r, struct pfsnl_node *n);
bool pfsnl_member_same(const struct pfsnl_member *a,
		       const struct pfsnl_member *b);

#define pfsnl_roster_for_each(r, n) \
	for ((n) = pfsnl_roster_first(r); (n); (n) = pfsnl_roster_next(n))

/* @tmp holds the successor, so that @n may be erased */
#define pfsnl_roster_for_each_safe(r, n, tmp)				\
	for ((n) = pfsnl_roster_first(r);				\
	     (n) && ((tmp) = pfsnl_roster_next(n), 1); (n) = (tmp))

#endif /* PFSNL_CORE_ROSTER_H */
