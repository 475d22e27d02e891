// SPDX-License-Identifier: GPL-2.0
/*
 * The beacons that are sent from now on: what they say, and to whom. They expire, so
 * that a core which hangs falls silent.
 */
#include <linux/minmax.h>

#include "state.h"

static u16 beacon_flags(const struct pfsnl_core *core)
{
	switch (core->role) {
	case PFSNL_ROLE_LEADER:
		return PFSNL_BEACON_LEADER;
	case PFSNL_ROLE_CLIENT:
		return PFSNL_BEACON_TETHERED;
	case PFSNL_ROLE_LEAVING:
		return PFSNL_BEACON_LEAVING;
	case PFSNL_ROLE_LISTENING:
		return core->now < core->listen_until ?
		       PFSNL_BEACON_LISTENING : 0;
	default:
		return 0;
	}
}

/*
 * Where beacons go. A tethered client speaks to its leader only, so that steady
 * traffic grows with N. With a static list the members are added, who need not
 * all stand in it.
 */
static u32 beacon_destinations(const struct pfsnl_core *core, u32 *to)
{
	const struct pfsnl_config *cfg = &core->cfg;
	const struct pfsnl_node *n;
	u32 i, count = 0;

	if (core->role == PFSNL_ROLE_CLIENT) {
		to[0] = core->leader_addr;
		return 1;
	}
	switch (cfg->beacon_to) {
	case PFSNL_BEACON_TO_BROADCAST:
		to[0] = cfg->broadcast;
		return 1;
	case PFSNL_BEACON_TO_MULTICAST:
		to[0] = cfg->group;
		return 1;
	}
	for (i = 0; i < cfg->n_static; i++)
		if (cfg->static_peers[i] != cfg->addr)
			to[count++] = cfg->static_peers[i];
	pfsnl_roster_for_each(&core->roster, n) {
		if (!n->in || n->addr == cfg->addr)
			continue;
		for (i = 0; i < cfg->n_static; i++)
			if (cfg->static_peers[i] == n->addr)
				break;
		if (i == cfg->n_static)
			to[count++] = n->addr;
	}
	return count;
}

/* Not as long as it keeps those that it would lead waiting. */
static bool wants_to_lead(const struct pfsnl_core *core)
{
	return core->cfg.preempt && !core->sync.yields;
}

/**
 * pfsnl_plan - say what beacons to send from now on
 * @core: the core
 * @burst: how many to send quickly, the first at once; 0 keeps the rhythm
 *
 * If there is no memory the plan before stays and this is done again soon.
 */
void pfsnl_plan(struct pfsnl_core *core, u32 burst)
{
	u64 hang = max(4 * pfsnl_dead_time(core), 2000 * PFSNL_MS);
	struct pfsnl_beacon b = {
		.priority = core->cfg.priority,
		.dead = core->cfg.dead,
		.flags = beacon_flags(core) | (wants_to_lead(core) ?
					       PFSNL_BEACON_PREEMPT : 0),
		.tether_port = core->cfg.tether_port,
		.addr = core->cfg.addr,
		.interval_ms = core->cfg.interval_ms,
		.members = pfsnl_lead_members(core),
		.incarnation = core->incarnation,
		.cluster_id = core->cluster_id,
		.ring = core->ring,
	};
	struct pfsnl_beacon_plan *plan;
	u64 again = core->now + PFSNL_RETRY_MS * PFSNL_MS;

	/*
	 * A tethered node names the leader it follows, also before that
	 * leader's first INSTALL: it is whom "tethered" refers to.
	 */
	if (core->role == PFSNL_ROLE_CLIENT) {
		b.ring.leader = core->leader_addr;
		b.ring.incarnation = core->leader_incarnation;
	}
	plan = pfsnl_alloc(core, sizeof(*plan) + sizeof(plan->to[0]) *
			   ((size_t)core->cfg.n_static +
			    core->roster.members + 1));
	if (plan) {
		pfsnl_beacon_encode(&b, plan->wire);
		plan->interval_ms = core->cfg.interval_ms;
		plan->burst = burst;
		plan->burst_ms = min_t(u32, PFSNL_QUICK_MS,
				       core->cfg.interval_ms);
		plan->valid_until = PFSNL_BROKEN(EXPIRY) ? PFSNL_NEVER :
				    core->now + hang;
		plan->n_to = beacon_destinations(core, plan->to);
		if (!core->ops->beacon(core->ctx, plan)) {
			again = PFSNL_BROKEN(RENEW) ? PFSNL_NEVER :
				core->now + hang / 4;
			core->planned = core->ring.seq;
		}
		pfsnl_free(core, plan);
	}
	pfsnl_timer_at(core, &core->refresh, again);
	pfsnl_quorum_tell(core);
}

/**
 * pfsnl_plan_refresh - what was planned is about to expire
 * @core: the core
 * @timer: its refresh timer
 */
void pfsnl_plan_refresh(struct pfsnl_core *core, struct pfsnl_timer *timer)
{
	pfsnl_plan(core, 0);
}
