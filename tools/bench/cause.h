/* SPDX-License-Identifier: GPL-2.0 */
/* What a round begins with, and the figure that it gives. */
#ifndef PFSNL_BENCH_CAUSE_H
#define PFSNL_BENCH_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "node.h"

#define LIMIT_MS 30000

extern int count;		/* nodes of the cluster */
extern const char *doing;	/* what is measured, for messages */

/**
 * struct cause - what a round begins with
 * @run: does it
 * @number: to which node; for a cluster, how many nodes
 * @pace: for those that start nodes
 * @max_nodes: the same
 * @began: when, in ns
 * @took: how long the call itself took, in ns
 */
struct cause {
	void (*run)(struct cause *c);
	int number;
	const struct pace *pace;
	uint32_t max_nodes;
	uint64_t began;
	uint64_t took;
};

/*
 * Has it happen, in a thread of its own so that the watches are served
 * meanwhile, and waits for what follows from it; false: that didn't come within
 * the time.
 */
bool cause_within(struct cause *c, bool (*done)(void), unsigned int limit_ms);

static inline bool cause(struct cause *c, bool (*done)(void))
{
	return cause_within(c, done, LIMIT_MS);
}

/* Some that may happen. */
void run_start(struct cause *c);
void run_start_all(struct cause *c);	/* n1 to @number */
void run_stop(struct cause *c);
void run_stop_all(struct cause *c);	/* from the last to the first */
void run_delete(struct cause *c);	/* its namespace */
void run_unplug(struct cause *c);	/* its cable from the switch */
void run_plug(struct cause *c);

/* Prints a figure of this round. */
void figure(const char *what, double value);

/* Prints that the round saw no end; the nodes may be in whatever state. */
void not_seen(const char *what);

/* Prints that a round failed, and why. */
void say_failed(const char *what, const char *text);

/* Prints how far it got. */
void progress(int round, int rounds);

static inline double ms_between(uint64_t from, uint64_t to)
{
	return to > from ? (double)(to - from) / 1e6 : 0;
}

#endif /* PFSNL_BENCH_CAUSE_H */
