// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of a round of the checkpoint service. A step begins when all who speak in
 * the one before have said that they have no more to say in it. That, what belongs to
 * a step and what is ignored goes by delivered messages alone, in their order, so all
 * nodes see alike; each goes on at its own pace within a step.
 *
 * Where nobody can want anything, steps are left out: behind LINEAGE if all were
 * activated in the same ring last and applied the same operations since, so that a node
 * that leaves costs one message; behind HEADS if there is no checkpoint; behind WANT and
 * NEED if nobody wants anything.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "broken.h"
#include "ckptround.h"
#include "state.h"

static bool member_next(const struct pfsnl_ckptsvc *svc, struct pfsnl_sync_member *m)
{
	return pfsnl_core_sync_member(svc->core, PFSNL_SERVICE_CKPT, m->addr, m);
}

static bool member_find(const struct pfsnl_ckptsvc *svc, u32 addr,
			struct pfsnl_sync_member *m)
{
	*m = (struct pfsnl_sync_member) { .addr = addr - 1 };
	return member_next(svc, m) && m->addr == addr;
}

/* This node can't take part; what more comes of the round is nothing to it. */
static void fail(struct pfsnl_ckptsvc *svc, int err)
{
	svc->error = err;
	svc->ops.out(svc->ctx, err);
}

/* Who speaks in a step besides those who have a side. */
static bool all_speak(u8 step)
{
	return step == PFSNL_CKPT_STEP_WANT || step == PFSNL_CKPT_STEP_NEED;
}

/* What comes behind a step, as far as it is needed. */
static u8 step_after(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckpt_round *r = &svc->round;

	switch (r->step) {
	case PFSNL_CKPT_STEP_LINEAGE:
		if (r->same) {
			pfsnl_ckpts_keep(svc->store);
			return PFSNL_CKPT_STEP_END;
		}
		r->sides = pfsnl_ckpts_weigh(svc->store);
		return r->sides ? PFSNL_CKPT_STEP_HEADS : PFSNL_CKPT_STEP_END;
	case PFSNL_CKPT_STEP_HEADS:
		return pfsnl_ckpts_empty(svc->store) ? PFSNL_CKPT_STEP_END :
						       PFSNL_CKPT_STEP_WANT;
	case PFSNL_CKPT_STEP_WANT:
		return r->offers || r->data ? PFSNL_CKPT_STEP_OFFER :
					      PFSNL_CKPT_STEP_END;
	case PFSNL_CKPT_STEP_OFFER:
		return r->offers && !PFSNL_BROKEN(CKPT_HASTE) ? PFSNL_CKPT_STEP_NEED :
								PFSNL_CKPT_STEP_END;
	case PFSNL_CKPT_STEP_NEED:
		return r->sections ? PFSNL_CKPT_STEP_DATA : PFSNL_CKPT_STEP_END;
	default:
		return PFSNL_CKPT_STEP_END;
	}
}

static void enter(struct pfsnl_ckptsvc *svc, u8 step)
{
	struct pfsnl_ckpt_round *r = &svc->round;

	r->step = step;
	r->ended = 0;
	r->len = 0;
	r->awaited = all_speak(step) ? r->members : r->sides;
	switch (step) {
	case PFSNL_CKPT_STEP_WANT:
	case PFSNL_CKPT_STEP_NEED:
		r->takers.n = 0;
		r->takes = false;
		pfsnl_ckpt_iter_wants(&r->it, step == PFSNL_CKPT_STEP_NEED);
		break;
	case PFSNL_CKPT_STEP_OFFER:
		pfsnl_ckpt_iter_wanted(&r->it, PFSNL_SEND_OFFERS);
		break;
	case PFSNL_CKPT_STEP_DATA:
		pfsnl_ckpt_iter_wanted(&r->it, PFSNL_SEND_WANTED);
		break;
	}
}

/**
 * pfsnl_ckptround_begin - a round begins
 * @svc: the service
 * @ev: INIT
 */
void pfsnl_ckptround_begin(struct pfsnl_ckptsvc *svc, const struct pfsnl_sync_event *ev)
{
	struct pfsnl_ckpt_round *r = &svc->round;
	struct pfsnl_sync_member m = {}, self;
	struct pfsnl_served first = {};
	u32 been = 0;

	*r = (struct pfsnl_ckpt_round) {
		.running = true,
		.ring = *ev->ring,
		.members = ev->members,
		.step = PFSNL_CKPT_STEP_LINEAGE,
		.transmits = ev->transmits,
		.same = true,
	};
	while (member_next(svc, &m)) {
		if (!been)
			first = m.served;
		been += !!m.served.times;
		if (!m.served.times || m.served.ops != first.ops ||
		    !pfsnl_same_ring(&m.served.ring, &first.ring))
			r->same = false;
	}
	/* of those who are the same one transmits */
	r->awaited = r->same ? 1 : been;
	r->speaks = ev->transmits;
	if (!r->same && member_find(svc, svc->addr, &self))
		r->speaks = self.served.times;
	pfsnl_ckpts_begin(svc->store);
	pfsnl_ckpt_iter_all(&r->it, PFSNL_SEND_HEADS);
	/* nobody ever had anything */
	if (!been)
		enter(svc, PFSNL_CKPT_STEP_END);
}

static void forget(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckpt_round *r = &svc->round;

	pfsnl_ckptsvc_free(svc, r->parcel);
	pfsnl_ckptsvc_free(svc, r->nodes);
	*r = (struct pfsnl_ckpt_round) {};
}

/**
 * pfsnl_ckptround_abort - the round is over, and nothing came of it
 * @svc: the service
 */
void pfsnl_ckptround_abort(struct pfsnl_ckptsvc *svc)
{
	pfsnl_ckptqueue_forget(svc, false);
	if (!PFSNL_BROKEN(CKPT_KEPT))
		pfsnl_ckpts_abort(svc->store);
	forget(svc);
}

/**
 * pfsnl_ckptround_activate - the round is over, and what came holds
 * @svc: the service, which said that it is done
 */
void pfsnl_ckptround_activate(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckpt_round *r = &svc->round;

	WARN_ON(pfsnl_ckpts_activate(svc->store, &r->ring, r->time, r->nodes,
				     r->members));
	forget(svc);
}

/**
 * pfsnl_ckptround_expects - whether a parcel is to be looked at in its turn
 * @svc: the service
 * @ev: DATA
 *
 * It is not if the sender has said before that it has no more to say in that step; so
 * in each step nobody counts twice.
 */
bool pfsnl_ckptround_expects(struct pfsnl_ckptsvc *svc,
			     const struct pfsnl_sync_event *ev)
{
	struct pfsnl_parcel p;

	if (!svc->round.running || svc->error)
		return false;
	/* what all have of it, see alike */
	if (pfsnl_parcel_decode(&p, ev->data, ev->kept) || p.step <= *ev->word) {
		pfsnl_count(svc->core, PFSNL_COUNT_SYNC_MALFORMED);
		return false;
	}
	if (p.last)
		*ev->word = p.step;
	return true;
}

/* Whether a node has something to say in the step that there is. */
static bool may_speak(const struct pfsnl_ckptsvc *svc, u32 addr)
{
	const struct pfsnl_ckpt_round *r = &svc->round;
	struct pfsnl_sync_member m;

	if (all_speak(r->step))
		return true;
	if (r->step != PFSNL_CKPT_STEP_LINEAGE)
		return pfsnl_ckpts_side(svc->store, addr);
	if (!member_find(svc, addr, &m))
		return false;
	return r->same ? m.transmits : m.served.times;
}

/* Whether such a record belongs to the step that there is. */
static bool belongs(const struct pfsnl_ckptsvc *svc, u32 addr,
		    const struct pfsnl_ckptrec *rec)
{
	struct pfsnl_sync_member m;

	switch (svc->round.step) {
	case PFSNL_CKPT_STEP_LINEAGE:
		return rec->kind == PFSNL_CKPTREC_STORE &&
		       member_find(svc, addr, &m) && m.transmits;
	case PFSNL_CKPT_STEP_HEADS:
		return rec->kind == PFSNL_CKPTREC_CHECKPOINT ||
		       rec->kind == PFSNL_CKPTREC_REFCOUNT;
	case PFSNL_CKPT_STEP_WANT:
		return rec->kind == PFSNL_CKPTREC_WANT &&
		       !(rec->flags & PFSNL_WANT_SECTION);
	case PFSNL_CKPT_STEP_OFFER:
		return rec->kind == PFSNL_CKPTREC_OFFER ||
		       rec->kind == PFSNL_CKPTREC_SECTION;
	case PFSNL_CKPT_STEP_NEED:
		return rec->kind == PFSNL_CKPTREC_WANT &&
		       (rec->flags & PFSNL_WANT_SECTION);
	default:
		return rec->kind == PFSNL_CKPTREC_SECTION;
	}
}

static void wants(struct pfsnl_ckptsvc *svc, const struct pfsnl_ckptrec *rec)
{
	struct pfsnl_ckpt_round *r = &svc->round;

	if (pfsnl_ckpts_want(svc->store, svc->addr, rec)) {
		pfsnl_count(svc->core, PFSNL_COUNT_SYNC_MALFORMED);
		return;
	}
	if (rec->flags & PFSNL_WANT_SECTION)
		r->sections++;
	else if (rec->flags & PFSNL_WANT_DATA)
		r->data++;
	else
		r->offers++;
}

/* Return: 0, or -ENOMEM: to be tried again. */
static int take_record(struct pfsnl_ckptsvc *svc, u32 addr, const u8 *data, u32 len)
{
	struct pfsnl_ckptrec rec;
	int err;

	if (pfsnl_ckptrec_decode(&rec, data, len) || !belongs(svc, addr, &rec)) {
		pfsnl_count(svc->core, PFSNL_COUNT_SYNC_MALFORMED);
		return 0;
	}
	if (rec.kind == PFSNL_CKPTREC_WANT) {
		wants(svc, &rec);
		return 0;
	}
	err = pfsnl_ckpts_record(svc->store, addr, &rec);
	if (err < 0 && err != -ENOMEM)
		fail(svc, err);
	return err == -ENOMEM ? err : 0;
}

/* Whether what is in a step goes to those alone who need it. */
static bool is_for_takers(u8 step)
{
	return step == PFSNL_CKPT_STEP_OFFER || step == PFSNL_CKPT_STEP_DATA;
}

/* A node needs what is transmitted in the next step. */
static void add_taker(struct pfsnl_ckptsvc *svc, u32 addr)
{
	struct pfsnl_sync_takers *t = &svc->round.takers;

	if (t->n < PFSNL_ENVELOPE_MAX)
		t->addrs[t->n] = addr;
	t->n++;
}

/**
 * pfsnl_ckptround_parcel - take what somebody transmits
 * @svc: the service
 * @item: the parcel
 *
 * Return: 0, also if it makes no sense; or -ENOMEM: to be tried again.
 */
int pfsnl_ckptround_parcel(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_item *item)
{
	struct pfsnl_ckpt_round *r = &svc->round;
	const u32 addr = item->from.addr;
	struct pfsnl_parcel p;
	const u8 *record;
	u32 at, len;
	int err;

	if (svc->error)
		return 0;
	if (pfsnl_parcel_decode(&p, item->data, item->len) || p.step != r->step ||
	    !may_speak(svc, addr) ||
	    (item->kept < item->whole && !(is_for_takers(p.step) &&
					   item->kept == PFSNL_PARCEL_LEN))) {
		pfsnl_count(svc->core, PFSNL_COUNT_SYNC_MALFORMED);
		return 0;
	}
	if (!pfsnl_parcel_is_whole(&p)) {
		pfsnl_count(svc->core, PFSNL_COUNT_SYNC_MALFORMED);
		p.len = 0;
	}
	if (item->len < item->whole && r->takes)
		r->part = true;
	at = item->done;
	while ((record = pfsnl_parcel_next(&p, &at, &len))) {
		err = take_record(svc, addr, record, len);
		if (err)
			return err;
		if (svc->error)
			return 0;
		item->done = at;
	}
	if (!p.last)
		return 0;
	r->time = max(r->time, p.time);
	if (p.takes)
		add_taker(svc, addr);
	if (++r->ended == r->awaited)
		enter(svc, step_after(svc));
	return 0;
}

/* Whether this node has more to say in the step that there is. */
static bool has_turn(const struct pfsnl_ckptsvc *svc)
{
	const struct pfsnl_ckpt_round *r = &svc->round;

	if (r->said >= r->step)
		return false;
	if (all_speak(r->step))
		return true;
	if (r->step == PFSNL_CKPT_STEP_LINEAGE)
		return r->speaks;
	return pfsnl_ckpts_side(svc->store, svc->addr);
}

/* The next record of the step. Return: its bytes, 0: there is none. */
static u32 next_record(struct pfsnl_ckptsvc *svc, u8 *to, u32 room)
{
	struct pfsnl_ckpt_round *r = &svc->round;

	if (all_speak(r->step))
		return pfsnl_ckpts_wants(svc->store, &r->it, to, room);
	if (r->step == PFSNL_CKPT_STEP_LINEAGE) {
		/* the first record of all is the only one */
		if (!r->transmits)
			return 0;
		r->transmits = false;
	}
	return pfsnl_ckpts_send(svc->store, &r->it, to, room);
}

/* Put records into the parcel. */
static void fill(struct pfsnl_ckptsvc *svc)
{
	u32 most = min(PFSNL_PARCEL_MAX, pfsnl_core_sync_longest(svc->core) -
					 pfsnl_envelope_len(PFSNL_ENVELOPE_MAX));
	struct pfsnl_ckpt_round *r = &svc->round;
	struct pfsnl_parcel p = { .step = r->step };
	u32 at = PFSNL_PARCEL_LEN, len = 1;

	while (len && most - at >= PFSNL_PARCEL_RECORD + PFSNL_SEND_ROOM) {
		u8 *to = r->parcel + at + PFSNL_PARCEL_RECORD;

		len = next_record(svc, to, most - at - PFSNL_PARCEL_RECORD);
		if (!len)
			break;
		put_unaligned_be32(len, r->parcel + at);
		at += PFSNL_PARCEL_RECORD + len;
	}
	p.last = !len;
	if (p.last && p.step == PFSNL_CKPT_STEP_LINEAGE)
		p.time = svc->ops.stamp(svc->ctx);
	if (p.last && all_speak(p.step)) {
		r->takes = r->it.takes;
		p.takes = r->takes && !PFSNL_BROKEN(CKPT_TAKES);
	}
	pfsnl_parcel_encode(&p, r->parcel);
	r->len = at;
	r->last = p.last;
}

/* Return: as PROCESS. */
static int transmit(struct pfsnl_ckptsvc *svc, u64 now)
{
	struct pfsnl_ckpt_round *r = &svc->round;
	const struct pfsnl_sync_takers *takers =
		is_for_takers(r->step) ? &r->takers : NULL;
	u32 bytes = 0;
	int err;

	if (!r->parcel)
		r->parcel = pfsnl_ckptsvc_alloc(svc, PFSNL_PARCEL_MAX);
	if (!r->parcel)
		return -ENOMEM;
	while (bytes < PFSNL_CKPTSVC_AT_ONCE) {
		/* what there was no room for is as it was */
		if (!r->len)
			fill(svc);
		err = pfsnl_core_sync_data_for(svc->core, now, PFSNL_SERVICE_CKPT,
					       r->parcel, r->len, PFSNL_PARCEL_LEN,
					       takers);
		if (err)
			return err == -ENOMEM ? err : PFSNL_SYNC_AGAIN;
		bytes += r->len;
		r->len = 0;
		if (!r->last)
			continue;
		r->said = r->step;
		return PFSNL_SYNC_WAIT;
	}
	return PFSNL_SYNC_MORE;
}

/* All has come: what activating needs is got before. */
static int finish(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckpt_round *r = &svc->round;
	struct pfsnl_sync_member m = {};
	u32 n = 0;
	int err;

	if (!r->nodes)
		r->nodes = pfsnl_ckptsvc_alloc(svc, r->members * sizeof(*r->nodes));
	if (!r->nodes)
		return -ENOMEM;
	while (n < r->members && member_next(svc, &m)) {
		r->nodes[n].addr = m.addr;
		r->nodes[n++].incarnation = m.incarnation;
	}
	err = pfsnl_ckpts_ready(svc->store, &r->ring);
	if (!err)
		return 0;
	fail(svc, err);
	return PFSNL_SYNC_WAIT;
}

/**
 * pfsnl_ckptround_process - say what there is to say
 * @svc: the service
 * @now: the time of the core
 *
 * Return: as PROCESS.
 */
int pfsnl_ckptround_process(struct pfsnl_ckptsvc *svc, u64 now)
{
	struct pfsnl_ckpt_round *r = &svc->round;

	/* what it says must have all that its ring applied */
	if (!pfsnl_ckptqueue_drain(svc))
		return -ENOMEM;
	if (svc->error || r->part)
		return PFSNL_SYNC_WAIT;
	if (r->step == PFSNL_CKPT_STEP_END)
		return finish(svc);
	if (!has_turn(svc))
		return PFSNL_SYNC_WAIT;
	/* whoever has something compares it with what comes, by digests */
	if (r->step == PFSNL_CKPT_STEP_LINEAGE && !r->same &&
	    pfsnl_ckpts_hash(svc->store, PFSNL_CKPTSVC_AT_ONCE))
		return PFSNL_SYNC_MORE;
	return transmit(svc, now);
}
