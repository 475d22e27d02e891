/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tether as its room has it: a socket with a number. For tether.c, tether_sock.c and
 * tether_out.c; others know the number only.
 *
 * Who may touch what:
 *
 *	lock			fields				contexts
 *	sk_callback_lock	whether a socket has a tether,	softirq, node thread
 *				and the socket's callbacks
 *	none: set once		@io, @work			softirq, node thread
 *	none: one owner		the rest			node thread
 */
#ifndef PFSNL_TETHER_SOCK_H
#define PFSNL_TETHER_SOCK_H

#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/types.h>

struct pfsnl_tether_io;
struct sock;
struct socket;

/*
 * What of what was read the core gets at once, at first; more when there is much to
 * read: the more, the more goes on in one write.
 */
#define PFSNL_TETHER_BUFFER	4096

/*
 * What messages may fill of the send buffer, TCP's overhead included, beside the
 * room for updates.
 */
#define PFSNL_TETHER_BULK_SPACE	(512 * 1024)

/* frames that are told apart while they wait; more are taken for one */
#define PFSNL_TETHER_UPDATES_MAX	16

/**
 * enum pfsnl_tether_phase - where a tether is in its life
 * @PFSNL_TETHER_SOCK_CONNECTING: dialled, and not there yet
 * @PFSNL_TETHER_SOCK_OPEN: there
 * @PFSNL_TETHER_SOCK_BROKEN: the core was told that it is over, or never came about
 */
enum pfsnl_tether_phase {
	PFSNL_TETHER_SOCK_CONNECTING,
	PFSNL_TETHER_SOCK_OPEN,
	PFSNL_TETHER_SOCK_BROKEN,
};

/**
 * struct pfsnl_tether_sock - a connection
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
struct pfsnl_tether_sock {
	struct pfsnl_tether_io *io;
	u32 id;
	enum pfsnl_tether_phase phase;
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
	} updates[PFSNL_TETHER_UPDATES_MAX];
	u32 updates_at;
	u32 n_updates;
	size_t update_bytes;
	bool wants;
	struct list_head held;
	struct list_head ended;
};

/* tether_sock.c */
void pfsnl_tether_sock_prepare(struct pfsnl_tether_io *io, struct sock *sk);
struct pfsnl_tether_sock *
pfsnl_tether_sock_new(struct pfsnl_tether_io *io, struct socket *sock,
		      enum pfsnl_tether_phase phase);
void pfsnl_tether_sock_attach(struct pfsnl_tether_sock *t,
			      void (*data_ready)(struct sock *sk));
void pfsnl_tether_sock_reap(struct kthread_work *work);

/* tether_out.c */
bool pfsnl_tether_out_has_room(const struct pfsnl_tether_sock *t);
void pfsnl_tether_out_flush(struct pfsnl_tether_sock *t);
void pfsnl_tether_out_retry(struct kthread_work *work);

#endif /* PFSNL_TETHER_SOCK_H */
