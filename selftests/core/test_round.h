/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A round of stores without nodes, by the steps of the service: what each wants is told
 * to all, and that is transmitted.
 */
#ifndef CORE_TEST_ROUND_H
#define CORE_TEST_ROUND_H

#include <errno.h>

#include "depot.h"
#include "test.h"

#define ROUND_ROOM	(63 << 10)

/**
 * struct round - a round
 * @all: those that are in it
 * @turns: one record of each in turn, or all of one and then all of the next
 * @room: most bytes of a record; 0: as in a parcel
 * @wants: records by which sections are wanted
 * @need: bytes of these
 * @pieces: records of sections
 * @moved: bytes of these
 * @err: why a node can't take part, 0: it does
 * @before: called with each record before it is told, if set
 */
struct round {
	struct depots *all;
	bool turns;
	u32 room;
	u64 wants;
	u64 need;
	u64 pieces;
	u64 moved;
	int err[DEPOTS_MAX];
	void (*before)(struct round *r, u32 sender, u8 *wire, u32 len);
};

static inline void tell(struct round *r, u32 to, u32 sender, const u8 *wire, u32 len)
{
	struct pfsnl_ckpts *store = r->all->at[to]->store;
	struct pfsnl_ckptrec rec;
	int err;

	if (r->err[to])
		return;
	assert_int_equal(pfsnl_ckptrec_decode(&rec, wire, len), 0);
	if (rec.kind == PFSNL_CKPTREC_WANT) {
		assert_int_equal(pfsnl_ckpts_want(store, r->all->at[to]->from.addr,
						  &rec), 0);
		return;
	}
	/* what lacks memory is told again */
	do
		err = pfsnl_ckpts_record(store, r->all->at[sender]->from.addr, &rec);
	while (err == -ENOMEM);
	r->err[to] = min(err, 0);
}

/* A record of somebody reaches all. */
static inline void tell_all(struct round *r, u32 sender, const u8 *wire, u32 len)
{
	u8 *copy = exact(wire, len);
	u32 i;

	if (r->before)
		r->before(r, sender, copy, len);
	for (i = 0; i < r->all->n; i++)
		tell(r, i, sender, copy, len);
	free(copy);
}

enum in_step {
	HEADS,
	WANT,
	OFFER,
	NEED,
	DATA,
	STEPS
};

static inline void begin(struct round *r, enum in_step step, u32 i, struct pfsnl_ckpt_iter *it)
{
	u8 wire[PFSNL_SEND_ROOM];

	switch (step) {
	case HEADS:
		/* behind what stands for itself */
		pfsnl_ckpt_iter_all(it, PFSNL_SEND_HEADS);
		pfsnl_ckpts_send(r->all->at[i]->store, it, wire, sizeof(wire));
		break;
	case OFFER:
		pfsnl_ckpt_iter_wanted(it, PFSNL_SEND_OFFERS);
		break;
	case DATA:
		pfsnl_ckpt_iter_wanted(it, PFSNL_SEND_WANTED);
		break;
	default:
		pfsnl_ckpt_iter_wants(it, step == NEED);
	}
}

static inline u32 next(struct round *r, enum in_step step, u32 i, struct pfsnl_ckpt_iter *it,
		       u8 *to)
{
	struct depot *d = r->all->at[i];

	if (r->err[i])
		return 0;
	if (step == WANT || step == NEED)
		return pfsnl_ckpts_wants(d->store, it, to, r->room);
	if (!pfsnl_ckpts_side(d->store, d->from.addr))
		return 0;
	return pfsnl_ckpts_send(d->store, it, to, r->room);
}

static inline void count(struct round *r, enum in_step step, const u8 *wire, u32 len)
{
	if (step == NEED) {
		r->wants++;
		r->need += len;
	}
	if (wire[0] != PFSNL_CKPTREC_SECTION)
		return;
	r->moved += len;
	r->pieces++;
}

static inline void do_step(struct round *r, enum in_step step)
{
	struct pfsnl_ckpt_iter it[DEPOTS_MAX];
	u8 *wire = malloc(ROUND_ROOM);
	bool more = true;
	u32 i, len;

	for (i = 0; i < r->all->n; i++)
		begin(r, step, i, &it[i]);
	while (more) {
		more = false;
		for (i = 0; i < r->all->n; i++) {
			while ((len = next(r, step, i, &it[i], wire))) {
				more = true;
				count(r, step, wire, len);
				tell_all(r, i, wire, len);
				if (r->turns)
					break;
			}
		}
	}
	free(wire);
}

/* They tell each other all up to a step. */
static inline void carry(struct round *r, enum in_step last)
{
	struct pfsnl_ckpt_iter it;
	u8 wire[PFSNL_SEND_ROOM];
	struct depots *all = r->all;
	u32 i, len, step;

	if (!r->room)
		r->room = ROUND_ROOM;
	for (i = 0; i < all->n; i++)
		pfsnl_ckpts_begin(all->at[i]->store);
	for (i = 0; i < all->n; i++) {
		if (!pfsnl_ckpts_lineage(all->at[i]->store)->n)
			continue;
		pfsnl_ckpt_iter_all(&it, PFSNL_SEND_HEADS);
		len = pfsnl_ckpts_send(all->at[i]->store, &it, wire, sizeof(wire));
		tell_all(r, i, wire, len);
	}
	for (i = 0; i < all->n; i++)
		pfsnl_ckpts_weigh(all->at[i]->store);
	for (step = HEADS; step <= last; step++)
		do_step(r, step);
}

static inline bool sections_same(const struct pfsnl_section *a,
				 const struct pfsnl_section *b)
{
	static u8 one[PFSNL_CHUNK], other[PFSNL_CHUNK];
	u64 at, len;

	if (a->len != b->len)
		return false;
	for (at = 0; at < a->len; at += len) {
		len = pfsnl_section_read(a, at, one, PFSNL_CHUNK);
		pfsnl_section_read(b, at, other, PFSNL_CHUNK);
		if (memcmp(one, other, len))
			return false;
	}
	return true;
}

/* Byte by byte, as digests were taken over from others. */
static inline bool bytes_same(const struct depots *all, u32 i)
{
	struct pfsnl_ckpts *first = all->at[0]->store, *store = all->at[i]->store;
	struct pfsnl_ckpt *a = NULL, *b;
	struct pfsnl_section *s, *t;

	while ((a = pfsnl_ckpts_after(first, a ? &a->number : NULL))) {
		b = pfsnl_ckpts_find(store, &a->number);
		if (!b || a->n_sections != b->n_sections)
			return false;
		for (s = pfsnl_section_after(a, NULL, 0); s;
		     s = pfsnl_section_after(a, s->id, s->id_len)) {
			t = pfsnl_section_find(b, s->id, s->id_len);
			if (!t || !sections_same(s, t))
				return false;
		}
	}
	return true;
}

/* All is there at all of them. */
static inline void assert_became_one(struct round *r)
{
	u32 i;

	for (i = 0; i < r->all->n; i++)
		assert_int_equal(r->err[i], 0);
	assert_int_equal(depots_activate(r->all, r->all->n), 0);
	assert_true(depots_same(r->all));
	for (i = 1; i < r->all->n; i++)
		assert_true(bytes_same(r->all, i));
}

/* They come together. */
static inline struct round meet(struct depots *all)
{
	struct round r = { .all = all };

	carry(&r, DATA);
	assert_became_one(&r);
	return r;
}

#endif /* CORE_TEST_ROUND_H */
