/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers drawn from a seed. Each round has a seed of its own, so that what one
 * round draws doesn't depend on how another went.
 */
#ifndef PFSNL_VIRTUAL_CHANCE_H
#define PFSNL_VIRTUAL_CHANCE_H

#include <stdint.h>

extern uint64_t chance_state;

static inline uint64_t chance_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline void chance_begin(uint64_t seed, uint64_t round)
{
	chance_state = chance_mix(seed) ^ chance_mix(round + 1);
}

/* A number from 0 to n - 1. */
static inline uint32_t draw(uint32_t n)
{
	chance_state += 0x9e3779b97f4a7c15;
	return n ? chance_mix(chance_state) % n : 0;
}

#endif
