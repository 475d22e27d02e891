// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about services that no node would send, numbered like any other: all nodes
 * must make the same of them, and services must be told only what they can expect.
 * Meanwhile operations go on, services come and go, and a node comes late.
 */
#include <stdio.h>

#include "syncmsg.h"
#include "groupmsg.h"
#include "fuzz.h"

#define NODES	3
#define LONGEST	256

/* Mostly right at the beginning, so that it gets far. */
static void forge(struct fuzz *f, struct world *w)
{
	struct node *n = w->nodes[fuzz_take(f, 1) % NODES];
	u8 kind = fuzz_take(f, 1) % 8, count = fuzz_take(f, 1) % 4;
	struct pfsnl_ring_id ring = n->hearer.ring;
	struct pfsnl_served s = {};
	u8 data[LONGEST] = {}, *p;
	u32 len, i;

	ring.seq -= fuzz_take(f, 1) % 8 == 7;
	p = pfsnl_syncmsg_head(data, kind, fuzz_take(f, 1) % 4, &ring);
	if (kind == PFSNL_SYNCMSG_ROUND)
		for (i = 0; i < count; i++)
			p = pfsnl_groupmsg_word(p, WORLD_ADDR(i));
	if (kind == PFSNL_SYNCMSG_REPORT) {
		for (i = 0; i < count; i++) {
			s.id += fuzz_take(f, 1) % 3;
			s.ring = ring;
			s.times = fuzz_take(f, 1) % 3;
			s.ops = fuzz_take(f, 1);
			p = pfsnl_served_encode(p, &s);
		}
		data[3] = count;
	}
	len = p - data;
	while (len < LONGEST && f->len && fuzz_take(f, 1) % 4)
		data[len++] = fuzz_take(f, 1);
	fuzz_change(f, data, len);
	fuzz_forge(f, n, data, len, PFSNL_SYNCMSG_LEN);
}

static void act(struct fuzz *f, struct world *w)
{
	struct node *n = w->nodes[fuzz_take(f, 1) % NODES];
	u16 id = 1 + fuzz_take(f, 1) % 3;
	struct replica *r = replica_of(n, id);

	if (!r)
		replica_add(n, id);
	else if (fuzz_take(f, 1) % 8 == 0)
		replica_remove(r);
	else
		replica_say(r, 0, fuzz_take(f, 1));
}

/*
 * Whoever forges may say DONE for a node that is not, or ROUND in the leader's name, so
 * that a round is stuck: a ring ends that.
 */
static void new_ring(struct world *w)
{
	u32 i;

	for (i = 0; i < w->n; i++)
		if (!replica_of(w->nodes[i], 9))
			replica_add(w->nodes[i], 9);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct fuzz f = { .data = data, .len = len };
	struct stranger *s = fuzz_world(NODES);
	struct world *w = s->world;
	u32 i;

	/* what a forger says of itself is not what its services are */
	hearings_free(w->hearings);
	w->hearings = NULL;
	for (i = 0; i < NODES; i++)
		replica_add(w->nodes[i], 1);
	world_run(w, fuzz_take(&f, 1) % 32 * SIM_MS);
	while (f.len) {
		if (fuzz_take(&f, 1) % 2)
			forge(&f, w);
		else
			act(&f, w);
		world_run(w, fuzz_take(&f, 1) % 32 * SIM_MS);
	}
	if (!world_until(w, world_agrees, NULL, 20 * SIM_S))
		sim_fail("the cluster did not recover");
	/* what is under way arrives */
	world_run(w, SIM_S);
	new_ring(w);
	if (!world_until(w, replicas_settled, NULL, 20 * SIM_S))
		sim_fail("services are not active, or differ");
	fuzz_end(s);
	return 0;
}
