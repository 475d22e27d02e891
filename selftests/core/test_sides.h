/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of sides that meet share.
 */
#ifndef CORE_TEST_SIDES_H
#define CORE_TEST_SIDES_H

#include <errno.h>

#include "store.h"
#include "depot.h"
#include "test.h"

static inline struct depots side_of(const struct depots *all, u32 i)
{
	struct depots side = depots_of(all, i, 1);

	assert_int_equal(depots_meet(&side), 0);
	return side;
}

/* What a section of a checkpoint begins with. */
static inline char first_byte(const struct pfsnl_ckpt *c, const char *id)
{
	struct pfsnl_section *s = pfsnl_section_find(c, id, strlen(id));
	char byte = 0;

	assert_non_null(s);
	pfsnl_section_read(s, 0, &byte, 1);
	return byte;
}

static inline struct pfsnl_ckpt *loser_of(const struct depot *d)
{
	struct pfsnl_ckpt *c = pfsnl_ckpts_after(d->store, NULL);

	while (c && !(c->flags & PFSNL_CKPT_CONFLICT))
		c = pfsnl_ckpts_after(d->store, &c->number);
	return c;
}

/* in which its store was activated last */
static inline struct pfsnl_ring_id last_ring(const struct depot *d)
{
	const struct pfsnl_lineage *lineage = pfsnl_ckpts_lineage(d->store);

	return lineage->at[lineage->n - 1].ring;
}

static inline bool same_ring(const struct pfsnl_ring_id *a, const struct pfsnl_ring_id *b)
{
	return !pfsnl_ring_order(a, b);
}

static inline u32 count_ckpts(const struct depot *d)
{
	struct pfsnl_ckpt *c = pfsnl_ckpts_after(d->store, NULL);
	u32 n = 0;

	for (; c; c = pfsnl_ckpts_after(d->store, &c->number))
		n++;
	return n;
}

#endif /* CORE_TEST_SIDES_H */
