// SPDX-License-Identifier: GPL-2.0
/*
 * Who opens checkpoints: how they come, are found, and go; and their handles.
 */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "ckpt_opener.h"
#include "instance.h"

/* handles that are looked at in a row */
#define SCAN_MAX	1024

/* ---- life ---- */

/**
 * pfsnl_opener_put - the end of a use
 * @o: the opener
 *
 * Any process; may sleep.
 */
void pfsnl_opener_put(struct pfsnl_opener *o)
{
	if (!refcount_dec_and_test(&o->refs))
		return;
	if (o->farewell)
		pfsnl_asked_put(o->farewell);
	xa_destroy(&o->handles);
	kfree(o->place);
	kfree_rcu(o, rcu);
}

/* Return: one that nobody knows, used once, with its farewell; or NULL. */
static struct pfsnl_opener *opener_new(struct pfsnl_ckpt_io *io)
{
	const struct pfsnl_ckptmsg farewell = { .kind = PFSNL_CKPTMSG_PROCESS_GONE };
	struct pfsnl_opener *o = kzalloc(sizeof(*o), GFP_KERNEL_ACCOUNT);

	if (!o)
		return NULL;
	o->io = io;
	refcount_set(&o->refs, 1);
	INIT_HLIST_NODE(&o->by_portid);
	INIT_HLIST_NODE(&o->by_number);
	xa_init_flags(&o->handles, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&o->in_all);
	INIT_LIST_HEAD(&o->submitted);
	INIT_LIST_HEAD(&o->deaf);
	INIT_LIST_HEAD(&o->answers);
	o->farewell = pfsnl_asked_new(&farewell, 0, 0);
	if (!o->farewell) {
		pfsnl_opener_put(o);
		return NULL;
	}
	return o;
}

/*
 * It gets a number, and is used once more by the table. The lock of @io is held.
 * Return: false when numbers are used up.
 */
static bool number_locked(struct pfsnl_ckpt_io *io, struct pfsnl_opener *o)
{
	struct pfsnl_ckptmsg farewell = { .kind = PFSNL_CKPTMSG_PROCESS_GONE };

	if (io->last == U32_MAX)
		return false;
	o->number = ++io->last;
	farewell.process = o->number;
	o->farewell->r.process = o->number;
	pfsnl_ckptmsg_encode(&farewell, o->farewell->r.data);
	refcount_inc(&o->refs);
	hash_add_rcu(io->tables->openers, &o->by_number, o->number);
	list_add_tail(&o->in_all, &io->openers);
	return true;
}

/* ---- who is there ---- */

/* Under the lock of @io, or RCU. Return: it, not used, or NULL. */
static struct pfsnl_opener *find_socket(struct pfsnl_ckpt_io *io, u32 portid)
{
	struct pfsnl_opener *o;

	hash_for_each_possible_rcu(io->tables->sockets, o, by_portid, portid,
				   lockdep_is_held(&io->lock))
		if (o->portid == portid)
			return o;
	return NULL;
}

/**
 * pfsnl_opener_find - the socket that asks, if it asked before
 * @io: the room
 * @asker: the socket
 *
 * Any process that keeps the instance.
 *
 * Return: it, used, or NULL.
 */
struct pfsnl_opener *pfsnl_opener_find(struct pfsnl_ckpt_io *io,
				       const struct pfsnl_asker *asker)
{
	struct pfsnl_opener *o;

	rcu_read_lock();
	o = find_socket(io, asker->portid);
	if (o && (o->sk != asker->sk || !refcount_inc_not_zero(&o->refs)))
		o = NULL;
	rcu_read_unlock();
	return o;
}

/* Put it into the tables. Return: 0, -EBUSY, -EOVERFLOW. */
static int make_known(struct pfsnl_ckpt_io *io, struct pfsnl_opener *o)
{
	int err = 0;

	spin_lock(&io->lock);
	if (o->sk && find_socket(io, o->portid))
		err = -EBUSY;
	else if (!number_locked(io, o))
		err = -EOVERFLOW;
	else if (o->sk)
		hash_add_rcu(io->tables->sockets, &o->by_portid, o->portid);
	spin_unlock(&io->lock);
	return err;
}

/**
 * pfsnl_opener_know - the socket that asks, made known if need be
 * @io: the room
 * @asker: the socket
 * @extack: says what went wrong
 *
 * Any process that keeps the instance; may sleep for memory.
 *
 * Return: it, used, or an error.
 */
struct pfsnl_opener *pfsnl_opener_know(struct pfsnl_ckpt_io *io,
				       const struct pfsnl_asker *asker,
				       struct netlink_ext_ack *extack)
{
	struct pfsnl_opener *o = pfsnl_opener_find(io, asker), *other;
	int err;

	if (o)
		return o;
	o = opener_new(io);
	if (!o) {
		NL_SET_ERR_MSG(extack, "no memory to know this socket");
		return ERR_PTR(-ENOMEM);
	}
	o->sk = asker->sk;
	o->portid = asker->portid;
	err = make_known(io, o);
	if (!err)
		return o;
	pfsnl_opener_put(o);
	if (err == -EOVERFLOW) {
		NL_SET_ERR_MSG(extack, "this instance had too many sockets: take it down and up");
		return ERR_PTR(err);
	}
	/* another thread of the same socket may have been faster */
	other = pfsnl_opener_find(io, asker);
	if (other)
		return other;
	/* its number is free for others a moment before we are told */
	NL_SET_ERR_MSG(extack, "a socket of the same number is just being closed: try again");
	return ERR_PTR(-EBUSY);
}

/**
 * pfsnl_opener_client - a client in the kernel
 * @io: the room
 *
 * Any process that keeps the instance; may sleep for memory.
 *
 * Return: it, used, until pfsnl_opener_gone(); or an error.
 */
struct pfsnl_opener *pfsnl_opener_client(struct pfsnl_ckpt_io *io)
{
	struct pfsnl_opener *o = opener_new(io);
	int err;

	if (!o)
		return ERR_PTR(-ENOMEM);
	err = make_known(io, o);
	if (!err)
		return o;
	pfsnl_opener_put(o);
	return ERR_PTR(err);
}

/**
 * pfsnl_opener_place - where a socket's dump of sections is
 * @o: the socket
 *
 * Any process that keeps the instance; may sleep for memory. A socket has one dump at
 * a time.
 *
 * Return: the place, or NULL.
 */
struct pfsnl_section_place *pfsnl_opener_place(struct pfsnl_opener *o)
{
	if (!o->place)
		o->place = kzalloc(sizeof(*o->place), GFP_KERNEL_ACCOUNT);
	return o->place;
}

/* ---- the end ---- */

/* The lock of @io is held. Return: it is to be put when that was given back. */
static bool gone_locked(struct pfsnl_opener *o)
{
	struct pfsnl_asked *farewell = o->farewell;

	if (o->gone)
		return false;
	o->gone = true;
	if (!hlist_unhashed(&o->by_portid))
		hash_del_rcu(&o->by_portid);
	/* it is known by its number until it was said */
	o->farewell = NULL;
	refcount_inc(&o->refs);
	farewell->opener = o;
	list_add_tail(&farewell->r.list, &o->io->asked);
	return true;
}

/**
 * pfsnl_opener_gone - a client is no more
 * @o: the client; its instance is kept
 *
 * Any process.
 */
void pfsnl_opener_gone(struct pfsnl_opener *o)
{
	struct pfsnl_ckpt_io *io = o->io;

	spin_lock(&io->lock);
	gone_locked(o);
	spin_unlock(&io->lock);
	kthread_queue_work(io->inst->worker, &io->work);
}

/**
 * pfsnl_opener_socket_gone - a socket was closed
 * @io: the room
 * @portid: its number
 *
 * Any process that keeps the instance. Nothing of the socket is under way any more.
 */
void pfsnl_opener_socket_gone(struct pfsnl_ckpt_io *io, u32 portid)
{
	struct pfsnl_opener *o;
	bool gone;

	spin_lock(&io->lock);
	o = find_socket(io, portid);
	gone = o && gone_locked(o);
	spin_unlock(&io->lock);
	if (gone)
		kthread_queue_work(io->inst->worker, &io->work);
}

/* ---- handles ---- */

static void *entry_of(enum pfsnl_handle_state state, u8 flags)
{
	return xa_mk_value((unsigned long)flags << 8 | state);
}

/**
 * pfsnl_handle_new - the number of a handle that is to be opened
 * @o: whose
 * @flags: PFSNL_OPEN_READ, PFSNL_OPEN_WRITE
 * @handle: becomes the number
 * @extack: says what went wrong
 *
 * Any process that keeps the instance; may sleep for memory.
 *
 * Return: 0, -EMFILE or -ENOMEM.
 */
int pfsnl_handle_new(struct pfsnl_opener *o, u8 flags, u32 *handle,
		     struct netlink_ext_ack *extack)
{
	bool full;
	int err;

	spin_lock(&o->io->lock);
	full = o->n_handles >= PFSNL_HANDLES_MAX;
	o->n_handles += !full;
	spin_unlock(&o->io->lock);
	if (full) {
		NL_SET_ERR_MSG(extack, "this socket has 65536 handles, with those that are lost");
		return -EMFILE;
	}
	err = xa_alloc_cyclic(&o->handles, handle,
			      entry_of(PFSNL_HANDLE_OPENING, flags), xa_limit_32b,
			      &o->next, GFP_KERNEL_ACCOUNT);
	if (err >= 0)
		return 0;
	spin_lock(&o->io->lock);
	o->n_handles--;
	spin_unlock(&o->io->lock);
	NL_SET_ERR_MSG(extack, "no memory for another handle");
	return -ENOMEM;
}

/**
 * pfsnl_handle_forget - a handle is no more
 * @o: whose
 * @handle: its number; there need not be one
 *
 * Any process that keeps the instance.
 */
void pfsnl_handle_forget(struct pfsnl_opener *o, u32 handle)
{
	if (!xa_erase(&o->handles, handle))
		return;
	spin_lock(&o->io->lock);
	o->n_handles--;
	spin_unlock(&o->io->lock);
}

/**
 * pfsnl_handle_state - what a handle is
 * @o: whose
 * @handle: its number
 * @flags: becomes what it was asked for with; NULL: it does not matter
 */
enum pfsnl_handle_state pfsnl_handle_state(struct pfsnl_opener *o, u32 handle,
					   u8 *flags)
{
	void *entry = xa_load(&o->handles, handle);

	if (!entry)
		return PFSNL_HANDLE_NONE;
	if (flags)
		*flags = xa_to_value(entry) >> 8;
	return xa_to_value(entry) & 0xff;
}

/**
 * pfsnl_handle_move - a handle goes from one state to another
 * @o: whose
 * @handle: its number
 * @from: what it must be
 * @to: what it becomes
 *
 * Return: whether it was that. Needs no memory.
 */
bool pfsnl_handle_move(struct pfsnl_opener *o, u32 handle,
		       enum pfsnl_handle_state from, enum pfsnl_handle_state to)
{
	bool moved = false;
	void *entry;

	xa_lock(&o->handles);
	entry = xa_load(&o->handles, handle);
	if (entry && (xa_to_value(entry) & 0xff) == from) {
		/* its place is there already */
		__xa_store(&o->handles, handle,
			   entry_of(to, xa_to_value(entry) >> 8), GFP_NOWAIT);
		moved = true;
	}
	xa_unlock(&o->handles);
	return moved;
}

/* ---- node thread ---- */

/* Return: it, not used; it stays as long as the node thread does nothing else. */
static struct pfsnl_opener *find_number(struct pfsnl_ckpt_io *io, u32 number)
{
	struct pfsnl_opener *o, *found = NULL;

	spin_lock(&io->lock);
	hash_for_each_possible(io->tables->openers, o, by_number, number)
		if (o->number == number)
			found = o;
	spin_unlock(&io->lock);
	return found;
}

/**
 * pfsnl_openers_know - whether a handle is known here
 * @io: the room
 * @number: of the opener
 * @handle: of that
 *
 * Node thread.
 */
bool pfsnl_openers_know(struct pfsnl_ckpt_io *io, u32 number, u32 handle)
{
	struct pfsnl_opener *o = find_number(io, number);

	switch (o ? pfsnl_handle_state(o, handle, NULL) : PFSNL_HANDLE_NONE) {
	case PFSNL_HANDLE_OPENING:
	case PFSNL_HANDLE_OPEN:
	case PFSNL_HANDLE_CLOSING:
		return true;
	default:
		return false;
	}
}

/* A handle that is not open any more. */
static void lose(struct pfsnl_opener *o, u32 handle)
{
	/* what is being opened or closed is told of by what comes of that */
	if (!pfsnl_handle_move(o, handle, PFSNL_HANDLE_OPEN, PFSNL_HANDLE_LOST))
		return;
	o->io->counts.lost++;
	pfsnl_asked_tell_lost(o, handle);
}

/* Look at some of its handles. Return: how many. */
static u32 scan(struct pfsnl_opener *o, u32 max)
{
	unsigned long handle;
	void *entry;
	u32 n = 0;

	xa_for_each_start(&o->handles, handle, entry, o->scan_at) {
		if (n++ == max) {
			o->scan_at = handle;
			return max;
		}
		if ((xa_to_value(entry) & 0xff) == PFSNL_HANDLE_OPEN &&
		    !pfsnl_ckptsvc_holds(o->io->svc, o->number, handle))
			lose(o, handle);
	}
	o->scan_at = 0;
	o->scanned = o->io->scan;
	return n;
}

/* Return: one that was not looked at, not used, or NULL. */
static struct pfsnl_opener *not_scanned(struct pfsnl_ckpt_io *io)
{
	struct pfsnl_opener *o;

	spin_lock(&io->lock);
	o = list_first_entry_or_null(&io->openers, struct pfsnl_opener, in_all);
	if (o && o->scanned == io->scan)
		o = NULL;
	/* those that were are behind those that were not, but for who is new */
	else if (o)
		list_move_tail(&o->in_all, &io->openers);
	spin_unlock(&io->lock);
	return o;
}

/**
 * pfsnl_openers_scan - find handles that are open no more, after a ring
 * @work: of the room
 *
 * Node thread; may sleep for memory. Some at a time.
 */
void pfsnl_openers_scan(struct kthread_work *work)
{
	struct pfsnl_ckpt_io *io = container_of(work, struct pfsnl_ckpt_io, lost);
	struct pfsnl_opener *o = NULL;
	u32 n = 0;
	u64 now;

	pfsnl_instance_enter(io->inst, &now);
	while (io->svc && n < SCAN_MAX && (o = not_scanned(io))) {
		n += 1 + scan(o, SCAN_MAX);
		if (o->scanned == io->scan)
			continue;
		/* it is looked at first next time */
		spin_lock(&io->lock);
		list_move(&o->in_all, &io->openers);
		spin_unlock(&io->lock);
	}
	pfsnl_instance_leave(io->inst);
	if (o)
		kthread_queue_work(io->inst->worker, &io->lost);
}

/**
 * pfsnl_opener_unknow - an opener is not known by its number any more
 * @o: the opener; a use of it ends
 *
 * Node thread or who ends it.
 */
void pfsnl_opener_unknow(struct pfsnl_opener *o)
{
	spin_lock(&o->io->lock);
	hash_del_rcu(&o->by_number);
	list_del_init(&o->in_all);
	if (!hlist_unhashed(&o->by_portid))
		hash_del_rcu(&o->by_portid);
	spin_unlock(&o->io->lock);
	pfsnl_opener_put(o);
}

/**
 * pfsnl_openers_drop - forget all openers
 * @io: the room; no request comes any more, the service has ended
 *
 * Node thread or who ends it.
 */
void pfsnl_openers_drop(struct pfsnl_ckpt_io *io)
{
	struct pfsnl_opener *o, *tmp;

	list_for_each_entry_safe(o, tmp, &io->openers, in_all) {
		WRITE_ONCE(o->over, true);
		pfsnl_asked_forget(o);
		pfsnl_opener_unknow(o);
	}
}
