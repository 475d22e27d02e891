/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happened, in the order in which it did: kept, and printed when an
 * assertion does not hold.
 */
#ifndef PFSNL_VIRTUAL_STORY_H
#define PFSNL_VIRTUAL_STORY_H

#include <stdint.h>

#include "set.h"

/* Virtual time since the guest began, in microseconds. */
uint64_t now_us(void);

/*
 * Begins. `again` is the command that plays the same; with `aloud` all is
 * printed as it happens.
 */
void story_begin(const char *again, int aloud);

/* Which round of the schedule it is now. */
void story_round(int round, const char *what);

/* Something happened to a node; 0: to the world. */
void tell(int node, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* An assertion does not hold: prints the story and ends with status 1. */
void violated(const char *assertion, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Something that has nothing to do with what is tested went wrong: status 2. */
void die(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* The nodes as text, such as "n1-n5 n8"; the text lives until the next call. */
const char *set_text(const struct set *s);

#endif
