/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PFSNL_VALUE_H
#define PFSNL_VALUE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Readers of option values. Each takes the whole text or nothing and returns
 * 0, or -1 when the text is no such value; what to say then is the caller's.
 * (value_truth() returns the value.)
 */

/** value_number() - decimal number from @min to @max. */
int value_number(const char *text, uint32_t min, uint32_t max, uint32_t *out);

/**
 * value_time() - span of time in milliseconds, from @min to @max
 *
 * A bare number counts @unit milliseconds (1 or 1000); "250ms" and "1.5s"
 * say theirs. Finer than a millisecond is refused.
 */
int value_time(const char *text, uint32_t unit, uint32_t min, uint32_t max,
	       uint32_t *out);

/** value_size() - bytes: a number, perhaps with K, M, G or T (and iB) behind. */
int value_size(const char *text, uint64_t *out);

#define VALUE_NEVER	UINT64_MAX

/**
 * value_span() - span of time in nanoseconds, or "never": VALUE_NEVER
 *
 * A bare number counts seconds; ms, s, m, h and d say their unit.
 */
int value_span(const char *text, uint64_t *out);

/** value_truth() - yes, true or on: 1; no, false or off: 0; in any case. */
int value_truth(const char *text);

/** value_address() - dotted IPv4 address, all four numbers. */
int value_address(const char *text, struct in_addr *out);

/**
 * value_addresses() - IPv4 addresses, separated by commas or blanks
 * @text: the list
 * @out: room for @room addresses
 * @count: how many there were
 * @bad: on -1 the start of the piece that is at fault, or NULL when the list
 *       is empty or too long
 * @bad_len: its length
 */
int value_addresses(const char *text, struct in_addr *out, size_t room,
		    size_t *count, const char **bad, size_t *bad_len);

#endif
