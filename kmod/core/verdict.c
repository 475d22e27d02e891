// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of each version of a checkpoint when sides become one, as their lineages
 * say; found out while all sides are as they came, so that it does not matter in which
 * order they are made one afterwards (conflict.c). A version
 *
 * - is beaten if a side that has another one has been where it was changed, and went on
 *   from there;
 * - goes if a side that has it no more has been there, and nobody on any side has it
 *   open;
 * - is passed if it is beaten in such a way that nobody needs what it holds, so that
 *   this is not even transmitted.
 */
#include "store.h"

/* Whether any side that has a version has been at a place. */
static bool known_there(const struct pfsnl_ckpts *store, const struct pfsnl_ckpt *c,
			const struct pfsnl_ckpt_dot *dot)
{
	const struct pfsnl_ckpt_set *side;
	const struct pfsnl_ckpt *d;

	list_for_each_entry(side, &store->sides, side) {
		d = pfsnl_set_find(side, &c->number);
		if (d && pfsnl_dot_same(&d->changed, &c->changed) &&
		    pfsnl_lineage_has(&side->lineage, dot))
			return true;
	}
	return false;
}

/*
 * Whether a version was made of another one, or won over it before. Its side knows that
 * one then, but that is not all: it may have thrown it away, and have an older one, or
 * one that was not made of it, from another side. So it must have been changed more
 * often, unless an unlink lost to it.
 */
static bool is_made_of(const struct pfsnl_ckpts *store, const struct pfsnl_ckpt *d,
		       const struct pfsnl_ckpt *c)
{
	if (!known_there(store, d, &c->changed))
		return false;
	if (d->ops > c->ops)
		return true;
	return pfsnl_ckpt_linked(d) && !pfsnl_ckpt_linked(c) &&
	       !known_there(store, c, &d->changed);
}

/*
 * Whether a version is behind another one: that one's side has been where this one was
 * changed, and this one's not where that one was. Whatever the order in which sides are
 * made one, it wins nothing and is kept nowhere, so nobody needs what it holds.
 *
 * To be sure that this goes round in no circle, the other one must be above it by its
 * key, too, as it is if it was made of this one and not unlinked.
 */
static bool is_passed(const struct pfsnl_ckpt_set *side, const struct pfsnl_ckpt *c,
		      const struct pfsnl_ckpt_set *other)
{
	const struct pfsnl_ckpt *d = pfsnl_set_find(other, &c->number);

	return d && d->ops > c->ops && pfsnl_ckpt_linked(d) >= pfsnl_ckpt_linked(c) &&
	       pfsnl_lineage_has(&other->lineage, &c->changed) &&
	       !pfsnl_lineage_has(&side->lineage, &d->changed);
}

/**
 * pfsnl_side_passed - whether what a version holds is needed by nobody
 * @store: the store
 * @side: of which side it is
 * @c: the version
 */
bool pfsnl_side_passed(const struct pfsnl_ckpts *store,
		       const struct pfsnl_ckpt_set *side, const struct pfsnl_ckpt *c)
{
	const struct pfsnl_ckpt_set *other;

	list_for_each_entry(other, &store->sides, side)
		if (other != side && is_passed(side, c, other))
			return true;
	return false;
}

/* Whether a side that has a number no more has had this version, and threw it away. */
static bool was_left(const struct pfsnl_ckpt_set *other, const struct pfsnl_ckpt *c)
{
	const struct pfsnl_ckpt *origin;

	if (!pfsnl_lineage_has(&other->lineage, &c->changed))
		return false;
	if (c->number.creator)
		return true;
	/* what lost a conflict elsewhere it may know as what it still has */
	origin = pfsnl_set_find(other, &c->origin);
	return !origin || !pfsnl_dot_same(&origin->changed, &c->changed);
}

static void judge(const struct pfsnl_ckpts *store, const struct pfsnl_ckpt_set *side,
		  struct pfsnl_ckpt *c)
{
	const struct pfsnl_ckpt_set *other;
	const struct pfsnl_ckpt *d;
	bool left = false, born = false;

	c->passed = pfsnl_side_passed(store, side, c);
	c->beaten = false;
	list_for_each_entry(other, &store->sides, side) {
		d = pfsnl_set_find(other, &c->number);
		if (d) {
			if (!pfsnl_dot_same(&d->changed, &c->changed) &&
			    is_made_of(store, d, c))
				c->beaten = true;
		} else if (was_left(other, c)) {
			left = true;
		} else if (c->number.creator &&
			   pfsnl_lineage_has(&other->lineage, &c->born)) {
			/* it was there, and is unlinked; we changed it since */
			born = true;
		}
	}
	c->goes = left && !c->refs;
	c->owed = pfsnl_ckpt_linked(c) && (left || born) && !c->goes;
}

/* How many handles there are of each, on whichever side it is. */
static void count_refs(struct pfsnl_ckpt_set *set, const struct rb_root *handles)
{
	struct pfsnl_ckpt *c;
	struct rb_node *p;

	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number))
		c->refs = 0;
	for (p = rb_first(handles); p; p = rb_next(p)) {
		c = pfsnl_set_find(set, &rb_entry(p, struct pfsnl_ckpt_handle,
						  by_key)->number);
		if (c)
			c->refs++;
	}
}

/**
 * pfsnl_sides_judge - find out what becomes of each version
 * @store: the store, with two sides or more; the first gets the handles of all
 */
void pfsnl_sides_judge(struct pfsnl_ckpts *store)
{
	struct pfsnl_ckpt_set *first = list_first_entry(&store->sides,
							struct pfsnl_ckpt_set, side);
	struct pfsnl_ckpt_set *side;
	struct pfsnl_ckpt *c;

	list_for_each_entry(side, &store->sides, side)
		if (side != first)
			pfsnl_refs_join(&store->mem, first, side);
	list_for_each_entry(side, &store->sides, side)
		count_refs(side, &first->handles);
	list_for_each_entry(side, &store->sides, side)
		for (c = pfsnl_set_first(side); c; c = pfsnl_set_after(side, &c->number))
			judge(store, side, c);
}
