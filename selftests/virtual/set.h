/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets of nodes, which are numbers from 1 to NODES_MAX.
 */
#ifndef PFSNL_VIRTUAL_SET_H
#define PFSNL_VIRTUAL_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NODES_MAX 319

struct set {
	uint64_t bits[(NODES_MAX + 64) / 64];
};

static inline void set_add(struct set *s, int i)
{
	s->bits[i / 64] |= (uint64_t)1 << i % 64;
}

static inline void set_remove(struct set *s, int i)
{
	s->bits[i / 64] &= ~((uint64_t)1 << i % 64);
}

static inline bool set_has(const struct set *s, int i)
{
	return s->bits[i / 64] >> i % 64 & 1;
}

static inline bool set_same(const struct set *a, const struct set *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline int set_count(const struct set *s)
{
	size_t i;
	int n = 0;

	for (i = 0; i < sizeof(s->bits) / sizeof(*s->bits); i++)
		n += __builtin_popcountll(s->bits[i]);
	return n;
}

#endif
