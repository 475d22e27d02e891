// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever happens, in whatever order: once it stops, all that run are one ring
 * within a stated time. And at all times updates fold and rings are the same
 * wherever they are installed, which the world looks after.
 */
#include "test_world.h"

#define NODES		7
#define PEERS		2
/* the longest way back: dead to notice, dead as an orphan, back-off, to merge */
#define RECOVERY_MS	8000

static void any_node(struct world *w, u32 what)
{
	struct node *n = w->nodes[sim_below(&w->sim, w->n)];
	struct pfsnl_config cfg;

	if (!n->core) {
		node_start(n);
		return;
	}
	if (n->host.state != HOST_ON) {
		node_resume(n);
		return;
	}
	switch (what) {
	case 0:
		node_kill(n);
		break;
	case 1:
		node_abort(n);
		break;
	case 2:
		node_leave(n, sim_below(&w->sim, SIM_S));
		break;
	case 3:
		node_freeze(n);
		break;
	case 4:
		node_hang(n);
		break;
	case 5:
		node_kill(n);
		node_start(n);
		break;
	case 6:
		cfg = n->cfg;
		cfg.priority = 1 + sim_below(&w->sim, 3);
		node_set(n, &cfg);
		break;
	case 7:
		n->ledger.fail_at = n->ledger.tries + sim_below(&w->sim, 20);
		n->ledger.fail_for = sim_below(&w->sim, 10);
		break;
	}
}

static void any_link(struct world *w)
{
	u32 a = sim_below(&w->sim, w->n), b = sim_below(&w->sim, w->n);

	if (sim_below(&w->sim, 2))
		net_cut(&w->net, WORLD_ADDR(a), WORLD_ADDR(b),
			1 + sim_below(&w->sim, 3));
	else
		world_cut(w, w->nodes[a], w->nodes[b], NET_ALL);
}

static void any_peer(struct world *w)
{
	struct level0 *p = w->peers[sim_below(&w->sim, w->n_peers)];

	if (p->host.state != HOST_ON)
		level0_start(p);
	else if (p->tether && sim_below(&w->sim, 2))
		level0_close(p);
	else
		level0_kill(p);
}

static void something(struct world *w)
{
	u32 i;

	switch (sim_below(&w->sim, 16)) {
	case 0:
		for (i = 0; i < w->n; i++)
			w->nodes[i]->host.side = sim_below(&w->sim, 2);
		break;
	case 1:
	case 2:
		net_mend_all(&w->net);
		break;
	case 3:
	case 4:
		any_link(w);
		break;
	case 5:
		w->net.loss = sim_below(&w->sim, 100000);
		break;
	case 6:
		any_peer(w);
		break;
	default:
		any_node(w, sim_below(&w->sim, 8));
	}
}

/* everything is repaired and switched on */
static void calm(struct world *w)
{
	u32 i;

	net_mend_all(&w->net);
	w->net.loss = 0;
	/* who is about to leave may do so */
	for (i = 0; i < w->n; i++)
		if (w->nodes[i]->host.state != HOST_ON && w->nodes[i]->core)
			node_resume(w->nodes[i]);
	world_run(w, 1100 * SIM_MS);
	for (i = 0; i < w->n; i++) {
		w->nodes[i]->ledger.fail_at = 0;
		if (!w->nodes[i]->core)
			node_start(w->nodes[i]);
	}
}

static void chaos(u64 seed, u32 rounds, u64 pace)
{
	struct world *w = world_new(seed);
	u32 i, j;

	w->net.chop = seed & 1 ? 50 : 0;
	world_nodes(w, NODES);
	for (i = 0; i < PEERS; i++)
		level0_start(level0_new(w, WORLD_ADDR(100 + i)));
	world_start(w);
	for (i = 0; i < rounds; i++) {
		for (j = sim_below(&w->sim, 12); j; j--) {
			something(w);
			world_run(w, sim_below(&w->sim, pace));
		}
		calm(w);
		/* level-0 peers that were dropped often are dialled ever less */
		for (j = 0; j < PEERS; j++)
			level0_kill(w->peers[j]);
		assert_agree(w, RECOVERY_MS);
		for (j = 0; j < PEERS; j++)
			level0_start(w->peers[j]);
	}
	world_free(w);
}

static void faults_in_quick_succession(void **state)
{
	u64 seed;

	for (seed = 0; seed < 30; seed++)
		chaos(seed, 8, 50 * SIM_MS);
}

static void faults_now_and_then(void **state)
{
	u64 seed;

	for (seed = 0; seed < 30; seed++)
		chaos(seed, 8, 3 * SIM_S);
}

int main(void)
{
	static const TEST_CASE tests[] = {
		cmocka_unit_test(faults_in_quick_succession),
		cmocka_unit_test(faults_now_and_then),
	};

	return RUN_WORLD_TESTS(tests);
}
