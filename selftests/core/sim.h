/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual time: an ordered set of things to happen, and the one source of
 * chance. Nothing here knows what is simulated; whoever does embeds events.
 *
 * With the same seed and the same calls everything happens in the same order.
 */
#ifndef CORE_SIM_H
#define CORE_SIM_H

#include <linux/compiler.h>
#include <linux/types.h>

#define SIM_US		1000ULL
#define SIM_MS		1000000ULL	/* time is in nanoseconds */
#define SIM_S		1000000000ULL
#define SIM_NEVER	(~0ULL)

/**
 * struct sim_event - something to happen at a time
 * @when: nanoseconds
 * @order: breaks ties: what was planned first happens first
 * @slot: place in the heap, counted from 1; 0 when it is not planned
 * @run: what happens; the event is no longer planned when it is called and may
 *	be freed by it
 */
struct sim_event {
	u64 when;
	u64 order;
	u32 slot;
	void (*run)(struct sim_event *ev);
};

/**
 * struct sim - virtual time
 * @now: nanoseconds
 * @steps: events that happened
 * @steps_max: more of them are a run without end; 0 for no limit
 * @order: of the next event planned
 * @random: state of the source of chance
 * @heap: events, each not before its parent
 * @n: how many
 * @room: how many @heap can hold
 */
struct sim {
	u64 now;
	u64 steps;
	u64 steps_max;
	u64 order;
	u64 random;
	struct sim_event **heap;
	u32 n;
	u32 room;
};

void sim_init(struct sim *sim, u64 seed);
void sim_exit(struct sim *sim);
void sim_at(struct sim *sim, struct sim_event *ev, u64 when);
void sim_cancel(struct sim *sim, struct sim_event *ev);
u64 sim_next(const struct sim *sim);
void sim_step(struct sim *sim);
u64 sim_random(struct sim *sim);
u64 sim_below(struct sim *sim, u64 n);
u64 sim_mix(u64 x);

void *sim_alloc(size_t size);
void *sim_resize(void *p, size_t size);

/* what to do when something is wrong with the world; ends the program if NULL */
extern void (*sim_on_failure)(const char *text);
/* name of the assertion that failed last */
extern const char *sim_assertion;
__printf(2, 3) __noreturn void sim_violated(const char *assertion,
					    const char *format, ...);
/* the simulator itself, or how the core uses its surroundings, is wrong */
#define sim_fail(...)	sim_violated("surroundings", __VA_ARGS__)

#endif /* CORE_SIM_H */
