// SPDX-License-Identifier: GPL-2.0
/*
 * Which ring came before which, at each node. A leader may be lost when only
 * some have got its last ring. Its successor finds that ring, and whoever is in
 * it and goes on to the successor's first ring has it first; so those who go on
 * together have seen the same.
 */
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "state.h"

/**
 * struct past - of a node
 * @life: incarnation that this is about
 * @ring: installed last
 * @claims: that it took since
 * @failed: allocations that had failed when it took the last, its own and those of
 *	whom it took
 * @first: the first ring that it made as a successor
 * @before: the ring of the lost leader that it had then
 * @n: nodes of that
 * @list: which
 */
struct past {
	u64 life;
	struct pfsnl_ring_id ring;
	u32 claims;
	u64 failed;
	struct pfsnl_ring_id first;
	struct pfsnl_ring_id before;
	u32 n;
	u32 *list;
};

static struct {
	struct world *w;
	struct past *pasts;
} h;

static struct past *past_of(u32 addr)
{
	u32 i = addr - WORLD_ADDR(0);

	return i < h.w->n ? &h.pasts[i] : NULL;
}

/**
 * history_begin - nothing was installed yet
 * @w: the world; all nodes are made
 */
void history_begin(struct world *w)
{
	h.w = w;
	h.pasts = sim_alloc(w->n * sizeof(*h.pasts));
}

/**
 * history_end - forget everything
 */
void history_end(void)
{
	u32 i;

	for (i = 0; i < h.w->n; i++)
		free(h.pasts[i].list);
	free(h.pasts);
	h.pasts = NULL;
}

/* The list as its watch knows it is still that of the ring before. */
static void succeeds(struct node *n, struct past *p)
{
	const struct watch *w = &n->watch;

	free(p->list);
	p->list = sim_alloc((w->n + 1) * sizeof(*p->list));
	memcpy(p->list, w->addrs, w->n * sizeof(*p->list));
	p->n = w->n;
	p->first = n->core->ring;
	p->before = p->ring;
}

static bool had(const struct past *p, u32 addr)
{
	u32 i;

	for (i = 0; i < p->n; i++)
		if (p->list[i] == addr)
			return true;
	return false;
}

static bool same_leader(const struct pfsnl_ring_id *a,
			const struct pfsnl_ring_id *b)
{
	return a->leader && a->leader == b->leader &&
	       a->incarnation == b->incarnation;
}

/* Allocations that failed, of a node and of whom it follows. */
static u64 failed(const struct node *n, u32 leader)
{
	u32 i = leader - WORLD_ADDR(0);

	return n->ledger.failed + (i < h.w->n ? h.w->nodes[i]->ledger.failed : 0);
}

/**
 * history_claimed - a node accepts a leader
 * @n: the node
 */
void history_claimed(struct node *n)
{
	/* it is handed over, or gives way; that is no succession */
	bool handed = n->core->role == PFSNL_ROLE_CLIENT ||
		      n->core->role == PFSNL_ROLE_LEADER;

	past_of(n->host.addr)->claims += 1 + handed;
	past_of(n->host.addr)->failed = failed(n, n->core->leader_addr);
}

/**
 * history_installed - a node installs a ring
 * @n: the node; its watch has not been told of it yet
 */
void history_installed(struct node *n)
{
	const struct pfsnl_ring_id *ring = &n->core->ring;
	struct past *p = past_of(n->host.addr), *leader;

	if (p->life != n->incarnation) {
		memset(&p->ring, 0, sizeof(p->ring));
		memset(&p->first, 0, sizeof(p->first));
		p->life = n->incarnation;
	}
	leader = past_of(ring->leader);
	if (ring->leader == n->host.addr) {
		/* who took another leader meanwhile, and lost it, begins anew */
		if (p->ring.leader && p->ring.leader != n->host.addr &&
		    (n->core->succeeds || !p->claims))
			succeeds(n, p);
	} else if (leader && ring_same(ring, &leader->first) &&
		   same_leader(&p->ring, &leader->before) &&
		   had(leader, n->host.addr) &&
		   /* one whose tether broke meanwhile has only the newest */
		   p->claims <= 1 &&
		   /* without memory for that it does without, see record() */
		   p->failed == failed(n, ring->leader) &&
		   !ring_same(&p->ring, &leader->before)) {
		sim_violated("same-history",
			     "%08x goes from ring %llu of %08x to %llu, its leader from %llu",
			     n->host.addr, (unsigned long long)p->ring.seq,
			     p->ring.leader, (unsigned long long)ring->seq,
			     (unsigned long long)leader->before.seq);
	}
	p->ring = *ring;
	p->claims = 0;
}
