// SPDX-License-Identifier: GPL-2.0
/*
 * The lineage of a store: how far it went in which rings. A store that another has
 * been at is behind it, and has nothing to say; what was changed at a place that the
 * other has not been at is news to it.
 */
#include <linux/string.h>

#include "broken.h"
#include "store.h"

/**
 * pfsnl_ring_order - order of rings
 * @a: the one
 * @b: the other
 *
 * Rings that follow each other have rising numbers; those of two sides can have the
 * same, and then any order will do that is the same everywhere.
 *
 * Return: below, equal to or above 0.
 */
int pfsnl_ring_order(const struct pfsnl_ring_id *a, const struct pfsnl_ring_id *b)
{
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	if (a->leader != b->leader)
		return a->leader < b->leader ? -1 : 1;
	if (a->incarnation != b->incarnation)
		return a->incarnation < b->incarnation ? -1 : 1;
	return 0;
}

/**
 * pfsnl_dot_same - whether two places are the same
 * @a: the one
 * @b: the other
 */
bool pfsnl_dot_same(const struct pfsnl_ckpt_dot *a, const struct pfsnl_ckpt_dot *b)
{
	return !pfsnl_ring_order(&a->ring, &b->ring) && a->count == b->count;
}

/* The first that is not below a ring. */
static u32 place(const struct pfsnl_lineage *l, const struct pfsnl_ring_id *ring)
{
	u32 i = l->n;

	while (i && pfsnl_ring_order(&l->at[i - 1].ring, ring) >= 0)
		i--;
	return i;
}

static bool is_at(const struct pfsnl_lineage *l, u32 i, const struct pfsnl_ring_id *ring)
{
	return i < l->n && !pfsnl_ring_order(&l->at[i].ring, ring);
}

/**
 * pfsnl_lineage_ring - whether a store remembers a ring
 * @l: its lineage
 * @ring: the ring
 */
bool pfsnl_lineage_ring(const struct pfsnl_lineage *l, const struct pfsnl_ring_id *ring)
{
	return is_at(l, place(l, ring), ring);
}

/**
 * pfsnl_lineage_has - whether a store has been at a place
 * @l: its lineage
 * @dot: the place
 */
bool pfsnl_lineage_has(const struct pfsnl_lineage *l, const struct pfsnl_ckpt_dot *dot)
{
	u32 i = place(l, &dot->ring);

	return is_at(l, i, &dot->ring) &&
	       (l->at[i].count >= dot->count || PFSNL_BROKEN(CKPT_COUNT));
}

/**
 * pfsnl_lineage_ok - whether this can be a lineage
 * @l: as a peer says
 */
bool pfsnl_lineage_ok(const struct pfsnl_lineage *l)
{
	u32 i;

	for (i = 0; i < l->n; i++) {
		if (l->at[i].ring.seq > PFSNL_RING_SEQ_MAX)
			return false;
		if (i && pfsnl_ring_order(&l->at[i - 1].ring, &l->at[i].ring) >= 0)
			return false;
	}
	return true;
}

/* Put in, if it is not older than all that fit. */
static void insert(struct pfsnl_lineage *l, u32 i, const struct pfsnl_ckpt_dot *dot)
{
	if (l->n == PFSNL_LINEAGE_MAX) {
		if (!i)
			return;
		i--;
		memmove(l->at, l->at + 1, i * sizeof(*l->at));
	} else {
		memmove(l->at + i + 1, l->at + i, (l->n - i) * sizeof(*l->at));
		l->n++;
	}
	l->at[i] = *dot;
}

/**
 * pfsnl_lineage_join - two sides become one
 * @into: the lineage of one, and then of both
 * @from: that of the other
 */
void pfsnl_lineage_join(struct pfsnl_lineage *into, const struct pfsnl_lineage *from)
{
	u32 i, k;

	for (k = 0; k < from->n; k++) {
		const struct pfsnl_ckpt_dot *dot = &from->at[k];

		i = place(into, &dot->ring);
		if (!is_at(into, i, &dot->ring))
			insert(into, i, dot);
		else if (into->at[i].count < dot->count)
			into->at[i].count = dot->count;
	}
}

/**
 * pfsnl_lineage_enter - a ring is activated
 * @l: the lineage
 * @ring: the ring
 *
 * Return: whether it is newer than all there are; else nothing is changed.
 */
bool pfsnl_lineage_enter(struct pfsnl_lineage *l, const struct pfsnl_ring_id *ring)
{
	struct pfsnl_ckpt_dot dot = { .ring = *ring };

	if (l->n && pfsnl_ring_order(&l->at[l->n - 1].ring, ring) >= 0)
		return false;
	insert(l, l->n, &dot);
	return true;
}

/**
 * pfsnl_lineage_compare - what two stores know of each other
 * @a: the lineage of the one
 * @b: of the other
 *
 * If the older one's last ring is forgotten by the other it is taken for a fork, which
 * loses nothing.
 */
enum pfsnl_lineage_order pfsnl_lineage_compare(const struct pfsnl_lineage *a,
					       const struct pfsnl_lineage *b)
{
	bool a_in_b = !a->n || pfsnl_lineage_has(b, &a->at[a->n - 1]);
	bool b_in_a = !b->n || pfsnl_lineage_has(a, &b->at[b->n - 1]);

	if (a_in_b && b_in_a)
		return PFSNL_LINEAGE_SAME;
	if (a_in_b)
		return PFSNL_LINEAGE_BEHIND;
	return b_in_a ? PFSNL_LINEAGE_AHEAD : PFSNL_LINEAGE_FORK;
}
