// SPDX-License-Identifier: GPL-2.0
/*
 * Members of groups in the kernel. A client is a process with one membership and no
 * socket; what sockets are told by letters it is told by calls, in the node thread.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfsnl.h>
#include <net/net_namespace.h>

#include "core/core.h"
#include "core/group.h"
#include "instance.h"
#include "process.h"

static void fill_peer(struct pfsnl_group_peer *peer,
		      const struct pfsnl_group_member *m)
{
	peer->addr = htonl(m->addr);
	peer->number = m->number;
	peer->pid = m->pid;
	peer->change = m->change;
	peer->why = m->why;
}

static bool is_named(const struct pfsnl_group_event *ev,
		     const struct pfsnl_group_member *m)
{
	return ev->whole ? m->change != PFSNL_GROUP_CHANGE_GONE :
			   m->change != PFSNL_GROUP_CHANGE_STAYS;
}

/* Fill @peers, unless NULL, with those that are named. Return: how many. */
static u32 list_peers(const struct pfsnl_group_event *ev,
		      struct pfsnl_group_peer *peers)
{
	const struct pfsnl_group_member *m;
	u32 n = 0;

	for (m = pfsnl_group_member_after(ev->group, 0, 0); m;
	     m = pfsnl_group_member_after(ev->group, m->addr, m->number)) {
		if (!is_named(ev, m))
			continue;
		if (peers)
			fill_peer(&peers[n], m);
		n++;
	}
	return n;
}

static int changed(struct pfsnl_membership *m,
		   const struct pfsnl_group_event *ev)
{
	u32 n = list_peers(ev, NULL);
	struct pfsnl_group_peer *peers = kvcalloc(n, sizeof(*peers), GFP_KERNEL);

	if (!peers)
		return -ENOMEM;
	list_peers(ev, peers);
	m->ops->changed(m->priv, peers, n, ev->whole, ev->group->n);
	kvfree(peers);
	return 0;
}

static void message(struct pfsnl_membership *m,
		    const struct pfsnl_group_event *ev, bool own, u64 cookie)
{
	struct pfsnl_group_heard heard = {
		.place = ev->place,
		.safe = ev->flags & PFSNL_MSG_SAFE,
		.own = own,
		.cookie = cookie,
		.data = ev->data,
		.len = ev->len,
	};

	fill_peer(&heard.sender, ev->sender);
	m->ops->message(m->priv, &heard);
}

static int transitional(struct pfsnl_membership *m,
			const struct pfsnl_group_event *ev)
{
	__be32 *lost = kvmalloc_array(ev->n_lost, sizeof(*lost), GFP_KERNEL);
	u32 i;

	if (!lost && ev->n_lost)
		return -ENOMEM;
	for (i = 0; i < ev->n_lost; i++)
		lost[i] = htonl(ev->lost[i].addr);
	m->ops->transitional(m->priv, lost, ev->n_lost);
	kvfree(lost);
	return 0;
}

static void over(struct pfsnl_membership *m, u8 why)
{
	if (!m->deaf && m->ops->over)
		m->ops->over(m->priv, why);
	complete_all(&m->done);
}

/**
 * pfsnl_client_event - the core tells a client something
 * @m: its membership
 * @ev: what
 * @own: it is a message of its own
 * @cookie: its number of that
 *
 * Node thread, under the instance lock; may sleep.
 *
 * Return: 0, or -ENOMEM when it could not be told.
 */
int pfsnl_client_event(struct pfsnl_membership *m,
		       const struct pfsnl_group_event *ev, bool own,
		       u64 cookie)
{
	switch (ev->kind) {
	case PFSNL_GROUP_CHANGED:
		return m->ops->changed ? changed(m, ev) : 0;
	case PFSNL_GROUP_MESSAGE:
		if (m->ops->message)
			message(m, ev, own, cookie);
		return 0;
	case PFSNL_GROUP_TRANSITIONAL:
		return m->ops->transitional ? transitional(m, ev) : 0;
	case PFSNL_GROUP_OVER:
		over(m, ev->why);
		return 0;
	default:
		return 0;
	}
}

/**
 * pfsnl_client_unknown - nobody knows what became of a message
 * @m: the membership of its sender, a client
 * @cookie: the sender's number
 *
 * Node thread; may sleep.
 */
void pfsnl_client_unknown(struct pfsnl_membership *m, u64 cookie)
{
	if (m->ops->unknown)
		m->ops->unknown(m->priv, cookie);
}

/**
 * pfsnl_client_room - a client that was told to try again may send
 * @m: its membership
 *
 * Node thread; may sleep.
 */
void pfsnl_client_room(struct pfsnl_membership *m)
{
	if (m->ops->room)
		m->ops->room(m->priv);
}

static struct pfsnl_membership *join(struct pfsnl_instance *inst,
				     struct net *net, const char *name,
				     const struct pfsnl_group_ops *ops,
				     void *priv)
{
	struct pfsnl_process *p = pfsnl_process_new(&inst->processes);
	struct pfsnl_membership *m = NULL;
	int err = -ENOMEM;

	if (p) {
		m = pfsnl_membership_new(p, name);
		pfsnl_process_put(p);
	}
	if (m) {
		m->ops = ops;
		m->priv = priv;
		m->net = net;
		err = pfsnl_membership_begin(m, 0, NULL);
	}
	if (!err)
		return m;
	if (m)
		pfsnl_membership_put(m);
	return ERR_PTR(err);
}

/**
 * pfsnl_group_join - become a member of a group
 * @net: network namespace of the node; must stay until pfsnl_group_leave()
 * @name: of the group, 1 to PFSNL_GROUP_NAME_MAX bytes
 * @ops: how to be told what happens; they may be called before this returns
 * @priv: handed to them
 *
 * May sleep.
 *
 * Return: the membership, to be given to pfsnl_group_leave() in the end, or an
 * error: -ENETDOWN when no instance is up in the namespace or it is being taken
 * down, -EINVAL for a name that can't be, -ENOSPC when the node has too many
 * members, -ENOMEM, -ENODEV when @ops->owner is being unloaded.
 */
struct pfsnl_membership *pfsnl_group_join(struct net *net, const char *name,
					  const struct pfsnl_group_ops *ops,
					  void *priv)
{
	struct pfsnl_membership *m = ERR_PTR(-ENETDOWN);
	struct pfsnl_instance *inst;

	if (strnlen(name, PFSNL_GROUP_NAME_MAX + 1) > PFSNL_GROUP_NAME_MAX)
		return ERR_PTR(-EINVAL);
	if (!try_module_get(ops->owner))
		return ERR_PTR(-ENODEV);
	inst = pfsnl_instance_get(net);
	if (inst) {
		m = join(inst, net, name, ops, priv);
		pfsnl_instance_put(net);
	}
	if (IS_ERR(m))
		module_put(ops->owner);
	return m;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_group_join, PFSNL);

/**
 * pfsnl_group_send - send a message to all members of the group
 * @m: the membership
 * @data: what it says, copied
 * @len: bytes of it
 * @safe: deliver it only when all nodes are known to have it
 * @cookie: a number by which to know it again
 *
 * May sleep for memory; waits for nothing else.
 *
 * Return: 0, and then it is heard back, or unknown, or the membership ends;
 * -EAGAIN when too much is under way, and room() tells when that is over;
 * -ENOTCONN before the first change and after the end; -EMSGSIZE; -ENOMEM.
 */
int pfsnl_group_send(struct pfsnl_membership *m, const void *data, u32 len,
		     bool safe, u64 cookie)
{
	struct pfsnl_words words = {
		.number = m->number,
		.cookie = cookie,
		.flags = safe ? PFSNL_MSG_SAFE : 0,
		.total = len,
		.len = len,
		.data = data,
	};
	int err = -ENOTCONN;

	/* an instance that is there now is that of the membership, or that is over */
	if (pfsnl_instance_get(m->net)) {
		if (!READ_ONCE(m->over))
			err = pfsnl_say(m, &words, NULL);
		pfsnl_instance_put(m->net);
	}
	return err;
}
EXPORT_SYMBOL_NS_GPL(pfsnl_group_send, PFSNL);

/**
 * struct mute - a client does not want to be told any more
 * @work: node thread
 * @m: its membership
 */
struct mute {
	struct kthread_work work;
	struct pfsnl_membership *m;
};

static void mute_work(struct kthread_work *work)
{
	struct pfsnl_membership *m = container_of(work, struct mute, work)->m;

	m->muted = true;
	m->deaf = true;
}

/**
 * pfsnl_group_leave - cease to be a member, if that is not so already
 * @m: the membership; must not be used any more
 *
 * What was sent before is still delivered to the others. May sleep. When this
 * returns no operation runs, and none will be called.
 */
void pfsnl_group_leave(struct pfsnl_membership *m)
{
	const struct pfsnl_group_ops *ops = m->ops;
	struct pfsnl_instance *inst = pfsnl_instance_get(m->net);
	struct mute mute = { .m = m };

	if (inst && !READ_ONCE(m->over)) {
		kthread_init_work(&mute.work, mute_work);
		kthread_queue_work(inst->worker, &mute.work);
		kthread_flush_work(&mute.work);
		pfsnl_membership_end(m, PFSNL_GROUP_WHY_LEFT);
		pfsnl_instance_put(m->net);
	} else {
		if (inst)
			pfsnl_instance_put(m->net);
		/* it is over, or about to be: the instance ends */
		wait_for_completion(&m->done);
	}
	pfsnl_membership_put(m);
	module_put(ops->owner);
}
EXPORT_SYMBOL_NS_GPL(pfsnl_group_leave, PFSNL);
