/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many runs in worker processes. What kills a worker is the failure of the
 * seed that it was at, not of the farm.
 */
#ifndef SIM_FARM_H
#define SIM_FARM_H

#include "scenario.h"

#define FAILURES_KEPT	8

/**
 * struct failure - a seed that failed
 * @seed: which
 * @assertion: name of what did not hold
 * @text: what happened
 */
struct failure {
	u64 seed;
	char assertion[32];
	char text[512];
};

/**
 * struct farm - what to run, and what came of it
 * @setup: of all runs
 * @first: seed
 * @end: seed after the last
 * @jobs: workers
 * @wanted: stop at the first failure of this assertion, and count the others;
 *	NULL: stop at FAILURES_KEPT failures
 * @progress: print a line now and then
 * @totals: filled
 * @failures: filled, in the order in which they came
 * @n_failures: all of them
 * @caught: with @wanted: lowest seed at which that fired, UINT64_MAX if none
 */
struct farm {
	struct setup setup;
	u64 first;
	u64 end;
	u32 jobs;
	const char *wanted;
	bool progress;
	struct totals totals;
	struct failure failures[FAILURES_KEPT];
	u32 n_failures;
	u64 caught;
};

void farm_run(struct farm *farm);
void farm_tail(const struct setup *setup, u64 seed);

#endif /* SIM_FARM_H */
