// SPDX-License-Identifier: GPL-2.0
/*
 * The instance: brings the core its input, does what it asks for, and begins
 * and ends both in the right order.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "event.h"
#include "instance.h"
#include "main.h"
#include "note.h"
#include "service.h"

static unsigned int net_id;

/* all instances, for the limit per user */
static DEFINE_MUTEX(live_lock);
static LIST_HEAD(live);

/**
 * pfsnl_instance_net - what a network namespace has of us
 * @net: the namespace
 */
struct pfsnl_net *pfsnl_instance_net(struct net *net)
{
	return net_generic(net, net_id);
}

/**
 * pfsnl_instance_get - keep the instance of a namespace, if there is one
 * @net: the namespace
 *
 * Any process but the node thread; may sleep while the instance starts or stops.
 *
 * Return: the instance, which stays until pfsnl_instance_put(), or NULL.
 */
struct pfsnl_instance *pfsnl_instance_get(struct net *net)
{
	struct pfsnl_net *pn = pfsnl_instance_net(net);

	down_read(&pn->gate);
	if (pn->inst)
		return pn->inst;
	up_read(&pn->gate);
	return NULL;
}

/**
 * pfsnl_instance_put - the end of pfsnl_instance_get()
 * @net: the namespace
 */
void pfsnl_instance_put(struct net *net)
{
	up_read(&pfsnl_instance_net(net)->gate);
}

/* Whoever keeps an instance that ends has put it when this returns. */
static void publish(struct pfsnl_net *pn, struct pfsnl_instance *inst)
{
	down_write(&pn->gate);
	pn->inst = inst;
	up_write(&pn->gate);
}

/**
 * pfsnl_instance_enter - begin to bring the core something
 * @inst: the instance
 * @now: becomes the time to bring it with, nanoseconds: read under the lock, so
 *	that no input has an earlier time than the one before
 *
 * Node thread. Takes the instance lock, until pfsnl_instance_leave(). Tells the
 * core first if this machine stood still.
 *
 * Return: the core.
 */
struct pfsnl_core *pfsnl_instance_enter(struct pfsnl_instance *inst, u64 *now)
{
	u64 gap, limit;

	mutex_lock(&inst->lock);
	*now = ktime_get_ns();
	if (!inst->core)
		return NULL;
	/* before it hears anything that waited for it meanwhile */
	limit = pfsnl_core_pause_limit(pfsnl_core_config(inst->core));
	gap = pfsnl_beacon_gap(&inst->beacon, *now, limit);
	if (gap > limit)
		pfsnl_core_paused(inst->core, *now, gap);
	return inst->core;
}

/**
 * pfsnl_instance_leave - the core has it
 * @inst: the instance
 *
 * Node thread. Gives the lock back after sending what was held back, and telling
 * listeners what came of it.
 */
void pfsnl_instance_leave(struct pfsnl_instance *inst)
{
	pfsnl_ckpt_settle(&inst->ckpt);
	pfsnl_process_settle(&inst->processes);
	pfsnl_tethers_push(&inst->tethers);
	if (inst->state_due) {
		inst->state_due = false;
		pfsnl_event_state(inst, false);
	}
	pfsnl_services_settle(inst);
	mutex_unlock(&inst->lock);
}

/* The core's operations: node thread, under the instance lock. */

static void *op_alloc(void *ctx, size_t size)
{
	struct pfsnl_instance *inst = ctx;

	return pfsnl_pool_zalloc(&inst->pool, size);
}

static void *op_alloc_raw(void *ctx, size_t size)
{
	struct pfsnl_instance *inst = ctx;

	return pfsnl_pool_alloc(&inst->pool, size);
}

static void op_free(void *ctx, void *p)
{
	struct pfsnl_instance *inst = ctx;

	pfsnl_pool_free(&inst->pool, p);
}

static int op_beacon(void *ctx, const struct pfsnl_beacon_plan *plan)
{
	struct pfsnl_instance *inst = ctx;

	return pfsnl_beacon_plan(&inst->beacon, plan);
}

static void op_lease(void *ctx, u64 until)
{
	struct pfsnl_instance *inst = ctx;

	pfsnl_beacon_lease(&inst->beacon, until);
}

static void op_datagram(void *ctx, u32 addr, const void *data, size_t len)
{
	struct pfsnl_instance *inst = ctx;

	pfsnl_beacon_datagram(&inst->beacon, addr, data, len);
}

static int op_tether_open(void *ctx, u32 addr, u16 port, u32 *id)
{
	struct pfsnl_instance *inst = ctx;

	return pfsnl_tethers_dial(&inst->tethers, addr, port, id);
}

static int op_tether_write(void *ctx, u32 id, const void *data, size_t len)
{
	struct pfsnl_instance *inst = ctx;

	return pfsnl_tethers_write(&inst->tethers, id, data, len);
}

static int op_tether_bulk(void *ctx, u32 id, const void *data, size_t len)
{
	struct pfsnl_instance *inst = ctx;

	return pfsnl_tethers_bulk(&inst->tethers, id, data, len);
}

static void op_tether_close(void *ctx, u32 id)
{
	struct pfsnl_instance *inst = ctx;

	pfsnl_tethers_end(&inst->tethers, id);
}

static void op_event(void *ctx, const struct pfsnl_event *ev)
{
	struct pfsnl_instance *inst = ctx;

	if (ev->kind == PFSNL_EVENT_UPDATE)
		pfsnl_event_update(inst, ev);
	else if (ev->kind == PFSNL_EVENT_RING)
		pfsnl_event_ring(inst, ev);
	else
		inst->state_due = true;
}

static void op_order(void *ctx, const struct pfsnl_order_event *ev)
{
	struct pfsnl_instance *inst = ctx;

	/* all else is told as events of groups and of services */
	if (ev->kind != PFSNL_ORDER_ROOM)
		return;
	pfsnl_process_room(&inst->processes);
	pfsnl_services_room(inst);
}

static void op_group(void *ctx, const struct pfsnl_group_event *ev)
{
	struct pfsnl_instance *inst = ctx;

	pfsnl_process_event(&inst->processes, ev);
}

static int op_sync(void *ctx, const struct pfsnl_sync_event *ev)
{
	return pfsnl_services_told(ctx, ev);
}

static void op_deadline(void *ctx, u64 when)
{
	struct pfsnl_instance *inst = ctx;

	if (when == PFSNL_NEVER)
		hrtimer_cancel(&inst->alarm);
	else
		hrtimer_start(&inst->alarm, ns_to_ktime(when),
			      HRTIMER_MODE_ABS);
}

static void op_note(void *ctx, enum pfsnl_note note, u32 addr, u32 reason,
		    u64 number)
{
	pfsnl_note_log(ctx, note, addr, reason, number);
}

static void op_left(void *ctx)
{
	struct pfsnl_instance *inst = ctx;

	complete_all(&inst->left);
}

static const struct pfsnl_core_ops core_ops = {
	.alloc		= op_alloc,
	.alloc_raw	= op_alloc_raw,
	.free		= op_free,
	.beacon		= op_beacon,
	.lease		= op_lease,
	.datagram	= op_datagram,
	.tether_open	= op_tether_open,
	.tether_write	= op_tether_write,
	.tether_bulk	= op_tether_bulk,
	.tether_close	= op_tether_close,
	.event		= op_event,
	.order		= op_order,
	.group		= op_group,
	.sync		= op_sync,
	.deadline	= op_deadline,
	.note		= op_note,
	.left		= op_left,
};

/* hard interrupt or softirq */
static enum hrtimer_restart alarm_fire(struct hrtimer *timer)
{
	struct pfsnl_instance *inst = container_of(timer, struct pfsnl_instance,
						   alarm);

	kthread_queue_work(inst->worker, &inst->tick);
	return HRTIMER_NORESTART;
}

/*
 * Node thread: the deadline has come. Before a silence is believed, whatever
 * beacons wait are heard.
 */
static void tick_work(struct kthread_work *work)
{
	struct pfsnl_instance *inst = container_of(work, struct pfsnl_instance,
						   tick);
	struct pfsnl_core *core;
	u64 now;

	/* the alarm may have been set once more just before the end */
	if (!inst->core)
		return;
	pfsnl_beacon_drain(&inst->beacon, PFSNL_BEACON_DRAIN);
	core = pfsnl_instance_enter(inst, &now);
	pfsnl_core_tick(core, now);
	pfsnl_instance_leave(inst);
}

/* Node thread: the carrier of our interface came or went. */
static void link_work(struct kthread_work *work)
{
	struct pfsnl_instance *inst = container_of(work, struct pfsnl_instance,
						   link);
	struct pfsnl_core *core;
	u64 now;

	if (!inst->core)
		return;
	core = pfsnl_instance_enter(inst, &now);
	pfsnl_core_link(core, now, READ_ONCE(inst->link_up));
	pfsnl_instance_leave(inst);
}

/**
 * struct request - something to do in the node thread
 * @work: in its queue
 * @inst: the instance
 * @cfg: for request_set()
 * @wait_ms: for request_leave()
 * @err: what came of it
 */
struct request {
	struct kthread_work work;
	struct pfsnl_instance *inst;
	const struct pfsnl_config *cfg;
	u32 wait_ms;
	int err;
};

static void request_start(struct kthread_work *work)
{
	struct request *r = container_of(work, struct request, work);
	struct pfsnl_core *core;

	core = pfsnl_instance_enter(r->inst, &r->inst->start_time);
	/* so that the first ring has it */
	pfsnl_ckpt_begin(&r->inst->ckpt, r->inst->start_time);
	pfsnl_core_start(core, r->inst->start_time);
	pfsnl_instance_leave(r->inst);
}

static void request_set(struct kthread_work *work)
{
	struct request *r = container_of(work, struct request, work);
	struct pfsnl_core *core;
	u64 now;

	core = pfsnl_instance_enter(r->inst, &now);
	r->err = pfsnl_core_set(core, now, r->cfg);
	pfsnl_instance_leave(r->inst);
}

static void request_leave(struct kthread_work *work)
{
	struct request *r = container_of(work, struct request, work);
	struct pfsnl_core *core;
	u64 now;

	core = pfsnl_instance_enter(r->inst, &now);
	pfsnl_core_leave(core, now, r->wait_ms * PFSNL_MS);
	pfsnl_instance_leave(r->inst);
}

static void request_end(struct kthread_work *work)
{
	struct request *r = container_of(work, struct request, work);
	struct pfsnl_instance *inst = r->inst;

	mutex_lock(&inst->lock);
	pfsnl_event_state(inst, true);
	pfsnl_core_destroy(inst->core);
	inst->core = NULL;
	pfsnl_ckpt_end(&inst->ckpt);
	pfsnl_process_settle(&inst->processes);
	mutex_unlock(&inst->lock);
}

/* Have something done in the node thread, and wait until it is. */
static int request(struct request *r, kthread_work_func_t fn)
{
	kthread_init_work(&r->work, fn);
	kthread_queue_work(r->inst->worker, &r->work);
	kthread_flush_work(&r->work);
	return r->err;
}

/* Whoever owns a user namespace could make instances without end. */
static int claim_slot(struct pfsnl_instance *inst,
		      struct netlink_ext_ack *extack)
{
	struct pfsnl_instance *other;
	unsigned int count = 0;
	int err = 0;

	mutex_lock(&live_lock);
	if (inst->net->user_ns != &init_user_ns) {
		list_for_each_entry(other, &live, live)
			count += other->net->user_ns != &init_user_ns &&
				 uid_eq(other->owner, inst->owner);
		if (count >= pfsnl_param_max_per_user)
			err = -EUSERS;
	}
	if (err)
		NL_SET_ERR_MSG(extack, "this user has max_per_user instances already");
	else
		list_add_tail(&inst->live, &live);
	mutex_unlock(&live_lock);
	return err;
}

static void free_slot(struct pfsnl_instance *inst)
{
	mutex_lock(&live_lock);
	list_del_init(&inst->live);
	mutex_unlock(&live_lock);
}

/*
 * Undo a start, however far it came. What brings input ends first, then the
 * core, which ends its tethers, then the rooms, then the node thread.
 */
static void tear_down(struct pfsnl_instance *inst)
{
	struct request r = { .inst = inst };

	mutex_lock(&live_lock);
	inst->running = false;
	mutex_unlock(&live_lock);
	if (inst->worker) {
		kthread_cancel_work_sync(&inst->link);
		pfsnl_address_forget(&pfsnl_instance_net(inst->net)->address,
				     inst);
		pfsnl_beacon_deafen(&inst->beacon);
		if (inst->tethers.inst)
			pfsnl_tethers_deafen(&inst->tethers);
		if (inst->processes.inst)
			pfsnl_processes_deafen(&inst->processes);
		if (inst->ckpt.inst)
			pfsnl_ckpt_deafen(&inst->ckpt);
		hrtimer_cancel(&inst->alarm);
		kthread_cancel_work_sync(&inst->tick);
		if (inst->core)
			request(&r, request_end);
		/* a work that ran meanwhile may have set it again */
		hrtimer_cancel(&inst->alarm);
		kthread_cancel_work_sync(&inst->tick);
		/* what ends from here on is given back at once */
		pfsnl_pool_close(&inst->pool);
		pfsnl_ckpt_close(&inst->ckpt);
		pfsnl_processes_close(&inst->processes);
		pfsnl_tethers_close(&inst->tethers);
		pfsnl_beacon_close(&inst->beacon);
		kthread_destroy_worker(inst->worker);
	} else if (inst->core) {
		pfsnl_core_destroy(inst->core);
	}
	free_slot(inst);
	mutex_destroy(&inst->lock);
	kvfree(inst);
}

static struct pfsnl_instance *build(struct net *net, int ifindex,
				    const struct pfsnl_config *cfg,
				    struct netlink_ext_ack *extack, int *err)
{
	struct pfsnl_instance *inst;
	struct kthread_worker *worker;

	*err = -ENOMEM;
	inst = kvzalloc(sizeof(*inst), GFP_KERNEL_ACCOUNT);
	if (!inst)
		return NULL;
	inst->net = net;
	inst->ifindex = ifindex;
	inst->owner = net->user_ns->owner;
	INIT_LIST_HEAD(&inst->live);
	mutex_init(&inst->lock);
	init_completion(&inst->left);
	kthread_init_work(&inst->tick, tick_work);
	kthread_init_work(&inst->link, link_work);
	hrtimer_init(&inst->alarm, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	inst->alarm.function = alarm_fire;

	*err = claim_slot(inst, extack);
	if (*err)
		goto undo;
	*err = -ENOMEM;
	inst->core = pfsnl_core_create(&core_ops, inst, cfg,
				       get_random_u64() | 1);
	if (!inst->core)
		goto undo;
	worker = kthread_create_worker(0, "pfsnl-n%u", net->ns.inum);
	if (IS_ERR(worker)) {
		*err = PTR_ERR(worker);
		goto undo;
	}
	inst->worker = worker;
	pfsnl_pool_open(&inst->pool);
	*err = pfsnl_beacon_open(inst, cfg, extack);
	if (!*err)
		*err = pfsnl_processes_open(inst);
	if (!*err)
		*err = pfsnl_ckpt_open(inst);
	if (!*err)
		*err = pfsnl_tethers_open(inst, cfg, extack);
	if (*err)
		goto undo;
	return inst;

undo:
	tear_down(inst);
	return NULL;
}

/**
 * pfsnl_instance_start - begin to be a node
 * @net: the namespace; pfsnl_net.lock is held
 * @ifindex: interface of the cluster's segment
 * @cfg: settings, checked
 * @extack: says what went wrong
 *
 * May sleep.
 *
 * Return: 0; -EALREADY when the namespace has an instance; -EADDRINUSE;
 * -EUSERS; another -errno of the network; -ENOMEM.
 */
int pfsnl_instance_start(struct net *net, int ifindex,
			 const struct pfsnl_config *cfg,
			 struct netlink_ext_ack *extack)
{
	struct pfsnl_net *pn = pfsnl_instance_net(net);
	struct pfsnl_instance *inst;
	struct request r = {};
	int err;

	lockdep_assert_held(&pn->lock);
	if (pn->inst && pn->inst->stopping) {
		NL_SET_ERR_MSG(extack, "being taken down: try again when it is down");
		return -EBUSY;
	}
	if (pn->inst) {
		NL_SET_ERR_MSG(extack, "up already: change it with set or take it down first");
		return -EALREADY;
	}
	inst = build(net, ifindex, cfg, extack, &err);
	if (!inst)
		return err;
	pfsnl_address_watch(&pn->address, inst);
	pfsnl_beacon_listen(&inst->beacon);
	pfsnl_tethers_listen(&inst->tethers);
	r.inst = inst;
	err = request(&r, request_start);
	publish(pn, inst);
	mutex_lock(&live_lock);
	inst->running = true;
	mutex_unlock(&live_lock);
	return err;
}

/**
 * pfsnl_instance_link - the carrier of an interface came or went
 * @net: its namespace
 * @ifindex: the interface
 * @up: whether there is one
 *
 * Any process; may hold RTNL.
 *
 * Return: whether that is news to an instance.
 */
bool pfsnl_instance_link(struct net *net, int ifindex, bool up)
{
	struct pfsnl_instance *inst;
	bool news = false;

	mutex_lock(&live_lock);
	list_for_each_entry(inst, &live, live) {
		if (!inst->running || inst->net != net ||
		    inst->ifindex != ifindex)
			continue;
		news = news || inst->link_up != up;
		WRITE_ONCE(inst->link_up, up);
		kthread_queue_work(inst->worker, &inst->link);
	}
	mutex_unlock(&live_lock);
	return news;
}

/**
 * pfsnl_instance_duplicate - another machine has our address
 * @inst: the instance
 *
 * Node thread.
 */
void pfsnl_instance_duplicate(struct pfsnl_instance *inst)
{
	mutex_lock(&inst->lock);
	if (inst->core)
		pfsnl_note_log(inst, PFSNL_NOTE_DUPLICATE,
			       pfsnl_core_config(inst->core)->addr,
			       PFSNL_REASON_NONE, 0);
	mutex_unlock(&inst->lock);
}

/**
 * pfsnl_instance_farewell - this machine goes down: say goodbye everywhere
 *
 * Any process; may sleep. Nobody waits for the answers.
 */
void pfsnl_instance_farewell(void)
{
	struct pfsnl_instance *inst;

	mutex_lock(&live_lock);
	list_for_each_entry(inst, &live, live) {
		struct request r = { .inst = inst };

		if (inst->running)
			request(&r, request_leave);
	}
	mutex_unlock(&live_lock);
}

/**
 * pfsnl_instance_set - change settings while it runs
 * @inst: the instance; pfsnl_net.lock is held
 * @cfg: all settings, checked
 * @extack: says what went wrong
 *
 * May sleep.
 *
 * Return: 0, -EBUSY for a setting that can't change now, another -errno when
 * the multicast group can't be joined.
 */
int pfsnl_instance_set(struct pfsnl_instance *inst,
		       const struct pfsnl_config *cfg,
		       struct netlink_ext_ack *extack)
{
	struct request r = { .inst = inst, .cfg = cfg };
	u32 group = cfg->beacon_to == PFSNL_BEACON_TO_MULTICAST ?
		    cfg->group : 0;
	int err;

	err = pfsnl_beacon_join(&inst->beacon, group);
	if (err) {
		NL_SET_ERR_MSG(extack, "can't join the multicast group");
		return err;
	}
	err = request(&r, request_set);
	if (err)
		NL_SET_ERR_MSG(extack, "this can't change while the instance is up");
	return err;
}

/**
 * pfsnl_instance_stop - say goodbye and end
 * @pn: what the namespace has; its lock is held; with an instance
 * @wait_ms: longest time to wait for the others to answer
 * @extack: says what went wrong
 *
 * May sleep, for as long as that. Meanwhile the lock is not held, so that
 * whoever only reads need not wait.
 *
 * Return: 0, or -EBUSY when somebody else stops it already.
 */
int pfsnl_instance_stop(struct pfsnl_net *pn, u32 wait_ms,
			struct netlink_ext_ack *extack)
{
	struct pfsnl_instance *inst = pn->inst;
	struct request r = { .inst = inst, .wait_ms = wait_ms };

	lockdep_assert_held(&pn->lock);
	if (inst->stopping) {
		NL_SET_ERR_MSG(extack, "being taken down already");
		return -EBUSY;
	}
	inst->stopping = true;
	request(&r, request_leave);
	mutex_unlock(&pn->lock);
	/* the core keeps the time; the rest is for a node thread that is late */
	wait_for_completion_timeout(&inst->left,
				    msecs_to_jiffies(wait_ms + 1000));
	mutex_lock(&pn->lock);
	publish(pn, NULL);
	tear_down(inst);
	return 0;
}

/**
 * pfsnl_instance_counter - how often something happened since start
 * @inst: the instance, with its lock held
 * @c: what
 *
 * Adds what the core can't see.
 */
u64 pfsnl_instance_counter(const struct pfsnl_instance *inst,
			   enum pfsnl_counter c)
{
	u64 n = pfsnl_core_counter(inst->core, c);

	switch (c) {
	case PFSNL_COUNT_BEACON_TX:
		return n + READ_ONCE(inst->beacon.sent);
	case PFSNL_COUNT_BEACON_TX_FAILED:
		return n + READ_ONCE(inst->beacon.failed);
	case PFSNL_COUNT_BEACON_TX_LATE:
		return n + READ_ONCE(inst->beacon.late);
	case PFSNL_COUNT_BEACON_HUNG:
		return n + READ_ONCE(inst->beacon.hung);
	case PFSNL_COUNT_BEACON_DUPLICATE:
		return n + READ_ONCE(inst->address.duplicates);
	case PFSNL_COUNT_BEACON_OVERRUN:
		return n + atomic_read(&inst->beacon.sock->sk->sk_drops);
	case PFSNL_COUNT_NO_MEMORY:
		return n + READ_ONCE(inst->tethers.no_memory);
	case PFSNL_COUNT_EVENT_FAILED:
		return n + inst->event_failed;
	case PFSNL_COUNT_GROUP_SLOW:
		return n + READ_ONCE(inst->processes.slow);
	case PFSNL_COUNT_GROUP_SILENT:
		return n + READ_ONCE(inst->processes.silent);
	case PFSNL_COUNT_CKPT_BUSY:
		return n + atomic64_read(&inst->ckpt.busy);
	case PFSNL_COUNT_CKPT_REFUSED:
		return n + inst->ckpt.counts.refused;
	case PFSNL_COUNT_CKPT_UNKNOWN:
		return n + inst->ckpt.counts.unknown;
	case PFSNL_COUNT_CKPT_LOST:
		return n + inst->ckpt.counts.lost;
	case PFSNL_COUNT_CKPT_CONFLICT:
		return n + inst->ckpt.counts.conflicts;
	case PFSNL_COUNT_CKPT_OUT:
		return n + inst->ckpt.counts.out;
	default:
		return n;
	}
}

static int __net_init net_init(struct net *net)
{
	struct pfsnl_net *pn = pfsnl_instance_net(net);

	mutex_init(&pn->lock);
	init_rwsem(&pn->gate);
	spin_lock_init(&pn->address.lock);
	return 0;
}

/*
 * The namespace goes. Its devices are still there, as they were registered
 * before us, so the goodbye leaves; nobody can wait for the answer.
 */
static void __net_exit net_exit(struct net *net)
{
	struct pfsnl_net *pn = pfsnl_instance_net(net);

	mutex_lock(&pn->lock);
	if (pn->inst)
		pfsnl_instance_stop(pn, 0, NULL);
	mutex_unlock(&pn->lock);
	mutex_destroy(&pn->lock);
}

static struct pernet_operations net_ops = {
	.init	= net_init,
	.exit	= net_exit,
	.id	= &net_id,
	.size	= sizeof(struct pfsnl_net),
};

/**
 * pfsnl_instance_init - be told of network namespaces
 *
 * Return: 0 or -errno.
 */
int __init pfsnl_instance_init(void)
{
	int err = register_pernet_device(&net_ops);

	if (!err)
		pfsnl_address_init();
	return err;
}

/**
 * pfsnl_instance_exit - end all instances
 *
 * No netlink request may be under way.
 */
void pfsnl_instance_exit(void)
{
	pfsnl_address_exit();
	unregister_pernet_device(&net_ops);
	WARN_ON(!list_empty(&live));
}
