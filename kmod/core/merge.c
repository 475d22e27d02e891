// SPDX-License-Identifier: GPL-2.0
/*
 * Taking in the nodes of another leader that is worse than we are.
 *
 * It answered our claim and goes on leading. We get its list, dial everybody in
 * it, and when all of them accepted, or after a while, make a ring with them in
 * it. That ring is the commit: until a node has it, it belongs to the other
 * leader, and if anything fails before, nothing has changed for anybody.
 */
#include <linux/errno.h>
#include <linux/minmax.h>

#include "state.h"

/* How long until those that did not accept are dialled again. */
static u64 again(const struct pfsnl_core *core)
{
	return clamp(pfsnl_interval(core) / 4, 5 * PFSNL_MS, 50 * PFSNL_MS);
}

/* All that can come has come: the next ring has them. */
static void commit(struct pfsnl_core *core)
{
	struct pfsnl_tether *t, *tmp;
	struct pfsnl_node *n;

	/* those who did not accept may not know that their leader changed */
	if (core->merging || core->merge_lacks)
		pfsnl_quorum_unsure(core);
	if (core->loser)
		pfsnl_recover_merge(core);
	core->loser = NULL;
	core->merging = 0;
	pfsnl_timer_at(core, &core->merge, PFSNL_NEVER);
	pfsnl_roster_for_each(&core->roster, n)
		n->c->merging = false;
	/* its ring numbers must not go back when it takes our list */
	core->new_ring = true;
	list_for_each_entry_safe(t, tmp, &core->tethers, list)
		if (t->state == PFSNL_TETHER_MERGING) {
			t->merged = true;
			pfsnl_lead_welcome(t);
		}
	pfsnl_count(core, PFSNL_COUNT_MERGES);
	pfsnl_install_now(core);
}

/**
 * pfsnl_merge_abort - nothing comes of it
 * @core: the core, leading
 * @reason: why
 *
 * The tethers that are closed tell everybody; the other leader goes on.
 */
void pfsnl_merge_abort(struct pfsnl_core *core, u32 reason)
{
	struct pfsnl_tether *t, *tmp;
	struct pfsnl_node *n;

	core->loser = NULL;
	core->merging = 0;
	pfsnl_timer_at(core, &core->merge, PFSNL_NEVER);
	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		n = t->node;
		if (t->state != PFSNL_TETHER_MERGING && !(n && n->c->merging))
			continue;
		pfsnl_tether_end(t, reason);
		pfsnl_node_review(core, n);
	}
	pfsnl_roster_for_each(&core->roster, n)
		n->c->merging = false;
}

/* The merge need not wait for it any more. */
static void settle(struct pfsnl_core *core, struct pfsnl_node *n)
{
	if (!n->c->merging)
		return;
	n->c->merging = false;
	if (!--core->merging)
		commit(core);
}

/**
 * pfsnl_merge_forget - a node of the other leader can't be had
 * @core: the core, leading
 * @n: the node
 */
void pfsnl_merge_forget(struct pfsnl_core *core, struct pfsnl_node *n)
{
	if (n->c->merging)
		core->merge_lacks = true;
	settle(core, n);
}

/**
 * pfsnl_merge_claimed - another leader gives way to us
 * @t: our tether to it, CLAIMED; perhaps ended
 *
 * Its list comes next.
 */
void pfsnl_merge_claimed(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;

	if (core->loser || core->standby || core->succeeds) {
		/* one thing at a time */
		pfsnl_lead_failed(t, PFSNL_REASON_BUSY);
		return;
	}
	pfsnl_tether_state(t, PFSNL_TETHER_MERGING);
	core->loser = t;
	core->merge_lacks = false;
	core->merge_until = core->now + max(pfsnl_dead_time(core),
					    pfsnl_dial_time(core));
	pfsnl_timer_at(core, &t->timer, core->merge_until);
}

static void await(struct pfsnl_core *core, const struct pfsnl_member *m)
{
	struct pfsnl_node *n;

	if (!m->level || m->addr == core->cfg.addr ||
	    m->addr == core->loser->addr || PFSNL_BROKEN(MERGE_WAIT))
		return;
	n = pfsnl_node_get(core, m->addr);
	if (!n) {
		core->merge_lacks = true;
		return;
	}
	/* one that is ours changed sides; it is not the other's any more */
	if (n->c->tether && n->c->tether->state == PFSNL_TETHER_MEMBER)
		return;
	n->c->told = *m;
	n->c->rival = false;
	if (!n->c->tether) {
		n->c->redial_at = core->now;
		n->c->backoff = 0;
	}
	if (!n->c->merging) {
		n->c->merging = true;
		core->merging++;
	}
	pfsnl_lead_dial(core, n);
}

/*
 * How many nodes we would have with those of the other leader. Level-0 peers are
 * served by both, and one that is not will find room with us or not.
 */
static u32 together(const struct pfsnl_core *core,
		    const struct pfsnl_install *in)
{
	u32 i, sum = core->roster.members, why;
	const struct pfsnl_node *n;
	struct pfsnl_member m;

	for (i = 0; i < in->adds; i++) {
		if (pfsnl_install_add(in, i, &m, &why) || !m.level)
			continue;
		n = pfsnl_roster_find(&core->roster, m.addr);
		sum += !n || !n->in;
	}
	return sum;
}

/**
 * pfsnl_merge_listed - the list of the other leader came
 * @t: our tether to it; perhaps ended
 */
void pfsnl_merge_listed(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_install in;
	struct pfsnl_member m;
	u32 id = t->id, why;
	int err;
	u32 i;

	err = pfsnl_install_decode(&in, t->stream.body, t->stream.len,
				   core->cfg.max_nodes);
	if (!err && (!(in.flags & PFSNL_INSTALL_FULL) ||
		     in.ring.leader != t->addr))
		err = -EBADMSG;
	if (!err && core->merge.armed)
		err = -EBADMSG;
	if (err == -EBADMSG) {
		pfsnl_tether_malformed(t);
		return;
	}
	if (err || together(core, &in) > core->cfg.max_nodes) {
		pfsnl_note(core, PFSNL_NOTE_TOO_LARGE, t->addr,
			   PFSNL_REASON_LOCAL, in.members);
		pfsnl_merge_failed(t, PFSNL_REASON_LOCAL);
		return;
	}
	if (pfsnl_recover_list(core, &in)) {
		pfsnl_merge_failed(t, PFSNL_REASON_LOCAL);
		return;
	}
	pfsnl_timer_at(core, &t->timer, PFSNL_NEVER);
	/* nobody is waited for longer than we wait for a silent node */
	pfsnl_timer_at(core, &core->merge, min(core->now + again(core),
					       core->merge_until));
	/* held while they are gone through, as failing dials count down */
	core->merging++;
	for (i = 0; i < in.adds; i++) {
		if (!pfsnl_install_add(&in, i, &m, &why))
			await(core, &m);
		if (pfsnl_tether_find(core, id) != t || core->loser != t)
			return;
	}
	if (!--core->merging)
		commit(core);
}

/**
 * pfsnl_merge_joined - a node of the other leader accepted our tether
 * @t: our tether to it, CLAIMED
 */
void pfsnl_merge_joined(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;

	pfsnl_tether_state(t, PFSNL_TETHER_MERGING);
	settle(core, t->node);
}

/**
 * pfsnl_merge_failed - a tether of the merge is gone before the commit
 * @t: the tether, MERGING; ended
 * @reason: why
 */
void pfsnl_merge_failed(struct pfsnl_tether *t, u32 reason)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n = t->node;

	if (core->loser == t) {
		pfsnl_lead_failed(t, reason);
		pfsnl_merge_abort(core, reason);
		return;
	}
	pfsnl_tether_end(t, reason);
	/* wait for it again */
	n->c->merging = true;
	core->merging++;
	pfsnl_node_review(core, n);
}

/**
 * pfsnl_merge_timer - dial again who did not accept, or wait no longer
 * @core: the core, leading
 * @timer: its merge timer
 */
void pfsnl_merge_timer(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	struct pfsnl_node *n;

	if (core->now >= core->merge_until) {
		commit(core);
		return;
	}
	pfsnl_timer_at(core, timer, min(core->now + again(core),
					core->merge_until));
	pfsnl_roster_for_each(&core->roster, n) {
		if (!n->c->merging)
			continue;
		n->c->redial_at = core->now;
		pfsnl_lead_dial(core, n);
	}
}
