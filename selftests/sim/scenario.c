// SPDX-License-Identifier: GPL-2.0
/*
 * Scenarios: what is drawn from a seed, and what happens then.
 */
#include <linux/minmax.h>

#include "judge.h"
#include "keep.h"
#include "level0.h"
#include "run.h"
#include "witness.h"

/* a run with more steps than that will not end */
#define STEPS_MAX	30000000ULL
/* sets worlds apart in which it has checkpoints, and then no service of their id */
#define KEEPS		0x6b656570
/* and those in which who keeps others waiting is dropped */
#define DEADLINE	0x64656164

#define SCENARIO_TEXT(name, text, what) [SCENARIO_##name] = text,
const char * const scenario_names[SCENARIO_N] = {
	SCENARIOS(SCENARIO_TEXT)
};

static void phase(struct run *r, enum scenario scenario)
{
	/* what matters more is drawn more often */
	static const enum scenario often[] = {
		SCENARIO_STORM, SCENARIO_STORM, SCENARIO_STORM, SCENARIO_STORM,
		SCENARIO_LEADER, SCENARIO_LEADER, SCENARIO_TETHER,
		SCENARIO_STILL, SCENARIO_LOSSY, SCENARIO_HALVES,
		SCENARIO_FLAPPER,
	};

	if (scenario == SCENARIO_MIXED)
		scenario = often[draw(r, ARRAY_SIZE(often))];
	world_say(r->w, &r->strangers[0], "phase %s", scenario_names[scenario]);
	if (courses[scenario])
		courses[scenario](r);
}

static u32 draw_nodes(struct run *r)
{
	if (r->setup->nodes)
		return min(r->setup->nodes, (u32)NODES_MAX);
	if (r->setup->scenario == SCENARIO_BOOT)
		return 8 + draw(r, 25);
	if (r->setup->scenario == SCENARIO_LOSSY)
		return 2 + draw(r, 7);
	return draw(r, 50) ? 1 + draw(r, 12) : 32;
}

static void draw_world(struct run *r)
{
	static const u32 intervals[] = { 10, 20, 50, 100, 200, 200, 500 };
	u32 interval = intervals[draw(r, ARRAY_SIZE(intervals))];
	u32 dead = 3 + draw(r, 4), i, n = draw_nodes(r);
	bool uneven = !draw(r, 4), skewed = !draw(r, 4);
	u32 peers = draw(r, 3) ? 0 : 1 + draw(r, PEERS_MAX);
	u32 longest = 0, most = 0, retain, room = draw(r, 4) ? 4 + draw(r, 64) : 1;

	if (r->setup->scenario == SCENARIO_LOSSY) {
		uneven = false;
		skewed = false;
		dead = 3;
		peers = 0;
	}
	if (r->setup->scenario == SCENARIO_LEADER)
		uneven = false;
	r->even = !uneven;
	if (draw(r, 2) && r->setup->scenario != SCENARIO_LOSSY)
		r->talk = draw(r, 32) ? 1 + draw(r, 20) : 500;
	r->groups = draw(r, 3);
	/* not drawn like the rest, so that other worlds stay what they were */
	r->services = r->talk && sim_mix(r->w->seed ^ SERVICES) % 2;
	r->keeps = r->talk && sim_mix(r->w->seed ^ KEEPS) % 2;
	if (r->setup->scenario == SCENARIO_STUCK) {
		r->talk = max(r->talk, 1U);
		r->services = true;
		peers = 0;
	}
	if (r->services && (r->setup->scenario == SCENARIO_STUCK ||
			    sim_mix(r->w->seed ^ DEADLINE) % 3 == 0))
		r->deadline = 300 + sim_mix(r->w->seed ^ DEADLINE) / 3 % 2000;
	retain = 64 << draw(r, 4);
	r->longest = draw(r, 4) ? 3000 : retain * 1024 / 4;
	r->quiet = true;
	world_nodes(r->w, n);
	for (i = 0; i < n; i++) {
		struct node *node = r->w->nodes[i];

		node->cfg.interval_ms = interval << (uneven ? draw(r, 3) : 0);
		node->cfg.dead = dead + (uneven ? draw(r, 3) : 0);
		node->cfg.priority = draw(r, 3) ? 100 : draw(r, 3);
		node->cfg.max_nodes = n + peers + room;
		node->cfg.level0_dead_ms = 2000;
		node->cfg.retain_kib = retain;
		node->cfg.sync_deadline_ms = r->deadline;
		if (r->services)
			node->serves = r->keeps ? 1U << SERVICES : 3U << 1;
		/*
		 * Who waits for less long than others may count too soon. And
		 * what is asked for a quorum is a sign of life, which the
		 * prediction doesn't know of.
		 */
		if (r->even && r->setup->scenario != SCENARIO_LOSSY)
			node->cfg.expected_votes = n;
		longest = max(longest, node->cfg.interval_ms);
		most = max(most, node->cfg.dead);
		if (skewed)
			node_skew(node, (s32)draw(r, 100000) - 50000);
	}
	if (!r->w->nodes[0]->cfg.priority)
		r->w->nodes[0]->cfg.priority = 1;
	for (i = 0; i < peers; i++)
		level0_new(r->w, WORLD_ADDR(200 + i));
	r->interval = longest * SIM_MS;
	r->dead = (u64)longest * most * SIM_MS;
	if (r->keeps)
		keep_draw(r);
}

/**
 * scenario_run - one run
 * @seed: which
 * @setup: what it is to be like
 * @totals: what happened is added
 *
 * Does not return when an assertion does not hold: see sim_on_failure.
 *
 * Return: the digest of all that happened.
 */
u64 scenario_run(u64 seed, const struct setup *setup, struct totals *totals)
{
	struct run run = { .setup = setup, .totals = totals }, *r = &run;
	u64 begin, digest;
	u32 phases;

	r->w = world_new(seed);
	r->w->trace = setup->trace;
	r->w->sim.steps_max = STEPS_MAX;
	begin = r->w->sim.now;
	draw_world(r);
	fault_begin(r);
	judge_begin(r->w);
	judge_sweep(r->w);
	course_boot(r);
	phases = setup->scenario == SCENARIO_BOOT ? 0 : 1 + draw(r, 4);
	while (phases--)
		phase(r, setup->scenario);
	/* the last, so that runs without a deadline stay what they were */
	if (r->deadline && setup->scenario != SCENARIO_BOOT)
		phase(r, SCENARIO_STUCK);

	totals->seeds++;
	totals->time += r->w->sim.now - begin;
	totals->steps += r->w->sim.steps;
	totals->datagrams += r->w->net.datagrams;
	totals->rings += judge_sums()->rings;
	totals->leads += judge_sums()->leads;
	totals->dials += judge_sums()->dials;
	totals->false_lost += judge_sums()->false_lost;
	digest = sim_mix(r->w->digest ^ r->w->sim.steps ^
			 sim_random(&r->w->sim));
	judge_end(r->w);
	if (r->keeps)
		witness_end();
	world_free(r->w);
	return digest;
}
