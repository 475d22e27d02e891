// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints of an instance: the service from its start to its end, and what it asks
 * of its surroundings.
 */
#include <crypto/blake2s.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/xxhash.h>

#include "ckpt.h"
#include "ckpt_event.h"
#include "ckpt_opener.h"
#include "instance.h"
#include "main.h"

/* what follows from what follows is done in a row so often */
#define PUMP_MAX	4

/* ---- what the service asks for: node thread, under the instance lock ---- */

static struct pfsnl_pool *pool_of(void *ctx)
{
	struct pfsnl_ckpt_io *io = ctx;

	return &container_of(io, struct pfsnl_instance, ckpt)->pool;
}

static void *op_alloc(void *ctx, size_t size)
{
	return pfsnl_pool_zalloc(pool_of(ctx), size);
}

static void *op_alloc_raw(void *ctx, size_t size)
{
	return pfsnl_pool_alloc(pool_of(ctx), size);
}

static void op_free(void *ctx, void *p)
{
	pfsnl_pool_free(pool_of(ctx), p);
}

static void op_hash_init(void *state)
{
	blake2s_init(state, PFSNL_CKPT_DIGEST);
}

static void op_hash_update(void *state, const void *data, size_t len)
{
	blake2s_update(state, data, len);
}

static void op_hash_final(void *state, u8 *digest)
{
	blake2s_final(state, digest);
}

static u64 op_sum(const void *data, size_t len)
{
	return xxh64(data, len, 0);
}

static void op_conflict(void *ctx, const struct pfsnl_ckpt_conflict *c)
{
	pfsnl_ckpt_event_conflict(ctx, c);
}

static u64 op_stamp(void *ctx)
{
	return ktime_get_real_ns();
}

static void op_alarm(void *ctx, u64 when)
{
	struct pfsnl_ckpt_io *io = ctx;

	/* what this clock never says is never */
	if (when > KTIME_MAX)
		hrtimer_cancel(&io->alarm);
	else
		hrtimer_start(&io->alarm, ns_to_ktime(when), HRTIMER_MODE_ABS);
}

static void op_again(void *ctx, u32 ms)
{
	struct pfsnl_ckpt_io *io = ctx;

	kthread_mod_delayed_work(io->inst->worker, &io->soon, msecs_to_jiffies(ms));
}

static void op_due(void *ctx)
{
	struct pfsnl_ckpt_io *io = ctx;

	io->due = true;
}

static void op_answer(void *ctx, struct pfsnl_ckpt_request *r, int err,
		      const struct pfsnl_ckpt_result *result)
{
	pfsnl_asked_answer(ctx, r, err, result);
}

static void op_applied(void *ctx, const struct pfsnl_ckpt_applied *a)
{
	pfsnl_ckpt_event_applied(ctx, a);
}

static void op_active(void *ctx, bool active)
{
	struct pfsnl_ckpt_io *io = ctx;

	pfsnl_ckpt_event_active(io, active);
	if (!active)
		return;
	io->again_ms = PFSNL_CKPT_AGAIN_MS;
	/* others may have closed what is open here */
	io->scan++;
	kthread_queue_work(io->inst->worker, &io->lost);
}

static bool op_open(void *ctx, u32 process, u32 handle)
{
	return pfsnl_openers_know(ctx, process, handle);
}

/* It can't be removed while the core tells it something. */
static void op_out(void *ctx, int err)
{
	struct pfsnl_ckpt_io *io = ctx;

	io->counts.out++;
	io->error = err;
	pfsnl_ckpt_event_out(io, err);
	kthread_queue_work(io->inst->worker, &io->leave);
}

static const struct pfsnl_ckptsvc_ops svc_ops = {
	.store = {
		.alloc		= op_alloc,
		.alloc_raw	= op_alloc_raw,
		.free		= op_free,
		.hash_size	= sizeof(struct blake2s_state),
		.hash_init	= op_hash_init,
		.hash_update	= op_hash_update,
		.hash_final	= op_hash_final,
		.sum		= op_sum,
		.conflict	= op_conflict,
	},
	.stamp		= op_stamp,
	.alarm		= op_alarm,
	.again		= op_again,
	.due		= op_due,
	.answer		= op_answer,
	.applied	= op_applied,
	.active		= op_active,
	.open		= op_open,
	.out		= op_out,
};

/* ---- what the core tells it, likewise ---- */

static struct pfsnl_ckpt_io *io_of(struct pfsnl_service_sink *sink)
{
	return container_of(sink, struct pfsnl_ckpt_io, sink);
}

static int sink_told(struct pfsnl_service_sink *sink,
		     const struct pfsnl_sync_event *ev)
{
	return pfsnl_ckptsvc_told(io_of(sink)->svc, ktime_get_ns(), ev);
}

static void sink_room(struct pfsnl_service_sink *sink)
{
	struct pfsnl_ckpt_io *io = io_of(sink);

	pfsnl_ckptsvc_room(io->svc);
	io->due = true;
}

/* ---- in the node thread ---- */

/**
 * pfsnl_ckpt_begin - the node begins to take part
 * @io: the room
 * @now: nanoseconds
 *
 * Node thread, under the instance lock.
 */
void pfsnl_ckpt_begin(struct pfsnl_ckpt_io *io, u64 now)
{
	int err = pfsnl_ckptsvc_join(io->svc, now, &io->sink);

	io->error = err;
	if (!err || err == -ESHUTDOWN)
		return;
	kthread_queue_delayed_work(io->inst->worker, &io->again,
				   msecs_to_jiffies(io->again_ms));
	io->again_ms = min(2 * io->again_ms, (u32)PFSNL_CKPT_AGAIN_MAX_MS);
}

/**
 * pfsnl_ckpt_settle - do what follows from what the core told
 * @io: the room
 *
 * Node thread, under the instance lock, after a call of the core.
 */
void pfsnl_ckpt_settle(struct pfsnl_ckpt_io *io)
{
	int i;

	for (i = 0; io->due && io->svc && i < PUMP_MAX; i++) {
		io->due = false;
		pfsnl_ckptsvc_pump(io->svc, ktime_get_ns());
	}
	if (io->due && io->svc)
		kthread_queue_work(io->inst->worker, &io->pump);
}

/* What remained to be done is done when the lock is given back. */
static void pump_work(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, pump);
	u64 now;

	pfsnl_instance_enter(io->inst, &now);
	pfsnl_instance_leave(io->inst);
}

static void soon_work(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, soon.work);
	u64 now;

	pfsnl_instance_enter(io->inst, &now);
	if (io->svc)
		pfsnl_ckptsvc_again(io->svc, now);
	pfsnl_instance_leave(io->inst);
}

static void tick_work(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, tick);
	u64 now;

	pfsnl_instance_enter(io->inst, &now);
	if (io->svc)
		pfsnl_ckptsvc_tick(io->svc, now);
	pfsnl_instance_leave(io->inst);
}

static void leave_work(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, leave);
	u64 now;

	pfsnl_instance_enter(io->inst, &now);
	if (io->svc) {
		pfsnl_ckptsvc_leave(io->svc, now);
		kthread_queue_delayed_work(io->inst->worker, &io->again,
					   msecs_to_jiffies(io->again_ms));
		io->again_ms = min(2 * io->again_ms, (u32)PFSNL_CKPT_AGAIN_MAX_MS);
	}
	pfsnl_instance_leave(io->inst);
}

static void again_work(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, again.work);
	u64 now;

	pfsnl_instance_enter(io->inst, &now);
	if (io->svc)
		pfsnl_ckpt_begin(io, now);
	pfsnl_instance_leave(io->inst);
}

/* hard interrupt or softirq */
static enum hrtimer_restart alarm_fire(struct hrtimer *timer)
{
	struct pfsnl_ckpt_io *io = container_of(timer, struct pfsnl_ckpt_io, alarm);

	kthread_queue_work(io->inst->worker, &io->tick);
	return HRTIMER_NORESTART;
}

/* ---- life ---- */

/**
 * pfsnl_ckpt_open - an instance can have checkpoints
 * @inst: the instance, with its core
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_ckpt_open(struct pfsnl_instance *inst)
{
	const struct pfsnl_ckpt_limits limits = {
		.bytes = PFSNL_CKPT_BYTES,
		.headroom = PFSNL_CKPT_BYTES / PFSNL_CKPT_HEADROOM,
	};
	struct pfsnl_ckpt_io *io = &inst->ckpt;

	io->tables = kzalloc(sizeof(*io->tables), GFP_KERNEL_ACCOUNT);
	if (!io->tables)
		return -ENOMEM;
	io->most = (u64)READ_ONCE(pfsnl_param_ckpt_most_mib) << 20;
	io->svc = pfsnl_ckptsvc_create(inst->core, &svc_ops, io, &limits, io->most);
	if (!io->svc) {
		kfree(io->tables);
		return -ENOMEM;
	}
	io->inst = inst;
	io->sink.name = "checkpoints";
	io->sink.told = sink_told;
	io->sink.room = sink_room;
	io->longest = pfsnl_ckptsvc_longest(io->svc);
	io->again_ms = PFSNL_CKPT_AGAIN_MS;
	spin_lock_init(&io->lock);
	hash_init(io->tables->sockets);
	hash_init(io->tables->openers);
	INIT_LIST_HEAD(&io->asked);
	INIT_LIST_HEAD(&io->deaf);
	kthread_init_work(&io->work, pfsnl_asked_work);
	kthread_init_delayed_work(&io->retry, pfsnl_asked_retry);
	INIT_LIST_HEAD(&io->openers);
	kthread_init_work(&io->lost, pfsnl_openers_scan);
	kthread_init_work(&io->pump, pump_work);
	kthread_init_work(&io->tick, tick_work);
	kthread_init_work(&io->leave, leave_work);
	kthread_init_delayed_work(&io->soon, soon_work);
	kthread_init_delayed_work(&io->again, again_work);
	hrtimer_init(&io->alarm, CLOCK_REALTIME, HRTIMER_MODE_ABS);
	io->alarm.function = alarm_fire;
	return 0;
}

/**
 * pfsnl_ckpt_deafen - no request comes any more
 * @io: the room
 *
 * Any process but the node thread; sleeps until nothing of it runs.
 */
void pfsnl_ckpt_deafen(struct pfsnl_ckpt_io *io)
{
	int i;

	/* each may have begun another */
	for (i = 0; i < 2; i++) {
		hrtimer_cancel(&io->alarm);
		kthread_cancel_work_sync(&io->work);
		kthread_cancel_work_sync(&io->lost);
		kthread_cancel_work_sync(&io->pump);
		kthread_cancel_work_sync(&io->tick);
		kthread_cancel_work_sync(&io->leave);
		kthread_cancel_delayed_work_sync(&io->soon);
		kthread_cancel_delayed_work_sync(&io->again);
		kthread_cancel_delayed_work_sync(&io->retry);
	}
}

/**
 * pfsnl_ckpt_end - the core has ended
 * @io: the room, which may not have been opened
 *
 * Node thread, under the instance lock; or whoever undoes a start. What was asked for
 * is answered.
 */
void pfsnl_ckpt_end(struct pfsnl_ckpt_io *io)
{
	if (!io->svc)
		return;
	pfsnl_ckptsvc_destroy(io->svc);
	io->svc = NULL;
	pfsnl_asked_drop(io);
}

/**
 * pfsnl_ckpt_close - forget all openers
 * @io: the room, which may not have been opened; the core has ended
 */
void pfsnl_ckpt_close(struct pfsnl_ckpt_io *io)
{
	if (!io->inst)
		return;
	pfsnl_ckpt_end(io);
	pfsnl_openers_drop(io);
	/* what was answered in the end may have begun it */
	pfsnl_ckpt_deafen(io);
	WARN_ON(io->n || io->bytes);
	kfree(io->tables);
}
