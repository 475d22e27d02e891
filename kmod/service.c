// SPDX-License-Identifier: GPL-2.0
/*
 * Services of this node: from whoever is one to the node thread, in which the core
 * lives, and back. Rooms that are in the node thread already call the core themselves.
 */
#include <linux/sched.h>

#include "event.h"
#include "instance.h"
#include "service.h"

/* Return: the core, entered, or NULL when the node has ended. */
static struct pfsnl_core *begin(struct pfsnl_errand *e, u64 *now)
{
	e->err = -ESHUTDOWN;
	return e->inst->core ? pfsnl_instance_enter(e->inst, now) : NULL;
}

static void add_work(struct kthread_work *work)
{
	struct pfsnl_errand *e = container_of(work, struct pfsnl_errand, work);
	struct pfsnl_core *core;
	u64 now;

	core = begin(e, &now);
	if (core) {
		e->err = pfsnl_core_service_add(core, now, e->id, e->sink);
		pfsnl_instance_leave(e->inst);
	}
	complete(&e->done);
}

/* How it is, if there is one. */
static void find(const struct pfsnl_instance *inst, u16 id,
		 struct pfsnl_sync_state *st)
{
	u32 i;

	for (i = 0; pfsnl_core_sync_state(inst->core, i, st); i++)
		if (st->served.id == id)
			return;
}

/* What it had to say after the input it says no more. */
static void tell_gone(struct pfsnl_instance *inst, struct pfsnl_sync_state *st)
{
	st->phase = PFSNL_SYNC_PHASE_GONE;
	st->since = ktime_get_ns();
	st->waits = 0;
	pfsnl_event_service(inst, st);
}

static void remove_work(struct kthread_work *work)
{
	struct pfsnl_errand *e = container_of(work, struct pfsnl_errand, work);
	struct pfsnl_sync_state st = {};
	struct pfsnl_core *core;
	u64 now;

	core = begin(e, &now);
	if (core) {
		find(e->inst, e->id, &st);
		e->err = pfsnl_core_service_remove(core, now, e->id);
		if (!e->err)
			tell_gone(e->inst, &st);
		pfsnl_instance_leave(e->inst);
	}
	complete(&e->done);
}

static void say_work(struct kthread_work *work)
{
	struct pfsnl_errand *e = container_of(work, struct pfsnl_errand, work);
	struct pfsnl_core *core;
	u64 now;

	core = begin(e, &now);
	if (core) {
		e->err = pfsnl_core_service_say(core, now, e->id, e->flags,
						e->data, e->len, &e->n);
		pfsnl_instance_leave(e->inst);
	}
	complete(&e->done);
}

static void queue(struct pfsnl_errand *e, kthread_work_func_t fn)
{
	init_completion(&e->done);
	kthread_init_work(&e->work, fn);
	kthread_queue_work(e->inst->worker, &e->work);
}

/**
 * pfsnl_errand_remove - have the node thread remove a service
 * @e: whose and which; to stay until pfsnl_errand_wait()
 *
 * Any context, but the worker of the instance must stay meanwhile.
 */
void pfsnl_errand_remove(struct pfsnl_errand *e)
{
	queue(e, remove_work);
}

/**
 * pfsnl_errand_say - have the node thread say something of a service
 * @e: whose, which and what; to stay until pfsnl_errand_wait()
 *
 * Any context, but the worker of the instance must stay meanwhile.
 */
void pfsnl_errand_say(struct pfsnl_errand *e)
{
	queue(e, say_work);
}

/**
 * pfsnl_errand_wait - wait until it is done
 * @e: queued
 *
 * Any process but the node thread; sleeps. The instance may end meanwhile.
 *
 * Return: what came of it.
 */
int pfsnl_errand_wait(struct pfsnl_errand *e)
{
	wait_for_completion(&e->done);
	return e->err;
}

/* Have it done in the node thread, which must not wait for itself. */
static int run(struct pfsnl_errand *e, kthread_work_func_t fn)
{
	if (WARN_ON_ONCE(current == e->inst->worker->task))
		return -EDEADLK;
	queue(e, fn);
	return pfsnl_errand_wait(e);
}

/**
 * pfsnl_services_add - the node has a service
 * @inst: the instance, kept
 * @id: which
 * @sink: to be told; it may be before this returns
 *
 * Any process but the node thread; sleeps until that has done it.
 *
 * Return: 0, and then the sink must stay until pfsnl_services_remove() or until it
 * was told PFSNL_SYNC_OVER; -errno as pfsnl_core_service_add(); -EDEADLK.
 */
int pfsnl_services_add(struct pfsnl_instance *inst, u16 id,
		       struct pfsnl_service_sink *sink)
{
	struct pfsnl_errand e = { .inst = inst, .id = id, .sink = sink };

	return run(&e, add_work);
}

/**
 * pfsnl_services_remove - the node has a service no more
 * @inst: the instance, kept
 * @id: which
 *
 * Any process but the node thread; sleeps until that has done it. If a round of it is
 * under way it is told PFSNL_SYNC_ABORT before this returns. When it returns nothing
 * is being told, and nothing will be.
 *
 * Return: 0, -ENOENT or -EDEADLK.
 */
int pfsnl_services_remove(struct pfsnl_instance *inst, u16 id)
{
	struct pfsnl_errand e = { .inst = inst, .id = id };

	return run(&e, remove_work);
}

/**
 * pfsnl_services_say - an operation of a service, for all nodes that have it
 * @inst: the instance, kept
 * @id: the service
 * @flags: PFSNL_MSG_*
 * @data: what it says, copied
 * @len: bytes of that
 * @n: set to this node's count of it, by which it is told what becomes of it; that may
 *	be before this returns
 *
 * Any process but the node thread; sleeps until that has taken it.
 *
 * Return: as pfsnl_core_service_say(); -EDEADLK.
 */
int pfsnl_services_say(struct pfsnl_instance *inst, u16 id, u16 flags,
		       const void *data, u32 len, u64 *n)
{
	struct pfsnl_errand e = {
		.inst = inst,
		.id = id,
		.flags = flags,
		.data = data,
		.len = len,
	};
	int err = run(&e, say_work);

	if (!err)
		*n = e.n;
	return err;
}

/**
 * pfsnl_services_told - the core tells a service something
 * @inst: the instance, its lock held
 * @ev: what
 *
 * Node thread; may sleep.
 *
 * Return: what the service says to it.
 */
int pfsnl_services_told(struct pfsnl_instance *inst,
			const struct pfsnl_sync_event *ev)
{
	struct pfsnl_service_sink *sink = ev->who;

	if (ev->kind == PFSNL_SYNC_INIT || ev->kind == PFSNL_SYNC_ABORT ||
	    ev->kind == PFSNL_SYNC_ACTIVATE) {
		sink->due = true;
		inst->services_due = true;
	}
	return sink->told(sink, ev);
}

/**
 * pfsnl_services_room - who was told that too much is under way may try again
 * @inst: the instance, its lock held
 *
 * Node thread; may sleep.
 */
void pfsnl_services_room(struct pfsnl_instance *inst)
{
	struct pfsnl_service_sink *sink;
	struct pfsnl_sync_state st;
	u32 i;

	for (i = 0; pfsnl_core_sync_state(inst->core, i, &st); i++) {
		sink = st.who;
		if (sink->room)
			sink->room(sink);
	}
}

/**
 * pfsnl_services_settle - tell listeners what came of an input
 * @inst: the instance, its lock held
 *
 * Node thread; may sleep for memory. What happened to a service within one input is
 * told as one, and what is transmitted is not told at all.
 */
void pfsnl_services_settle(struct pfsnl_instance *inst)
{
	struct pfsnl_service_sink *sink;
	struct pfsnl_sync_state st;
	u32 i;

	if (!inst->services_due)
		return;
	inst->services_due = false;
	for (i = 0; pfsnl_core_sync_state(inst->core, i, &st); i++) {
		sink = st.who;
		if (!sink->due)
			continue;
		sink->due = false;
		pfsnl_event_service(inst, &st);
	}
}
