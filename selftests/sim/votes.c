// SPDX-License-Identifier: GPL-2.0
/*
 * Who is quorate: no two that contradict each other.
 */
#include <linux/minmax.h>

#include "state.h"
#include "votes.h"

static struct {
	struct world *w;
	u64 slow_until;		/* datagrams may be old when they come */
} v;

/**
 * votes_begin - a run begins
 * @w: its world
 */
void votes_begin(struct world *w)
{
	v.w = w;
	v.slow_until = 0;
}

/* It is in the ring of the other, in this life. */
static bool is_in(const struct node *n, const struct node *of)
{
	const struct pfsnl_node *known =
		pfsnl_roster_find(&of->core->roster, n->host.addr);

	return known && known->in && known->member.incarnation ==
				     n->incarnation;
}

/**
 * votes_check - whether nobody is quorate in a ring that contradicts this node's
 * @n: the node
 *
 * Of two that are quorate, the one in the older ring is in the newer ring too, and has
 * only not got it yet. Nobody can ask a node that is frozen. It is relied upon that
 * datagrams are not older than an eighth of "dead" when they come, or overtaken.
 */
void votes_check(struct node *n)
{
	const u64 dead = (u64)n->cfg.dead * n->cfg.interval_ms * SIM_MS;
	u32 i;

	if (v.w->net.latency > dead / 16)
		v.slow_until = v.w->sim.now + 3 * dead;
	if (!node_state(n).quorate || v.w->sim.now < v.slow_until)
		return;
	for (i = 0; i < v.w->n; i++) {
		struct node *m = v.w->nodes[i], *old = n, *new = m;
		u64 a, b;

		if (m == n || !m->core || m->host.state == HOST_FROZEN ||
		    m->host.state == HOST_OFF || !node_state(m).quorate)
			continue;
		a = n->core->ring.seq;
		b = m->core->ring.seq;
		if (b < a) {
			old = m;
			new = n;
		}
		if (is_in(old, new) && (a != b || is_in(new, old)))
			continue;
		sim_violated("one-quorum",
			     "%08x is quorate in ring %llu, and %08x in ring %llu without it",
			     old->host.addr, (unsigned long long)min(a, b),
			     new->host.addr, (unsigned long long)max(a, b));
	}
}
