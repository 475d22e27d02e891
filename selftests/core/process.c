// SPDX-License-Identifier: GPL-2.0
/*
 * Processes in groups, and comparing what they are told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static u64 key_of(const struct pfsnl_group_member *m)
{
	return sim_mix(m->addr ^ sim_mix(m->incarnation ^ sim_mix(m->number)));
}

static const struct pfsnl_group_member *
next_member(const struct pfsnl_group *g, const struct pfsnl_group_member *m)
{
	return pfsnl_group_member_after(g, m ? m->addr : 0, m ? m->number : 0);
}

/* where a member stands in the list, or would stand */
static u32 place(const struct process *p, u64 key)
{
	u32 low = 0, high = p->n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (p->who[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool has(const struct process *p, u64 key)
{
	u32 i = place(p, key);

	return i < p->n && p->who[i] == key;
}

static void come(struct process *p, const struct pfsnl_group_member *m)
{
	u64 key = key_of(m);
	u32 i = place(p, key);

	if (i < p->n && p->who[i] == key)
		sim_violated("group-fold",
			     "%08x/%u is told that %08x/%u came, which was there",
			     p->node->host.addr, p->number, m->addr, m->number);
	if (p->n == p->s) {
		p->s = 2 * p->s + 8;
		p->who = sim_resize(p->who, p->s * sizeof(*p->who));
	}
	memmove(p->who + i + 1, p->who + i, (p->n - i) * sizeof(*p->who));
	p->who[i] = key;
	p->n++;
	p->mix += sim_mix(key);
}

static void go(struct process *p, const struct pfsnl_group_member *m)
{
	u64 key = key_of(m);
	u32 i = place(p, key);

	if (i == p->n || p->who[i] != key)
		sim_violated("group-fold",
			     "%08x/%u is told that %08x/%u is gone, which was not there",
			     p->node->host.addr, p->number, m->addr, m->number);
	p->n--;
	p->mix -= sim_mix(key);
	memmove(p->who + i, p->who + i + 1, (p->n - i) * sizeof(*p->who));
}

/* All that is in the group, by asking for it, is what the changes make. */
static void check_all(struct process *p, const struct pfsnl_group *g)
{
	const struct pfsnl_group_member *m = NULL;
	u32 n = 0;

	while ((m = next_member(g, m))) {
		if (m->change == PFSNL_GROUP_CHANGE_GONE)
			continue;
		n++;
		if (!has(p, key_of(m)))
			sim_violated("group-fold",
				     "%08x/%u was not told of %08x/%u",
				     p->node->host.addr, p->number, m->addr,
				     m->number);
	}
	if (n != p->n || n != g->n)
		sim_violated("group-fold",
			     "%08x/%u knows %u members of %u, said to be %u",
			     p->node->host.addr, p->number, p->n, n, g->n);
}

/* The same change, seen by several: at which message, of which members. */
static u64 mix_step(const struct process *p)
{
	const struct hearer *h = &p->node->hearer;
	u64 x = sim_mix(h->ring.seq ^ sim_mix(h->ring.incarnation ^
					      h->ring.leader));
	const char *c;

	for (c = p->name; *c; c++)
		x = x * 0x100000001b3ULL ^ (u8)*c;
	return sim_mix(x ^ sim_mix(h->count)) ^ p->mix;
}

static void changed(struct process *p, const struct pfsnl_group_event *ev)
{
	const struct pfsnl_group_member *m = NULL;
	u64 step;
	bool self = false;

	if (ev->whole == p->member)
		sim_violated("group-first", "%08x/%u: %s change is whole",
			     p->node->host.addr, p->number,
			     p->member ? "a later" : "not the first");
	if (ev->whole) {
		while ((m = next_member(ev->group, m)))
			if (m->change != PFSNL_GROUP_CHANGE_GONE)
				come(p, m);
	}
	for (m = NULL; (m = pfsnl_group_touched_next(ev->group, m));) {
		if (m->addr == p->node->host.addr && m->number == p->number)
			self = m->change == PFSNL_GROUP_CHANGE_CAME;
		if (m->change == PFSNL_GROUP_CHANGE_STAYS || !m->why)
			sim_violated("group-fold",
				     "%08x/%u is told nothing of %08x/%u",
				     p->node->host.addr, p->number, m->addr,
				     m->number);
		if (ev->whole)
			continue;
		if (m->change == PFSNL_GROUP_CHANGE_CAME)
			come(p, m);
		else
			go(p, m);
	}
	if (ev->whole && !self)
		sim_violated("group-first",
			     "%08x/%u: it is not among those that came",
			     p->node->host.addr, p->number);
	p->changes++;
	/* of many it takes long */
	if (p->n < 64 || p->changes % 256 == 1)
		check_all(p, ev->group);
	step = mix_step(p);
	if (p->step && hearings_step(p->node->world->hearings,
				     sim_mix(p->step) ^ step, p->sum,
				     p->node->host.addr) != p->sum)
		sim_violated("group-stream",
			     "%08x/%u and others of \"%s\" go from one change to the next together and heard different messages",
			     p->node->host.addr, p->number, p->name);
	p->step = step;
	p->sum = 0;
}

/* One of its own has come back, or never will. */
static void back(struct process *p, u64 n)
{
	if (p->back == p->sent)
		sim_violated("group-self",
			     "%08x/%u: number %llu is back, as all %llu are",
			     p->node->host.addr, p->number,
			     (unsigned long long)n, (unsigned long long)p->sent);
	p->back++;
}

static void message(struct process *p, const struct pfsnl_group_event *ev)
{
	const u8 *data = ev->data;
	u64 sum;
	u32 i;

	if (!p->member || (p->node->world->hearings &&
			   !has(p, key_of(ev->sender))))
		sim_violated("group-sender",
			     "%08x/%u hears of %08x/%u, which is no member to it",
			     p->node->host.addr, p->number, ev->sender->addr,
			     ev->sender->number);
	sum = key_of(ev->sender) ^ sim_mix(ev->place);
	for (i = 0; i < ev->len; i++)
		sum = sum * 0x100000001b3ULL ^ data[i];
	p->sum = sim_mix(p->sum ^ sum);
	p->heard++;
	if (ev->sender->addr == p->node->host.addr &&
	    ev->sender->number == p->number && p->node->world->hearings) {
		if (ev->n <= p->last)
			sim_violated("group-self",
				     "%08x/%u: number %llu is back after %llu",
				     p->node->host.addr, p->number,
				     (unsigned long long)ev->n,
				     (unsigned long long)p->last);
		p->last = ev->n;
		back(p, ev->n);
	}
}

static void forget(struct process *p)
{
	struct process **at = &p->node->processes;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p->who);
	free(p);
}

/**
 * process_told - a process is told something
 * @n: its node
 * @ev: what
 */
void process_told(struct node *n, const struct pfsnl_group_event *ev)
{
	struct process *p = ev->who;

	n->world->changes++;
	switch (ev->kind) {
	case PFSNL_GROUP_CHANGED:
		if (n->world->hearings)
			changed(p, ev);
		p->member = true;
		break;
	case PFSNL_GROUP_MESSAGE:
		message(p, ev);
		break;
	case PFSNL_GROUP_TRANSITIONAL:
		p->transitional++;
		break;
	case PFSNL_GROUP_UNKNOWN:
		if (n->world->hearings)
			back(p, ev->n);
		p->unknown++;
		break;
	case PFSNL_GROUP_OVER:
		if (n->world->hearings && !p->leaving &&
		    ev->why != PFSNL_GROUP_WHY_DOWN)
			sim_violated("group-over",
				     "%08x/%u is no member any more and did not leave",
				     n->host.addr, p->number);
		forget(p);
		break;
	}
}

/**
 * process_join - a new process wants to be a member
 * @n: its node, running
 * @name: of the group
 *
 * Return: the process, which lives until it is told that it is over, or NULL.
 */
struct process *process_join(struct node *n, const char *name)
{
	struct process *p = sim_alloc(sizeof(*p));
	int err;

	snprintf(p->name, sizeof(p->name), "%s", name);
	p->node = n;
	p->next = n->processes;
	n->processes = p;
	err = node_join(n, name, p, &p->number);
	if (!err)
		return p;
	forget(p);
	return NULL;
}

/**
 * process_leave - a process wants to go
 * @p: the process; perhaps gone when this returns
 * @why: enum pfsnl_group_why
 *
 * Return: as pfsnl_core_group_leave().
 */
int process_leave(struct process *p, u8 why)
{
	p->leaving = true;
	return node_part(p->node, p->number, why);
}

/**
 * process_send - a process says something to its group
 * @p: the process
 * @flags: PFSNL_MSG_*
 * @len: how many bytes
 *
 * Return: as pfsnl_core_group_send().
 */
int process_send(struct process *p, u16 flags, u32 len)
{
	int err;

	/* before it is sent: who leads hears it at once */
	p->sent++;
	err = node_tell(p->node, p->number, flags, len);
	if (err)
		p->sent--;
	return err;
}

/**
 * process_of - a process of a node
 * @n: the node
 * @nth: 0 for the one that joined last
 *
 * Return: the process or NULL.
 */
struct process *process_of(struct node *n, u32 nth)
{
	struct process *p = n->processes;

	while (p && nth--)
		p = p->next;
	return p;
}

/**
 * process_members - how many members a group has
 * @n: the node that is asked, running
 * @name: of the group
 */
u32 process_members(const struct node *n, const char *name)
{
	const struct pfsnl_group *g = pfsnl_core_group_find(n->core, name);

	return g ? g->n : 0;
}

/* Members of all groups as a node has them, mixed. */
static u64 mix_groups(const struct node *n, u64 *members)
{
	const struct pfsnl_group *g = NULL;
	const struct pfsnl_group_member *m;
	u64 sum = 0;

	*members = 0;
	while ((g = pfsnl_core_group_after(n->core, g ? g->name : ""))) {
		m = NULL;
		while ((m = next_member(g, m))) {
			sum += sim_mix(key_of(m) ^ sim_mix(g->name[0]));
			(*members)++;
		}
	}
	return sum;
}

/**
 * processes_same - whether all nodes of a side have the same groups
 * @w: the world, whose nodes are one ring on each side
 */
bool processes_same(const struct world *w)
{
	u64 sum[2] = {}, members, x;
	bool seen[2] = {};
	u32 i;

	for (i = 0; i < w->n; i++) {
		const struct node *n = w->nodes[i];
		u32 side = n->host.side;

		if (!node_runs(n))
			continue;
		x = mix_groups(n, &members);
		if (seen[side] && x != sum[side])
			return false;
		sum[side] = x;
		seen[side] = true;
	}
	return true;
}

/* Processes of a node that are members, if nothing of them is under way. */
static bool count_members(const struct node *n, u64 *joined)
{
	const struct process *p;

	for (p = n->processes; p; p = p->next) {
		if (!p->member || p->leaving || p->back != p->sent)
			return false;
		(*joined)++;
	}
	return true;
}

/**
 * processes_true - whether groups are what processes want, and nothing is under way
 * @w: the world, whose nodes are one ring on each side
 */
bool processes_true(const struct world *w)
{
	u64 members, joined[2] = {};
	u32 i;

	for (i = 0; i < w->n; i++)
		if (node_runs(w->nodes[i]) &&
		    !count_members(w->nodes[i], &joined[w->nodes[i]->host.side]))
			return false;
	for (i = 0; i < w->n; i++) {
		if (!node_runs(w->nodes[i]))
			continue;
		mix_groups(w->nodes[i], &members);
		if (members != joined[w->nodes[i]->host.side])
			return false;
	}
	return processes_same(w);
}
