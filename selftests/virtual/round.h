/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rounds: something goes wrong, and then all must be one ring again.
 */
#ifndef PFSNL_VIRTUAL_ROUND_H
#define PFSNL_VIRTUAL_ROUND_H

#include <stdint.h>

#define ROUNDS(X)							      \
	X(STORM,	"storm",	5, "faults in quick succession")      \
	X(SPLIT,	"split",	3, "two or three sides, then one")    \
	X(LEADER,	"leader",	3, "nothing but the leader is lost")  \
	X(BLINK,	"blink",	1, "too short to be noticed")	      \
	X(LOSS,		"loss",		1, "nothing but loss, for long")      \
	X(WEATHER,	"weather",	1, "delay, jitter, two of each, in disorder") \
	X(CHURN,	"churn",	2, "nodes come and go")		      \
	X(STILL,	"still",	1, "links are cut and stay so")	      \
	X(IDLE,		"idle",		1, "nothing")

#define ROUND_ENUM(name, text, often, what) ROUND_##name,
enum round {
	ROUNDS(ROUND_ENUM)
	ROUND_N
};

/**
 * struct took - how long something took, in us of virtual time
 * @n: how often it was measured
 * @sum: of all
 * @max: the longest
 * @share: the largest part of its limit, in percent
 */
struct took {
	unsigned long n;
	uint64_t sum, max;
	unsigned int share;
};

extern struct took took_boot, took_split, took_heal, took_leader, took_leave,
	took_calm;

/* All nodes start. */
void round_boot(void);

/* The round of that number; `only`, if any, says what kind it is. */
void round_play(uint64_t seed, int number, const char *only);

#endif
