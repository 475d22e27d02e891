// SPDX-License-Identifier: GPL-2.0
/*
 * Services of other modules: the exported interface. A registration is a sink that
 * lasts until its module unregisters it, and may outlast the instance: when that
 * ends, whoever has the lock of the registration finds no instance any more.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pfsnl.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>

#include "core/core.h"
#include "core/service.h"
#include "instance.h"
#include "service.h"

static_assert(PFSNL_SERVICE_AGAIN == PFSNL_SYNC_AGAIN);

/**
 * struct pfsnl_registration - a service of another module
 * @sink: as the core's surroundings know it
 * @ops: of the module
 * @priv: its own
 * @lock: guards the next
 * @inst: the instance, NULL when that is over; its worker stays while the lock is held
 * @over: it is over, and was told so
 */
struct pfsnl_registration {
	struct pfsnl_service_sink sink;
	const struct pfsnl_service_ops *ops;
	void *priv;
	spinlock_t lock; /* inst */
	struct pfsnl_instance *inst;
	struct completion over;
};

/**
 * struct inside - a node thread that is in an operation of some service
 * @list: all of them
 * @task: the thread
 */
struct inside {
	struct list_head list;
	struct task_struct *task;
};

static DEFINE_SPINLOCK(inside_lock); /* insides */
static LIST_HEAD(insides);

/*
 * Whoever is in an operation would wait for itself, or for one that waits for it. That
 * is no more than a fault of a module, so it is told that and goes on.
 */
static bool is_inside(const char *what)
{
	struct inside *in;
	bool found = false;

	spin_lock(&inside_lock);
	list_for_each_entry(in, &insides, list)
		found = found || in->task == current;
	spin_unlock(&inside_lock);
	if (found)
		pr_warn_ratelimited("pfsnl: %s called from inside an operation of a service, where it would wait for ever\n",
				    what);
	return found;
}

static void fill_round(struct pfsnl_service_round *round,
		       struct pfsnl_registration *r,
		       const struct pfsnl_sync_event *ev)
{
	*round = (struct pfsnl_service_round) {
		.seq = ev->ring->seq,
		.leader = htonl(ev->ring->leader),
		.incarnation = ev->ring->incarnation,
		.members = ev->members,
		.transmits = ev->transmits,
		.longest = pfsnl_core_sync_longest(r->inst->core),
		.registration = r,
	};
}

static void fill_heard(struct pfsnl_service_heard *heard,
		       const struct pfsnl_sync_event *ev)
{
	*heard = (struct pfsnl_service_heard) {
		.addr = htonl(ev->sender),
		.incarnation = ev->incarnation,
		.own = ev->own,
		.place = ev->place,
		.n = ev->n,
		.safe = ev->flags & PFSNL_MSG_SAFE,
		.data = ev->data,
		.len = ev->len,
	};
}

/* What is about the round as a whole. Return: what the service says to it. */
static int tell_round(struct pfsnl_registration *r,
		      const struct pfsnl_sync_event *ev)
{
	const struct pfsnl_service_ops *ops = r->ops;
	struct pfsnl_service_round round;

	fill_round(&round, r, ev);
	switch (ev->kind) {
	case PFSNL_SYNC_INIT:
		ops->init(r->priv, &round);
		return 0;
	case PFSNL_SYNC_PROCESS:
		return min(ops->process(r->priv, &round), PFSNL_SYNC_AGAIN);
	case PFSNL_SYNC_ABORT:
		ops->abort(r->priv, &round);
		return 0;
	default:
		ops->activate(r->priv, &round, ev->place);
		return 0;
	}
}

static int tell(struct pfsnl_registration *r, const struct pfsnl_sync_event *ev)
{
	const struct pfsnl_service_ops *ops = r->ops;
	struct pfsnl_service_heard heard;

	/* what is not for all is of no node that has this service */
	if (ev->kept < ev->whole)
		return 0;
	switch (ev->kind) {
	case PFSNL_SYNC_DATA:
		fill_heard(&heard, ev);
		if (ops->data)
			ops->data(r->priv, &heard);
		return 0;
	case PFSNL_SYNC_SAID:
		fill_heard(&heard, ev);
		if (ops->said)
			ops->said(r->priv, &heard);
		return 0;
	case PFSNL_SYNC_RETRY:
		if (ops->retry)
			ops->retry(r->priv, ev->n, ev->data, ev->len);
		return 0;
	case PFSNL_SYNC_UNKNOWN:
		if (ops->unknown)
			ops->unknown(r->priv, ev->n, ev->data, ev->len);
		return 0;
	case PFSNL_SYNC_RESERVE:
		return ops->reserve ? ops->reserve(r->priv, ev->said, ev->data,
						   ev->len) : 0;
	case PFSNL_SYNC_TRIM:
		if (ops->trim)
			ops->trim(r->priv);
		return 0;
	case PFSNL_SYNC_OVER:
		if (ops->over)
			ops->over(r->priv);
		return 0;
	default:
		return tell_round(r, ev);
	}
}

static void enter(struct inside *in)
{
	in->task = current;
	spin_lock(&inside_lock);
	list_add(&in->list, &insides);
	spin_unlock(&inside_lock);
}

static void leave(struct inside *in)
{
	spin_lock(&inside_lock);
	list_del(&in->list);
	spin_unlock(&inside_lock);
}

/* Node thread, under the instance lock. */
static int told(struct pfsnl_service_sink *sink,
		const struct pfsnl_sync_event *ev)
{
	struct pfsnl_registration *r = container_of(sink,
						    struct pfsnl_registration,
						    sink);
	struct inside in;
	int ret;

	if (ev->kind == PFSNL_SYNC_OVER) {
		spin_lock(&r->lock);
		r->inst = NULL;
		spin_unlock(&r->lock);
	}
	enter(&in);
	ret = tell(r, ev);
	leave(&in);
	/* whoever waits for this may free it */
	if (ev->kind == PFSNL_SYNC_OVER)
		complete_all(&r->over);
	return ret;
}

static void room(struct pfsnl_service_sink *sink)
{
	struct pfsnl_registration *r = container_of(sink,
						    struct pfsnl_registration,
						    sink);
	struct inside in;

	if (!r->ops->room)
		return;
	enter(&in);
	r->ops->room(r->priv);
	leave(&in);
}

/* Return: 0 or -errno, and then nobody knows it. */
static int begin(struct pfsnl_registration *r, struct net *net)
{
	struct pfsnl_instance *inst = pfsnl_instance_get(net);
	int err;

	if (!inst)
		return -ENETDOWN;
	/* the end of the instance can't come before this is put */
	r->inst = inst;
	err = pfsnl_services_add(inst, r->ops->id, &r->sink);
	pfsnl_instance_put(net);
	return err == -ESHUTDOWN ? -ENETDOWN : err;
}

/**
 * pfsnl_service_register - have a service on a node
 * @net: network namespace of the node; not needed after the call
 * @ops: how to be told what happens; they may be called before this returns
 * @priv: handed to them
 *
 * The service takes part from the next ring on, which this brings about; until it is
 * told activate there is nothing that it could say. When the node is taken down, or
 * its namespace goes, it is told over.
 *
 * May sleep; not from inside an operation of a service.
 *
 * Return: the registration, to be given to pfsnl_service_unregister() in the end, or
 * an error: -EINVAL for an id that is too low or an operation that is missing,
 * -ENODEV when @ops->owner is being unloaded, -ENETDOWN when no instance is up in the
 * namespace or it is being taken down, -EEXIST when the node has a service of this id,
 * -ENOSPC when it has as many services as can be, -ENOMEM, -EDEADLK.
 */
struct pfsnl_registration *
pfsnl_service_register(struct net *net, const struct pfsnl_service_ops *ops,
		       void *priv)
{
	struct pfsnl_registration *r;
	int err = -ENOMEM;

	if (is_inside(__func__))
		return ERR_PTR(-EDEADLK);
	if (ops->id < PFSNL_SERVICE_ID_MIN || !ops->init || !ops->process ||
	    !ops->abort || !ops->activate)
		return ERR_PTR(-EINVAL);
	if (!try_module_get(ops->owner))
		return ERR_PTR(-ENODEV);
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (r) {
		r->sink.name = ops->name;
		r->sink.told = told;
		r->sink.room = room;
		r->ops = ops;
		r->priv = priv;
		spin_lock_init(&r->lock);
		init_completion(&r->over);
		err = begin(r, net);
	}
	if (!err)
		return r;
	kfree(r);
	module_put(ops->owner);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_service_register, PFSNL);

/**
 * pfsnl_service_unregister - have the service no more
 * @r: the registration; must not be used any more if this returns 0
 *
 * If a round is under way the service is told abort before this returns. What it said
 * before is still applied by the other nodes, but it is not told. When this returns no
 * operation runs, and none will be called. The other nodes wait for this one until
 * there is another ring, which this brings about.
 *
 * May sleep; not from inside an operation of a service.
 *
 * Return: 0, or -EDEADLK and then nothing has changed.
 */
int pfsnl_service_unregister(struct pfsnl_registration *r)
{
	struct pfsnl_errand e = { .id = r->ops->id };

	if (is_inside(__func__))
		return -EDEADLK;
	spin_lock(&r->lock);
	e.inst = r->inst;
	if (e.inst)
		pfsnl_errand_remove(&e);
	spin_unlock(&r->lock);
	/* if the instance ended first, it has told or is about to tell */
	if (!e.inst || pfsnl_errand_wait(&e))
		wait_for_completion(&r->over);
	module_put(r->ops->owner);
	kfree(r);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_service_unregister, PFSNL);

/**
 * pfsnl_service_say - an operation, for all nodes that have the service
 * @r: the registration
 * @data: what it says, copied
 * @len: bytes of it, at most @longest of a round
 * @safe: apply it only when all nodes are known to have it
 * @n: set to this node's count of it, by which the service is told what becomes of
 *	it; that may be before this returns
 *
 * May sleep; not from inside an operation of a service.
 *
 * Return: 0, and then the service is told said, retry or unknown, if it is not
 * unregistered or over before; -EAGAIN when it is not activated at present, which it
 * will be told, or too much is under way, of which room() tells the end; -ENOTCONN
 * when it is over; -EMSGSIZE; -ENOMEM; -EDEADLK.
 */
int pfsnl_service_say(struct pfsnl_registration *r, const void *data, u32 len,
		      bool safe, u64 *n)
{
	struct pfsnl_errand e = {
		.id = r->ops->id,
		.flags = safe ? PFSNL_MSG_SAFE : 0,
		.data = data,
		.len = len,
	};
	int err;

	if (is_inside(__func__))
		return -EDEADLK;
	spin_lock(&r->lock);
	e.inst = r->inst;
	if (e.inst)
		pfsnl_errand_say(&e);
	spin_unlock(&r->lock);
	if (!e.inst)
		return -ENOTCONN;
	err = pfsnl_errand_wait(&e);
	if (!err)
		*n = e.n;
	return err == -ESHUTDOWN ? -ENOTCONN : err;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_service_say, PFSNL);

/**
 * pfsnl_service_transmit - a part of the state, for all nodes that have the service
 * @round: as it was given to process(), from inside which this is called
 * @data: what it says, copied
 * @len: bytes of that, at most @round->longest
 *
 * Return: 0; -EAGAIN when enough waits to be sent, and then process() is to return
 * PFSNL_SERVICE_AGAIN and is called again when there is room; -EMSGSIZE; -ENOMEM;
 * -EBUSY when it is called from elsewhere; -ESHUTDOWN when the node ends.
 */
int pfsnl_service_transmit(const struct pfsnl_service_round *round,
			   const void *data, u32 len)
{
	struct pfsnl_registration *r = round->registration;

	return pfsnl_core_sync_data(r->inst->core, ktime_get_ns(), r->ops->id,
				    data, len);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_service_transmit, PFSNL);

/**
 * pfsnl_service_member_next - the nodes that have the service, one after the other
 * @round: as it was given to the operation from inside which this is called
 * @after: address of the node before, network order, 0 to begin
 * @m: filled with the one of the next higher address
 *
 * Return: false when there is none.
 */
bool pfsnl_service_member_next(const struct pfsnl_service_round *round,
			       __be32 after, struct pfsnl_service_member *m)
{
	struct pfsnl_registration *r = round->registration;
	struct pfsnl_sync_member got;

	if (!pfsnl_core_sync_member(r->inst->core, r->ops->id, ntohl(after),
				    &got))
		return false;
	*m = (struct pfsnl_service_member) {
		.addr = htonl(got.addr),
		.incarnation = got.incarnation,
		.times = got.served.times,
		.seq = got.served.ring.seq,
		.ops = got.served.ops,
		.transmits = got.transmits,
	};
	return true;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_service_member_next, PFSNL);
