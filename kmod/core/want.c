// SPDX-License-Identifier: GPL-2.0
/*
 * What is wanted while sides are transmitted. It stands with the checkpoints and their
 * sections, so nobody needs memory for it: in the temporary store, so that what one
 * node wants no other asks for again; in the regular store of who transmits it, so that
 * he finds it. What a node wants is found out by a walk through its temporary store.
 * Chunks of a section are wanted by who has another version of it, see chunk.c; what one
 * wants suffices for others that have the same version.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "store.h"

/* id_len before the first section */
#define NO_ID	U32_MAX

enum phase {
	PHASE_CKPTS,
	PHASE_SECTIONS,
};

/**
 * pfsnl_want_nothing - nobody wants anything any more
 * @set: of these
 */
void pfsnl_want_nothing(struct pfsnl_ckpt_set *set)
{
	struct pfsnl_section *s;
	struct pfsnl_ckpt *c;

	for (c = pfsnl_set_first(set); c; c = pfsnl_set_after(set, &c->number)) {
		if (!c->wanted)
			continue;
		c->wanted = 0;
		for (s = pfsnl_section_first(c); s; s = pfsnl_section_next(s))
			s->wanted = 0;
	}
}

/* Return: the section that it is about, or NULL. */
static struct pfsnl_section *mark(struct pfsnl_ckpt_set *set,
				  const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt *c = pfsnl_set_find(set, &r->number);
	u8 level = r->flags & PFSNL_WANT_DATA ? PFSNL_WANTED_DATA : PFSNL_WANTED_OFFERS;

	if (!c)
		return NULL;
	c->wanted = max(c->wanted, level);
	if (!(r->flags & PFSNL_WANT_SECTION))
		return NULL;
	return pfsnl_section_find(c, r->name, r->name_len);
}

/* Whether what somebody wants of a section is all that this node can lack of it. */
static bool suffices(struct pfsnl_ckpts *store, const struct pfsnl_ckptrec *r)
{
	struct pfsnl_section *own;

	if (!(r->flags & PFSNL_WANT_CHUNKS))
		return true;
	own = pfsnl_chunks_own(store, &r->number, r->name, r->name_len);
	return own && !memcmp(pfsnl_digest_section(store, own), r->digest,
			      PFSNL_CKPT_DIGEST);
}

/**
 * pfsnl_ckpts_want - somebody wants something
 * @store: the store, with a temporary store
 * @self: this node, host order
 * @r: WANT, decoded
 *
 * Return: 0, or -EPROTO if nobody transmits that.
 */
int pfsnl_ckpts_want(struct pfsnl_ckpts *store, u32 self, const struct pfsnl_ckptrec *r)
{
	struct pfsnl_ckpt_set *side = pfsnl_side_find(store, r->addr);
	struct pfsnl_section *s;

	if (!side || !pfsnl_set_find(side, &r->number))
		return -EPROTO;
	s = mark(side, r);
	if (s && suffices(store, r))
		s->wanted = PFSNL_WANTED_DATA;
	if (r->addr != self)
		return 0;
	s = mark(store->set, r);
	if (s)
		pfsnl_chunks_want(store, s, r);
	return 0;
}

/**
 * pfsnl_ckpt_iter_wants - what this node wants
 * @it: set up
 * @sections: sections, or else checkpoints
 */
void pfsnl_ckpt_iter_wants(struct pfsnl_ckpt_iter *it, bool sections)
{
	memset(it, 0, sizeof(*it));
	it->phase = sections ? PHASE_SECTIONS : PHASE_CKPTS;
	it->id_len = NO_ID;
}

static bool is_here(const struct pfsnl_section *s)
{
	return !s->offered && s->got == s->len;
}

/*
 * The section of which not all was said yet, or that is wanted next and that nobody
 * wanted before.
 */
static struct pfsnl_section *next_section(const struct pfsnl_ckpt *c,
					  struct pfsnl_ckpt_iter *it)
{
	struct pfsnl_section *s = NULL;

	/* whoever has the same version may rely on it that all is said */
	if (it->in_section)
		s = pfsnl_section_find(c, it->id, it->id_len);
	if (s)
		return s;
	s = pfsnl_section_after(c, it->id_len == NO_ID ? NULL : it->id, it->id_len);
	for (; s; s = pfsnl_section_next(s)) {
		if (is_here(s))
			continue;
		it->takes = true;
		if (!s->wanted)
			break;
	}
	return s;
}

/* What is wanted of this checkpoint, if anything is. */
static bool want_of(struct pfsnl_ckpts *store, const struct pfsnl_ckpt_set *side,
		    const struct pfsnl_ckpt *c, struct pfsnl_ckpt_iter *it,
		    struct pfsnl_ckptrec *r, u8 *to, u32 room)
{
	struct pfsnl_section *s, *own;

	r->number = c->number;
	r->flags = 0;
	if (c->whole || pfsnl_side_passed(store, side, c))
		return false;
	if (it->phase == PHASE_CKPTS) {
		it->takes = true;
		if (!pfsnl_set_find(store->set, &c->number))
			r->flags = PFSNL_WANT_DATA;
		return c->wanted < (r->flags ? PFSNL_WANTED_DATA : PFSNL_WANTED_OFFERS);
	}
	s = next_section(c, it);
	if (!s)
		return false;
	r->flags = PFSNL_WANT_SECTION;
	r->name = s->id;
	r->name_len = s->id_len;
	if (!it->in_section)
		it->offset = 0;
	it->in_section = false;
	it->id_len = s->id_len;
	memcpy(it->id, s->id, s->id_len);
	own = pfsnl_chunks_own(store, &c->number, s->id, s->id_len);
	if (own && own->len > PFSNL_CHUNK)
		pfsnl_chunks_say(store, own, it, r, to, room);
	return true;
}

/* The checkpoint that was reached, or else the next. */
static struct pfsnl_ckpt *at_ckpt(const struct pfsnl_ckpt_set *side,
				  const struct pfsnl_ckpt_iter *it)
{
	if (it->begun)
		return pfsnl_set_find(side, &it->number);
	return pfsnl_set_after(side, &it->number);
}

/**
 * pfsnl_ckpts_wants - make the next record of what this node wants
 * @store: the store, with a temporary store
 * @it: what was set up, and how far it is
 * @to: where to
 * @room: bytes there, PFSNL_SEND_ROOM at least
 *
 * Return: bytes of the record, or 0 if there is none any more.
 */
u32 pfsnl_ckpts_wants(struct pfsnl_ckpts *store, struct pfsnl_ckpt_iter *it, u8 *to,
		      u32 room)
{
	struct pfsnl_ckptrec r = { .kind = PFSNL_CKPTREC_WANT };
	const struct pfsnl_ckpt_set *side;
	struct pfsnl_ckpt *c;

	list_for_each_entry(side, &store->sides, side) {
		if (side->addr < it->key.addr)
			continue;
		if (side->addr > it->key.addr) {
			it->key.addr = side->addr;
			it->number = (struct pfsnl_ckpt_number) {};
			it->begun = false;
		}
		r.addr = side->addr;
		for (c = at_ckpt(side, it); c; c = pfsnl_set_after(side, &c->number)) {
			it->number = c->number;
			it->begun = want_of(store, side, c, it, &r, to, room);
			if (!it->begun) {
				it->in_section = false;
				it->id_len = NO_ID;
				continue;
			}
			/* of a checkpoint there is one, of its sections many */
			it->begun = it->phase == PHASE_SECTIONS;
			pfsnl_ckptrec_encode(&r, to);
			return pfsnl_ckptrec_size(&r);
		}
	}
	return 0;
}
