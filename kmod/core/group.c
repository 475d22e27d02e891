// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: who is in which, as the messages that were delivered say. What they need
 * to be delivered is allocated before, so that the same happens on all nodes.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "state.h"

static void retry_fire(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	pfsnl_groups_due(core);
}

/**
 * pfsnl_groups_init - there are none yet
 * @core: created
 */
void pfsnl_groups_init(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;

	g->by_name = RB_ROOT;
	g->members = RB_ROOT;
	g->coming = RB_ROOT;
	g->locals = RB_ROOT;
	INIT_LIST_HEAD(&g->changed);
	INIT_LIST_HEAD(&g->spare_members);
	INIT_LIST_HEAD(&g->spare_groups);
	INIT_LIST_HEAD(&g->due_locals);
	pfsnl_timer_init(&g->retry, retry_fire);
}

/**
 * pfsnl_groups_due - something may be to send before the call ends
 * @core: the core
 */
void pfsnl_groups_due(struct pfsnl_core *core)
{
	core->groups.due = true;
	core->order.work = true;
}

/**
 * pfsnl_groups_later - there was no memory to send something
 * @core: the core
 */
void pfsnl_groups_later(struct pfsnl_core *core)
{
	pfsnl_timer_at(core, &core->groups.retry,
		       core->now + PFSNL_RETRY_MS * PFSNL_MS);
}

/* ---- groups by name ---- */

static struct pfsnl_group *find_group(const struct pfsnl_groups *g,
				      const char *name, size_t len)
{
	struct rb_node *p = g->by_name.rb_node;

	while (p) {
		struct pfsnl_group *group = rb_entry(p, struct pfsnl_group,
						     by_name);
		int order = strncmp(name, group->name, len);

		if (!order && group->name[len])
			order = -1;
		if (!order)
			return group;
		p = order < 0 ? p->rb_left : p->rb_right;
	}
	return NULL;
}

/* The group of a name, made of spare memory if there is none. Counts as a use. */
static struct pfsnl_group *get_group(struct pfsnl_groups *g, const char *name,
				     size_t len)
{
	struct rb_node **link = &g->by_name.rb_node, *parent = NULL;
	struct pfsnl_group *group = find_group(g, name, len);

	if (group) {
		group->refs++;
		return group;
	}
	group = list_first_entry(&g->spare_groups, struct pfsnl_group, changes);
	list_del_init(&group->changes);
	g->n_spare_groups--;
	memcpy(group->name, name, len);
	group->members = RB_ROOT;
	group->refs = 1;
	INIT_LIST_HEAD(&group->locals);
	INIT_LIST_HEAD(&group->touched);
	while (*link) {
		struct pfsnl_group *other = rb_entry(*link, struct pfsnl_group,
						     by_name);

		parent = *link;
		link = strcmp(group->name, other->name) < 0 ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&group->by_name, parent, link);
	rb_insert_color(&group->by_name, &g->by_name);
	return group;
}

static void put_group(struct pfsnl_core *core, struct pfsnl_group *group)
{
	if (--group->refs)
		return;
	rb_erase(&group->by_name, &core->groups.by_name);
	pfsnl_free(core, group);
}

static void touch(struct pfsnl_groups *g, struct pfsnl_group_member *m, u8 change,
		  u8 why)
{
	m->change = change;
	m->why = why;
	if (list_empty(&m->touched))
		list_add_tail(&m->touched, &m->group->touched);
	if (list_empty(&m->group->changes))
		list_add_tail(&m->group->changes, &g->changed);
}

/* ---- members by node and number ---- */

static bool before(const struct pfsnl_group_member *m, u32 addr, u32 number)
{
	return m->addr != addr ? m->addr < addr : m->number < number;
}

#define insert_member(m, field, tree) do {				\
	struct rb_node **link = &(tree)->rb_node, *parent = NULL;	\
									\
	while (*link) {							\
		parent = *link;						\
		link = before(rb_entry(parent, struct pfsnl_group_member, \
				       field), (m)->addr, (m)->number) ? \
		       &parent->rb_right : &parent->rb_left;		\
	}								\
	rb_link_node(&(m)->field, parent, link);			\
	rb_insert_color(&(m)->field, tree);				\
} while (0)

/**
 * pfsnl_member_find - a member
 * @tree: members by node and number
 * @addr: the node
 * @number: the number
 *
 * Return: the member or NULL.
 */
struct pfsnl_group_member *pfsnl_member_find(const struct rb_root *tree, u32 addr,
					     u32 number)
{
	struct pfsnl_group_member *m = number ?
		pfsnl_member_next_of(tree, addr, number - 1) : NULL;

	return m && m->number == number ? m : NULL;
}

/**
 * pfsnl_member_next_of - the next member of a node
 * @tree: members by node and number
 * @addr: the node
 * @after: its number is above this
 *
 * Return: the member or NULL.
 */
struct pfsnl_group_member *pfsnl_member_next_of(const struct rb_root *tree,
						u32 addr, u32 after)
{
	struct pfsnl_group_member *best = NULL;
	struct rb_node *p = tree->rb_node;

	if (after == U32_MAX)
		return NULL;
	while (p) {
		struct pfsnl_group_member *m =
			rb_entry(p, struct pfsnl_group_member, by_key);

		if (before(m, addr, after + 1)) {
			p = p->rb_right;
		} else {
			best = m;
			p = p->rb_left;
		}
	}
	return best && best->addr == addr ? best : NULL;
}

/**
 * pfsnl_mate_find - a node that takes part
 * @g: the groups
 * @addr: which
 * @incarnation: which life of it
 *
 * Return: the node or NULL.
 */
struct pfsnl_mate *pfsnl_mate_find(const struct pfsnl_groups *g, u32 addr,
				   u64 incarnation)
{
	u32 low = 0, high = g->n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (g->mates[mid].addr == addr)
			return g->mates[mid].incarnation == incarnation ?
			       &g->mates[mid] : NULL;
		if (g->mates[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static struct pfsnl_mate *mate_of(const struct pfsnl_groups *g,
				  const struct pfsnl_group_member *m)
{
	return pfsnl_mate_find(g, m->addr, m->incarnation);
}

static bool is_self(const struct pfsnl_core *core, u32 addr, u64 incarnation)
{
	return addr == core->cfg.addr && incarnation == core->incarnation;
}

/* A member, of spare memory. */
static struct pfsnl_group_member *new_member(struct pfsnl_groups *g,
					     const struct pfsnl_mate *mate,
					     u32 number, u32 pid,
					     const char *name, size_t len)
{
	struct pfsnl_group_member *m =
		list_first_entry(&g->spare_members, struct pfsnl_group_member,
				 touched);

	list_del_init(&m->touched);
	g->n_spare_members--;
	m->group = get_group(g, name, len);
	m->incarnation = mate->incarnation;
	m->addr = mate->addr;
	m->number = number;
	m->pid = pid;
	return m;
}

static void free_member(struct pfsnl_core *core, struct pfsnl_group_member *m)
{
	put_group(core, m->group);
	pfsnl_free(core, m);
}

/**
 * pfsnl_member_came - a process is a member from here on
 * @core: the core
 * @mate: its node
 * @m: the process, in no tree
 * @why: enum pfsnl_group_why
 */
void pfsnl_member_came(struct pfsnl_core *core, struct pfsnl_mate *mate,
		       struct pfsnl_group_member *m, u8 why)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_local *l;

	touch(g, m, PFSNL_GROUP_CHANGE_CAME, why);
	insert_member(m, by_key, &g->members);
	insert_member(m, in_group, &m->group->members);
	m->group->n++;
	mate->members++;
	if (!is_self(core, m->addr, m->incarnation))
		return;
	l = pfsnl_local_find(g, m->number);
	if (!l)
		return;
	l->group = m->group;
	l->fresh = true;
	list_add_tail(&l->in_group, &m->group->locals);
	m->group->here++;
}

/**
 * pfsnl_member_gone - a process is no member from here on
 * @core: the core
 * @m: the member; freed when all are told
 * @why: enum pfsnl_group_why
 */
void pfsnl_member_gone(struct pfsnl_core *core, struct pfsnl_group_member *m,
		       u8 why)
{
	touch(&core->groups, m, PFSNL_GROUP_CHANGE_GONE, why);
}

/**
 * pfsnl_member_coming - a process is to be a member when companies become one
 * @core: the core
 * @mate: its node
 * @number: of the membership
 * @pid: the process
 * @name: of the group
 * @len: bytes of that
 *
 * Return: whether it can.
 */
bool pfsnl_member_coming(struct pfsnl_core *core, struct pfsnl_mate *mate,
			 u32 number, u32 pid, const char *name, u32 len)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m;

	if (mate->coming >= PFSNL_LOCALS_MAX ||
	    pfsnl_member_find(&g->coming, mate->addr, number))
		return false;
	m = new_member(g, mate, number, pid, name, len);
	insert_member(m, by_key, &g->coming);
	mate->coming++;
	return true;
}

/**
 * pfsnl_member_not_coming - forget one that was to come
 * @core: the core
 * @mate: its node
 * @m: the process; freed
 */
void pfsnl_member_not_coming(struct pfsnl_core *core, struct pfsnl_mate *mate,
			     struct pfsnl_group_member *m)
{
	rb_erase(&m->by_key, &core->groups.coming);
	mate->coming--;
	free_member(core, m);
}

/* ---- memory ---- */

static void need_of_here(const struct pfsnl_groups *g,
			 const struct pfsnl_groupmsg *m,
			 struct pfsnl_group_need *need)
{
	const u8 *p = m->rest, *last = NULL;
	struct pfsnl_here h;
	u32 i, last_len = 0;

	for (i = 0; i < m->n; i++) {
		p = pfsnl_here_next(p, &h);
		if (h.why)
			continue;
		need->members++;
		if (last && last_len == h.len && !memcmp(last, h.name, h.len))
			continue;
		last = h.name;
		last_len = h.len;
		need->groups++;
	}
}

/**
 * pfsnl_groups_need - add what a message needs to be delivered
 * @core: the core
 * @e: the message
 * @need: so much is needed before it
 *
 * It may come out as more than is needed.
 */
void pfsnl_groups_need(const struct pfsnl_core *core, const struct pfsnl_entry *e,
		       struct pfsnl_group_need *need)
{
	struct pfsnl_groupmsg m;
	struct pfsnl_mark mark;

	if (e->port == PFSNL_PORT_RING &&
	    !pfsnl_mark_decode(&mark, e->data, e->len))
		need->mates += mark.added;
	if (e->port != PFSNL_PORT_GROUP ||
	    pfsnl_groupmsg_decode(&m, e->data, e->len))
		return;
	if (m.kind == PFSNL_GROUPMSG_JOIN) {
		need->members++;
		need->groups++;
	} else if (m.kind == PFSNL_GROUPMSG_HERE) {
		need_of_here(&core->groups, &m, need);
	}
}

static int reserve_mates(struct pfsnl_core *core, u32 more)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_mate *mates;

	if (g->n + more <= g->size)
		return 0;
	mates = pfsnl_alloc(core, ((size_t)g->n + more) * sizeof(*mates));
	if (!mates)
		return -ENOMEM;
	if (g->n)
		memcpy(mates, g->mates, g->n * sizeof(*mates));
	pfsnl_free(core, g->mates);
	g->mates = mates;
	g->size = g->n + more;
	return 0;
}

/**
 * pfsnl_groups_reserve - have the memory that messages need
 * @core: the core
 * @need: so much
 *
 * Return: 0 or -ENOMEM.
 */
int pfsnl_groups_reserve(struct pfsnl_core *core,
			 const struct pfsnl_group_need *need)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m;
	struct pfsnl_group *group;

	while (g->n_spare_members < need->members) {
		m = pfsnl_alloc(core, sizeof(*m));
		if (!m)
			return -ENOMEM;
		list_add(&m->touched, &g->spare_members);
		g->n_spare_members++;
	}
	while (g->n_spare_groups < need->groups) {
		group = pfsnl_alloc(core, sizeof(*group));
		if (!group)
			return -ENOMEM;
		list_add(&group->changes, &g->spare_groups);
		g->n_spare_groups++;
	}
	return need->mates ? reserve_mates(core, need->mates) : 0;
}

/**
 * pfsnl_groups_trim - give back what was reserved and not needed
 * @core: the core
 */
void pfsnl_groups_trim(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m, *m_tmp;
	struct pfsnl_group *group, *g_tmp;

	list_for_each_entry_safe(m, m_tmp, &g->spare_members, touched)
		pfsnl_free(core, m);
	INIT_LIST_HEAD(&g->spare_members);
	g->n_spare_members = 0;
	list_for_each_entry_safe(group, g_tmp, &g->spare_groups, changes)
		pfsnl_free(core, group);
	INIT_LIST_HEAD(&g->spare_groups);
	g->n_spare_groups = 0;
}

/* ---- telling ---- */

static void tell(struct pfsnl_core *core, struct pfsnl_local *l,
		 struct pfsnl_group_event *ev)
{
	ev->who = l->who;
	ev->number = l->number;
	core->ops->group(core->ctx, ev);
}

/* Whether a process of ours goes by the change at hand. */
static bool goes(const struct pfsnl_core *core, const struct pfsnl_local *l,
		 u8 *why)
{
	const struct pfsnl_group_member *m =
		pfsnl_member_find(&core->groups.members, core->cfg.addr,
				  l->number);

	*why = m ? m->why : PFSNL_GROUP_WHY_NONE;
	return !m || m->change == PFSNL_GROUP_CHANGE_GONE;
}

/* Those that don't go are told first; whoever goes is told only that. */
static void tell_group(struct pfsnl_core *core, struct pfsnl_group *group)
{
	struct pfsnl_group_event ev = {
		.kind = PFSNL_GROUP_CHANGED,
		.group = group,
		.ring = &core->groups.ring,
	};
	struct pfsnl_local *l, *tmp;
	u8 why;

	list_for_each_entry_safe(l, tmp, &group->locals, in_group) {
		if (goes(core, l, &why)) {
			pfsnl_local_over(core, l, why);
			continue;
		}
		ev.whole = l->fresh;
		l->fresh = false;
		tell(core, l, &ev);
	}
}

/* The change has been told. */
static void settle(struct pfsnl_core *core, struct pfsnl_group *group)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m, *tmp;

	group->refs++;
	list_for_each_entry_safe(m, tmp, &group->touched, touched) {
		list_del_init(&m->touched);
		m->why = PFSNL_GROUP_WHY_NONE;
		if (m->change != PFSNL_GROUP_CHANGE_GONE) {
			m->change = PFSNL_GROUP_CHANGE_STAYS;
			continue;
		}
		rb_erase(&m->in_group, &group->members);
		rb_erase(&m->by_key, &g->members);
		free_member(core, m);
	}
	list_del_init(&group->changes);
	put_group(core, group);
}

/**
 * pfsnl_groups_tell - the message at hand has changed all that it changes
 * @core: the core
 */
void pfsnl_groups_tell(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group *group, *tmp;
	struct pfsnl_group_member *m;
	struct pfsnl_mate *mate;

	if (list_empty(&g->changed))
		return;
	g->generation++;
	list_for_each_entry(group, &g->changed, changes)
		list_for_each_entry(m, &group->touched, touched) {
			if (m->change != PFSNL_GROUP_CHANGE_GONE)
				continue;
			group->n--;
			mate = mate_of(g, m);
			if (mate)
				mate->members--;
		}
	list_for_each_entry_safe(group, tmp, &g->changed, changes) {
		tell_group(core, group);
		settle(core, group);
	}
}

/**
 * pfsnl_groups_lost - the ring lost nodes before all had what follows
 * @core: the core
 * @lost: which
 * @n: how many
 */
void pfsnl_groups_lost(struct pfsnl_core *core, const struct pfsnl_viewed *lost,
		       u32 n)
{
	struct pfsnl_group_event ev = {
		.kind = PFSNL_GROUP_TRANSITIONAL,
		.lost = lost,
		.n_lost = n,
	};
	struct pfsnl_local *l;
	struct rb_node *p;

	for (p = rb_first(&core->groups.locals); p; p = rb_next(p)) {
		l = rb_entry(p, struct pfsnl_local, by_number);
		ev.group = l->group;
		if (l->group)
			tell(core, l, &ev);
	}
}

/* ---- messages ---- */

static void joins(struct pfsnl_core *core, struct pfsnl_mate *mate,
		  const struct pfsnl_groupmsg *m)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *member;
	const char *name = (const char *)m->rest;

	if (!mate->ours) {
		mate->brings = true;
		if (!pfsnl_member_coming(core, mate, m->number, m->pid, name,
					 m->len))
			pfsnl_count(core, PFSNL_COUNT_GROUP_MALFORMED);
		return;
	}
	if (mate->members >= PFSNL_LOCALS_MAX ||
	    pfsnl_member_find(&g->members, mate->addr, m->number)) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_MALFORMED);
		return;
	}
	member = new_member(g, mate, m->number, m->pid, name, m->len);
	pfsnl_member_came(core, mate, member, PFSNL_GROUP_WHY_JOINED);
}

static void leaves(struct pfsnl_core *core, struct pfsnl_mate *mate,
		   const struct pfsnl_groupmsg *m)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *member =
		pfsnl_member_find(mate->ours ? &g->members : &g->coming,
				  mate->addr, m->number);

	if (member && mate->ours)
		pfsnl_member_gone(core, member, m->why);
	else if (member)
		pfsnl_member_not_coming(core, mate, member);
}

static void says(struct pfsnl_core *core, const struct pfsnl_mate *mate,
		 const struct pfsnl_entry *e, const struct pfsnl_groupmsg *m)
{
	struct pfsnl_group_member *sender =
		pfsnl_member_find(&core->groups.members, mate->addr, m->number);
	struct pfsnl_group_event ev = {
		.kind = PFSNL_GROUP_MESSAGE,
		.sender = sender,
		.place = e->number,
		.n = e->n,
		.flags = e->flags,
		.data = m->rest,
		.len = m->len,
	};
	struct pfsnl_local *l;

	/* those of other companies are not ours to hear */
	if (!mate->ours)
		return;
	if (!sender) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_STRANGER);
		return;
	}
	ev.group = sender->group;
	list_for_each_entry(l, &sender->group->locals, in_group)
		tell(core, l, &ev);
}

/**
 * pfsnl_groups_message - a message about groups is delivered
 * @core: the core; what it needs is reserved
 * @e: the message
 */
void pfsnl_groups_message(struct pfsnl_core *core, const struct pfsnl_entry *e)
{
	struct pfsnl_mate *mate = pfsnl_mate_find(&core->groups, e->sender,
						  e->incarnation);
	struct pfsnl_groupmsg m;

	if (!mate || pfsnl_groupmsg_decode(&m, e->data, e->len)) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_MALFORMED);
		return;
	}
	switch (m.kind) {
	case PFSNL_GROUPMSG_JOIN:
		joins(core, mate, &m);
		break;
	case PFSNL_GROUPMSG_LEAVE:
		leaves(core, mate, &m);
		break;
	case PFSNL_GROUPMSG_SAY:
		says(core, mate, e, &m);
		return;
	case PFSNL_GROUPMSG_MUSTER:
		pfsnl_muster_asked(core, e, &m);
		break;
	case PFSNL_GROUPMSG_HERE:
		pfsnl_muster_here(core, mate, &m);
		break;
	}
	if (m.number && is_self(core, e->sender, e->incarnation))
		pfsnl_local_done(core, m.number, e->n);
	pfsnl_groups_tell(core);
}

/* ---- rings ---- */

static u8 why_of(u32 why)
{
	switch (why) {
	case PFSNL_WHY_LEFT:
		return PFSNL_GROUP_WHY_NODE_LEFT;
	case PFSNL_WHY_ALONE:
		return PFSNL_GROUP_WHY_NODE_LOST;
	default:
		return PFSNL_GROUP_WHY_NODE_FAILED;
	}
}

static void remove_mate(struct pfsnl_core *core, u32 addr, u64 incarnation,
			u32 why)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_mate *mate = pfsnl_mate_find(g, addr, incarnation);
	struct pfsnl_group_member *m;
	u32 number = 0;

	if (!mate)
		return;
	while ((m = pfsnl_member_next_of(&g->members, addr, number)) &&
	       !PFSNL_BROKEN(GHOST)) {
		number = m->number;
		pfsnl_member_gone(core, m, why_of(why));
	}
	g->n--;
	memmove(mate, mate + 1, (g->mates + g->n - mate) * sizeof(*mate));
}

static void add_mate(struct pfsnl_core *core, u32 addr, u64 incarnation, u32 why)
{
	struct pfsnl_groups *g = &core->groups;
	u32 i = g->n;

	while (i && g->mates[i - 1].addr > addr)
		i--;
	memmove(g->mates + i + 1, g->mates + i, (g->n - i) * sizeof(*g->mates));
	g->n++;
	g->mates[i] = (struct pfsnl_mate) {
		.incarnation = incarnation,
		.addr = addr,
		.why = why == PFSNL_WHY_MERGED ? PFSNL_GROUP_WHY_NODE_MERGED :
						 PFSNL_GROUP_WHY_NODE_JOINED,
		.ours = is_self(core, addr, incarnation),
	};
}

/* Who answered another ring answers anew. */
static void begin_anew(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m;
	struct rb_node *p;
	u32 i;

	while (!PFSNL_BROKEN(ABORT) && (p = rb_first(&g->coming))) {
		m = rb_entry(p, struct pfsnl_group_member, by_key);
		rb_erase(p, &g->coming);
		free_member(core, m);
	}
	g->apart = false;
	for (i = 0; i < g->n; i++) {
		struct pfsnl_mate *mate = &g->mates[i];

		if (!PFSNL_BROKEN(ABORT))
			mate->coming = 0;
		mate->asked = false;
		mate->begun = false;
		mate->answered = false;
		g->apart |= !mate->ours;
	}
	g->awaited = 0;
	g->asked = false;
	g->mustered = false;
	g->answered = false;
}

/**
 * pfsnl_groups_ring - a ring takes its turn among the messages
 * @core: the core; room for the nodes that come is reserved
 * @m: its mark
 */
void pfsnl_groups_ring(struct pfsnl_core *core, const struct pfsnl_mark *m)
{
	u32 i, addr, why;
	u64 incarnation;

	core->groups.ring = m->ring;
	for (i = 0; i < m->removed; i++) {
		pfsnl_mark_read(m, i, &addr, &why, &incarnation);
		remove_mate(core, addr, incarnation, why);
	}
	pfsnl_groups_tell(core);
	for (; i < m->removed + m->added; i++) {
		pfsnl_mark_read(m, i, &addr, &why, &incarnation);
		add_mate(core, addr, incarnation, why);
	}
	begin_anew(core);
	pfsnl_groups_due(core);
}

/**
 * pfsnl_groups_pump - send what became possible
 * @core: the core
 */
void pfsnl_groups_pump(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;

	if (!g->due)
		return;
	g->due = false;
	if (core->role == PFSNL_ROLE_DOWN || core->role == PFSNL_ROLE_LEAVING ||
	    !g->n)
		return;
	if (g->apart)
		pfsnl_muster_pump(core);
	else
		pfsnl_local_pump(core);
}

/**
 * pfsnl_groups_exit - free all of it; memberships end
 * @core: the core
 */
void pfsnl_groups_exit(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m;
	struct rb_node *p;

	while ((p = rb_first(&g->locals)))
		pfsnl_local_over(core, rb_entry(p, struct pfsnl_local, by_number),
				 PFSNL_GROUP_WHY_DOWN);
	while ((p = rb_first(&g->members))) {
		m = rb_entry(p, struct pfsnl_group_member, by_key);
		rb_erase(p, &g->members);
		free_member(core, m);
	}
	while ((p = rb_first(&g->coming))) {
		m = rb_entry(p, struct pfsnl_group_member, by_key);
		rb_erase(p, &g->coming);
		free_member(core, m);
	}
	pfsnl_groups_trim(core);
	pfsnl_free(core, g->mates);
}

/* ---- for the surroundings ---- */

/**
 * pfsnl_core_group_generation - what changes with each change of any group
 * @core: the core
 */
u64 pfsnl_core_group_generation(const struct pfsnl_core *core)
{
	return core->groups.generation;
}

/**
 * pfsnl_core_group_find - a group that has members
 * @core: the core
 * @name: its name
 *
 * Return: the group, valid as long as the core is not called, or NULL.
 */
const struct pfsnl_group *pfsnl_core_group_find(const struct pfsnl_core *core,
						const char *name)
{
	const struct pfsnl_group *g = find_group(&core->groups, name,
						 strlen(name));

	return g && g->n ? g : NULL;
}

/**
 * pfsnl_core_group_after - the next group that has members, by name
 * @core: the core
 * @name: after this one; "" for the first
 *
 * Return: the group, valid as long as the core is not called, or NULL.
 */
const struct pfsnl_group *pfsnl_core_group_after(const struct pfsnl_core *core,
						 const char *name)
{
	struct rb_node *p = core->groups.by_name.rb_node;
	struct rb_node *best = NULL;

	while (p) {
		if (strcmp(name, rb_entry(p, struct pfsnl_group,
					  by_name)->name) < 0) {
			best = p;
			p = p->rb_left;
		} else {
			p = p->rb_right;
		}
	}
	while (best && !rb_entry(best, struct pfsnl_group, by_name)->n)
		best = rb_next(best);
	return best ? rb_entry(best, struct pfsnl_group, by_name) : NULL;
}

/**
 * pfsnl_group_member_after - the next member of a group, by node and number
 * @g: the group
 * @addr: after this node, host order, ...
 * @number: ... and number; 0 and 0 for the first
 *
 * Return: the member or NULL.
 */
const struct pfsnl_group_member *
pfsnl_group_member_after(const struct pfsnl_group *g, u32 addr, u32 number)
{
	struct pfsnl_group_member *best = NULL, *m;
	struct rb_node *p = g->members.rb_node;

	while (p) {
		m = rb_entry(p, struct pfsnl_group_member, in_group);
		if (before(m, addr, number) ||
		    (m->addr == addr && m->number == number)) {
			p = p->rb_right;
		} else {
			best = m;
			p = p->rb_left;
		}
	}
	return best;
}

/**
 * pfsnl_group_touched_next - the next member that came or is gone
 * @g: a group that changes
 * @m: the one before, NULL for the first
 *
 * Return: the member or NULL.
 */
const struct pfsnl_group_member *
pfsnl_group_touched_next(const struct pfsnl_group *g,
			 const struct pfsnl_group_member *m)
{
	const struct list_head *next = m ? m->touched.next : g->touched.next;

	return next == &g->touched ? NULL :
	       list_entry(next, struct pfsnl_group_member, touched);
}
