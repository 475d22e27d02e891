/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who opens checkpoints: sockets, and clients in the kernel; and what they ask for.
 *
 * A request is put into a queue, from which the node thread gives it to the service;
 * what came of it is told later. So nobody waits for the outcome who holds anything.
 * All that telling it needs is there from the beginning.
 *
 * How long things live: an opener, as long as it is known by its number or something
 * of it is under way. Its number stands in operations as that of the process, and is
 * not used twice. When its socket is closed, what waits is forgotten, and the last
 * that is said of it is that it is gone; the memory for that it has from the
 * beginning.
 *
 * A handle's number is given at once. Its state:
 *
 *	OPENING	asked for; requests with it wait behind that
 *	OPEN
 *	CLOSING	asked for; no request is taken any more
 *	LOST	it was open, and after a ring it is not: it can only be closed
 */
#ifndef PFSNL_CKPT_OPENER_H
#define PFSNL_CKPT_OPENER_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "ckpt.h"
#include "process.h"

struct netlink_ext_ack;
struct sk_buff;
struct sock;

enum pfsnl_handle_state {
	PFSNL_HANDLE_NONE,
	PFSNL_HANDLE_OPENING,
	PFSNL_HANDLE_OPEN,
	PFSNL_HANDLE_CLOSING,
	PFSNL_HANDLE_LOST,
};

/**
 * struct pfsnl_section_place - a section, in an order of sections
 * @expires: when it expires
 * @len: bytes of @id
 * @id: which
 */
struct pfsnl_section_place {
	u64 expires;
	u32 len;
	u8 id[PFSNL_SECTION_ID_MAX];
};

/**
 * struct pfsnl_opener - a socket, or a client in the kernel
 * @by_portid: in the table of sockets
 * @by_number: in the table of all
 * @in_all: among all
 * @io: where; the instance may have ended if @over
 * @refs: uses
 * @sk: the socket, only to compare with; NULL for a client
 * @portid: its number
 * @number: ours, in operations
 * @gone: it is no more; under the lock of @io
 * @over: the instance has ended; likewise
 * @n: requests that are under way; likewise
 * @bytes: of those; likewise
 * @handles: state and flags of each
 * @next: where to look for a number
 * @n_handles: how many there are; under the lock of @io
 * @scanned: node thread: the last time that its handles were looked at
 * @scan_at: node thread: how far they were
 * @submitted: node thread: what the service has, of it
 * @farewell: what says that it is gone, until it is asked for
 * @answers: node thread: what came of requests and its socket did not take yet
 * @deaf: node thread: in the list of those, with a use
 * @place: of its dump of sections; NULL: there was none. Whoever dumps
 * @rcu: for its end
 */
struct pfsnl_opener {
	struct hlist_node by_portid;
	struct hlist_node by_number;
	struct list_head in_all;
	struct pfsnl_ckpt_io *io;
	refcount_t refs;
	const struct sock *sk;
	u32 portid;
	u32 number;
	bool gone;
	bool over;
	u32 n;
	u32 bytes;
	struct xarray handles;
	u32 next;
	u32 n_handles;
	u64 scanned;
	unsigned long scan_at;
	struct list_head submitted;
	struct pfsnl_asked *farewell;
	struct list_head answers;
	struct list_head deaf;
	struct pfsnl_section_place *place;
	struct rcu_head rcu;
};

/**
 * struct pfsnl_asked - a request, until what came of it was told
 * @r: the operation; its list is ours as long as the service has not got it
 * @of: node thread: among those of the opener that the service has, or that its
 *	socket did not take yet
 * @opener: whose, a use; NULL as long as it was not asked for
 * @refs: uses
 * @cookie: the asker's number of it
 * @charge: what it counts for; 0: nothing
 * @answer: of a socket, to be filled; NULL: nobody is told
 * @waiter: of a client
 */
struct pfsnl_asked {
	struct pfsnl_ckpt_request r;
	struct list_head of;
	struct pfsnl_opener *opener;
	refcount_t refs;
	u64 cookie;
	u32 charge;
	struct sk_buff *answer;
	struct pfsnl_ckpt_waiter *waiter;
};

/**
 * struct pfsnl_ckpt_waiter - a client waits for what comes of a request
 * @done: it came
 * @err: 0 or -errno
 * @result: what it came to, if it was applied
 */
struct pfsnl_ckpt_waiter {
	struct completion done;
	int err;
	struct pfsnl_ckpt_result result;
};

/* ckpt_opener.c: any process that keeps the instance */
struct pfsnl_opener *pfsnl_opener_know(struct pfsnl_ckpt_io *io,
				       const struct pfsnl_asker *asker,
				       struct netlink_ext_ack *extack);
struct pfsnl_opener *pfsnl_opener_find(struct pfsnl_ckpt_io *io,
				       const struct pfsnl_asker *asker);
struct pfsnl_opener *pfsnl_opener_client(struct pfsnl_ckpt_io *io);
void pfsnl_opener_put(struct pfsnl_opener *o);
struct pfsnl_section_place *pfsnl_opener_place(struct pfsnl_opener *o);
void pfsnl_opener_gone(struct pfsnl_opener *o);
void pfsnl_opener_socket_gone(struct pfsnl_ckpt_io *io, u32 portid);

int pfsnl_handle_new(struct pfsnl_opener *o, u8 flags, u32 *handle,
		     struct netlink_ext_ack *extack);
void pfsnl_handle_forget(struct pfsnl_opener *o, u32 handle);
enum pfsnl_handle_state pfsnl_handle_state(struct pfsnl_opener *o, u32 handle,
					   u8 *flags);
bool pfsnl_handle_move(struct pfsnl_opener *o, u32 handle,
		       enum pfsnl_handle_state from, enum pfsnl_handle_state to);

/* node thread */
bool pfsnl_openers_know(struct pfsnl_ckpt_io *io, u32 number, u32 handle);
void pfsnl_openers_scan(struct kthread_work *work);
void pfsnl_opener_unknow(struct pfsnl_opener *o);
void pfsnl_openers_drop(struct pfsnl_ckpt_io *io);

/* ckpt_asked.c: any process that keeps the instance */
struct pfsnl_asked *pfsnl_asked_new(const struct pfsnl_ckptmsg *m, u32 more, u16 flags);
int pfsnl_asked_answerable(struct pfsnl_asked *a, u64 cookie);
void pfsnl_asked_put(struct pfsnl_asked *a);
int pfsnl_ask_admit(struct pfsnl_opener *o, struct pfsnl_asked *a,
		    struct netlink_ext_ack *extack);
void pfsnl_ask_withdraw(struct pfsnl_opener *o, struct pfsnl_asked *a);
void pfsnl_ask_go(struct pfsnl_opener *o, struct pfsnl_asked *a);

/* node thread */
void pfsnl_asked_work(struct kthread_work *work);
void pfsnl_asked_retry(struct kthread_work *work);
void pfsnl_asked_answer(struct pfsnl_ckpt_io *io, struct pfsnl_ckpt_request *r, int err,
			const struct pfsnl_ckpt_result *result);
void pfsnl_asked_tell_lost(struct pfsnl_opener *o, u32 handle);
void pfsnl_asked_forget(struct pfsnl_opener *o);
void pfsnl_asked_drop(struct pfsnl_ckpt_io *io);

#endif /* PFSNL_CKPT_OPENER_H */
