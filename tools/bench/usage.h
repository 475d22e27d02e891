/* SPDX-License-Identifier: GPL-2.0 */
/* What nodes use: packets on their cables, CPU time of their threads. */
#ifndef PFSNL_BENCH_USAGE_H
#define PFSNL_BENCH_USAGE_H

#include <stdint.h>

/**
 * struct usage - counted up to some moment
 * @at: that moment, in ns
 * @sent: packets that left the node
 * @received: packets that reached it
 * @bytes: of both
 * @cpu: ns that its two threads ran
 */
struct usage {
	uint64_t at;
	uint64_t sent;
	uint64_t received;
	uint64_t bytes;
	uint64_t cpu;
};

/*
 * Finds the threads of the nodes that run now; to be called again when one was
 * started. Ends the program if one of the given nodes has not two threads.
 */
void usage_find_threads(const int *numbers, int count);

/* Reads the counters of a node; no CPU time if its threads were not found. */
struct usage usage_of(int number);

/* How long the CPUs of the guest were idle, in ns, all together. */
uint64_t usage_idle_ns(void);

#endif /* PFSNL_BENCH_USAGE_H */
