// SPDX-License-Identifier: GPL-2.0
/*
 * Services of this node: from whoever is one to the node thread, in which the core
 * lives, and back. Rooms that are in the node thread already call the core themselves.
 */
#include <linux/kthread.h>
#include <linux/sched.h>

#include "instance.h"
#include "service.h"

/**
 * struct errand - something to do in the node thread
 * @work: in its queue
 * @inst: the instance
 * @id: of the service
 * @sink: the service, to add it
 * @flags: PFSNL_MSG_*, to say something
 * @data: what
 * @len: bytes of that
 * @n: becomes our count of it
 * @err: what came of it
 */
struct errand {
	struct kthread_work work;
	struct pfsnl_instance *inst;
	u16 id;
	struct pfsnl_service_sink *sink;
	u16 flags;
	const void *data;
	u32 len;
	u64 n;
	int err;
};

static void add_work(struct kthread_work *work)
{
	struct errand *e = container_of(work, struct errand, work);
	struct pfsnl_core *core;
	u64 now;

	core = pfsnl_instance_enter(e->inst, &now);
	e->err = pfsnl_core_service_add(core, now, e->id, e->sink);
	pfsnl_instance_leave(e->inst);
}

static void remove_work(struct kthread_work *work)
{
	struct errand *e = container_of(work, struct errand, work);
	struct pfsnl_core *core;
	u64 now;

	core = pfsnl_instance_enter(e->inst, &now);
	e->err = pfsnl_core_service_remove(core, now, e->id);
	pfsnl_instance_leave(e->inst);
}

static void say_work(struct kthread_work *work)
{
	struct errand *e = container_of(work, struct errand, work);
	struct pfsnl_core *core;
	u64 now;

	core = pfsnl_instance_enter(e->inst, &now);
	e->err = pfsnl_core_service_say(core, now, e->id, e->flags, e->data,
					e->len, &e->n);
	pfsnl_instance_leave(e->inst);
}

/* Have it done in the node thread, which must not wait for itself. */
static int run(struct errand *e, kthread_work_func_t fn)
{
	if (WARN_ON_ONCE(current == e->inst->worker->task))
		return -EDEADLK;
	kthread_init_work(&e->work, fn);
	kthread_queue_work(e->inst->worker, &e->work);
	kthread_flush_work(&e->work);
	return e->err;
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
	struct errand e = { .inst = inst, .id = id, .sink = sink };

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
	struct errand e = { .inst = inst, .id = id };

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
	struct errand e = {
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
