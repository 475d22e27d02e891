// SPDX-License-Identifier: GPL-2.0
/*
 * The tether room: how connections come about, by others and by us. All of it runs in
 * the node thread, but for the listener's callback, which runs in softirq and only
 * queues work, and opening and closing the room.
 */
#include <linux/in.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "instance.h"
#include "tether_sock.h"

/* connections accepted in one go */
#define ACCEPT_BUDGET	16
#define ACCEPT_RETRY_MS	10
#define BACKLOG		16

/* TCP repeats what was lost after 0.2 s, 0.4 s more, 0.8 s more ... */
#define PATIENCE_MS_MIN	2000

/**
 * pfsnl_tethers_dial - begin to connect
 * @io: the room
 * @addr: to whom, host order
 * @port: TCP port, host order
 * @id: number of the tether
 *
 * Node thread, under the instance lock.
 *
 * Return: 0 or -errno.
 */
int pfsnl_tethers_dial(struct pfsnl_tether_io *io, u32 addr, u16 port, u32 *id)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = io->source,
	};
	struct sockaddr_in there = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(addr),
	};
	struct socket *sock;
	struct pfsnl_tether_sock *t;
	int err;

	err = sock_create_kern(io->inst->net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			       &sock);
	if (err)
		return err;
	pfsnl_tether_sock_prepare(io, sock->sk);
	err = sock_bindtoindex(sock->sk, io->inst->ifindex, true);
	if (!err)
		err = kernel_bind(sock, (struct sockaddr *)&here, sizeof(here));
	if (err)
		goto release;
	err = -ENOMEM;
	t = pfsnl_tether_sock_new(io, sock, PFSNL_TETHER_SOCK_CONNECTING);
	if (!t)
		goto release;
	pfsnl_tether_sock_attach(t, sock->sk->sk_data_ready);
	*id = t->id;
	err = kernel_connect(sock, (struct sockaddr *)&there, sizeof(there),
			     O_NONBLOCK);
	if (err && err != -EINPROGRESS) {
		pfsnl_tethers_end(io, t->id);
		return err;
	}
	/* it may be there already, before anybody listened for that */
	kthread_queue_work(io->inst->worker, &t->work);
	return 0;

release:
	sock_release(sock);
	return err;
}

/* softirq */
static void listener_data_ready(struct sock *sk)
{
	struct pfsnl_tether_io *io;

	read_lock_bh(&sk->sk_callback_lock);
	/*
	 * Children inherit this callback, and one that is called while
	 * pfsnl_tether_sock_attach() replaces it finds the child's user data: a tether.
	 */
	io = sk->sk_state == TCP_LISTEN ? rcu_dereference_sk_user_data(sk) :
					  NULL;
	if (io)
		kthread_mod_delayed_work(io->inst->worker, &io->accept, 0);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* Somebody connected. Return: 0 or -errno. */
static int take_in(struct pfsnl_tether_io *io, struct socket *sock)
{
	struct pfsnl_instance *inst = io->inst;
	struct sockaddr_in from;
	struct pfsnl_core *core;
	u64 now;
	struct pfsnl_tether_sock *t;
	int err;

	pfsnl_tether_sock_prepare(io, sock->sk);
	err = kernel_getpeername(sock, (struct sockaddr *)&from);
	if (err < 0)
		return err;
	t = pfsnl_tether_sock_new(io, sock, PFSNL_TETHER_SOCK_OPEN);
	if (!t)
		return -ENOMEM;
	pfsnl_tether_sock_attach(t, io->listen_data_ready);
	core = pfsnl_instance_enter(inst, &now);
	err = pfsnl_core_tether_in(core, now, t->id,
				   ntohl(from.sin_addr.s_addr));
	/* a tether that the core did not take is ours to end */
	if (err)
		pfsnl_tethers_end(io, t->id);
	else
		/* data may wait already */
		kthread_queue_work(inst->worker, &t->work);
	pfsnl_instance_leave(inst);
	return 0;
}

/* Node thread: connections wait. */
static void accept_work(struct kthread_work *work)
{
	struct pfsnl_tether_io *io = container_of(work, struct pfsnl_tether_io,
						  accept.work);
	unsigned long delay = 0;
	struct socket *sock;
	int i;

	for (i = 0; i < ACCEPT_BUDGET; i++) {
		int err = kernel_accept(io->listener, &sock, O_NONBLOCK);

		if (err == -EAGAIN)
			return;
		if (!err) {
			err = take_in(io, sock);
			if (err)
				sock_release(sock);
		}
		/* the latter two: it was reset while it waited */
		if (!err || err == -ECONNABORTED || err == -ENOTCONN)
			continue;
		/* nothing is won by trying again at once */
		io->no_memory++;
		delay = msecs_to_jiffies(ACCEPT_RETRY_MS);
		break;
	}
	kthread_queue_delayed_work(io->inst->worker, &io->accept, delay);
}

/**
 * pfsnl_tethers_open - make the socket that others connect to
 * @inst: the instance; its node thread exists
 * @cfg: its settings
 * @extack: says what went wrong
 *
 * May sleep. Nobody is taken in before pfsnl_tethers_listen(). After an error
 * pfsnl_tethers_close() must be called all the same.
 *
 * Return: 0 or -errno.
 */
int pfsnl_tethers_open(struct pfsnl_instance *inst,
		       const struct pfsnl_config *cfg,
		       struct netlink_ext_ack *extack)
{
	struct pfsnl_tether_io *io = &inst->tethers;
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(cfg->tether_port),
		.sin_addr.s_addr = htonl(cfg->addr),
	};
	struct sock *sk;
	int err;

	io->inst = inst;
	io->room = pfsnl_core_tether_room(cfg);
	io->patience_ms = max3(5 * cfg->dead * cfg->interval_ms,
			       cfg->level0_dead_ms, (u32)PATIENCE_MS_MIN);
	io->port = cfg->tether_port;
	io->source = htonl(cfg->addr);
	xa_init_flags(&io->by_id, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&io->ended);
	INIT_LIST_HEAD(&io->held);
	kthread_init_delayed_work(&io->accept, accept_work);
	kthread_init_delayed_work(&io->retry, pfsnl_tether_out_retry);
	kthread_init_work(&io->reap, pfsnl_tether_sock_reap);

	io->buffer_len = PFSNL_TETHER_BUFFER;
	io->buffer = kmalloc(PFSNL_TETHER_BUFFER, GFP_KERNEL_ACCOUNT);
	if (!io->buffer)
		return -ENOMEM;
	err = sock_create_kern(inst->net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			       &io->listener);
	if (err) {
		io->listener = NULL;
		NL_SET_ERR_MSG(extack, "can't create the TCP socket");
		return err;
	}
	sk = io->listener->sk;
	sock_no_linger(sk);
	/* connections of a life before may still be in TIME_WAIT */
	sock_set_reuseaddr(sk);
	err = sock_bindtoindex(sk, inst->ifindex, true);
	if (!err)
		err = kernel_bind(io->listener, (struct sockaddr *)&here,
				  sizeof(here));
	if (!err)
		err = kernel_listen(io->listener, BACKLOG);
	if (err == -EADDRINUSE)
		NL_SET_ERR_MSG(extack, "TCP port in use: stop what uses it or give another");
	else if (err)
		NL_SET_ERR_MSG(extack, "can't listen on the TCP port");
	return err;
}

/**
 * pfsnl_tethers_listen - let connections through to the core
 * @io: the room, open
 *
 * May sleep.
 */
void pfsnl_tethers_listen(struct pfsnl_tether_io *io)
{
	struct sock *sk = io->listener->sk;

	write_lock_bh(&sk->sk_callback_lock);
	io->listen_data_ready = sk->sk_data_ready;
	__rcu_assign_sk_user_data_with_flags(sk, io, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = listener_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	/* who came before had no callback */
	kthread_mod_delayed_work(io->inst->worker, &io->accept, 0);
}

/**
 * pfsnl_tethers_deafen - let no more connections through
 * @io: the room, in whatever state
 *
 * May sleep.
 */
void pfsnl_tethers_deafen(struct pfsnl_tether_io *io)
{
	struct sock *sk = io->listener ? io->listener->sk : NULL;

	if (!sk || !io->listen_data_ready)
		return;
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	sk->sk_data_ready = io->listen_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	kthread_cancel_delayed_work_sync(&io->accept);
}

/**
 * pfsnl_tethers_close - undo pfsnl_tethers_open(), however far it came
 * @io: the room
 *
 * May sleep. The core must be gone, and with it all tethers; the node thread
 * must still be there.
 */
void pfsnl_tethers_close(struct pfsnl_tether_io *io)
{
	if (!io->inst)
		return;
	pfsnl_tethers_deafen(io);
	kthread_cancel_delayed_work_sync(&io->retry);
	kthread_flush_work(&io->reap);
	WARN_ON_ONCE(!xa_empty(&io->by_id) || !list_empty(&io->ended));
	xa_destroy(&io->by_id);
	if (io->listener)
		sock_release(io->listener);
	kfree(io->buffer);
}
