/* SPDX-License-Identifier: GPL-2.0 */
/* What plain TCP gives between two nodes, for comparison. */
#ifndef PFSNL_BENCH_STREAM_H
#define PFSNL_BENCH_STREAM_H

#include <stdint.h>

/*
 * Sends so many bytes along a connection from one namespace to another. Gives the ns
 * from connecting until the last has been received. Ends the program if that fails.
 */
uint64_t stream_ns(int from, int to, uint64_t bytes);

#endif /* PFSNL_BENCH_STREAM_H */
