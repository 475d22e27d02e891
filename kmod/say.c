// SPDX-License-Identifier: GPL-2.0
/*
 * What processes say. Whoever sends puts the pieces together and appends the
 * message to a queue; the node thread gives the core as many as it takes.
 */
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "core/core.h"
#include "core/group.h"
#include "instance.h"
#include "process.h"

/*
 * What may be under way of a process, beside one message of any length. Each
 * counts for what is kept of it, too.
 */
#define UNDER_WAY_MAX	(1024 * 1024)
#define SAID_HEAD	256

/* what the node thread gives the core in a row */
#define HAND_MESSAGES	64
#define HAND_BYTES	(256 * 1024)

#define RETRY_MS	10

static u32 cost(u32 len)
{
	return SAID_HEAD + len;
}

/**
 * pfsnl_say_told - less is under way of a process
 * @p: the process; its instance is kept
 * @bytes: what that counts for
 *
 * Any process.
 */
void pfsnl_say_told(struct pfsnl_process *p, u32 bytes)
{
	bool room;

	if (!bytes)
		return;
	spin_lock(&p->lock);
	p->under_way -= bytes;
	room = p->refused && p->under_way <= UNDER_WAY_MAX / 2;
	if (room) {
		p->refused = false;
		p->room_due = true;
	}
	spin_unlock(&p->lock);
	if (room)
		pfsnl_process_ready(p);
}

/**
 * pfsnl_say_forget - nothing more will be heard of a message
 * @p: the process that it counts for; NULL if that ends, or it goes on counting
 * @s: the message; freed. It is in no list
 *
 * Any process; may sleep.
 */
void pfsnl_say_forget(struct pfsnl_process *p, struct pfsnl_said *s)
{
	if (p)
		pfsnl_say_told(p, cost(s->len));
	kvfree(s->data);
	if (s->turn.m)
		pfsnl_membership_put(s->turn.m);
	kfree(s);
}

/* ---- sending: any process, with the pieces of the process locked ---- */

/* Make room for a message of which the first piece has come. */
static struct pfsnl_said *begin(struct pfsnl_membership *m,
				const struct pfsnl_words *words,
				struct netlink_ext_ack *extack)
{
	struct pfsnl_process *p = m->process;
	struct pfsnl_said *s;
	bool full;

	spin_lock(&p->lock);
	full = p->under_way && p->under_way + cost(words->total) > UNDER_WAY_MAX;
	if (full) {
		p->refused = true;
		m->refused = true;
	} else {
		p->under_way += cost(words->total);
	}
	spin_unlock(&p->lock);
	if (full) {
		NL_SET_ERR_MSG(extack, "too much is under way: try again when there is room");
		return ERR_PTR(-EAGAIN);
	}
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (s && words->total) {
		s->data = kvmalloc(words->total, GFP_KERNEL_ACCOUNT);
		if (!s->data) {
			kfree(s);
			s = NULL;
		}
	}
	if (!s) {
		pfsnl_say_told(p, cost(words->total));
		NL_SET_ERR_MSG(extack, "no memory for the message");
		return ERR_PTR(-ENOMEM);
	}
	s->cookie = words->cookie;
	s->number = words->number;
	s->flags = words->flags;
	s->len = words->total;
	return s;
}

static int check(const struct pfsnl_membership *m,
		 const struct pfsnl_words *words,
		 struct netlink_ext_ack *extack)
{
	if (READ_ONCE(m->leaving) || READ_ONCE(m->over)) {
		NL_SET_ERR_MSG(extack, "this membership is ending");
		return -ENOTCONN;
	}
	if (!READ_ONCE(m->member)) {
		NL_SET_ERR_MSG(extack, "no member yet: the first change says so");
		return -ENOTCONN;
	}
	if (!m->ops && words->len > PFSNL_GROUP_PIECE_MAX) {
		NL_SET_ERR_MSG(extack, "a piece has 32768 bytes at most");
		return -EMSGSIZE;
	}
	if (words->total > m->process->io->longest) {
		NL_SET_ERR_MSG(extack, "longer than a message may be: a quarter of retain");
		return -EMSGSIZE;
	}
	if (words->offset > words->total ||
	    words->len > words->total - words->offset) {
		NL_SET_ERR_MSG(extack, "the piece is beyond the end of the message");
		return -EINVAL;
	}
	if (!words->len && words->total) {
		NL_SET_ERR_MSG(extack, "the piece is empty");
		return -EINVAL;
	}
	return 0;
}

/* Append a message that is complete. */
static int append(struct pfsnl_membership *m, struct pfsnl_said *s,
		  struct netlink_ext_ack *extack)
{
	struct pfsnl_process_io *io = m->process->io;
	bool late, first;

	refcount_inc(&m->refs);
	s->turn.m = m;
	spin_lock(&io->lock);
	first = list_empty(&io->queue);
	late = m->leaving || m->over;
	if (!late)
		list_add_tail(&s->turn.list, &io->queue);
	spin_unlock(&io->lock);
	if (late) {
		pfsnl_say_forget(m->process, s);
		NL_SET_ERR_MSG(extack, "this membership is ending");
		return -ENOTCONN;
	}
	/* whoever made it not empty did that */
	if (first)
		kthread_queue_work(io->inst->worker, &io->work);
	return 0;
}

static int add_piece(struct pfsnl_membership *m, const struct pfsnl_words *words,
		     struct netlink_ext_ack *extack)
{
	struct pfsnl_process *p = m->process;
	struct pfsnl_said *s = p->partial;
	int err = check(m, words, extack);

	p->partial = NULL;
	if (s && (err || !words->offset)) {
		pfsnl_say_forget(p, s);
		s = NULL;
	}
	if (err)
		return err;
	if (!words->offset) {
		s = begin(m, words, extack);
		if (IS_ERR(s))
			return PTR_ERR(s);
	} else if (!s || s->number != words->number || s->len != words->total ||
		   s->filled != words->offset) {
		if (s)
			pfsnl_say_forget(p, s);
		NL_SET_ERR_MSG(extack, "the pieces of a message follow each other, from offset 0");
		return -EINVAL;
	}
	if (words->len)
		memcpy(s->data + s->filled, words->data, words->len);
	s->filled += words->len;
	if (s->filled == s->len)
		return append(m, s, extack);
	p->partial = s;
	return 0;
}

/**
 * pfsnl_say - a member says something, or a piece of it
 * @m: the membership; its instance is kept
 * @words: what it says
 * @extack: says what went wrong
 *
 * Any process; may sleep for memory. Waits for nothing else.
 *
 * Return: 0; -ENOTCONN for no member, yet or any more; -EMSGSIZE; -EINVAL for a
 * piece that doesn't follow the one before; -EAGAIN when too much is under way,
 * and then the process is told when that is over; -ENOMEM.
 */
int pfsnl_say(struct pfsnl_membership *m, const struct pfsnl_words *words,
	      struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&m->process->pieces);
	err = add_piece(m, words, extack);
	mutex_unlock(&m->process->pieces);
	return err;
}

/**
 * pfsnl_process_send - a socket says something, or a piece of it
 * @io: the room
 * @asker: the socket
 * @words: what it says
 * @extack: says what went wrong
 *
 * Any process that keeps the instance; may sleep for memory.
 *
 * Return: as pfsnl_say().
 */
int pfsnl_process_send(struct pfsnl_process_io *io,
		       const struct pfsnl_asker *asker,
		       const struct pfsnl_words *words,
		       struct netlink_ext_ack *extack)
{
	struct pfsnl_membership *m;
	int err;

	m = pfsnl_membership_find(io, asker, words->number);
	if (!m) {
		NL_SET_ERR_MSG(extack, "this socket has no membership of this number");
		return -ENOTCONN;
	}
	err = pfsnl_say(m, words, extack);
	pfsnl_membership_put(m);
	return err;
}

/* ---- the node thread ---- */

static struct pfsnl_said *find_said(struct pfsnl_membership *m, u64 n)
{
	struct pfsnl_said *s;

	list_for_each_entry(s, &m->said, turn.list)
		/* the core may tell of it before it has told the count */
		if (s->n == n || s == m->process->io->handing)
			return s;
	return NULL;
}

/**
 * pfsnl_say_heard - it is known what became of a message
 * @m: the membership of its sender
 * @n: the core's count of it
 * @cookie: set to the sender's number
 *
 * Node thread. It is under way until the process was told, see pfsnl_say_told().
 *
 * Return: what it counts for; 0 if there is no such message. Others may say that
 * there was.
 */
u32 pfsnl_say_heard(struct pfsnl_membership *m, u64 n, u64 *cookie)
{
	struct pfsnl_said *s = find_said(m, n);
	u32 bytes;

	if (!s)
		return 0;
	if (s == m->process->io->handing)
		m->process->io->handing = NULL;
	*cookie = s->cookie;
	bytes = cost(s->len);
	list_del(&s->turn.list);
	pfsnl_say_forget(NULL, s);
	return bytes;
}

/**
 * pfsnl_say_over - nothing will be heard of any message
 * @m: a membership that is over
 *
 * Node thread.
 */
void pfsnl_say_over(struct pfsnl_membership *m)
{
	struct pfsnl_said *s, *tmp;

	list_for_each_entry_safe(s, tmp, &m->said, turn.list) {
		if (s == m->process->io->handing)
			m->process->io->handing = NULL;
		list_del(&s->turn.list);
		pfsnl_say_forget(m->process, s);
	}
}

/* Give the core a message. Return: 0; -EAGAIN or -ENOMEM: not now. */
static int hand(struct pfsnl_process_io *io, struct pfsnl_core *core, u64 now,
		struct pfsnl_said *s)
{
	struct pfsnl_membership *m = s->turn.m;
	u64 n = 0, cookie = s->cookie;
	int err;

	list_move_tail(&s->turn.list, &m->said);
	io->handing = s;
	err = pfsnl_core_group_send(core, now, m->number, s->flags, s->data,
				    s->len, &n);
	if (!err && !io->handing)
		return 0; /* heard back already, and freed */
	io->handing = NULL;
	if (!err) {
		s->n = n;
		kvfree(s->data);
		s->data = NULL;
		return 0;
	}
	if (err == -EAGAIN || err == -ENOMEM) {
		list_move(&s->turn.list, &io->turn);
		return err;
	}
	/* the node leaves, or the membership goes */
	refcount_inc(&m->refs);
	list_del(&s->turn.list);
	pfsnl_say_forget(m->process, s);
	pfsnl_tell_unknown(m, cookie);
	pfsnl_membership_put(m);
	return 0;
}

/* What is next in the queue. Return: it, still in the list, or NULL. */
static struct pfsnl_turn *next_turn(struct pfsnl_process_io *io)
{
	if (list_empty(&io->turn)) {
		spin_lock(&io->lock);
		list_splice_init(&io->queue, &io->turn);
		spin_unlock(&io->lock);
	}
	return list_first_entry_or_null(&io->turn, struct pfsnl_turn, list);
}

static int take_turn(struct pfsnl_process_io *io, struct pfsnl_core *core,
		     u64 now, struct pfsnl_turn *turn, size_t *bytes)
{
	struct pfsnl_membership *m = turn->m;
	struct pfsnl_said *s;

	if (turn->leave) {
		list_del(&turn->list);
		if (!m->over)
			pfsnl_core_group_leave(core, now, m->number, m->why);
		pfsnl_membership_put(m);
		return 0;
	}
	s = container_of(turn, struct pfsnl_said, turn);
	*bytes += s->len;
	if (!m->over)
		return hand(io, core, now, s);
	list_del(&turn->list);
	pfsnl_say_forget(m->process, s);
	return 0;
}

/* Return: whether more may be done at once. */
static bool take_turns(struct pfsnl_process_io *io, struct pfsnl_core *core,
		       u64 now)
{
	struct pfsnl_turn *turn;
	size_t bytes = 0;
	u32 i;
	int err;

	for (i = 0; i < HAND_MESSAGES && bytes < HAND_BYTES; i++) {
		if (io->stalled)
			return false;
		turn = next_turn(io);
		if (!turn)
			return false;
		err = take_turn(io, core, now, turn, &bytes);
		if (err == -EAGAIN) {
			/* the core tells when it has room */
			io->stalled = true;
			return false;
		}
		if (err) {
			kthread_mod_delayed_work(io->inst->worker, &io->retry,
						 msecs_to_jiffies(RETRY_MS));
			return false;
		}
	}
	return true;
}

static struct pfsnl_process *next_ready(struct pfsnl_process_io *io)
{
	struct pfsnl_process *p;

	spin_lock(&io->lock);
	p = list_first_entry_or_null(&io->ready, struct pfsnl_process, ready);
	if (p)
		list_del_init(&p->ready);
	spin_unlock(&io->lock);
	return p;
}

/**
 * pfsnl_say_work - there is something to say, or room to tell more
 * @work: of the room
 *
 * Node thread.
 */
void pfsnl_say_work(struct kthread_work *work)
{
	struct pfsnl_process_io *io = container_of(work,
						   struct pfsnl_process_io,
						   work);
	struct pfsnl_core *core;
	struct pfsnl_process *p;
	bool more = false;
	u64 now;

	while ((p = next_ready(io))) {
		pfsnl_tell_more(p);
		pfsnl_process_put(p);
	}
	core = pfsnl_instance_enter(io->inst, &now);
	if (core)
		more = take_turns(io, core, now);
	pfsnl_instance_leave(io->inst);
	if (more)
		kthread_queue_work(io->inst->worker, &io->work);
}

/**
 * pfsnl_say_retry - what there was no memory for is tried again
 * @work: of the room
 *
 * Node thread.
 */
void pfsnl_say_retry(struct kthread_work *work)
{
	struct pfsnl_process_io *io = container_of(work,
						   struct pfsnl_process_io,
						   retry.work);

	pfsnl_say_work(&io->work);
}

/**
 * pfsnl_process_room - the core takes messages again
 * @io: the room
 *
 * Node thread, under the instance lock.
 */
void pfsnl_process_room(struct pfsnl_process_io *io)
{
	if (!io->stalled)
		return;
	io->stalled = false;
	kthread_queue_work(io->inst->worker, &io->work);
}

/**
 * pfsnl_say_drop - nothing of what waits will be said
 * @io: the room; no work of it runs any more
 */
void pfsnl_say_drop(struct pfsnl_process_io *io)
{
	struct pfsnl_process *p;
	struct pfsnl_turn *turn;

	while ((turn = next_turn(io))) {
		list_del(&turn->list);
		if (turn->leave)
			pfsnl_membership_put(turn->m);
		else
			pfsnl_say_forget(NULL, container_of(turn,
							    struct pfsnl_said,
							    turn));
	}
	while ((p = next_ready(io)))
		pfsnl_process_put(p);
}
