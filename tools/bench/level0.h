/* SPDX-License-Identifier: GPL-2.0 */
/* A level-0 peer that takes its tether and never reads from it. */
#ifndef PFSNL_BENCH_LEVEL0_H
#define PFSNL_BENCH_LEVEL0_H

/*
 * Brings it up in the namespace of that number: from then on, as long as the
 * loop runs, it says the nine bytes and accepts connections, with the smallest
 * receive buffer there is. Down closes all of it.
 */
void level0_up(int number);
void level0_down(void);

#endif /* PFSNL_BENCH_LEVEL0_H */
