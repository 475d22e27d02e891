// SPDX-License-Identifier: GPL-2.0
/*
 * A tether: its socket, from the moment when it gets a number until nothing is left of
 * it, and what is read from it. All of it runs in the node thread, but for the
 * callbacks of sockets, which run in softirq and only queue work.
 *
 * The sockets don't hold their namespace, or its exit would never come. The
 * price is that TCP stops repeating a FIN once such a socket is released, so
 * they are all set not to linger: releasing one sends RST and destroys it at
 * once. Goodbyes are said by the core, in frames.
 */
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "instance.h"
#include "tether_sock.h"

/* bytes read of one tether in one go */
#define READ_BUDGET	(64 * 1024)
/* what of it the core gets at once when there is much to read, see PFSNL_TETHER_BUFFER */
#define TETHER_BUFFER_LARGE	(32 * 1024)
/*
 * What the send buffer has beyond the room that we account for: TCP counts
 * its own overhead for each segment in flight into it.
 */
#define SEND_OVERHEAD	(256 * 1024)

static atomic_long_t created = ATOMIC_LONG_INIT(0);
static atomic_long_t destroyed = ATOMIC_LONG_INIT(0);

/**
 * pfsnl_tethers_created - how many tethers this module ever made
 */
long pfsnl_tethers_created(void)
{
	return atomic_long_read(&created);
}

/**
 * pfsnl_tethers_alive - how many of them are not destroyed yet
 */
long pfsnl_tethers_alive(void)
{
	return atomic_long_read(&created) - atomic_long_read(&destroyed);
}

/*
 * softirq: whatever happened, the work finds out. A callback may have been
 * called just before detach() took it away; the user data, read under the lock,
 * says whether socket and tether are still there.
 */
static void tether_kick(struct sock *sk)
{
	struct pfsnl_tether_sock *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t)
		kthread_queue_work(t->io->inst->worker, &t->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* softirq; called often as long as SOCK_NOSPACE is set */
static void tether_write_space(struct sock *sk)
{
	struct pfsnl_tether_sock *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t && sk_stream_is_writeable(sk) &&
	    READ_ONCE(sk->sk_wmem_queued) <= PFSNL_TETHER_BULK_SPACE / 2) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		kthread_queue_work(t->io->inst->worker, &t->work);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/**
 * pfsnl_tether_sock_attach - let the callbacks of its socket be ours
 * @t: the tether
 * @data_ready: what is put back when it ends, as the socket's own callback for data:
 *	one that was accepted has got the listener's
 *
 * Node thread. From here on its work is queued when something happens to it.
 */
void pfsnl_tether_sock_attach(struct pfsnl_tether_sock *t,
			      void (*data_ready)(struct sock *sk))
{
	struct sock *sk = t->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	t->data_ready = data_ready;
	t->state_change = sk->sk_state_change;
	t->write_space = sk->sk_write_space;
	sk->sk_user_data = t;
	sk->sk_data_ready = tether_kick;
	sk->sk_state_change = tether_kick;
	sk->sk_write_space = tether_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void detach(struct pfsnl_tether_sock *t)
{
	struct sock *sk = t->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = t->data_ready;
	sk->sk_state_change = t->state_change;
	sk->sk_write_space = t->write_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * pfsnl_tether_sock_prepare - make the settings that all our connections have
 * @io: the room
 * @sk: a socket that is, or is to be, a connection
 *
 * May sleep.
 */
void pfsnl_tether_sock_prepare(struct pfsnl_tether_io *io, struct sock *sk)
{
	sock_no_linger(sk);
	tcp_sock_set_nodelay(sk);
	/* a path that takes our beacons only is noticed by nothing else */
	tcp_sock_set_user_timeout(sk, io->patience_ms);
	lock_sock(sk);
	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, 2 * io->room + SEND_OVERHEAD + PFSNL_TETHER_BULK_SPACE);
	release_sock(sk);
}

static void tether_work(struct kthread_work *work);

/**
 * pfsnl_tether_sock_new - give a socket a number
 * @io: the room
 * @sock: the socket; the tether's from here on, if there is one
 * @phase: PFSNL_TETHER_SOCK_CONNECTING or PFSNL_TETHER_SOCK_OPEN
 *
 * Node thread. Nothing happens to it before pfsnl_tether_sock_attach(), which must
 * come before pfsnl_tethers_end().
 *
 * Return: the tether, which pfsnl_tethers_end() ends, or NULL without memory.
 */
struct pfsnl_tether_sock *
pfsnl_tether_sock_new(struct pfsnl_tether_io *io, struct socket *sock,
		      enum pfsnl_tether_phase phase)
{
	struct pfsnl_tether_sock *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	t->io = io;
	t->phase = phase;
	t->sock = sock;
	INIT_LIST_HEAD(&t->held);
	kthread_init_work(&t->work, tether_work);
	/* numbers go up, so that one that ended isn't taken for another */
	if (xa_alloc_cyclic(&io->by_id, &t->id, t, xa_limit_32b, &io->next_id,
			    GFP_KERNEL) < 0) {
		kfree(t);
		return NULL;
	}
	atomic_long_inc(&created);
	return t;
}

/**
 * pfsnl_tethers_end - the core is done with a tether
 * @io: the room
 * @id: its number
 *
 * Node thread, under the instance lock.
 */
void pfsnl_tethers_end(struct pfsnl_tether_io *io, u32 id)
{
	struct pfsnl_tether_sock *t = xa_erase(&io->by_id, id);

	if (WARN_ON_ONCE(!t))
		return;
	detach(t);
	list_del_init(&t->held);
	sock_release(t->sock);
	t->sock = NULL;
	list_add_tail(&t->ended, &io->ended);
	kthread_queue_work(io->inst->worker, &io->reap);
}

/**
 * pfsnl_tether_sock_reap - free tethers that have ended
 * @work: pfsnl_tether_io.reap
 *
 * Node thread, so that no tether's work runs meanwhile.
 */
void pfsnl_tether_sock_reap(struct kthread_work *work)
{
	struct pfsnl_tether_io *io = container_of(work, struct pfsnl_tether_io,
						  reap);
	struct pfsnl_tether_sock *t, *tmp;

	list_for_each_entry_safe(t, tmp, &io->ended, ended) {
		kthread_cancel_work_sync(&t->work);
		list_del(&t->ended);
		kvfree(t->out);
		kfree(t);
		atomic_long_inc(&destroyed);
	}
}

static void tell_broken(struct pfsnl_tether_sock *t)
{
	struct pfsnl_instance *inst = t->io->inst;
	struct pfsnl_core *core;
	u64 now;

	t->phase = PFSNL_TETHER_SOCK_BROKEN;
	core = pfsnl_instance_enter(inst, &now);
	pfsnl_core_tether_closed(core, now, t->id);
	pfsnl_instance_leave(inst);
}

static void tell_room(struct pfsnl_tether_sock *t)
{
	struct pfsnl_instance *inst = t->io->inst;
	struct pfsnl_core *core;
	u64 now;

	t->wants = false;
	core = pfsnl_instance_enter(inst, &now);
	pfsnl_core_tether_writable(core, now, t->id);
	pfsnl_instance_leave(inst);
}

static void finish_connect(struct pfsnl_tether_sock *t)
{
	struct pfsnl_instance *inst = t->io->inst;
	struct sock *sk = t->sock->sk;
	struct pfsnl_core *core;
	u64 now;
	int err;

	switch (READ_ONCE(sk->sk_state)) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return;
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		t->phase = PFSNL_TETHER_SOCK_OPEN;
		err = 0;
		break;
	default:
		t->phase = PFSNL_TETHER_SOCK_BROKEN;
		err = sock_error(sk);
		if (!err)
			err = -ECONNREFUSED;
	}
	core = pfsnl_instance_enter(inst, &now);
	pfsnl_core_tether_opened(core, now, t->id, err);
	pfsnl_instance_leave(inst);
}

/* There was more to read than it holds. Without memory it does as it is. */
static void enlarge(struct pfsnl_tether_io *io)
{
	u8 *large;

	if (io->buffer_len == TETHER_BUFFER_LARGE)
		return;
	large = kmalloc(TETHER_BUFFER_LARGE, GFP_KERNEL | __GFP_NORETRY |
			__GFP_NOWARN);
	if (!large)
		return;
	kfree(io->buffer);
	io->buffer = large;
	io->buffer_len = TETHER_BUFFER_LARGE;
}

/*
 * Read what there is before believing that the tether is closed: a goodbye may
 * stand before the end.
 */
static void read_tether(struct pfsnl_tether_sock *t)
{
	struct pfsnl_tether_io *io = t->io;
	struct pfsnl_instance *inst = io->inst;
	size_t left = READ_BUDGET;
	struct pfsnl_core *core;
	u64 now;

	while (left) {
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
		struct kvec iov = {
			.iov_base = io->buffer,
			.iov_len = io->buffer_len,
		};
		int n = kernel_recvmsg(t->sock, &msg, &iov, 1,
				       io->buffer_len, MSG_DONTWAIT);

		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			tell_broken(t);
			return;
		}
		core = pfsnl_instance_enter(inst, &now);
		pfsnl_core_tether_bytes(core, now, t->id, io->buffer, n);
		pfsnl_instance_leave(inst);
		if (n == io->buffer_len)
			enlarge(io);
		if (!t->sock)
			return;	/* the core ended it */
		left -= min_t(size_t, left, n);
	}
	kthread_queue_work(inst->worker, &t->work);
}

/* Node thread: something happened to the socket. */
static void tether_work(struct kthread_work *work)
{
	struct pfsnl_tether_sock *t = container_of(work, struct pfsnl_tether_sock, work);

	if (t->sock && t->phase == PFSNL_TETHER_SOCK_CONNECTING)
		finish_connect(t);
	if (t->sock && t->phase == PFSNL_TETHER_SOCK_OPEN)
		pfsnl_tether_out_flush(t);
	if (t->sock && t->phase == PFSNL_TETHER_SOCK_OPEN && t->wants &&
	    pfsnl_tether_out_has_room(t))
		tell_room(t);
	if (t->sock && t->phase == PFSNL_TETHER_SOCK_OPEN)
		read_tether(t);
}
