// SPDX-License-Identifier: GPL-2.0
/*
 * What is written to a tether: updates, for which there is a room that nothing else
 * fills, and messages, which can wait. Node thread.
 */
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "instance.h"
#include "tether_sock.h"

/* what of messages may be left over when memory is short */
#define BULK_REST		(128 * 1024)
#define OUT_RETRY_MS		10

/* bytes that TCP took but could not send, for lack of room at the other side */
static size_t unsent(const struct pfsnl_tether_sock *t)
{
	const struct tcp_sock *tp = tcp_sk(t->sock->sk);

	return READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_nxt);
}

/*
 * @hold: more follows, so what doesn't fill a segment can wait for that. Return:
 * bytes that the socket took, 0 when it had no memory, or -errno.
 */
static ssize_t push(struct pfsnl_tether_sock *t, const void *data, size_t len,
		    bool hold)
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
static int put_by(struct pfsnl_tether_sock *t, const void *data, size_t len)
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
static int write_all(struct pfsnl_tether_sock *t, const void *data, size_t len,
		     bool hold)
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
static size_t updates_unsent(struct pfsnl_tether_sock *t)
{
	u64 sent = t->written - t->out_len - unsent(t);

	while (t->n_updates && t->updates[t->updates_at].end <= sent) {
		t->update_bytes -= t->updates[t->updates_at].len;
		t->updates_at = (t->updates_at + 1) % PFSNL_TETHER_UPDATES_MAX;
		t->n_updates--;
	}
	return t->update_bytes;
}

/* An update was written. */
static void update_written(struct pfsnl_tether_sock *t, size_t len)
{
	u32 last = (t->updates_at + t->n_updates - 1) % PFSNL_TETHER_UPDATES_MAX;

	if (t->n_updates == PFSNL_TETHER_UPDATES_MAX) {
		t->updates[last].end = t->written;
		t->updates[last].len += len;
	} else {
		last = (last + 1) % PFSNL_TETHER_UPDATES_MAX;
		t->updates[last].end = t->written;
		t->updates[last].len = len;
		t->n_updates++;
	}
	t->update_bytes += len;
}

/**
 * pfsnl_tether_out_has_room - whether a good part of what messages may fill is free
 * @t: the tether; it has a socket
 *
 * Node thread.
 */
bool pfsnl_tether_out_has_room(const struct pfsnl_tether_sock *t)
{
	return !t->out_len &&
	       READ_ONCE(t->sock->sk->sk_wmem_queued) <= PFSNL_TETHER_BULK_SPACE / 2;
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
	struct pfsnl_tether_sock *t = xa_load(&io->by_id, id);
	int err;

	if (WARN_ON_ONCE(!t))
		return -EPIPE;
	if (t->phase == PFSNL_TETHER_SOCK_BROKEN)
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
	struct pfsnl_tether_sock *t = xa_load(&io->by_id, id);
	struct sock *sk;

	if (WARN_ON_ONCE(!t || len > BULK_REST))
		return -EPIPE;
	if (t->phase == PFSNL_TETHER_SOCK_BROKEN)
		return -EPIPE;
	sk = t->sock->sk;
	if (t->out_len || READ_ONCE(sk->sk_wmem_queued) + len > PFSNL_TETHER_BULK_SPACE) {
		t->wants = true;
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		/* there may have been room before that was asked for */
		if (pfsnl_tether_out_has_room(t))
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
	struct pfsnl_tether_sock *t, *tmp;

	if (!io->inst)
		return;
	list_for_each_entry_safe(t, tmp, &io->held, held) {
		list_del_init(&t->held);
		/* it is set already, but this sends what is held back */
		tcp_sock_set_nodelay(t->sock->sk);
	}
}

/**
 * pfsnl_tether_out_flush - send what the socket had no memory for, as far as it has now
 * @t: the tether; it has a socket
 *
 * An error shows when the tether is read next. Node thread.
 */
void pfsnl_tether_out_flush(struct pfsnl_tether_sock *t)
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

/**
 * pfsnl_tether_out_retry - what sockets had no memory for is tried again
 * @work: pfsnl_tether_io.retry
 *
 * Node thread. Comes back as long as there is any.
 */
void pfsnl_tether_out_retry(struct kthread_work *work)
{
	struct pfsnl_tether_io *io = container_of(work, struct pfsnl_tether_io,
						  retry.work);
	struct pfsnl_tether_sock *t;
	unsigned long id;

	xa_for_each(&io->by_id, id, t) {
		if (!t->out_len)
			continue;
		kthread_queue_work(io->inst->worker, &t->work);
		kthread_queue_delayed_work(io->inst->worker, &io->retry,
					   msecs_to_jiffies(OUT_RETRY_MS));
	}
}
