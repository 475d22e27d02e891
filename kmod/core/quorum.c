// SPDX-License-Identifier: GPL-2.0
/*
 * Quorum: whether the nodes of a ring have a majority of the votes that all
 * nodes of the cluster have together, so that what happens in two halves of a
 * cluster can't contradict itself.
 *
 * Being quorate is a lease. A node that hears nothing of its leader any more is
 * quorate for "dead" longer; so a ring that lacks nodes of the one before waits
 * as long, and a bit for clocks that run at different speeds, before it is.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "state.h"

/* clocks may differ by one in so many */
#define SKEW	8

/**
 * pfsnl_quorum_expected - the votes that all nodes have together
 * @core: the core
 *
 * What the leader of the ring says goes for all of its nodes, so that they
 * agree; a node in a ring without leader goes by its own setting.
 *
 * Return: votes, 0 when there is no quorum.
 */
u32 pfsnl_quorum_expected(const struct pfsnl_core *core)
{
	return core->ring.leader && core->expected_votes ?
	       core->expected_votes : core->cfg.expected_votes;
}

/* Whether it is quorate now; also says when to look again. */
static bool is_quorate(const struct pfsnl_core *core, u64 *again)
{
	u64 end = core->lease + pfsnl_dead_time(core);

	*again = PFSNL_NEVER;
	if (!core->majority || core->cut_off)
		return false;
	if (core->now < core->hold) {
		*again = core->hold;
		return false;
	}
	/* a successor has the ring of the lost leader until it made its own */
	if (core->role == PFSNL_ROLE_LEADER && !core->succeeds)
		return true;
	if (core->now >= end)
		return false;
	*again = end;
	return true;
}

static void review(struct pfsnl_core *core)
{
	u64 again;

	core->quorate = is_quorate(core, &again);
	pfsnl_timer_at(core, &core->quorum, again);
}

/* How long until nobody counts on what was before. */
static u64 oblivion(const struct pfsnl_core *core)
{
	return div_u64(pfsnl_dead_time(core) * (SKEW + 1), SKEW);
}

static u32 ms_until(const struct pfsnl_core *core, u64 when)
{
	return when > core->now ?
	       div_u64(when - core->now + PFSNL_MS - 1, PFSNL_MS) : 0;
}

/**
 * pfsnl_quorum_start - our life begins
 * @core: the core
 *
 * The life before may have been counted in a quorate ring. Its leader notices in
 * time that it ended, and clients that no longer hear that leader later still.
 * Until then our votes count for no other.
 */
void pfsnl_quorum_start(struct pfsnl_core *core)
{
	core->votes_from = core->now + 2 * oblivion(core);
}

/**
 * pfsnl_quorum_young - how long our votes do not count yet
 * @core: the core
 *
 * Return: milliseconds, rounded up.
 */
u32 pfsnl_quorum_young(const struct pfsnl_core *core)
{
	/* those who were in a ring with us may count on them as long */
	return ms_until(core, max(core->votes_from, core->hold));
}

/* When the majority of the staged ring does not need votes that are too young. */
static u64 matures(const struct pfsnl_core *core)
{
	u32 votes = core->cfg.votes * (core->votes_from <= core->now);
	u64 last = core->votes_from;
	const struct pfsnl_tether *t;

	list_for_each_entry(t, &core->tethers, list) {
		if (t->state != PFSNL_TETHER_MEMBER)
			continue;
		last = max(last, t->votes_from);
		if (t->votes_from <= core->now)
			votes += t->member.votes;
	}
	return 2 * votes > core->cfg.expected_votes ? core->now : last;
}

/**
 * pfsnl_quorum_hold - how long the next ring can't be quorate
 * @core: the core
 * @missing: votes that it lacks of the ring before, of nodes that may not know
 *
 * Return: milliseconds, rounded up.
 */
u32 pfsnl_quorum_hold(const struct pfsnl_core *core, u32 missing)
{
	/* a hold that was not over when this ring came goes on */
	u64 until = core->hold;

	if (missing)
		until = max(until, core->now + oblivion(core));
	if (core->role == PFSNL_ROLE_LEADER)
		until = max(until, matures(core));
	return ms_until(core, until);
}

/**
 * pfsnl_quorum_ring - a ring was installed
 * @core: the core
 * @hold_ms: how long it can't be quorate
 */
void pfsnl_quorum_ring(struct pfsnl_core *core, u32 hold_ms)
{
	u32 expected = pfsnl_quorum_expected(core);
	struct pfsnl_node *n;

	core->votes = 0;
	pfsnl_roster_for_each(&core->roster, n)
		if (n->in)
			core->votes += n->member.votes;
	core->hold = max(core->hold, core->now + hold_ms * PFSNL_MS);
	core->majority = core->ring.leader && expected &&
			 2 * core->votes > expected;
	core->lease = core->now;
	review(core);
}

/**
 * pfsnl_quorum_unsure - the next ring lacks nodes that may count on its votes
 * @core: the core, leading
 */
void pfsnl_quorum_unsure(struct pfsnl_core *core)
{
	core->hold = max(core->hold, core->now + oblivion(core));
}

/**
 * pfsnl_quorum_lease - our leader is known to be in our ring
 * @core: the core, CLIENT
 */
void pfsnl_quorum_lease(struct pfsnl_core *core)
{
	bool was = core->quorate;

	core->lease = core->now;
	/* a timer that fires too early looks at the lease and is set again */
	if (was)
		return;
	review(core);
	if (core->quorate)
		pfsnl_install_announce(core);
}

/**
 * pfsnl_quorum_review - something changed that being quorate depends on
 * @core: the core
 */
void pfsnl_quorum_review(struct pfsnl_core *core)
{
	bool was = core->quorate;

	review(core);
	if (was == core->quorate)
		return;
	pfsnl_install_announce(core);
	pfsnl_state_event(core);
}

/**
 * pfsnl_quorum_timer - being quorate begins or ends
 * @core: the core
 * @timer: its quorum timer
 */
void pfsnl_quorum_timer(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	pfsnl_quorum_review(core);
}
