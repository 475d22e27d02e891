// SPDX-License-Identifier: GPL-2.0
/*
 * The broken variants. To add one: a name in kmod/core/broken.h, PFSNL_BROKEN()
 * of it in one place, and a line here.
 */
#include <linux/kernel.h>
#include <string.h>

#include "variant.h"

enum pfsnl_broken pfsnl_broken;

#define V(rule, assertion, scenario, faults, without)			\
	{ PFSNL_BROKEN_##rule, #rule, assertion, SCENARIO_##scenario,	\
	  faults, without }

const struct variant variants[] = {
	V(DRAIN, "silence-true", STORM, "hang",
	  "what waits is heard before silence is believed"),
	V(PING, "asked-first", STORM, "udp-cut",
	  "the tether is asked before silence is believed"),
	V(SLOWER_CLOCK, "silence-true", MIXED, NULL,
	  "the limit of silence uses the larger interval"),
	V(INCARNATION, "restart-noticed", STORM, "restart",
	  "a new incarnation is proof that the old one died"),
	V(STRAGGLER, "restart-true", STORM, "restart,reorder",
	  "beacons of the life before are stragglers"),
	V(NOT_MEMBER, "mutual-loss", STORM, "one-way,udp-cut,tcp-cut,partition",
	  "who says tethered and is not a member is told"),
	V(NOTICED, "redial-noticed", STORM, "reset,partition,one-way",
	  "a dropped node is dialled only when it noticed"),
	V(ORPHAN_LIMIT, "orphan-bounded", STILL, "tcp-cut",
	  "an orphan gives up after dead"),
	V(ANY_LEADER, "one-tether", STORM, "one-way,partition",
	  "a client refuses leaders that are not its own"),
	V(OLD_TETHER, "one-tether", STORM, "reorder,loss,reset,delay,restart",
	  "a new tether ends the one before"),
	V(BUSY_WAITS, "net-difference", LEADER, NULL,
	  "a first ring waits for those who have not noticed yet"),
	V(EXPECTED_WAIT, "net-difference", LEADER, NULL,
	  "a first ring waits for the list"),
	V(LINE, "one-successor", LEADER, NULL,
	  "the best of the list leads, the others wait"),
	V(GOODBYE, "goodbye-fast", LEADER, NULL,
	  "a goodbye is believed"),
	V(DIFFERENCE, "updates-fold", BOOT, NULL,
	  "watchers are told the difference only"),
	V(SEQ_SEEN, "seq-of-all", STORM, "partition",
	  "a ring is numbered from all that its members saw"),
	V(SEQ_GROWS, "seq-grows", STORM, NULL,
	  "the ring of a node alone has a new number too"),
	V(SAME_RING, "ring-identity", STORM, "crash,restart",
	  "every change is a new ring"),
	V(NAME, "own-frames", LEADER, NULL,
	  "a ring is named after who leads it"),
	V(LISTEN, "listens-first", BOOT, NULL,
	  "a node listens before it leads"),
	V(LARGER, "larger-ring", STORM, "partition,one-way",
	  "one that is alone yields to one that leads others"),
	V(STICKY, "flap-bounded", FLAPPER, NULL,
	  "a better node that comes back does not take over unasked"),
	V(GATHER, "gathered", BOOT, NULL,
	  "joins that come together are one ring"),
	V(BACK_OFF, "back-off", STORM, "refuse,reset",
	  "a failed dial is repeated after a while"),
	V(BLOCKED, "blocked-dropped", FULL, NULL,
	  "a client that does not read is dropped"),
	V(EXPIRY, "hung-silent", STORM, "hang",
	  "a prepared beacon expires"),
	V(ROOM, "memory", STORM, "stranger",
	  "the number of nodes known of is bounded"),
	V(DEPARTED, "level0-list", LEADER, NULL,
	  "level-0 peers are told who left of late"),
	V(LEVEL0_HOLD, "rings-bounded", STILL, NULL,
	  "a level-0 peer that was dropped is dialled ever less"),
	V(MEET, "converges", STORM, "partition",
	  "of two leaders that meet the better dials"),
	V(RENEW, "beacons", MIXED, NULL,
	  "beacons are renewed before they expire"),
	V(LISTED, "stays", BOOT, NULL,
	  "a client that got its list is not left for want of one"),
	V(LEASE, "one-quorum", STORM, NULL,
	  "a client is quorate for no longer than its leader"),
	V(LEADER_LEASE, "one-quorum", STORM, NULL,
	  "a leader is quorate for as long as it knows of a majority"),
	V(OVERTAKEN, "one-quorum", STORM, "reorder,impostor",
	  "a beacon that others overtook is no news"),
	V(CAME, "one-quorum", STORM, "hang,crash,restart",
	  "a beacon is as old as when it came"),
	V(HOLD, "one-quorum", STORM, "partition",
	  "a ring that lacks nodes waits before it is quorate"),
	V(YOUNG, "one-quorum", STORM, "restart,partition,crash",
	  "votes of a new life count only after a while"),
	V(MERGE_WAIT, "merge-once", HALVES, NULL,
	  "a merge waits for the nodes of the other leader"),
	V(RECORD, "same-history", STORM, NULL,
	  "a successor completes the newest ring of the lost leader"),
	V(CONTACT, "own-contact", BOOT, NULL,
	  "a node of the list that is heard gets a contact of its own"),
	V(SAFE, "safe-delivery", STORM, "crash,partition,stall,pause",
	  "a safe message waits until all have it"),
	V(SURVIVORS, "safe-delivery", STORM, "crash,partition,reset",
	  "a member whose tether broke may still lack a message"),
	V(CAP, "safe-delivery", STORM, "partition,stall,one-way",
	  "nothing is stable before all who are left know who was lost"),
	V(LOST, "safe-delivery", STORM, "partition,stall",
	  "who goes on is told whom the ring lost"),
	V(LONGEST, "goes-on", LEADER, NULL,
	  "a successor gets the longest row that a survivor has"),
	V(UNKNOWN, "no-duplicates", STORM, "partition,one-way",
	  "what was under way when a node fell out is not sent again"),
	V(ACKS, "safe-delivery", STORM, "crash,partition,reset",
	  "what was sent is not there before that is said"),
	V(GHOST, "group-true", STORM, "crash,partition",
	  "members of a node that is gone are gone"),
	V(ABORT, "group-true", STORM, "crash,partition,restart",
	  "what was answered to another ring is forgotten"),
	V(BARRIER, "group-over", STORM, "partition,restart",
	  "companies become one when all have answered"),
	V(RETRY, "group-true", STORM, "crash,partition,reset",
	  "joining is tried again when nobody knows what became of it"),
	V(OWN, "group-stream", STORM, "reset",
	  "what is said is told to the members on the sender's node too"),
	V(OLD_RING, "sync-keeps", STORM, "crash,partition,restart",
	  "the old ring of a service is the last that it activated"),
	V(NO_ABORT, "sync-legal", STORM, "crash,partition",
	  "a round is aborted in the barrier, too"),
	V(CKPT_REFS, "ckpt-merge", STORM, "partition",
	  "what nodes of all sides have open is open"),
	V(CKPT_GONE, "ckpt-refs", STORM, "crash,partition",
	  "what nodes have open that are gone is closed"),
	V(CKPT_TIMERS, "ckpt-expires", STORM, "crash,partition",
	  "what expires does so after a round, too"),
	V(CKPT_STALE, "ckpt-expires", STORM, "delay,slow",
	  "what has been given more time does not expire"),
	V(CKPT_NUMBER, "ckpt-number", STORM, "partition,reset",
	  "a checkpoint's number is its creator's count"),
	V(CKPT_HASTE, "ckpt-same", STORM, "crash,partition",
	  "a store is activated when all is there"),
	V(CKPT_RETRY, "ckpt-once", STORM, "crash,partition",
	  "what nobody applied is not said to be done"),
	V(CKPT_SIDE, "ckpt-merge", STORM, "partition",
	  "who wins a conflict is decided by what both hold"),
	V(CKPT_KEPT, "ckpt-memory", STORM, "crash,partition",
	  "nothing remains of a round that comes to nothing"),
	V(CKPT_COUNT, "ckpt-keeps", STORM, "partition",
	  "who was at a place of a ring knows no later one"),
	V(CKPT_LOSER, "ckpt-keeps", STORM, "partition",
	  "who loses a conflict is kept"),
	V(CKPT_CLOSE, "ckpt-refs", STORM, "crash,partition,reset",
	  "what nobody knows to be open is closed"),
	V(LEAK, "surroundings", BOOT, NULL,
	  "memory of a tether is given back"),
	V(CRASH, "crash", STORM, "leave",
	  "(the simulator's own) nothing crashes"),
	V(ENDLESS, "ends", STORM, "skew",
	  "(the simulator's own) every run ends"),
};

const u32 n_variants = ARRAY_SIZE(variants);

/**
 * variant_find - a variant by its name
 * @name: in upper or lower case
 *
 * Return: the variant, or NULL.
 */
const struct variant *variant_find(const char *name)
{
	u32 i;

	for (i = 0; i < n_variants; i++)
		if (!strcasecmp(name, variants[i].name))
			return &variants[i];
	return NULL;
}
