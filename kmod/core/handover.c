// SPDX-License-Identifier: GPL-2.0
/*
 * Giving one's nodes to a better leader, seen from the worse leader and from
 * its clients. Both hold a standby tether from the better one and go on as they
 * were until its ring comes along it. If that does not happen nothing has
 * changed. A member that is to lead needs no such care, as it has the list.
 */
#include <linux/errno.h>
#include <linux/minmax.h>

#include "state.h"

/* How long a standby waits for the ring: the merge waits for silent nodes. */
static u64 patience(const struct pfsnl_core *core)
{
	return 3 * max(pfsnl_dead_time(core), pfsnl_dial_time(core));
}

/* Tell the clients who is about to have them, or that nobody is any more. */
static void tell_clients(struct pfsnl_core *core, u32 heir, u64 incarnation)
{
	struct pfsnl_tether *t, *tmp;

	list_for_each_entry_safe(t, tmp, &core->tethers, list)
		if (t->state == PFSNL_TETHER_MEMBER && t->level &&
		    pfsnl_tether_leave(t, PFSNL_FRAME_HANDOVER,
				       PFSNL_REASON_HANDOVER, heir,
				       incarnation) == -EAGAIN)
			pfsnl_lead_drop(core, t->node, PFSNL_REASON_BLOCKED);
}

/* Whoever does not answer yet is for the better leader to have. */
static void end_dials(struct pfsnl_core *core)
{
	struct pfsnl_tether *t, *tmp;
	struct pfsnl_node *n;

	list_for_each_entry_safe(t, tmp, &core->tethers, list) {
		if (t->state != PFSNL_TETHER_CONNECTING &&
		    t->state != PFSNL_TETHER_CLAIMED)
			continue;
		n = t->node;
		pfsnl_tether_end(t, PFSNL_REASON_HANDOVER);
		pfsnl_node_review(core, n);
	}
}

/* It is our standby from now on. */
static void stand_by(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;

	/* it dialled again: the one before is no more */
	if (core->standby)
		pfsnl_tether_end(core->standby, PFSNL_REASON_HANDOVER);
	pfsnl_tether_state(t, PFSNL_TETHER_STANDBY);
	core->standby = t;
	pfsnl_timer_at(core, &t->timer, core->now + patience(core));
}

/**
 * pfsnl_handover_possible - whether all can be handed to a member at once
 * @core: the core, leading
 * @n: the member, with a tether
 *
 * Not while the list is about to change, or another leader is dealt with.
 */
bool pfsnl_handover_possible(const struct pfsnl_core *core,
			     const struct pfsnl_node *n)
{
	return n->in && n->c->tether->state == PFSNL_TETHER_MEMBER &&
	       !core->install.armed && !core->loser && !core->standby &&
	       !core->dials;
}

/**
 * pfsnl_handover_give - hand all to a member at once
 * @core: the core, leading; an orphan afterwards, until that claims it
 * @n: the member, for which pfsnl_handover_possible()
 * @incarnation: of it
 *
 * The list stays what it is.
 */
void pfsnl_handover_give(struct pfsnl_core *core, const struct pfsnl_node *n,
			 u64 incarnation)
{
	u32 addr = n->addr;

	pfsnl_lead_step_down(core, addr, incarnation);
	pfsnl_follow_handed(core, addr);
}

/**
 * pfsnl_handover_begin - a better leader claims us, who lead
 * @t: its tether, CALLED; perhaps ended
 * @h: its CLAIM
 *
 * We go on leading, but take no one any more and make no rings, so that what we
 * say of our list stays true. Who leads nobody has none to speak of.
 */
void pfsnl_handover_begin(struct pfsnl_tether *t, const struct pfsnl_hello *h)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n = pfsnl_node_get(core, h->addr);
	bool alone = core->roster.equals <= 1;

	if (!n || pfsnl_tether_hello(t, PFSNL_FRAME_ACCEPT, h->incarnation, 0,
				     alone ? 0 : PFSNL_HELLO_LEADS)) {
		pfsnl_tether_end(t, PFSNL_REASON_LOCAL);
		return;
	}
	/* first, so that they know before it dials them */
	tell_clients(core, h->addr, h->incarnation);
	if (!alone && pfsnl_record_give(t)) {
		tell_clients(core, 0, 0);
		pfsnl_tether_end(t, PFSNL_REASON_LOCAL);
		return;
	}
	pfsnl_note(core, PFSNL_NOTE_CLAIM_TAKEN, t->addr, PFSNL_REASON_NONE,
		   t->id);
	core->heir = h->addr;
	core->heir_incarnation = h->incarnation;
	stand_by(t);
	end_dials(core);
}

/**
 * pfsnl_handover_told - our leader names the one that is to take over
 * @t: the tether to our leader; perhaps ended
 */
void pfsnl_handover_told(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_leave l;

	if (pfsnl_leave_decode(&l, t->stream.body, t->stream.len)) {
		pfsnl_tether_malformed(t);
		return;
	}
	core->heir = l.successor;
	core->heir_incarnation = l.incarnation;
	core->heir_after = l.end;
	if (core->standby && core->standby->addr != core->heir)
		pfsnl_tether_end(core->standby, PFSNL_REASON_HANDOVER);
}

/**
 * pfsnl_handover_standby - the one that is to take over claims us, a client
 * @t: its tether, CALLED; perhaps ended
 * @h: its CLAIM
 */
void pfsnl_handover_standby(struct pfsnl_tether *t, const struct pfsnl_hello *h)
{
	struct pfsnl_core *core = t->core;

	if (!pfsnl_node_get(core, h->addr) ||
	    pfsnl_tether_hello(t, PFSNL_FRAME_ACCEPT, h->incarnation, 0,
			       PFSNL_HELLO_STANDBY)) {
		pfsnl_tether_end(t, PFSNL_REASON_LOCAL);
		return;
	}
	pfsnl_note(core, PFSNL_NOTE_CLAIM_TAKEN, t->addr, PFSNL_REASON_NONE,
		   t->id);
	stand_by(t);
}

/**
 * pfsnl_handover_done - who takes over is our leader from now on
 * @t: its tether, STANDBY; ACCEPTED afterwards
 *
 * Its ring is at hand or about to come.
 */
void pfsnl_handover_done(struct pfsnl_tether *t)
{
	struct pfsnl_core *core = t->core;
	struct pfsnl_node *n = pfsnl_node_get(core, t->addr);

	if (core->role == PFSNL_ROLE_LEADER)
		pfsnl_lead_step_down(core, core->heir, core->heir_incarnation);
	if (core->up)
		pfsnl_tether_end(core->up, PFSNL_REASON_HANDOVER);
	core->standby = NULL;
	core->up = t;
	core->leader_addr = t->addr;
	core->leader_incarnation = core->heir_incarnation;
	core->leader_gone = false;
	core->successor = 0;
	core->heir = 0;
	core->merged = true;
	pfsnl_tether_state(t, PFSNL_TETHER_ACCEPTED);
	pfsnl_timer_at(core, &t->timer, core->now + 2 *
		       max(pfsnl_dead_time(core), pfsnl_dial_time(core)));
	pfsnl_role_set(core, PFSNL_ROLE_CLIENT);
	if (n) {
		n->c->untethered = 0;
		pfsnl_node_alive(core, n);
	}
	pfsnl_plan(core, 1);
}

/**
 * pfsnl_handover_failed - who was to take over does not
 * @t: its tether, STANDBY; ended
 * @reason: why
 */
void pfsnl_handover_failed(struct pfsnl_tether *t, u32 reason)
{
	struct pfsnl_core *core = t->core;

	pfsnl_tether_end(t, reason);
	if (core->role != PFSNL_ROLE_LEADER)
		return;
	core->heir = 0;
	core->order.work = true;
	tell_clients(core, 0, 0);
	/* what happened meanwhile */
	pfsnl_install_soon(core);
}
