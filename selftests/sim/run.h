/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run that is under way, for all that make it:
 *
 *	scenario.c	what is drawn, and what comes after what
 *	course.c	courses of events
 *	stuck.c		one more: services that get stuck
 *	fault.c		faults
 *	run.c		time passes, nodes say something, what they are
 *	calm.c		what must hold when nothing goes wrong any more
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "scenario.h"

struct level0;

#define NODES_MAX	40
#define PEERS_MAX	2
#define FLAPS_MAX	4
#define STRANGERS	4

/* time passes in slices, between which the run is looked at */
#define SLICE		(5 * SIM_MS)
/* services that a node has */
#define SERVICES	2

/**
 * struct run - a run
 * @w: its world
 * @setup: what it is to be like
 * @totals: what happens is counted here
 * @interval: longest interval between beacons, nanoseconds
 * @dead: longest time that any node waits for a silent one
 * @even: all nodes have the same interval and dead
 * @sweep_at: when transient states are looked at next
 * @flaps: links that flap
 * @n_flaps: how many
 * @flap_at: when they do so next
 * @strangers: hosts that send noise
 * @noise: up to so many datagrams each time
 * @noise_at: when they do so next
 * @talk: how many messages are sent at once, at most; 0: none
 * @groups: half of them by processes in groups, which come and go
 * @services: some are operations of services, of which each node has two
 * @deadline: how long nodes may keep others waiting there, ms; 0: for ever
 * @stuck: how often it was drawn whether a service gets stuck
 * @stormy: services may come and go
 * @keeps: and some are about checkpoints, see keep.h
 * @rich: in which much is stored
 * @longest: how long they are at most, bytes
 * @quiet: nobody sends any for the time being
 * @calm_since: and nothing goes wrong, since then; 0: it may
 * @impostor: node whose address a stranger uses, or NULL
 */
struct run {
	struct world *w;
	const struct setup *setup;
	struct totals *totals;
	u64 interval;
	u64 dead;
	bool even;
	u64 sweep_at;
	struct {
		u32 a;
		u32 b;
		bool cut;
	} flaps[FLAPS_MAX];
	u32 n_flaps;
	u64 flap_at;
	struct host strangers[STRANGERS];
	u32 noise;
	u64 noise_at;
	u32 talk;
	bool groups;
	bool services;
	u32 deadline;
	u32 stuck;
	bool stormy;
	bool keeps;
	bool rich;
	u32 longest;
	bool quiet;
	u64 calm_since;
	struct node *impostor;
};

/* run.c */
void run_pass(struct run *r, u64 time);
void run_talk(struct run *r);
bool run_is_peer(const struct run *r, u32 addr);
bool run_agrees(const struct run *r);
bool run_can_lead(const struct run *r);
u32 run_of_nodes(const struct run *r, const struct update *up);
void run_describe(struct run *r);
void run_forget_logs(struct run *r);

/* calm.c */
bool calm_agree(struct run *r, u64 limit);
void calm_heard(struct run *r);
void calm_converge(struct run *r, u64 before);
void calm_check_peer(struct run *r, struct node *leader, struct level0 *p,
		     bool knows_all);
void calm_rest(struct run *r);
void run_calm(struct run *r, u64 before);

/* course.c */
extern void (*const courses[SCENARIO_N])(struct run *r);

void course_boot(struct run *r);

/* stuck.c */
void stuck_any(struct run *r);
void stuck_heal(struct run *r);
void stuck_service(struct run *r);

/* fault.c */
void fault_begin(struct run *r);
void fault_inject(struct run *r, enum fault fault);
enum fault fault_any(struct run *r, u32 mask);
void fault_go_on(struct run *r);
void fault_heal(struct run *r);

static inline u64 draw(struct run *r, u64 below)
{
	return sim_below(&r->w->sim, below);
}

#endif /* SIM_RUN_H */
