/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Depots: stores of checkpoints as nodes have them, without nodes. Operations reach
 * all of them in the same order, each as bytes; when depots meet, what records say is
 * carried between them as bytes, too.
 */
#ifndef CORE_DEPOT_H
#define CORE_DEPOT_H

#include "ckpt.h"
#include "ckptmsg.h"
#include "ckptrec.h"
#include "ledger.h"

#define DEPOTS_MAX	8
#define DEPOT_ADDR(i)	(0x0a000001 + (i))
#define DEPOT_REPORTS	64

/**
 * struct depot - a store, and what a node knows beside it
 * @ledger: its memory
 * @store: the store
 * @from: who it is, and its count of messages
 * @n_conflicts: that were reported since it was created
 * @conflicts: the last of them
 */
struct depot {
	struct ledger ledger;
	struct pfsnl_ckpts *store;
	struct pfsnl_ckpt_from from;
	u32 n_conflicts;
	struct pfsnl_ckpt_conflict conflicts[DEPOT_REPORTS];
};

/**
 * struct depots - those that hear the same
 * @n: how many
 * @at: which
 * @time: stamp of the next operation
 * @moved: bytes of records since somebody set this to 0
 */
struct depots {
	u32 n;
	struct depot *at[DEPOTS_MAX];
	u64 time;
	u64 moved;
};

extern const struct pfsnl_ckpt_ops depot_ops;
extern struct pfsnl_ckpt_limits depot_limits;
extern u64 depot_lives;

struct depot *depot_new(u32 index);
void depot_free(struct depot *d);
struct depots depots_new(u32 n);
void depots_free(struct depots *all);
struct depots depots_of(const struct depots *all, u32 first, u32 n);
struct depots depots_both(const struct depots *a, const struct depots *b);

/* all answer the same, or the test has failed */
struct pfsnl_ckpt_result depots_apply(struct depots *all, u32 sender,
				      struct pfsnl_ckptmsg *m);
int depots_meet(struct depots *all);
int depots_carry(struct depots *all);
int depots_activate(struct depots *all, u32 n);
bool depots_same(const struct depots *all);

/* the operations, by the node of this index and its process 7 */
struct pfsnl_ckpt_attr depot_attr(void);
struct pfsnl_ckpt_result depots_open(struct depots *all, u32 sender, u32 handle,
				     const char *name, u8 flags);
int depots_close(struct depots *all, u32 sender, u32 handle);
int depots_unlink(struct depots *all, u32 sender, const char *name);
int depots_create(struct depots *all, u32 sender, u32 handle, const char *id,
		  const void *data, u32 len);
int depots_write(struct depots *all, u32 sender, u32 handle, const char *id, u64 offset,
		 const void *data, u32 len);
struct pfsnl_ckpt *depot_named(const struct depot *d, const char *name);
struct pfsnl_section *depot_section(const struct depot *d, const char *name,
				    const char *id);

#define DEPOT_PROCESS	7
#define DEPOT_RW	(PFSNL_OPEN_CREATE | PFSNL_OPEN_READ | PFSNL_OPEN_WRITE)

#endif /* CORE_DEPOT_H */
