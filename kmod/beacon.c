// SPDX-License-Identifier: GPL-2.0
/*
 * The beacon room. Receiving runs in the node thread, sending in the beacon
 * thread; the socket callback runs in softirq and only queues work.
 */
#include <linux/igmp.h>
#include <linux/in.h>
#include <linux/inet.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "instance.h"
#include "main.h"

/* datagrams taken in one go, so that tethers and ticks get their turn */
#define RECEIVE_BUDGET	256

/* softirq */
static void beacon_data_ready(struct sock *sk)
{
	struct pfsnl_beacon_io *b;

	read_lock_bh(&sk->sk_callback_lock);
	b = sk->sk_user_data;
	if (b) {
		if (!atomic64_read(&b->first))
			atomic64_cmpxchg(&b->first, 0, ktime_get_ns());
		kthread_queue_work(b->inst->worker, &b->receive);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* When the oldest datagram came that waits, or earlier. */
static u64 waits_since(struct pfsnl_beacon_io *b)
{
	u64 first = atomic64_xchg(&b->first, 0);

	if (!b->since)
		b->since = first;
	/* one may be read before the callback for it has run */
	return b->since ?: b->empty_at;
}

/**
 * pfsnl_beacon_drain - give the core what waits in the socket
 * @b: the room
 * @budget: most datagrams to take
 *
 * Node thread, instance lock not held. Goes on later when more than @budget
 * datagrams wait. Memory is bounded by the socket's receive buffer.
 */
void pfsnl_beacon_drain(struct pfsnl_beacon_io *b, u32 budget)
{
	struct pfsnl_core *core;
	/* longer ones are cut off by one byte and then have the wrong length */
	u8 data[256];
	u64 begin = ktime_get_ns(), came = waits_since(b), now;

	while (budget--) {
		struct sockaddr_in from = {};
		struct msghdr msg = {
			.msg_name = &from,
			.msg_flags = MSG_DONTWAIT,
		};
		struct kvec iov = { .iov_base = data, .iov_len = sizeof(data) };
		int n = kernel_recvmsg(b->sock, &msg, &iov, 1, sizeof(data),
				       MSG_DONTWAIT);

		/* none waits, or an error; the next that comes goes on */
		if (n == -EAGAIN) {
			b->since = 0;
			b->empty_at = begin;
		}
		if (n < 0)
			return;
		core = pfsnl_instance_enter(b->inst, &now);
		pfsnl_core_datagram(core, now, came,
				    ntohl(from.sin_addr.s_addr), data,
				    msg.msg_flags & MSG_TRUNC ? 0 : n);
		pfsnl_instance_leave(b->inst);
	}
	kthread_queue_work(b->inst->worker, &b->receive);
}

static void receive_work(struct kthread_work *work)
{
	pfsnl_beacon_drain(container_of(work, struct pfsnl_beacon_io, receive),
			   RECEIVE_BUDGET);
}

/* Any thread; never waits for room: a beacon that can't leave now is stale. */
static int send_datagram(struct pfsnl_beacon_io *b, u32 addr, const void *data,
			 size_t len)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(b->port),
		.sin_addr.s_addr = htonl(addr),
	};
	struct {
		struct cmsghdr head;
		struct in_pktinfo info;
	} source = {
		.head.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)),
		.head.cmsg_level = SOL_IP,
		.head.cmsg_type = IP_PKTINFO,
		.info.ipi_spec_dst.s_addr = b->source,
	};
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_control = &source,
		.msg_controllen = sizeof(source),
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
	};
	struct kvec iov = { .iov_base = (void *)data, .iov_len = len };
	int n = kernel_sendmsg(b->sock, &msg, &iov, 1, len);

	return n < 0 ? n : 0;
}

/**
 * pfsnl_beacon_datagram - send one datagram now
 * @b: the room
 * @addr: where to, host order
 * @data: its bytes
 * @len: how many
 *
 * Node thread. As unreliable as UDP.
 */
void pfsnl_beacon_datagram(struct pfsnl_beacon_io *b, u32 addr,
			   const void *data, size_t len)
{
	send_datagram(b, addr, data, len);
}

static void take_plan(struct pfsnl_beacon_io *b, u64 now)
{
	struct pfsnl_beacon_plan *plan = xchg(&b->next, NULL);

	if (!plan)
		return;
	/* a shorter interval counts from now on, not from the old rhythm */
	if (!b->plan || plan->interval_ms < b->plan->interval_ms)
		b->due = min(b->due, now + plan->interval_ms * PFSNL_MS);
	if (plan->burst) {
		b->burst = plan->burst;
		b->due = now;
	}
	kfree(b->plan);
	b->plan = plan;
}

static void send_beacon(struct pfsnl_beacon_io *b, u64 now, u64 lease)
{
	struct pfsnl_beacon_plan *plan = b->plan;
	u32 i;

	if (now > b->due + plan->interval_ms * PFSNL_MS / 2)
		WRITE_ONCE(b->late, b->late + 1);
	if (now > plan->valid_until) {
		WRITE_ONCE(b->hung, b->hung + 1);
		return;
	}
	if (b->last && now - b->last > atomic64_read(&b->gap))
		atomic64_set(&b->gap, now - b->last);
	WRITE_ONCE(b->last, now);
	pfsnl_beacon_stamp(plan->wire, ++b->counter,
			   pfsnl_lease_ms(lease, ktime_get_ns()));
	for (i = 0; i < plan->n_to; i++) {
		if (send_datagram(b, plan->to[i], plan->wire,
				  PFSNL_BEACON_LEN))
			WRITE_ONCE(b->failed, b->failed + 1);
		else
			WRITE_ONCE(b->sent, b->sent + 1);
	}
}

/* Beacon thread: a beacon is due, or there is a new plan. */
static void send_work(struct kthread_work *work)
{
	struct pfsnl_beacon_io *b = container_of(work, struct pfsnl_beacon_io,
						 send);
	u64 now = ktime_get_ns(), step, lease;

	/* it may be older than the plan, but is never of a ring after it */
	lease = atomic64_read_acquire(&b->lease);
	take_plan(b, now);
	if (!b->plan)
		return;
	if (now >= b->due) {
		send_beacon(b, now, lease);
		step = (b->burst > 1 ? b->plan->burst_ms :
				       b->plan->interval_ms) * PFSNL_MS;
		if (b->burst)
			b->burst--;
		/* keep the rhythm, but don't make up for what was missed */
		b->due = b->due + step > now ? b->due + step : now + step;
	}
	hrtimer_start(&b->clock, ns_to_ktime(b->due), HRTIMER_MODE_ABS);
}

/**
 * pfsnl_beacon_gap - longest time between two beacons since this was asked last
 * @b: the room
 * @now: nanoseconds
 * @limit: what is longer tells of a pause, nanoseconds
 *
 * Node thread. A beacon that is long due counts too: after this machine stood
 * still, either of the two threads may be the first to run. Of one that stays
 * due it is told again after each further @limit, not with every input, since
 * all are asked each time and their answers are input.
 *
 * Return: nanoseconds.
 */
u64 pfsnl_beacon_gap(struct pfsnl_beacon_io *b, u64 now, u64 limit)
{
	u64 gap = atomic64_xchg(&b->gap, 0);
	u64 last = READ_ONCE(b->last);

	if (last && now > max(last, b->told) + limit) {
		b->told = now;
		gap = max(gap, now - last);
	}
	return gap;
}

/* hard interrupt or softirq */
static enum hrtimer_restart clock_fire(struct hrtimer *timer)
{
	struct pfsnl_beacon_io *b = container_of(timer, struct pfsnl_beacon_io,
						 clock);

	kthread_queue_work(b->worker, &b->send);
	return HRTIMER_NORESTART;
}

/**
 * pfsnl_beacon_plan - say what to send from now on
 * @b: the room
 * @plan: copied
 *
 * Node thread, under the instance lock.
 *
 * Return: 0, or -ENOMEM and then the plan before stays.
 */
int pfsnl_beacon_plan(struct pfsnl_beacon_io *b,
		      const struct pfsnl_beacon_plan *plan)
{
	struct pfsnl_beacon_plan *copy, *old;

	copy = kmemdup(plan, struct_size(plan, to, plan->n_to), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	old = xchg(&b->next, NULL);
	/* a burst that did not begin yet is still owed */
	if (old)
		copy->burst = max(copy->burst, old->burst);
	kfree(old);
	old = xchg(&b->next, copy);
	WARN_ON_ONCE(old);
	kfree(old);
	kthread_queue_work(b->worker, &b->send);
	return 0;
}

/**
 * pfsnl_beacon_lease - let beacons say for how long our ring is quorate
 * @b: the room
 * @until: until when, nanoseconds
 *
 * Node thread, under the instance lock, after the plan that names the ring.
 */
void pfsnl_beacon_lease(struct pfsnl_beacon_io *b, u64 until)
{
	atomic64_set_release(&b->lease, until);
}

/**
 * pfsnl_beacon_join - hear a multicast group instead of the one before
 * @b: the room
 * @group: host order; 0 joins none
 *
 * May sleep; takes RTNL. Under pfsnl_net.lock.
 *
 * Return: 0 or -errno, and then the group before stays joined.
 */
int pfsnl_beacon_join(struct pfsnl_beacon_io *b, u32 group)
{
	struct ip_mreqn req = { .imr_ifindex = b->inst->ifindex };
	struct sock *sk = b->sock->sk;
	__be32 old = b->group;
	int err = 0;

	if (htonl(group) == old)
		return 0;
	rtnl_lock();
	lock_sock(sk);
	if (group) {
		req.imr_multiaddr.s_addr = htonl(group);
		err = ip_mc_join_group(sk, &req);
	}
	if (!err) {
		b->group = htonl(group);
		if (old) {
			req.imr_multiaddr.s_addr = old;
			ip_mc_leave_group(sk, &req);
		}
	}
	release_sock(sk);
	rtnl_unlock();
	return err;
}

/*
 * A real-time thread for whoever owns the machine; an unprivileged user can
 * make user namespaces without end and must not get one with each.
 */
static bool may_have_fifo(const struct pfsnl_instance *inst)
{
	return pfsnl_param_fifo &&
	       (pfsnl_param_fifo_users ||
		inst->net->user_ns == &init_user_ns);
}

static int open_socket(struct pfsnl_beacon_io *b,
		       struct netlink_ext_ack *extack)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(b->port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	struct sock *sk;
	int err;

	err = sock_create_kern(b->inst->net, AF_INET, SOCK_DGRAM, IPPROTO_UDP,
			       &b->sock);
	if (err) {
		b->sock = NULL;
		NL_SET_ERR_MSG(extack, "can't create the UDP socket");
		return err;
	}
	sk = b->sock->sk;
	lock_sock(sk);
	sock_set_flag(sk, SOCK_BROADCAST);
	release_sock(sk);
	err = sock_bindtoindex(sk, b->inst->ifindex, true);
	if (!err)
		err = kernel_bind(b->sock, (struct sockaddr *)&here,
				  sizeof(here));
	if (err == -EADDRINUSE)
		NL_SET_ERR_MSG(extack, "UDP port in use: stop what uses it or give another");
	else if (err)
		NL_SET_ERR_MSG(extack, "can't bind the UDP socket");
	return err;
}

/**
 * pfsnl_beacon_open - make the socket and the beacon thread
 * @inst: the instance; its node thread exists
 * @cfg: its settings
 * @extack: says what went wrong
 *
 * May sleep. Nothing is received before pfsnl_beacon_listen(). After an error
 * pfsnl_beacon_close() must be called all the same.
 *
 * Return: 0 or -errno.
 */
int pfsnl_beacon_open(struct pfsnl_instance *inst,
		      const struct pfsnl_config *cfg,
		      struct netlink_ext_ack *extack)
{
	struct pfsnl_beacon_io *b = &inst->beacon;
	struct kthread_worker *worker;
	int err;

	b->inst = inst;
	b->port = cfg->port;
	b->source = htonl(cfg->addr);
	kthread_init_work(&b->receive, receive_work);
	kthread_init_work(&b->send, send_work);
	hrtimer_init(&b->clock, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	b->clock.function = clock_fire;

	worker = kthread_create_worker(0, "pfsnl-b%u",
				       inst->net->ns.inum);
	if (IS_ERR(worker)) {
		NL_SET_ERR_MSG(extack, "can't start the beacon thread");
		return PTR_ERR(worker);
	}
	b->worker = worker;
	if (may_have_fifo(inst))
		sched_set_fifo_low(worker->task);

	err = open_socket(b, extack);
	if (err)
		return err;
	if (cfg->beacon_to == PFSNL_BEACON_TO_MULTICAST) {
		err = pfsnl_beacon_join(b, cfg->group);
		if (err)
			NL_SET_ERR_MSG(extack, "can't join the multicast group");
	}
	return err;
}

/**
 * pfsnl_beacon_listen - let datagrams through to the core
 * @b: the room, open
 *
 * May sleep.
 */
void pfsnl_beacon_listen(struct pfsnl_beacon_io *b)
{
	struct sock *sk = b->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	b->data_ready = sk->sk_data_ready;
	sk->sk_user_data = b;
	sk->sk_data_ready = beacon_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	/* what came before had no callback */
	kthread_queue_work(b->inst->worker, &b->receive);
}

/**
 * pfsnl_beacon_deafen - let no more datagrams through
 * @b: the room, in whatever state
 *
 * May sleep. The node thread must not be in the middle of a request.
 */
void pfsnl_beacon_deafen(struct pfsnl_beacon_io *b)
{
	struct sock *sk = b->sock ? b->sock->sk : NULL;

	if (!sk || !b->data_ready)
		return;
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = b->data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	b->data_ready = NULL;
	kthread_cancel_work_sync(&b->receive);
}

/**
 * pfsnl_beacon_close - undo pfsnl_beacon_open(), however far it came
 * @b: the room
 *
 * May sleep. The core must be gone. A burst that has begun sends its first
 * beacon, so that a goodbye leaves.
 */
void pfsnl_beacon_close(struct pfsnl_beacon_io *b)
{
	pfsnl_beacon_deafen(b);
	if (b->worker) {
		kthread_flush_worker(b->worker);
		/* the work arms the timer and the timer queues the work */
		hrtimer_cancel(&b->clock);
		kthread_cancel_work_sync(&b->send);
		hrtimer_cancel(&b->clock);
		kthread_destroy_worker(b->worker);
	}
	if (b->sock)
		sock_release(b->sock);
	kfree(b->next);
	kfree(b->plan);
}
