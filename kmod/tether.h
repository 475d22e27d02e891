/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tether room: TCP sockets, driven by callbacks.
 *
 *	tether.c	how connections come about: the listener, dialling
 *	tether_sock.c	a tether: life, callbacks, what is read
 *	tether_out.c	what is written to it
 *
 * A tether here is a socket with a number. It is created by the node thread,
 * when the core dials or somebody connects, and ended by the node thread, when
 * the core says so. In between its callbacks, which run in softirq, queue its
 * work. Its memory outlives its socket until the reaper runs, which the node
 * thread does after whatever it is doing now: the work that is running may be
 * that of the tether that ends.
 */
#ifndef PFSNL_TETHER_H
#define PFSNL_TETHER_H

#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct socket;
struct netlink_ext_ack;
struct pfsnl_config;
struct pfsnl_instance;

/**
 * struct pfsnl_tether_io - TCP of an instance
 * @inst: whose
 * @listener: socket that others connect to
 * @listen_data_ready: the callback that it came with
 * @accept: node thread: connections wait; delayed when memory is short
 * @by_id: all tethers by number
 * @next_id: where to look for the next number
 * @ended: tethers whose socket is gone and whose memory is not
 * @held: tethers of which TCP holds something back, see pfsnl_tethers_push()
 * @retry: node thread: some socket had no memory for what was written
 * @reap: node thread: free @ended
 * @room: bytes that a tether keeps for what was not yet sent
 * @patience_ms: how long what was sent may stay unacknowledged
 * @port: of the listener and the source of @source, host order
 * @source: our address
 * @no_memory: connections that could not be taken for lack of memory, yet
 * @buffer: what was received last, before the core gets it
 * @buffer_len: bytes of it
 */
struct pfsnl_tether_io {
	struct pfsnl_instance *inst;
	struct socket *listener;
	void (*listen_data_ready)(struct sock *sk);
	struct kthread_delayed_work accept;
	struct xarray by_id;
	u32 next_id;
	struct list_head ended;
	struct list_head held;
	struct kthread_delayed_work retry;
	struct kthread_work reap;
	size_t room;
	u32 patience_ms;
	u16 port;
	__be32 source;
	u64 no_memory;
	u8 *buffer;
	size_t buffer_len;
};

/* tether.c */
int pfsnl_tethers_open(struct pfsnl_instance *inst,
		       const struct pfsnl_config *cfg,
		       struct netlink_ext_ack *extack);
void pfsnl_tethers_listen(struct pfsnl_tether_io *io);
void pfsnl_tethers_deafen(struct pfsnl_tether_io *io);
void pfsnl_tethers_close(struct pfsnl_tether_io *io);

/* for the core's operation: node thread, under the instance lock */
int pfsnl_tethers_dial(struct pfsnl_tether_io *io, u32 addr, u16 port, u32 *id);

/* tether_sock.c, likewise but for the two that count */
void pfsnl_tethers_end(struct pfsnl_tether_io *io, u32 id);
long pfsnl_tethers_alive(void);
long pfsnl_tethers_created(void);

/* tether_out.c, likewise */
int pfsnl_tethers_write(struct pfsnl_tether_io *io, u32 id, const void *data,
			size_t len);
int pfsnl_tethers_bulk(struct pfsnl_tether_io *io, u32 id, const void *data,
		       size_t len);
void pfsnl_tethers_push(struct pfsnl_tether_io *io);

#endif /* PFSNL_TETHER_H */
