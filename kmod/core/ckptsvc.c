// SPDX-License-Identifier: GPL-2.0
/*
 * The checkpoint service: its life, what this node wants done, and what it does by
 * itself: saying what expires, and closing what nobody here knows.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "broken.h"
#include "ckptround.h"
#include "state.h"

/* where the time stands in an operation */
#define TIME_AT		16

/**
 * pfsnl_ckptsvc_alloc - memory
 * @svc: whose
 * @size: bytes
 *
 * Return: zeroed memory, or NULL.
 */
void *pfsnl_ckptsvc_alloc(struct pfsnl_ckptsvc *svc, size_t size)
{
	return svc->ops.store.alloc(svc->ctx, size);
}

/**
 * pfsnl_ckptsvc_free - give it back
 * @svc: whose
 * @p: what; NULL is allowed
 */
void pfsnl_ckptsvc_free(struct pfsnl_ckptsvc *svc, void *p)
{
	svc->ops.store.free(svc->ctx, p);
}

/**
 * pfsnl_ckptsvc_create - a node's checkpoint service, with nothing in it
 * @core: the node's; it must not end before the service was told PFSNL_SYNC_OVER, or
 *	left
 * @ops: what it asks of its surroundings, copied
 * @ctx: for @ops
 * @limits: how much the store holds until it hears otherwise
 * @most: bytes that others' stores may count here while nodes come together; if it would
 *	be more this node can't take part
 *
 * Return: the service, or NULL if there is no memory.
 */
struct pfsnl_ckptsvc *pfsnl_ckptsvc_create(struct pfsnl_core *core,
					   const struct pfsnl_ckptsvc_ops *ops, void *ctx,
					   const struct pfsnl_ckpt_limits *limits,
					   u64 most)
{
	struct pfsnl_ckptsvc *svc = ops->store.alloc(ctx, sizeof(*svc));
	u32 i;

	if (!svc)
		return NULL;
	svc->core = core;
	svc->ops = *ops;
	svc->ctx = ctx;
	svc->store = pfsnl_ckpts_create(&svc->ops.store, ctx, limits, most);
	if (!svc->store) {
		ops->store.free(ctx, svc);
		return NULL;
	}
	svc->addr = core->cfg.addr;
	svc->incarnation = core->incarnation;
	svc->alarm = PFSNL_NEVER;
	svc->rest = PFSNL_NEVER;
	svc->again = PFSNL_NEVER;
	for (i = 0; i < PFSNL_CKPTSVC_EXPIRES; i++)
		svc->expire[i].r.data = svc->expire[i].data;
	svc->close.r.data = svc->close.data;
	INIT_LIST_HEAD(&svc->waiting);
	INIT_LIST_HEAD(&svc->said);
	INIT_LIST_HEAD(&svc->spares);
	INIT_LIST_HEAD(&svc->queue);
	return svc;
}

static struct pfsnl_ckpt_own *own_of(struct pfsnl_ckptsvc *svc,
				     const struct pfsnl_ckpt_request *r)
{
	u32 i;

	for (i = 0; i < PFSNL_CKPTSVC_EXPIRES; i++)
		if (r == &svc->expire[i].r)
			return &svc->expire[i];
	return r == &svc->close.r ? &svc->close : NULL;
}

/* A request is done with. */
static void answer(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_request *r, int err,
		   const struct pfsnl_ckpt_result *result)
{
	struct pfsnl_ckpt_own *own = own_of(svc, r);

	list_del(&r->list);
	if (own)
		own->busy = false;
	else
		svc->ops.answer(svc->ctx, r, err, result);
}

static void answer_all(struct pfsnl_ckptsvc *svc, struct list_head *list, int err)
{
	while (!list_empty(list))
		answer(svc, list_first_entry(list, struct pfsnl_ckpt_request, list), err,
		       NULL);
}

static struct pfsnl_ckpt_request *said_find(const struct pfsnl_ckptsvc *svc, u64 n)
{
	struct pfsnl_ckpt_request *r;

	list_for_each_entry(r, &svc->said, list)
		if (r->n == n)
			return r;
	return NULL;
}

/**
 * pfsnl_ckptsvc_outcome - it is known what became of one of our messages
 * @svc: the service
 * @n: our count of it
 * @err: 0 or -errno
 * @result: of applying it, NULL if it was not
 */
void pfsnl_ckptsvc_outcome(struct pfsnl_ckptsvc *svc, u64 n, int err,
			   const struct pfsnl_ckpt_result *result)
{
	struct pfsnl_ckpt_request *r = said_find(svc, n);

	if (r)
		answer(svc, r, err, result);
	svc->ops.due(svc->ctx);
}

/* Nobody has applied it: it is said again, before those that came after it. */
static void again(struct pfsnl_ckptsvc *svc, u64 n)
{
	struct pfsnl_ckpt_request *r = said_find(svc, n), *at;

	if (!r)
		return;
	svc->ops.due(svc->ctx);
	if (own_of(svc, r)) {
		answer(svc, r, -EAGAIN, NULL);
		return;
	}
	if (PFSNL_BROKEN(CKPT_RETRY)) {
		answer(svc, r, 0, NULL);
		return;
	}
	r->n = 0;
	list_del(&r->list);
	list_for_each_entry(at, &svc->waiting, list)
		if (at->order > r->order)
			break;
	list_add_tail(&r->list, &at->list);
}

static void unsaid(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_own *own)
{
	if (own->busy && !own->r.n && svc->saying != &own->r)
		answer(svc, &own->r, -EAGAIN, NULL);
}

static void inactive(struct pfsnl_ckptsvc *svc)
{
	u32 i;

	if (svc->active) {
		svc->active = false;
		svc->ops.active(svc->ctx, false);
	}
	/* what it was about to say by itself is found out again */
	for (i = 0; i < PFSNL_CKPTSVC_EXPIRES; i++)
		unsaid(svc, &svc->expire[i]);
	unsaid(svc, &svc->close);
	svc->ops.due(svc->ctx);
}

/* How many nodes have to say before this one what expires. */
static u32 rank(const struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_sync_member m = {};
	u32 n = 0;

	while (pfsnl_core_sync_member(svc->core, PFSNL_SERVICE_CKPT, m.addr, &m) &&
	       m.addr < svc->addr)
		n++;
	return n;
}

/**
 * pfsnl_ckptsvc_changed - the store is not what it was
 * @svc: the service
 */
void pfsnl_ckptsvc_changed(struct pfsnl_ckptsvc *svc)
{
	svc->fresh = true;
	svc->ops.due(svc->ctx);
}

static void activate(struct pfsnl_ckptsvc *svc)
{
	WARN_ON(!list_empty(&svc->queue));
	pfsnl_ckptround_activate(svc);
	svc->active = true;
	svc->blocked = false;
	svc->rank = rank(svc);
	svc->scan = true;
	svc->at = (struct pfsnl_handle_key) {
		.addr = svc->addr - 1,
		.incarnation = U64_MAX,
		.process = U32_MAX,
		.handle = U32_MAX,
	};
	svc->ops.active(svc->ctx, true);
	pfsnl_ckptsvc_changed(svc);
}

/* It is part of nothing any more; its store stays. */
static void ended(struct pfsnl_ckptsvc *svc)
{
	svc->joined = false;
	pfsnl_ckptqueue_trim(svc);
	inactive(svc);
	answer_all(svc, &svc->said, -ECONNABORTED);
	answer_all(svc, &svc->waiting, -ESHUTDOWN);
}

/**
 * pfsnl_ckptsvc_told - the core tells the service something
 * @svc: the service
 * @now: the time of that call
 * @ev: what
 *
 * Return: as struct pfsnl_sync_event says.
 */
int pfsnl_ckptsvc_told(struct pfsnl_ckptsvc *svc, u64 now,
		       const struct pfsnl_sync_event *ev)
{
	switch (ev->kind) {
	case PFSNL_SYNC_INIT:
		inactive(svc);
		pfsnl_ckptround_begin(svc, ev);
		break;
	case PFSNL_SYNC_PROCESS:
		return pfsnl_ckptround_process(svc, now);
	case PFSNL_SYNC_DATA:
	case PFSNL_SYNC_SAID:
		pfsnl_ckptqueue_add(svc, ev);
		break;
	case PFSNL_SYNC_ABORT:
		pfsnl_ckptround_abort(svc);
		svc->ops.due(svc->ctx);
		break;
	case PFSNL_SYNC_ACTIVATE:
		activate(svc);
		break;
	case PFSNL_SYNC_RETRY:
		again(svc, ev->n);
		break;
	case PFSNL_SYNC_UNKNOWN:
		pfsnl_ckptsvc_outcome(svc, ev->n, -ECONNABORTED, NULL);
		break;
	case PFSNL_SYNC_RESERVE:
		return pfsnl_ckptqueue_reserve(svc, ev);
	case PFSNL_SYNC_TRIM:
		pfsnl_ckptqueue_trim(svc);
		break;
	case PFSNL_SYNC_OVER:
		ended(svc);
		pfsnl_ckptqueue_forget(svc, true);
		svc->core = NULL;
		break;
	}
	return 0;
}

/* EXPIRE must not be stamped before the time that it is about, if a clock goes back. */
static u64 stamp_of(const struct pfsnl_ckptsvc *svc, const struct pfsnl_ckpt_request *r)
{
	u64 time = svc->ops.stamp(svc->ctx);

	if (r->kind == PFSNL_CKPTMSG_EXPIRE)
		time = max(time, get_unaligned_be64(r->data + PFSNL_CKPTMSG_LEN));
	return time;
}

/* Return: whether to go on. */
static bool say_one(struct pfsnl_ckptsvc *svc, u64 now, struct pfsnl_ckpt_request *r)
{
	int err;

	if (r->len >= PFSNL_CKPTMSG_LEN)
		put_unaligned_be64(stamp_of(svc, r), r->data + TIME_AT);
	/* its outcome may come within the call, and then it is not ours any more */
	list_move_tail(&r->list, &svc->said);
	svc->saying = r;
	err = pfsnl_core_service_say(svc->core, now, PFSNL_SERVICE_CKPT, r->flags,
				     r->data, r->len, &r->n);
	svc->saying = NULL;
	if (!err)
		return true;
	if (err != -EAGAIN && err != -ENOMEM) {
		answer(svc, r, err, NULL);
		/* the node leaves: what expires can't be said any more, so don't try */
		if (err == -ESHUTDOWN)
			inactive(svc);
		return true;
	}
	list_move(&r->list, &svc->waiting);
	svc->blocked = err == -EAGAIN;
	svc->short_of |= err == -ENOMEM;
	return false;
}

static void say(struct pfsnl_ckptsvc *svc, u64 now)
{
	struct pfsnl_ckpt_request *r;

	while (svc->active && !svc->blocked && !list_empty(&svc->waiting)) {
		r = list_first_entry(&svc->waiting, struct pfsnl_ckpt_request, list);
		if (!say_one(svc, now, r))
			return;
	}
}

static void submit(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_request *r)
{
	r->order = ++svc->order;
	r->n = 0;
	list_add_tail(&r->list, &svc->waiting);
	svc->ops.due(svc->ctx);
}

static void submit_own(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_own *own,
		       const struct pfsnl_ckptmsg *m)
{
	own->busy = true;
	own->r.kind = m->kind;
	own->r.len = pfsnl_ckptmsg_size(m);
	pfsnl_ckptmsg_encode(m, own->data);
	submit(svc, &own->r);
}

/* When this node is to say that something expires. */
static u64 turn_of(const struct pfsnl_ckptsvc *svc, const struct pfsnl_ckpt_expiry *e)
{
	u64 wait = svc->rank * (PFSNL_CKPTSVC_RANK_MS * PFSNL_MS);

	return e->when < PFSNL_NEVER - wait ? e->when + wait : PFSNL_NEVER;
}

/* When it is to say what expires next. What it has said is to come back before. */
static u64 expires_at(const struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckpt_expiry e;
	u32 i;

	for (i = 0; i < PFSNL_CKPTSVC_EXPIRES; i++)
		if (svc->expire[i].busy)
			return PFSNL_NEVER;
	if (!svc->active || !pfsnl_ckpts_due(svc->store, &e))
		return PFSNL_NEVER;
	return turn_of(svc, &e);
}

static void expire_one(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_own *own,
		       const struct pfsnl_ckpt_expiry *e, u64 time)
{
	struct pfsnl_ckptmsg m = {
		.kind = PFSNL_CKPTMSG_EXPIRE,
		.time = time,
		.expires = e->when,
		.number = e->number,
	};

	if (e->section) {
		m.flags = PFSNL_EXPIRE_SECTION;
		m.name = e->section->id;
		m.name_len = e->section->id_len;
	} else if (PFSNL_BROKEN(CKPT_NAME)) {
		const struct pfsnl_ckpt *c = pfsnl_ckpts_find(svc->store, &e->number);

		/* whatever has that name when it is delivered */
		m.kind = PFSNL_CKPTMSG_UNLINK;
		m.name = c->name;
		m.name_len = c->name_len;
	}
	submit_own(svc, own, &m);
}

static void expire(struct pfsnl_ckptsvc *svc)
{
	u64 time = svc->ops.stamp(svc->ctx);
	struct pfsnl_ckpt_expiry e;
	bool more;
	u32 i;

	/* PFSNL_NEVER is above any time */
	if (expires_at(svc) > time)
		return;
	more = pfsnl_ckpts_due(svc->store, &e);
	for (i = 0; i < PFSNL_CKPTSVC_EXPIRES && more && turn_of(svc, &e) <= time; i++) {
		expire_one(svc, &svc->expire[i], &e, time);
		more = pfsnl_ckpts_due_next(svc->store, &e);
	}
}

/* Close what others say that this node has open, and it has not. One at a time. */
static void close_unknown(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_ckptmsg m = { .kind = PFSNL_CKPTMSG_CLOSE };
	const struct pfsnl_ckpt_handle *h;

	if (!svc->scan || !svc->active || svc->close.busy || PFSNL_BROKEN(CKPT_CLOSE))
		return;
	while ((h = pfsnl_ckpts_handle_after(svc->store, &svc->at)) &&
	       h->key.addr == svc->addr) {
		svc->at = h->key;
		if (h->key.incarnation != svc->incarnation ||
		    svc->ops.open(svc->ctx, h->key.process, h->key.handle))
			continue;
		m.process = h->key.process;
		m.handle = h->key.handle;
		submit_own(svc, &svc->close, &m);
		return;
	}
	svc->scan = false;
}

/*
 * Nobody waits for it, so it is for when there is nothing else to do. What of it is
 * left when a round begins is hashed there.
 */
static void hash_some(struct pfsnl_ckptsvc *svc, u64 now)
{
	if (svc->active && svc->rest <= now &&
	    !pfsnl_ckpts_hash(svc->store, PFSNL_CKPTSVC_REST))
		svc->rest = PFSNL_NEVER;
}

/* In how long there is something to go on with, whatever clocks are set to meanwhile. */
static void arm_again(struct pfsnl_ckptsvc *svc, u64 now)
{
	u64 when = PFSNL_NEVER;

	if (svc->fresh && svc->rest == PFSNL_NEVER) {
		svc->rest = now + PFSNL_CKPTSVC_REST_MS * PFSNL_MS;
		svc->fresh = false;
	}
	if (svc->active)
		when = svc->rest;
	if (svc->short_of)
		when = min(when, now + PFSNL_CKPTSVC_RETRY_MS * PFSNL_MS);
	if (svc->sweeps)
		when = now;
	if (when == svc->again)
		return;
	svc->again = when;
	if (when != PFSNL_NEVER)
		svc->ops.again(svc->ctx, div_u64(when - min(when, now) + PFSNL_MS - 1,
						 PFSNL_MS));
}

/* When the surroundings are to call next. */
static void arm(struct pfsnl_ckptsvc *svc)
{
	u64 when = expires_at(svc);

	if (when == svc->alarm)
		return;
	svc->alarm = when;
	svc->ops.alarm(svc->ctx, when);
}

/**
 * pfsnl_ckptsvc_pump - do what became possible
 * @svc: the service
 * @now: the time of the core
 *
 * To be called after a call of the core within which the operation due() was called,
 * and after others of these functions that did.
 */
void pfsnl_ckptsvc_pump(struct pfsnl_ckptsvc *svc, u64 now)
{
	svc->short_of = false;
	svc->sweeps = pfsnl_ckpts_sweep(svc->store);
	pfsnl_ckptqueue_drain(svc);
	close_unknown(svc);
	say(svc, now);
	arm(svc);
	arm_again(svc, now);
}

/**
 * pfsnl_ckptsvc_tick - the time of the alarm has come
 * @svc: the service
 * @now: the time of the core
 *
 * Calling it at other times does no harm.
 */
void pfsnl_ckptsvc_tick(struct pfsnl_ckptsvc *svc, u64 now)
{
	svc->alarm = PFSNL_NEVER;
	expire(svc);
	pfsnl_ckptsvc_pump(svc, now);
}

/**
 * pfsnl_ckptsvc_again - the time of again() has come
 * @svc: the service
 * @now: the time of the core
 *
 * Calling it at other times does no harm.
 */
void pfsnl_ckptsvc_again(struct pfsnl_ckptsvc *svc, u64 now)
{
	svc->again = PFSNL_NEVER;
	hash_some(svc, now);
	pfsnl_ckptsvc_pump(svc, now);
}

/**
 * pfsnl_ckptsvc_room - the core takes messages again (PFSNL_ORDER_ROOM)
 * @svc: the service
 */
void pfsnl_ckptsvc_room(struct pfsnl_ckptsvc *svc)
{
	svc->blocked = false;
	svc->ops.due(svc->ctx);
}

/**
 * pfsnl_ckptsvc_submit - this node wants an operation
 * @svc: the service
 * @r: the request, filled; the service's until it is answered
 *
 * It is said by pfsnl_ckptsvc_pump(), those of one node in the order in which they were
 * submitted.
 */
void pfsnl_ckptsvc_submit(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_request *r)
{
	submit(svc, r);
}

/**
 * pfsnl_ckptsvc_cancel - this node does not want an operation any more
 * @svc: the service
 * @r: the request, submitted and not answered
 *
 * Return: whether it was not said yet, and will not be; then it is the caller's again,
 * without an answer. Else the answer comes.
 */
bool pfsnl_ckptsvc_cancel(struct pfsnl_ckptsvc *svc, struct pfsnl_ckpt_request *r)
{
	if (r->n || svc->saying == r)
		return false;
	list_del(&r->list);
	return true;
}

/**
 * pfsnl_ckptsvc_join - the node takes part
 * @svc: the service, not joined
 * @now: the time of the core
 * @who: handed back with each event of the core
 *
 * Return: as pfsnl_core_service_add(); -ESHUTDOWN also when the node has ended.
 */
int pfsnl_ckptsvc_join(struct pfsnl_ckptsvc *svc, u64 now, void *who)
{
	int err;

	if (!svc->core)
		return -ESHUTDOWN;
	if (svc->joined)
		return -EEXIST;
	svc->served.id = PFSNL_SERVICE_CKPT;
	svc->error = 0;
	svc->joined = true;
	err = pfsnl_core_service_resume(svc->core, now, &svc->served, who);
	if (err)
		svc->joined = false;
	return err;
}

/* When it was activated last, so that it can be brought back. */
static void note_served(struct pfsnl_ckptsvc *svc)
{
	struct pfsnl_sync_state st;
	u32 i = 0;

	while (pfsnl_core_sync_state(svc->core, i++, &st))
		if (st.served.id == PFSNL_SERVICE_CKPT)
			svc->served = st.served;
}

/**
 * pfsnl_ckptsvc_leave - the node takes part no more
 * @svc: the service; if it is not joined, nothing happens
 * @now: the time of the core
 *
 * What it has can still be read. All requests are answered.
 */
void pfsnl_ckptsvc_leave(struct pfsnl_ckptsvc *svc, u64 now)
{
	if (!svc->joined)
		return;
	note_served(svc);
	pfsnl_core_service_remove(svc->core, now, PFSNL_SERVICE_CKPT);
	ended(svc);
}

/**
 * pfsnl_ckptsvc_destroy - end it
 * @svc: the service, not joined: left, or the node has ended; NULL is allowed
 */
void pfsnl_ckptsvc_destroy(struct pfsnl_ckptsvc *svc)
{
	if (!svc)
		return;
	WARN_ON(svc->joined);
	answer_all(svc, &svc->waiting, -ESHUTDOWN);
	pfsnl_ckptqueue_forget(svc, true);
	if (svc->alarm != PFSNL_NEVER)
		svc->ops.alarm(svc->ctx, PFSNL_NEVER);
	pfsnl_ckpts_destroy(svc->store);
	svc->ops.store.free(svc->ctx, svc);
}

/**
 * pfsnl_ckptsvc_longest - how long an operation may be
 * @svc: the service
 *
 * Return: bytes of it, encoded; 0: the node has ended.
 */
u32 pfsnl_ckptsvc_longest(const struct pfsnl_ckptsvc *svc)
{
	return svc->core ? pfsnl_core_sync_longest(svc->core) : 0;
}

/**
 * pfsnl_ckptsvc_store - what there is, to be read
 * @svc: the service
 */
struct pfsnl_ckpts *pfsnl_ckptsvc_store(const struct pfsnl_ckptsvc *svc)
{
	return svc->store;
}

/**
 * pfsnl_ckptsvc_holds - whether a handle of this node is open
 * @svc: the service
 * @process: whose
 * @handle: which
 */
bool pfsnl_ckptsvc_holds(const struct pfsnl_ckptsvc *svc, u32 process, u32 handle)
{
	const struct pfsnl_handle_key key = {
		.addr = svc->addr,
		.incarnation = svc->incarnation,
		.process = process,
		.handle = handle,
	};

	return pfsnl_ckpts_handle(svc->store, &key);
}

static u32 count(const struct list_head *list)
{
	const struct list_head *p;
	u32 n = 0;

	list_for_each(p, list)
		n++;
	return n;
}

/**
 * pfsnl_ckptsvc_state - what the service is at
 * @svc: the service
 * @st: filled
 */
void pfsnl_ckptsvc_state(const struct pfsnl_ckptsvc *svc, struct pfsnl_ckptsvc_state *st)
{
	*st = (struct pfsnl_ckptsvc_state) {
		.active = svc->active,
		.joined = svc->joined,
		.error = svc->error,
		.step = svc->round.step,
		.waiting = count(&svc->waiting) + count(&svc->said),
		.queued = svc->n_queued,
		.bytes = svc->bytes,
	};
}
