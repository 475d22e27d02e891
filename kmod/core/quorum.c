// SPDX-License-Identifier: GPL-2.0
/*
 * Quorum: whether the nodes of a ring have a majority of the votes that all
 * nodes of the cluster have together, so that what happens in two halves of a
 * cluster can't contradict itself.
 *
 * Being quorate is a lease. A leader has it for "dead" from when it last knew
 * that a majority follows it, and says in its beacons how much of that is left;
 * its clients have it no longer than it has. Nobody who follows a leader is in
 * another ring, and a ring that lacks nodes of the one before waits for "dead",
 * and a bit for clocks that run at different speeds, before it is quorate.
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

/* How long the news is good that a majority follows us, 0 if it does not. */
static u64 follow_until(struct pfsnl_core *core)
{
	u32 votes = core->cfg.votes, expected = pfsnl_quorum_expected(core);
	u64 dead = pfsnl_dead_time(core), oldest = core->now;
	bool ask = core->now >= core->follow_asked + dead / 4;
	struct pfsnl_tether *t;
	struct pfsnl_node *n;

	if (2 * votes > expected || PFSNL_BROKEN(LEADER_LEASE))
		return PFSNL_NEVER;
	if (ask)
		core->follow_asked = core->now;
	pfsnl_roster_for_each(&core->roster, n) {
		if (!n->in || n->addr == core->cfg.addr)
			continue;
		/* its beacons get lost, so ask */
		t = n->c->tether;
		if (ask && core->now >= n->c->follows_at + dead / 2 && t &&
		    t->state == PFSNL_TETHER_MEMBER && t->level)
			pfsnl_tether_ping(t, PFSNL_FRAME_PING, core->now);
		if (core->now >= n->c->follows_at + dead)
			continue;
		votes += n->member.votes;
		oldest = min(oldest, n->c->follows_at);
	}
	return 2 * votes > expected ? oldest + dead : 0;
}

/* Whether it is quorate now; also says when to look again. */
static bool is_quorate(struct pfsnl_core *core, u64 *again)
{
	u64 interval = pfsnl_interval(core), ask;

	*again = PFSNL_NEVER;
	if (!core->majority || core->cut_off ||
	    core->role == PFSNL_ROLE_LEAVING)
		return false;
	if (core->now < core->hold) {
		*again = core->hold;
		return false;
	}
	/* a successor has the ring of the lost leader until it made its own */
	if (core->role == PFSNL_ROLE_LEADER && !core->succeeds) {
		core->lease_end = follow_until(core);
		ask = core->now + interval / 4;
	} else {
		/* while there is time for an answer */
		ask = core->lease_end - min(core->lease_end, interval / 2);
		if (core->now >= ask && core->role == PFSNL_ROLE_CLIENT &&
		    core->up)
			pfsnl_tether_ping(core->up, PFSNL_FRAME_PING,
					  core->now);
	}
	if (core->now >= core->lease_end)
		return false;
	if (core->lease_end != PFSNL_NEVER)
		*again = core->now < ask ? min(ask, core->lease_end) :
					   core->lease_end;
	return true;
}

static void review(struct pfsnl_core *core)
{
	u64 again;

	core->quorate = is_quorate(core, &again);
	pfsnl_timer_at(core, &core->quorum, again);
	pfsnl_quorum_tell(core);
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
 * pfsnl_quorum_withhold - our votes do not count for a new leader for a while
 * @core: the core, at its start or without its leader
 *
 * The leader that we had, perhaps in a life before, may count on them until it
 * notices that we follow it no longer.
 */
void pfsnl_quorum_withhold(struct pfsnl_core *core)
{
	core->votes_from = core->now + !PFSNL_BROKEN(YOUNG) * oblivion(core);
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

	if (missing && !PFSNL_BROKEN(HOLD))
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
	/* what another leader knew says nothing of this one */
	if (core->ring.leader != core->lease_leader ||
	    core->ring.incarnation != core->lease_incarnation)
		core->lease_end = 0;
	/* what comes on it from now on is about this ring or a newer one */
	core->ring_tether = core->up ? core->up->id : 0;
	core->lease_leader = core->ring.leader;
	core->lease_incarnation = core->ring.incarnation;
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

/* There is news of what was not known, or not in time. */
static void renewed(struct pfsnl_core *core)
{
	/* a timer that fires too early looks again and is set again */
	if (!core->quorate && core->majority)
		pfsnl_quorum_review(core);
}

/**
 * pfsnl_quorum_lease - our leader says for how long our ring is quorate
 * @core: the core, CLIENT
 * @seen: when it can't have said so yet
 * @lease_ms: what it says
 */
void pfsnl_quorum_lease(struct pfsnl_core *core, u64 seen, u32 lease_ms)
{
	u64 dead = pfsnl_dead_time(core);
	u64 most = PFSNL_BROKEN(LEASE) ? dead : min(lease_ms * PFSNL_MS, dead);

	core->lease_end = max(core->lease_end, min(seen, core->now) + most);
	if (core->now < core->lease_end)
		renewed(core);
}

/**
 * pfsnl_quorum_follows - a node was known to follow us
 * @core: the core, leading
 * @n: the node
 * @seen: when it can't have said so yet
 */
void pfsnl_quorum_follows(struct pfsnl_core *core, struct pfsnl_node *n,
			  u64 seen)
{
	n->c->follows_at = max(n->c->follows_at, min(seen, core->now));
	renewed(core);
}

/**
 * pfsnl_quorum_lease_ms - for how long our ring is quorate
 * @core: the core
 *
 * Return: milliseconds, at most what fits in a beacon; 0 unless we lead.
 */
u32 pfsnl_quorum_lease_ms(const struct pfsnl_core *core)
{
	return pfsnl_lease_ms(core->lease_told, core->now);
}

/**
 * pfsnl_quorum_tell - let our beacons say for how long our ring is quorate
 * @core: the core
 *
 * As long as they name the ring before, there is nothing to be said.
 */
void pfsnl_quorum_tell(struct pfsnl_core *core)
{
	u64 until = core->role == PFSNL_ROLE_LEADER && !core->succeeds &&
		    core->quorate && core->planned == core->ring.seq ?
		    core->lease_end : 0;

	if (until == core->lease_told)
		return;
	core->lease_told = until;
	core->ops->lease(core->ctx, until);
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
	/* the clients are waiting for that */
	if (core->quorate && core->role == PFSNL_ROLE_LEADER)
		pfsnl_plan(core, 1);
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
