/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which frames do not pass the bridges: filters on their ports.
 */
#ifndef PFSNL_VIRTUAL_SIEVE_H
#define PFSNL_VIRTUAL_SIEVE_H

#include <stdbool.h>
#include <stdint.h>

enum sieve {
	SIEVE_ALL,	/* all from one node to another */
	SIEVE_UDP,	/* what of it is UDP */
	SIEVE_TCP,
	SIEVE_FROM,	/* all from a node */
	SIEVE_TO,	/* all to a node */
};

/* Stop it from now on, or no longer. It is gone when the port is. */
void sieve_set(enum sieve sieve, int from, int to, bool stop);

/* The node on whose port that is. */
static inline int sieve_port(enum sieve sieve, int from, int to)
{
	return sieve == SIEVE_FROM ? from : to;
}

#endif
