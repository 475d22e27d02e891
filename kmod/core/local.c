// SPDX-License-Identifier: GPL-2.0
/*
 * Processes of this node: what they want, compared with what the messages say. A
 * process that wants to be a member, and is none, joins; one that is to go, leaves.
 * Each has one message under way at most; what becomes of that decides what is next,
 * so nothing has to be remembered when a message gets lost with its leader.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "state.h"

/**
 * pfsnl_local_find - a process of this node
 * @g: the groups
 * @number: of its membership
 *
 * Return: the process or NULL.
 */
struct pfsnl_local *pfsnl_local_find(const struct pfsnl_groups *g, u32 number)
{
	struct rb_node *p = g->locals.rb_node;

	while (p) {
		struct pfsnl_local *l = rb_entry(p, struct pfsnl_local, by_number);

		if (number == l->number)
			return l;
		p = number < l->number ? p->rb_left : p->rb_right;
	}
	return NULL;
}

static void insert(struct pfsnl_groups *g, struct pfsnl_local *l)
{
	struct rb_node **link = &g->locals.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = l->number < rb_entry(parent, struct pfsnl_local,
					    by_number)->number ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&l->by_number, parent, link);
	rb_insert_color(&l->by_number, &g->locals);
	g->n_locals++;
}

/**
 * pfsnl_local_over - a membership ends
 * @core: the core
 * @l: the process; freed
 * @why: enum pfsnl_group_why
 */
void pfsnl_local_over(struct pfsnl_core *core, struct pfsnl_local *l, u8 why)
{
	struct pfsnl_group_event ev = {
		.kind = PFSNL_GROUP_OVER,
		.who = l->who,
		.number = l->number,
		.group = l->group,
		.why = why,
	};

	if (l->group) {
		list_del(&l->in_group);
		l->group->here--;
	}
	list_del(&l->due);
	rb_erase(&l->by_number, &core->groups.locals);
	core->groups.n_locals--;
	core->ops->group(core->ctx, &ev);
	pfsnl_free(core, l);
}

/**
 * pfsnl_local_due - a process may have something to send
 * @core: the core
 * @l: the process
 */
void pfsnl_local_due(struct pfsnl_core *core, struct pfsnl_local *l)
{
	if (list_empty(&l->due))
		list_add_tail(&l->due, &core->groups.due_locals);
	pfsnl_groups_due(core);
}

/**
 * pfsnl_core_group_join - a process of this node wants to be a member of a group
 * @core: started
 * @now: nanoseconds
 * @name: of the group
 * @pid: the process, for others to see; 0 for one in the kernel
 * @who: handed back with each event
 * @number: set to the number of the membership
 *
 * What happens from then on is told by the operation group(), first that it is a
 * member, as soon as the ring has agreed on that, and last that it is none any more.
 *
 * Return: 0; -EINVAL when no group can have such a name; -ENOSPC when this node has
 * PFSNL_LOCALS_MAX members; -ESHUTDOWN when it leaves; -ENOMEM.
 */
int pfsnl_core_group_join(struct pfsnl_core *core, u64 now, const char *name,
			  u32 pid, void *who, u32 *number)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_local *l;

	if (!pfsnl_group_name_ok(name, strlen(name)))
		return -EINVAL;
	if (core->role == PFSNL_ROLE_DOWN || core->role == PFSNL_ROLE_LEAVING)
		return -ESHUTDOWN;
	if (g->n_locals >= PFSNL_LOCALS_MAX)
		return -ENOSPC;
	pfsnl_core_enter(core, now);
	l = pfsnl_alloc(core, sizeof(*l));
	if (l) {
		do
			g->last_number++;
		while (!g->last_number || pfsnl_local_find(g, g->last_number));
		l->number = g->last_number;
		l->pid = pid;
		l->who = who;
		memcpy(l->name, name, strlen(name));
		INIT_LIST_HEAD(&l->due);
		insert(g, l);
		*number = l->number;
		pfsnl_local_due(core, l);
	}
	pfsnl_core_done(core);
	return l ? 0 : -ENOMEM;
}

/**
 * pfsnl_core_group_leave - a process of this node ceases to be a member
 * @core: started
 * @now: nanoseconds
 * @number: of the membership
 * @why: enum pfsnl_group_why, of the process itself
 *
 * It is told of what happens in the group until all nodes have agreed, then that it
 * is over; that may be before this returns.
 *
 * Return: 0; -ENOENT when there is no such membership, or it goes already.
 */
int pfsnl_core_group_leave(struct pfsnl_core *core, u64 now, u32 number, u8 why)
{
	struct pfsnl_local *l = pfsnl_local_find(&core->groups, number);

	if (!l || l->out)
		return -ENOENT;
	pfsnl_core_enter(core, now);
	l->out = true;
	l->why = why;
	if (!l->group && !l->op && !core->groups.answered)
		pfsnl_local_over(core, l, why);
	else
		pfsnl_local_due(core, l);
	pfsnl_core_done(core);
	return 0;
}

/**
 * pfsnl_core_group_longest - how long a message to a group may be
 * @core: the core
 *
 * Return: bytes.
 */
u32 pfsnl_core_group_longest(const struct pfsnl_core *core)
{
	return pfsnl_order_longest(core) - PFSNL_GROUP_HEAD;
}

/**
 * pfsnl_core_group_send - a member of this node says something to its group
 * @core: started
 * @now: nanoseconds
 * @number: of the membership
 * @flags: PFSNL_MSG_*
 * @data: what it says, copied
 * @len: how many bytes
 * @n: set to this node's count of it, by which it is told what becomes of it
 *
 * It is told to all members, itself included, or, if this node falls out of the
 * ring, perhaps nobody knows (PFSNL_GROUP_UNKNOWN).
 *
 * Return: 0; -ENOTCONN when there is no such membership, or it was told of nothing
 * yet, or it goes; others as pfsnl_core_send().
 */
int pfsnl_core_group_send(struct pfsnl_core *core, u64 now, u32 number, u16 flags,
			  const void *data, u32 len, u64 *n)
{
	struct pfsnl_local *l = pfsnl_local_find(&core->groups, number);
	struct pfsnl_entry *e;
	int err;
	u8 *p;

	if (flags & ~PFSNL_MSG_SAFE)
		return -EINVAL;
	if (!l || l->out || !l->group)
		return -ENOTCONN;
	if (len > pfsnl_core_group_longest(core))
		return -EMSGSIZE;
	err = pfsnl_outbox_room(core, PFSNL_GROUP_HEAD + len);
	if (err)
		return err;
	pfsnl_core_enter(core, now);
	e = pfsnl_entry_raw(core, PFSNL_GROUP_HEAD + len);
	if (e) {
		p = pfsnl_groupmsg_head(e->data, PFSNL_GROUPMSG_SAY, 0, number);
		if (len)
			memcpy(p, data, len);
		*n = pfsnl_outbox_put(core, e, PFSNL_PORT_GROUP, flags);
	}
	pfsnl_core_done(core);
	return e ? 0 : -ENOMEM;
}

/* Return: 0 or -ENOMEM. */
static int send_join(struct pfsnl_core *core, struct pfsnl_local *l)
{
	size_t len = strlen(l->name);
	struct pfsnl_entry *e = pfsnl_entry_new(core, PFSNL_GROUPMSG_JOIN_LEN +
						len);
	u8 *p;

	if (!e)
		return -ENOMEM;
	p = pfsnl_groupmsg_head(e->data, PFSNL_GROUPMSG_JOIN, 0, l->number);
	p = pfsnl_groupmsg_word(p, l->pid);
	memcpy(p, l->name, len);
	l->op = pfsnl_outbox_put(core, e, PFSNL_PORT_GROUP, 0);
	return 0;
}

static int send_leave(struct pfsnl_core *core, struct pfsnl_local *l)
{
	struct pfsnl_entry *e = pfsnl_entry_new(core, PFSNL_GROUPMSG_LEN);

	if (!e)
		return -ENOMEM;
	pfsnl_groupmsg_head(e->data, PFSNL_GROUPMSG_LEAVE, l->why, l->number);
	l->op = pfsnl_outbox_put(core, e, PFSNL_PORT_GROUP, 0);
	return 0;
}

/**
 * pfsnl_local_pump - processes that want to come or are to go do so
 * @core: the core; there is one company only
 */
void pfsnl_local_pump(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_local *l;
	int err = 0;

	while (!list_empty(&g->due_locals) && !err) {
		l = list_first_entry(&g->due_locals, struct pfsnl_local, due);
		if (!l->op && !l->group && l->out) {
			pfsnl_local_over(core, l, l->why);
			continue;
		}
		if (!l->op && !l->group)
			err = send_join(core, l);
		else if (!l->op && l->out)
			err = send_leave(core, l);
		if (!err)
			list_del_init(&l->due);
	}
	if (err)
		pfsnl_groups_later(core);
}

/**
 * pfsnl_local_review - compare all with what the messages say
 * @core: the core
 */
void pfsnl_local_review(struct pfsnl_core *core)
{
	struct rb_node *p;

	for (p = rb_first(&core->groups.locals); p; p = rb_next(p))
		pfsnl_local_due(core, rb_entry(p, struct pfsnl_local, by_number));
}

/**
 * pfsnl_local_done - a JOIN or LEAVE of ours has come back, or nobody knows of it
 * @core: the core
 * @number: of the membership
 * @n: our count of the message
 */
void pfsnl_local_done(struct pfsnl_core *core, u32 number, u64 n)
{
	struct pfsnl_local *l = pfsnl_local_find(&core->groups, number);

	if (!l || l->op != n)
		return;
	l->op = 0;
	pfsnl_local_due(core, l);
}

/**
 * pfsnl_local_back - a JOIN or LEAVE of ours is delivered
 * @core: the core
 * @number: of the membership
 * @n: our count of the message
 *
 * A process that is no member after its JOIN can't be one: somebody has its number,
 * which is so only if this node said what it never says.
 */
void pfsnl_local_back(struct pfsnl_core *core, u32 number, u64 n)
{
	struct pfsnl_local *l = pfsnl_local_find(&core->groups, number);

	if (l && l->op == n && !l->group)
		pfsnl_local_over(core, l, PFSNL_GROUP_WHY_NONE);
	else
		pfsnl_local_done(core, number, n);
}

/**
 * pfsnl_local_unknown - nobody knows what became of a message of ours
 * @core: the core
 * @e: the message
 *
 * Joining and leaving is tried again: it can be done twice.
 */
void pfsnl_local_unknown(struct pfsnl_core *core, const struct pfsnl_entry *e)
{
	struct pfsnl_group_event ev = {
		.kind = PFSNL_GROUP_UNKNOWN,
		.n = e->n,
	};
	struct pfsnl_groupmsg m;
	struct pfsnl_local *l;

	if (e->port != PFSNL_PORT_GROUP ||
	    pfsnl_groupmsg_decode(&m, e->data, e->len) || !m.number)
		return;
	if (m.kind != PFSNL_GROUPMSG_SAY && PFSNL_BROKEN(RETRY))
		return;
	if (m.kind != PFSNL_GROUPMSG_SAY) {
		pfsnl_local_done(core, m.number, e->n);
		return;
	}
	l = pfsnl_local_find(&core->groups, m.number);
	if (!l)
		return;
	ev.who = l->who;
	ev.number = l->number;
	ev.group = l->group;
	core->ops->group(core->ctx, &ev);
}
