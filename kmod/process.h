/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes of this node that are members of groups: sockets, and clients in
 * the kernel.
 *
 * Joining waits for the node thread. Sending doesn't: what a process says is put
 * into a queue, from which the node thread takes it in portions. Leaving, in
 * whatever way, takes its turn in the same queue, so that what was said before
 * still counts.
 *
 * How long things live: a process, as long as it is known by its number, has
 * memberships, or is being used; a membership, until the core has told that it is
 * over and nothing of it is in the queue. Both are found under RCU.
 */
#ifndef PFSNL_PROCESS_H
#define PFSNL_PROCESS_H

#include <linux/completion.h>
#include <linux/hashtable.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <uapi/linux/pfsnl.h>

#include "letter.h"
#include "mailbox.h"

struct net;
struct netlink_ext_ack;
struct pfsnl_group_event;
struct pfsnl_group_ops;
struct pfsnl_instance;
struct pfsnl_said;
struct sock;

#define PFSNL_PROCESS_BITS	8

/**
 * struct pfsnl_process_tables - who is there
 * @sockets: processes by the number of their socket
 * @memberships: by their number
 */
struct pfsnl_process_tables {
	DECLARE_HASHTABLE(sockets, PFSNL_PROCESS_BITS);
	DECLARE_HASHTABLE(memberships, PFSNL_PROCESS_BITS);
};

/**
 * struct pfsnl_process_io - processes of an instance
 * @inst: whose
 * @longest: bytes that a message may have
 * @lock: guards the tables, the lists, and memberships of processes
 * @tables: who is there
 * @queue: what processes want, in the order in which they said so
 * @ready: processes that may be told more
 * @turn: node thread: taken from the queue
 * @stalled: node thread: the core takes no more messages at present
 * @handing: node thread: the message that the core is being given
 * @work: node thread: there is something in @queue or @ready
 * @retry: node thread: the same, after memory was short
 * @watch: node thread: some process must have given a sign of life by now
 * @watch_at: when that is, nanoseconds; 0 for never
 * @copies: node thread: letters of the event told last, for others who are told it
 * @copies_of: the group that it is about
 * @copies_place: and which of its events: its place in the row; 0: a change
 * @copies_generation: after which change of any group
 * @paper: node thread: for letters
 * @mailroom: node thread: what waits for all of them
 * @slow: processes that did not take what they were told
 * @silent: processes that gave no sign of life
 */
struct pfsnl_process_io {
	struct pfsnl_instance *inst;
	u32 longest;
	spinlock_t lock; /* tables, lists, memberships of processes */
	struct pfsnl_process_tables *tables;
	struct list_head queue;
	struct list_head ready;
	struct list_head turn;
	bool stalled;
	struct pfsnl_said *handing;
	struct kthread_work work;
	struct kthread_delayed_work retry;
	struct kthread_delayed_work watch;
	u64 watch_at;
	struct sk_buff_head copies;
	const void *copies_of;
	u64 copies_place;
	u64 copies_generation;
	struct pfsnl_letter_paper paper;
	struct pfsnl_mailroom mailroom;
	u64 slow;
	u64 silent;
};

/**
 * struct pfsnl_process - a socket, or a client in the kernel
 * @by_portid: in the table of sockets
 * @io: where
 * @refs: uses
 * @sk: the socket, only to compare with; NULL for a client
 * @memberships: it has; under the lock of @io
 * @ready: in the list of that name, with a use
 * @gone: the socket was closed
 * @keepalive_ms: time within which it gives a sign of life; 0: it need not
 * @seen: when it did last, nanoseconds
 * @lock: guards the next three
 * @under_way: what its messages count for that it has not heard back yet, which
 *	of a socket means that they left its mailbox: so whoever sends and does not
 *	read is told to try again before it is too slow
 * @refused: it was told to try again
 * @room_due: and now it may
 * @pieces: guards @partial
 * @partial: a message that is coming in
 * @mailbox: of the socket
 * @rcu: for its end
 */
struct pfsnl_process {
	struct hlist_node by_portid;
	struct pfsnl_process_io *io;
	refcount_t refs;
	const struct sock *sk;
	struct list_head memberships;
	struct list_head ready;
	bool gone;
	u32 keepalive_ms;
	u64 seen;
	spinlock_t lock; /* under_way, refused, room_due */
	u32 under_way;
	bool refused;
	bool room_due;
	struct mutex pieces; /* partial */
	struct pfsnl_said *partial;
	struct pfsnl_mailbox mailbox;
	struct rcu_head rcu;
};

/**
 * struct pfsnl_turn - something that waits for its turn in the node thread
 * @list: in the queue
 * @m: whose; a use
 * @leave: the end of the membership, and not a message
 */
struct pfsnl_turn {
	struct list_head list;
	struct pfsnl_membership *m;
	bool leave;
};

/**
 * struct pfsnl_membership - of a process in a group
 * @by_number: in the table of memberships
 * @in_process: among those of its process
 * @process: whose; a use
 * @refs: uses
 * @number: 0 as long as the core has not given it
 * @leave: in the queue when it is to end
 * @leaving: it is to end
 * @why: and why, enum pfsnl_group_why
 * @member: it was told that it is a member
 * @muted: node thread: it is told nothing any more but that it is over
 * @deaf: node thread: of a client: not even that
 * @over: the core knows it no more
 * @refused: it was told to try again; under the lock of the process
 * @known: node thread: the core was asked to let it join
 * @said: node thread: messages that it has not heard back yet
 * @last: the letter that will tell that it is over
 * @ops: of a client in the kernel, else NULL
 * @priv: of a client: its own
 * @net: of a client: its namespace
 * @done: of a client: it is over, and was told so
 * @rcu: for its end
 * @name: of the group
 */
struct pfsnl_membership {
	struct hlist_node by_number;
	struct list_head in_process;
	struct pfsnl_process *process;
	refcount_t refs;
	u32 number;
	struct pfsnl_turn leave;
	bool leaving;
	u8 why;
	bool member;
	bool muted;
	bool deaf;
	bool over;
	bool refused;
	bool known;
	struct list_head said;
	struct sk_buff *last;
	const struct pfsnl_group_ops *ops;
	void *priv;
	struct net *net;
	struct completion done;
	struct rcu_head rcu;
	char name[PFSNL_GROUP_NAME_MAX + 1];
};

/**
 * struct pfsnl_said - a message of a process, until the process hears it back
 * @turn: in the queue; then among those of its membership
 * @cookie: the sender's number of it
 * @n: the core's count of it
 * @number: of the membership
 * @len: bytes of it
 * @filled: of that, what has come
 * @flags: PFSNL_MSG_*
 * @data: what it says, until the core has it
 */
struct pfsnl_said {
	struct pfsnl_turn turn;
	u64 cookie;
	u64 n;
	u32 number;
	u32 len;
	u32 filled;
	u16 flags;
	u8 *data;
};

/**
 * struct pfsnl_words - what a process wants to send, or a piece of it
 * @number: of the membership
 * @cookie: the sender's number of the message
 * @flags: PFSNL_MSG_*
 * @total: bytes of the message
 * @offset: where the piece belongs in it
 * @len: bytes of the piece
 * @data: the piece
 */
struct pfsnl_words {
	u32 number;
	u64 cookie;
	u16 flags;
	u32 total;
	u32 offset;
	u32 len;
	const void *data;
};

/* who asks: a socket, as a request names it */
struct pfsnl_asker {
	const struct sock *sk;
	u32 portid;
};

int pfsnl_process_init(void);
void pfsnl_process_exit(void);
int pfsnl_processes_open(struct pfsnl_instance *inst);
void pfsnl_processes_deafen(struct pfsnl_process_io *io);
void pfsnl_processes_close(struct pfsnl_process_io *io);

/* requests; any process that keeps the instance, see pfsnl_instance_get() */
struct pfsnl_membership *
pfsnl_process_join(struct pfsnl_process_io *io, const struct pfsnl_asker *asker,
		   const char *name, u32 keepalive_ms, u32 window,
		   struct netlink_ext_ack *extack);
void pfsnl_process_joined(struct pfsnl_membership *m);
int pfsnl_process_leave(struct pfsnl_process_io *io,
			const struct pfsnl_asker *asker, u32 number,
			struct netlink_ext_ack *extack);
int pfsnl_process_send(struct pfsnl_process_io *io,
		       const struct pfsnl_asker *asker,
		       const struct pfsnl_words *words,
		       struct netlink_ext_ack *extack);
int pfsnl_process_taken(struct pfsnl_process_io *io,
			const struct pfsnl_asker *asker, u32 taken, u32 window,
			struct netlink_ext_ack *extack);

void pfsnl_process_seen(struct pfsnl_process_io *io,
			const struct pfsnl_asker *asker);

/* process.c, for the others of this room and for clients */
struct pfsnl_process *pfsnl_process_new(struct pfsnl_process_io *io);
void pfsnl_process_put(struct pfsnl_process *p);
void pfsnl_process_ready(struct pfsnl_process *p);
void pfsnl_process_lose(struct pfsnl_process *p, u8 why);
struct pfsnl_membership *pfsnl_membership_new(struct pfsnl_process *p,
					      const char *name);
int pfsnl_membership_begin(struct pfsnl_membership *m, u32 pid,
			   struct netlink_ext_ack *extack);
bool pfsnl_membership_end(struct pfsnl_membership *m, u8 why);
void pfsnl_membership_put(struct pfsnl_membership *m);
struct pfsnl_membership *
pfsnl_membership_find(struct pfsnl_process_io *io,
		      const struct pfsnl_asker *asker, u32 number);

/* say.c: what processes say, up to the core */
int pfsnl_say(struct pfsnl_membership *m, const struct pfsnl_words *words,
	      struct netlink_ext_ack *extack);
void pfsnl_say_forget(struct pfsnl_process *p, struct pfsnl_said *s);
u32 pfsnl_say_heard(struct pfsnl_membership *m, u64 n, u64 *cookie);
void pfsnl_say_told(struct pfsnl_process *p, u32 bytes);
void pfsnl_say_over(struct pfsnl_membership *m);
void pfsnl_say_work(struct kthread_work *work);
void pfsnl_say_retry(struct kthread_work *work);
void pfsnl_say_drop(struct pfsnl_process_io *io);

/* tell.c: what they are told, from the core */
void pfsnl_tell_unknown(struct pfsnl_membership *m, u64 cookie);
void pfsnl_tell_more(struct pfsnl_process *p);
void pfsnl_tell_told(struct pfsnl_process *p);

/* keepalive.c */
void pfsnl_keepalive_expect(struct pfsnl_process *p, u32 keepalive_ms);
void pfsnl_keepalive_watch(struct kthread_work *work);

/* client.c: the same for clients in the kernel */
int pfsnl_client_event(struct pfsnl_membership *m,
		       const struct pfsnl_group_event *ev, bool own,
		       u64 cookie);
void pfsnl_client_unknown(struct pfsnl_membership *m, u64 cookie);
void pfsnl_client_room(struct pfsnl_membership *m);

/* node thread, under the instance lock */
void pfsnl_process_event(struct pfsnl_process_io *io,
			 const struct pfsnl_group_event *ev);
void pfsnl_process_room(struct pfsnl_process_io *io);
void pfsnl_process_settle(struct pfsnl_process_io *io);

#endif /* PFSNL_PROCESS_H */
