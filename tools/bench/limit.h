/* SPDX-License-Identifier: GPL-2.0 */
/* How long it takes until those left are one ring again, against its limit. */
#ifndef PFSNL_BENCH_LIMIT_H
#define PFSNL_BENCH_LIMIT_H

/*
 * The leader falls silent: at most interval x dead and two intervals may pass
 * from its last beacon. At 20 ms x 5 and 200 ms x 5.
 */
void measure_crash_20(int rounds);
void measure_crash_200(int rounds);

/* A client, and then the leader, says goodbye: less than an interval. */
void measure_leave_20(int rounds);
void measure_leave_200(int rounds);

#endif /* PFSNL_BENCH_LIMIT_H */
