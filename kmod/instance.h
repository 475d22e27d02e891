/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instance: one node, in one network namespace.
 *
 * Who may touch what:
 *
 *	lock			fields				contexts
 *	pfsnl_net.lock		pfsnl_net.inst, life of the	netlink requests,
 *				instance, stopping		namespace exit
 *	pfsnl_net.gate		pfsnl_net.inst changes only	read: requests about
 *				with it, too			groups, sockets that
 *								are closed; write:
 *								start, stop
 *	pfsnl_instance.lock	core and all it owns, @pool,	node thread;
 *				state_due, services_due		netlink reads
 *	pfsnl_process_io.lock	tables of processes, what they	node thread, requests
 *				want, their memberships		about groups, sockets
 *								that are closed
 *	pfsnl_process.pieces	a message that is coming in	sending
 *	pfsnl_process.lock	what is under way of a process	node thread, sending
 *	pfsnl_mailbox.lock	what was sent to a socket	node thread, requests
 *								about groups
 *	pfsnl_ckpt_io.lock	see ckpt.h			node thread, requests
 *								about checkpoints
 *	none: one owner		the rest of @processes		node thread
 *	none: one owner		@tethers (see tether.h)		node thread
 *	none: one owner		sending half of @beacon		beacon thread
 *	sk_callback_lock	callbacks of the sockets	softirq, node thread
 *	pfsnl_address.lock	pfsnl_address.inst		softirq, start, stop
 *	pfsnl_registration.lock	its inst			node thread, modules
 *
 * Order: pfsnl_net.lock, then pfsnl_instance.lock, then the locks of sockets.
 * RTNL is taken inside pfsnl_net.lock and never the other way round. The
 * beacon thread takes neither of our locks. pfsnl_net.gate is taken inside
 * pfsnl_net.lock; a process that has it may wait for the node thread, which never
 * takes it. Inside it, and inside pfsnl_instance.lock: pfsnl_process.pieces, then
 * pfsnl_process_io.lock, then pfsnl_process.lock and pfsnl_mailbox.lock. The last
 * three are spinlocks that nobody sleeps in: the node thread never waits for a
 * process that has no processor. So is pfsnl_registration.lock, which is taken inside
 * pfsnl_instance.lock and has none of ours inside it.
 */
#ifndef PFSNL_INSTANCE_H
#define PFSNL_INSTANCE_H

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "address.h"
#include "beacon.h"
#include "ckpt.h"
#include "core/core.h"
#include "pool.h"
#include "process.h"
#include "tether.h"

struct net;
struct netlink_ext_ack;

/**
 * struct pfsnl_instance - one node
 * @net: the namespace it is in, not held: the namespace's exit ends us
 * @ifindex: interface of the cluster's segment
 * @owner: who owns the namespace's user namespace, for the limit per user
 * @live: in the list of all instances
 * @lock: see above
 * @core: the protocol
 * @worker: the node thread
 * @alarm: fires at the core's deadline
 * @tick: node thread: the deadline has come
 * @link: node thread: the carrier of the interface came or went
 * @link_up: whether there is one now
 * @running: it may be told of links and of the end of the machine; under the
 *	lock of the list of all instances
 * @start_time: when it started, nanoseconds
 * @stopping: the goodbye is being said; under pfsnl_net.lock
 * @state_due: the core asked to tell listeners of its state
 * @services_due: some service was told what listeners are told too
 * @left: the goodbye is over
 * @event_failed: notifications that could not be built or sent
 * @pool: memory that is used again
 * @address: ARP
 * @beacon: UDP
 * @tethers: TCP
 * @processes: members of groups
 * @ckpt: checkpoints, see ckpt.h
 */
struct pfsnl_instance {
	struct net *net;
	int ifindex;
	kuid_t owner;
	struct list_head live;
	struct mutex lock; /* see above */
	struct pfsnl_core *core;
	struct kthread_worker *worker;
	struct hrtimer alarm;
	struct kthread_work tick;
	struct kthread_work link;
	bool link_up;
	bool running;
	u64 start_time;
	bool stopping;
	bool state_due;
	bool services_due;
	struct completion left;
	u64 event_failed;
	struct pfsnl_pool pool;
	struct pfsnl_address_io address;
	struct pfsnl_beacon_io beacon;
	struct pfsnl_tether_io tethers;
	struct pfsnl_process_io processes;
	struct pfsnl_ckpt_io ckpt;
};

/**
 * struct pfsnl_net - what each network namespace has of us
 * @lock: see above
 * @gate: see above
 * @inst: the instance, NULL when none runs
 * @address: has a lock of its own
 */
struct pfsnl_net {
	struct mutex lock; /* inst */
	struct rw_semaphore gate; /* inst */
	struct pfsnl_instance *inst;
	struct pfsnl_address address;
};

int pfsnl_instance_init(void);
void pfsnl_instance_exit(void);
struct pfsnl_net *pfsnl_instance_net(struct net *net);

int pfsnl_instance_start(struct net *net, int ifindex,
			 const struct pfsnl_config *cfg,
			 struct netlink_ext_ack *extack);
int pfsnl_instance_set(struct pfsnl_instance *inst,
		       const struct pfsnl_config *cfg,
		       struct netlink_ext_ack *extack);
int pfsnl_instance_stop(struct pfsnl_net *pn, u32 wait_ms,
			struct netlink_ext_ack *extack);
bool pfsnl_instance_link(struct net *net, int ifindex, bool up);
void pfsnl_instance_duplicate(struct pfsnl_instance *inst);
void pfsnl_instance_farewell(void);
struct pfsnl_instance *pfsnl_instance_get(struct net *net);
void pfsnl_instance_put(struct net *net);
u64 pfsnl_instance_counter(const struct pfsnl_instance *inst,
			   enum pfsnl_counter c);

/* for the rooms that bring the core its input; node thread */
struct pfsnl_core *pfsnl_instance_enter(struct pfsnl_instance *inst, u64 *now);
void pfsnl_instance_leave(struct pfsnl_instance *inst);

#endif /* PFSNL_INSTANCE_H */
