// SPDX-License-Identifier: GPL-2.0
/*
 * The tether room. All of it runs in the node thread, but for the callbacks of
 * sockets, which run in softirq and only queue work, and opening and closing the
 * room.
 *
 * The sockets don't hold their namespace, or its exit would never come. The
 * price is that TCP stops repeating a FIN once such a socket is released, so
 * they are all set not to linger: releasing one sends RST and destroys it at
 * once. Goodbyes are said by the core, in frames.
 */
#include <linux/in.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "instance.h"

/* bytes read of one tether, connections accepted, in one go */
#define READ_BUDGET	(64 * 1024)
/*
 * And what of it the core gets at once, at first and when there is much to read: the
 * more, the more goes on in one write.
 */
#define TETHER_BUFFER		4096
#define TETHER_BUFFER_LARGE	(32 * 1024)
#define ACCEPT_BUDGET	16
#define OUT_RETRY_MS		10
#define ACCEPT_RETRY_MS	10
#define BACKLOG		16
/*
 * What the send buffer has beyond the room that we account for: TCP counts
 * its own overhead for each segment in flight into it.
 */
#define SEND_OVERHEAD	(256 * 1024)

/*
 * What messages may fill of the send buffer, TCP's overhead included, beside the
 * room for updates; and what of them may be left over when memory is short.
 */
#define BULK_SPACE		(512 * 1024)
#define BULK_REST		(128 * 1024)

/* frames that are told apart while they wait; more are taken for one */
#define UPDATES_MAX		16

/* TCP repeats what was lost after 0.2 s, 0.4 s more, 0.8 s more ... */
#define PATIENCE_MS_MIN	2000

enum tether_phase {
	TETHER_CONNECTING,
	TETHER_OPEN,
	TETHER_BROKEN,		/* the core was told */
};

/**
 * struct tether - a connection
 * @io: the room
 * @id: its number
 * @phase: node thread only
 * @sock: the socket
 * @work: node thread: something happened to the socket
 * @data_ready: callbacks that the socket came with
 * @state_change: likewise
 * @write_space: likewise
 * @out: what the socket had no memory for; @out_len bytes of it from @out_at
 * @out_at: see above
 * @out_len: see above
 * @written: bytes ever written
 * @updates: frames among them that are no bulk and may not be sent yet, a ring
 * @updates_at: the first of them
 * @n_updates: how many
 * @update_bytes: how many bytes
 * @wants: the core waits for room for more of them
 * @held: in the room's list of that name
 * @ended: likewise
 */
struct tether {
	struct pfsnl_tether_io *io;
	u32 id;
	enum tether_phase phase;
	struct socket *sock;
	struct kthread_work work;
	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	void (*write_space)(struct sock *sk);
	u8 *out;
	size_t out_at;
	size_t out_len;
	u64 written;
	struct {
		u64 end;
		u32 len;
	} updates[UPDATES_MAX];
	u32 updates_at;
	u32 n_updates;
	size_t update_bytes;
	bool wants;
	struct list_head held;
	struct list_head ended;
};

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
	struct tether *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t)
		kthread_queue_work(t->io->inst->worker, &t->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* softirq; called often as long as SOCK_NOSPACE is set */
static void tether_write_space(struct sock *sk)
{
	struct tether *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t && sk_stream_is_writeable(sk) &&
	    READ_ONCE(sk->sk_wmem_queued) <= BULK_SPACE / 2) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		kthread_queue_work(t->io->inst->worker, &t->work);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void attach(struct tether *t, void (*data_ready)(struct sock *sk))
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

static void detach(struct tether *t)
{
	struct sock *sk = t->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = t->data_ready;
	sk->sk_state_change = t->state_change;
	sk->sk_write_space = t->write_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* Settings that all our connections have. */
static void prepare(struct pfsnl_tether_io *io, struct sock *sk)
{
	sock_no_linger(sk);
	tcp_sock_set_nodelay(sk);
	/* a path that takes our beacons only is noticed by nothing else */
	tcp_sock_set_user_timeout(sk, io->patience_ms);
	lock_sock(sk);
	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, 2 * io->room + SEND_OVERHEAD + BULK_SPACE);
	release_sock(sk);
}

static void tether_work(struct kthread_work *work);

static struct tether *tether_new(struct pfsnl_tether_io *io,
				 struct socket *sock, enum tether_phase phase)
{
	struct tether *t = kzalloc(sizeof(*t), GFP_KERNEL);

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
	struct tether *t = xa_erase(&io->by_id, id);

	if (WARN_ON_ONCE(!t))
		return;
	detach(t);
	list_del_init(&t->held);
	sock_release(t->sock);
	t->sock = NULL;
	list_add_tail(&t->ended, &io->ended);
	kthread_queue_work(io->inst->worker, &io->reap);
}

/* Node thread, so that no tether's work runs meanwhile. */
static void reap_work(struct kthread_work *work)
{
	struct pfsnl_tether_io *io = container_of(work, struct pfsnl_tether_io,
						  reap);
	struct tether *t, *tmp;

	list_for_each_entry_safe(t, tmp, &io->ended, ended) {
		kthread_cancel_work_sync(&t->work);
		list_del(&t->ended);
		kvfree(t->out);
		kfree(t);
		atomic_long_inc(&destroyed);
	}
}

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
	struct tether *t;
	int err;

	err = sock_create_kern(io->inst->net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			       &sock);
	if (err)
		return err;
	prepare(io, sock->sk);
	err = sock_bindtoindex(sock->sk, io->inst->ifindex, true);
	if (!err)
		err = kernel_bind(sock, (struct sockaddr *)&here, sizeof(here));
	if (err)
		goto release;
	err = -ENOMEM;
	t = tether_new(io, sock, TETHER_CONNECTING);
	if (!t)
		goto release;
	attach(t, sock->sk->sk_data_ready);
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

/* bytes that TCP took but could not send, for lack of room at the other side */
static size_t unsent(const struct tether *t)
{
	const struct tcp_sock *tp = tcp_sk(t->sock->sk);

	return READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_nxt);
}

/*
 * @hold: more follows, so what doesn't fill a segment can wait for that. Return:
 * bytes that the socket took, 0 when it had no memory, or -errno.
 */
static ssize_t push(struct tether *t, const void *data, size_t len, bool hold)
{
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL |
			     (hold ? MSG_MORE : 0),
	};
	struct kvec iov = { .iov_base = (void *)data, .iov_len = len };
	int n = kernel_sendmsg(t->sock, &msg, &iov, 1, len);

	return n == -EAGAIN || n == -ENOMEM || n == -ENOBUFS ? 0 : n;
}

/* Keep what the socket had no memory for. */
static int put_by(struct tether *t, const void *data, size_t len)
{
	size_t space = t->io->room + BULK_REST;

	if (t->out_len + len > space)
		return -ENOMEM;
	if (!t->out) {
		t->out = kvmalloc(space, GFP_KERNEL);
		if (!t->out)
			return -ENOMEM;
	}
	memmove(t->out, t->out + t->out_at, t->out_len);
	t->out_at = 0;
	memcpy(t->out + t->out_len, data, len);
	t->out_len += len;
	/* if nothing is on its way, nothing else tells when there is memory */
	kthread_queue_delayed_work(t->io->inst->worker, &t->io->retry,
				   msecs_to_jiffies(OUT_RETRY_MS));
	return 0;
}

/* Return: as pfsnl_tethers_write(), but for -EAGAIN. */
static int write_all(struct tether *t, const void *data, size_t len, bool hold)
{
	ssize_t n = 0;

	if (!t->out_len)
		n = push(t, data, len, hold);
	if (hold && list_empty(&t->held))
		list_add_tail(&t->held, &t->io->held);
	if (n == len || (n >= 0 && !put_by(t, data + n, len - n))) {
		t->written += len;
		return 0;
	}
	if (!n)
		return -ENOMEM;
	/* broken, or a frame was cut in two and can't be finished */
	if (n > 0)
		kernel_sock_shutdown(t->sock, SHUT_RDWR);
	kthread_queue_work(t->io->inst->worker, &t->work);
	return -EPIPE;
}

/*
 * What of the updates is not sent yet. Messages between them don't count: they
 * have a room of their own.
 */
static size_t updates_unsent(struct tether *t)
{
	u64 sent = t->written - t->out_len - unsent(t);

	while (t->n_updates && t->updates[t->updates_at].end <= sent) {
		t->update_bytes -= t->updates[t->updates_at].len;
		t->updates_at = (t->updates_at + 1) % UPDATES_MAX;
		t->n_updates--;
	}
	return t->update_bytes;
}

/* An update was written. */
static void update_written(struct tether *t, size_t len)
{
	u32 last = (t->updates_at + t->n_updates - 1) % UPDATES_MAX;

	if (t->n_updates == UPDATES_MAX) {
		t->updates[last].end = t->written;
		t->updates[last].len += len;
	} else {
		last = (last + 1) % UPDATES_MAX;
		t->updates[last].end = t->written;
		t->updates[last].len = len;
		t->n_updates++;
	}
	t->update_bytes += len;
}

/* Whether there is a good part of the room that messages may fill. */
static bool has_room(const struct tether *t)
{
	return !t->out_len &&
	       READ_ONCE(t->sock->sk->sk_wmem_queued) <= BULK_SPACE / 2;
}

/**
 * pfsnl_tethers_write - send a whole frame or nothing
 * @io: the room
 * @id: number of the tether
 * @data: the frame
 * @len: its length in bytes
 *
 * What counts as taken is what TCP has not sent yet because the other side has
 * no room; what is on its way does not, or a burst would look like a block.
 * Node thread, under the instance lock.
 *
 * Return: 0; -EAGAIN when the room is too small for the frame; -ENOMEM when it
 * is not but nothing could be kept; -EPIPE when the tether is broken, of which
 * the core is told soon.
 */
int pfsnl_tethers_write(struct pfsnl_tether_io *io, u32 id, const void *data,
			size_t len)
{
	struct tether *t = xa_load(&io->by_id, id);
	int err;

	if (WARN_ON_ONCE(!t))
		return -EPIPE;
	if (t->phase == TETHER_BROKEN)
		return -EPIPE;
	if (updates_unsent(t) + len > io->room)
		return -EAGAIN;
	err = write_all(t, data, len, false);
	if (!err)
		update_written(t, len);
	return err;
}

/**
 * pfsnl_tethers_bulk - send whole frames that can wait, or nothing
 * @io: the room
 * @id: number of the tether
 * @data: the frames
 * @len: their length in bytes, 128 KiB at most
 *
 * The room for updates stays free. Here all counts that the other side did not
 * acknowledge. Node thread, under the instance lock.
 *
 * Return: as pfsnl_tethers_write(); after -EAGAIN the core is told when there is
 * room.
 */
int pfsnl_tethers_bulk(struct pfsnl_tether_io *io, u32 id, const void *data,
		       size_t len)
{
	struct tether *t = xa_load(&io->by_id, id);
	struct sock *sk;

	if (WARN_ON_ONCE(!t || len > BULK_REST))
		return -EPIPE;
	if (t->phase == TETHER_BROKEN)
		return -EPIPE;
	sk = t->sock->sk;
	if (t->out_len || READ_ONCE(sk->sk_wmem_queued) + len > BULK_SPACE) {
		t->wants = true;
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		/* there may have been room before that was asked for */
		if (has_room(t))
			kthread_queue_work(io->inst->worker, &t->work);
		return -EAGAIN;
	}
	return write_all(t, data, len, true);
}

/**
 * pfsnl_tethers_push - nothing more is written for now
 * @io: the room; may not have been opened
 *
 * What pfsnl_tethers_bulk() wrote is held back until then, so that many messages
 * make one segment. Node thread, under the instance lock.
 */
void pfsnl_tethers_push(struct pfsnl_tether_io *io)
{
	struct tether *t, *tmp;

	if (!io->inst)
		return;
	list_for_each_entry_safe(t, tmp, &io->held, held) {
		list_del_init(&t->held);
		/* it is set already, but this sends what is held back */
		tcp_sock_set_nodelay(t->sock->sk);
	}
}

static void flush_out(struct tether *t)
{
	ssize_t n;

	while (t->out_len) {
		n = push(t, t->out + t->out_at, t->out_len, false);
		if (n <= 0)
			return;
		t->out_at += n;
		t->out_len -= n;
	}
}

/* Node thread: what sockets had no memory for is tried again. */
static void retry_work(struct kthread_work *work)
{
	struct pfsnl_tether_io *io = container_of(work, struct pfsnl_tether_io,
						  retry.work);
	struct tether *t;
	unsigned long id;

	xa_for_each(&io->by_id, id, t) {
		if (!t->out_len)
			continue;
		kthread_queue_work(io->inst->worker, &t->work);
		kthread_queue_delayed_work(io->inst->worker, &io->retry,
					   msecs_to_jiffies(OUT_RETRY_MS));
	}
}

static void tell_broken(struct tether *t)
{
	struct pfsnl_instance *inst = t->io->inst;
	struct pfsnl_core *core;
	u64 now;

	t->phase = TETHER_BROKEN;
	core = pfsnl_instance_enter(inst, &now);
	pfsnl_core_tether_closed(core, now, t->id);
	pfsnl_instance_leave(inst);
}

static void tell_room(struct tether *t)
{
	struct pfsnl_instance *inst = t->io->inst;
	struct pfsnl_core *core;
	u64 now;

	t->wants = false;
	core = pfsnl_instance_enter(inst, &now);
	pfsnl_core_tether_writable(core, now, t->id);
	pfsnl_instance_leave(inst);
}

static void finish_connect(struct tether *t)
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
		t->phase = TETHER_OPEN;
		err = 0;
		break;
	default:
		t->phase = TETHER_BROKEN;
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
static void read_tether(struct tether *t)
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
	struct tether *t = container_of(work, struct tether, work);

	if (t->sock && t->phase == TETHER_CONNECTING)
		finish_connect(t);
	if (t->sock && t->phase == TETHER_OPEN)
		flush_out(t);
	if (t->sock && t->phase == TETHER_OPEN && t->wants && has_room(t))
		tell_room(t);
	if (t->sock && t->phase == TETHER_OPEN)
		read_tether(t);
}

/* softirq */
static void listener_data_ready(struct sock *sk)
{
	struct pfsnl_tether_io *io;

	read_lock_bh(&sk->sk_callback_lock);
	/*
	 * Children inherit this callback, and one that is called while
	 * attach() replaces it finds the child's user data: a tether.
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
	struct tether *t;
	int err;

	prepare(io, sock->sk);
	err = kernel_getpeername(sock, (struct sockaddr *)&from);
	if (err < 0)
		return err;
	t = tether_new(io, sock, TETHER_OPEN);
	if (!t)
		return -ENOMEM;
	attach(t, io->listen_data_ready);
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
	kthread_init_delayed_work(&io->retry, retry_work);
	kthread_init_work(&io->reap, reap_work);

	io->buffer_len = TETHER_BUFFER;
	io->buffer = kmalloc(TETHER_BUFFER, GFP_KERNEL_ACCOUNT);
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
