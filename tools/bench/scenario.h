/* SPDX-License-Identifier: GPL-2.0 */
/* What is measured. */
#ifndef PFSNL_BENCH_SCENARIO_H
#define PFSNL_BENCH_SCENARIO_H

#include <stdbool.h>

/* Namespaces needed beyond the nodes of a cluster: see scenario.c. */
#define SPARES 8
#define EXTRAS (1 + SPARES)

/*
 * Runs all scenarios that `wanted` gives true for, with a cluster of n1 to
 * nCOUNT, `rounds` times each, and prints each figure as one line of JSON.
 */
void scenarios_run(int count, int rounds, bool (*wanted)(const char *name));

/* Name of scenario `i`, NULL beyond the last. */
const char *scenario_name(int i);

#endif /* PFSNL_BENCH_SCENARIO_H */
