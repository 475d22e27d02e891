/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The judge: sees all that nodes note, say and hear, and ends the run with the
 * name of an assertion that does not hold. It knows what no node can know: who
 * really lives, and what really arrived.
 */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "world.h"

/*
 * All assertions: name, what must hold. Those that need a certain course of
 * events are asked for by course.c, those of lists and rings stand in
 * selftests/core (watch.c, world.c).
 */
#define ASSERTIONS(X)							\
	X("ring-identity", "two nodes that install the same ring have the same list") \
	X("updates-fold", "updates fold into exactly the list that can be asked for") \
	X("seq-grows", "a node's ring numbers only grow within an incarnation") \
	X("one-tether", "a node has one accepted tether at most")	\
	X("own-frames", "INSTALL of a ring comes from the incarnation that leads it") \
	X("seq-of-all", "an INSTALL is numbered above what its receiver has") \
	X("silence-true", "nobody is silent whose beacon came within the limit") \
	X("asked-first", "who is taken for silent was asked before, along its tether") \
	X("restart-noticed", "a beacon of a new incarnation ends the one before") \
	X("restart-true", "nobody is taken for restarted who is not")	\
	X("redial-noticed", "who was dropped is dialled when it noticed, not before") \
	X("back-off", "a dial that failed is repeated later and later") \
	X("blocked-dropped", "a client without room for an update is dropped at once") \
	X("listens-first", "nobody leads before it listened")		\
	X("larger-ring", "a leader of others does not yield to one that is alone") \
	X("orphan-bounded", "nobody is an orphan for longer than twice dead") \
	X("mutual-loss", "who follows a leader that has no tether to it learns it soon") \
	X("hung-silent", "a node whose core hangs falls silent")	\
	X("beacons", "a node that runs beacons in time")		\
	X("memory", "a node's memory stays within its bound")		\
	X("converges", "faults over: one leader, one ring of all, within a stated time") \
	X("stays", "and without faults it stays so")			\
	X("net-difference", "watchers see of a change of leader only who left") \
	X("one-successor", "of a lost leader's clients one leads")	\
	X("goodbye-fast", "a leader that says goodbye is not waited for") \
	X("rings-bounded", "under faults that do not change, rings cease to") \
	X("gathered", "nodes that start at once make few rings")	\
	X("level0-list", "a level-0 peer's list is its leader's")	\
	X("sync-deadline", "who keeps others waiting for too long is left out, and nobody else") \
	X("ckpt-same", "who applied the same has the same checkpoints") \
	X("ckpt-keeps", "what goes into a round comes out of it, perhaps under another name") \
	X("ckpt-refs", "what is open is what living processes have open") \
	X("ckpt-number", "a number is that of one checkpoint")		\
	X("ckpt-once", "a request has the outcome that is said, each in its order") \
	X("ckpt-merge", "what sides become does not depend on their order") \
	X("ckpt-memory", "memory for checkpoints stays within its bound, and is given back") \
	X("ckpt-goes-on", "faults over: all take part, and are answered") \
	X("ckpt-expires", "what is due expires, neither early nor late")	\
	X("ends", "no run goes on without end")				\
	X("surroundings", "memory is given back, tethers are closed, calls nest not") \
	X("crash", "no crash, no report of a sanitizer, no warning")

/**
 * struct judge_sums - what was seen in a run
 * @rings: rings that were installed, once for each node
 * @false_lost: live, reachable nodes taken for silent
 * @dials: connections begun
 * @leads: how often somebody began to lead
 */
struct judge_sums {
	u64 rings;
	u64 false_lost;
	u64 dials;
	u64 leads;
};

void judge_begin(struct world *w);
void judge_end(struct world *w);
void judge_sweep(struct world *w);
u64 judge_leads(const struct node *n);
void judge_links_changed(void);
void judge_chance(bool any);
void judge_impostor(u32 addr);
const struct judge_sums *judge_sums(void);

#endif /* SIM_JUDGE_H */
