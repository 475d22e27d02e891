// SPDX-License-Identifier: GPL-2.0
/*
 * The roll: all groups by name, all members by node and number, and the memory that
 * both need. It decides nothing and tells nobody.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "state.h"

/**
 * pfsnl_same_ring - whether two rings are one
 * @a: a ring
 * @b: another
 */
bool pfsnl_same_ring(const struct pfsnl_ring_id *a, const struct pfsnl_ring_id *b)
{
	return a->seq == b->seq && a->leader == b->leader &&
	       a->incarnation == b->incarnation;
}

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

/**
 * pfsnl_is_self - whether this is this node, in this life
 * @core: the core
 * @addr: a node, host order
 * @incarnation: which life of it
 */
bool pfsnl_is_self(const struct pfsnl_core *core, u32 addr, u64 incarnation)
{
	return addr == core->cfg.addr && incarnation == core->incarnation;
}

/**
 * pfsnl_member_new - a process, of spare memory
 * @g: the groups
 * @mate: its node
 * @number: of the membership
 * @pid: the process
 * @name: of the group
 * @len: bytes of that
 *
 * Return: the process, in no tree.
 */
struct pfsnl_group_member *pfsnl_member_new(struct pfsnl_groups *g,
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
	if (!pfsnl_is_self(core, m->addr, m->incarnation))
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
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_mate *mate = mate_of(g, m);

	touch(g, m, PFSNL_GROUP_CHANGE_GONE, why);
	m->group->n--;
	if (mate)
		mate->members--;
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
	m = pfsnl_member_new(g, mate, number, pid, name, len);
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

/**
 * pfsnl_members_settle - all have been told of a change
 * @core: the core
 * @group: of this group; perhaps freed
 */
void pfsnl_members_settle(struct pfsnl_core *core, struct pfsnl_group *group)
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
 * pfsnl_members_forget - free members
 * @core: the core
 * @tree: all of these
 */
void pfsnl_members_forget(struct pfsnl_core *core, struct rb_root *tree)
{
	struct pfsnl_group_member *m;
	struct rb_node *p;

	while ((p = rb_first(tree))) {
		m = rb_entry(p, struct pfsnl_group_member, by_key);
		rb_erase(p, tree);
		free_member(core, m);
	}
}

static void need_of_here(const struct pfsnl_groupmsg *m,
			 struct pfsnl_group_need *need)
{
	u32 i, last_len = 0, members = 0, groups = 0;
	const u8 *p = m->rest, *last = NULL;
	struct pfsnl_here h;

	for (i = 0; i < m->n; i++) {
		p = pfsnl_here_next(p, &h);
		if (h.why)
			continue;
		members++;
		if (last && last_len == h.len && !memcmp(last, h.name, h.len))
			continue;
		last = h.name;
		last_len = h.len;
		groups++;
	}
	/* a node has no more, whatever it says */
	need->members += min_t(u32, members, PFSNL_LOCALS_MAX);
	need->groups += min_t(u32, groups, PFSNL_LOCALS_MAX);
}

/**
 * pfsnl_groups_need - add what a message needs to be delivered
 * @e: the message
 * @need: so much is needed before it
 *
 * It may come out as more than is needed.
 */
void pfsnl_groups_need(const struct pfsnl_entry *e, struct pfsnl_group_need *need)
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
		/* one of them to come, when companies become one */
		need->members += 2;
		need->groups++;
	} else if (m.kind == PFSNL_GROUPMSG_HERE) {
		need_of_here(&m, need);
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
