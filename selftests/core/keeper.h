/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keepers: the checkpoint service on the nodes of a world, driven as the kernel drives
 * it; deed.h has the processes that use it. What must hold is checked as it happens:
 *
 *	ckpt-same	whoever activates a ring has the same store there, and the same
 *			conflicts, and after each operation the same answer
 *	ckpt-once	each request has one outcome
 *	ckpt-memory	nothing remains of it in the end
 */
#ifndef CORE_KEEPER_H
#define CORE_KEEPER_H

#include "ckptsvc.h"
#include "deed.h"
#include "sim.h"

struct node;
struct world;

/* the clocks that stamp operations begin with this */
#define KEEPER_EPOCH	1700000000000000000ULL

/**
 * struct keeper_tap - who sees all that keepers are told and do; each may be NULL
 * @telling: it is about to be told something by the core
 * @told: it was, and returned @ret
 * @applied: an operation was applied
 * @answered: a request was; @result: NULL unless it was applied
 * @lost: a process has a handle no more
 * @out: it can't take part
 */
struct keeper_tap {
	void (*telling)(struct keeper *k, const struct pfsnl_sync_event *ev);
	void (*told)(struct keeper *k, const struct pfsnl_sync_event *ev, int ret);
	void (*applied)(struct keeper *k, const struct pfsnl_ckpt_applied *a);
	void (*answered)(struct keeper *k, const struct deed *d,
			 const struct pfsnl_ckpt_result *result);
	void (*lost)(struct keeper *k, const struct keeper_handle *h);
	void (*out)(struct keeper *k, int err);
};

/**
 * struct keeper - the checkpoint service of a node
 * @node: the node
 * @svc: while the node runs
 * @limits: of its store, at its next start
 * @most: likewise
 * @skew: what its clock is ahead, nanoseconds
 * @flags: PFSNL_MSG_* of what is done next
 * @starves: until then there is no memory for it
 * @bytes: of memory that it has
 * @tap: NULL: nobody looks
 * @alarm: event
 * @when: its clock says then; PFSNL_NEVER: it is not set
 * @soon: event: it is to be pumped, whatever its clock says
 * @due: it is to be pumped
 * @pumping: and is
 * @out: why it left, 0: it did not
 * @leaves: it is to leave, as it can't take part
 * @back: comes back after this, nanoseconds; 0: it doesn't by itself
 * @comes: event of that
 * @active: as it was told
 * @handles: that processes have, or want
 * @deeds: all there ever were in this life
 * @n_deeds: how many
 * @last: number of the newest handle
 * @n_applied: operations, of anybody
 * @n_conflicts: since it started
 * @conflicts: of the round at hand, mixed
 * @n_lost: handles that were lost
 * @n_active: how often it became active
 * @on_told: called with what it is told, if set, after that
 */
struct keeper {
	struct node *node;
	struct pfsnl_ckptsvc *svc;
	struct pfsnl_ckpt_limits limits;
	u64 most;
	s64 skew;
	u16 flags;
	u64 starves;
	u64 bytes;
	const struct keeper_tap *tap;
	struct sim_event alarm;
	u64 when;
	struct sim_event soon;
	bool due;
	bool pumping;
	int out;
	bool leaves;
	u64 back;
	struct sim_event comes;
	bool active;
	struct list_head handles;
	struct list_head deeds;
	u32 n_deeds;
	u32 last;
	u64 n_applied;
	u32 n_conflicts;
	u64 conflicts;
	u32 n_lost;
	u32 n_active;
	void (*on_told)(struct keeper *k, const struct pfsnl_sync_event *ev);
};

struct keeper *keeper_new(struct node *n);
void keeper_free(struct keeper *k);
void keeper_start(struct keeper *k);
void keeper_stop(struct keeper *k);
int keeper_told(struct keeper *k, const struct pfsnl_sync_event *ev);
void keeper_call(bool begins);
u64 keeper_most_hashed(void);
void keeper_room(struct keeper *k);
void keeper_pump(struct keeper *k);
int keeper_join(struct keeper *k);
void keeper_leave(struct keeper *k);
u64 keeper_stamp(const struct keeper *k);
void keeper_set_clock(struct keeper *k, s64 skew);
struct pfsnl_ckpts *keeper_store(const struct keeper *k);
struct pfsnl_ckptsvc_state keeper_state(const struct keeper *k);

struct pfsnl_ckpt *keeper_named(const struct keeper *k, const char *name);
struct pfsnl_section *keeper_section(const struct keeper *k, const char *name,
				     const char *id);
bool keeper_settled(const struct keeper *k);
u64 keeper_mix(const struct keeper *k);
bool keepers_settled(struct world *w, void *arg);

#endif /* CORE_KEEPER_H */
