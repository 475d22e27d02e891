/* SPDX-License-Identifier: GPL-2.0 */
/* Writers, one on each node and each in a thread of its own, and what they write. */
#ifndef PFSNL_BENCH_WRITERS_H
#define PFSNL_BENCH_WRITERS_H

#include <stdbool.h>
#include <stdint.h>

#define SIZE_LEAST	64		/* of an operation, bytes */
#define SIZE_MOST	(1 << 20)
#define PINGS_MAX	20000

/**
 * struct writing - what is to be written
 * @size: of each operation, bytes. What is too long for one is split
 * @safe: they are safe ones
 * @ping: one at a time: the next when the one before was carried out here
 * @only: the one node that writes; 0: all do
 * @ms: how long they begin new ones
 */
struct writing {
	uint32_t size;
	bool safe;
	bool ping;
	int only;
	unsigned int ms;
};

/**
 * struct written - what came of it, for one writer
 * @first: when it wrote first, ns
 * @last: when it was told of its last outcome
 * @done: operations
 * @pings: of which there are times; of these, ns:
 * @p50: so many per cent took no longer
 * @p90: the same
 * @p99: the same
 * @most: the longest
 */
struct written {
	uint64_t first;
	uint64_t last;
	uint64_t done;
	uint64_t pings;
	uint64_t p50;
	uint64_t p90;
	uint64_t p99;
	uint64_t most;
};

/*
 * Opens the checkpoint on n1 to n(count), which are up, each with a section of its
 * own. False: writers_error() says more. `writers_stop` ends them in any case.
 */
bool writers_start(void);
void writers_stop(void);

/*
 * Has them write, gives what came of it from written[1] on, and looks whether all
 * nodes have what was written last. False: not all of it came to its end.
 */
bool writers_write(const struct writing *writing, struct written *written);

/* Why the last of these gave false. */
const char *writers_error(void);

#endif /* PFSNL_BENCH_WRITERS_H */
