/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mailbox: what a socket is told, within its window, and what waits for that.
 *
 * A full receive buffer would swallow what is sent to it. So the kernel sends no
 * more than the window, until it is told that something of it was taken; the
 * rest waits here, up to a limit.
 */
#ifndef PFSNL_MAILBOX_H
#define PFSNL_MAILBOX_H

#include <linux/list.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct net;

/*
 * The smallest window: one of the largest letters is within it, whatever else was
 * not taken yet.
 */
#define PFSNL_WINDOW_MIN	(64 * 1024)

/**
 * struct pfsnl_mailroom - what waits in all mailboxes of an instance
 * @waiting: mailboxes in which something waits
 * @open: mailboxes with a datagram that messages are joined in
 * @bytes: what waits counts for, the socket's own messages included; last letters
 *	don't count, of which there is one for a membership
 *
 * Node thread.
 */
struct pfsnl_mailroom {
	struct list_head waiting;
	struct list_head open;
	size_t bytes;
};

/**
 * struct pfsnl_mailbox - of a socket
 * @room: that it belongs to
 * @waiting: in the list of that name
 * @opened: in the list of those that are open
 * @net: its namespace
 * @portid: its number there
 * @lock: guards the next four
 * @window: bytes of letters that may have been sent and not be taken
 * @used: of that, what was sent and not taken
 * @held: nothing may be sent yet, so often
 * @stopped: the node thread found no room for more
 * @joined: node thread: messages that are joined in one datagram, to be sent before
 *	anything else; NULL for none
 * @joined_charge: what they count for
 * @backlog: node thread: letters that wait
 * @bytes: node thread: what they count for, last letters apart
 * @own_bytes: node thread: of that, the socket's own messages, of which it can't
 *	have more under way than it may
 * @told: node thread: what the socket's own messages count for that have left the
 *	backlog since somebody looked
 */
struct pfsnl_mailbox {
	struct pfsnl_mailroom *room;
	struct list_head waiting;
	struct list_head opened;
	struct net *net;
	u32 portid;
	spinlock_t lock; /* window, used, held, stopped */
	u32 window;
	u32 used;
	u32 held;
	bool stopped;
	struct sk_buff *joined;
	u32 joined_charge;
	struct sk_buff_head backlog;
	size_t bytes;
	size_t own_bytes;
	u32 told;
};

void pfsnl_mailroom_init(struct pfsnl_mailroom *room);
void pfsnl_mailbox_init(struct pfsnl_mailbox *mb, struct pfsnl_mailroom *room,
			struct net *net, u32 portid, u32 window);

/* node thread */
struct pfsnl_mailbox *pfsnl_mailroom_over(const struct pfsnl_mailroom *room);
struct sk_buff *pfsnl_mailbox_join(struct pfsnl_mailbox *mb, u32 size, u32 told);
int pfsnl_mailbox_send(struct pfsnl_mailbox *mb);
int pfsnl_mailbox_post(struct pfsnl_mailbox *mb, struct sk_buff *skb, bool own,
		       u32 told);
void pfsnl_mailbox_post_last(struct pfsnl_mailbox *mb, struct sk_buff *skb);
int pfsnl_mailbox_flush(struct pfsnl_mailbox *mb);
void pfsnl_mailbox_purge(struct pfsnl_mailbox *mb);
void pfsnl_mailbox_close(struct pfsnl_mailbox *mb, bool tell);

/* any process */
void pfsnl_mailbox_hold(struct pfsnl_mailbox *mb);
bool pfsnl_mailbox_release(struct pfsnl_mailbox *mb);
int pfsnl_mailbox_taken(struct pfsnl_mailbox *mb, u32 taken, u32 window,
			bool *more);

#endif /* PFSNL_MAILBOX_H */
