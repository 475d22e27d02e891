// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that are members of groups: how they come, are found, and go. What
 * they say is in say.c, what they are told in tell.c.
 */
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "ckpt_opener.h"
#include "core/core.h"
#include "core/group.h"
#include "instance.h"
#include "process.h"

static void kick(struct pfsnl_process_io *io)
{
	kthread_queue_work(io->inst->worker, &io->work);
}

/* ---- life ---- */

/**
 * pfsnl_process_new - a process that has no membership yet
 * @io: the room
 *
 * May sleep for memory.
 *
 * Return: it, used once, or NULL.
 */
struct pfsnl_process *pfsnl_process_new(struct pfsnl_process_io *io)
{
	struct pfsnl_process *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return NULL;
	p->io = io;
	refcount_set(&p->refs, 1);
	INIT_HLIST_NODE(&p->by_portid);
	INIT_LIST_HEAD(&p->memberships);
	INIT_LIST_HEAD(&p->ready);
	spin_lock_init(&p->lock);
	mutex_init(&p->pieces);
	p->seen = ktime_get_ns();
	pfsnl_mailbox_init(&p->mailbox, &io->mailroom, io->inst->net, 0, 0);
	return p;
}

/**
 * pfsnl_process_put - the end of a use
 * @p: the process
 *
 * Any process; may sleep.
 */
void pfsnl_process_put(struct pfsnl_process *p)
{
	if (!refcount_dec_and_test(&p->refs))
		return;
	if (p->partial)
		pfsnl_say_forget(NULL, p->partial);
	pfsnl_mailbox_close(&p->mailbox, false);
	mutex_destroy(&p->pieces);
	kfree_rcu(p, rcu);
}

/**
 * pfsnl_membership_new - a membership that the core knows nothing of
 * @p: the process; is used by it
 * @name: of the group
 *
 * May sleep for memory.
 *
 * Return: it, used once, or NULL.
 */
struct pfsnl_membership *pfsnl_membership_new(struct pfsnl_process *p,
					      const char *name)
{
	struct pfsnl_membership *m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);

	if (!m)
		return NULL;
	INIT_HLIST_NODE(&m->by_number);
	INIT_LIST_HEAD(&m->in_process);
	INIT_LIST_HEAD(&m->said);
	refcount_set(&m->refs, 1);
	refcount_inc(&p->refs);
	m->process = p;
	m->leave.m = m;
	m->leave.leave = true;
	init_completion(&m->done);
	strscpy(m->name, name, sizeof(m->name));
	return m;
}

/**
 * pfsnl_membership_put - the end of a use
 * @m: the membership
 *
 * Any process; may sleep.
 */
void pfsnl_membership_put(struct pfsnl_membership *m)
{
	if (!refcount_dec_and_test(&m->refs))
		return;
	kfree_skb(m->last);
	pfsnl_process_put(m->process);
	kfree_rcu(m, rcu);
}

/* ---- who is there ---- */

/* Under the lock of @io, or RCU. Return: the socket, not used, or NULL. */
static struct pfsnl_process *find_socket(struct pfsnl_process_io *io,
					 u32 portid)
{
	struct pfsnl_process *p;

	hash_for_each_possible_rcu(io->tables->sockets, p, by_portid, portid,
				   lockdep_is_held(&io->lock))
		if (p->mailbox.portid == portid)
			return p;
	return NULL;
}

/* Return: the socket that asks, used, or NULL. */
static struct pfsnl_process *get_socket(struct pfsnl_process_io *io,
					const struct pfsnl_asker *asker)
{
	struct pfsnl_process *p;

	rcu_read_lock();
	p = find_socket(io, asker->portid);
	if (p && (p->sk != asker->sk || !refcount_inc_not_zero(&p->refs)))
		p = NULL;
	rcu_read_unlock();
	return p;
}

static void seen(struct pfsnl_process *p)
{
	WRITE_ONCE(p->seen, ktime_get_ns());
}

/**
 * pfsnl_process_seen - a socket gives a sign of life
 * @io: the room
 * @asker: the socket; it need not be known
 *
 * Any process that keeps the instance.
 */
void pfsnl_process_seen(struct pfsnl_process_io *io,
			const struct pfsnl_asker *asker)
{
	struct pfsnl_process *p;

	rcu_read_lock();
	p = find_socket(io, asker->portid);
	if (p && p->sk == asker->sk)
		seen(p);
	rcu_read_unlock();
}

/**
 * pfsnl_membership_find - a membership of a socket, which gives a sign of life
 * @io: the room
 * @asker: the socket
 * @number: of the membership
 *
 * Any process that keeps the instance.
 *
 * Return: the membership, used, or NULL.
 */
struct pfsnl_membership *
pfsnl_membership_find(struct pfsnl_process_io *io,
		      const struct pfsnl_asker *asker, u32 number)
{
	struct pfsnl_membership *m, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(io->tables->memberships, m, by_number, number) {
		if (m->number != number)
			continue;
		if (m->process->sk == asker->sk &&
		    m->process->mailbox.portid == asker->portid &&
		    refcount_inc_not_zero(&m->refs))
			found = m;
		break;
	}
	rcu_read_unlock();
	if (found)
		seen(found->process);
	return found;
}

/**
 * pfsnl_process_ready - the node thread is to look at a process
 * @p: the process; its instance is kept
 *
 * Any process.
 */
void pfsnl_process_ready(struct pfsnl_process *p)
{
	struct pfsnl_process_io *io = p->io;

	spin_lock(&io->lock);
	if (list_empty(&p->ready)) {
		refcount_inc(&p->refs);
		list_add_tail(&p->ready, &io->ready);
	}
	spin_unlock(&io->lock);
	kick(io);
}

/* ---- the end of memberships ---- */

/* The lock of @io is held. Return: whether that is news. */
static bool end_locked(struct pfsnl_membership *m, u8 why)
{
	if (m->leaving || m->over)
		return false;
	WRITE_ONCE(m->leaving, true);
	m->why = why;
	refcount_inc(&m->refs);
	list_add_tail(&m->leave.list, &m->process->io->queue);
	return true;
}

/**
 * pfsnl_membership_end - a membership is to end, after what was said before
 * @m: the membership; its instance is kept
 * @why: enum pfsnl_group_why
 *
 * Any process.
 *
 * Return: whether that is news.
 */
bool pfsnl_membership_end(struct pfsnl_membership *m, u8 why)
{
	struct pfsnl_process_io *io = m->process->io;
	bool news;

	spin_lock(&io->lock);
	news = end_locked(m, why);
	spin_unlock(&io->lock);
	kick(io);
	return news;
}

/**
 * pfsnl_process_lose - a process loses all its memberships
 * @p: the process
 * @why: enum pfsnl_group_why
 *
 * Node thread. It is told nothing any more but that they are over.
 */
void pfsnl_process_lose(struct pfsnl_process *p, u8 why)
{
	struct pfsnl_process_io *io = p->io;
	struct pfsnl_membership *m;
	bool news = false;

	spin_lock(&io->lock);
	list_for_each_entry(m, &p->memberships, in_process) {
		/* one that is about to join begins anew */
		if (!m->known || m->muted)
			continue;
		m->muted = true;
		news = true;
		end_locked(m, why);
	}
	spin_unlock(&io->lock);
	kick(io);
	pfsnl_mailbox_purge(&p->mailbox);
	pfsnl_tell_told(p);
	if (news && why == PFSNL_GROUP_WHY_SLOW)
		io->slow++;
	if (news && why == PFSNL_GROUP_WHY_SILENT)
		io->silent++;
}

/* A socket was closed. */
static void socket_gone(struct pfsnl_process_io *io, u32 portid, u8 why)
{
	struct pfsnl_membership *m;
	struct pfsnl_process *p;

	spin_lock(&io->lock);
	p = find_socket(io, portid);
	if (p) {
		hash_del_rcu(&p->by_portid);
		WRITE_ONCE(p->gone, true);
		list_for_each_entry(m, &p->memberships, in_process)
			end_locked(m, why);
	}
	spin_unlock(&io->lock);
	if (!p)
		return;
	/* what waits for it is freed */
	pfsnl_process_ready(p);
	pfsnl_process_put(p);
}

/*
 * The process that closes the last file of a socket, or ends with it. Nothing of
 * the socket is under way any more.
 */
static int release_event(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	struct netlink_notify *n = data;
	struct pfsnl_instance *inst;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	inst = pfsnl_instance_get(n->net);
	if (!inst)
		return NOTIFY_DONE;
	socket_gone(&inst->processes, n->portid,
		    current->flags & PF_EXITING ? PFSNL_GROUP_WHY_DIED :
						  PFSNL_GROUP_WHY_CLOSED);
	pfsnl_opener_socket_gone(&inst->ckpt, n->portid);
	pfsnl_instance_put(n->net);
	return NOTIFY_DONE;
}

static struct notifier_block release_notifier = {
	.notifier_call = release_event,
};

/* ---- joining ---- */

/**
 * struct join - a process joins a group
 * @work: node thread
 * @m: the membership that begins
 * @pid: the process
 * @err: what came of it
 */
struct join {
	struct kthread_work work;
	struct pfsnl_membership *m;
	u32 pid;
	int err;
};

static void join_work(struct kthread_work *work)
{
	struct join *j = container_of(work, struct join, work);
	struct pfsnl_membership *m = j->m;
	struct pfsnl_process_io *io = m->process->io;
	struct pfsnl_core *core;
	u32 number;
	u64 now;

	core = pfsnl_instance_enter(io->inst, &now);
	j->err = -ENETDOWN;
	if (core) {
		/* for the core; it may even be over before it returns */
		refcount_inc(&m->refs);
		m->known = true;
		j->err = pfsnl_core_group_join(core, now, m->name, j->pid, m,
					       &number);
		if (j->err)
			refcount_dec(&m->refs);
	}
	if (!j->err) {
		spin_lock(&io->lock);
		m->number = number;
		if (!m->over)
			hash_add_rcu(io->tables->memberships, &m->by_number, number);
		spin_unlock(&io->lock);
	}
	pfsnl_instance_leave(io->inst);
}

static void say_why(struct netlink_ext_ack *extack, int err)
{
	switch (err) {
	case -EINVAL:
		NL_SET_ERR_MSG(extack, "a group can't have this name");
		break;
	case -ENOSPC:
		NL_SET_ERR_MSG(extack, "this node has as many members as a node may have");
		break;
	case -ESHUTDOWN:
	case -ENETDOWN:
		NL_SET_ERR_MSG(extack, "the instance is being taken down");
		break;
	case -ENOMEM:
		NL_SET_ERR_MSG(extack, "no memory for another member");
		break;
	}
}

/**
 * pfsnl_membership_begin - a process joins a group
 * @m: the membership; its instance is kept
 * @pid: the process, for others to see
 * @extack: says what went wrong
 *
 * Any process; waits for the node thread.
 *
 * Return: 0 or -errno.
 */
int pfsnl_membership_begin(struct pfsnl_membership *m, u32 pid,
			   struct netlink_ext_ack *extack)
{
	struct pfsnl_process *p = m->process;
	struct pfsnl_process_io *io = p->io;
	struct join j = { .m = m, .pid = pid };
	struct pfsnl_membership *other;
	bool twice = false;

	spin_lock(&io->lock);
	list_for_each_entry(other, &p->memberships, in_process)
		twice |= !other->leaving && !strcmp(other->name, m->name);
	if (!twice)
		list_add_tail(&m->in_process, &p->memberships);
	spin_unlock(&io->lock);
	if (twice) {
		NL_SET_ERR_MSG(extack, "this socket is a member of the group already");
		return -EEXIST;
	}
	kthread_init_work(&j.work, join_work);
	kthread_queue_work(io->inst->worker, &j.work);
	kthread_flush_work(&j.work);
	if (j.err) {
		spin_lock(&io->lock);
		list_del_init(&m->in_process);
		spin_unlock(&io->lock);
		say_why(extack, j.err);
	}
	return j.err;
}

/* The window that a socket asks for, or gets. Return: 0 or -EINVAL. */
static int choose_window(const struct sock *sk, u32 *window,
			 struct netlink_ext_ack *extack)
{
	u32 buffer = READ_ONCE(sk->sk_rcvbuf);

	if (!*window)
		*window = max_t(u32, buffer / 2, PFSNL_WINDOW_MIN);
	if (*window < PFSNL_WINDOW_MIN) {
		NL_SET_ERR_MSG(extack, "a window has 65536 bytes at least");
		return -EINVAL;
	}
	if (*window > buffer) {
		NL_SET_ERR_MSG(extack, "the window is larger than the socket's receive buffer");
		return -EINVAL;
	}
	return 0;
}

/* The socket that asks, made known if need be. Return: it, used, or an error. */
static struct pfsnl_process *know_socket(struct pfsnl_process_io *io,
					 const struct pfsnl_asker *asker,
					 u32 window,
					 struct netlink_ext_ack *extack)
{
	struct pfsnl_process *p = get_socket(io, asker), *other;
	bool same = false;

	if (p)
		return p;
	p = pfsnl_process_new(io);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->sk = asker->sk;
	pfsnl_mailbox_init(&p->mailbox, &io->mailroom, io->inst->net,
			   asker->portid, window);
	spin_lock(&io->lock);
	other = find_socket(io, asker->portid);
	if (!other) {
		refcount_inc(&p->refs);
		hash_add_rcu(io->tables->sockets, &p->by_portid, asker->portid);
	} else if (other->sk == asker->sk) {
		refcount_inc(&other->refs);
		same = true;
	}
	spin_unlock(&io->lock);
	if (!other)
		return p;
	pfsnl_process_put(p);
	if (same)
		return other;
	/* its number is free for others a moment before we are told */
	NL_SET_ERR_MSG(extack, "a socket of the same number is just being closed: try again");
	return ERR_PTR(-EBUSY);
}

/**
 * pfsnl_process_join - a socket becomes a member of a group
 * @io: the room
 * @asker: the socket
 * @name: of the group
 * @keepalive_ms: time within which it gives a sign of life; 0: it need not
 * @window: bytes that may be sent to it; 0: half its receive buffer, or as it is
 * @extack: says what went wrong
 *
 * Any process that keeps the instance; waits for the node thread. The socket is
 * told nothing before pfsnl_process_joined() is called with what is returned.
 *
 * Return: the membership or an error.
 */
struct pfsnl_membership *
pfsnl_process_join(struct pfsnl_process_io *io, const struct pfsnl_asker *asker,
		   const char *name, u32 keepalive_ms, u32 window,
		   struct netlink_ext_ack *extack)
{
	struct pfsnl_membership *m = NULL;
	bool given = window, more;
	struct pfsnl_process *p;
	int err;

	err = choose_window(asker->sk, &window, extack);
	if (err)
		return ERR_PTR(err);
	p = know_socket(io, asker, window, extack);
	if (IS_ERR(p))
		return ERR_CAST(p);
	seen(p);
	if (given)
		pfsnl_mailbox_taken(&p->mailbox, 0, window, &more);
	err = -ENOMEM;
	m = pfsnl_membership_new(p, name);
	if (!m)
		goto put;
	m->last = pfsnl_letter_over();
	if (!m->last)
		goto put;
	pfsnl_mailbox_hold(&p->mailbox);
	err = pfsnl_membership_begin(m, task_tgid_nr(current), extack);
	if (!err)
		pfsnl_keepalive_expect(p, keepalive_ms);
	else if (pfsnl_mailbox_release(&p->mailbox))
		pfsnl_process_ready(p);
put:
	if (err && m)
		pfsnl_membership_put(m);
	pfsnl_process_put(p);
	return err ? ERR_PTR(err) : m;
}

/**
 * pfsnl_process_joined - a socket knows now that it joined
 * @m: of pfsnl_process_join(); a use of it ends
 *
 * Any process that keeps the instance.
 */
void pfsnl_process_joined(struct pfsnl_membership *m)
{
	if (pfsnl_mailbox_release(&m->process->mailbox))
		pfsnl_process_ready(m->process);
	pfsnl_membership_put(m);
}

/* ---- other requests ---- */

/**
 * pfsnl_process_leave - a socket ceases to be a member
 * @io: the room
 * @asker: the socket
 * @number: of the membership
 * @extack: says what went wrong
 *
 * Any process that keeps the instance. That it is over is told later.
 *
 * Return: 0, -ENOTCONN or -EALREADY.
 */
int pfsnl_process_leave(struct pfsnl_process_io *io,
			const struct pfsnl_asker *asker, u32 number,
			struct netlink_ext_ack *extack)
{
	struct pfsnl_membership *m = pfsnl_membership_find(io, asker, number);
	bool news;

	if (!m) {
		NL_SET_ERR_MSG(extack, "this socket has no membership of this number");
		return -ENOTCONN;
	}
	news = pfsnl_membership_end(m, PFSNL_GROUP_WHY_LEFT);
	pfsnl_membership_put(m);
	if (news)
		return 0;
	NL_SET_ERR_MSG(extack, "this membership is ending already");
	return -EALREADY;
}

/**
 * pfsnl_process_taken - a socket took what it was told
 * @io: the room
 * @asker: the socket
 * @taken: bytes, as the window counts them
 * @window: the window from now on; 0: as it is
 * @extack: says what went wrong
 *
 * Any process that keeps the instance.
 *
 * Return: 0, -ENOTCONN, -ERANGE or -EINVAL.
 */
int pfsnl_process_taken(struct pfsnl_process_io *io,
			const struct pfsnl_asker *asker, u32 taken, u32 window,
			struct netlink_ext_ack *extack)
{
	struct pfsnl_process *p = get_socket(io, asker);
	bool more;
	int err;

	if (!p) {
		NL_SET_ERR_MSG(extack, "this socket never was a member of a group");
		return -ENOTCONN;
	}
	seen(p);
	err = window ? choose_window(asker->sk, &window, extack) : 0;
	if (!err) {
		err = pfsnl_mailbox_taken(&p->mailbox, taken, window, &more);
		if (err)
			NL_SET_ERR_MSG(extack, "more than this socket was sent");
		else if (more)
			pfsnl_process_ready(p);
	}
	pfsnl_process_put(p);
	return err;
}

/* ---- the room ---- */

/**
 * pfsnl_processes_open - an instance can have members
 * @inst: the instance, with its core
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_processes_open(struct pfsnl_instance *inst)
{
	struct pfsnl_process_io *io = &inst->processes;

	io->tables = kzalloc(sizeof(*io->tables), GFP_KERNEL_ACCOUNT);
	if (!io->tables)
		return -ENOMEM;
	io->inst = inst;
	io->longest = pfsnl_core_group_longest(inst->core);
	spin_lock_init(&io->lock);
	hash_init(io->tables->sockets);
	hash_init(io->tables->memberships);
	INIT_LIST_HEAD(&io->queue);
	INIT_LIST_HEAD(&io->ready);
	INIT_LIST_HEAD(&io->turn);
	__skb_queue_head_init(&io->copies);
	pfsnl_mailroom_init(&io->mailroom);
	kthread_init_work(&io->work, pfsnl_say_work);
	kthread_init_delayed_work(&io->retry, pfsnl_say_retry);
	kthread_init_delayed_work(&io->watch, pfsnl_keepalive_watch);
	return 0;
}

/**
 * pfsnl_processes_deafen - no request comes any more
 * @io: the room
 */
void pfsnl_processes_deafen(struct pfsnl_process_io *io)
{
	kthread_cancel_delayed_work_sync(&io->watch);
	kthread_cancel_work_sync(&io->work);
	/* the work may have set it */
	kthread_cancel_delayed_work_sync(&io->retry);
	kthread_cancel_work_sync(&io->work);
}

/**
 * pfsnl_processes_close - forget all processes
 * @io: the room, which may not have been opened; the core has ended, and with it
 *	all memberships
 *
 * They are told as far as that is possible at once.
 */
void pfsnl_processes_close(struct pfsnl_process_io *io)
{
	struct pfsnl_process *p;
	struct hlist_node *tmp;
	int i;

	if (!io->inst)
		return;
	/* memberships that ended may have kicked it */
	pfsnl_processes_deafen(io);
	pfsnl_say_drop(io);
	hash_for_each_safe(io->tables->sockets, i, tmp, p, by_portid) {
		hash_del_rcu(&p->by_portid);
		pfsnl_mailbox_close(&p->mailbox, true);
		pfsnl_process_put(p);
	}
	WARN_ON(!hash_empty(io->tables->memberships));
	pfsnl_letter_paper_put(&io->paper);
	kfree(io->tables);
}

/**
 * pfsnl_process_init - be told of sockets that are closed
 *
 * Return: 0 or -errno.
 */
int __init pfsnl_process_init(void)
{
	return netlink_register_notifier(&release_notifier);
}

/**
 * pfsnl_process_exit - be told no more
 *
 * Waits for what is being told. No request may be under way.
 */
void pfsnl_process_exit(void)
{
	netlink_unregister_notifier(&release_notifier);
}
