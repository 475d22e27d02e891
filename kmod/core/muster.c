// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes that come together learn each other's members: the leader asks (MUSTER), who
 * is asked says which members it has (HERE), and with the last answer companies
 * become one. All of it by ordered messages, so that it happens at the same place
 * for everybody. See groups.h.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "state.h"

/* Whether a node may have members that others don't know. */
static bool is_asked(const struct pfsnl_core *core, const struct pfsnl_mate *mate)
{
	const struct pfsnl_node *n;

	if (mate->ours)
		return mate->members;
	if (mate->brings)
		return true;
	n = pfsnl_roster_find(&core->roster, mate->addr);
	return !n || !n->c->tether || n->c->tether->flow.processes;
}

/* Ask those whose members not everybody knows. */
static void muster(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_entry *e;
	u32 i, n = 0;
	u8 *p;

	for (i = 0; i < g->n; i++)
		n += is_asked(core, &g->mates[i]);
	e = pfsnl_entry_new(core, PFSNL_GROUPMSG_RING_LEN + 4 * n);
	if (!e) {
		pfsnl_groups_later(core);
		return;
	}
	p = pfsnl_groupmsg_head(e->data, PFSNL_GROUPMSG_MUSTER, 0, n);
	p = pfsnl_groupmsg_ring(p, &g->ring);
	for (i = 0; i < g->n; i++)
		if (is_asked(core, &g->mates[i]))
			p = pfsnl_groupmsg_word(p, g->mates[i].addr);
	pfsnl_outbox_put(core, e, PFSNL_PORT_GROUP, 0);
	g->mustered = true;
}

/* What this node says of a process; or nothing. */
static bool says_of(const struct pfsnl_local *l, struct pfsnl_here *h)
{
	if (l->out && !l->group && !l->op)
		return false;
	*h = (struct pfsnl_here) {
		.number = l->number,
		.pid = l->pid,
		.why = l->out ? l->why : PFSNL_GROUP_WHY_NONE,
		.len = strlen(l->name),
		.name = (const u8 *)l->name,
	};
	return true;
}

static struct pfsnl_local *next_local(struct rb_node *p)
{
	return p ? rb_entry(p, struct pfsnl_local, by_number) : NULL;
}

/*
 * One message of the answer, beginning with a process; @l is set to the first that
 * found no room, or NULL.
 */
static struct pfsnl_entry *here(struct pfsnl_core *core, struct pfsnl_local **l,
				u8 flags)
{
	u32 most = min_t(u32, pfsnl_order_longest(core), PFSNL_PIECE_MAX);
	u32 n = 0, len = PFSNL_GROUPMSG_RING_LEN;
	struct pfsnl_local *at, *end;
	struct pfsnl_entry *e;
	struct pfsnl_here h;
	u8 *p;

	for (end = *l; end; end = next_local(rb_next(&end->by_number))) {
		if (!says_of(end, &h))
			continue;
		if (len + PFSNL_HERE_RECORD_LEN + h.len > most)
			break;
		len += PFSNL_HERE_RECORD_LEN + h.len;
		n++;
	}
	if (!end)
		flags |= PFSNL_HERE_LAST;
	e = pfsnl_entry_new(core, len);
	if (!e)
		return NULL;
	p = pfsnl_groupmsg_head(e->data, PFSNL_GROUPMSG_HERE, flags, n);
	p = pfsnl_groupmsg_ring(p, &core->groups.ring);
	for (at = *l; at != end; at = next_local(rb_next(&at->by_number)))
		if (says_of(at, &h))
			p = pfsnl_here_encode(p, &h);
	*l = end;
	return e;
}

/* Say which members we have. Either all of it is sent or nothing. */
static void answer(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_local *l = next_local(rb_first(&g->locals));
	struct pfsnl_entry *e, *tmp;
	u8 flags = PFSNL_HERE_FIRST;
	LIST_HEAD(all);

	do {
		e = here(core, &l, flags);
		if (!e)
			break;
		list_add_tail(&e->list, &all);
		flags = 0;
	} while (l);
	list_for_each_entry_safe(e, tmp, &all, list) {
		list_del_init(&e->list);
		if (l || flags)
			pfsnl_free(core, e);
		else
			pfsnl_outbox_put(core, e, PFSNL_PORT_GROUP, 0);
	}
	if (l || flags)
		pfsnl_groups_later(core);
	else
		g->answered = true;
}

/**
 * pfsnl_muster_pump - ask, or answer
 * @core: the core; there are several companies
 */
void pfsnl_muster_pump(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	const struct pfsnl_mate *self;

	if (core->order.leads && !g->mustered && !g->asked &&
	    g->ring.leader == core->cfg.addr &&
	    g->ring.incarnation == core->incarnation)
		muster(core);
	self = pfsnl_mate_find(g, core->cfg.addr, core->incarnation);
	if (g->asked && self && self->asked && !g->answered)
		answer(core);
}

/* The question has to get there, and the answer to come back. */
static void wait_for_answers(struct pfsnl_core *core)
{
	if (core->order.leads)
		pfsnl_timer_at(core, &core->groups.overdue,
			       core->now + 2 * pfsnl_drain_time(core));
}

/**
 * pfsnl_mate_drop - drop a node that takes its messages and does not answer them
 * @core: the core, leading
 * @mate: the node
 *
 * It is let in again when there was a ring without it, so that it is asked anew.
 *
 * Return: false when it is no member any more, or not yet.
 */
bool pfsnl_mate_drop(struct pfsnl_core *core, const struct pfsnl_mate *mate)
{
	struct pfsnl_node *n = pfsnl_roster_find(&core->roster, mate->addr);

	if (!n || !n->c->tether || n->c->tether->state != PFSNL_TETHER_MEMBER ||
	    !n->next_in || n->next.incarnation != mate->incarnation)
		return false;
	pfsnl_lead_drop(core, n, PFSNL_REASON_SLOW);
	n = pfsnl_roster_find(&core->roster, mate->addr);
	if (n && n->c != &core->nobody)
		n->c->redial_at = core->now + pfsnl_dead_time(core);
	return true;
}

/**
 * pfsnl_muster_overdue - drop who does not say which members it has
 * @core: the core
 * @timer: it has had its time
 *
 * It takes its messages, or it would have been dropped for that; but while it is
 * there and says nothing nobody else's companies can become one.
 */
void pfsnl_muster_overdue(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	const struct pfsnl_groups *g = &core->groups;
	u32 i;

	if (!core->order.leads)
		return;
	for (i = 0; i < g->n; i++)
		if (g->mates[i].asked && !g->mates[i].answered)
			pfsnl_mate_drop(core, &g->mates[i]);
	/* ourselves, for want of memory */
	wait_for_answers(core);
}

/*
 * Members of a node of our company that it does not have any more. What comes is
 * what was said since the mark, so that it is the same for everybody, whatever they
 * knew before.
 */
static void drop_missing(struct pfsnl_core *core, const struct pfsnl_mate *mate)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m;
	u32 number = 0;

	while ((m = pfsnl_member_next_of(&g->members, mate->addr, number))) {
		number = m->number;
		if (!pfsnl_member_find(&g->coming, mate->addr, number))
			pfsnl_member_gone(core, m, m->why ? m->why :
					  PFSNL_GROUP_WHY_LEFT);
	}
}

static void take_coming(struct pfsnl_core *core, struct pfsnl_mate *mate)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *m;

	while ((m = pfsnl_member_next_of(&g->coming, mate->addr, 0))) {
		if (pfsnl_member_find(&g->members, mate->addr, m->number)) {
			pfsnl_member_not_coming(core, mate, m);
			continue;
		}
		rb_erase(&m->by_key, &g->coming);
		mate->coming--;
		pfsnl_member_came(core, mate, m, mate->ours ?
				  PFSNL_GROUP_WHY_JOINED : mate->why);
	}
}

/* All have answered: companies become one. */
static void unite(struct pfsnl_core *core)
{
	struct pfsnl_groups *g = &core->groups;
	u32 i;

	for (i = 0; i < g->n; i++) {
		struct pfsnl_mate *mate = &g->mates[i];

		drop_missing(core, mate);
		take_coming(core, mate);
	}
	for (i = 0; i < g->n; i++) {
		g->mates[i].ours = true;
		g->mates[i].brings = false;
	}
	g->apart = false;
	g->answered = false;
	pfsnl_timer_at(core, &g->overdue, PFSNL_NEVER);
	pfsnl_groups_tell(core);
	pfsnl_local_review(core);
	pfsnl_sync_unite(core);
}

/**
 * pfsnl_muster_asked - MUSTER is delivered
 * @core: the core
 * @e: the message
 * @m: decoded
 */
void pfsnl_muster_asked(struct pfsnl_core *core, const struct pfsnl_entry *e,
			const struct pfsnl_groupmsg *m)
{
	struct pfsnl_groups *g = &core->groups;
	u32 i;

	if (!pfsnl_same_ring(&m->ring, &g->ring)) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_FOREIGN);
		return;
	}
	if (e->sender != g->ring.leader ||
	    e->incarnation != g->ring.incarnation || !g->apart || g->asked) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_MALFORMED);
		return;
	}
	g->asked = true;
	for (i = 0; i < g->n; i++) {
		g->mates[i].asked = pfsnl_groupmsg_asked(m, g->mates[i].addr);
		g->awaited += g->mates[i].asked;
	}
	if (g->awaited) {
		wait_for_answers(core);
		pfsnl_groups_due(core);
	} else {
		unite(core);
	}
}

/* Why a member of our company is gone, told when companies become one. */
static void note_why(struct pfsnl_core *core, const struct pfsnl_mate *mate,
		     const struct pfsnl_here *h)
{
	struct pfsnl_group_member *m =
		pfsnl_member_find(&core->groups.members, mate->addr, h->number);

	if (mate->ours && m)
		m->why = h->why;
}

/**
 * pfsnl_muster_here - HERE is delivered
 * @core: the core; what it needs is reserved
 * @mate: who sent it
 * @m: decoded
 */
void pfsnl_muster_here(struct pfsnl_core *core, struct pfsnl_mate *mate,
		       const struct pfsnl_groupmsg *m)
{
	struct pfsnl_groups *g = &core->groups;
	struct pfsnl_group_member *old;
	const u8 *p = m->rest;
	struct pfsnl_here h;
	u32 i, known;

	if (!pfsnl_same_ring(&m->ring, &g->ring)) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_FOREIGN);
		return;
	}
	if (!g->asked || !g->apart || !mate->asked || mate->answered ||
	    mate->begun == !!(m->flags & PFSNL_HERE_FIRST)) {
		pfsnl_count(core, PFSNL_COUNT_GROUP_MALFORMED);
		return;
	}
	if (!mate->begun)
		while ((old = pfsnl_member_next_of(&g->coming, mate->addr, 0)))
			pfsnl_member_not_coming(core, mate, old);
	mate->begun = true;
	known = mate->coming;
	for (i = 0; i < m->n; i++) {
		p = pfsnl_here_next(p, &h);
		if (h.why)
			note_why(core, mate, &h);
		else if (!pfsnl_member_coming(core, mate, h.number, h.pid,
					      (const char *)h.name, h.len))
			pfsnl_count(core, PFSNL_COUNT_GROUP_MALFORMED);
	}
	mate->answered = m->flags & PFSNL_HERE_LAST;
	/* there is an end to the members that it may name */
	if (mate->answered || mate->coming > known)
		wait_for_answers(core);
	if (mate->answered && (!--g->awaited || PFSNL_BROKEN(BARRIER)))
		unite(core);
}
