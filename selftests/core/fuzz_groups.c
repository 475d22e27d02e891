// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about groups that no node would send, numbered like any other: all nodes
 * must make the same of them, and members of other nodes are none of the forger's
 * business. Meanwhile processes come, go and talk, and a node comes late.
 */
#include <stdio.h>

#include "groupmsg.h"
#include "fuzz.h"

#define NODES	3
#define LONGEST	256

/* Mostly right at the beginning, so that it gets far. */
static void forge(struct fuzz *f, struct world *w)
{
	struct node *n = w->nodes[1 + fuzz_take(f, 1) % (NODES - 1)];
	u8 data[LONGEST] = {}, *p;
	struct pfsnl_here h = { .len = 1, .name = (const u8 *)"g" };
	u32 len, i, count = fuzz_take(f, 1) % 4;
	u8 kind = fuzz_take(f, 1) % 7;

	p = pfsnl_groupmsg_head(data, kind, fuzz_take(f, 1), fuzz_take(f, 1) % 8);
	if (kind == PFSNL_GROUPMSG_JOIN)
		p = pfsnl_groupmsg_word(p, 7);
	if (kind >= PFSNL_GROUPMSG_MUSTER) {
		p = pfsnl_groupmsg_ring(p, &n->hearer.ring);
		for (i = 0; i < count; i++) {
			h.number = fuzz_take(f, 1);
			if (kind == PFSNL_GROUPMSG_MUSTER)
				p = pfsnl_groupmsg_word(p, WORLD_ADDR(i));
			else
				p = pfsnl_here_encode(p, &h);
		}
		data[7] = count;
	}
	len = p - data;
	while (len < LONGEST && f->len && fuzz_take(f, 1) % 4)
		data[len++] = fuzz_take(f, 1);
	fuzz_change(f, data, len);
	node_forge(n, PFSNL_PORT_GROUP, 0, data, len);
}

static void act(struct fuzz *f, struct world *w)
{
	struct node *n = w->nodes[fuzz_take(f, 1) % NODES];
	struct process *p = process_of(n, fuzz_take(f, 1) % 3);

	if (!p)
		process_join(n, fuzz_take(f, 1) % 2 ? "g" : "h");
	else if (fuzz_take(f, 1) % 4 == 0)
		process_leave(p, PFSNL_GROUP_WHY_LEFT);
	else
		process_send(p, 0, fuzz_take(f, 1));
}

static void print_groups(const struct world *w)
{
	const struct pfsnl_group_member *m;
	const struct pfsnl_group *g;
	u32 i;

	for (i = 0; i < w->n; i++) {
		fprintf(stderr, "%08x:", w->nodes[i]->host.addr);
		g = pfsnl_core_group_after(w->nodes[i]->core, "");
		for (; g; g = pfsnl_core_group_after(w->nodes[i]->core, g->name)) {
			m = pfsnl_group_member_after(g, 0, 0);
			for (; m; m = pfsnl_group_member_after(g, m->addr,
							       m->number))
				fprintf(stderr, " %s %08x/%u", g->name, m->addr,
					m->number);
		}
		fprintf(stderr, "\n");
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct fuzz f = { .data = data, .len = len };
	struct stranger *s = fuzz_world(NODES);
	struct world *w = s->world;

	/* what a forger says of itself is not what its processes want */
	hearings_free(w->hearings);
	w->hearings = NULL;
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
	if (!processes_same(w)) {
		print_groups(w);
		sim_fail("nodes have different groups");
	}
	fuzz_end(s);
	return 0;
}
