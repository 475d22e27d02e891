/* SPDX-License-Identifier: GPL-2.0 */
/* Members, each in a process of its own, and what they are to say. */
#ifndef PFSNL_BENCH_MEMBER_H
#define PFSNL_BENCH_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "medium.h"

#define SIZE_LEAST	64		/* of a message, bytes */
#define SIZE_MOST	(1 << 20)
#define PINGS_MAX	20000

/**
 * struct load - what is to be said
 * @number: no other load has it
 * @size: of each message, bytes
 * @safe: they are sent as safe ones
 * @ping: one at a time: the next when the one before was delivered to its sender
 * @only: the one node that sends; 0: all do
 * @ms: how long they send
 */
struct load {
	uint32_t number;
	uint32_t size;
	bool safe;
	bool ping;
	int only;
	uint32_t ms;
};

/**
 * struct spoken - what came of it, for one member
 * @first: when it sent first, ns; 0: it didn't
 * @last: when the last message was delivered to it
 * @sent: messages that it sent
 * @heard: messages that were delivered to it
 * @refused: how often it was told to try again
 * @order: of what it heard, the same for all who heard the same in one order
 * @pings: round trips
 * @p50: of their times, ns, so many per cent took no longer
 * @p90: the same
 * @p99: the same
 * @most: the longest
 */
struct spoken {
	uint64_t first;
	uint64_t last;
	uint64_t sent;
	uint64_t heard;
	uint64_t refused;
	uint64_t order;
	uint64_t pings;
	uint64_t p50;
	uint64_t p90;
	uint64_t p99;
	uint64_t most;
};

/* ---- the process that measures -------------------------------------- */

/*
 * Starts the members of n1 to n(count), and waits until each sees all. False: not
 * within the time; members_error() says more. `members_stop` ends them in any case.
 */
bool members_start(const struct medium *medium);
void members_stop(void);

/*
 * Has them talk, and gives what came of it, from spoken[1] on. False: a member
 * failed, or they did not come to an end.
 */
bool members_talk(const struct load *load, struct spoken *spoken);

/* Why the last of these gave false. */
const char *members_error(void);

/* ---- a member, called by its medium --------------------------------- */

/* A message was delivered. */
void member_heard(const void *data, size_t len);

/* What was refused can be sent. */
void member_room(void);

/* So many members are there now. */
void member_sees(size_t members);

/* It can't go on; tells the process that measures, and ends. */
void member_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#endif /* PFSNL_BENCH_MEMBER_H */
