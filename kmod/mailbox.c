// SPDX-License-Identifier: GPL-2.0
/*
 * The mailbox of a socket. Only the node thread sends; the process gives back what
 * it took. Nobody waits for anybody here.
 */
#include <net/genetlink.h>

#include "letter.h"
#include "mailbox.h"
#include "main.h"

/* in skb->cb while a letter waits */
struct waiting_letter {
	bool last;
	bool own;
	u32 told;
};

static struct waiting_letter *waiting_letter(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct waiting_letter) > sizeof(skb->cb));
	return (struct waiting_letter *)skb->cb;
}

/**
 * pfsnl_mailroom_init - nothing waits for anybody
 * @room: of an instance
 */
void pfsnl_mailroom_init(struct pfsnl_mailroom *room)
{
	INIT_LIST_HEAD(&room->waiting);
	INIT_LIST_HEAD(&room->open);
	room->bytes = 0;
}

/**
 * pfsnl_mailroom_over - whether more waits than may, of all sockets together
 * @room: of an instance
 *
 * Node thread.
 *
 * Return: the mailbox in which most waits, which is to lose that, or NULL.
 */
struct pfsnl_mailbox *pfsnl_mailroom_over(const struct pfsnl_mailroom *room)
{
	struct pfsnl_mailbox *mb, *most = NULL;

	if (room->bytes <= 1024ULL * READ_ONCE(pfsnl_param_group_backlogs_kib))
		return NULL;
	list_for_each_entry(mb, &room->waiting, waiting)
		if (!most || mb->bytes > most->bytes)
			most = mb;
	return most;
}

/**
 * pfsnl_mailbox_init - a socket has memberships from now on
 * @mb: the mailbox
 * @room: that it belongs to
 * @net: namespace of the socket
 * @portid: its number
 * @window: bytes that may be under way to it
 */
void pfsnl_mailbox_init(struct pfsnl_mailbox *mb, struct pfsnl_mailroom *room,
			struct net *net, u32 portid, u32 window)
{
	mb->room = room;
	mb->net = net;
	mb->portid = portid;
	mb->window = window;
	INIT_LIST_HEAD(&mb->waiting);
	INIT_LIST_HEAD(&mb->opened);
	spin_lock_init(&mb->lock);
	__skb_queue_head_init(&mb->backlog);
}

/* Whether a letter may be sent now; if so it counts. */
static bool claim(struct pfsnl_mailbox *mb, u32 charge)
{
	bool ok;

	spin_lock(&mb->lock);
	ok = !mb->held && mb->used <= mb->window &&
	     charge <= mb->window - mb->used;
	if (ok)
		mb->used += charge;
	mb->stopped = !ok;
	spin_unlock(&mb->lock);
	return ok;
}

static void unclaim(struct pfsnl_mailbox *mb, u32 charge)
{
	spin_lock(&mb->lock);
	mb->used -= min(charge, mb->used);
	spin_unlock(&mb->lock);
}

/* Until it says that it took something. */
static void wait_for_room(struct pfsnl_mailbox *mb)
{
	spin_lock(&mb->lock);
	mb->stopped = true;
	spin_unlock(&mb->lock);
}

/*
 * Send a letter that counts already. Who doesn't exist any more is about to be
 * forgotten. Return: 0, or -EAGAIN when the receive buffer is full.
 */
static int send(struct pfsnl_mailbox *mb, struct sk_buff *skb)
{
	/* netlink's own from here on */
	memset(skb->cb, 0, sizeof(skb->cb));
	return genlmsg_unicast(mb->net, skb, mb->portid) == -EAGAIN ?
	       -EAGAIN : 0;
}

static void put_by(struct pfsnl_mailbox *mb, struct sk_buff *skb,
		   struct waiting_letter w)
{
	u32 charge = pfsnl_letter_charge(skb);

	*waiting_letter(skb) = w;
	__skb_queue_tail(&mb->backlog, skb);
	if (w.last)
		return;
	mb->bytes += charge;
	mb->own_bytes += w.own ? charge : 0;
	mb->room->bytes += charge;
	if (list_empty(&mb->waiting))
		list_add_tail(&mb->waiting, &mb->room->waiting);
}

static struct sk_buff *take_out(struct pfsnl_mailbox *mb, struct sk_buff *skb)
{
	struct waiting_letter *w = waiting_letter(skb);
	u32 charge = pfsnl_letter_charge(skb);

	__skb_unlink(skb, &mb->backlog);
	if (w->last)
		return skb;
	mb->told += w->told;
	mb->bytes -= charge;
	mb->own_bytes -= w->own ? charge : 0;
	mb->room->bytes -= charge;
	if (!mb->bytes)
		list_del_init(&mb->waiting);
	return skb;
}

/* Whether more waits than may for one socket. */
static bool is_full(const struct pfsnl_mailbox *mb)
{
	return mb->bytes - mb->own_bytes >
	       1024ULL * READ_ONCE(pfsnl_param_group_backlog_kib);
}

/**
 * pfsnl_mailbox_send - send the messages that were joined
 * @mb: the mailbox
 *
 * Node thread; may sleep for memory.
 *
 * Return: 0, or -ENOBUFS when the receive buffer is full and they are lost.
 */
int pfsnl_mailbox_send(struct pfsnl_mailbox *mb)
{
	struct sk_buff *skb = mb->joined;

	if (!skb)
		return 0;
	mb->joined = NULL;
	list_del_init(&mb->opened);
	if (!skb->len) {
		kfree_skb(skb);
		return 0;
	}
	if (!send(mb, skb))
		return 0;
	unclaim(mb, mb->joined_charge);
	return -ENOBUFS;
}

/**
 * pfsnl_mailbox_join - a message can be joined with those that are sent next
 * @mb: the mailbox
 * @size: of the message as a letter
 * @told: as for pfsnl_mailbox_post()
 *
 * Node thread; may sleep for memory. It counts as sent, and is when somebody calls
 * pfsnl_mailbox_send(), at the end of what the core was brought.
 *
 * Return: the datagram to add it to, not full; NULL when it has to be posted, as
 * something waits or there is no room; or ERR_PTR(-ENOBUFS), see
 * pfsnl_mailbox_post().
 */
struct sk_buff *pfsnl_mailbox_join(struct pfsnl_mailbox *mb, u32 size, u32 told)
{
	u32 charge = pfsnl_joined_charge(size);

	if (!skb_queue_empty(&mb->backlog))
		return NULL;
	if (mb->joined && pfsnl_datagram_full(mb->joined, size) &&
	    pfsnl_mailbox_send(mb))
		return ERR_PTR(-ENOBUFS);
	if (!mb->joined) {
		mb->joined = pfsnl_datagram_new();
		if (!mb->joined)
			return NULL;
		mb->joined_charge = 0;
		list_add_tail(&mb->opened, &mb->room->open);
	}
	if (!claim(mb, charge))
		return NULL;
	mb->joined_charge += charge;
	mb->told += told;
	return mb->joined;
}

/**
 * pfsnl_mailbox_post - tell a socket something, now or when it has room
 * @mb: its mailbox
 * @skb: the letter; taken over
 * @own: it is of a message of the socket itself
 * @told: and the end of that, which counts for so much; see pfsnl_mailbox.told
 *
 * Node thread; may sleep for memory.
 *
 * Return: 0, or -ENOBUFS when more waits than may, or its receive buffer is
 * full: it must not be told anything more but that this is so.
 */
int pfsnl_mailbox_post(struct pfsnl_mailbox *mb, struct sk_buff *skb, bool own,
		       u32 told)
{
	u32 charge = pfsnl_letter_charge(skb);

	if (pfsnl_mailbox_send(mb)) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	if (skb_queue_empty(&mb->backlog) && claim(mb, charge)) {
		mb->told += told;
		if (!send(mb, skb))
			return 0;
		unclaim(mb, charge);
		return -ENOBUFS;
	}
	put_by(mb, skb, (struct waiting_letter){ .own = own, .told = told });
	return is_full(mb) ? -ENOBUFS : 0;
}

/**
 * pfsnl_mailbox_post_last - tell a socket that a membership is over
 * @mb: its mailbox
 * @skb: the letter; taken over
 *
 * Node thread. As pfsnl_mailbox_post(), but it waits whatever else waits.
 */
void pfsnl_mailbox_post_last(struct pfsnl_mailbox *mb, struct sk_buff *skb)
{
	put_by(mb, skb, (struct waiting_letter){ .last = true });
	pfsnl_mailbox_flush(mb);
}

/**
 * pfsnl_mailbox_flush - send what waits, as far as there is room
 * @mb: the mailbox
 *
 * Node thread; may sleep for memory. A last letter that finds the receive buffer
 * full, against what the window says, goes on waiting, if there is memory for
 * that.
 *
 * Return: 0, or -ENOBUFS when the receive buffer is full.
 */
int pfsnl_mailbox_flush(struct pfsnl_mailbox *mb)
{
	struct sk_buff *skb, *spare;

	if (pfsnl_mailbox_send(mb)) {
		wait_for_room(mb);
		return -ENOBUFS;
	}
	while ((skb = skb_peek(&mb->backlog))) {
		u32 charge = pfsnl_letter_charge(skb);
		bool last = waiting_letter(skb)->last;

		if (!claim(mb, charge))
			break;
		take_out(mb, skb);
		spare = last ? pfsnl_letter_copy(skb) : NULL;
		if (!send(mb, skb)) {
			kfree_skb(spare);
			continue;
		}
		unclaim(mb, charge);
		if (!last)
			return -ENOBUFS;
		if (spare) {
			*waiting_letter(spare) =
				(struct waiting_letter){ .last = true };
			__skb_queue_head(&mb->backlog, spare);
		}
		wait_for_room(mb);
		break;
	}
	return 0;
}

/**
 * pfsnl_mailbox_purge - forget what waits, but for last letters
 * @mb: the mailbox
 *
 * Node thread.
 */
void pfsnl_mailbox_purge(struct pfsnl_mailbox *mb)
{
	struct sk_buff *skb, *tmp;

	skb_queue_walk_safe(&mb->backlog, skb, tmp)
		if (!waiting_letter(skb)->last)
			kfree_skb(take_out(mb, skb));
}

/**
 * pfsnl_mailbox_close - nothing will be told any more
 * @mb: the mailbox
 * @tell: try to send last letters, as nobody will wait for room
 *
 * Node thread, or nobody uses it any more.
 */
void pfsnl_mailbox_close(struct pfsnl_mailbox *mb, bool tell)
{
	struct sk_buff *skb;

	pfsnl_mailbox_purge(mb);
	if (tell) {
		pfsnl_mailbox_send(mb);
	} else {
		kfree_skb(mb->joined);
		mb->joined = NULL;
		list_del_init(&mb->opened);
	}
	while ((skb = skb_peek(&mb->backlog))) {
		take_out(mb, skb);
		if (tell)
			send(mb, skb);
		else
			kfree_skb(skb);
	}
}

/**
 * pfsnl_mailbox_hold - send nothing for the time being
 * @mb: the mailbox
 *
 * Any process. What was sent before is not waited for.
 */
void pfsnl_mailbox_hold(struct pfsnl_mailbox *mb)
{
	spin_lock(&mb->lock);
	mb->held++;
	spin_unlock(&mb->lock);
}

/**
 * pfsnl_mailbox_release - the end of pfsnl_mailbox_hold()
 * @mb: the mailbox
 *
 * Any process.
 *
 * Return: whether the node thread has to look at what waits.
 */
bool pfsnl_mailbox_release(struct pfsnl_mailbox *mb)
{
	bool more;

	spin_lock(&mb->lock);
	mb->held--;
	more = mb->stopped && !mb->held;
	spin_unlock(&mb->lock);
	return more;
}

/**
 * pfsnl_mailbox_taken - the process took letters
 * @mb: the mailbox
 * @taken: what they count for
 * @window: the window from now on; 0: as it is
 * @more: set to whether the node thread has to look at what waits
 *
 * Any process.
 *
 * Return: 0, or -ERANGE when so much was not sent.
 */
int pfsnl_mailbox_taken(struct pfsnl_mailbox *mb, u32 taken, u32 window,
			bool *more)
{
	int err = 0;

	spin_lock(&mb->lock);
	if (taken > mb->used) {
		err = -ERANGE;
	} else {
		mb->used -= taken;
		if (window)
			mb->window = window;
	}
	*more = !err && mb->stopped && !mb->held;
	spin_unlock(&mb->lock);
	return err;
}
