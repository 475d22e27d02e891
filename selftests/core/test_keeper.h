/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of checkpoints on nodes share.
 */
#ifndef CORE_TEST_KEEPER_H
#define CORE_TEST_KEEPER_H

#include <errno.h>

#include "depot.h"
#include "test_world.h"

/* all keepers are active and have the same, and nothing is under way */
#define assert_kept(w, ms) assert_until(w, keepers_settled, NULL, ms)

static inline struct keeper *keeper_at(struct world *w, u32 i)
{
	return w->nodes[i]->keeper;
}

/* a running cluster of @n nodes that keep checkpoints */
static inline struct world *keeping(u64 seed, u32 n)
{
	struct world *w = world_new(seed);
	u32 i;

	world_nodes(w, n);
	for (i = 0; i < n; i++)
		keeper_new(w->nodes[i]);
	world_start(w);
	assert_kept(w, 1000);
	return w;
}

static inline bool deed_answered(struct world *w, void *arg)
{
	return ((struct deed *)arg)->answered;
}

/* until it is answered, and how */
#define did(w, doing, want)						\
	do {								\
		struct deed *d_ = doing;					\
									\
		assert_until(w, deed_answered, d_, 5000);		\
		assert_int_equal(d_->err, want);			\
	} while (0)

/* process 1 of a node opens a checkpoint, and makes it if need be */
static inline struct deed *opened(struct world *w, u32 i, const char *name)
{
	struct deed *d = keeper_open(keeper_at(w, i), 1, name, DEPOT_RW);

	did(w, d, 0);
	return d;
}

/* whether a section holds just this */
static inline bool holds(struct world *w, u32 i, const char *name, const char *id,
			 const char *text)
{
	const struct pfsnl_section *s = keeper_section(keeper_at(w, i), name, id);
	u8 there[64];

	return s && s->len == strlen(text) &&
	       pfsnl_section_read(s, 0, there, sizeof(there)) == s->len &&
	       !memcmp(there, text, s->len);
}

static inline u32 n_ckpts(struct world *w, u32 i)
{
	const struct pfsnl_ckpts *store = keeper_store(keeper_at(w, i));
	const struct pfsnl_ckpt *c;
	u32 n = 0;

	for (c = pfsnl_ckpts_after(store, NULL); c;
	     c = pfsnl_ckpts_after(store, &c->number))
		n++;
	return n;
}

static inline u32 n_handles(struct world *w, u32 i)
{
	const struct pfsnl_ckpts *store = keeper_store(keeper_at(w, i));
	const struct pfsnl_ckpt_handle *h;
	u32 n = 0;

	for (h = pfsnl_ckpts_handle_after(store, NULL); h;
	     h = pfsnl_ckpts_handle_after(store, &h->key))
		n++;
	return n;
}

/* DATA of the last round of a node: messages, and bytes */
static inline struct pfsnl_sync_state round_of(struct world *w, u32 i)
{
	struct pfsnl_sync_state st = {};

	assert_true(pfsnl_core_sync_state(w->nodes[i]->core, 0, &st));
	return st;
}

/* some checkpoints with sections, one of them longer than a parcel */
static inline void furnish(struct world *w, u32 i)
{
	struct keeper *k = keeper_at(w, i);
	static u8 big[300000];
	struct deed *d;
	u64 seed = 3;
	u32 at;

	for (at = 0; at + 8 <= sizeof(big); at += 8)
		memcpy(big + at, &(u64){ test_random(&seed) }, 8);
	d = opened(w, i, "small");
	did(w, keeper_create(k, d->h, "s", "text", 4), 0);
	did(w, keeper_create(k, d->h, "", "no id", 5), 0);
	did(w, keeper_create(k, d->h, "empty", "", 0), 0);
	d = opened(w, i, "big");
	did(w, keeper_create(k, d->h, "s", big, sizeof(big)), 0);
	did(w, keeper_create(k, d->h, "holes", "", 0), 0);
	did(w, keeper_write(k, d->h, "holes", 400000, "x", 1), 0);
	opened(w, i, "none");
	assert_kept(w, 1000);
}

/* a section that expires after so many milliseconds */
static inline void made_to_expire(struct world *w, u32 i, struct keeper_handle *h,
				  const char *id, u64 ms)
{
	struct keeper *k = keeper_at(w, i);
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_SECTION_CREATE,
		.process = h->process,
		.handle = h->handle,
		.name = (const u8 *)id,
		.name_len = strlen(id),
		.expires = keeper_stamp(k) + ms * SIM_MS,
	};

	did(w, keeper_do(k, &m), 0);
}

/* it lives so many milliseconds when nobody has it open */
static inline void retained(struct world *w, u32 i, struct keeper_handle *h, u64 ms)
{
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_RETENTION,
		.process = h->process,
		.handle = h->handle,
		.attr.retention = ms * SIM_MS,
	};

	did(w, keeper_do(keeper_at(w, i), &m), 0);
}

#endif /* CORE_TEST_KEEPER_H */
