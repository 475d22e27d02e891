// SPDX-License-Identifier: GPL-2.0
/*
 * What processes are told: events of the core become letters. Node thread, nearly
 * always under the instance lock.
 */
#include <linux/skbuff.h>

#include "core/core.h"
#include "core/group.h"
#include "instance.h"
#include "process.h"

static bool is_told(const struct pfsnl_membership *m)
{
	return !m->muted && !READ_ONCE(m->process->gone);
}

static struct pfsnl_process *process_of(struct pfsnl_mailbox *mb)
{
	return container_of(mb, struct pfsnl_process, mailbox);
}

/* It can't be told something, so it must not be told what follows. */
static void no_memory(struct pfsnl_membership *m)
{
	m->process->io->inst->event_failed++;
	m->muted = true;
	pfsnl_membership_end(m, PFSNL_GROUP_WHY_NO_MEMORY);
}

/**
 * pfsnl_tell_told - look at what has left the mailbox of a socket
 * @p: the process
 *
 * Node thread.
 */
void pfsnl_tell_told(struct pfsnl_process *p)
{
	u32 bytes = p->mailbox.told;

	p->mailbox.told = 0;
	pfsnl_say_told(p, bytes);
}

/*
 * @skb may be NULL for want of memory; @own and @told as for the mailbox.
 */
static void post(struct pfsnl_membership *m, u32 number, struct sk_buff *skb,
		 bool own, u32 told)
{
	struct pfsnl_mailbox *most;

	if (!skb) {
		no_memory(m);
		return;
	}
	pfsnl_letter_address(skb, number);
	if (pfsnl_mailbox_post(&m->process->mailbox, skb, own, told))
		pfsnl_process_lose(m->process, PFSNL_GROUP_WHY_SLOW);
	pfsnl_tell_told(m->process);
	/* those for whom most waits, not who happened to be told something */
	while ((most = pfsnl_mailroom_over(&m->process->io->mailroom)))
		pfsnl_process_lose(process_of(most), PFSNL_GROUP_WHY_SLOW);
}

/* ---- the same for several members ---- */

static void forget_copies(struct pfsnl_process_io *io)
{
	__skb_queue_purge(&io->copies);
	io->copies_of = NULL;
}

/**
 * pfsnl_process_settle - the core tells nothing more for now
 * @io: the room, which may not have been opened
 *
 * Node thread, under the instance lock.
 */
void pfsnl_process_settle(struct pfsnl_process_io *io)
{
	struct pfsnl_mailbox *mb, *tmp;

	if (!io->inst)
		return;
	forget_copies(io);
	list_for_each_entry_safe(mb, tmp, &io->mailroom.open, opened)
		if (pfsnl_mailbox_send(mb))
			pfsnl_process_lose(process_of(mb),
					   PFSNL_GROUP_WHY_SLOW);
}

static int write_letters(struct pfsnl_process_io *io, struct sk_buff_head *to,
			 const struct pfsnl_group_event *ev)
{
	switch (ev->kind) {
	case PFSNL_GROUP_CHANGED:
		return pfsnl_letters_change(&io->paper, to, ev);
	case PFSNL_GROUP_MESSAGE:
		return pfsnl_letters_message(&io->paper, to, ev);
	default:
		return pfsnl_letter_transitional(&io->paper, to, ev);
	}
}

/*
 * Whether others of this node are told just the same. The core tells them one
 * after the other; a group changes only once by a message.
 */
static bool is_shared(const struct pfsnl_group_event *ev)
{
	return (ev->kind == PFSNL_GROUP_MESSAGE ||
		(ev->kind == PFSNL_GROUP_CHANGED && !ev->whole)) &&
	       ev->group->here > 1;
}

/* Letters for one member. Return: 0 or -ENOMEM. */
static int get_letters(struct pfsnl_process_io *io, struct sk_buff_head *to,
		       const struct pfsnl_group_event *ev)
{
	u64 place = ev->kind == PFSNL_GROUP_MESSAGE ? ev->place : 0;
	u64 generation = pfsnl_core_group_generation(io->inst->core);
	struct sk_buff *skb, *copy;
	int err;

	if (!is_shared(ev))
		return write_letters(io, to, ev);
	if (io->copies_of != ev->group || io->copies_place != place ||
	    io->copies_generation != generation) {
		forget_copies(io);
		err = write_letters(io, &io->copies, ev);
		if (err) {
			forget_copies(io);
			return err;
		}
		io->copies_of = ev->group;
		io->copies_place = place;
		io->copies_generation = generation;
	}
	skb_queue_walk(&io->copies, skb) {
		copy = pfsnl_letter_copy(skb);
		if (!copy)
			return -ENOMEM;
		__skb_queue_tail(to, copy);
	}
	return 0;
}

/* ---- events ---- */

/*
 * A short message to one member alone goes together with others that follow at once.
 * Return: whether that is so.
 */
static bool join(struct pfsnl_process_io *io, struct pfsnl_membership *m,
		 const struct pfsnl_group_event *ev, u32 own, u64 cookie)
{
	struct sk_buff *skb;
	u32 size;

	if (ev->kind != PFSNL_GROUP_MESSAGE || ev->len > PFSNL_JOINED_MAX ||
	    is_shared(ev) || !skb_queue_empty(&m->process->mailbox.backlog))
		return false;
	size = pfsnl_joined_size(&io->paper, ev);
	skb = size ? pfsnl_mailbox_join(&m->process->mailbox, size, own) : NULL;
	if (!skb)
		return false;
	if (IS_ERR(skb))
		pfsnl_process_lose(m->process, PFSNL_GROUP_WHY_SLOW);
	else
		pfsnl_letter_join(&io->paper, skb, ev, size, own, cookie);
	pfsnl_tell_told(m->process);
	return true;
}

static void tell(struct pfsnl_process_io *io, struct pfsnl_membership *m,
		 const struct pfsnl_group_event *ev, u32 own, u64 cookie)
{
	struct sk_buff_head letters;
	struct sk_buff *skb;

	if (join(io, m, ev, own, cookie))
		return;
	__skb_queue_head_init(&letters);
	/* none of them, or all */
	if (get_letters(io, &letters, ev)) {
		__skb_queue_purge(&letters);
		no_memory(m);
	}
	while (is_told(m) && (skb = __skb_dequeue(&letters))) {
		u32 told = skb_queue_empty(&letters) ? own : 0;

		if (own)
			pfsnl_letter_cookie(skb, cookie);
		post(m, ev->number, skb, own, told);
		own -= told;
	}
	__skb_queue_purge(&letters);
	/* the end was not told */
	pfsnl_say_told(m->process, own);
}

/* The core knows it no more. */
static void over(struct pfsnl_process_io *io, struct pfsnl_membership *m,
		 const struct pfsnl_group_event *ev)
{
	struct sk_buff *last = m->last;

	spin_lock(&io->lock);
	WRITE_ONCE(m->over, true);
	list_del_init(&m->in_process);
	if (!hlist_unhashed(&m->by_number))
		hash_del_rcu(&m->by_number);
	spin_unlock(&io->lock);
	pfsnl_say_over(m);
	if (m->ops) {
		pfsnl_client_event(m, ev, false, 0);
	} else if (!READ_ONCE(m->process->gone)) {
		m->last = NULL;
		pfsnl_letter_address(last, ev->number);
		pfsnl_letter_why(last, ev->why);
		pfsnl_mailbox_post_last(&m->process->mailbox, last);
	}
	pfsnl_membership_put(m);
}

/* What a message counts for if it is one of this member, else 0. */
static u32 hear_own(struct pfsnl_process_io *io, struct pfsnl_membership *m,
		    const struct pfsnl_group_event *ev, u64 *cookie)
{
	u32 self = pfsnl_core_config(io->inst->core)->addr;

	if (ev->sender->addr != self || ev->sender->number != ev->number)
		return 0;
	return pfsnl_say_heard(m, ev->n, cookie);
}

/**
 * pfsnl_process_event - the core tells a member something
 * @io: the room
 * @ev: what
 *
 * Node thread, under the instance lock; may sleep for memory.
 */
void pfsnl_process_event(struct pfsnl_process_io *io,
			 const struct pfsnl_group_event *ev)
{
	struct pfsnl_membership *m = ev->who;
	u64 cookie = 0;
	u32 own = 0;

	switch (ev->kind) {
	case PFSNL_GROUP_OVER:
		over(io, m, ev);
		return;
	case PFSNL_GROUP_UNKNOWN:
		own = pfsnl_say_heard(m, ev->n, &cookie);
		pfsnl_say_told(m->process, own);
		if (own)
			pfsnl_tell_unknown(m, cookie);
		return;
	case PFSNL_GROUP_MESSAGE:
		own = hear_own(io, m, ev, &cookie);
		break;
	case PFSNL_GROUP_CHANGED:
		WRITE_ONCE(m->member, true);
		break;
	default:
		break;
	}
	if (is_told(m) && !m->ops) {
		tell(io, m, ev, own, cookie);
		return;
	}
	pfsnl_say_told(m->process, own);
	if (is_told(m) && pfsnl_client_event(m, ev, own, cookie))
		no_memory(m);
}

/**
 * pfsnl_tell_unknown - nobody knows what became of a message
 * @m: the membership of its sender
 * @cookie: the sender's number
 *
 * Node thread, under the instance lock; may sleep for memory.
 */
void pfsnl_tell_unknown(struct pfsnl_membership *m, u64 cookie)
{
	if (m->over || !is_told(m))
		return;
	if (m->ops)
		pfsnl_client_unknown(m, cookie);
	else
		post(m, m->number, pfsnl_letter_unknown(cookie), false,
		     0);
}

/* Some membership that was told to try again, used, or NULL. */
static struct pfsnl_membership *next_refused(struct pfsnl_process *p)
{
	struct pfsnl_membership *m, *found = NULL;
	bool refused;

	spin_lock(&p->io->lock);
	list_for_each_entry(m, &p->memberships, in_process) {
		spin_lock(&p->lock);
		refused = m->refused;
		m->refused = false;
		spin_unlock(&p->lock);
		if (!refused)
			continue;
		refcount_inc(&m->refs);
		found = m;
		break;
	}
	spin_unlock(&p->io->lock);
	return found;
}

/**
 * pfsnl_tell_more - a process may be told more than before
 * @p: the process
 *
 * Node thread, without the instance lock; may sleep for memory.
 */
void pfsnl_tell_more(struct pfsnl_process *p)
{
	struct pfsnl_membership *m;
	bool room;

	if (READ_ONCE(p->gone)) {
		pfsnl_mailbox_close(&p->mailbox, false);
		pfsnl_tell_told(p);
		return;
	}
	spin_lock(&p->lock);
	room = p->room_due;
	p->room_due = false;
	spin_unlock(&p->lock);
	while (room && (m = next_refused(p))) {
		if (is_told(m) && m->ops)
			pfsnl_client_room(m);
		else if (is_told(m))
			post(m, m->number, pfsnl_letter_room(), false, 0);
		pfsnl_membership_put(m);
	}
	if (pfsnl_mailbox_flush(&p->mailbox))
		pfsnl_process_lose(p, PFSNL_GROUP_WHY_SLOW);
	pfsnl_tell_told(p);
}
