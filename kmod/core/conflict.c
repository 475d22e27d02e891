// SPDX-License-Identifier: GPL-2.0
/*
 * Several sides become one. What one side changed while the other did not wins without
 * a word (verdict.c). If both changed it, or both gave the same name, the larger key
 * wins: {not unlinked, operations, digest}. A key belongs to the version alone, so it
 * does not matter who leads, who transmits and in which order sides meet.
 *
 * The loser is kept as a checkpoint of another name. If it was a version of the
 * winner, its number is made of its digest: the same loser from several sides is kept
 * once. Handles follow the number, so they are the winner's.
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "broken.h"
#include "store.h"

#define MARK		"@conflict-"
#define MARK_LEN	10
/* hexadecimal digits of the digest in a name */
#define PREFIX_LEN	16
#define COUNT_LEN	8
/* creator of a number that is a digest; no node has this address */
#define NOBODY		0

static bool is_loser(const struct pfsnl_ckpt *c)
{
	return c->flags & PFSNL_CKPT_CONFLICT;
}

static int dot_cmp(const struct pfsnl_ckpt_dot *a, const struct pfsnl_ckpt_dot *b)
{
	int order = pfsnl_ring_order(&a->ring, &b->ring);

	if (order)
		return order;
	return a->count < b->count ? -1 : a->count > b->count;
}

/* Which version wins: above 0 if the first does. */
static int key_cmp(struct pfsnl_ckpts *store, struct pfsnl_ckpt *a, struct pfsnl_ckpt *b)
{
	int order;

	if (pfsnl_ckpt_linked(a) != pfsnl_ckpt_linked(b))
		return pfsnl_ckpt_linked(a) ? 1 : -1;
	if (a->ops != b->ops)
		return a->ops < b->ops ? -1 : 1;
	order = memcmp(pfsnl_digest_ckpt(store, a), pfsnl_digest_ckpt(store, b),
		       PFSNL_CKPT_DIGEST);
	return order ? order : dot_cmp(&a->changed, &b->changed);
}

/* @loser: NULL if there is none; of what is not kept only which version it was */
static void report(struct pfsnl_ckpts *store, enum pfsnl_conflict_why why,
		   struct pfsnl_ckpt *winner, const struct pfsnl_ckpt *loser,
		   const u8 *loser_digest)
{
	struct pfsnl_ckpt_conflict conflict = {
		.why = why,
		.winner = winner->number,
		.winner_ring = winner->changed.ring,
		.name_len = winner->name_len,
		.name = winner->name,
	};

	memcpy(conflict.winner_digest, pfsnl_digest_ckpt(store, winner),
	       PFSNL_CKPT_DIGEST);
	if (loser) {
		memcpy(conflict.loser_digest, loser_digest, PFSNL_CKPT_DIGEST);
		conflict.loser_ring = loser->changed.ring;
	}
	if (loser && why != PFSNL_CONFLICT_UNLINKED_OPEN) {
		conflict.loser = loser->number;
		conflict.loser_name = loser->name;
		conflict.loser_name_len = loser->name_len;
	}
	store->mem.ops->conflict(store->mem.ctx, &conflict);
}

/**
 * pfsnl_ckpt_lost_name - the name that a checkpoint had before it lost a conflict
 * @c: the checkpoint
 *
 * Return: so many bytes of its name; where that would have been too long, it was cut.
 * All of it, if it lost none.
 */
u32 pfsnl_ckpt_lost_name(const struct pfsnl_ckpt *c)
{
	u32 len = c->name_len;

	if (!is_loser(c))
		return len;
	while (len >= MARK_LEN && memcmp(c->name + len - MARK_LEN, MARK, MARK_LEN))
		len--;
	return len >= MARK_LEN ? len - MARK_LEN : c->name_len;
}

/*
 * The name of a loser: so much of its own as there is room for, and of its digest; more
 * of that at a second try, if somebody has this name, and then a count behind it.
 */
static void rename_loser(struct pfsnl_ckpt *c, const u8 *digest, u32 tries)
{
	u32 digits = tries ? 2 * PFSNL_CKPT_DIGEST : PREFIX_LEN;
	u32 i, len, extra = tries > 1 ? COUNT_LEN : 0;
	u8 *p;

	len = min_t(u32, pfsnl_ckpt_lost_name(c), PFSNL_CKPT_NAME_MAX - MARK_LEN - digits - extra);
	p = c->name + len;
	memcpy(p, MARK, MARK_LEN);
	p += MARK_LEN;
	for (i = 0; i < digits; i++)
		*p++ = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
	for (i = 0; i < extra; i++)
		*p++ = "0123456789abcdef"[tries >> (28 - 4 * i) & 15];
	c->name_len = p - c->name;
	c->flags |= PFSNL_CKPT_CONFLICT;
	/* now, that is; pfsnl_losers_date() */
	c->lost = (struct pfsnl_ring_id) {};
}

/* Whether it lost in a ring before that in which another one did. */
static bool lost_before(const struct pfsnl_ckpt *c, const struct pfsnl_ckpt *other)
{
	return c->lost.seq && (!other->lost.seq ||
			       pfsnl_ring_order(&c->lost, &other->lost) < 0);
}

static void replace(struct pfsnl_ckpt_set *set, struct pfsnl_ckpt *old,
		    struct pfsnl_ckpt *c)
{
	rb_erase(&old->by_number, &set->by_number);
	pfsnl_set_insert(set, c);
}

/*
 * What a loser holds is kept already: since it was lost before, from another side, or as
 * another version that came to the same. That is news then, to who had that.
 */
static void keep_one(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *into,
		     struct pfsnl_ckpt *winner, struct pfsnl_ckpt *there,
		     struct pfsnl_ckpt *loser, const u8 *digest)
{
	struct pfsnl_ckpt *goes = loser, *stays = there;
	bool news = !pfsnl_dot_same(&there->changed, &loser->changed);

	/* the same one of both, whichever was there first */
	if (key_cmp(store, loser, there) > 0) {
		replace(into, there, loser);
		goes = there;
		stays = loser;
	}
	if (lost_before(there, loser))
		stays->lost = there->lost;
	/* somebody may have thrown away that one; not this */
	stays->goes = false;
	stays->beaten = false;
	if (news)
		report(store, PFSNL_CONFLICT_CONTENT, winner, stays, digest);
	pfsnl_ckpt_free(&store->mem, goes);
}

/* Both sides changed the same checkpoint, and this is the version that lost. */
static void keep_loser(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *into,
		       struct pfsnl_ckpt *winner, struct pfsnl_ckpt *loser)
{
	u8 digest[PFSNL_CKPT_DIGEST];
	struct pfsnl_ckpt *there;

	memcpy(digest, pfsnl_digest_ckpt(store, loser), PFSNL_CKPT_DIGEST);
	if (!pfsnl_ckpt_linked(loser) || PFSNL_BROKEN(CKPT_LOSER)) {
		/* it was thrown away; only handles, which follow the number, kept it */
		report(store, PFSNL_CONFLICT_UNLINKED_OPEN, winner, loser, digest);
		pfsnl_ckpt_free(&store->mem, loser);
		return;
	}
	loser->origin = loser->number;
	loser->number = (struct pfsnl_ckpt_number) {
		.creator = NOBODY,
		.incarnation = get_unaligned_be64(digest),
		.counter = get_unaligned_be64(digest + 8),
	};
	loser->hashed = false;
	loser->refs = 0;
	loser->owed = false;
	rename_loser(loser, digest, 0);
	there = pfsnl_set_insert(into, loser);
	if (there)
		keep_one(store, into, winner, there, loser, digest);
	else
		report(store, PFSNL_CONFLICT_CONTENT, winner, loser, digest);
}

/* The same version on both sides; perhaps one knows already that it lost its name. */
static void same_version(struct pfsnl_ckpts *store, struct pfsnl_ckpt *a,
			 struct pfsnl_ckpt *b)
{
	if (is_loser(b) && !is_loser(a)) {
		memcpy(a->name, b->name, b->name_len);
		a->name_len = b->name_len;
		a->lost = b->lost;
	} else if (is_loser(b) && lost_before(b, a)) {
		a->lost = b->lost;
	}
	a->flags |= b->flags;
	a->owed |= b->owed;
	a->idle = max(a->idle, b->idle);
	a->next_id = max(a->next_id, b->next_id);
	pfsnl_ckpt_free(&store->mem, b);
}

/* How a version fares against others of its number, see pfsnl_sides_judge(). */
static int rank(const struct pfsnl_ckpt *c)
{
	if (c->beaten)
		return 0;
	return c->goes ? 1 : 2;
}

/* Which version is left where none is kept; of one that is passed there is no digest. */
static int rest_cmp(const struct pfsnl_ckpt *a, const struct pfsnl_ckpt *b)
{
	if (a->passed != b->passed)
		return a->passed ? -1 : 1;
	if (pfsnl_ckpt_linked(a) != pfsnl_ckpt_linked(b))
		return pfsnl_ckpt_linked(a) ? 1 : -1;
	if (a->ops != b->ops)
		return a->ops < b->ops ? -1 : 1;
	return dot_cmp(&a->changed, &b->changed);
}

/* Both sides have this number; the second's is in no tree. */
static void join_versions(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *into,
			  struct pfsnl_ckpt *a, struct pfsnl_ckpt *b)
{
	int order = rank(a) - rank(b);
	bool forked = !order && rank(a) == 2;
	struct pfsnl_ckpt *winner = a, *loser = b;

	if (pfsnl_dot_same(&a->changed, &b->changed)) {
		/* the one of which all is here */
		if (a->passed && !b->passed) {
			replace(into, a, b);
			winner = b;
			loser = a;
		}
		same_version(store, winner, loser);
		return;
	}
	if (forked)
		order = key_cmp(store, a, b) * !PFSNL_BROKEN(CKPT_SIDE);
	else if (!order)
		order = rest_cmp(a, b);
	if (order < 0) {
		replace(into, a, b);
		winner = b;
		loser = a;
	}
	winner->owed |= loser->owed;
	if (forked && (pfsnl_ckpt_linked(a) != pfsnl_ckpt_linked(b) ||
		       memcmp(pfsnl_digest_ckpt(store, a), pfsnl_digest_ckpt(store, b),
			      PFSNL_CKPT_DIGEST)))
		keep_loser(store, into, winner, loser);
	else
		pfsnl_ckpt_free(&store->mem, loser);
}

/**
 * pfsnl_sides_join - two sides become one
 * @store: the store
 * @into: the one, and then both
 * @from: the other, emptied
 *
 * All of them were judged.
 */
void pfsnl_sides_join(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *into,
		      struct pfsnl_ckpt_set *from)
{
	struct pfsnl_ckpt *a, *b;

	while ((b = pfsnl_set_first(from))) {
		rb_erase(&b->by_number, &from->by_number);
		a = pfsnl_set_insert(into, b);
		if (a)
			join_versions(store, into, a, b);
	}
	pfsnl_lineage_join(&into->lineage, &from->lineage);
	into->limits.bytes = max(into->limits.bytes, from->limits.bytes);
	into->limits.headroom = max(into->limits.headroom, from->limits.headroom);
}

/**
 * pfsnl_sides_settle - all sides are one: what goes does so, what stays is told
 * @store: the store
 * @set: what they have become
 */
void pfsnl_sides_settle(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set)
{
	struct pfsnl_ckpt *c, *next;

	for (c = pfsnl_set_first(set); c; c = next) {
		next = pfsnl_set_after(set, &c->number);
		if (rank(c) == 1) {
			rb_erase(&c->by_number, &set->by_number);
			pfsnl_ckpt_free(&store->mem, c);
		} else if (c->owed && pfsnl_ckpt_linked(c)) {
			report(store, PFSNL_CONFLICT_UNLINKED, c, NULL, NULL);
		}
	}
}

/* What a loser is named by: of a version that lost, still the digest that it had then. */
static void digest_of_loser(struct pfsnl_ckpts *store, struct pfsnl_ckpt *c, u8 *digest)
{
	if (c->number.creator == NOBODY) {
		put_unaligned_be64(c->number.incarnation, digest);
		put_unaligned_be64(c->number.counter, digest + 8);
	} else {
		memcpy(digest, pfsnl_digest_ckpt(store, c), PFSNL_CKPT_DIGEST);
	}
}

/* Which keeps its name: above 0 if the first does. */
static int claim_cmp(struct pfsnl_ckpts *store, struct pfsnl_ckpt *a,
		     struct pfsnl_ckpt *b)
{
	/* who came by its name through a conflict does not take it from anybody */
	if (is_loser(a) != is_loser(b))
		return is_loser(a) ? -1 : 1;
	return key_cmp(store, a, b);
}

/**
 * pfsnl_names_settle - each name becomes that of one checkpoint
 * @store: the store
 * @set: checkpoints, not by name yet
 */
void pfsnl_names_settle(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set)
{
	struct pfsnl_ckpt *c, *at, *other, *winner;
	u8 digest[PFSNL_CKPT_DIGEST];
	u32 tries;

	set->by_name = RB_ROOT;
	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		at = c;
		tries = 0;
		while (pfsnl_ckpt_linked(at) && (other = pfsnl_set_name(set, at))) {
			winner = other;
			if (claim_cmp(store, at, other) > 0) {
				pfsnl_set_unname(set, other);
				pfsnl_set_name(set, at);
				winner = at;
				at = other;
			}
			digest_of_loser(store, at, digest);
			rename_loser(at, digest, is_loser(at) ? ++tries : 0);
			report(store, PFSNL_CONFLICT_NAME, winner, at, digest);
		}
	}
}

/* The one that goes on where @c lost, if it is there and can be told. */
static struct pfsnl_ckpt *winner_over(const struct pfsnl_ckpt_set *set,
				      const struct pfsnl_ckpt *c)
{
	if (c->number.creator == NOBODY)
		return pfsnl_set_find(set, &c->origin);
	return pfsnl_set_named(set, c->name, pfsnl_ckpt_lost_name(c));
}

/**
 * pfsnl_ckpt_winner - the checkpoint to which another one lost a conflict
 * @store: the store
 * @c: the one that lost
 *
 * Return: it; NULL if it is gone, or has no name any more, or that can't be told.
 */
struct pfsnl_ckpt *pfsnl_ckpt_winner(const struct pfsnl_ckpts *store,
				     const struct pfsnl_ckpt *c)
{
	struct pfsnl_ckpt *winner = winner_over(store->set, c);

	return winner && winner != c && pfsnl_ckpt_linked(winner) ? winner : NULL;
}

/* It lost before we came, and was told then, elsewhere. */
static void report_earlier(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_set *set,
			   struct pfsnl_ckpt *c)
{
	struct pfsnl_ckpt *winner = winner_over(set, c);
	struct pfsnl_ckpt_conflict conflict = {
		.why = c->number.creator == NOBODY ? PFSNL_CONFLICT_CONTENT :
						     PFSNL_CONFLICT_NAME,
		.earlier = true,
		.ring = c->lost,
		.loser = c->number,
		.loser_ring = c->changed.ring,
		.loser_name = c->name,
		.loser_name_len = c->name_len,
		.name = c->name,
		.name_len = pfsnl_ckpt_lost_name(c),
	};

	digest_of_loser(store, c, conflict.loser_digest);
	if (winner && winner != c) {
		conflict.winner = winner->number;
		conflict.winner_ring = winner->changed.ring;
		conflict.name = winner->name;
		conflict.name_len = winner->name_len;
		memcpy(conflict.winner_digest, pfsnl_digest_ckpt(store, winner),
		       PFSNL_CKPT_DIGEST);
	}
	store->mem.ops->conflict(store->mem.ctx, &conflict);
}

/**
 * pfsnl_losers_date - each loser gets to know since when it is one
 * @store: the store, its regular store as it was before
 * @set: checkpoints, each with its own name
 * @ring: the ring that is activated
 *
 * What lost in an earlier ring, and was none of ours or had its name here, is reported
 * as well: it was decided where this node, or its side, was not. A store that never was
 * activated knew of nothing, and is told of nothing.
 */
void pfsnl_losers_date(struct pfsnl_ckpts *store, struct pfsnl_ckpt_set *set,
		       const struct pfsnl_ring_id *ring)
{
	bool was = set != store->set && store->set->lineage.n;
	const struct pfsnl_ckpt *old;
	struct pfsnl_ckpt *c;

	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		if (!is_loser(c))
			continue;
		if (!c->lost.seq) {
			c->lost = *ring;
			continue;
		}
		old = was ? pfsnl_set_find(store->set, &c->number) : NULL;
		if (was && (!old || !is_loser(old)))
			report_earlier(store, set, c);
	}
}
