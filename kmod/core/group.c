// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: who is in which, as the messages that were delivered say. What they need
 * to be delivered is allocated before, so that the same happens on all nodes.
 */
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
	pfsnl_timer_init(&g->overdue, pfsnl_muster_overdue);
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

/**
 * pfsnl_groups_tell - the message at hand has changed all that it changes
 * @core: the core
 */
void pfsnl_groups_tell(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group *group, *tmp;

	if (list_empty(&g->changed))
		return;
	g->generation++;
	list_for_each_entry_safe(group, tmp, &g->changed, changes) {
		tell_group(core, group);
		pfsnl_members_settle(core, group);
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

static void joins(struct pfsnl_core *core, struct pfsnl_mate *mate,
		  const struct pfsnl_groupmsg *m)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *member;
	const char *name = (const char *)m->rest;

	if (g->apart) {
		mate->brings = true;
		pfsnl_member_coming(core, mate, m->number, m->pid, name, m->len);
	}
	if (!mate->ours)
		return;
	if (mate->members >= PFSNL_LOCALS_MAX ||
	    pfsnl_member_find(&g->members, mate->addr, m->number)) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_MALFORMED);
		return;
	}
	member = pfsnl_member_new(g, mate, m->number, m->pid, name, m->len);
	pfsnl_member_came(core, mate, member, PFSNL_GROUP_WHY_JOINED);
}

static void leaves(struct pfsnl_core *core, struct pfsnl_mate *mate,
		   const struct pfsnl_groupmsg *m)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *member;

	member = pfsnl_member_find(&g->coming, mate->addr, m->number);
	if (member)
		pfsnl_member_not_coming(core, mate, member);
	if (!mate->ours)
		return;
	member = pfsnl_member_find(&g->members, mate->addr, m->number);
	if (member)
		pfsnl_member_gone(core, member, m->why);
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
	if (PFSNL_BROKEN(OWN) && pfsnl_is_self(core, mate->addr, mate->incarnation))
		return;
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
	if (m.number && pfsnl_is_self(core, e->sender, e->incarnation))
		pfsnl_local_back(core, m.number, e->n);
	pfsnl_groups_tell(core);
}

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
		.ours = pfsnl_is_self(core, addr, incarnation),
	};
}

/* Who answered another ring answers anew. */
static void begin_anew(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	u32 i;

	if (!PFSNL_BROKEN(ABORT))
		pfsnl_members_forget(core, &g->coming);
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
	pfsnl_timer_at(core, &g->overdue, PFSNL_NEVER);
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
	struct rb_node *p;

	while ((p = rb_first(&g->locals)))
		pfsnl_local_over(core, rb_entry(p, struct pfsnl_local, by_number),
				 PFSNL_GROUP_WHY_DOWN);
	pfsnl_members_forget(core, &g->members);
	pfsnl_members_forget(core, &g->coming);
	pfsnl_groups_trim(core);
	pfsnl_free(core, g->mates);
}

/**
 * pfsnl_core_group_generation - what changes with each change of any group
 * @core: the core
 */
u64 pfsnl_core_group_generation(const struct pfsnl_core *core)
{
	return core->groups.generation;
}
